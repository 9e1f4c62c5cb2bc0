/* SPDX-License-Identifier: Apache-2.0 */
/* Learning: what a trace makes of a profile, and what it must never allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "learn/learn.h"

static void free_trace(struct callgate_trace **trace)
{
	*trace = trace_free(*trace);
}

#define _profile_ _cleanup_(profile_freep)
#define _diags_ _cleanup_(diags_freep)
#define _trace_ _cleanup_(free_trace)

#define X86_64 CALLGATE_ABI_X86_64
#define I386 CALLGATE_ABI_I386
#define EPERM_ CALLGATE_ERRNO(EPERM)

static struct callgate_trace *new_trace(void)
{
	struct callgate_trace *trace = NULL;

	assert_int_equal(trace_new(&trace), 0);
	return trace;
}

static uint32_t nr_of(enum callgate_abi abi, const char *name)
{
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(name));

	assert_true(nr >= 0);
	return (uint32_t)nr;
}

static struct callgate_observation observe(enum callgate_abi abi, const char *name, unsigned known, uint64_t a0, uint64_t a1, uint64_t a2,
					   uint64_t count)
{
	return (struct callgate_observation){
		.abi = abi, .nr = nr_of(abi, name), .args_known = known, .args = { a0, a1, a2 }, .count = count,
	};
}

static void add(struct callgate_trace *trace, struct callgate_observation o)
{
	assert_true(trace_add(trace, &o) >= 0);
}

static struct callgate_profile *learn_with(const struct callgate_trace *trace, struct callgate_learn_options options,
					   struct callgate_diags *diags)
{
	struct callgate_profile *profile = NULL;

	if (learn_profile(&trace, 1, &options, &profile, diags))
		fail_msg("%s", callgate_diags_count(diags) ? callgate_diags_get(diags, callgate_diags_count(diags) - 1)->text : "failed");
	return profile;
}

static struct callgate_profile *learn(const struct callgate_trace *trace, struct callgate_diags *diags)
{
	return learn_with(trace, (struct callgate_learn_options){ 0 }, diags);
}

static uint32_t eval(const struct callgate_profile *profile, enum callgate_abi abi, const char *name, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const struct callgate_target target = { 0 };
	struct callgate_call call = { .nr = nr_of(abi, name), .arch = arch_abi_get(abi)->audit_arch, .args = { a0, a1, a2 } };

	return profile_eval(profile, &target, &call, NULL);
}

static const struct callgate_diag *find(const struct callgate_diags *diags, const char *id, const char *says)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *d = callgate_diags_get(diags, i);

		if (!strcmp(d->id, id) && (!says || strstr(d->text, says)))
			return d;
	}
	return NULL;
}

static size_t count_clauses(const struct callgate_profile *profile, const char *name)
{
	size_t first, end;

	profile_clauses_of(profile, arch_syscall_id(name), &first, &end);
	return end - first;
}

static const struct profile_call *find_call(const struct callgate_profile *profile, const char *name, unsigned n)
{
	for (size_t i = 0; i < profile->calls.count; i++) {
		if (profile->calls.items[i].syscall == arch_syscall_id(name) && !n--)
			return &profile->calls.items[i];
	}
	return NULL;
}

static void test_names(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "read", 0, 0, 0, 0, 5));
	add(trace, observe(X86_64, "write", 0, 0, 0, 0, 7));
	profile = learn(trace, diags);
	assert_int_equal(profile->default_action, EPERM_);
	assert_int_equal(profile->unknown_errno, ENOSYS);
	assert_int_equal(profile->abis, CALLGATE_ABI_BIT(X86_64));
	assert_int_equal(profile->bad_arch_action, CALLGATE_KILL_PROCESS);
	assert_int_equal(eval(profile, X86_64, "read", 0, 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "mount", 0, 0, 0), EPERM_);
	assert_int_equal(eval(profile, I386, "read", 0, 0, 0), CALLGATE_KILL_PROCESS);
	assert_non_null(find(diags, "learn-abis", "x86_64"));
	assert_int_equal(find_call(profile, "write", 0)->count, 7);
	assert_int_equal(find_call(profile, "write", 0)->abi, -1);
}

/* What every program needs is there, said, and without evidence. */
static void test_always(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "read", 0, 0, 0, 0, 5));
	add(trace, observe(X86_64, "exit_group", 0, 0, 0, 0, 1));
	profile = learn(trace, diags);
	assert_non_null(find(diags, "learn-always", ": exit, restart_syscall, rt_sigreturn"));
	assert_int_equal(eval(profile, X86_64, "rt_sigreturn", 0, 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "exit", 0, 0, 0), CALLGATE_ALLOW);
	assert_int_equal(count_clauses(profile, "exit_group"), 1);
	assert_int_equal(count_clauses(profile, "sigreturn"), 0); /* none on x86-64 */
	assert_null(find_call(profile, "rt_sigreturn", 0));
	assert_int_equal(profile->calls.count, 2);
}

