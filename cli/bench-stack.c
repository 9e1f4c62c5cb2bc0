/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same policy in several filters, as systemd's directives make it: one for the names, and one for each group of calls with equal
 * conditions and each architecture, which lets everything else pass. They are cut out of the compiled program: where it
 * begins to look at arguments the first filter says ALLOW, and a filter of its own goes on. That the stack means what the whole means
 * is proven, not assumed. Our code in each makes them shorter than systemd's are: what is measured is the stacking.
 */
#include "cli.h"

#define GROUP_CALLS 32
#define FIRST_ARGUMENT 16
enum { OFFSET_NR = 0, OFFSET_ARCH = 4 };
enum { CODE_LOAD = 0x20, CODE_JA = 0x05, CODE_JEQ = 0x15, CODE_RET = 0x06 }; /* of include/uapi/linux/bpf_common.h */
#define CODE_CLASS(code) ((code) & 0x07)
enum { CLASS_JMP = 0x05, CLASS_RET = 0x06 };

struct group {
	uint32_t arch;
	uint16_t at;              /* where the program begins to look at arguments */
	uint32_t numbers[GROUP_CALLS];
	size_t count;
};

struct stack {
	const struct callgate_insn *insns;
	size_t count;
	struct group groups[BENCH_FILTERS_MAX - 1];
	size_t group_count;
};

/* The first instruction on the way of this number that loads an argument, or -1. */
static int looks_at(const struct callgate_filter *filter, const struct stack *stack, uint32_t arch, uint32_t nr)
{
	struct callgate_call call = { .nr = nr, .arch = arch };
	uint16_t path[CALLGATE_INSNS_MAX];
	size_t steps;

	callgate_filter_run(filter, &call, NULL, path, &steps);
	for (size_t i = 0; i < steps; i++)
		if (stack->insns[path[i]].code == CODE_LOAD && stack->insns[path[i]].k >= FIRST_ARGUMENT)
			return path[i];
	return -1;
}

/* -E2BIG: more groups, or calls in one, than we have room for. */
static int add_number(struct stack *stack, uint32_t arch, uint16_t at, uint32_t nr)
{
	struct group *g = stack->groups;

	while (g < stack->groups + stack->group_count && (g->arch != arch || g->at != at))
		g++;
	for (size_t i = 0; g < stack->groups + stack->group_count && i < g->count; i++)
		if (g->numbers[i] == nr)
			return 0;
	if (g == stack->groups + ARRAY_SIZE(stack->groups) || g->count == GROUP_CALLS)
		return -E2BIG;
	if (g == stack->groups + stack->group_count) {
		*g = (struct group){ .arch = arch, .at = at };
		stack->group_count++;
	}
	g->numbers[g->count++] = nr;
	return 0;
}

static int collect(struct stack *stack, struct callgate_profile *profile, unsigned abis, const struct callgate_filter *filter)
{
	struct callgate_rule rule;
	int r = 0;

	for (size_t i = 0; !r && callgate_profile_rule(profile, i, &rule) == 0; i++)
		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r && rule.condition[0]; abi++) {
			int64_t nr = abis & CALLGATE_ABI_BIT(abi) ? callgate_syscall_number(abi, rule.syscall_name) : -1;
			uint32_t arch = callgate_abi_audit_arch(abi);
			int at = nr < 0 ? -1 : looks_at(filter, stack, arch, (uint32_t)nr);

			if (at >= 0)
				r = add_number(stack, arch, (uint16_t)at, (uint32_t)nr);
		}
	return r;
}

static bool is_cut(const struct stack *stack, size_t pc)
{
	for (size_t i = 0; i < stack->group_count; i++)
		if (stack->groups[i].at == pc)
			return true;
	return false;
}

/* Instructions after this one by which it may go on. */
static size_t ways(const struct callgate_insn *insn, size_t pc, size_t next[2])
{
	if (CODE_CLASS(insn->code) == CLASS_RET)
		return 0;
	next[0] = pc + 1;
	if (CODE_CLASS(insn->code) != CLASS_JMP)
		return 1;
	next[0] += insn->code == CODE_JA ? insn->k : insn->jt;
	next[1] = pc + 1 + insn->jf;
	return insn->code == CODE_JA ? 1 : 2;
}

