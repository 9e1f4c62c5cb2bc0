/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI seccomp JSON in normal form. Everything outside of "x-callgate" is what runc, crun, Docker and Podman read, and means there what
 * it means here; what the format cannot say is an error, not an approximation.
 */
#include <stdio.h>

#include "format/oci.h"

/* The word for an action, or NULL when OCI has none: data below an action that takes none, an errno that the kernel would cut. */
static const struct word *action_word(uint32_t action)
{
	uint32_t kind = action & ACTION_MASK, data = action & ACTION_DATA;

	if (kind == CALLGATE_ERRNO(0) ? data > OCI_ERRNO_MAX : kind != CALLGATE_TRACE(0) && data)
		return NULL;
	for (size_t i = 0; i < oci_actions_count; i++) {
		if (oci_actions[i].value == kind)
			return &oci_actions[i];
	}
	return NULL;
}

static bool takes_data(uint32_t action)
{
	return (action & ACTION_MASK) == CALLGATE_ERRNO(0) || (action & ACTION_MASK) == CALLGATE_TRACE(0);
}

static int check_action(uint32_t action, struct diag_where where, struct callgate_diags *diags)
{
	char text[64];

	if (action_word(action))
		return 0;
	return diag_error(diags, -ENOTSUP, "oci-unknown-action", where, "OCI JSON cannot express the action %s",
			  action_format(action, text, sizeof(text)));
}

/* Runtimes read two conditions on one argument as "or". */
static int check_conds(const struct oci_item *item, struct diag_where where, struct callgate_diags *diags)
{
	for (uint32_t i = 1; i < item->n_conds; i++) {
		if (item->conds[i].arg == item->conds[i - 1].arg)
			return diag_error(diags, -ENOTSUP, "oci-arg-repeated", where,
					  "a rule for %s has two conditions on argument %u that must both hold; OCI JSON cannot express that",
					  arch_syscall_name(item->syscall), item->conds[i].arg);
	}
	return 0;
}

static int check_profile(const struct callgate_profile *profile, const struct oci_order *order, struct callgate_diags *diags)
{
	struct diag_where where = { .file = profile->file ? strpool_get(&profile->strings, profile->file) : NULL };
	int r = check_action(profile->default_action, where, diags);
	unsigned flags = profile->load_flags;

	for (size_t i = 0; i < oci_flags_count; i++)
		flags &= ~oci_flags[i].value;
	if (!r && flags)
		r = diag_error(diags, -ENOTSUP, "oci-unknown-flag", where, "OCI JSON has no word for the load flags 0x%x", flags);
	for (size_t i = 0; i < order->items.count && !r; i++) {
		r = check_action(order->items.items[i].action, where, diags);
		if (!r)
			r = check_conds(&order->items.items[i], where, diags);
	}
	for (int abi = 0; abi < CALLGATE_ABI_COUNT && !r && profile->abis; abi++) {
		if (profile->abi_map[abi])
			r = diag_error(diags, -ENOTSUP, "oci-conflict", where,
				       "OCI JSON can list architectures or map them, not both; Docker refuses such a file");
	}
	return r;
}

static void write_action(struct json_writer *w, uint32_t action, const char *key, const char *errno_key)
{
	json_put_string(w, key, action_word(action)->text);
	/* always said: runtimes and their versions differ in what they assume */
	if (takes_data(action))
		json_put_u64(w, errno_key, action & ACTION_DATA);
}

static void write_arches(struct json_writer *w, const char *key, unsigned abis)
{
	json_open(w, key, '[', false);
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (abis & CALLGATE_ABI_BIT(abi))
			json_put_string(w, NULL, arch_abi_get(abi)->oci);
	}
	json_close(w, ']');
}

static void write_map(struct json_writer *w, const unsigned map[CALLGATE_ABI_COUNT])
{
	bool any = false;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!map[abi])
			continue;
		if (!any)
			json_open(w, "archMap", '[', false);
		any = true;
		json_open(w, NULL, '{', false);
		json_put_string(w, "architecture", arch_abi_get(abi)->oci);
		write_arches(w, "subArchitectures", map[abi] & ~CALLGATE_ABI_BIT(abi));
		json_close(w, '}');
	}
	if (any)
		json_close(w, ']');
}

