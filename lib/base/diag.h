/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: everything a caller may want to tell a person travels in one list of records, each with a stable id.
 * The list is the caller's and may always be NULL. Library code never prints.
 */
#ifndef CALLGATE_DIAG_H
#define CALLGATE_DIAG_H

#include <stdarg.h>

#include <callgate.h>

#define DIAG_MAX 1000
#define DIAG_SPARE 24
#define DIAG_TEXT_MAX 4000

/* Where in an input something stands. file may be NULL; line and column count from 1, 0 means unknown. */
struct diag_where {
	const char *file;
	unsigned line, column;
};

/*
 * Append one record. Texts are copied, escaped (escape_text) and cut at DIAG_TEXT_MAX bytes. After DIAG_MAX records the list says
 * once that there was more (diag-more) and keeps only the next DIAG_SPARE errors, so that a flood of warnings cannot hide the
 * reason of a failure. Returns `error` so that a caller can write
 * `return diag_error(…)`.
 */
__attribute__((format(printf, 5, 6))) int diag_error(struct callgate_diags *diags, int error, const char *id,
						     struct diag_where where, const char *format, ...);
__attribute__((format(printf, 4, 5))) void diag_warning(struct callgate_diags *diags, const char *id,
							struct diag_where where, const char *format, ...);
__attribute__((format(printf, 4, 5))) void diag_note(struct callgate_diags *diags, const char *id,
						     struct diag_where where, const char *format, ...);
/* Out of memory (out-of-memory): recorded once, without allocating. Returns -ENOMEM. */
int diag_oom(struct callgate_diags *diags);
static inline void diags_freep(struct callgate_diags **diags) { callgate_diags_free(*diags); } /* for _cleanup_ */
/* Errors so far, with those that were not kept. 0 for NULL. */
size_t diag_error_count(const struct callgate_diags *diags);

#define DIAG_NOWHERE ((struct diag_where){ 0 })
#define DIAG_FILE(name) ((struct diag_where){ .file = (name) })

#endif
