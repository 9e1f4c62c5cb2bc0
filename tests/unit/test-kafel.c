/* SPDX-License-Identifier: Apache-2.0 */
/* kafel policies: what a rule means, which of several decides, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FORMAT    format_kafel
#define FILE_NAME "main.kafel"
#include "text-policy.h"

static void rules_decide(void **state)
{
	(void)state;
	expect_call("POLICY a { ALLOW { read, write } } USE a DEFAULT KILL", "read", 0, 0, CALLGATE_ALLOW);
	expect_call("POLICY a { ALLOW { read, write } } USE a DEFAULT KILL", "close", 0, 0, CALLGATE_KILL_THREAD);
	expect_call("ALLOW { read }", "close", 0, 0, CALLGATE_KILL_THREAD);
	expect_call("ALLOW { read } DEFAULT ERRNO(38)", "close", 0, 0, CALLGATE_ERRNO(38));
	expect_call("DEFAULT LOG", "close", 0, 0, CALLGATE_LOG);
	expect_call("ERRNO(1) { read }, TRAP(2) { write }, TRACE(0x10) { close }, KILL_PROCESS { dup }", "read", 0, 0, CALLGATE_ERRNO(1));
	expect_call("ERRNO(1) { read }, TRAP(2) { write }, TRACE(0x10) { close }, KILL_PROCESS { dup }", "write", 0, 0, CALLGATE_TRAP | 2);
	expect_call("ERRNO(1) { read }, TRAP(2) { write }, TRACE(0x10) { close }, KILL_PROCESS { dup }", "close", 0, 0, CALLGATE_TRACE(16));
	expect_call("ERRNO(1) { read }, TRAP(2) { write }, TRACE(0x10) { close }, KILL_PROCESS { dup }", "dup", 0, 0, CALLGATE_KILL_PROCESS);
	expect_call("USER_NOTIF { read } DENY { write }", "read", 0, 0, CALLGATE_NOTIFY);
	expect_call("USER_NOTIF { read } DENY { write }", "write", 0, 0, CALLGATE_KILL_THREAD);
	expect_call("ALLOW { newfstat }", "fstat", 0, 0, CALLGATE_ALLOW);
	expect_call("/* a * comment */ // and more\nALLOW { }, LOG { read { } }", "read", 0, 0, CALLGATE_LOG);
	/* the first rule that matches, in the order of the text that USE stands for */
	expect_call("POLICY a { ALLOW { read { fd == 1 } } } POLICY b { USE a, LOG { read } } ERRNO(1) { read { fd == 2 } }, USE b", "read", 2, 0, CALLGATE_ERRNO(1));
	expect_call("POLICY a { ALLOW { read { fd == 1 } } } POLICY b { USE a, LOG { read } } ERRNO(1) { read { fd == 2 } }, USE b", "read", 1, 0, CALLGATE_ALLOW);
	expect_call("POLICY a { ALLOW { read { fd == 1 } } } POLICY b { USE a, LOG { read } } ERRNO(1) { read { fd == 2 } }, USE b", "read", 3, 0, CALLGATE_LOG);
}

static void expressions_decide(void **state)
{
	static const struct {
		const char *expression;
		uint64_t a0, a1;
		bool holds;
	} cases[] = {
		{ "a == 1", 1, 0, true },
		{ "1 == a", 1, 0, true },
		{ "3 < a", 3, 0, false },
		{ "3 <= a", 3, 0, true },
		{ "a != 0b101", 5, 0, false },
		{ "a == 010", 8, 0, true },
		{ "b == -1", 0, UINT64_MAX, true },
		{ "(b & 3) == 2", 0, 6, true },
		{ "(b & 3) == 2", 0, 7, false },
		{ "3 & b == 2", 0, 6, true },
		{ "(b & 7 & 3) != 0", 0, 4, false },
		{ "(b & 6) != 0", 0, 4, true },
		{ "(b & 6) != 4", 0, 4, false },
		{ "(b & 6) != 4", 0, 6, true },
		{ "b == (1|2)|4", 0, 7, true },
		{ "!(b == 1)", 0, 1, false },
		{ "!(a == 1 && b == 2)", 1, 3, true },
		{ "!(a == 1 && b == 2)", 1, 2, false },
		{ "!(a == 1 || b == 2)", 1, 3, false },
		{ "!!(a < 2)", 1, 3, true },
		{ "a == 1 || a == 2 && b == 3", 1, 0, true },
		{ "(a == 1 || a == 2) && b == 3", 1, 0, false },
		{ "a == 1, a == 2 && b == 3", 2, 3, true },
		{ "1 == 1", 0, 0, true },
		{ "1 > 2", 0, 0, false },
		{ "!((b & 3) == 1 || (b & 12) == 4)", 0, 10, true },
		{ "!((b & 3) == 1 || (b & 12) == 4)", 0, 6, false },
		{ "((b)) == 2", 0, 2, true },
		{ "((b == 2))", 0, 2, true },
		{ "b == TWO", 0, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];

		snprintf(text, sizeof(text), "#define TWO 2\nALLOW { read(a, b) { %s } }", cases[i].expression);
		expect_call(text, "read", cases[i].a0, cases[i].a1, cases[i].holds ? CALLGATE_ALLOW : CALLGATE_KILL_THREAD);
	}
}

