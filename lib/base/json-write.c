/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: the same calls always give the same bytes, and no byte of the output can act on a terminal. */
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>

/* The bit of the container that the writer is in. Depth 0, before the document's value, has none. */
static uint64_t level_bit(const struct json_writer *w)
{
	return w->depth && w->depth <= JSON_DEPTH_MAX ? (uint64_t)1 << (w->depth - 1) : 0;
}

static bool is_flat(const struct json_writer *w)
{
	return !w->indent || w->flat_mask & level_bit(w);
}

static void new_line(struct json_writer *w)
{
	buf_printf(w->out, "\n%*s", (int)(w->indent * w->depth), "");
}

static void put_text(struct buf *out, const char *text, size_t size)
{
	static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	buf_puts(out, "\"");
	for (size_t i = 0; i < size;) {
		uint32_t point;
		unsigned length = utf8_decode(text + i, size - i, &point);
		const char *at = length == 1 && point ? strchr(shorts, (int)point) : NULL;

		if (!length)
			buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (at)
			buf_printf(out, "\\%c", letters[at - shorts]);
		else if (utf8_unsafe(point))
			buf_printf(out, "\\u%04x", point);
		else
			buf_put(out, text + i, length);
		i += MAX(length, 1u);
	}
	buf_puts(out, "\"");
}

/* All that comes before a value: the comma, the line, the name. */
static void begin(struct json_writer *w, const char *key)
{
	bool used = w->used_mask & level_bit(w);

	if (used)
		buf_puts(w->out, ",");
	if (w->depth && !is_flat(w))
		new_line(w);
	else if (used || (w->depth && key))
		buf_puts(w->out, " ");
	w->used_mask |= level_bit(w);
	if (key) {
		put_text(w->out, key, strlen(key));
		buf_puts(w->out, ": ");
	}
}

void json_open(struct json_writer *w, const char *key, char bracket, bool flat)
{
	begin(w, key);
	buf_put(w->out, &bracket, 1);
	flat = flat || is_flat(w);
	w->depth++;
	if (w->depth > JSON_DEPTH_MAX && !w->out->error)
		w->out->error = -E2BIG;
	w->used_mask &= ~level_bit(w);
	w->flat_mask = flat ? w->flat_mask | level_bit(w) : w->flat_mask & ~level_bit(w);
}

void json_close(struct json_writer *w, char bracket)
{
	bool used = w->used_mask & level_bit(w), flat = is_flat(w);

	w->depth--;
	if (used && !flat)
		new_line(w);
	else if (used && bracket == '}')
		buf_puts(w->out, " ");
	buf_put(w->out, &bracket, 1);
}

void json_put_bytes(struct json_writer *w, const char *key, const char *text, size_t size)
{
	begin(w, key);
	put_text(w->out, text, size);
}

void json_put_string(struct json_writer *w, const char *key, const char *text)
{
	if (text)
		json_put_bytes(w, key, text, strlen(text));
	else
		json_put_null(w, key);
}

void json_put_u64(struct json_writer *w, const char *key, uint64_t value)
{
	begin(w, key);
	buf_printf(w->out, "%" PRIu64, value);
}

void json_put_s64(struct json_writer *w, const char *key, int64_t value)
{
	begin(w, key);
	buf_printf(w->out, "%" PRId64, value);
}

void json_put_double(struct json_writer *w, const char *key, double value)
{
	char text[64];

	if (!__builtin_isfinite(value)) {
		json_put_null(w, key);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	begin(w, key);
	/* what is neither digit, sign nor exponent is the locale's decimal point, of one byte or more */
	for (const char *at = text; *at;) {
		size_t plain = strspn(at, "0123456789eE+-"), point = strcspn(at + plain, "0123456789eE+-");

		buf_put(w->out, at, plain);
		if (point)
			buf_puts(w->out, ".");
		at += plain + point;
	}
}

static void put_word(struct json_writer *w, const char *key, const char *word)
{
	begin(w, key);
	buf_puts(w->out, word);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	put_word(w, key, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
	put_word(w, key, "null");
}

/* Recursion is bounded: the reader refuses more than JSON_DEPTH_MAX levels. */
void json_put_node(struct json_writer *w, const char *key, const struct json *j, const struct json_node *n)
{
	bool object = n->type == JSON_OBJECT;

	switch (n->type) {
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		put_word(w, key, json_type_name(n->type));
		break;
	case JSON_NUMBER:
		put_word(w, key, json_text(j, n));
		break;
	case JSON_STRING:
		json_put_bytes(w, key, json_text(j, n), n->text_size);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		json_open(w, key, object ? '{' : '[', false);
		for (const struct json_node *child = json_child(j, n); child; child = json_next(j, child))
			json_put_node(w, object ? json_key(j, child) : NULL, j, child);
		json_close(w, object ? '}' : ']');
		break;
	}
}
