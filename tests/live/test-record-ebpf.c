/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eBPF recorder: exact where much happens at once, explicit where a map is full, of the same mind as user notification, and gone
 * without a trace. What it shares with other recorders is tested by test-record.c and test-record-life.c, with
 * CALLGATE_TEST_RECORDER=ebpf.
 */
#include "recording.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* ---- Counts ---- */

static void many_threads(void)
{
	/* 64 threads, and more calls than a sampler would see */
	CHECK_COUNT(64 * 30000, "calls", "30000", "64", "1");
}

static void short_lives(void)
{
	CHECK_COUNT(3000, "storm", "3000");
}

static void fork_bomb(void)
{
	CHECK_COUNT(2047, "bomb", "10");
}

static void odd_clones(void)
{
	CHECK_COUNT(40 * 6, "clones", "40");
}

static void exec_storm(void)
{
	CHECK_COUNT(300, "chain", "300");
}

/* ---- Maps that fill up ---- */

/* More values of an argument than are kept: none is lost, and one observation says that there were more. */
static void too_many_values(void)
{
	struct recording rec = { 0 };
	struct callgate_observation o;
	uint64_t known = 0, unknown = 0;

	RECORD(&rec, workload, "values", "5000");
	check_ended(&rec, 0);
	for (size_t i = 0; i < rec.trace->entries.count; i++) {
		trace_observation(rec.trace, i, &o);
		if (o.nr != SYS_prctl)
			continue;
		*(o.args_known ? &known : &unknown) += o.count;
	}
	CHECK(known >= 500 && known < 1100 && unknown > 3000, "%llu %llu", (unsigned long long)known, (unsigned long long)unknown);
	CHECK(seen(&rec, arch_native(), SYS_prctl) >= 5000);
	done(&rec);
}

/* More numbers than the map of those without a slot holds: the rest is counted as lost, and the trace says so. */
static void too_many_numbers(void)
{
	struct recording rec = { 0 };

	RECORD(&rec, workload, "numbers", "10000");
	CHECK(rec.r == 0 && rec.result.status == 0);
	CHECK(rec.trace->lost == 10000 - 8192 && rec.result.lost == rec.trace->lost, "%llu lost", (unsigned long long)rec.trace->lost);
	CHECK(seen(&rec, arch_native(), 5000) == 1 && seen(&rec, arch_native(), 5000 + 8191) == 1);
	CHECK(seen(&rec, arch_native(), 5000 + 8192) == 0);
	done(&rec);
}

/* ---- Conformance ---- */

static void record_under(struct recording *rec, const struct record_backend *backend, const char *const argv[])
{
	recorder = backend;
	record(rec, argv);
	recorder = &record_ebpf;
	check_ended(rec, 0);
}

/* Addresses differ from run to run, and futex calls are a matter of chance. */
static bool comparable(const struct callgate_observation *o)
{
	return o->nr != SYS_futex;
}

static void check_same(const char *const argv[])
{
	struct recording a = { 0 }, b = { 0 };
	struct callgate_observation x, y;
	size_t i = 0, j = 0;

	record_under(&a, &record_notify, argv);
	record_under(&b, &record_ebpf, argv);
	for (;; i++, j++) {
		while (i < a.trace->entries.count && (trace_observation(a.trace, i, &x), !comparable(&x)))
			i++;
		while (j < b.trace->entries.count && (trace_observation(b.trace, j, &y), !comparable(&y)))
			j++;
		if (i == a.trace->entries.count || j == b.trace->entries.count)
			break;
		CHECK(x.abi == y.abi && x.nr == y.nr && x.launch == y.launch && x.args_known == y.args_known &&
		      !memcmp(x.args, y.args, sizeof(x.args)) && x.count == y.count, "%s %s: nr %u (%llu) and %u (%llu)", argv[0], argv[1], x.nr,
		      (unsigned long long)x.count, y.nr, (unsigned long long)y.count);
	}
	CHECK(i == a.trace->entries.count && j == b.trace->entries.count, "%s %s", argv[0], argv[1]);
	done(&a);
	done(&b);
}
#define CHECK_SAME(...) check_same((const char *const[]){ __VA_ARGS__, NULL })

static void same_as_notification(void)
{
	CHECK_SAME(workload, "chain", "5");
	CHECK_SAME(workload, "vfork", "3");
	CHECK_SAME(workload, "storm", "20");
	CHECK_SAME(workload, "unknown");
	CHECK_SAME(workload, "shared", "10");
	CHECK_SAME("grep", "-q", "root", "/etc/passwd");
}

/* ---- Nothing stays ---- */

/* Others may be recording on this machine: those that are in the kernel before are not ours. */
struct loaded {
	unsigned ids[512];
	size_t count;
};

static struct loaded programs_loaded(void)
{
	struct loaded l = { 0 };
	FILE *list = popen("PATH=$PATH:/usr/sbin:/sbin bpftool prog list 2>/dev/null | sed -nE 's/^([0-9]+): .*name (enter_typed|enter_raw|forked|ended|moved) .*/\\1/p'", "r");

