/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording by programs in the kernel that count (bpf/record.bpf.c). A call goes on at once, so that the recorded programs hardly notice;
 * what they did is read when all is over.
 *
 * What is in scope: a command of ours runs in a cgroup of its own, and what is in there, and below, counts, from its execve on, which the
 * programs know by a number that it bears. A process that goes to another cgroup is counted as a loss. Where no group can be
 * made, the tree of processes is followed, at each fork; that takes longer. What already runs is recorded by its cgroup, or as
 * a tree of processes from one on; it is never signalled.
 *
 * Another difference to user notification: the entry of a call is seen after a seccomp filter of the program's own has let it pass, and
 * calls that a filter answers are not seen.
 */
#include "record/session.h"

#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "record/cgroup.h"
#include "record/ebpf.h"

#define TICK 250                         /* milliseconds from look to look */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFC /* linux/proc_ns.h */

struct run {
	const struct record_setup *setup;
	struct callgate_diags *diags;
	struct session session;
	struct host host;
	struct launch launch;
	struct setuid setuid;
	struct cgroup own;  /* of the command */
	int target;         /* folder of the group that is recorded, -1 */
	char *target_name;
	struct ebpf *ebpf;
	bool ended;
};

/* ---- What already runs ---- */

static int name_target(struct run *run, const char *kind, const char *name)
{
	if (asprintf(&run->target_name, "(%s %s)", kind, name) < 0) {
		run->target_name = NULL;
		return diag_oom(run->diags);
	}
	run->session.target = run->target_name;
	return 0;
}

static int find_target(struct run *run)
{
	const struct callgate_record_options *o = run->setup->options;
	char number[16];

	if (o->unit)
		return cgroup_find(CGROUP_UNIT, o->unit, &run->target, run->diags) ?: name_target(run, "unit", o->unit);
	if (o->container)
		return cgroup_find(CGROUP_CONTAINER, o->container, &run->target, run->diags) ?: name_target(run, "container", o->container);
	if (o->cgroup)
		return cgroup_find(CGROUP_PATH, o->cgroup, &run->target, run->diags) ?: name_target(run, "cgroup", o->cgroup);
	snprintf(number, sizeof(number), "%d", (int)o->pid);
	return name_target(run, "process", number);
}

/* The kernel's programs see numbers of the initial namespace, and there is no way to learn them from within another. */
static bool numbers_agree(void)
{
	struct stat s;

	return stat("/proc/self/ns/pid", &s) == 0 && s.st_ino == INITIAL_PID_NAMESPACE;
}

static int follow(void *user, pid_t pid)
{
	struct run *run = user;

	return ebpf_follow(run->ebpf, pid);
}

static int follow_tree(struct run *run)
{
	pid_t pid = run->setup->options->pid;
	int r;

	if (!numbers_agree())
		return diag_error(run->diags, -ENOSYS, "record-ebpf-pid", DIAG_NOWHERE,
				  "processes cannot be followed by number from within a PID namespace; use --cgroup");
	if (pid < 0 || (kill(pid, 0) < 0 && errno == ESRCH))
		return diag_error(run->diags, -ESRCH, "record-ebpf-pid", DIAG_NOWHERE, "there is no process %d", (int)pid);
	r = family_visit(pid, follow, run);
	return r < 0 ? diag_error(run->diags, r, "record-ebpf-pid", DIAG_NOWHERE, "process %d cannot be followed: %s", (int)pid,
				  strerrordesc_np(-r)) : 0;
}

static int attach(struct run *run)
{
	struct ebpf_plan plan;
	int r = find_target(run);

	plan = (struct ebpf_plan){ .cgroup = run->target };
	if (!r)
		r = ebpf_open(&plan, &run->ebpf, run->diags);
	if (!r && run->target < 0)
		r = follow_tree(run);
	return r;
}

/* ---- A command ---- */

