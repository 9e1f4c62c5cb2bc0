/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagram against what it must agree with: filter_simulate for programs, profile_eval for profiles, libseccomp's two layouts of
 * one rule set. Programs, profiles and calls are random from fixed seeds, and calls favour the values at which answers change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <linux/filter.h>

#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"
#include "random.h"

#define CALLS 48
#define LENGTH_MAX 64

struct program {
	struct callgate_insn insns[LENGTH_MAX];
	size_t count;
	uint32_t mask; /* of the last load while a program is made: numbers within it decide something */
};

static uint32_t edge32(void)
{
	return (uint32_t)edge64();
}

/* ---- Random programs and calls ---- */

static void emit(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert_true(p->count < LENGTH_MAX);
	p->insns[p->count++] = (struct callgate_insn){ code, jt, jf, k };
}

static void emit_alu(struct program *p)
{
	static const uint16_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG };
	uint16_t op = ops[below(ARRAY_SIZE(ops))], source = op == BPF_NEG || below(2) ? BPF_K : BPF_X;
	uint32_t k = edge32();

	if (source == BPF_K && op == BPF_DIV)
		k += !k;
	if (source == BPF_K && (op == BPF_LSH || op == BPF_RSH))
		k %= 32;
	emit(p, BPF_ALU | op | source, 0, 0, k);
}

/* Mostly a short way: long jumps leave little of a program. */
static uint8_t distance(uint32_t left)
{
	return (uint8_t)below(below(5) ? MIN(left, 4u) : left);
}

static void emit_jump(struct program *p, size_t end)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint16_t op = below(10) ? ops[below(ARRAY_SIZE(ops))] : BPF_JA;
	uint32_t left = (uint32_t)(end - p->count); /* the return at `end` included */

	if (op == BPF_JA)
		emit(p, BPF_JMP | BPF_JA, 0, 0, distance(left));
	else
		emit(p, BPF_JMP | op | (below(2) ? BPF_K : BPF_X), distance(left), distance(left), below(3) ? (uint32_t)any64() & p->mask : edge32());
}

/* Behind a branch that may skip it. */
static void emit_return(struct program *p)
{
	uint8_t skip = (uint8_t)below(2);

	emit(p, BPF_JMP | BPF_JSET | BPF_K, skip, !skip, (uint32_t)any64() & p->mask);
	emit(p, below(6) ? BPF_RET | BPF_K : BPF_RET | BPF_A, 0, 0, edge32());
}

/* Few bits survive a load most of the time: products of whole arguments have no small diagram. */
static void emit_load(struct program *p)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 * below(16));
	p->mask = below(5) ? 1u << below(32) | 1u << below(32) | 7u << below(30) : UINT32_MAX;
	if (p->mask != UINT32_MAX)
		emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, p->mask);
}

static void emit_any(struct program *p, size_t end)
{
	static const uint16_t moves[] = { BPF_LD | BPF_IMM, BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_MEM, BPF_LDX | BPF_IMM,
					  BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX,
					  BPF_MISC | BPF_TXA };
	uint16_t move;

	switch (below(20)) {
	case 0 ... 1:
		emit_return(p);
		break;
	case 2 ... 7:
		emit_load(p);
		break;
	case 8 ... 10:
		emit_alu(p);
		break;
	case 11 ... 16:
		emit_jump(p, end);
		break;
	default:
		move = moves[below(ARRAY_SIZE(moves))];
		emit(p, move, 0, 0, BPF_MODE(move) == BPF_MEM || BPF_CLASS(move) == BPF_ST || BPF_CLASS(move) == BPF_STX ? below(3) : edge32());
	}
}

static struct program random_program(void)
{
	struct program p = { 0 };
	size_t end = 8 + below(40);

	for (uint32_t i = 0; i < 3; i++)
		emit(&p, i & 1 ? BPF_STX : BPF_ST, 0, 0, i);
	while (p.count < end - 1) /* a load is two instructions */
		emit_any(&p, end);
	while (p.count < end)
		emit(&p, BPF_MISC | BPF_TXA, 0, 0, 0);
	emit(&p, BPF_RET | BPF_K, 0, 0, edge32());
	assert_int_equal(filter_check(p.insns, p.count, NULL, NULL), 0);
	return p;
}

