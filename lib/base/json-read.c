/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict JSON reader. It does not recurse: the containers that are open stand in a table of JSON_DEPTH_MAX frames. Time is
 * O(n log n) for any input: names are compared by sorting, never pair by pair and never by a hash that an attacker could flood.
 */
#include "base/json.h"

#include <stdio.h>

struct frame {
	uint32_t node; /* the array or object */
	uint32_t last; /* its last child so far, 0 for none */
};

struct reader {
	const char *bytes;
	size_t size, pos;
	size_t line_start; /* offset of the first byte of the line that pos is in */
	uint32_t line;
	struct json *json;
	struct callgate_diags *diags;
	struct frame frames[JSON_DEPTH_MAX];
	unsigned depth;
	struct json_node name;     /* key… of the member whose value comes next; zero in arrays */
	VEC(uint32_t) sorted;      /* scratch of check_names() */
};

/* ---- Saying what is wrong ---- */

/* Only for positions in the current line. */
static struct diag_where where_at(const struct reader *r, size_t pos)
{
	return (struct diag_where){ r->json->file, r->line, (unsigned)(pos - r->line_start + 1) };
}

#define fail(r, pos, id, ...) diag_error((r)->diags, -EBADMSG, id, where_at(r, pos), __VA_ARGS__)

