/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places for the tests. Classic BPF only jumps forward, so the program is written backwards: children before their parent, the cold
 * one first, so that the hot one comes to stand right behind the test. The code array is in reverse order; a place is an index into
 * it, and a jump from the instruction written next to place p skips count - 1 - p others.
 *
 * Only what the kernel's constant-allow analysis follows may stand before an unconditional allow: the dispatch loads the
 * architecture and the number and compares them; masks occur on argument words alone.
 */
#include "compile/layout.h"

#define OP_LOAD 0x20  /* BPF_LD | BPF_W | BPF_ABS */
#define OP_JA 0x05
#define OP_JEQ 0x15   /* BPF_JMP | BPF_JEQ | BPF_K */
#define OP_JGE 0x35
#define OP_JSET 0x45
#define OP_RET 0x06   /* BPF_RET | BPF_K */
#define OP_AND 0x54   /* BPF_ALU | BPF_AND | BPF_K */

#define REACH 253          /* of a conditional jump's 255: two bridges may still come between */
#define NOWHERE UINT32_MAX
#define CODE_MAX (1u << 20) /* far above the kernel's limit: only to say by how much a filter is too large */

/* What the accumulator holds: a word under a mask. */
struct held {
	uint8_t word;
	uint32_t mask;
};

/* How much must be done before a node's test. */
enum entry { ENTRY_TEST, ENTRY_AND, ENTRY_LOAD, ENTRY_COUNT };

struct place {
	uint32_t at[ENTRY_COUNT];
};

struct code {
	struct callgate_insn insn;
	int32_t owner;
	uint32_t bridge; /* place of the nearest ja that leads here */
};

struct layout {
	const struct dag *dag;
	bool big_endian;
	struct place *places;
	VEC(struct code) code;
};

static int append(struct layout *l, uint16_t op, uint32_t k, int32_t owner)
{
	struct code code = { { .code = op, .k = k }, owner, NOWHERE };

	if (l->code.count >= CODE_MAX)
		return -E2BIG;
	return vec_push(&l->code, code) < 0 ? -ENOMEM : (int)l->code.count - 1;
}

/* Instructions skipped by a jump from the next instruction to `place`. */
static uint32_t distance(const struct layout *l, uint32_t place)
{
	return (uint32_t)l->code.count - 1 - place;
}

static enum entry entry_for(const struct dag_node *n, struct held held)
{
	if (held.word != n->word)
		return ENTRY_LOAD;
	if (held.mask == n->mask)
		return ENTRY_TEST;
	return n->mask & ~held.mask ? ENTRY_LOAD : ENTRY_AND;
}

/* A place within reach that leads to `place`: itself, a bridge that stands already, or a new one. */
static int reach(struct layout *l, uint32_t place)
{
	struct code to;
	int at;

	if (distance(l, place) <= REACH)
		return (int)place;
	to = l->code.items[place];
	if (to.bridge != NOWHERE && distance(l, to.bridge) <= REACH)
		return (int)to.bridge;
	if (to.insn.code == OP_RET)
		at = append(l, OP_RET, to.insn.k, to.owner);
	else
		at = append(l, OP_JA, distance(l, place), to.owner);
	if (at >= 0)
		l->code.items[place].bridge = (uint32_t)at;
	return at;
}

static int ret_place(struct layout *l, int32_t id)
{
	const struct dag_node *n = &l->dag->nodes.items[id];
	uint32_t *at = &l->places[id].at[ENTRY_TEST];
	int r;

	if (*at != NOWHERE)
		return (int)*at;
	r = append(l, OP_RET, n->key, n->owner);
	if (r >= 0)
		*at = (uint32_t)r;
	return r;
}

/* A return once more, here: later tests use this copy, which is nearer. */
static int copy_ret(struct layout *l, int32_t id)
{
	l->places[id].at[ENTRY_TEST] = NOWHERE;
	return ret_place(l, id);
}

static bool is_ret(const struct layout *l, int32_t id)
{
	return l->dag->nodes.items[id].kind == DAG_RET;
}

static int place_node(struct layout *l, int32_t id, struct held held);

