/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call, four judges: profile_eval, the diagram of the profile, the compiled filter in simulation, and the kernel.
 *
 *   verdict PROFILE.json [N]      N generated calls per ABI set, placed beside the profile's own constants
 *   verdict --lines FILE          lines "PROFILE ABI CALL => ACTION", profile paths relative to the file
 *
 * The kernel judges without ever executing a call: a copy of the compiled program whose return values are replaced by
 * ERRNO(index of the action) is loaded in a child, which issues the calls and reads the verdicts from errno. Prints TAP.
 */
#include <callgate.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/util.h"
#include "kernel/kernel.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"
#include "model/profile.h"
#include "verdict.h"

#define ACTIONS_MAX 64
#define KERNEL_BATCH 200000
#define KERNEL_SECONDS 120

static unsigned test_number;
static int failures;

static void report(bool good, const char *name, const char *why)
{
	printf("%sok %u - %s%s%s\n", good ? "" : "not ", ++test_number, name, good ? "" : ": ", good ? "" : why);
	failures += !good;
}

static void skip(const char *name, const char *why) { printf("ok %u - %s # SKIP %s\n", ++test_number, name, why); }

/* ---- reading ---- */

static char *slurp(const char *path, size_t *ret_size)
{
	struct stat st;
	char *bytes = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size + 1))) {
		ssize_t n = read(fd, bytes, (size_t)st.st_size);

		*ret_size = n < 0 ? 0 : (size_t)n;
		bytes[*ret_size] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

static void print_diags(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *d = callgate_diags_get(diags, i);

		if (d->severity == CALLGATE_SEVERITY_ERROR)
			printf("# %s:%u:%u: %s [%s]\n", d->file ? d->file : "", d->line, d->column, d->text, d->id);
	}
}

static struct callgate_profile *read_profile(const char *path)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = NULL;
	size_t size;
	char *bytes = slurp(path, &size);

	if (!bytes)
		printf("# %s: %s\n", path, strerror(errno));
	else if (callgate_profile_read(bytes, size, path, CALLGATE_READ_UNKNOWN_NAMES, &profile, diags) < 0)
		print_diags(diags);
	free(bytes);
	callgate_diags_free(diags);
	return profile;
}

/* ---- the kernel as judge ---- */

struct shared {
	volatile int done;
	int load_error;
	size_t count;
	struct {
		struct callgate_call call;
		int verdict; /* index of the action, or -1: the kernel executed or killed it, which must not be */
	} items[KERNEL_BATCH];
};

static size_t number_actions(struct callgate_insn *insns, size_t count, uint32_t actions[ACTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t a = 0;

		if (insns[i].code != 0x06) /* BPF_RET|BPF_K */
			continue;
		while (a < n && actions[a] != insns[i].k)
			a++;
		if (a == n && n < ACTIONS_MAX)
			actions[n++] = insns[i].k;
		/* errno values from 1000: none of them is one that the kernel itself would give */
		insns[i].k = CALLGATE_ERRNO(1000 + a);
	}
	return n;
}

static __attribute__((noreturn)) void judge_child(struct shared *shared, const struct callgate_insn *insns, size_t count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	shared->load_error = kernel_load(insns, count, 0, NULL);
	if (shared->load_error < 0) {
		shared->done = 1;
		_exit(1);
	}
	for (size_t i = 0; i < shared->count; i++)
		shared->items[i].verdict = verdict_issue(&shared->items[i].call) - 1000;
	shared->done = 1;
	for (;;) /* nothing is allowed any more, not even to exit */
		__asm__ volatile("" ::: "memory");
}

