/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of JSON objects; see strict.h. */
#include "format/strict.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>

static bool kind_matches(enum json_type type, enum strict_kind kind)
{
	switch (kind) {
	case STRICT_STRING:
		return type == JSON_STRING;
	case STRICT_NUMBER:
		return type == JSON_NUMBER;
	case STRICT_BOOL:
		return type == JSON_TRUE || type == JSON_FALSE;
	case STRICT_ARRAY:
		return type == JSON_ARRAY;
	case STRICT_OBJECT:
		return type == JSON_OBJECT;
	}
	return false;
}

bool strict_is(struct strict *s, const struct json_node *node, enum strict_kind kind, const char *what)
{
	static const char *const names[] = { "a string", "a whole number", "true or false", "an array", "an object" };
	static const char *const found[] = {
		[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};
	const char *text;

	if (!kind_matches(node->type, kind)) {
		strict_error(s, s->id_type, json_where(s->json, node), "%s must be %s; this is %s", what, names[kind],
			     found[node->type]);
		return false;
	}
	if (kind == STRICT_STRING && json_string(s->json, node, &text)) {
		strict_error(s, s->id_type, json_where(s->json, node), "%s holds a NUL character, which no name has; remove it", what);
		return false;
	}
	return true;
}

const char *strict_text(struct strict *s, const struct json_node *node, const char *what)
{
	return strict_is(s, node, STRICT_STRING, what) ? json_text(s->json, node) : NULL;
}

int strict_go_on(struct strict *s)
{
	if (s->errors < STRICT_ERRORS_MAX)
		return 0;
	return diag_error(s->diags, -EBADMSG, s->id_more, DIAG_FILE(s->json->file),
			  "reading stopped after %u errors; mend these first", s->errors);
}

static const struct strict_member *find_member(const struct strict_member *members, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(members[i].key, key))
			return &members[i];
	}
	return NULL;
}

static void note_unknown(struct strict *s, const struct json_node *node, const char *what, const struct strict_member *members,
			 size_t count)
{
	const char *key = json_key(s->json, node);
	struct hint hint;

	if (s->quiet_members)
		return;
	hint_start(s, &hint, key);
	for (size_t i = 0; i < count; i++)
		hint_offer(&hint, members[i].key, 0);
	diag_warning(s->diags, s->id_member, json_where_key(s->json, node), "%s has no member \"%s\", it is ignored%s", what, key,
		     hint_text(&hint));
}

int strict_object(struct strict *s, const struct json_node *node, const char *what, const struct strict_member *members,
		  size_t count, void *into)
{
	uint64_t seen = 0;

	if (!strict_is(s, node, STRICT_OBJECT, what))
		return strict_go_on(s);
	for (const struct json_node *n = json_child(s->json, node); n; n = json_next(s->json, n)) {
		const struct strict_member *member = find_member(members, count, json_key(s->json, n));

		if (!member) {
			note_unknown(s, n, what, members, count);
			continue;
		}
		if (n->type == JSON_NULL)
			continue;
		seen |= UINT64_C(1) << (member - members);
		if (member->offset != STRICT_IGNORED && strict_is(s, n, member->kind, member->key))
			*(const struct json_node **)((char *)into + member->offset) = n;
	}
	for (size_t i = 0; i < count; i++) {
		if (members[i].required && !(seen >> i & 1))
			strict_error(s, s->id_missing, json_where(s->json, node), "%s needs the member \"%s\"", what, members[i].key);
	}
	return strict_go_on(s);
}

const struct word *word_find(const struct word *words, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i].text, text))
			return &words[i];
	}
	return NULL;
}

void hint_start(struct strict *s, struct hint *hint, const char *text)
{
	/* A third of the word may be wrong: beyond that a suggestion is a guess. */
	*hint = (struct hint){ .text = s->hints < STRICT_HINTS_MAX ? text : NULL, .distance = strlen(text) / 3 + 1 };
	s->hints++;
}

void hint_offer(struct hint *hint, const char *word, size_t prefix)
{
	unsigned distance;

	if (!hint->text || !word || !hint->distance)
		return;
	if (!strcasecmp(hint->text, word) || (prefix && !strcasecmp(hint->text, word + prefix)))
		distance = 0;
	else
		distance = edit_distance(hint->text, word, hint->distance - 1);
	if (distance < hint->distance) {
		hint->distance = distance;
		hint->best = word;
	}
}

const char *hint_text(struct hint *hint)
{
	if (!hint->best)
		return "";
	snprintf(hint->sentence, sizeof(hint->sentence), "; did you mean \"%.64s\"?", hint->best);
	return hint->sentence;
}
