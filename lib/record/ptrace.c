/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording by ptrace(2): the filter stops every call for its tracer (SECCOMP_RET_TRACE), which counts it and lets it go on. Slower than user
 * notification, but it works since Linux 4.8, and where notification cannot be had. It needs no privilege unless the Yama module says so.
 *
 * A stop is a call that will be made: unlike a notification it cannot be interrupted, only killed. The tracer must not be noticed:
 * signals are passed on as they come, a stopped process stays stopped (PTRACE_LISTEN), and there is no SIGTRAP of its own, since tasks
 * are seized, not attached. Should the recorder be killed, all that it traces is killed with it.
 *
 * What is noticed, if only by us: a tracer is told even of signals that the task ignores, for which a sleeping call is interrupted and begun
 * again, and so counted again. A limit: who asks for it (CLONE_UNTRACED) can make a child that is not traced. Its calls fail with ENOSYS, and it is counted as lost.
 */
#include "record/ptrace.h"

#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"
#include "record/session.h"

#define OPTIONS (PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define LOOK_AT_SIGNALS 64 /* stops between two looks, when there is no end of them */
#define NAP 100            /* milliseconds at most without a look: a thread of the caller's may have taken a SIGCHLD */

struct tracer {
	const struct record_setup *setup;
	struct callgate_diags *diags;
	struct session session;
	struct host host;
	struct launch launch;
	struct setuid setuid;
	bool registers;      /* the kernel does not tell calls by itself */
	bool launch_decided; /* the first stop has been seen */
	VEC(pid_t) tasks;    /* traced and alive */
	int clone_id, clone3_id;
};

/* ---- What the kernel has ---- */

static int seize(pid_t pid)
{
	return ptrace(PTRACE_SEIZE, pid, NULL, (void *)OPTIONS) < 0 ? -errno : 0;
}

static int wait_to_die(void *unused)
{
	(void)unused;
	while (pause() < 0)
		;
	return 0;
}

/* Try it on a child that does nothing; without a signal when it ends, so that the caller does not notice. */
static int try_seize(void)
{
	static const size_t size = 16 << 10;
	_cleanup_free_ char *stack = malloc(size);
	sigset_t all, before;
	pid_t pid;
	int r;

	if (!stack)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(wait_to_die, stack + (size & ~(size_t)15), 0, NULL);
	r = pid < 0 ? -errno : seize(pid);
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static long read_number(const char *path, const char *format)
{
	FILE *file = fopen(path, "re");
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &value) != 1)
			value = -1;
	if (file)
		fclose(file);
	return value;
}

static int explain_seize(int error, struct callgate_diags *diags)
{
	long yama = read_number("/proc/sys/kernel/yama/ptrace_scope", "%ld"), tracer = read_number("/proc/self/status", "TracerPid: %ld");

	if (tracer > 0)
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE,
				  "process %ld traces this one and its children (strace -f, a debugger), and a process has one tracer: record from outside", tracer);
	if (yama == 3 || (yama == 2 && geteuid() != 0))
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE, "the Yama module forbids ptrace here (kernel.yama.ptrace_scope = %ld)%s", yama,
				  yama == 2 ? "; it needs CAP_SYS_PTRACE" : " until the next boot");
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE,
				  "this process changed its user or its privileges since it began, so that its children cannot be traced; begin anew as that user");
	return diag_error(diags, error, error == -EPERM ? "record-privilege" : "record-unsupported", DIAG_NOWHERE,
			  "a child cannot be traced: %s; a filter or a security module around this process may forbid ptrace", strerrordesc_np(-error));
}

