/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The member "x-callgate": what OCI has no place for. "calls" (evidence), "unknown", "badArch" and "literal" (part of
 * the meaning).
 * "learned" is reserved for the provenance that later versions write; it says nothing about the meaning and is passed over.
 */
#include <stdio.h>

#include "format/oci.h"

struct extra_nodes {
	const struct json_node *version, *calls, *unknown, *bad_arch, *literal;
};

static const struct strict_member extra_members[] = {
	{ "version", STRICT_NUMBER, true, offsetof(struct extra_nodes, version) },
	{ "calls", STRICT_ARRAY, false, offsetof(struct extra_nodes, calls) },
	{ "unknown", STRICT_STRING, false, offsetof(struct extra_nodes, unknown) },
	{ "badArch", STRICT_STRING, false, offsetof(struct extra_nodes, bad_arch) },
	{ "literal", STRICT_BOOL, false, offsetof(struct extra_nodes, literal) },
	{ "learned", STRICT_OBJECT, false, STRICT_IGNORED },
};

struct call_nodes {
	const struct json_node *name, *abi, *args, *count, *denied;
};

static const struct strict_member call_members[] = {
	{ "name", STRICT_STRING, true, offsetof(struct call_nodes, name) },
	{ "abi", STRICT_STRING, false, offsetof(struct call_nodes, abi) },
	{ "args", STRICT_ARRAY, false, offsetof(struct call_nodes, args) },
	{ "count", STRICT_NUMBER, false, offsetof(struct call_nodes, count) },
	{ "denied", STRICT_BOOL, false, offsetof(struct call_nodes, denied) },
};

static bool read_number(struct oci_reader *r, const struct json_node *node, const char *what, uint64_t *ret)
{
	if (node->type == JSON_NUMBER && !json_u64(r->strict.json, node, ret))
		return true;
	strict_error(&r->strict, "oci-arg-value", json_where(r->strict.json, node),
		     "%s must be a whole number from 0 to 18446744073709551615", what);
	return false;
}

static void read_call_args(struct oci_reader *r, const struct json_node *array, struct profile_call *call)
{
	if (array->count > 6) {
		strict_error(&r->strict, "oci-arg-index", json_where(r->strict.json, array),
			     "a system call has at most 6 arguments, these are %u", array->count);
		return;
	}
	for (const struct json_node *n = json_child(r->strict.json, array); n; n = json_next(r->strict.json, n))
		read_number(r, n, "an argument", &call->args[call->n_args++]);
}

static void read_call_abi(struct oci_reader *r, const struct json_node *node, struct profile_call *call)
{
	const char *text = json_text(r->strict.json, node);
	int abi = arch_abi_from_name(text);

	if (abi < 0)
		strict_error(&r->strict, "oci-unknown-arch", json_where(r->strict.json, node), "no architecture is called \"%s\"", text);
	call->abi = abi;
}

static int read_call(struct oci_reader *r, const struct json_node *node)
{
	struct profile_call call = { .abi = -1, .count = 1 };
	struct call_nodes nodes = { 0 };
	int error = strict_object(&r->strict, node, "a call", call_members, ARRAY_SIZE(call_members), &nodes);

	if (error)
		return error;
	if (nodes.abi)
		read_call_abi(r, nodes.abi, &call);
	if (nodes.args)
		read_call_args(r, nodes.args, &call);
	if (nodes.count)
		read_number(r, nodes.count, "count", &call.count);
	if (nodes.denied)
		call.denied = nodes.denied->type == JSON_TRUE;
	call.syscall = nodes.name ? oci_read_syscall(r, nodes.name) : -1;
	if (call.syscall < 0 || r->strict.errors)
		return strict_go_on(&r->strict);
	return vec_push(&r->profile->calls, call);
}

static void read_bad_arch(struct oci_reader *r, const struct json_node *node)
{
	const char *text = json_text(r->strict.json, node);

	if (action_parse(text, &r->profile->bad_arch_action))
		strict_error(&r->strict, "oci-unknown-action", json_where(r->strict.json, node),
			     "\"%s\" is not an action; write \"KILL_PROCESS\", \"ERRNO(ENOSYS)\", \"LOG\" …", text);
}

int oci_read_extra(struct oci_reader *r, const struct json_node *node)
{
	struct extra_nodes nodes = { 0 };
	uint64_t version = 0;
	int error = strict_object(&r->strict, node, "x-callgate", extra_members, ARRAY_SIZE(extra_members), &nodes), value;

	if (error || !nodes.version)
		return error;
	/* Later versions may change what the members mean: reading on would be guessing. */
	if (json_u64(r->strict.json, nodes.version, &version) || version != 1) {
		strict_error(&r->strict, "oci-version", json_where(r->strict.json, nodes.version),
			     "x-callgate has version %s; this Callgate reads version 1, a newer one may read this",
			     json_text(r->strict.json, nodes.version));
		return strict_go_on(&r->strict);
	}
	if (nodes.unknown) {
		value = oci_read_errno_name(r, nodes.unknown);
		if (value >= 0)
			r->profile->unknown_errno = value;
	}
	r->profile->literal = nodes.literal && nodes.literal->type == JSON_TRUE;
	if (nodes.bad_arch)
		read_bad_arch(r, nodes.bad_arch);
	for (const struct json_node *n = nodes.calls ? json_child(r->strict.json, nodes.calls) : NULL; n && !error;
	     n = json_next(r->strict.json, n))
		error = read_call(r, n);
	return error;
}

static void write_call(struct json_writer *w, const struct profile_call *call)
{
	json_open(w, NULL, '{', true);
	json_put_string(w, "name", arch_syscall_name(call->syscall));
	if (call->abi >= 0)
		json_put_string(w, "abi", arch_abi_get(call->abi)->name);
	if (call->n_args) {
		json_open(w, "args", '[', true);
		for (unsigned i = 0; i < call->n_args; i++)
			json_put_u64(w, NULL, call->args[i]);
		json_close(w, ']');
	}
	json_put_u64(w, "count", call->count);
	if (call->denied)
		json_put_bool(w, "denied", true);
	json_close(w, '}');
}

static void write_unknown(struct json_writer *w, int value)
{
	char digits[16];
	const char *name = arch_errno_name(value);

	if (!name) {
		snprintf(digits, sizeof(digits), "%d", value);
		name = digits;
	}
	json_put_string(w, "unknown", name);
}

void oci_write_extra(struct json_writer *w, const struct callgate_profile *profile)
{
	char action[64];

	if (!profile->calls.count && profile->unknown_errno < 0 && profile->bad_arch_action == CALLGATE_KILL_PROCESS &&
	    !profile->literal)
		return;
	json_open(w, "x-callgate", '{', false);
	json_put_u64(w, "version", 1);
	if (profile->bad_arch_action != CALLGATE_KILL_PROCESS)
		json_put_string(w, "badArch", action_format(profile->bad_arch_action, action, sizeof(action)));
	if (profile->literal)
		json_put_bool(w, "literal", true);
	if (profile->unknown_errno >= 0)
		write_unknown(w, profile->unknown_errno);
	if (profile->calls.count) {
		json_open(w, "calls", '[', false);
		for (size_t i = 0; i < profile->calls.count; i++)
			write_call(w, &profile->calls.items[i]);
		json_close(w, ']');
	}
	json_close(w, '}');
}
