/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: what a mode changes and what it must not weaken; the one execve that a launch lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pass/pass.h"

#define _profile_ _cleanup_(profile_freep)
#define _diags_ _cleanup_(diags_freep)

#define KILL CALLGATE_KILL_PROCESS
#define EPERM_ CALLGATE_ERRNO(EPERM)

static void add(struct callgate_profile *profile, const char *name, uint32_t action)
{
	struct profile_clause clause = { .syscall = arch_syscall_id(name), .action = action };

	assert_int_equal(profile_add_clause(profile, clause, NULL, 0), 0);
	assert_int_equal(profile_normalise(profile), 0);
}

static struct callgate_profile *make(uint32_t action, int unknown, uint32_t bad_arch)
{
	struct callgate_profile *profile = NULL;

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = action;
	profile->unknown_errno = unknown;
	profile->bad_arch_action = bad_arch;
	profile->abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64);
	add(profile, "read", CALLGATE_ALLOW);
	add(profile, "ptrace", CALLGATE_ERRNO(EACCES));
	add(profile, "acct", CALLGATE_KILL_THREAD);
	return profile;
}

static uint32_t eval_nr(const struct callgate_profile *profile, uint32_t arch, uint32_t nr, const uint64_t args[3])
{
	const struct callgate_target target = { 0 };
	struct callgate_call call = { .arch = arch, .nr = nr, .args = { args[0], args[1], args[2] } };

	return profile_eval(profile, &target, &call, NULL);
}

static uint32_t eval(const struct callgate_profile *profile, const char *name)
{
	static const uint64_t none[3];
	const struct arch_abi *abi = arch_abi_get(CALLGATE_ABI_X86_64);

	return eval_nr(profile, abi->audit_arch, (uint32_t)arch_syscall_nr(CALLGATE_ABI_X86_64, arch_syscall_id(name)), none);
}

struct mode_case {
	enum callgate_mode mode;
	uint32_t action;
	int unknown;
	uint32_t bad_arch;
	uint32_t mount, newest, foreign; /* answers: unnamed call, number newer than the table, other ABI */
};

static const struct mode_case modes[] = {
	{ CALLGATE_MODE_AS_WRITTEN, CALLGATE_ERRNO(13), 38, KILL, CALLGATE_ERRNO(13), CALLGATE_ERRNO(38), KILL },
	{ CALLGATE_MODE_LOG, CALLGATE_ERRNO(13), 38, KILL, CALLGATE_LOG, CALLGATE_LOG, CALLGATE_LOG },
	{ CALLGATE_MODE_LOG, KILL, -1, EPERM_, CALLGATE_LOG, CALLGATE_LOG, CALLGATE_LOG },
	{ CALLGATE_MODE_LOG, CALLGATE_LOG, -1, CALLGATE_LOG, CALLGATE_LOG, CALLGATE_LOG, CALLGATE_LOG },
	{ CALLGATE_MODE_LOG, CALLGATE_ALLOW, 38, KILL, CALLGATE_ALLOW, CALLGATE_ERRNO(38), CALLGATE_LOG },
	{ CALLGATE_MODE_ERRNO, CALLGATE_ERRNO(13), 38, KILL, CALLGATE_ERRNO(13), CALLGATE_ERRNO(38), KILL },
	{ CALLGATE_MODE_ERRNO, KILL, -1, KILL, EPERM_, EPERM_, KILL },
	{ CALLGATE_MODE_ERRNO, CALLGATE_LOG, -1, CALLGATE_LOG, EPERM_, EPERM_, EPERM_ },
	{ CALLGATE_MODE_ERRNO, CALLGATE_TRAP, 38, EPERM_, EPERM_, CALLGATE_ERRNO(38), EPERM_ },
	{ CALLGATE_MODE_ERRNO, CALLGATE_ALLOW, -1, CALLGATE_ALLOW, CALLGATE_ALLOW, CALLGATE_ALLOW, EPERM_ },
	{ CALLGATE_MODE_KILL, CALLGATE_ERRNO(13), 38, EPERM_, KILL, CALLGATE_ERRNO(38), KILL },
	{ CALLGATE_MODE_KILL, CALLGATE_LOG, -1, CALLGATE_LOG, KILL, KILL, KILL },
	{ CALLGATE_MODE_KILL, CALLGATE_KILL_THREAD, -1, CALLGATE_KILL_THREAD, KILL, KILL, KILL },
	{ CALLGATE_MODE_TRAP, CALLGATE_ERRNO(13), 38, KILL, CALLGATE_TRAP, CALLGATE_ERRNO(38), KILL },
	{ CALLGATE_MODE_TRAP, CALLGATE_LOG, -1, CALLGATE_LOG, CALLGATE_TRAP, CALLGATE_TRAP, CALLGATE_TRAP },
};

