/* SPDX-License-Identifier: Apache-2.0 */
/* lib/model: filter.c, simulate.c. tests/live/test-filter-kernel.c compares them with the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>

#include "model/filter.h"

#define INSN(c, ...) ((struct callgate_insn){ .code = (c), __VA_ARGS__ })
#define RET(value) INSN(BPF_RET | BPF_K, .k = (value))
#define RET_A INSN(BPF_RET | BPF_A)
#define LD_IMM(value) INSN(BPF_LD | BPF_IMM, .k = (value))
#define LDX_IMM(value) INSN(BPF_LDX | BPF_IMM, .k = (value))
#define LD_ABS(offset) INSN(BPF_LD | BPF_W | BPF_ABS, .k = (offset))

static const struct callgate_call a_call = {
	.nr = 0x11111111, .arch = 0x22222222, .ip = 0x3333333344444444,
	.args = { 0xa0000000b0000000, 0xa1000000b1000000, 0xa2000000b2000000, 0xa3000000b3000000, 0xa4000000b4000000, 0xa5000000b5000000 },
};

static uint32_t run(const struct callgate_insn *insns, size_t count)
{
	assert_int_equal(filter_check(insns, count, NULL, NULL), 0);
	return filter_simulate(insns, count, false, &a_call, NULL, NULL);
}

/* ---- filter_check ---- */

static void refused(const struct callgate_insn *insns, size_t count, const char *says)
{
	struct callgate_diags *diags = callgate_diags_new();
	const struct callgate_diag *d;

	assert_int_equal(filter_check(insns, count, "x.bpf", diags), -EBADMSG);
	assert_int_equal(callgate_diags_count(diags), 1);
	d = callgate_diags_get(diags, 0);
	assert_string_equal(d->id, "bpf-invalid");
	assert_string_equal(d->file, "x.bpf");
	if (!strstr(d->text, says))
		fail_msg("'%s' is not in '%s'", says, d->text);
	callgate_diags_free(diags);
}

