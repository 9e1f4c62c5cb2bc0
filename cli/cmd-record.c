/* SPDX-License-Identifier: Apache-2.0 */
/* callgate record: run a program and observe its system calls with arguments. */
#include "cli.h"

#include <libgen.h>

enum { OPT_OUTPUT, OPT_BACKEND, OPT_DURATION, OPT_WORKLOAD, OPT_PID, OPT_UNIT, OPT_CGROUP, OPT_CONTAINER, OPT_KEEP, OPT_LIST };
static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "write the trace there (default: the command's name with .trace)", false },
	[OPT_BACKEND] = { 'b', "backend", "NAME", "the recorder to use; see --list", false },
	[OPT_DURATION] = { 'd', "duration", "TIME", "end the command after this time: 90, 1.5s, 10m, 2h", false },
	[OPT_WORKLOAD] = { 'w', "workload", "COMMAND", "run this shell command beside it, and end the recorded one when it is done", false },
	[OPT_PID] = { 'p', "pid", "PID", "instead of a command: this process, and what it starts", false },
	[OPT_UNIT] = { 'u', "unit", "NAME", "instead of a command: this running systemd unit", false },
	[OPT_CGROUP] = { 0, "cgroup", "PATH", "instead of a command: all in this cgroup (version 2), and below it", false },
	[OPT_CONTAINER] = { 0, "container", "ID", "instead of a command: this container of runc, crun, podman, docker, containerd", false },
	[OPT_KEEP] = { 0, "keep-privileges", NULL, "do not set no_new_privs, so that setuid programs work (needs CAP_SYS_ADMIN)", false },
	[OPT_LIST] = { 0, "list", NULL, "list the recorders, and why one cannot run here", false },
	{ 0, NULL, NULL, NULL, false },
};

static int list_recorders(struct cli *cli)
{
	struct cli_json json = { .out = stdout };
	const char *name, *help;
	int usable;

	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (unsigned i = 0; (name = callgate_recorder_at(i, &help, &usable, cli->diags)); i++) {
		if (!cli->json) {
			cli_say("%-10s %s  %s", name, usable == 0 ? "usable  " : "unusable", help);
			continue;
		}
		cli_json_open(&json, NULL, '{');
		cli_json_string(&json, "name", name);
		cli_json_bool(&json, "usable", usable == 0);
		cli_json_string(&json, "help", help);
		cli_json_close(&json, '}');
	}
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
	return CLI_YES;
}

static int write_trace(struct cli *cli, const struct callgate_trace *trace, char *what)
{
	char *name = NULL, *bytes = NULL;
	size_t size;
	int status;

	if (!cli->values[OPT_OUTPUT] && asprintf(&name, "%s.trace", basename(what)) < 0)
		return cli_error(cli, "no-memory", "out of memory");
	if (callgate_trace_write(trace, &bytes, &size) < 0)
		status = cli_error(cli, "no-memory", "out of memory");
	else /* evidence may hold what others should not see */
		status = cli_write_file(cli, name ? name : cli->values[OPT_OUTPUT], bytes, size, 0600);
	if (status == CLI_YES && name && !cli->quiet)
		fprintf(stderr, "callgate: trace written to %s\n", name);
	free(bytes);
	free(name);
	return status;
}

