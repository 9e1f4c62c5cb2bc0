/* SPDX-License-Identifier: Apache-2.0 */
/* What rules ask of a policy: its answers to the calls of one name, over all arguments, and under a condition. */
#include "check/lint.h"
#include "model/call.h"

bool check_permits(uint32_t leaf, void *unused)
{
	(void)unused;
	return action_permits(leaf);
}

bool check_refuses(uint32_t leaf, void *ret_leaf)
{
	*(uint32_t *)ret_leaf = leaf;
	return !action_permits(leaf) && leaf != CHECK_ELSEWHERE;
}

static void ask(struct check_lint *lint, enum callgate_abi abi, int64_t nr, struct check_answer *answer)
{
	int permits, refuses;

	answer->exists = true;
	answer->permitted = (struct callgate_call){ .arch = arch_abi_get(abi)->audit_arch, .nr = (uint32_t)nr };
	answer->refused = answer->permitted;
	answer->part = diagram_part(lint->d, lint->root, answer->permitted.arch, answer->permitted.nr);
	permits = diagram_find(lint->d, answer->part, check_permits, NULL, &answer->permitted);
	refuses = diagram_find(lint->d, answer->part, check_refuses, &answer->refusal, &answer->refused);
	if (permits < 0 || refuses < 0)
		lint->error = -ENOMEM;
	answer->permits = permits > 0;
	answer->refuses = refuses > 0;
}

const struct check_answer *check_ask(struct check_lint *lint, enum callgate_abi abi, int syscall)
{
	struct check_answer *answer = &lint->answers[abi * arch_syscall_count() + (unsigned)syscall];
	int64_t nr;

	if (answer->asked)
		return answer;
	answer->asked = true;
	nr = arch_syscall_nr(abi, syscall);
	if (nr >= 0)
		ask(lint, abi, nr, answer);
	return answer;
}

const struct check_answer *check_ask_name(struct check_lint *lint, enum callgate_abi abi, const char *name)
{
	static const struct check_answer absent;
	int id = arch_syscall_id(name);

	return id < 0 ? &absent : check_ask(lint, abi, id);
}

uint32_t check_eval(struct check_lint *lint, const struct callgate_call *call)
{
	return policy_eval(lint->policy, lint->target, call, NULL, NULL);
}

/* A filter does not say which rule it obeys. But one that lets a number through that nobody can have meant is a list of refusals. */
bool check_refused_explicitly(struct check_lint *lint, const struct callgate_call *call)
{
	struct callgate_call unknown = { .arch = call->arch, .nr = (call->nr & 0x40000000u) + 0x3ffff };
	int clause;

	policy_eval(lint->policy, lint->target, call, NULL, &clause);
	return clause >= 0 || action_permits(check_eval(lint, &unknown));
}

void check_profiles(struct check_lint *lint, void (*each)(struct check_lint *lint, const struct callgate_profile *profile))
{
	struct callgate_policy *leaf;

	for (size_t i = 0; (leaf = policy_leaf(lint->policy, i)) && !lint->error; i++)
		if (leaf->profile)
			each(lint, leaf->profile);
}

bool check_next_word(const char **list, char word[CHECK_WORD_MAX])
{
	size_t length;

	*list += strspn(*list, " ");
	length = strcspn(*list, " ");
	if (!length || length >= CHECK_WORD_MAX)
		return false;
	memcpy(word, *list, length);
	word[length] = '\0';
	*list += length;
	return true;
}

/* Bit 63 is variable 64 of the first argument; conditions grow from the lowest bit, which is the last variable. */
static diagram_ref matches(struct diagram *d, unsigned arg, uint64_t mask, uint64_t value)
{
	diagram_ref no = diagram_leaf(d, 0), holds = diagram_leaf(d, 1);

	for (unsigned bit = 0; bit < 64; bit++) {
		diagram_ref var;

		if (!(mask >> bit & 1))
			continue;
		var = diagram_bit(d, 64 + 64 * arg + 63 - bit);
		holds = value >> bit & 1 ? diagram_ite(d, var, holds, no) : diagram_ite(d, var, no, holds);
	}
	return holds;
}

diagram_ref check_where(struct diagram *d, diagram_ref part, unsigned arg, uint64_t mask, uint64_t value)
{
	diagram_ref elsewhere = diagram_leaf(d, CHECK_ELSEWHERE);

	return value & ~mask ? elsewhere : diagram_ite(d, matches(d, arg, mask, value), part, elsewhere);
}

/* The constants of a condition, joined by |, or -ENOENT where the ABI lacks one. */
static int constants_value(const char *constants, const struct arch_arg *arg, enum callgate_abi abi, uint64_t *ret_value)
{
	char name[CHECK_WORD_MAX];
	uint64_t value = 0, one;

	while (*constants) {
		size_t length = strcspn(constants, "|");

		if (length >= sizeof(name))
			return -ENOENT;
		memcpy(name, constants, length);
		name[length] = '\0';
		if ((!arg->family || arch_constant_value(arg->family, name, abi, &one)) && arch_constant_any(name, abi, &one))
			return -ENOENT;
		value |= one;
		constants += length + (constants[length] == '|');
	}
	*ret_value = value;
	return 0;
}

diagram_ref check_hazard_part(struct diagram *d, diagram_ref part, const struct check_hazard *hazard, enum callgate_abi abi, int syscall)
{
	const struct arch_arg *arg;
	uint64_t value, whole;

	if (!hazard->argument)
		return part;
	for (unsigned i = 0; (arg = arch_arg_of(abi, syscall, i)); i++) {
		if (strcmp(arg->name, hazard->argument))
			continue;
		if (constants_value(hazard->constants, arg, abi, &value))
			return DIAGRAM_FAILED;
		whole = arch_arg_width(abi, syscall, i) == 32 ? UINT32_MAX : UINT64_MAX;
		part = check_where(d, part, i, hazard->flags ? value : whole, value);
		/* all bits at once is no set of flags: personality(0xffffffff) only asks */
		return hazard->flags ? diagram_ite(d, matches(d, i, whole, whole), diagram_leaf(d, CHECK_ELSEWHERE), part) : part;
	}
	return DIAGRAM_FAILED;
}
