/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's filter return values and their spellings. Whatever action_format writes, action_parse reads back as the same
 * 32 bits: values without a spelling of their own (unknown actions, data bits where the kernel ignores them) are hexadecimal.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "arch/arch.h"
#include "model/call.h"

/* How the low 16 bits of an action are written. */
enum data { DATA_NONE, DATA_ERRNO, DATA_NUMBER, DATA_OPTIONAL };

static const struct action_name {
	const char *name;
	uint32_t action;
	enum data data;
	uint16_t bare; /* data when the name stands alone */
} action_names[] = {
	/* The first name of each action is the one that is written. */
	{ "KILL_PROCESS", CALLGATE_KILL_PROCESS, DATA_NONE, 0 },
	{ "KILL_THREAD", CALLGATE_KILL_THREAD, DATA_NONE, 0 },
	{ "TRAP", CALLGATE_TRAP, DATA_OPTIONAL, 0 },
	{ "ERRNO", CALLGATE_ERRNO(0), DATA_ERRNO, EPERM },
	{ "NOTIFY", CALLGATE_NOTIFY, DATA_NONE, 0 },
	{ "TRACE", CALLGATE_TRACE(0), DATA_NUMBER, 0 },
	{ "LOG", CALLGATE_LOG, DATA_NONE, 0 },
	{ "ALLOW", CALLGATE_ALLOW, DATA_NONE, 0 },
	{ "KILL", CALLGATE_KILL_PROCESS, DATA_NONE, 0 },
	/* as in /proc/sys/kernel/seccomp/actions_avail */
	{ "USER_NOTIF", CALLGATE_NOTIFY, DATA_NONE, 0 },
	/* OCI's, with the meaning that libseccomp and runc give them: KILL is the thread, and an absent errnoRet is EPERM */
	{ "SCMP_ACT_KILL", CALLGATE_KILL_THREAD, DATA_NONE, 0 },
	{ "SCMP_ACT_KILL_PROCESS", CALLGATE_KILL_PROCESS, DATA_NONE, 0 },
	{ "SCMP_ACT_KILL_THREAD", CALLGATE_KILL_THREAD, DATA_NONE, 0 },
	{ "SCMP_ACT_TRAP", CALLGATE_TRAP, DATA_OPTIONAL, 0 },
	{ "SCMP_ACT_ERRNO", CALLGATE_ERRNO(0), DATA_ERRNO, EPERM },
	{ "SCMP_ACT_TRACE", CALLGATE_TRACE(0), DATA_NUMBER, EPERM },
	{ "SCMP_ACT_ALLOW", CALLGATE_ALLOW, DATA_NONE, 0 },
	{ "SCMP_ACT_LOG", CALLGATE_LOG, DATA_NONE, 0 },
	{ "SCMP_ACT_NOTIFY", CALLGATE_NOTIFY, DATA_NONE, 0 },
};

static const struct action_name *name_of(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_SIZE(action_names); i++)
		if (action_names[i].action == (action & ACTION_MASK))
			return &action_names[i];
	return NULL;
}

bool action_kills(uint32_t action)
{
	const struct action_name *known = name_of(action);

	/* the kernel kills the process for an action it does not know */
	return !known || known->action == CALLGATE_KILL_PROCESS || known->action == CALLGATE_KILL_THREAD;
}

const char *action_format(uint32_t action, char *text, size_t size)
{
	const struct action_name *known = name_of(action);
	unsigned data = action & ACTION_DATA;
	const char *errno_name;

	if (!known || (known->data == DATA_NONE && data)) {
		snprintf(text, size, "0x%08x", action);
	} else if (known->data == DATA_NONE || (known->data == DATA_OPTIONAL && !data)) {
		snprintf(text, size, "%s", known->name);
	} else {
		errno_name = known->data == DATA_ERRNO ? arch_errno_name((int)data) : NULL;
		if (errno_name)
			snprintf(text, size, "%s(%s)", known->name, errno_name);
		else
			snprintf(text, size, "%s(%u)", known->name, data);
	}
	return text;
}

static int parse_data(const struct action_name *known, const char *text, uint32_t *ret_action)
{
	uint64_t number;
	int value;

	if (known->data == DATA_NONE)
		return -EINVAL;
	value = known->data == DATA_ERRNO ? arch_errno_value(text) : -ENOENT;
	if (value < 0) {
		if (parse_u64(text, &number) || number > ACTION_DATA)
			return -EINVAL;
		value = (int)number;
	}
	*ret_action = known->action | (uint32_t)value;
	return 0;
}

int action_parse(const char *text, uint32_t *ret_action)
{
	size_t length = strcspn(text, ":("), rest = strlen(text) - length;
	char data[32];
	uint64_t number;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		if (parse_u64(text, &number) || number > UINT32_MAX)
			return -EINVAL;
		*ret_action = (uint32_t)number;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(action_names); i++) {
		const struct action_name *known = &action_names[i];

		if (strlen(known->name) != length || strncasecmp(known->name, text, length) != 0)
			continue;
		if (!rest) {
			*ret_action = known->action | known->bare;
			return 0;
		}
		if (text[length] == '(' && text[length + --rest] != ')')
			return -EINVAL;
		if (rest > sizeof(data)) /* rest counts the colon or parenthesis, the copy a NUL instead */
			return -EINVAL;
		memcpy(data, text + length + 1, rest - 1);
		data[rest - 1] = '\0';
		return parse_data(known, data, ret_action);
	}
	return -EINVAL;
}

bool action_permits(uint32_t action)
{
	return (action & ACTION_MASK) == CALLGATE_ALLOW || (action & ACTION_MASK) == CALLGATE_LOG;
}

uint32_t action_meaning(uint32_t action)
{
	switch (action & ACTION_MASK) {
	case CALLGATE_ERRNO(0):
		return CALLGATE_ERRNO(MIN(action & ACTION_DATA, 4095u));
	case CALLGATE_TRAP:
	case CALLGATE_TRACE(0):
		return action;
	case CALLGATE_KILL_THREAD:
	case CALLGATE_NOTIFY:
	case CALLGATE_LOG:
	case CALLGATE_ALLOW:
		return action & ACTION_MASK;
	default:
		return CALLGATE_KILL_PROCESS;
	}
}
