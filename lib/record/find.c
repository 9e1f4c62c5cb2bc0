/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a command as execvp(3) does, but before anything is started: a typing error must not cost a launch, and its
 * diagnosis should say more than an errno.
 */
#include "record/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

/* 0, -ENOENT (nothing there), -EACCES (something there that cannot be run), with the reason in *ret_why. */
static int examine(const char *path, const char **ret_why)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		*ret_why = strerrordesc_np(errno);
		/* ELOOP, ENAMETOOLONG, … : as good as not there, as execvp(3) sees it */
		return errno == EACCES ? -EACCES : -ENOENT;
	}
	*ret_why = S_ISDIR(st.st_mode) ? "it is a directory" : "it is not a regular file";
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	*ret_why = "you have no permission to execute it";
	/* The effective ids count in execve(2), those that access(2) does not use. */
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -EACCES : 0;
}

static int refuse(int error, const char *path, const char *why, struct callgate_diags *diags)
{
	if (error == -EACCES)
		return diag_error(diags, error, "command-not-executable", DIAG_NOWHERE, "%s cannot be run: %s", path, why);
	return diag_error(diags, error, "command-not-found", DIAG_NOWHERE, "%s: %s", path, why);
}

static int give(const char *path, char **ret_path, struct callgate_diags *diags)
{
	char *copy = strdup(path);

	if (!copy)
		return diag_oom(diags);
	*ret_path = copy;
	return 0;
}

/* What execvp(3) searches when there is no PATH. */
static char *search_path(void)
{
	const char *path = getenv("PATH");
	char *fallback;
	size_t size;

	if (path)
		return strdup(path);
	size = confstr(_CS_PATH, NULL, 0);
	fallback = malloc(size + 1);
	if (fallback && size)
		confstr(_CS_PATH, fallback, size);
	if (fallback)
		fallback[size] = '\0';
	return fallback;
}

static int find_in_path(const char *name, char **ret_path, struct callgate_diags *diags)
{
	_cleanup_free_ char *path = search_path(), *refused = NULL;
	const char *refused_why = NULL;
	char *rest = path, *folder;

	if (!path)
		return diag_oom(diags);
	while ((folder = strsep(&rest, ":"))) {
		_cleanup_free_ char *file = NULL;
		const char *why;
		int r;

		/* An empty element is the current folder. */
		if (asprintf(&file, "%s/%s", *folder ? folder : ".", name) < 0) {
			file = NULL;
			return diag_oom(diags);
		}
		r = examine(file, &why);
		if (r == 0)
			return give(file, ret_path, diags);
		/* Like execvp(3): go on, and tell of the first that was there if nothing better comes. A folder that may not be
		 * searched says nothing about the command. */
		if (r == -EACCES && !refused && access(file, F_OK) == 0) {
			refused = take_ptr(file);
			refused_why = why;
		}
	}
	if (refused)
		return refuse(-EACCES, refused, refused_why, diags);
	return refuse(-ENOENT, name, "no such command in PATH", diags);
}

int record_find_command(const char *name, char **ret_path, struct callgate_diags *diags)
{
	const char *why;
	int r;

	if (!name || !*name)
		return refuse(-ENOENT, "the command", "its name is empty", diags);
	if (!strchr(name, '/'))
		return find_in_path(name, ret_path, diags);
	r = examine(name, &why);
	return r < 0 ? refuse(r, name, why, diags) : give(name, ret_path, diags);
}