static void summarise(struct cli *cli, const struct callgate_trace *trace, const struct callgate_record_result *result)
{
	struct callgate_observation o;
	struct cli_json json = { .out = stdout };
	size_t distinct = 0;
	int last_abi = -1;
	uint32_t last_nr = 0;

	for (size_t i = 0; callgate_trace_get(trace, i, &o); i++) {
		distinct += (int)o.abi != last_abi || o.nr != last_nr;
		last_abi = (int)o.abi;
		last_nr = o.nr;
	}
	if (!cli->json) {
		if (!cli->quiet)
			fprintf(stderr, "callgate: %llu calls, %zu distinct, %llu lost", (unsigned long long)result->calls, distinct,
				(unsigned long long)result->lost);
		if (!cli->quiet && cli->n_args)
			fprintf(stderr, "; the command ended with status %d", cli_status_of(result->status));
		if (!cli->quiet)
			fputc('\n', stderr);
		return;
	}
	cli_json_open(&json, NULL, '{');
	cli_json_u64(&json, "calls", result->calls);
	cli_json_u64(&json, "distinct", distinct);
	cli_json_u64(&json, "lost", result->lost);
	cli_json_s64(&json, "status", cli_status_of(result->status));
	cli_json_bool(&json, "stopped", result->stopped);
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

/* What is recorded instead of a command, or NULL; too many of them, or a bad one, is an error. */
static int find_target(struct cli *cli, struct cli_recording *recording, char **ret_name)
{
	static const int targets[] = { OPT_PID, OPT_UNIT, OPT_CGROUP, OPT_CONTAINER };
	uint64_t pid = 0;
	int given = 0;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (cli->values[targets[i]]) {
			*ret_name = (char *)cli->values[targets[i]];
			given++;
		}
	if (given + (cli->n_args > 0) > 1)
		return cli_error(cli, "usage-operands", "give one of --pid, --unit, --cgroup, --container, or a command");
	if (given && cli->values[OPT_WORKLOAD])
		return cli_error(cli, "usage-operands", "--workload ends the recorded command, and here is none");
	if (cli->values[OPT_PID]) {
		char *end;

		pid = strtoull(cli->values[OPT_PID], &end, 10);
		if (*end || !pid || pid > INT32_MAX)
			return cli_error(cli, "usage-value", "\"%s\" is not the number of a process", cli->values[OPT_PID]);
	}
	recording->pid = (pid_t)pid;
	recording->unit = cli->values[OPT_UNIT];
	recording->cgroup = cli->values[OPT_CGROUP];
	recording->container = cli->values[OPT_CONTAINER];
	return CLI_YES;
}

static int run(struct cli *cli)
{
	struct cli_recording recording = {
		.argv = (const char *const *)cli->args,
		.backend = cli->values[OPT_BACKEND],
		.keep_privileges = cli->values[OPT_KEEP],
		.workload = cli->values[OPT_WORKLOAD],
		.what = "recording",
	};
	struct callgate_record_result result;
	struct callgate_trace *trace = NULL;
	char *what = NULL;
	int r, status;

	if (cli->values[OPT_LIST])
		return list_recorders(cli);
	if (find_target(cli, &recording, &what) != CLI_YES)
		return CLI_TROUBLE;
	if (!what && !cli->n_args)
		return cli_error(cli, "usage-operands", "callgate record needs a command: callgate record -- COMMAND [ARG…]");
	if (cli->values[OPT_DURATION] && cli_parse_seconds(cli, cli->values[OPT_DURATION], &recording.until_seconds) != CLI_YES)
		return CLI_TROUBLE;
	r = cli_record(cli, &recording, NULL, NULL, &trace, &result);
	cli_flush_diags(cli);
	if (!trace)
		return r == -ENOENT || r == -EACCES || r == -ENOEXEC ? cli_exec_status(r) : CLI_TROUBLE;
	status = write_trace(cli, trace, what ? what : cli->args[0]);
	if (status == CLI_YES)
		summarise(cli, trace, &result);
	callgate_trace_free(trace);
	return status == CLI_YES && r < 0 ? CLI_NO : status;
}

const struct cli_command cmd_record = {
	.name = "record",
	.group = "From a program to a profile",
	.help = "run a program and observe its system calls with arguments",
	.operands = "-- COMMAND [ARG…]",
	.about = "Runs a command and writes a trace of every system call that it and all its descendants make, on every ABI, with the\n"
		 "values of the arguments that are worth filtering on. The recording ends when the last of them does. Ctrl-C goes to\n"
		 "the command; the trace is still written. --pid, --unit, --cgroup and --container record what already runs, until Ctrl-C.",
	.options = options,
	.wraps_command = true,
	.run = run,
};