static void check_mode(size_t i)
{
	static const uint64_t none[3];
	const struct mode_case *c = &modes[i];
	_profile_ struct callgate_profile *profile = make(c->action, c->unknown, c->bad_arch), *out = NULL;
	const struct arch_abi *abi = arch_abi_get(CALLGATE_ABI_X86_64), *arm = arch_abi_get(CALLGATE_ABI_AARCH64);

	assert_int_equal(pass_mode(profile, c->mode, &out, NULL), 0);
	if (eval(out, "mount") != c->mount || eval_nr(out, abi->audit_arch, abi->newest + 1, none) != c->newest ||
	    eval_nr(out, arm->audit_arch, 0, none) != c->foreign)
		fail_msg("case %zu: 0x%x 0x%x 0x%x", i, eval(out, "mount"), eval_nr(out, abi->audit_arch, abi->newest + 1, none),
			 eval_nr(out, arm->audit_arch, 0, none));
	/* explicit rules stay, and so does the original */
	assert_int_equal(eval(out, "read"), CALLGATE_ALLOW);
	assert_int_equal(eval(out, "ptrace"), CALLGATE_ERRNO(EACCES));
	assert_int_equal(eval(out, "acct"), CALLGATE_KILL_THREAD);
	assert_int_equal(profile->default_action, c->action);
	assert_int_equal(profile->unknown_errno, c->unknown);
	assert_int_equal(profile->bad_arch_action, c->bad_arch);
}

static void test_modes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		check_mode(i);
}

static void test_mode_diagnostics(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = make(CALLGATE_ALLOW, -1, KILL), *out = NULL, *none = NULL;

	(void)state;
	assert_int_equal(pass_mode(profile, CALLGATE_MODE_KILL, &out, diags), 0);
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "mode-default-allows");
	assert_int_equal(pass_mode(profile, (enum callgate_mode)77, &none, diags), -EINVAL);
	assert_null(none);
	assert_string_equal(callgate_diags_get(diags, 1)->id, "mode-unknown");
}

/* The answer to execve(args) with the launch for `pointers` in front of `action` for execve. */
static uint32_t launch(uint32_t action, const uint64_t pointers[3], const uint64_t args[3])
{
	_profile_ struct callgate_profile *profile = make(CALLGATE_ERRNO(13), -1, KILL), *out = NULL;
	const struct arch_abi *abi = arch_abi_get(CALLGATE_ABI_X86_64);
	uint32_t nr = (uint32_t)arch_syscall_nr(CALLGATE_ABI_X86_64, arch_syscall_id("execve"));

	if (action)
		add(profile, "execve", action);
	assert_int_equal(pass_launch(profile, CALLGATE_ABI_X86_64, pointers, &out, NULL), 0);
	assert_int_equal(out->clauses.count, profile->clauses.count + 1);
	assert_int_equal(eval(out, "read"), CALLGATE_ALLOW);
	assert_int_equal(eval(out, "mount"), CALLGATE_ERRNO(13));
	return eval_nr(out, abi->audit_arch, nr, args);
}

static void test_launch(void **state)
{
	static const uint64_t pointers[3] = { 0x7ffe12345678, 0x7ffe00000010, 0x7ffe80000000 };

	(void)state;
	/* also in front of a rule that refuses it */
	assert_int_equal(launch(0, pointers, pointers), CALLGATE_ALLOW);
	assert_int_equal(launch(KILL, pointers, pointers), CALLGATE_ALLOW);
	for (int i = 0; i < 3; i++) {
		uint64_t low[3], high[3];

		memcpy(low, pointers, sizeof(low));
		memcpy(high, pointers, sizeof(high));
		low[i] ^= 8;
		high[i] ^= UINT64_C(1) << 32;
		assert_int_equal(launch(0, pointers, low), CALLGATE_ERRNO(13));
		assert_int_equal(launch(0, pointers, high), CALLGATE_ERRNO(13));
		assert_int_equal(launch(KILL, pointers, high), KILL);
	}
}

/* ---- Another place ---- */

static uint32_t answer(const struct callgate_profile *profile, enum callgate_abi abi, const char *call_text)
{
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct callgate_call call;

	assert_int_equal(callgate_call_parse(call_text, abi, &call, NULL), 0);
	return profile_eval(profile, &target, &call, NULL);
}

static struct callgate_profile *read_profile(const char *rules)
{
	struct callgate_profile *profile = NULL;
	struct buf text = { 0 };

	buf_printf(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [%s]}", rules);
	assert_int_equal(callgate_profile_read(text.text, text.size, "test.json", 0, &profile, NULL), 0);
	buf_done(&text);
	return profile;
}

