/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the filters of live tasks: of which thread, by whom, and what is left when the one who looks is killed. */
#include "dumping.h"

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
