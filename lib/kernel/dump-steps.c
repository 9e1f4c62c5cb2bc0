/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stops a task, copies its filters, lets it go. The one rule: it is never left stopped.
 *
 * A tracer that ends releases what it traced, into the state in which it would be otherwise, group-stops included; no code of ours
 * has to run for that. So the tracer is a process of its own, which does nothing else and lives for one dump: whatever goes wrong,
 * it is enough that it ends. A task that does not come to a stop cannot be let go in any other way (PTRACE_DETACH wants it
 * stopped). It also keeps the stops, which a tracer sees through wait(2), away from the caller's own handling of children.
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT send no signal. A blocked system call is restarted by the kernel when the task goes on, but for
 * those that signal(7) lists as failing with EINTR after a stop: epoll_wait(2), semop(2) and a few more.
 */
#include "kernel/task.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_LIMIT 2.0   /* seconds for a task to come to a stop */
#define HELPER_LIMIT 4.0 /* seconds for the helper to end by itself */

/* Headers have PTRACE_SECCOMP_GET_FILTER and friends as enumerators or as macros, or not at all: the kernel's numbers. */
#define REQUEST_SEIZE 0x4206
#define REQUEST_INTERRUPT 0x4207
#define REQUEST_GET_FILTER 0x420c
#define EVENT_STOP 128

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Short at first, since most tasks stop at once and every moment counts for them. */
static void nap(unsigned round)
{
	const struct timespec t = { 0, round < 20 ? 20000 : 1000000 };

	if (round < 5)
		sched_yield();
	else
		nanosleep(&t, NULL);
}

static long request(long what, pid_t tid, uintptr_t address, void *data)
{
	return syscall(SYS_ptrace, what, tid, address, data);
}

/* 0 and the wait status; an errno. */
static int wait_for_stop(pid_t tid, int *ret_status)
{
	double until = now() + STOP_LIMIT;
	pid_t pid;

	for (unsigned round = 0;; round++) {
		pid = waitpid(tid, ret_status, __WALL | WNOHANG);
		if (pid == tid)
			return WIFSTOPPED(*ret_status) ? 0 : ESRCH;
		if (pid < 0 && errno != EINTR)
			return errno == ECHILD ? ESRCH : errno;
		if (now() > until)
			return ETIMEDOUT;
		nap(round);
	}
}

static int copy_filters(pid_t tid, struct kernel_dump_room *room)
{
	while (room->count < KERNEL_DUMP_FILTERS) {
		long size = request(REQUEST_GET_FILTER, tid, room->count, NULL);

		if (size < 0)
			return errno == ENOENT ? 0 : errno;
		if (size > CALLGATE_INSNS_MAX || room->used + (size_t)size > KERNEL_DUMP_INSNS)
			return E2BIG;
		if (request(REQUEST_GET_FILTER, tid, room->count, room->insns + room->used) != size)
			return errno;
		room->sizes[room->count++] = (uint16_t)size;
		room->used += (size_t)size;
	}
	return E2BIG;
}

/* In the helper: nothing but system calls and memory that is there already. An errno, or 0. */
static int run(pid_t tid, struct kernel_dump_room *room)
{
	int status, error, signal;

	if (request(REQUEST_SEIZE, tid, 0, NULL))
		return errno;
	room->step = KERNEL_DUMP_STOP;
	if (request(REQUEST_INTERRUPT, tid, 0, NULL))
		return errno;
	error = wait_for_stop(tid, &status);
	if (error)
		return error;
	room->step = KERNEL_DUMP_READ;
	error = copy_filters(tid, room);
	/* Had it just stopped for a signal of its own, this is the moment to hand that over; the event of INTERRUPT is none. */
	signal = status >> 16 == EVENT_STOP ? 0 : WSTOPSIG(status);
	if (request(PTRACE_DETACH, tid, 0, (void *)(uintptr_t)signal) && !error && errno == ESRCH)
		return ESRCH;
	return error;
}

__attribute__((noreturn)) static void help(pid_t tid, struct kernel_dump_room *room)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	room->error = run(tid, room);
	if (!room->error)
		room->step = KERNEL_DUMP_DONE;
	syscall(SYS_exit_group, 0);
	__builtin_unreachable();
}

/*
 * No signal at its end and invisible to a plain wait(2), so that a caller who waits for children of his own never meets it; no fork(3)
 * handlers. Signals stay blocked in it: the caller's handlers are not meant for it.
 */
static pid_t start_helper(pid_t tid, struct kernel_dump_room *room)
{
	sigset_t all, before;
	pid_t helper;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	helper = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (helper == 0)
		help(tid, room);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return helper < 0 ? -errno : helper;
}

int kernel_dump_steps(pid_t tid, struct kernel_dump_room *room)
{
	pid_t helper = start_helper(tid, room), pid = 0;
	double until = now() + HELPER_LIMIT;
	bool killed = false;

	if (helper < 0)
		return (int)helper;
	/* SEIZE itself may wait for an execve of the task, which may wait for a disk: an end to that, too. */
	for (unsigned round = 0; pid != helper; round++) {
		pid = waitpid(helper, NULL, __WALL | WNOHANG);
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (!killed && now() > until)
			killed = !kill(helper, SIGKILL);
		nap(round);
	}
	if (room->step != KERNEL_DUMP_DONE && !room->error)
		room->error = ETIMEDOUT;
	return 0;
}