static void test_refused(void **state)
{
	static const struct {
		struct callgate_insn insn;
		const char *says;
	} cases[] = {
		{ INSN(BPF_ALU | BPF_MOD | BPF_K, .k = 3), "instruction 1, unknown 0x0094 #0x3" },
		{ INSN(BPF_ALU | BPF_MOD | BPF_X), "not admit" },
		{ INSN(BPF_LD | BPF_B | BPF_ABS), "not admit" },
		{ INSN(BPF_LD | BPF_H | BPF_ABS), "not admit" },
		{ INSN(BPF_LD | BPF_W | BPF_IND), "not admit" },
		{ INSN(BPF_LDX | BPF_W | BPF_ABS), "not admit" },
		{ INSN(BPF_LDX | BPF_B | BPF_MSH), "not admit" },
		{ INSN(BPF_RET | BPF_X), "not admit" },
		{ INSN(0x100 | BPF_LD), "not admit" },
		{ INSN(0xffff), "not admit" },
		{ LD_ABS(64), "seccomp_data" },
		{ LD_ABS(2), "seccomp_data" },
		{ LD_ABS(0xfffffffc), "seccomp_data" },
		{ INSN(BPF_ALU | BPF_DIV | BPF_K), "zero" },
		{ INSN(BPF_ALU | BPF_LSH | BPF_K, .k = 32), "shift" },
		{ INSN(BPF_ALU | BPF_RSH | BPF_K, .k = UINT32_MAX), "shift" },
		{ INSN(BPF_ST, .k = 16), "16 words" },
		{ INSN(BPF_STX, .k = 16), "16 words" },
		{ INSN(BPF_LD | BPF_MEM, .k = 16), "16 words" },
		{ INSN(BPF_LDX | BPF_MEM, .k = UINT32_MAX), "16 words" },
		{ INSN(BPF_LD | BPF_MEM, .k = 3), "ld M[3]: scratch" },
		{ INSN(BPF_LDX | BPF_MEM, .k = 15), "scratch" },
		{ INSN(BPF_JMP | BPF_JA, .k = 1), "beyond" },
		{ INSN(BPF_JMP | BPF_JA, .k = UINT32_MAX), "beyond" },
		{ INSN(BPF_JMP | BPF_JEQ | BPF_K, .jt = 1), "beyond" },
		{ INSN(BPF_JMP | BPF_JSET | BPF_X, .jf = 255), "beyond" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_insn insns[] = { LD_IMM(0), cases[i].insn, RET(0) };

		refused(insns, 3, cases[i].says);
	}
}

static void test_refused_whole(void **state)
{
	static struct callgate_insn many[CALLGATE_INSNS_MAX + 1];
	const struct callgate_insn no_return[] = { RET(0), LD_IMM(0) }, jump_at_end[] = { RET(0), INSN(BPF_JMP | BPF_JEQ | BPF_K) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = RET(i == CALLGATE_INSNS_MAX);
	refused(many, 0, "has 0");
	refused(many, CALLGATE_INSNS_MAX + 1, "4097");
	assert_int_equal(filter_check(many, CALLGATE_INSNS_MAX, NULL, NULL), 0);
	assert_int_equal(filter_check(many, 1, NULL, NULL), 0);
	refused(no_return, 2, "instruction 1");
	refused(jump_at_end, 2, "beyond");
}

/* A word counts as written only when every way to its load has written it. */
static void test_scratch_paths(void **state)
{
	struct callgate_insn insns[] = {
		LD_IMM(1),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, .k = 1, .jt = 0, .jf = 2),
		INSN(BPF_ST, .k = 0),
		INSN(BPF_JMP | BPF_JA, .k = 1),
		INSN(BPF_STX, .k = 0),
		INSN(BPF_LD | BPF_MEM, .k = 0),
		RET_A,
	};
	const struct callgate_insn around[] = {
		INSN(BPF_JMP | BPF_JEQ | BPF_K, .k = 1, .jt = 0, .jf = 2),
		INSN(BPF_ST, .k = 0),
		INSN(BPF_JMP | BPF_JA, .k = 1),
		INSN(BPF_JMP | BPF_JA, .k = 1),
		INSN(BPF_LD | BPF_MEM, .k = 0),
		RET_A,
	};

	(void)state;
	assert_int_equal(filter_check(insns, 7, NULL, NULL), 0);
	insns[4].k = 1; /* one of the two ways writes another word */
	refused(insns, 7, "instruction 5");
	insns[4].k = 0;
	insns[1].jf = 3; /* one goes around the store */
	refused(insns, 7, "instruction 5");
	/* What is written where a jump leaves says nothing of the next instruction, which others come to. */
	assert_int_equal(filter_check(around, ARRAY_SIZE(around), NULL, NULL), 0);
	/* Behind a return the kernel goes on with what was written before it. No way leads there, and so it refuses this: */
	insns[1] = INSN(BPF_JMP | BPF_JA, .k = 0);
	insns[4] = RET(0);
	insns[3] = RET(0);
	assert_int_equal(filter_check(insns, 7, NULL, NULL), 0);
	insns[2].k = 1;
	refused(insns, 7, "instruction 5");
}

/* ---- filter_simulate ---- */

static void test_words(void **state)
{
	static const uint32_t little[] = { 0x11111111, 0x22222222, 0x44444444, 0x33333333, 0xb0000000, 0xa0000000 };
	static const uint32_t big[] = { 0x11111111, 0x22222222, 0x33333333, 0x44444444, 0xa0000000, 0xb0000000 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(little); i++) {
		const struct callgate_insn insns[] = { LD_ABS(i * 4), RET_A };

		assert_int_equal(filter_word(&a_call, false, i * 4), little[i]);
		assert_int_equal(filter_word(&a_call, true, i * 4), big[i]);
		assert_int_equal(filter_simulate(insns, 2, false, &a_call, NULL, NULL), little[i]);
		assert_int_equal(filter_simulate(insns, 2, true, &a_call, NULL, NULL), big[i]);
	}
	for (unsigned arg = 0; arg < 6; arg++) {
		for (unsigned order = 0; order < 2; order++) {
			assert_int_equal(filter_word(&a_call, order, filter_arg_offset(arg, false, order)), (uint32_t)a_call.args[arg]);
			assert_int_equal(filter_word(&a_call, order, filter_arg_offset(arg, true, order)), a_call.args[arg] >> 32);
		}
	}
	assert_int_equal(filter_word(&a_call, false, 64), 0);
	/* what the compiler lays out in memory is what the kernel does */
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		uint32_t words[16];

		memcpy(words, &a_call, sizeof(words));
		for (uint32_t i = 0; i < 16; i++)
			assert_int_equal(filter_word(&a_call, false, i * 4), words[i]);
	}
}

