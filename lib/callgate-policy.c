/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions about policies. */
#include <callgate.h>

#include "base/diag.h"
#include "model/call.h"
#include "model/policy.h"
#include "model/region.h"

#define CONDITION_TERMS_MAX 64

static void slots_drop(struct diagram_slots *slots) { diagram_slots_done(slots); }
static void runs_drop(struct diagram_runs *runs) { diagram_runs_done(runs); }
static void region_drop(struct region *region) { region_done(region); }

int callgate_policy_from_profile(const char *name, struct callgate_profile *profile, struct callgate_policy **ret_policy)
{
	return policy_from_profile(name, profile, ret_policy);
}

int callgate_policy_from_filter(const char *name, struct callgate_filter *filter, struct callgate_policy **ret_policy)
{
	return policy_from_filter(name, filter, ret_policy);
}

struct callgate_policy *callgate_policy_free(struct callgate_policy *policy) { return policy_free(policy); }

enum callgate_policy_kind callgate_policy_kind(const struct callgate_policy *policy) { return policy->kind; }

const char *callgate_policy_name(const struct callgate_policy *policy) { return policy->name; }

struct callgate_profile *callgate_policy_profile(struct callgate_policy *policy) { return policy->profile; }

struct callgate_filter *callgate_policy_filter(struct callgate_policy *policy) { return policy->filter; }

struct callgate_policy *callgate_policy_part(struct callgate_policy *policy, size_t i)
{
	return i < policy->parts.count ? policy->parts.items[i] : NULL;
}

unsigned callgate_policy_abis(const struct callgate_policy *policy, const struct callgate_target *target)
{
	return policy_abis(policy, target);
}

int callgate_policy_eval(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call,
			 uint32_t *ret_action, struct callgate_policy **ret_leaf, int *ret_rule)
{
	const struct callgate_policy *leaf;

	*ret_action = policy_eval(policy, target, call, &leaf, ret_rule);
	if (ret_leaf)
		*ret_leaf = (struct callgate_policy *)leaf;
	return 0;
}

int callgate_policy_fingerprint(const struct callgate_policy *policy, const struct callgate_target *target,
				char ret_text[CALLGATE_FINGERPRINT_SIZE], struct callgate_diags *diags)
{
	static const char digits[] = "0123456789abcdef";
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	uint8_t hash[DIAGRAM_FINGERPRINT_SIZE];
	diagram_ref root;
	int r;

	if (!d)
		return diag_oom(diags);
	r = diagram_from_policy(d, policy, target, &root, diags);
	if (r)
		return r;
	if (diagram_fingerprint(d, root, hash))
		return diag_oom(diags);
	for (size_t i = 0; i < sizeof(hash); i++) {
		ret_text[2 * i] = digits[hash[i] >> 4];
		ret_text[2 * i + 1] = digits[hash[i] & 15];
	}
	ret_text[2 * sizeof(hash)] = '\0';
	return 0;
}

static bool answers_like(const struct diagram *d, diagram_ref root, enum callgate_abi abi, diagram_ref other, int *ret_error)
{
	_cleanup_(slots_drop) struct diagram_slots slots = { 0 };
	bool all = true;

	*ret_error = diagram_slots(d, root, abi, &slots);
	for (size_t i = 0; i < slots.all.count; i++)
		all &= slots.all.items[i].root == other || slots.all.items[i].first == UINT32_MAX;
	return all;
}

/* The ABIs that it treats in another way than architectures that do not exist. */
static int covered_abis(const struct diagram *d, diagram_ref root, unsigned *ret_abis)
{
	_cleanup_(runs_drop) struct diagram_runs runs = { 0 };
	int r = diagram_archs(d, root, &runs);

	*ret_abis = 0;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++)
		if (!answers_like(d, root, abi, runs.all.items[0].root, &r))
			*ret_abis |= CALLGATE_ABI_BIT(abi);
	return r;
}

/* What was seen of the parts is evidence about the whole, too. */
static int keep_calls(const struct callgate_policy *policy, struct callgate_profile *profile)
{
	int r = 0;

	for (size_t i = 0; policy->profile && i < policy->profile->calls.count && !r; i++)
		r = vec_push(&profile->calls, policy->profile->calls.items[i]);
	for (size_t i = 0; i < policy->parts.count && !r; i++)
		r = keep_calls(policy->parts.items[i], profile);
	return r;
}

/* How the parts ask to be loaded is no part of their meaning. What protects more is kept, and of two listeners the first. */
struct loading {
	struct callgate_profile *profile;
	bool any;
	struct callgate_diags *diags;
};

