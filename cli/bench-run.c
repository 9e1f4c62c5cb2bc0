/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One measurement in a child of its own, since a filter cannot be taken off. Once the filters are in force the child makes the measured
 * calls and no others: it tells the time by the vDSO, its results by shared memory, and waits to be killed, for it may not
 * be allowed to exit.
 */
#include "cli.h"

#include <math.h>
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
#define POLL_NANOSECONDS 200000

struct shared {
	struct bench_sample sample;
	_Atomic int state;
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

static void child(const struct bench_subject *subject, const struct bench_call *calls, struct shared *shared)
{
	double begin;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		shared->sample.error = errno;
	begin = now_ns();
	for (size_t i = 0; i < subject->count && !shared->sample.error; i++)
		shared->sample.error = -callgate_load(subject->filters[i], 0, NULL);
	if (!shared->sample.error) {
		shared->sample.attach_us = (now_ns() - begin) / 1e3;
		for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
			if (calls[kind].found && subject->answers[kind] != BENCH_ENDS)
				shared->sample.ns[kind] = time_calls(&calls[kind].call);
	}
	shared->state = STATE_DONE;
	for (;;)
		__asm__ volatile("" ::: "memory");
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

int bench_run(const struct bench_subject *subject, const struct bench_call calls[BENCH_KINDS], struct bench_sample *ret_sample)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (shared == MAP_FAILED)
		return -errno;
	shared->sample.attach_us = NAN;
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
		shared->sample.ns[kind] = NAN;
	pid = fork();
	if (!pid)
		child(subject, calls, shared);
	if (pid > 0)
		await(pid, shared);
	*ret_sample = shared->sample;
	munmap(shared, sizeof(*shared));
	return pid < 0 ? -errno : 0;
}