static void test_launch_is_not_the_program(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	struct callgate_observation launch = observe(X86_64, "execve", 0, 0, 0, 0, 1);

	(void)state;
	launch.launch = true;
	add(trace, launch);
	profile = learn(trace, diags);
	assert_int_equal(eval(profile, X86_64, "execve", 0, 0, 0), EPERM_);
	assert_null(find_call(profile, "execve", 0));
	profile = profile_free(profile);
	add(trace, observe(X86_64, "execve", 0, 0, 0, 0, 1));
	profile = learn(trace, diags);
	assert_int_equal(eval(profile, X86_64, "execve", 0, 0, 0), CALLGATE_ALLOW);
}

static void test_denied_stays_denied(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	struct callgate_observation denied = observe(X86_64, "mount", 0, 0, 0, 0, 3), foreign = observe(I386, "read", 0, 0, 0, 0, 3);

	(void)state;
	denied.evidence = foreign.evidence = CALLGATE_EVIDENCE_DENIED;
	add(trace, observe(X86_64, "socket", 7, 2, 1, 0, 5));
	add(trace, denied);
	add(trace, foreign);
	denied = observe(X86_64, "socket", 7, 17, 3, 0, 9);
	denied.evidence = CALLGATE_EVIDENCE_DENIED;
	add(trace, denied);
	profile = learn(trace, diags);
	assert_int_equal(profile->abis, CALLGATE_ABI_BIT(X86_64));
	assert_int_equal(eval(profile, X86_64, "mount", 0, 0, 0), EPERM_);
	assert_int_equal(eval(profile, X86_64, "socket", 17, 3, 0), EPERM_);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 1, 0), CALLGATE_ALLOW);
	assert_true(find_call(profile, "mount", 0)->denied);
	assert_int_equal(find_call(profile, "mount", 0)->count, 3);
	assert_int_equal(find_call(profile, "read", 0)->abi, I386);
	assert_false(find_call(profile, "socket", 0)->denied);
	assert_true(find_call(profile, "socket", 1)->denied);
}

static void test_lost(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	const struct callgate_trace *traces[] = { trace };

	(void)state;
	add(trace, observe(X86_64, "read", 0, 0, 0, 0, 5));
	trace->lost = 2;
	assert_int_equal(learn_profile(traces, 1, NULL, &profile, diags), -EINVAL);
	assert_null(profile);
	assert_int_equal(find(diags, "learn-lost", "2 calls")->severity, CALLGATE_SEVERITY_ERROR);
	callgate_diags_free(diags);
	diags = callgate_diags_new();
	profile = learn_with(trace, (struct callgate_learn_options){ .allow_lost = true }, diags);
	assert_int_equal(find(diags, "learn-lost", "2 calls")->severity, CALLGATE_SEVERITY_WARNING);
}