static void copy_insn(const struct callgate_insn *insn, size_t pc, const uint16_t *place, struct callgate_insn *to)
{
	size_t next[2] = { 0 }, n = ways(insn, pc, next);

	*to = *insn;
	if (CODE_CLASS(insn->code) != CLASS_JMP)
		return;
	if (n == 1) {
		to->k = (uint32_t)(place[next[0]] - place[pc] - 1);
	} else {
		to->jt = (uint8_t)(place[next[0]] - place[pc] - 1);
		to->jf = (uint8_t)(place[next[1]] - place[pc] - 1);
	}
}

/* What can be reached from `start`; with `cut`, as if ALLOW stood where arguments are looked at. Returns the length. */
static size_t extract(const struct stack *stack, size_t start, bool cut, struct callgate_insn *out)
{
	static const struct callgate_insn allow = { CODE_RET, 0, 0, CALLGATE_ALLOW };
	bool reached[CALLGATE_INSNS_MAX] = { false };
	uint16_t place[CALLGATE_INSNS_MAX] = { 0 };
	size_t n = 0;

	reached[start] = true;
	for (size_t pc = start; pc < stack->count; pc++) {
		size_t next[2], count = cut && is_cut(stack, pc) ? 0 : ways(&stack->insns[pc], pc, next);

		place[pc] = (uint16_t)n;
		n += reached[pc];
		for (size_t i = 0; i < count && reached[pc]; i++)
			reached[next[i]] = true;
	}
	for (size_t pc = start; pc < stack->count; pc++) {
		if (!reached[pc])
			continue;
		if (cut && is_cut(stack, pc))
			out[place[pc]] = allow;
		else
			copy_insn(&stack->insns[pc], pc, place, &out[place[pc]]);
	}
	return n;
}

static int take(const struct callgate_insn *insns, size_t count, struct bench_subject *subject)
{
	int r = callgate_filter_read(insns, count * sizeof(*insns), "stack", &subject->filters[subject->count], NULL);

	if (r < 0)
		return r;
	subject->count++;
	return 0;
}

static int add_group(const struct stack *stack, const struct group *g, struct bench_subject *subject)
{
	struct callgate_insn out[CALLGATE_INSNS_MAX + GROUP_CALLS + 4] = {
		{ CODE_LOAD, 0, 0, OFFSET_ARCH },
		{ CODE_JEQ, 0, (uint8_t)(g->count + 1), g->arch },
		{ CODE_LOAD, 0, 0, OFFSET_NR },
	};
	size_t n = 3;

	for (size_t i = 0; i < g->count; i++)
		out[n++] = (struct callgate_insn){ CODE_JEQ, (uint8_t)(g->count - i), 0, g->numbers[i] };
	out[n++] = (struct callgate_insn){ CODE_RET, 0, 0, CALLGATE_ALLOW };
	n += extract(stack, g->at, false, out + n);
	return n > CALLGATE_INSNS_MAX ? -E2BIG : take(out, n, subject);
}

/* The names last: afterwards seccomp(2) itself may be refused. */
static int build(const struct stack *stack, struct bench_subject *subject)
{
	struct callgate_insn out[CALLGATE_INSNS_MAX];
	int r = 0;

	for (size_t i = 0; i < stack->group_count && !r; i++)
		r = add_group(stack, &stack->groups[i], subject);
	return r ? r : take(out, extract(stack, 0, true, out), subject);
}

int bench_stack(struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_filter *filter,
		struct bench_subject *subject)
{
	struct stack stack = { 0 };
	int r;

	stack.insns = callgate_filter_insns(filter, &stack.count);
	r = collect(&stack, profile, callgate_profile_target_abis(profile, target), filter);
	if (!r && !stack.group_count)
		return -ENOENT;
	if (!r)
		r = build(&stack, subject);
	if (!r)
		r = callgate_filters_equal((const struct callgate_filter *const *)subject->filters, subject->count, &filter, 1, NULL, NULL);
	return r;
}