/* A word of a call: often a number of the program, or next to one. */
static uint32_t telling32(const struct program *p)
{
	return below(2) ? edge32() : p->insns[below((uint32_t)p->count)].k + below(3) - 1;
}

static struct callgate_call telling_call(const struct program *p)
{
	struct callgate_call call = { .nr = telling32(p), .arch = telling32(p), .ip = telling32(p) | (uint64_t)telling32(p) << 32 };

	for (unsigned i = 0; i < 6; i++)
		call.args[i] = telling32(p) | (uint64_t)telling32(p) << 32;
	return call;
}

static uint32_t simulate(const struct program *p, bool big_endian, const struct callgate_call *call)
{
	return filter_simulate(p->insns, p->count, big_endian, call, NULL, NULL);
}

/* DIAGRAM_FAILED when it outgrew the limit. */
static diagram_ref lower(struct diagram *d, const struct program *p, bool big_endian)
{
	diagram_ref root = DIAGRAM_FAILED;
	int r = diagram_from_filter(d, p->insns, p->count, big_endian, &root, NULL);

	assert_true(r == 0 || r == -E2BIG);
	assert_int_equal(diagram_error(d), r);
	return root;
}

/* ---- Programs ---- */

static void test_programs(void **state)
{
	unsigned lowered = 0, total = 4000;
	size_t nodes = 0;

	(void)state;
	seed = 1;
	for (unsigned i = 0; i < total; i++) {
		struct program p = random_program();
		bool big_endian = i & 1;
		struct diagram *d = diagram_new(1u << 15);
		diagram_ref root = lower(d, &p, big_endian);

		for (unsigned j = 0; j < CALLS && root != DIAGRAM_FAILED; j++) {
			struct callgate_call call = telling_call(&p);

			assert_int_equal(diagram_eval(d, root, &call), simulate(&p, big_endian, &call));
		}
		lowered += root != DIAGRAM_FAILED;
		nodes += diagram_size(d, root);
		diagram_free(d);
	}
	/* the property must not hold for want of cases */
	assert_true(lowered > total / 100 * 95 && nodes > total * 15);
}

/* One instruction changed that is known to run: the roots differ exactly when a call tells the programs apart, and the witness does. */
static void test_mutants(void **state)
{
	unsigned differ = 0, same = 0;

	(void)state;
	seed = 2;
	for (unsigned i = 0; i < 3000; i++) {
		struct program p = random_program(), q = p;
		struct diagram *d = diagram_new(1u << 16);
		struct callgate_call call = { 0 };
		struct callgate_insn *changed;
		uint16_t path[LENGTH_MAX];
		size_t steps;
		diagram_ref a, b;

		call = telling_call(&p);
		filter_simulate(p.insns, p.count, false, &call, path, &steps);
		changed = &q.insns[path[below((uint32_t)steps)]];
		changed->k ^= 1u << below(32);
		if (BPF_CLASS(changed->code) == BPF_JMP)
			changed->jt ^= 1;
		if (filter_check(q.insns, q.count, NULL, NULL))
			q = p;
		a = lower(d, &p, false);
		b = a == DIAGRAM_FAILED ? a : lower(d, &q, false);
		if (b != DIAGRAM_FAILED && a != b) {
			differ++;
			assert_true(diagram_witness(d, a, b, &call));
			assert_int_not_equal(simulate(&p, false, &call), simulate(&q, false, &call));
		} else if (b != DIAGRAM_FAILED) {
			same++;
			assert_false(diagram_witness(d, a, b, &call));
			for (unsigned j = 0; j < CALLS; j++) {
				call = telling_call(&p);
				assert_int_equal(simulate(&p, false, &call), simulate(&q, false, &call));
			}
		}
		diagram_free(d);
	}
	assert_true(differ > 300 && same > 300);
}

