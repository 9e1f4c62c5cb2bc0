/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/util.h"

static int read_all(int fd, char **ret_bytes, size_t *ret_size)
{
	size_t room = 65536, size = 0;
	_cleanup_free_ char *bytes = malloc(room);

	if (!bytes)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, bytes + size, room - size);
		char *grown;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size += (size_t)n;
		if (n == 0)
			break;
		if (size > FILE_READ_MAX)
			return -EFBIG;
		if (size < room)
			continue;
		grown = realloc(bytes, room *= 2);
		if (!grown)
			return -ENOMEM;
		bytes = grown;
	}
	*ret_bytes = take_ptr(bytes);
	*ret_size = size;
	return 0;
}

int file_read(const char *name, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags)
{
	bool standard = !strcmp(name, "-");
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : read_all(fd, ret_bytes, ret_size);

	if (fd >= 0 && !standard)
		close(fd);
	if (r == -ENOMEM)
		return diag_oom(diags);
	if (r < 0)
		return diag_error(diags, r, "file-read", DIAG_NOWHERE, "%s: %s", name,
				  r == -EFBIG ? "larger than 64 MiB, which no policy is" : strerror(-r));
	return 0;
}
