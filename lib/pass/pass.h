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

/* The rules that hold for this target, without guards; its ABIs become the profile's own. */
int pass_specialise(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_profile **ret_profile, struct callgate_diags *diags);
/*
 * The profile for another ABI: each rule also for the calls that do the same there (data/translations.csv). A rule that permits is carried over
 * with all its conditions or, where the other call has no such argument, not at all; one that refuses is widened instead. What is
 * lost is said: translate-none, translate-condition. The target's specialised profile; -EINVAL translate-source when it does not cover `from`.
 */
int pass_translate(const struct callgate_profile *profile, enum callgate_abi from, enum callgate_abi to, struct callgate_profile **ret_profile, struct callgate_diags *diags);

#endif
