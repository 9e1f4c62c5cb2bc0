/* SPDX-License-Identifier: Apache-2.0 */
/* Writing trace files, and their escapes; see tracefile.h. The order is the writer's own, so equal traces give equal bytes. */
#include "format/tracefile.h"

#include <ctype.h>

#include "arch/arch.h"
#include "base/json.h"

const char *const tracefile_evidence[3] = {
	[CALLGATE_EVIDENCE_RECORDED] = "recorded",
	[CALLGATE_EVIDENCE_SCANNED] = "scanned",
	[CALLGATE_EVIDENCE_DENIED] = "denied",
};

/* Does an escape start here? strlen keeps the look-ahead inside. */
static bool is_escape(const char *text)
{
	return text[0] == '\\' && text[1] == 'x' && isxdigit((unsigned char)text[2]) && isxdigit((unsigned char)text[3]);
}

void tracefile_escape(const char *text, struct buf *out)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size;) {
		uint32_t point;
		unsigned length = utf8_decode(text + i, size - i, &point);

		if (!length || is_escape(text + i))
			buf_printf(out, "\\x%02x", (unsigned char)text[i]);
		else
			buf_put(out, text + i, length);
		i += MAX(length, 1u);
	}
}

static unsigned hex_digit(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

int tracefile_unescape(const char *text, struct buf *out)
{
	while (*text) {
		char byte = *text;

		if (is_escape(text)) {
			byte = (char)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
			text += 3;
		}
		if (!byte)
			return -EINVAL;
		buf_put(out, &byte, 1);
		text++;
	}
	return 0;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_entries(const void *left, const void *right)
{
	const struct trace_entry *a = *(const struct trace_entry *const *)left, *b = *(const struct trace_entry *const *)right;
	int c = COMPARE(a->abi, b->abi);

	c = c ? c : COMPARE(a->nr, b->nr);
	c = c ? c : COMPARE(a->evidence, b->evidence);
	c = c ? c : COMPARE(a->launch, b->launch);
	c = c ? c : COMPARE(a->args_known, b->args_known);
	for (int i = 0; i < 6; i++)
		c = c ? c : COMPARE(a->args[i], b->args[i]);
	return c;
}

static void put_escaped(struct json_writer *w, const char *key, const char *text)
{
	_cleanup_(buf_done) struct buf escaped = { 0 };

	if (!text || !*text)
		return;
	tracefile_escape(text, &escaped);
	if (escaped.error)
		w->out->error = escaped.error;
	else
		json_put_bytes(w, key, escaped.text, escaped.size);
}

static void write_args(struct json_writer *w, const struct trace_entry *entry)
{
	json_open(w, "args", '[', true);
	for (unsigned i = 0; entry->args_known >> i; i++) {
		if (entry->args_known >> i & 1)
			json_put_u64(w, NULL, entry->args[i]);
		else
			json_put_null(w, NULL);
	}
	json_close(w, ']');
}

static void write_entry(struct json_writer *w, const struct callgate_trace *trace, const struct trace_entry *entry)
{
	int id = arch_syscall_at(entry->abi, entry->nr);

	json_open(w, NULL, '{', true);
	json_put_string(w, "abi", arch_abi_get(entry->abi)->name);
	if (id >= 0)
		json_put_string(w, "name", arch_syscall_name(id));
	json_put_u64(w, "nr", entry->nr);
	if (entry->args_known)
		write_args(w, entry);
	json_put_u64(w, "count", entry->count);
	if (entry->first)
		json_put_u64(w, "first", entry->first);
	if (entry->last)
		json_put_u64(w, "last", entry->last);
	put_escaped(w, "who", strpool_get(&trace->strings, entry->who));
	if (entry->evidence != CALLGATE_EVIDENCE_RECORDED)
		json_put_string(w, "evidence", tracefile_evidence[entry->evidence]);
	if (entry->launch)
		json_put_bool(w, "launch", true);
	json_close(w, '}');
}

int tracefile_write(const struct callgate_trace *trace, struct buf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };
	_cleanup_free_ const struct trace_entry **sorted = calloc(trace->entries.count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < trace->entries.count; i++)
		sorted[i] = &trace->entries.items[i];
	qsort(sorted, trace->entries.count, sizeof(*sorted), compare_entries);
	json_open(&w, NULL, '{', false);
	json_put_u64(&w, "callgate-trace", TRACEFILE_VERSION);
	put_escaped(&w, "recorder", strpool_get(&trace->strings, trace->recorder));
	put_escaped(&w, "command", strpool_get(&trace->strings, trace->command));
	put_escaped(&w, "kernel", strpool_get(&trace->strings, trace->kernel));
	json_put_u64(&w, "lost", trace->lost);
	json_open(&w, "calls", '[', false);
	for (size_t i = 0; i < trace->entries.count; i++)
		write_entry(&w, trace, sorted[i]);
	json_close(&w, ']');
	json_close(&w, '}');
	buf_puts(out, "\n");
	return out->error;
}
