/* SPDX-License-Identifier: Apache-2.0 */
/* A profile for one place: what Docker's includes and excludes leave of it there. */
#include "pass/pass.h"

int pass_specialise(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_profile **ret_profile,
		    struct callgate_diags *diags)
{
	struct callgate_profile *copy;
	size_t kept = 0;

	if (profile_copy(profile, &copy))
		return diag_oom(diags);
	for (size_t i = 0; i < copy->clauses.count; i++) {
		struct profile_clause *clause = &copy->clauses.items[i];

		if (!profile_guard_holds(profile, clause, target))
			continue;
		clause->guard = 0;
		copy->clauses.items[kept++] = *clause;
	}
	copy->clauses.count = kept;
	copy->guards.count = 0;
	copy->abis = profile_target_abis(profile, target);
	memset(copy->abi_map, 0, sizeof(copy->abi_map));
	*ret_profile = copy;
	return 0;
}
