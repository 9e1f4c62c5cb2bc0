/* SPDX-License-Identifier: Apache-2.0 */
/* callgate harden: record, learn, compile, prove, try: one command from a program to a profile. */
#include "cli.h"

enum { OPT_OUTPUT, OPT_RUNS, OPT_ARGS, OPT_WORKLOAD, OPT_DURATION, OPT_KEEP, OPT_NO_TRIAL };
static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "write the profile there (default: the command's name with .json)", false },
	[OPT_RUNS] = { 'n', "runs", "N", "record this many runs (default 1)", false },
	[OPT_ARGS] = { 0, "args", "safe|none|all", "arguments to pin: those worth it (the default), none, or all that were kept", false },
	[OPT_WORKLOAD] = { 'w', "workload", "COMMAND", "run this shell command beside it, and end the recorded one when it is done", false },
	[OPT_DURATION] = { 'd', "duration", "TIME", "end each run after this time: 90, 1.5s, 10m, 2h", false },
	[OPT_KEEP] = { 0, "keep-privileges", NULL, "do not set no_new_privs, so that setuid programs work (needs CAP_SYS_ADMIN)", false },
	[OPT_NO_TRIAL] = { 0, "no-trial", NULL, "do not run the command once more under the profile", false },
	{ 0, NULL, NULL, NULL, false },
};

#define RUNS_MAX 1000

struct hardening {
	struct cli_recording recording;
	struct callgate_trace **traces;
	size_t runs;
	uint64_t calls;
	size_t new_in_last;                  /* (ABI, number)s that only the last run showed */
	struct callgate_target target;       /* this machine */
	struct callgate_profile *profile;
	struct callgate_filter *filter;
	struct callgate_filter_report report;
	bool tried;
	struct callgate_trace *trial;        /* what was refused; NULL: not tried */
	size_t denied;                       /* distinct calls refused in the trial */
	int trial_status;
};

static int record_runs(struct cli *cli, struct hardening *h)
{
	for (size_t i = 0; i < h->runs; i++) {
		struct callgate_record_result result;
		char what[80];
		int r;

		snprintf(what, sizeof(what), "recording, run %zu of %zu", i + 1, h->runs);
		h->recording.what = what;
		r = cli_record(cli, &h->recording, NULL, NULL, &h->traces[i], &result);
		cli_flush_diags(cli);
		if (r < 0)
			return h->traces[i] ? CLI_TROUBLE : r == -ENOENT || r == -EACCES || r == -ENOEXEC ? cli_exec_status(r) : CLI_TROUBLE;
		h->calls += result.calls;
	}
	return CLI_YES;
}

static bool trace_has(const struct callgate_trace *trace, const struct callgate_observation *wanted)
{
	struct callgate_observation o;

	for (size_t i = 0; callgate_trace_get(trace, i, &o); i++)
		if (o.abi == wanted->abi && o.nr == wanted->nr)
			return true;
	return false;
}

/* How saturated is the recording: what did the last run add? */
static size_t count_new_in_last(const struct hardening *h)
{
	struct callgate_observation o;
	size_t fresh = 0;
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; h->runs > 1 && callgate_trace_get(h->traces[h->runs - 1], i, &o); i++) {
		bool known = o.nr == last;

		for (size_t t = 0; t + 1 < h->runs && !known; t++)
			known = trace_has(h->traces[t], &o);
		fresh += !known;
		last = o.nr;
	}
	return fresh;
}

static int learn(struct cli *cli, struct hardening *h)
{
	const char *args = cli->values[OPT_ARGS];
	struct callgate_learn_options learn_options = {
		.args = !args || !strcmp(args, "safe") ? CALLGATE_LEARN_ARGS_SAFE :
			!strcmp(args, "all") ? CALLGATE_LEARN_ARGS_ALL : CALLGATE_LEARN_ARGS_NONE,
	};
	h->new_in_last = count_new_in_last(h);
	if (callgate_learn((const struct callgate_trace *const *)h->traces, h->runs, &learn_options, &h->profile, cli->diags) < 0 ||
	    callgate_compile(h->profile, &h->target, &h->filter, cli->diags) < 0 ||
	    callgate_filter_report(h->filter, h->profile, &h->target, &h->report) < 0)
		return cli_trouble(cli);
	return CLI_YES;
}