/* Let the kernel judge shared->items. 0, or -errno. */
static int judge(struct shared *shared, const struct callgate_filter *filter, uint32_t actions[ACTIONS_MAX])
{
	struct timespec tick = { .tv_nsec = 2000000 };
	struct callgate_insn *insns = malloc(filter->count * sizeof(*insns));
	bool ended = false;
	int status = 0;
	pid_t pid;

	memcpy(insns, filter->insns, filter->count * sizeof(*insns));
	number_actions(insns, filter->count, actions);
	shared->done = 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		judge_child(shared, insns, filter->count);
	for (int i = 0; i < KERNEL_SECONDS * 500 && !shared->done && !ended; i++) {
		ended = waitpid(pid, &status, WNOHANG) == pid;
		nanosleep(&tick, NULL);
	}
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (!shared->done) {
		printf("# the judge's child died: wait status 0x%x\n", (unsigned)status);
		return free(insns), -ECHILD;
	}
	free(insns);
	return shared->done ? shared->load_error : -ETIMEDOUT;
}

/* ABIs whose calls this machine really makes: a kernel may have been started without one of them, and answer with a signal. */
static unsigned issued_abis(void)
{
	unsigned abis = 0;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		struct callgate_call call = { .nr = (uint32_t)arch_syscall_nr((enum callgate_abi)abi, arch_syscall_id("getpid")),
					      .arch = arch_abi_get((enum callgate_abi)abi)->audit_arch };
		int status = 0;
		pid_t pid;

		if (!(verdict_native_abis() & CALLGATE_ABI_BIT(abi)))
			continue;
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(verdict_issue(&call) && 0);
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
			abis |= CALLGATE_ABI_BIT(abi);
		else
			printf("# this kernel makes no %s calls: the process ends with signal %d\n", callgate_abi_name((enum callgate_abi)abi), WTERMSIG(status));
	}
	return abis;
}

/* ---- agreement ---- */

struct bench {
	const char *name;
	struct callgate_profile *profile;
	struct callgate_target target;
	struct callgate_filter *filter;
	struct diagram *diagram;
	diagram_ref root;
	struct shared *shared;
};

static unsigned judged_abis; /* the kernel can judge calls of these */

static void complain(const struct bench *b, const struct callgate_call *call, const char *who, uint32_t want, uint32_t got)
{
	char *text = NULL, a[48], c[48];

	callgate_call_format(call, &text);
	printf("# %s: %s arch 0x%x nr %u: eval says %s, %s says %s\n", b->name, text ? text : "?", call->arch, call->nr,
	       callgate_action_format(want, a, sizeof(a)), who, callgate_action_format(got, c, sizeof(c)));
	free(text);
}

/* Number of disagreements among eval, diagram, simulation; queues the call for the kernel where it can be made here. */
static int weigh(struct bench *b, const struct callgate_call *call)
{
	uint32_t want = profile_eval(b->profile, &b->target, call, NULL);
	uint32_t drawn = diagram_eval(b->diagram, b->root, call);
	uint32_t run = filter_simulate(b->filter->insns, b->filter->count, b->filter->big_endian, call, NULL, &(size_t){ 0 });
	int abi;

	if (drawn != want)
		complain(b, call, "the diagram", want, drawn);
	if (run != want)
		complain(b, call, "the filter", want, run);
	abi = arch_abi_of(call->arch, call->nr);
	if (abi >= 0 && judged_abis & CALLGATE_ABI_BIT(abi) && verdict_can_issue(call) && b->shared->count < KERNEL_BATCH)
		b->shared->items[b->shared->count++].call = *call;
	return (drawn != want) + (run != want);
}

static int weigh_kernel(struct bench *b)
{
	uint32_t actions[ACTIONS_MAX] = { 0 };
	int bad = 0, r = judge(b->shared, b->filter, actions);

	if (r < 0) {
		printf("# %s: the kernel did not judge: %s\n", b->name, strerror(-r));
		return 1;
	}
	for (size_t i = 0; i < b->shared->count; i++) {
		const struct callgate_call *call = &b->shared->items[i].call;
		uint32_t want = profile_eval(b->profile, &b->target, call, NULL);
		int v = b->shared->items[i].verdict;
		uint32_t got = v >= 0 && v < ACTIONS_MAX ? actions[v] : 0xdeadbeef;

		if (got != want && bad++ < 5)
			complain(b, call, "the kernel", want, got);
	}
	return bad;
}

