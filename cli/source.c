/* SPDX-License-Identifier: Apache-2.0 */
/* Sources for the verbs: the library finds them; here are the folders of this user, and what a verb can work with. */
#include "cli.h"

/* Where bare names stand: the machine's folder before the user's. */
struct folders {
	const char *list[3];
	char *own;
};

static struct folders profile_folders(void)
{
	const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
	struct folders folders = { .list = { "/etc/seccomp" } };

	if (config && *config ? asprintf(&folders.own, "%s/callgate", config) < 0 :
				!home || asprintf(&folders.own, "%s/.config/callgate", home) < 0)
		folders.own = NULL;
	folders.list[1] = folders.own;
	return folders;
}

int cli_source_open(struct cli *cli, const char *text, unsigned read_flags, struct cli_source *ret_source)
{
	struct folders folders = profile_folders();
	struct callgate_source_options options = { .flags = read_flags, .folders = folders.list };
	struct callgate_policy *policy;
	int r = callgate_policy_open(text, &options, &policy, cli->diags);

	free(folders.own);
	if (r < 0)
		return cli_trouble(cli);
	*ret_source = (struct cli_source){ .name = callgate_policy_name(policy), .policy = policy,
					   .profile = callgate_policy_profile(policy), .filter = callgate_policy_filter(policy) };
	return CLI_YES;
}

int cli_source_extract(struct cli *cli, const struct callgate_target *target, struct cli_source *source)
{
	struct callgate_profile *profile;

	if (source->profile)
		return CLI_YES;
	if (callgate_policy_extract(source->policy, target, &profile, cli->diags) < 0 ||
	    callgate_policy_from_profile(source->name, profile, &source->extracted) < 0)
		return cli_trouble(cli);
	source->profile = profile;
	return CLI_YES;
}

int cli_source_open_profile(struct cli *cli, const char *text, unsigned read_flags, const struct callgate_target *target,
			    struct cli_source *ret_source)
{
	struct cli_source source;

	if (cli_source_open(cli, text, read_flags, &source) != CLI_YES)
		return CLI_TROUBLE;
	if (cli_source_extract(cli, target, &source) != CLI_YES) {
		cli_source_close(&source);
		return CLI_TROUBLE;
	}
	*ret_source = source;
	return CLI_YES;
}

void cli_source_close(struct cli_source *source)
{
	callgate_policy_free(source->policy);
	callgate_policy_free(source->extracted);
	*source = (struct cli_source){ 0 };
}
