/* SPDX-License-Identifier: Apache-2.0 */
/* lib/model: profile.c, profile-eval.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "model/call.h"
#include "model/profile.h"

#define X86_64 CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64)
#define X32 CALLGATE_ABI_BIT(CALLGATE_ABI_X32)
#define I386 CALLGATE_ABI_BIT(CALLGATE_ABI_I386)
#define AARCH64 CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64)
#define AUDIT_X86_64 0xc000003eu
#define AUDIT_I386 0x40000003u
#define VERSION(major, minor) ((unsigned)(major) << 16 | (unsigned)(minor) << 8)

static const struct callgate_target on_x86_64 = { .abis = X86_64 };

static struct callgate_profile *new_profile(void)
{
	struct callgate_profile *profile;

	assert_int_equal(profile_new(&profile), 0);
	return profile;
}

static void add_rule(struct callgate_profile *profile, const char *name, uint32_t action, uint32_t guard, const struct profile_cond *conds, size_t n)
{
	struct profile_clause clause = { .syscall = arch_syscall_id(name), .action = action, .guard = guard };

	assert_true(clause.syscall >= 0);
	assert_int_equal(profile_add_clause(profile, clause, conds, n), 0);
}

static uint32_t eval(const struct callgate_profile *profile, const struct callgate_target *target, const char *text, int *ret_clause)
{
	struct callgate_call call;

	assert_int_equal(call_parse(text, CALLGATE_ABI_X86_64, &call, NULL), 0);
	return profile_eval(profile, target, &call, ret_clause);
}

/* ---- Making ---- */

static void test_new(void **state)
{
	struct callgate_profile *profile = new_profile();
	int clause = 5;

	(void)state;
	assert_int_equal(profile->bad_arch_action, CALLGATE_KILL_PROCESS);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(eval(profile, &on_x86_64, "read", &clause), CALLGATE_ERRNO(EPERM));
	assert_int_equal(clause, -1);
	assert_null(profile_free(profile));
	assert_null(profile_free(NULL));
}

/* The verdict of socketcall(call) on i386, and of its 64-bit neighbour, which has no such call. */
static uint32_t via(const struct callgate_profile *profile, const char *name, uint64_t call)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_I386) };
	struct callgate_call c = { .nr = (uint32_t)arch_syscall_nr(CALLGATE_ABI_I386, arch_syscall_id(name)), .arch = 0x40000003, .args = { call } };

	return profile_eval(profile, &target, &c, NULL);
}

static void test_multiplexed(void **state)
{
	struct profile_cond domain = { .arg = 0, .op = OP_EQ, .value = 1 };
	struct callgate_profile *profile = new_profile(), *copy;

	(void)state;
	add_rule(profile, "bind", CALLGATE_ALLOW, 0, NULL, 0);
	add_rule(profile, "socket", CALLGATE_ALLOW, 0, &domain, 1);   /* permits under conditions: opens nothing */
	add_rule(profile, "listen", CALLGATE_ERRNO(5), 0, &domain, 1); /* refuses under conditions: refuses all */
	add_rule(profile, "listen", CALLGATE_ALLOW, 0, NULL, 0);
	add_rule(profile, "semop", CALLGATE_ALLOW, 0, NULL, 0);
	add_rule(profile, "socketcall", CALLGATE_ERRNO(6), 0, &(struct profile_cond){ .arg = 0, .op = OP_EQ, .value = 2 }, 1); /* bind: its own rule first */
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(via(profile, "socketcall", 1), CALLGATE_ERRNO(EPERM));
	assert_int_equal(via(profile, "socketcall", 2), CALLGATE_ERRNO(6));
	assert_int_equal(via(profile, "socketcall", 4), CALLGATE_ERRNO(5));
	assert_int_equal(via(profile, "socketcall", 17), CALLGATE_ERRNO(EPERM));
	assert_int_equal(via(profile, "ipc", 1), CALLGATE_ALLOW);
	assert_int_equal(via(profile, "ipc", 0x10001), CALLGATE_ALLOW);
	assert_int_equal(via(profile, "ipc", 2), CALLGATE_ERRNO(EPERM));
	/* again is the same, and a rule that decides all leaves nothing to derive */
	assert_int_equal(profile_copy(profile, &copy), 0);
	assert_int_equal(profile_normalise(copy), 0);
	assert_int_equal(copy->clauses.count, profile->clauses.count);
	add_rule(copy, "socketcall", CALLGATE_ALLOW, 0, NULL, 0);
	assert_int_equal(profile_normalise(copy), 0);
	assert_int_equal(via(copy, "socketcall", 4), CALLGATE_ALLOW);
	assert_int_equal(via(copy, "socketcall", 2), CALLGATE_ERRNO(6));
	profile_free(copy);
	profile_free(profile);
}

