/* SPDX-License-Identifier: Apache-2.0 */
/* See attach.h. Once its filter is in force a task makes no system call, which might not be allowed: it waits to be killed. */
#include "attach.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE 65536
#define POLL_NANOSECONDS 300000 /* longer than most attaches, so that looking does not disturb them */

struct attach {
	struct sock_fprog program;
	volatile double us; /* 0: not yet; negative: refused */
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

double median(double *values, unsigned count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare_doubles);
	return values[count / 2];
}

static void stay_here(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET((unsigned)cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static __attribute__((noreturn)) int attach_task(void *argument)
{
	struct attach *a = argument;
	uint32_t touched = 0;
	double begin;
	long r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_here();
	r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (size_t i = 0; i < a->program.len; i++)
		touched += ((const volatile struct sock_filter *)a->program.filter)[i].k;
	(void)touched;
	(void)now_us();
	begin = now_us();
	if (!r)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &a->program);
	a->us = r ? -1 : now_us() - begin;
	for (;;)
		__asm__ volatile("" ::: "memory");
}

/* Microseconds, or negative. */
static double attach_once(struct attach *shared, const struct callgate_filter *filter, enum attach_way way, char *stack)
{
	const struct timespec pause = { .tv_nsec = POLL_NANOSECONDS };
	size_t count;
	const struct callgate_insn *insns = callgate_filter_insns(filter, &count);
	pid_t pid;

	*shared = (struct attach){ .program = { (unsigned short)count, (struct sock_filter *)(uintptr_t)insns } };
	pid = way == ATTACH_FORKED ? fork() : clone(attach_task, stack + STACK_SIZE, CLONE_VM | SIGCHLD, shared);
	if (!pid)
		attach_task(shared);
	if (pid < 0)
		return -1;
	while (shared->us == 0) {
		nanosleep(&pause, NULL);
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -1;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return shared->us;
}

/*
 * samples: [filter][way][round]; each round begins with another filter. The ways take turns as a whole: a fork makes this process's own
 * address space cold.
 */
static void measure_rounds(const struct callgate_filter *const *filters, size_t count, unsigned rounds, enum attach_way way,
			   struct attach *shared, char *stack, double *samples, unsigned *counts)
{
	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			size_t filter = (i + round) % count, at = filter * ATTACH_WAYS + way;
			double us = filters[filter] ? attach_once(shared, filters[filter], way, stack) : -1;

			if (us >= 0)
				samples[at * rounds + counts[at]++] = us;
		}
}

int attach_measure(const struct callgate_filter *const *filters, size_t count, unsigned rounds, double (*ret_us)[ATTACH_WAYS])
{
	struct attach *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double *samples = calloc(count * ATTACH_WAYS * rounds, sizeof(*samples));
	unsigned *counts = calloc(count * ATTACH_WAYS, sizeof(*counts));
	char *stack = malloc(STACK_SIZE);
	int r = shared == MAP_FAILED || !samples || !counts || !stack ? -ENOMEM : 0;

	for (unsigned way = 0; !r && way < ATTACH_WAYS; way++)
		measure_rounds(filters, count, rounds, way, shared, stack, samples, counts);
	for (size_t at = 0; !r && at < count * ATTACH_WAYS; at++)
		ret_us[at / ATTACH_WAYS][at % ATTACH_WAYS] = median(samples + at * rounds, counts[at]);
	if (shared != MAP_FAILED)
		munmap(shared, sizeof(*shared));
	free(samples);
	free(counts);
	free(stack);
	return r;
}
