/* SPDX-License-Identifier: Apache-2.0 */
/* callgate diff: on which calls two policies differ. */
#include "cli.h"

enum { OPT_ABI, OPT_CAP, OPT_KERNEL, OPT_STRICT64, OPT_ALL, OPT_FAIL_ON };
static const struct cli_option options[] = {
	[OPT_ABI] = { 'a', "abi", "ABI", "compare on this ABI only, and read profiles for it", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profiles' includes and excludes as with this capability", true },
	[OPT_KERNEL] = { 'k', "kernel", "VERSION", "the kernel they are for: decides guards (default: this one)", false },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument, whatever width the kernel reads", false },
	[OPT_ALL] = { 0, "all", NULL, "list each call, however many there are, with an example", false },
	[OPT_FAIL_ON] = { 0, "fail-on", "any|looser", "what makes the status 1: any difference, or only what B allows and A does not (default: any)", false },
	{ 0, NULL, NULL, NULL, false },
};

static const char *const kinds[] = { [CALLGATE_DIFF_LOOSER] = "looser", [CALLGATE_DIFF_STRICTER] = "stricter", [CALLGATE_DIFF_OTHER] = "other" };

static void json_difference(struct cli_json *json, const struct callgate_difference *d)
{
	char action[48], *witness = NULL;

	cli_json_open(json, NULL, '{');
	if (d->abi >= 0)
		cli_json_string(json, "abi", callgate_abi_name((enum callgate_abi)d->abi));
	else
		cli_json_null(json, "abi");
	if (d->syscall_name)
		cli_json_string(json, "syscall", d->syscall_name);
	cli_json_u64(json, "first", d->first);
	cli_json_u64(json, "last", d->last);
	cli_json_string(json, "a", callgate_action_format(d->action_a, action, sizeof(action)));
	cli_json_string(json, "b", callgate_action_format(d->action_b, action, sizeof(action)));
	cli_json_string(json, "kind", kinds[d->kind]);
	if (d->unlisted)
		cli_json_null(json, "condition");
	else
		cli_json_string(json, "condition", d->condition);
	if (d->wide)
		cli_json_bool(json, "ignoredBits", true);
	if (d->by_address)
		cli_json_bool(json, "address", true);
	if (callgate_call_format(&d->witness, &witness) == 0)
		cli_json_string(json, "witness", witness);
	free(witness);
	cli_json_close(json, '}');
}

static void print_json(const struct callgate_diff *diff, const char *const names[2], const size_t counts[3])
{
	struct cli_json json = { .out = stdout };
	struct callgate_difference d;

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "a", names[0]);
	cli_json_string(&json, "b", names[1]);
	cli_json_bool(&json, "equal", !(counts[0] + counts[1] + counts[2]));
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		cli_json_u64(&json, kinds[k], counts[k]);
	cli_json_open(&json, "differences", '[');
	for (size_t i = 0; callgate_diff_get(diff, i, &d); i++)
		json_difference(&json, &d);
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static int report(struct cli *cli, const struct callgate_diff *diff, const char *const names[2])
{
	bool looser_only = cli->values[OPT_FAIL_ON] && !strcmp(cli->values[OPT_FAIL_ON], "looser");
	struct callgate_difference d;
	size_t counts[3] = { 0 };

	for (size_t i = 0; callgate_diff_get(diff, i, &d); i++)
		counts[d.kind]++;
	if (cli->json)
		print_json(diff, names, counts);
	else if (cli_diff_print(cli, diff, names, cli->values[OPT_ALL]) != CLI_YES)
		return CLI_TROUBLE;
	if (looser_only)
		return counts[CALLGATE_DIFF_LOOSER] ? CLI_NO : CLI_YES;
	return counts[0] + counts[1] + counts[2] ? CLI_NO : CLI_YES;
}

static int compare(struct cli *cli, const struct callgate_target *target, const struct callgate_policy *a, const struct callgate_policy *b)
{
	const char *names[2] = { callgate_policy_name(a), callgate_policy_name(b) };
	struct callgate_diff *diff = NULL;
	int status;

	if (callgate_diff(a, b, target, &diff, cli->diags) < 0)
		return cli_trouble(cli);
	status = report(cli, diff, names);
	callgate_diff_free(diff);
	return status;
}

static int run(struct cli *cli)
{
	struct cli_source a = { 0 }, b = { 0 };
	struct callgate_target target;
	int status = CLI_TROUBLE;

	if (cli->n_args != 2)
		return cli_error(cli, "usage-operands", "callgate diff needs two sources: callgate diff old.json new.json");
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], cli->values[OPT_KERNEL], cli->values[OPT_STRICT64], &target) != CLI_YES)
		return CLI_TROUBLE;
	if (cli_source_open(cli, cli->args[0], 0, &a) == CLI_YES && cli_source_open(cli, cli->args[1], 0, &b) == CLI_YES)
		status = compare(cli, &target, a.policy, b.policy);
	cli_source_close(&a);
	cli_source_close(&b);
	return status;
}

const struct cli_command cmd_diff = {
	.name = "diff",
	.group = "Look at a policy",
	.help = "two policies: exactly which calls one allows and the other does not",
	.operands = "A B",
	.about = "Compares the meaning of two policies, whatever their formats: every call of every ABI, with the values of arguments that matter and an\n"
		 "example. Nothing is sampled: what is not listed is the same. Status 0: they are equal; 1: they differ; 2: trouble.",
	.options = options,
	.run = run,
};
