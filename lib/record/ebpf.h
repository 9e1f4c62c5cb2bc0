/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of the eBPF recorder: the one file that knows libbpf (ebpf.c), and what its user (ebpf-run.c) may ask of it. */
#ifndef CALLGATE_RECORD_EBPF_H
#define CALLGATE_RECORD_EBPF_H

#include <sys/types.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/trace.h"

struct ebpf_plan {
	int cgroup;      /* folder of the cgroup that is recorded with all below it; -1: a process tree is */
	uint64_t cookie; /* what launch_start_in gives to its execve; 0: nothing is started */
};
struct ebpf; /* loaded and attached programs, with their maps */

/* Can programs be loaded and attached here? 0, or -errno, diagnosed. */
int ebpf_probe(struct callgate_diags *diags);
/* Load and attach: from now on calls are counted. */
int ebpf_open(const struct ebpf_plan *plan, struct ebpf **ret_ebpf, struct callgate_diags *diags);
void ebpf_free(struct ebpf **ebpf); /* for _cleanup_ */
/* A process that already runs is followed from now on, with what it starts. 1, 0 when it was already, -errno. */
int ebpf_follow(struct ebpf *ebpf, pid_t pid);
/* Has no process that is followed any thread left? */
bool ebpf_nobody_left(const struct ebpf *ebpf);
/* So far; the same that a trace will say. */
void ebpf_count(const struct ebpf *ebpf, uint64_t *ret_calls, size_t *ret_distinct, uint64_t *ret_lost);
/* Stop counting, and wait for what is being counted just now. */
void ebpf_detach(struct ebpf *ebpf);
/* After that: all that was counted. What did not fit goes to trace->lost. */
int ebpf_harvest(struct ebpf *ebpf, struct callgate_trace *trace, struct callgate_diags *diags);

#endif
