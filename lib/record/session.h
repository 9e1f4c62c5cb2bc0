/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts that a recorder which starts the command itself is made of:
 *
 *   host    what is changed of our own process while it records, and put back
 *   launch  the command's process, from before its first call
 *   family  the recorded processes: finding, signalling and reaping them
 *   setuid  advice about programs that run without the privileges their file would give
 *   session what was seen, for how long, and when and how it ends
 *
 * None of them knows how calls are observed; that is the recorder's part (notify.c, ebpf-run.c).
 */
#ifndef CALLGATE_RECORD_SESSION_H
#define CALLGATE_RECORD_SESSION_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/trace.h"
#include "record/record.h"

/* ---- host: our own process ---- */

/*
 * While recording, SIGINT, SIGQUIT, SIGTERM, SIGHUP and SIGCHLD of the calling thread are read from a descriptor, so that no signal can
 * strike between two steps; and orphans of the command become our children (PR_SET_CHILD_SUBREAPER), so that none is
 * left behind.
 */
struct host {
	int signals;                /* signalfd, or -1 */
	sigset_t mask;              /* as it was */
	struct sigaction sigchld;   /* as it was */
	int subreaper;              /* as it was */
	bool entered;
};
int host_enter(struct host *host, struct callgate_diags *diags);
void host_leave(struct host *host); /* for _cleanup_ */
/* In the child, before anything else: signals as the caller had them. Async-signal-safe. */
void host_restore_in_child(const struct host *host);

/* ---- launch: the command's process ---- */

/* Shared with the child, which may make no call of its own once the filter is on. */
struct launch_page {
	_Atomic int listener; /* descriptor, once the filter is loaded; -1 before */
	_Atomic int stage;    /* enum launch_stage in which `error` happened */
	_Atomic int error;    /* errno; 0 as long as all is well */
	_Atomic int traced;   /* set by the recorder that traces it: the child may go on */
};
enum launch_stage { LAUNCH_PRIVILEGE, LAUNCH_FILTER, LAUNCH_CGROUP, LAUNCH_EXEC };

struct launch {
	pid_t pid;       /* 0 before it exists */
	int listener;    /* ours to close; -1 */
	struct launch_page *page;
	uint64_t args[3]; /* of its execve: path, argv, envp */
};
/* Start setup's command under its filter. On return the child is about to make its execve, its first observed call. */
int launch_start(struct launch *launch, const struct record_setup *setup, const struct host *host, bool wait_killable,
		 struct callgate_diags *diags);
/* Start it without a filter, in the cgroup whose cgroup.procs this is (-1: in ours). `cookie`, not 0, stands in the fourth register of
 * its execve. Returns at once. */
int launch_start_marked(struct launch *launch, const struct record_setup *setup, const struct host *host, int procs, uint64_t cookie,
			struct callgate_diags *diags);
/* The same with setup's own filter and without a listener: `attach` makes us the child's tracer before the filter is on (0 or -errno). */
int launch_start_traced(struct launch *launch, const struct record_setup *setup, const struct host *host, int (*attach)(pid_t pid),
			struct callgate_diags *diags);
void launch_done(struct launch *launch); /* for _cleanup_ */
static inline bool launch_failed(const struct launch *launch)
{
	return atomic_load_explicit(&launch->page->error, memory_order_relaxed) != 0;
}
/* 0, or why the command could not be executed: -errno, diagnosed. To be asked when the child has ended. */
int launch_result(const struct launch *launch, const struct record_setup *setup, struct callgate_diags *diags);

/* ---- family: the recorded processes ---- */

/* Our descendants are the recorded processes, but for the children we had before. */
struct family {
	pid_t command;
	bool command_ended;
	int status;         /* wait(2) status of the command, once it has ended */
	VEC(pid_t) foreign; /* children from before; not ours to reap or to signal */
};
int family_init(struct family *family, struct callgate_diags *diags); /* before the launch */
void family_done(struct family *family);                              /* for _cleanup_ */
/* Reap what has ended, without waiting. True when it is certain that no recorded process is left. */
bool family_reap(struct family *family);
/* No task is under the filter any more: take the command's status and the last zombies, which may take a moment to appear. */
void family_reap_last(struct family *family);
void family_signal(const struct family *family, int signal);
void family_signal_command(const struct family *family, int signal); /* or all, once the command itself has ended */

/* A process that is none of ours, and what descends from it, until a visit says nothing new (0) of any: new is 1. -errno ends it. */
int family_visit(pid_t root, int (*visit)(void *user, pid_t pid), void *user);

/* ---- setuid: advice ---- */

/* With no_new_privs, files that would give privileges do not. Each warning is given once per file; best effort. */
struct setuid {
	VEC(char *) told;
	int64_t execve_nr[CALLGATE_ABI_COUNT], execveat_nr[CALLGATE_ABI_COUNT];
};
void setuid_init(struct setuid *setuid);
void setuid_check_command(struct setuid *setuid, const char *path, struct callgate_diags *diags);
/* A task is about to make this call; execve(2) and execveat(2) are looked at. */
void setuid_check_call(struct setuid *setuid, pid_t pid, enum callgate_abi abi, uint32_t nr, const uint64_t args[6],
		       struct callgate_diags *diags);
void setuid_done(struct setuid *setuid); /* for _cleanup_ */

/* ---- session: what was seen, and when it ends ---- */

enum session_phase { SESSION_RUNNING, SESSION_TERMINATING, SESSION_KILLING };

struct session {
	const struct callgate_record_options *options;
	struct callgate_trace *trace;
	struct family family;
	uint64_t calls, lost;
	size_t distinct;
	uint64_t started, last_new;  /* monotonic nanoseconds */
	uint64_t next_tick, next_progress;
	uint64_t last_signal, kill_at;
	enum session_phase phase;
	bool stopped;
	const char *target;          /* what is recorded, when that is no command of ours: its processes are never signalled */
};
void session_start(struct session *session);
/* Count a call; 1 when the observation (with these arguments) is a new one. */
int session_observe(struct session *session, struct callgate_observation *observation);
/* The recorder counts by itself: how far it is. */
void session_counted(struct session *session, uint64_t calls, size_t distinct, uint64_t lost);
/* The comm of a task, for the newest observation. */
void session_note_who(struct session *session, const char *comm);
/* The comm of a task that stands still, read from /proc. False when it is gone. */
bool session_read_comm(pid_t tid, char comm[static 32]);
/* A signal was read from host.signals. */
void session_signals(struct session *session, int fd);
/* Time has passed: progress, the limit of time, harder signals. */
void session_tick(struct session *session);
static inline bool session_tick_due(const struct session *session, uint64_t now)
{
	return now >= session->next_tick;
}
int session_poll_timeout(const struct session *session); /* milliseconds, -1: none */
/* All is over: completes the trace and puts it in normal form. 0, -ENOMEM. */
int session_finish(struct session *session, const char *recorder, struct callgate_record_result *ret_result, struct callgate_diags *diags);
uint64_t session_clock(void);

#endif
