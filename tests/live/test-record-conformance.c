/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All recorders that can run here on the same programs: the same observations with the same counts. What may differ is written down here:
 * the launch, which a recorder may see or not, the time, and who was seen first. How threads wait for each other (futex) depends on how
 * fast they are. And a tracer is told even of signals that the task ignores, as most do SIGCHLD: a sleeping call is then interrupted and begun
 * again, and counted again; so of a program that waits while its children stop only the calls are compared, not how often they were made.
 */
#include "recording.h"

struct line {
	enum callgate_abi abi;
	uint32_t nr;
	unsigned args_known;
	uint64_t args[6], count;
};
struct normal {
	VEC(struct line) lines;
};

static void normalise(const struct recording *rec, struct normal *ret)
{
	struct callgate_observation o;

	for (size_t i = 0; i < rec->trace->entries.count; i++) {
		struct line line;

		trace_observation(rec->trace, i, &o);
		CHECK(o.evidence == CALLGATE_EVIDENCE_RECORDED);
		if (o.launch || (o.abi == arch_native() && o.nr == SYS_futex))
			continue;
		line = (struct line){ .abi = o.abi, .nr = o.nr, .args_known = o.args_known, .count = o.count };
		memcpy(line.args, o.args, sizeof(line.args));
		CHECK(vec_push(&ret->lines, line) == 0);
	}
}

static bool same_call(const struct line *a, const struct line *b)
{
	return a->abi == b->abi && a->nr == b->nr && a->args_known == b->args_known && !memcmp(a->args, b->args, sizeof(a->args));
}

static const struct line *find(const struct normal *normal, const struct line *line)
{
	for (size_t i = 0; i < normal->lines.count; i++)
		if (same_call(&normal->lines.items[i], line))
			return &normal->lines.items[i];
	return NULL;
}

/* Lines of `a` that `b` has not, or, with `counts`, has with another count; both are printed. */
static unsigned missing(const char *name, const struct normal *a, const struct normal *b, bool counts)
{
	unsigned count = 0;

	for (size_t i = 0; i < a->lines.count; i++) {
		const struct line *line = &a->lines.items[i], *other = find(b, line);
		int id = arch_syscall_at(line->abi, line->nr);

		if (other && (!counts || other->count == line->count))
			continue;
		printf("  %s: %s %s (%u) %#llx %#llx %#llx: %llu, elsewhere %llu\n", name, arch_abi_get(line->abi)->name,
		       id >= 0 ? arch_syscall_name(id) : "?", line->nr, (unsigned long long)line->args[0], (unsigned long long)line->args[1],
		       (unsigned long long)line->args[2], (unsigned long long)line->count, other ? (unsigned long long)other->count : 0ULL);
		count++;
	}
	return count;
}

static void run_with(const struct record_backend *backend, const char *const argv[], int status, struct normal *ret)
{
	struct recording rec = { .backend = backend };
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 100), out = catch_output();

	record(&rec, argv);
	release_output(saved);
	close(out);
	if (WIFEXITED(rec.result.status) && WEXITSTATUS(rec.result.status) == 77)
		SKIP("this kernel runs no i386 calls (CONFIG_IA32_EMULATION)");
	check_ended(&rec, status);
	normalise(&rec, ret);
	CHECK(ret->lines.count > 3);
	done(&rec);
}

static void compare(const struct record_backend *backend, const char *const argv[], int status, bool counts)
{
	struct normal ours = { 0 }, theirs = { 0 };
	unsigned differences;

	run_with(&record_notify, argv, status, &theirs);
	run_with(backend, argv, status, &ours);
	differences = missing(backend->name, &ours, &theirs, counts) + missing(record_notify.name, &theirs, &ours, counts);
	CHECK(!differences, "%s %s: %u differences between %s and notify", argv[0], argv[1] ? argv[1] : "", differences, backend->name);
	vec_done(&ours.lines);
	vec_done(&theirs.lines);
}

#define COMPARE(status, ...) compare_all((const char *const[]){ __VA_ARGS__, NULL }, status, true)

/* Every recorder of the table, and ptrace as it is on old kernels, against user notification. */
static void compare_all(const char *const argv[], int status, bool counts)
{
	const struct record_backend *backend;
	unsigned compared = 0;

	if (record_notify.probe(NULL) < 0)
		SKIP("there is no user notification here to compare with");
	for (unsigned i = 0; (backend = record_backend_at(i)); i++) {
		if (backend == &record_notify || backend->probe(NULL) < 0)
			continue;
		compare(backend, argv, status, counts);
		compared++;
	}
	if (record_ptrace_registers.probe(NULL) == 0) {
		compare(&record_ptrace_registers, argv, status, counts);
		compared++;
	}
	if (!compared)
		SKIP("no other recorder can run here");
}

static void processes_and_threads(void) { COMPARE(0, workload, "calls", "50", "3", "2"); }
static void executions(void) { COMPARE(0, workload, "chain", "20"); }
static void vfork_and_exec(void) { COMPARE(0, workload, "vfork", "5"); }
static void shared_memory(void) { COMPARE(0, workload, "shared", "10"); }
/* Not `leader` and `thread-exec`: how much their threads do before another one ends them depends on how fast calls are. */
static void stopped_and_continued(void) { compare_all((const char *const[]){ workload, "stop", "5", NULL }, 0, false); }
static void orphans(void) { COMPARE(5, workload, "daemon", "7", "5"); }
static void unknown_numbers(void) { COMPARE(0, workload, "unknown"); }

static void i386_calls(void)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/i386", programs);
	if (access(path, X_OK) < 0)
		SKIP("i386 is built for x86-64 only");
	COMPARE(0, path, "12");
}

static const struct live_case cases[] = {
	{ "processes-and-threads", processes_and_threads, 30 },
	{ "executions", executions, 30 },
	{ "vfork-and-exec", vfork_and_exec, 30 },
	{ "shared-memory", shared_memory, 30 },
	{ "stopped-and-continued", stopped_and_continued, 30 },
	{ "orphans", orphans, 30 },
	{ "unknown-numbers", unknown_numbers, 30 },
	{ "i386-calls", i386_calls, 30 },
};

int main(int argc, char **argv)
{
	return find_programs() ? live_main(cases, ARRAY_SIZE(cases), argc, argv) : 1;
}
