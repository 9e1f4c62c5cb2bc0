/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the filters of live tasks. Every case leaves the task as it was: running, blocked or stopped. How long a task stood still is
 * printed, never judged.
 */
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
static void load_filter(unsigned number)
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

static pid_t start(void (*run)(unsigned), unsigned filters)
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

static void ready(void)
{
	shared->ready = 1;
}

static char state_of(pid_t pid)
{
	struct kernel_task task;

	CHECK(kernel_task_read(pid, &task) == 0);
	return task.state;
}

static void wait_state(pid_t pid, char state)
{
	for (int i = 0; i < 2000 && state_of(pid) != state; i++)
		live_nap(1);
	CHECK(state_of(pid) == state, "%c", state_of(pid));
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* Ends by itself and well. */
static void check_exit(pid_t pid)
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
static void check_dump(pid_t pid, size_t filters, unsigned first)
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

static void check_refused(pid_t pid, int error, const char *id, const char *text)
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
static void need_dump(void)
{
	struct callgate_features features;

	CHECK(callgate_probe(&features) == 0);
	if (!features.filter || features.filtered || !features.can_skip_nnp)
		SKIP("filters can be read by CAP_SYS_ADMIN outside of any filter only");
}

/* ---- Running, sleeping, blocked ---- */

static void watch_clock(unsigned filters)
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

static void check_running(unsigned filters)
{
	pid_t pid;

	need_dump();
	pid = start(watch_clock, filters);
	shared->gap = 0;
	check_dump(pid, filters, 10);
	live_nap(20);
	printf("  with %u filters the longest pause of a busy task was %.3f ms\n", filters, shared->gap * 1e3);
	CHECK(state_of(pid) == 'R');
	shared->stop = 1;
	check_exit(pid);
}

static void no_filter(void) { check_running(0); }
static void one_filter(void) { check_running(1); }
static void three_filters(void) { check_running(3); }
static void many_filters(void) { check_running(200); }

static int blocking[2];

static void block_in_read(unsigned filters)
{
	char byte = 0;
	ssize_t n;

	for (unsigned i = 0; i < filters; i++)
		load_filter(20 + i);
	ready();
	n = read(blocking[0], &byte, 1);
	_exit(n == 1 && byte == 'x' ? 0 : 1);
}

/* read(2) must not see EINTR, however often we look. */
static void blocked_in_a_call(void)
{
	pid_t pid;

	need_dump();
	CHECK(pipe(blocking) == 0);
	pid = start(block_in_read, 2);
	wait_state(pid, 'S');
	for (int i = 0; i < 20; i++) {
		check_dump(pid, 2, 20);
		wait_state(pid, 'S');
	}
	CHECK(write(blocking[1], "x", 1) == 1);
	check_exit(pid);
}

static void sleep_long(unsigned filters)
{
	const struct timespec t = { 0, 300000000 };
	double before = live_clock();

	for (unsigned i = 0; i < filters; i++)
		load_filter(30 + i);
	ready();
	if (nanosleep(&t, NULL) || live_clock() - before < 0.3)
		_exit(1);
}

static void asleep(void)
{
	pid_t pid;

	need_dump();
	pid = start(sleep_long, 1);
	wait_state(pid, 'S');
	for (int i = 0; i < 5; i++)
		check_dump(pid, 1, 30);
	check_exit(pid);
}

/* Signals that arrive meanwhile are neither lost nor doubled; real-time ones are queued, so that they can be counted. */
static void catch(int signal)
{
	shared->count += signal == SIGRTMIN;
}

static void count_signals(unsigned filters)
{
	signal(SIGRTMIN, catch);
	load_filter(filters);
	ready();
	while (!shared->stop)
		pause();
}

static void signals_get_through(void)
{
	const int sent = 5000;
	pid_t pid, sender;

	need_dump();
	pid = start(count_signals, 40);
	sender = fork();
	if (sender == 0) {
		for (int i = 0; i < sent; i++)
			if (sigqueue(pid, SIGRTMIN, (union sigval){ 0 }))
				i -= errno == EAGAIN;
			else
				usleep(20);
		_exit(0);
	}
	while (waitpid(sender, NULL, WNOHANG) == 0)
		check_dump(pid, 1, 40);
	for (int i = 0; i < 2000 && shared->count < sent; i++)
		live_nap(1);
	live_nap(10);
	CHECK(shared->count == sent, "%d of %d", shared->count, sent);
	end(pid);
}

/* ---- States ---- */

static void stay_stopped(void)
{
	int status;
	pid_t pid;

	need_dump();
	pid = start(watch_clock, 1);
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	for (int i = 0; i < 5; i++)
		check_dump(pid, 1, 10);
	live_nap(20);
	CHECK(state_of(pid) == 'T', "%c", state_of(pid));
	CHECK(kill(pid, SIGCONT) == 0);
	wait_state(pid, 'R');
	shared->stop = 1;
	check_exit(pid);
}

static void be_traced(unsigned filters)
{
	ptrace(PTRACE_TRACEME);
	load_filter(filters);
	ready();
	pause();
}

static void traced(void)
{
	char text[40];
	pid_t pid;

	need_dump();
	pid = start(be_traced, 1);
	snprintf(text, sizeof(text), "by process %d (", (int)getpid());
	check_refused(pid, -EBUSY, "dump-traced", text);
	end(pid);
}

static void do_nothing(unsigned filters)
{
	load_filter(filters);
	ready();
}

static void ended(void)
{
	pid_t pid;

	need_dump();
	pid = start(do_nothing, 1);
	wait_state(pid, 'Z');
	check_refused(pid, -ESRCH, "dump-process", "has ended");
	CHECK(waitpid(pid, NULL, 0) == pid);
	check_refused(pid, -ESRCH, "dump-process", "there is no process");
	check_refused(0, -ESRCH, "dump-process", "there is no process");
	check_refused(-1, -ESRCH, "dump-process", "there is no process");
}

/* A vfork parent cannot be stopped before its child runs on. */
static void wait_for_vfork(unsigned filters)
{
	volatile struct shared *s = shared;

	load_filter(filters);
	if (vfork() == 0) {
		s->ready = 1;
		while (!s->stop)
			syscall(SYS_sched_yield);
		_exit(0);
	}
}

static void uninterruptible(void)
{
	double before;
	pid_t pid;

	need_dump();
	pid = start(wait_for_vfork, 1);
	wait_state(pid, 'D');
	before = live_clock();
	check_refused(pid, -ETIMEDOUT, "dump-stuck", "its state is D");
	printf("  gave up after %.1f s\n", live_clock() - before);
	shared->stop = 1;
	check_exit(pid);
}

static void kernel_thread(void)
{
	struct kernel_task task;

	if (kernel_task_read(2, &task) || !task.kernel_thread)
		SKIP("process 2 is no kernel thread here");
	check_refused(2, -EINVAL, "dump-kernel-thread", "kthreadd");
}

static void be_strict(unsigned filters)
{
	char byte = (char)filters;

	shared->ready = 1;
	/* beyond this point only read, write and exit */
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	while (read(blocking[0], &byte, 1) != 1)
		;
	syscall(SYS_exit, 0);
}

static uint32_t answer(struct callgate_policy *policy, enum callgate_abi abi, const char *name)
{
	struct callgate_call call = { .nr = (uint32_t)callgate_syscall_number(abi, name), .arch = callgate_abi_audit_arch(abi) };

	return policy_eval(policy, &(struct callgate_target){ 0 }, &call, NULL, NULL);
}

static void strict_mode(void)
{
	enum callgate_abi native = callgate_abi_native();
	struct callgate_policy *policy;
	pid_t pid;

	CHECK(pipe(blocking) == 0);
	pid = start(be_strict, 0);
	wait_state(pid, 'S');
	policy = dump(pid, 1, NULL);
	CHECK(answer(policy, native, "read") == CALLGATE_ALLOW && answer(policy, native, "write") == CALLGATE_ALLOW);
	CHECK(answer(policy, native, "exit") == CALLGATE_ALLOW && answer(policy, native, "rt_sigreturn") == CALLGATE_ALLOW);
	CHECK(answer(policy, native, "exit_group") == CALLGATE_KILL_THREAD && answer(policy, native, "openat") == CALLGATE_KILL_THREAD);
	if (native == CALLGATE_ABI_X86_64) {
		CHECK(answer(policy, CALLGATE_ABI_I386, "sigreturn") == CALLGATE_ALLOW);
		CHECK(answer(policy, CALLGATE_ABI_I386, "rt_sigreturn") == CALLGATE_KILL_THREAD);
		CHECK(answer(policy, CALLGATE_ABI_X32, "read") == CALLGATE_KILL_THREAD);
	}
	policy_free(policy);
	CHECK(write(blocking[1], "x", 1) == 1);
	check_exit(pid);
}

/* ---- Threads ---- */

static void *another(void *nothing)
{
	load_filter(51);
	load_filter(52);
	prctl(PR_SET_NAME, "other\033thread");
	shared->tid = (pid_t)syscall(SYS_gettid);
	ready();
	for (;;)
		pause();
	return nothing;
}

static void have_threads(unsigned filters)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, another, NULL) == 0);
	while (!shared->ready)
		live_nap(1);
	load_filter(filters);
	shared->count = 1;
	for (;;)
		pause();
}

