/* SPDX-License-Identifier: Apache-2.0 */
/* callgate syscall: names, numbers, arguments, groups, for every ABI. */
#include "cli.h"

enum { OPT_ABI, OPT_GROUP, OPT_CONSTANTS };
static const struct cli_option options[] = {
	[OPT_ABI] = { 'a', "abi", "ABI", "numbers of this ABI (default: this machine's); \"all\": of every ABI", false },
	[OPT_GROUP] = { 'g', "group", "GROUP", "the members of a group such as @network-io; \"list\" lists the groups", false },
	[OPT_CONSTANTS] = { 'c', "constants", "FAMILY", "the named constants of a family such as socket_domain", false },
	{ 0, NULL, NULL, NULL, false },
};

static void json_argument(struct cli_json *json, enum callgate_abi abi, const char *name, unsigned i)
{
	struct callgate_argument arg;

	if (callgate_syscall_argument(abi, name, i, &arg) < 0)
		return;
	cli_json_open(json, NULL, '{');
	cli_json_u64(json, "index", i);
	cli_json_string(json, "name", arg.name);
	cli_json_string(json, "kind", arg.kind);
	cli_json_u64(json, "width", arg.width);
	if (arg.family)
		cli_json_string(json, "constants", arg.family);
	cli_json_string(json, "learn", arg.learn);
	cli_json_close(json, '}');
}

static void json_syscall(struct cli_json *json, enum callgate_abi abi, const char *name)
{
	int64_t nr = callgate_syscall_number(abi, name);

	cli_json_open(json, NULL, '{');
	cli_json_string(json, "name", name);
	cli_json_string(json, "abi", callgate_abi_name(abi));
	if (nr >= 0)
		cli_json_s64(json, "number", nr);
	else
		cli_json_null(json, "number");
	cli_json_string(json, "since", callgate_syscall_since(name));
	cli_json_open(json, "arguments", '[');
	for (int i = 0; i < callgate_syscall_arguments(name); i++)
		json_argument(json, abi, name, (unsigned)i);
	cli_json_close(json, ']');
	cli_json_open(json, "groups", '[');
	for (unsigned g = 0; callgate_group_at(g, NULL); g++)
		if (callgate_group_has(g, name))
			cli_json_string(json, NULL, callgate_group_at(g, NULL));
	cli_json_close(json, ']');
	cli_json_close(json, '}');
}

static void text_number(enum callgate_abi abi, const char *name)
{
	int64_t nr = callgate_syscall_number(abi, name);

	if (nr < 0)
		cli_say("  %-12s -", callgate_abi_name(abi));
	else if (nr > 9999)
		cli_say("  %-12s %lld (0x%llx)", callgate_abi_name(abi), (long long)nr, (long long)nr);
	else
		cli_say("  %-12s %lld", callgate_abi_name(abi), (long long)nr);
}

static void text_syscall(const struct cli *cli, int only_abi, const char *name)
{
	const char *since = callgate_syscall_since(name);
	enum callgate_abi shown = only_abi < 0 ? callgate_abi_native() : (enum callgate_abi)only_abi;
	struct callgate_argument arg;

	printf("%s%s%s(", cli_style(cli, STYLE_BOLD), name, cli_style(cli, STYLE_PLAIN));
	for (unsigned i = 0; callgate_syscall_argument(shown, name, i, &arg) == 0; i++)
		printf("%s%s", i ? ", " : "", arg.name);
	cli_say(")%s%s", *since ? ", since Linux " : "", since);
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (only_abi < 0 || only_abi == abi)
			text_number((enum callgate_abi)abi, name);
	for (unsigned i = 0; callgate_syscall_argument(shown, name, i, &arg) == 0; i++)
		cli_say("  %u %-16s %-8s %u bits%s%s%s", i, arg.name, arg.kind, arg.width, arg.family ? ", " : "",
			arg.family ? arg.family : "", strcmp(arg.learn, "set") && strcmp(arg.learn, "mask") ? "" : ", learned");
}

