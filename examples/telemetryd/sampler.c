/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sampling thread: reads the sensor file, publishes its values, appends them to the
 * history.
 *
 * The rule that this file keeps: which system calls it makes does not depend on luck.
 * The two threads share the table under a spinlock (a contended mutex would call futex
 * now and then), the thread allocates nothing, and the history is rotated at the
 * start. A profile recorded from a short run is then complete.
 */
#include "telemetryd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define HISTORY_KEEP	3
#define INTERVAL_MIN	10

static struct sampler_config config;
static pthread_t thread;
static sem_t wake;
static atomic_bool stopping, reopening;
static atomic_uint interval_ms;
static atomic_ulong samples, errors;

/* table_lock guards these two. */
static pthread_spinlock_t table_lock;
static struct reading table[MAX_READINGS];
static size_t table_used;

/* The thread's own. */
static int history_fd = -1;
static size_t history_size;
static bool failing;

static void rotate_history(void)
{
	char from[4096], to[4096];

	if (history_fd >= 0) {
		fsync(history_fd);
		close(history_fd);
	}
	for (int i = HISTORY_KEEP; i > 1; i--) {
		snprintf(from, sizeof(from), "%s.%d", config.history, i - 1);
		snprintf(to, sizeof(to), "%s.%d", config.history, i);
		if (rename(from, to) < 0 && errno != ENOENT)
			log_line("rename %s: %s", from, strerror(errno));
	}
	snprintf(to, sizeof(to), "%s.1", config.history);
	if (rename(config.history, to) < 0 && errno != ENOENT)
		log_line("rename %s: %s", config.history, strerror(errno));

	history_fd = open(config.history, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	history_size = 0;
	if (history_fd < 0)
		log_line("%s: %s", config.history, strerror(errno));
}

static void append_history(const struct reading *readings, size_t n)
{
	char line[MAX_READINGS * (NAME_SIZE + 32) + 64];
	struct timespec now;
	size_t used;

	if (!config.history)
		return;
	if (atomic_exchange(&reopening, false) || history_size >= config.history_limit)
		rotate_history();
	if (history_fd < 0)
		return;

	clock_gettime(CLOCK_REALTIME, &now);
	used = (size_t)snprintf(line, sizeof(line), "%lld.%03ld", (long long)now.tv_sec,
				now.tv_nsec / 1000000);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, " %s=%.9g",
					 readings[i].name, readings[i].value);
	line[used++] = '\n';
	if (write(history_fd, line, used) != (ssize_t)used)
		log_line("%s: short write: %s", config.history, strerror(errno));
	history_size += used;
}

/* The bytes of the sensor file, or -errno; longer files are cut. */
static ssize_t read_sensor(char *text, size_t size)
{
	int fd = open(config.sensor, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (used < size - 1 && (n = read(fd, text + used, size - 1 - used)) != 0) {
		if (n < 0) {
			int error = errno;

			close(fd);
			return -error;
		}
		used += (size_t)n;
	}
	close(fd);
	text[used] = '\0';
	return (ssize_t)used;
}

/* "name value", or a comment, or nothing; true when ret_reading was filled. */
static bool parse_line(const char *line, struct reading *ret_reading)
{
	size_t length = strcspn(line, " \t");
	char *end;

	if (line[0] == '#' || length == 0 || length >= NAME_SIZE || line[length] == '\0')
		return false;
	ret_reading->value = strtod(line + length, &end);
	if (end == line + length || *end != '\0')
		return false;
	memcpy(ret_reading->name, line, length);
	ret_reading->name[length] = '\0';
	return true;
}

static size_t parse_sensor(char *text, struct reading *readings)
{
	size_t n = 0;
	char *line, *state = NULL;

	for (line = strtok_r(text, "\n", &state); line && n < MAX_READINGS;
	     line = strtok_r(NULL, "\n", &state)) {
		if (parse_line(line, &readings[n]))
			n++;
	}
	return n;
}

static void take_sample(void)
{
	struct reading readings[MAX_READINGS];
	char text[8192];
	ssize_t length = read_sensor(text, sizeof(text));
	size_t n;

	if (length < 0) {
		atomic_fetch_add(&errors, 1);
		if (!failing)
			log_line("%s: %s", config.sensor, strerror((int)-length));
		failing = true;
		return;
	}
	failing = false;

	n = parse_sensor(text, readings);
	pthread_spin_lock(&table_lock);
	memcpy(table, readings, n * sizeof(table[0]));
	table_used = n;
	pthread_spin_unlock(&table_lock);
	atomic_fetch_add(&samples, 1);
	append_history(readings, n);
}

/* Until the interval is over, or somebody wants something. */
static void rest(void)
{
	unsigned int ms = atomic_load(&interval_ms);
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (sem_clockwait(&wake, CLOCK_MONOTONIC, &until) < 0 && errno == EINTR)
		;
}

static void *sampler_main(void *unused)
{
	prctl(PR_SET_NAME, "sampler");
	if (config.history)
		rotate_history();
	while (!atomic_load(&stopping)) {
		take_sample();
		rest();
	}
	take_sample();
	if (history_fd >= 0) {
		fsync(history_fd);
		close(history_fd);
	}
	return unused;
}

int sampler_start(const struct sampler_config *wanted)
{
	config = *wanted;
	atomic_store(&interval_ms, config.interval_ms);
	pthread_spin_init(&table_lock, PTHREAD_PROCESS_PRIVATE);
	if (sem_init(&wake, 0, 0) < 0)
		return -errno;
	return -pthread_create(&thread, NULL, sampler_main, NULL);
}

void sampler_stop(void)
{
	atomic_store(&stopping, true);
	sem_post(&wake);
	pthread_join(thread, NULL);
	sem_destroy(&wake);
	pthread_spin_destroy(&table_lock);
}

void sampler_reopen(void)
{
	atomic_store(&reopening, true);
	sem_post(&wake);
}

int sampler_set_interval(unsigned int ms)
{
	if (ms < INTERVAL_MIN)
		return -EINVAL;
	atomic_store(&interval_ms, ms);
	sem_post(&wake);
	return 0;
}

void sampler_get_stats(struct sampler_stats *ret_stats)
{
	ret_stats->samples = atomic_load(&samples);
	ret_stats->errors = atomic_load(&errors);
	ret_stats->interval_ms = atomic_load(&interval_ms);
	pthread_spin_lock(&table_lock);
	ret_stats->readings = (unsigned int)table_used;
	pthread_spin_unlock(&table_lock);
}

size_t sampler_copy(struct reading readings[MAX_READINGS])
{
	size_t n;

	pthread_spin_lock(&table_lock);
	n = table_used;
	memcpy(readings, table, n * sizeof(table[0]));
	pthread_spin_unlock(&table_lock);
	return n;
}
