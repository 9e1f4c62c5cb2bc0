/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON (RFC 8259). A profile is the trust boundary, so the reader refuses what others let pass: duplicate members,
 * NaN, comments, trailing commas, invalid UTF-8 or surrogates, bytes after the value, nesting deeper than JSON_DEPTH_MAX,
 * inputs over JSON_SIZE_MAX or JSON_NODES_MAX, a NUL in a member name (so that names may be compared with strcmp). Every value knows its line and
 * column, both from 1: lines end at LF, columns count bytes. Integers up to 2^64-1 are exact.
 */
#ifndef CALLGATE_JSON_H
#define CALLGATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/util.h"

#define JSON_DEPTH_MAX 64
#define JSON_SIZE_MAX (64u << 20)
#define JSON_NODES_MAX (4u << 20) /* so that "[0,0,…" cannot make 2 GB out of JSON_SIZE_MAX */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A value; children are chained by `next`. Index 0 is the document's root. */
struct json_node {
	enum json_type type;
	uint32_t line, column;     /* of the value */
	uint32_t key_line, key_column; /* of the member name, for members of objects */
	uint32_t key;              /* offset in text, for members of objects */
	uint32_t text;             /* string value, or the number's digits as written: offset in text */
	uint32_t text_size;        /* a string may hold NUL bytes (\u0000) */
	uint32_t child, next;      /* node indices; 0 is none */
	uint32_t count;            /* members or elements */
};

struct json {
	const char *file; /* for diagnostics; borrowed */
	VEC(struct json_node) nodes;
	struct buf text;  /* decoded strings, each NUL-terminated */
};

/* 0, -EBADMSG (diagnosed json-*), -E2BIG, -ENOMEM. On error `ret` is left empty. Diagnostic ids: json-syntax, json-duplicate,
 * json-depth, json-size, json-number, json-string, json-utf8, json-trailing, json-empty. */
int json_parse(struct json *ret, const char *bytes, size_t size, const char *file, struct callgate_diags *diags);
void json_done(struct json *json);

static inline const struct json_node *json_root(const struct json *j) { return &j->nodes.items[0]; }
const struct json_node *json_child(const struct json *j, const struct json_node *n); /* first, or NULL */
const struct json_node *json_next(const struct json *j, const struct json_node *n);  /* NULL at the end */
const struct json_node *json_member(const struct json *j, const struct json_node *object, const char *key); /* or NULL */
const char *json_text(const struct json *j, const struct json_node *n); /* string or number text; "" for the rest */
const char *json_key(const struct json *j, const struct json_node *n);  /* "" when not a member */
/* A string fit for C: -EINVAL when the value is not a string or holds a NUL, behind which strcmp would not look. */
int json_string(const struct json *j, const struct json_node *n, const char **ret_text);
struct diag_where json_where(const struct json *j, const struct json_node *n);
struct diag_where json_where_key(const struct json *j, const struct json_node *n);
/* Whole unsigned number, exact; -EINVAL when not a JSON integer in 0..2^64-1 (a negative one is not). */
int json_u64(const struct json *j, const struct json_node *n, uint64_t *ret_value);
/* Whole number, exact; -EINVAL when not a JSON integer in -2^63..2^63-1. */
int json_s64(const struct json *j, const struct json_node *n, int64_t *ret_value);
const char *json_type_name(enum json_type type);

/*
 * Writer: a stream of calls into a buf. indent spaces per level, 0 for one line. Objects and arrays opened with
 * `flat` are written on one line whatever the indent, and so is all they hold. More than JSON_DEPTH_MAX levels set
 * out->error to -E2BIG. No newline follows the document.
 */
struct json_writer {
	struct buf *out;
	unsigned indent, depth;
	uint64_t flat_mask, used_mask; /* bit d-1: for the container at depth d */
};
void json_open(struct json_writer *w, const char *key, char bracket /* '{' or '[' */, bool flat);
void json_close(struct json_writer *w, char bracket /* '}' or ']' */);
void json_put_string(struct json_writer *w, const char *key, const char *text); /* NULL text writes null */
void json_put_bytes(struct json_writer *w, const char *key, const char *text, size_t size);
void json_put_u64(struct json_writer *w, const char *key, uint64_t value);
void json_put_s64(struct json_writer *w, const char *key, int64_t value);
/* The shortest digits that read back as the same number, whatever the locale; NaN and infinities write null. */
void json_put_double(struct json_writer *w, const char *key, double value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
/* A value as it was read, with all it holds; numbers keep their digits. */
void json_put_node(struct json_writer *w, const char *key, const struct json *j, const struct json_node *n);
/* key is NULL for elements of arrays. Text that is not valid UTF-8 is written with U+FFFD for each bad byte; what utf8_unsafe
 * names is written as \n, \u001b …, so that JSON on a terminal is harmless. */

#endif
