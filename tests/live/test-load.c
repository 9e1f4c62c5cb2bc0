/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probing and loading on the running kernel. Kernels that lack something are pretended with a filter that answers seccomp(2) as
 * they would: what it says to our code is all that our code can see of a kernel.
 */
#include "live.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "kernel/kernel.h"

#define RETURN(action) { BPF_RET | BPF_K, 0, 0, (action) }
#define LOAD(offset) { BPF_LD | BPF_W | BPF_ABS, 0, 0, (offset) }
#define IF_EQUAL(value, yes, no) { BPF_JMP | BPF_JEQ | BPF_K, (yes), (no), (value) }
#define IF_ANY_BIT(value, yes, no) { BPF_JMP | BPF_JSET | BPF_K, (yes), (no), (value) }
/* low words; the live tests run on little-endian machines only */
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))

static const struct callgate_insn allow[] = { RETURN(SECCOMP_RET_ALLOW) };

static void set_no_new_privs(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void install(const struct callgate_insn *insns, size_t count)
{
	struct sock_fprog program = { (unsigned short)count, (struct sock_filter *)insns };

	set_no_new_privs();
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* seccomp(2) knows no filters with any of these flags (0: no filters at all). */
static void pretend_no_flags(unsigned flags)
{
	struct callgate_insn insns[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		IF_EQUAL(SYS_seccomp, 0, 5),
		LOAD(ARG(0)),
		IF_EQUAL(SECCOMP_SET_MODE_FILTER, 0, 3),
		LOAD(ARG(1)),
		IF_ANY_BIT(flags, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EINVAL),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (!flags)
		insns[5].jf = 0;
	install(insns, ARRAY_SIZE(insns));
}

#define ANY_OPERATION 0xffff

static void pretend_seccomp_fails(unsigned operation, int error)
{
	struct callgate_insn insns[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		IF_EQUAL(SYS_seccomp, 0, 3),
		LOAD(ARG(0)),
		IF_EQUAL(operation, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | (unsigned)error),
		RETURN(SECCOMP_RET_ALLOW),
	};

	if (operation == ANY_OPERATION)
		insns[3].jf = 0;
	install(insns, ARRAY_SIZE(insns));
}

static struct callgate_features probe(void)
{
	struct callgate_features f;

	memset(&f, 0xaa, sizeof(f));
	CHECK(kernel_probe(&f) == 0);
	return f;
}

static void need_filters(void)
{
	if (!probe().filter)
		SKIP("this kernel has no seccomp filters");
}

/* Load `insns` and expect an error with a diagnostic that says `text`. */
static void check_load_fails(const struct callgate_insn *insns, size_t count, unsigned flags, int error, const char *id, const char *text)
{
	struct callgate_diags *diags = callgate_diags_new();
	int r = kernel_load(insns, count, flags, diags);

	if (r != error || !live_has_diag(diags, id, text))
		live_print_diags(diags);
	CHECK(r == error, "%d instead of %d (%s)", r, error, id);
	CHECK(live_has_diag(diags, id, text), "no %s that says '%s'", id, text);
	/* and without a list it fails just the same */
	CHECK(kernel_load(insns, count, flags, NULL) == error);
	callgate_diags_free(diags);
}

/* A field of /proc/self/status. */
static int status_field(const char *name)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	int value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = atoi(line + strlen(name) + 1);
	if (f)
		fclose(f);
	return value;
}

/* ---- Probing ---- */

static void probe_agrees_with_proc(void)
{
	static const char *const names[] = { "kill_process", "user_notif", "log", "trap", "trace", "errno" };
	struct callgate_features f = probe();
	const bool found[] = { f.kill_process, f.notify, f.log, f.trap, f.trace, f.errno_ };
	char line[256] = "";
	FILE *file = fopen("/proc/sys/kernel/seccomp/actions_avail", "re");

	if (!file || !fgets(line, sizeof(line), file))
		SKIP("/proc/sys/kernel/seccomp/actions_avail cannot be read");
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool listed = false;
		char copy[256];

		strcpy(copy, line);
		for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
			listed |= !strcmp(word, names[i]);
		CHECK(found[i] == listed, "%s", names[i]);
	}
}

static void probe_follows_the_version(void)
{
	static const struct {
		unsigned flag, version;
	} since[] = {
		{ CALLGATE_LOAD_TSYNC, 3 << 16 | 17 << 8 },
		{ CALLGATE_LOAD_LOG, 4 << 16 | 14 << 8 },
		{ CALLGATE_LOAD_SPEC_ALLOW, 4 << 16 | 17 << 8 },
		{ CALLGATE_LOAD_NEW_LISTENER, 5 << 16 },
		{ CALLGATE_LOAD_TSYNC_ESRCH, 5 << 16 | 7 << 8 },
		{ CALLGATE_LOAD_WAIT_KILLABLE, 5 << 16 | 19 << 8 },
	};
	struct callgate_features f = probe();

	need_filters();
	CHECK(f.kernel >= (3u << 16 | 17 << 8), "%x", f.kernel);
	for (size_t i = 0; i < ARRAY_SIZE(since); i++)
		CHECK(!!(f.flags & since[i].flag) == (f.kernel >= since[i].version), "flag %x", since[i].flag);
	CHECK(f.notify_continue == (f.kernel >= (5u << 16 | 5 << 8)));
}

static void probe_changes_nothing(void)
{
	struct callgate_features f = probe();
	int before = status_field("Seccomp_filters"), nnp = status_field("NoNewPrivs");

	probe();
	CHECK(status_field("Seccomp_filters") == before && status_field("NoNewPrivs") == nnp);
	CHECK(f.filtered == (status_field("Seccomp") == 2) && f.no_new_privs == (nnp == 1));
	set_no_new_privs();
	CHECK(probe().no_new_privs);
}

static void probe_sees_privileges(void)
{
	if (geteuid() != 0)
		SKIP("dropping privileges needs some");
	CHECK(probe().can_skip_nnp);
	CHECK(setresuid(65534, 65534, 65534) == 0);
	CHECK(!probe().can_skip_nnp);
}

static void probe_is_not_sure_when_filtered(void)
{
	struct callgate_features f;

	CHECK(!probe().uncertain || probe().filtered);
	pretend_seccomp_fails(ANY_OPERATION, EPERM);
	f = probe();
	CHECK(f.uncertain && f.filtered && !f.filter && !f.flags && !f.notify);
}

static void probe_is_not_sure_of_flags(void)
{
	pretend_seccomp_fails(SECCOMP_SET_MODE_FILTER, EPERM);
	CHECK(probe().uncertain && !probe().filter);
}

static void probe_is_not_sure_of_actions(void)
{
	pretend_seccomp_fails(SECCOMP_GET_ACTION_AVAIL, EPERM);
	CHECK(probe().uncertain && !probe().notify);
}

static void probe_of_an_older_kernel(void)
{
	struct callgate_features f;

	need_filters();
	pretend_no_flags(CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_TSYNC_ESRCH);
	f = probe();
	/* asked as 8|32, so that it goes with the listener */
	CHECK(f.filter && !f.uncertain);
	CHECK(!(f.flags & (CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_TSYNC_ESRCH | CALLGATE_LOAD_WAIT_KILLABLE)), "%x", f.flags);
	CHECK(f.flags & CALLGATE_LOAD_TSYNC);
}

/* ---- Loading ---- */

static void a_filter_holds(void)
{
	const struct callgate_insn insns[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		IF_EQUAL(SYS_getppid, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | ENETDOWN),
		RETURN(SECCOMP_RET_ALLOW),
	};

	need_filters();
	set_no_new_privs();
	CHECK(kernel_load(insns, ARRAY_SIZE(insns), 0, NULL) == 0);
	CHECK(syscall(SYS_getppid) == -1 && errno == ENETDOWN);
	CHECK(status_field("Seccomp") == 2);
}

static void every_flag_loads(void)
{
	static const unsigned tried[] = {
		CALLGATE_LOAD_TSYNC, CALLGATE_LOAD_LOG, CALLGATE_LOAD_SPEC_ALLOW,
		CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_LOG | CALLGATE_LOAD_SPEC_ALLOW,
		CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_TSYNC_ESRCH,
	};
	struct callgate_features f = probe();
	unsigned all = CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_TSYNC_ESRCH | CALLGATE_LOAD_WAIT_KILLABLE;

	need_filters();
	set_no_new_privs();
	for (size_t i = 0; i < ARRAY_SIZE(tried); i++)
		if ((tried[i] & f.flags) == tried[i])
			CHECK(kernel_load(allow, 1, tried[i], NULL) == 0, "%x", tried[i]);
	if ((all & f.flags) == all) {
		int fd = kernel_load(allow, 1, all, NULL);

		CHECK(fd > 2, "%d is no listener", fd);
	}
}

static void listener_may_be_descriptor_zero(void)
{
	if (!(probe().flags & CALLGATE_LOAD_NEW_LISTENER))
		SKIP("this kernel has no listeners");
	set_no_new_privs();
	close(0);
	CHECK(kernel_load(allow, 1, CALLGATE_LOAD_NEW_LISTENER, NULL) == 0);
}

static void no_call_after_success(void)
{
	const struct callgate_insn insns[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		IF_EQUAL(SYS_exit_group, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct callgate_diags *diags = callgate_diags_new();
	int status;
	pid_t pid;

	need_filters();
	pid = fork();
	if (pid == 0) {
		set_no_new_privs();
		/* the bare call: a sanitizer makes others in _exit() */
		syscall(SYS_exit_group, kernel_load(insns, ARRAY_SIZE(insns), 0, diags) == 0 ? 55 : 1);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 55, "status %x", status);
}

static void without_privilege(void)
{
	need_filters();
	if (geteuid() == 0)
		CHECK(setresuid(65534, 65534, 65534) == 0);
	if (status_field("NoNewPrivs") == 1)
		SKIP("no_new_privs is already set");
	check_load_fails(allow, 1, 0, -EACCES, "load-privilege", "no_new_privs");
	set_no_new_privs();
	CHECK(kernel_load(allow, 1, 0, NULL) == 0);
}

static void beyond_the_budget(void)
{
	static struct callgate_insn big[CALLGATE_INSNS_MAX];
	int r, n = 0;

	need_filters();
	for (size_t i = 0; i < ARRAY_SIZE(big); i++)
		big[i] = allow[0];
	set_no_new_privs();
	while ((r = kernel_load(big, ARRAY_SIZE(big), 0, NULL)) == 0)
		CHECK(++n < 100);
	CHECK(r == -ENOMEM && n > 1, "%d after %d", r, n);
	check_load_fails(big, ARRAY_SIZE(big), 0, -ENOMEM, "load-budget", "32768");
}

static void programs_that_are_none(void)
{
	static struct callgate_insn big[CALLGATE_INSNS_MAX + 1];
	const struct callgate_insn runs_off[] = { LOAD(0) };
	const struct callgate_insn jumps_out[] = { IF_EQUAL(0, 7, 7), RETURN(0) };

	need_filters();
	set_no_new_privs();
	check_load_fails(allow, 0, 0, -EINVAL, "load-invalid", "has 0");
	check_load_fails(big, ARRAY_SIZE(big), 0, -EINVAL, "load-invalid", "4097");
	/* 65536 + 1 must not become 1 */
	check_load_fails(allow, 65537, 0, -EINVAL, "load-invalid", "65537");
	check_load_fails(runs_off, ARRAY_SIZE(runs_off), 0, -EINVAL, "load-invalid", "not a valid");
	check_load_fails(jumps_out, ARRAY_SIZE(jumps_out), 0, -EINVAL, "load-invalid", "not a valid");
	CHECK(status_field("Seccomp") == 0 || probe().filtered);
}

static void flags_that_do_not_go_together(void)
{
	set_no_new_privs();
	check_load_fails(allow, 1, CALLGATE_LOAD_WAIT_KILLABLE, -EINVAL, "load-flag", "NEW_LISTENER");
	check_load_fails(allow, 1, CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_TSYNC, -EINVAL, "load-flag", "TSYNC_ESRCH");
	check_load_fails(allow, 1, 1u << 6, -EINVAL, "load-flag", "not know");
	check_load_fails(allow, 1, 1u << 31 | CALLGATE_LOAD_LOG, -EINVAL, "load-flag", "not know");
}

static void flags_of_a_newer_kernel(void)
{
	int before;

	need_filters();
	pretend_no_flags(CALLGATE_LOAD_LOG | CALLGATE_LOAD_SPEC_ALLOW);
	before = status_field("Seccomp_filters");
	check_load_fails(allow, 1, CALLGATE_LOAD_LOG, -EINVAL, "load-flag", "SECCOMP_FILTER_FLAG_LOG, which came with Linux 4.14");
	check_load_fails(allow, 1, CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_SPEC_ALLOW, -EINVAL, "load-flag", "Linux 4.17");
	/* never with less than was asked for */
	CHECK(status_field("Seccomp_filters") == before);
	CHECK(kernel_load(allow, 1, CALLGATE_LOAD_TSYNC, NULL) == 0);
}

static void kernel_without_filters(void)
{
	need_filters();
	pretend_no_flags(0);
	CHECK(!probe().filter && !probe().uncertain);
	check_load_fails(allow, 1, 0, -ENOSYS, "load-unsupported", "CONFIG_SECCOMP_FILTER");
}

static void kernel_without_seccomp(void)
{
	need_filters();
	pretend_seccomp_fails(ANY_OPERATION, ENOSYS);
	CHECK(!probe().filter && !probe().uncertain);
	check_load_fails(allow, 1, 0, -ENOSYS, "load-unsupported", "CONFIG_SECCOMP");
}

static void refused_by_a_filter(void)
{
	need_filters();
	pretend_seccomp_fails(ANY_OPERATION, EPERM);
	check_load_fails(allow, 1, 0, -EPERM, "load-refused", "refuse");
}

static void second_listener(void)
{
	if (!(probe().flags & CALLGATE_LOAD_NEW_LISTENER))
		SKIP("this kernel has no listeners");
	set_no_new_privs();
	CHECK(kernel_load(allow, 1, CALLGATE_LOAD_NEW_LISTENER, NULL) >= 0);
	check_load_fails(allow, 1, CALLGATE_LOAD_NEW_LISTENER, -EBUSY, "load-listener", "supervised");
}

static _Atomic pid_t other_thread;

/* Another thread with a filter that the first one has not. */
static void *go_astray(void *nothing)
{
	CHECK(kernel_load(allow, 1, 0, NULL) == 0);
	other_thread = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return nothing;
}

static void thread_that_cannot_follow(void)
{
	struct callgate_features f = probe();
	char number[24];
	pthread_t t;

	need_filters();
	set_no_new_privs();
	CHECK(pthread_create(&t, NULL, go_astray, NULL) == 0);
	while (!other_thread)
		live_nap(1);
	snprintf(number, sizeof(number), "thread %d ", other_thread);
	check_load_fails(allow, 1, CALLGATE_LOAD_TSYNC, -EBUSY, "load-tsync", number);
	if (f.flags & CALLGATE_LOAD_TSYNC_ESRCH)
		check_load_fails(allow, 1, CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_TSYNC_ESRCH, -EBUSY, "load-tsync", "a thread");
	CHECK(status_field("Seccomp") == 0 || f.filtered, "the filter was loaded all the same");
}

static const struct live_case cases[] = {
	{ "probe-agrees-with-proc", probe_agrees_with_proc, 5 },
	{ "probe-follows-the-version", probe_follows_the_version, 5 },
	{ "probe-changes-nothing", probe_changes_nothing, 5 },
	{ "probe-sees-privileges", probe_sees_privileges, 5 },
	{ "probe-is-not-sure-when-filtered", probe_is_not_sure_when_filtered, 5 },
	{ "probe-is-not-sure-of-flags", probe_is_not_sure_of_flags, 5 },
	{ "probe-is-not-sure-of-actions", probe_is_not_sure_of_actions, 5 },
	{ "probe-of-an-older-kernel", probe_of_an_older_kernel, 5 },
	{ "a-filter-holds", a_filter_holds, 5 },
	{ "every-flag-loads", every_flag_loads, 5 },
	{ "listener-may-be-descriptor-zero", listener_may_be_descriptor_zero, 5 },
	{ "no-call-after-success", no_call_after_success, 5 },
	{ "without-privilege", without_privilege, 5 },
	{ "beyond-the-budget", beyond_the_budget, 10 },
	{ "programs-that-are-none", programs_that_are_none, 5 },
	{ "flags-that-do-not-go-together", flags_that_do_not_go_together, 5 },
	{ "flags-of-a-newer-kernel", flags_of_a_newer_kernel, 5 },
	{ "kernel-without-filters", kernel_without_filters, 5 },
	{ "kernel-without-seccomp", kernel_without_seccomp, 5 },
	{ "refused-by-a-filter", refused_by_a_filter, 5 },
	{ "second-listener", second_listener, 5 },
	{ "thread-that-cannot-follow", thread_that_cannot_follow, 5 },
};

int main(int argc, char **argv)
{
	return live_main(cases, ARRAY_SIZE(cases), argc, argv);
}
