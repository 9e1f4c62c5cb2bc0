/* SPDX-License-Identifier: Apache-2.0 */
/* callgate convert: a policy in the language of another program. */
#include "cli.h"

enum { OPT_TO, OPT_OUTPUT, OPT_LOSSY, OPT_NAME, OPT_SYSTEMD, OPT_EXPAND, OPT_ABI, OPT_CAP, OPT_KERNEL, OPT_STRICT64, OPT_MODE, OPT_TRANSLATE };
static const struct cli_option options[] = {
	[OPT_TO] = { 't', "to", "FORMAT", "what to write: oci (docker, podman), minijail, systemd, spo, header, bpf, bwrap, setpriv, crun", false },
	[OPT_OUTPUT] = { 'o', "output", "FILE", "write it there (default: standard output)", false },
	[OPT_LOSSY] = { 'l', "lossy", "stricter|looser", "what the format cannot say is refused, or its conditions dropped, instead of an error", false },
	[OPT_NAME] = { 0, "name", "NAME", "of the C array (header), of the object in Kubernetes (spo)", false },
	[OPT_SYSTEMD] = { 0, "systemd", "VERSION", "the systemd that lines are for (default: 252, whose groups are known)", false },
	[OPT_EXPAND] = { 0, "expand", NULL, "for systemd: names instead of groups", false },
	[OPT_ABI] = { 'a', "abi", "ABI", "for this ABI instead of those that a profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "resolve a profile's includes and excludes as with this capability", true },
	[OPT_KERNEL] = { 'k', "kernel", "VERSION", "resolve them, and compile, for this kernel (default: the newest known)", false },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare whole registers, as container runtimes and systemd do", false },
	[OPT_MODE] = { 'm', "mode", "log|errno|kill|trap", "first change what happens to what nothing allows", false },
	[OPT_TRANSLATE] = { 0, "translate", "ABI", "first translate the rules to this ABI: openat on aarch64 for open on x86_64", false },
	{ 0, NULL, NULL, NULL, false },
};

static int read_options(struct cli *cli, struct callgate_convert_options *ret)
{
	const char *lossy = cli->values[OPT_LOSSY], *systemd = cli->values[OPT_SYSTEMD];
	char rest;

	*ret = (struct callgate_convert_options){ .name = cli->values[OPT_NAME], .expand = cli->values[OPT_EXPAND] };
	if (lossy)
		ret->lossy = strcmp(lossy, "stricter") ? CALLGATE_LOSSY_LOOSER : CALLGATE_LOSSY_STRICTER;
	if (systemd && (sscanf(systemd, "%u%c", &ret->systemd, &rest) != 1 || ret->systemd < 187 || ret->systemd > 9999))
		return cli_error(cli, "usage-systemd", "--systemd takes a version such as 252, from 187 on, not \"%s\"", systemd);
	return CLI_YES;
}

static int find_format(struct cli *cli, struct callgate_convert_format *ret)
{
	const char *name = cli->values[OPT_TO];
	char known[256] = "";

	if (name && callgate_convert_format_find(name, ret))
		return CLI_YES;
	for (unsigned i = 0; callgate_convert_format_at(i, ret); i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s%s%s%s", i ? ", " : "", ret->name, ret->aliases ? " (" : "",
			 ret->aliases ? ret->aliases : "", ret->aliases ? ")" : "");
	if (!name)
		return cli_error(cli, "convert-format", "say what to write, with --to: %s", known);
	return cli_error(cli, "convert-format", "no format that is written is called \"%s\"; there are %s", name, known);
}

/* ---- Passes before the conversion ---- */

/* The source as a profile becomes what a pass makes of it. */
static int replace(struct cli *cli, struct cli_source *source, struct callgate_profile *profile)
{
	struct callgate_policy *policy;

	if (callgate_policy_from_profile(source->name, profile, &policy) < 0)
		return cli_error(cli, "no-memory", "out of memory");
	callgate_policy_free(source->extracted);
	source->extracted = policy;
	source->profile = profile;
	return CLI_YES;
}

static int change_mode(struct cli *cli, const struct callgate_target *target, struct cli_source *source)
{
	struct callgate_profile *profile;

	if (cli_source_extract(cli, target, source) != CLI_YES)
		return CLI_TROUBLE;
	if (callgate_profile_mode(source->profile, cli_mode(cli->values[OPT_MODE]), &profile, cli->diags) < 0)
		return cli_trouble(cli);
	return replace(cli, source, profile);
}

/* From the first ABI that the source is read for; the target becomes the other one. */
static int translate(struct cli *cli, struct callgate_target *target, struct cli_source *source)
{
	unsigned from = callgate_policy_abis(source->policy, target);
	struct callgate_profile *profile;
	enum callgate_abi to;

	if (cli_abi(cli, cli->values[OPT_TRANSLATE], &to) != CLI_YES || cli_source_extract(cli, target, source) != CLI_YES)
		return CLI_TROUBLE;
	if (callgate_profile_translate(source->profile, (enum callgate_abi)__builtin_ctz(from), to, &profile, cli->diags) < 0)
		return cli_trouble(cli);
	target->abis = CALLGATE_ABI_BIT(to);
	return replace(cli, source, profile);
}

static int change(struct cli *cli, struct callgate_target *target, struct cli_source *source)
{
	int status = cli->values[OPT_MODE] ? change_mode(cli, target, source) : CLI_YES;

	return status == CLI_YES && cli->values[OPT_TRANSLATE] ? translate(cli, target, source) : status;
}

static int run(struct cli *cli)
{
	struct callgate_convert_options how;
	struct callgate_convert_format format;
	struct callgate_target target;
	struct cli_source source;
	char *bytes = NULL;
	size_t size;
	int status;

	if (cli->n_args != 1)
		return cli_error(cli, "usage-operands", "callgate convert takes one source");
	if (find_format(cli, &format) != CLI_YES || read_options(cli, &how) != CLI_YES ||
	    cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], cli->values[OPT_KERNEL], cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open(cli, cli->args[0], 0, &source) != CLI_YES)
		return CLI_TROUBLE;
	/* the same result on every machine, unless one is named */
	if (!cli->values[OPT_KERNEL])
		target.kernel = 0;
	status = change(cli, &target, &source);
	if (status == CLI_YES && callgate_convert(source.extracted ? source.extracted : source.policy, format.name, &target, &how, &bytes, &size,
						  cli->diags) < 0)
		status = cli_trouble(cli);
	if (status == CLI_YES)
		status = cli_write_output(cli, cli->values[OPT_OUTPUT], bytes, size, format.binary, format.executable ? 0755 : 0644);
	free(bytes);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_convert = {
	.name = "convert",
	.group = "From a profile to a filter",
	.help = "a policy in the language of another program",
	.operands = "SOURCE --to=FORMAT",
	.about = "Writes a policy in another format. What the format cannot say is an error that names each rule; --lossy allows for it, in one\n"
		 "direction. The result is read again and compared with the policy, for every possible call, before it is written.",
	.options = options,
	.run = run,
};
