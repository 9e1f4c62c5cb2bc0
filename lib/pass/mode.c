/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Complain and enforce. A mode changes the answer to what nothing allows: the default, numbers newer than the table, other ABIs. Explicit
 * rules stay, and so does a default that allows: such a profile is a list of what is refused, and there is nothing for a mode to change.
 *
 *           default                       unknown numbers          bad architecture
 *   log     LOG                           as the default, LOG      LOG
 *   errno   its own errno, else EPERM     their errno stays        stays; EPERM where it let calls through
 *   kill    KILL_PROCESS                  their errno stays        KILL_PROCESS
 *   trap    TRAP                          their errno stays        stays; TRAP where it let calls through
 *
 * Their errno stays in the three that enforce because it is a refusal, and because the C library asks for new calls and expects ENOSYS: to
 * kill for that would break programs and guard against nothing. Where there is none, they follow the default.
 */
#include "pass/pass.h"

#include "model/call.h"

static uint32_t default_in(enum callgate_mode mode, uint32_t action)
{
	switch (mode) {
	case CALLGATE_MODE_AS_WRITTEN:
		break;
	case CALLGATE_MODE_LOG:
		return CALLGATE_LOG;
	case CALLGATE_MODE_ERRNO:
		return (action & ACTION_MASK) == CALLGATE_ERRNO(0) ? action : CALLGATE_ERRNO(EPERM);
	case CALLGATE_MODE_KILL:
		return CALLGATE_KILL_PROCESS;
	case CALLGATE_MODE_TRAP:
		return CALLGATE_TRAP;
	}
	return action;
}

static uint32_t bad_arch_in(enum callgate_mode mode, uint32_t action)
{
	/* A refusal is not made milder by asking for another mode of refusing. */
	if ((mode == CALLGATE_MODE_ERRNO || mode == CALLGATE_MODE_TRAP) && !action_permits(action))
		return action;
	return default_in(mode, action);
}

static void set_mode(struct callgate_profile *profile, enum callgate_mode mode, struct callgate_diags *diags)
{
	struct diag_where where = { .file = profile->file ? strpool_get(&profile->strings, profile->file) : NULL };

	if (mode == CALLGATE_MODE_AS_WRITTEN)
		return;
	profile->bad_arch_action = bad_arch_in(mode, profile->bad_arch_action);
	if (profile->default_action == CALLGATE_ALLOW) {
		/* Nor does the log mode touch its unknown numbers: LOG could only be had for every call. */
		diag_note(diags, "mode-default-allows", where,
			  "the profile allows what it does not name: the mode changes only the answer to other architectures");
		return;
	}
	profile->default_action = default_in(mode, profile->default_action);
	if (mode == CALLGATE_MODE_LOG)
		profile->unknown_errno = -1;
}

int pass_mode(const struct callgate_profile *profile, enum callgate_mode mode, struct callgate_profile **ret_profile,
	      struct callgate_diags *diags)
{
	struct callgate_profile *copy;

	if (mode > CALLGATE_MODE_TRAP)
		return diag_error(diags, -EINVAL, "mode-unknown", DIAG_NOWHERE, "there is no mode %u", (unsigned)mode);
	if (profile_copy(profile, &copy))
		return diag_oom(diags);
	set_mode(copy, mode, diags);
	*ret_profile = copy;
	return 0;
}
