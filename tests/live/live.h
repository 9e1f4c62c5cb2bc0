/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live tests: one process per case, because filters cannot be taken off again, and a limit of time for each. A case ends with
 * its function (passed), in CHECK (failed) or in SKIP, which says why and is counted.
 */
#ifndef LIVE_H
#define LIVE_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <callgate.h>

#define LIVE_SKIPPED 77

struct live_case {
	const char *name;
	void (*run)(void);
	unsigned seconds;
};

#define CHECK(condition, ...) do { \
	if (!(condition)) { \
		printf("%s:%d: %s is false:", __FILE__, __LINE__, #condition); \
		printf(" " __VA_ARGS__); \
		printf("\n"); \
		fflush(stdout); \
		_exit(1); \
	} } while (0)
#define SKIP(...) do { \
	printf("SKIP: "); \
	printf(__VA_ARGS__); \
	printf("\n"); \
	fflush(stdout); \
	_exit(LIVE_SKIPPED); } while (0)

static inline double live_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void live_nap(unsigned milliseconds)
{
	const struct timespec t = { milliseconds / 1000, (long)(milliseconds % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static inline bool live_has_diag(const struct callgate_diags *diags, const char *id, const char *text)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *d = callgate_diags_get(diags, i);

		if (!strcmp(d->id, id) && strstr(d->text, text))
			return true;
	}
	return false;
}

static inline void live_print_diags(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++)
		printf("  %s: %s\n", callgate_diags_get(diags, i)->id, callgate_diags_get(diags, i)->text);
}

/* 0 passed, 1 failed, LIVE_SKIPPED. On an emulated machine $CALLGATE_TEST_PATIENCE times the time is allowed. */
static inline int live_run(const struct live_case *c)
{
	const char *patience = getenv("CALLGATE_TEST_PATIENCE");
	double limit = c->seconds * (patience ? atof(patience) : 1), until = live_clock() + limit;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		c->run();
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (live_clock() > until) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			printf("still running after %.0f s\n", limit);
			return 1;
		}
		live_nap(2);
	}
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == LIVE_SKIPPED))
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		printf("killed by signal %d\n", WTERMSIG(status));
	return 1;
}

/* All cases, or those named on the command line. */
static inline int live_main(const struct live_case *cases, size_t count, int argc, char **argv)
{
	unsigned passed = 0, failed = 0, skipped = 0;

	/* what a killed case leaves behind comes to us rather than to init */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (size_t i = 0; i < count; i++) {
		bool wanted = argc < 2;
		double start = live_clock();
		int r;

		for (int a = 1; a < argc; a++)
			wanted |= !strcmp(argv[a], cases[i].name);
		if (!wanted)
			continue;
		r = live_run(&cases[i]);
		printf("%s %s (%.2f s)\n", r == 0 ? "ok  " : r == LIVE_SKIPPED ? "skip" : "FAIL", cases[i].name, live_clock() - start);
		passed += r == 0;
		skipped += r == LIVE_SKIPPED;
		failed += r == 1;
	}
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed ? 1 : passed ? 0 : LIVE_SKIPPED;
}

#endif
