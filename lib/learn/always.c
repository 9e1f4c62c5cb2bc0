/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that every program needs and that a recording need not hold: the kernel itself makes a program return from a signal handler or
 * restart an interrupted call, and a recorder may end before the program does. Without them a program that was recorded while
 * no signal came would die of the first one. They are said in a note and have no evidence.
 */
#include "learn/learner.h"

static const char *const always[] = {
	"exit",
	"exit_group",
	"restart_syscall",
	"rt_sigreturn",
	"sigreturn", /* handlers without SA_SIGINFO on i386, arm, s390x */
};

static bool has_clause(const struct callgate_profile *profile, size_t count, int syscall)
{
	for (size_t i = 0; i < count; i++) {
		if (profile->clauses.items[i].syscall == syscall)
			return true;
	}
	return false;
}

static bool is_there(unsigned abis, int syscall)
{
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (abis & CALLGATE_ABI_BIT(abi) && arch_syscall_nr(abi, syscall) >= 0)
			return true;
	}
	return false;
}

int learn_always(struct learner *l)
{
	_cleanup_(buf_done) struct buf names = { 0 };
	size_t count = l->profile->clauses.count;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		int id = arch_syscall_id(always[i]), r;

		if (id < 0 || !is_there(l->profile->abis, id) || has_clause(l->profile, count, id))
			continue;
		r = profile_add_clause(l->profile, (struct profile_clause){ .syscall = id, .action = CALLGATE_ALLOW }, NULL, 0);
		if (r)
			return r;
		buf_printf(&names, "%s%s", names.size ? ", " : "", always[i]);
	}
	if (names.error)
		return names.error;
	if (names.size)
		diag_note(l->diags, "learn-always", DIAG_NOWHERE, "allowed without having been seen, since every program needs them: %s",
			  names.text);
	return 0;
}