static void threads(void)
{
	struct callgate_diags *diags = callgate_diags_new(), *of_thread = callgate_diags_new();
	struct callgate_policy *policy;
	pid_t pid;

	need_dump();
	pid = start(have_threads, 50);
	while (!shared->count)
		live_nap(1);
	policy = dump(pid, 1, diags);
	CHECK(live_has_diag(diags, "dump-threads", "(other\\x1bthread) has 2"));
	policy_free(policy);
	policy = dump(shared->tid, 2, of_thread);
	CHECK(strstr(policy->parts.items[1]->name, "(other\\x1bthread)"));
	CHECK(live_has_diag(of_thread, "dump-threads", "has 1"));
	policy_free(policy);
	end(pid);
	callgate_diags_free(diags);
	callgate_diags_free(of_thread);
}

/* ---- The one who looks ---- */

static void look_filtered(void)
{
	pid_t pid;

	need_dump();
	pid = start(watch_clock, 1);
	load_filter(60);
	check_refused(pid, -EACCES, "dump-privilege", "itself runs under a filter");
	CHECK(state_of(pid) == 'R');
	end(pid);
}

/* By a process of its own: this one must stay able to end the task. */
static void look_unprivileged(void)
{
	pid_t pid, reader;

	need_dump();
	pid = start(watch_clock, 1);
	reader = fork();
	if (reader == 0) {
		CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
		check_refused(pid, -EPERM, "dump-privilege", "CAP_SYS_PTRACE");
		_exit(0);
	}
	check_exit(reader);
	CHECK(state_of(pid) == 'R');
	end(pid);
}

