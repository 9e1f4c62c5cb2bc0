/* SPDX-License-Identifier: Apache-2.0 */
/* The strict JSON reader and the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <time.h>

#include "base/json.h"

/* Parse what must be good. */
static struct json parse(const char *bytes, size_t size)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	struct json j;
	int error = json_parse(&j, bytes, size, "good.json", diags);

	if (error)
		fail_msg("%s: %s", bytes, callgate_diags_get(diags, 0)->text);
	assert_int_equal(callgate_diags_count(diags), 0);
	return j;
}

static char *write_back(const struct json *j, unsigned indent)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out, .indent = indent };
	char *text = NULL;

	json_put_node(&w, NULL, j, json_root(j));
	assert_int_equal(w.depth, 0);
	assert_int_equal(buf_take(&out, &text, NULL), 0);
	return text;
}

/* ---- What is refused, and where ---- */

struct refusal {
	const char *text;
	size_t size; /* 0: strlen */
	const char *id;
	unsigned line, column;
	const char *says; /* part of the diagnostic */
};

static void check_refusal(const struct refusal *c)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	struct json j;
	size_t size = c->size ? c->size : strlen(c->text);
	/* an exact copy on the heap, so that a sanitizer sees reading past the end */
	char *copy = malloc(size + !size);
	const struct callgate_diag *d;
	int error;

	memcpy(copy, c->text, size);
	error = json_parse(&j, copy, size, "bad.json", diags);
	free(copy);
	if (error != -EBADMSG)
		fail_msg("%.60s: answer %d", c->text, error);
	assert_null(j.nodes.items);
	assert_null(j.text.text);
	assert_int_equal(callgate_diags_count(diags), 1);
	d = callgate_diags_get(diags, 0);
	if (strcmp(d->id, c->id) || d->line != c->line || d->column != c->column || !strstr(d->text, c->says))
		fail_msg("%.60s: %s:%u:%u: %s [%s], expected %u:%u %s [%s]", c->text, d->file, d->line, d->column, d->text, d->id,
			 c->line, c->column, c->says, c->id);
	assert_string_equal(d->file, "bad.json");
	assert_int_equal(d->severity, CALLGATE_SEVERITY_ERROR);
}

#define X10(s) s s s s s s s s s s
#define DEPTH_64(s) X10(s) X10(s) X10(s) X10(s) X10(s) X10(s) s s s s