/* ---- generated calls ---- */

static uint64_t seed = 88172645463325252u;
static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static uint64_t beside(uint64_t v)
{
	switch (rnd() % 9) {
	case 0: return v - 1;
	case 1: return v + 1;
	case 2: return v ^ UINT64_C(1) << rnd() % 64;
	case 3: return v ^ UINT64_C(1) << rnd() % 32;
	case 4: return v ^ rnd() << 32;
	case 5: return (uint32_t)v;
	case 6: return (uint64_t)(int64_t)(int32_t)v;
	case 7: return ~v;
	default: return v;
	}
}

static void generate(const struct bench *b, enum callgate_abi abi, struct callgate_call *call)
{
	const struct callgate_profile *p = b->profile;
	const struct profile_clause *clause = p->clauses.count ? &p->clauses.items[rnd() % p->clauses.count] : NULL;
	size_t first, end;
	int64_t nr = clause ? arch_syscall_nr(abi, clause->syscall) : -1;

	*call = (struct callgate_call){ .arch = arch_abi_get(abi)->audit_arch, .ip = rnd() };
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = rnd() % 4 ? rnd() % 4 : rnd();
	switch (rnd() % 16) {
	case 0: call->nr = nr < 0 ? (uint32_t)(rnd() % 600) : (uint32_t)nr + 1; break;
	case 1: call->nr = (uint32_t)rnd() % 700 | (rnd() % 2 ? 0x40000000u : 0); break;
	case 2: call->nr = (uint32_t[]){ UINT32_MAX, 0x7fffffff, 0x40000000, 0x3fffffff, 0x80000000, 0xc0000001, 512, 547 }[rnd() % 8]; break;
	default: call->nr = nr < 0 ? (uint32_t)(rnd() % 500) : (uint32_t)nr;
	}
	if (rnd() % 64 == 0)
		call->arch ^= 1u << rnd() % 32;
	if (!clause || nr < 0)
		return;
	profile_clauses_of(p, clause->syscall, &first, &end);
	for (size_t c = first; c < end; c++)
		for (uint32_t i = 0; i < p->clauses.items[c].n_conds; i++) {
			const struct profile_cond *cond = &p->conds.items[p->clauses.items[c].cond + i];

			if (rnd() % (end - first) < 2)
				call->args[cond->arg] = beside(rnd() % 4 || !cond->mask ? cond->value : cond->value | (rnd() & cond->mask));
		}
}

static bool bench_open(struct bench *b)
{
	struct callgate_diags *diags = callgate_diags_new();
	int r = callgate_compile(b->profile, &b->target, &b->filter, diags);

	b->diagram = diagram_new(0);
	if (!r)
		r = diagram_from_profile(b->diagram, b->profile, &b->target, &b->root, diags);
	print_diags(diags);
	callgate_diags_free(diags);
	b->shared->count = 0;
	return r == 0;
}

static void bench_close(struct bench *b)
{
	callgate_filter_free(b->filter);
	diagram_free(b->diagram);
	b->filter = NULL;
	b->diagram = NULL;
}

static void run_generated(struct bench *b, const char *what, size_t count)
{
	char name[256];
	int bad = 0;

	snprintf(name, sizeof(name), "%s: %s, %zu generated calls: eval = diagram = filter", b->name, what, count);
	if (!bench_open(b)) {
		report(false, name, "does not compile");
		bench_close(b);
		return;
	}
	for (size_t i = 0; i < count && bad < 10; i++) {
		unsigned abis = profile_target_abis(b->profile, &b->target);
		int abi = (int)(rnd() % CALLGATE_ABI_COUNT);
		struct callgate_call call;

		while (rnd() % 16 && !(abis & CALLGATE_ABI_BIT(abi)))
			abi = (int)(rnd() % CALLGATE_ABI_COUNT);
		generate(b, (enum callgate_abi)abi, &call);
		bad += weigh(b, &call);
	}
	report(!bad, name, "they differ");
	if (b->shared->count) {
		snprintf(name, sizeof(name), "%s: %s, %zu of them judged by the kernel", b->name, what, b->shared->count);
		report(weigh_kernel(b) == 0, name, "the kernel differs");
	} else if (b->target.abis & verdict_native_abis()) {
		skip(name, "no call of these ABIs can be made on this machine");
	}
	bench_close(b);
}

