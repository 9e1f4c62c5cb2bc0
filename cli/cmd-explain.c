/* SPDX-License-Identifier: Apache-2.0 */
/* callgate explain: which verdict one call gets, and why. */
#include "cli.h"

enum { OPT_ABI, OPT_CAP, OPT_STRICT64, OPT_PATH };
static const struct cli_option options[] = {
	[OPT_ABI] = { 'a', "abi", "ABI", "the call is made on this ABI (default: this machine's)", false },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	[OPT_PATH] = { 'p', "path", NULL, "also list the instructions that were executed", false },
	{ 0, NULL, NULL, NULL, false },
};

struct verdict {
	uint32_t action;
	char action_text[48];
	int rule;                            /* -1: none */
	uint16_t path[CALLGATE_INSNS_MAX];
	size_t steps;
};

/* What decided when no rule did. */
static const char *reason(const struct cli_source *source, const struct callgate_target *target, const struct callgate_call *call)
{
	int abi = callgate_abi_of(call->arch, call->nr);

	if (!source->profile)
		return "the filter";
	if (abi < 0 || !(callgate_profile_target_abis(source->profile, target) & CALLGATE_ABI_BIT(abi)))
		return "the profile does not cover this ABI";
	if (!callgate_syscall_name((enum callgate_abi)abi, call->nr))
		return "no table knows this number";
	return "no rule allows it: the default";
}

static char *words_joined(char **words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (; *words; words++)
		fprintf(out, "%s%s", *words, words[1] ? " " : "");
	return fclose(out) ? NULL : text;
}

static void print_path(const struct callgate_filter *filter, const struct callgate_profile *profile, const struct verdict *verdict)
{
	char *listing, *line, *rest;
	size_t step = 0, index = 0;

	if (callgate_filter_listing(filter, profile, &listing) < 0)
		return;
	for (rest = listing; (line = strsep(&rest, "\n")) && step < verdict->steps;)
		if (strspn(line, " 0123456789") && strchr(line, ':') && index++ == verdict->path[step]) {
			cli_say("  %s", line);
			step++;
		}
	free(listing);
}

static void explain_text(struct cli *cli, const struct cli_source *source, const struct callgate_filter *filter,
			 const struct callgate_target *target, const struct callgate_call *call, const char *call_text, const struct verdict *v)
{
	bool permits = callgate_action_permits(v->action);
	struct callgate_rule rule;

	cli_say("%s: %s%s%s", call_text, cli_style(cli, permits ? STYLE_GOOD : STYLE_BAD), v->action_text, cli_style(cli, STYLE_PLAIN));
	if (source->profile && v->rule >= 0 && callgate_profile_rule(source->profile, (size_t)v->rule, &rule) == 0) {
		printf("  rule %d: %s, %s", v->rule, rule.syscall_name, *rule.condition ? rule.condition : "whatever its arguments");
		if (rule.file) {
			fputs(", ", stdout);
			cli_print_escaped(stdout, rule.file);
			printf(":%u:%u", rule.line, rule.column);
		}
		putchar('\n');
	} else {
		cli_say("  %s", reason(source, target, call));
	}
	cli_say("  instruction %u, after %zu executed", v->path[v->steps - 1], v->steps - 1);
	if (cli->values[OPT_PATH])
		print_path(filter, source->profile, v);
}

static void explain_json(const struct cli_source *source, const struct callgate_target *target, const struct callgate_call *call,
			 const char *call_text, const struct verdict *v)
{
	struct cli_json json = { .out = stdout };
	struct callgate_rule rule;

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "call", call_text);
	cli_json_string(&json, "action", v->action_text);
	cli_json_bool(&json, "allowed", callgate_action_permits(v->action));
	if (source->profile && v->rule >= 0 && callgate_profile_rule(source->profile, (size_t)v->rule, &rule) == 0) {
		cli_json_s64(&json, "rule", v->rule);
		cli_json_string(&json, "condition", rule.condition);
		if (rule.file) {
			cli_json_string(&json, "file", rule.file);
			cli_json_u64(&json, "line", rule.line);
			cli_json_u64(&json, "column", rule.column);
		}
	} else {
		cli_json_string(&json, "reason", reason(source, target, call));
	}
	cli_json_open(&json, "path", '[');
	for (size_t i = 0; i < v->steps; i++)
		cli_json_u64(&json, NULL, v->path[i]);
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static int decide(struct cli *cli, const struct cli_source *source, const struct callgate_filter *filter,
		  const struct callgate_target *target, const struct callgate_call *call, struct verdict *v)
{
	uint32_t meant;

	callgate_filter_run(filter, call, &v->action, v->path, &v->steps);
	v->rule = -1;
	if (source->profile && callgate_profile_eval(source->profile, target, call, &meant, &v->rule) == 0 && meant != v->action)
		return cli_error(cli, "compile-proof", "internal error: filter and profile disagree on this call");
	callgate_action_format(v->action, v->action_text, sizeof(v->action_text));
	return CLI_YES;
}

static int explain(struct cli *cli, const struct cli_source *source, const struct callgate_target *target, enum callgate_abi abi)
{
	struct callgate_filter *compiled = NULL;
	const struct callgate_filter *filter = source->filter;
	char *words = words_joined(cli->args + 1), *call_text = NULL;
	struct callgate_call call;
	struct verdict verdict;
	int status = CLI_TROUBLE;

	if (!words || callgate_call_parse(words, abi, &call, cli->diags) < 0 || callgate_call_format(&call, &call_text) < 0)
		cli_trouble(cli);
	else if (!filter && callgate_compile(source->profile, target, &compiled, cli->diags) < 0)
		cli_trouble(cli);
	else if (decide(cli, source, compiled ? compiled : filter, target, &call, &verdict) == CLI_YES) {
		if (cli->json)
			explain_json(source, target, &call, call_text, &verdict);
		else
			explain_text(cli, source, compiled ? compiled : filter, target, &call, call_text, &verdict);
		status = callgate_action_permits(verdict.action) ? CLI_YES : CLI_NO;
	}
	callgate_filter_free(compiled);
	free(call_text);
	free(words);
	return status;
}

static int run(struct cli *cli)
{
	struct callgate_target target;
	struct cli_source source;
	enum callgate_abi abi;
	int status;

	if (cli->n_args < 2)
		return cli_error(cli, "usage-operands", "callgate explain needs a source and a call: callgate explain PROFILE 'socket(AF_INET, SOCK_STREAM, 0)'");
	if (cli_abi(cli, cli->values[OPT_ABI], &abi) != CLI_YES ||
	    cli_target(cli, NULL, cli->lists[OPT_CAP], NULL, cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open(cli, cli->args[0], 0, &source) != CLI_YES)
		return CLI_TROUBLE;
	status = explain(cli, &source, &target, abi);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.group = "Look at a policy",
	.help = "one call: which verdict, from which rule and instruction",
	.operands = "SOURCE CALL",
	.about = "Decides one call, written 'socket(AF_INET, SOCK_STREAM, 0)' or 41 2 1 0, by a profile or a compiled filter, and says\n"
		 "which rule in which line of the file decided and by which instruction. Status 0: the call is allowed; 1: it is not.",
	.options = options,
	.run = run,
};
