/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Security Profiles Operator's SeccompProfile (v1beta1) as YAML: OCI's words, without a defaultErrnoRet and without x-callgate. The
 * operator writes JSON of it, in which an absent errnoRet is EPERM and 0 is absent. Numbers are signed 64-bit in the cluster's schema.
 */
#include "format/oci.h"

#define NAME_DEFAULT "callgate-profile"
#define NAME_MAX_SIZE 253

/* Free text in double quotes, escaped as in JSON, which YAML shares. */
static void put_text(struct buf *text, const char *key, const char *value)
{
	struct json_writer writer = { .out = text };

	buf_printf(text, "%s: ", key);
	json_put_string(&writer, NULL, value);
	buf_puts(text, "\n");
}

static const char *action_word(uint32_t action)
{
	for (size_t i = 0; i < oci_actions_count; i++)
		if (oci_actions[i].value == (action & ACTION_MASK))
			return oci_actions[i].text;
	return "";
}

static void put_cond(struct buf *text, const struct profile_cond *cond)
{
	bool masked = cond->op == OP_MASKED_EQ;

	buf_printf(text, "    - index: %u\n      op: %s\n      value: %llu\n", cond->arg, oci_op_name((enum profile_op)cond->op),
		   (unsigned long long)(masked ? cond->mask : cond->value));
	if (masked)
		buf_printf(text, "      valueTwo: %llu\n", (unsigned long long)cond->value);
}

static void put_rule(struct buf *text, const struct oci_order *order, uint32_t first, uint32_t end)
{
	const struct oci_item *item = &order->items.items[order->entries.items[first]];
	uint32_t kind = item->action & ACTION_MASK;

	buf_printf(text, "  - action: %s\n", action_word(item->action));
	if (kind == CALLGATE_ERRNO(0) || kind == CALLGATE_TRACE(0))
		buf_printf(text, "    errnoRet: %u\n", item->action & ACTION_DATA);
	buf_puts(text, "    names:\n");
	for (uint32_t i = first; i < end; i++)
		buf_printf(text, "    - %s\n", arch_syscall_name(order->items.items[order->entries.items[i]].syscall));
	if (item->n_conds)
		buf_puts(text, "    args:\n");
	for (uint32_t i = 0; i < item->n_conds; i++)
		put_cond(text, &item->conds[i]);
}

static void put_loading(struct buf *text, const struct callgate_profile *profile)
{
	if (profile->load_flags)
		buf_puts(text, "  flags:\n");
	for (size_t i = 0; i < oci_flags_count; i++)
		if (profile->load_flags & oci_flags[i].value)
			buf_printf(text, "  - %s\n", oci_flags[i].text);
	if (profile->listener_path)
		put_text(text, "  listenerPath", strpool_get(&profile->strings, profile->listener_path));
	if (profile->listener_metadata)
		put_text(text, "  listenerMetadata", strpool_get(&profile->strings, profile->listener_metadata));
}

static int put_head(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	buf_puts(text, "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata:\n");
	put_text(text, "  name", out->name ? out->name : NAME_DEFAULT);
	buf_printf(text, "spec:\n  defaultAction: %s\n  architectures:\n", action_word(out->profile->default_action));
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!(out->abis >> abi & 1))
			continue;
		if (abi == CALLGATE_ABI_LOONGARCH64)
			return diag_error(diags, -ENOTSUP, "spo-cannot", DIAG_NOWHERE, "a SeccompProfile cannot say the architecture %s",
					  arch_abi_get(abi)->name);
		buf_printf(text, "  - %s\n", arch_abi_get(abi)->oci);
	}
	return 0;
}

/* DNS subdomain of RFC 1123: letters, digits, - and ., each part beginning and ending with a letter or digit. */
static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t size = strlen(name);

	if (!size || size > NAME_MAX_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool inside = i && i + 1 < size;

		if (!strchr(letters, name[i]) && !(inside && name[i] == '-') &&
		    !(inside && name[i] == '.' && strchr(letters, name[i - 1]) && strchr(letters, name[i + 1])))
			return false;
		if (inside && name[i] == '-' && (name[i - 1] == '.' || name[i + 1] == '.'))
			return false;
	}
	return true;
}

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	_cleanup_(oci_order_done) struct oci_order order = { 0 };
	uint32_t first = 0;
	int r;

	if (out->name && !is_name(out->name))
		return diag_error(diags, -EINVAL, "spo-name", DIAG_NOWHERE,
				  "an object in Kubernetes has a name of lower-case letters, digits, - and ., at most 253 of them");
	r = put_head(out, text, diags);
	if (r)
		return r;
	if (oci_order(out->profile, &order))
		return diag_oom(diags);
	put_loading(text, out->profile);
	if (order.ends.count)
		buf_puts(text, "  syscalls:\n");
	for (size_t i = 0; i < order.ends.count; i++) {
		put_rule(text, &order, first, order.ends.items[i]);
		first = order.ends.items[i];
	}
	return text->error ? diag_oom(diags) : 0;
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities spo = {
		.format = "a SeccompProfile", .cannot = "spo-cannot", .defaults = ABILITY_ALL & ~ABILITY_TRACE, .in_allow_list = ABILITY_ALL,
		.in_deny_list = ABILITY_ALL, .default_errno = EPERM, .errno_min = 1, .trace_max = 0xffff, .conditions = true,
		.value_max = INT64_MAX, .loading = true, .bad_arch = CALLGATE_KILL_PROCESS,
	};

	(void)out;
	return &spo;
}

const struct format format_spo = {
	.name = "spo",
	.written = "YAML for the Kubernetes Security Profiles Operator",
	.abilities = abilities,
	.export = export,
};
