/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of learning share; private to them. */
#ifndef CALLGATE_LEARNER_H
#define CALLGATE_LEARNER_H

#include "arch/arch.h"
#include "base/util.h"
#include "learn/learn.h"

/* More distinct tuples than this are no longer a rule that a person can review: the busiest argument is let go. */
#define LEARN_TUPLES_MAX 64
/* Representative calls a system call. The heaviest stay by themselves, the rest is one sum. */
#define LEARN_CALLS_MAX 64

/* One observation by name, with each value cut to the width that the kernel reads. */
struct learn_sample {
	int syscall;
	uint8_t abi, known;
	bool denied;
	uint64_t args[6];
	uint64_t count;
};

struct learner {
	struct callgate_learn_options options;
	struct callgate_profile *profile;
	struct callgate_diags *diags;
	VEC(struct learn_sample) samples; /* sorted by system call, those that were denied last */
};

static inline uint64_t learn_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* pin.c: the clauses of one system call, from the samples in which it was let through. */
int learn_pin(struct learner *l, const struct learn_sample *samples, size_t count);
/* calls.c: the representative calls of one system call; all samples let through, or all denied. */
int learn_calls(struct learner *l, const struct learn_sample *samples, size_t count);
/* always.c: what every program needs and not every recorder sees. */
int learn_always(struct learner *l);

#endif
