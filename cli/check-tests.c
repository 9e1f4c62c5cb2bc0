/* SPDX-License-Identifier: Apache-2.0 */
/* callgate check --tests: expectations, judged policy by policy and told as TAP, JSON and JUnit. */
#include "cli.h"

struct suite {
	struct callgate_tests *tests;
	struct callgate_test_result *results;
	size_t count;
	unsigned live;
};

/* ---- Judging ---- */

/* The folder of the file of tests, with its slash: sources are named from there on. */
static size_t folder_length(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? (size_t)(slash - file) + 1 : 0;
}

static int judge_source(struct cli *cli, const struct suite *suite, const struct callgate_target *target,
			const struct check_tests_options *options, const char *source)
{
	size_t folder = source && *source != '/' && !strchr(source, ':') ? folder_length(options->file) : 0;
	struct callgate_policy *policy;
	char *path;
	int r;

	if (!source && !options->source)
		return cli_error(cli, "usage-operands", "%s has expectations outside of a [source FILE]: name the policy they are about",
				 options->file);
	if (asprintf(&path, "%.*s%s", (int)folder, options->file, source ? source : options->source) < 0)
		abort();
	r = check_open(cli, path, options->read_flags, &policy);
	free(path);
	if (r != CLI_YES)
		return r;
	r = callgate_tests_run(suite->tests, source, policy, target, options->live ? CALLGATE_TESTS_LIVE : 0, suite->results, cli->diags);
	callgate_policy_free(policy);
	return r < 0 ? cli_trouble(cli) : CLI_YES;
}

static bool same_source(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Each source once, when the first of its expectations comes. */
static int judge_all(struct cli *cli, const struct suite *suite, const struct callgate_target *target,
		     const struct check_tests_options *options)
{
	struct callgate_test test, earlier;
	int status = CLI_YES;

	for (size_t i = 0; callgate_tests_get(suite->tests, i, &test) && status == CLI_YES; i++) {
		size_t first = 0;

		while (callgate_tests_get(suite->tests, first, &earlier) && !same_source(earlier.source, test.source))
			first++;
		if (first == i)
			status = judge_source(cli, suite, target, options, test.source);
	}
	return status;
}

/* ---- Telling ---- */

static bool passed(const struct callgate_test_result *result)
{
	return result->outcome == CALLGATE_TEST_HOLDS || result->outcome == CALLGATE_TEST_SKIPPED;
}

/* Why it failed: to be freed. */
static char *reason(const struct callgate_test_result *result)
{
	char *call = check_call_text(&result->witness), action[48], *text;
	const char *who = result->outcome == CALLGATE_TEST_DIFFERS ? "the policy means what is expected, but the filter answers " : "";

	callgate_action_format(result->action, action, sizeof(action));
	if (asprintf(&text, "%s%s%s%s", who, call, *who ? " with " : " is answered with ", action) < 0)
		abort();
	free(call);
	return text;
}

static void print_tap(const struct suite *suite)
{
	struct callgate_test test;

	cli_say("TAP version 13\n1..%zu", suite->count);
	for (size_t i = 0; callgate_tests_get(suite->tests, i, &test); i++) {
		const struct callgate_test_result *result = &suite->results[i];
		char *why;

		printf("%s %zu - ", passed(result) ? "ok" : "not ok", i + 1);
		if (test.source) {
			cli_print_escaped(stdout, test.source);
			fputs(": ", stdout);
		}
		cli_print_escaped(stdout, test.text);
		puts(result->outcome == CALLGATE_TEST_SKIPPED ? " # SKIP no ABI of the policy has this call" : "");
		if (passed(result))
			continue;
		why = reason(result);
		fputs("# ", stdout);
		cli_print_escaped(stdout, test.file);
		printf(":%u:%u: %s\n", test.line, test.column, why);
		free(why);
	}
	if (suite->live)
		cli_say("# %u calls were put to the kernel", suite->live);
}

static void print_json(const struct suite *suite)
{
	static const char *const words[] = { "holds", "fails", "differs", "skipped" };
	struct cli_json json = { .out = stdout };
	struct callgate_test test;

	cli_json_open(&json, NULL, '[');
	for (size_t i = 0; callgate_tests_get(suite->tests, i, &test); i++) {
		const struct callgate_test_result *result = &suite->results[i];

		cli_json_open(&json, NULL, '{');
		cli_json_string(&json, "test", test.text);
		if (test.source)
			cli_json_string(&json, "source", test.source);
		cli_json_string(&json, "file", test.file);
		cli_json_u64(&json, "line", test.line);
		cli_json_u64(&json, "column", test.column);
		cli_json_string(&json, "outcome", words[result->outcome]);
		cli_json_u64(&json, "live", result->live);
		if (!passed(result)) {
			char *call = check_call_text(&result->witness), action[48];

			cli_json_string(&json, "witness", call);
			cli_json_string(&json, "action", callgate_action_format(result->action, action, sizeof(action)));
			free(call);
		}
		cli_json_close(&json, '}');
	}
	cli_json_close(&json, ']');
	cli_json_end(&json);
}

/* ---- JUnit ---- */

/* XML 1.0 has no way to write most control characters; what is no ASCII text becomes a question mark. */
static void put_xml(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&apos;", out);
			break;
		default:
			fputc((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f ? '?' : *text, out);
		}
	}
}

