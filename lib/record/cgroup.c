/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups, version 2, wherever that tree is mounted: alone in /sys/fs/cgroup, or beside version 1, in /sys/fs/cgroup/unified.
 * A group that we make is locked (flock) as long as we live, so that who comes next knows which ones have been left behind by a
 * recorder that was killed.
 */
#include "record/cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "callgate-"

/* Where cgroup2 is mounted; the caller frees. NULL when nowhere. */
static char *find_mount(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096], point[4096], *found = NULL;

	while (mounts && !found && fgets(line, sizeof(line), mounts)) {
		const char *type = strstr(line, " - ");

		if (type && !strncmp(type + 3, "cgroup2 ", 8) && sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1)
			found = strdup(point);
	}
	if (mounts)
		fclose(mounts);
	return found;
}

/* The folder of the group that we are in; the caller frees. */
static char *own_folder(void)
{
	_cleanup_free_ char *mount = find_mount();
	FILE *file = mount ? fopen("/proc/self/cgroup", "re") : NULL;
	char line[PATH_MAX], *found = NULL;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4) && asprintf(&found, "%s%s", mount, line[4] ? line + 3 : "") < 0)
			found = NULL;
	}
	if (file)
		fclose(file);
	return found;
}

/* ---- Our own ---- */

static void remove_leftovers(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_(close_fd) int fd = -1;

		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) || !isdigit((unsigned char)entry->d_name[sizeof(PREFIX) - 1]))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* One in which processes live on is refused, and stays for the next. */
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

/* A threaded group takes no processes. */
static bool takes_processes(int folder)
{
	_cleanup_(close_fd) int fd = openat(folder, "cgroup.type", O_RDONLY | O_CLOEXEC);
	char type[16] = "";

	return fd >= 0 && read(fd, type, sizeof(type) - 1) > 0 && !strcmp(type, "domain\n");
}

/* Locked, and still there: who cleans up may have come between. 0, -EAGAIN, -errno. */
static int make_locked(struct cgroup *c)
{
	if (mkdir(c->path, 0755) < 0 && errno != EEXIST)
		return -errno;
	c->folder = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->folder < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(c->folder, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	c->procs = openat(c->folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (c->procs < 0)
		return cgroup_gone(c->folder) ? -EAGAIN : -errno;
	return takes_processes(c->folder) ? 0 : -EOPNOTSUPP;
}

int cgroup_make(struct cgroup *c)
{
	_cleanup_free_ char *parent = own_folder();
	int r = -EAGAIN;

	*c = (struct cgroup){ .folder = -1, .procs = -1 };
	if (!parent)
		return -ENOENT;
	remove_leftovers(parent);
	if (asprintf(&c->path, "%s/" PREFIX "%d", parent, (int)getpid()) < 0) {
		c->path = NULL;
		return -ENOMEM;
	}
	for (int tries = 0; r == -EAGAIN && tries < 20; tries++) {
		close_fd(&c->folder);
		if (tries)
			usleep(1000);
		r = make_locked(c);
	}
	if (r == -EAGAIN) /* a recorder in another PID namespace has our number, and the group is its own */
		free(take_ptr(c->path));
	if (r < 0)
		cgroup_remove(c);
	return r;
}

void cgroup_remove(struct cgroup *c)
{
	close_fd(&c->procs);
	/* A process is gone from its group a moment after it was reaped; who follows us removes what stays. */
	for (int tries = 0; c->path && rmdir(c->path) < 0 && errno == EBUSY && tries < 500; tries++)
		usleep(1000);
	close_fd(&c->folder);
	free(take_ptr(c->path));
}

/* ---- Another's ---- */

/* Names that runtimes give to the group of a container. */
static bool names_container(const char *folder, const char *id)
{
	static const char *const runtimes[] = { "", "runc-", "crun-", "libpod-", "docker-", "cri-containerd-", "crio-" };
	size_t size = strlen(id);
	/* A hexadecimal id may be cut short, as tools show it. */
	bool part = size >= 12 && strspn(id, "0123456789abcdef") == size;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		size_t skip = strlen(runtimes[i]);
		const char *rest;

		if (strncmp(folder, runtimes[i], skip) || strncmp(folder + skip, id, size))
			continue;
		rest = folder + skip + size;
		if (part)
			rest += strspn(rest, "0123456789abcdef");
		if (!*rest || !strcmp(rest, ".scope"))
			return true;
	}
	return false;
}

static bool names_unit(const char *folder, const char *unit)
{
	size_t size = strlen(unit);

	return !strncmp(folder, unit, size) && (!folder[size] || !strcmp(folder + size, ".service"));
}

struct search {
	enum cgroup_kind kind;
	const char *name;
	char *found;
	unsigned count;
};

static void look(struct search *s, const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *inner = NULL;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || asprintf(&inner, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (s->kind == CGROUP_UNIT ? names_unit(entry->d_name, s->name) : names_container(entry->d_name, s->name)) {
			s->count++;
			if (!s->found)
				s->found = strdup(inner);
		} else if (depth < 32) {
			look(s, inner, depth + 1);
		}
	}
	if (dir)
		closedir(dir);
}

static int by_name(enum cgroup_kind kind, const char *name, const char *mount, char **ret_path, struct callgate_diags *diags)
{
	struct search s = { .kind = kind, .name = name };
	const char *what = kind == CGROUP_UNIT ? "unit" : "container";

	if (!*name || strchr(name, '/'))
		return diag_error(diags, -ENOENT, "record-cgroup", DIAG_NOWHERE, "\"%s\" cannot be the name of a %s", name, what);
	look(&s, mount, 0);
	if (s.count == 1 && s.found) {
		*ret_path = s.found;
		return 0;
	}
	free(s.found);
	if (s.count)
		return diag_error(diags, -ENOTUNIQ, "record-cgroup", DIAG_NOWHERE, "%u groups below %s are called after %s %s; choose one "
				  "with --cgroup", s.count, mount, what, name);
	return diag_error(diags, -ENOENT, "record-cgroup", DIAG_NOWHERE, "no running %s %s is found below %s", what, name, mount);
}

int cgroup_find(enum cgroup_kind kind, const char *name, int *ret_folder, struct callgate_diags *diags)
{
	_cleanup_free_ char *mount = find_mount(), *path = NULL;
	struct stat own, root;
	int r = 0, fd;

	if (!mount)
		return diag_error(diags, -ENOENT, "record-cgroup", DIAG_NOWHERE, "no cgroup2 tree is mounted here");
	if (kind != CGROUP_PATH)
		r = by_name(kind, name, mount, &path, diags);
	else if (asprintf(&path, "%s%s%s", strncmp(name, mount, strlen(mount)) ? mount : "", name[0] == '/' ? "" : "/", name) < 0)
		path = NULL;
	if (r < 0)
		return r;
	if (!path)
		return diag_oom(diags);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return diag_error(diags, -errno, "record-cgroup", DIAG_NOWHERE, "%s: %s", path, strerrordesc_np(errno));
	if (fstat(fd, &own) < 0 || stat(mount, &root) < 0 || own.st_dev != root.st_dev) {
		close(fd);
		return diag_error(diags, -ENOENT, "record-cgroup", DIAG_NOWHERE, "%s is no folder of the cgroup2 tree at %s", path, mount);
	}
	*ret_folder = fd;
	return 0;
}

bool cgroup_gone(int folder)
{
	return faccessat(folder, "cgroup.procs", F_OK, 0) < 0 && errno == ENOENT;
}
