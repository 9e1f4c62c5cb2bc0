/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of text policies as a profile can hold them: a disjunction of terms, each of which is a conjunction of conditions. A profile's
 * clause is one term. There is no clause for "any bit of a mask" or its like, so such a condition becomes several terms.
 */
#ifndef CALLGATE_DNF_H
#define CALLGATE_DNF_H

#include "base/util.h"
#include "model/profile.h"

/* Terms multiply where conditions are combined; a line that needs more than this is hostile or a mistake. */
#define DNF_TERMS_MAX 4096
#define DNF_CONDS_MAX (1u << 16)

/* (arg & mask) != value. What profile_op lacks, for dnf_cond only. */
#define DNF_MASKED_NE (OP_MASKED_EQ + 1)

struct dnf_term {
	uint32_t first, count;
};
struct dnf {
	VEC(struct profile_cond) conds;
	VEC(struct dnf_term) terms; /* none: never; one without conditions: always */
};

/* All of these: 0, -ENOMEM, -E2BIG. */
int dnf_always(struct dnf *d); /* of an empty one */
int dnf_cond(struct dnf *d, struct profile_cond cond); /* of an empty one */
int dnf_or(struct dnf *d, const struct dnf *other);
int dnf_and(struct dnf *d, const struct dnf *other);
void dnf_done(struct dnf *d);
/* A clause for each term. */
int dnf_add_clauses(const struct dnf *d, struct callgate_profile *profile, const struct profile_clause *clause);
/* The operator that holds exactly where `op` does not. */
uint8_t dnf_negated(uint8_t op);

#endif
