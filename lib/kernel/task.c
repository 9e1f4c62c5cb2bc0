/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a task. Lines that a kernel does not write leave their field at "unknown"; nothing is guessed. */
#include "kernel/task.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h; field 9 of /proc/PID/stat */

static int read_file(pid_t tid, const char *name, char *text, size_t size)
{
	_cleanup_(close_fd) int fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && !access("/proc/self/status", F_OK) ? -ESRCH : -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

/* The value behind "\nNAME:\t", or NULL. The name of the program cannot fake a line: the kernel writes its newlines as \n. */
static const char *field(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, size) && line[size] == ':')
			return line + size + 1 + strspn(line + size + 1, " \t");
	}
	return NULL;
}

static long number(const char *text, const char *name)
{
	const char *value = field(text, name);

	return value ? strtol(value, NULL, 10) : -1;
}

/* The flags stand behind the last parenthesis, since a program may call itself ") S 1". */
static bool is_kernel_thread(const char *stat)
{
	const char *end = strrchr(stat, ')');
	unsigned flags;

	return end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && flags & PF_KTHREAD;
}

/* 15 bytes of any kind, in a form that can be shown. */
static int read_comm(pid_t tid, char *ret, size_t size)
{
	_cleanup_free_ char *shown = NULL;
	char text[32];
	int r = read_file(tid, "comm", text, sizeof(text));

	if (r)
		return r;
	shown = escape_text(text, strcspn(text, "\n"));
	if (!shown)
		return -ENOMEM;
	snprintf(ret, size, "%s", shown);
	return 0;
}

int kernel_task_read(pid_t tid, struct kernel_task *ret)
{
	char text[8192];
	const char *state;
	int r = read_comm(tid, ret->comm, sizeof(ret->comm));

	if (r)
		return r;
	r = read_file(tid, "stat", text, sizeof(text));
	if (r)
		return r;
	ret->kernel_thread = is_kernel_thread(text);
	r = read_file(tid, "status", text, sizeof(text));
	if (r)
		return r;
	state = field(text, "State");
	ret->state = state ? *state : '?';
	ret->tgid = (pid_t)number(text, "Tgid");
	ret->tracer = (pid_t)MAX(number(text, "TracerPid"), 0);
	ret->seccomp = (int)number(text, "Seccomp");
	ret->filters = number(text, "Seccomp_filters");
	return 0;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

int kernel_task_siblings(pid_t tgid, pid_t tid, struct kernel_sibling **ret, size_t *ret_count)
{
	_cleanup_(close_folder) DIR *folder = NULL;
	VEC(struct kernel_sibling) found = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)tgid);
	folder = opendir(path);
	if (!folder)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(folder));) {
		struct kernel_sibling sibling = { .tid = (pid_t)atoi(entry->d_name) };

		/* a thread that has ended in the meantime is none */
		if (sibling.tid <= 0 || sibling.tid == tid || kernel_task_read(sibling.tid, &sibling.task))
			continue;
		if (vec_push(&found, sibling)) {
			vec_done(&found);
			return -ENOMEM;
		}
	}
	*ret = found.items;
	*ret_count = found.count;
	return 0;
}
