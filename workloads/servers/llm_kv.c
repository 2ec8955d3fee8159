/* llm-kv: the host memory of a server that runs a language model.
 *
 * A request brings a prompt and gets an answer; how many tokens each has follows the
 * traces that Azure published.  Serving one: the text is taken apart (tiny objects),
 * each 16 tokens of the prompt take a block of key-value cache, the layers' activation
 * tensors are allocated and freed last in first out, aligned to 64 bytes, and each
 * answered token makes a little text.  The blocks stay until `batch` more requests
 * have come, which is when the answer is complete.  The default block is one layer's
 * share of Llama-3-8B's: 2 x 8 heads x 128 x 2 bytes x 16 tokens. */
#include "workloads/lib/blocks.h"
#include "workloads/servers/data/tables.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/open_loop.h"

enum { OPS, RATE, TRACE, BATCH, BLOCK_KIB, LAYERS };

#define TOKENS_PER_BLOCK 16
#define MOST_TOKENS 16384
#define MOST_LAYERS 256
#define TENSORS 3 /* of a layer: attention, its output, the wide middle of the network */
#define TOKENS_PER_WORD 4 /* tokens of one tiny object of text */

static const struct wl_param params[] = {
	{"ops", "requests", "0.5 to 0.8 s under glibc", 4000, 1, 10000000},
	{"rate", "requests per second at which they arrive; 0 = one after the other",
	 "capacity", 0, 0, 100000000},
	{"trace", "0 = conversations, 1 = code completion",
	 "workloads/servers/data/azure_llm.c", 0, 0, AZURE_TABLES - 1},
	{"batch", "requests in flight", "own: continuous batching on one device", 16, 1, 4096},
	{"block_kib", "bytes of 16 tokens of key-value cache, KiB",
	 "Llama-3-8B, one layer: 64 (all 32: 2048; OPT-13B: 12800)", 64, 1, 16384},
	{"layers", "layers whose tensors are made and dropped", "own: a part of 32, for time",
	 4, 1, MOST_LAYERS},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct request {
	uint32_t prompt, answer; /* tokens */
};

struct state {
	struct request *request;
	struct block **flight; /* per place of the batch: its cache blocks and texts */
	uint64_t *count;       /* and how many */
	struct block text[MOST_TOKENS / TOKENS_PER_WORD];
};

static uint64_t cache_blocks(const struct request *q)
{
	return (q->prompt + q->answer + TOKENS_PER_BLOCK - 1) / TOKENS_PER_BLOCK;
}

static uint64_t words(uint32_t tokens)
{
	return (tokens + TOKENS_PER_WORD - 1) / TOKENS_PER_WORD;
}

static int setup(struct wl_run *run)
{
	const struct azure_table *table = &azure_tables[run->values[TRACE]];
	struct state *s = wl_table(sizeof(*s));
	struct rng *r = &run->threads[0].rng;
	uint64_t most = 0;

	run->state = s;
	s->request = wl_table((size_t)run->values[OPS] * sizeof(*s->request));
	for (int64_t i = 0; i < run->values[OPS]; i++) {
		struct request *q = &s->request[i];
		uint64_t blocks;

		q->prompt = 1 + (uint32_t)dist_percentiles(r, table->prompt);
		q->answer = 1 + (uint32_t)dist_percentiles(r, table->answer);
		blocks = cache_blocks(q) + words(q->answer);
		if (blocks > most)
			most = blocks;
		run->expected_allocs +=
			blocks + words(q->prompt) + TENSORS * (uint64_t)run->values[LAYERS];
	}
	s->flight = wl_table((size_t)run->values[BATCH] * sizeof(*s->flight));
	s->count = wl_table((size_t)run->values[BATCH] * sizeof(*s->count));
	for (int64_t i = 0; i < run->values[BATCH]; i++)
		s->flight[i] = wl_table(most * sizeof(struct block));
	return 0;
}

/* Words of some letters, with the header of a string: 16 to 48 bytes. */
static void make_word(struct wl_thread *t, struct block *b)
{
	block_make(t, b, 16 + rng_below(&t->rng, 33), WL_TOUCH_ALL);
}

/* Of a few tokens at a time, so that the tensors are of 64 KiB to 2 MiB: attention is
 * as wide as the model (4096 x 2 bytes), the middle 3.5 times as wide. */
static size_t tensor_size(const struct request *q, int tensor)
{
	size_t rows = q->prompt < 128 ? (q->prompt + 7) / 8 * 8 : 128;

	return tensor < 2 ? rows * 8192 : rows * 28672;
}

static void run_layers(struct wl_run *run, struct wl_thread *t, const struct request *q)
{
	struct block tensor[TENSORS];

	for (int64_t layer = 0; layer < run->values[LAYERS]; layer++) {
		for (int i = 0; i < TENSORS; i++) {
			tensor[i].size = tensor_size(q, i);
			tensor[i].at = wl_aligned(t, 64, tensor[i].size);
			wl_touch(t, tensor[i].at, tensor[i].size, WL_TOUCH_PAGES);
		}
		for (int i = TENSORS; i-- > 0;)
			block_drop(t, &tensor[i]);
	}
}

static void serve(struct wl_run *run, struct wl_thread *t, uint64_t number)
{
	struct state *s = run->state;
	const struct request *q = &s->request[number];
	uint64_t place = number % (uint64_t)run->values[BATCH], n = 0, texts = words(q->prompt);
	struct block *flight = s->flight[place];
	size_t block = (size_t)run->values[BLOCK_KIB] << 10;
	uint64_t prompt_blocks = (q->prompt + TOKENS_PER_BLOCK - 1) / TOKENS_PER_BLOCK;

	blocks_drop(t, flight, s->count[place]);
	for (uint64_t i = 0; i < texts; i++)
		make_word(t, &s->text[i]);
	for (; n < prompt_blocks; n++)
		block_make(t, &flight[n], block, WL_TOUCH_PAGES);
	run_layers(run, t, q);
	blocks_drop(t, s->text, texts);
	/* The answer: a word each few tokens, and now and then a block. */
	for (uint64_t word = 0, done = n; word < words(q->answer); word++) {
		make_word(t, &flight[n++]);
		while (done < cache_blocks(q) &&
		       done * TOKENS_PER_BLOCK < q->prompt + (word + 1) * TOKENS_PER_WORD) {
			block_make(t, &flight[n++], block, WL_TOUCH_PAGES);
			done++;
		}
	}
	s->count[place] = n;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	open_loop(run, t, (uint64_t)run->values[OPS], serve);
	wl_phase(run, "steady");
	for (int64_t i = 0; i < run->values[BATCH]; i++)
		blocks_drop(t, s->flight[i], s->count[i]);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (int64_t i = 0; i < run->values[BATCH]; i++)
		blocks_live(floor, s->flight[i], s->count[i], WL_TOUCH_PAGES);
}

static double mean_request(const struct wl_run *run)
{
	const struct azure_table *table = &azure_tables[run->values[TRACE]];
	double tokens = 0;

	for (int i = 0; i < 100; i++)
		tokens += (table->prompt[i] + table->prompt[i + 1] + table->answer[i] +
			   table->answer[i + 1]) /
			  200.0;
	return tokens / TOKENS_PER_BLOCK * (double)run->values[BLOCK_KIB] * 1024 + tokens * 10;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] *
			  (mean_request(run) + (double)run->values[LAYERS] * 128 * 45056));
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[BATCH] * mean_request(run)) + 128 * 45056;
}

static uint64_t table_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] * sizeof(struct request);
}

const struct workload workload_llm_kv = {
	.name = "llm-kv",
	.summary =
		"requests to a language model: cache blocks of 64 KiB, tensors last in first "
		"out, tiny texts",
	.isolates = "many large equal blocks of mixed age between tiny objects and tensors",
	.cannot_tell = "device memory, and servers that take all their blocks at the start",
	.source = "AzurePublicDataset LLM inference traces 2023; sizes of Llama-3-8B",
	.touch = "one byte in each OS page of blocks and tensors, texts in full",
	.params = params,
	.open_loop = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "requests",
	.live = live,
};
