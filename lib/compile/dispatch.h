/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of one architecture (one value of seccomp_data.arch, one or two ABIs): segments of equal meaning over all of u32, what
 * is left to decide in each, and how often calls fall there.
 */
#ifndef CALLGATE_COMPILE_DISPATCH_H
#define CALLGATE_COMPILE_DISPATCH_H

#include "compile/decide.h"
#include "model/filter.h"

struct segment {
	uint32_t start;     /* it ends before the next one's */
	uint32_t residual;
	int8_t abi;         /* -1: none of the target */
	int syscall;        /* -1: no name */
	int32_t owner;      /* the first clause that decides */
	uint64_t seen;      /* calls, in 1/CACHED_DIVISOR */
	uint64_t weight;
};

/* Since 5.11 the kernel answers unconditional allows without running the filter: they count for so much less. What is left of them
 * stands for the attach-time emulation and the first calls. */
#define CACHED_DIVISOR 16384

struct seen_call {
	uint32_t residual;
	struct sample sample; /* weight: calls seen */
};

struct dispatch {
	uint32_t audit_arch;
	VEC(struct segment) segments;
	int32_t root;
	uint64_t weight;
	size_t cells;
	uint64_t tests; /* of the number, in its tree, by weight */
	bool exact;     /* no tree has fewer */
};

struct compiler {
	const struct callgate_profile *profile;
	const struct callgate_target *target;
	unsigned abis;
	struct decider decider;
	struct dispatch archs[CALLGATE_ABI_COUNT];
	size_t arch_count;
	VEC(struct seen_call) seen;
	uint64_t total; /* of the seen calls, as the kernel would run them */
};

bool dispatch_kernel_caches(const struct callgate_target *target);
int dispatch_segments(struct compiler *c, struct dispatch *arch);
/* All architectures together: calls seen, weights of segments. */
int dispatch_weigh(struct compiler *c);
/* Nodes for all residuals, then the tree over numbers. */
int dispatch_decide(struct compiler *c);
int dispatch_tree(struct compiler *c, struct dispatch *arch);
/* What telling numbers apart costs in the finished filter, and what it must: into filter->dispatch_…. */
int dispatch_costs(const struct compiler *c, struct callgate_filter *filter);

#endif