static int ptrace_probe(struct callgate_diags *diags)
{
	uint32_t action = SECCOMP_RET_TRACE;
	int r;

	/* The question is as old as Linux 4.14; who does not know it says EINVAL, as for an action that is not there. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == 0 || errno != EFAULT ||
	    (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 && errno == EOPNOTSUPP))
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "this kernel, or a filter around this process, has no filters that ask a tracer (CONFIG_SECCOMP_FILTER, SECCOMP_RET_TRACE)");
	r = try_seize();
	return r < 0 ? explain_seize(r, diags) : 0;
}

/* ---- One call ---- */

/* Is this the execve with which our own child becomes the command? Only the very first stop can be. */
static bool is_launch(struct tracer *t, pid_t tid, const struct callgate_call *call)
{
	if (t->launch_decided)
		return false;
	t->launch_decided = true;
	return tid == t->launch.pid && call->nr == SYS_execve && !memcmp(call->args, t->launch.args, sizeof(t->launch.args));
}

/* clone(2) and clone3(2) can ask for a child that is not traced. What stands in memory may change before the kernel looks. */
static bool asks_untraced(const struct tracer *t, pid_t tid, enum callgate_abi abi, int id, const uint64_t args[6])
{
	uint64_t flags = 0;
	struct iovec local = { &flags, sizeof(flags) }, remote = { (void *)(uintptr_t)args[0], sizeof(flags) };

	if (id < 0 || (id != t->clone_id && id != t->clone3_id))
		return false;
	if (id == t->clone3_id)
		return process_vm_readv(tid, &local, 1, &remote, 1, 0) == sizeof(flags) && flags & CLONE_UNTRACED;
	for (unsigned i = 0; i < 6; i++) {
		const struct arch_arg *arg = arch_arg_of(abi, id, i);

		if (arg && !strcmp(arg->name, "flags"))
			flags = args[i];
	}
	return flags & CLONE_UNTRACED;
}

static void observe(struct tracer *t, pid_t tid, const struct callgate_call *call, bool launch)
{
	struct callgate_observation o = { .nr = call->nr, .evidence = CALLGATE_EVIDENCE_RECORDED, .launch = launch };
	int abi = arch_abi_of(call->arch, call->nr);
	char comm[32];

	if (abi < 0) {
		/* An architecture that no table knows cannot stand in a trace. */
		t->session.calls++;
		t->session.lost++;
		return;
	}
	o.abi = (enum callgate_abi)abi;
	o.args_known = trace_args_worth(o.abi, o.nr, call->args, o.args);
	/* Before the launch the child still bears our name. */
	if (session_observe(&t->session, &o) && !launch && session_read_comm(tid, comm))
		session_note_who(&t->session, comm);
	if (!launch && !t->setup->options->keep_privileges)
		setuid_check_call(&t->setuid, tid, o.abi, o.nr, call->args, t->diags);
	if (asks_untraced(t, tid, o.abi, arch_syscall_at(o.abi, o.nr), call->args))
		t->session.lost++;
}

static void on_call(struct tracer *t, pid_t tid)
{
	struct callgate_call call;
	int r = record_ptrace_read_call(tid, t->registers, &call);
	bool launch;

	/* Killed meanwhile: the call is not made. */
	if (r == -ESRCH)
		return;
	if (r < 0) {
		t->session.calls++;
		t->session.lost++;
		return;
	}
	launch = is_launch(t, tid, &call);
	/* A child that could not execute the command only ends. */
	if (!launch_failed(&t->launch))
		observe(t, tid, &call, launch);
}

/* ---- Tasks ---- */

static int add_task(struct tracer *t, pid_t tid)
{
	for (size_t i = 0; i < t->tasks.count; i++)
		if (t->tasks.items[i] == tid)
			return 0;
	return vec_push(&t->tasks, tid) < 0 ? diag_oom(t->diags) : 0;
}

static void remove_task(struct tracer *t, pid_t tid)
{
	for (size_t i = 0; i < t->tasks.count; i++)
		if (t->tasks.items[i] == tid)
			t->tasks.items[i--] = t->tasks.items[--t->tasks.count];
}

static int message_of(pid_t tid, pid_t *ret_pid)
{
	unsigned long message = 0;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) < 0)
		return -errno;
	*ret_pid = (pid_t)message;
	return 0;
}

static bool stops_a_process(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Let a stopped task go on, as it would have without us. That it may be gone by now does not matter: then it is waited for again. */
static int on_stop(struct tracer *t, pid_t tid, int status)
{
	int signal = WSTOPSIG(status), r = add_task(t, tid);
	long request = PTRACE_CONT;
	pid_t other = 0;

	switch (status >> 16) {
	case 0: /* a signal is about to be delivered */
		break;
	case PTRACE_EVENT_SECCOMP:
		on_call(t, tid);
		signal = 0;
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (!r && !message_of(tid, &other))
			r = add_task(t, other);
		signal = 0;
		break;
	case PTRACE_EVENT_EXEC: /* a thread that executes takes its leader's number */
		if (!message_of(tid, &other) && other != tid)
			remove_task(t, other);
		signal = 0;
		break;
	default: /* PTRACE_EVENT_STOP: a new task, or the whole process stands still until SIGCONT */
		request = stops_a_process(signal) ? PTRACE_LISTEN : PTRACE_CONT;
		signal = 0;
		break;
	}
	ptrace(request, tid, NULL, (void *)(long)signal);
	return r;
}

static int on_status(struct tracer *t, pid_t tid, int status)
{
	if (WIFSTOPPED(status))
		return on_stop(t, tid, status);
	remove_task(t, tid);
	if (tid == t->session.family.command && !t->session.family.command_ended) {
		t->session.family.command_ended = true;
		t->session.family.status = status;
	}
	return 0;
}

static bool is_foreign(const struct family *family, pid_t pid)
{
	for (size_t i = 0; i < family->foreign.count; i++)
		if (family->foreign.items[i] == pid)
			return true;
	return false;
}

/* A child of the caller's has ended and would be found again and again: ask for each of ours by number. */
static pid_t next_by_number(struct tracer *t, int *ret_status)
{
	for (size_t i = 0; i < t->tasks.count; i++)
		if (waitpid(t->tasks.items[i], ret_status, WNOHANG | __WALL) > 0)
			return t->tasks.items[i];
	return 0;
}

/* A task with news; 0: none has any; -1: there is none left. */
static pid_t next_task(struct tracer *t, int *ret_status)
{
	const struct family *family = &t->session.family;
	siginfo_t info = { 0 };

	if (!family->foreign.count)
		return waitpid(-1, ret_status, WNOHANG | __WALL);
	if (!t->tasks.count)
		return -1;
	if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0 || !info.si_pid)
		return 0;
	if (is_foreign(family, info.si_pid))
		return next_by_number(t, ret_status);
	return waitpid(info.si_pid, ret_status, WNOHANG | __WALL);
}

