/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests that read filters of live tasks share: a child to look at, and what is expected of a look. */
#ifndef DUMPING_H
#define DUMPING_H

#include "live.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "model/diagram.h"

#define LD_NR { BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) }
#define RETURN(action) { BPF_RET | BPF_K, 0, 0, (action) }

/* Different ones, so that their order can be told: getpriority fails with a number of its own. */
static inline void load_filter(unsigned number)
{
	const struct callgate_insn insns[] = {
		LD_NR,
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getpriority },
		RETURN(CALLGATE_ERRNO(number)),
		RETURN(CALLGATE_ALLOW),
	};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(kernel_load(insns, ARRAY_SIZE(insns), 0, NULL) == 0);
}

/* What child and test share. */
static struct shared {
	_Atomic int ready, stop, count;
	_Atomic pid_t tid;
	_Atomic double gap;
} *shared;

static inline pid_t start(void (*run)(unsigned), unsigned filters)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		/* whatever becomes of the test: an end to what it started */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(60);
		run(filters);
		_exit(0);
	}
	while (!shared->ready)
		live_nap(1);
	return pid;
}

static inline void ready(void)
{
	shared->ready = 1;
}

static inline char state_of(pid_t pid)
{
	struct kernel_task task;

	CHECK(kernel_task_read(pid, &task) == 0);
	return task.state;
}

static inline void wait_state(pid_t pid, char state)
{
	for (int i = 0; i < 2000 && state_of(pid) != state; i++)
		live_nap(1);
	CHECK(state_of(pid) == state, "%c", state_of(pid));
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* Ends by itself and well. */
static inline void check_exit(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

static struct callgate_policy *dump(pid_t pid, size_t filters, struct callgate_diags *diags)
{
	struct callgate_policy *policy;
	char name[100];
	int r = kernel_dump(pid, &policy, diags);

	if (r)
		live_print_diags(diags);
	CHECK(r == 0, "%d", r);
	CHECK(policy->kind == CALLGATE_POLICY_STACK && policy->parts.count == filters, "%zu filters", policy->parts.count);
	for (size_t i = 0; i < filters; i++) {
		snprintf(name, sizeof(name), "filter %zu of %zu of pid %d (", i + 1, filters, (int)pid);
		CHECK(!strncmp(policy->parts.items[i]->name, name, strlen(name)), "%s", policy->parts.items[i]->name);
	}
	return policy;
}

/* Filter i answers getpriority with ERRNO(first + i). */
static inline void check_dump(pid_t pid, size_t filters, unsigned first)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = dump(pid, filters, diags);
	struct callgate_call call = { .nr = SYS_getpriority, .arch = callgate_abi_audit_arch(callgate_abi_native()) };

	for (size_t i = 0; i < filters; i++)
		CHECK(policy_eval(policy->parts.items[i], &(struct callgate_target){ 0 }, &call, NULL, NULL) == CALLGATE_ERRNO(first + i));
	CHECK(callgate_diags_count(diags) == 0, "%s", callgate_diags_get(diags, 0)->text);
	policy_free(policy);
	callgate_diags_free(diags);
}

static inline void check_refused(pid_t pid, int error, const char *id, const char *text)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy;
	int r = kernel_dump(pid, &policy, diags);

	if (!live_has_diag(diags, id, text))
		live_print_diags(diags);
	CHECK(r == error, "%d", r);
	CHECK(live_has_diag(diags, id, text), "%s: %s", id, text);
	callgate_diags_free(diags);
}

/* Dumping at all. */
static inline void need_dump(void)
{
	struct callgate_features features;

	CHECK(callgate_probe(&features) == 0);
	if (!features.filter || features.filtered || !features.can_skip_nnp)
		SKIP("filters can be read by CAP_SYS_ADMIN outside of any filter only");
}

/* Busy until told to stop; the longest time in which it did not run. */
static inline void watch_clock(unsigned filters)
{
	double before = live_clock(), longest = 0;

	for (unsigned i = 0; i < filters; i++)
		load_filter(10 + i);
	ready();
	for (before = live_clock(); !shared->stop; before = live_clock()) {
		double gap = live_clock() - before;

		longest = MAX(longest, gap);
		shared->gap = longest;
	}
}

#endif
