/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: anything that denotes one meaning. A tree whose leaves are profiles and filters, and whose inner nodes say how these
 * combine: stacked, as the kernel runs several filters, or united.
 */
#ifndef CALLGATE_POLICY_H
#define CALLGATE_POLICY_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/diagram.h"
#include "model/filter.h"
#include "model/profile.h"

struct callgate_policy {
	enum callgate_policy_kind kind;
	char *name;
	struct callgate_profile *profile; /* CALLGATE_POLICY_PROFILE */
	struct callgate_filter *filter;   /* CALLGATE_POLICY_FILTER */
	VEC(struct callgate_policy *) parts; /* of a stack, oldest first, or a union */
};

/* These take what they are given, also when they fail. 0, -ENOMEM. */
int policy_from_profile(const char *name, struct callgate_profile *profile, struct callgate_policy **ret_policy);
int policy_from_filter(const char *name, struct callgate_filter *filter, struct callgate_policy **ret_policy);
int policy_add(struct callgate_policy *policy, struct callgate_policy *part);
/* A stack or a union without parts. */
int policy_new(enum callgate_policy_kind kind, const char *name, struct callgate_policy **ret_policy);
struct callgate_policy *policy_free(struct callgate_policy *policy);
static inline void policy_freep(struct callgate_policy **policy) { policy_free(*policy); } /* for _cleanup_ */

/* Leaves, depth first; NULL at the end. */
struct callgate_policy *policy_leaf(struct callgate_policy *policy, size_t i);
/* ABIs that a target stands for with it: what its profiles stand for together; of filters alone, the target's, or the native one. */
unsigned policy_abis(const struct callgate_policy *policy, const struct callgate_target *target);
/* The meaning, by running each leaf. The deciding leaf and its clause or -1; both may be NULL. */
uint32_t policy_eval(const struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call,
		     const struct callgate_policy **ret_leaf, int *ret_clause);
/* The meaning, as a diagram. -E2BIG, -EINVAL as diagram_from_profile. */
int diagram_from_policy(struct diagram *d, const struct callgate_policy *policy, const struct callgate_target *target,
			diagram_ref *ret_root, struct callgate_diags *diags);

#endif
