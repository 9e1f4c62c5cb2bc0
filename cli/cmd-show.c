/* SPDX-License-Identifier: Apache-2.0 */
/* callgate show: a policy for people. */
#include "cli.h"

enum { OPT_RULES, OPT_LISTING, OPT_TREE, OPT_ABI, OPT_CAP, OPT_STRICT64 };
static const struct cli_option options[] = {
	[OPT_RULES] = { 'r', "rules", NULL, "every rule, in order of precedence, with its origin", false },
	[OPT_LISTING] = { 'l', "listing", NULL, "the filter, disassembled; of a source of several parts, each", false },
	[OPT_TREE] = { 't', "tree", "text|dot|svg", "the filter's decision tree, for a terminal, for Graphviz or as a picture", false },
	[OPT_ABI] = { 'a', "abi", "ABI", "read it for this ABI instead of those that the profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument", false },
	{ 0, NULL, NULL, NULL, false },
};

struct counts {
	size_t names, allowed, conditional, refused, rules;
};

static struct counts count_rules(struct callgate_profile *profile)
{
	struct counts n = { 0 };
	struct callgate_rule rule;
	char last[64] = "";

	for (size_t i = 0; callgate_profile_rule(profile, i, &rule) == 0; i++) {
		if (rule.derived)
			continue;
		n.rules++;
		if (strcmp(last, rule.syscall_name)) {
			n.names++;
			n.conditional += *rule.condition != '\0' || rule.guarded;
			n.allowed += !*rule.condition && !rule.guarded && callgate_action_permits(rule.action);
			n.refused += !*rule.condition && !rule.guarded && !callgate_action_permits(rule.action);
			snprintf(last, sizeof(last), "%s", rule.syscall_name);
		}
	}
	return n;
}

static void print_abis(unsigned abis)
{
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi))
			printf(" %s", callgate_abi_name(abi));
	putchar('\n');
}

/* Names without conditions whose action permits, or refuses. */
static void print_names(struct callgate_profile *profile, bool permitted)
{
	struct callgate_rule rule;
	char last[64] = "", action[48], word[128];
	int column = 0;

	for (size_t i = 0; callgate_profile_rule(profile, i, &rule) == 0; i++) {
		if (rule.derived || *rule.condition || rule.guarded || !strcmp(last, rule.syscall_name) || callgate_action_permits(rule.action) != permitted)
			continue;
		snprintf(last, sizeof(last), "%s", rule.syscall_name);
		snprintf(word, sizeof(word), rule.action == CALLGATE_ALLOW ? "%s" : "%s: %s", rule.syscall_name,
			 callgate_action_format(rule.action, action, sizeof(action)));
		if (column && column + (int)strlen(word) > 94)
			column = (putchar('\n'), 0);
		column += printf("%s%s", column ? (rule.action == CALLGATE_ALLOW ? " " : ", ") : "  ", word);
	}
	if (column)
		putchar('\n');
}

static void print_conditional(struct cli *cli, struct callgate_profile *profile)
{
	struct callgate_rule rule;
	char action[48];

	for (size_t i = 0; callgate_profile_rule(profile, i, &rule) == 0; i++)
		if (!rule.derived && (*rule.condition || rule.guarded))
			cli_say("  %s%s%s %s%s → %s", cli_style(cli, STYLE_BOLD), rule.syscall_name, cli_style(cli, STYLE_PLAIN), rule.condition,
				rule.guarded ? "(guarded)" : "", callgate_action_format(rule.action, action, sizeof(action)));
}

static void show_summary(struct cli *cli, const struct cli_source *source, const struct callgate_target *target)
{
	struct counts n = count_rules(source->profile);
	char action[48];
	int unknown = callgate_profile_unknown(source->profile);

	printf("profile      ");
	cli_print_escaped(stdout, source->name);
	printf("\nABIs        ");
	print_abis(callgate_profile_target_abis(source->profile, target));
	cli_say("otherwise    %s", callgate_action_format(callgate_profile_default(source->profile), action, sizeof(action)));
	cli_say("other ABIs   %s", callgate_action_format(callgate_profile_bad_arch(source->profile), action, sizeof(action)));
	if (unknown >= 0)
		cli_say("new calls    ERRNO(%s)", callgate_errno_name(unknown) ? callgate_errno_name(unknown) : "?");
	cli_say("system calls %zu in %zu rules: %zu allowed, %zu with conditions, %zu refused by name", n.names, n.rules, n.allowed,
		n.conditional, n.refused);
	if (n.allowed) {
		cli_say("\nallowed whatever the arguments");
		print_names(source->profile, true);
	}
	if (n.refused) {
		cli_say("\nrefused by name");
		print_names(source->profile, false);
	}
	if (n.conditional) {
		cli_say("\nwith conditions");
		print_conditional(cli, source->profile);
	}
}

