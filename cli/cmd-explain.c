/* SPDX-License-Identifier: Apache-2.0 */
/* callgate explain: which verdict one call gets, and why. */
#include "cli.h"

enum { OPT_ABI, OPT_CAP, OPT_STRICT64, OPT_PATH, OPT_PARTS, OPT_WOULD };
static const struct cli_option options[] = {
	[OPT_ABI] = { 'a', "abi", "ABI", "the call is made on this ABI (default: this machine's)", false },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	[OPT_PATH] = { 'p', "path", NULL, "also list the instructions that were executed", false },
	[OPT_PARTS] = { 0, "parts", NULL, "also list the answer of every profile and filter that the source is made of", false },
	[OPT_WOULD] = { 0, "would-allow", "SYSCALL", "the reverse: when is a call of this name let through?", true },
	{ 0, NULL, NULL, NULL, false },
};

/* The answer, and where it comes from: the profile or filter of the policy that decides. */
struct verdict {
	struct callgate_call call;
	char *call_text;
	uint32_t action;
	char action_text[48];
	struct callgate_policy *leaf;
	struct callgate_profile *profile;     /* the leaf's, or NULL */
	const struct callgate_filter *filter; /* the leaf's, or what its profile compiles to; NULL: nothing filters at all */
	struct callgate_filter *compiled;
	int rule;                             /* -1: none */
	uint16_t path[CALLGATE_INSNS_MAX];
	size_t steps;
};

