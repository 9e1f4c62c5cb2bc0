/* SPDX-License-Identifier: Apache-2.0 */
/* callgate compile: profile to filter, with proof. */
#include "cli.h"

enum { OPT_OUTPUT, OPT_FORMAT, OPT_NAME, OPT_REPORT, OPT_ABI, OPT_CAP, OPT_KERNEL, OPT_STRICT64, OPT_UNKNOWN, OPT_BACKEND };
static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "write the filter there (default: standard output)", false },
	[OPT_FORMAT] = { 'f', "format", "bpf|header|listing|json", "raw classic BPF, a C header, a disassembly, or JSON (default: by the file's ending, else listing)", false },
	[OPT_NAME] = { 0, "name", "IDENTIFIER", "the C array's name in a header (default: callgate_filter)", false },
	[OPT_REPORT] = { 'r', "report", NULL, "also say what the filter costs, on standard error (--json: on standard output)", false },
	[OPT_ABI] = { 'a', "abi", "ABI", "cover this ABI instead of those that the profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_KERNEL] = { 'k', "kernel", "VERSION", "the kernel it is for, 4.14 to the newest: decides guards and the cost model", false },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument, whatever width the kernel reads", false },
	[OPT_UNKNOWN] = { 0, "allow-unknown-names", NULL, "names no table knows are warnings: rules for them match nothing", false },
	[OPT_BACKEND] = { 'b', "backend", "callgate|libseccomp|libseccomp-tree", "compile with the installed libseccomp instead, linear or as a tree: written only if it is right", false },
	{ 0, NULL, NULL, NULL, false },
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static const char *format_of(const struct cli *cli)
{
	const char *output = cli->values[OPT_OUTPUT];

	if (cli->values[OPT_FORMAT])
		return cli->values[OPT_FORMAT];
	if (output && ends_with(output, ".bpf"))
		return "bpf";
	if (output && ends_with(output, ".h"))
		return "header";
	if (output && ends_with(output, ".json"))
		return "json";
	return "listing";
}

static char *json_text(const struct callgate_filter *filter)
{
	char *text = NULL;
	size_t size, count;
	FILE *out = open_memstream(&text, &size);
	struct cli_json json = { .out = out };
	const struct callgate_insn *insns = callgate_filter_insns(filter, &count);

	if (!out)
		return NULL;
	cli_json_open(&json, NULL, '{');
	cli_json_u64(&json, "count", count);
	cli_json_open(&json, "instructions", '[');
	for (size_t i = 0; i < count; i++) {
		cli_json_open(&json, NULL, '{');
		cli_json_u64(&json, "code", insns[i].code);
		cli_json_u64(&json, "jt", insns[i].jt);
		cli_json_u64(&json, "jf", insns[i].jf);
		cli_json_u64(&json, "k", insns[i].k);
		if (callgate_filter_rule(filter, i) >= 0)
			cli_json_u64(&json, "rule", (uint64_t)callgate_filter_rule(filter, i));
		cli_json_close(&json, '}');
	}
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
	return fclose(out) ? NULL : text;
}

static int render(struct cli *cli, const struct callgate_filter *filter, const struct callgate_profile *profile, char **ret_text)
{
	const char *format = format_of(cli), *name = cli->values[OPT_NAME];
	int r;

	if (!strcmp(format, "header"))
		r = callgate_filter_header(filter, name ? name : "callgate_filter", ret_text, cli->diags);
	else if (!strcmp(format, "json"))
		r = (*ret_text = json_text(filter)) ? 0 : -ENOMEM;
	else
		r = callgate_filter_listing(filter, profile, ret_text);
	if (r == -ENOMEM)
		return cli_error(cli, "no-memory", "out of memory");
	return r < 0 ? cli_trouble(cli) : CLI_YES;
}

static int write_filter(struct cli *cli, const struct callgate_filter *filter, const struct callgate_profile *profile)
{
	const char *output = cli->values[OPT_OUTPUT];
	char *text = NULL;
	int status;

	if (!strcmp(format_of(cli), "bpf")) {
		size_t count;
		const struct callgate_insn *insns = callgate_filter_insns(filter, &count);

		return cli_write_output(cli, output, insns, count * sizeof(*insns), true, 0644);
	}
	status = render(cli, filter, profile, &text);
	if (status == CLI_YES)
		status = cli_write_output(cli, output, text, strlen(text), false, 0644);
	free(text);
	return status;
}

static void steps_json(struct cli_json *json, const char *key, const struct callgate_filter_steps *steps)
{
	cli_json_open(json, key, '{');
	cli_json_double(json, "mean", steps->mean);
	cli_json_u64(json, "worst", steps->worst);
	cli_json_double(json, "calls", steps->calls);
	cli_json_close(json, '}');
}

static double cached_percent(const struct callgate_filter_report *report)
{
	return report->all.calls > 0 ? 100 - report->uncached.calls * 100 / report->all.calls : 0;
}

