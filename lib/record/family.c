/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorded processes. Because we are the subreaper of our descendants, the recorded ones are always below us: the
 * command, or an orphan that has come back to us. No process can leave that tree, so that "we have no child left" means "nothing
 * that we record is left", without a race. Children that the caller had before are left alone.
 */
#include "record/session.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
	pid_t pid, parent;
	bool ours;
};
struct processes {
	VEC(struct process) list; /* ascending by pid, as /proc lists them */
};

static void processes_done(struct processes *p)
{
	vec_done(&p->list);
}

/* Parent of a process, or -1 when it is gone. Its name, in brackets, may hold brackets and blanks. */
static pid_t read_parent(const char *pid)
{
	char path[64], text[512], *at;
	_cleanup_(close_fd) int fd = -1;
	ssize_t size;
	int parent;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size = read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return -1;
	text[size] = '\0';
	at = strrchr(text, ')');
	return at && sscanf(at, ") %*c %d", &parent) == 1 ? parent : -1;
}

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* A snapshot; processes may come and go meanwhile. */
static int scan(struct processes *p)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!proc)
		return -errno;
	while (!r && (entry = readdir(proc))) {
		struct process process = { 0 };

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process.pid = atoi(entry->d_name);
		process.parent = read_parent(entry->d_name);
		if (process.parent >= 0)
			r = vec_push(&p->list, process);
	}
	closedir(proc);
	if (!r && p->list.count)
		qsort(p->list.items, p->list.count, sizeof(*p->list.items), compare_processes);
	return r;
}

static bool is_foreign(const struct family *family, pid_t pid)
{
	for (size_t i = 0; i < family->foreign.count; i++)
		if (family->foreign.items[i] == pid)
			return true;
	return false;
}

static bool parent_is_ours(const struct processes *p, pid_t parent)
{
	struct process key = { .pid = parent };
	const struct process *found = bsearch(&key, p->list.items, p->list.count, sizeof(key), compare_processes);

	return found && found->ours;
}

/* Mark what descends from those that are marked, but for ourselves. */
static void mark_below(struct processes *p)
{
	pid_t self = getpid();
	bool changed = true;

	/* One pass for each generation; where numbers have not wrapped around, one in all. */
	while (changed) {
		changed = false;
		for (size_t i = 0; i < p->list.count; i++) {
			struct process *process = &p->list.items[i];

			if (!process->ours && process->pid != self && parent_is_ours(p, process->parent))
				process->ours = changed = true;
		}
	}
}

/* Mark what descends from us, without the foreign children and what descends from them. */
static void mark(const struct family *family, struct processes *p)
{
	pid_t self = getpid();

	for (size_t i = 0; i < p->list.count; i++) {
		struct process *process = &p->list.items[i];

		process->ours = process->parent == self && !is_foreign(family, process->pid);
	}
	mark_below(p);
}

/* One look at all processes: 1 when something was new. */
static int visit_once(pid_t root, int (*visit)(void *user, pid_t pid), void *user)
{
	_cleanup_(processes_done) struct processes all = { 0 };
	int r = scan(&all), any = 0;

	for (size_t i = 0; i < all.list.count; i++)
		all.list.items[i].ours = all.list.items[i].pid == root;
	mark_below(&all);
	for (size_t i = 0; r >= 0 && i < all.list.count; i++)
		if (all.list.items[i].ours) {
			r = visit(user, all.list.items[i].pid);
			any |= r > 0;
		}
	return r < 0 ? r : any;
}

int family_visit(pid_t root, int (*visit)(void *user, pid_t pid), void *user)
{
	int r;

	do
		r = visit_once(root, visit, user);
	while (r > 0);
	return r;
}

int family_init(struct family *family, struct callgate_diags *diags)
{
	_cleanup_(processes_done) struct processes all = { 0 };
	siginfo_t info;
	pid_t self = getpid();
	int r;

	*family = (struct family){ 0 };
	/* The common case, and the cheap one: no children at all. */
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
		return 0;
	r = scan(&all);
	if (r < 0 && r != -ENOMEM)
		return diag_error(diags, r, "record-start", DIAG_NOWHERE, "the processes in /proc cannot be listed: %s",
				  strerrordesc_np(-r));
	for (size_t i = 0; !r && i < all.list.count; i++)
		if (all.list.items[i].parent == self)
			r = vec_push(&family->foreign, all.list.items[i].pid);
	return r < 0 ? diag_oom(diags) : 0;
}

void family_done(struct family *family)
{
	vec_done(&family->foreign);
}

static void note_end(struct family *family, pid_t pid, int status)
{
	if (pid != family->command)
		return;
	family->command_ended = true;
	family->status = status;
}

/* The caller has children of its own: ask for each of ours by number. True when none of ours is left that could be seen. */
static bool reap_by_number(struct family *family)
{
	_cleanup_(processes_done) struct processes all = { 0 };
	bool none = true;
	int status;

	if (scan(&all) < 0)
		return false;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct process *process = &all.list.items[i];

		if (process->parent != getpid() || is_foreign(family, process->pid))
			continue;
		if (waitpid(process->pid, &status, WNOHANG | __WALL) > 0)
			note_end(family, process->pid, status);
		else
			none = false;
	}
	return none;
}

static bool reap_any(struct family *family)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		note_end(family, pid, status);
	return pid < 0 && errno == ECHILD;
}

bool family_reap(struct family *family)
{
	if (!family->foreign.count)
		return reap_any(family);
	/* A list of processes is no proof: a new one can have been missed. */
	reap_by_number(family);
	return false;
}

void family_reap_last(struct family *family)
{
	if (!family->command_ended && waitpid(family->command, &family->status, __WALL) == family->command)
		family->command_ended = true;
	for (int tries = 0; tries < 100; tries++) {
		if (family->foreign.count ? reap_by_number(family) : reap_any(family))
			break;
		usleep(1000);
	}
}

void family_signal(const struct family *family, int signal)
{
	_cleanup_(processes_done) struct processes all = { 0 };

	if (scan(&all) < 0 || !all.list.count) {
		/* without /proc only the command is known */
		if (!family->command_ended)
			kill(family->command, signal);
		return;
	}
	mark(family, &all);
	for (size_t i = 0; i < all.list.count; i++)
		if (all.list.items[i].ours)
			kill(all.list.items[i].pid, signal);
}

void family_signal_command(const struct family *family, int signal)
{
	if (family->command_ended)
		family_signal(family, signal);
	else
		kill(family->command, signal);
}
