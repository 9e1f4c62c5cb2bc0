/* SPDX-License-Identifier: Apache-2.0 */
/* How a recording starts, or does not, and how it ends: whatever happens, no process is left behind. */
#include "recording.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>

/* ---- Starting ---- */

static char *make_file(const char *folder, const char *name, const char *text, mode_t mode)
{
	char *path;
	int fd;

	CHECK(asprintf(&path, "%s/%s", folder, name) > 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
	return path;
}

static void check_refused(const char *path, int error, const char *id)
{
	struct recording rec = { 0 };

	RECORD(&rec, path);
	if (rec.r != error || !live_has_diag(rec.diags, id, ""))
		live_print_diags(rec.diags);
	CHECK(rec.r == error, "%s: %d", path, rec.r);
	CHECK(live_has_diag(rec.diags, id, path), "%s: not %s", path, id);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
	done(&rec);
}

static void commands_that_cannot_run(void)
{
	char folder[] = "/tmp/callgate-record-XXXXXX";
	char *garbage, *plain, *orphan;

	CHECK(mkdtemp(folder));
	garbage = make_file(folder, "garbage", "\177ELF but not really", 0755);
	plain = make_file(folder, "plain", "text", 0644);
	orphan = make_file(folder, "orphan", "#!/nonexistent/interpreter\n", 0755);
	check_refused("no-such-command-anywhere", -ENOENT, "command-not-found");
	check_refused("/nonexistent/program", -ENOENT, "command-not-found");
	check_refused(folder, -EACCES, "command-not-executable");
	check_refused("/dev/null", -EACCES, "command-not-executable");
	check_refused(plain, -EACCES, "command-not-executable");
	check_refused(garbage, -ENOEXEC, "record-exec-format");
	check_refused(orphan, -ENOENT, "command-not-found");
	/* in PATH: what cannot be run is passed over, and told of when nothing better comes */
	setenv("PATH", folder, 1);
	unlink(garbage);
	unlink(orphan);
	check_refused("plain", -EACCES, "command-not-executable");
	unlink(plain);
	rmdir(folder);
}

static void path_is_searched(void)
{
	char folder[] = "/tmp/callgate-record-XXXXXX", search[PATH_MAX * 2];
	struct callgate_diags *diags = callgate_diags_new();
	char *inner, *path = NULL;

	/* a folder of that name is no command */
	CHECK(mkdtemp(folder) && asprintf(&inner, "%s/workload", folder) > 0 && mkdir(inner, 0755) == 0);
	snprintf(search, sizeof(search), "/nonexistent:%s:%s", folder, programs);
	setenv("PATH", search, 1);
	CHECK(record_find_command("workload", &path, diags) == 0 && !strcmp(path, workload), "%s", path);
	/* an empty element is the current folder */
	setenv("PATH", "/nonexistent::", 1);
	CHECK(chdir(programs) == 0 && record_find_command("workload", &path, diags) == 0 && !strcmp(path, "./workload"), "%s", path);
	CHECK(record_find_command("", &path, diags) == -ENOENT);
	rmdir(inner);
	rmdir(folder);
}

static void unprivileged(void)
{
	become_nobody();
	CHECK_COUNT(2 * 1000, "calls", "1000", "1", "2");
	CHECK_COUNT(7, "daemon", "7");
}

static void keep_privileges(void)
{
	struct recording rec = { .options.keep_privileges = true }, refused = { .options.keep_privileges = true };

	if (geteuid() == 0) {
		RECORD(&rec, "grep", "-q", "NoNewPrivs:.0", "/proc/self/status");
		check_ended(&rec, 0);
		done(&rec);
	}
	become_nobody();
	RECORD(&refused, "true");
	CHECK(refused.r == -EPERM && live_has_diag(refused.diags, "record-privilege", "CAP_SYS_ADMIN"), "%d", refused.r);
	done(&refused);
}

static void check_setuid_warning(const char *const argv[], const char *file, bool expected)
{
	struct recording rec = { 0 };

	record(&rec, argv);
	check_ended(&rec, 0);
	CHECK(live_has_diag(rec.diags, "record-setuid", file) == expected, "%s", argv[0]);
	done(&rec);
}

static void setuid_programs(void)
{
	char folder[] = "/tmp/callgate-record-XXXXXX", command[PATH_MAX * 3], *copy;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		SKIP("making a setuid program needs root");
	CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0 && asprintf(&copy, "%s/raised", folder) > 0);
	snprintf(command, sizeof(command), "cp '%s' '%s' && chmod 4755 '%s'", workload, copy, copy);
	CHECK(system(command) == 0);
	/* in a child, so that root remains to remove the program whatever happens */
	pid = fork();
	if (pid == 0) {
		const char *const direct[] = { copy, "chain", "0", NULL };
		const char *const indirect[] = { workload, "exec", copy, "chain", "0", NULL };

		/* to root it gives nothing */
		check_setuid_warning(indirect, copy, false);
		become_nobody();
		check_setuid_warning(direct, copy, true);
		check_setuid_warning(indirect, copy, true);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	unlink(copy);
	rmdir(folder);
	if (WIFEXITED(status) && WEXITSTATUS(status) == LIVE_SKIPPED)
		_exit(LIVE_SKIPPED);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	free(copy);
}

/* Filters that make this kernel look like another: nr is answered with an errno when its first argument is `op`. */
static void pretend(unsigned op, int error)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])), /* little-endian */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, op, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(insns), insns };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void kernel_without_notification(void)
{
	struct callgate_diags *diags = callgate_diags_new();

	if (recorder == &record_ebpf)
		SKIP("about another recorder");
	pretend(SECCOMP_GET_ACTION_AVAIL, EOPNOTSUPP);
	CHECK(recorder->probe(diags) == -ENOSYS);
	CHECK(live_has_diag(diags, "record-unsupported", strcmp(recorder->name, "notify") ? "SECCOMP_RET_TRACE" : "5.5"));
}

