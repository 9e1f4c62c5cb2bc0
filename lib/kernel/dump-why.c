/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a live task's filters could not be read. The kernel's errno alone helps nobody: EPERM has five causes and EACCES three, with a
 * different cure each, so what can be known about this process is looked up and said.
 */
#include "kernel/task.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"

#define FIRST_USER_NAMESPACE 0xeffffffdu /* PROC_USER_INIT_INO of include/linux/proc_ns.h */

static bool in_first_user_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == FIRST_USER_NAMESPACE;
}

/* Of the Yama security module: -1 when it is not there. */
static int ptrace_scope(void)
{
	_cleanup_(close_fd) int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	char digit;

	return fd >= 0 && read(fd, &digit, 1) == 1 ? digit - '0' : -1;
}

static int explain_gone(pid_t tid, struct callgate_diags *diags)
{
	return diag_error(diags, -ESRCH, "dump-process", DIAG_NOWHERE, "process %d ended while its filters were being read", (int)tid);
}

/* It did not stop in time, or not even let itself be traced. */
static int explain_stuck(pid_t tid, struct callgate_diags *diags)
{
	struct kernel_task task;

	if (kernel_task_read(tid, &task))
		return explain_gone(tid, diags);
	return diag_error(diags, -ETIMEDOUT, "dump-stuck", DIAG_NOWHERE,
			  "process %d (%s) does not come to a stop within two seconds (its state is %c%s), and filters can be read only while it "
			  "is stopped. It was left alone. Try again, or name one of its other threads",
			  (int)tid, task.comm, task.state,
			  task.state == 'D' ? ": it waits inside the kernel, for a disk, a vfork child or a supervisor" : "");
}

/* PTRACE_SEIZE said EPERM. */
static int explain_trace(pid_t tid, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf why = { 0 };
	int scope = ptrace_scope();

	if (scope == 3)
		buf_puts(&why, "; kernel.yama.ptrace_scope is 3: nobody may trace until the next boot");
	else if (scope > 0)
		buf_printf(&why, "; kernel.yama.ptrace_scope is %d: only CAP_SYS_PTRACE opens it", scope);
	if (!kernel_has_capability(CAP_SYS_PTRACE))
		buf_puts(&why, "; this process lacks CAP_SYS_PTRACE: run it as root");
	if (!in_first_user_namespace())
		buf_puts(&why, "; this is a user namespace, whose root has no power over processes outside of it");
	if (!why.size)
		buf_puts(&why, "; a security module (see /proc/PID/attr/current) or a filter around this process may be the reason");
	if (why.error)
		return diag_oom(diags);
	return diag_error(diags, -EPERM, "dump-privilege", DIAG_NOWHERE, "process %d may not be traced%s", (int)tid, why.text);
}

/* PTRACE_SECCOMP_GET_FILTER said EACCES. */
static int explain_read(pid_t tid, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf why = { 0 };

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_DISABLED)
		buf_puts(&why, "; this process itself runs under a filter, and the kernel shows filters to unfiltered ones only: start it from "
			       "outside of the container or service");
	if (!kernel_has_capability(CAP_SYS_ADMIN))
		buf_puts(&why, "; this process lacks CAP_SYS_ADMIN: run it as root");
	if (!in_first_user_namespace())
		buf_puts(&why, "; this is a user namespace, and CAP_SYS_ADMIN must be held in the first one: start it on the host");
	if (why.error)
		return diag_oom(diags);
	return diag_error(diags, -EACCES, "dump-privilege", DIAG_NOWHERE, "the filters of process %d may not be read%s", (int)tid,
			  why.size ? why.text : "");
}

static int explain_filters(pid_t tid, int error, size_t count, struct callgate_diags *diags)
{
	switch (error) {
	case EACCES:
		return explain_read(tid, diags);
	case EINVAL:
	case EIO:
		return diag_error(diags, -EOPNOTSUPP, "dump-unsupported", DIAG_NOWHERE,
				  "this kernel does not give filters away: it needs Linux 4.4 and CONFIG_CHECKPOINT_RESTORE, which makes it keep "
				  "the programs as they were loaded");
	case EMEDIUMTYPE:
		return diag_error(diags, -EOPNOTSUPP, "dump-unsupported", DIAG_NOWHERE,
				  "filter %zu of process %d was not loaded as classic BPF, and the kernel has kept no program of it", count + 1,
				  (int)tid);
	default:
		return diag_error(diags, -error, "dump-failed", DIAG_NOWHERE, "filter %zu of process %d cannot be read: %s", count + 1, (int)tid,
				  strerrordesc_np(error));
	}
}

int kernel_dump_explain(pid_t tid, const struct kernel_dump_room *room, struct callgate_diags *diags)
{
	if (room->error == ESRCH)
		return explain_gone(tid, diags);
	if (room->error == ETIMEDOUT)
		return explain_stuck(tid, diags);
	if (room->step == KERNEL_DUMP_SEIZE && room->error == EPERM)
		return explain_trace(tid, diags);
	if (room->step == KERNEL_DUMP_READ)
		return explain_filters(tid, room->error, room->count, diags);
	return diag_error(diags, -room->error, "dump-failed", DIAG_NOWHERE, "process %d cannot be stopped: %s", (int)tid,
			  strerrordesc_np(room->error));
}
