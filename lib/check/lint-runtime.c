/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about what container runtimes make of a profile, apart from its meaning. Tried with runc 1.1 and crun 1.8 to 1.28. */
#include <stdio.h>

#include "check/lint.h"
#include "model/call.h"

/* The reader makes a clause of each condition, in the same place of the file. */
static void or_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	const struct profile_clause *items = profile->clauses.items;

	for (size_t i = 1; i < profile->clauses.count; i++) {
		const struct profile_clause *a = &items[i - 1], *b = &items[i];
		struct check_spot spot = { .syscall = b->syscall, .abi = -1, .severity = -1, .profile = profile, .clause = b };

		if (a->syscall == b->syscall && b->line && a->line == b->line && a->column == b->column && a->file == b->file &&
		    a->n_conds == 1 && b->n_conds == 1 && !b->derived)
			check_found(lint, &spot, "a rule for %s tests an argument twice: each condition alone is enough",
				    arch_syscall_name(b->syscall));
	}
}

void check_lint_runtime_or(struct check_lint *lint)
{
	check_profiles(lint, or_of);
}

static bool has_action(const struct callgate_profile *profile, uint32_t action, const struct profile_clause **ret_clause)
{
	*ret_clause = NULL;
	for (size_t i = 0; i < profile->clauses.count; i++)
		if ((profile->clauses.items[i].action & ACTION_MASK) == action) {
			*ret_clause = &profile->clauses.items[i];
			return true;
		}
	return (profile->default_action & ACTION_MASK) == action;
}

static void errno_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	struct check_spot spot = CHECK_NOWHERE;

	spot.profile = profile;
	if (!has_action(profile, CALLGATE_TRACE(0), &spot.clause))
		return;
	spot.syscall = spot.clause ? spot.clause->syscall : -1;
	check_found(lint, &spot, "SCMP_ACT_TRACE answers ENOSYS where no tracer runs");
}

void check_lint_runtime_errno(struct check_lint *lint)
{
	check_profiles(lint, errno_of);
}

static void flags_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	struct check_spot spot = CHECK_NOWHERE;

	spot.profile = profile;
	if (profile->load_flags)
		check_found(lint, &spot, "the profile has flags");
}

void check_lint_runtime_flags(struct check_lint *lint)
{
	check_profiles(lint, flags_of);
}

/* The key covers the default's errno, so only others are lost. */
static void cache_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	for (size_t i = 0; i < profile->clauses.count; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		struct check_spot spot = { .syscall = -1, .abi = -1, .severity = -1, .profile = profile, .clause = clause };

		if ((clause->action & ACTION_MASK) != CALLGATE_ERRNO(0) || clause->action == CALLGATE_ERRNO(EPERM) ||
		    clause->action == profile->default_action)
			continue;
		check_found(lint, &spot, "rules have an errnoRet of their own; this is the first");
		return;
	}
}

void check_lint_runtime_cache(struct check_lint *lint)
{
	check_profiles(lint, cache_of);
}

static void listener_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	struct check_spot spot = CHECK_NOWHERE;

	spot.profile = profile;
	if (profile->listener_path || !has_action(profile, CALLGATE_NOTIFY, &spot.clause))
		return;
	spot.syscall = spot.clause ? spot.clause->syscall : -1;
	check_found(lint, &spot, "SCMP_ACT_NOTIFY is used, and there is no listenerPath");
}

void check_lint_runtime_listener(struct check_lint *lint)
{
	check_profiles(lint, listener_of);
}

static void arch_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	struct check_spot spot = CHECK_NOWHERE;

	spot.profile = profile;
	if (profile->literal || profile->abis || !profile->file)
		return;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (profile->abi_map[abi])
			return;
	check_found(lint, &spot, "the profile lists no architectures");
}

void check_lint_runtime_arch(struct check_lint *lint)
{
	check_profiles(lint, arch_of);
}

/* ---- Names ---- */

/* The newest kernel whose calls libseccomp 2.5.5 knows, and Debian 12's 2.5.4 with them. */
#define LIBSECCOMP_KERNEL (6u << 8 | 7)

static bool is_newer(int syscall)
{
	unsigned major, minor;

	return sscanf(arch_syscall_since(syscall), "%u.%u", &major, &minor) == 2 && (major << 8 | minor) > LIBSECCOMP_KERNEL;
}

static void newer_of(struct check_lint *lint, const struct callgate_profile *profile)
{
	int last = -1;

	for (size_t i = 0; i < profile->clauses.count; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		bool opens = action_permits(profile->default_action) && !action_permits(clause->action);
		struct check_spot spot = { .syscall = clause->syscall, .abi = -1, .severity = opens ? CALLGATE_SEVERITY_WARNING : -1,
					   .profile = profile, .clause = clause };

		if (clause->derived || clause->syscall == last || !is_newer(clause->syscall))
			continue;
		last = clause->syscall;
		check_found(lint, &spot, "%s came with Linux %s: libseccomp 2.5.5 and Debian 12's 2.5.4 do not know it%s",
			    arch_syscall_name(last), arch_syscall_since(last), opens ? ", so the call is let through" : "");
	}
}

void check_lint_libseccomp(struct check_lint *lint)
{
	check_profiles(lint, newer_of);
}
