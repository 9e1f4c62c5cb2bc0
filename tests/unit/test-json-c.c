/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader against json-c: on valid documents both see the same tree, and what our reader takes, json-c takes too. Documents are
 * made by a small generator with a fixed seed, and then damaged a byte at a time for the second property.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define json_type json_c_type /* both sides have an enum of that name */
#include <json-c/json.h>
#undef json_type

#include "base/json.h"

/* ---- Documents ---- */

struct maker {
	struct buf out;
	uint64_t seed;
	unsigned names; /* makes every member name different */
};

static unsigned pick(struct maker *m, unsigned below)
{
	m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(m->seed >> 33) % below;
}

static void make_blanks(struct maker *m)
{
	for (unsigned n = pick(m, 6); n > 3; n--)
		buf_put(&m->out, &" \t\n\r"[pick(m, 4)], 1);
}

static void make_string(struct maker *m, bool name)
{
	static const char *const pieces[] = {
		"a", "xyz", " ", "/", "\\/", "\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0041", "\\u00e9", "\\u20AC",
		"\\ud83d\\ude00", "\\uDBFF\\uDFFF", "\\ud800\\udc00", "é", "€", "\xf0\x9f\x98\x80", "\x7f", "\xef\xbf\xbf", "\\u001f", "{", "[", ",",
		"\\u0000", /* last: not in names */
	};

	buf_puts(&m->out, "\"");
	for (unsigned n = pick(m, 6); n; n--)
		buf_puts(&m->out, pieces[pick(m, ARRAY_SIZE(pieces) - name)]);
	if (name)
		buf_printf(&m->out, "%u", m->names++);
	buf_puts(&m->out, "\"");
}

static void make_number(struct maker *m)
{
	static const char *const numbers[] = {
		"0", "-0", "1", "-1", "2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"18446744073709551615", "18446744073709551614", "0.5", "-0.25", "1e3", "1E+2", "1.5e-7", "123456789.125", "0e0", "-1.0E0",
	};

	if (pick(m, 2))
		buf_puts(&m->out, numbers[pick(m, ARRAY_SIZE(numbers))]);
	else
		buf_printf(&m->out, "%s%u", pick(m, 2) ? "-" : "", pick(m, 1u << 30));
}

static void make_value(struct maker *m, unsigned depth)
{
	unsigned kind = pick(m, depth < 12 ? 9 : 5);
	bool object = kind & 1;

	make_blanks(m);
	if (kind < 2) {
		make_string(m, false);
	} else if (kind < 4) {
		make_number(m);
	} else if (kind == 4) {
		buf_puts(&m->out, ((const char *[]){ "null", "true", "false" })[pick(m, 3)]);
	} else {
		buf_puts(&m->out, object ? "{" : "[");
		for (unsigned n = pick(m, 6), i = 0; i < n; i++) {
			if (i)
				buf_puts(&m->out, ",");
			if (object) {
				make_blanks(m);
				make_string(m, true);
				make_blanks(m);
				buf_puts(&m->out, ":");
			}
			make_value(m, depth + 1);
		}
		make_blanks(m);
		buf_puts(&m->out, object ? "}" : "]");
	}
	if (depth)
		make_blanks(m);
}

/* ---- Comparing ---- */

/* NULL with *ret_taken false when json-c refuses; the document `null` is NULL too. */
static struct json_object *theirs(const char *text, size_t size, bool *ret_taken)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	struct json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)size + 1); /* with the NUL: the end of a number at the top */
	*ret_taken = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	return object;
}

static void compare_number(const struct json *j, const struct json_node *n, struct json_object *o)
{
	uint64_t u;
	int64_t s;

	if (!json_s64(j, n, &s)) {
		assert_int_equal(json_object_get_type(o), json_type_int);
		assert_int_equal(json_object_get_int64(o), s);
	} else if (!json_u64(j, n, &u)) {
		assert_int_equal(json_object_get_type(o), json_type_int);
		assert_int_equal(json_object_get_uint64(o), u);
	} else if (!strpbrk(json_text(j, n), ".eE")) {
		assert_int_equal(json_object_get_type(o), json_type_int); /* beyond 64 bits: json-c saturates, we refuse to say */
	} else {
		assert_int_equal(json_object_get_type(o), json_type_double);
		assert_true(json_object_get_double(o) == strtod(json_text(j, n), NULL));
	}
}

