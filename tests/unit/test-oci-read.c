/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp JSON: what is understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "oci-text.h"

/* ---- What is understood ---- */

static void test_actions(void **state)
{
	static const struct {
		const char *text;
		uint32_t action;
	} cases[] = {
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", CALLGATE_ERRNO(1) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\"}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"38\"}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EPERM\",\"defaultErrnoRet\":1}", CALLGATE_ERRNO(1) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"\",\"defaultErrnoRet\":0}", CALLGATE_ERRNO(0) },
		{ "{\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":7}", CALLGATE_TRACE(7) },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL\"}", CALLGATE_KILL_THREAD },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\"}", CALLGATE_KILL_THREAD },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}", CALLGATE_KILL_PROCESS },
		{ "{\"defaultAction\":\"SCMP_ACT_LOG\"}", CALLGATE_LOG },
		{ "{\"defaultAction\":\"SCMP_ACT_TRAP\"}", CALLGATE_TRAP },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", CALLGATE_NOTIFY },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", CALLGATE_ALLOW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_profile_ struct callgate_profile *profile = read_quiet(cases[i].text), *again = NULL;
		_cleanup_free_ char *text = write_text(profile);

		assert_int_equal(profile->default_action, cases[i].action);
		again = read_quiet(text);
		assert_int_equal(again->default_action, cases[i].action);
		assert_int_equal(again->unknown_errno, -1);
	}
}

static void test_head(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(TOP("\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"m\","
			       "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":null"));

	(void)state;
	assert_int_equal(profile->abis, CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386));
	assert_int_equal(profile->load_flags, CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_LOG);
	assert_string_equal(strpool_get(&profile->strings, profile->listener_path), "/run/x");
	assert_string_equal(strpool_get(&profile->strings, profile->listener_metadata), "m");
	assert_string_equal(strpool_get(&profile->strings, profile->file), "p.json");
	assert_int_equal(profile->bad_arch_action, CALLGATE_KILL_PROCESS);
	assert_int_equal(profile->clauses.count, 0);
}

static void test_rule_places(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"names\":[\"read\",\n  \"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":\"why\"}"));
	const struct profile_clause *clause;

	(void)state;
	assert_int_equal(profile->clauses.count, 2);
	clause = &profile->clauses.items[arch_syscall_id("write") > arch_syscall_id("read")];
	assert_int_equal(clause->syscall, arch_syscall_id("write"));
	assert_int_equal(clause->line, 3);
	assert_int_equal(clause->column, 3);
	assert_string_equal(strpool_get(&profile->strings, clause->comment), "why");
}

static void test_old_name_and_empty_members(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":null,\"includes\":{},\"excludes\":null,\"errno\":\"\"},"
				"{\"names\":[\"write\"],\"name\":\"\",\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EACCES\",\"args\":[]}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "write", 0, 0), CALLGATE_ERRNO(EACCES));
	assert_int_equal(profile->guards.count, 0);
}

static void test_values_are_exact(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":18446744073709551615,\"op\":"
				"\"SCMP_CMP_EQ\"}]}"));

	(void)state;
	assert_true(profile->conds.items[0].value == UINT64_MAX);
	assert_int_equal(eval_x86(profile, "lseek", 0, UINT64_MAX), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "lseek", 0, UINT64_MAX - 1), CALLGATE_ERRNO(1));
}

/* Not wide: a negative int extended to 64 bits, and what needs more than 32 bits of an argument that has them. */
static void test_wide_values_that_can_match(void **state)
{
	_profile_ struct callgate_profile *negative = read_quiet(ARGS("{\"index\":0,\"value\":18446744073709551614,\"op\":\"SCMP_CMP_EQ\"}"));
	_profile_ struct callgate_profile *wide =
		read_quiet(RULE("{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":4294967297,\"op\":"
				"\"SCMP_CMP_EQ\"}]}"));

	(void)state;
	assert_int_equal(eval_x86(negative, "socket", 0xfffffffe, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(wide, "lseek", 0, 4294967297), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(wide, "lseek", 0, 1), CALLGATE_ERRNO(1));
}

static void test_masked_eq(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(ARGS("{\"index\":1,\"value\":15,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "socket", 0, 0x80002), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 0, 0x80003), CALLGATE_ERRNO(1));
}

/* runc and crun: a repeated index turns every condition, also that on another argument, into a rule of its own. */
static void test_repeated_is_or(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile =
		read_text(ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"},"
			       "{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}"), 0, diags);

	(void)state;
	assert_int_equal(profile->clauses.count, 3);
	assert_int_equal(eval_x86(profile, "socket", 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 2, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 9, 5), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 9, 9), CALLGATE_ERRNO(1));
}

static void test_joined_is_and(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "socket", 1, 5), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 1, 6), CALLGATE_ERRNO(1));
	assert_int_equal(eval_x86(profile, "socket", 2, 5), CALLGATE_ERRNO(1));
}

