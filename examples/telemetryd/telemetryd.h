/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telemetryd: what its files share.
 *
 *   telemetryd.c  options, event loop, clients
 *   request.c     the line protocol, and the planted bug
 *   sampler.c     the thread that reads the sensor file and writes the history
 *   payloads.c    what an attacker runs through the bug; never called by the daemon
 */
#ifndef TELEMETRYD_H
#define TELEMETRYD_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>

#define MAX_CLIENTS	32
#define MAX_READINGS	64
#define NAME_SIZE	48	/* with the final NUL */
#define LINE_SIZE	512	/* longest request */
#define REPLY_SIZE	4096	/* longest answer: LIST of MAX_READINGS names fits */

struct client;
struct request;

typedef void request_fn(struct client *client, struct request *req);

/*
 * One request, parsed. THE PLANTED BUG LIVES HERE: arg is filled without regard to
 * its size (request.c), and what stands behind it says what code runs next.
 */
struct request {
	char arg[NAME_SIZE];
	request_fn *handler;
	unsigned int serial;
};

struct client {
	int fd;			/* -1: the slot is free */
	bool closing;		/* close once the current request is answered */
	struct request req;
	size_t used;
	char in[LINE_SIZE];
};

struct reading {
	char name[NAME_SIZE];
	double value;
};

struct sampler_stats {
	unsigned long samples;
	unsigned long errors;
	unsigned int readings;
	unsigned int interval_ms;
};

struct sampler_config {
	const char *sensor;
	const char *history;	/* NULL: none is kept */
	size_t history_limit;	/* bytes, then the file is rotated */
	unsigned int interval_ms;
};

/* telemetryd.c */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void client_reply(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
unsigned int client_count(void);

/* request.c */
void request_run(struct client *client, const char *line);
void handle_debug(struct client *client, struct request *req);

/* sampler.c */
int sampler_start(const struct sampler_config *config);
void sampler_stop(void);
void sampler_reopen(void);
int sampler_set_interval(unsigned int ms);
void sampler_get_stats(struct sampler_stats *ret_stats);
size_t sampler_copy(struct reading readings[MAX_READINGS]);

/* payloads.c: found by the attacker in the symbol table, by nobody else */
request_fn payload_mount, payload_raw_socket, payload_shell, payload_ptrace, payload_bpf;

#endif
