/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI, Docker and Podman seccomp JSON: the document itself. The profile is the trust boundary: what is not understood is an error
 * or at least said, never passed over.
 */
#include "format/oci.h"

struct root_nodes {
	const struct json_node *action, *errno_number, *errno_name, *architectures, *arch_map, *flags, *path, *metadata, *syscalls, *extra;
};

static const struct strict_member root_members[] = {
	{ "defaultAction", STRICT_STRING, true, offsetof(struct root_nodes, action) },
	{ "defaultErrnoRet", STRICT_NUMBER, false, offsetof(struct root_nodes, errno_number) },
	{ "defaultErrno", STRICT_STRING, false, offsetof(struct root_nodes, errno_name) },
	{ "architectures", STRICT_ARRAY, false, offsetof(struct root_nodes, architectures) },
	{ "archMap", STRICT_ARRAY, false, offsetof(struct root_nodes, arch_map) },
	{ "flags", STRICT_ARRAY, false, offsetof(struct root_nodes, flags) },
	{ "listenerPath", STRICT_STRING, false, offsetof(struct root_nodes, path) },
	{ "listenerMetadata", STRICT_STRING, false, offsetof(struct root_nodes, metadata) },
	{ "syscalls", STRICT_ARRAY, false, offsetof(struct root_nodes, syscalls) },
	{ "x-callgate", STRICT_OBJECT, false, offsetof(struct root_nodes, extra) },
};

struct map_nodes {
	const struct json_node *architecture, *subs;
};

static const struct strict_member map_members[] = {
	{ "architecture", STRICT_STRING, true, offsetof(struct map_nodes, architecture) },
	{ "subArchitectures", STRICT_ARRAY, false, offsetof(struct map_nodes, subs) },
};

/* The ABIs of an array of SCMP_ARCH_… */
static int read_arches(struct oci_reader *r, const struct json_node *array, unsigned *abis)
{
	int error = 0;

	for (const struct json_node *n = json_child(r->strict.json, array); n && !error; n = json_next(r->strict.json, n)) {
		int abi = oci_read_arch(r, n, true);

		if (abi >= 0)
			*abis |= CALLGATE_ABI_BIT(abi);
		error = strict_go_on(&r->strict);
	}
	return error;
}

static int read_map_entry(struct oci_reader *r, const struct json_node *node)
{
	struct map_nodes nodes = { 0 };
	unsigned abis = 0;
	int error = strict_object(&r->strict, node, "an element of archMap", map_members, ARRAY_SIZE(map_members), &nodes), abi;

	if (error || !nodes.architecture)
		return error;
	abi = oci_read_arch(r, nodes.architecture, true);
	if (nodes.subs)
		error = read_arches(r, nodes.subs, &abis);
	if (abi < 0 || error)
		return error ? error : strict_go_on(&r->strict);
	if (r->profile->abi_map[abi]) {
		strict_error(&r->strict, "oci-conflict", json_where(r->strict.json, nodes.architecture),
			     "archMap already has an element for %s; runtimes use the first only, join the two", arch_abi_get(abi)->oci);
		return strict_go_on(&r->strict);
	}
	r->profile->abi_map[abi] = abis | CALLGATE_ABI_BIT(abi);
	r->abis |= r->profile->abi_map[abi];
	return 0;
}

/* No list may be read as "the native ABI": a list that leaves nothing must not turn into that. */
static void check_arches(struct oci_reader *r, const struct json_node *list)
{
	if (list && list->count && !r->abis && !r->strict.errors)
		strict_error(&r->strict, "oci-unknown-arch", json_where(r->strict.json, list),
			     "none of these architectures is supported by Callgate");
	if (!r->abis)
		r->abis = CALLGATE_ABI_BIT(CALLGATE_ABI_COUNT) - 1;
}

static int read_all_arches(struct oci_reader *r, const struct root_nodes *nodes)
{
	int error = 0;

	if (nodes->architectures && nodes->architectures->count && nodes->arch_map && nodes->arch_map->count)
		strict_error(&r->strict, "oci-conflict", json_where_key(r->strict.json, nodes->arch_map),
			     "a profile has \"architectures\" or \"archMap\", not both: Docker refuses such a file");
	if (nodes->architectures)
		error = read_arches(r, nodes->architectures, &r->profile->abis);
	r->abis = r->profile->abis;
	for (const struct json_node *n = nodes->arch_map ? json_child(r->strict.json, nodes->arch_map) : NULL; n && !error;
	     n = json_next(r->strict.json, n))
		error = read_map_entry(r, n);
	if (!error)
		check_arches(r, nodes->architectures && nodes->architectures->count ? nodes->architectures : nodes->arch_map);
	return error;
}

static int read_flags(struct oci_reader *r, const struct json_node *array)
{
	for (const struct json_node *n = array ? json_child(r->strict.json, array) : NULL; n; n = json_next(r->strict.json, n)) {
		const char *text = strict_text(&r->strict, n, "a flag");
		const struct word *word = text ? word_find(oci_flags, oci_flags_count, text) : NULL;
		struct hint hint;

		if (word) {
			r->profile->load_flags |= word->value;
		} else if (text) {
			hint_start(&r->strict, &hint, text);
			for (size_t i = 0; i < oci_flags_count; i++)
				hint_offer(&hint, oci_flags[i].text, sizeof("SECCOMP_FILTER_FLAG_") - 1);
			strict_error(&r->strict, "oci-unknown-flag", json_where(r->strict.json, n),
				     "\"%s\" is not a flag that a profile may ask for%s", text, hint_text(&hint));
		}
		if (strict_go_on(&r->strict))
			return -EBADMSG;
	}
	return 0;
}

