/* SPDX-License-Identifier: Apache-2.0 */
/* Files in and out. What is written is whole or not there at all. */
#include "cli.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_read_file(struct cli *cli, const char *name, char **ret_bytes, size_t *ret_size)
{
	return callgate_file_read(name, ret_bytes, ret_size, cli->diags) < 0 ? cli_trouble(cli) : CLI_YES;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static void sync_folder(const char *name)
{
	char *copy = strdup(name);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

static int replace_file(const char *name, const char *temporary, int fd, const void *bytes, size_t size, unsigned mode)
{
	int r = write_all(fd, bytes, size);

	if (!r && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	if (!r && rename(temporary, name) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	else
		sync_folder(name);
	return r;
}

/* Devices and pipes cannot be replaced; they are written to. */
static bool is_special(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_special(const char *name, const void *bytes, size_t size)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, size);
	return close(fd) < 0 && !r ? -errno : r;
}

static int write_temporary(const char *name, const void *bytes, size_t size, unsigned mode)
{
	char *temporary;
	int fd, r;

	if (asprintf(&temporary, "%s.XXXXXX", name) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	r = fd < 0 ? -errno : replace_file(name, temporary, fd, bytes, size, mode);
	free(temporary);
	return r;
}

int cli_write_file(struct cli *cli, const char *name, const void *bytes, size_t size, unsigned mode)
{
	mode_t mask = umask(0);
	int r;

	umask(mask);
	if (!strcmp(name, "-"))
		return fwrite(bytes, 1, size, stdout) == size ? CLI_YES : cli_error(cli, "file-write", "standard output: %s", strerror(errno));
	r = is_special(name) ? write_special(name, bytes, size) : write_temporary(name, bytes, size, mode & ~mask);
	if (r < 0)
		return cli_error(cli, "file-write", "%s: cannot be written: %s", name, strerror(-r));
	return CLI_YES;
}

int cli_write_output(struct cli *cli, const char *name, const void *bytes, size_t size, bool binary, unsigned mode)
{
	if (!name)
		name = "-";
	if (binary && !strcmp(name, "-") && isatty(STDOUT_FILENO))
		return cli_error(cli, "output-terminal", "a raw filter is not for a terminal: give --output=FILE");
	return cli_write_file(cli, name, bytes, size, mode);
}
