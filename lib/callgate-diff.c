/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions that compare policies. */
#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "check/diff.h"
#include "model/diagram.h"
#include "model/policy.h"

static int lower_both(struct diagram *d, const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target,
		      diagram_ref *ret_a, diagram_ref *ret_b, struct callgate_diags *diags)
{
	int r = diagram_from_policy(d, a, target, ret_a, diags);

	return r ? r : diagram_from_policy(d, b, target, ret_b, diags);
}

int callgate_diff(const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target,
		  struct callgate_diff **ret_diff, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	diagram_ref root_a, root_b;
	int r;

	if (!d)
		return diag_oom(diags);
	r = lower_both(d, a, b, target, &root_a, &root_b, diags);
	return r ? r : diff_compare(d, root_a, root_b, target->abis, ret_diff, diags);
}

struct callgate_diff *callgate_diff_free(struct callgate_diff *diff) { return diff_free(diff); }

bool callgate_diff_get(const struct callgate_diff *diff, size_t i, struct callgate_difference *ret)
{
	if (i >= diff->entries.count)
		return false;
	*ret = diff->entries.items[i];
	return true;
}

int callgate_within(const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target,
		    struct callgate_call *ret_witness, uint32_t ret_actions[2], struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	diagram_ref root_a, root_b;
	struct callgate_call witness;
	int r;

	if (!d)
		return diag_oom(diags);
	r = lower_both(d, a, b, target, &root_a, &root_b, diags);
	if (!r)
		r = diff_within(d, root_a, root_b, target->abis, &witness, diags);
	if (r)
		return r;
	if (ret_witness)
		*ret_witness = witness;
	if (ret_actions) {
		ret_actions[0] = diagram_eval(d, root_a, &witness);
		ret_actions[1] = diagram_eval(d, root_b, &witness);
	}
	return 0;
}
