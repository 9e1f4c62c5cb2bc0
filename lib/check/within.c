/* SPDX-License-Identifier: Apache-2.0 */
/* Is one policy nowhere more permissive than another? */
#include "check/check.h"
#include "model/diagram.h"

static void free_diagram(struct diagram **d)
{
	diagram_free(*d);
}

/*
 * The union takes the more permissive answer, and b's where the two are equal but for their data. So it is b exactly when a adds
 * nothing, and where it is not b, a is the more permissive one.
 */
int check_within(const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target,
		 struct callgate_call *ret_witness, uint32_t ret_actions[2], struct callgate_diags *diags)
{
	_cleanup_(free_diagram) struct diagram *d = diagram_new(0);
	diagram_ref root_a, root_b, both;
	struct callgate_call witness;
	int r;

	if (!d)
		return diag_oom(diags);
	r = diagram_from_policy(d, a, target, &root_a, diags);
	if (!r)
		r = diagram_from_policy(d, b, target, &root_b, diags);
	if (!r)
		r = diagram_answer(d, diagram_union(d, root_b, root_a), &both, diags);
	if (r)
		return r;
	if (!diagram_witness(d, both, root_b, &witness))
		return 1;
	if (ret_witness)
		*ret_witness = witness;
	if (ret_actions) {
		ret_actions[0] = diagram_eval(d, root_a, &witness);
		ret_actions[1] = diagram_eval(d, root_b, &witness);
	}
	return 0;
}