static void run_profile(struct shared *shared, const char *path, size_t count)
{
	struct bench b = { .name = path, .shared = shared };
	unsigned sets[] = {
		CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
		CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
	};
	char *copy = strdup(path);

	b.name = basename(copy);
	b.profile = read_profile(path);
	if (!b.profile) {
		report(false, path, "cannot be read");
		free(copy);
		return;
	}
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		b.target = (struct callgate_target){ .abis = CALLGATE_ABI_BIT(abi) };
		run_generated(&b, callgate_abi_name((enum callgate_abi)abi), abi == (int)callgate_abi_native() ? count : count / 8 + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		b.target = (struct callgate_target){ .abis = sets[i], .caps = rnd(), .strict64 = i };
		run_generated(&b, i ? "aarch64+arm, strict64" : "x86_64+x32+i386", count / 2 + 1);
	}
	profile_free(b.profile);
	free(copy);
}

/* ---- written cases ---- */

static bool judge_line(struct shared *shared, const char *folder, char *line)
{
	char path[512], abi_name[32], *arrow = strstr(line, "=>"), *call_text;
	struct bench b = { .shared = shared };
	struct callgate_call call;
	uint32_t want;
	int abi, consumed = 0;
	bool good = false;

	if (!arrow || sscanf(line, "%400s %31s %n", path, abi_name, &consumed) != 2)
		return false;
	*arrow = '\0';
	call_text = line + consumed;
	abi = callgate_abi_from_name(abi_name);
	arrow += 2 + strspn(arrow + 2, " ");
	arrow[strcspn(arrow, "\n")] = '\0';
	memmove(path + strlen(folder) + 1, path, strlen(path) + 1);
	memcpy(path, folder, strlen(folder));
	path[strlen(folder)] = '/';
	b.name = path;
	b.profile = read_profile(path);
	if (!b.profile || abi < 0 || callgate_action_parse(arrow, &want) < 0 ||
	    callgate_call_parse(call_text, (enum callgate_abi)abi, &call, NULL) < 0)
		return profile_free(b.profile), false;
	if (!b.profile->abis)
		b.target.abis = CALLGATE_ABI_BIT(abi);
	if (bench_open(&b)) {
		uint32_t got = profile_eval(b.profile, &b.target, &call, NULL);

		good = weigh(&b, &call) == 0 && got == want && (!b.shared->count || weigh_kernel(&b) == 0);
		if (got != want)
			complain(&b, &call, "the written case", got, want);
	}
	bench_close(&b);
	profile_free(b.profile);
	return good;
}

static void run_lines(struct shared *shared, const char *file)
{
	char *line = NULL, *copy = strdup(file), *folder = dirname(copy), *kept;
	size_t room = 0, number = 0;
	FILE *in = fopen(file, "r");

	while (in && getline(&line, &room, in) > 0) {
		char name[700];

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		kept = strdup(line);
		snprintf(name, sizeof(name), "%s:%zu: %s", file, number, kept);
		report(judge_line(shared, folder, line), name, "not so");
		free(kept);
	}
	if (in)
		fclose(in);
	else
		report(false, file, strerror(errno));
	free(line);
	free(copy);
}

int main(int argc, char **argv)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || argc < 2) {
		fprintf(stderr, "usage: verdict PROFILE.json [N] | verdict --lines FILE\n");
		return 2;
	}
	judged_abis = issued_abis();
	if (!strcmp(argv[1], "--lines"))
		for (int i = 2; i < argc; i++)
			run_lines(shared, argv[i]);
	else
		run_profile(shared, argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 100000);
	printf("1..%u\n", test_number);
	return failures ? 1 : 0;
}