static void write_head(struct json_writer *w, const struct callgate_profile *profile)
{
	write_action(w, profile->default_action, "defaultAction", "defaultErrnoRet");
	if (profile->abis)
		write_arches(w, "architectures", profile->abis);
	write_map(w, profile->abi_map);
	if (profile->load_flags) {
		json_open(w, "flags", '[', false);
		for (size_t i = 0; i < oci_flags_count; i++) {
			if (profile->load_flags & oci_flags[i].value)
				json_put_string(w, NULL, oci_flags[i].text);
		}
		json_close(w, ']');
	}
	if (profile->listener_path)
		json_put_string(w, "listenerPath", strpool_get(&profile->strings, profile->listener_path));
	if (profile->listener_metadata)
		json_put_string(w, "listenerMetadata", strpool_get(&profile->strings, profile->listener_metadata));
}

static void write_filter(struct json_writer *w, const char *key, uint64_t caps, unsigned abis, unsigned kernel)
{
	char version[32];

	if (!caps && !abis && !kernel)
		return;
	json_open(w, key, '{', true);
	if (caps) {
		json_open(w, "caps", '[', true);
		for (int cap = 0; cap < 64; cap++) {
			if (caps >> cap & 1)
				json_put_string(w, NULL, arch_cap_name(cap));
		}
		json_close(w, ']');
	}
	if (abis) {
		json_open(w, "arches", '[', true);
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			if (abis & CALLGATE_ABI_BIT(abi))
				json_put_string(w, NULL, oci_arch_name(abi, false));
		}
		json_close(w, ']');
	}
	if (kernel) {
		snprintf(version, sizeof(version), "%u.%u", kernel >> 16, kernel >> 8 & 0xff);
		json_put_string(w, "minKernel", version);
	}
	json_close(w, '}');
}

static void write_cond(struct json_writer *w, const struct profile_cond *cond)
{
	json_open(w, NULL, '{', true);
	json_put_u64(w, "index", cond->arg);
	json_put_u64(w, "value", cond->op == OP_MASKED_EQ ? cond->mask : cond->value);
	if (cond->op == OP_MASKED_EQ)
		json_put_u64(w, "valueTwo", cond->value);
	json_put_string(w, "op", oci_op_name(cond->op));
	json_close(w, '}');
}

static void write_rule(struct json_writer *w, const struct oci_order *order, uint32_t first, uint32_t end)
{
	const struct oci_item *item = &order->items.items[order->entries.items[first]];

	json_open(w, NULL, '{', false);
	json_open(w, "names", '[', false);
	for (uint32_t i = first; i < end; i++)
		json_put_string(w, NULL, arch_syscall_name(order->items.items[order->entries.items[i]].syscall));
	json_close(w, ']');
	write_action(w, item->action, "action", "errnoRet");
	if (item->n_conds) {
		json_open(w, "args", '[', false);
		for (uint32_t i = 0; i < item->n_conds; i++)
			write_cond(w, &item->conds[i]);
		json_close(w, ']');
	}
	if (item->comment[0])
		json_put_string(w, "comment", item->comment);
	write_filter(w, "includes", item->guard->include_caps, item->guard->include_abis, item->guard->include_kernel);
	write_filter(w, "excludes", item->guard->exclude_caps, item->guard->exclude_abis, item->guard->exclude_kernel);
	json_close(w, '}');
}

static void write_profile(struct json_writer *w, const struct callgate_profile *profile, const struct oci_order *order)
{
	uint32_t first = 0;

	json_open(w, NULL, '{', false);
	write_head(w, profile);
	json_open(w, "syscalls", '[', false);
	for (size_t i = 0; i < order->ends.count; i++) {
		write_rule(w, order, first, order->ends.items[i]);
		first = order->ends.items[i];
	}
	json_close(w, ']');
	oci_write_extra(w, profile);
	json_close(w, '}');
	buf_puts(w->out, "\n");
}

int oci_write(const struct callgate_profile *profile, struct buf *out, struct callgate_diags *diags)
{
	_cleanup_(oci_order_done) struct oci_order order = { 0 };
	struct json_writer writer = { .out = out, .indent = 2 };
	int r = oci_order(profile, &order);

	if (r)
		return diag_oom(diags);
	r = check_profile(profile, &order, diags);
	if (r)
		return r;
	write_profile(&writer, profile, &order);
	return out->error ? diag_oom(diags) : 0;
}