static const struct refusal refusals[] = {
	{ "", 0, "json-empty", 1, 1, "the text is empty" },
	{ " \n\t\r\n ", 0, "json-empty", 3, 2, "only blanks" },

	{ "[1,\n 2,\n]", 0, "json-syntax", 2, 3, "a comma after the last element is not allowed" },
	{ "{\"a\": 1\n,\n}", 0, "json-syntax", 2, 1, "a comma after the last member is not allowed" },
	{ "[,1]", 0, "json-syntax", 1, 2, "expected a value, found ','" },
	{ "[1,,2]", 0, "json-syntax", 1, 4, "expected a value, found ','" },
	{ "{,}", 0, "json-syntax", 1, 2, "expected a member name in double quotes, found ','" },
	{ "[1 2]", 0, "json-syntax", 1, 4, "expected ',' or ']', found a number" },
	{ "{\n \"a\": 1\n \"b\": 2 }", 0, "json-syntax", 3, 2, "expected ',' or '}', found a string; the object opens in line 1, column 1" },
	{ "{ \"a\" 1 }", 0, "json-syntax", 1, 7, "expected ':' after the member name, found a number" },
	{ "{ \"a\": }", 0, "json-syntax", 1, 8, "expected a value, found '}'" },
	{ "{ \"a\" }", 0, "json-syntax", 1, 7, "expected ':'" },
	{ "{ a: 1 }", 0, "json-syntax", 1, 3, "expected a member name in double quotes, found 'a'" },
	{ "{ 'a': 1 }", 0, "json-syntax", 1, 3, "found a single quote" },
	{ "{ 1: 1 }", 0, "json-syntax", 1, 3, "found a number" },
	{ "['a']", 0, "json-syntax", 1, 2, "found a single quote (strings stand in double quotes)" },
	{ "[1}", 0, "json-syntax", 1, 3, "expected ',' or ']', found '}'" },
	{ "{\"a\":1]", 0, "json-syntax", 1, 7, "expected ',' or '}', found ']'" },
	{ "\n [1", 0, "json-syntax", 2, 4, "found the end of the text; the array opens in line 2, column 2" },
	{ "[", 0, "json-syntax", 1, 2, "expected a value, found the end of the text" },
	{ "{", 0, "json-syntax", 1, 2, "found the end of the text" },
	{ "{\"a\":", 0, "json-syntax", 1, 6, "found the end of the text" },
	{ "]", 0, "json-syntax", 1, 1, "expected a value, found ']'" },
	{ "// no\n1", 0, "json-syntax", 1, 1, "found a comment (JSON has none)" },
	{ "[1, /* no */ 2]", 0, "json-syntax", 1, 5, "found a comment" },
	{ "[ # no\n]", 0, "json-syntax", 1, 3, "found a comment" },
	{ "True", 0, "json-syntax", 1, 1, "true, false and null), found 'True'" },
	{ "[nul]", 0, "json-syntax", 1, 2, "found 'nul'" },
	{ "nullx", 0, "json-syntax", 1, 1, "found 'nullx'" },
	{ "undefined_and_longer_than_is_shown", 0, "json-syntax", 1, 1, "found 'undefined_and_longer_tha'" },
	{ "[\v1]", 0, "json-syntax", 1, 2, "found the byte 0x0b" },
	{ "\0", 1, "json-syntax", 1, 1, "found the byte 0x00" },
	{ "[é]", 0, "json-syntax", 1, 2, "found 'é'" },
	{ "\xc2\xa0[]", 0, "json-syntax", 1, 1, "expected a value, found '\xc2\xa0'" }, /* no-break space is not a blank */

	{ "[] []", 0, "json-trailing", 1, 4, "found '['" },
	{ "{}\n}", 0, "json-trailing", 2, 1, "found '}'" },
	{ "1\0", 2, "json-trailing", 1, 2, "the byte 0x00" },
	{ "null // x", 0, "json-trailing", 1, 6, "a comment" },
	{ "\"a\"b", 0, "json-trailing", 1, 4, "'b'" },

	{ "[01]", 0, "json-number", 1, 2, "does not start with a 0" },
	{ "-012", 0, "json-number", 1, 2, "does not start with a 0" },
	{ "[00]", 0, "json-number", 1, 2, "does not start with a 0" },
	{ "[0x10]", 0, "json-number", 1, 3, "JSON numbers are decimal" },
	{ "[+1]", 0, "json-number", 1, 2, "not with '+'" },
	{ "[.5]", 0, "json-number", 1, 2, "not with '.'" },
	{ "[1.]", 0, "json-number", 1, 4, "a digit must follow the '.'" },
	{ "[1.e2]", 0, "json-number", 1, 4, "a digit must follow the '.'" },
	{ "[1e]", 0, "json-number", 1, 4, "in the exponent" },
	{ "[1e+]", 0, "json-number", 1, 5, "in the exponent" },
	{ "-", 0, "json-number", 1, 2, "a digit must follow the '-'" },
	{ "[--1]", 0, "json-number", 1, 3, "a digit must follow the '-'" },
	{ "[-Infinity]", 0, "json-number", 1, 3, "a digit must follow the '-'" },
	{ "1.2.3", 0, "json-number", 1, 4, "cannot stand in a number" },
	{ "[12a]", 0, "json-number", 1, 4, "cannot stand in a number" },
	{ "[1e5e5]", 0, "json-number", 1, 5, "cannot stand in a number" },
	{ "[1-2]", 0, "json-number", 1, 3, "cannot stand in a number" },
	{ "{\"a\": NaN}", 0, "json-number", 1, 7, "NaN is not a JSON number" },
	{ "Infinity", 0, "json-number", 1, 1, "Infinity is not a JSON number" },

	{ "[\n  \"abc", 0, "json-string", 2, 3, "does not end" },
	{ "\"", 0, "json-string", 1, 1, "does not end" },
	{ "\"a\\\"", 0, "json-string", 1, 1, "does not end" },
	{ "[\"ab\ncd\"]", 0, "json-string", 1, 5, "a line ends inside the string that starts in column 2" },
	{ "[\"ab\r\n\"]", 0, "json-string", 1, 5, "a line ends" },
	{ "[\"a\tb\"]", 0, "json-string", 1, 4, "0x09 in a string is written \\u0009" },
	{ "\"\0\"", 3, "json-string", 1, 2, "0x00" },
	{ "\"\x1f\"", 0, "json-string", 1, 2, "0x1f" },
	{ "\"\\x41\"", 0, "json-string", 1, 2, "a backslash in a string is followed by" },
	{ "\"\\'\"", 0, "json-string", 1, 2, "a backslash in a string is followed by" },
	{ "\"\\", 0, "json-string", 1, 2, "a backslash" },
	{ "\"\\\0\"", 4, "json-string", 1, 2, "a backslash" },
	{ "\"ab\\u12g4\"", 0, "json-string", 1, 4, "four hexadecimal digits" },
	{ "\"\\u12", 0, "json-string", 1, 2, "four hexadecimal digits" },
	{ "\"\\u", 0, "json-string", 1, 2, "four hexadecimal digits" },
	{ "\"\\U0041\"", 0, "json-string", 1, 2, "a backslash" },
	{ "\"\\ud83d\"", 0, "json-string", 1, 2, "\\ud83d is the first half" },
	{ "\"x\\uD83Dx\"", 0, "json-string", 1, 3, "first half" },
	{ "\"\\ud83d\\n\"", 0, "json-string", 1, 2, "first half" },
	{ "\"\\ud83d\\u0041\"", 0, "json-string", 1, 2, "first half" },
	{ "\"\\ud83d\\ud83d\"", 0, "json-string", 1, 2, "first half" },
	{ "\"\\ud83d\\ude0", 0, "json-string", 1, 2, "first half" },
	{ "\"\\ude00\"", 0, "json-string", 1, 2, "second half" },
	{ "\"\\ude00\\ud83d\"", 0, "json-string", 1, 2, "second half" },
	{ "{\"a\\u0000b\": 1}", 0, "json-string", 1, 4, "a NUL in a member name is not allowed" },

	{ "\xef\xbb\xbf{}", 0, "json-utf8", 1, 1, "byte order mark" },
	{ "\xff\xfe{\0}\0", 6, "json-utf8", 1, 1, "UTF-16" },
	{ "\xfe\xff\0{\0}", 6, "json-utf8", 1, 1, "UTF-16" },
	{ "[\xff]", 0, "json-utf8", 1, 2, "found the byte 0xff, which is not UTF-8" },
	{ "[\"a\xff\"]", 0, "json-utf8", 1, 4, "the byte 0xff in a string is not UTF-8" },
	{ "\"\xc0\x80\"", 0, "json-utf8", 1, 2, "0xc0" },
	{ "\"\xed\xa0\x80\"", 0, "json-utf8", 1, 2, "0xed" },
	{ "\"\xf4\x90\x80\x80\"", 0, "json-utf8", 1, 2, "0xf4" },
	{ "\"\xe2\x82", 0, "json-utf8", 1, 2, "0xe2" },
	{ "{\"é\xc3\": 1}", 0, "json-utf8", 1, 5, "0xc3" }, /* columns count bytes */

	{ "{\"a\": 1, \"a\": 2}", 0, "json-duplicate", 1, 10, "the member \"a\" comes twice in this object; it is first in line 1, column 2" },
	{ "{\"a\": 1,\n \"\\u0061\": 2}", 0, "json-duplicate", 2, 2, "\"a\" comes twice" },
	{ "{\"\": 1, \"\": 2}", 0, "json-duplicate", 1, 9, "\"\" comes twice" },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 0, "json-duplicate", 1, 19, "comes twice" },
	/* of several, the first repetition is told */
	{ "{\"z\":1,\"b\":1,\"a\":1,\"z\":1,\"a\":1,\"z\":1,\"b\":1}", 0, "json-duplicate", 1, 20, "\"z\" comes twice in this object; it is first in line 1, column 2" },
	{ "{\"c\":1,\"a\":1,\"b\":1,\"b\":1,\"a\":1,\"c\":1}", 0, "json-duplicate", 1, 20, "\"b\" comes twice" },
	{ "[{\"a\":{\"b\":1,\n\"b\":2}}]", 0, "json-duplicate", 2, 1, "\"b\" comes twice" },

	{ DEPTH_64("[") "[", 0, "json-depth", 1, 65, "nested deeper than 64" },
	{ DEPTH_64("[") "{", 0, "json-depth", 1, 65, "nested deeper than 64" },
	{ DEPTH_64("{\"a\":") "\n  [", 0, "json-depth", 2, 3, "nested deeper than 64" },
};

