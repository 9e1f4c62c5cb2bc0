/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of unit files: sections, assignments, comments, lines continued with a backslash. Comments are dropped wherever they stand,
 * between the lines of a continued one too.
 */
#include "format/systemd.h"

static const char blanks[] = " \t\n\r";

static char *strip(char *text)
{
	size_t size;

	text += strspn(text, blanks);
	size = strlen(text);
	while (size && strchr(blanks, text[size - 1]))
		size--;
	text[size] = '\0';
	return text;
}

struct reader {
	const struct systemd_text *text;
	const char *section; /* wanted */
	bool inside;         /* in that section */
	bool any;            /* in some section */
	unsigned line;       /* where the assignment began */
	systemd_line_fn *fn;
	void *user;
	struct callgate_diags *diags;
};

static int read_assignment(struct reader *r, char *line)
{
	struct diag_where where = { r->text->file, r->line, 0 };
	char *equals;

	line = strip(line);
	if (!*line)
		return 0;
	if (line[0] == '[') {
		if (line[strlen(line) - 1] != ']')
			return diag_error(r->diags, -EINVAL, "systemd-section", where,
					  "the section header %s has no ]: systemd reads no further", line);
		line[strlen(line) - 1] = '\0';
		r->inside = !strcmp(line + 1, r->section);
		r->any = true;
		return 0;
	}
	equals = strchr(line, '=');
	if (!r->any || !equals || equals == line) {
		diag_warning(r->diags, "systemd-line", where, "systemd ignores this line: %s",
			     r->any ? "it is no assignment" : "it stands in no section");
		return 0;
	}
	*equals = '\0';
	return r->inside ? r->fn(r->user, strip(line), strip(equals + 1), where, r->diags) : 0;
}

/* Does it end in a backslash that no other one escapes? */
static bool continues(const char *line)
{
	bool escaped = false;

	for (; *line; line++)
		escaped = !escaped && *line == '\\';
	return escaped;
}

/* One line of the file, put behind what is pending. */
static int read_line(struct reader *r, struct buf *pending, const char *line, size_t size, unsigned number)
{
	int error = 0;

	while (size && strchr(blanks, *line) && *line)
		line++, size--;
	if (size && (*line == '#' || *line == ';'))
		return 0;
	if (!pending->size)
		r->line = number;
	buf_put(pending, line, size);
	if (pending->error)
		return diag_oom(r->diags);
	if (pending->size && continues(pending->text)) {
		pending->text[pending->size - 1] = ' ';
		return 0;
	}
	if (pending->size)
		error = read_assignment(r, pending->text);
	buf_done(pending);
	return error;
}

int systemd_lines(const struct systemd_text *text, const char *section, systemd_line_fn *fn, void *user, struct callgate_diags *diags)
{
	struct reader r = { .text = text, .section = section, .fn = fn, .user = user, .diags = diags };
	_cleanup_(buf_done) struct buf pending = { 0 };
	size_t at = text->size >= 3 && !memcmp(text->bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	int error = 0;

	if (text->size && memchr(text->bytes, 0, text->size))
		return diag_error(diags, -EINVAL, "systemd-line", DIAG_FILE(text->file),
				  "there is a zero byte in it: systemd does not read the file");
	for (unsigned number = 1; at < text->size && !error; number++) {
		const char *end = memchr(text->bytes + at, '\n', text->size - at);
		size_t size = end ? (size_t)(end - text->bytes) - at : text->size - at;

		error = read_line(&r, &pending, text->bytes + at, size, number);
		at += size + 1;
	}
	if (!error && pending.size)
		error = read_assignment(&r, pending.text);
	return error;
}

int systemd_word(const char **text, bool unquote, char **ret_word)
{
	_cleanup_(buf_done) struct buf word = { 0 };
	const char *p = *text + strspn(*text, blanks);
	char quote = 0;

	if (!*p)
		return 0;
	for (; *p && (quote || !strchr(blanks, *p)); p++) {
		if (quote ? *p == quote : unquote && (*p == '"' || *p == '\''))
			quote = quote ? 0 : *p;
		else
			buf_put(&word, p, 1);
	}
	if (quote)
		return -EINVAL;
	*text = p;
	return buf_take(&word, ret_word, NULL) ? -ENOMEM : 1;
}