#define K(op, k) { BPF_ALU | (op) | BPF_K, 0, 0, k }
#define X(op) { BPF_ALU | (op) | BPF_X, 0, 0, 0 }
#define LOAD(offset) { BPF_LD | BPF_W | BPF_ABS, 0, 0, offset }
#define RETURN(k) { BPF_RET | BPF_K, 0, 0, k }
#define TAX { BPF_MISC | BPF_TAX, 0, 0, 0 }
#define TXA { BPF_MISC | BPF_TXA, 0, 0, 0 }
#define STORE(i) { BPF_ST, 0, 0, i }
#define RECALL(i) { BPF_LD | BPF_MEM, 0, 0, i }
#define JUMP(op, k, jt, jf) { BPF_JMP | (op) | BPF_K, jt, jf, k }

/* A is argument 0, ten bits of it; X is argument 1, three bits of it. Then one of these, then a test of A. */
static const struct {
	const char *what;
	struct callgate_insn one[8], other[8];
} identities[] = {
	{ "times eight", { K(BPF_MUL, 8) }, { K(BPF_LSH, 3) } },
	{ "times X is X times", { X(BPF_MUL) }, { STORE(0), TXA, STORE(1), RECALL(0), TAX, RECALL(1), X(BPF_MUL) } },
	{ "a quarter", { K(BPF_DIV, 4) }, { K(BPF_RSH, 2) } },
	{ "minus X", { X(BPF_SUB) }, { STORE(0), TXA, K(BPF_NEG, 0), TAX, RECALL(0), X(BPF_ADD) } },
	{ "negated", { K(BPF_NEG, 0) }, { K(BPF_XOR, UINT32_MAX), K(BPF_ADD, 1) } },
	{ "or", { X(BPF_OR) }, { STORE(0), X(BPF_AND), STORE(1), RECALL(0), X(BPF_XOR), STORE(0), { BPF_LDX | BPF_MEM, 0, 0, 1 }, X(BPF_OR) } },
	{ "twice", { STORE(0), TAX, RECALL(0), X(BPF_ADD) }, { K(BPF_LSH, 1) } },
	{ "itself away", { TAX, X(BPF_XOR) }, { K(BPF_AND, 0) } },
	{ "thirds", { K(BPF_DIV, 3) }, { K(BPF_MUL, 0x5556), K(BPF_RSH, 16) } },
	{ "shift by X + 32", { X(BPF_LSH) }, { STORE(0), TXA, K(BPF_ADD, 32), TAX, RECALL(0), X(BPF_LSH) } },
	{ "a branch that changes nothing",
	  { K(BPF_AND, 12) },
	  { JUMP(BPF_JGE, 512, 0, 2), K(BPF_AND, 12), { BPF_JMP | BPF_JA, 0, 0, 1 }, K(BPF_AND, 12) } },
	{ "a length", { { BPF_LD | BPF_W | BPF_LEN, 0, 0, 9 } }, { K(BPF_AND, 0), K(BPF_OR, 64) } },
};

static struct program identity_program(const struct callgate_insn middle[8], bool big_endian)
{
	const struct callgate_insn head[] = { LOAD(filter_arg_offset(1, false, big_endian)), K(BPF_AND, 7), TAX,
					      LOAD(filter_arg_offset(0, false, big_endian)), K(BPF_AND, 0x3ff) };
	const struct callgate_insn tail[] = { JUMP(BPF_JGT, 24, 1, 0), { BPF_RET | BPF_A, 0, 0, 0 }, JUMP(BPF_JSET, 0x81, 0, 1),
					      RETURN(CALLGATE_ALLOW), RETURN(CALLGATE_ERRNO(1)) };
	struct program p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		p.insns[p.count++] = head[i];
	for (size_t i = 0; i < 8 && middle[i].code; i++)
		p.insns[p.count++] = middle[i];
	for (size_t i = 0; i < ARRAY_SIZE(tail); i++)
		p.insns[p.count++] = tail[i];
	return p;
}

