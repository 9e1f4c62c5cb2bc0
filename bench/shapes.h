/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How other compilers tell numbers apart, as far as their sources say: their tests of the number, in our own words, for programs
 * of one ABI. Where a number's arguments decide, what follows is taken from our program: what is compared is the dispatch. The
 * costs are counted, not measured; there is no program.
 */
#ifndef CALLGATE_BENCH_SHAPES_H
#define CALLGATE_BENCH_SHAPES_H

#include "model/filter.h"
#include "model/profile.h"

enum shape {
	/* google/minijail, tools/compiler.py, strategy bst with a frequency file: runs of consecutive numbers of equal filter, and over them
	 * the cheapest mixture of >= splits and chains by frequency. All calls count, also those that the kernel's bitmap answers. */
	SHAPE_MINIJAIL,
	/* google/kafel, src/codegen.c, generate_rules: runs of numbers over all of u32, and over them a balanced tree of >= tests. */
	SHAPE_KAFEL,
};

struct shape_costs {
	double uncached, all; /* executed instructions per representative call; NaN without such calls */
	size_t attach_steps;
};

/* `filter` is ours, for the one ABI. */
int shape_costs(enum shape shape, const struct callgate_filter *filter, const struct callgate_profile *profile, enum callgate_abi abi,
		struct shape_costs *ret_costs);

#endif
