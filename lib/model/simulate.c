/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A classic BPF program run on one call, with the kernel's semantics: bpf_convert_filter of net/core/filter.c turns the program
 * into eBPF, whose 32-bit operations (kernel/bpf/core.c, ___bpf_prog_run, and the JITs) do the work. So:
 *  - A and X start at 0, all arithmetic is unsigned modulo 2^32;
 *  - a division by an X of 0 ends the program and returns 0, which seccomp reads as KILL_THREAD;
 *  - a shift by X uses the low five bits of X.
 * tests/live/test-filter-kernel.c compares it with the running kernel.
 */
#include <linux/filter.h>

#include "model/filter.h"

struct machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
	const struct callgate_call *call;
	bool big_endian;
};

uint32_t filter_word(const struct callgate_call *call, bool big_endian, uint32_t offset)
{
	uint64_t value;

	if (offset >= sizeof(*call) || offset & 3)
		return 0;
	if (offset == offsetof(struct callgate_call, nr))
		return call->nr;
	if (offset == offsetof(struct callgate_call, arch))
		return call->arch;
	value = offset < offsetof(struct callgate_call, args) ? call->ip : call->args[(offset - offsetof(struct callgate_call, args)) / 8];
	/* the first word of a 64-bit field is its high one on a big-endian machine */
	return (uint32_t)(!(offset & 4) == big_endian ? value >> 32 : value);
}

static void load(struct machine *m, const struct callgate_insn *insn)
{
	uint32_t value = insn->k;

	if (BPF_MODE(insn->code) == BPF_ABS)
		value = filter_word(m->call, m->big_endian, insn->k);
	else if (BPF_MODE(insn->code) == BPF_MEM)
		value = m->mem[insn->k % BPF_MEMWORDS];
	else if (BPF_MODE(insn->code) == BPF_LEN)
		value = sizeof(struct callgate_call);
	*(BPF_CLASS(insn->code) == BPF_LD ? &m->a : &m->x) = value;
}

/* False when the program ends here because of a division by zero. */
static bool compute(struct machine *m, const struct callgate_insn *insn)
{
	uint32_t operand = BPF_SRC(insn->code) == BPF_X ? m->x : insn->k;

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		m->a += operand;
		return true;
	case BPF_SUB:
		m->a -= operand;
		return true;
	case BPF_MUL:
		m->a *= operand;
		return true;
	case BPF_DIV:
		if (operand)
			m->a /= operand;
		return operand;
	case BPF_AND:
		m->a &= operand;
		return true;
	case BPF_OR:
		m->a |= operand;
		return true;
	case BPF_XOR:
		m->a ^= operand;
		return true;
	case BPF_LSH:
		m->a <<= operand & 31;
		return true;
	case BPF_RSH:
		m->a >>= operand & 31;
		return true;
	case BPF_NEG:
		m->a = -m->a;
		return true;
	}
	return false;
}

/* How far to jump beyond the next instruction. */
static uint32_t jump(const struct machine *m, const struct callgate_insn *insn)
{
	uint32_t operand = BPF_SRC(insn->code) == BPF_X ? m->x : insn->k;

	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return m->a == operand ? insn->jt : insn->jf;
	case BPF_JGT:
		return m->a > operand ? insn->jt : insn->jf;
	case BPF_JGE:
		return m->a >= operand ? insn->jt : insn->jf;
	case BPF_JSET:
		return m->a & operand ? insn->jt : insn->jf;
	}
	return insn->k; /* ja */
}

uint32_t filter_simulate(const struct callgate_insn *insns, size_t count, bool big_endian, const struct callgate_call *call,
			 uint16_t *path, size_t *ret_steps)
{
	struct machine m = { .call = call, .big_endian = big_endian };
	uint32_t result = CALLGATE_KILL_PROCESS; /* of a program that was not checked and runs off its end */
	size_t steps = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct callgate_insn *insn = &insns[pc];

		if (path)
			path[steps] = (uint16_t)pc;
		steps++;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
		case BPF_LDX:
			load(&m, insn);
			continue;
		case BPF_ST:
			m.mem[insn->k % BPF_MEMWORDS] = m.a;
			continue;
		case BPF_STX:
			m.mem[insn->k % BPF_MEMWORDS] = m.x;
			continue;
		case BPF_ALU:
			if (compute(&m, insn))
				continue;
			result = 0;
			break;
		case BPF_JMP:
			pc += MIN(jump(&m, insn), count);
			continue;
		case BPF_MISC:
			*(BPF_MISCOP(insn->code) == BPF_TAX ? &m.x : &m.a) = BPF_MISCOP(insn->code) == BPF_TAX ? m.a : m.x;
			continue;
		case BPF_RET:
			result = BPF_RVAL(insn->code) == BPF_A ? m.a : insn->k;
			break;
		}
		break; /* whatever did not go on has ended the program */
	}
	if (ret_steps)
		*ret_steps = steps;
	return result;
}
