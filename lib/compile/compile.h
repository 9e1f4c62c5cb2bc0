/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile to filter. Three steps, one file each:
 *   residual.c  per ABI and number: the ordered clauses become a decision over 32-bit argument words; equal decisions are one class
 *   tree.c      a decision tree over intervals of u32 (numbers, or values of a word) with cheap expected cost
 *   layout.c    the DAG of tests becomes instructions: hot child falls through, returns shared, far jumps bridged
 * compile.c composes them. The result is unproven: floor 4 lowers and compares it before anyone sees it.
 */
#ifndef CALLGATE_COMPILE_H
#define CALLGATE_COMPILE_H

#include <callgate.h>

#include "base/diag.h"
#include "model/filter.h"
#include "model/profile.h"

/* -E2BIG compile-too-large, -EINVAL compile-no-abi, compile-byte-order (ABIs of both byte orders in one filter). */
int compile_profile(const struct callgate_profile *profile, const struct callgate_target *target,
		    struct callgate_filter **ret_filter, struct callgate_diags *diags);

/* What the kernel's bitmap (seccomp_cache_prepare_bitmap, seccomp_is_const_allow) would conclude for one (arch, nr): does the filter
 * allow it whatever the other words, by instructions that the kernel's emulation follows? */
bool compile_cacheable(const struct callgate_filter *filter, uint32_t audit_arch, uint32_t nr);
int compile_report(const struct callgate_filter *filter, const struct callgate_profile *profile,
		   const struct callgate_target *target, struct callgate_filter_report *ret);

/* Text forms of a filter. profile may be NULL (no rule texts then). */
int compile_listing(const struct callgate_filter *filter, const struct callgate_profile *profile, struct buf *out);
/* The decision tree. With representative calls in the profile, each branch gets its share of them. -EINVAL for another format. */
int compile_drawing(const struct callgate_filter *filter, const struct callgate_profile *profile, const struct callgate_target *target,
		    enum callgate_drawing format, struct buf *out);

#endif