static void put_junit_case(FILE *out, const struct callgate_test *test, const struct callgate_test_result *result)
{
	char *why;

	fputs("  <testcase classname=\"", out);
	put_xml(out, test->source ? test->source : test->file);
	fputs("\" name=\"", out);
	put_xml(out, test->text);
	fputs("\" file=\"", out);
	put_xml(out, test->file);
	fprintf(out, "\" line=\"%u\"", test->line);
	if (result->outcome == CALLGATE_TEST_SKIPPED) {
		fputs(">\n    <skipped message=\"no ABI of the policy has this call\"/>\n  </testcase>\n", out);
	} else if (passed(result)) {
		fputs("/>\n", out);
	} else {
		why = reason(result);
		fputs(">\n    <failure message=\"", out);
		put_xml(out, why);
		fputs("\"/>\n  </testcase>\n", out);
		free(why);
	}
}

static int write_junit(struct cli *cli, const struct suite *suite, const char *name)
{
	size_t size, failures = 0, skipped = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	struct callgate_test test;
	int status;

	if (!out)
		abort();
	for (size_t i = 0; i < suite->count; i++) {
		failures += !passed(&suite->results[i]);
		skipped += suite->results[i].outcome == CALLGATE_TEST_SKIPPED;
	}
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"callgate check\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"0\" "
		"skipped=\"%zu\">\n",
		suite->count, failures, skipped);
	for (size_t i = 0; callgate_tests_get(suite->tests, i, &test); i++)
		put_junit_case(out, &test, &suite->results[i]);
	fputs("</testsuite>\n", out);
	if (fclose(out))
		abort();
	status = cli_write_file(cli, name, text, size, 0666);
	free(text);
	return status;
}

static int tell(struct cli *cli, struct suite *suite, const struct check_tests_options *options)
{
	int status = CLI_YES;

	for (size_t i = 0; i < suite->count; i++) {
		suite->live += suite->results[i].live;
		if (!passed(&suite->results[i]))
			status = CLI_NO;
	}
	if (cli->json)
		print_json(suite);
	else
		print_tap(suite);
	if (options->junit && write_junit(cli, suite, options->junit) != CLI_YES)
		return CLI_TROUBLE;
	return status;
}

int check_tests(struct cli *cli, const struct callgate_target *target, const struct check_tests_options *options)
{
	struct suite suite = { 0 };
	struct callgate_test test;
	char *bytes = NULL;
	size_t size;
	int status;

	if (cli_read_file(cli, options->file, &bytes, &size) != CLI_YES)
		return CLI_TROUBLE;
	status = callgate_tests_read(bytes, size, options->file, &suite.tests, cli->diags) < 0 ? cli_trouble(cli) : CLI_YES;
	free(bytes);
	if (status != CLI_YES)
		return status;
	while (callgate_tests_get(suite.tests, suite.count, &test))
		suite.count++;
	suite.results = calloc(suite.count + 1, sizeof(*suite.results));
	if (!suite.results)
		abort();
	status = judge_all(cli, &suite, target, options);
	if (status == CLI_YES)
		status = tell(cli, &suite, options);
	free(suite.results);
	callgate_tests_free(suite.tests);
	return status;
}