/* The byte at pos, or -1 at the end. */
static int peek(const struct reader *r)
{
	return r->pos < r->size ? (unsigned char)r->bytes[r->pos] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The word at pos: letters and digits. Its length, up to `most`. */
static size_t word_size(const struct reader *r, size_t pos, size_t most)
{
	size_t size = 0;

	while (size < most && pos + size < r->size &&
	       (is_letter((unsigned char)r->bytes[pos + size]) || is_digit((unsigned char)r->bytes[pos + size])))
		size++;
	return size;
}

#define FOUND_SIZE 64

/* What stands at pos, in words for a person. */
static const char *found(const struct reader *r, char text[static FOUND_SIZE])
{
	int c = peek(r), next = r->pos + 1 < r->size ? r->bytes[r->pos + 1] : -1;
	uint32_t point;
	unsigned length = c < 0 ? 0 : utf8_decode(r->bytes + r->pos, r->size - r->pos, &point);

	if (c < 0)
		return "the end of the text";
	if (c == '"')
		return "a string";
	if (c == '\'')
		return "a single quote (strings stand in double quotes)";
	if (c == '#' || (c == '/' && (next == '/' || next == '*')))
		return "a comment (JSON has none)";
	if (is_digit(c) || c == '-')
		return "a number";
	if (is_letter(c))
		snprintf(text, FOUND_SIZE, "'%.*s'", (int)word_size(r, r->pos, 24), r->bytes + r->pos);
	else if (!length || utf8_unsafe(point))
		snprintf(text, FOUND_SIZE, "the byte 0x%02x", (unsigned)c);
	else
		snprintf(text, FOUND_SIZE, "'%.*s'", (int)length, r->bytes + r->pos);
	return text;
}

static const struct json_node *container(const struct reader *r)
{
	return r->depth ? &r->json->nodes.items[r->frames[r->depth - 1].node] : NULL;
}

/* Anything at pos where only `expected` may stand. Always an error. */
static int unexpected(const struct reader *r, const char *expected)
{
	char text[FOUND_SIZE];
	const struct json_node *in = container(r);
	uint32_t point;

	if (r->pos < r->size && !utf8_decode(r->bytes + r->pos, r->size - r->pos, &point))
		return fail(r, r->pos, "json-utf8", "expected %s, found %s, which is not UTF-8", expected, found(r, text));
	if (!in)
		return fail(r, r->pos, "json-syntax", "expected %s, found %s", expected, found(r, text));
	return fail(r, r->pos, "json-syntax", "expected %s, found %s; the %s opens in line %u, column %u", expected, found(r, text),
		    json_type_name(in->type), in->line, in->column);
}

/* ---- Nodes ---- */

/* Append a node for the value that starts at pos, as the last child of the innermost container. */
static int add_node(struct reader *r, enum json_type type, uint32_t *ret_index)
{
	struct json *j = r->json;
	struct frame *in = r->depth ? &r->frames[r->depth - 1] : NULL;
	uint32_t index = (uint32_t)j->nodes.count;
	struct json_node node = r->name;

	node.type = type;
	node.line = r->line;
	node.column = (uint32_t)(r->pos - r->line_start + 1);
	if (j->nodes.count == JSON_NODES_MAX)
		return diag_error(r->diags, -E2BIG, "json-size", where_at(r, r->pos), "the text has more than %u values",
				  JSON_NODES_MAX);
	if (vec_push(&j->nodes, node))
		return diag_oom(r->diags);
	if (in) {
		if (in->last)
			j->nodes.items[in->last].next = index;
		else
			j->nodes.items[in->node].child = index;
		in->last = index;
		j->nodes.items[in->node].count++;
	}
	r->name = (struct json_node){ 0 };
	*ret_index = index;
	return 0;
}

/* ---- Strings ---- */

/* Past the bytes that stand for themselves; they are copied. */
static void read_plain(struct reader *r)
{
	size_t start = r->pos;

	while (r->pos < r->size) {
		unsigned char c = (unsigned char)r->bytes[r->pos];
		uint32_t point;
		unsigned length = c < 0x80 ? 1 : utf8_decode(r->bytes + r->pos, r->size - r->pos, &point);

		if (!length || c < 0x20 || c == '"' || c == '\\')
			break;
		r->pos += length;
	}
	buf_put(&r->json->text, r->bytes + start, r->pos - start);
}

/* The four digits of \uXXXX, whose backslash stands at `at`; -1 when they are not. */
static int32_t hex4(const struct reader *r, size_t at)
{
	int32_t value = 0;

	if (at + 6 > r->size || r->bytes[at] != '\\' || r->bytes[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		char c = r->bytes[i];

		if (is_digit(c))
			value = value << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

static void put_point(struct buf *b, uint32_t point)
{
	char bytes[4];
	size_t size = 0;

	if (point < 0x80) {
		bytes[size++] = (char)point;
	} else if (point < 0x800) {
		bytes[size++] = (char)(0xc0 | point >> 6);
		bytes[size++] = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		bytes[size++] = (char)(0xe0 | point >> 12);
		bytes[size++] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[size++] = (char)(0x80 | (point & 0x3f));
	} else {
		bytes[size++] = (char)(0xf0 | point >> 18);
		bytes[size++] = (char)(0x80 | (point >> 12 & 0x3f));
		bytes[size++] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[size++] = (char)(0x80 | (point & 0x3f));
	}
	buf_put(b, bytes, size);
}

/* \uXXXX, or a pair of them for a character above U+FFFF. */
static int read_unicode(struct reader *r, bool name)
{
	int32_t high = hex4(r, r->pos), low;

	if (high < 0)
		return fail(r, r->pos, "json-string", "\\u needs four hexadecimal digits");
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(r, r->pos, "json-string", "\\u%04x is the second half of a surrogate pair without the first",
			    (unsigned)high);
	if (!high && name)
		return fail(r, r->pos, "json-string", "a NUL in a member name is not allowed");
	if (high < 0xd800 || high > 0xdbff) {
		put_point(&r->json->text, (uint32_t)high);
		r->pos += 6;
		return 0;
	}
	low = hex4(r, r->pos + 6);
	if (low < 0xdc00 || low > 0xdfff)
		return fail(r, r->pos, "json-string", "\\u%04x is the first half of a surrogate pair without the second",
			    (unsigned)high);
	put_point(&r->json->text, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
	r->pos += 12;
	return 0;
}

static int read_escape(struct reader *r, bool name)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = r->pos + 1 < r->size ? (unsigned char)r->bytes[r->pos + 1] : 0;
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return read_unicode(r, name);
	if (!at)
		return fail(r, r->pos, "json-string",
			    "a backslash in a string is followed by one of \" \\ / b f n r t u; for itself write it twice");
	buf_put(&r->json->text, to + (at - from), 1);
	r->pos += 2;
	return 0;
}

/* What neither stands for itself nor is an escape nor ends the string. */
static int bad_string_byte(const struct reader *r, size_t start)
{
	int c = peek(r);

	if (c < 0)
		return fail(r, start, "json-string", "the string that starts here does not end");
	if (c == '\n' || c == '\r')
		return fail(r, r->pos, "json-string",
			    "a line ends inside the string that starts in column %zu; write \\n for a line break",
			    start - r->line_start + 1);
	if (c < 0x20)
		return fail(r, r->pos, "json-string", "the control character 0x%02x in a string is written \\u%04x", (unsigned)c,
			    (unsigned)c);
	return fail(r, r->pos, "json-utf8", "the byte 0x%02x in a string is not UTF-8", (unsigned)c);
}

/* From the opening quote past the closing one. The decoded bytes go to the end of json->text, and a NUL after them. */
static int read_string(struct reader *r, bool name, uint32_t *ret_text, uint32_t *ret_size)
{
	struct buf *text = &r->json->text;
	size_t start = r->pos++, offset = text->size;

	for (;;) {
		int c, error;

		read_plain(r);
		c = peek(r);
		if (c == '"')
			break;
		error = c == '\\' ? read_escape(r, name) : bad_string_byte(r, start);
		if (error)
			return error;
	}
	r->pos++;
	*ret_size = (uint32_t)(text->size - offset);
	*ret_text = (uint32_t)offset;
	buf_put(text, "", 1);
	return text->error ? diag_oom(r->diags) : 0;
}

/* ---- Numbers and words ---- */

static size_t skip_digits(struct reader *r)
{
	size_t start = r->pos;

	while (is_digit(peek(r)))
		r->pos++;
	return r->pos - start;
}

/* Past a JSON number: NULL; or why it is not one, with pos at the byte that is wrong. */
static const char *scan_number(struct reader *r)
{
	size_t digits;
	bool zero;

	r->pos += peek(r) == '-';
	zero = peek(r) == '0';
	digits = skip_digits(r);
	if (!digits)
		return "a digit must follow the '-'";
	if (zero && digits > 1) {
		r->pos -= digits;
		return "a number does not start with a 0 before other digits; JSON numbers are decimal";
	}
	if (peek(r) == '.') {
		r->pos++;
		if (!skip_digits(r))
			return "a digit must follow the '.'";
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->pos++;
		r->pos += peek(r) == '+' || peek(r) == '-';
		if (!skip_digits(r))
			return "a digit must follow in the exponent";
	}
	if (is_letter(peek(r)) || peek(r) == '.' || peek(r) == '+' || peek(r) == '-')
		return "this cannot stand in a number; JSON numbers are decimal";
	return NULL;
}

static int read_number(struct reader *r)
{
	size_t start = r->pos;
	struct buf *text = &r->json->text;
	struct json_node *node;
	const char *wrong;
	uint32_t index;
	int error = add_node(r, JSON_NUMBER, &index);

	if (error)
		return error;
	wrong = scan_number(r);
	if (wrong)
		return fail(r, r->pos, "json-number", "%s", wrong);
	node = &r->json->nodes.items[index];
	node->text = (uint32_t)text->size;
	node->text_size = (uint32_t)(r->pos - start);
	buf_put(text, r->bytes + start, r->pos - start);
	buf_put(text, "", 1);
	return text->error ? diag_oom(r->diags) : 0;
}

/* true, false, null, or what people write instead. */
static int read_word(struct reader *r)
{
	static const struct {
		const char *word;
		enum json_type type;
	} words[] = { { "null", JSON_NULL }, { "false", JSON_FALSE }, { "true", JSON_TRUE } };
	static const char *const not_numbers[] = { "NaN", "nan", "Infinity", "inf", "Inf" };
	const char *at = r->bytes + r->pos;
	size_t size = word_size(r, r->pos, SIZE_MAX);
	uint32_t index;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (size == strlen(words[i].word) && !memcmp(at, words[i].word, size)) {
			int error = add_node(r, words[i].type, &index);

			r->pos += size;
			return error;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_numbers); i++)
		if (size == strlen(not_numbers[i]) && !memcmp(at, not_numbers[i], size))
			return fail(r, r->pos, "json-number", "%s is not a JSON number", not_numbers[i]);
	return unexpected(r, "a value (the words are true, false and null)");
}

/* ---- Containers ---- */

/* Past blanks; the byte there, or -1 at the end. */
static int skip_blanks(struct reader *r)
{
	for (;; r->pos++) {
		int c = peek(r);

		if (c == '\n') {
			r->line++;
			r->line_start = r->pos + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return c;
		}
	}
}

/* By name, then by place: a total order, so that of equal names the first stays the first. */
static bool name_before(const struct json *j, uint32_t a, uint32_t b)
{
	int order = strcmp(json_key(j, &j->nodes.items[a]), json_key(j, &j->nodes.items[b]));

	return order ? order < 0 : a < b;
}

static void sift_down(const struct json *j, uint32_t *heap, size_t root, size_t count)
{
	for (;;) {
		size_t child = 2 * root + 1;
		uint32_t spare = heap[root];

		if (child >= count)
			return;
		if (child + 1 < count && name_before(j, heap[child], heap[child + 1]))
			child++;
		if (!name_before(j, spare, heap[child]))
			return;
		heap[root] = heap[child];
		heap[child] = spare;
		root = child;
	}
}

/* Heap sort: in place and O(n log n) whatever the input, which qsort(3) does not promise. */
static void sort_names(const struct json *j, uint32_t *names, size_t count)
{
	for (size_t root = count / 2; root-- > 0;)
		sift_down(j, names, root, count);
	for (size_t end = count; end-- > 1;) {
		uint32_t last = names[end];

		names[end] = names[0];
		names[0] = last;
		sift_down(j, names, 0, end);
	}
}

/* Refuse an object with a name that comes twice: readers differ in which one they believe. */
static int check_names(struct reader *r, const struct json_node *object)
{
	const struct json *j = r->json;
	const struct json_node *first, *again;
	uint32_t found_first = 0, found_again = 0;

	r->sorted.count = 0;
	for (uint32_t i = object->child; i; i = j->nodes.items[i].next)
		if (vec_push(&r->sorted, i))
			return diag_oom(r->diags);
	sort_names(j, r->sorted.items, r->sorted.count);
	for (size_t i = 1; i < r->sorted.count; i++) {
		uint32_t a = r->sorted.items[i - 1], b = r->sorted.items[i];

		if ((!found_again || b < found_again) && !strcmp(json_key(j, &j->nodes.items[a]), json_key(j, &j->nodes.items[b]))) {
			found_first = a;
			found_again = b;
		}
	}
	if (!found_again)
		return 0;
	first = &j->nodes.items[found_first];
	again = &j->nodes.items[found_again];
	return diag_error(r->diags, -EBADMSG, "json-duplicate", json_where_key(j, again),
			  "the member \"%.100s\" comes twice in this object; it is first in line %u, column %u", json_key(j, again),
			  first->key_line, first->key_column);
}

static int open_container(struct reader *r, enum json_type type)
{
	uint32_t index;
	int error;

	if (r->depth == JSON_DEPTH_MAX)
		return fail(r, r->pos, "json-depth", "arrays and objects are nested deeper than %d", JSON_DEPTH_MAX);
	error = add_node(r, type, &index);
	if (error)
		return error;
	r->frames[r->depth++] = (struct frame){ .node = index };
	r->pos++;
	return 0;
}

/* A whole simple value, or the opening of a container. */
static int read_value(struct reader *r)
{
	struct json_node *node;
	uint32_t index;
	int c = skip_blanks(r), error;

	if (c == '{')
		return open_container(r, JSON_OBJECT);
	if (c == '[')
		return open_container(r, JSON_ARRAY);
	if (c == '-' || is_digit(c))
		return read_number(r);
	if (c == '+' || c == '.')
		return fail(r, r->pos, "json-number", "a number starts with a digit or '-', not with '%c'", c);
	if (is_letter(c))
		return read_word(r);
	if (c != '"')
		return unexpected(r, "a value");
	error = add_node(r, JSON_STRING, &index);
	if (error)
		return error;
	node = &r->json->nodes.items[index];
	return read_string(r, false, &node->text, &node->text_size);
}

/* A member's name and the colon. */
static int read_name(struct reader *r)
{
	struct json_node name = { .key_line = r->line, .key_column = (uint32_t)(r->pos - r->line_start + 1) };
	uint32_t size;
	int error;

	if (peek(r) != '"')
		return unexpected(r, "a member name in double quotes");
	error = read_string(r, true, &name.key, &size);
	if (error)
		return error;
	if (skip_blanks(r) != ':')
		return unexpected(r, "':' after the member name");
	r->pos++;
	r->name = name;
	return 0;
}

/* One step in the innermost container: its end, or the next of what it holds. */
static int read_step(struct reader *r)
{
	const struct json_node *in = container(r);
	bool object = in->type == JSON_OBJECT, first = !in->count;
	int c = skip_blanks(r), close = object ? '}' : ']', error;

	if (c != close && !first) {
		struct diag_where comma = where_at(r, r->pos);

		if (c != ',')
			return unexpected(r, object ? "',' or '}'" : "',' or ']'");
		r->pos++;
		c = skip_blanks(r);
		if (c == close)
			return diag_error(r->diags, -EBADMSG, "json-syntax", comma, "a comma after the last %s is not allowed",
					  object ? "member" : "element");
	}
	if (c == close) {
		r->pos++;
		r->depth--;
		return object ? check_names(r, in) : 0;
	}
	error = object ? read_name(r) : 0;
	return error ? error : read_value(r);
}

static int read_document(struct reader *r)
{
	char text[FOUND_SIZE];
	int error;

	if (r->size > JSON_SIZE_MAX)
		return diag_error(r->diags, -E2BIG, "json-size", DIAG_FILE(r->json->file),
				  "the text has %zu bytes; %u are the most", r->size, JSON_SIZE_MAX);
	if (r->size >= 3 && !memcmp(r->bytes, "\xef\xbb\xbf", 3))
		return fail(r, 0, "json-utf8", "the text starts with a byte order mark (EF BB BF); save it as UTF-8 without one");
	if (r->size >= 2 && (!memcmp(r->bytes, "\xff\xfe", 2) || !memcmp(r->bytes, "\xfe\xff", 2)))
		return fail(r, 0, "json-utf8", "the text is UTF-16; save it as UTF-8 without a byte order mark");
	if (skip_blanks(r) < 0)
		return fail(r, r->pos, "json-empty", r->size ? "the text holds only blanks" : "the text is empty");
	error = read_value(r);
	while (!error && r->depth)
		error = read_step(r);
	if (!error && skip_blanks(r) >= 0)
		return fail(r, r->pos, "json-trailing", "expected the end after the first value, found %s", found(r, text));
	return error;
}

int json_parse(struct json *ret, const char *bytes, size_t size, const char *file, struct callgate_diags *diags)
{
	struct json json = { .file = file };
	struct reader reader = { .bytes = bytes, .size = size, .line = 1, .json = &json, .diags = diags };
	int error = read_document(&reader);

	vec_done(&reader.sorted);
	if (error)
		json_done(&json);
	*ret = json;
	return error;
}