static void bad_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		check_refusal(&refusals[i]);
}

/* Any proper beginning of a document is refused, whatever it is cut through. */
static void beginnings_are_refused(void **state)
{
	static const char text[] = "{ \"a\": [1.5e+2, -0, true, null, \"\\ud83d\\ude00\\n\xf0\x9f\x98\x80\"], \"b\": {} }";
	struct json j = parse(text, strlen(text));

	(void)state;
	json_done(&j);
	for (size_t size = 0; size < strlen(text); size++) {
		char *copy = malloc(size + !size);

		memcpy(copy, text, size);
		assert_int_equal(json_parse(&j, copy, size, NULL, NULL), -EBADMSG);
		free(copy);
	}
}

static void depth_64_is_read(void **state)
{
	static const char *const texts[] = { DEPTH_64("[") DEPTH_64("]"), DEPTH_64("{ \"a\": ") "1" DEPTH_64(" }") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json j = parse(texts[i], strlen(texts[i]));
		_cleanup_free_ char *compact = write_back(&j, 0);
		unsigned depth = 1;

		assert_string_equal(compact, texts[i]);
		for (const struct json_node *n = json_root(&j); json_child(&j, n); n = json_child(&j, n))
			depth++;
		assert_int_equal(depth, 64 + i);
		json_done(&j);
	}
}