static void compare(const struct json *j, const struct json_node *n, struct json_object *o)
{
	const struct json_node *child = json_child(j, n);

	switch (n->type) {
	case JSON_NULL:
		assert_null(o);
		break;
	case JSON_FALSE:
	case JSON_TRUE:
		assert_int_equal(json_object_get_type(o), json_type_boolean);
		assert_int_equal(json_object_get_boolean(o), n->type == JSON_TRUE);
		break;
	case JSON_NUMBER:
		compare_number(j, n, o);
		break;
	case JSON_STRING:
		assert_int_equal(json_object_get_type(o), json_type_string);
		assert_int_equal(json_object_get_string_len(o), n->text_size);
		assert_memory_equal(json_object_get_string(o), json_text(j, n), n->text_size);
		break;
	case JSON_ARRAY:
		assert_int_equal(json_object_get_type(o), json_type_array);
		assert_int_equal(json_object_array_length(o), n->count);
		for (size_t i = 0; child; i++, child = json_next(j, child))
			compare(j, child, json_object_array_get_idx(o, i));
		break;
	case JSON_OBJECT: {
		assert_int_equal(json_object_get_type(o), json_type_object);
		assert_int_equal(json_object_object_length(o), n->count);
		json_object_object_foreach(o, key, value) {
			assert_string_equal(key, json_key(j, child));
			compare(j, child, value);
			child = json_next(j, child);
		}
		break;
	}
	}
}

/* ---- The properties ---- */

static void make_document(struct maker *m)
{
	m->out.size = 0;
	m->names = 0;
	make_value(m, 0);
	assert_int_equal(m->out.error, 0);
}

static void valid_documents_agree(void **state)
{
	struct maker m = { .seed = 42 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct json_object *o;
		struct json j;
		bool taken;

		make_document(&m);
		if (json_parse(&j, m.out.text, m.out.size, NULL, NULL))
			fail_msg("refused: %s", m.out.text);
		o = theirs(m.out.text, m.out.size, &taken);
		if (!taken)
			fail_msg("json-c refuses: %s", m.out.text);
		compare(&j, json_root(&j), o);
		json_object_put(o);
		json_done(&j);
	}
	buf_done(&m.out);
}

static void damaged_documents_are_taken_by_both_or_refused(void **state)
{
	static const char bytes[] = "\"\\{}[]:,0129.-+eEtfnu/ \n\x01\x7f\x80\xbf\xc3\xe2\xed\xf0\xff";
	struct maker m = { .seed = 43 };
	unsigned ours = 0, only_theirs = 0;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		struct json_object *o;
		struct json j;
		bool taken;
		size_t at;

		if (i % 8 == 0)
			make_document(&m);
		if (!m.out.size)
			continue;
		at = pick(&m, (unsigned)m.out.size);
		m.out.text[at] = bytes[pick(&m, sizeof(bytes) - 1)]; /* up to eight of them pile up */
		o = theirs(m.out.text, m.out.size, &taken);
		if (json_parse(&j, m.out.text, m.out.size, NULL, NULL)) {
			only_theirs += taken;
		} else {
			ours++;
			if (!taken)
				fail_msg("only we take: %s", m.out.text);
			compare(&j, json_root(&j), o);
			json_done(&j);
		}
		json_object_put(o);
	}
	/* else the test would not test */
	assert_true(ours > 1000);
	print_message("taken by both: %u, by json-c only: %u\n", ours, only_theirs);
	buf_done(&m.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_documents_agree),
		cmocka_unit_test(damaged_documents_are_taken_by_both_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
