/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager of a diagram: unique nodes, if-then-else, stacking, and the questions asked of a finished root.
 *
 * Everything lives in three flat arrays that grow together from a few pages: nodes (12 bytes each), the table that makes them
 * unique, and a lossy memory of answers. Nodes are never freed before the whole diagram is: what a lowering leaves
 * behind is small, and a limit on nodes and on work bounds what a hostile program can cost.
 */
#include "model/diagram-impl.h"

#include "model/call.h"

#define ROOM_FIRST 1024u
#define MEMO_MAX (1u << 20)
/* Steps of one operation for each node of the limit; a program that reaches the limit has needed about 2. */
#define WORK_PER_NODE 16u
#define NODES_MAX 0x7fffffffu /* above are the names of apply's operations in the memo */

/* Operations of apply, as they stand in diagram_memo.c; APPLY_SET_BIT + i for bit i. */
#define APPLY_SET_BIT (NODES_MAX + 1)
#define APPLY_STACK   (APPLY_SET_BIT + 32)
#define APPLY_UNION   (APPLY_STACK + 1)
#define APPLY_PAIR    (APPLY_UNION + 1)

/* ---- Storage ---- */

static size_t hash3(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ c) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static int grow_slots(struct diagram *d, size_t size)
{
	uint32_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 1; i < d->count; i++) {
		const struct diagram_node *n = &d->nodes[i];
		size_t at = hash3(n->var, n->lo, n->hi) & (size - 1);

		while (slots[at])
			at = (at + 1) & (size - 1);
		slots[at] = (uint32_t)i;
	}
	free(d->slots);
	d->slots = slots;
	d->slot_mask = size - 1;
	return 0;
}

static int grow_memo(struct diagram *d, size_t size)
{
	struct diagram_memo *memo = calloc(size, sizeof(*memo));

	if (!memo)
		return -ENOMEM;
	for (size_t i = 0; d->memo && i <= d->memo_mask; i++) {
		const struct diagram_memo *m = &d->memo[i];

		memo[hash3(m->a, m->b, m->c) & (size - 1)] = *m;
	}
	free(d->memo);
	d->memo = memo;
	d->memo_mask = size - 1;
	return 0;
}

