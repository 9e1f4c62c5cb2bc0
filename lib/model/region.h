/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Region: the argument values for which a Boolean diagram is true, as a short union of conjunctions of conditions. The way back
 * from meaning to something people read, and to rules.
 */
#ifndef CALLGATE_REGION_H
#define CALLGATE_REGION_H

#include "base/util.h"
#include "model/diagram.h"
#include "model/profile.h"

/* A condition as in profiles, or the opposite of one with a mask: (arg & mask) != value. */
struct region_cond {
	struct profile_cond cond;
	bool negated; /* only of OP_MASKED_EQ */
};

struct region_term {
	uint32_t cond, n_conds; /* range of region.conds; all must hold. None: whatever the arguments */
};

struct region {
	VEC(struct region_term) terms; /* one must hold. None: never */
	VEC(struct region_cond) conds;
	uint8_t width[6]; /* at which each argument is compared */
	bool wide;        /* all 64 bits of an argument are compared of which the kernel reads 32 */
	bool ip;          /* it depends on the instruction pointer too: the region is where some address makes it true */
};

/* The conditions of a term; NULL when no term has any. */
static inline struct region_cond *region_conds(const struct region *region, const struct region_term *term)
{
	return region->conds.items ? region->conds.items + term->cond : NULL;
}

/* How an argument's values are best said. */
enum region_style {
	REGION_SHORT,  /* ranges, or masks when these are fewer */
	REGION_VALUES, /* one of a few: lists of values if they are not too long */
	REGION_BITS,   /* flags: masks, if they are not more than ranges */
};

struct region_options {
	uint8_t width[6]; /* 32: compare the low word, if the upper one does not matter; else 64 */
	uint8_t style[6]; /* enum region_style */
	bool plain;       /* no negated conditions: what rules can say */
	unsigned limit;   /* of terms */
};

/* For a system call's arguments. syscall may be negative. */
struct region_options region_options_for(enum callgate_abi abi, int syscall, unsigned limit);
/*
 * The diagram is Boolean and has no variable of architecture or number. Every term is needed, and no condition can be left out of one;
 * that is near to the shortest, but no promise. -E2BIG: it takes more than limit terms.
 */
int region_from_diagram(struct diagram *d, diagram_ref root, const struct region_options *options, struct region *ret_region);
void region_done(struct region *region);
/* Back again. */
diagram_ref region_lower(struct diagram *d, const struct region *region);
/* "domain in {AF_PACKET, AF_NETLINK} && protocol != 0 or flags & CLONE_NEWUSER != 0"; nothing when all arguments are in it. */
void region_format(const struct region *region, enum callgate_abi abi, int syscall, struct buf *out);

#endif