/* The calls that the trial run refused, as text for a person or into the JSON summary. */
static void each_denied(const struct hardening *h, struct cli_json *json)
{
	struct callgate_observation o;
	char *text;

	for (size_t i = 0; h->trial && callgate_trace_get(h->trial, i, &o); i++) {
		struct callgate_call call = { .nr = o.nr, .arch = callgate_abi_audit_arch(o.abi) };

		memcpy(call.args, o.args, sizeof(call.args));
		if (o.evidence != CALLGATE_EVIDENCE_DENIED || callgate_call_format(&call, &text) < 0)
			continue;
		if (json) {
			cli_json_open(json, NULL, '{');
			cli_json_string(json, "call", text);
			cli_json_u64(json, "count", o.count);
			cli_json_close(json, '}');
		} else {
			fprintf(stderr, "callgate: refused in the trial run: %s, %llu times\n", text, (unsigned long long)o.count);
		}
		free(text);
	}
}

static int try_profile(struct cli *cli, struct hardening *h)
{
	struct callgate_record_result result;
	struct callgate_observation o;
	int r;

	if (cli->values[OPT_NO_TRIAL])
		return CLI_YES;
	h->recording.what = "trial run";
	r = cli_record(cli, &h->recording, h->profile, &h->target, &h->trial, &result);
	cli_flush_diags(cli);
	for (size_t i = 0; h->trial && callgate_trace_get(h->trial, i, &o); i++)
		h->denied += o.evidence == CALLGATE_EVIDENCE_DENIED;
	if (!cli->json)
		each_denied(h, NULL);
	h->tried = true;
	h->trial_status = r < 0 ? -1 : cli_status_of(result.status);
	return r < 0 && r != -ECANCELED ? CLI_TROUBLE : CLI_YES;
}

/* Rules as they stand in the file. */
static size_t count_rules(struct callgate_profile *profile)
{
	struct callgate_rule rule;
	size_t n = 0;

	for (size_t i = 0; callgate_profile_rule(profile, i, &rule) == 0; i++)
		n += !rule.derived;
	return n;
}

static void summarise_text(const struct cli *cli, const struct hardening *h, const char *output)
{
	cli_say("recorded     %llu calls in %zu run%s%s", (unsigned long long)h->calls, h->runs, h->runs == 1 ? "" : "s",
		h->runs == 1 ? "; more runs (--runs) would show whether it is saturated" : "");
	if (h->runs > 1)
		cli_say("saturation   the last run added %zu system call%s", h->new_in_last, h->new_in_last == 1 ? "" : "s");
	cli_say("profile      %s: %zu rules", output, count_rules(h->profile));
	cli_say("filter       %zu instructions, worst path %zu, proven equal to the profile in %.1f ms", h->report.insns,
		h->report.worst_steps, h->report.proof_ms);
	if (!h->tried)
		cli_say("trial        not made (--no-trial)");
	else if (h->denied)
		cli_say("trial        %s%zu calls refused%s: record more of what the program does", cli_style(cli, STYLE_BAD), h->denied,
			cli_style(cli, STYLE_PLAIN));
	else if (h->trial_status)
		cli_say("trial        nothing refused, but the command ended with status %d", h->trial_status);
	else
		cli_say("trial        %snothing refused%s", cli_style(cli, STYLE_GOOD), cli_style(cli, STYLE_PLAIN));
	cli_say("complete?    a profile knows only what was recorded: error paths and rare features may be missing");
}