static void report_json(const struct callgate_filter_report *report)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_bool(&json, "proven", true);
	cli_json_u64(&json, "instructions", report->insns);
	cli_json_double(&json, "share_of_limit", (double)report->insns / CALLGATE_INSNS_MAX);
	cli_json_double(&json, "mean_steps", report->mean_steps);
	cli_json_u64(&json, "worst_steps", report->worst_steps);
	steps_json(&json, "all", &report->all);
	steps_json(&json, "uncached", &report->uncached);
	steps_json(&json, "denied", &report->denied);
	cli_json_double(&json, "calls_cached", cached_percent(report) / 100);
	cli_json_u64(&json, "attach_steps", report->attach_steps);
	cli_json_u64(&json, "attach_numbers", report->attach_numbers);
	cli_json_double(&json, "dispatch_tests", report->dispatch_tests);
	if (report->dispatch_optimum > 0)
		cli_json_double(&json, "dispatch_optimum", report->dispatch_optimum);
	else
		cli_json_null(&json, "dispatch_optimum");
	cli_json_double(&json, "dispatch_entropy", report->dispatch_entropy);
	cli_json_u64(&json, "cells", report->cells);
	cli_json_u64(&json, "allowed", report->allowed);
	cli_json_u64(&json, "cacheable", report->cacheable);
	cli_json_u64(&json, "diagram_nodes", report->diagram_nodes);
	cli_json_double(&json, "compile_ms", report->compile_ms);
	cli_json_double(&json, "proof_ms", report->proof_ms);
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static void steps_text(const char *head, const char *kind, const struct callgate_filter_steps *steps)
{
	fprintf(stderr, "%-12s %s: worst %zu", head, kind, steps->worst);
	if (steps->calls > 0)
		fprintf(stderr, ", mean %.1f", steps->mean);
	fputc('\n', stderr);
}

static void dispatch_text(const struct callgate_filter_report *report)
{
	fprintf(stderr, "cells        %zu intervals of numbers with different answers\n", report->cells);
	if (report->dispatch_entropy <= 0 && report->dispatch_tests <= 0)
		return;
	fprintf(stderr, "dispatch     %.2f tests of the number on average; ", report->dispatch_tests);
	if (report->dispatch_optimum > 0)
		fprintf(stderr, "the best tree has %.2f, ", report->dispatch_optimum);
	else
		fputs("the best tree was not computed: too many intervals; ", stderr);
	fprintf(stderr, "none fewer than %.2f (entropy)\n", report->dispatch_entropy);
}

static void report_text(const struct callgate_filter_report *report)
{
	fprintf(stderr,
		"proof        filter and profile mean the same (%zu diagram nodes, %.1f ms)\n"
		"program      %zu instructions, %.1f %% of %d, compiled in %.1f ms\n",
		report->diagram_nodes, report->proof_ms, report->insns, report->insns * 100.0 / CALLGATE_INSNS_MAX, CALLGATE_INSNS_MAX,
		report->compile_ms);
	steps_text("steps", "all calls", &report->all);
	steps_text("", "calls that the kernel's bitmap cannot answer", &report->uncached);
	steps_text("", "refused calls", &report->denied);
	fprintf(stderr, "calls        %zu allowed whatever their arguments, %zu of them answered by the kernel's bitmap (Linux 5.11)\n",
		report->allowed, report->cacheable);
	if (report->all.calls > 0)
		fprintf(stderr, "             %.1f %% of the profile's calls are\n", cached_percent(report));
	fprintf(stderr, "attach       %zu instructions emulated for %zu numbers\n", report->attach_steps, report->attach_numbers);
	dispatch_text(report);
}

/* 0: compiled and proven. libseccomp's program is only taken when it means what the profile means. */
static int make_filter(struct cli *cli, const struct callgate_profile *profile, const struct callgate_target *target,
		       struct callgate_filter **ret_filter)
{
	const char *backend = cli->values[OPT_BACKEND];
	int r;

	if (!backend || !strcmp(backend, "callgate"))
		return callgate_compile(profile, target, ret_filter, cli->diags) < 0 ? cli_trouble(cli) : CLI_YES;
	r = callgate_compile_libseccomp(profile, target, strcmp(backend, "libseccomp") ? 2 : 1, ret_filter, NULL, cli->diags);
	if (r < 0)
		return cli_trouble(cli);
	if (!r) {
		callgate_filter_free(*ret_filter);
		cli_flush_diags(cli);
		return CLI_NO;
	}
	return CLI_YES;
}

static int compile(struct cli *cli, const struct callgate_profile *profile, const struct callgate_target *target)
{
	struct callgate_filter_report report;
	struct callgate_filter *filter;
	int status;

	status = make_filter(cli, profile, target, &filter);
	if (status != CLI_YES)
		return status;
	if (callgate_profile_load_flags(profile))
		cli_warning(cli, "compile-flags", "the profile has flags, which a program cannot hold: whoever loads it must give them to seccomp(2)");
	status = cli->json && cli->values[OPT_REPORT] && !cli->values[OPT_OUTPUT] ? CLI_YES : write_filter(cli, filter, profile);
	if (status == CLI_YES && cli->values[OPT_REPORT]) {
		if (callgate_filter_report(filter, profile, target, &report) < 0)
			status = cli_error(cli, "no-memory", "out of memory");
		else if (cli->json)
			report_json(&report);
		else
			report_text(&report);
	}
	callgate_filter_free(filter);
	return status;
}

static int run(struct cli *cli)
{
	struct callgate_target target;
	struct cli_source source;
	int status;

	if (cli->n_args != 1)
		return cli_error(cli, "usage-operands", "callgate compile takes one profile");
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], cli->values[OPT_KERNEL], cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open_profile(cli, cli->args[0], cli->values[OPT_UNKNOWN] ? CALLGATE_READ_UNKNOWN_NAMES : 0, &target, &source) != CLI_YES)
		return CLI_TROUBLE;
	status = compile(cli, source.profile, &target);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_compile = {
	.name = "compile",
	.group = "From a profile to a filter",
	.help = "profile to classic BPF, proven equal to it",
	.operands = "PROFILE",
	.about = "Compiles a profile to one classic BPF program for all its ABIs. The program is lowered into a decision diagram and\n"
		 "compared with the profile's: when they differ for any call at all, nothing is written and the call is named.",
	.options = options,
	.run = run,
};
