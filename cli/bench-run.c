/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One measurement in children of its own, since a filter cannot be taken off. Once the filters are in force a child makes the measured
 * calls and no others: it tells the time by the vDSO, its results by shared memory, and waits to be killed, for it may not
 * be allowed to exit.
 *
 * How long the filters take to load is measured in a child that shares our address space and makes no calls at all, before any are
 * forked. In a forked one the kernel would also meet pages that a new address space does not map yet, which on some virtual
 * machines takes longer than the rest, whatever the filter.
 */
#include "cli.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 7
#define BATCH_CALLS 1000
#define WARM_UP_CALLS 300
#define PATIENCE_SECONDS 20
#define POLL_NANOSECONDS 300000 /* longer than most filters take to load, so that looking does not disturb it */
#define STACK_SIZE 65536

struct shared {
	struct bench_sample sample;
	_Atomic int state;
	const struct bench_subject *subject;
	double attach_us;
	_Alignas(16) char stack[STACK_SIZE];
};
enum { STATE_RUNNING, STATE_DONE };

static double now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		return NAN;
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int bench_compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void make_calls(const struct callgate_call *c, int count)
{
	for (int i = 0; i < count; i++)
		syscall((long)c->nr, c->args[0], c->args[1], c->args[2], c->args[3], c->args[4], c->args[5]);
}

static double time_calls(const struct callgate_call *call)
{
	double batches[BATCHES];

	make_calls(call, WARM_UP_CALLS);
	for (int i = 0; i < BATCHES; i++) {
		double begin = now_ns();

		make_calls(call, BATCH_CALLS);
		batches[i] = (now_ns() - begin) / BATCH_CALLS;
	}
	qsort(batches, BATCHES, sizeof(*batches), bench_compare);
	return batches[BATCHES / 2];
}

/* Inlined and not called noreturn: before such a call AddressSanitizer makes a system call, which the filter may refuse. */
static inline __attribute__((always_inline)) void finish(struct shared *shared)
{
	shared->state = STATE_DONE;
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static int load(const struct bench_subject *subject)
{
	int r = 0;

	for (size_t i = 0; i < subject->count && !r; i++)
		r = callgate_load(subject->filters[i], 0, NULL);
	return r;
}

/* On one CPU. Its errno is also our caller's. */
static int attach_child(void *argument)
{
	struct shared *shared = argument;
	int cpu = sched_getcpu();
	cpu_set_t here;
	double begin;

	CPU_ZERO(&here);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &here);
	sched_setaffinity(0, sizeof(here), &here);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)now_ns();
	begin = now_ns();
	if (load(shared->subject) == 0)
		shared->attach_us = (now_ns() - begin) / 1e3;
	finish(shared);
	return 0; /* never: it is ended from outside */
}

static void child(const struct bench_subject *subject, const struct bench_call *calls, struct shared *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		shared->sample.error = errno;
	else
		shared->sample.error = -load(subject);
	for (unsigned kind = 0; kind < BENCH_KINDS && !shared->sample.error; kind++)
		if (calls[kind].found && subject->answers[kind] != BENCH_ENDS)
			shared->sample.ns[kind] = time_calls(&calls[kind].call);
	finish(shared);
}

/* Until it is done, dead or has taken too long; then it is gone. */
static void await(pid_t pid, struct shared *shared)
{
	const struct timespec pause = { .tv_nsec = POLL_NANOSECONDS };
	double begin = now_ns();

	while (shared->state != STATE_DONE && now_ns() - begin < PATIENCE_SECONDS * 1e9) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct shared *share(const struct bench_subject *subject)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return NULL;
	shared->subject = subject;
	shared->attach_us = NAN;
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
		shared->sample.ns[kind] = NAN;
	return shared;
}

double bench_attach(const struct bench_subject *subject)
{
	struct shared *shared = share(subject);
	double us;
	pid_t pid;

	if (!shared)
		return NAN;
	pid = clone(attach_child, shared->stack + STACK_SIZE, CLONE_VM | SIGCHLD, shared);
	if (pid > 0)
		await(pid, shared);
	us = shared->attach_us;
	munmap(shared, sizeof(*shared));
	return us;
}

int bench_run(const struct bench_subject *subject, const struct bench_call calls[BENCH_KINDS], struct bench_sample *ret_sample)
{
	struct shared *shared = share(subject);
	pid_t pid;

	if (!shared)
		return -ENOMEM;
	pid = fork();
	if (!pid)
		child(subject, calls, shared);
	if (pid > 0)
		await(pid, shared);
	*ret_sample = shared->sample;
	munmap(shared, sizeof(*shared));
	return pid < 0 ? -errno : 0;
}