static void recording_in_a_recording(void)
{
	/* This test again, recorded: its recorder finds that it is supervised. */
	struct recording rec = { 0 };
	char self[PATH_MAX] = "";

	if (recorder == &record_ebpf)
		SKIP("about another recorder");
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	RECORD(&rec, self, "(nested)");
	CHECK(rec.r == 0 && WIFEXITED(rec.result.status) && WEXITSTATUS(rec.result.status) == 0, "status %x", rec.result.status);
	done(&rec);
}

/* Not a case: what recording_in_a_recording records. */
static int nested(void)
{
	struct recording rec = { .backend = recorder };

	RECORD(&rec, workload, "chain", "0");
	if (strcmp(recorder->name, "notify"))
		CHECK(rec.r == -EPERM && live_has_diag(rec.diags, "record-privilege", "record from outside"), "%d", rec.r);
	else
		CHECK(rec.r == -EBUSY && live_has_diag(rec.diags, "record-listener", ""), "%d", rec.r);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
	done(&rec);
	return 0;
}

/* ---- Ending ---- */

/* A process, not a child of the recorder's, that sends signals to it once the program has written a byte. */
static void poke_when_ready(int out, const int *signals, size_t count)
{
	pid_t target = getpid(), pid = fork();
	char byte;

	if (pid == 0) {
		if (fork())
			_exit(0);
		if (read(out, &byte, 1) == 1)
			for (size_t i = 0; i < count; i++) {
				live_nap(150);
				kill(target, signals[i]);
			}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void signalled(struct recording *rec, const char *mode, const int *signals, size_t count)
{
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output();

	poke_when_ready(out, signals, count);
	RECORD(rec, workload, mode);
	release_output(saved);
}

static void terminate_is_passed_on(void)
{
	struct recording rec = { 0 };

	signalled(&rec, "ready", (const int[]){ SIGTERM }, 1);
	check_ended(&rec, 42);
	CHECK(!rec.result.stopped);
	done(&rec);
}

static void second_signal_ends_all(void)
{
	struct recording rec = { 0 };
	double start = live_clock();

	signalled(&rec, "stubborn", (const int[]){ SIGINT, SIGINT }, 2);
	CHECK(rec.r == 0);
	CHECK(WIFSIGNALED(rec.result.status) && WTERMSIG(rec.result.status) == SIGKILL, "status %x", rec.result.status);
	CHECK(live_clock() - start >= 2, "SIGKILL came too soon");
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
	done(&rec);
}

static void recorder_is_killed(void)
{
	int saved, out, status;
	double start;
	pid_t pid;
	char byte;

	/* under eBPF no call waits for the recorder, and only the command itself ends with it: test-record-ebpf.c */
	if (recorder == &record_ebpf)
		SKIP("about another recorder");
	saved = fcntl(1, F_DUPFD_CLOEXEC, 100);
	out = catch_output();
	/* everything below us comes to us when it is orphaned */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (pid == 0) {
		RECORD(&(struct recording){ 0 }, workload, "linger");
		_exit(1);
	}
	CHECK(read(out, &byte, 1) == 1);
	release_output(saved);
	live_nap(100);
	CHECK(waitpid(pid, &status, WNOHANG) == 0, "the recording has ended too early");
	kill(pid, SIGKILL);
	start = live_clock();
	while (waitpid(-1, &status, 0) > 0)
		;
	CHECK(errno == ECHILD && live_clock() - start < 2, "recorded processes outlived the recorder by %.1f s", live_clock() - start);
}

static void time_limit(void)
{
	struct recording rec = { .options.until_seconds = 0.4 };
	double start = live_clock();

	record_quietly(&rec, "linger");
	CHECK(rec.r == 0 && rec.result.stopped);
	CHECK(live_clock() - start >= 0.35 && live_clock() - start < 1.9, "%.2f s", live_clock() - start);
	CHECK(WIFSIGNALED(rec.result.status) && WTERMSIG(rec.result.status) == SIGTERM, "status %x", rec.result.status);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
	done(&rec);
}

struct watching {
	unsigned times, stop_at;
	struct callgate_record_progress last;
};

static int watch(void *user, const struct callgate_record_progress *progress)
{
	struct watching *w = user;

	CHECK(progress->calls >= w->last.calls && progress->seconds >= w->last.seconds);
	w->last = *progress;
	w->times++;
	return w->stop_at && w->times >= w->stop_at;
}

static void progress_is_told(void)
{
	struct watching w = { 0 };
	struct recording rec = { .options = { .progress = watch, .user = &w } };

	RECORD(&rec, "sleep", "1.1");
	check_ended(&rec, 0);
	CHECK(!rec.result.stopped);
	CHECK(w.times >= 4 && w.times <= 7, "%u times", w.times);
	CHECK(w.last.calls == rec.result.calls && w.last.distinct > 5 && w.last.distinct <= w.last.calls);
	CHECK(w.last.seconds > 1 && w.last.since_new < w.last.seconds);
	done(&rec);
}

static void progress_stops(void)
{
	struct watching w = { .stop_at = 2 };
	struct recording rec = { .options = { .progress = watch, .user = &w } };
	double start = live_clock();

	/* the calls never pause: the recorder must find the time */
	record_quietly(&rec, "linger");
	CHECK(rec.r == 0 && rec.result.stopped && w.times >= 2);
	CHECK(live_clock() - start < 2, "%.2f s", live_clock() - start);
	done(&rec);
}

static void children_of_the_caller(void)
{
	struct recording rec = { 0 };
	int status;
	pid_t ended = fork(), living;

	if (ended == 0)
		_exit(9);
	living = fork();
	if (living == 0) {
		pause();
		_exit(0);
	}
	live_nap(20);
	rec.options.until_seconds = 0.3;
	record_quietly(&rec, "linger");
	CHECK(rec.r == 0 && rec.result.stopped);
	CHECK(waitpid(ended, &status, WNOHANG) == ended && WEXITSTATUS(status) == 9, "the caller's child was reaped");
	CHECK(waitpid(living, &status, WNOHANG) == 0, "the caller's child was ended");
	kill(living, SIGKILL);
	CHECK(waitpid(living, &status, 0) == living);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a recorded process is left");
	done(&rec);
}

static const struct live_case cases[] = {
	{ "commands-that-cannot-run", commands_that_cannot_run, 20 },
	{ "path-is-searched", path_is_searched, 10 },
	{ "unprivileged", unprivileged, 20 },
	{ "keep-privileges", keep_privileges, 10 },
	{ "setuid-programs", setuid_programs, 10 },
	{ "kernel-without-notification", kernel_without_notification, 10 },
	{ "recording-in-a-recording", recording_in_a_recording, 20 },
	{ "terminate-is-passed-on", terminate_is_passed_on, 10 },
	{ "second-signal-ends-all", second_signal_ends_all, 20 },
	{ "recorder-is-killed", recorder_is_killed, 20 },
	{ "time-limit", time_limit, 10 },
	{ "progress-is-told", progress_is_told, 10 },
	{ "progress-stops", progress_stops, 10 },
	{ "children-of-the-caller", children_of_the_caller, 10 },
};

int main(int argc, char **argv)
{
	if (!find_programs())
		return 1;
	if (argc == 2 && !strcmp(argv[1], "(nested)"))
		return nested();
	return live_main(cases, ARRAY_SIZE(cases), argc, argv);
}
