/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the recorder share: running one, looking into its trace. The helper programs (programs/) are beside the test, or
 * in $CALLGATE_TEST_PROGRAMS.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "live.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>

#include "arch/arch.h"
#include "base/util.h"
#include "record/record.h"

/* Which recorder: test-record-ptrace.c says another, and CALLGATE_TEST_RECORDER=ebpf runs the same tests under that one. */
#ifndef BACKEND
#define BACKEND record_notify
#endif
static const struct record_backend *recorder = &BACKEND;
static char programs[PATH_MAX], workload[PATH_MAX + 16];

struct recording {
	struct callgate_record_options options;
	struct record_setup setup;
	struct callgate_trace *trace;
	struct callgate_record_result result;
	struct callgate_diags *diags;
	const struct record_backend *backend; /* NULL: the one under test, if it can run here */
	int r;
};

/* Run it as callgate_record does; the trace stays for looking at. */
static inline void record(struct recording *rec, const char *const argv[])
{
	_cleanup_free_ char *path = NULL;

	rec->diags = callgate_diags_new();
	if (!rec->backend && recorder->probe(rec->diags) < 0)
		SKIP("%s", callgate_diags_get(rec->diags, 0)->text);
	CHECK(rec->diags && trace_new(&rec->trace) == 0);
	rec->options.argv = argv;
	rec->setup.options = &rec->options;
	rec->r = argv[0] ? record_find_command(argv[0], &path, rec->diags) : 0; /* without a command it attaches */
	rec->setup.path = path;
	if (!rec->r)
		rec->r = (rec->backend ? rec->backend : recorder)->run(&rec->setup, rec->trace, &rec->result, rec->diags);
	if (rec->r == -ENOSYS && live_has_diag(rec->diags, "record-unsupported", ""))
		SKIP("%s", callgate_diags_get(rec->diags, 0)->text);
	if (rec->r < 0)
		CHECK(callgate_diags_count(rec->diags) > 0, "a failure must be explained");
}

static inline void done(struct recording *rec)
{
	trace_free(rec->trace);
	callgate_diags_free(rec->diags);
}

#define RECORD(rec, ...) record(rec, (const char *const[]){ __VA_ARGS__, NULL })

/* How often a number of an ABI was seen; the launch is not counted. */
static inline uint64_t seen(const struct recording *rec, enum callgate_abi abi, uint32_t nr)
{
	struct callgate_observation o;
	uint64_t count = 0;

	for (size_t i = 0; i < rec->trace->entries.count; i++) {
		trace_observation(rec->trace, i, &o);
		if (o.abi == abi && o.nr == nr && !o.launch)
			count += o.count;
	}
	return count;
}

static inline uint64_t counted(const struct recording *rec)
{
	return seen(rec, arch_native(), SYS_getppid);
}

static inline void check_ended(const struct recording *rec, int exit_status)
{
	if (rec->r < 0)
		live_print_diags(rec->diags);
	CHECK(rec->r == 0, "%d", rec->r);
	CHECK(WIFEXITED(rec->result.status) && WEXITSTATUS(rec->result.status) == exit_status, "status %x", rec->result.status);
	CHECK(rec->result.lost == 0 && rec->trace->lost == 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
}

/* Standard output of what is recorded goes into a pipe, whose reading end is returned. */
static inline int catch_output(void)
{
	int fds[2];

	fflush(stdout);
	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	CHECK(dup2(fds[1], 1) == 1);
	close(fds[1]);
	return fds[0];
}

/* CHECK writes to standard output, so give it back before checking. */
static inline void release_output(int saved)
{
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
}

/* A program that tells by a byte when it has begun; here nobody wants to know. */
static inline void record_quietly(struct recording *rec, const char *mode)
{
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output();

	RECORD(rec, workload, mode);
	release_output(saved);
	close(out);
}

static inline void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	/* as a process that began as nobody is; else it could not be traced */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (access(workload, X_OK) < 0)
		SKIP("the test programs cannot be reached by an unprivileged user");
}

/* Record, and expect so many calls of getppid. */
static inline void check_count(struct recording *rec, uint64_t expected, const char *const argv[])
{
	record(rec, argv);
	check_ended(rec, 0);
	CHECK(counted(rec) == expected, "%llu instead of %llu", (unsigned long long)counted(rec), (unsigned long long)expected);
	done(rec);
}
#define CHECK_COUNT(expected, ...) check_count(&(struct recording){ 0 }, expected, (const char *const[]){ workload, __VA_ARGS__, NULL })

/* Where the helper programs are; false when they are nowhere. */
static inline bool find_programs(void)
{
	const char *folder = getenv("CALLGATE_TEST_PROGRAMS");
	const char *wanted = getenv("CALLGATE_TEST_RECORDER");
	char self[PATH_MAX - 16] = "";

	if (wanted && !strcmp(wanted, record_ebpf.name))
		recorder = &record_ebpf;
	if (!folder && readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
		*strrchr(self, '/') = '\0';
	snprintf(programs, sizeof(programs), "%s", folder ? folder : self);
	snprintf(workload, sizeof(workload), "%s/workload", programs);
	if (access(workload, X_OK) == 0)
		return true;
	printf("there is no %s; set CALLGATE_TEST_PROGRAMS\n", workload);
	return false;
}

#endif
