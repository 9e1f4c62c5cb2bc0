/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a trial run: what the profile refuses is sent to a supervisor instead, which sees the call with its arguments and
 * answers in the profile's place. What the profile permits stays in the kernel.
 */
#include "pass/pass.h"

#include "model/call.h"

static uint32_t tried(uint32_t action)
{
	return action_permits(action) ? action : CALLGATE_NOTIFY;
}

int pass_trial(const struct callgate_profile *profile, struct callgate_profile **ret_profile)
{
	struct callgate_profile *trial;
	int r = profile_copy(profile, &trial);

	if (r < 0)
		return r;
	trial->default_action = tried(trial->default_action);
	trial->bad_arch_action = tried(trial->bad_arch_action);
	for (size_t i = 0; i < trial->clauses.count; i++)
		trial->clauses.items[i].action = tried(trial->clauses.items[i].action);
	/* Numbers newer than the table follow the default where that is seen; where the default permits, their errno stays. */
	if (trial->default_action == CALLGATE_NOTIFY)
		trial->unknown_errno = -1;
	*ret_profile = trial;
	return 0;
}
