/* SPDX-License-Identifier: Apache-2.0 */
/* dump-filters PID FOLDER: every seccomp filter of a task, oldest first, as FOLDER/0.bpf, 1.bpf … Prints how many. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define GET_FILTER 0x420c /* PTRACE_SECCOMP_GET_FILTER; glibc's name for it is an enumerator that old headers lack */

static struct sock_filter program[4096];

static int write_program(const char *folder, int index, size_t count)
{
	char path[4096];
	FILE *file;
	size_t written;

	snprintf(path, sizeof(path), "%s/%d.bpf", folder, index);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	written = fwrite(program, sizeof(*program), count, file);
	return fclose(file) || written != count ? -EIO : 0;
}

/* Filters written, or -errno. */
static int dump(pid_t pid, const char *folder)
{
	for (int i = 0;; i++) {
		/* glibc takes the request as an enumeration that need not have this one */
		long count = ptrace((enum __ptrace_request)GET_FILTER, pid, (void *)(long)i, program);
		int r;

		if (count < 0) /* EINVAL: it has no filter at all */
			return errno == ENOENT || (errno == EINVAL && !i) ? i : -errno;
		r = write_program(folder, i, (size_t)count);
		if (r)
			return r;
	}
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 3 ? (pid_t)atoi(argv[1]) : 0;
	int count;

	if (pid <= 0) {
		fputs("usage: dump-filters PID FOLDER\n", stderr);
		return 2;
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) || waitpid(pid, NULL, __WALL) < 0) {
		perror("dump-filters: attach");
		return 1;
	}
	count = dump(pid, argv[2]);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	if (count < 0) {
		fprintf(stderr, "dump-filters: %s\n", strerror(-count));
		return 1;
	}
	printf("%d\n", count);
	return 0;
}
