/* SPDX-License-Identifier: Apache-2.0 */
/* Trace files: what is refused and where, and that no byte of a name is lost. Raw BPF files beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "format/format.h"

static void free_trace(struct callgate_trace **trace)
{
	*trace = trace_free(*trace);
}

#define _diags_ _cleanup_(diags_freep)
#define _trace_ _cleanup_(free_trace)

#define HEAD "{\"callgate-trace\":1,\"lost\":0,\"calls\":[\n"
#define CALL(members) HEAD "{" members "}]}"

struct finding {
	const char *text;
	const char *id;
	unsigned line, column;
	bool warning;
	const char *says;
};

static const struct finding findings[] = {
	{ "5", "trace-type", 1, 1, .says = "a trace must be an object" },
	{ "{\"callgate-trace\":1,\n\"calls\":[]}", "trace-missing", 1, 1, .says = "lost" },
	{ "{\"callgate-trace\":1,\n\"lost\":0}", "trace-missing", 1, 1, .says = "calls" },
	{ "{\"callgate-trace\":2,\"lost\":0,\"calls\":[]}", "trace-version", 1, 19, .says = "version 2" },
	{ "{\"callgate-trace\":1,\"lost\":-1,\"calls\":[]}", "trace-number", 1, 28, .says = NULL },
	{ "{\"callgate-trace\":1,\"lost\":0,\"calls\":[],\"comand\":\"x\"}", "trace-unknown-member", 1, 41, true, "command" },
	{ "{\"callgate-trace\":1,\"lost\":0,\"calls\":[],\"command\":\"a\\u0000\"}", "trace-type", 1, 51, .says = "NUL" },
	{ "{\"callgate-trace\":1,\"lost\":0,\"calls\":[],\"command\":\"a\\\\x00\"}", "trace-type", 1, 51, .says = "NUL" },
	{ CALL("\"nr\":0,\"count\":1"), "trace-missing", 2, 1, .says = "abi" },
	{ CALL("\"abi\":\"x86_64\",\"count\":1"), "trace-missing", 2, 1, .says = "nr" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0"), "trace-missing", 2, 1, .says = "count" },
	{ CALL("\"abi\":\"x86_46\",\"nr\":0,\"count\":1"), "trace-unknown-abi", 2, 8, .says = "did you mean \"x86_64\"" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":4294967296,\"count\":1"), "trace-number", 2, 22, .says = "4294967295" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"count\":0"), "trace-number", 2, 32, .says = "count must be a whole number from 1" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"name\":\"write\",\"count\":1"), "trace-name", 2, 31, .says = "is read, not \"write\"" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":99999,\"name\":\"write\",\"count\":1"), "trace-name", 2, 35, .says = "unknown" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"name\":\"newcall\",\"count\":1"), "trace-name", 2, 31, .says = NULL },
	{ CALL("\"abi\":\"x86_64\",\"nr\":99999,\"name\":\"newcall\",\"count\":1"), "trace-unknown-name", 2, 35, true, "newer" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"args\":[1,2,3,4,5,6,7],\"count\":1"), "trace-args", 2, 31, .says = NULL },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"args\":[null,\"x\"],\"count\":1"), "trace-number", 2, 37, .says = NULL },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"args\":{\"0\":1},\"count\":1"), "trace-type", 2, 31, .says = "an array" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"count\":1,\"first\":5,\"last\":4"), "trace-times", 2, 51, .says = NULL },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"count\":1,\"evidence\":\"seen\""), "trace-evidence", 2, 45, .says = "scanned" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"count\":1,\"launch\":1"), "trace-type", 2, 43, .says = "true or false" },
	{ CALL("\"abi\":\"x86_64\",\"nr\":0,\"nr\":0,\"count\":1"), "json-duplicate", 2, 24, .says = NULL },
};

static void check_finding(const struct finding *f)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_trace_ struct callgate_trace *trace = NULL;
	int r = tracefile_read(f->text, strlen(f->text), "t.trace", &trace, diags);
	const struct callgate_diag *d = callgate_diags_get(diags, 0);

	if (callgate_diags_count(diags) != 1 || strcmp(d->id, f->id) || d->line != f->line || d->column != f->column)
		fail_msg("%s\n%zu findings, first %s %u:%u %s", f->text, callgate_diags_count(diags), d ? d->id : "", d ? d->line : 0,
			 d ? d->column : 0, d ? d->text : "");
	assert_int_equal(d->severity, f->warning ? CALLGATE_SEVERITY_WARNING : CALLGATE_SEVERITY_ERROR);
	assert_int_equal(r, f->warning ? 0 : -EBADMSG);
	assert_int_equal(!!trace, f->warning);
	if (f->says && !strstr(d->text, f->says))
		fail_msg("%s\ndoes not say: %s", d->text, f->says);
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(findings); i++)
		check_finding(&findings[i]);
}

static struct callgate_trace *read_quiet(const char *text)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_trace *trace = NULL;

	if (tracefile_read(text, strlen(text), "t.trace", &trace, diags) || callgate_diags_count(diags))
		fail_msg("%s\n%s", text, callgate_diags_get(diags, 0)->text);
	return trace;
}

static char *write_text(const struct callgate_trace *trace)
{
	struct buf out = { 0 };
	char *text;

	assert_int_equal(tracefile_write(trace, &out), 0);
	assert_int_equal(buf_take(&out, &text, NULL), 0);
	return text;
}

/* Equal traces, equal bytes: whatever the order of the calls and the spelling of the file. */
static void test_normal_form(void **state)
{
	static const char expected[] =
		"{\n"
		"  \"callgate-trace\": 1,\n"
		"  \"recorder\": \"notify\",\n"
		"  \"command\": \"nginx -g x\",\n"
		"  \"kernel\": \"6.1.0\",\n"
		"  \"lost\": 3,\n"
		"  \"calls\": [\n"
		"    { \"abi\": \"x86_64\", \"name\": \"read\", \"nr\": 0, \"count\": 5, \"first\": 10, \"last\": 20, \"who\": \"nginx\" },\n"
		"    { \"abi\": \"x86_64\", \"name\": \"socket\", \"nr\": 41, \"args\": [2, null, 18446744073709551615], \"count\": 1 },\n"
		"    { \"abi\": \"x86_64\", \"name\": \"execve\", \"nr\": 59, \"count\": 1, \"launch\": true },\n"
		"    { \"abi\": \"x86_64\", \"name\": \"mount\", \"nr\": 165, \"count\": 1, \"evidence\": \"denied\" },\n"
		"    { \"abi\": \"i386\", \"nr\": 99999, \"count\": 2 }\n"
		"  ]\n"
		"}\n";
	_trace_ struct callgate_trace *trace = read_quiet(
		"{\"calls\":[{\"abi\":\"i386\",\"nr\":99999,\"count\":2},{\"nr\":165,\"abi\":\"x86_64\",\"evidence\":\"denied\",\"count\":1},"
		"{\"abi\":\"x86_64\",\"nr\":59,\"launch\":true,\"count\":1,\"args\":[]},"
		"{\"abi\":\"x86_64\",\"nr\":41,\"args\":[2,null,18446744073709551615,null],\"name\":\"socket\",\"count\":1},"
		"{\"abi\":\"x86_64\",\"nr\":0,\"count\":5,\"first\":10,\"last\":20,\"who\":\"nginx\",\"evidence\":\"recorded\"}],"
		"\"lost\":3,\"kernel\":\"6.1.0\",\"command\":\"nginx -g x\",\"recorder\":\"notify\",\"callgate-trace\":1}");
	_trace_ struct callgate_trace *again = NULL;
	_cleanup_free_ char *first = write_text(trace), *second = NULL;

	(void)state;
	assert_string_equal(first, expected);
	again = read_quiet(first);
	second = write_text(again);
	assert_string_equal(second, expected);
}