/* ---- All tasks ---- */

static void sleep_until_news(struct tracer *t)
{
	struct pollfd fd = { .fd = t->host.signals, .events = POLLIN };
	int timeout = session_poll_timeout(&t->session);

	(void)poll(&fd, 1, timeout < 0 ? NAP : MIN(timeout, NAP));
	session_signals(&t->session, t->host.signals);
}

static int loop(struct tracer *t)
{
	int r = 0, status;

	for (unsigned busy = 0; !r;) {
		pid_t tid = next_task(t, &status);

		if (tid < 0)
			break;
		if (tid > 0)
			r = on_status(t, tid, status);
		else
			sleep_until_news(t);
		if (tid > 0 && ++busy % LOOK_AT_SIGNALS == 0)
			session_signals(&t->session, t->host.signals);
		if (session_tick_due(&t->session, session_clock()))
			session_tick(&t->session);
	}
	return r;
}

/* Whatever went wrong, nothing may be left standing still. */
static void abandon(struct tracer *t)
{
	int status;

	family_signal(&t->session.family, SIGKILL);
	for (size_t i = 0; i < t->tasks.count; i++)
		waitpid(t->tasks.items[i], &status, __WALL);
	family_reap_last(&t->session.family);
}

static int record(struct tracer *t)
{
	int r = launch_start_traced(&t->launch, t->setup, &t->host, seize, t->diags);

	if (r < 0)
		return r;
	t->session.family.command = t->launch.pid;
	session_start(&t->session);
	r = add_task(t, t->launch.pid);
	if (!r)
		r = loop(t);
	if (r < 0) {
		abandon(t);
		return r;
	}
	family_reap_last(&t->session.family);
	return launch_result(&t->launch, t->setup, t->diags);
}

static void tracer_done(struct tracer *t)
{
	launch_done(&t->launch);
	family_done(&t->session.family);
	host_leave(&t->host);
	setuid_done(&t->setuid);
	vec_done(&t->tasks);
}

static int run(const struct record_setup *setup, bool registers, struct callgate_trace *trace, struct callgate_record_result *ret_result,
	       struct callgate_diags *diags)
{
	struct callgate_insn filter[RECORD_PTRACE_INSNS_MAX];
	struct record_setup traced = *setup;
	_cleanup_(tracer_done) struct tracer t = {
		.setup = &traced,
		.diags = diags,
		.session = { .options = setup->options, .trace = trace },
		.host = { .signals = -1 },
		.launch = { .listener = -1 },
		.registers = registers,
		.clone_id = arch_syscall_id("clone"),
		.clone3_id = arch_syscall_id("clone3"),
	};
	int r;

	if (setup->decide)
		return diag_error(diags, -ENOSYS, "record-trial", DIAG_NOWHERE,
				  "the ptrace recorder only watches: it cannot answer calls as a profile would; a trial run needs the recorder \"notify\"");
	r = ptrace_probe(diags);
	if (!r)
		r = family_init(&t.session.family, diags);
	if (!r)
		r = host_enter(&t.host, diags);
	if (r < 0)
		return r;
	traced.filter = filter;
	traced.filter_count = record_ptrace_filter(filter);
	setuid_init(&t.setuid);
	if (!setup->options->keep_privileges)
		setuid_check_command(&t.setuid, setup->path, diags);
	r = record(&t);
	if (r < 0)
		return r;
	return session_finish(&t.session, "ptrace", ret_result, diags);
}

static int run_best(const struct record_setup *setup, struct callgate_trace *trace, struct callgate_record_result *ret_result,
		    struct callgate_diags *diags)
{
	return run(setup, !record_ptrace_has_info(), trace, ret_result, diags);
}

static int run_registers(const struct record_setup *setup, struct callgate_trace *trace, struct callgate_record_result *ret_result,
			 struct callgate_diags *diags)
{
	return run(setup, true, trace, ret_result, diags);
}

const struct record_backend record_ptrace = {
	.name = "ptrace",
	.help = "ptrace and a filter: no privileges, every call, older kernels; twice as slow as notify",
	.probe = ptrace_probe,
	.run = run_best,
};

/* As on a kernel before 5.3; for the tests. */
const struct record_backend record_ptrace_registers = {
	.name = "ptrace",
	.help = "as ptrace, by registers alone",
	.probe = ptrace_probe,
	.run = run_registers,
};
