#include "workloads/lib/ring.h"

#include <stddef.h>

void box_init(struct box *box)
{
	pthread_mutex_init(&box->lock, NULL);
	pthread_cond_init(&box->changed, NULL);
	box->content = NULL;
}

void box_put(struct box *box, void *content)
{
	pthread_mutex_lock(&box->lock);
	while (box->content)
		pthread_cond_wait(&box->changed, &box->lock);
	box->content = content;
	pthread_cond_signal(&box->changed);
	pthread_mutex_unlock(&box->lock);
}

void *box_take(struct box *box)
{
	void *content;

	pthread_mutex_lock(&box->lock);
	while (!box->content)
		pthread_cond_wait(&box->changed, &box->lock);
	content = box->content;
	box->content = NULL;
	pthread_cond_signal(&box->changed);
	pthread_mutex_unlock(&box->lock);
	return content;
}

void ring_init(struct ring_place *place, struct ring_place *next)
{
	box_init(&place->inbox);
	box_init(&place->done);
	place->next = next;
}

void *ring_pass(struct ring_place *place, void *content)
{
	box_put(&place->next->inbox, content);
	return box_take(&place->inbox);
}

void ring_done(struct ring_place *place)
{
	box_put(&place->done, place);
	box_take(&place->next->done);
}
