/* SPDX-License-Identifier: Apache-2.0 */
/* callgate check --score: what a policy leaves open, beside no policy at all and another one. */
#include "cli.h"

static void print_row(const struct callgate_score_row *row, const struct callgate_score_row *other)
{
	printf("%-20s %4u of %4u", row->name, row->open, row->total);
	if (other)
		printf(" %+5d", (int)row->open - (int)other->open);
	if (row->limited)
		printf("  (%u of them with some arguments only)", row->limited);
	putchar('\n');
}

static void json_row(struct cli_json *json, const struct callgate_score_row *row, const struct callgate_score_row *other)
{
	cli_json_open(json, NULL, '{');
	cli_json_string(json, "name", row->name);
	cli_json_u64(json, "open", row->open);
	cli_json_u64(json, "limited", row->limited);
	cli_json_u64(json, "total", row->total);
	if (other) {
		cli_json_u64(json, "against_open", other->open);
		cli_json_u64(json, "against_limited", other->limited);
	}
	cli_json_close(json, '}');
}

static void show(struct cli *cli, const struct callgate_score *score, const struct callgate_score *against, enum callgate_abi abi,
		 struct cli_json *json)
{
	struct callgate_score_row row, other;

	if (cli->json) {
		cli_json_open(json, NULL, '{');
		cli_json_string(json, "abi", callgate_abi_name(abi));
		cli_json_open(json, "rows", '[');
	} else {
		cli_say("%s%s%s: calls left open%s", cli_style(cli, STYLE_BOLD), callgate_abi_name(abi), cli_style(cli, STYLE_PLAIN),
			against ? ", and how many more (+) or fewer (-) than the other policy leaves" : "");
	}
	for (size_t i = 0; callgate_score_get(score, i, &row); i++) {
		bool both = against && callgate_score_get(against, i, &other);

		if (cli->json)
			json_row(json, &row, both ? &other : NULL);
		else
			print_row(&row, both ? &other : NULL);
	}
	if (cli->json) {
		cli_json_close(json, ']');
		cli_json_close(json, '}');
	}
}

static int score_abi(struct cli *cli, struct callgate_policy *policy, struct callgate_policy *other, const struct callgate_target *target,
		     enum callgate_abi abi, struct cli_json *json)
{
	struct callgate_score *score = NULL, *against = NULL;
	int r = callgate_score(policy, target, abi, &score, cli->diags);

	if (r == 0 && other)
		r = callgate_score(other, target, abi, &against, cli->diags);
	if (r == 0)
		show(cli, score, against, abi, json);
	callgate_score_free(score);
	callgate_score_free(against);
	return r < 0 ? cli_trouble(cli) : CLI_YES;
}

int check_score(struct cli *cli, struct callgate_policy *policy, const char *against, unsigned read_flags,
		const struct callgate_target *target)
{
	struct cli_json json = { .out = stdout };
	struct callgate_policy *other = NULL;
	unsigned abis = callgate_policy_abis(policy, target);
	int status = CLI_YES;

	if (check_open(cli, against ? against : "builtin:docker", read_flags, &other) != CLI_YES)
		return CLI_TROUBLE;
	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && status == CLI_YES; abi++)
		if (abis & CALLGATE_ABI_BIT(abi))
			status = score_abi(cli, policy, other, target, (enum callgate_abi)abi, &json);
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
	callgate_policy_free(other);
	return status;
}