/* The writer does not rely on the order in which a recorder saw the calls. */
static void test_order_of_recording(void **state)
{
	_trace_ struct callgate_trace *a = NULL, *b = NULL;
	_cleanup_free_ char *first = NULL, *second = NULL;

	(void)state;
	assert_int_equal(trace_new(&a), 0);
	assert_int_equal(trace_new(&b), 0);
	for (uint32_t i = 0; i < 8; i++) {
		struct callgate_observation up = { .abi = i % 2, .nr = i / 2, .args_known = 1, .args = { i }, .count = 1 };
		struct callgate_observation down = { .abi = (7 - i) % 2, .nr = (7 - i) / 2, .args_known = 1, .args = { 7 - i }, .count = 1 };

		assert_int_equal(trace_add(a, &up), 1);
		assert_int_equal(trace_add(b, &down), 1);
	}
	first = write_text(a);
	second = write_text(b);
	assert_string_equal(first, second);
}

/* A task may call itself by any bytes. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"\xff\xfe", "a\xc3", "\xc3\xa9", "\x1b[31mred", "\\xff", "\\\\xff", "\\x5cxff", "\\x", "\xed\xa0\x80", "\xe2\x80\xae", "\"q\"\\", "\x7f\x01",
		"\\x00", "a\xff\\xffb",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_trace_ struct callgate_trace *trace = NULL, *again = NULL;
		_cleanup_free_ char *text = NULL;
		struct callgate_observation o = { .nr = 0, .count = 1, .who = names[i] }, back;

		assert_int_equal(trace_new(&trace), 0);
		assert_int_equal(trace_add(trace, &o), 1);
		assert_int_equal(strpool_add(&trace->strings, names[i], strlen(names[i]), &trace->command), 0);
		text = write_text(trace);
		for (const char *c = text; *c; c++)
			assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
		again = read_quiet(text);
		assert_int_equal(again->entries.count, 1);
		trace_observation(again, 0, &back);
		assert_string_equal(back.who, names[i]);
		assert_string_equal(strpool_get(&again->strings, again->command), names[i]);
	}
}

static void test_equal_calls_add_up(void **state)
{
	_trace_ struct callgate_trace *trace =
		read_quiet(HEAD "{\"abi\":\"x86_64\",\"nr\":0,\"count\":2},{\"abi\":\"x86_64\",\"nr\":0,\"count\":3}]}");

	(void)state;
	assert_int_equal(trace->entries.count, 1);
	assert_int_equal(trace->entries.items[0].count, 5);
}

/* ---- Raw BPF ---- */

