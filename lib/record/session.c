/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording as a whole: counting, progress, and how it ends. Rules for signals:
 *
 *  - what a terminal sends (Ctrl-C, hang-up) reaches the command by itself; what a process sends to us is passed on to it;
 *  - in any case the recorder goes on until the last recorded process has ended, for each of their calls waits for it;
 *  - a second signal within two seconds means it: all recorded processes get SIGTERM, and two seconds later SIGKILL. (One press
 *    of Ctrl-C now and then is daily bread for an interactive program and must not end it.) Once the command itself has ended,
 *    one is enough: what is left has most likely detached from the terminal;
 *  - what was running before is left alone: then a signal to us only ends the recording.
 */
#include "record/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define PROGRESS_EVERY (SECOND / 4)
#define GRACE (2 * SECOND)        /* from SIGTERM to SIGKILL */
#define KILL_EVERY (SECOND / 20)  /* as processes may fork while we look for them */
#define SIGNAL_TWICE (2 * SECOND)

uint64_t session_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* When session_tick has something to do next. */
static void plan(struct session *s)
{
	uint64_t next = UINT64_MAX;

	if (s->options->progress)
		next = s->next_progress;
	if (s->phase == SESSION_RUNNING && !s->stopped && s->options->until_seconds > 0)
		next = MIN(next, s->started + (uint64_t)(s->options->until_seconds * (double)SECOND));
	if (s->phase != SESSION_RUNNING)
		next = MIN(next, s->kill_at);
	s->next_tick = next;
}

void session_start(struct session *s)
{
	s->started = s->last_new = session_clock();
	s->next_progress = s->started + PROGRESS_EVERY;
	plan(s);
}

int session_observe(struct session *s, struct callgate_observation *o)
{
	size_t before = s->trace->entries.count;
	int r;

	o->first = o->last = wall_clock();
	o->count = 1;
	s->calls++;
	r = trace_add(s->trace, o);
	if (r < 0) {
		s->lost++;
		return 0;
	}
	if (r > 0) {
		s->distinct++;
		s->last_new = session_clock();
	}
	return s->trace->entries.count > before;
}

void session_counted(struct session *s, uint64_t calls, size_t distinct, uint64_t lost)
{
	if (distinct > s->distinct)
		s->last_new = session_clock();
	s->calls = calls;
	s->distinct = distinct;
	s->lost = lost;
}

void session_note_who(struct session *s, const char *comm)
{
	struct trace_entry *newest = &s->trace->entries.items[s->trace->entries.count - 1];

	/* without memory for it the name is missing, which is no loss of evidence */
	(void)strpool_add(&s->trace->strings, comm, strlen(comm), &newest->who);
}

bool session_read_comm(pid_t tid, char comm[static 32])
{
	char path[32];
	_cleanup_(close_fd) int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, comm, 31);
	if (size <= 1)
		return false;
	comm[size - (comm[size - 1] == '\n')] = '\0';
	return true;
}

static void terminate(struct session *s)
{
	if (s->phase != SESSION_RUNNING || s->target)
		return;
	s->phase = SESSION_TERMINATING;
	s->kill_at = session_clock() + GRACE;
	family_signal(&s->family, SIGTERM);
}

static void stop(struct session *s)
{
	s->stopped = true;
	terminate(s);
}

void session_signals(struct session *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		uint64_t now = session_clock();

		if (info.ssi_signo == SIGCHLD)
			continue;
		if (s->target) {
			stop(s);
			continue;
		}
		if (s->family.command_ended || (s->last_signal && now - s->last_signal <= SIGNAL_TWICE))
			terminate(s);
		/* SI_USER, SI_QUEUE, SI_TKILL: sent by a process, to us alone */
		else if (info.ssi_code <= 0)
			family_signal_command(&s->family, (int)info.ssi_signo);
		s->last_signal = now;
	}
	plan(s);
}

static int report(struct session *s)
{
	uint64_t now = session_clock();
	struct callgate_record_progress progress = {
		.calls = s->calls,
		.distinct = s->distinct,
		.lost = s->lost,
		.seconds = (double)(now - s->started) / (double)SECOND,
		.since_new = (double)(now - s->last_new) / (double)SECOND,
	};

	return s->options->progress ? s->options->progress(s->options->user, &progress) : 0;
}

void session_tick(struct session *s)
{
	uint64_t now = session_clock();
	double elapsed = (double)(now - s->started) / (double)SECOND;

	if (s->options->progress && now >= s->next_progress) {
		s->next_progress = now + PROGRESS_EVERY;
		if (report(s))
			stop(s);
	}
	if (s->options->until_seconds > 0 && elapsed >= s->options->until_seconds && s->phase == SESSION_RUNNING)
		stop(s);
	if (s->phase != SESSION_RUNNING && now >= s->kill_at) {
		s->phase = SESSION_KILLING;
		s->kill_at = now + KILL_EVERY;
		family_signal(&s->family, SIGKILL);
	}
	plan(s);
}

int session_poll_timeout(const struct session *s)
{
	uint64_t now = session_clock();

	if (s->next_tick == UINT64_MAX)
		return -1;
	if (s->next_tick <= now)
		return 0;
	/* Rounded up, as waking too early would spin. */
	return (int)MIN((s->next_tick - now) / 1000000 + 1, UINT64_C(60000));
}

/* The command's words, and where it ran. */
static void describe(struct session *s, const char *recorder)
{
	_cleanup_(buf_done) struct buf command = { 0 };
	struct utsname name;

	if (s->target)
		buf_puts(&command, s->target);
	for (const char *const *word = s->options->argv; !s->target && *word; word++) {
		if (command.size)
			buf_puts(&command, " ");
		buf_puts(&command, *word);
	}
	if (!command.error && command.text)
		(void)strpool_add(&s->trace->strings, command.text, command.size, &s->trace->command);
	(void)strpool_add(&s->trace->strings, recorder, strlen(recorder), &s->trace->recorder);
	if (uname(&name) == 0)
		(void)strpool_add(&s->trace->strings, name.release, strlen(name.release), &s->trace->kernel);
}

int session_finish(struct session *s, const char *recorder, struct callgate_record_result *ret_result, struct callgate_diags *diags)
{
	describe(s, recorder);
	s->trace->lost = s->lost;
	(void)report(s); /* there is nothing left to stop */
	if (trace_normalise(s->trace) < 0)
		return diag_oom(diags);
	*ret_result = (struct callgate_record_result){
		.status = s->family.status,
		.stopped = s->stopped,
		.calls = s->calls,
		.lost = s->lost,
	};
	return 0;
}
