/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telemetryd: a small metering daemon, and the victim in Callgate's demonstration. It
 * has a planted bug (request.c): DO NOT RUN IT OUTSIDE OF A DEMONSTRATION.
 */
#include "telemetryd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* What an epoll event is about: a client's slot, or one of these. */
#define EVENT_LISTENER	MAX_CLIENTS
#define EVENT_SIGNAL	(MAX_CLIENTS + 1)

static const char usage[] =
	"Usage: telemetryd -s SENSOR-FILE -S SOCKET [OPTION]...\n"
	"A metering daemon with a planted bug, for Callgate's demonstration.\n"
	"\n"
	"  -s FILE   the sensor file, lines \"name value\"\n"
	"  -S PATH   serve on this local socket\n"
	"  -l FILE   log to this file instead of standard error\n"
	"  -H FILE   keep a history of all samples; FILE.1 to FILE.3 are older\n"
	"  -m BYTES  rotate the history at this size (default 65536)\n"
	"  -i MS     sampling interval (default 1000)\n"
	"  -d        run in the background\n"
	"  -h        show this help\n"
	"\n"
	"SIGTERM and SIGINT stop it, SIGHUP reopens the log and rotates the history.\n";

struct options {
	struct sampler_config sampler;
	const char *socket;
	const char *log;
	bool background;
};

static struct client clients[MAX_CLIENTS];
static int epoll_fd = -1;

/* Standard error is the log: with -l it is that file. One write a line, so both threads may log. */
void log_line(const char *format, ...)
{
	char line[1024];
	struct timespec now;
	size_t used;
	va_list args;
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	used = (size_t)snprintf(line, sizeof(line), "%lld.%03ld telemetryd: ",
				(long long)now.tv_sec, now.tv_nsec / 1000000);
	va_start(args, format);
	n = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	if (n > 0)
		used += (size_t)n < sizeof(line) - used - 1 ? (size_t)n : sizeof(line) - used - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nowhere left to complain */
}

static int open_log(const char *path)
{
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
		int error = errno;

		log_line("%s: %s", path, strerror(error));
		if (fd >= 0)
			close(fd);
		return -error;
	}
	close(fd);
	return 0;
}

/* A client that does not read its answers is dropped: the daemon waits for nobody. */
void client_reply(struct client *client, const char *format, ...)
{
	char line[REPLY_SIZE];
	va_list args;
	size_t length;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	length = (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 2;
	line[length++] = '\n';
	if (send(client->fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length)
		client->closing = true;
}

unsigned int client_count(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < MAX_CLIENTS; i++)
		n += clients[i].fd >= 0;
	return n;
}

static void client_close(struct client *client)
{
	close(client->fd); /* which removes it from epoll, too */
	client->fd = -1;
}

static int watch(int fd, unsigned int what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = what };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void client_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int slot = 0;

	if (fd < 0)
		return;
	while (slot < MAX_CLIENTS && clients[slot].fd >= 0)
		slot++;
	if (slot == MAX_CLIENTS || watch(fd, slot) < 0) {
		log_line("too many clients");
		close(fd);
		return;
	}
	memset(&clients[slot], 0, sizeof(clients[slot]));
	clients[slot].fd = fd;
}

/* Answers the complete lines that have arrived; keeps the rest. */
static void client_lines(struct client *client)
{
	size_t done = 0;
	char *end;

	while (!client->closing &&
	       (end = memchr(client->in + done, '\n', client->used - done)) != NULL) {
		char *line = client->in + done;

		done = (size_t)(end - client->in) + 1;
		if (end > line && end[-1] == '\r')
			end--;
		*end = '\0';
		request_run(client, line);
	}
	client->used -= done;
	memmove(client->in, client->in + done, client->used);
	if (!client->closing && client->used == sizeof(client->in)) {
		client_reply(client, "ERR the line is too long");
		client->closing = true;
	}
}

static void client_read(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->used,
			 sizeof(client->in) - client->used, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(client);
		return;
	}
	client->used += (size_t)n;
	client_lines(client);
	if (client->closing)
		client_close(client);
}

/* True when the daemon shall stop. */
static bool signal_read(int signals, const struct options *options)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP) {
		log_line("stopping on signal %u", info.ssi_signo);
		return true;
	}
	open_log(options->log);
	sampler_reopen();
	log_line("log reopened, history rotated");
	return false;
}

static int serve(int listener, int signals, const struct options *options)
{
	struct epoll_event events[16];

	for (;;) {
		int n = epoll_wait(epoll_fd, events, 16, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			unsigned int what = events[i].data.u32;

			if (what == EVENT_LISTENER)
				client_accept(listener);
			else if (what != EVENT_SIGNAL)
				client_read(&clients[what]);
			else if (signal_read(signals, options))
				return 0;
		}
	}
}

/* The mask is inherited by the sampling thread, so all signals come through the descriptor. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int open_listener(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path); /* left by a run that was killed */

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0660) < 0 || listen(fd, 16) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static unsigned long parse_number(const char *text, unsigned long low, unsigned long high)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < low || value > high) {
		fprintf(stderr, "telemetryd: %s: not a number from %lu to %lu\n", text, low, high);
		exit(2);
	}
	return value;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt(argc, argv, "s:S:l:H:m:i:dh")) != -1) {
		switch (c) {
		case 's': options->sampler.sensor = optarg; break;
		case 'S': options->socket = optarg; break;
		case 'l': options->log = optarg; break;
		case 'H': options->sampler.history = optarg; break;
		case 'm': options->sampler.history_limit = parse_number(optarg, 1, 1UL << 30); break;
		case 'i': options->sampler.interval_ms =
				(unsigned int)parse_number(optarg, 10, 3600000); break;
		case 'd': options->background = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: fputs(usage, stderr); exit(2);
		}
	}
	if (optind != argc || !options->sampler.sensor || !options->socket) {
		fputs(usage, stderr);
		exit(2);
	}
}

static int run(const struct options *options)
{
	int signals, listener, r;

	signals = open_signals();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listener = open_listener(options->socket);
	if (signals < 0 || epoll_fd < 0 || listener < 0) {
		r = signals < 0 ? signals : listener < 0 ? listener : -EMFILE;
		log_line("%s: %s", options->socket, strerror(-r));
		return r;
	}
	if ((r = watch(listener, EVENT_LISTENER)) < 0 || (r = watch(signals, EVENT_SIGNAL)) < 0 ||
	    (r = sampler_start(&options->sampler)) < 0) {
		log_line("cannot start: %s", strerror(-r));
		unlink(options->socket);
		return r;
	}

	log_line("serving %s on %s", options->sampler.sensor, options->socket);
	r = serve(listener, signals, options);
	sampler_stop();
	unlink(options->socket);
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		if (clients[i].fd >= 0)
			client_close(&clients[i]);
	}
	close(listener);
	close(signals);
	close(epoll_fd);
	log_line("stopped");
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {
		.sampler = { .history_limit = 65536, .interval_ms = 1000 },
	};

	parse_options(argc, argv, &options);
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		clients[i].fd = -1;
	/* Keeps the working folder: the paths may be relative to it. */
	if (options.background && daemon(1, 0) < 0) {
		log_line("daemon: %s", strerror(errno));
		return 1;
	}
	if (open_log(options.log) < 0)
		return 1;
	return run(&options) < 0 ? 1 : 0;
}
