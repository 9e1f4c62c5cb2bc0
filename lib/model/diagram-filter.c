/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meaning of a classic BPF program as a diagram: symbolic execution, one bit at a time.
 *
 * Jumps only go forward, so one walk in the order of the text meets each instruction after all that lead to it. Each has one
 * state: the condition under which it is reached, and for each live word (A, X, scratch memory) 32 Boolean diagrams. Where
 * ways meet, a word's bits are chosen by the condition of the way. What a state holds outside its condition is arbitrary and
 * never reaches the result. Words that nothing reads any more are not carried: merging them would build diagrams for nothing.
 *
 * Nothing here knows a constant from an argument. An instruction on constants folds because the operations on leaves do. The
 * one short cut is for long runs of comparisons of one field, see below; it changes cost, not meaning.
 */
#include "model/diagram-impl.h"

#include <linux/filter.h>

#include "model/filter.h"

enum { REG_A, REG_X, REG_MEM, REG_COUNT = REG_MEM + BPF_MEMWORDS };
#define LIVE(reg) (1u << (reg))

/* What is known where an instruction is reached. */
struct state {
	diagram_ref condition;
	struct diagram_word words[]; /* the live ones, in order of their register */
};

struct range {
	uint32_t first, last;
};

struct ranges {
	VEC(struct range) all; /* disjoint */
};

struct machine {
	struct diagram *d;
	const struct callgate_insn *insns;
	size_t count;
	bool big_endian;
	uint32_t *live;        /* per instruction: words that it or what follows it reads */
	struct state **states; /* per instruction; NULL: not reached, or done with */
	/* the instruction at hand */
	size_t pc;
	diagram_ref condition;
	struct diagram_word regs[REG_COUNT];
	/* per instruction: values of the field that get there from the run of comparisons at hand; none beyond values_end */
	struct ranges *values;
	size_t values_end;
	/* so far */
	bool returned;
	diagram_ref result;
};

/* ---- Liveness ---- */

/* Of ALU and JMP. Neither NEG nor JA has that bit set in a checked program. */
static bool uses_x(uint16_t code)
{
	return BPF_SRC(code) == BPF_X;
}

/* Words written by an instruction. */
static uint32_t writes(const struct callgate_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_ALU:
		return LIVE(REG_A);
	case BPF_LDX:
		return LIVE(REG_X);
	case BPF_ST:
	case BPF_STX:
		return LIVE(REG_MEM + insn->k);
	case BPF_MISC:
		return BPF_MISCOP(insn->code) == BPF_TAX ? LIVE(REG_X) : LIVE(REG_A);
	}
	return 0;
}

/* Words read by an instruction whose own result is read. */
static uint32_t reads(const struct callgate_insn *insn)
{
	uint32_t x = uses_x(insn->code) ? LIVE(REG_X) : 0; /* for ALU and JMP */

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(insn->code) == BPF_MEM ? LIVE(REG_MEM + insn->k) : 0;
	case BPF_ST:
		return LIVE(REG_A);
	case BPF_STX:
		return LIVE(REG_X);
	case BPF_ALU:
		return LIVE(REG_A) | x;
	case BPF_JMP:
		return BPF_OP(insn->code) == BPF_JA ? 0 : LIVE(REG_A) | x;
	case BPF_RET:
		return BPF_RVAL(insn->code) == BPF_A ? LIVE(REG_A) : 0;
	case BPF_MISC:
		return BPF_MISCOP(insn->code) == BPF_TAX ? LIVE(REG_A) : LIVE(REG_X);
	}
	return 0;
}

static bool may_trap(const struct callgate_insn *insn)
{
	return insn->code == (BPF_ALU | BPF_DIV | BPF_X);
}

static void find_live(const struct callgate_insn *insns, size_t count, uint32_t *live)
{
	for (size_t i = count; i-- > 0;) {
		const struct callgate_insn *insn = &insns[i];
		uint32_t after = 0, written = writes(insn);

		if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) == BPF_JA)
			after = live[i + 1 + insn->k];
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			after = live[i + 1 + insn->jt] | live[i + 1 + insn->jf];
		else if (BPF_CLASS(insn->code) != BPF_RET)
			after = live[i + 1];
		live[i] = after & ~written;
		if (!written || written & after)
			live[i] |= reads(insn);
		if (may_trap(insn))
			live[i] |= LIVE(REG_X);
	}
}