static void show_rules(struct callgate_profile *profile)
{
	struct callgate_rule rule;
	char action[48];

	for (size_t i = 0; callgate_profile_rule(profile, i, &rule) == 0; i++) {
		printf("%zu\t%s\t%s\t%s", i, rule.syscall_name, callgate_action_format(rule.action, action, sizeof(action)),
		       *rule.condition ? rule.condition : "always");
		if (rule.guarded)
			fputs("\tguarded", stdout);
		if (rule.derived)
			fputs("\tmultiplexed form", stdout);
		if (rule.weight)
			printf("\tseen %llu times", (unsigned long long)rule.weight);
		if (rule.file) {
			putchar('\t');
			cli_print_escaped(stdout, rule.file);
			printf(":%u:%u", rule.line, rule.column);
		}
		putchar('\n');
	}
}

static void json_rule(struct cli_json *json, const struct callgate_rule *rule)
{
	char action[48];

	cli_json_open(json, NULL, '{');
	cli_json_string(json, "syscall", rule->syscall_name);
	cli_json_string(json, "action", callgate_action_format(rule->action, action, sizeof(action)));
	cli_json_string(json, "condition", rule->condition);
	cli_json_bool(json, "guarded", rule->guarded);
	cli_json_bool(json, "derived", rule->derived);
	cli_json_u64(json, "weight", rule->weight);
	if (rule->file) {
		cli_json_string(json, "file", rule->file);
		cli_json_u64(json, "line", rule->line);
		cli_json_u64(json, "column", rule->column);
	}
	cli_json_close(json, '}');
}

static void show_json(struct cli_source *source, const struct callgate_target *target)
{
	struct cli_json json = { .out = stdout };
	unsigned abis = callgate_profile_target_abis(source->profile, target);
	struct callgate_rule rule;
	char action[48];

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "source", source->name);
	cli_json_open(&json, "abis", '[');
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi))
			cli_json_string(&json, NULL, callgate_abi_name(abi));
	cli_json_close(&json, ']');
	cli_json_string(&json, "default", callgate_action_format(callgate_profile_default(source->profile), action, sizeof(action)));
	cli_json_string(&json, "bad_arch", callgate_action_format(callgate_profile_bad_arch(source->profile), action, sizeof(action)));
	if (callgate_profile_unknown(source->profile) >= 0)
		cli_json_s64(&json, "unknown_errno", callgate_profile_unknown(source->profile));
	cli_json_open(&json, "rules", '[');
	for (size_t i = 0; callgate_profile_rule(source->profile, i, &rule) == 0; i++)
		json_rule(&json, &rule);
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static enum callgate_drawing drawing_format(const char *word)
{
	if (!strcmp(word, "dot"))
		return CALLGATE_DRAWING_DOT;
	return strcmp(word, "svg") ? CALLGATE_DRAWING_TEXT : CALLGATE_DRAWING_SVG;
}

/* As a listing or as a tree. */
static int show_filter(struct cli *cli, struct cli_source *source, const struct callgate_target *target)
{
	const struct callgate_filter *filter = source->filter;
	struct callgate_filter *compiled = NULL;
	const char *tree = cli->values[OPT_TREE];
	char *text;
	int r;

	if (!filter && callgate_compile(source->profile, target, &compiled, cli->diags) < 0)
		return cli_trouble(cli);
	if (!filter)
		filter = compiled;
	if (tree)
		r = callgate_filter_drawing(filter, source->profile, target, drawing_format(tree), &text);
	else
		r = callgate_filter_listing(filter, source->profile, &text);
	callgate_filter_free(compiled);
	if (r < 0)
		return cli_error(cli, "no-memory", "out of memory");
	fputs(text, stdout);
	free(text);
	return CLI_YES;
}

