/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter costs: the kernel's constant-allow analysis followed step by step, longest and mean paths. */
#include <linux/filter.h>

#include "compile/compile.h"
#include "compile/dispatch.h"

#define OFFSET_NR 0
#define OFFSET_ARCH 4

/* Instructions a branch skips when A is `a`. */
static unsigned branch(const struct callgate_insn *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k ? insn->jt : insn->jf;
	case BPF_JGE:
		return a >= insn->k ? insn->jt : insn->jf;
	case BPF_JGT:
		return a > insn->k ? insn->jt : insn->jf;
	}
	return a & insn->k ? insn->jt : insn->jf;
}

/* kernel/seccomp.c, seccomp_is_const_allow: the same instructions, and nothing else, are followed. *steps counts them. */
static bool const_allow(const struct callgate_filter *filter, uint32_t arch, uint32_t nr, size_t *steps)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < filter->count; pc++) {
		const struct callgate_insn *insn = &filter->insns[pc];

		++*steps;
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (insn->k != OFFSET_NR && insn->k != OFFSET_ARCH)
				return false;
			a = insn->k == OFFSET_NR ? nr : arch;
			break;
		case BPF_RET | BPF_K:
			return insn->k == CALLGATE_ALLOW;
		case BPF_JMP | BPF_JA:
			pc += insn->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += branch(insn, a);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= insn->k;
			break;
		default:
			return false;
		}
	}
	return false;
}

/* The bitmaps have a bit for each number below NR_syscalls of the native and the compat ABI. x32's numbers (`newest` is without their
 * bit 30) and ARM's private ones lie above. */
bool compile_cacheable(const struct callgate_filter *filter, uint32_t audit_arch, uint32_t nr)
{
	int abi = arch_abi_of(audit_arch, nr);
	size_t steps = 0;

	if (abi < 0 || nr > arch_abi_get((enum callgate_abi)abi)->newest)
		return false;
	return const_allow(filter, audit_arch, nr, &steps);
}

/*
 * seccomp_cache_prepare: when a filter is loaded every number of both bitmaps is tried, whichever ABIs the filter is for. Kernels with a
 * compat ABI that our tables do not have (31-bit s390, 32-bit PowerPC) try its numbers too.
 */
static void emulate_attach(const struct callgate_filter *filter, unsigned abis, struct callgate_filter_report *report)
{
	static const unsigned machines[] = {
		CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32),
		CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		abis |= abis & machines[i] ? machines[i] : 0;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct arch_abi *info = arch_abi_get(abi);

		if (!(abis & CALLGATE_ABI_BIT(abi)) || abi == CALLGATE_ABI_X32)
			continue;
		report->attach_numbers += info->newest + 1;
		for (uint32_t nr = 0; nr <= info->newest; nr++)
			const_allow(filter, info->audit_arch, nr, &report->attach_steps);
	}
}

/* What is known of A on the way to an instruction. */
struct reach {
	bool reached, known;
	uint32_t a;
	size_t steps; /* at most, to here */
};

static void reach_to(struct reach *to, struct reach from)
{
	from.steps++;
	if (!to->reached) {
		*to = from;
		return;
	}
	if (!from.known || (to->known && to->a != from.a))
		to->known = false;
	to->steps = MAX(to->steps, from.steps);
}

/* Branches that may be taken from here. */
static void reach_branch(struct reach *reach, const struct callgate_insn *insn, size_t pc)
{
	struct reach at = reach[pc];

	if (insn->code == (BPF_JMP | BPF_JA)) {
		reach_to(&reach[pc + 1 + insn->k], at);
	} else if (at.known && BPF_SRC(insn->code) == BPF_K) {
		reach_to(&reach[pc + 1 + branch(insn, at.a)], at);
	} else {
		reach_to(&reach[pc + 1 + insn->jt], at);
		reach_to(&reach[pc + 1 + insn->jf], at);
	}
}

/* A load, or arithmetic. */
static void reach_next(struct reach *reach, const struct callgate_insn *insn, size_t pc, uint32_t arch, uint32_t nr)
{
	struct reach next = reach[pc];

	if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		next.known = insn->k == OFFSET_NR || insn->k == OFFSET_ARCH;
		next.a = insn->k == OFFSET_NR ? nr : arch;
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		next.a &= insn->k;
	} else {
		next.known = false;
	}
	reach_to(&reach[pc + 1], next);
}

/*
 * Is ALLOW the only answer to this number, whatever the arguments? And the longest path that it may take. Paths that no argument
 * takes may say no, never yes, and may make it longer, never shorter.
 */
static bool always_allows(const struct callgate_filter *filter, uint32_t arch, uint32_t nr, struct reach *reach, size_t *ret_longest)
{
	bool always = true;

	*ret_longest = 0;
	memset(reach, 0, filter->count * sizeof(*reach));
	reach[0] = (struct reach){ .reached = true };
	for (size_t pc = 0; pc < filter->count; pc++) {
		const struct callgate_insn *insn = &filter->insns[pc];

		if (!reach[pc].reached)
			continue;
		if (BPF_CLASS(insn->code) == BPF_RET) {
			always = always && insn->code == (BPF_RET | BPF_K) && insn->k == CALLGATE_ALLOW;
			*ret_longest = MAX(*ret_longest, reach[pc].steps + 1);
		} else if (BPF_CLASS(insn->code) == BPF_JMP) {
			reach_branch(reach, insn, pc);
		} else {
			reach_next(reach, insn, pc, arch, nr);
		}
	}
	return always;
}

