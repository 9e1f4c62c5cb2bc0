/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of text policies; see scan.h. */
#include "format/scan.h"

#include <ctype.h>
#include <stdio.h>

#include "arch/arch.h"

static bool one_of(char c, const char *set)
{
	return c && set && strchr(set, c);
}

static int at(const struct scan *s, size_t offset)
{
	return s->at + offset < s->size ? (unsigned char)s->bytes[s->at + offset] : -1;
}

struct diag_where scan_where(const struct scan *s, const struct scan_token *token)
{
	return (struct diag_where){ s->file, token->line, token->column };
}

static void new_line(struct scan *s)
{
	s->line++;
	s->line_start = s->at;
}

/* Where the next token begins. */
static void place(struct scan *s)
{
	s->token = (struct scan_token){ .text = s->bytes + s->at, .line = s->line, .column = (unsigned)(s->at - s->line_start) + 1 };
}

static void bad(struct scan *s, const char *what)
{
	s->token.kind = SCAN_BAD;
	strict_error(s->strict, s->rules->id_syntax, scan_where(s, &s->token), "%s", what);
}

static void skip_to_line_end(struct scan *s)
{
	while (s->at < s->size && s->bytes[s->at] != '\n')
		s->at++;
}

static void skip_comment_line(struct scan *s)
{
	size_t end;

	skip_to_line_end(s);
	end = s->at - (s->at && s->bytes[s->at - 1] == '\r');
	s->joined_comment |= s->rules->joints && end && s->bytes[end - 1] == '\\' && s->at < s->size;
}

/* False at the end of a file whose comment is never closed. */
static bool skip_c_comment(struct scan *s)
{
	for (s->at += 2; s->at < s->size; s->at++) {
		if (at(s, 0) == '*' && at(s, 1) == '/') {
			s->at += 2;
			return true;
		}
		if (at(s, 0) == '\n') {
			s->line++;
			s->line_start = s->at + 1;
		}
	}
	return false;
}

/* A backslash at the end of a line, which may be one of two bytes; its length, or 0. */
static size_t joint(const struct scan *s)
{
	if (!s->rules->joints || at(s, 0) != '\\')
		return 0;
	if (at(s, 1) == '\n')
		return 2;
	return at(s, 1) == '\r' && at(s, 2) == '\n' ? 3 : 0;
}

/* Blanks, comments, joined lines, and line ends where they do not matter. False after a diagnosed error. */
static bool skip_blank(struct scan *s)
{
	for (;;) {
		int c = at(s, 0);
		size_t joined = joint(s);

		if (joined || (c == '\n' && !s->rules->lines)) {
			s->at += joined ? joined : 1;
			new_line(s);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
			s->at++;
		} else if ((c == '#' && s->rules->hash_comments) || (c == '/' && at(s, 1) == '/' && s->rules->slash_comments)) {
			skip_comment_line(s);
		} else if (c == '/' && at(s, 1) == '*' && s->rules->slash_comments) {
			place(s);
			if (!skip_c_comment(s)) {
				bad(s, "this comment has no end: close it with */");
				return false;
			}
		} else {
			return true;
		}
	}
}

static bool in_word(const struct scan *s, int c)
{
	return c >= 0 && c < 128 && (isalnum(c) || c == '_' || one_of((char)c, s->rules->word_more));
}

/* Decimal, 0x…, 0… and 0b…, the last of which only some formats have: the others' readers refuse it themselves where it matters. */
static int number_value(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text[0] != '0' || text[1] != 'b' || !text[2])
		return parse_u64(text, ret);
	for (text += 2; *text; text++) {
		if (*text != '0' && *text != '1')
			return -EINVAL;
		if (value >> 63)
			return -ERANGE;
		value = value << 1 | (uint64_t)(*text - '0');
	}
	*ret = value;
	return 0;
}

static void read_number(struct scan *s)
{
	char text[SCAN_WORD_SIZE];
	int r;

	s->at++;
	while (at(s, 0) >= 0 && at(s, 0) < 128 && (isalnum(at(s, 0)) || at(s, 0) == '_'))
		s->at++;
	s->token.kind = SCAN_NUMBER;
	s->token.size = (size_t)(s->bytes + s->at - s->token.text);
	r = s->token.size < sizeof(text) ? number_value(scan_text(&s->token, text), &s->token.value) : -ERANGE;
	if (!r)
		return;
	s->token.kind = SCAN_BAD;
	strict_error(s->strict, s->rules->id_number, scan_where(s, &s->token), "\"%s\" %s", scan_text(&s->token, text),
		     r == -ERANGE ? "does not fit into 64 bits" : "is not a number: write 10, 0xa or 012");
}

static void read_mark(struct scan *s)
{
	static const char pairs[] = "||&&==!=<=>=";
	char c = s->bytes[s->at], next = at(s, 1) > 0 ? s->bytes[s->at + 1] : '\0';
	char text[64];

	s->token.kind = SCAN_MARK;
	s->token.size = 1;
	for (size_t i = 0; i < sizeof(pairs) - 1; i += 2)
		if (c == pairs[i] && next == pairs[i + 1])
			s->token.size = 2;
	s->at += s->token.size;
	if (one_of(c, "{}[]()<>=!&|~,;:.#$@"))
		return;
	if (c > ' ' && c < 127)
		snprintf(text, sizeof(text), "the sign \"%c\" has no meaning here", c);
	else
		snprintf(text, sizeof(text), "the byte 0x%02x has no meaning here", (unsigned char)c);
	bad(s, text);
}