/* Processor time, so that a busy machine does not fail a test. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void hostile_sizes_fail_fast(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	size_t size = (size_t)JSON_SIZE_MAX + 1;
	char *text = malloc(size);
	double start = now();
	struct json j;

	(void)state;
	memset(text, '[', size);
	assert_int_equal(json_parse(&j, text, 10 << 20, NULL, diags), -EBADMSG);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "json-depth");
	assert_null(callgate_diags_get(diags, 0)->file);
	assert_int_equal(json_parse(&j, text, size, "big.json", diags), -E2BIG);
	assert_string_equal(callgate_diags_get(diags, 1)->id, "json-size");
	assert_int_equal(callgate_diags_get(diags, 1)->line, 0);
	assert_true(now() - start < 1);
	memset(text, ' ', size);
	text[0] = '7';
	assert_int_equal(json_parse(&j, text, size - 1, NULL, diags), 0); /* just fits */
	json_done(&j);
	/* few bytes a value: the number of values is what counts */
	for (size_t i = 0; i < size; i++)
		text[i] = i % 2 ? '0' : ',';
	text[0] = '[';
	assert_int_equal(json_parse(&j, text, size - 1, NULL, diags), -E2BIG);
	assert_string_equal(callgate_diags_get(diags, 2)->id, "json-size");
	/* the array is a value too */
	assert_int_equal(callgate_diags_get(diags, 2)->column, 2 * JSON_NODES_MAX);
	free(text);
}

/* Names in an order that is hard on naive sorts, all different or with one repetition far apart. */
static void many_members_are_quick(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	struct buf text = { 0 };
	double start = now();
	struct json j;

	(void)state;
	buf_puts(&text, "{\"last\":0");
	for (unsigned i = 0; i < 1000000; i++)
		buf_printf(&text, ",\n\"%u\":0", i % 2 ? i : 1000000 - i);
	buf_puts(&text, "}");
	assert_int_equal(text.error, 0);
	assert_int_equal(json_parse(&j, text.text, text.size, NULL, diags), 0);
	assert_int_equal(json_root(&j)->count, 1000001);
	json_done(&j);
	text.size--;
	buf_puts(&text, ",\n\"last\":1}");
	assert_int_equal(json_parse(&j, text.text, text.size, NULL, diags), -EBADMSG);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "json-duplicate");
	assert_int_equal(callgate_diags_get(diags, 0)->line, 1000002);
	assert_int_equal(callgate_diags_get(diags, 0)->column, 1);
	/* a quadratic search takes hours; a sanitizer's build a few seconds */
	assert_true(now() - start < 30);
	buf_done(&text);
}

