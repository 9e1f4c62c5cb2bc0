/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference compiler, judged: where libseccomp is right its program means what ours means; where it is wrong the
 * witness shows it. Random sets of two or three 64-bit comparisons on one argument, of which libseccomp 2.5 gets about a fifth wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <callgate.h>

#include "compile/peer.h"
#include "model/filter.h"
#include "model/profile.h"

#define SETS 500

static uint64_t seed = 20211203;
static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static struct callgate_profile *random_set(void)
{
	struct callgate_profile *profile;
	int syscall = arch_syscall_id("mmap");

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = CALLGATE_ERRNO(1);
	for (uint64_t n = 2 + rnd() % 2; n; n--) {
		struct profile_cond cond = { .op = (uint8_t)(rnd() % OP_MASKED_EQ), .value = rnd() % 4 << 32 | rnd() % 4 };
		struct profile_clause clause = { .syscall = syscall, .action = CALLGATE_ALLOW };

		assert_int_equal(profile_add_clause(profile, clause, &cond, 1), 0);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static void judge_set(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout, unsigned *wrong)
{
	struct callgate_filter *theirs, *ours;
	struct callgate_call witness;
	uint32_t have;
	int right;

	right = callgate_compile_libseccomp(profile, target, layout, &theirs, &witness, NULL);
	assert_in_range(right, 0, 1);
	assert_int_equal(callgate_compile(profile, target, &ours, NULL), 0);
	assert_int_equal(callgate_filters_equal((const struct callgate_filter *const[]){ theirs }, 1, (const struct callgate_filter *const[]){ ours }, 1, NULL, NULL), right);
	if (!right) {
		++*wrong;
		callgate_filter_run(theirs, &witness, &have, NULL, NULL);
		assert_int_not_equal(have, profile_eval(profile, target, &witness, NULL));
	}
	callgate_filter_free(theirs);
	callgate_filter_free(ours);
}

static void comparisons_on_one_argument(void **state)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64), .strict64 = true };
	unsigned wrong[3] = { 0 };
	char version[24];

	(void)state;
	if (!peer_version(version, sizeof(version)))
		skip();
	for (int i = 0; i < SETS; i++) {
		struct callgate_profile *profile = random_set();

		for (unsigned layout = 1; layout <= 2; layout++)
			judge_set(profile, &target, layout, &wrong[layout]);
		profile_free(profile);
	}
	print_message("libseccomp %s: of %d sets, %u wrong in its linear layout, %u in its tree\n", version, SETS, wrong[1], wrong[2]);
}

static void names_only_are_equal(void **state)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };
	unsigned wrong = 0;
	char version[24];

	(void)state;
	if (!peer_version(version, sizeof(version)))
		skip();
	for (int i = 0; i < 50; i++) {
		struct callgate_profile *profile;

		assert_int_equal(profile_new(&profile), 0);
		profile->default_action = CALLGATE_ERRNO(1);
		for (int n = 0; n < 40; n++) {
			/* calls that every libseccomp since 2.5 knows */
			const char *name = callgate_syscall_name(CALLGATE_ABI_X86_64, (uint32_t)(rnd() % 330));
			struct profile_clause clause = { .action = rnd() % 2 ? CALLGATE_ALLOW : CALLGATE_KILL_PROCESS };

			clause.syscall = name ? arch_syscall_id(name) : -1;
			if (name)
				assert_int_equal(profile_add_clause(profile, clause, NULL, 0), 0);
		}
		assert_int_equal(profile_normalise(profile), 0);
		/* of two rules for one call the first wins here, and libseccomp takes the first too when neither has conditions */
		judge_set(profile, &target, 1 + (unsigned)i % 2, &wrong);
		profile_free(profile);
	}
	assert_int_equal(wrong, 0);
}

/* i386's socketcall and ipc: libseccomp opens both forms too. It leaves ipc's version bits out, so the calls are asked for one by one. */
static void multiplexed_forms_are_equal(void **state)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_I386) };
	const struct arch_multiplexed *m;
	char version[24];

	(void)state;
	if (!peer_version(version, sizeof(version)))
		skip();
	for (unsigned i = 0; (m = arch_multiplexed_at(i)); i++) {
		struct callgate_profile *profile;
		struct callgate_filter *theirs;
		struct callgate_call call = { .arch = callgate_abi_audit_arch(CALLGATE_ABI_I386),
					      .nr = (uint32_t)arch_syscall_nr(CALLGATE_ABI_I386, m->via) };
		uint32_t action;

		/* libseccomp 2.5.4 loses the rules for calls that i386 has in this form only, such as accept */
		if (arch_syscall_nr(CALLGATE_ABI_I386, m->syscall) < 0)
			continue;
		assert_int_equal(profile_new(&profile), 0);
		profile->default_action = CALLGATE_ERRNO(1);
		assert_int_equal(profile_add_clause(profile, (struct profile_clause){ .syscall = m->syscall, .action = CALLGATE_ALLOW }, NULL, 0), 0);
		assert_int_equal(profile_normalise(profile), 0);
		assert_in_range(callgate_compile_libseccomp(profile, &target, 1, &theirs, NULL, NULL), 0, 1);
		for (call.args[0] = 0; call.args[0] < 30; call.args[0]++) {
			callgate_filter_run(theirs, &call, &action, NULL, NULL);
			assert_int_equal(action, profile_eval(profile, &target, &call, NULL));
		}
		callgate_filter_free(theirs);
		profile_free(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_only_are_equal),
		cmocka_unit_test(comparisons_on_one_argument),
		cmocka_unit_test(multiplexed_forms_are_equal),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
