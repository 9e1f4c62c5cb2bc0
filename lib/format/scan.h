/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading text policies: tokens with line and column, and the lookups that every such format makes. A file of any bytes is cut into
 * tokens without harm; what is not a token is diagnosed once, here, and is then a token of its own kind.
 */
#ifndef CALLGATE_SCAN_H
#define CALLGATE_SCAN_H

#include "base/diag.h"
#include "base/util.h"
#include "format/strict.h"

/* Longer than any name of a system call or constant: what is longer is unknown, whatever it is. */
#define SCAN_WORD_SIZE 128

enum scan_kind {
	SCAN_END,
	SCAN_LINE,   /* end of a line, where lines matter */
	SCAN_WORD,
	SCAN_NUMBER,
	SCAN_MARK,   /* one or two signs */
	SCAN_BAD,    /* already diagnosed */
};

struct scan_token {
	enum scan_kind kind;
	const char *text; /* in the file's bytes, not ended by a NUL */
	size_t size;
	unsigned line, column;
	uint64_t value;   /* of a number */
};

/* What differs from format to format. */
struct scan_rules {
	bool lines;            /* a line's end is a token */
	bool joints;           /* a backslash before it joins two lines */
	bool hash_comments;    /* "# …" */
	bool slash_comments;   /* "// …" and C's */
	const char *word_first; /* signs that may begin a word, besides letters and _ */
	const char *word_more;  /* signs within one, besides letters, digits and _ */
	const char *id_syntax, *id_number, *id_syscall, *id_more; /* diagnostic ids of the format */
};

struct scan {
	const struct scan_rules *rules;
	struct strict *strict; /* counts errors and hints, over all files of one policy; its json is not used */
	const char *file;
	const char *bytes;
	size_t size, at, line_start;
	unsigned line;
	bool joined_comment; /* a comment ended in a backslash */
	struct scan_token token; /* the current one */
};

/* Begin, with the first token read. */
void scan_start(struct scan *s, const struct scan_rules *rules, struct strict *strict, const char *bytes, size_t size, const char *file);
void scan_next(struct scan *s);
/* Instead of the next token, what follows the current one up to a blank or the line's end, whatever it holds. */
void scan_raw(struct scan *s);
/* Up to the line's end. */
void scan_skip_line(struct scan *s);
struct diag_where scan_where(const struct scan *s, const struct scan_token *token);

/* Is the current token this word or mark? scan_take steps over it. */
bool scan_is(const struct scan *s, const char *text);
bool scan_take(struct scan *s, const char *text);
/* Take it or say that it is missing. */
bool scan_expect(struct scan *s, const char *text);
/* Say that something else was expected here: "a number". Silent when the token was bad itself. Returns false. */
bool scan_unexpected(struct scan *s, const char *expected);
bool scan_token_is(const struct scan_token *token, const char *text);
/* The token as C text, cut at SCAN_WORD_SIZE - 1. */
const char *scan_text(const struct scan_token *token, char text[SCAN_WORD_SIZE]);
/* -EBADMSG when there were too many errors to go on; says so. */
int scan_go_on(struct scan *s);
/* Id of a system call. -ENOENT when no ABI has one of that name: an error, or a warning with CALLGATE_READ_UNKNOWN_NAMES in `flags`. */
int scan_syscall(struct scan *s, const struct scan_token *token, unsigned flags);

#define scan_error(s, id, token, ...) strict_error((s)->strict, id, scan_where(s, token), __VA_ARGS__)

#endif