static void test_arithmetic(void **state)
{
	static const struct {
		uint16_t op;
		uint32_t a, operand, result;
	} cases[] = {
		{ BPF_ADD, 0xffffffff, 2, 1 },
		{ BPF_SUB, 1, 2, 0xffffffff },
		{ BPF_MUL, 0x10001, 0x10001, 0x20001 },
		{ BPF_DIV, 0xfffffffe, 2, 0x7fffffff },
		{ BPF_DIV, 7, 0xffffffff, 0 },
		{ BPF_AND, 0xff00ff00, 0x0ff00ff0, 0x0f000f00 },
		{ BPF_OR, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0 },
		{ BPF_XOR, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0 },
		{ BPF_LSH, 0x80000001, 1, 2 },
		{ BPF_LSH, 1, 31, 0x80000000 },
		{ BPF_RSH, 0x80000000, 31, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct callgate_insn with_k[] = { LD_IMM(cases[i].a), INSN(BPF_ALU | BPF_K | cases[i].op, .k = cases[i].operand), RET_A };
		const struct callgate_insn with_x[] = { LD_IMM(cases[i].a), LDX_IMM(cases[i].operand), INSN(BPF_ALU | BPF_X | cases[i].op, .k = 99), RET_A };

		assert_int_equal(run(with_k, 3), cases[i].result);
		assert_int_equal(run(with_x, 4), cases[i].result);
	}
}

static void test_corners(void **state)
{
	const struct callgate_insn by_zero[] = { LD_IMM(7), INSN(BPF_ALU | BPF_DIV | BPF_X), RET(CALLGATE_ALLOW) };
	const struct callgate_insn shift[] = { LD_IMM(3), LDX_IMM(33), INSN(BPF_ALU | BPF_LSH | BPF_X), RET_A };
	const struct callgate_insn negate[] = { LD_IMM(5), INSN(BPF_ALU | BPF_NEG), RET_A };
	const struct callgate_insn start[] = { INSN(BPF_ALU | BPF_ADD | BPF_X), RET_A };
	const struct callgate_insn length[] = { INSN(BPF_LD | BPF_W | BPF_LEN), INSN(BPF_LDX | BPF_W | BPF_LEN), INSN(BPF_ALU | BPF_ADD | BPF_X), RET_A };
	const struct callgate_insn transfer[] = { LD_IMM(9), INSN(BPF_MISC | BPF_TAX), LD_IMM(1), INSN(BPF_MISC | BPF_TXA), RET_A };
	const struct callgate_insn memory[] = { LD_IMM(4), LDX_IMM(5), INSN(BPF_ST, .k = 15), INSN(BPF_STX, .k = 0), INSN(BPF_LDX | BPF_MEM, .k = 15),
						INSN(BPF_LD | BPF_MEM, .k = 0), INSN(BPF_ALU | BPF_LSH | BPF_X), RET_A };

	(void)state;
	assert_int_equal(run(by_zero, 3), CALLGATE_KILL_THREAD);
	assert_int_equal(run(shift, 4), 6);
	assert_int_equal(run(negate, 3), 0xfffffffb);
	assert_int_equal(run(start, 2), 0);
	assert_int_equal(run(length, 4), 128);
	assert_int_equal(run(transfer, 5), 9);
	assert_int_equal(run(memory, 8), 80);
}

static void test_jumps(void **state)
{
	static const struct {
		uint16_t op;
		uint32_t a, operand;
		bool taken;
	} cases[] = {
		{ BPF_JEQ, 5, 5, true },	   { BPF_JEQ, 5, 6, false },	     { BPF_JGT, 6, 5, true },	       { BPF_JGT, 5, 5, false },
		{ BPF_JGT, 0x80000000, 1, true },  { BPF_JGE, 5, 5, true },	     { BPF_JGE, 4, 5, false },	       { BPF_JGE, 0xffffffff, 1, true },
		{ BPF_JSET, 6, 4, true },	   { BPF_JSET, 6, 9, false },	     { BPF_JSET, 0, 0xffffffff, false }, { BPF_JGT, 1, 0x80000000, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct callgate_insn with_k[] = { LD_IMM(cases[i].a), INSN(BPF_JMP | BPF_K | cases[i].op, .jt = 1, .jf = 0, .k = cases[i].operand), RET(0), RET(1) };
		const struct callgate_insn with_x[] = { LD_IMM(cases[i].a), LDX_IMM(cases[i].operand), INSN(BPF_JMP | BPF_X | cases[i].op, .jt = 0, .jf = 1), RET(1), RET(0) };

		assert_int_equal(run(with_k, 4), cases[i].taken);
		assert_int_equal(run(with_x, 5), cases[i].taken);
	}
}

static void test_path(void **state)
{
	const struct callgate_insn insns[] = { LD_ABS(0), INSN(BPF_JMP | BPF_JEQ | BPF_K, .k = 0x11111111, .jt = 1), RET(0), INSN(BPF_JMP | BPF_JA, .k = 1),
					       RET(1), RET(2) };
	uint16_t path[6];
	size_t steps;

	(void)state;
	assert_int_equal(filter_check(insns, 6, NULL, NULL), 0);
	assert_int_equal(filter_simulate(insns, 6, false, &a_call, path, &steps), 2);
	assert_int_equal(steps, 4);
	assert_int_equal(path[0], 0);
	assert_int_equal(path[1], 1);
	assert_int_equal(path[2], 3);
	assert_int_equal(path[3], 5);
}

/* A program that was never checked does no harm. */
static void test_unchecked(void **state)
{
	const struct callgate_insn off_the_end[] = { INSN(BPF_JMP | BPF_JA, .k = UINT32_MAX) }, wild[] = { LD_ABS(0xfffffff0), INSN(BPF_ST, .k = 99), RET_A };

	(void)state;
	assert_int_equal(filter_simulate(off_the_end, 1, false, &a_call, NULL, NULL), CALLGATE_KILL_PROCESS);
	assert_int_equal(filter_simulate(wild, 3, false, &a_call, NULL, NULL), 0);
	assert_int_equal(filter_simulate(NULL, 0, false, &a_call, NULL, NULL), CALLGATE_KILL_PROCESS);
}

/* ---- Objects and text ---- */

static void test_new(void **state)
{
	struct callgate_filter *filter;

	(void)state;
	assert_int_equal(filter_new(0, &filter), -EINVAL);
	assert_int_equal(filter_new(CALLGATE_INSNS_MAX + 1, &filter), -EINVAL);
	assert_int_equal(filter_new(3, &filter), 0);
	assert_int_equal(filter->count, 3);
	assert_null(filter->rules);
	assert_null(filter_free(filter));
	assert_null(filter_free(NULL));
}

static void test_format(void **state)
{
	static const struct {
		struct callgate_insn insn;
		const char *text;
	} cases[] = {
		{ LD_ABS(4), "ld [4]" },
		{ LD_IMM(16), "ld #0x10" },
		{ INSN(BPF_LD | BPF_W | BPF_LEN), "ld #len" },
		{ INSN(BPF_LDX | BPF_MEM, .k = 3), "ldx M[3]" },
		{ INSN(BPF_ST, .k = 2), "st M[2]" },
		{ INSN(BPF_STX, .k = 2), "stx M[2]" },
		{ INSN(BPF_ALU | BPF_ADD | BPF_X), "add x" },
		{ INSN(BPF_ALU | BPF_AND | BPF_K, .k = 255), "and #0xff" },
		{ INSN(BPF_ALU | BPF_LSH | BPF_K, .k = 12), "lsh #12" },
		{ INSN(BPF_ALU | BPF_DIV | BPF_K, .k = 12), "div #0xc" },
		{ INSN(BPF_ALU | BPF_NEG), "neg" },
		{ INSN(BPF_JMP | BPF_JA, .k = 5), "ja 16" },
		{ INSN(BPF_JMP | BPF_JEQ | BPF_K, .k = 0xc000003e, .jt = 0, .jf = 5), "jeq #0xc000003e jt 11 jf 16" },
		{ INSN(BPF_JMP | BPF_JSET | BPF_X, .jt = 1, .jf = 255), "jset x jt 12 jf 266" },
		{ RET(CALLGATE_ALLOW), "ret #0x7fff0000" },
		{ RET_A, "ret a" },
		{ INSN(BPF_MISC | BPF_TAX), "tax" },
		{ INSN(BPF_MISC | BPF_TXA), "txa" },
		{ INSN(0x94, .k = 7), "unknown 0x0094 #0x7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf text = { 0 };

		filter_format_insn(&cases[i].insn, 10, &text);
		assert_string_equal(text.text, cases[i].text);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	 cmocka_unit_test(test_refused_whole), cmocka_unit_test(test_scratch_paths), cmocka_unit_test(test_words),
		cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_corners),     cmocka_unit_test(test_jumps),	     cmocka_unit_test(test_path),
		cmocka_unit_test(test_unchecked), cmocka_unit_test(test_new),	       cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
