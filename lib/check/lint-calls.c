/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about which calls are let through and which refused, by what the policy answers. */
#include <stdio.h>

#include "check/lint.h"
#include "model/call.h"

/* ---- Another call for the same ---- */

/* One of `by` that is let through whatever its arguments. */
static const struct check_answer *open_equivalent(struct check_lint *lint, enum callgate_abi abi, const char *by, char word[CHECK_WORD_MAX])
{
	while (check_next_word(&by, word)) {
		const struct check_answer *other = check_ask_name(lint, abi, word);

		if (other->permits && !other->refuses)
			return other;
	}
	return NULL;
}

static void judge_equivalent(struct check_lint *lint, enum callgate_abi abi, const struct check_equivalent *row)
{
	const struct check_answer *answer = check_ask_name(lint, abi, row->name), *other;
	struct check_spot spot = { .syscall = arch_syscall_id(row->name), .abi = (int)abi, .severity = -1 };
	char word[CHECK_WORD_MAX];

	if (!answer->refuses)
		return;
	/* ENOSYS sends libc to the older call: nobody wanted to forbid anything */
	if (!answer->permits && (answer->refusal == CALLGATE_ERRNO(ENOSYS) || !check_refused_explicitly(lint, &answer->refused)))
		return;
	other = open_equivalent(lint, abi, row->by, word);
	if (!other)
		return;
	spot.witness = &answer->refused;
	if (answer->permits)
		check_found(lint, &spot, "%s is refused for some arguments, and %s does the same for all of them", row->name, word);
	else
		check_found(lint, &spot, "%s is refused, and %s, which does the same, is allowed", row->name, word);
}

void check_lint_equivalent(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned i = 0; i < check_equivalents_count && check_has_abi(lint, abi); i++)
			judge_equivalent(lint, abi, &check_equivalents[i]);
}

/* ---- An errno that keeps libc from the older call ---- */

static void judge_fallback(struct check_lint *lint, enum callgate_abi abi, const struct check_fallback *row)
{
	const struct check_answer *answer = check_ask_name(lint, abi, row->name);
	uint32_t kind = answer->refusal & ACTION_MASK;
	struct check_spot spot = {
		.syscall = arch_syscall_id(row->name), .abi = (int)abi, .severity = (int)row->severity, .witness = &answer->refused
	};
	const char *older = row->older;
	char word[CHECK_WORD_MAX], action[48];

	if (!answer->exists || answer->permits || answer->refusal == CALLGATE_ERRNO(ENOSYS))
		return;
	/* a supervisor or tracer may answer what it likes */
	if (kind == CALLGATE_NOTIFY || kind == CALLGATE_TRACE(0))
		return;
	while (check_next_word(&older, word))
		if (check_ask_name(lint, abi, word)->permits)
			break;
	if (!check_ask_name(lint, abi, word)->permits)
		return;
	action_format(answer->refusal, action, sizeof(action));
	if (*row->glibc)
		check_found(lint, &spot, "%s is answered with %s; glibc uses it from %s on (%s) and tries %s only on ENOSYS", row->name,
			    action, row->glibc, row->who, word);
	else
		check_found(lint, &spot, "%s is answered with %s; programs (%s) try %s only on ENOSYS", row->name, action, row->who, word);
}

void check_lint_errno(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned i = 0; i < check_fallbacks_count && check_has_abi(lint, abi); i++)
			if (check_fallbacks[i].abis & CALLGATE_ABI_BIT(abi))
				judge_fallback(lint, abi, &check_fallbacks[i]);
}

/* ---- io_uring ---- */

/* What io_uring does itself (enum io_uring_op in linux/io_uring.h), the most telling ones first. */
static const char *const uring_calls[] = { "openat",  "openat2",   "open",      "socket",    "connect", "accept4",   "accept",   "sendmsg",
					   "recvmsg", "unlinkat",  "renameat2", "mkdirat",   "linkat",  "symlinkat", "setxattr", "statx",
					   "splice",  "fallocate", "madvise",   "ftruncate", "bind",    "listen",    "futex" };
#define URING_SHOWN 4

static void judge_uring(struct check_lint *lint, enum callgate_abi abi)
{
	const struct check_answer *setup = check_ask_name(lint, abi, "io_uring_setup"),
				  *enter = check_ask_name(lint, abi, "io_uring_enter");
	struct check_spot spot = {
		.syscall = arch_syscall_id("io_uring_setup"), .abi = (int)abi, .severity = -1, .witness = &setup->permitted
	};
	char names[URING_SHOWN * CHECK_WORD_MAX] = "";
	unsigned refused = 0;

	if (!setup->permits || !enter->permits)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(uring_calls); i++) {
		const struct check_answer *answer = check_ask_name(lint, abi, uring_calls[i]);

		if (!answer->refuses || refused++ >= URING_SHOWN)
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", *names ? ", " : "", uring_calls[i]);
	}
	if (refused > URING_SHOWN)
		check_found(lint, &spot, "io_uring is allowed and does what the policy refuses: %s and %u more", names,
			    refused - URING_SHOWN);
	else if (refused)
		check_found(lint, &spot, "io_uring is allowed and does what the policy refuses: %s", names);
}

void check_lint_io_uring(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (check_has_abi(lint, abi))
			judge_uring(lint, abi);
}

/* ---- Hazards ---- */

static void judge_hazard(struct check_lint *lint, enum callgate_abi abi, const struct check_hazard *hazard)
{
	int id = arch_syscall_id(hazard->name), found;
	const struct check_answer *answer = check_ask(lint, abi, id);
	struct callgate_call witness = answer->permitted;
	struct check_spot spot = { .syscall = id, .abi = (int)abi, .severity = (int)hazard->severity, .witness = &witness };
	diagram_ref part;

	if (!answer->permits)
		return;
	part = check_hazard_part(lint->d, answer->part, hazard, abi, id);
	/* what the example had in this argument is no part of the way to the new one */
	if (hazard->argument)
		witness = (struct callgate_call){ .arch = witness.arch, .nr = witness.nr };
	found = diagram_find(lint->d, part, check_permits, NULL, &witness);
	if (found < 0)
		lint->error = -ENOMEM;
	if (found <= 0)
		return;
	if (hazard->argument)
		check_found(lint, &spot, "%s with %s %s %s is allowed: who can make this call %s", hazard->name, hazard->argument,
			    hazard->flags ? "&" : "==", hazard->constants, hazard->gain);
	else
		check_found(lint, &spot, "%s is allowed: who can make this call %s", hazard->name, hazard->gain);
}

void check_lint_dangerous(struct check_lint *lint)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned i = 0; i < check_hazards_count && check_has_abi(lint, abi); i++)
			judge_hazard(lint, abi, &check_hazards[i]);
}