static int keep_listener(struct loading *l, const struct callgate_profile *part)
{
	const char *path = strpool_get(&part->strings, part->listener_path), *metadata = strpool_get(&part->strings, part->listener_metadata);
	const char *kept = strpool_get(&l->profile->strings, l->profile->listener_path);

	if (!*path || !strcmp(path, kept))
		return 0;
	if (*kept) {
		diag_warning(l->diags, "extract-listener", DIAG_NOWHERE, "the parts name different listeners; %s is kept, %s is not", kept, path);
		return 0;
	}
	return strpool_add(&l->profile->strings, path, strlen(path), &l->profile->listener_path) ||
	       strpool_add(&l->profile->strings, metadata, strlen(metadata), &l->profile->listener_metadata) ? -ENOMEM : 0;
}

static int keep_loading(struct loading *l, const struct callgate_policy *policy)
{
	bool leaf = policy->profile || policy->filter;
	unsigned flags = policy->profile ? policy->profile->load_flags : 0, had = l->profile->load_flags;
	int r = policy->profile ? keep_listener(l, policy->profile) : 0;

	if (leaf) {
		l->profile->load_flags = l->any ? ((had | flags) & ~CALLGATE_LOAD_SPEC_ALLOW) | (had & flags) : flags;
		l->any = true;
	}
	for (size_t i = 0; i < policy->parts.count && !r; i++)
		r = keep_loading(l, policy->parts.items[i]);
	return r;
}

int callgate_policy_extract(const struct callgate_policy *policy, const struct callgate_target *target,
			    struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = NULL;
	struct callgate_profile *profile;
	unsigned abis = target->abis;
	diagram_ref root;
	int r;

	if (policy->kind == CALLGATE_POLICY_PROFILE)
		return profile_copy(policy->profile, ret_profile) ? diag_oom(diags) : 0;
	d = diagram_new(0);
	if (!d)
		return diag_oom(diags);
	r = diagram_from_policy(d, policy, target, &root, diags);
	if (r)
		return r;
	root = diagram_meaning(d, root);
	if (diagram_error(d))
		return diagram_answer(d, root, &root, diags);
	if (!abis && covered_abis(d, root, &abis))
		return diag_oom(diags);
	r = profile_from_diagram(d, root, abis ? abis : policy_abis(policy, target), &profile, diags);
	if (r)
		return r;
	if (keep_calls(policy, profile) || keep_loading(&(struct loading){ .profile = profile, .diags = diags }, policy) ||
	    profile_normalise(profile)) {
		profile_free(profile);
		return diag_oom(diags);
	}
	*ret_profile = profile;
	return 0;
}

static uint32_t permits(uint32_t action, const void *user)
{
	(void)user;
	return action_permits(action_meaning(action));
}

/* Short of memory is all that goes wrong with a region but for its length. */
static int say_region(struct diagram *d, diagram_ref root, enum callgate_abi abi, int syscall, char **ret_condition, struct callgate_diags *diags)
{
	_cleanup_(region_drop) struct region region = { 0 };
	struct region_options options = region_options_for(abi, syscall, CONDITION_TERMS_MAX);
	struct buf text = { 0 };
	int r = region_from_diagram(d, root, &options, &region);

	if (r == -E2BIG)
		return diag_error(diags, r, "condition-too-long", DIAG_NOWHERE, "when %s is permitted takes more than %u terms to say",
				  arch_syscall_name(syscall), CONDITION_TERMS_MAX);
	if (r)
		return diag_oom(diags);
	region_format(&region, abi, syscall, &text);
	return buf_take(&text, ret_condition, NULL) ? diag_oom(diags) : 2;
}

int callgate_policy_permits(const struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi,
			    const char *syscall_name, char **ret_condition, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	int syscall = arch_syscall_id(syscall_name), r;
	int64_t nr = syscall < 0 || (unsigned)abi >= CALLGATE_ABI_COUNT ? -1 : arch_syscall_nr(abi, syscall);
	diagram_ref root;
	uint32_t always;

	if (nr < 0)
		return diag_error(diags, -ENOENT, "call-unknown-name", DIAG_NOWHERE, "%s has no system call \"%s\"",
				  callgate_abi_name(abi) ? callgate_abi_name(abi) : "no ABI", syscall_name);
	if (!d)
		return diag_oom(diags);
	r = diagram_from_policy(d, policy, target, &root, diags);
	if (r)
		return r;
	root = diagram_map(d, diagram_part(d, root, arch_abi_get(abi)->audit_arch, (uint32_t)nr), permits, NULL);
	if (diagram_error(d))
		return diagram_answer(d, root, &root, diags);
	*ret_condition = NULL;
	return diagram_is_leaf(d, root, &always) ? (int)always : say_region(d, root, abi, syscall, ret_condition, diags);
}