/* Places of both children. Where neither is adjacent and one is a return, a copy of it costs one instruction and saves a jump. */
static int place_children(struct layout *l, int32_t hot, int32_t cold, struct held held, uint32_t *ret_hot, uint32_t *ret_cold)
{
	int c = is_ret(l, cold) ? 0 : place_node(l, cold, held), h;

	if (c < 0)
		return c;
	h = is_ret(l, hot) ? 0 : place_node(l, hot, held);
	if (h < 0)
		return h;
	/* Returns last: nothing stands between them and the test. */
	if (is_ret(l, cold))
		c = ret_place(l, cold);
	if (is_ret(l, hot) && c >= 0)
		h = ret_place(l, hot);
	if (h >= 0 && c >= 0 && distance(l, (uint32_t)h) && distance(l, (uint32_t)c)) {
		if (is_ret(l, hot))
			h = copy_ret(l, hot);
		else if (is_ret(l, cold))
			c = copy_ret(l, cold);
	}
	if (c >= 0)
		c = reach(l, (uint32_t)c);
	if (h >= 0)
		h = reach(l, (uint32_t)h);
	*ret_hot = (uint32_t)h;
	*ret_cold = (uint32_t)c;
	return h < 0 ? h : c < 0 ? c : 0;
}

static int place_test(struct layout *l, const struct dag_node *n, struct held held)
{
	static const uint16_t ops[] = { [DAG_EQ] = OP_JEQ, [DAG_GE] = OP_JGE, [DAG_SET] = OP_JSET };
	bool yes_hot = n->weight_yes > n->weight_no;
	uint32_t hot, cold;
	int r = place_children(l, yes_hot ? n->yes : n->no, yes_hot ? n->no : n->yes, held, &hot, &cold);

	if (r < 0)
		return r;
	hot = distance(l, hot);
	cold = distance(l, cold);
	r = append(l, ops[n->kind], n->key, n->owner);
	if (r < 0)
		return r;
	l->code.items[r].insn.jt = (uint8_t)(yes_hot ? hot : cold);
	l->code.items[r].insn.jf = (uint8_t)(yes_hot ? cold : hot);
	return r;
}

static uint32_t offset_of(const struct layout *l, uint8_t word)
{
	if (word == WORD_NR)
		return 0;
	if (word == WORD_ARCH)
		return 4;
	return filter_arg_offset(word / 2, word % 2, l->big_endian);
}

/* Where a node begins for who comes with this accumulator. */
static int place_node(struct layout *l, int32_t id, struct held held)
{
	const struct dag_node *n = &l->dag->nodes.items[id];
	struct held needs = { n->word, n->mask };
	/* The dispatch's loads serve every rule. */
	int32_t owner = n->word == WORD_NR || n->word == WORD_ARCH ? DAG_OWNER_NONE : n->owner;
	enum entry entry;
	uint32_t *at;
	int r;

	if (n->kind == DAG_RET)
		return ret_place(l, id);
	entry = entry_for(n, held);
	at = &l->places[id].at[entry];
	if (*at != NOWHERE)
		return (int)*at;
	r = place_test(l, n, needs);
	if (r >= 0)
		l->places[id].at[ENTRY_TEST] = (uint32_t)r;
	if (r >= 0 && entry != ENTRY_TEST && n->mask != WORD_ALL)
		r = append(l, OP_AND, n->mask, owner);
	if (r >= 0 && entry == ENTRY_LOAD)
		r = append(l, OP_LOAD, offset_of(l, n->word), owner);
	if (r >= 0)
		*at = (uint32_t)r;
	return r;
}

static int finish(const struct layout *l, struct callgate_filter **ret_filter)
{
	size_t count = l->code.count;
	struct callgate_filter *filter;
	int r = filter_new(count, &filter);

	if (r < 0)
		return r;
	if (!filter->rules)
		filter->rules = calloc(count, sizeof(*filter->rules));
	if (!filter->rules) {
		filter_free(filter);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct code *code = &l->code.items[count - 1 - i];

		filter->insns[i] = code->insn;
		filter->rules[i] = code->owner == DAG_OWNER_NONE ? FILTER_RULE_NONE : code->owner;
	}
	filter->big_endian = l->big_endian;
	*ret_filter = filter;
	return 0;
}

int layout(const struct dag *dag, int32_t root, bool big_endian, struct callgate_filter **ret_filter, size_t *ret_size)
{
	struct layout l = { .dag = dag, .big_endian = big_endian };
	int r = -ENOMEM;

	l.places = malloc((dag->nodes.count + 1) * sizeof(*l.places));
	if (l.places) {
		memset(l.places, 0xff, (dag->nodes.count + 1) * sizeof(*l.places));
		r = place_node(&l, root, (struct held){ WORD_NONE, 0 });
	}
	*ret_size = l.code.count;
	if (r >= 0)
		r = l.code.count > CALLGATE_INSNS_MAX ? -E2BIG : finish(&l, ret_filter);
	free(l.places);
	vec_done(&l.code);
	return r < 0 ? r : 0;
}
