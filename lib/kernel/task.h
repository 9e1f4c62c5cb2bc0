/* SPDX-License-Identifier: Apache-2.0 */
/* A task as /proc tells it, for what reads filters out of live processes; private to this room. */
#ifndef CALLGATE_KERNEL_TASK_H
#define CALLGATE_KERNEL_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <callgate.h>

#include "base/util.h"
#include "model/policy.h"

struct kernel_task {
	char comm[64];      /* what the task calls itself, escaped */
	char state;         /* R, S, D, T, t, Z, X, I */
	pid_t tgid, tracer; /* tracer: 0 when there is none */
	int seccomp;        /* SECCOMP_MODE_…; -1 when the kernel has no seccomp */
	long filters;       /* -1 when the kernel does not say (before 5.9) */
	bool kernel_thread;
};

/* 0, -ESRCH, -errno of reading /proc. */
int kernel_task_read(pid_t tid, struct kernel_task *ret);
/* Threads of a process but `tid`, with the others' state; the caller frees. 0, -errno. */
struct kernel_sibling {
	pid_t tid;
	struct kernel_task task;
};
int kernel_task_siblings(pid_t tgid, pid_t tid, struct kernel_sibling **ret, size_t *ret_count);

/* dump-steps.c: what was found when the task was stopped. One block that two processes share, of which only the touched pages exist. */
#define KERNEL_DUMP_FILTERS 8192
#define KERNEL_DUMP_INSNS 65536 /* the kernel's budget for all filters of a task is half of it */
enum kernel_dump_step { KERNEL_DUMP_SEIZE, KERNEL_DUMP_STOP, KERNEL_DUMP_READ, KERNEL_DUMP_DONE };
struct kernel_dump_room {
	enum kernel_dump_step step; /* how far it came */
	int error;                  /* errno there; 0 when it is DONE */
	size_t count, used;
	uint16_t sizes[KERNEL_DUMP_FILTERS];
	struct callgate_insn insns[KERNEL_DUMP_INSNS];
};
int kernel_dump_steps(pid_t tid, struct kernel_dump_room *room); /* 0, -errno when no helper could be started */

/* dump-why.c: what a failed step means, with the cure. Returns the negative error of the dump. */
int kernel_dump_explain(pid_t tid, const struct kernel_dump_room *room, struct callgate_diags *diags);

/* dump-strict.c: what SECCOMP_MODE_STRICT does, as a filter. 0, -ENOMEM. */
int kernel_strict_filter(enum callgate_abi native, struct callgate_filter **ret_filter);

#endif
