/* SPDX-License-Identifier: Apache-2.0 */
/* telemetryctl: the client of telemetryd; its normal workload, and (attack.c) its attacker. */
#include "telemetryctl.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS	4
#define PATIENCE_MS	5000

static const char usage[] =
	"Usage: telemetryctl -S SOCKET COMMAND\n"
	"\n"
	"  wait                 until the daemon serves (at most 5 s)\n"
	"  workload [-n N]      N rounds (default 50) of every command, answers verified\n"
	"  attack [-b FILE] mount|raw-socket|shell|ptrace|bpf|all\n"
	"                       exploit the bug; FILE is the daemon's program, if it cannot\n"
	"                       be found. Exit 0: all refused, 1: one succeeded, 2: trouble\n"
	"  ask LINE...          send each line, print each answer\n"
	"  reload               SIGHUP to the daemon\n"
	"  stop                 SIGTERM to the daemon, and wait until it is gone\n";

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

int daemon_connect(const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { PATIENCE_MS / 1000, 0 };
	int fd, error;

	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static int receive_line(int fd, char *answer)
{
	size_t used = 0;

	while (used < ANSWER_SIZE) {
		ssize_t n = recv(fd, answer + used, ANSWER_SIZE - used, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (n == 0)
			return -EPIPE;
		used += (size_t)n;
		if (answer[used - 1] == '\n') {
			answer[used - 1] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}

int daemon_ask(int fd, char *answer, const char *format, ...)
{
	char line[1024];
	va_list args;
	int n;

	answer[0] = '\0';
	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return -EMSGSIZE;
	line[n++] = '\n';
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return receive_line(fd, answer);
}

bool daemon_alive(const char *socket_path)
{
	char answer[ANSWER_SIZE];
	int fd = daemon_connect(socket_path);
	bool alive;

	if (fd < 0)
		return false;
	alive = daemon_ask(fd, answer, "PING") == 0 && strcmp(answer, "OK pong") == 0;
	close(fd);
	return alive;
}

pid_t daemon_pid(int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	return cred.pid > 0 ? cred.pid : -ESRCH;
}

static int command_wait(const char *socket_path)
{
	for (int i = 0; i < PATIENCE_MS / 20; i++) {
		if (daemon_alive(socket_path))
			return 0;
		sleep_ms(20);
	}
	fprintf(stderr, "telemetryctl: nobody serves on %s\n", socket_path);
	return 1;
}

/* The workload's state; failed says that the first wrong answer has been told. */
struct workload {
	const char *socket_path;
	int fds[CONNECTIONS];
	unsigned long requests;
	bool failed;
	char answer[ANSWER_SIZE];
};

/* Asks and checks how the answer begins; after a failure it does nothing more. */
static bool expect(struct workload *w, int fd, const char *start, const char *request)
{
	int r;

	if (w->failed)
		return false;
	w->requests++;
	r = daemon_ask(fd, w->answer, "%s", request);
	if (r == 0 && strncmp(w->answer, start, strlen(start)) == 0)
		return true;
	printf("workload: FAILED after %lu requests: %.60s: expected \"%s...\", got \"%.80s\"\n",
	       w->requests, request, start, r < 0 ? strerror(-r) : w->answer);
	w->failed = true;
	return false;
}

/* One member of the last STATS answer. */
static unsigned long stat_value(const struct workload *w, const char *name)
{
	const char *at = strstr(w->answer, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/* Reads every value that LIST names, the first letter of each name percent-encoded. */
static void check_readings(struct workload *w, int fd)
{
	char names[ANSWER_SIZE], request[256], start[256];
	char *name, *state = NULL;

	if (!expect(w, fd, "OK ", "LIST"))
		return;
	memcpy(names, w->answer, sizeof(names));
	strtok_r(names, " ", &state);
	strtok_r(NULL, " ", &state);
	while ((name = strtok_r(NULL, " ", &state)) != NULL) {
		snprintf(request, sizeof(request), "GET %%%02X%.100s", (unsigned char)name[0],
			 name + 1);
		snprintf(start, sizeof(start), "OK %.100s ", name);
		expect(w, fd, start, request);
	}
}

static void check_errors(struct workload *w, int fd)
{
	expect(w, fd, "ERR no such reading", "GET no.such.reading");
	expect(w, fd, "ERR unknown command", "FROBNICATE");
	expect(w, fd, "ERR unknown command", "");
	expect(w, fd, "ERR the interval", "SET-INTERVAL soon");
	expect(w, fd, "ERR the interval", "SET-INTERVAL 1");
}

/* Speeds the sampling up, waits until three samples have been taken, and restores it. */
static void check_sampling(struct workload *w, int fd)
{
	unsigned long before, interval;
	char request[64];

	if (!expect(w, fd, "OK ", "STATS"))
		return;
	before = stat_value(w, " samples=");
	interval = stat_value(w, " interval_ms=");
	expect(w, fd, "OK interval_ms=20", "SET-INTERVAL 20");
	for (int i = 0; i < PATIENCE_MS / 20 && expect(w, fd, "OK ", "STATS"); i++) {
		if (stat_value(w, " samples=") >= before + 3)
			break;
		sleep_ms(20);
	}
	if (!w->failed && stat_value(w, " samples=") < before + 3) {
		printf("workload: FAILED: no samples are taken\n");
		w->failed = true;
	}
	snprintf(request, sizeof(request), "SET-INTERVAL %lu", interval);
	expect(w, fd, "OK interval_ms=", request);
}

/* One client says goodbye, another one just hangs up, a third is thrown out; all return. */
static void check_leaving(struct workload *w)
{
	char longest[600];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	expect(w, w->fds[0], "OK bye", "QUIT");
	expect(w, w->fds[2], "ERR the line is too long", longest);
	for (int i = 0; i < 3 && !w->failed; i++) {
		close(w->fds[i]);
		w->fds[i] = daemon_connect(w->socket_path);
		expect(w, w->fds[i], "OK pong", "PING");
	}
}

static int command_workload(const char *socket_path, unsigned long rounds)
{
	struct workload w = { .socket_path = socket_path };

	for (int i = 0; i < CONNECTIONS; i++) {
		w.fds[i] = daemon_connect(socket_path);
		if (w.fds[i] < 0) {
			fprintf(stderr, "telemetryctl: %s: %s\n", socket_path, strerror(-w.fds[i]));
			return 2;
		}
	}
	check_sampling(&w, w.fds[0]);
	for (unsigned long round = 0; round < rounds && !w.failed; round++) {
		for (int i = 0; i < CONNECTIONS; i++) {
			expect(&w, w.fds[i], "OK pong", "PING");
			check_readings(&w, w.fds[i]);
			expect(&w, w.fds[i], "OK requests=", "STATS");
		}
		check_errors(&w, w.fds[round % CONNECTIONS]);
	}
	check_leaving(&w);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (w.fds[i] >= 0)
			close(w.fds[i]);
	}
	if (!w.failed)
		printf("workload: %d connections, %lu rounds, %lu requests, every answer right\n",
		       CONNECTIONS, rounds, w.requests);
	return w.failed ? 1 : 0;
}

static int command_ask(const char *socket_path, int n, char **lines)
{
	char answer[ANSWER_SIZE];
	int fd = daemon_connect(socket_path), r = fd;

	for (int i = 0; i < n && r >= 0; i++) {
		r = daemon_ask(fd, answer, "%s", lines[i]);
		if (r == 0)
			puts(answer);
	}
	if (fd >= 0)
		close(fd);
	if (r < 0)
		fprintf(stderr, "telemetryctl: %s: %s\n", socket_path, strerror(-r));
	return r < 0 ? 2 : 0;
}

/* stop: the daemon hangs up when it is done, and that is what is waited for. */
static int command_signal(const char *socket_path, int signo)
{
	char answer[ANSWER_SIZE];
	int fd = daemon_connect(socket_path);
	pid_t pid = fd < 0 ? fd : daemon_pid(fd);
	int status = 0;

	if (pid < 0 || kill(pid, signo) < 0) {
		fprintf(stderr, "telemetryctl: %s: %s\n", socket_path,
			strerror(pid < 0 ? -pid : errno));
		status = 2;
	} else if (signo == SIGTERM && receive_line(fd, answer) != -EPIPE) {
		fprintf(stderr, "telemetryctl: process %d does not stop\n", (int)pid);
		status = 1;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static int usage_error(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *socket_path = NULL, *binary = NULL, *command;
	unsigned long rounds = 50;
	int c;

	/* getopt of glibc permutes, so options may stand before and behind the command. */
	while ((c = getopt(argc, argv, "S:n:b:h")) != -1) {
		switch (c) {
		case 'S': socket_path = optarg; break;
		case 'n': rounds = strtoul(optarg, NULL, 10); break;
		case 'b': binary = optarg; break;
		case 'h': fputs(usage, stdout); return 0;
		default: return usage_error();
		}
	}
	if (!socket_path || optind == argc || rounds == 0)
		return usage_error();

	command = argv[optind++];
	if (strcmp(command, "attack") == 0 && argc - optind == 1)
		return attack(socket_path, argv[optind], binary);
	if (strcmp(command, "ask") == 0 && argc > optind)
		return command_ask(socket_path, argc - optind, argv + optind);
	if (argc != optind)
		return usage_error();
	if (strcmp(command, "wait") == 0)
		return command_wait(socket_path);
	if (strcmp(command, "workload") == 0)
		return command_workload(socket_path, rounds);
	if (strcmp(command, "reload") == 0)
		return command_signal(socket_path, SIGHUP);
	if (strcmp(command, "stop") == 0)
		return command_signal(socket_path, SIGTERM);
	return usage_error();
}
