/* SPDX-License-Identifier: Apache-2.0 */
/* Profile to profile. */
#ifndef CALLGATE_PASS_H
#define CALLGATE_PASS_H

#include <callgate.h>

#include "base/diag.h"
#include "model/profile.h"

int pass_mode(const struct callgate_profile *profile, enum callgate_mode mode, struct callgate_profile **ret_profile, struct callgate_diags *diags);
int pass_launch(const struct callgate_profile *profile, enum callgate_abi abi, const uint64_t args[3], struct callgate_profile **ret_profile, struct callgate_diags *diags);
/* Refusals become NOTIFY: what a supervised trial run loads. */
int pass_trial(const struct callgate_profile *profile, struct callgate_profile **ret_profile);

#endif
