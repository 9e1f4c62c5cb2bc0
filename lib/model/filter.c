/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF as seccomp admits it. The rules kept here are the kernel's own: bpf_check_classic and check_load_and_stores of
 * net/core/filter.c, then seccomp_check_filter of kernel/seccomp.c. tests/live/test-filter-kernel.c asks the kernel about
 * thousands of programs and expects the same verdicts.
 */
#include "model/filter.h"

#include <linux/filter.h>

/* What an instruction's operand is, and with it which rule K has to keep and how the instruction is written. */
enum operand {
	REFUSED,       /* not an instruction that seccomp admits */
	TAKES_NOTHING, /* tax, neg … */
	TAKES_A,       /* ret a */
	TAKES_X,       /* the X register */
	TAKES_K,       /* any number */
	TAKES_DIVISOR, /* a number, not 0 */
	TAKES_SHIFT,   /* a number below 32 */
	TAKES_WORD,    /* offset of a word of seccomp_data */
	TAKES_LEN,     /* sizeof(struct seccomp_data) */
	TAKES_MEM,     /* index of scratch memory */
	TAKES_JUMP,    /* distance of an unconditional jump */
};

struct shape {
	const char *name;
	enum operand operand;
};

/* By opcode. BPF_MOD is missing on purpose: sockets may use it, seccomp may not. */
static const struct shape shapes[] = {
	[BPF_LD | BPF_W | BPF_ABS] = { "ld", TAKES_WORD },
	[BPF_LD | BPF_W | BPF_LEN] = { "ld", TAKES_LEN },
	[BPF_LD | BPF_IMM] = { "ld", TAKES_K },
	[BPF_LD | BPF_MEM] = { "ld", TAKES_MEM },
	[BPF_LDX | BPF_W | BPF_LEN] = { "ldx", TAKES_LEN },
	[BPF_LDX | BPF_IMM] = { "ldx", TAKES_K },
	[BPF_LDX | BPF_MEM] = { "ldx", TAKES_MEM },
	[BPF_ST] = { "st", TAKES_MEM },
	[BPF_STX] = { "stx", TAKES_MEM },
	[BPF_ALU | BPF_ADD | BPF_K] = { "add", TAKES_K },
	[BPF_ALU | BPF_ADD | BPF_X] = { "add", TAKES_X },
	[BPF_ALU | BPF_SUB | BPF_K] = { "sub", TAKES_K },
	[BPF_ALU | BPF_SUB | BPF_X] = { "sub", TAKES_X },
	[BPF_ALU | BPF_MUL | BPF_K] = { "mul", TAKES_K },
	[BPF_ALU | BPF_MUL | BPF_X] = { "mul", TAKES_X },
	[BPF_ALU | BPF_DIV | BPF_K] = { "div", TAKES_DIVISOR },
	[BPF_ALU | BPF_DIV | BPF_X] = { "div", TAKES_X },
	[BPF_ALU | BPF_AND | BPF_K] = { "and", TAKES_K },
	[BPF_ALU | BPF_AND | BPF_X] = { "and", TAKES_X },
	[BPF_ALU | BPF_OR | BPF_K] = { "or", TAKES_K },
	[BPF_ALU | BPF_OR | BPF_X] = { "or", TAKES_X },
	[BPF_ALU | BPF_XOR | BPF_K] = { "xor", TAKES_K },
	[BPF_ALU | BPF_XOR | BPF_X] = { "xor", TAKES_X },
	[BPF_ALU | BPF_LSH | BPF_K] = { "lsh", TAKES_SHIFT },
	[BPF_ALU | BPF_LSH | BPF_X] = { "lsh", TAKES_X },
	[BPF_ALU | BPF_RSH | BPF_K] = { "rsh", TAKES_SHIFT },
	[BPF_ALU | BPF_RSH | BPF_X] = { "rsh", TAKES_X },
	[BPF_ALU | BPF_NEG] = { "neg", TAKES_NOTHING },
	[BPF_JMP | BPF_JA] = { "ja", TAKES_JUMP },
	[BPF_JMP | BPF_JEQ | BPF_K] = { "jeq", TAKES_K },
	[BPF_JMP | BPF_JEQ | BPF_X] = { "jeq", TAKES_X },
	[BPF_JMP | BPF_JGE | BPF_K] = { "jge", TAKES_K },
	[BPF_JMP | BPF_JGE | BPF_X] = { "jge", TAKES_X },
	[BPF_JMP | BPF_JGT | BPF_K] = { "jgt", TAKES_K },
	[BPF_JMP | BPF_JGT | BPF_X] = { "jgt", TAKES_X },
	[BPF_JMP | BPF_JSET | BPF_K] = { "jset", TAKES_K },
	[BPF_JMP | BPF_JSET | BPF_X] = { "jset", TAKES_X },
	[BPF_RET | BPF_K] = { "ret", TAKES_K },
	[BPF_RET | BPF_A] = { "ret", TAKES_A },
	[BPF_MISC | BPF_TAX] = { "tax", TAKES_NOTHING },
	[BPF_MISC | BPF_TXA] = { "txa", TAKES_NOTHING },
};

_Static_assert(sizeof(struct callgate_insn) == sizeof(struct sock_filter), "same layout as the kernel's");
_Static_assert(CALLGATE_INSNS_MAX == BPF_MAXINSNS, "the kernel's limit");

static struct shape shape_of(uint16_t code)
{
	return code < ARRAY_SIZE(shapes) ? shapes[code] : (struct shape){ 0 };
}

static bool is_branch(uint16_t code)
{
	return BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA;
}