static void test_normalise(void **state)
{
	static const char *const names[] = { "write", "read", "openat", "mount" };
	struct callgate_profile *profile = new_profile();
	struct profile_clause last = { .syscall = -1 };
	size_t first, end, total = 0;

	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		struct profile_cond cond = { .arg = 0, .value = i };

		add_rule(profile, names[i * 7 % 4], CALLGATE_ERRNO(i), 0, &cond, 1);
	}
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(profile->clauses.count, 400);
	for (size_t i = 0; i < 400; i++) {
		struct profile_clause c = profile->clauses.items[i];

		assert_true(c.syscall > last.syscall || (c.syscall == last.syscall && c.action > last.action));
		assert_int_equal(profile->conds.items[c.cond].value, c.action & ACTION_DATA);
		last = c;
	}
	for (size_t n = 0; n < 4; n++) {
		profile_clauses_of(profile, arch_syscall_id(names[n]), &first, &end);
		assert_int_equal(end - first, 100);
		assert_int_equal(profile->clauses.items[first].syscall, arch_syscall_id(names[n]));
		total += end - first;
	}
	assert_int_equal(total, 400);
	profile_clauses_of(profile, arch_syscall_id("close"), &first, &end);
	assert_int_equal(first, end);
	profile_free(profile);
}

static void test_normalise_calls(void **state)
{
	static const struct profile_call calls[] = {
		{ .syscall = 3, .abi = -1, .n_args = 1, .args = { 5 }, .count = 10 },
		{ .syscall = 1, .abi = 0, .n_args = 1, .args = { 5 }, .count = 1 },
		{ .syscall = 3, .abi = -1, .n_args = 1, .args = { 4 }, .count = UINT64_MAX - 1 },
		{ .syscall = 3, .abi = -1, .n_args = 1, .args = { 5 }, .count = 20 },
		{ .syscall = 3, .abi = -1, .n_args = 1, .args = { 5 }, .count = 3, .denied = true },
		{ .syscall = 3, .abi = -1, .n_args = 1, .args = { 4 }, .count = 7 },
		{ .syscall = 1, .abi = -1, .n_args = 0, .count = 2 },
	};
	struct callgate_profile *profile = new_profile();
	const struct profile_call *sorted;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		assert_int_equal(vec_push(&profile->calls, calls[i]), 0);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(profile->calls.count, 5);
	sorted = profile->calls.items;
	assert_int_equal(sorted[0].count, 2);
	assert_int_equal(sorted[1].count, 1);
	assert_int_equal(sorted[2].args[0], 4);
	assert_true(sorted[2].count == UINT64_MAX);
	assert_int_equal(sorted[3].count, 30);
	assert_true(sorted[4].denied);
	profile_free(profile);
}

static void test_guards_shared(void **state)
{
	struct callgate_profile *profile = new_profile();
	struct profile_guard a = { .include_caps = 1 }, b = { .exclude_caps = 1 };
	uint32_t first, second, again;

	(void)state;
	assert_int_equal(profile_add_guard(profile, &a, &first), 0);
	assert_int_equal(profile_add_guard(profile, &b, &second), 0);
	assert_int_equal(profile_add_guard(profile, &a, &again), 0);
	assert_int_equal(first, 1);
	assert_int_equal(second, 2);
	assert_int_equal(again, 1);
	assert_int_equal(profile->guards.count, 2);
	profile_free(profile);
}

