/* SPDX-License-Identifier: Apache-2.0 */
/* From a verb's option table: its parser, its usage line and its help. */
#include "cli.h"

#include <getopt.h>
#include <unistd.h>

const struct cli_option cli_common_options[] = {
	{ 0, "json", NULL, "write the result as JSON (see the verb's man page for the members)", false },
	{ 0, "color", "auto|always|never", "colours: auto (the default) only on a terminal and without NO_COLOR", false },
	{ 'q', "quiet", NULL, "no progress and no notes; warnings and errors are still shown", false },
	{ 'h', "help", NULL, "show this help", false },
	{ 0, NULL, NULL, NULL, false },
};
enum { COMMON_JSON, COMMON_COLOR, COMMON_QUIET, COMMON_HELP, COMMON_COUNT };

static size_t table_size(const struct cli_option *options)
{
	size_t n = 0;

	while (options && options[n].name)
		n++;
	return n;
}

/* Option by the value getopt_long gives: own options from 1000, common ones from 2000. */
static const struct cli_option *option_of(const struct cli_command *command, int index, bool *ret_common)
{
	*ret_common = index >= 2000;
	return *ret_common ? &cli_common_options[index - 2000] : &command->options[index - 1000];
}

/* May this word be the value, when the table lists the only ones allowed? */
static bool word_allowed(const char *allowed, const char *word)
{
	size_t n = strlen(word);

	if (!strchr(allowed, '|'))
		return true;
	for (const char *p = allowed; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (!strncmp(p, word, n) && (p[n] == '|' || p[n] == '\0') && n)
			return true;
	return false;
}

static int list_add(const char ***list, const char *value)
{
	size_t n = 0;
	const char **grown;

	while (*list && (*list)[n])
		n++;
	grown = realloc(*list, (n + 2) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[n] = value;
	grown[n + 1] = NULL;
	*list = grown;
	return 0;
}

static int take_common(struct cli *cli, int which, const char *value, const char **color)
{
	switch (which) {
	case COMMON_JSON:
		cli->json = true;
		break;
	case COMMON_COLOR:
		*color = value;
		break;
	case COMMON_QUIET:
		cli->quiet = true;
		break;
	case COMMON_HELP:
		cli_print_help(cli->command, stdout);
		return -1;
	}
	return CLI_YES;
}

static int take_option(struct cli *cli, int index, const char *value, const char **color)
{
	bool common;
	const struct cli_option *option = option_of(cli->command, index, &common);

	if (option->value && !word_allowed(option->value, value))
		return cli_error(cli, "usage-value", "--%s takes one of %s, not \"%s\"", option->name, option->value, value);
	if (common)
		return take_common(cli, index - 2000, value, color);
	if (option->many)
		return list_add(&cli->lists[index - 1000], value ? value : "") < 0 ? cli_error(cli, "no-memory", "out of memory") : CLI_YES;
	if (cli->values[index - 1000])
		return cli_error(cli, "usage-twice", "--%s is given twice", option->name);
	cli->values[index - 1000] = value ? value : "";
	return CLI_YES;
}

static void fill_getopt(const struct cli_option *options, int base, struct option *longs, char **letters)
{
	for (int i = 0; options && options[i].name; i++) {
		longs[i] = (struct option){ options[i].name, options[i].value ? required_argument : no_argument, NULL, base + i };
		if (options[i].letter) {
			*(*letters)++ = options[i].letter;
			if (options[i].value)
				*(*letters)++ = ':';
		}
	}
}

static int index_of_letter(const struct cli_command *command, int letter)
{
	for (int i = 0; command->options && command->options[i].name; i++)
		if (command->options[i].letter == letter)
			return 1000 + i;
	for (int i = 0; cli_common_options[i].name; i++)
		if (cli_common_options[i].letter == letter)
			return 2000 + i;
	return -1;
}

static int usage_error(struct cli *cli, int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		cli_error(cli, "usage-value", "%s needs a value", word);
	else
		cli_error(cli, "usage-option", "callgate %s has no option %s", cli->command->name,
			  optopt && optopt < 256 ? (char[]){ '-', (char)optopt, 0 } : word);
	cli_print_usage(cli->command, stderr);
	return CLI_TROUBLE;
}

static void settle_color(struct cli *cli, const char *color)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color && strcmp(color, "auto"))
		cli->color = !strcmp(color, "always");
	else
		cli->color = isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/* 0: go on. CLI_TROUBLE: said. -1: the help was asked for and shown. */
int cli_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
	size_t own = table_size(command->options);
	struct option longs[CLI_OPTIONS_MAX + COMMON_COUNT + 1] = { 0 };
	char letters[2 * (CLI_OPTIONS_MAX + COMMON_COUNT) + 3], *next = letters;
	const char *color = NULL;
	int c, status;

	cli->command = command;
	*next++ = command->wraps_command ? '+' : ':'; /* '+': stop at the first operand */
	if (command->wraps_command)
		*next++ = ':';
	fill_getopt(command->options, 1000, longs, &next);
	fill_getopt(cli_common_options, 2000, longs + own, &next);
	*next = '\0';
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return usage_error(cli, c, argv);
		status = take_option(cli, c >= 1000 ? c : index_of_letter(command, c), optarg, &color);
		if (status != CLI_YES)
			return status;
	}
	settle_color(cli, color);
	cli->args = argv + optind;
	cli->n_args = argc - optind;
	return CLI_YES;
}

void cli_release(struct cli *cli)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++)
		free(cli->lists[i]);
}

void cli_print_usage(const struct cli_command *command, FILE *out)
{
	fprintf(out, "usage: callgate %s [OPTION…]%s%s\n", command->name, command->operands[0] ? " " : "", command->operands);
}

static void print_option(const struct cli_option *option, FILE *out)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
		 option->letter ? ", " : "  ", option->name, option->value ? "=" : "", option->value ? option->value : "");
	if (strlen(left) > 28)
		fprintf(out, "  %s\n  %28s  %s\n", left, "", option->help);
	else
		fprintf(out, "  %-28s  %s\n", left, option->help);
}

void cli_print_help(const struct cli_command *command, FILE *out)
{
	cli_print_usage(command, out);
	fprintf(out, "\n%s\n", command->about);
	if (command->options && command->options[0].name)
		fputs("\nOptions\n", out);
	for (size_t i = 0; command->options && command->options[i].name; i++)
		print_option(&command->options[i], out);
	fputs("\nCommon options\n", out);
	for (size_t i = 0; cli_common_options[i].name; i++)
		print_option(&cli_common_options[i], out);
	fprintf(out, "\nThe whole story: man callgate-%s\n", command->name);
}
