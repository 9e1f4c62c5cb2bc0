/* SPDX-License-Identifier: Apache-2.0 */
/* Reading trace files; see tracefile.h. A trace decides what a profile allows, so it is read as strictly as a profile. */
#include "format/tracefile.h"

#include <inttypes.h>

#include "arch/arch.h"
#include "format/strict.h"

struct trace_reader {
	struct strict strict; /* first */
	struct callgate_trace *trace;
};

struct root_nodes {
	const struct json_node *version, *recorder, *command, *kernel, *lost, *calls;
};

static const struct strict_member root_members[] = {
	{ "callgate-trace", STRICT_NUMBER, true, offsetof(struct root_nodes, version) },
	{ "recorder", STRICT_STRING, false, offsetof(struct root_nodes, recorder) },
	{ "command", STRICT_STRING, false, offsetof(struct root_nodes, command) },
	{ "kernel", STRICT_STRING, false, offsetof(struct root_nodes, kernel) },
	/* A recorder that says nothing about losses must not pass for one that had none. */
	{ "lost", STRICT_NUMBER, true, offsetof(struct root_nodes, lost) },
	{ "calls", STRICT_ARRAY, true, offsetof(struct root_nodes, calls) },
};

struct call_nodes {
	const struct json_node *abi, *name, *nr, *args, *count, *first, *last, *who, *evidence, *launch;
};

static const struct strict_member call_members[] = {
	{ "abi", STRICT_STRING, true, offsetof(struct call_nodes, abi) },
	{ "name", STRICT_STRING, false, offsetof(struct call_nodes, name) },
	{ "nr", STRICT_NUMBER, true, offsetof(struct call_nodes, nr) },
	{ "args", STRICT_ARRAY, false, offsetof(struct call_nodes, args) },
	{ "count", STRICT_NUMBER, true, offsetof(struct call_nodes, count) },
	{ "first", STRICT_NUMBER, false, offsetof(struct call_nodes, first) },
	{ "last", STRICT_NUMBER, false, offsetof(struct call_nodes, last) },
	{ "who", STRICT_STRING, false, offsetof(struct call_nodes, who) },
	{ "evidence", STRICT_STRING, false, offsetof(struct call_nodes, evidence) },
	{ "launch", STRICT_BOOL, false, offsetof(struct call_nodes, launch) },
};

static uint64_t read_number(struct trace_reader *r, const struct json_node *node, const char *what, uint64_t min, uint64_t max)
{
	uint64_t value = 0;

	if (!node || (node->type == JSON_NUMBER && !json_u64(r->strict.json, node, &value) && value >= min && value <= max))
		return value;
	strict_error(&r->strict, "trace-number", json_where(r->strict.json, node),
		     "%s must be a whole number from %" PRIu64 " to %" PRIu64, what, min, max);
	return min;
}

static void read_abi(struct trace_reader *r, const struct json_node *node, struct callgate_observation *ret)
{
	const char *text = json_text(r->strict.json, node);
	int abi = arch_abi_from_name(text);
	struct hint hint;

	if (abi >= 0) {
		ret->abi = abi;
		return;
	}
	hint_start(&r->strict, &hint, text);
	for (int i = 0; i < CALLGATE_ABI_COUNT; i++)
		hint_offer(&hint, arch_abi_get(i)->name, 0);
	strict_error(&r->strict, "trace-unknown-abi", json_where(r->strict.json, node), "no ABI is called \"%s\"%s", text,
		     hint_text(&hint));
}

/* The number counts; the name is there to be read, and to notice a file that was edited by halves. */
static void check_name(struct trace_reader *r, const struct json_node *node, const struct callgate_observation *o)
{
	const char *text = json_text(r->strict.json, node), *abi = arch_abi_get(o->abi)->name;
	int id = arch_syscall_at(o->abi, o->nr), named = arch_syscall_id(text);

	if (id >= 0 && id == named)
		return;
	if (id < 0 && named < 0)
		diag_warning(r->strict.diags, "trace-unknown-name", json_where(r->strict.json, node),
			     "neither \"%s\" nor the number %u is in the tables of this Callgate; a newer one wrote the trace", text,
			     o->nr);
	else
		strict_error(&r->strict, "trace-name", json_where(r->strict.json, node),
			     "the number %u of %s is %s, not \"%s\"; correct one of the two", o->nr, abi,
			     id >= 0 ? arch_syscall_name(id) : "unknown", text);
}

static void read_args(struct trace_reader *r, const struct json_node *array, struct callgate_observation *ret)
{
	unsigned i = 0;

	if (array->count > 6) {
		strict_error(&r->strict, "trace-args", json_where(r->strict.json, array),
			     "a system call has at most 6 arguments, these are %u", array->count);
		return;
	}
	for (const struct json_node *n = json_child(r->strict.json, array); n; n = json_next(r->strict.json, n), i++) {
		if (n->type == JSON_NULL)
			continue;
		ret->args[i] = read_number(r, n, "an argument", 0, UINT64_MAX);
		ret->args_known |= 1u << i;
	}
}