/* A copy lives on by itself, with the same string offsets. */
static void test_copy(void **state)
{
	struct callgate_profile *profile = new_profile(), *copy, *empty = new_profile();
	struct profile_cond cond = { .arg = 0, .op = OP_EQ, .value = 2 };
	struct profile_guard guard = { .include_kernel = VERSION(4, 8) };
	uint32_t index, offset;

	(void)state;
	assert_int_equal(strpool_add(&profile->strings, "a.json", 6, &profile->file), 0);
	assert_int_equal(profile_add_guard(profile, &guard, &index), 0);
	add_rule(profile, "socket", CALLGATE_ALLOW, index, &cond, 1);
	assert_int_equal(vec_push(&profile->calls, (struct profile_call){ .syscall = 1, .count = 1 }), 0);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(profile_copy(profile, &copy), 0);
	memset(profile->conds.items, 0xff, sizeof(cond));
	memset(profile->strings.bytes, 'x', profile->strings.size);
	profile_free(profile);
	assert_string_equal(strpool_get(&copy->strings, copy->file), "a.json");
	assert_int_equal(strpool_add(&copy->strings, "a.json", 6, &offset), 0);
	assert_int_equal(offset, copy->file);
	assert_int_equal(strpool_add(&copy->strings, "b.json", 6, &offset), 0);
	add_rule(copy, "read", CALLGATE_ALLOW, 0, &cond, 1);
	assert_int_equal(profile_normalise(copy), 0);
	assert_int_equal(eval(copy, &on_x86_64, "socket 2", NULL), CALLGATE_ALLOW);
	assert_int_equal(eval(copy, &on_x86_64, "socket 3", NULL), CALLGATE_ERRNO(EPERM));
	profile_free(copy);
	assert_int_equal(profile_copy(empty, &copy), 0);
	profile_free(copy);
	profile_free(empty);
}

/* Conditions that already stand in the profile may be given for a new clause. */
static void test_add_own_conds(void **state)
{
	struct callgate_profile *profile = new_profile();
	struct profile_cond conds[] = { { .arg = 0, .value = 1 }, { .arg = 1, .value = 2 } };

	(void)state;
	add_rule(profile, "read", CALLGATE_ALLOW, 0, conds, 2);
	for (unsigned i = 0; i < 100; i++) {
		struct profile_cond copied[2];

		memcpy(copied, profile->conds.items, sizeof(copied));
		add_rule(profile, "read", CALLGATE_ALLOW, 0, copied, 2);
	}
	assert_int_equal(profile->conds.count, 202);
	for (size_t i = 0; i < 202; i++)
		assert_int_equal(profile->conds.items[i].value, 1 + i % 2);
	profile_free(profile);
}

/* ---- Conditions ---- */

