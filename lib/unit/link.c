/* SPDX-License-Identifier: Apache-2.0 */
/* Links below a root: absolute ones begin at the root. Only the last part of a path is followed here; folders are the kernel's business. */
#include "unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 32 };

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *join(const char *a, size_t size, const char *b)
{
	_cleanup_(buf_done) struct buf path = { 0 };
	char *text = NULL;

	buf_put(&path, a, size);
	buf_puts(&path, b);
	return buf_take(&path, &text, NULL) ? NULL : text;
}

/* Where the link at root + path points, as a path below the root. NULL: out of memory. */
static char *target_of(const char *path, const char *link)
{
	return link[0] == '/' ? strdup(link) : join(path, (size_t)(last_part(path) - path), link);
}

static int follow(const char *root, char **path)
{
	_cleanup_free_ char *whole = join(root, strlen(root), *path);
	char link[PATH_MAX], *target;
	struct stat about;
	ssize_t size;

	if (!whole)
		return -ENOMEM;
	if (lstat(whole, &about))
		return -errno;
	if (!S_ISLNK(about.st_mode))
		return 0;
	size = readlink(whole, link, sizeof(link) - 1);
	if (size < 0)
		return -errno;
	link[size] = '\0';
	target = target_of(*path, link);
	if (!target)
		return -ENOMEM;
	free(*path);
	*path = target;
	return 1;
}

int unit_resolve(const char *root, const char *path, char **ret_path, char **ret_alias)
{
	_cleanup_free_ char *now = strdup(path), *alias = NULL;
	int more = now ? 1 : -ENOMEM;

	for (unsigned links = 0; more > 0; links++) {
		if (links > LINKS_MAX)
			return -ELOOP;
		if (!strcmp(now, "/dev/null")) {
			*ret_path = *ret_alias = NULL;
			return 0;
		}
		more = follow(root, &now);
	}
	if (more < 0)
		return more;
	if (strcmp(last_part(now), last_part(path)) != 0) {
		alias = strdup(last_part(now));
		if (!alias)
			return -ENOMEM;
	}
	*ret_path = join(root, strlen(root), now);
	if (!*ret_path)
		return -ENOMEM;
	*ret_alias = take_ptr(alias);
	return 0;
}