static void test_identities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
		struct diagram *d = diagram_new(0);
		struct program one = identity_program(identities[i].one, false), other = identity_program(identities[i].other, false),
			       swapped = identity_program(identities[i].other, true);
		diagram_ref root = lower(d, &one, false);

		print_message("%s\n", identities[i].what);
		assert_int_not_equal(root, DIAGRAM_FAILED);
		assert_int_equal(lower(d, &other, false), root);
		/* variables are logical bits, so the same program for the other byte order means the same */
		assert_int_equal(lower(d, &swapped, true), root);
		diagram_free(d);
	}
}

/* Argument 0 times argument 1, mixed with the others, as a hash would: no small diagram. */
static void test_limit(void **state)
{
	static const struct callgate_insn hash[] = { LOAD(16), TAX, LOAD(24), X(BPF_MUL), TAX, LOAD(32), X(BPF_XOR), K(BPF_MUL, 0x9e3779b9), TAX,
						     LOAD(40), X(BPF_ADD), JUMP(BPF_JEQ, 0xdeadbeef, 0, 1), RETURN(CALLGATE_ALLOW), RETURN(0) };
	static const struct callgate_insn echo[] = { LOAD(16), { BPF_RET | BPF_A, 0, 0, 0 } };
	static const struct {
		const struct callgate_insn *insns;
		size_t count;
	} cases[] = { { hash, ARRAY_SIZE(hash) }, { echo, ARRAY_SIZE(echo) } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_diags *diags = callgate_diags_new();
		struct diagram *d = diagram_new(100000);
		struct callgate_call call;
		diagram_ref root = 7, before = diagram_leaf(d, 12345);

		assert_int_equal(diagram_from_filter(d, cases[i].insns, cases[i].count, false, &root, diags), -E2BIG);
		assert_int_equal(root, 7);
		assert_int_equal(callgate_diags_count(diags), 1);
		assert_string_equal(callgate_diags_get(diags, 0)->id, "diagram-too-large");
		/* sticky, and harmless */
		assert_int_equal(diagram_error(d), -E2BIG);
		assert_int_equal(diagram_leaf(d, 12345), DIAGRAM_FAILED);
		assert_int_equal(diagram_bit(d, 3), DIAGRAM_FAILED);
		assert_int_equal(diagram_ite(d, DIAGRAM_FAILED, before, before), DIAGRAM_FAILED);
		assert_int_equal(diagram_stack(d, before, DIAGRAM_FAILED), DIAGRAM_FAILED);
		assert_int_equal(diagram_size(d, DIAGRAM_FAILED), 0);
		assert_false(diagram_witness(d, before, DIAGRAM_FAILED, &call));
		assert_int_equal(diagram_from_filter(d, echo + 1, 1, false, &root, NULL), -E2BIG);
		diagram_free(d);
		callgate_diags_free(diags);
	}
}

/* A long run of comparisons that is entered in hundreds of places needs few nodes, but time. */
static void test_work(void **state)
{
	static struct callgate_insn insns[4000];
	const uint32_t entries = 600, tests = 900, chain = 1 + 3 * entries, size = chain + 2 * tests + 1;
	struct diagram *d = diagram_new(1u << 20);
	diagram_ref root;
	uint32_t at = 0;

	(void)state;
	insns[at++] = (struct callgate_insn)LOAD(0);
	for (uint32_t i = 0; i < entries; i++) {
		insns[at++] = (struct callgate_insn){ BPF_LDX | BPF_IMM, 0, 0, i };
		insns[at++] = (struct callgate_insn){ BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0 };
		insns[at] = (struct callgate_insn){ BPF_JMP | BPF_JA, 0, 0, chain + 2 * i - at - 1 };
		at++;
	}
	for (uint32_t i = 0; i < tests; i++) {
		insns[at++] = (struct callgate_insn)JUMP(BPF_JEQ, i * 77, 0, 1);
		insns[at] = (struct callgate_insn){ BPF_JMP | BPF_JA, 0, 0, size - 1 - at - 1 };
		at++;
	}
	insns[at++] = (struct callgate_insn)RETURN(CALLGATE_ALLOW);
	assert_int_equal(at, size);
	assert_int_equal(diagram_from_filter(d, insns, size, false, &root, NULL), -E2BIG);
	diagram_free(d);
}