static void test_foreign_rule_is_left_out(void **state)
{
	_profile_ struct callgate_profile *profile = NULL;
	_diags_ struct callgate_diags *diags = callgate_diags_new();

	(void)state;
	profile = read_text(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\"]}}"), 0, diags);
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ERRNO(1));
	profile = profile_free(profile);
	profile = read_quiet(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\",\"amd64\"]}}"));
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ALLOW);
}

static void test_extra(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(EXTRA("\"unknown\":\"ENOSYS\",\"badArch\":\"ERRNO(ENOSYS)\",\"learned\":{\"any\":[1]},\"calls\":["
				 "{\"name\":\"socket\",\"args\":[2,1,0],\"count\":550},{\"name\":\"mount\",\"count\":1,\"denied\":true,"
				 "\"abi\":\"i386\"},{\"name\":\"read\"}]"));
	const struct profile_call *call = profile->calls.items;

	(void)state;
	assert_int_equal(profile->unknown_errno, ENOSYS);
	assert_int_equal(profile->bad_arch_action, CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(profile->calls.count, 3);
	assert_int_equal(call[0].syscall, arch_syscall_id("mount"));
	assert_true(call[0].denied);
	assert_int_equal(call[0].abi, CALLGATE_ABI_I386);
	assert_int_equal(call[1].syscall, arch_syscall_id("read"));
	assert_int_equal(call[1].count, 1);
	assert_int_equal(call[2].abi, -1);
	assert_int_equal(call[2].n_args, 3);
	assert_int_equal(call[2].args[1], 1);
	assert_int_equal(call[2].count, 550);
}

/* Bit by bit: whole registers, the default for number -1, the ABIs it lists whatever is asked for. */
static void test_literal(void **state)
{
	_profile_ struct callgate_profile *plain = read_quiet(ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"));
	_profile_ struct callgate_profile *literal = NULL;
	const struct callgate_target i386 = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_I386) };

	(void)state;
	assert_int_equal(profile_copy(plain, &literal), 0);
	literal->literal = true;
	literal->default_action = plain->default_action = CALLGATE_KILL_PROCESS;
	assert_int_equal(eval_x86(plain, "socket", UINT64_C(1) << 32 | 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(literal, "socket", UINT64_C(1) << 32 | 1, 0), CALLGATE_KILL_PROCESS);
	assert_int_equal(profile_fallback(plain, CALLGATE_ABI_X86_64, UINT32_MAX), CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(profile_fallback(literal, CALLGATE_ABI_X86_64, UINT32_MAX), CALLGATE_KILL_PROCESS);
	assert_int_equal(profile_target_abis(plain, &i386), i386.abis);
	assert_int_equal(profile_target_abis(literal, &i386), CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64));
}

/* The shape of profiles that other tools weigh: valueTwo always there, MASKED_EQ against 0, calls with and without arguments. */
static void test_weighted_shape(void **state)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":["
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":2150388778,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"}]}],"
		"\"x-callgate\":{\"version\":1,\"calls\":[{\"name\":\"read\",\"count\":108837614},{\"name\":\"ioctl\",\"args\":[0,2150388778],"
		"\"count\":174520},{\"name\":\"clone\",\"args\":[268435456],\"count\":1,\"denied\":true}]}}";
	_profile_ struct callgate_profile *profile = read_quiet(text);

	(void)state;
	assert_int_equal(profile->clauses.count, 3);
	assert_int_equal(profile->calls.count, 3);
	assert_int_equal(eval_x86(profile, "clone", 4001536, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "clone", 268435456, 0), CALLGATE_ERRNO(1));
	assert_int_equal(eval_x86(profile, "ioctl", 5, 2150388778), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "ioctl", 5, 21522), CALLGATE_ERRNO(1));
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *call = &profile->calls.items[i];
		uint32_t action = eval_x86(profile, arch_syscall_name(call->syscall), call->args[0], call->args[1]);

		assert_int_equal(action, call->denied ? CALLGATE_ERRNO(1) : CALLGATE_ALLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_rule_places),
		cmocka_unit_test(test_old_name_and_empty_members),
		cmocka_unit_test(test_values_are_exact),
		cmocka_unit_test(test_wide_values_that_can_match),
		cmocka_unit_test(test_masked_eq),
		cmocka_unit_test(test_repeated_is_or),
		cmocka_unit_test(test_joined_is_and),
		cmocka_unit_test(test_foreign_rule_is_left_out),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_weighted_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
