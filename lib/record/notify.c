/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording by user notification: the filter sends every call to us, and we let it go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE). It needs
 * no privilege, follows every fork, clone and exec, sees every ABI and every number, and loses nothing by construction: a call
 * waits until it has been counted.
 *
 * What a notification is: the call was made and passed to the kernel's code. One exception: before Linux 5.19 (and in a rare race
 * up to 6.16) a signal that interrupts a waiting call makes the kernel start it, and notify it, again, so that a count may
 * be one too high for such a signal; it is never too low. And a limit: a waiting call that nobody has picked up yet is interrupted
 * by a signal like a sleeping one, so that with a handler installed without SA_RESTART any call may fail with EINTR, run or
 * not, and is then not counted, as it did not happen.
 *
 * Should the recorder be killed, the command is killed with it, and the calls of its descendants fail with ENOSYS: closed,
 * not open.
 */
#include "record/session.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch/arch.h"

/* Newer than the headers of the distributions we build on. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define FAILURES_MAX 16 /* in a row, then receiving is given up */

struct notify {
	const struct record_setup *setup;
	struct callgate_diags *diags;
	struct session session;
	struct host host;
	struct launch launch;
	struct setuid setuid;
	bool launch_decided;     /* the first notification has been seen */
	bool ended;
	unsigned failures;
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	size_t request_size, response_size; /* the kernel's, which may be larger than what we know */
};

/* ---- What the kernel has ---- */

static bool flags_exist(unsigned long flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static bool kernel_at_least(unsigned major, unsigned minor)
{
	unsigned have_major = 0, have_minor = 0;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%3u.%3u", &have_major, &have_minor) != 2)
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}

static int notify_probe(struct callgate_diags *diags)
{
	static const char needs[] =
		"recording by user notification needs Linux 5.5 or newer with CONFIG_SECCOMP_FILTER "
		"(SECCOMP_USER_NOTIF_FLAG_CONTINUE)";
	uint32_t action = SECCOMP_RET_USER_NOTIF;
	struct utsname name = { .release = "unknown" };

	(void)uname(&name);
	if (!kernel_at_least(5, 5))
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE, "this kernel is %s; %s", name.release, needs);
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 || !flags_exist(SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "this kernel (%s), or a filter around this process, offers no user notification; %s", name.release, needs);
	return 0;
}

static int allocate(struct notify *n)
{
	struct seccomp_notif_sizes sizes = { 0 };

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return diag_error(n->diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "the kernel does not tell the sizes of its notifications: %s", strerrordesc_np(errno));
	n->request_size = MAX(sizes.seccomp_notif, sizeof(*n->request));
	n->response_size = MAX(sizes.seccomp_notif_resp, sizeof(*n->response));
	n->request = calloc(1, n->request_size);
	n->response = calloc(1, n->response_size);
	return n->request && n->response ? 0 : diag_oom(n->diags);
}

/* Before Linux 5.9 a listener does not hang up, and the only proof of the end is to have no child left. */
static int check_end_is_seen(struct notify *n)
{
	if (!n->session.family.foreign.count || kernel_at_least(5, 9))
		return 0;
	return diag_error(n->diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
			  "before Linux 5.9 the end of a recording cannot be seen by a process that has other children");
}

/* ---- One call ---- */

/* Is this the execve with which our own child becomes the command? Only its very first call can be. */
static bool is_launch(struct notify *n)
{
	const struct seccomp_data *data = &n->request->data;

	if (n->launch_decided)
		return false;
	n->launch_decided = true;
	if ((pid_t)n->request->pid != n->launch.pid || data->nr != SYS_execve)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(n->launch.args); i++)
		if (data->args[i] != n->launch.args[i])
			return false;
	return true;
}

static bool request_valid(struct notify *n)
{
	return ioctl(n->launch.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->request->id) == 0;
}

/* The task waits for us, so that its number cannot be another's as long as the request is valid. */
static void note_who(struct notify *n)
{
	char comm[32];

	if (session_read_comm((pid_t)n->request->pid, comm) && request_valid(n))
		session_note_who(&n->session, comm);
}

static void observe(struct notify *n, bool launch)
{
	const struct seccomp_data *data = &n->request->data;
	struct callgate_observation o = {
		.nr = (uint32_t)data->nr,
		.evidence = n->setup->decide ? CALLGATE_EVIDENCE_DENIED : CALLGATE_EVIDENCE_RECORDED,
		.launch = launch,
	};
	int abi = arch_abi_of(data->arch, (uint32_t)data->nr);
	uint64_t args[6];

	if (abi < 0) {
		/* An architecture that no table knows cannot stand in a trace. */
		n->session.calls++;
		n->session.lost++;
		return;
	}
	o.abi = (enum callgate_abi)abi;
	memcpy(args, data->args, sizeof(args));
	o.args_known = trace_args_worth(o.abi, o.nr, args, o.args);
	/* Before the launch the child still bears our name. */
	if (session_observe(&n->session, &o) && !launch)
		note_who(n);
	if (!launch && !n->setup->options->keep_privileges)
		setuid_check_call(&n->setuid, (pid_t)n->request->pid, o.abi, o.nr, args, n->diags);
}