static int start(struct run *run)
{
	struct ebpf_plan plan = { 0 };
	int r;

	/* the number must not be guessed: who made an execve with it would be recorded instead */
	if (getrandom(&plan.cookie, sizeof(plan.cookie), 0) != sizeof(plan.cookie) || !plan.cookie)
		return diag_error(run->diags, -EIO, "record-start", DIAG_NOWHERE, "there are no random numbers");
	if (cgroup_make(&run->own) < 0)
		diag_note(run->diags, "record-ebpf-tree", DIAG_NOWHERE,
			  "no cgroup can be made for the command, so its processes are followed one by one");
	plan.cgroup = run->own.folder;
	r = ebpf_open(&plan, &run->ebpf, run->diags);
	if (!r)
		r = launch_start_marked(&run->launch, run->setup, &run->host, run->own.procs, plan.cookie, run->diags);
	run->session.family.command = run->launch.pid;
	return r;
}

/* ---- Until the end ---- */

static void look(struct run *run)
{
	uint64_t calls, lost;
	size_t distinct;

	ebpf_count(run->ebpf, &calls, &distinct, &lost);
	session_counted(&run->session, calls, distinct, lost);
}

static bool is_over(struct run *run)
{
	struct session *s = &run->session;

	if (s->target)
		return s->stopped || (run->target >= 0 ? cgroup_gone(run->target) : ebpf_nobody_left(run->ebpf));
	/* "No child is left" is a proof, but for who has other children. */
	return family_reap(&s->family) || (s->family.command_ended && s->family.foreign.count && ebpf_nobody_left(run->ebpf));
}

static int loop(struct run *run)
{
	struct pollfd fd = { .fd = run->host.signals, .events = POLLIN };

	session_start(&run->session);
	while (!is_over(run)) {
		int timeout = session_poll_timeout(&run->session);

		if (poll(&fd, 1, timeout < 0 || timeout > TICK ? TICK : timeout) < 0 && errno != EINTR)
			return diag_error(run->diags, -errno, "record-io", DIAG_NOWHERE, "poll: %s", strerrordesc_np(errno));
		if (fd.revents & POLLIN)
			session_signals(&run->session, fd.fd);
		if (session_tick_due(&run->session, session_clock())) {
			look(run);
			session_tick(&run->session);
		}
	}
	return 0;
}

static int finish(struct run *run, struct callgate_trace *trace)
{
	int r = 0;

	ebpf_detach(run->ebpf);
	look(run);
	if (!run->session.target) {
		family_reap_last(&run->session.family);
		r = launch_result(&run->launch, run->setup, run->diags);
	}
	if (!r)
		r = ebpf_harvest(run->ebpf, trace, run->diags);
	run->session.lost = trace->lost;
	return r;
}

static void run_done(struct run *run)
{
	ebpf_free(&run->ebpf);
	launch_done(&run->launch);
	family_done(&run->session.family);
	host_leave(&run->host);
	setuid_done(&run->setuid);
	cgroup_remove(&run->own);
	close_fd(&run->target);
	free(run->target_name);
}

static int ebpf_run(const struct record_setup *setup, struct callgate_trace *trace, struct callgate_record_result *ret_result,
		    struct callgate_diags *diags)
{
	_cleanup_(run_done) struct run run = {
		.setup = setup,
		.diags = diags,
		.session = { .options = setup->options, .trace = trace },
		.host = { .signals = -1 },
		.launch = { .listener = -1 },
		.own = { .folder = -1, .procs = -1 },
		.target = -1,
	};
	int r = family_init(&run.session.family, diags);

	if (!r)
		r = host_enter(&run.host, diags);
	if (!r && !record_attaches(setup->options) && !setup->options->keep_privileges)
		setuid_check_command(&run.setuid, setup->path, diags);
	if (!r)
		r = record_attaches(setup->options) ? attach(&run) : start(&run);
	if (!r)
		r = loop(&run);
	if (r < 0) {
		if (run.launch.pid) {
			family_signal(&run.session.family, SIGKILL);
			family_reap_last(&run.session.family);
		}
		return r;
	}
	r = finish(&run, trace);
	if (r < 0)
		return r;
	return session_finish(&run.session, "ebpf", ret_result, diags);
}

const struct record_backend record_ebpf = {
	.name = "ebpf",
	.help = RECORD_EBPF_HELP,
	.attaches = true,
	.probe = ebpf_probe,
	.run = ebpf_run,
};
