/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of JSON objects: which members there are, of what type, which must be there. Everything wrong is a diagnostic with
 * line and column, and reading goes on, so that a person mends a file in one go. After STRICT_ERRORS_MAX errors it stops: by then
 * the file is of another kind, or hostile.
 */
#ifndef CALLGATE_STRICT_H
#define CALLGATE_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/json.h"

#define STRICT_ERRORS_MAX 50
/* Searching for a similar word costs; a file full of unknown words gets only so many suggestions. */
#define STRICT_HINTS_MAX 50
#define STRICT_HINT_SIZE 96

struct strict {
	const struct json *json;
	struct callgate_diags *diags;
	const char *id_type, *id_missing, *id_member, *id_more; /* diagnostic ids of the format */
	bool quiet_members; /* say nothing about members the format does not define */
	unsigned errors, hints;
};

enum strict_kind { STRICT_STRING, STRICT_NUMBER, STRICT_BOOL, STRICT_ARRAY, STRICT_OBJECT };

/* One member of an object. Where it is found, its node goes to `offset` in the caller's struct of node pointers. A member that is null
 * counts as absent, as it does for the Go programs that write most of these files. */
struct strict_member {
	const char *key;
	enum strict_kind kind;
	bool required;
	size_t offset; /* STRICT_IGNORED: known, but of no interest */
};
#define STRICT_IGNORED SIZE_MAX

/* Fill `into` (zeroed by the caller) from an object; `what` names it in sentences ("a rule"). 0, also after errors; -EBADMSG when
 * there were too many of them. */
int strict_object(struct strict *s, const struct json_node *node, const char *what, const struct strict_member *members,
		  size_t count, void *into);
/* Is the value of that kind? Diagnosed when it is not. `what` names it: "names". */
bool strict_is(struct strict *s, const struct json_node *node, enum strict_kind kind, const char *what);
/* A string element of an array, as C text; NULL after a diagnosed error. */
const char *strict_text(struct strict *s, const struct json_node *node, const char *what);
/* -EBADMSG when there were too many errors to go on; says so. */
int strict_go_on(struct strict *s);

#define strict_error(s, id, where, ...) ((s)->errors++, (void)diag_error((s)->diags, -EBADMSG, id, where, __VA_ARGS__))

/* A word and what it stands for. */
struct word {
	const char *text;
	uint32_t value;
};
const struct word *word_find(const struct word *words, size_t count, const char *text);

/* The nearest of the words offered so far: hint_start, hint_offer for each, hint_text. */
struct hint {
	const char *text, *best;
	unsigned distance;
	char sentence[STRICT_HINT_SIZE];
};
void hint_start(struct strict *s, struct hint *hint, const char *text);
/* `prefix` bytes at the start of the word may be missing in the text, and case does not matter: "allow" is near to SCMP_ACT_ALLOW. */
void hint_offer(struct hint *hint, const char *word, size_t prefix);
/* "; did you mean \"SCMP_ACT_ALLOW\"?" or "". */
const char *hint_text(struct hint *hint);

#endif