/* 32 bits of the call, but not as they stand there: their order must not be taken for a field's. */
static void test_mixed_fields(void **state)
{
	static const struct program cases[] = {
		{ .insns = { LOAD(16), STORE(0), K(BPF_LSH, 16), TAX, RECALL(0), K(BPF_RSH, 16), X(BPF_OR), JUMP(BPF_JGT, 0x20005, 0, 1),
			     RETURN(1), RETURN(2) }, .count = 10 },
		{ .insns = { LOAD(16), K(BPF_AND, 0xffff), TAX, LOAD(20), K(BPF_AND, 0xffff0000), X(BPF_OR), JUMP(BPF_JGE, 0x20005, 0, 1),
			     RETURN(1), RETURN(2) }, .count = 9 },
		{ .insns = { LOAD(16), K(BPF_XOR, 1), JUMP(BPF_JEQ, 0x20005, 0, 1), RETURN(1), RETURN(2) }, .count = 5 },
	};
	struct diagram *d = diagram_new(0);

	(void)state;
	seed = 5;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		diagram_ref root = lower(d, &cases[i], false);

		for (unsigned j = 0; j < 1000; j++) {
			struct callgate_call call = telling_call(&cases[i]);

			call.args[0] = below(2) ? (uint64_t)below(4) << 32 | below(4) << 16 | below(8) : call.args[0];
			assert_int_equal(diagram_eval(d, root, &call), simulate(&cases[i], false, &call));
		}
	}
	diagram_free(d);
}

static void test_unchecked(void **state)
{
	static const struct callgate_insn endless[] = { JUMP(BPF_JEQ, 1, 9, 0), RETURN(0) };
	struct diagram *d = diagram_new(0);
	diagram_ref root = 7;

	(void)state;
	assert_int_equal(diagram_from_filter(d, endless, ARRAY_SIZE(endless), false, &root, NULL), -EBADMSG);
	assert_int_equal(diagram_error(d), 0);
	assert_int_equal(root, 7);
	diagram_free(d);
}

/* ---- Stacking ---- */

static void test_stack(void **state)
{
	static const uint32_t actions[] = { CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_ERRNO(1), CALLGATE_ERRNO(38),
					    CALLGATE_NOTIFY, CALLGATE_TRACE(7), CALLGATE_LOG, CALLGATE_ALLOW, CALLGATE_ALLOW | 5, 0x12345678 };

	unsigned lowered = 0;

	(void)state;
	seed = 3;
	for (unsigned i = 0; i < 500; i++) {
		struct diagram *d = diagram_new(1u << 16);
		struct program p[3];
		diagram_ref root[3], both;

		for (unsigned j = 0; j < 3; j++) {
			p[j] = random_program();
			for (size_t n = 0; n < p[j].count; n++)
				if (BPF_CLASS(p[j].insns[n].code) == BPF_RET)
					p[j].insns[n] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, actions[below(ARRAY_SIZE(actions))] };
			root[j] = diagram_error(d) ? DIAGRAM_FAILED : lower(d, &p[j], false);
		}
		both = diagram_stack(d, root[0], root[1]);
		for (unsigned n = 0; n < CALLS && both != DIAGRAM_FAILED; n++) {
			struct callgate_call call = telling_call(&p[n & 1]);

			assert_int_equal(diagram_eval(d, both, &call), action_stack(simulate(&p[0], false, &call), simulate(&p[1], false, &call)));
		}
		/* also true when the limit was reached: then both sides have failed */
		assert_int_equal(diagram_stack(d, both, root[2]), diagram_stack(d, root[0], diagram_stack(d, root[1], root[2])));
		if (!diagram_error(d))
			assert_int_equal(diagram_stack(d, root[0], root[0]), root[0]);
		lowered += !diagram_error(d);
		diagram_free(d);
	}
	assert_true(lowered > 450);
}

