/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attacker runs through the bug in request.c. Nothing in the daemon calls
 * these functions; they stand for the ROP chain or shellcode that a real attacker
 * would bring, so that the demonstration is the same on every machine.
 *
 * Each one asks the kernel for something that a metering daemon never needs, answers
 * "PWNED what: detail" or "refused what: why", and undoes what it did. req->arg holds
 * what the attacker put into the first bytes of the overflow.
 */
#include "telemetryd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Kept although nobody refers to it, also with link-time optimisation. */
#define PAYLOAD __attribute__((used, noinline)) void

static void refused(struct client *client, const char *what, int error)
{
	client_reply(client, "refused %s: %s", what, strerror(error));
}

/* arg: a directory */
PAYLOAD payload_mount(struct client *client, struct request *req)
{
	if (mount("none", req->arg, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") < 0) {
		refused(client, "mount", errno);
		return;
	}
	/* If this is refused, the attacking client unmounts. */
	umount2(req->arg, MNT_DETACH);
	client_reply(client, "PWNED mount: a tmpfs was mounted on %s", req->arg);
}

PAYLOAD payload_raw_socket(struct client *client, struct request *req)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	(void)req;
	if (fd < 0) {
		refused(client, "raw-socket", errno);
		return;
	}
	client_reply(client, "PWNED raw-socket: fd %d sees every frame on every interface", fd);
	close(fd);
}

/*
 * arg: the file that the shell writes its proof to. posix_spawn, because it starts the
 * child as pthread_create does (clone3), which a profile of this daemon must allow: so
 * it is the execve that has to be refused.
 */
PAYLOAD payload_shell(struct client *client, struct request *req)
{
	char command[NAME_SIZE + 64];
	char name[] = "sh", option[] = "-c", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *argv[] = { name, option, command, NULL };
	char *envp[] = { path, NULL };
	pid_t pid;
	int error;

	snprintf(command, sizeof(command), "exec id >'%.*s'", NAME_SIZE - 1, req->arg);
	error = posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, envp);
	if (error != 0) {
		refused(client, "shell", error);
		return;
	}
	waitpid(pid, NULL, 0);
	client_reply(client, "PWNED shell: /bin/sh ran as pid %d", (int)pid);
}

/* arg: a process; the attacking client offers a child of its own, so no bystander is stopped. */
PAYLOAD payload_ptrace(struct client *client, struct request *req)
{
	pid_t pid = atoi(req->arg);

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0) {
		refused(client, "ptrace", errno);
		return;
	}
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 && waitpid(pid, NULL, __WALL) == pid)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	client_reply(client, "PWNED ptrace: took control of process %d", (int)pid);
}

PAYLOAD payload_bpf(struct client *client, struct request *req)
{
	union bpf_attr attr;
	long fd;

	(void)req;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1;
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0) {
		refused(client, "bpf", errno);
		return;
	}
	client_reply(client, "PWNED bpf: made a map in the kernel, fd %ld", fd);
	close((int)fd);
}
