/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about ABIs that a policy forgets, and about what it answers by default. */
#include "check/lint.h"
#include "model/call.h"

/* ABIs that one machine runs side by side. */
static const unsigned machines[] = {
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
	CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
};

static unsigned neighbours(const struct check_lint *lint)
{
	unsigned abis = 0;

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i] & lint->abis)
			abis |= machines[i];
	return abis & ~lint->abis;
}

void check_lint_bad_arch(struct check_lint *lint)
{
	unsigned abis = neighbours(lint) & ~CALLGATE_ABI_BIT(CALLGATE_ABI_X32); /* lint-x32's */

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct check_answer *example = NULL;
		struct check_spot spot = CHECK_NOWHERE;
		unsigned open = 0;

		for (unsigned id = 0; id < arch_syscall_count() && abis & CALLGATE_ABI_BIT(abi); id++) {
			const struct check_answer *answer = check_ask(lint, abi, (int)id);

			if (!answer->permits)
				continue;
			example = !open++ || !strcmp(arch_syscall_name((int)id), "execve") ? answer : example;
		}
		if (!open)
			continue;
		spot.abi = (int)abi;
		spot.witness = &example->permitted;
		check_found(lint, &spot, "the policy is not for %s, and lets %u of its calls through", arch_abi_get(abi)->name, open);
	}
}

void check_lint_x32(struct check_lint *lint)
{
	const struct check_answer *example = NULL;
	struct check_spot spot = CHECK_NOWHERE;
	unsigned open = 0;
	int first = -1;

	if (!check_has_abi(lint, CALLGATE_ABI_X86_64))
		return;
	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		const struct check_answer *x32 = check_ask(lint, CALLGATE_ABI_X32, (int)id);
		const struct check_answer *native = check_ask(lint, CALLGATE_ABI_X86_64, (int)id);

		if (!x32->permits || !native->exists || native->permits)
			continue;
		if (!open++) {
			example = x32;
			first = (int)id;
		}
	}
	if (!open)
		return;
	spot.abi = CALLGATE_ABI_X32;
	spot.witness = &example->permitted;
	check_found(lint, &spot,
		    open > 1 ? "%s is refused by its native number and let through by its x32 number, and so are %u others"
			     : "%s is refused by its native number and let through by its x32 number",
		    arch_syscall_name(first), open - 1);
}

/* ---- Defaults ---- */

static void kill_of_profile(struct check_lint *lint, const struct callgate_profile *profile)
{
	struct check_spot spot = CHECK_NOWHERE;
	char action[48];

	if (!action_kills(profile->default_action))
		return;
	spot.profile = profile;
	check_found(lint, &spot, "what no rule decides is answered with %s",
		    action_format(profile->default_action, action, sizeof(action)));
}

void check_lint_kill(struct check_lint *lint)
{
	struct check_spot spot = CHECK_NOWHERE;
	struct callgate_call unknown = { .nr = 0x3ffff };
	uint32_t answer;
	char action[48];

	check_profiles(lint, kill_of_profile);
	if (lint->policy->kind != CALLGATE_POLICY_FILTER)
		return;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		unknown.arch = arch_abi_get(abi)->audit_arch;
		answer = check_eval(lint, &unknown);
		if (!check_has_abi(lint, abi) || !action_kills(answer))
			continue;
		spot.abi = (int)abi;
		spot.witness = &unknown;
		check_found(lint, &spot, "a call with a number that nobody knows is answered with %s",
			    action_format(answer, action, sizeof(action)));
	}
}

/* ---- What every program needs ---- */

static const struct need {
	const char *name, *instead; /* an ABI's other name for it, or NULL */
	enum callgate_severity severity;
	const char *why;
} needs[] = {
	{ "exit_group", NULL, CALLGATE_SEVERITY_WARNING, "no program can end" },
	{ "exit", NULL, CALLGATE_SEVERITY_WARNING, "no thread can end" },
	{ "rt_sigreturn", "sigreturn", CALLGATE_SEVERITY_WARNING, "no handler of a signal can return" },
	{ "execve", "execveat", CALLGATE_SEVERITY_NOTE,
	  "no program can be started under the policy, unless by what Callgate adds for a start of its own" },
};

void check_lint_essential(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(needs) && check_has_abi(lint, abi); i++) {
			const struct check_answer *answer = check_ask_name(lint, abi, needs[i].name);
			struct check_spot spot = { .syscall = arch_syscall_id(needs[i].name),
						   .abi = (int)abi,
						   .severity = needs[i].severity,
						   .witness = &answer->refused };

			if (answer->exists && !answer->permits &&
			    (!needs[i].instead || !check_ask_name(lint, abi, needs[i].instead)->permits))
				check_found(lint, &spot, "%s is refused: %s", needs[i].name, needs[i].why);
		}
}

/* ---- Logs ---- */

/* Frequent in about every program; what to say without weights. */
static const char *const hot[] = { "clock_gettime", "epoll_pwait", "epoll_wait", "futex",  "poll",  "read",
				   "recvfrom",      "recvmsg",     "sendmsg",    "sendto", "write", "writev" };
#define FLOOD_SHARE 20 /* one of so many calls in the log is a flood */

static bool logs(struct check_lint *lint, const struct callgate_call *call)
{
	return (check_eval(lint, call) & ACTION_MASK) == CALLGATE_LOG;
}

static void flood_of_profile(struct check_lint *lint, const struct callgate_profile *profile)
{
	uint64_t all = 0, logged = 0, most = 0;
	struct callgate_call witness = { 0 };
	struct check_spot spot = CHECK_NOWHERE;

	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *c = &profile->calls.items[i];
		enum callgate_abi abi = c->abi >= 0 ? (enum callgate_abi)c->abi : (enum callgate_abi)__builtin_ctz(lint->abis);
		int64_t nr = arch_syscall_nr(abi, c->syscall);
		struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch };

		memcpy(call.args, c->args, sizeof(call.args));
		all += c->count;
		if (nr < 0 || !logs(lint, &call))
			continue;
		logged += c->count;
		if (c->count > most) {
			most = c->count;
			witness = call;
			spot.syscall = c->syscall;
			spot.witness = &witness;
		}
	}
	if (logged && logged >= all / FLOOD_SHARE)
		check_found(lint, &spot, "%llu of %llu recorded calls would be logged, most of them %s", (unsigned long long)logged,
			    (unsigned long long)all, arch_syscall_name(spot.syscall));
}

static void flood_of_names(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(hot) && check_has_abi(lint, abi); i++) {
			const struct check_answer *answer = check_ask_name(lint, abi, hot[i]);
			struct check_spot spot = { .syscall = arch_syscall_id(hot[i]),
						   .abi = (int)abi,
						   .severity = CALLGATE_SEVERITY_NOTE,
						   .witness = &answer->permitted };

			if (answer->permits && logs(lint, &answer->permitted))
				check_found(lint, &spot, "every %s is logged, and most programs make many", hot[i]);
		}
}

void check_lint_flood(struct check_lint *lint)
{
	struct callgate_policy *leaf;
	bool weighed = false;

	for (size_t i = 0; (leaf = policy_leaf(lint->policy, i)); i++)
		weighed |= leaf->profile && leaf->profile->calls.count;
	if (weighed)
		check_profiles(lint, flood_of_profile);
	else
		flood_of_names(lint);
}
