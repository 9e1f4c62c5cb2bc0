/* SPDX-License-Identifier: Apache-2.0 */
/* callgate check: mistakes in a policy, whether it is within another, what it leaves open, and its tests. */
#include "cli.h"

enum {
	OPT_LIST,
	OPT_WITHIN,
	OPT_SCORE,
	OPT_AGAINST,
	OPT_TESTS,
	OPT_LIVE,
	OPT_JUNIT,
	OPT_SARIF,
	OPT_SEVERITY,
	OPT_ONLY,
	OPT_DISABLE,
	OPT_ABI,
	OPT_CAP,
	OPT_KERNEL,
	OPT_STRICT64,
	OPT_UNKNOWN
};
static const struct cli_option options[] = {
	[OPT_LIST] = { 'l', "list", NULL, "list the rules: why each matters and the cure", false },
	[OPT_WITHIN] = { 'w', "within", "SOURCE", "is the policy nowhere more permissive than this one?", false },
	[OPT_SCORE] = { 's', "score", NULL, "count the calls that the policy leaves open, by group and hazard", false },
	[OPT_AGAINST] = { 0, "against", "SOURCE", "with --score: compare with this policy", false },
	[OPT_TESTS] = { 't', "tests", "FILE", "judge the expectations in this file; prints TAP", false },
	[OPT_LIVE] = { 0, "live", NULL, "with --tests: ask the running kernel as well; no call is executed", false },
	[OPT_JUNIT] = { 0, "junit", "FILE", "with --tests: also write the results as JUnit XML", false },
	[OPT_SARIF] = { 0, "sarif", NULL, "write the findings as SARIF 2.1.0", false },
	[OPT_SEVERITY] = { 0, "severity", "note|warning|error", "status 1 from findings of this severity on (default: warning)", false },
	[OPT_ONLY] = { 0, "only", "ID", "only this rule", true },
	[OPT_DISABLE] = { 'd', "disable", "ID", "not this rule", true },
	[OPT_ABI] = { 'a', "abi", "ABI", "for this ABI instead of those that the policy lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_KERNEL] = { 'k', "kernel", "VERSION", "read includes and excludes for this kernel (default: the running one)", false },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	[OPT_UNKNOWN] = { 0, "allow-unknown-names", NULL, "names no table knows are warnings: rules for them match nothing", false },
	{ 0, NULL, NULL, NULL, false },
};

int check_open(struct cli *cli, const char *text, unsigned read_flags, struct callgate_policy **ret_policy)
{
	struct cli_source source;

	if (cli_source_open(cli, text, read_flags, &source) != CLI_YES)
		return CLI_TROUBLE;
	*ret_policy = source.policy;
	source.policy = NULL;
	cli_source_close(&source);
	return CLI_YES;
}

static enum callgate_severity threshold(const struct cli *cli)
{
	const char *word = cli->values[OPT_SEVERITY];

	for (int severity = CALLGATE_SEVERITY_NOTE; word && severity <= CALLGATE_SEVERITY_ERROR; severity++)
		if (!strcmp(check_severity_word((enum callgate_severity)severity), word))
			return (enum callgate_severity)severity;
	return CALLGATE_SEVERITY_WARNING;
}

static int lint(struct cli *cli, struct callgate_policy *policy, const struct callgate_target *target)
{
	const struct callgate_check_options wanted = { cli->lists[OPT_ONLY], cli->lists[OPT_DISABLE] };
	struct callgate_findings *findings;
	const struct callgate_finding *finding;
	int status = CLI_YES;

	if (callgate_check(policy, target, &wanted, &findings, cli->diags) < 0)
		return cli_trouble(cli);
	if (cli->values[OPT_SARIF])
		check_sarif(findings);
	else if (cli->json)
		check_json(policy, findings);
	else
		check_text(cli, findings);
	for (size_t i = 0; (finding = callgate_findings_get(findings, i)); i++)
		if (finding->severity >= threshold(cli))
			status = CLI_NO;
	callgate_findings_free(findings);
	return status;
}

static void show_within(struct cli *cli, struct callgate_policy *policy, struct callgate_policy *outer, const struct callgate_call *witness,
			const uint32_t actions[2])
{
	char *call = witness ? check_call_text(witness) : NULL, text[2][48];

	for (int i = 0; witness && i < 2; i++)
		callgate_action_format(actions[i], text[i], sizeof(text[i]));
	if (cli->json) {
		struct cli_json json = { .out = stdout };

		cli_json_open(&json, NULL, '{');
		cli_json_bool(&json, "within", !witness);
		if (witness) {
			cli_json_string(&json, "witness", call);
			cli_json_string(&json, "action", text[0]);
			cli_json_string(&json, "within_action", text[1]);
		}
		cli_json_close(&json, '}');
		cli_json_end(&json);
	} else {
		cli_print_escaped(stdout, callgate_policy_name(policy));
		fputs(witness ? " is more permissive than " : " is within ", stdout);
		cli_print_escaped(stdout, callgate_policy_name(outer));
		if (witness)
			printf(": %s is answered with %s, and not %s", call, text[0], text[1]);
		putchar('\n');
	}
	free(call);
}

static int within(struct cli *cli, struct callgate_policy *policy, const struct callgate_target *target, unsigned read_flags)
{
	struct callgate_policy *outer;
	struct callgate_call witness;
	uint32_t actions[2];
	int r;

	if (check_open(cli, cli->values[OPT_WITHIN], read_flags, &outer) != CLI_YES)
		return CLI_TROUBLE;
	r = callgate_within(policy, outer, target, &witness, actions, cli->diags);
	if (r >= 0)
		show_within(cli, policy, outer, r ? NULL : &witness, actions);
	callgate_policy_free(outer);
	return r < 0 ? cli_trouble(cli) : r ? CLI_YES : CLI_NO;
}

/* Options that go only with another one, and those that exclude each other. */
static int check_options(struct cli *cli)
{
	static const int modes[] = { OPT_LIST, OPT_WITHIN, OPT_SCORE, OPT_TESTS };
	static const int needs[][2] = { { OPT_AGAINST, OPT_SCORE }, { OPT_LIVE, OPT_TESTS }, { OPT_JUNIT, OPT_TESTS } };
	int mode = -1;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (cli->values[modes[i]] && mode >= 0)
			return cli_error(cli, "usage-option", "--%s and --%s are two questions: ask one", options[mode].name,
					 options[modes[i]].name);
		if (cli->values[modes[i]])
			mode = modes[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (cli->values[needs[i][0]] && !cli->values[needs[i][1]])
			return cli_error(cli, "usage-option", "--%s goes with --%s only", options[needs[i][0]].name,
					 options[needs[i][1]].name);
	if (cli->values[OPT_SARIF] && mode >= 0)
		return cli_error(cli, "usage-option", "--sarif is about findings, and --%s has none", options[mode].name);
	if (cli->n_args > 1 || (!cli->n_args && mode != OPT_LIST && mode != OPT_TESTS))
		return cli_error(cli, "usage-operands", "callgate check needs one source: callgate check PROFILE");
	return CLI_YES;
}

static int run(struct cli *cli)
{
	unsigned read_flags = cli->values[OPT_UNKNOWN] ? CALLGATE_READ_UNKNOWN_NAMES : 0;
	struct check_tests_options tests = { cli->values[OPT_TESTS], cli->args[0], cli->values[OPT_JUNIT], read_flags,
					     cli->values[OPT_LIVE] };
	struct callgate_policy *policy;
	struct callgate_target target;
	int status;

	if (check_options(cli) != CLI_YES)
		return CLI_TROUBLE;
	if (cli->values[OPT_LIST]) {
		check_list(cli);
		return CLI_YES;
	}
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], cli->values[OPT_KERNEL], cli->values[OPT_STRICT64], &target) !=
	    CLI_YES)
		return CLI_TROUBLE;
	if (cli->values[OPT_TESTS])
		return check_tests(cli, &target, &tests);
	if (check_open(cli, cli->args[0], read_flags, &policy) != CLI_YES)
		return CLI_TROUBLE;
	if (cli->values[OPT_WITHIN])
		status = within(cli, policy, &target, read_flags);
	else if (cli->values[OPT_SCORE])
		status = check_score(cli, policy, cli->values[OPT_AGAINST], read_flags, &target);
	else
		status = lint(cli, policy, &target);
	callgate_policy_free(policy);
	return status;
}

const struct cli_command cmd_check = {
	.name = "check",
	.group = "Look at a policy",
	.help = "mistakes in a policy; is it within another; what it leaves open; its tests",
	.operands = "[SOURCE]",
	.about = "Looks for mistakes: holes such as forgotten ABIs and equivalent calls, refusals that break libc, rules that never "
		 "decide, traps of\n"
		 "runtimes. --within, --score and --tests ask other questions. Status 0: nothing found, or yes; 1: findings, no, or a "
		 "failed test.",
	.options = options,
	.run = run,
};