/* Every pair of actions, against the rule of seccomp_run_filters written down once more. */
static void test_stack_leaves(void **state)
{
	static const uint32_t order[] = { CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_ERRNO(0), CALLGATE_NOTIFY,
					  CALLGATE_TRACE(0), CALLGATE_LOG, CALLGATE_ALLOW };
	struct diagram *d = diagram_new(0);

	(void)state;
	for (size_t newer = 0; newer < ARRAY_SIZE(order); newer++)
		for (size_t older = 0; older < ARRAY_SIZE(order); older++)
			assert_int_equal(diagram_stack(d, diagram_leaf(d, order[newer] | 1), diagram_leaf(d, order[older] | 2)),
					 diagram_leaf(d, older < newer ? order[older] | 2 : order[newer] | 1));
	diagram_free(d);
}

/* ---- The rest of the manager ---- */

/* A call with bit `var` of its variables set where bit i of `values` is. */
static struct callgate_call call_of(const unsigned vars[4], unsigned values)
{
	struct callgate_call call = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		uint64_t bit = values >> i & 1;

		if (vars[i] < 32)
			call.arch |= (uint32_t)bit << (31 - vars[i]);
		else if (vars[i] < 64)
			call.nr |= (uint32_t)bit << (63 - vars[i]);
		else
			*(vars[i] < 448 ? &call.args[vars[i] / 64 - 1] : &call.ip) |= bit << (63 - vars[i] % 64);
	}
	return call;
}

/* Random functions of four bits, made in random ways, against their truth tables: equal tables are equal refs. */
static void test_truth_tables(void **state)
{
	static const unsigned vars[4] = { 0, 63, 64 + 5 * 64 + 1, DIAGRAM_VARS - 1 };
	struct diagram *d = diagram_new(0);
	diagram_ref refs[64];
	uint16_t tables[64];

	(void)state;
	seed = 4;
	for (unsigned i = 0; i < 64; i++) {
		uint32_t f = below(MAX(i, 1u)), g = below(MAX(i, 1u)), h = below(MAX(i, 1u));

		if (i < 4) {
			refs[i] = diagram_bit(d, vars[i]);
			tables[i] = (uint16_t[]){ 0xaaaa, 0xcccc, 0xf0f0, 0xff00 }[i];
		} else {
			refs[i] = diagram_ite(d, refs[f], refs[g], i % 3 ? diagram_ite(d, refs[h], 0, 1) : refs[h]);
			tables[i] = (uint16_t)((tables[f] & tables[g]) | (~tables[f] & (i % 3 ? ~tables[h] : tables[h])));
		}
		for (unsigned values = 0; values < 16; values++) {
			struct callgate_call call = call_of(vars, values);

			assert_int_equal(diagram_eval(d, refs[i], &call), tables[i] >> values & 1);
		}
		for (unsigned j = 0; j < i; j++)
			assert_int_equal(refs[i] == refs[j], tables[i] == tables[j]);
	}
	diagram_free(d);
}

static void test_small_things(void **state)
{
	struct diagram *d = diagram_new(0);
	struct callgate_call call = { .nr = 9 };
	diagram_ref bit = diagram_bit(d, 70), choice;

	(void)state;
	assert_int_equal(diagram_leaf(d, 0), 0);
	assert_int_equal(diagram_leaf(d, 1), 1);
	assert_int_equal(diagram_size(d, 0), 1);
	assert_int_equal(diagram_size(d, bit), 3);
	choice = diagram_ite(d, bit, diagram_leaf(d, CALLGATE_ALLOW), diagram_ite(d, diagram_bit(d, 511), 0, diagram_leaf(d, CALLGATE_TRAP)));
	assert_int_equal(diagram_size(d, choice), 5);
	assert_false(diagram_witness(d, choice, choice, &call));
	assert_int_equal(call.nr, 9);
	assert_true(diagram_witness(d, choice, diagram_leaf(d, CALLGATE_TRAP), &call));
	assert_true(call.nr == 0 && call.arch == 0 && call.args[0] == 0 && call.ip == 1);
	assert_ptr_equal(diagram_free(d), NULL);
	assert_ptr_equal(diagram_free(NULL), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_mixed_fields),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_stack_leaves),
		cmocka_unit_test(test_truth_tables),
		cmocka_unit_test(test_small_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
