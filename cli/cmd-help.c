/* SPDX-License-Identifier: Apache-2.0 */
/* callgate help: the verbs, or one of them; also the tables themselves, from which completions and tests are made. */
#include "cli.h"

#include <unistd.h>

enum { OPT_TABLE };
static const struct cli_option options[] = {
	[OPT_TABLE] = { 0, "table", NULL, "print every verb with its options, one a line, for programs", false },
	{ 0, NULL, NULL, NULL, false },
};

static void print_overview(const struct cli *cli)
{
	const char *group = "";
	const struct cli_command *command;

	cli_say("callgate %s: the whole life of a seccomp policy\n\nusage: callgate VERB [OPTION…] …", callgate_version());
	for (unsigned i = 0; (command = cli_command_at(i)); i++) {
		if (strcmp(group, command->group))
			cli_say("\n%s%s%s", cli_style(cli, STYLE_BOLD), command->group, cli_style(cli, STYLE_PLAIN));
		group = command->group;
		cli_say("  %-12s %s", command->name, command->help);
	}
	cli_say("\ncallgate help VERB tells more; so does man callgate.");
}

static void print_table_of(const char *verb, const struct cli_option *options_)
{
	for (; options_ && options_->name; options_++)
		cli_say("%s\t%s%c\t--%s\t%s\t%s", verb, options_->letter ? "-" : "", options_->letter ? options_->letter : '.',
			options_->name, options_->value ? options_->value : ".", options_->help);
}

static void print_table(void)
{
	const struct cli_command *command;

	for (unsigned i = 0; (command = cli_command_at(i)); i++) {
		cli_say("%s\t.\t.\t%s\t%s", command->name, command->operands, command->help);
		print_table_of(command->name, command->options);
	}
	print_table_of(".", cli_common_options);
}

static int run(struct cli *cli)
{
	const struct cli_command *command;

	if (cli->values[OPT_TABLE]) {
		print_table();
		return CLI_YES;
	}
	if (!cli->n_args) {
		cli->color = isatty(STDOUT_FILENO) && cli->color;
		print_overview(cli);
		return CLI_YES;
	}
	command = cli_command_find(cli->args[0]);
	if (!command)
		return cli_error(cli, "usage-verb", "there is no verb \"%s\"; callgate help lists them", cli->args[0]);
	cli_print_help(command, stdout);
	return CLI_YES;
}

const struct cli_command cmd_help = {
	.name = "help",
	.group = "Look things up",
	.help = "the verbs, or one of them",
	.operands = "[VERB]",
	.about = "Lists the verbs with a line each, or explains one of them with its options.",
	.options = options,
	.run = run,
};