/* Root of a user namespace of its own, tracing its own child: allowed to stop it, not to read. */
static void look_from_user_namespace(void)
{
	pid_t pid;

	need_dump();
	if (unshare(CLONE_NEWUSER))
		SKIP("no user namespaces here");
	pid = start(watch_clock, 1);
	check_refused(pid, -EACCES, "dump-privilege", "user namespace");
	CHECK(state_of(pid) == 'R');
	end(pid);
}

/* Killed at any moment, also in the middle: the task runs on. */
static void killed_midway(void)
{
	pid_t pid, reader;
	int before;

	need_dump();
	pid = start(watch_clock, 100);
	for (unsigned i = 0; i < 200; i++) {
		const struct timespec t = { 0, 5000 * (long)(i % 100) };

		reader = fork();
		if (reader == 0) {
			struct callgate_policy *policy;

			for (;;)
				if (kernel_dump(pid, &policy, NULL) == 0)
					policy_free(policy);
		}
		live_nap(1);
		nanosleep(&t, NULL);
		end(reader);
	}
	for (before = 0; before < 2000 && state_of(pid) != 'R'; before++)
		live_nap(1);
	check_dump(pid, 100, 10);
	shared->stop = 1;
	check_exit(pid);
}

static void refuse(int signal)
{
	CHECK(signal == 0, "signal %d", signal);
}

/* A caller who waits for any child never meets ours, and no SIGCHLD comes. */
static void invisible_helper(void)
{
	pid_t pid;

	need_dump();
	pid = start(watch_clock, 1);
	signal(SIGCHLD, refuse);
	check_dump(pid, 1, 10);
	CHECK(waitpid(-1, NULL, WNOHANG) == 0);
	signal(SIGCHLD, SIG_DFL);
	shared->stop = 1;
	check_exit(pid);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static const struct live_case cases[] = {
	{ "no filter", no_filter, 10 },
	{ "one filter", one_filter, 10 },
	{ "three filters, oldest first", three_filters, 10 },
	{ "many filters", many_filters, 10 },
	{ "blocked in a call", blocked_in_a_call, 10 },
	{ "asleep", asleep, 10 },
	{ "signals get through", signals_get_through, 20 },
	{ "a stopped task stays stopped", stay_stopped, 10 },
	{ "traced by somebody", traced, 10 },
	{ "ended", ended, 10 },
	{ "uninterruptible", uninterruptible, 20 },
	{ "kernel thread", kernel_thread, 10 },
	{ "strict mode", strict_mode, 10 },
	{ "threads with filters of their own", threads, 10 },
	{ "looking from under a filter", look_filtered, 10 },
	{ "looking without privilege", look_unprivileged, 10 },
	{ "looking from a user namespace", look_from_user_namespace, 10 },
	{ "killed midway", killed_midway, 30 },
	{ "the helper is invisible", invisible_helper, 10 },
};

int main(int argc, char **argv)
{
	return live_main(cases, ARRAY_SIZE(cases), argc, argv);
}
