/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the verbs and hands over to one. */
#include "cli.h"

#include <unistd.h>

static const struct cli_command *const commands[] = {
	&cmd_record, &cmd_learn, &cmd_harden, &cmd_compile, &cmd_convert, &cmd_run, &cmd_show, &cmd_explain, &cmd_diff, &cmd_fingerprint,
	&cmd_check, &cmd_bench, &cmd_syscall, &cmd_help,
};

const struct cli_command *cli_command_at(unsigned i)
{
	return i < ARRAY_SIZE(commands) ? commands[i] : NULL;
}

const struct cli_command *cli_command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* Descriptors 0 to 2 must be open, or a file we open could be taken for one of them. */
static int check_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (lseek(fd, 0, SEEK_CUR) < 0 && errno == EBADF)
			return -EBADF;
	return 0;
}

/* `callgate` alone and `callgate --help` are `callgate help`. */
static bool wants_help(int argc, char **argv)
{
	return argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h");
}

static int run_command(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
	int status = cli_parse(cli, command, argc, argv);

	if (status == CLI_YES)
		status = command->run(cli);
	cli_flush_diags(cli);
	return status < 0 ? CLI_YES : status; /* below 0: --help, shown */
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	char *alone[] = { argv[0], NULL };
	const struct cli_command *command;

	if (wants_help(argc, argv))
		return run_command(cli, &cmd_help, 1, alone);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		cli_say("callgate %s", callgate_version());
		return CLI_YES;
	}
	command = cli_command_find(argv[1]);
	if (!command)
		return cli_error(cli, "usage-verb", "there is no verb \"%s\"; callgate help lists them", argv[1]);
	return run_command(cli, command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	int status;

	if (check_descriptors() < 0)
		return CLI_TROUBLE;
	cli.diags = callgate_diags_new();
	if (!cli.diags) {
		fputs("callgate: out of memory\n", stderr);
		return CLI_TROUBLE;
	}
	status = cli_finish_stdout(&cli, dispatch(&cli, argc, argv));
	cli_release(&cli);
	callgate_diags_free(cli.diags);
	return status;
}
