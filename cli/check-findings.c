/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and rules of callgate check: as text, as JSON, as SARIF. */
#include "cli.h"

const char *check_severity_word(enum callgate_severity severity)
{
	return severity == CALLGATE_SEVERITY_ERROR ? "error" : severity == CALLGATE_SEVERITY_WARNING ? "warning" : "note";
}

char *check_call_text(const struct callgate_call *call)
{
	char *text;

	if (callgate_call_format(call, &text) == 0)
		return text;
	text = strdup("?");
	if (!text)
		abort();
	return text;
}

/* ---- Text ---- */

static void print_abis(unsigned abis)
{
	const char *before = " (";

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi)) {
			printf("%s%s", before, callgate_abi_name((enum callgate_abi)abi));
			before = ", ";
		}
	if (abis)
		putchar(')');
}

static void print_finding(const struct cli *cli, const struct callgate_finding *finding)
{
	static const enum cli_style styles[] = { STYLE_DIM, STYLE_WARN, STYLE_BAD };
	char *call;

	if (finding->file)
		cli_print_escaped(stdout, finding->file);
	if (finding->file && finding->line)
		printf(":%u:%u", finding->line, finding->column);
	printf("%s%s%s%s: %s", finding->file ? ": " : "", cli_style(cli, styles[finding->severity]), check_severity_word(finding->severity),
	       cli_style(cli, STYLE_PLAIN), finding->text);
	print_abis(finding->abis);
	printf(" [%s]\n", finding->id);
	if (finding->has_witness) {
		call = check_call_text(&finding->witness);
		printf("    for example: %s\n", call);
		free(call);
	}
	printf("    cure: %s\n", finding->cure);
}

void check_text(const struct cli *cli, const struct callgate_findings *findings)
{
	const struct callgate_finding *finding;
	size_t counts[3] = { 0 }, i;

	for (i = 0; (finding = callgate_findings_get(findings, i)); i++) {
		if (cli->quiet && finding->severity == CALLGATE_SEVERITY_NOTE)
			continue;
		print_finding(cli, finding);
		counts[finding->severity]++;
	}
	if (!cli->quiet)
		cli_say("errors: %zu, warnings: %zu, notes: %zu", counts[CALLGATE_SEVERITY_ERROR], counts[CALLGATE_SEVERITY_WARNING],
			counts[CALLGATE_SEVERITY_NOTE]);
}

/* ---- JSON ---- */

static void json_abis(struct cli_json *json, unsigned abis)
{
	cli_json_open(json, "abis", '[');
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi))
			cli_json_string(json, NULL, callgate_abi_name((enum callgate_abi)abi));
	cli_json_close(json, ']');
}

static void json_witness(struct cli_json *json, const struct callgate_finding *finding)
{
	char *call;

	if (!finding->has_witness)
		return;
	call = check_call_text(&finding->witness);
	cli_json_string(json, "witness", call);
	free(call);
}

static void json_finding(struct cli_json *json, const struct callgate_finding *finding)
{
	cli_json_open(json, NULL, '{');
	cli_json_string(json, "id", finding->id);
	cli_json_string(json, "severity", check_severity_word(finding->severity));
	if (finding->syscall_name)
		cli_json_string(json, "syscall", finding->syscall_name);
	json_abis(json, finding->abis);
	if (finding->file)
		cli_json_string(json, "file", finding->file);
	if (finding->line) {
		cli_json_u64(json, "line", finding->line);
		cli_json_u64(json, "column", finding->column);
	}
	cli_json_string(json, "text", finding->text);
	cli_json_string(json, "cure", finding->cure);
	json_witness(json, finding);
	cli_json_close(json, '}');
}

void check_json(const struct callgate_policy *policy, const struct callgate_findings *findings)
{
	struct cli_json json = { .out = stdout };
	const struct callgate_finding *finding;
	size_t counts[3] = { 0 };

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "source", callgate_policy_name(policy));
	cli_json_open(&json, "findings", '[');
	for (size_t i = 0; (finding = callgate_findings_get(findings, i)); i++) {
		json_finding(&json, finding);
		counts[finding->severity]++;
	}
	cli_json_close(&json, ']');
	cli_json_u64(&json, "errors", counts[CALLGATE_SEVERITY_ERROR]);
	cli_json_u64(&json, "warnings", counts[CALLGATE_SEVERITY_WARNING]);
	cli_json_u64(&json, "notes", counts[CALLGATE_SEVERITY_NOTE]);
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

/* ---- SARIF ---- */