static void refused(void **state)
{
	(void)state;
	refuse("ALLOW { raed }", "kafel-unknown-syscall", 1, 9);
	refuse("ALLOW { read\n write }", "kafel-syntax", 2, 2);
	refuse("ALLOW { read", "kafel-syntax", 1, 13);
	refuse("ALLOW { read } }", "kafel-syntax", 1, 16);
	refuse("POLICY a { ALLOW { read } POLICY", "kafel-syntax", 1, 27);
	refuse("USE a", "kafel-unknown-policy", 1, 5);
	refuse("POLICY a { USE a }", "kafel-unknown-policy", 1, 16);
	refuse("POLICY a { } POLICY a { }", "kafel-duplicate", 1, 21);
	refuse("DEFAULT KILL DEFAULT KILL", "kafel-duplicate", 1, 14);
	refuse("#define A 1\n#define A 2", "kafel-duplicate", 2, 9);
	refuse("#define A", "kafel-syntax", 1, 10);
	refuse("#include \"x\"", "kafel-unsupported", 1, 1);
	refuse("ERRNO(65536) { read }", "kafel-number", 1, 7);
	refuse("ERRNO { read }", "kafel-syntax", 1, 7);
	refuse("ALLOW { read(a, a) }", "kafel-argument", 1, 17);
	refuse("ALLOW { read(a,b,c,d,e,f,g) }", "kafel-argument", 1, 26);
	refuse("ALLOW { read(a) { fd == 1 } }", "kafel-argument", 1, 19);
	refuse("ALLOW { read() { fd == 1 } }", "kafel-argument", 1, 18);
	refuse("ALLOW { read { nothing == 1 } }", "kafel-argument", 1, 16);
	refuse("ALLOW { read(a, b) { a == b } }", "kafel-unsupported", 1, 27);
	refuse("ALLOW { read(a, b) { a & b == 0 } }", "kafel-unsupported", 1, 26);
	refuse("ALLOW { read(a, b) { a | 1 == 0 } }", "kafel-unsupported", 1, 26);
	refuse("ALLOW { read(a, b) { (a & 6) > 1 } }", "kafel-unsupported", 1, 23);
	refuse("ALLOW { read(a) { a } }", "kafel-syntax", 1, 21);
	refuse("ALLOW { read(a) { a == 1 b } }", "kafel-syntax", 1, 26);
	refuse("ALLOW { SYSCALL[999999] }", "kafel-unsupported", 1, 9);
	refuse("ALLOW { read ON x86_64 }", "kafel-unsupported", 1, 14);
	refuse("/* never closed", "kafel-syntax", 1, 1);
	refuse("ALLOW { read(a) { a == 0x1ffffffffffffffff } }", "kafel-number", 1, 24);
	refuse("ALLOW { read(a,b,c) { (a & 0x7fffffffffffffff) != 0 && (b & 0x7fffffffffffffff) != 0 && (c & 0x7fffffffffffffff) != 0 } }",
	       "kafel-too-large", 1, 23);
}

/* Numbers are those of this machine; a name may be unknown when that is allowed; a file that uses nothing is warned of. */
static void special(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_policy_ struct callgate_policy *policy = NULL;
	char text[128];
	int64_t nr = arch_syscall_nr(arch_native(), arch_syscall_id("read"));

	(void)state;
	snprintf(text, sizeof(text), "#define mine %d\nALLOW { mine }, POLICY", (int)nr);
	refuse(text, "kafel-syntax", 2, 17);
	snprintf(text, sizeof(text), "#define mine %d\nALLOW { raed, mine, SYSCALL[mine] } POLICY a { }", (int)nr);
	assert_int_equal(read_bytes(text, strlen(text), NULL, CALLGATE_READ_UNKNOWN_NAMES, &policy, diags), 0);
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_int_equal(eval(policy, arch_native(), "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(policy->profile->clauses.items[0].line, 2);
	assert_int_equal(policy->profile->clauses.items[0].column, 15);
	policy_free(policy);
	policy = NULL;
	assert_int_equal(read_bytes("POLICY a { ALLOW { read } }", 27, NULL, 0, &policy, diags), 0);
	assert_string_equal(callgate_diags_get(diags, 1)->id, "kafel-unused");
}

/* Deep, wide, and doubled thirty times over: an answer in bounded time. */
static void hostile_files(void **state)
{
	_cleanup_(buf_done) struct buf deep = { 0 }, uses = { 0 };
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	(void)state;
	buf_puts(&deep, "ALLOW { read(a) { ");
	for (int i = 0; i < 100000; i++)
		buf_puts(&deep, i % 2 ? "(" : "!");
	refuse(deep.text, "kafel-syntax", 1, 19 + 64);
	buf_puts(&uses, "POLICY p0 { }\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&uses, "POLICY p%d { USE p%d, USE p%d }\n", i, i - 1, i - 1);
	refuse(uses.text, "kafel-too-large", 19, 27);
	assert_int_equal(read_bytes("ALLOW { read }\0", 15, NULL, 0, &policy, diags), -EBADMSG);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "kafel-syntax");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_decide), cmocka_unit_test(expressions_decide), cmocka_unit_test(refused),
		cmocka_unit_test(special),      cmocka_unit_test(hostile_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