/* ---- Sources of several parts ---- */

static void print_part(struct callgate_policy *part, unsigned depth)
{
	enum callgate_policy_kind kind = callgate_policy_kind(part);
	struct callgate_policy *inner;
	char action[48];
	size_t n = 0;

	printf("%*s", (int)(2 * depth), "");
	cli_print_escaped(stdout, callgate_policy_name(part));
	if (kind == CALLGATE_POLICY_FILTER) {
		callgate_filter_insns(callgate_policy_filter(part), &n);
		printf(": %zu instructions", n);
	} else if (kind == CALLGATE_POLICY_PROFILE) {
		printf(": %zu rules, otherwise %s", callgate_profile_rule_count(callgate_policy_profile(part)),
		       callgate_action_format(callgate_profile_default(callgate_policy_profile(part)), action, sizeof(action)));
	} else {
		while (callgate_policy_part(part, n))
			n++;
		printf(kind == CALLGATE_POLICY_UNION ? ": what any of these allows" : n ? ": what all of these allow" : ": no filter, everything is allowed");
	}
	putchar('\n');
	for (size_t i = 0; (inner = callgate_policy_part(part, i)); i++)
		print_part(inner, depth + 1);
}

static int list_part(struct cli *cli, struct callgate_policy *part, const struct callgate_target *target)
{
	struct cli_source leaf = { .name = callgate_policy_name(part), .policy = part, .profile = callgate_policy_profile(part),
				   .filter = callgate_policy_filter(part) };
	struct callgate_policy *inner;
	int status = CLI_YES;

	if (leaf.profile || leaf.filter) {
		fputs("; ", stdout);
		cli_print_escaped(stdout, leaf.name);
		putchar('\n');
		return show_filter(cli, &leaf, target);
	}
	for (size_t i = 0; status == CLI_YES && (inner = callgate_policy_part(part, i)); i++)
		status = list_part(cli, inner, target);
	return status;
}

/* Each part's listing; else the parts, and the profile that they come to. */
static int show_parts(struct cli *cli, struct cli_source *source, const struct callgate_target *target)
{
	if (cli->values[OPT_LISTING])
		return list_part(cli, source->policy, target);
	if (!cli->json && !cli->values[OPT_RULES] && !cli->values[OPT_TREE]) {
		print_part(source->policy, 0);
		if (!callgate_policy_part(source->policy, 0))
			return CLI_YES;
		cli_say("\ntogether");
	}
	return cli_source_extract(cli, target, source);
}

static int show(struct cli *cli, struct cli_source *source, const struct callgate_target *target)
{
	if (!source->profile && !source->filter) {
		int status = show_parts(cli, source, target);

		if (status != CLI_YES || !source->profile)
			return status;
	}
	if (source->profile && !callgate_profile_target_abis(source->profile, target))
		return cli_error(cli, "compile-no-abi", "%s is for none of the ABIs asked for", source->name);
	if (source->filter || cli->values[OPT_LISTING] || cli->values[OPT_TREE])
		return show_filter(cli, source, target);
	if (cli->json)
		show_json(source, target);
	else if (cli->values[OPT_RULES])
		show_rules(source->profile);
	else
		show_summary(cli, source, target);
	return CLI_YES;
}

static int run(struct cli *cli)
{
	struct callgate_target target;
	struct cli_source source;
	int status;

	if (cli->n_args != 1)
		return cli_error(cli, "usage-operands", "callgate show takes one source: a profile or a compiled filter");
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], NULL, cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open(cli, cli->args[0], 0, &source) != CLI_YES)
		return CLI_TROUBLE;
	status = show(cli, &source, &target);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_show = {
	.name = "show",
	.group = "Look at a policy",
	.help = "a policy for people: summary, rules, disassembly",
	.operands = "SOURCE",
	.about = "Shows a profile as a summary, as its rules in order of precedence, or as the filter it compiles to: its instructions or\n"
		 "its decision tree. A raw filter (FILE.bpf) is disassembled, or drawn. A source of several parts, such as pid:1234, is\n"
		 "shown as its parts and as the profile that they come to.",
	.options = options,
	.run = run,
};
