/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a filter's instructions mean, in words: for listings and drawings. Names are given only where they are certain, whatever way
 * led to an instruction.
 */
#ifndef CALLGATE_COMPILE_COMMENT_H
#define CALLGATE_COMPILE_COMMENT_H

#include "model/filter.h"
#include "model/profile.h"

struct context; /* what is known at one instruction */

struct comments {
	const struct callgate_filter *filter;
	const struct callgate_profile *profile; /* may be NULL: no names of rules then */
	struct context *contexts;               /* one an instruction */
};

/* -ENOMEM. Both inputs must outlive it. */
int compile_comments(const struct callgate_filter *filter, const struct callgate_profile *profile, struct comments *ret);
void compile_comments_done(struct comments *comments);

/* "== read", "domain == AF_INET", "architecture", "ERRNO(EPERM)", "never reached"; nothing where nothing is certain. */
void compile_comment(const struct comments *comments, size_t pc, struct buf *out);
/* A conditional jump's test as it stands alone: "nr == read", "domain == AF_INET", "A == 0x3b" where nothing is certain. */
void compile_comment_test(const struct comments *comments, size_t pc, struct buf *out);
/* Where the rule stands that an instruction serves, "socket policy.json:12", between two texts; nothing when it serves none. */
void compile_comment_rule(const struct comments *comments, size_t pc, const char *before, const char *after, struct buf *out);

#endif
