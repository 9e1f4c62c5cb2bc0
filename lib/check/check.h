/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about whole policies: is one within another, and what does one leave open. */
#ifndef CALLGATE_CHECK_H
#define CALLGATE_CHECK_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/policy.h"

struct callgate_score {
	VEC(struct callgate_score_row) rows; /* names are owned */
};
struct callgate_score *check_score_free(struct callgate_score *score);
int check_score(const struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi,
		struct callgate_score **ret_score, struct callgate_diags *diags);

#endif
