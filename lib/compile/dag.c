/* SPDX-License-Identifier: Apache-2.0 */
/* The hash-consed DAG: see dag.h. */
#include "compile/dag.h"

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t hash(const struct dag_node *n)
{
	uint64_t h = mix(n->kind | (uint64_t)n->word << 8, n->key | (uint64_t)n->mask << 32);

	h = mix(h, (uint32_t)n->yes | (uint64_t)(uint32_t)n->no << 32);
	return h ^ h >> 32;
}

static bool equal(const struct dag_node *a, const struct dag_node *b)
{
	return a->kind == b->kind && a->word == b->word && a->mask == b->mask && a->key == b->key && a->yes == b->yes &&
	       a->no == b->no;
}

static uint32_t *find(struct dag *dag, const struct dag_node *n)
{
	size_t at = hash(n) & (dag->index_size - 1);

	while (dag->index[at] && !equal(&dag->nodes.items[dag->index[at] - 1], n))
		at = (at + 1) & (dag->index_size - 1);
	return &dag->index[at];
}

static int grow(struct dag *dag)
{
	size_t size = dag->index_size ? 2 * dag->index_size : 256;
	uint32_t *fresh;

	if (2 * (dag->nodes.count + 1) <= dag->index_size)
		return 0;
	fresh = calloc(size, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	free(dag->index);
	dag->index = fresh;
	dag->index_size = size;
	for (size_t i = 0; i < dag->nodes.count; i++)
		*find(dag, &dag->nodes.items[i]) = (uint32_t)i + 1;
	return 0;
}

static int intern(struct dag *dag, struct dag_node n)
{
	struct dag_node *old;
	uint32_t *slot;
	int r = grow(dag);

	if (r < 0)
		return r;
	slot = find(dag, &n);
	if (*slot) {
		old = &dag->nodes.items[*slot - 1];
		if (old->owner != n.owner)
			old->owner = DAG_OWNER_NONE;
		old->weight_yes += n.weight_yes;
		old->weight_no += n.weight_no;
		return (int)*slot - 1;
	}
	if (dag->nodes.count >= DAG_NODES_MAX)
		return -E2BIG;
	r = vec_push(&dag->nodes, n);
	if (r < 0)
		return r;
	*slot = (uint32_t)dag->nodes.count;
	return (int)dag->nodes.count - 1;
}

int dag_ret(struct dag *dag, uint32_t action, int32_t owner)
{
	return intern(dag, (struct dag_node){ .kind = DAG_RET, .word = WORD_NONE, .mask = WORD_ALL, .key = action, .yes = -1,
					      .no = -1, .owner = owner });
}

int dag_test(struct dag *dag, struct dag_node test)
{
	return test.yes == test.no ? test.yes : intern(dag, test);
}

void dag_done(struct dag *dag)
{
	vec_done(&dag->nodes);
	free(dag->index);
	dag->index = NULL;
	dag->index_size = 0;
}