/* Word of seccomp_data at an offset. The first word of a 64-bit field is its high one on a big-endian machine. */
static struct diagram_word word_data(struct machine *m, uint32_t offset)
{
	unsigned first; /* variable of bit 31 */
	struct diagram_word w;

	if (offset < 8) {
		first = offset ? DIAGRAM_VAR_ARCH : DIAGRAM_VAR_NR;
	} else {
		bool high = !(offset & 4) == m->big_endian;

		first = (offset < 16 ? DIAGRAM_VAR_IP : DIAGRAM_VAR_ARG((offset - 16) / 8)) + (high ? 0 : DIAGRAM_WORD_BITS);
	}
	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		w.bit[i] = diagram_bit(m->d, first + DIAGRAM_WORD_BITS - 1 - i);
	return w;
}

/* ---- Control ---- */

/* A way leads to `target`. Its words are those of m->regs. */
static void flow(struct machine *m, size_t target, diagram_ref condition)
{
	struct state *s = m->states[target];
	uint32_t live = m->live[target];
	bool fresh = !s;
	size_t at = 0;

	if (condition == DIAGRAM_FALSE || m->d->error)
		return;
	if (fresh) {
		s = malloc(sizeof(*s) + (size_t)__builtin_popcount(live) * sizeof(s->words[0]));
		if (!s) {
			m->d->error = -ENOMEM;
			return;
		}
		m->states[target] = s;
	}
	for (unsigned reg = 0; reg < REG_COUNT; reg++) {
		if (!(live & LIVE(reg)))
			continue;
		s->words[at] = fresh ? m->regs[reg] : diagram_word_choose(m->d, condition, &m->regs[reg], &s->words[at]);
		at++;
	}
	s->condition = fresh ? condition : diagram_or(m->d, condition, s->condition);
}

/* Take the state of the instruction at m->pc; false when nothing leads there. Words that are not live keep stale refs, unread. */
static bool arrive(struct machine *m)
{
	_cleanup_free_ struct state *s = take_ptr(m->states[m->pc]);
	size_t at = 0;

	if (!s)
		return false;
	m->condition = s->condition;
	for (unsigned reg = 0; reg < REG_COUNT; reg++)
		if (m->live[m->pc] & LIVE(reg))
			m->regs[reg] = s->words[at++];
	return true;
}

/* Every call returns somewhere, so the first return may claim them all; the later ones take theirs back. */
static void give(struct machine *m, diagram_ref condition, diagram_ref value)
{
	if (condition != DIAGRAM_FALSE)
		m->result = m->returned ? diagram_choose(m->d, condition, value, m->result) : value;
	m->returned |= condition != DIAGRAM_FALSE;
}

static struct diagram_word operand(const struct machine *m, const struct callgate_insn *insn)
{
	return uses_x(insn->code) ? m->regs[REG_X] : diagram_word_constant(insn->k);
}

/* ---- Runs of comparisons with constants ---- */

/*
 * Most of a filter compares one untouched field with one constant after the other. Intervals of the field's values can be
 * followed through such a run, up to where it is left; only there they become diagrams. Without this the condition of each
 * comparison would be a diagram of its own, a few hundred times what the result needs.
 */
static bool is_interval_test(const struct callgate_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K && BPF_OP(insn->code) != BPF_JSET;
}

/* Is the word 32 bits of the call, as they are? Then the variable of bit 31. */
static bool is_field(const struct diagram *d, const struct diagram_word *w, uint32_t *ret_var)
{
	uint32_t var = d->nodes[w->bit[DIAGRAM_WORD_BITS - 1]].var;

	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++) {
		const struct diagram_node *n = &d->nodes[w->bit[i]];

		if (n->var != var + DIAGRAM_WORD_BITS - 1 - i || n->lo != DIAGRAM_FALSE || n->hi != DIAGRAM_TRUE)
			return false;
	}
	*ret_var = var;
	return var < DIAGRAM_VARS;
}

