/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telemetryctl: what its files share.
 *
 *   telemetryctl.c  options, connections, workload, wait, stop, reload
 *   attack.c        the exploit
 *
 * Exit status: 0 yes or done, 1 the answer is no, 2 trouble.
 */
#ifndef TELEMETRYCTL_H
#define TELEMETRYCTL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ANSWER_SIZE	4096

/* A connected descriptor, or -errno. */
int daemon_connect(const char *socket_path);

/* One line there, one line back without its newline; 0 or -errno (-EPIPE: it hung up). */
int daemon_ask(int fd, char *answer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True when a new connection gets its PING answered. */
bool daemon_alive(const char *socket_path);

/* The daemon's process, or -errno. */
pid_t daemon_pid(int fd);

/* name: an attack or "all"; binary: the daemon's program, NULL to find it. The exit status. */
int attack(const char *socket_path, const char *name, const char *binary);

#endif
