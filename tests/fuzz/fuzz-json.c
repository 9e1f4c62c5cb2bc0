/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes: the reader answers without harm, and says why it refuses. What it takes, the writer writes so that the reader
 * takes it again, and the second writing equals the first, on one line and indented.
 */
#include "base/json.h"
#include "property.h"

static char *write_back(const struct json *j, unsigned indent, size_t *ret_size)
{
	struct buf out = { 0 };
	struct json_writer w = { .out = &out, .indent = indent };
	char *text = NULL;

	json_put_node(&w, NULL, j, json_root(j));
	require(!w.depth && !buf_take(&out, &text, ret_size));
	return text;
}

static void check_round_trip(const struct json *j, unsigned indent)
{
	_cleanup_free_ char *first = NULL, *second = NULL;
	size_t first_size, second_size;
	struct json again;

	first = write_back(j, indent, &first_size);
	require(!json_parse(&again, first, first_size, "first", NULL));
	require(again.nodes.count == j->nodes.count);
	second = write_back(&again, indent, &second_size);
	require(first_size == second_size && !memcmp(first, second, first_size));
	json_done(&again);
}

static void check_refusal(const struct callgate_diags *diags)
{
	const struct callgate_diag *d = callgate_diags_get(diags, 0);
	uint32_t point;

	require(d && d->severity == CALLGATE_SEVERITY_ERROR && !strncmp(d->id, "json-", 5) && d->line && d->column);
	for (size_t i = 0, size = strlen(d->text); i < size;) {
		unsigned length = utf8_decode(d->text + i, size - i, &point);

		require(length && !utf8_unsafe(point));
		i += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct json j;

	require(diags);
	if (json_parse(&j, (const char *)data, size, "fuzz", diags)) {
		check_refusal(diags);
	} else {
		require(!callgate_diags_count(diags));
		check_round_trip(&j, 0);
		check_round_trip(&j, 2);
		json_done(&j);
	}
	callgate_diags_free(diags);
	return 0;
}
