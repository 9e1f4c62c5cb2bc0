/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the filters of live tasks. Every case leaves the task as it was: running, blocked or stopped. How long a task stood still is
 * printed, never judged.
 */
#include "dumping.h"

/* ---- Running, sleeping, blocked ---- */

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
};

int main(int argc, char **argv)
{
	return live_main(cases, ARRAY_SIZE(cases), argc, argv);
}