static void test_conditions(void **state)
{
	static const struct {
		struct profile_cond cond;
		unsigned width;
		uint64_t value;
		bool holds;
	} cases[] = {
		{ { 0, OP_EQ, 5, 0 }, 64, 5, true },
		{ { 0, OP_EQ, 5, 0 }, 64, 6, false },
		{ { 0, OP_EQ, 5, 0 }, 64, 0x100000005, false },
		{ { 0, OP_EQ, 5, 0 }, 32, 0x100000005, true },
		{ { 0, OP_EQ, 0x100000005, 0 }, 32, 5, false },
		{ { 0, OP_EQ, 0x100000005, 0 }, 32, 0x100000005, false },
		{ { 0, OP_NE, 5, 0 }, 32, 0x100000005, false },
		{ { 0, OP_NE, 5, 0 }, 64, 0x100000005, true },
		{ { 0, OP_NE, 0x100000005, 0 }, 32, 0x100000005, true },
		/* a negative int, as JSON writes it in 64 bits */
		{ { 0, OP_EQ, UINT64_MAX, 0 }, 32, 0xffffffff, true },
		{ { 0, OP_EQ, UINT64_MAX, 0 }, 32, 0x1ffffffff, true },
		{ { 0, OP_EQ, UINT64_MAX, 0 }, 64, 0xffffffff, false },
		{ { 0, OP_EQ, 0xffffffff80000000, 0 }, 32, 0x80000000, true },
		{ { 0, OP_EQ, 0xffffffff7fffffff, 0 }, 32, 0x7fffffff, false },
		{ { 0, OP_LT, 5, 0 }, 64, 4, true },
		{ { 0, OP_LT, 5, 0 }, 64, 5, false },
		{ { 0, OP_LT, 5, 0 }, 64, UINT64_MAX, false },
		{ { 0, OP_LE, 5, 0 }, 64, 5, true },
		{ { 0, OP_LE, 5, 0 }, 64, 6, false },
		{ { 0, OP_GT, 5, 0 }, 64, 5, false },
		{ { 0, OP_GT, 5, 0 }, 64, 6, true },
		{ { 0, OP_GT, 5, 0 }, 64, UINT64_MAX, true },
		{ { 0, OP_GE, 5, 0 }, 64, 5, true },
		{ { 0, OP_GE, 5, 0 }, 64, 4, false },
		{ { 0, OP_GE, 5, 0 }, 32, 0x100000004, false },
		{ { 0, OP_LT, 0x100000000, 0 }, 32, UINT64_MAX, true },
		{ { 0, OP_MASKED_EQ, 1, 0xf }, 64, 02000001, true },
		{ { 0, OP_MASKED_EQ, 1, 0xf }, 64, 02000003, false },
		{ { 0, OP_MASKED_EQ, 0x11, 0xf }, 64, 1, false },
		{ { 0, OP_MASKED_EQ, 0, 0xf00000000 }, 32, 0x100000000, true },
		{ { 0, OP_MASKED_EQ, 0, 0xf00000000 }, 64, 0x100000000, false },
		{ { 0, OP_MASKED_EQ, 0x100000000, 0xf00000000 }, 32, 0x100000000, false },
		{ { 0, OP_MASKED_EQ, 0, 0xfffffffffffffff0 }, 32, 0x100000005, true },
		{ { 0, OP_MASKED_EQ, 0, 0xfffffffffffffff0 }, 64, 0x100000005, false },
		{ { 0, 99, 0, 0 }, 64, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (profile_cond_holds(&cases[i].cond, cases[i].width, cases[i].value) != cases[i].holds)
			fail_msg("case %zu: %s", i, cases[i].holds ? "should hold" : "should not hold");
}

static void test_first_clause_wins(void **state)
{
	const struct profile_cond inet[] = { { 0, OP_EQ, 2, 0 }, { 1, OP_MASKED_EQ, 1, 0xf } }, any_inet = { 0, OP_EQ, 2, 0 };
	struct callgate_profile *profile = new_profile();
	int clause;

	(void)state;
	add_rule(profile, "socket", CALLGATE_ALLOW, 0, inet, 2);
	add_rule(profile, "socket", CALLGATE_ERRNO(97), 0, &any_inet, 1);
	add_rule(profile, "socket", CALLGATE_LOG, 0, NULL, 0);
	add_rule(profile, "socket", CALLGATE_TRAP, 0, NULL, 0);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(eval(profile, &on_x86_64, "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC)", &clause), CALLGATE_ALLOW);
	assert_int_equal(clause, 0);
	assert_int_equal(eval(profile, &on_x86_64, "socket(0x500000002, 0x700000001)", &clause), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, &on_x86_64, "socket(AF_INET, SOCK_DGRAM)", &clause), CALLGATE_ERRNO(97));
	assert_int_equal(clause, 1);
	assert_int_equal(eval(profile, &on_x86_64, "socket(AF_UNIX, SOCK_STREAM)", &clause), CALLGATE_LOG);
	assert_int_equal(clause, 2);
	profile_free(profile);
}

/* Widths come from the argument table, unless the target wants every bit. */
static void test_width(void **state)
{
	const struct callgate_target strict = { .abis = X86_64, .strict64 = true };
	const struct profile_cond cond = { 1, OP_EQ, 0x5412, 0 }, minus = { 0, OP_EQ, UINT64_MAX, 0 };
	struct callgate_profile *profile = new_profile();

	(void)state;
	profile->default_action = CALLGATE_ALLOW;
	add_rule(profile, "ioctl", CALLGATE_ERRNO(1), 0, &cond, 1);
	add_rule(profile, "close", CALLGATE_ERRNO(9), 0, &minus, 1);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(eval(profile, &on_x86_64, "ioctl(0, 0x100005412)", NULL), CALLGATE_ERRNO(1));
	assert_int_equal(eval(profile, &strict, "ioctl(0, 0x100005412)", NULL), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, &on_x86_64, "close(-1)", NULL), CALLGATE_ERRNO(9));
	assert_int_equal(eval(profile, &strict, "close(-1)", NULL), CALLGATE_ALLOW);
	assert_int_equal(profile_width(profile, &on_x86_64, CALLGATE_ABI_X86_64, arch_syscall_id("ioctl"), 1), 32);
	assert_int_equal(profile_width(profile, &strict, CALLGATE_ABI_X86_64, arch_syscall_id("ioctl"), 1), 64);
	assert_int_equal(profile_width(profile, &on_x86_64, CALLGATE_ABI_X86_64, arch_syscall_id("mprotect"), 2), 64);
	profile_free(profile);
}

/* ---- Guards and targets ---- */

