/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs read: diagnostics, colours, escaping. Nothing foreign reaches a terminal raw. */
#include "cli.h"

#include <stdarg.h>
#include <unistd.h>

const char *cli_style(const struct cli *cli, enum cli_style style)
{
	static const char *const codes[] = { "\033[0m", "\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[1m" };

	return cli->color ? codes[style] : "";
}

/* Control characters and bytes outside ASCII that are not well-formed UTF-8 text are the concern of the library for
 * diagnostics; here plain texts such as command names and comms are made safe. */
void cli_print_escaped(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p >= 0x7f)
			fprintf(out, "\\x%02x", *p);
		else
			fputc(*p, out);
}

static const char *severity_word(enum callgate_severity severity)
{
	return severity == CALLGATE_SEVERITY_ERROR ? "error" : severity == CALLGATE_SEVERITY_WARNING ? "warning" : "note";
}

static void print_diag_json(const struct callgate_diag *diag)
{
	struct cli_json json = { .out = stderr };

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "severity", severity_word(diag->severity));
	cli_json_string(&json, "id", diag->id);
	if (diag->file)
		cli_json_string(&json, "file", diag->file);
	if (diag->line)
		cli_json_u64(&json, "line", diag->line);
	if (diag->column)
		cli_json_u64(&json, "column", diag->column);
	cli_json_string(&json, "text", diag->text);
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

static void print_diag(const struct cli *cli, const struct callgate_diag *diag)
{
	static const enum cli_style styles[] = { STYLE_DIM, STYLE_WARN, STYLE_BAD };
	bool color = cli->color && isatty(STDERR_FILENO);

	fputs("callgate: ", stderr);
	if (diag->file)
		cli_print_escaped(stderr, diag->file);
	if (diag->file && diag->line)
		fprintf(stderr, ":%u:%u", diag->line, diag->column);
	if (diag->file)
		fputs(": ", stderr);
	fprintf(stderr, "%s%s%s: %s [%s]\n", color ? cli_style(cli, styles[diag->severity]) : "", severity_word(diag->severity),
		color ? cli_style(cli, STYLE_PLAIN) : "", diag->text, diag->id);
}

void cli_flush_diags(struct cli *cli)
{
	size_t count = callgate_diags_count(cli->diags);

	for (; cli->shown < count; cli->shown++) {
		const struct callgate_diag *diag = callgate_diags_get(cli->diags, cli->shown);

		if (cli->quiet && diag->severity == CALLGATE_SEVERITY_NOTE)
			continue;
		if (cli->json)
			print_diag_json(diag);
		else
			print_diag(cli, diag);
	}
}

int cli_trouble(struct cli *cli)
{
	cli_flush_diags(cli);
	return CLI_TROUBLE;
}

static void print_own(struct cli *cli, enum callgate_severity severity, const char *id, const char *format, va_list args)
{
	char text[1024];
	struct callgate_diag diag = { .severity = severity, .id = id, .text = text };

	vsnprintf(text, sizeof(text), format, args);
	/* Command words may hold anything. */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	cli_flush_diags(cli);
	if (cli->json)
		print_diag_json(&diag);
	else
		print_diag(cli, &diag);
}

int cli_error(struct cli *cli, const char *id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_own(cli, CALLGATE_SEVERITY_ERROR, id, format, args);
	va_end(args);
	return CLI_TROUBLE;
}

void cli_warning(struct cli *cli, const char *id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_own(cli, CALLGATE_SEVERITY_WARNING, id, format, args);
	va_end(args);
}

void cli_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

int cli_finish_stdout(struct cli *cli, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* A reader that has seen enough closes the pipe: nothing to complain about, nothing to hide either. */
	if (errno != EPIPE)
		cli_error(cli, "output", "standard output: %s", strerror(errno));
	return CLI_TROUBLE;
}