static void summarise_json(const struct hardening *h, const char *output)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "profile", output);
	cli_json_u64(&json, "calls", h->calls);
	cli_json_u64(&json, "runs", h->runs);
	cli_json_u64(&json, "new_in_last_run", h->new_in_last);
	cli_json_u64(&json, "rules", count_rules(h->profile));
	cli_json_u64(&json, "instructions", h->report.insns);
	cli_json_u64(&json, "worst_steps", h->report.worst_steps);
	cli_json_double(&json, "proof_ms", h->report.proof_ms);
	cli_json_bool(&json, "tried", h->tried);
	if (h->tried) {
		cli_json_u64(&json, "denied", h->denied);
		cli_json_s64(&json, "trial_status", h->trial_status);
		cli_json_open(&json, "refused", '[');
		each_denied(h, &json);
		cli_json_close(&json, ']');
	}
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static int harden(struct cli *cli, struct hardening *h, const char *output)
{
	int status = record_runs(cli, h);

	if (status == CLI_YES)
		status = learn(cli, h);
	if (status == CLI_YES)
		status = try_profile(cli, h);
	if (status == CLI_YES)
		status = cli_write_profile(cli, h->profile, output);
	if (status != CLI_YES)
		return status;
	if (cli->json)
		summarise_json(h, output);
	else
		summarise_text(cli, h, output);
	return h->denied || (h->tried && h->trial_status < 0) ? CLI_NO : CLI_YES;
}

static int prepare(struct cli *cli, struct hardening *h)
{
	const char *runs = cli->values[OPT_RUNS];
	char *end = NULL;

	if (!cli->n_args)
		return cli_error(cli, "usage-operands", "callgate harden needs a command: callgate harden -- COMMAND [ARG…]");
	h->runs = runs ? strtoul(runs, &end, 10) : 1;
	if (runs && (!*runs || *end || !h->runs || h->runs > RUNS_MAX))
		return cli_error(cli, "usage-value", "--runs takes a number from 1 to %d, not \"%s\"", RUNS_MAX, runs);
	if (cli->values[OPT_DURATION] && cli_parse_seconds(cli, cli->values[OPT_DURATION], &h->recording.until_seconds) != CLI_YES)
		return CLI_TROUBLE;
	if (cli_target(cli, NULL, NULL, NULL, false, &h->target) != CLI_YES)
		return CLI_TROUBLE;
	h->traces = calloc(h->runs, sizeof(*h->traces));
	return h->traces ? CLI_YES : cli_error(cli, "no-memory", "out of memory");
}

static int run(struct cli *cli)
{
	struct hardening h = {
		.recording = {
			.argv = (const char *const *)cli->args,
			.keep_privileges = cli->values[OPT_KEEP],
			.workload = cli->values[OPT_WORKLOAD],
		},
	};
	const char *slash = cli->n_args ? strrchr(cli->args[0], '/') : NULL;
	char *named = NULL;
	int status = prepare(cli, &h);

	if (status == CLI_YES && !cli->values[OPT_OUTPUT] && asprintf(&named, "%s.json", slash ? slash + 1 : cli->args[0]) < 0)
		status = cli_error(cli, "no-memory", "out of memory");
	if (status == CLI_YES)
		status = harden(cli, &h, named ? named : cli->values[OPT_OUTPUT]);
	for (size_t i = 0; h.traces && i < h.runs; i++)
		callgate_trace_free(h.traces[i]);
	free(h.traces);
	callgate_trace_free(h.trial);
	callgate_profile_free(h.profile);
	callgate_filter_free(h.filter);
	free(named);
	return status;
}

const struct cli_command cmd_harden = {
	.name = "harden",
	.group = "From a program to a profile",
	.help = "record, learn, compile, prove and try, in one go",
	.operands = "-- COMMAND [ARG…]",
	.about = "Runs the command under the recorder, learns a profile, compiles it and proves the filter, then runs the command once\n"
		 "more under the profile and reports every call that was refused. Status 1 when the trial run was not clean.",
	.options = options,
	.wraps_command = true,
	.run = run,
};
