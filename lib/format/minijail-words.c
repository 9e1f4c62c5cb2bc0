/* SPDX-License-Identifier: Apache-2.0 */
/* Words of minijail policies. Sources: minijail's tools/parser.py and arch.h. */
#include "format/minijail.h"

/* Of words with the same value the first is written. What "kill" kills is up to minijail's options; here it is never the lesser. */
static const struct word actions[] = {
	{ "allow", CALLGATE_ALLOW },
	{ "kill-process", CALLGATE_KILL_PROCESS },
	{ "kill-thread", CALLGATE_KILL_THREAD },
	{ "kill", CALLGATE_KILL_PROCESS },
	{ "trap", CALLGATE_TRAP },
	{ "trace", CALLGATE_TRACE(0) },
	{ "log", CALLGATE_LOG },
	{ "user-notify", CALLGATE_NOTIFY },
};

/* minijail's own names. Its other architectures have no table here; ours that it does not know go by our names. */
static const struct word archs[] = {
	{ "x86_64", CALLGATE_ABI_X86_64 }, { "x86", CALLGATE_ABI_I386 },        { "arm64", CALLGATE_ABI_AARCH64 },
	{ "arm", CALLGATE_ABI_ARM },       { "riscv64", CALLGATE_ABI_RISCV64 }, { "s390x", CALLGATE_ABI_S390X },
	{ "loong64", CALLGATE_ABI_LOONGARCH64 },
};
static const char *const foreign[] = { "ia64", "mips", "mips64", "mipsel", "mipsel64", "parisc", "ppc", "ppc64", "s390", "sparc", "sparc64" };

int minijail_action(const struct scan_token *token, uint32_t *ret_action)
{
	char text[SCAN_WORD_SIZE];
	const struct word *word = word_find(actions, ARRAY_SIZE(actions), scan_text(token, text));

	if (!word)
		return -ENOENT;
	*ret_action = word->value;
	return 0;
}

const char *minijail_action_name(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i].value == action)
			return actions[i].text;
	return NULL;
}

int minijail_arch(const char *name)
{
	const struct word *word = word_find(archs, ARRAY_SIZE(archs), name);

	if (word)
		return (int)word->value;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (!strcmp(foreign[i], name))
			return CALLGATE_ABI_COUNT;
	return arch_abi_from_name(name);
}

const char *minijail_arch_name(enum callgate_abi abi)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].value == abi)
			return archs[i].text;
	return arch_abi_get(abi)->name;
}