/* ---- What is read ---- */

static void values_are_read(void **state)
{
	static const char text[] = "\r\n{ \"a\":\t[ null, false, true, -1.50E+2, \"\\u0041\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\" ],\n"
				   "  \"\\u00e9\" : {}, \"c\":[] }\n";
	struct json j = parse(text, strlen(text));
	const struct json_node *root = json_root(&j), *a = json_member(&j, root, "a"), *n;
	const char *string = NULL;

	(void)state;
	assert_int_equal(root->type, JSON_OBJECT);
	assert_int_equal(root->count, 3);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->column, 1);
	assert_string_equal(json_key(&j, root), "");
	assert_int_equal(json_where_key(&j, root).column, 1); /* no name: the value's own place */
	assert_ptr_equal(a, json_child(&j, root));
	assert_int_equal(a->type, JSON_ARRAY);
	assert_int_equal(a->count, 5);
	assert_int_equal(json_where(&j, a).line, 2);
	assert_int_equal(json_where(&j, a).column, 8);
	assert_int_equal(json_where_key(&j, a).column, 3);
	assert_string_equal(json_where(&j, a).file, "good.json");
	n = json_child(&j, a);
	assert_int_equal(n->type, JSON_NULL);
	assert_string_equal(json_text(&j, n), "");
	assert_null(json_child(&j, n));
	assert_int_equal((n = json_next(&j, n))->type, JSON_FALSE);
	assert_int_equal((n = json_next(&j, n))->type, JSON_TRUE);
	assert_int_equal((n = json_next(&j, n))->type, JSON_NUMBER);
	assert_string_equal(json_text(&j, n), "-1.50E+2");
	assert_int_equal(n->text_size, 8);
	assert_int_equal(json_string(&j, n, &string), -EINVAL);
	assert_int_equal(n->column, 29);
	n = json_next(&j, n);
	assert_int_equal(n->type, JSON_STRING);
	assert_int_equal(json_string(&j, n, &string), 0);
	assert_string_equal(string, "A\xf0\x9f\x98\x80\"\\/\b\f\n\r\t");
	assert_null(json_next(&j, n));
	n = json_next(&j, a);
	assert_string_equal(json_key(&j, n), "é");
	assert_int_equal(json_where_key(&j, n).line, 3);
	assert_int_equal(json_where_key(&j, n).column, 3);
	assert_int_equal(n->column, 14);
	assert_int_equal(n->count, 0);
	assert_null(json_child(&j, n));
	assert_null(json_member(&j, root, "d"));
	assert_null(json_member(&j, a, ""));
	json_done(&j);
	assert_null(j.nodes.items);
}

