/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call, four judges: profile_eval, the diagram of the profile, the compiled filter in simulation, and the kernel.
 *
 * The kernel judges without ever executing a call: a copy of the compiled program whose return values are replaced by
 * ERRNO(index of the action) is loaded in a child, which issues the calls and reads the verdicts from errno.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <callgate.h>

#include "model/diagram.h"
#include "model/filter.h"
#include "model/profile.h"

struct judge_room; /* memory shared with the child that asks the kernel */

struct judge_bench {
	const char *name;
	struct callgate_profile *profile;
	struct callgate_target target;
	struct callgate_filter *filter;
	struct diagram *diagram;
	diagram_ref root;
	struct judge_room *room;
};

struct judge_room *judge_room_new(void); /* NULL when out of memory */
bool judge_open(struct judge_bench *b);  /* compile, prove, lower; false when that fails (said) */
void judge_close(struct judge_bench *b);
/* Disagreements about one call among those judges that need no kernel; calls that can be made here are queued for it. */
int judge_call(struct judge_bench *b, const struct callgate_call *call);
/* The same for `count` calls placed beside the profile's own constants. */
int judge_generated(struct judge_bench *b, size_t count);
size_t judge_queued(const struct judge_bench *b);
int judge_by_kernel(struct judge_bench *b); /* disagreements about the queued calls */

uint64_t judge_random(void);
void judge_seed(uint64_t value);

/* Tell about a disagreement with eval. */
void judge_complain(const struct judge_bench *b, const struct callgate_call *call, const char *who, uint32_t want, uint32_t got);

/* TAP. */
void judge_report(bool good, const char *name, const char *why);
void judge_skip(const char *name, const char *why);
void judge_print_diags(const struct callgate_diags *diags);
int judge_finish(void);

#endif