static void test_guards(void **state)
{
	static const struct {
		struct profile_guard guard;
		struct callgate_target target;
		bool holds;
	} cases[] = {
		{ { 0 }, { .abis = X86_64 }, true },
		/* all of includes.caps */
		{ { .include_caps = 6 }, { .abis = X86_64, .caps = 6 }, true },
		{ { .include_caps = 6 }, { .abis = X86_64, .caps = 7 }, true },
		{ { .include_caps = 6 }, { .abis = X86_64, .caps = 4 }, false },
		{ { .include_caps = 1ull << 40 }, { .abis = X86_64, .caps = 1ull << 40 }, true },
		/* any of excludes.caps */
		{ { .exclude_caps = 6 }, { .abis = X86_64, .caps = 4 }, false },
		{ { .exclude_caps = 6 }, { .abis = X86_64, .caps = 1 }, true },
		{ { .include_caps = 1, .exclude_caps = 2 }, { .abis = X86_64, .caps = 3 }, false },
		/* the first ABI of the target alone counts */
		{ { .include_abis = X86_64 }, { .abis = X86_64 | I386 | X32 }, true },
		{ { .include_abis = I386 }, { .abis = X86_64 | I386 | X32 }, false },
		{ { .include_abis = I386 | X86_64 }, { .abis = X86_64 }, true },
		{ { .include_abis = AARCH64 }, { .abis = AARCH64 }, true },
		{ { .exclude_abis = X86_64 }, { .abis = X86_64 | I386 }, false },
		{ { .exclude_abis = I386 }, { .abis = X86_64 | I386 }, true },
		/* kernels: at least, below, and 0 is newer than all */
		{ { .include_kernel = VERSION(4, 8) }, { .abis = X86_64, .kernel = VERSION(4, 8) }, true },
		{ { .include_kernel = VERSION(4, 8) }, { .abis = X86_64, .kernel = VERSION(4, 7) }, false },
		{ { .include_kernel = VERSION(4, 8) }, { .abis = X86_64, .kernel = VERSION(5, 0) }, true },
		{ { .include_kernel = VERSION(4, 8) }, { .abis = X86_64 }, true },
		{ { .exclude_kernel = VERSION(4, 8) }, { .abis = X86_64, .kernel = VERSION(4, 8) }, false },
		{ { .exclude_kernel = VERSION(4, 8) }, { .abis = X86_64, .kernel = VERSION(4, 7) }, true },
		{ { .exclude_kernel = VERSION(4, 8) }, { .abis = X86_64 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_profile *profile = new_profile();
		uint32_t guard;

		assert_int_equal(profile_add_guard(profile, &cases[i].guard, &guard), 0);
		add_rule(profile, "mount", CALLGATE_ALLOW, guard, NULL, 0);
		add_rule(profile, "mount", CALLGATE_TRAP, 0, NULL, 0);
		assert_int_equal(profile_normalise(profile), 0);
		if (profile_guard_holds(profile, &profile->clauses.items[0], &cases[i].target) != cases[i].holds)
			fail_msg("case %zu: %s", i, cases[i].holds ? "should hold" : "should not hold");
		if (cases[i].target.abis & X86_64)
			assert_int_equal(eval(profile, &cases[i].target, "mount", NULL), cases[i].holds ? CALLGATE_ALLOW : CALLGATE_TRAP);
		profile_free(profile);
	}
}

static void test_target_abis(void **state)
{
	struct callgate_profile *profile = new_profile();
	const struct callgate_target none = { 0 }, chosen = { .abis = I386 }, beyond = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_COUNT) };

	(void)state;
	assert_int_equal(profile_target_abis(profile, &none), CALLGATE_ABI_BIT(arch_native()));
	profile->abi_map[arch_native()] = CALLGATE_ABI_BIT(arch_native()) | I386;
	assert_int_equal(profile_target_abis(profile, &none), CALLGATE_ABI_BIT(arch_native()) | I386);
	profile->abis = AARCH64;
	assert_int_equal(profile_target_abis(profile, &none), AARCH64);
	assert_int_equal(profile_target_abis(profile, &chosen), I386);
	assert_int_equal(profile_target_abis(profile, &beyond), 0);
	profile_free(profile);
}