/* SARIF's text is an object with one member. */
static void sarif_text(struct cli_json *json, const char *key, const char *text)
{
	cli_json_open(json, key, '{');
	cli_json_string(json, "text", text);
	cli_json_close(json, '}');
}

static void sarif_tool(struct cli_json *json)
{
	struct callgate_check_rule rule;

	cli_json_open(json, "tool", '{');
	cli_json_open(json, "driver", '{');
	cli_json_string(json, "name", "callgate");
	cli_json_string(json, "version", callgate_version());
	cli_json_open(json, "rules", '[');
	for (unsigned i = 0; callgate_check_rule_at(i, &rule); i++) {
		cli_json_open(json, NULL, '{');
		cli_json_string(json, "id", rule.id);
		sarif_text(json, "shortDescription", rule.help);
		sarif_text(json, "help", rule.cure);
		cli_json_open(json, "defaultConfiguration", '{');
		cli_json_string(json, "level", check_severity_word(rule.severity));
		cli_json_close(json, '}');
		cli_json_close(json, '}');
	}
	cli_json_close(json, ']');
	cli_json_close(json, '}');
	cli_json_close(json, '}');
}

/* A file name as a relative or absolute URI reference. */
static void sarif_uri(struct cli_json *json, const char *file)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	char *uri = malloc(3 * strlen(file) + 1), *out = uri;

	if (!uri)
		abort();
	for (; *file; file++) {
		if (strchr(plain, *file))
			*out++ = *file;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*file);
	}
	*out = '\0';
	cli_json_string(json, "uri", uri);
	free(uri);
}

static void sarif_place(struct cli_json *json, const struct callgate_finding *finding)
{
	cli_json_open(json, "locations", '[');
	if (finding->file) {
		cli_json_open(json, NULL, '{');
		cli_json_open(json, "physicalLocation", '{');
		cli_json_open(json, "artifactLocation", '{');
		sarif_uri(json, finding->file);
		cli_json_close(json, '}');
		if (finding->line) {
			cli_json_open(json, "region", '{');
			cli_json_u64(json, "startLine", finding->line);
			cli_json_u64(json, "startColumn", finding->column);
			cli_json_close(json, '}');
		}
		cli_json_close(json, '}');
		cli_json_close(json, '}');
	}
	cli_json_close(json, ']');
}

static void sarif_result(struct cli_json *json, const struct callgate_finding *finding)
{
	struct callgate_check_rule rule;

	cli_json_open(json, NULL, '{');
	cli_json_string(json, "ruleId", finding->id);
	for (unsigned i = 0; callgate_check_rule_at(i, &rule); i++)
		if (!strcmp(rule.id, finding->id))
			cli_json_u64(json, "ruleIndex", i);
	cli_json_string(json, "level", check_severity_word(finding->severity));
	sarif_text(json, "message", finding->text);
	sarif_place(json, finding);
	cli_json_open(json, "properties", '{');
	if (finding->syscall_name)
		cli_json_string(json, "syscall", finding->syscall_name);
	json_abis(json, finding->abis);
	json_witness(json, finding);
	cli_json_close(json, '}');
	cli_json_close(json, '}');
}

void check_sarif(const struct callgate_findings *findings)
{
	struct cli_json json = { .out = stdout };
	const struct callgate_finding *finding;

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	cli_json_string(&json, "version", "2.1.0");
	cli_json_open(&json, "runs", '[');
	cli_json_open(&json, NULL, '{');
	sarif_tool(&json);
	cli_json_open(&json, "results", '[');
	for (size_t i = 0; (finding = callgate_findings_get(findings, i)); i++)
		sarif_result(&json, finding);
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

/* ---- Rules ---- */

void check_list(const struct cli *cli)
{
	struct cli_json json = { .out = stdout };
	struct callgate_check_rule rule;

	if (cli->json)
		cli_json_open(&json, NULL, '[');
	for (unsigned i = 0; callgate_check_rule_at(i, &rule); i++) {
		if (!cli->json) {
			cli_say("%s%s%s (%s)\n    %s.\n    cure: %s", cli_style(cli, STYLE_BOLD), rule.id, cli_style(cli, STYLE_PLAIN),
				check_severity_word(rule.severity), rule.help, rule.cure);
			continue;
		}
		cli_json_open(&json, NULL, '{');
		cli_json_string(&json, "id", rule.id);
		cli_json_string(&json, "severity", check_severity_word(rule.severity));
		cli_json_string(&json, "help", rule.help);
		cli_json_string(&json, "cure", rule.cure);
		cli_json_close(&json, '}');
	}
	if (cli->json) {
		cli_json_close(&json, ']');
		cli_json_end(&json);
	}
}
