/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the kafel format share; private to them. */
#ifndef CALLGATE_KAFEL_H
#define CALLGATE_KAFEL_H

#include "format/dnf.h"
#include "format/format.h"
#include "format/scan.h"

#define KAFEL_DEPTH_MAX 64            /* parentheses and negations */
#define KAFEL_CLAUSES_MAX (1u << 18)  /* uses multiply: a small hostile file must not become a huge profile */

/* One rule: a system call under a condition, of which the clauses are a range of the policy's. */
struct kafel_rule {
	int syscall;
	uint32_t action;
	struct dnf dnf;
	unsigned line, column;
};

struct kafel_entry {
	uint32_t rule; /* 1 + index into the reader's rules; 0: use */
	uint32_t used; /* index of the policy */
};
struct kafel_policy {
	struct scan_token name; /* text NULL: the file's own statements */
	VEC(struct kafel_entry) entries;
	size_t rules;           /* with those of used policies */
};

struct kafel_constant {
	struct scan_token name;
	uint64_t value;
};

struct kafel_reader {
	const struct format_input *input;
	struct callgate_profile *profile;
	struct strict strict;
	struct scan scan;
	VEC(struct kafel_constant) constants;
	VEC(struct kafel_rule) rules;
	VEC(struct kafel_policy) policies; /* the first is the file's own */
	bool has_default;
	/* the call whose rule is being read, and the names that the rule itself gives to its arguments */
	int syscall;
	bool named;
	struct scan_token args[6];
	unsigned n_args;
};

/* These return false after a diagnosed error, and with *error = -ENOMEM. */
bool kafel_read_number(struct kafel_reader *r, uint64_t *ret);
/* The boolean expression between a rule's braces. */
bool kafel_read_expression(struct kafel_reader *r, struct dnf *ret, int *error);
bool kafel_same(const struct scan_token *a, const struct scan_token *b);
const struct kafel_constant *kafel_constant(const struct kafel_reader *r, const struct scan_token *name);

#endif
