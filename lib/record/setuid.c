/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice about files that would raise privileges when executed: under no_new_privs they do not, so that the recorded
 * program may fail where it would not in real life, and the trace then lacks what comes after. What is read of another process
 * can change before the kernel reads it; nothing depends on it but a warning.
 */
#include "record/session.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "arch/arch.h"

#define TOLD_MAX 16

/* What the file would give to a task of these ids; NULL for nothing. */
static const char *raises(const struct stat *st, bool has_caps, uid_t uid, gid_t gid)
{
	if (!S_ISREG(st->st_mode))
		return NULL;
	if (st->st_mode & S_ISUID && st->st_uid != uid)
		return "setuid";
	if (st->st_mode & S_ISGID && st->st_mode & S_IXGRP && st->st_gid != gid)
		return "setgid";
	return has_caps && uid != 0 ? "marked with file capabilities" : NULL;
}

static void warn(struct setuid *setuid, const char *path, const char *what, struct callgate_diags *diags)
{
	char *copy;

	for (size_t i = 0; i < setuid->told.count; i++)
		if (!strcmp(setuid->told.items[i], path))
			return;
	if (setuid->told.count >= TOLD_MAX)
		return;
	copy = strdup(path);
	if (!copy || vec_push(&setuid->told, copy) < 0)
		free(copy);
	diag_warning(diags, "record-setuid", DIAG_NOWHERE,
		     "%s is %s, but recorded programs run with no_new_privs: it ran without those privileges, so that the trace may "
		     "lack what it does with them. To record it with its privileges run the recorder as root with --keep-privileges",
		     path, what);
}

void setuid_check_command(struct setuid *setuid, const char *path, struct callgate_diags *diags)
{
	const char *what;
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	what = raises(&st, getxattr(path, "security.capability", NULL, 0) > 0, geteuid(), getegid());
	if (what)
		warn(setuid, path, what, diags);
}

/* A NUL-terminated path from another process, read page by page as the next one may not be there. */
static bool read_path(pid_t pid, uint64_t address, char *path, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), have = 0;

	while (have < size) {
		uint64_t at = address + have;
		size_t want = MIN(page - at % page, size - have);
		struct iovec local = { path + have, want };
		struct iovec remote = { (void *)(uintptr_t)at, want };

		if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)want)
			return false;
		if (memchr(path + have, '\0', want))
			return true;
		have += want;
	}
	return false;
}

/* Where we find what `path` names for the task. False when it does not fit. */
static bool path_through_proc(pid_t pid, int dirfd, const char *path, char *ret, size_t size)
{
	int n;

	if (path[0] == '/')
		n = snprintf(ret, size, "/proc/%d/root%s", pid, path);
	else if (dirfd == AT_FDCWD)
		n = snprintf(ret, size, "/proc/%d/cwd/%s", pid, path);
	else if (path[0])
		n = snprintf(ret, size, "/proc/%d/fd/%d/%s", pid, dirfd, path);
	else
		n = snprintf(ret, size, "/proc/%d/fd/%d", pid, dirfd); /* AT_EMPTY_PATH */
	return n > 0 && (size_t)n < size;
}

/* A task is about to execute the file whose name is at `address` in its memory. */
static void check_exec(struct setuid *setuid, pid_t pid, int dirfd, uint64_t address, struct callgate_diags *diags)
{
	char path[PATH_MAX], seen[PATH_MAX + 64], proc[32];
	struct stat st, task;
	const char *what;

	if (!diags || !read_path(pid, address, path, sizeof(path)) || !path_through_proc(pid, dirfd, path, seen, sizeof(seen)))
		return;
	snprintf(proc, sizeof(proc), "/proc/%d", pid);
	/* /proc/PID belongs to the effective ids of the task */
	if (stat(seen, &st) < 0 || stat(proc, &task) < 0)
		return;
	what = raises(&st, getxattr(seen, "security.capability", NULL, 0) > 0, task.st_uid, task.st_gid);
	if (what)
		warn(setuid, *path ? path : "a program", what, diags);
}

void setuid_init(struct setuid *setuid)
{
	int execve_id = arch_syscall_id("execve"), execveat_id = arch_syscall_id("execveat");

	*setuid = (struct setuid){ 0 };
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		setuid->execve_nr[abi] = execve_id < 0 ? -1 : arch_syscall_nr((enum callgate_abi)abi, execve_id);
		setuid->execveat_nr[abi] = execveat_id < 0 ? -1 : arch_syscall_nr((enum callgate_abi)abi, execveat_id);
	}
}

void setuid_check_call(struct setuid *setuid, pid_t pid, enum callgate_abi abi, uint32_t nr, const uint64_t args[6],
		       struct callgate_diags *diags)
{
	if (nr == setuid->execve_nr[abi])
		check_exec(setuid, pid, AT_FDCWD, args[0], diags);
	else if (nr == setuid->execveat_nr[abi])
		check_exec(setuid, pid, (int)args[0], args[1], diags);
}

void setuid_done(struct setuid *setuid)
{
	for (size_t i = 0; i < setuid->told.count; i++)
		free(setuid->told.items[i]);
	vec_done(&setuid->told);
}