static void scalars_are_documents(void **state)
{
	static const struct {
		const char *text;
		enum json_type type;
	} cases[] = {
		{ "null", JSON_NULL }, { " true ", JSON_TRUE }, { "false\n", JSON_FALSE }, { "0", JSON_NUMBER }, { "-0", JSON_NUMBER },
		{ "1E400", JSON_NUMBER }, { "0.0e-0", JSON_NUMBER }, { "\"\"", JSON_STRING }, { "\"\x7f\"", JSON_STRING },
		{ "[]", JSON_ARRAY }, { "{}", JSON_OBJECT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json j = parse(cases[i].text, strlen(cases[i].text));

		assert_int_equal(json_root(&j)->type, cases[i].type);
		json_done(&j);
	}
	assert_string_equal(json_type_name(JSON_OBJECT), "object");
	assert_string_equal(json_type_name(JSON_NULL), "null");
}

static void nul_in_strings_is_kept(void **state)
{
	static const char text[] = "[\"a\\u0000b\", \"\\u0000\"]";
	struct json j = parse(text, strlen(text));
	const struct json_node *n = json_child(&j, json_root(&j));
	_cleanup_free_ char *compact = write_back(&j, 0);
	const char *string = "untouched";

	(void)state;
	assert_int_equal(n->text_size, 3);
	assert_memory_equal(json_text(&j, n), "a\0b", 4);
	assert_int_equal(json_string(&j, n, &string), -EINVAL);
	assert_string_equal(string, "untouched");
	assert_int_equal(json_next(&j, n)->text_size, 1);
	assert_string_equal(compact, text);
	json_done(&j);
}

static void integers_are_exact(void **state)
{
	static const struct {
		const char *text;
		int u64, s64; /* answers */
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0, 0 },
		{ "7", 0, 0, 7 },
		{ "9007199254740993", 0, 0, UINT64_C(9007199254740993) }, /* no double holds it */
		{ "9223372036854775807", 0, 0, INT64_MAX },
		{ "9223372036854775808", 0, -EINVAL, UINT64_C(1) << 63 },
		{ "18446744073709551615", 0, -EINVAL, UINT64_MAX },
		{ "18446744073709551616", -EINVAL, -EINVAL, 0 },
		{ "184467440737095516150", -EINVAL, -EINVAL, 0 },
		{ "99999999999999999999999999999999", -EINVAL, -EINVAL, 0 },
		{ "-1", -EINVAL, 0, UINT64_MAX },
		{ "-0", -EINVAL, 0, 0 },
		{ "-9223372036854775808", -EINVAL, 0, UINT64_C(1) << 63 },
		{ "-9223372036854775809", -EINVAL, -EINVAL, 0 },
		{ "1.0", -EINVAL, -EINVAL, 0 },
		{ "1e3", -EINVAL, -EINVAL, 0 },
		{ "1E0", -EINVAL, -EINVAL, 0 },
		{ "\"1\"", -EINVAL, -EINVAL, 0 },
		{ "true", -EINVAL, -EINVAL, 0 },
		{ "null", -EINVAL, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json j = parse(cases[i].text, strlen(cases[i].text));
		uint64_t u = 12345;
		int64_t s = 12345;

		if (json_u64(&j, json_root(&j), &u) != cases[i].u64 || u != (cases[i].u64 ? 12345 : cases[i].value) ||
		    json_s64(&j, json_root(&j), &s) != cases[i].s64 || (uint64_t)s != (cases[i].s64 ? 12345 : cases[i].value))
			fail_msg("%s: %ju %jd", cases[i].text, (uintmax_t)u, (intmax_t)s);
		json_done(&j);
	}
}

/* ---- The writer ---- */

static const char document[] = "{ \"name\": \"a\\\"b\", \"list\": [1, -2, 18446744073709551615], \"none\": [], \"empty\": {}, "
			       "\"deep\": { \"x\": [{ \"y\": null }, [true, false]] } }";

static void documents_survive_writing(void **state)
{
	static const unsigned indents[] = { 0, 2, 4, 1 };
	struct json j = parse(document, strlen(document));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(indents); i++) {
		_cleanup_free_ char *first = write_back(&j, indents[i]), *second = NULL;
		struct json again = parse(first, strlen(first));

		second = write_back(&again, 0);
		assert_string_equal(second, document);
		json_done(&again);
	}
	json_done(&j);
}

static void layout_is_as_documented(void **state)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out, .indent = 2 };

	(void)state;
	json_open(&w, NULL, '{', false);
	json_put_string(&w, "s", "x");
	json_open(&w, "flat", '{', true);
	json_put_u64(&w, "a", 1);
	json_open(&w, "b", '[', false); /* flat, since its parent is */
	json_put_u64(&w, NULL, 1);
	json_put_s64(&w, NULL, -2);
	json_close(&w, ']');
	json_open(&w, "c", '{', true);
	json_close(&w, '}');
	json_close(&w, '}');
	json_open(&w, "list", '[', false);
	json_open(&w, NULL, '[', true);
	json_put_bool(&w, NULL, true);
	json_put_bool(&w, NULL, false);
	json_close(&w, ']');
	json_open(&w, NULL, '{', false); /* not flat: its elder sibling was */
	json_put_null(&w, "n");
	json_put_string(&w, "m", NULL);
	json_close(&w, '}');
	json_open(&w, NULL, '[', false);
	json_close(&w, ']');
	json_close(&w, ']');
	json_close(&w, '}');
	assert_int_equal(out.error, 0);
	assert_string_equal(out.text, "{\n"
				      "  \"s\": \"x\",\n"
				      "  \"flat\": { \"a\": 1, \"b\": [1, -2], \"c\": {} },\n"
				      "  \"list\": [\n"
				      "    [true, false],\n"
				      "    {\n"
				      "      \"n\": null,\n"
				      "      \"m\": null\n"
				      "    },\n"
				      "    []\n"
				      "  ]\n"
				      "}");
	buf_done(&out);
}