/* Twice the room, at least two slots a node; the memo follows up to its own limit. */
static int grow(struct diagram *d)
{
	size_t room = d->room ? d->room * 2 : ROOM_FIRST, memo = MIN(room, MEMO_MAX);
	struct diagram_node *nodes;
	int r = 0;

	if (d->count >= d->max)
		return -E2BIG;
	nodes = realloc(d->nodes, MIN(room, d->max) * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	d->nodes = nodes;
	r = grow_slots(d, room * 2);
	if (!r && (!d->memo || memo > d->memo_mask + 1))
		r = grow_memo(d, memo);
	if (!r)
		d->room = MIN(room, d->max);
	return r;
}

struct diagram *diagram_new(size_t max_nodes)
{
	struct diagram *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->max = MIN(max_nodes ? MAX(max_nodes, (size_t)2) : DIAGRAM_NODES_DEFAULT, (size_t)NODES_MAX);
	d->max_work = (uint64_t)MAX(d->max, (size_t)ROOM_FIRST) * WORK_PER_NODE;
	if (grow(d))
		return diagram_free(d);
	/* leaf 0 is the one node that no slot points at */
	d->nodes[d->count++] = (struct diagram_node){ .var = DIAGRAM_VARS };
	diagram_leaf(d, DIAGRAM_TRUE);
	return d;
}

struct diagram *diagram_free(struct diagram *d)
{
	if (d) {
		free(d->nodes);
		free(d->slots);
		free(d->memo);
		free(d);
	}
	return NULL;
}

int diagram_error(const struct diagram *d)
{
	return d->error;
}

int diagram_answer(struct diagram *d, diagram_ref root, diagram_ref *ret_root, struct callgate_diags *diags)
{
	if (d->error == -ENOMEM)
		return diag_oom(diags);
	if (d->error)
		return diag_error(diags, d->error, "diagram-too-large", DIAG_NOWHERE,
				  "the exact meaning is too large: it needs more than %zu diagram nodes or %llu steps", d->max,
				  (unsigned long long)d->max_work);
	*ret_root = root;
	return 0;
}

/* ---- Nodes ---- */

/* The node with this content, made if it is not there yet. */
static diagram_ref unique(struct diagram *d, uint32_t var, uint32_t lo, uint32_t hi)
{
	size_t hash = hash3(var, lo, hi), at;

	for (at = hash & d->slot_mask; d->slots[at]; at = (at + 1) & d->slot_mask) {
		const struct diagram_node *n = &d->nodes[d->slots[at]];

		if (n->lo == lo && n->hi == hi && n->var == var)
			return d->slots[at];
	}
	if (d->count == d->room) {
		d->error = grow(d);
		if (d->error)
			return DIAGRAM_FAILED;
		for (at = hash & d->slot_mask; d->slots[at];)
			at = (at + 1) & d->slot_mask;
	}
	d->nodes[d->count] = (struct diagram_node){ var, lo, hi };
	d->slots[at] = (uint32_t)d->count;
	return (uint32_t)d->count++;
}

diagram_ref diagram_make(struct diagram *d, uint32_t var, diagram_ref lo, diagram_ref hi)
{
	if (d->error)
		return DIAGRAM_FAILED;
	return lo == hi ? lo : unique(d, var, lo, hi);
}

diagram_ref diagram_leaf(struct diagram *d, uint32_t value)
{
	if (d->error)
		return DIAGRAM_FAILED;
	return value ? unique(d, DIAGRAM_VARS, value, 0) : DIAGRAM_FALSE;
}

diagram_ref diagram_bit(struct diagram *d, unsigned var)
{
	return diagram_make(d, var, DIAGRAM_FALSE, DIAGRAM_TRUE);
}

static bool is_leaf(const struct diagram *d, diagram_ref ref)
{
	return d->nodes[ref].var == DIAGRAM_VARS;
}

static uint32_t leaf_value(const struct diagram *d, diagram_ref ref)
{
	return d->nodes[ref].lo;
}

/* The half of a diagram where `var`, which stands above or at its root, has a value. */
static diagram_ref half(const struct diagram *d, diagram_ref ref, uint32_t var, bool value)
{
	const struct diagram_node *n = &d->nodes[ref];

	return n->var != var ? ref : value ? n->hi : n->lo;
}

/* ---- Operations ---- */

static const struct diagram_memo *recall(const struct diagram *d, uint32_t a, uint32_t b, uint32_t c)
{
	const struct diagram_memo *m = &d->memo[hash3(a, b, c) & d->memo_mask];

	return m->a == a && m->b == b && m->c == c ? m : NULL;
}

/* The place is computed again: the memo may have grown since the question was asked. */
static void remember(struct diagram *d, uint32_t a, uint32_t b, uint32_t c, diagram_ref result)
{
	d->memo[hash3(a, b, c) & d->memo_mask] = (struct diagram_memo){ a, b, c, result };
}

static diagram_ref ite(struct diagram *d, diagram_ref f, diagram_ref g, diagram_ref h)
{
	const struct diagram_memo *known;
	diagram_ref lo, hi, result;
	uint32_t var;

	if (is_leaf(d, f))
		return leaf_value(d, f) ? g : h;
	if (f == g)
		g = DIAGRAM_TRUE;
	if (f == h)
		h = DIAGRAM_FALSE;
	if (g == h)
		return g;
	if (g == DIAGRAM_TRUE && h == DIAGRAM_FALSE)
		return f;
	known = recall(d, f, g, h);
	if (known)
		return known->result;
	if (!diagram_step(d))
		return DIAGRAM_FAILED;
	var = MIN(d->nodes[f].var, MIN(d->nodes[g].var, d->nodes[h].var));
	lo = ite(d, half(d, f, var, false), half(d, g, var, false), half(d, h, var, false));
	if (d->error)
		return DIAGRAM_FAILED;
	hi = ite(d, half(d, f, var, true), half(d, g, var, true), half(d, h, var, true));
	result = diagram_make(d, var, lo, hi);
	if (!d->error)
		remember(d, f, g, h, result);
	return result;
}

diagram_ref diagram_choose(struct diagram *d, diagram_ref condition, diagram_ref then, diagram_ref otherwise)
{
	return d->error ? DIAGRAM_FAILED : ite(d, condition, then, otherwise);
}

diagram_ref diagram_ite(struct diagram *d, diagram_ref condition, diagram_ref then, diagram_ref otherwise)
{
	diagram_begin(d);
	return diagram_choose(d, condition, then, otherwise);
}

static uint32_t combine(uint32_t operation, uint32_t a, uint32_t b)
{
	if (operation == APPLY_STACK)
		return action_stack(a, b);
	if (operation == APPLY_UNION)
		return action_union(a, b);
	if (operation == APPLY_PAIR)
		return a << 16 | b;
	return a ? b | 1u << (operation - APPLY_SET_BIT) : b;
}

/* Operations whose result is known without looking below. */
static bool is_second(uint32_t operation, diagram_ref a, diagram_ref b)
{
	if (operation == APPLY_STACK || operation == APPLY_UNION)
		return a == b;
	return a == DIAGRAM_FALSE; /* index 0 beside b is b */
}

/* Combine two diagrams leaf by leaf. */
static diagram_ref apply(struct diagram *d, uint32_t operation, diagram_ref a, diagram_ref b)
{
	const struct diagram_memo *known;
	diagram_ref lo, hi, result;
	uint32_t var;

	if (is_second(operation, a, b))
		return b;
	if (is_leaf(d, a) && is_leaf(d, b))
		return diagram_leaf(d, combine(operation, leaf_value(d, a), leaf_value(d, b)));
	known = recall(d, a, b, operation);
	if (known)
		return known->result;
	if (!diagram_step(d))
		return DIAGRAM_FAILED;
	var = MIN(d->nodes[a].var, d->nodes[b].var);
	lo = apply(d, operation, half(d, a, var, false), half(d, b, var, false));
	if (d->error)
		return DIAGRAM_FAILED;
	hi = apply(d, operation, half(d, a, var, true), half(d, b, var, true));
	result = diagram_make(d, var, lo, hi);
	if (!d->error)
		remember(d, a, b, operation, result);
	return result;
}

diagram_ref diagram_set_bit(struct diagram *d, diagram_ref condition, diagram_ref value, unsigned index)
{
	return d->error ? DIAGRAM_FAILED : apply(d, APPLY_SET_BIT + index, condition, value);
}

diagram_ref diagram_stack(struct diagram *d, diagram_ref newer, diagram_ref older)
{
	diagram_begin(d);
	return d->error ? DIAGRAM_FAILED : apply(d, APPLY_STACK, newer, older);
}

diagram_ref diagram_union(struct diagram *d, diagram_ref a, diagram_ref b)
{
	diagram_begin(d);
	return d->error ? DIAGRAM_FAILED : apply(d, APPLY_UNION, a, b);
}

diagram_ref diagram_pair(struct diagram *d, diagram_ref a, diagram_ref b)
{
	diagram_begin(d);
	return d->error ? DIAGRAM_FAILED : apply(d, APPLY_PAIR, a, b);
}

/* ---- Questions ---- */

/* A call as the variables see it: variable v is bit 63 - v % 64 of word v / 64. */
#define WORDS (DIAGRAM_VARS / 64)

uint32_t diagram_eval(const struct diagram *d, diagram_ref root, const struct callgate_call *call)
{
	uint64_t words[WORDS] = { (uint64_t)call->arch << 32 | call->nr, [WORDS - 1] = call->ip };

	memcpy(&words[1], call->args, sizeof(call->args));
	while (!is_leaf(d, root)) {
		const struct diagram_node *n = &d->nodes[root];

		root = words[n->var / 64] >> (63 - n->var % 64) & 1 ? n->hi : n->lo;
	}
	return leaf_value(d, root);
}

/* Children have smaller indices than their parents, so one pass downwards meets every node after all of its parents. */
bool *diagram_reached(const struct diagram *d, diagram_ref root)
{
	bool *reached = calloc((size_t)root + 1, sizeof(*reached));

	if (!reached)
		return NULL;
	reached[root] = true;
	for (size_t i = (size_t)root + 1; i-- > 0;) {
		const struct diagram_node *n = &d->nodes[i];

		if (reached[i] && n->var != DIAGRAM_VARS)
			reached[n->lo] = reached[n->hi] = true;
	}
	return reached;
}

size_t diagram_size(const struct diagram *d, diagram_ref root)
{
	_cleanup_free_ bool *reached = root < d->count ? diagram_reached(d, root) : NULL;
	size_t size = 0;

	for (size_t i = 0; reached && i <= root; i++)
		size += reached[i];
	return size;
}

/* Different nodes differ in one half at least, because nodes are unique; so this walks straight down to two different leaves. */
bool diagram_witness(const struct diagram *d, diagram_ref a, diagram_ref b, struct callgate_call *ret_call)
{
	uint64_t words[WORDS] = { 0 };

	if (a == b || a >= d->count || b >= d->count)
		return false;
	while (!is_leaf(d, a) || !is_leaf(d, b)) {
		uint32_t var = MIN(d->nodes[a].var, d->nodes[b].var);
		bool value = half(d, a, var, false) == half(d, b, var, false);

		words[var / 64] |= (uint64_t)value << (63 - var % 64);
		a = half(d, a, var, value);
		b = half(d, b, var, value);
	}
	*ret_call = (struct callgate_call){ .arch = (uint32_t)(words[0] >> 32), .nr = (uint32_t)words[0], .ip = words[WORDS - 1] };
	memcpy(ret_call->args, &words[1], sizeof(ret_call->args));
	return true;
}