static void read_evidence(struct trace_reader *r, const struct json_node *node, struct callgate_observation *ret)
{
	const char *text = json_text(r->strict.json, node);

	for (size_t i = 0; i < ARRAY_SIZE(tracefile_evidence); i++) {
		if (!strcmp(text, tracefile_evidence[i])) {
			ret->evidence = i;
			return;
		}
	}
	strict_error(&r->strict, "trace-evidence", json_where(r->strict.json, node),
		     "\"%s\" is no kind of evidence; write \"recorded\", \"scanned\" or \"denied\"", text);
}

static void read_times(struct trace_reader *r, const struct call_nodes *nodes, struct callgate_observation *ret)
{
	ret->first = read_number(r, nodes->first, "first", 0, UINT64_MAX);
	ret->last = read_number(r, nodes->last, "last", 0, UINT64_MAX);
	if (ret->first && ret->last && ret->last < ret->first)
		strict_error(&r->strict, "trace-times", json_where(r->strict.json, nodes->last),
			     "the call was last seen before it was first seen");
}

static int read_text(struct trace_reader *r, const struct json_node *node, struct buf *out)
{
	if (!tracefile_unescape(json_text(r->strict.json, node), out))
		return out->error;
	strict_error(&r->strict, "trace-type", json_where(r->strict.json, node), "\\x00 stands for a NUL, which no name has");
	return 0;
}

static void read_members(struct trace_reader *r, const struct call_nodes *nodes, struct callgate_observation *ret)
{
	if (nodes->abi)
		read_abi(r, nodes->abi, ret);
	ret->nr = (uint32_t)read_number(r, nodes->nr, "nr", 0, UINT32_MAX);
	if (nodes->args)
		read_args(r, nodes->args, ret);
	ret->count = read_number(r, nodes->count, "count", 1, UINT64_MAX);
	read_times(r, nodes, ret);
	if (nodes->evidence)
		read_evidence(r, nodes->evidence, ret);
	ret->launch = nodes->launch && nodes->launch->type == JSON_TRUE;
}

static int read_call(struct trace_reader *r, const struct json_node *node)
{
	_cleanup_(buf_done) struct buf who = { 0 };
	struct callgate_observation observation = { 0 };
	struct call_nodes nodes = { 0 };
	unsigned before = r->strict.errors;
	int error = strict_object(&r->strict, node, "a call", call_members, ARRAY_SIZE(call_members), &nodes);

	if (error)
		return error;
	read_members(r, &nodes, &observation);
	if (nodes.name && before == r->strict.errors)
		check_name(r, nodes.name, &observation);
	if (nodes.who) {
		error = read_text(r, nodes.who, &who);
		if (error)
			return error;
	}
	if (r->strict.errors)
		return strict_go_on(&r->strict);
	observation.who = who.size ? who.text : NULL;
	error = trace_add(r->trace, &observation);
	return error < 0 ? error : 0;
}

static int keep_text(struct trace_reader *r, const struct json_node *node, uint32_t *ret)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int error = node ? read_text(r, node, &text) : 0;

	if (error || !text.size)
		return error;
	return strpool_add(&r->trace->strings, text.text, text.size, ret);
}

static int read_root(struct trace_reader *r)
{
	struct root_nodes nodes = { 0 };
	const struct json *json = r->strict.json;
	uint64_t version;
	int error = strict_object(&r->strict, json_root(json), "a trace", root_members, ARRAY_SIZE(root_members), &nodes);

	if (error || !nodes.version)
		return error;
	if (json_u64(json, nodes.version, &version) || version != TRACEFILE_VERSION) {
		strict_error(&r->strict, "trace-version", json_where(json, nodes.version),
			     "this is a trace of version %s; this Callgate reads version %d", json_text(json, nodes.version),
			     TRACEFILE_VERSION);
		return 0;
	}
	r->trace->lost = read_number(r, nodes.lost, "lost", 0, UINT64_MAX);
	error = keep_text(r, nodes.recorder, &r->trace->recorder);
	if (!error)
		error = keep_text(r, nodes.command, &r->trace->command);
	if (!error)
		error = keep_text(r, nodes.kernel, &r->trace->kernel);
	for (const struct json_node *n = nodes.calls ? json_child(json, nodes.calls) : NULL; n && !error; n = json_next(json, n))
		error = read_call(r, n);
	return error;
}

static void free_trace(struct callgate_trace **trace)
{
	*trace = trace_free(*trace);
}

int tracefile_read(const char *bytes, size_t size, const char *file, struct callgate_trace **ret_trace, struct callgate_diags *diags)
{
	_cleanup_(json_done) struct json json = { 0 };
	_cleanup_(free_trace) struct callgate_trace *trace = NULL;
	struct trace_reader reader = {
		.strict = {
			.json = &json,
			.diags = diags,
			.id_type = "trace-type",
			.id_missing = "trace-missing",
			.id_member = "trace-unknown-member",
			.id_more = "trace-more",
		},
	};
	int error = json_parse(&json, bytes, size, file, diags);

	if (error)
		return error;
	error = trace_new(&trace);
	if (error)
		return diag_oom(diags);
	reader.trace = trace;
	error = read_root(&reader);
	if (!error && reader.strict.errors)
		error = -EBADMSG;
	if (!error)
		error = trace_normalise(trace);
	if (error)
		return error == -ENOMEM ? diag_oom(diags) : error;
	*ret_trace = take_ptr(trace);
	return 0;
}