static void writer_refuses_depth_65(void **state)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out };

	(void)state;
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		json_open(&w, NULL, '[', false);
	assert_int_equal(out.error, 0);
	json_open(&w, NULL, '[', false);
	assert_int_equal(out.error, -E2BIG);
	for (unsigned i = 0; i < JSON_DEPTH_MAX + 1; i++)
		json_close(&w, ']');
	assert_int_equal(w.depth, 0);
	buf_done(&out);
}

static void check_written(const char *text, size_t size, const char *expected)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out };
	struct json j;

	json_put_bytes(&w, NULL, text, size);
	assert_string_equal(out.text, expected);
	j = parse(out.text, out.size); /* whatever was written, it is JSON */
	json_done(&j);
	buf_done(&out);
}

static void strings_are_escaped(void **state)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out };

	(void)state;
	check_written("", 0, "\"\"");
	check_written("a/b\"c\\d é € \xf0\x9f\x98\x80", 19, "\"a/b\\\"c\\\\d é € \xf0\x9f\x98\x80\"");
	check_written("\b\f\n\r\t\0\x01\x1f\x7f", 9, "\"\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\"");
	check_written("\xc2\x9b\xe2\x80\xae\xef\xbb\xbf", 8, "\"\\u009b\\u202e\\ufeff\"");
	/* U+FFFD for each bad byte */
	check_written("a\xff\xc3(\xe2\x82", 6, "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
	check_written("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	json_open(&w, NULL, '{', true);
	json_put_u64(&w, "k\"\n\xff", UINT64_MAX);
	json_put_s64(&w, "s", INT64_MIN);
	json_close(&w, '}');
	assert_string_equal(out.text, "{ \"k\\\"\\n\xef\xbf\xbd\": 18446744073709551615, \"s\": -9223372036854775808 }");
	buf_done(&out);
}

static void check_double(double value, const char *expected)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out };

	json_put_double(&w, NULL, value);
	assert_string_equal(out.text, expected);
	buf_done(&out);
}

static void doubles_are_short_and_exact(void **state)
{
	static const char *const locales[] = { "C", "de_DE.UTF-8", "ps_AF.UTF-8", "fr_FR.UTF-8" };

	(void)state;
	/* the locales that are installed; some have a comma */
	for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
		if (!setlocale(LC_NUMERIC, locales[i]))
			continue;
		check_double(0, "0");
		check_double(1, "1");
		check_double(0.1, "0.1");
		check_double(-2.5, "-2.5");
		check_double(0.1 + 0.2, "0.30000000000000004");
		check_double(1e300, "1e+300");
		check_double(DBL_MAX, "1.7976931348623157e+308");
		check_double(5e-324, "4.94065645841247e-324");
		check_double((double)NAN, "null");
		check_double((double)INFINITY, "null");
		check_double(-(double)INFINITY, "null");
	}
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(beginnings_are_refused),
		cmocka_unit_test(depth_64_is_read),
		cmocka_unit_test(hostile_sizes_fail_fast),
		cmocka_unit_test(many_members_are_quick),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(scalars_are_documents),
		cmocka_unit_test(nul_in_strings_is_kept),
		cmocka_unit_test(integers_are_exact),
		cmocka_unit_test(documents_survive_writing),
		cmocka_unit_test(layout_is_as_documented),
		cmocka_unit_test(writer_refuses_depth_65),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(doubles_are_short_and_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