	CHECK(list);
	while (l.count < 512 && fscanf(list, "%u", &l.ids[l.count]) == 1)
		l.count++;
	pclose(list);
	return l;
}

static bool is_loaded(const struct loaded *l, unsigned id)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->ids[i] == id)
			return true;
	return false;
}

/* How many of `all` are there still, but for those of `but`. */
static unsigned still_loaded(const struct loaded *all, const struct loaded *but)
{
	struct loaded now = programs_loaded();
	unsigned count = 0;

	for (size_t i = 0; i < all->count; i++)
		count += is_loaded(&now, all->ids[i]) && !is_loaded(but, all->ids[i]);
	return count;
}

static bool group_of(pid_t pid, char *path, size_t size)
{
	FILE *find;
	char command[128];
	bool found;

	snprintf(command, sizeof(command), "find /sys/fs/cgroup -type d -name callgate-%d 2>/dev/null", (int)pid);
	find = popen(command, "r");
	found = find && fgets(path, (int)size, find);
	if (find)
		pclose(find);
	if (found)
		path[strcspn(path, "\n")] = '\0';
	return found;
}

static void killed_recorder_leaves_nothing(void)
{
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output(), status;
	struct loaded before = programs_loaded(), meanwhile;
	char path[PATH_MAX], byte;
	bool group;
	pid_t pid;

	if (record_ebpf.probe(NULL) < 0 || system("PATH=$PATH:/usr/sbin:/sbin bpftool version >/dev/null 2>&1")) {
		release_output(saved);
		SKIP("needs a kernel that takes eBPF programs, and bpftool");
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (pid == 0) {
		RECORD(&(struct recording){ 0 }, workload, "ready");
		_exit(1);
	}
	CHECK(read(out, &byte, 1) == 1);
	release_output(saved);
	meanwhile = programs_loaded();
	CHECK(still_loaded(&meanwhile, &before) >= 3);
	group = group_of(pid, path, sizeof(path));
	kill(pid, SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		;
	/* another recorder that began at the same time may take a while */
	for (int tries = 0; tries < 200 && still_loaded(&meanwhile, &before); tries++)
		live_nap(50);
	CHECK(!still_loaded(&meanwhile, &before), "%u programs outlived their recorder", still_loaded(&meanwhile, &before));
	CHECK_COUNT(1, "chain", "1");
	if (group)
		CHECK(access(path, F_OK) < 0, "%s is still there", path);
	CHECK(!group_of(getpid(), path, sizeof(path)), "%s", path);
}

/* ---- Attaching ---- */

/* A process that makes calls until it is told to end. */
static pid_t start_busy(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		execl(workload, workload, "linger", NULL);
		_exit(1);
	}
	close(ends[1]);
	CHECK(read(ends[0], &byte, 1) == 1);
	close(ends[0]);
	return pid;
}

static void end_busy(pid_t pid)
{
	char command[64];

	/* its descendants have sessions of their own, and are ours by now or soon */
	kill(pid, SIGKILL);
	snprintf(command, sizeof(command), "/proc/self/task/%d/children", (int)getpid());
	for (;;) {
		FILE *children;
		int child;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		children = fopen(command, "re");
		if (!children || fscanf(children, "%d", &child) != 1)
			break;
		fclose(children);
		kill(child, SIGKILL);
		live_nap(2);
	}
}

static void attach_to_process(void)
{
	struct recording rec = { .options.until_seconds = 0.5 };

	if (record_ebpf.probe(NULL) < 0)
		SKIP("no eBPF here");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	rec.options.pid = start_busy();
	record(&rec, (const char *const[]){ NULL });
	if (rec.r == -ENOSYS)
		SKIP("%s", callgate_diags_get(rec.diags, 0)->text);
	CHECK(rec.r == 0 && rec.result.stopped && rec.result.lost == 0, "%d", rec.r);
	CHECK(kill(rec.options.pid, 0) == 0 && waitpid(rec.options.pid, NULL, WNOHANG) == 0, "what was recorded was ended");
	CHECK(counted(&rec) > 100, "%llu", (unsigned long long)counted(&rec));
	/* only its descendants yield */
	CHECK(seen(&rec, arch_native(), SYS_sched_yield) > 10);
	CHECK(seen(&rec, arch_native(), SYS_execve) == 0);
	end_busy(rec.options.pid);
	done(&rec);
}

static void attach_to_nothing(void)
{
	struct recording rec = { .options.pid = 0x3ffffff }, group = { .options.cgroup = "/no/such/group" },
			 unit = { .options.unit = "no-such-unit" };

	record(&rec, (const char *const[]){ NULL });
	CHECK(rec.r < 0 && live_has_diag(rec.diags, "record-ebpf-pid", ""), "%d", rec.r);
	record(&group, (const char *const[]){ NULL });
	CHECK(group.r < 0 && live_has_diag(group.diags, "record-cgroup", ""), "%d", group.r);
	record(&unit, (const char *const[]){ NULL });
	CHECK(unit.r < 0 && live_has_diag(unit.diags, "record-cgroup", ""), "%d", unit.r);
	done(&rec), done(&group), done(&unit);
}

/* The shell goes back to the group that we are in: what it does from there on is lost, and said to be. */
static void leaving_the_group(void)
{
	struct recording rec = { 0 };
	char group[PATH_MAX], command[PATH_MAX * 2];

	snprintf(command, sizeof(command),
		 "g=$(find /sys/fs/cgroup -type d -name callgate-%d) && echo 0 >\"$g/../cgroup.procs\" && exit 0; exit 9", (int)getpid());
	RECORD(&rec, "sh", "-c", command);
	CHECK(rec.r == 0);
	if (WEXITSTATUS(rec.result.status) == 9 || group_of(getpid(), group, sizeof(group)))
		SKIP("no cgroup of its own here");
	CHECK(rec.result.lost >= 1 && rec.trace->lost >= 1 && live_has_diag(rec.diags, "record-ebpf-escaped", ""));
	done(&rec);
}

/* The tree of version 2, or false. */
static bool find_tree(char *path, size_t size)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char line[PATH_MAX * 2], point[PATH_MAX], type[64];
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts))
		found = sscanf(line, "%*s %4095s %63s", point, type) == 2 && !strcmp(type, "cgroup2");
	if (mounts)
		fclose(mounts);
	if (found)
		snprintf(path, size, "%s", point);
	return found;
}

