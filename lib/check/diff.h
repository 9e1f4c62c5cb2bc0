/* SPDX-License-Identifier: Apache-2.0 */
/* Two meanings side by side: where they differ, call by call, and whether one is within the other. */
#ifndef CALLGATE_CHECK_DIFF_H
#define CALLGATE_CHECK_DIFF_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/diagram.h"

struct callgate_diff {
	VEC(struct callgate_difference) entries;
	struct strpool texts; /* conditions, by the offsets in `conditions` until all are there */
	VEC(uint32_t) conditions;
};

/*
 * Two roots of one diagram. abis: those that are compared; 0: all, and all other architectures. Entries are ordered by ABI, by name, by number.
 * -E2BIG (diagnosed diff-too-large, diagram-too-large).
 */
int diff_compare(struct diagram *d, diagram_ref a, diagram_ref b, unsigned abis, struct callgate_diff **ret_diff, struct callgate_diags *diags);
struct callgate_diff *diff_free(struct callgate_diff *diff);
/* 1: a's action is nowhere more permissive than b's, by the kernel's precedence. 0: it is, for *ret_witness. */
int diff_within(struct diagram *d, diagram_ref a, diagram_ref b, unsigned abis, struct callgate_call *ret_witness, struct callgate_diags *diags);

#endif
