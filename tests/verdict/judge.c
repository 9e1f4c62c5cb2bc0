/* SPDX-License-Identifier: Apache-2.0 */
/* The judges: eval, diagram, simulation, and the kernel; see judge.h. */
#include "judge.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/util.h"
#include "kernel/kernel.h"
#include "model/call.h"
#include "verdict.h"

#define ACTIONS_MAX 64
#define KERNEL_BATCH 200000
#define KERNEL_SECONDS 120

static unsigned test_number;
static int failures;

void judge_report(bool good, const char *name, const char *why)
{
	printf("%sok %u - %s%s%s\n", good ? "" : "not ", ++test_number, name, good ? "" : ": ", good ? "" : why);
	failures += !good;
}

void judge_skip(const char *name, const char *why) { printf("ok %u - %s # SKIP %s\n", ++test_number, name, why); }

int judge_finish(void)
{
	printf("1..%u\n", test_number);
	return failures ? 1 : 0;
}

void judge_print_diags(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *d = callgate_diags_get(diags, i);

		if (d->severity == CALLGATE_SEVERITY_ERROR)
			printf("# %s:%u:%u: %s [%s]\n", d->file ? d->file : "", d->line, d->column, d->text, d->id);
	}
}

/* ---- the kernel as judge ---- */

struct judge_room {
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

static __attribute__((noreturn)) void judge_child(struct judge_room *room, const struct callgate_insn *insns, size_t count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	room->load_error = kernel_load(insns, count, 0, NULL);
	if (room->load_error < 0) {
		room->done = 1;
		_exit(1);
	}
	for (size_t i = 0; i < room->count; i++)
		room->items[i].verdict = verdict_issue(&room->items[i].call) - 1000;
	room->done = 1;
	for (;;) /* nothing is allowed any more, not even to exit */
		__asm__ volatile("" ::: "memory");
}

/* Let the kernel judge room->items. 0, or -errno. */
static int judge(struct judge_room *room, const struct callgate_filter *filter, uint32_t actions[ACTIONS_MAX])
{
	struct timespec tick = { .tv_nsec = 2000000 };
	struct callgate_insn *insns = malloc(filter->count * sizeof(*insns));
	bool ended = false;
	int status = 0;
	pid_t pid;

	memcpy(insns, filter->insns, filter->count * sizeof(*insns));
	number_actions(insns, filter->count, actions);
	room->done = 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		judge_child(room, insns, filter->count);
	for (int i = 0; i < KERNEL_SECONDS * 500 && !room->done && !ended; i++) {
		ended = waitpid(pid, &status, WNOHANG) == pid;
		nanosleep(&tick, NULL);
	}
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (!room->done) {
		printf("# the judge's child died: wait status 0x%x\n", (unsigned)status);
		return free(insns), -ECHILD;
	}
	free(insns);
	return room->done ? room->load_error : -ETIMEDOUT;
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

static unsigned judged_abis; /* the kernel can judge calls of these */

void judge_complain(const struct judge_bench *b, const struct callgate_call *call, const char *who, uint32_t want, uint32_t got)
{
	char *text = NULL, a[48], c[48];

	callgate_call_format(call, &text);
	printf("# %s: %s arch 0x%x nr %u: eval says %s, %s says %s\n", b->name, text ? text : "?", call->arch, call->nr,
	       callgate_action_format(want, a, sizeof(a)), who, callgate_action_format(got, c, sizeof(c)));
	free(text);
}

/* Number of disagreements among eval, diagram, simulation; queues the call for the kernel where it can be made here. */
int judge_call(struct judge_bench *b, const struct callgate_call *call)
{
	uint32_t want = profile_eval(b->profile, &b->target, call, NULL);
	uint32_t drawn = diagram_eval(b->diagram, b->root, call);
	uint32_t run = filter_simulate(b->filter->insns, b->filter->count, b->filter->big_endian, call, NULL, &(size_t){ 0 });
	int abi;

	if (drawn != want)
		judge_complain(b, call, "the diagram", want, drawn);
	if (run != want)
		judge_complain(b, call, "the filter", want, run);
	abi = arch_abi_of(call->arch, call->nr);
	if (abi >= 0 && judged_abis & CALLGATE_ABI_BIT(abi) && verdict_can_issue(call) && b->room->count < KERNEL_BATCH)
		b->room->items[b->room->count++].call = *call;
	return (drawn != want) + (run != want);
}

int judge_by_kernel(struct judge_bench *b)
{
	uint32_t actions[ACTIONS_MAX] = { 0 };
	int bad = 0, r = judge(b->room, b->filter, actions);

	if (r < 0) {
		printf("# %s: the kernel did not judge: %s\n", b->name, strerror(-r));
		return 1;
	}
	for (size_t i = 0; i < b->room->count; i++) {
		const struct callgate_call *call = &b->room->items[i].call;
		uint32_t want = profile_eval(b->profile, &b->target, call, NULL);
		int v = b->room->items[i].verdict;
		uint32_t got = v >= 0 && v < ACTIONS_MAX ? actions[v] : 0xdeadbeef;

		if (got != want && bad++ < 5)
			judge_complain(b, call, "the kernel", want, got);
	}
	return bad;
}

/* ---- generated calls ---- */

static uint64_t seed = 88172645463325252u;
uint64_t judge_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static uint64_t beside(uint64_t v)
{
	switch (judge_random() % 9) {
	case 0: return v - 1;
	case 1: return v + 1;
	case 2: return v ^ UINT64_C(1) << judge_random() % 64;
	case 3: return v ^ UINT64_C(1) << judge_random() % 32;
	case 4: return v ^ judge_random() << 32;
	case 5: return (uint32_t)v;
	case 6: return (uint64_t)(int64_t)(int32_t)v;
	case 7: return ~v;
	default: return v;
	}
}

static void generate(const struct judge_bench *b, enum callgate_abi abi, struct callgate_call *call)
{
	const struct callgate_profile *p = b->profile;
	const struct profile_clause *clause = p->clauses.count ? &p->clauses.items[judge_random() % p->clauses.count] : NULL;
	size_t first, end;
	int64_t nr = clause ? arch_syscall_nr(abi, clause->syscall) : -1;

	*call = (struct callgate_call){ .arch = arch_abi_get(abi)->audit_arch, .ip = judge_random() };
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = judge_random() % 4 ? judge_random() % 4 : judge_random();
	switch (judge_random() % 16) {
	case 0: call->nr = nr < 0 ? (uint32_t)(judge_random() % 600) : (uint32_t)nr + 1; break;
	case 1: call->nr = (uint32_t)judge_random() % 700 | (judge_random() % 2 ? 0x40000000u : 0); break;
	case 2: call->nr = (uint32_t[]){ UINT32_MAX, 0x7fffffff, 0x40000000, 0x3fffffff, 0x80000000, 0xc0000001, 512, 547 }[judge_random() % 8]; break;
	default: call->nr = nr < 0 ? (uint32_t)(judge_random() % 500) : (uint32_t)nr;
	}
	if (judge_random() % 64 == 0)
		call->arch ^= 1u << judge_random() % 32;
	if (!clause || nr < 0)
		return;
	profile_clauses_of(p, clause->syscall, &first, &end);
	for (size_t c = first; c < end; c++)
		for (uint32_t i = 0; i < p->clauses.items[c].n_conds; i++) {
			const struct profile_cond *cond = &p->conds.items[p->clauses.items[c].cond + i];

			if (judge_random() % (end - first) < 2)
				call->args[cond->arg] = beside(judge_random() % 4 || !cond->mask ? cond->value : cond->value | (judge_random() & cond->mask));
		}
}

bool judge_open(struct judge_bench *b)
{
	struct callgate_diags *diags = callgate_diags_new();
	int r = callgate_compile(b->profile, &b->target, &b->filter, diags);

	b->diagram = diagram_new(0);
	if (!r)
		r = diagram_from_profile(b->diagram, b->profile, &b->target, &b->root, diags);
	judge_print_diags(diags);
	callgate_diags_free(diags);
	b->room->count = 0;
	return r == 0;
}

void judge_close(struct judge_bench *b)
{
	callgate_filter_free(b->filter);
	diagram_free(b->diagram);
	b->filter = NULL;
	b->diagram = NULL;
}

/* ---- the rest of the interface ---- */

struct judge_room *judge_room_new(void)
{
	struct judge_room *room = mmap(NULL, sizeof(*room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	judged_abis = issued_abis();
	return room == MAP_FAILED ? NULL : room;
}

size_t judge_queued(const struct judge_bench *b) { return b->room->count; }

void judge_seed(uint64_t value)
{
	/* neighbouring seeds must not give neighbouring sequences */
	seed = (value + 1) * 0x9e3779b97f4a7c15u | 1;
	for (int i = 0; i < 8; i++)
		judge_random();
}

int judge_generated(struct judge_bench *b, size_t count)
{
	unsigned abis = profile_target_abis(b->profile, &b->target);
	int bad = 0;

	for (size_t i = 0; i < count && bad < 10; i++) {
		int abi = (int)(judge_random() % CALLGATE_ABI_COUNT);
		struct callgate_call call;

		while (judge_random() % 16 && !(abis & CALLGATE_ABI_BIT(abi)))
			abi = (int)(judge_random() % CALLGATE_ABI_COUNT);
		generate(b, (enum callgate_abi)abi, &call);
		bad += judge_call(b, &call);
	}
	return bad;
}
