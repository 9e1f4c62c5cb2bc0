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

/* kernel/seccomp.c, seccomp_is_const_allow: the same instructions, and nothing else, are followed. */
static bool const_allow(const struct callgate_filter *filter, uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < filter->count; pc++) {
		const struct callgate_insn *insn = &filter->insns[pc];

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

	if (abi < 0 || nr > arch_abi_get((enum callgate_abi)abi)->newest)
		return false;
	return const_allow(filter, audit_arch, nr);
}

/* What is known of A on the way to an instruction. */
struct reach {
	bool reached, known;
	uint32_t a;
};

static void reach_to(struct reach *to, struct reach from)
{
	if (!to->reached)
		*to = from;
	else if (!from.known || (to->known && to->a != from.a))
		to->known = false;
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

/* Is ALLOW the only answer to this number, whatever the arguments? Paths that no argument takes may say no, never yes. */
static bool always_allows(const struct callgate_filter *filter, uint32_t arch, uint32_t nr, struct reach *reach)
{
	memset(reach, 0, filter->count * sizeof(*reach));
	reach[0] = (struct reach){ .reached = true };
	for (size_t pc = 0; pc < filter->count; pc++) {
		const struct callgate_insn *insn = &filter->insns[pc];
		struct reach next = reach[pc];

		if (!next.reached)
			continue;
		if (BPF_CLASS(insn->code) == BPF_RET) {
			if (insn->code != (BPF_RET | BPF_K) || insn->k != CALLGATE_ALLOW)
				return false;
			continue;
		}
		if (BPF_CLASS(insn->code) == BPF_JMP) {
			reach_branch(reach, insn, pc);
			continue;
		}
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
	return true;
}

static size_t longest_path(const struct callgate_filter *filter)
{
	_cleanup_free_ size_t *steps = calloc(filter->count, sizeof(*steps));

	if (!steps)
		return 0;
	for (size_t pc = filter->count; pc--;) {
		const struct callgate_insn *insn = &filter->insns[pc];

		steps[pc] = 1;
		if (insn->code == (BPF_JMP | BPF_JA))
			steps[pc] += steps[pc + 1 + insn->k];
		else if (BPF_CLASS(insn->code) == BPF_JMP)
			steps[pc] += MAX(steps[pc + 1 + insn->jt], steps[pc + 1 + insn->jf]);
		else if (BPF_CLASS(insn->code) != BPF_RET)
			steps[pc] += steps[pc + 1];
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

/* Executed instructions per representative call that runs the filter: where the kernel has the bitmap, those it does not answer. */
static double mean_steps(const struct callgate_filter *filter, const struct callgate_profile *profile,
			 const struct callgate_target *target, unsigned abis)
{
	double steps = 0, count = 0;

	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *c = &profile->calls.items[i];
		int abi = call_abi(c, abis);
		struct callgate_call call = { 0 };
		size_t n = 0;

		if (abi < 0)
			continue;
		call.arch = arch_abi_get((enum callgate_abi)abi)->audit_arch;
		call.nr = (uint32_t)arch_syscall_nr((enum callgate_abi)abi, c->syscall);
		memcpy(call.args, c->args, sizeof(call.args));
		if (kernel_caches(target) && compile_cacheable(filter, call.arch, call.nr))
			continue;
		filter_simulate(filter->insns, filter->count, filter->big_endian, &call, NULL, &n);
		steps += (double)n * (double)c->count;
		count += (double)c->count;
	}
	return count > 0 ? steps / count : 0;
}

static int count_allowed(const struct callgate_filter *filter, unsigned abis, struct callgate_filter_report *report)
{
	_cleanup_free_ struct reach *reach = calloc(filter->count, sizeof(*reach));

	if (!reach)
		return -ENOMEM;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned id = 0; abis & CALLGATE_ABI_BIT(abi) && id < arch_syscall_count(); id++) {
			int64_t nr = arch_syscall_nr(abi, (int)id);
			uint32_t arch = arch_abi_get(abi)->audit_arch;

			/* Of several names for a number only the first counts. */
			if (nr < 0 || arch_syscall_at(abi, (uint32_t)nr) != (int)id)
				continue;
			report->allowed += always_allows(filter, arch, (uint32_t)nr, reach);
			report->cacheable += compile_cacheable(filter, arch, (uint32_t)nr);
		}
	return 0;
}

int compile_report(const struct callgate_filter *filter, const struct callgate_profile *profile,
		   const struct callgate_target *target, struct callgate_filter_report *ret)
{
	unsigned abis = filter->abis ? filter->abis : profile_target_abis(profile, target);
	struct callgate_filter_report report = {
		.insns = filter->count,
		.mean_steps = mean_steps(filter, profile, target, abis),
		.worst_steps = longest_path(filter),
		.cells = filter->cells,
		.diagram_nodes = filter->diagram_nodes,
	};
	int r = count_allowed(filter, abis, &report);

	if (r < 0)
		return r;
	*ret = report;
	return 0;
}
