/* SPDX-License-Identifier: Apache-2.0 */
/* callgate run: enforce a profile on a command, in place: the program takes over this very process. */
#include "cli.h"

#include <unistd.h>

extern char **environ;

enum { OPT_MODE, OPT_ABI, OPT_CAP, OPT_STRICT64, OPT_KEEP, OPT_NO_LOG, OPT_TSYNC, OPT_SPEC_ALLOW };
static const struct cli_option options[] = {
	[OPT_MODE] = { 'm', "mode", "log|errno|kill|trap", "what happens to calls that nothing allows (default: as the profile says)", false },
	[OPT_ABI] = { 'a', "abi", "ABI", "cover this ABI instead of those that the profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	[OPT_KEEP] = { 0, "keep-privileges", NULL, "do not set no_new_privs, so that setuid programs work (needs CAP_SYS_ADMIN)", false },
	[OPT_NO_LOG] = { 0, "no-log", NULL, "do not ask the kernel to log refused calls", false },
	[OPT_TSYNC] = { 0, "tsync", NULL, "load with SECCOMP_FILTER_FLAG_TSYNC", false },
	[OPT_SPEC_ALLOW] = { 0, "spec-allow", NULL, "load with SECCOMP_FILTER_FLAG_SPEC_ALLOW: no speculative store bypass mitigation", false },
	{ 0, NULL, NULL, NULL, false },
};

enum { STATUS_OURS = 125 }; /* trouble before the command, as env(1) */

static int load_flags(struct cli *cli, unsigned *ret_flags)
{
	struct callgate_features features;
	unsigned flags = 0;

	if (callgate_probe(&features) < 0 || (!features.filter && !features.uncertain))
		return cli_error(cli, "load-unsupported", "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
	if (cli->values[OPT_TSYNC])
		flags |= CALLGATE_LOAD_TSYNC;
	if (cli->values[OPT_SPEC_ALLOW])
		flags |= CALLGATE_LOAD_SPEC_ALLOW;
	if (!cli->values[OPT_NO_LOG]) {
		if (features.flags & CALLGATE_LOAD_LOG)
			flags |= CALLGATE_LOAD_LOG;
		else if (!cli->quiet)
			fputs("callgate: note: this kernel cannot log refused calls (SECCOMP_FILTER_FLAG_LOG, Linux 4.14) [run-no-log]\n", stderr);
	}
	*ret_flags = flags;
	return CLI_YES;
}

static int enforce(struct cli *cli, const struct callgate_profile *profile, const struct callgate_target *target, char **argv)
{
	struct callgate_exec_options exec = { .argv = argv, .envp = environ, .keep_privileges = cli->values[OPT_KEEP] };
	bool loaded;
	char *path;
	int r;

	if (load_flags(cli, &exec.load_flags) != CLI_YES)
		return STATUS_OURS;
	r = callgate_find_command(argv[0], &path, cli->diags);
	if (r < 0) {
		cli_flush_diags(cli);
		return cli_exec_status(r);
	}
	exec.path = path;
	cli_flush_diags(cli);
	fflush(NULL);
	r = callgate_exec(profile, target, &exec, &loaded, cli->diags);
	cli_flush_diags(cli);
	if (loaded) /* hardly anything is allowed now, and nothing of ours should run under the program's rules */
		_exit(cli_exec_status(r));
	free(path);
	return STATUS_OURS;
}

static int run(struct cli *cli)
{
	struct callgate_profile *profile;
	struct callgate_target target;
	struct cli_source source;
	char **argv;
	int status;

	if (cli->n_args < 2) {
		cli_error(cli, "usage-operands", "callgate run needs a profile and a command: callgate run PROFILE -- COMMAND [ARG…]");
		return STATUS_OURS;
	}
	argv = cli->args + 1 + !strcmp(cli->args[1], "--");
	if (!*argv) {
		cli_error(cli, "usage-operands", "there is no command after --");
		return STATUS_OURS;
	}
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], NULL, cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open_profile(cli, cli->args[0], 0, &target, &source) != CLI_YES)
		return STATUS_OURS;
	if (callgate_profile_mode(source.profile, cli_mode(cli->values[OPT_MODE]), &profile, cli->diags) < 0) {
		cli_trouble(cli);
		status = STATUS_OURS;
	} else {
		status = enforce(cli, profile, &target, argv);
		callgate_profile_free(profile);
	}
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_run = {
	.name = "run",
	.group = "Put it in force",
	.help = "enforce a profile on a command",
	.operands = "PROFILE [--] COMMAND [ARG…]",
	.about = "Compiles the profile, proves the filter equal to it, sets no_new_privs, loads the filter and executes the command in\n"
		 "place: process id, descriptors and exit status are the command's own. A profile without execve still starts its\n"
		 "command: this one start is let through, no later one. The status is 125 for trouble before the command, 126 for a\n"
		 "command that cannot be executed, 127 for one that is not found.",
	.options = options,
	.wraps_command = true,
	.run = run,
};