void scan_next(struct scan *s)
{
	int c;

	if (!skip_blank(s))
		return;
	place(s);
	c = at(s, 0);
	if (c < 0) {
		s->token.kind = SCAN_END;
	} else if (c == '\n') {
		s->token.kind = SCAN_LINE;
		s->at++;
		new_line(s);
	} else if (c < 128 && (isdigit(c) || (c == '-' && at(s, 1) >= '0' && at(s, 1) <= '9'))) {
		read_number(s);
	} else if (c < 128 && (isalpha(c) || c == '_' || one_of((char)c, s->rules->word_first))) {
		s->token.kind = SCAN_WORD;
		for (s->at++; in_word(s, at(s, 0)); s->at++)
			;
		s->token.size = (size_t)(s->bytes + s->at - s->token.text);
	} else {
		read_mark(s);
	}
}

void scan_raw(struct scan *s)
{
	while (at(s, 0) == ' ' || at(s, 0) == '\t')
		s->at++;
	place(s);
	while (at(s, 0) >= 0 && !isspace(at(s, 0)))
		s->at++;
	s->token.size = (size_t)(s->bytes + s->at - s->token.text);
	s->token.kind = s->token.size ? SCAN_WORD : SCAN_LINE;
}

void scan_skip_line(struct scan *s)
{
	/* bytes, not tokens: what is wrong in a line that is given up needs no further word */
	while (s->token.kind != SCAN_END && s->token.kind != SCAN_LINE) {
		while (s->at < s->size && s->bytes[s->at] != '\n') {
			if (joint(s)) {
				s->at += joint(s);
				new_line(s);
			} else {
				s->at++;
			}
		}
		scan_next(s);
	}
}

void scan_start(struct scan *s, const struct scan_rules *rules, struct strict *strict, const char *bytes, size_t size, const char *file)
{
	*s = (struct scan){ .rules = rules, .strict = strict, .bytes = bytes, .size = size, .file = file, .line = 1 };
	scan_next(s);
}

bool scan_token_is(const struct scan_token *token, const char *text)
{
	size_t size = strlen(text);

	return (token->kind == SCAN_WORD || token->kind == SCAN_MARK) && token->size == size && !memcmp(token->text, text, size);
}

bool scan_is(const struct scan *s, const char *text)
{
	return scan_token_is(&s->token, text);
}

bool scan_take(struct scan *s, const char *text)
{
	if (!scan_is(s, text))
		return false;
	scan_next(s);
	return true;
}

const char *scan_text(const struct scan_token *token, char text[SCAN_WORD_SIZE])
{
	size_t size = MIN(token->size, SCAN_WORD_SIZE - 1);

	memcpy(text, token->text, size);
	text[size] = '\0';
	return text;
}

bool scan_unexpected(struct scan *s, const char *expected)
{
	char text[SCAN_WORD_SIZE];

	if (s->token.kind == SCAN_BAD)
		return false;
	if (s->token.kind == SCAN_END)
		scan_error(s, s->rules->id_syntax, &s->token, "%s is missing at the end of the file", expected);
	else if (s->token.kind == SCAN_LINE)
		scan_error(s, s->rules->id_syntax, &s->token, "%s is missing at the end of the line", expected);
	else
		scan_error(s, s->rules->id_syntax, &s->token, "here %s is expected, not \"%s\"", expected, scan_text(&s->token, text));
	return false;
}

bool scan_expect(struct scan *s, const char *text)
{
	char expected[16];

	if (scan_take(s, text))
		return true;
	snprintf(expected, sizeof(expected), "\"%s\"", text);
	return scan_unexpected(s, expected);
}

int scan_go_on(struct scan *s)
{
	if (s->strict->errors < STRICT_ERRORS_MAX)
		return 0;
	return diag_error(s->strict->diags, -EBADMSG, s->rules->id_more, DIAG_FILE(s->file), "reading stopped after %u errors; mend these first",
			  s->strict->errors);
}

int scan_syscall(struct scan *s, const struct scan_token *token, unsigned flags)
{
	char text[SCAN_WORD_SIZE];
	const char *near = NULL;
	int id = token->size < SCAN_WORD_SIZE ? arch_syscall_id(scan_text(token, text)) : -ENOENT;

	if (id >= 0)
		return id;
	scan_text(token, text);
	if (s->strict->hints++ < STRICT_HINTS_MAX)
		near = arch_syscall_suggest(text);
	if (flags & CALLGATE_READ_UNKNOWN_NAMES)
		diag_warning(s->strict->diags, s->rules->id_syscall, scan_where(s, token),
			     "no system call is called \"%s\": the rule has no effect for this name%s%s%s", text, near ? "; did you mean \"" : "",
			     near ? near : "", near ? "\"?" : "");
	else
		scan_error(s, s->rules->id_syscall, token, "no system call is called \"%s\", so the rule would silently do nothing%s%s%s", text,
			   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return -ENOENT;
}