int filter_new(size_t count, struct callgate_filter **ret_filter)
{
	_cleanup_free_ struct callgate_filter *filter = NULL;

	if (!count || count > CALLGATE_INSNS_MAX)
		return -EINVAL;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	filter->insns = calloc(count, sizeof(*filter->insns));
	if (!filter->insns)
		return -ENOMEM;
	filter->count = count;
	*ret_filter = take_ptr(filter);
	return 0;
}

struct callgate_filter *filter_free(struct callgate_filter *filter)
{
	if (filter) {
		free(filter->insns);
		free(filter->rules);
		free(filter);
	}
	return NULL;
}

/* ---- What the kernel admits ---- */

/* Why an instruction is refused by itself, whatever stands around it; NULL when it is not. */
static const char *refusal(const struct callgate_insn *insn, size_t index, size_t count)
{
	size_t left = count - index - 1; /* instructions behind this one */

	switch (shape_of(insn->code).operand) {
	case REFUSED:
		return "seccomp does not admit this instruction";
	case TAKES_DIVISOR:
		return insn->k ? NULL : "division by zero";
	case TAKES_SHIFT:
		return insn->k < 32 ? NULL : "shift by 32 bits or more";
	case TAKES_WORD:
		return insn->k < sizeof(struct callgate_call) && !(insn->k & 3) ? NULL : "not the offset of a word of seccomp_data";
	case TAKES_MEM:
		return insn->k < BPF_MEMWORDS ? NULL : "there are only 16 words of scratch memory";
	case TAKES_JUMP:
		return insn->k < left ? NULL : "jump beyond the end of the program";
	default:
		return !is_branch(insn->code) || (insn->jt < left && insn->jf < left) ? NULL : "jump beyond the end of the program";
	}
}

/*
 * Index of the first instruction that might read scratch memory nobody wrote, or -1. It is one pass over the text of the
 * program, as the kernel does it, not over its paths: behind a `ret` the words written before it still count as written,
 * although no path leads there.
 */
static int unwritten_load(const struct callgate_insn *insns, size_t count)
{
	uint16_t at_target[CALLGATE_INSNS_MAX], written = 0; /* one bit a word: written on every way that comes here */

	memset(at_target, 0xff, count * sizeof(at_target[0]));
	for (size_t i = 0; i < count; i++) {
		const struct callgate_insn *insn = &insns[i];
		unsigned class = BPF_CLASS(insn->code);

		written &= at_target[i];
		if (class == BPF_ST || class == BPF_STX) {
			written |= (uint16_t)(1u << insn->k);
		} else if (shape_of(insn->code).operand == TAKES_MEM) {
			if (!(written & 1u << insn->k))
				return (int)i;
		} else if (class == BPF_JMP) {
			bool always = BPF_OP(insn->code) == BPF_JA;

			at_target[i + 1 + (always ? insn->k : insn->jt)] &= written;
			at_target[i + 1 + (always ? insn->k : insn->jf)] &= written;
			written = 0xffff;
		}
	}
	return -1;
}

static int invalid(const struct callgate_insn *insns, size_t index, const char *why, const char *file, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf text = { 0 };

	filter_format_insn(&insns[index], index, &text);
	return diag_error(diags, -EBADMSG, "bpf-invalid", DIAG_FILE(file), "instruction %zu, %s: %s", index, text.text ? text.text : "",
			  why);
}

int filter_check(const struct callgate_insn *insns, size_t count, const char *file, struct callgate_diags *diags)
{
	int load;

	if (!count || count > CALLGATE_INSNS_MAX)
		return diag_error(diags, -EBADMSG, "bpf-invalid", DIAG_FILE(file),
				  "a program has 1 to %d instructions, this one has %zu", CALLGATE_INSNS_MAX, count);
	for (size_t i = 0; i < count; i++) {
		const char *why = refusal(&insns[i], i, count);

		if (why)
			return invalid(insns, i, why, file, diags);
	}
	if (BPF_CLASS(insns[count - 1].code) != BPF_RET)
		return invalid(insns, count - 1, "the last instruction is not a return", file, diags);
	load = unwritten_load(insns, count);
	if (load >= 0)
		return invalid(insns, (size_t)load, "scratch memory is read that may not have been written", file, diags);
	return 0;
}

/* ---- As text ---- */

void filter_format_insn(const struct callgate_insn *insn, size_t index, struct buf *out)
{
	struct shape shape = shape_of(insn->code);

	if (shape.operand == REFUSED) {
		buf_printf(out, "unknown 0x%04x #0x%x", insn->code, insn->k);
		return;
	}
	buf_puts(out, shape.name);
	switch (shape.operand) {
	case TAKES_A:
		buf_puts(out, " a");
		break;
	case TAKES_X:
		buf_puts(out, " x");
		break;
	case TAKES_SHIFT:
		buf_printf(out, " #%u", insn->k);
		break;
	case TAKES_WORD:
		buf_printf(out, " [%u]", insn->k);
		break;
	case TAKES_LEN:
		buf_puts(out, " #len");
		break;
	case TAKES_MEM:
		buf_printf(out, " M[%u]", insn->k);
		break;
	case TAKES_JUMP:
		buf_printf(out, " %zu", index + 1 + insn->k);
		break;
	case TAKES_K:
	case TAKES_DIVISOR:
		buf_printf(out, " #0x%x", insn->k);
		break;
	default:
		break;
	}
	if (is_branch(insn->code))
		buf_printf(out, " jt %zu jf %zu", index + 1 + insn->jt, index + 1 + insn->jf);
}
