/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as objects, and their two readings: call by call, and as a diagram. */
#include "model/policy.h"

#include "model/call.h"

struct callgate_policy *policy_free(struct callgate_policy *policy)
{
	if (policy) {
		for (size_t i = 0; i < policy->parts.count; i++)
			policy_free(policy->parts.items[i]);
		vec_done(&policy->parts);
		profile_free(policy->profile);
		filter_free(policy->filter);
		free(policy->name);
		free(policy);
	}
	return NULL;
}

int policy_new(enum callgate_policy_kind kind, const char *name, struct callgate_policy **ret_policy)
{
	_cleanup_(policy_freep) struct callgate_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	policy->kind = kind;
	policy->name = strdup(name ? name : "");
	if (!policy->name)
		return -ENOMEM;
	*ret_policy = take_ptr(policy);
	return 0;
}

int policy_from_profile(const char *name, struct callgate_profile *profile, struct callgate_policy **ret_policy)
{
	int r = policy_new(CALLGATE_POLICY_PROFILE, name, ret_policy);

	if (r)
		profile_free(profile);
	else
		(*ret_policy)->profile = profile;
	return r;
}

int policy_from_filter(const char *name, struct callgate_filter *filter, struct callgate_policy **ret_policy)
{
	int r = policy_new(CALLGATE_POLICY_FILTER, name, ret_policy);

	if (r)
		filter_free(filter);
	else
		(*ret_policy)->filter = filter;
	return r;
}

int policy_add(struct callgate_policy *policy, struct callgate_policy *part)
{
	int r = vec_push(&policy->parts, part);

	if (r)
		policy_free(part);
	return r;
}

static struct callgate_policy *find_leaf(struct callgate_policy *policy, size_t *skip)
{
	struct callgate_policy *found = NULL;

	if (policy->kind == CALLGATE_POLICY_PROFILE || policy->kind == CALLGATE_POLICY_FILTER)
		return (*skip)-- ? NULL : policy;
	for (size_t i = 0; i < policy->parts.count && !found; i++)
		found = find_leaf(policy->parts.items[i], skip);
	return found;
}

struct callgate_policy *policy_leaf(struct callgate_policy *policy, size_t i)
{
	return find_leaf(policy, &i);
}

static unsigned profile_abis(const struct callgate_policy *policy, const struct callgate_target *target)
{
	unsigned abis = policy->profile ? profile_target_abis(policy->profile, target) : 0;

	for (size_t i = 0; i < policy->parts.count; i++)
		abis |= profile_abis(policy->parts.items[i], target);
	return abis;
}

unsigned policy_abis(const struct callgate_policy *policy, const struct callgate_target *target)
{
	unsigned abis = profile_abis(policy, target);

	if (!abis)
		abis = target->abis;
	return abis ? abis : CALLGATE_ABI_BIT(arch_native());
}

/* A raw program says nothing about the machine that it is for: the target does, if it names ABIs. */
static bool big_endian(const struct callgate_filter *filter, const struct callgate_target *target)
{
	return target->abis && !filter->abis ? arch_abi_get((enum callgate_abi)__builtin_ctz(target->abis))->big_endian : filter->big_endian;
}

/* ---- Call by call ---- */

static uint32_t combine(enum callgate_policy_kind kind, uint32_t so_far, uint32_t part)
{
	return kind == CALLGATE_POLICY_UNION ? action_union(so_far, part) : action_stack(part, so_far);
}

uint32_t policy_eval(const struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call,
		     const struct callgate_policy **ret_leaf, int *ret_clause)
{
	const struct callgate_policy *leaf = policy, *part_leaf;
	uint32_t action = CALLGATE_ALLOW;
	int clause = -1, part_clause;

	if (policy->kind == CALLGATE_POLICY_PROFILE)
		action = profile_eval(policy->profile, target, call, &clause);
	else if (policy->kind == CALLGATE_POLICY_FILTER)
		action = filter_simulate(policy->filter->insns, policy->filter->count,
					 big_endian(policy->filter, target), call, NULL, NULL);
	for (size_t i = 0; i < policy->parts.count; i++) {
		uint32_t answer = policy_eval(policy->parts.items[i], target, call, &part_leaf, &part_clause);
		uint32_t both = i ? combine(policy->kind, action, answer) : answer;

		/* of equal answers the one that came first is named, though the kernel takes the data of the newest */
		if (!i || both != action)
			leaf = part_leaf, clause = part_clause;
		action = both;
	}
	if (ret_leaf)
		*ret_leaf = leaf;
	if (ret_clause)
		*ret_clause = clause;
	return action;
}

/* ---- As a diagram ---- */

static int lower_parts(struct diagram *d, const struct callgate_policy *policy, const struct callgate_target *target,
		       diagram_ref *ret_root, struct callgate_diags *diags)
{
	diagram_ref root = diagram_leaf(d, CALLGATE_ALLOW), part;
	int r = 0;

	for (size_t i = 0; i < policy->parts.count && !r; i++) {
		r = diagram_from_policy(d, policy->parts.items[i], target, &part, diags);
		if (!r)
			root = !i ? part : policy->kind == CALLGATE_POLICY_UNION ? diagram_union(d, root, part) : diagram_stack(d, part, root);
	}
	return r ? r : diagram_answer(d, root, ret_root, diags);
}

int diagram_from_policy(struct diagram *d, const struct callgate_policy *policy, const struct callgate_target *target,
			diagram_ref *ret_root, struct callgate_diags *diags)
{
	const struct callgate_filter *filter = policy->filter;

	if (policy->kind == CALLGATE_POLICY_PROFILE)
		return diagram_from_profile(d, policy->profile, target, ret_root, diags);
	if (policy->kind == CALLGATE_POLICY_FILTER)
		return diagram_from_filter(d, filter->insns, filter->count, big_endian(filter, target), ret_root, diags);
	return lower_parts(d, policy, target, ret_root, diags);
}