/* The answer for the call in n->request: an errno, or 0 to let it go on. */
static int judge(struct notify *n)
{
	const struct seccomp_data *data = &n->request->data;
	bool launch = is_launch(n);
	struct callgate_call call;

	/* A child that could not execute the command only ends. In a trial the launch is not the program's doing. */
	if (launch_failed(&n->launch) || (launch && n->setup->decide))
		return 0;
	observe(n, launch);
	if (!n->setup->decide)
		return 0;
	call = (struct callgate_call){ .nr = (uint32_t)data->nr, .arch = data->arch, .ip = data->instruction_pointer };
	memcpy(call.args, data->args, sizeof(call.args));
	return n->setup->decide(n->setup->decide_user, &call);
}

/* 0, or a failure that does not go away by itself. */
static int fail(struct notify *n, const char *what)
{
	int error = errno;

	/* EINTR: ours. ENOENT: the task has died or was interrupted. */
	if (error == EINTR || error == ENOENT)
		return 0;
	n->session.lost++;
	if (++n->failures < FAILURES_MAX)
		return 0;
	return diag_error(n->diags, -error, "record-io", DIAG_NOWHERE, "notifications cannot be %s any more: %s", what, strerrordesc_np(error));
}

static int answer_one(struct notify *n)
{
	int error;

	memset(n->request, 0, n->request_size);
	if (ioctl(n->launch.listener, SECCOMP_IOCTL_NOTIF_RECV, n->request) < 0)
		return fail(n, "received");
	error = judge(n);
	*n->response = (struct seccomp_notif_resp){
		.id = n->request->id,
		.error = -error,
		.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
	if (ioctl(n->launch.listener, SECCOMP_IOCTL_NOTIF_SEND, n->response) < 0)
		return fail(n, "answered");
	n->failures = 0;
	return 0;
}

/* ---- All calls ---- */

static void handle_signals(struct notify *n)
{
	session_signals(&n->session, n->host.signals);
	/* Also the only way to learn of the end before Linux 5.9, whose listeners do not hang up. */
	if (family_reap(&n->session.family))
		n->ended = true;
}

static int loop(struct notify *n)
{
	struct pollfd fds[] = {
		{ .fd = n->launch.listener, .events = POLLIN },
		{ .fd = n->host.signals, .events = POLLIN },
	};
	int r = 0;

	while (!n->ended && !r) {
		if (poll(fds, ARRAY_SIZE(fds), session_poll_timeout(&n->session)) < 0) {
			r = errno == EINTR ? 0 : diag_error(n->diags, -errno, "record-io", DIAG_NOWHERE, "poll: %s", strerrordesc_np(errno));
			continue;
		}
		if (fds[0].revents & POLLIN)
			r = answer_one(n);
		else if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			n->ended = true; /* no task is under the filter any more */
		if (fds[1].revents & POLLIN)
			handle_signals(n);
		if (session_tick_due(&n->session, session_clock()))
			session_tick(&n->session);
	}
	return r;
}

/* Whatever went wrong, no process may be left waiting for an answer that never comes. */
static void abandon(struct notify *n)
{
	family_signal(&n->session.family, SIGKILL);
	close_fd(&n->launch.listener);
	family_reap_last(&n->session.family);
}

/* Wake the recorder on the task's CPU, and the task on ours: they take turns anyway. Only faster, so a refusal does not matter. */
static void wake_in_turns(int listener)
{
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static int record(struct notify *n)
{
	bool wait_killable = flags_exist(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	int r = launch_start(&n->launch, n->setup, &n->host, wait_killable, n->diags);

	if (r < 0)
		return r;
	n->session.family.command = n->launch.pid;
	wake_in_turns(n->launch.listener);
	session_start(&n->session);
	r = loop(n);
	if (r < 0) {
		abandon(n);
		return r;
	}
	family_reap_last(&n->session.family);
	return launch_result(&n->launch, n->setup, n->diags);
}

static void notify_done(struct notify *n)
{
	launch_done(&n->launch);
	family_done(&n->session.family);
	host_leave(&n->host);
	setuid_done(&n->setuid);
	free(n->request);
	free(n->response);
}

static int notify_run(const struct record_setup *setup, struct callgate_trace *trace, struct callgate_record_result *ret_result,
		      struct callgate_diags *diags)
{
	_cleanup_(notify_done) struct notify n = {
		.setup = setup,
		.diags = diags,
		.session = { .options = setup->options, .trace = trace },
		.host = { .signals = -1 },
		.launch = { .listener = -1 },
	};
	int r = notify_probe(diags);

	if (!r)
		r = allocate(&n);
	if (!r)
		r = family_init(&n.session.family, diags);
	if (!r)
		r = check_end_is_seen(&n);
	if (!r)
		r = host_enter(&n.host, diags);
	if (r < 0)
		return r;
	setuid_init(&n.setuid);
	if (!setup->options->keep_privileges)
		setuid_check_command(&n.setuid, setup->path, diags);
	r = record(&n);
	if (r < 0)
		return r;
	return session_finish(&n.session, "notify", ret_result, diags);
}

const struct record_backend record_notify = {
	.name = "notify",
	.help = "user notification: no privileges, every call, nothing lost; slows system calls down",
	.answers = true,
	.probe = notify_probe,
	.run = notify_run,
};
