/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel: what it can do, loading a filter into the calling thread, and which filters others have. */
#ifndef CALLGATE_KERNEL_H
#define CALLGATE_KERNEL_H

#include <callgate.h>

#include "base/diag.h"
#include "model/policy.h"

int kernel_probe(struct callgate_features *ret);
/* Is a capability (CAP_SYS_ADMIN …) effective in the calling thread, in its own user namespace? */
bool kernel_has_capability(unsigned capability);
int kernel_load(const struct callgate_insn *insns, size_t count, unsigned flags, struct callgate_diags *diags);

/*
 * What the kernel answers to a call of this machine under a filter, without ever executing the call: in a child that first loads a filter which
 * answers everything with an errno of its own, so that what the tested filter lets through ends there. That also stands for LOG, TRACE and NOTIFY, since
 * the errno is more restrictive: *ret_action is then CALLGATE_ALLOW. Kills are KILL_PROCESS. Errors of kernel_load.
 */
int kernel_try(const struct callgate_insn *insns, size_t count, const struct callgate_call *call, uint32_t *ret_action,
	       struct callgate_diags *diags);

/*
 * A program start that a filter can recognise: the path, argv and envp arrays of one execve(2), moved to random addresses.
 * A clause that allows execve with exactly these pointers opens this start and nothing else: the addresses are drawn from
 * the kernel's random source, at least 26 bits each where longs have 64, and the memory is gone once the program runs.
 */
struct kernel_launch {
	char *path;
	char **argv, **envp;
};
int kernel_launch_place(const char *path, char *const argv[], char *const envp[], struct kernel_launch *ret_launch,
			struct callgate_diags *diags);

/*
 * All filters of a live task, given by the id of a process or of one of its threads, as a stack, oldest first, whose leaves are called
 * "filter 1 of 3 of pid 12 (comm)". No filters: a stack without parts. Strict mode: a stack of one filter that means the same.
 *
 * Only a task with filters is stopped, for about a millisecond: its system call is restarted, but for those that fail with EINTR after
 * any stop (signal(7)). It goes on whatever happens, also when the calling process is killed. A stopped task stays stopped.
 *
 * Diagnosed: -ESRCH dump-process, -EINVAL dump-kernel-thread, -EBUSY dump-traced, -ETIMEDOUT dump-stuck, -EPERM or -EACCES
 * dump-privilege, -EOPNOTSUPP dump-unsupported, others dump-failed. Each thread has filters of its own: where their number differs from
 * those given, the warning dump-threads.
 */
int kernel_dump(pid_t pid, struct callgate_policy **ret_policy, struct callgate_diags *diags);

#endif
