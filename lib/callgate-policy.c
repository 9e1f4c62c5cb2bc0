/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions about policies. */
#include <callgate.h>

#include "base/diag.h"
#include "model/policy.h"

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

int callgate_policy_eval(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call,
			 uint32_t *ret_action, struct callgate_policy **ret_leaf, int *ret_rule)
{
	const struct callgate_policy *leaf;

	*ret_action = policy_eval(policy, target, call, &leaf, ret_rule);
	if (ret_leaf)
		*ret_leaf = (struct callgate_policy *)leaf;
	return 0;
}