static void test_abis(void **state)
{
	const struct callgate_target both = { .abis = X86_64 | I386 }, with_x32 = { .abis = X86_64 | X32 };
	const struct callgate_call foreign = { .arch = 0x12345678 }, old_read = { .arch = AUDIT_I386, .nr = 3 };
	struct callgate_profile *profile = new_profile();
	int clause = 5;

	(void)state;
	profile->bad_arch_action = CALLGATE_TRAP;
	add_rule(profile, "read", CALLGATE_ALLOW, 0, NULL, 0);
	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(profile_eval(profile, &on_x86_64, &foreign, &clause), CALLGATE_TRAP);
	assert_int_equal(clause, -1);
	assert_int_equal(profile_eval(profile, &on_x86_64, &old_read, NULL), CALLGATE_TRAP);
	assert_int_equal(profile_eval(profile, &both, &old_read, NULL), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, &both, "read", NULL), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, &on_x86_64, "x32:read", NULL), CALLGATE_TRAP);
	assert_int_equal(eval(profile, &with_x32, "x32:read", NULL), CALLGATE_ALLOW);
	profile_free(profile);
}

static void test_fallback(void **state)
{
	const struct callgate_target with_x32 = { .abis = X86_64 | X32 };
	struct callgate_profile *profile = new_profile();
	char newer[20];

	(void)state;
	snprintf(newer, sizeof(newer), "%u", arch_abi_get(CALLGATE_ABI_X86_64)->newest + 1);
	profile->default_action = CALLGATE_KILL_PROCESS;
	assert_int_equal(eval(profile, &on_x86_64, newer, NULL), CALLGATE_KILL_PROCESS);
	profile->unknown_errno = ENOSYS;
	assert_int_equal(eval(profile, &on_x86_64, newer, NULL), CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(eval(profile, &on_x86_64, "0x3fffffff", NULL), CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(eval(profile, &with_x32, "x32:9999", NULL), CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(eval(profile, &on_x86_64, "read", NULL), CALLGATE_KILL_PROCESS);
	profile->unknown_errno = 0;
	assert_int_equal(eval(profile, &on_x86_64, newer, NULL), CALLGATE_ERRNO(0));
	/* -1 is a call that a tracer has taken back: never killed, and not newer than the table */
	assert_int_equal(eval(profile, &on_x86_64, "-1", NULL), CALLGATE_ERRNO(ENOSYS));
	profile->default_action = CALLGATE_KILL_THREAD;
	assert_int_equal(eval(profile, &on_x86_64, "-1", NULL), CALLGATE_ERRNO(ENOSYS));
	profile->default_action = CALLGATE_ERRNO(EPERM);
	assert_int_equal(eval(profile, &on_x86_64, "-1", NULL), CALLGATE_ERRNO(EPERM));
	profile->default_action = CALLGATE_ALLOW;
	assert_int_equal(eval(profile, &on_x86_64, "-1", NULL), CALLGATE_ALLOW);
	profile_free(profile);
}

/* ---- Text ---- */

static void test_format(void **state)
{
	static const struct {
		const char *name;
		struct profile_cond conds[3];
		size_t count;
		const char *text;
	} cases[] = {
		{ "read", { { 0 } }, 0, "" },
		{ "socket", { { 0, OP_EQ, 2, 0 }, { 1, OP_MASKED_EQ, 1, 0xf } }, 2, "domain == AF_INET && type & 0xf == SOCK_STREAM" },
		{ "socket", { { 0, OP_NE, 16, 0 }, { 2, OP_LT, 5, 0 }, { 2, OP_GE, 3, 0 } }, 3, "domain != AF_NETLINK && protocol < 5 && protocol >= 3" },
		{ "close", { { 0, OP_EQ, UINT64_MAX, 0 } }, 1, "fd == -1" },
		{ "close", { { 3, OP_LE, 7, 0 } }, 1, "arg3 <= 7" },
		{ "close", { { 3, OP_GT, UINT64_MAX, 0 } }, 1, "arg3 > 0xffffffffffffffff" },
		{ "clone", { { 0, OP_MASKED_EQ, 0, 0x7e020000 } }, 1, "flags & 0x7e020000 == 0" },
		{ "mprotect", { { 2, OP_EQ, 3, 0 } }, 1, "prot == PROT_READ|PROT_WRITE" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_profile *profile = new_profile();
		struct buf text = { 0 };

		add_rule(profile, cases[i].name, CALLGATE_ALLOW, 0, cases[i].conds, cases[i].count);
		profile_format_conds(profile, &profile->clauses.items[0], CALLGATE_ABI_X86_64, &text);
		assert_string_equal(text.text ? text.text : "", cases[i].text);
		buf_done(&text);
		profile_free(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_normalise_calls),
		cmocka_unit_test(test_guards_shared),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_add_own_conds),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_first_clause_wins),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_target_abis),
		cmocka_unit_test(test_multiplexed),
		cmocka_unit_test(test_abis),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
