/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of diagnostics. Two rules: whatever hostile input or lack of memory does, a failure leaves at least one error behind;
 * and no text can act on the terminal that shows it. The table of records has a fixed size, so that noting "out of memory" or
 * "there was more" needs no memory, and the records never move.
 */
#include "base/diag.h"

#include <stdio.h>

#include "base/util.h"

struct callgate_diags {
	size_t count;
	size_t errors;        /* all of them, kept or not */
	bool has_oom, has_more;
	struct callgate_diag more; /* a note until an error had to be left out */
	/* borrowed when it is &oom_record or &more, else owned, one block each; + 2 is for these two */
	const struct callgate_diag *records[DIAG_MAX + DIAG_SPARE + 2];
};

static const struct callgate_diag oom_record = {
	.severity = CALLGATE_SEVERITY_ERROR,
	.id = "out-of-memory",
	.text = "out of memory; what would stand here could not be recorded",
};

struct callgate_diags *callgate_diags_new(void)
{
	return calloc(1, sizeof(struct callgate_diags));
}

struct callgate_diags *callgate_diags_free(struct callgate_diags *diags)
{
	if (!diags)
		return NULL;
	for (size_t i = 0; i < diags->count; i++) {
		const struct callgate_diag *record = diags->records[i];

		if (record != &oom_record && record != &diags->more)
			free((void *)record);
	}
	free(diags);
	return NULL;
}

size_t callgate_diags_count(const struct callgate_diags *diags)
{
	return diags ? diags->count : 0;
}

const struct callgate_diag *callgate_diags_get(const struct callgate_diags *diags, size_t i)
{
	return diags && i < diags->count ? diags->records[i] : NULL;
}

size_t diag_error_count(const struct callgate_diags *diags)
{
	return diags ? diags->errors : 0;
}

/* Once is enough: later failures to record say the same. It is an error of its own unless it stands for one. */
static void put_oom(struct callgate_diags *diags, bool counted)
{
	if (diags->has_oom)
		return;
	diags->records[diags->count++] = &oom_record;
	diags->has_oom = true;
	diags->errors += !counted;
}

int diag_oom(struct callgate_diags *diags)
{
	if (diags) {
		diags->errors++;
		put_oom(diags, true);
	}
	return -ENOMEM;
}

/* True when there is a place for a record; else says that there was more. */
static bool has_place(struct callgate_diags *diags, enum callgate_severity severity)
{
	size_t kept = diags->count - diags->has_oom - diags->has_more;

	if (kept < DIAG_MAX || (severity == CALLGATE_SEVERITY_ERROR && kept < DIAG_MAX + DIAG_SPARE))
		return true;
	if (!diags->has_more) {
		diags->more = (struct callgate_diag){
			.id = "diag-more",
			.text = "there was more to say than is kept here; mend what is listed and try again",
		};
		diags->records[diags->count++] = &diags->more;
		diags->has_more = true;
	}
	diags->more.severity = MAX(diags->more.severity, severity);
	return false;
}

/* One block: the record, then its texts. Each text is an owned one of escape_text, or NULL for a file that is not there. */
static struct callgate_diag *make_record(const char *id, const char *file, const char *text)
{
	size_t id_size = strlen(id) + 1, text_size = strlen(text) + 1, file_size = file ? strlen(file) + 1 : 0;
	struct callgate_diag *record = malloc(sizeof(*record) + id_size + text_size + file_size);
	char *at = (char *)(record + 1);

	if (!record)
		return NULL;
	*record = (struct callgate_diag){ 0 };
	record->id = memcpy(at, id, id_size);
	record->text = memcpy(at + id_size, text, text_size);
	if (file)
		record->file = memcpy(at + id_size + text_size, file, file_size);
	return record;
}

/* Bytes to keep of a text that holds `size`, not counting a character that the cut would halve. */
static size_t cut_size(const char *text, size_t size)
{
	size_t start = size;
	uint32_t point;

	while (start && size - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start && (unsigned char)text[start - 1] >= 0xc0 && !utf8_decode(text + start - 1, size - start + 1, &point))
		return start - 1;
	return size;
}

static char *format_text(const char *format, va_list args)
{
	static const char ellipsis[] = "…";
	char text[DIAG_TEXT_MAX + sizeof(ellipsis)] = "";
	int size = vsnprintf(text, DIAG_TEXT_MAX + 1, format, args);

	if (size < 0 || size > DIAG_TEXT_MAX)
		memcpy(text + cut_size(text, strlen(text)), ellipsis, sizeof(ellipsis));
	return escape_text(text, strlen(text));
}

static void put_record(struct callgate_diags *diags, enum callgate_severity severity, const char *id, struct diag_where where,
		       const char *format, va_list args)
{
	_cleanup_free_ char *text = NULL, *file = NULL;
	struct callgate_diag *record = NULL;

	if (!diags)
		return;
	diags->errors += severity == CALLGATE_SEVERITY_ERROR;
	if (!has_place(diags, severity))
		return;
	text = format_text(format, args);
	if (where.file)
		file = escape_text(where.file, strlen(where.file));
	if (text && (file || !where.file))
		record = make_record(id, file, text);
	if (!record) {
		put_oom(diags, severity == CALLGATE_SEVERITY_ERROR);
		return;
	}
	record->severity = severity;
	record->line = where.line;
	record->column = where.column;
	diags->records[diags->count++] = record;
}

int diag_error(struct callgate_diags *diags, int error, const char *id, struct diag_where where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_record(diags, CALLGATE_SEVERITY_ERROR, id, where, format, args);
	va_end(args);
	return error;
}

void diag_warning(struct callgate_diags *diags, const char *id, struct diag_where where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_record(diags, CALLGATE_SEVERITY_WARNING, id, where, format, args);
	va_end(args);
}

void diag_note(struct callgate_diags *diags, const char *id, struct diag_where where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_record(diags, CALLGATE_SEVERITY_NOTE, id, where, format, args);
	va_end(args);
}