/* What decided when no rule did. */
static const char *reason(const struct verdict *v, const struct callgate_target *target)
{
	int abi = callgate_abi_of(v->call.arch, v->call.nr);

	if (!v->filter)
		return "there is no filter";
	if (!v->profile)
		return "the filter";
	if (abi < 0 || !(callgate_profile_target_abis(v->profile, target) & CALLGATE_ABI_BIT(abi)))
		return "the profile does not cover this ABI";
	if (!callgate_syscall_name((enum callgate_abi)abi, v->call.nr))
		return "no table knows this number";
	return callgate_action_permits(v->action) ? "no rule refuses it: the default" : "no rule allows it: the default";
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

static void print_path(const struct verdict *v)
{
	char *listing, *line, *rest;
	size_t step = 0, index = 0;

	if (callgate_filter_listing(v->filter, v->profile, &listing) < 0)
		return;
	for (rest = listing; (line = strsep(&rest, "\n")) && step < v->steps;)
		if (strspn(line, " 0123456789") && strchr(line, ':') && index++ == v->path[step]) {
			cli_say("  %s", line);
			step++;
		}
	free(listing);
}

/* Each profile and filter of the policy, with its own answer. */
static void for_each_leaf(struct callgate_policy *policy, const struct callgate_target *target, const struct verdict *v,
			  void (*print)(void *user, const struct verdict *v, const char *name, uint32_t action, bool decides), void *user)
{
	bool inner = callgate_policy_kind(policy) == CALLGATE_POLICY_STACK || callgate_policy_kind(policy) == CALLGATE_POLICY_UNION;
	struct callgate_policy *part;
	uint32_t action;

	for (size_t i = 0; (part = callgate_policy_part(policy, i)); i++)
		for_each_leaf(part, target, v, print, user);
	if (!inner && callgate_policy_eval(policy, target, &v->call, &action, NULL, NULL) == 0)
		print(user, v, callgate_policy_name(policy), action, policy == v->leaf);
}

static void print_part(void *user, const struct verdict *v, const char *name, uint32_t action, bool decides)
{
	struct cli *cli = user;
	char text[48];

	(void)v;
	printf("  %s %s%-16s%s ", decides ? "→" : " ", cli_style(cli, callgate_action_permits(action) ? STYLE_GOOD : STYLE_BAD),
	       callgate_action_format(action, text, sizeof(text)), cli_style(cli, STYLE_PLAIN));
	cli_print_escaped(stdout, name);
	putchar('\n');
}

static void explain_text(struct cli *cli, const struct cli_source *source, const struct callgate_target *target, const struct verdict *v)
{
	bool permits = callgate_action_permits(v->action);
	struct callgate_rule rule;

	cli_say("%s: %s%s%s", v->call_text, cli_style(cli, permits ? STYLE_GOOD : STYLE_BAD), v->action_text, cli_style(cli, STYLE_PLAIN));
	if (v->leaf != source->policy) {
		fputs("  decided by ", stdout);
		cli_print_escaped(stdout, callgate_policy_name(v->leaf));
		putchar('\n');
	}
	if (v->profile && v->rule >= 0 && callgate_profile_rule(v->profile, (size_t)v->rule, &rule) == 0) {
		printf("  rule %d: %s, %s", v->rule, rule.syscall_name, *rule.condition ? rule.condition : "whatever its arguments");
		if (rule.file) {
			fputs(", ", stdout);
			cli_print_escaped(stdout, rule.file);
			printf(":%u:%u", rule.line, rule.column);
		}
		putchar('\n');
	} else {
		cli_say("  %s", reason(v, target));
	}
	if (v->steps)
		cli_say("  instruction %u, after %zu executed", v->path[v->steps - 1], v->steps - 1);
	if (cli->values[OPT_PARTS])
		for_each_leaf(source->policy, target, v, print_part, cli);
	if (cli->values[OPT_PATH] && v->filter)
		print_path(v);
}

static void json_part(void *user, const struct verdict *v, const char *name, uint32_t action, bool decides)
{
	char text[48];

	(void)v;
	cli_json_open(user, NULL, '{');
	cli_json_string(user, "name", name);
	cli_json_string(user, "action", callgate_action_format(action, text, sizeof(text)));
	cli_json_bool(user, "decides", decides);
	cli_json_close(user, '}');
}

static void explain_json(const struct cli *cli, const struct cli_source *source, const struct callgate_target *target, const struct verdict *v)
{
	struct cli_json json = { .out = stdout };
	struct callgate_rule rule;

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "call", v->call_text);
	cli_json_string(&json, "action", v->action_text);
	cli_json_bool(&json, "allowed", callgate_action_permits(v->action));
	if (v->leaf != source->policy)
		cli_json_string(&json, "part", callgate_policy_name(v->leaf));
	if (v->profile && v->rule >= 0 && callgate_profile_rule(v->profile, (size_t)v->rule, &rule) == 0) {
		cli_json_s64(&json, "rule", v->rule);
		cli_json_string(&json, "condition", rule.condition);
		if (rule.file) {
			cli_json_string(&json, "file", rule.file);
			cli_json_u64(&json, "line", rule.line);
			cli_json_u64(&json, "column", rule.column);
		}
	} else {
		cli_json_string(&json, "reason", reason(v, target));
	}
	cli_json_open(&json, "path", '[');
	for (size_t i = 0; i < v->steps; i++)
		cli_json_u64(&json, NULL, v->path[i]);
	cli_json_close(&json, ']');
	if (cli->values[OPT_PARTS]) {
		cli_json_open(&json, "parts", '[');
		for_each_leaf(source->policy, target, v, json_part, &json);
		cli_json_close(&json, ']');
	}
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

/* The policy's answer, its deciding part, and that part's filter on the way to it. */
static int decide(struct cli *cli, const struct cli_source *source, const struct callgate_target *target, struct verdict *v)
{
	uint32_t ran;

	callgate_policy_eval(source->policy, target, &v->call, &v->action, &v->leaf, &v->rule);
	callgate_action_format(v->action, v->action_text, sizeof(v->action_text));
	v->profile = callgate_policy_profile(v->leaf);
	v->filter = callgate_policy_filter(v->leaf);
	if (v->profile) {
		if (callgate_compile(v->profile, target, &v->compiled, cli->diags) < 0)
			return cli_trouble(cli);
		v->filter = v->compiled;
	}
	if (v->filter && callgate_filter_run(v->filter, &v->call, &ran, v->path, &v->steps) == 0 && v->profile && ran != v->action)
		return cli_error(cli, "compile-proof", "internal error: filter and profile disagree on this call");
	return CLI_YES;
}

static int explain(struct cli *cli, const struct cli_source *source, const struct callgate_target *target, enum callgate_abi abi)
{
	char *words = words_joined(cli->args + 1);
	struct verdict v = { 0 };
	int status;

	if (!words || callgate_call_parse(words, abi, &v.call, cli->diags) < 0 || callgate_call_format(&v.call, &v.call_text) < 0)
		status = cli_trouble(cli);
	else
		status = decide(cli, source, target, &v);
	if (status == CLI_YES) {
		if (cli->json)
			explain_json(cli, source, target, &v);
		else
			explain_text(cli, source, target, &v);
		status = callgate_action_permits(v.action) ? CLI_YES : CLI_NO;
	}
	callgate_filter_free(v.compiled);
	free(v.call_text);
	free(words);
	return status;
}

/* ---- The reverse: when is it let through? ---- */

static int would_allow(struct cli *cli, const struct cli_source *source, const struct callgate_target *target, enum callgate_abi abi)
{
	static const char *const words[] = { "never", "always", "if " };
	struct cli_json json = { .out = stdout };
	int status = CLI_YES;

	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (const char **name = cli->lists[OPT_WOULD]; *name && status != CLI_TROUBLE; name++) {
		char *condition = NULL;
		int answer = callgate_policy_permits(source->policy, target, abi, *name, &condition, cli->diags);

		if (answer < 0) {
			status = cli_trouble(cli);
		} else if (cli->json) {
			cli_json_open(&json, NULL, '{');
			cli_json_string(&json, "syscall", *name);
			cli_json_string(&json, "allowed", answer == 2 ? "if" : words[answer]);
			if (condition)
				cli_json_string(&json, "condition", condition);
			cli_json_close(&json, '}');
		} else {
			cli_say("%s: %s%s", *name, words[answer], condition ? condition : "");
		}
		if (!answer && status == CLI_YES)
			status = CLI_NO;
		free(condition);
	}
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
	return status;
}

static int run(struct cli *cli)
{
	struct callgate_target target;
	struct cli_source source;
	enum callgate_abi abi;
	int status;

	if (cli->lists[OPT_WOULD] ? cli->n_args != 1 : cli->n_args < 2)
		return cli_error(cli, "usage-operands", "callgate explain needs a source and a call: callgate explain PROFILE 'socket(AF_INET, SOCK_STREAM, 0)'");
	if (cli_abi(cli, cli->values[OPT_ABI], &abi) != CLI_YES ||
	    cli_target(cli, NULL, cli->lists[OPT_CAP], NULL, cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open(cli, cli->args[0], 0, &source) != CLI_YES)
		return CLI_TROUBLE;
	status = cli->lists[OPT_WOULD] ? would_allow(cli, &source, &target, abi) : explain(cli, &source, &target, abi);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.group = "Look at a policy",
	.help = "one call: which verdict, from which rule and instruction",
	.operands = "SOURCE CALL",
	.about = "Decides one call, written 'socket(AF_INET, SOCK_STREAM, 0)' or 41 2 1 0, by whatever denotes a policy, and says\n"
		 "which rule in which line of the file decided and by which instruction. Status 0: the call is allowed; 1: it is not.",
	.options = options,
	.run = run,
};