/* A word is a name, or a number of the ABI asked for. */
static const char *name_of(struct cli *cli, enum callgate_abi abi, const char *word)
{
	char *end;
	unsigned long nr = strtoul(word, &end, 0);
	const char *name, *near;

	if (*word && !*end) {
		name = nr <= UINT32_MAX ? callgate_syscall_name(abi, (uint32_t)nr) : NULL;
		if (!name)
			cli_error(cli, "call-unknown-number", "%s has no system call number %s", callgate_abi_name(abi), word);
		return name;
	}
	if (callgate_syscall_known(word))
		return word;
	near = callgate_syscall_suggest(word);
	cli_error(cli, "call-unknown-name", "no ABI has a system call \"%s\"%s%s%s", word, near ? "; did you mean " : "",
		  near ? near : "", near ? "?" : "");
	return NULL;
}

static int list_all(struct cli *cli, enum callgate_abi abi)
{
	struct cli_json json = { .out = stdout };
	const char *name;

	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (unsigned i = 0; (name = callgate_syscall_at(i)); i++) {
		int64_t nr = callgate_syscall_number(abi, name);

		if (nr < 0)
			continue;
		if (cli->json)
			json_syscall(&json, abi, name);
		else
			cli_say("%lld\t%s", (long long)nr, name);
	}
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
	return CLI_YES;
}

static int list_groups(void)
{
	const char *name, *help;

	for (unsigned i = 0; (name = callgate_group_at(i, &help)); i++)
		cli_say("%-20s %s", name, help);
	return CLI_YES;
}

static int list_group(struct cli *cli, const char *group)
{
	const char *name;

	if (!strcmp(group, "list"))
		return list_groups();
	for (unsigned g = 0; (name = callgate_group_at(g, NULL)); g++) {
		if (strcmp(name, group) && strcmp(name + 1, group))
			continue;
		for (unsigned i = 0; (name = callgate_syscall_at(i)); i++)
			if (callgate_group_has(g, name))
				cli_say("%s", name);
		return CLI_YES;
	}
	return cli_error(cli, "group-unknown", "there is no group \"%s\"; --group=list lists them", group);
}

static int list_constants(struct cli *cli, const char *family, enum callgate_abi abi)
{
	const char *name;
	uint64_t value;
	unsigned i = 0;

	for (; callgate_constant_at(family, i, abi, &name, &value) == 0; i++)
		cli_say("%s\t%llu\t0x%llx", name, (unsigned long long)value, (unsigned long long)value);
	return i ? CLI_YES : cli_error(cli, "family-unknown", "there is no family of constants \"%s\"", family);
}

static int run(struct cli *cli)
{
	const char *which = cli->values[OPT_ABI];
	bool every = which && !strcmp(which, "all");
	struct cli_json json = { .out = stdout };
	enum callgate_abi abi;

	if (cli_abi(cli, every ? NULL : which, &abi) != CLI_YES)
		return CLI_TROUBLE;
	if (cli->values[OPT_GROUP])
		return list_group(cli, cli->values[OPT_GROUP]);
	if (cli->values[OPT_CONSTANTS])
		return list_constants(cli, cli->values[OPT_CONSTANTS], abi);
	if (!cli->n_args)
		return list_all(cli, abi);
	for (int i = 0; i < cli->n_args; i++) {
		const char *name = name_of(cli, abi, cli->args[i]);

		if (!name)
			return CLI_TROUBLE;
		for (int a = 0; cli->json && a < CALLGATE_ABI_COUNT; a++)
			if (every || a == (int)abi) {
				json_syscall(&json, (enum callgate_abi)a, name);
				cli_json_end(&json);
				json = (struct cli_json){ .out = stdout };
			}
		if (!cli->json)
			text_syscall(cli, every ? -1 : (int)abi, name);
	}
	return CLI_YES;
}

const struct cli_command cmd_syscall = {
	.name = "syscall",
	.group = "Look things up",
	.help = "names, numbers, arguments, groups, for every ABI",
	.operands = "[NAME|NUMBER…]",
	.about = "Shows what is known of system calls: their number in an ABI, their arguments with the width that the kernel\n"
		 "reads and the family of named constants, the kernel version that brought them, the groups they belong to.\n"
		 "Without a name it lists all calls of the ABI. With --json each call is one object on a line of its own.",
	.options = options,
	.run = run,
};
