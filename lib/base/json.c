/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a JSON document that the reader accepted. */
#include "base/json.h"

void json_done(struct json *json)
{
	vec_done(&json->nodes);
	buf_done(&json->text);
	json->file = NULL;
}

const struct json_node *json_child(const struct json *j, const struct json_node *n)
{
	return n->child ? &j->nodes.items[n->child] : NULL;
}

const struct json_node *json_next(const struct json *j, const struct json_node *n)
{
	return n->next ? &j->nodes.items[n->next] : NULL;
}

const struct json_node *json_member(const struct json *j, const struct json_node *object, const char *key)
{
	if (object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *n = json_child(j, object); n; n = json_next(j, n))
		if (!strcmp(json_key(j, n), key))
			return n;
	return NULL;
}

const char *json_text(const struct json *j, const struct json_node *n)
{
	return n->type == JSON_STRING || n->type == JSON_NUMBER ? j->text.text + n->text : "";
}

const char *json_key(const struct json *j, const struct json_node *n)
{
	return n->key_line ? j->text.text + n->key : "";
}

int json_string(const struct json *j, const struct json_node *n, const char **ret_text)
{
	if (n->type != JSON_STRING || strlen(json_text(j, n)) != n->text_size)
		return -EINVAL;
	*ret_text = json_text(j, n);
	return 0;
}

struct diag_where json_where(const struct json *j, const struct json_node *n)
{
	return (struct diag_where){ j->file, n->line, n->column };
}

struct diag_where json_where_key(const struct json *j, const struct json_node *n)
{
	return n->key_line ? (struct diag_where){ j->file, n->key_line, n->key_column } : json_where(j, n);
}

/* Digits only; "1.0" and "1e3" are numbers, but not written as whole ones. */
static int whole_number(const char *digits, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (unsigned)(*digits - '0'), &value))
			return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

int json_u64(const struct json *j, const struct json_node *n, uint64_t *ret_value)
{
	return n->type == JSON_NUMBER ? whole_number(json_text(j, n), ret_value) : -EINVAL;
}

int json_s64(const struct json *j, const struct json_node *n, int64_t *ret_value)
{
	const char *text = json_text(j, n);
	bool negative = *text == '-';
	uint64_t value;

	if (n->type != JSON_NUMBER || whole_number(text + negative, &value) || value > (uint64_t)INT64_MAX + negative)
		return -EINVAL;
	*ret_value = (int64_t)(negative ? -value : value);
	return 0;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "null", "false", "true", "number", "string", "array", "object" };

	return names[type];
}
