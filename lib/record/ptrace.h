/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the ptrace recorder share; private to them. */
#ifndef CALLGATE_RECORD_PTRACE_H
#define CALLGATE_RECORD_PTRACE_H

#include <sys/types.h>

#include <callgate.h>

/* The filter: every call is sent to the tracer, with 1 + the place of its architecture among those we know as the message. */
#define RECORD_PTRACE_INSNS_MAX (2 * CALLGATE_ABI_COUNT + 2)
size_t record_ptrace_filter(struct callgate_insn insns[RECORD_PTRACE_INSNS_MAX]);

/* Does the kernel tell the call of a stopped task by itself (PTRACE_GET_SYSCALL_INFO, 5.3)? */
bool record_ptrace_has_info(void);
/*
 * The call that a task stopped by the filter is about to make. 0; -ESRCH: the task was killed meanwhile, and its call will never be made;
 * -ENOSYS: its registers are of no layout that we know. By its registers alone with `registers`, as kernels before 5.3 need it.
 */
int record_ptrace_read_call(pid_t tid, bool registers, struct callgate_call *ret_call);

#endif