static void test_translate(void **state)
{
	_profile_ struct callgate_profile *profile = read_profile(
		"{\"names\": [\"open\", \"fork\", \"poll\", \"ioperm\"], \"action\": \"SCMP_ACT_ALLOW\"},"
		/* O_DIRECTORY is 0x10000 on x86-64 and 0x4000 on AArch64 */
		"{\"names\": [\"openat\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 2, \"value\": 65536, \"op\": \"SCMP_CMP_EQ\"}]},"
		"{\"names\": [\"access\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 1, \"value\": 4, \"op\": \"SCMP_CMP_EQ\"}]},"
		"{\"names\": [\"epoll_create\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 4, \"op\": \"SCMP_CMP_EQ\"}]}");
	_profile_ struct callgate_profile *there = NULL;
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	const enum callgate_abi abi = CALLGATE_ABI_AARCH64;

	(void)state;
	assert_int_equal(pass_translate(profile, CALLGATE_ABI_X86_64, abi, &there, diags), 0);
	assert_int_equal(answer(there, abi, "openat(AT_FDCWD, 0, O_WRONLY)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, abi, "openat(3, 0, O_WRONLY)"), EPERM_);
	assert_int_equal(answer(there, abi, "openat(3, 0, O_DIRECTORY)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, abi, "faccessat(AT_FDCWD, 0, 4)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, abi, "faccessat(AT_FDCWD, 0, 2)"), EPERM_);
	assert_int_equal(answer(there, abi, "clone(0x1200011)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, abi, "clone(CLONE_NEWUSER)"), EPERM_);
	assert_int_equal(answer(there, abi, "ppoll(0)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, abi, "epoll_create1(0)"), EPERM_);
	assert_int_equal(there->abis, CALLGATE_ABI_BIT(abi));
	assert_int_equal(callgate_diags_count(diags), 2);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "translate-condition");
	assert_string_equal(callgate_diags_get(diags, 1)->id, "translate-none");
	assert_non_null(strstr(callgate_diags_get(diags, 1)->text, "ioperm"));
	assert_int_equal(pass_translate(there, CALLGATE_ABI_I386, abi, &profile, diags), -EINVAL);
}

/* A refusal is never narrowed: where its condition cannot be told, all is refused. */
static void test_translate_refusal(void **state)
{
	_profile_ struct callgate_profile *profile = read_profile(
		"{\"names\": [\"open\"], \"action\": \"SCMP_ACT_KILL\"},"
		"{\"names\": [\"openat\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 2, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]}");
	_profile_ struct callgate_profile *there = NULL;

	(void)state;
	assert_int_equal(pass_translate(profile, CALLGATE_ABI_X86_64, CALLGATE_ABI_AARCH64, &there, NULL), 0);
	assert_int_equal(answer(there, CALLGATE_ABI_AARCH64, "openat(3, 0, O_RDONLY)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, CALLGATE_ABI_AARCH64, "openat(3, 0, O_WRONLY)"), CALLGATE_KILL_THREAD);
}

/* clone(2) takes its flags second on s390x. */
static void test_translate_places(void **state)
{
	_profile_ struct callgate_profile *profile = read_profile(
		"{\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 2114060288, \"valueTwo\": 0, \"op\": "
		"\"SCMP_CMP_MASKED_EQ\"}]}");
	_profile_ struct callgate_profile *there = NULL;

	(void)state;
	assert_int_equal(pass_translate(profile, CALLGATE_ABI_X86_64, CALLGATE_ABI_S390X, &there, NULL), 0);
	assert_int_equal(answer(there, CALLGATE_ABI_S390X, "clone(CLONE_NEWUSER, 17)"), CALLGATE_ALLOW);
	assert_int_equal(answer(there, CALLGATE_ABI_S390X, "clone(0, CLONE_NEWUSER)"), EPERM_);
}

static void test_specialise(void **state)
{
	_profile_ struct callgate_profile *profile = read_profile(
		"{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}},"
		"{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}");
	const struct callgate_target without = { 0 }, with = { .caps = UINT64_C(1) << 21 };
	_profile_ struct callgate_profile *poor = NULL, *rich = NULL;

	(void)state;
	assert_int_equal(pass_specialise(profile, &without, &poor, NULL), 0);
	assert_int_equal(pass_specialise(profile, &with, &rich, NULL), 0);
	assert_int_equal(answer(rich, CALLGATE_ABI_X86_64, "mount"), CALLGATE_ALLOW);
	assert_int_equal(answer(poor, CALLGATE_ABI_X86_64, "mount"), EPERM_);
	assert_int_equal(answer(poor, CALLGATE_ABI_X86_64, "read"), CALLGATE_ALLOW);
	assert_int_equal(rich->guards.count + poor->guards.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specialise),
		cmocka_unit_test(test_translate),
		cmocka_unit_test(test_translate_refusal),
		cmocka_unit_test(test_translate_places),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mode_diagnostics),
		cmocka_unit_test(test_launch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