/* Of the values in `r`, those from first to last reach `target`. No value gets there twice, since each takes one way only. */
static void send_range(struct machine *m, size_t target, struct range r, uint32_t first, uint32_t last)
{
	struct ranges *to = &m->values[target];

	r = (struct range){ MAX(r.first, first), MIN(r.last, last) };
	if (r.first > r.last || !diagram_step(m->d))
		return;
	m->values_end = MAX(m->values_end, target + 1);
	if (to->all.count && to->all.items[to->all.count - 1].last + 1 == r.first && r.first)
		to->all.items[to->all.count - 1].last = r.last;
	else if (vec_push(&to->all, r))
		m->d->error = -ENOMEM;
}

static void split_ranges(struct machine *m, size_t pc)
{
	const struct callgate_insn *insn = &m->insns[pc];
	unsigned op = BPF_OP(insn->code);
	size_t jt = pc + 1 + insn->jt, jf = pc + 1 + insn->jf;
	uint32_t k = insn->k;

	for (size_t i = 0; i < m->values[pc].all.count; i++) {
		struct range r = m->values[pc].all.items[i];

		if (op == BPF_JA) {
			send_range(m, pc + 1 + k, r, 0, UINT32_MAX);
			continue;
		}
		/* below, at and above k, in this order, so that neighbours are joined again where they go the same way */
		if (k)
			send_range(m, jf, r, 0, k - 1);
		send_range(m, op == BPF_JGT ? jf : jt, r, k, k);
		if (k < UINT32_MAX)
			send_range(m, op == BPF_JEQ ? jf : jt, r, k + 1, UINT32_MAX);
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Is the value one of the sorted ranges? Over the block of values from `first` on, whose bits start at `var`. */
static diagram_ref lower_ranges(struct diagram *d, const struct range *r, size_t count, uint64_t first, uint64_t size, uint32_t var)
{
	while (count && r->last < first) {
		r++;
		count--;
	}
	if (!count || r->first >= first + size)
		return DIAGRAM_FALSE;
	if (r->first <= first && r->last >= first + size - 1)
		return DIAGRAM_TRUE;
	size /= 2;
	return diagram_make(d, var, lower_ranges(d, r, count, first, size, var + 1), lower_ranges(d, r, count, first + size, size, var + 1));
}

/* From the comparison at m->pc through all that follow it, to the first other instruction on each way. */
static void do_run(struct machine *m, uint32_t var)
{
	m->values_end = m->pc;
	send_range(m, m->pc, (struct range){ 0, UINT32_MAX }, 0, UINT32_MAX);
	for (size_t pc = m->pc; pc < m->values_end && !m->d->error; pc++) {
		struct ranges *here = &m->values[pc];

		if (!here->all.count)
			continue;
		if (is_interval_test(&m->insns[pc])) {
			split_ranges(m, pc);
		} else {
			qsort(here->all.items, here->all.count, sizeof(*here->all.items), compare_ranges);
			flow(m, pc, diagram_and(m->d, m->condition, lower_ranges(m->d, here->all.items, here->all.count, 0, (uint64_t)1 << 32, var)));
		}
		here->all.count = 0;
	}
}

/* ---- The instructions ---- */

static struct diagram_word load(struct machine *m, const struct callgate_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return word_data(m, insn->k);
	case BPF_MEM:
		return m->regs[REG_MEM + insn->k];
	case BPF_LEN:
		return diagram_word_constant(sizeof(struct callgate_call));
	default:
		return diagram_word_constant(insn->k);
	}
}

static void do_jump(struct machine *m, const struct callgate_insn *insn)
{
	const struct diagram_word *a = &m->regs[REG_A];
	struct diagram_word b = operand(m, insn);
	diagram_ref test;
	uint32_t var;

	if (BPF_OP(insn->code) != BPF_JA && is_interval_test(insn) && is_field(m->d, a, &var)) {
		do_run(m, var);
		return;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		test = diagram_word_equal(m->d, a, &b);
		break;
	case BPF_JGT:
		test = diagram_word_greater(m->d, a, &b, DIAGRAM_FALSE);
		break;
	case BPF_JGE:
		test = diagram_word_greater(m->d, a, &b, DIAGRAM_TRUE);
		break;
	case BPF_JSET:
		test = diagram_word_meets(m->d, a, &b);
		break;
	default: /* JA */
		flow(m, m->pc + 1 + insn->k, m->condition);
		return;
	}
	test = diagram_and(m->d, m->condition, test);
	flow(m, m->pc + 1 + insn->jt, test);
	flow(m, m->pc + 1 + insn->jf, diagram_choose(m->d, test, DIAGRAM_FALSE, m->condition));
}

static void do_return(struct machine *m, const struct callgate_insn *insn)
{
	diagram_ref value;

	if (BPF_RVAL(insn->code) != BPF_A) {
		give(m, m->condition, diagram_leaf(m->d, insn->k));
		return;
	}
	/* A itself, where this return is reached; elsewhere 0, so that no leaves are made for calls that never come here */
	value = DIAGRAM_FALSE;
	for (unsigned i = 0; i < DIAGRAM_WORD_BITS; i++)
		value = diagram_set_bit(m->d, diagram_and(m->d, m->condition, m->regs[REG_A].bit[i]), value, i);
	give(m, m->condition, value);
}

/* An instruction that makes a word, or moves one. */
static void do_write(struct machine *m, const struct callgate_insn *insn)
{
	uint32_t written = writes(insn);

	if (may_trap(insn)) {
		diagram_ref divisor = diagram_word_meets(m->d, &m->regs[REG_X], &m->regs[REG_X]);

		/* the kernel's own code for such a division ends the program with 0, which is KILL_THREAD */
		give(m, diagram_choose(m->d, divisor, DIAGRAM_FALSE, m->condition), DIAGRAM_FALSE);
		m->condition = diagram_and(m->d, m->condition, divisor);
	}
	if (m->live[m->pc + 1] & written && !m->d->error) {
		struct diagram_word *to = &m->regs[__builtin_ctz(written)], other = operand(m, insn);

		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
		case BPF_LDX:
			*to = load(m, insn);
			break;
		case BPF_ALU:
			*to = diagram_word_compute(m->d, BPF_OP(insn->code), &m->regs[REG_A], &other);
			break;
		default: /* ST, STX, TAX, TXA move the one word that they read */
			*to = m->regs[__builtin_ctz(reads(insn))];
		}
	}
	flow(m, m->pc + 1, m->condition);
}

