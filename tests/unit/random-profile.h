/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles, targets and calls for tests that generate their cases. After cmocka.h. */
#ifndef CALLGATE_RANDOM_PROFILE_H
#define CALLGATE_RANDOM_PROFILE_H

#include "model/call.h"
#include "model/profile.h"
#include "random.h"

RANDOM_UNUSED static uint32_t any_action(void)
{
	static const uint32_t actions[] = { CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_ERRNO(1),
					    CALLGATE_ERRNO(38), CALLGATE_NOTIFY, CALLGATE_TRACE(7), CALLGATE_LOG, CALLGATE_ALLOW };

	return actions[below(ARRAY_SIZE(actions))];
}

/* ---- Random profiles ---- */

RANDOM_UNUSED static struct callgate_profile *new_profile(uint32_t default_action, uint32_t bad_arch)
{
	struct callgate_profile *profile = NULL;

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = default_action;
	profile->bad_arch_action = bad_arch;
	profile->unknown_errno = -1;
	return profile;
}

RANDOM_UNUSED static void add(struct callgate_profile *profile, int syscall, uint32_t action, const struct profile_cond *conds, size_t n, uint32_t guard)
{
	struct profile_clause clause = { .syscall = syscall, .action = action, .guard = guard };

	assert_true(syscall >= 0);
	assert_int_equal(profile_add_clause(profile, clause, conds, n), 0);
}

RANDOM_UNUSED static struct profile_cond any_cond(void)
{
	struct profile_cond cond = { .arg = (uint8_t)below(below(2) ? 2 : 6), .op = (uint8_t)below(OP_MASKED_EQ + 1), .value = edge64() };

	if (cond.op == OP_MASKED_EQ) {
		cond.mask = edge64();
		cond.value &= below(5) ? cond.mask : UINT64_MAX;
	}
	return cond;
}

/* Two system calls hold most clauses, so that first match matters. */
RANDOM_UNUSED static struct callgate_profile *random_profile(int syscalls[4])
{
	struct callgate_profile *profile = new_profile(any_action(), any_action());
	struct profile_guard guard = { .include_caps = below(2) << 5, .exclude_abis = CALLGATE_ABI_BIT(below(CALLGATE_ABI_COUNT)) };
	uint32_t guarded = 0;

	assert_int_equal(profile_add_guard(profile, &guard, &guarded), 0);
	profile->unknown_errno = below(2) ? 38 : -1;
	for (unsigned i = 0; i < 4; i++)
		syscalls[i] = (int)below(arch_syscall_count());
	for (unsigned i = 0, n = 1 + below(8); i < n; i++) {
		struct profile_cond conds[3] = { any_cond(), any_cond(), any_cond() };

		add(profile, syscalls[below(below(2) ? 2 : 4)], any_action(), conds, below(4), below(4) ? 0 : guarded);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

RANDOM_UNUSED static struct callgate_target any_target(void)
{
	struct callgate_target target = { .caps = below(2) << 5, .strict64 = below(2) };

	do
		target.abis = below(1u << CALLGATE_ABI_COUNT) & below(1u << CALLGATE_ABI_COUNT);
	while (!target.abis);
	return target;
}

RANDOM_UNUSED static uint32_t telling_nr(enum callgate_abi abi, const int syscalls[4])
{
	const struct arch_abi *info = arch_abi_get(abi);
	int64_t nr = arch_syscall_nr(abi, below(4) ? syscalls[below(4)] : (int)below(arch_syscall_count()));

	switch (below(10)) {
	case 0:
		return (uint32_t)edge64();
	case 1:
		return info->nr_base + info->newest + below(3) - 1;
	case 2:
		return UINT32_MAX;
	case 3:
		return (uint32_t)nr ^ 0x40000000u << below(2);
	default:
		return (uint32_t)nr + (below(8) ? 0 : below(3) - 1);
	}
}

/* Arguments at, below and above the values of the profile. */
RANDOM_UNUSED static struct callgate_call telling_call(const struct callgate_profile *profile, const struct callgate_target *target,
					 const int syscalls[4])
{
	enum callgate_abi abi = below(CALLGATE_ABI_COUNT);
	struct callgate_call call = { .ip = any64() };

	while (below(8) && !(target->abis & CALLGATE_ABI_BIT(abi)))
		abi = below(CALLGATE_ABI_COUNT);
	call.arch = arch_abi_get(abi)->audit_arch + !below(32);
	call.nr = telling_nr(abi, syscalls);
	for (unsigned i = 0; i < 6; i++) {
		call.args[i] = edge64();
		if (profile->conds.count && below(4))
			call.args[i] = profile->conds.items[below((uint32_t)profile->conds.count)].value + below(3) - 1;
		if (!below(4))
			call.args[i] ^= (uint64_t)1 << (32 + below(32));
	}
	return call;
}

#endif