static void test_nothing_to_learn(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	struct callgate_profile *profile = NULL;
	const struct callgate_trace *traces[] = { trace };

	(void)state;
	assert_int_equal(learn_profile(traces, 1, NULL, &profile, diags), -EINVAL);
	assert_null(profile);
	assert_non_null(find(diags, "learn-empty", NULL));
}

static void test_unknown_numbers(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	struct callgate_observation o = observe(X86_64, "read", 0, 0, 0, 0, 4);

	(void)state;
	add(trace, o);
	o.nr = UINT32_MAX; /* a tracer's skip */
	add(trace, o);
	o.nr = 0xffff;
	add(trace, o);
	profile = learn(trace, diags);
	assert_int_equal(find(diags, "learn-unknown-number", "65535 was made 4 times")->severity, CALLGATE_SEVERITY_WARNING);
	assert_null(find(diags, "learn-unknown-number", "4294967295"));
	assert_int_equal(profile->calls.count, 1);
}

/* socket: domain is pinned, type under 0xf, protocol is only evidence. */
static void test_set(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "socket", 7, 2, 1 | 02000000, 6, 5));
	add(trace, observe(X86_64, "socket", 7, 2, 1, 0, 5));
	add(trace, observe(X86_64, "socket", 7, 1, 2, 0, 5));
	profile = learn(trace, diags);
	assert_int_equal(count_clauses(profile, "socket"), 2);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 1 | 04000, 99), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "socket", 1, 2, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 2, 0), EPERM_); /* a tuple, not a product */
	assert_int_equal(eval(profile, X86_64, "socket", 17, 1, 0), EPERM_);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 3, 0), EPERM_);
}

/* A 32-bit argument is what its low half is, whatever the register held. */
static void test_width(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "personality", 1, UINT64_MAX, 0, 0, 1));
	add(trace, observe(X86_64, "personality", 1, 0xffffffff, 0, 0, 2));
	profile = learn(trace, diags);
	assert_int_equal(count_clauses(profile, "personality"), 1);
	assert_int_equal(eval(profile, X86_64, "personality", 0xffffffff, 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "personality", 0, 0, 0), EPERM_);
	assert_int_equal(find_call(profile, "personality", 0)->count, 3);
	assert_true(find_call(profile, "personality", 0)->args[0] == 0xffffffff);
}

/* mprotect: the protection may have the bits seen in any call. */
static void test_mask(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "mprotect", 4, 0, 0, 1, 5));
	add(trace, observe(X86_64, "mprotect", 4, 0, 0, 2, 5));
	profile = learn(trace, diags);
	assert_int_equal(count_clauses(profile, "mprotect"), 1);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0x1000, 4096, 3), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0x1000, 4096, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0x1000, 4096, 5), EPERM_);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0x1000, 4096, UINT64_C(1) << 40), EPERM_);
}

/* What was refused in between neither adds its bits nor parts the others. */
static void test_mask_around_denied(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	struct callgate_observation denied = observe(X86_64, "mprotect", 4, 0, 0, 2, 5);

	(void)state;
	denied.evidence = CALLGATE_EVIDENCE_DENIED;
	add(trace, observe(X86_64, "mprotect", 4, 0, 0, 1, 5));
	add(trace, denied);
	add(trace, observe(X86_64, "mprotect", 4, 0, 0, 4, 5));
	profile = learn(trace, diags);
	assert_int_equal(count_clauses(profile, "mprotect"), 1);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0, 0, 5), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "mprotect", 0, 0, 2), EPERM_);
}

static void test_generalised(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	add(trace, observe(X86_64, "socket", 7, 2, 1, 0, 5));
	add(trace, observe(X86_64, "socket", 1, 1, 0, 0, 5));
	profile = learn(trace, diags);
	assert_non_null(find(diags, "learn-generalised", "socket: the value of \"type\""));
	assert_null(find(diags, "learn-generalised", "domain"));
	assert_int_equal(eval(profile, X86_64, "socket", 2, 3, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "socket", 17, 1, 0), EPERM_);
}