static void run(struct machine *m)
{
	for (m->pc = 0; m->pc < m->count && !m->d->error; m->pc++) {
		const struct callgate_insn *insn = &m->insns[m->pc];

		if (!arrive(m))
			continue;
		if (BPF_CLASS(insn->code) == BPF_JMP)
			do_jump(m, insn);
		else if (BPF_CLASS(insn->code) == BPF_RET)
			do_return(m, insn);
		else
			do_write(m, insn);
	}
}

static void done_machine(struct machine *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->states)
			free(m->states[i]);
		if (m->values)
			vec_done(&m->values[i].all);
	}
	free(m->live);
	free(m->states);
	free(m->values);
}

int diagram_from_filter(struct diagram *d, const struct callgate_insn *insns, size_t count, bool big_endian,
			diagram_ref *ret_root, struct callgate_diags *diags)
{
	/* the kernel clears A and X: all bits are leaf 0 */
	_cleanup_(done_machine) struct machine m = { .d = d, .insns = insns, .count = count, .big_endian = big_endian };
	int r = filter_check(insns, count, NULL, diags);

	if (r)
		return r;
	m.live = calloc(count, sizeof(*m.live));
	m.states = calloc(count, sizeof(*m.states));
	m.values = calloc(count, sizeof(*m.values));
	if (!m.live || !m.states || !m.values)
		return diag_oom(diags);
	diagram_begin(d);
	find_live(insns, count, m.live);
	flow(&m, 0, DIAGRAM_TRUE);
	run(&m);
	return diagram_answer(d, m.result, ret_root, diags);
}
