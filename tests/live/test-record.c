/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder on real processes: counts are exact, nothing is lost, and the recorded program notices as little as possible.
 * How a recording starts and ends is in test-record-life.c.
 */
#include "recording.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/utsname.h>

static unsigned kernel_version(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return major << 8 | minor;
}

/* Every notified call is one call, also under signals: see the head of notify.c. A stop for a tracer always was. */
static bool counts_exact_under_signals(void)
{
	return strcmp(recorder->name, "notify") || kernel_version() >= (6 << 8 | 17);
}

/* ---- What is seen ---- */

static void exact_counts(void)
{
	CHECK_COUNT(2 * 3 * 1000, "calls", "1000", "3", "2");
}

static void fork_storm(void)
{
	CHECK_COUNT(2000, "storm", "2000");
}

static void exec_chain(void)
{
	CHECK_COUNT(50, "chain", "50");
}

static void vfork_and_exec(void)
{
	CHECK_COUNT(60, "vfork", "60");
}

static void shared_memory_clones(void)
{
	CHECK_COUNT(100, "shared", "100");
}

static void leader_ends_first(void)
{
	CHECK_COUNT(77, "leader", "77");
}

static void daemon_after_command(void)
{
	struct recording rec = { 0 };

	/* the status is the command's, not that of what ended last */
	RECORD(&rec, workload, "daemon", "7", "5");
	check_ended(&rec, 5);
	CHECK(counted(&rec) == 7, "%llu", (unsigned long long)counted(&rec));
	done(&rec);
}

static void launch_and_who(void)
{
	struct recording rec = { 0 };
	struct callgate_observation o;
	unsigned launches = 0, named = 0;

	RECORD(&rec, workload, "chain", "1");
	check_ended(&rec, 0);
	for (size_t i = 0; i < rec.trace->entries.count; i++) {
		trace_observation(rec.trace, i, &o);
		CHECK(o.evidence == CALLGATE_EVIDENCE_RECORDED && o.count && o.first && o.last >= o.first);
		launches += o.launch;
		if (o.launch)
			CHECK(o.nr == SYS_execve && o.count == 1 && !o.who);
		else
			CHECK(o.who, "nr %u", o.nr);
		/* the comm of what "chain" executes, /proc/self/exe, is the last part of that name */
		if (o.nr == SYS_getppid && !o.launch)
			named += o.who && !strcmp(o.who, "workload");
	}
	CHECK(launches == 1 && named == 1, "%u %u", launches, named);
	CHECK(seen(&rec, arch_native(), SYS_execve) == 1, "the program's own execve");
	CHECK(seen(&rec, arch_native(), SYS_exit_group) == 1);
	CHECK(!strcmp(strpool_get(&rec.trace->strings, rec.trace->recorder), recorder->name));
	CHECK(strstr(strpool_get(&rec.trace->strings, rec.trace->command), "workload chain 1"));
	CHECK(rec.trace->kernel);
	done(&rec);
}

static void unknown_numbers(void)
{
	struct recording rec = { 0 };

	RECORD(&rec, workload, "unknown");
	check_ended(&rec, 0);
	CHECK(seen(&rec, arch_native(), 9999) == 1);
	CHECK(seen(&rec, arch_native(), UINT32_MAX) == 1);
	if (arch_native() == CALLGATE_ABI_X86_64)
		CHECK(seen(&rec, CALLGATE_ABI_X32, 0x40000000 + SYS_getppid) == 1);
	done(&rec);
}

static void i386_calls(void)
{
	struct recording rec = { 0 };
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/i386", programs);
	if (access(path, X_OK) < 0)
		SKIP("i386 is built for x86-64 only");
	RECORD(&rec, path, "123");
	CHECK(rec.r == 0);
	if (WIFEXITED(rec.result.status) && WEXITSTATUS(rec.result.status) == 77)
		SKIP("this kernel runs no i386 calls (CONFIG_IA32_EMULATION)");
	check_ended(&rec, 0);
	CHECK(seen(&rec, CALLGATE_ABI_I386, 64) == 123);
	done(&rec);
}

/* ---- Signals ---- */

static void alarm_storm(const char *restart)
{
	struct recording rec = { 0 };
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output();
	char text[64] = "";
	long made = 0, alarms = 0;

	RECORD(&rec, workload, "alarm", "150", restart);
	release_output(saved);
	check_ended(&rec, 0);
	CHECK(read(out, text, sizeof(text) - 1) > 0 && sscanf(text, "%ld %ld", &made, &alarms) == 2);
	CHECK(made >= 150 && alarms >= 150, "%ld calls, %ld signals", made, alarms);
	CHECK(counted(&rec) >= (uint64_t)made, "%llu of %ld", (unsigned long long)counted(&rec), made);
	if (counts_exact_under_signals())
		CHECK(counted(&rec) == (uint64_t)made, "%llu of %ld", (unsigned long long)counted(&rec), made);
	done(&rec);
}

static void alarm_storm_restarting(void)
{
	alarm_storm("1");
}

