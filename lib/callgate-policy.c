/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions about policies. */
#include <callgate.h>

#include "base/diag.h"
#include "model/policy.h"

static void diagram_drop(struct diagram **d) { diagram_free(*d); }

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

int callgate_policy_fingerprint(const struct callgate_policy *policy, const struct callgate_target *target,
				char ret_text[CALLGATE_FINGERPRINT_SIZE], struct callgate_diags *diags)
{
	static const char digits[] = "0123456789abcdef";
	_cleanup_(diagram_drop) struct diagram *d = diagram_new(0);
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