/* Too many tuples: the argument with the most values is let go, the other stays pinned. */
static void test_many(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *profile = NULL;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		add(trace, observe(X86_64, "socket", 7, i, 1, 0, 5));
		add(trace, observe(X86_64, "socket", 7, i, 2, 0, 100 + i));
	}
	profile = learn(trace, diags);
	assert_non_null(find(diags, "learn-many", "\"domain\" (40 values)"));
	assert_int_equal(count_clauses(profile, "socket"), 2);
	assert_int_equal(eval(profile, X86_64, "socket", 77, 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, X86_64, "socket", 2, 3, 0), EPERM_);
	/* 80 distinct calls: 64 by themselves, the light ones in one sum without arguments */
	assert_int_equal(find_call(profile, "socket", 0)->n_args, 0);
	assert_int_equal(find_call(profile, "socket", 0)->count, 16 * 5);
	assert_non_null(find_call(profile, "socket", 64));
	assert_null(find_call(profile, "socket", 65));
}

static void test_args_none_and_all(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = new_trace();
	_profile_ struct callgate_profile *none = NULL, *all = NULL;

	(void)state;
	add(trace, observe(X86_64, "socket", 7, 2, 1, 6, 5));
	add(trace, observe(X86_64, "openat", 4, 0, 0, 02000000, 5));
	none = learn_with(trace, (struct callgate_learn_options){ .args = CALLGATE_LEARN_ARGS_NONE }, diags);
	assert_int_equal(eval(none, X86_64, "socket", 17, 3, 0), CALLGATE_ALLOW);
	all = learn_with(trace, (struct callgate_learn_options){ .args = CALLGATE_LEARN_ARGS_ALL, .default_action = CALLGATE_LOG }, diags);
	assert_int_equal(eval(all, X86_64, "socket", 2, 1, 6), CALLGATE_ALLOW);
	assert_int_equal(eval(all, X86_64, "socket", 2, 1, 0), CALLGATE_LOG);
	/* flags are taken as bits */
	assert_int_equal(eval(all, X86_64, "openat", 5, 0, 02000000), CALLGATE_ALLOW);
	assert_int_equal(eval(all, X86_64, "openat", 5, 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(all, X86_64, "openat", 5, 0, 0100), CALLGATE_LOG);
}

/* Traces are put together, whatever their order; with two ABIs each call says whose it is. */
static void test_merge(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *a = new_trace(), *b = new_trace();
	_profile_ struct callgate_profile *profile = NULL;
	const struct callgate_trace *traces[] = { a, b };

	(void)state;
	add(a, observe(X86_64, "read", 0, 0, 0, 0, 5));
	add(a, observe(X86_64, "socket", 7, 2, 1, 0, 1));
	add(b, observe(X86_64, "read", 0, 0, 0, 0, 6));
	add(b, observe(I386, "read", 0, 0, 0, 0, 7));
	add(b, observe(I386, "socket", 7, 1, 1, 0, 1));
	assert_int_equal(learn_profile(traces, 2, NULL, &profile, diags), 0);
	assert_int_equal(profile->abis, CALLGATE_ABI_BIT(X86_64) | CALLGATE_ABI_BIT(I386));
	assert_int_equal(find_call(profile, "read", 0)->abi, X86_64);
	assert_int_equal(find_call(profile, "read", 0)->count, 11);
	assert_int_equal(find_call(profile, "read", 1)->abi, I386);
	assert_int_equal(count_clauses(profile, "socket"), 2);
	assert_int_equal(eval(profile, X86_64, "socket", 1, 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, I386, "socket", 2, 1, 0), CALLGATE_ALLOW);
	assert_int_equal(count_clauses(profile, "sigreturn"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_launch_is_not_the_program),
		cmocka_unit_test(test_denied_stays_denied),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_nothing_to_learn),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_mask_around_denied),
		cmocka_unit_test(test_generalised),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_args_none_and_all),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
