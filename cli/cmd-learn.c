/* SPDX-License-Identifier: Apache-2.0 */
/* callgate learn: one or more traces become a least-privilege profile. */
#include "cli.h"

enum { OPT_OUTPUT, OPT_ARGS, OPT_DEFAULT, OPT_LOST };
static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "write the profile there (default: standard output)", false },
	[OPT_ARGS] = { 0, "args", "safe|none|all", "arguments to pin: those worth it (the default), none, or all that were kept", false },
	[OPT_DEFAULT] = { 0, "default", "ACTION", "answer to everything else (default: errno:EPERM)", false },
	[OPT_LOST] = { 0, "allow-lost", NULL, "accept traces that are known to have missed calls", false },
	{ 0, NULL, NULL, NULL, false },
};

int cli_write_profile(struct cli *cli, const struct callgate_profile *profile, const char *name)
{
	char *bytes = NULL;
	size_t size;
	int status;

	if (callgate_profile_write(profile, &bytes, &size, cli->diags) < 0)
		return cli_trouble(cli);
	status = cli_write_file(cli, name ? name : "-", bytes, size, 0644);
	free(bytes);
	return status;
}

static int read_traces(struct cli *cli, struct callgate_trace **traces)
{
	for (int i = 0; i < cli->n_args; i++) {
		char *bytes;
		size_t size;
		int r;

		if (cli_read_file(cli, cli->args[i], &bytes, &size) != CLI_YES)
			return CLI_TROUBLE;
		r = callgate_trace_read(bytes, size, cli->args[i], &traces[i], cli->diags);
		free(bytes);
		if (r < 0)
			return cli_trouble(cli);
	}
	return CLI_YES;
}

static int read_options(struct cli *cli, struct callgate_learn_options *ret_options)
{
	const char *args = cli->values[OPT_ARGS];
	struct callgate_learn_options learn = { .allow_lost = cli->values[OPT_LOST] };

	learn.args = !args || !strcmp(args, "safe") ? CALLGATE_LEARN_ARGS_SAFE :
		     !strcmp(args, "all") ? CALLGATE_LEARN_ARGS_ALL : CALLGATE_LEARN_ARGS_NONE;
	if (cli->values[OPT_DEFAULT]) {
		if (callgate_action_parse(cli->values[OPT_DEFAULT], &learn.default_action) < 0)
			return cli_error(cli, "usage-action", "\"%s\" is no action; write errno:EPERM, kill, trap or log", cli->values[OPT_DEFAULT]);
		if (learn.default_action == CALLGATE_ALLOW)
			return cli_error(cli, "usage-action", "a profile whose default is ALLOW refuses nothing");
	}
	*ret_options = learn;
	return CLI_YES;
}

static int learn(struct cli *cli, struct callgate_trace **traces)
{
	struct callgate_learn_options learn_options;
	struct callgate_profile *profile;
	int status;

	if (read_options(cli, &learn_options) != CLI_YES || read_traces(cli, traces) != CLI_YES)
		return CLI_TROUBLE;
	if (callgate_learn((const struct callgate_trace *const *)traces, (size_t)cli->n_args, &learn_options, &profile, cli->diags) < 0)
		return cli_trouble(cli);
	status = cli_write_profile(cli, profile, cli->values[OPT_OUTPUT]);
	callgate_profile_free(profile);
	return status;
}

static int run(struct cli *cli)
{
	struct callgate_trace **traces;
	int status;

	if (!cli->n_args)
		return cli_error(cli, "usage-operands", "callgate learn needs at least one trace: callgate learn FILE.trace…");
	traces = calloc((size_t)cli->n_args, sizeof(*traces));
	if (!traces)
		return cli_error(cli, "no-memory", "out of memory");
	status = learn(cli, traces);
	for (int i = 0; i < cli->n_args; i++)
		callgate_trace_free(traces[i]);
	free(traces);
	return status;
}

const struct cli_command cmd_learn = {
	.name = "learn",
	.group = "From a program to a profile",
	.help = "one or more traces become a least-privilege profile",
	.operands = "TRACE…",
	.about = "Merges traces into a profile in OCI seccomp JSON: what was seen is allowed, argument values that are worth pinning\n"
		 "are pinned, everything else is refused with EPERM, and calls newer than the table with ENOSYS, so that the C library\n"
		 "can fall back. The calls seen are kept with their counts as evidence and as weights for the compiler.",
	.options = options,
	.run = run,
};