#define LOAD_NR { 0x20, 0, 0, 0 }
#define RET_ALLOW { 0x06, 0, 0, CALLGATE_ALLOW }

static void check_bpf(const void *bytes, size_t size, int r, const char *id)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;

	assert_int_equal(bpf_read(bytes, size, "f.bpf", &filter, diags), r);
	if (r) {
		assert_null(filter);
		assert_string_equal(callgate_diags_get(diags, 0)->id, id);
		assert_string_equal(callgate_diags_get(diags, 0)->file, "f.bpf");
		return;
	}
	assert_int_equal(filter->count, size / 8);
	assert_memory_equal(filter->insns, bytes, size);
	assert_null(filter->rules);
	assert_int_equal(filter->big_endian, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static void test_bpf(void **state)
{
	static const struct callgate_insn good[] = { LOAD_NR, RET_ALLOW }, no_return[] = { LOAD_NR };
	static const struct callgate_insn bad_jump[] = { LOAD_NR, { 0x15, 9, 0, 1 }, RET_ALLOW };
	_cleanup_free_ struct callgate_insn *big = calloc(CALLGATE_INSNS_MAX + 1, sizeof(*big));
	char shifted[sizeof(good) + 1];

	(void)state;
	check_bpf(good, sizeof(good), 0, NULL);
	memcpy(shifted + 1, good, sizeof(good));
	check_bpf(shifted + 1, sizeof(good), 0, NULL); /* not aligned */
	check_bpf(good, 0, -EBADMSG, "bpf-size");
	check_bpf(good, sizeof(good) - 1, -EBADMSG, "bpf-size");
	check_bpf(no_return, sizeof(no_return), -EBADMSG, "bpf-invalid");
	check_bpf(bad_jump, sizeof(bad_jump), -EBADMSG, "bpf-invalid");
	for (size_t i = 0; i <= CALLGATE_INSNS_MAX; i++)
		big[i] = good[1];
	check_bpf(big, CALLGATE_INSNS_MAX * sizeof(*big), 0, NULL);
	check_bpf(big, (CALLGATE_INSNS_MAX + 1) * sizeof(*big), -EBADMSG, "bpf-size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_order_of_recording),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_equal_calls_add_up),
		cmocka_unit_test(test_bpf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
