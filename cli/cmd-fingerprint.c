/* SPDX-License-Identifier: Apache-2.0 */
/* callgate fingerprint: a name for what a policy means. */
#include "cli.h"

enum { OPT_ABI, OPT_CAP, OPT_KERNEL, OPT_STRICT64, OPT_CHECK };
static const struct cli_option options[] = {
	[OPT_ABI] = { 'a', "abi", "ABI", "read it for this ABI instead of those that the profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_KERNEL] = { 'k', "kernel", "VERSION", "read it for this kernel (default: the newest known, so that all hosts agree)", false },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	[OPT_CHECK] = { 'c', "check", "FINGERPRINT", "print nothing; status 0 when every source has this one, else 1", false },
	{ 0, NULL, NULL, NULL, false },
};

static void print(const struct cli *cli, struct cli_json *json, const char *name, const char *text)
{
	if (cli->json) {
		cli_json_open(json, NULL, '{');
		cli_json_string(json, "source", name);
		cli_json_string(json, "fingerprint", text);
		cli_json_close(json, '}');
	} else if (!cli->values[OPT_CHECK]) {
		printf("%s  ", text);
		cli_print_escaped(stdout, name);
		putchar('\n');
	}
}

static int run(struct cli *cli)
{
	const char *expected = cli->values[OPT_CHECK], *kernel = cli->values[OPT_KERNEL];
	struct cli_json json = { .out = stdout };
	struct callgate_target target;
	int status = CLI_YES;

	if (!cli->n_args)
		return cli_error(cli, "usage-operands", "callgate fingerprint takes one or more sources");
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], kernel, cli->values[OPT_STRICT64], &target) != CLI_YES)
		return CLI_TROUBLE;
	if (!kernel)
		target.kernel = 0;
	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (char **source = cli->args; *source && status != CLI_TROUBLE; source++) {
		char text[CALLGATE_FINGERPRINT_SIZE];
		struct cli_source opened;

		if (cli_source_open(cli, *source, 0, &opened) != CLI_YES)
			return CLI_TROUBLE;
		if (callgate_policy_fingerprint(opened.policy, &target, text, cli->diags) < 0)
			status = cli_trouble(cli);
		else if (expected && strcmp(expected, text))
			status = CLI_NO;
		if (status != CLI_TROUBLE)
			print(cli, &json, *source, text);
		cli_source_close(&opened);
	}
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
	return status;
}

const struct cli_command cmd_fingerprint = {
	.name = "fingerprint",
	.group = "Look at a policy",
	.help = "a name for what a policy means",
	.operands = "SOURCE…",
	.about = "Prints one line a source: the SHA-256 of its canonical meaning, two blanks, its name. Two sources have the same\n"
		 "fingerprint exactly when they answer every possible call alike, whatever their formats, rule order or layout.",
	.options = options,
	.run = run,
};