static int keep_text(struct oci_reader *r, const struct json_node *node, uint32_t *ret)
{
	const char *text = node ? json_text(r->strict.json, node) : "";

	return strpool_add(&r->profile->strings, text, strlen(text), ret);
}

static int read_root(struct oci_reader *r)
{
	struct root_nodes nodes = { 0 };
	const struct json *json = r->strict.json;
	int error = strict_object(&r->strict, json_root(json), "a seccomp profile", root_members, ARRAY_SIZE(root_members), &nodes);

	if (error || json_root(json)->type != JSON_OBJECT)
		return error;
	if (nodes.action)
		oci_read_action(r, nodes.action, nodes.errno_number, nodes.errno_name, &r->profile->default_action);
	error = read_all_arches(r, &nodes);
	if (!error)
		error = read_flags(r, nodes.flags);
	if (!error)
		error = keep_text(r, nodes.path, &r->profile->listener_path);
	if (!error)
		error = keep_text(r, nodes.metadata, &r->profile->listener_metadata);
	if (!error && nodes.extra)
		error = oci_read_extra(r, nodes.extra);
	for (const struct json_node *n = nodes.syscalls ? json_child(json, nodes.syscalls) : NULL; n && !error; n = json_next(json, n))
		error = oci_read_rule(r, n);
	return error;
}

/* One sentence for all of them, at the first. */
static int tell_unsupported(struct oci_reader *r)
{
	struct buf *names = &r->unsupported_names;
	char action[64];

	if (names->error)
		return names->error;
	if (names->size)
		diag_warning(r->strict.diags, "oci-unknown-arch", r->unsupported,
			     "Callgate has no tables for%.*s; calls of such an ABI get the answer for a bad architecture (%s)",
			     (int)names->size - 1, names->text,
			     action_format(r->profile->bad_arch_action, action, sizeof(action)));
	return 0;
}

static int finish(struct oci_reader *r)
{
	const char *file = r->strict.json->file;
	int error;

	if (r->strict.errors)
		return -EBADMSG;
	error = tell_unsupported(r);
	if (!error && file)
		error = strpool_add(&r->profile->strings, file, strlen(file), &r->profile->file);
	return error ? error : profile_normalise(r->profile);
}

int oci_read(const char *bytes, size_t size, const char *file, unsigned flags, struct callgate_profile **ret_profile,
	     struct callgate_diags *diags)
{
	_cleanup_(json_done) struct json json = { 0 };
	_cleanup_(profile_freep) struct callgate_profile *profile = NULL;
	_cleanup_(buf_done) struct buf unsupported = { 0 };
	struct oci_reader reader = {
		.strict = {
			.json = &json,
			.diags = diags,
			.id_type = "oci-type",
			.id_missing = "oci-missing",
			.id_member = "oci-unknown-member",
			.id_more = "oci-more",
			.quiet_members = flags & CALLGATE_READ_UNKNOWN_MEMBERS,
		},
		.flags = flags,
	};
	int error = json_parse(&json, bytes, size, file, diags);

	if (error)
		return error;
	error = profile_new(&profile);
	if (error)
		return diag_oom(diags);
	reader.profile = profile;
	error = read_root(&reader);
	if (!error)
		error = finish(&reader);
	unsupported = reader.unsupported_names;
	if (error)
		return error == -ENOMEM ? diag_oom(diags) : error;
	*ret_profile = take_ptr(profile);
	return 0;
}

static bool detect(const char *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && bytes[i] && strchr(" \t\r\n", bytes[i]))
		i++;
	return i < size && bytes[i] == '{';
}

static int import(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	struct callgate_profile *profile;
	int r = oci_read(input->bytes, input->size, input->file, input->flags, &profile, diags);

	if (!r && policy_from_profile(input->file, profile, ret_policy))
		r = diag_oom(diags);
	return r;
}

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	return oci_write(out->profile, text, diags);
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities oci = {
		.format = "OCI JSON", .cannot = "oci-cannot", .defaults = ABILITY_ALL, .in_allow_list = ABILITY_ALL, .in_deny_list = ABILITY_ALL,
		.trace_max = 0xffff, .conditions = true, .value_max = UINT64_MAX, .guards = true, .literal = true, .unknown = true,
		.loading = true, .any_bad_arch = true,
	};

	(void)out;
	return &oci;
}

const struct format format_oci = {
	.name = "oci",
	.help = "seccomp JSON of OCI runtimes, Docker and Podman, with Callgate's member x-callgate",
	.extensions = ".json",
	.detect = detect,
	.import = import,
	.aliases = "docker podman",
	.written = "seccomp JSON of OCI runtimes, Docker and Podman",
	.abilities = abilities,
	.export = export,
};