/* Through the program; with `refused` only paths to answers that are no permission. 0: there is none. */
static size_t longest_path(const struct callgate_filter *filter, bool refused)
{
	_cleanup_free_ size_t *steps = calloc(filter->count, sizeof(*steps));

	if (!steps)
		return 0;
	for (size_t pc = filter->count; pc--;) {
		const struct callgate_insn *insn = &filter->insns[pc];
		size_t rest;

		if (BPF_CLASS(insn->code) == BPF_RET) {
			steps[pc] = !refused || insn->code != (BPF_RET | BPF_K) || !callgate_action_permits(insn->k);
			continue;
		}
		if (insn->code == (BPF_JMP | BPF_JA))
			rest = steps[pc + 1 + insn->k];
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			rest = MAX(steps[pc + 1 + insn->jt], steps[pc + 1 + insn->jf]);
		else
			rest = steps[pc + 1];
		steps[pc] = rest ? rest + 1 : 0;
	}
	return steps[0];
}

/* The ABI that a representative call is taken to be of, or -1. */
static int call_abi(const struct profile_call *call, unsigned abis)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi) && (call->abi < 0 || call->abi == (int)abi) && arch_syscall_nr(abi, call->syscall) >= 0)
			return (int)abi;
	return -1;
}

static void add_call(struct callgate_filter_steps *to, size_t steps, double count)
{
	to->mean += (double)steps * count; /* the sum, as yet */
	to->calls += count;
}

static void simulate_calls(const struct callgate_filter *filter, const struct callgate_profile *profile, unsigned abis,
			   struct callgate_filter_report *report)
{
	struct callgate_filter_steps *kinds[] = { &report->all, &report->uncached, &report->denied };

	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *c = &profile->calls.items[i];
		int abi = call_abi(c, abis);
		struct callgate_call call = { 0 };
		uint32_t action;
		size_t n = 0;

		if (abi < 0)
			continue;
		call.arch = arch_abi_get((enum callgate_abi)abi)->audit_arch;
		call.nr = (uint32_t)arch_syscall_nr((enum callgate_abi)abi, c->syscall);
		memcpy(call.args, c->args, sizeof(call.args));
		action = filter_simulate(filter->insns, filter->count, filter->big_endian, &call, NULL, &n);
		add_call(&report->all, n, (double)c->count);
		if (!compile_cacheable(filter, call.arch, call.nr))
			add_call(&report->uncached, n, (double)c->count);
		if (!callgate_action_permits(action))
			add_call(&report->denied, n, (double)c->count);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		kinds[i]->mean = kinds[i]->calls > 0 ? kinds[i]->mean / kinds[i]->calls : 0;
}

static void count_number(const struct callgate_filter *filter, uint32_t arch, uint32_t nr, struct reach *reach,
			 struct callgate_filter_report *report)
{
	size_t longest;
	bool cacheable = compile_cacheable(filter, arch, nr);

	report->allowed += always_allows(filter, arch, nr, reach, &longest);
	report->cacheable += cacheable;
	if (!cacheable)
		report->uncached.worst = MAX(report->uncached.worst, longest);
}

/* Numbers with a name, and of those without the first above them all. */
static int count_numbers(const struct callgate_filter *filter, unsigned abis, struct callgate_filter_report *report)
{
	_cleanup_free_ struct reach *reach = calloc(filter->count, sizeof(*reach));
	struct callgate_filter_report nameless = { 0 };

	if (!reach)
		return -ENOMEM;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct arch_abi *info = arch_abi_get(abi);

		if (!(abis & CALLGATE_ABI_BIT(abi)))
			continue;
		for (unsigned id = 0; id < arch_syscall_count(); id++) {
			int64_t nr = arch_syscall_nr(abi, (int)id);

			/* Of several names for a number only the first counts. */
			if (nr >= 0 && arch_syscall_at(abi, (uint32_t)nr) == (int)id)
				count_number(filter, info->audit_arch, (uint32_t)nr, reach, report);
		}
		count_number(filter, info->audit_arch, info->nr_base + info->newest + 1, reach, &nameless);
	}
	report->uncached.worst = MAX(report->uncached.worst, nameless.uncached.worst);
	return 0;
}

int compile_report(const struct callgate_filter *filter, const struct callgate_profile *profile,
		   const struct callgate_target *target, struct callgate_filter_report *ret)
{
	unsigned abis = filter->abis ? filter->abis : profile_target_abis(profile, target);
	struct callgate_filter_report report = {
		.insns = filter->count,
		.worst_steps = longest_path(filter, false),
		.all.worst = longest_path(filter, false),
		.denied.worst = longest_path(filter, true),
		.cells = filter->cells,
		.dispatch_tests = filter->dispatch_tests,
		.dispatch_optimum = filter->dispatch_optimum,
		.dispatch_entropy = filter->dispatch_entropy,
		.diagram_nodes = filter->diagram_nodes,
	};
	int r = count_numbers(filter, abis, &report);

	if (r < 0)
		return r;
	simulate_calls(filter, profile, abis, &report);
	emulate_attach(filter, abis, &report);
	report.mean_steps = dispatch_kernel_caches(target) ? report.uncached.mean : report.all.mean;
	*ret = report;
	return 0;
}
