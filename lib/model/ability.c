/* SPDX-License-Identifier: Apache-2.0 */
/* Actions as formats and fitting see them. */
#include "model/ability.h"

#include "model/call.h"

#define ERRNO_MAX 4095 /* MAX_ERRNO of kernel/seccomp.c: above, the kernel cuts */

enum ability_rank profile_action_rank(uint32_t action)
{
	uint32_t kind = action & ACTION_MASK;

	if (action_permits(action))
		return ABILITY_PERMITTED;
	return kind == CALLGATE_NOTIFY || kind == CALLGATE_TRACE(0) ? ABILITY_ASKED : ABILITY_REFUSED;
}

unsigned profile_action_bit(uint32_t action)
{
	static const struct {
		uint32_t action;
		unsigned bit;
		uint32_t data_max;
	} bits[] = {
		{ CALLGATE_ALLOW, ABILITY_ALLOW, 0 },
		{ CALLGATE_LOG, ABILITY_LOG, 0 },
		{ CALLGATE_TRACE(0), ABILITY_TRACE, ACTION_DATA },
		{ CALLGATE_NOTIFY, ABILITY_NOTIFY, 0 },
		{ CALLGATE_ERRNO(0), ABILITY_ERRNO, ERRNO_MAX },
		{ CALLGATE_TRAP, ABILITY_TRAP, 0 },
		{ CALLGATE_KILL_THREAD, ABILITY_KILL_THREAD, 0 },
		{ CALLGATE_KILL_PROCESS, ABILITY_KILL_PROCESS, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (bits[i].action == (action & ACTION_MASK))
			return (action & ACTION_DATA) <= bits[i].data_max ? bits[i].bit : 0;
	return 0;
}

static bool has_number(int syscall, unsigned abis)
{
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis >> abi & 1 && arch_syscall_nr(abi, syscall) >= 0)
			return true;
	return false;
}

bool profile_call_exists(int syscall, unsigned abis)
{
	const struct arch_multiplexed *m;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)); i++)
		if (m->syscall == syscall && has_number(m->via, abis))
			return true;
	return has_number(syscall, abis);
}