static void alarm_storm_interrupting(void)
{
	alarm_storm("0");
}

static void caller_is_as_before(void)
{
	struct recording rec = { 0 };
	struct sigaction action;
	sigset_t before, after;
	int subreaper = -1, fd = open("/dev/null", O_RDONLY), next;

	/* whatever we were started with */
	for (int i = 1; i < SIGRTMIN; i++)
		signal(i, SIG_DFL);
	sigemptyset(&before);
	sigaddset(&before, SIGUSR1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	close(fd);
	/* and the program gets what the caller had */
	RECORD(&rec, workload, "signals");
	check_ended(&rec, 0);
	done(&rec);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < SIGRTMIN; i++)
		CHECK(sigismember(&after, i) == (i == SIGUSR1), "signal %d", i);
	sigaction(SIGCHLD, NULL, &action);
	CHECK(action.sa_handler == SIG_IGN);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
	CHECK(subreaper == 0, "%d", subreaper);
	next = open("/dev/null", O_RDONLY);
	CHECK(next == fd, "descriptor %d instead of %d: one has leaked", next, fd);
}

/* ---- What the program notices ---- */

static void output_and_input(void)
{
	struct recording rec = { 0 };
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output(), in[2];
	char text[32] = "";

	CHECK(pipe2(in, O_CLOEXEC) == 0 && dup2(in[0], 0) == 0);
	CHECK(write(in[1], "through and through", 19) == 19);
	close(in[1]);
	RECORD(&rec, workload, "copy", "7");
	release_output(saved);
	check_ended(&rec, 7);
	CHECK(read(out, text, sizeof(text) - 1) == 19 && !strcmp(text, "through and through"), "%s", text);
	done(&rec);
}

static void death_by_signal(void)
{
	struct recording rec = { 0 };
	char number[16];

	snprintf(number, sizeof(number), "%d", SIGUSR1);
	RECORD(&rec, workload, "die", number);
	CHECK(rec.r == 0 && WIFSIGNALED(rec.result.status) && WTERMSIG(rec.result.status) == SIGUSR1, "status %x", rec.result.status);
	done(&rec);
}

static void no_descriptor_leaks(void)
{
	struct recording rec = { 0 };

	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	RECORD(&rec, workload, "descriptors");
	check_ended(&rec, 3);
	done(&rec);
}

/* ---- Trial ---- */

static int refuse_getppid(void *user, const struct callgate_call *call)
{
	unsigned *asked = user;

	++*asked;
	return call->nr == SYS_getppid ? EPERM : 0;
}

static void trial_run(void)
{
	struct callgate_insn filter[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
		{ BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_getppid },
		{ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_execve },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF },
	};
	unsigned asked = 0;
	struct recording rec = {
		.setup = {
			.filter = filter, .filter_count = ARRAY_SIZE(filter),
			.decide = refuse_getppid, .decide_user = &asked,
		},
	};
	struct callgate_observation o;

	if (recorder == &record_ebpf)
		SKIP("the recorder %s does not answer calls, and is never asked to", recorder->name);
	RECORD(&rec, workload, "denied", "25");
	if (!recorder->answers) {
		CHECK(rec.r == -ENOSYS && live_has_diag(rec.diags, "record-trial", "notify"));
		done(&rec);
		return;
	}
	check_ended(&rec, 0);
	CHECK(asked == 25, "%u: the launch is not the program's doing", asked);
	CHECK(rec.trace->entries.count == 1);
	trace_observation(rec.trace, 0, &o);
	CHECK(o.nr == SYS_getppid && o.count == 25 && o.evidence == CALLGATE_EVIDENCE_DENIED && !o.launch);
	CHECK(rec.result.calls == 25);
	done(&rec);
}

static const struct live_case cases[] = {
	{ "exact-counts", exact_counts, 20 },
	{ "fork-storm", fork_storm, 60 },
	{ "exec-chain", exec_chain, 20 },
	{ "vfork-and-exec", vfork_and_exec, 20 },
	{ "shared-memory-clones", shared_memory_clones, 20 },
	{ "leader-ends-first", leader_ends_first, 10 },
	{ "daemon-after-command", daemon_after_command, 10 },
	{ "launch-and-who", launch_and_who, 10 },
	{ "unknown-numbers", unknown_numbers, 10 },
	{ "i386-calls", i386_calls, 10 },
	{ "alarm-storm-restarting", alarm_storm_restarting, 60 },
	{ "alarm-storm-interrupting", alarm_storm_interrupting, 60 },
	{ "caller-is-as-before", caller_is_as_before, 10 },
	{ "output-and-input", output_and_input, 10 },
	{ "death-by-signal", death_by_signal, 10 },
	{ "no-descriptor-leaks", no_descriptor_leaks, 10 },
	{ "trial-run", trial_run, 10 },
};

int main(int argc, char **argv)
{
	return find_programs() ? live_main(cases, ARRAY_SIZE(cases), argc, argv) : 1;
}
