/* Intrusive doubly linked ring.  The head is a node of its own; an unlinked node
 * points to itself or is zero.
 *
 * For each node of a ring: node->next->prev == node == node->prev->next. */
#ifndef ASH_UTIL_LIST_H
#define ASH_UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include "util/assert.h"

struct ash_list {
	struct ash_list *next, *prev;
};

#define ASH_LIST_ENTRY(node, type, member) \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void ash_list_init(struct ash_list *head)
{
	head->next = head->prev = head;
}

static inline bool ash_list_empty(const struct ash_list *head)
{
	return head->next == head;
}

/* The equation for one node, which may be a ring by itself. */
static inline bool ash_list_is_linked(const struct ash_list *node)
{
	return node->next->prev == node && node->prev->next == node;
}

static inline bool ash_list_is_unlinked(const struct ash_list *node)
{
	return node->next == NULL || node->next == node;
}

static inline void ash_list_push_front(struct ash_list *head, struct ash_list *node)
{
	ash_assert_internal(ash_list_is_linked(head));
	ash_assert(ash_list_is_unlinked(node));
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

static inline void ash_list_push_back(struct ash_list *head, struct ash_list *node)
{
	ash_list_push_front(head->prev, node);
}

/* Number of nodes; walks through them. */
static inline size_t ash_list_length(const struct ash_list *head)
{
	size_t n = 0;

	for (const struct ash_list *node = head->next; node != head; node = node->next)
		n++;
	return n;
}

/* Moves all nodes of `from` before those of `head`; in their order. */
static inline void ash_list_move_all(struct ash_list *head, struct ash_list *from)
{
	if (ash_list_empty(from))
		return;
	from->next->prev = head;
	from->prev->next = head->next;
	head->next->prev = from->prev;
	head->next = from->next;
	ash_list_init(from);
	ash_assert_internal(ash_list_is_linked(head) && ash_list_is_linked(head->next));
}

static inline void ash_list_remove(struct ash_list *node)
{
	ash_assert_internal(ash_list_is_linked(node));
	node->prev->next = node->next;
	node->next->prev = node->prev;
	ash_list_init(node);
}

#endif
