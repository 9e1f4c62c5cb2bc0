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
	uint64_t seen;      /* calls that run the filter */
	uint64_t idle;      /* calls that do not, as far as we know */
	uint64_t weight;
};

/*
 * Since 5.11 the kernel answers unconditional allows without running the filter. It learns which these are when the filter is loaded, by
 * emulating it for each number up to the newest. For such kernels the tree is made, first of all, for the calls that do run the filter,
 * WEIGHT_ONE all together. An emulated number weighs 1/20000 of that: as if a process made 20 000 such calls in its life. The idle
 * calls together weigh as much as an instruction more: another filter in the stack may make them run after all.
 */
#define WEIGHT_EMULATED (WEIGHT_ONE / 20000)
#define WEIGHT_IDLE WEIGHT_PER_TEST

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
	uint64_t seen_total, idle_total; /* over all segments */
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