/* A group that is called as docker calls that of a container, and a process in it. */
static void attach_to_container(void)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct recording rec = { .options = { .until_seconds = 0.5, .container = "0123456789ab" } };
	char tree[PATH_MAX], group[PATH_MAX * 2], procs[PATH_MAX * 3];
	pid_t pid;
	FILE *file;

	if (record_ebpf.probe(NULL) < 0 || !find_tree(tree, sizeof(tree)))
		SKIP("no eBPF, or no cgroup2 tree, here");
	snprintf(group, sizeof(group), "%s/docker-%s.scope", tree, id);
	if (mkdir(group, 0755) < 0)
		SKIP("%s: %s", group, strerror(errno));
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = start_busy();
	file = fopen(procs, "we");
	if (file) {
		fprintf(file, "%d", (int)pid);
		fclose(file);
	}
	record(&rec, (const char *const[]){ NULL });
	end_busy(pid);
	for (int tries = 0; tries < 100 && rmdir(group) < 0; tries++)
		live_nap(10);
	CHECK(access(group, F_OK) < 0, "%s is left", group);
	CHECK(rec.r == 0 && counted(&rec) > 100, "%d, %llu calls", rec.r, (unsigned long long)counted(&rec));
	/* its children came to life before it was in there */
	CHECK(seen(&rec, arch_native(), SYS_sched_yield) == 0);
	done(&rec);
}

/* Where there is no cgroup2: every process is followed from its fork to its end. */
static void process_tree(void)
{
	struct recording rec = { 0 };
	char tree[PATH_MAX];

	if (record_ebpf.probe(NULL) < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		SKIP("no eBPF, or no mount namespaces, here");
	while (find_tree(tree, sizeof(tree)))
		CHECK(umount2(tree, MNT_DETACH) == 0, "%s: %s", tree, strerror(errno));
	CHECK_COUNT(500, "storm", "500");
	CHECK_COUNT(127, "bomb", "6");
	CHECK_COUNT(60, "clones", "10");
	CHECK_COUNT(77, "leader", "77");
	CHECK_COUNT(20, "vfork", "20");
	CHECK_COUNT(7, "daemon", "7");
	RECORD(&rec, workload, "chain", "30");
	check_ended(&rec, 0);
	CHECK(counted(&rec) == 30 && live_has_diag(rec.diags, "record-ebpf-tree", ""));
	done(&rec);
}

static const struct live_case cases[] = {
	{ "many-threads", many_threads, 60 },
	{ "short-lives", short_lives, 60 },
	{ "fork-bomb", fork_bomb, 60 },
	{ "odd-clones", odd_clones, 30 },
	{ "exec-storm", exec_storm, 60 },
	{ "too-many-values", too_many_values, 30 },
	{ "too-many-numbers", too_many_numbers, 30 },
	{ "same-as-notification", same_as_notification, 60 },
	{ "killed-recorder-leaves-nothing", killed_recorder_leaves_nothing, 30 },
	{ "attach-to-process", attach_to_process, 30 },
	{ "attach-to-container", attach_to_container, 30 },
	{ "process-tree", process_tree, 60 },
	{ "attach-to-nothing", attach_to_nothing, 10 },
	{ "leaving-the-group", leaving_the_group, 10 },
};

int main(int argc, char **argv)
{
	if (!find_programs())
		return 1;
	recorder = &record_ebpf;
	return live_main(cases, ARRAY_SIZE(cases), argc, argv);
}
