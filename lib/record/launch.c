/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the command, so that all its calls are seen from its execve(2) on: in a cgroup that is watched, or under a filter whose listener
 * we hold.
 *
 * The difficulty with the latter: once the filter is on, every call of the child waits for us, and we can answer only when we have the
 * listener, which is a descriptor in the child. Handing it over would take a call. So the child shares our table of descriptors
 * (CLONE_FILES) and writes the number into a shared page, which takes none. Its next call is the execve(2) of the command, the
 * first observed one; that gives it a table of its own, from which the listener, being close-on-exec, is gone.
 */
#include "record/session.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define CHILD_STACK (64u << 10) /* copied on write: the child has its own memory */

struct child {
	const struct record_setup *setup;
	const struct host *host;
	struct launch_page *page;
	struct sock_fprog program;
	unsigned flags;
	pid_t parent;
	int procs;       /* cgroup.procs to enter, or -1 */
	uint64_t cookie; /* no filter: the execve bears this instead */
	bool traced;
};

static int give_up(struct launch_page *page, enum launch_stage stage, int error)
{
	atomic_store(&page->stage, stage);
	atomic_store(&page->error, error);
	return 127;
}

/* Without a filter: whoever watches knows the execve by what stands in the register after its last argument. */
static int exec_marked(const struct child *c)
{
	const struct callgate_record_options *options = c->setup->options;

	if (c->procs >= 0 && write(c->procs, "0", 1) != 1)
		return give_up(c->page, LAUNCH_CGROUP, errno);
	syscall(SYS_execve, c->setup->path, options->argv, environ, c->cookie);
	return give_up(c->page, LAUNCH_EXEC, errno);
}

/* Until the tracer has us: a filter that asks a tracer refuses every call when there is none. */
static void wait_for_tracer(const struct launch_page *page)
{
	static const struct timespec nap = { .tv_nsec = 50000 };

	while (!atomic_load(&page->traced))
		nanosleep(&nap, NULL);
}

/* Everything here is async-signal-safe: the caller may have threads, whose locks are copied as they were. Returning ends the
 * process by exit(2), see clone(2). */
static int child_main(void *data)
{
	const struct child *c = data;
	long fd;

	/* Should we be killed, the command must not run on with every call failing. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != c->parent && getppid() != 0 /* the parent is outside of our PID namespace */)
		return 127;
	host_restore_in_child(c->host);
	if (c->traced)
		wait_for_tracer(c->page);
	if (!c->setup->options->keep_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return give_up(c->page, LAUNCH_PRIVILEGE, errno);
	if (c->cookie)
		return exec_marked(c);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, c->flags, &c->program);
	if (fd < 0)
		return give_up(c->page, LAUNCH_FILTER, errno);
	atomic_store(&c->page->listener, (int)fd); /* 0 when there is none: nobody asks for it then */
	execve(c->setup->path, (char *const *)c->setup->options->argv, environ);
	return give_up(c->page, LAUNCH_EXEC, errno);
}

static pid_t start_child(struct child *c)
{
	sigset_t all, before;
	char *stack;
	pid_t pid;

	stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	/* No handler of the caller may run in the child while it shares our descriptors. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(child_main, stack + CHILD_STACK, (c->cookie ? 0 : CLONE_FILES) | SIGCHLD, c);
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	munmap(stack, CHILD_STACK);
	return pid;
}

/* The child has no way to wake us, so look. It takes a few dozen microseconds. False when it is gone. */
static bool wait_for_listener(struct launch *launch)
{
	static const struct timespec nap = { .tv_nsec = 50000 };
	bool gone = false;

	for (;;) {
		launch->listener = atomic_load(&launch->page->listener);
		if (launch->listener >= 0)
			return true;
		if (gone)
			return false;
		/* WNOWAIT: it is reaped later, by who asks for its status. */
		siginfo_t info = { 0 };
		gone = waitid(P_PID, (id_t)launch->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
		if (!gone)
			nanosleep(&nap, NULL);
	}
}

static int explain_start(const struct launch *launch, struct callgate_diags *diags)
{
	int error = atomic_load(&launch->page->error);

	if (!error)
		return diag_error(diags, -ECHILD, "record-start", DIAG_NOWHERE, "the command was killed before it began");
	if (atomic_load(&launch->page->stage) == LAUNCH_PRIVILEGE)
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE, "no_new_privs cannot be set: %s", strerrordesc_np(error));
	switch (error) {
	case EBUSY:
		return diag_error(diags, -EBUSY, "record-listener", DIAG_NOWHERE,
				  "this process is already supervised by user notification (a recording inside a recording, or a "
				  "container with a seccomp agent); the kernel allows one supervisor: record from outside");
	case EACCES:
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE,
				  "recording with privileges kept needs CAP_SYS_ADMIN; without it the command must run with no_new_privs");
	case ENOSYS:
	case EINVAL:
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "the kernel refused the recording filter (%s): it needs CONFIG_SECCOMP_FILTER, and user notification "
				  "Linux 5.5", strerrordesc_np(error));
	default:
		return diag_error(diags, -error, "record-start", DIAG_NOWHERE, "the recording filter cannot be loaded: %s",
				  strerrordesc_np(error));
	}
}

