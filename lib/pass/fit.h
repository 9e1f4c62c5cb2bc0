/* SPDX-License-Identifier: Apache-2.0 */
/* A profile made fit for a format that cannot say everything. */
#ifndef CALLGATE_FIT_H
#define CALLGATE_FIT_H

#include "model/ability.h"
#include "pass/pass.h"

/* What differs without being a loss: other ABIs are killed in the format's way. Noted (convert-kill). */
void pass_fit_neutral(struct callgate_profile *profile, const struct profile_abilities *can, struct callgate_diags *diags);
/* A copy that the format can say, and how many losses that took. -ENOTSUP, diagnosed with the abilities' id. */
int pass_fit(const struct callgate_profile *profile, const struct callgate_target *target, const struct profile_abilities *can,
	     enum callgate_lossy lossy, struct callgate_profile **ret_profile, unsigned *ret_losses, struct callgate_diags *diags);

#endif