/* The child, which waits for its tracer where it has one, and the page that it shares with us. */
static int start(struct launch *launch, struct child *child, struct callgate_diags *diags)
{
	const void *args[3] = { child->setup->path, child->setup->options->argv, environ };

	launch->page = mmap(NULL, sizeof(*launch->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (launch->page == MAP_FAILED) {
		launch->page = NULL;
		return diag_oom(diags);
	}
	atomic_store(&launch->page->listener, -1);
	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		launch->args[i] = (uintptr_t)args[i];
	child->page = launch->page;
	child->parent = getpid();
	launch->pid = start_child(child);
	if (launch->pid < 0) {
		int error = launch->pid;

		launch->pid = 0;
		return diag_error(diags, error, "record-start", DIAG_NOWHERE, "no process can be started: %s", strerrordesc_np(-error));
	}
	return 0;
}

int launch_start(struct launch *launch, const struct record_setup *setup, const struct host *host, bool wait_killable,
		 struct callgate_diags *diags)
{
	struct sock_filter everything = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct child child = {
		.setup = setup,
		.host = host,
		.program = { .len = 1, .filter = &everything },
		.flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (wait_killable ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0),
	};
	int r;

	if (setup->filter)
		child.program = (struct sock_fprog){ (unsigned short)setup->filter_count, (struct sock_filter *)setup->filter };
	r = start(launch, &child, diags);
	if (r < 0 || wait_for_listener(launch))
		return r;
	waitpid(launch->pid, NULL, 0);
	launch->pid = 0;
	return explain_start(launch, diags);
}

int launch_start_marked(struct launch *launch, const struct record_setup *setup, const struct host *host, int procs, uint64_t cookie,
			struct callgate_diags *diags)
{
	struct child child = { .setup = setup, .host = host, .procs = procs, .cookie = cookie };

	*launch = (struct launch){ .listener = -1 };
	return start(launch, &child, diags);
}

int launch_start_traced(struct launch *launch, const struct record_setup *setup, const struct host *host, int (*attach)(pid_t pid),
			struct callgate_diags *diags)
{
	struct child child = {
		.setup = setup,
		.host = host,
		.program = { (unsigned short)setup->filter_count, (struct sock_filter *)setup->filter },
		.parent = getpid(),
		.traced = true,
	};
	int r = start(launch, &child, diags);

	if (r < 0)
		return r;
	r = attach(launch->pid);
	if (!r) {
		atomic_store(&launch->page->traced, 1);
		return 0;
	}
	kill(launch->pid, SIGKILL);
	waitpid(launch->pid, NULL, __WALL);
	launch->pid = 0;
	return diag_error(diags, r, "record-privilege", DIAG_NOWHERE, "the command cannot be traced: %s", strerrordesc_np(-r));
}

void launch_done(struct launch *launch)
{
	close_fd(&launch->listener);
	if (launch->page)
		munmap(launch->page, sizeof(*launch->page));
	launch->page = NULL;
}

int launch_result(const struct launch *launch, const struct record_setup *setup, struct callgate_diags *diags)
{
	int error = atomic_load(&launch->page->error);
	int stage = atomic_load(&launch->page->stage);
	const char *path = setup->path;

	if (error && stage == LAUNCH_CGROUP)
		return diag_error(diags, -error, "record-start", DIAG_NOWHERE, "the command cannot enter its cgroup: %s", strerrordesc_np(error));
	if (error && stage != LAUNCH_EXEC)
		return explain_start(launch, diags);
	switch (error) {
	case 0:
		return 0;
	case ENOENT:
		return diag_error(diags, -error, "command-not-found", DIAG_NOWHERE,
				  "%s cannot be run: it is gone, or the interpreter that it names is not there", path);
	case ENOEXEC:
		return diag_error(diags, -error, "record-exec-format", DIAG_NOWHERE,
				  "%s is neither a program for this machine nor a script with a #! line", path);
	case EACCES:
	case EPERM:
		return diag_error(diags, -EACCES, "command-not-executable", DIAG_NOWHERE, "%s cannot be run: %s", path,
				  strerrordesc_np(error));
	default:
		return diag_error(diags, -error, "record-exec", DIAG_NOWHERE, "%s cannot be run: %s", path, strerrordesc_np(error));
	}
}
