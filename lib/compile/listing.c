/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter as text for people. One pass forward follows what is known at each instruction on every way there: what the accumulator
 * holds, which architectures and which number are still possible. Names are given only where they are certain.
 */
#include <linux/filter.h>
#include <stddef.h>

#include "compile/compile.h"
#include "model/call.h"

#define COLUMN 44     /* where comments begin */
#define HOLDS_NOTHING UINT32_MAX

struct context {
	bool reached;
	uint32_t holds;   /* offset of the word in A, or HOLDS_NOTHING */
	uint32_t mask;
	unsigned abis;
	bool nr_known;
	uint32_t nr;
};

static void merge(struct context *to, struct context from)
{
	if (!to->reached) {
		*to = from;
		return;
	}
	if (to->holds != from.holds || to->mask != from.mask)
		to->holds = HOLDS_NOTHING;
	if (!from.nr_known || to->nr != from.nr)
		to->nr_known = false;
	to->abis |= from.abis;
}

static unsigned abis_of(uint32_t audit_arch)
{
	unsigned abis = 0;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (arch_abi_get(abi)->audit_arch == audit_arch)
			abis |= CALLGATE_ABI_BIT(abi);
	return abis;
}

/* What taking jt teaches. */
static struct context when_equal(struct context c, const struct callgate_insn *insn)
{
	if (insn->code != (BPF_JMP | BPF_JEQ | BPF_K) || c.mask != UINT32_MAX)
		return c;
	if (c.holds == offsetof(struct callgate_call, arch))
		c.abis &= abis_of(insn->k);
	if (c.holds == offsetof(struct callgate_call, nr)) {
		c.nr_known = true;
		c.nr = insn->k;
	}
	return c;
}

static void step(struct context *contexts, const struct callgate_filter *filter, size_t pc)
{
	const struct callgate_insn *insn = &filter->insns[pc];
	struct context c = contexts[pc];

	switch (BPF_CLASS(insn->code)) {
	case BPF_RET:
		return;
	case BPF_JMP:
		if (insn->code == (BPF_JMP | BPF_JA)) {
			merge(&contexts[pc + 1 + insn->k], c);
			return;
		}
		merge(&contexts[pc + 1 + insn->jt], when_equal(c, insn));
		merge(&contexts[pc + 1 + insn->jf], c);
		return;
	}
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		c.holds = insn->k;
		c.mask = UINT32_MAX;
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		c.mask &= insn->k;
	} else if (BPF_CLASS(insn->code) != BPF_ST && BPF_CLASS(insn->code) != BPF_STX) {
		c.holds = HOLDS_NOTHING;
	}
	merge(&contexts[pc + 1], c);
}

/* One ABI of those possible that a number belongs to; -1 when there is none. */
static int abi_for(const struct context *c, uint32_t nr)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (c->abis & CALLGATE_ABI_BIT(abi) && arch_abi_of(arch_abi_get(abi)->audit_arch, nr) == (int)abi)
			return (int)abi;
	return -1;
}

static void put_syscall(const struct context *c, uint32_t nr, struct buf *out)
{
	int abi = abi_for(c, nr), id = abi < 0 ? -1 : arch_syscall_at((enum callgate_abi)abi, nr);

	if (id >= 0)
		buf_puts(out, arch_syscall_name(id));
	else
		buf_printf(out, "%u", nr);
}

static void put_arch(uint32_t audit_arch, struct buf *out)
{
	unsigned abis = abis_of(audit_arch);

	buf_puts(out, abis ? arch_abi_get((unsigned)__builtin_ctz(abis))->name : "unknown architecture");
}

/* The call an argument test belongs to, as far as known: by the number tested, else by the clause it serves. */
static int syscall_for(const struct context *c, const struct callgate_profile *profile, int32_t rule, int *ret_abi)
{
	*ret_abi = c->abis ? __builtin_ctz(c->abis) : -1;
	if (c->nr_known) {
		*ret_abi = abi_for(c, c->nr);
		return *ret_abi < 0 ? -1 : arch_syscall_at((enum callgate_abi)*ret_abi, c->nr);
	}
	return profile && rule >= 0 && (size_t)rule < profile->clauses.count ? profile->clauses.items[rule].syscall : -1;
}

/* "domain", "arg 0"; with the half that is looked at where there are two. */
static void put_word(const struct callgate_filter *filter, uint32_t offset, int syscall, struct buf *out)
{
	unsigned arg = (offset - 16) / 8;
	bool high = filter_arg_offset(arg, true, filter->big_endian) == offset;
	const struct arch_arg *known = syscall >= 0 ? arch_arg_get(syscall, arg) : NULL;

	if (offset < 16) {
		buf_printf(out, "instruction pointer");
		return;
	}
	if (known && known->name && *known->name)
		buf_puts(out, known->name);
	else
		buf_printf(out, "arg %u", arg);
	if (high)
		buf_puts(out, ", high word");
}

static const char *relation(const struct callgate_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return "==";
	case BPF_JGE:
		return ">=";
	case BPF_JGT:
		return ">";
	}
	return "&";
}

static void put_argument_test(const struct callgate_filter *filter, const struct callgate_insn *insn, const struct context *c, int syscall,
			      int abi, struct buf *out)
{
	unsigned arg = (c->holds - 16) / 8;
	bool low = c->holds >= 16 && filter_arg_offset(arg, false, filter->big_endian) == c->holds;

	put_word(filter, c->holds, syscall, out);
	if (c->mask != UINT32_MAX)
		buf_printf(out, " & 0x%x", c->mask);
	buf_printf(out, " %s ", relation(insn));
	if (low && syscall >= 0 && abi >= 0)
		call_format_argument(out, (enum callgate_abi)abi, syscall, arg, insn->k);
	else
		buf_printf(out, "0x%x", insn->k);
}

static void put_test(const struct callgate_filter *filter, const struct callgate_profile *profile, size_t pc, const struct context *c,
		     struct buf *out)
{
	const struct callgate_insn *insn = &filter->insns[pc];
	int abi, syscall = syscall_for(c, profile, filter->rules ? filter->rules[pc] : FILTER_RULE_NONE, &abi);

	if (BPF_SRC(insn->code) != BPF_K || c->holds == HOLDS_NOTHING)
		return;
	if (c->holds == offsetof(struct callgate_call, nr)) {
		buf_printf(out, "%s ", relation(insn));
		put_syscall(c, insn->k, out);
	} else if (c->holds == offsetof(struct callgate_call, arch)) {
		buf_printf(out, "%s ", relation(insn));
		put_arch(insn->k, out);
	} else {
		put_argument_test(filter, insn, c, syscall, abi, out);
	}
}

static void put_load(const struct callgate_filter *filter, const struct callgate_profile *profile, size_t pc, const struct context *c,
		     struct buf *out)
{
	uint32_t offset = filter->insns[pc].k;
	int abi, syscall = syscall_for(c, profile, filter->rules ? filter->rules[pc] : FILTER_RULE_NONE, &abi);

	if (offset == offsetof(struct callgate_call, nr))
		buf_puts(out, "system call number");
	else if (offset == offsetof(struct callgate_call, arch))
		buf_puts(out, "architecture");
	else
		put_word(filter, offset, syscall, out);
}

static void put_comment(const struct callgate_filter *filter, const struct callgate_profile *profile, size_t pc, const struct context *c,
			struct buf *out)
{
	const struct callgate_insn *insn = &filter->insns[pc];
	char text[64];

	if (!c->reached)
		buf_puts(out, "never reached");
	else if (insn->code == (BPF_RET | BPF_K))
		buf_puts(out, action_format(insn->k, text, sizeof(text)));
	else if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA)
		put_test(filter, profile, pc, c, out);
	else if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
		put_load(filter, profile, pc, c, out);
}

/* Where the rule stands that an instruction serves. */
static void put_rule(const struct callgate_filter *filter, const struct callgate_profile *profile, size_t pc, struct buf *out)
{
	int32_t rule = filter->rules ? filter->rules[pc] : FILTER_RULE_NONE;
	const struct profile_clause *clause;

	if (!profile || rule < 0 || (size_t)rule >= profile->clauses.count)
		return;
	clause = &profile->clauses.items[rule];
	buf_printf(out, "%s[%s", out->size ? " " : "", arch_syscall_name(clause->syscall));
	if (profile->file && clause->line)
		buf_printf(out, " %s:%u", strpool_get(&profile->strings, profile->file), clause->line);
	buf_puts(out, "]");
}

static void put_line(const struct callgate_filter *filter, const struct callgate_profile *profile, size_t pc, const struct context *c,
		     struct buf *out)
{
	struct buf comment = { 0 };
	size_t start = out->size;

	buf_printf(out, "%4zu: ", pc);
	filter_format_insn(&filter->insns[pc], pc, out);
	put_comment(filter, profile, pc, c, &comment);
	put_rule(filter, profile, pc, &comment);
	if (comment.size) {
		buf_printf(out, "%*s; ", (int)(out->size - start < COLUMN ? COLUMN - (out->size - start) : 1), "");
		buf_put(out, comment.text, comment.size);
	}
	buf_puts(out, "\n");
	if (comment.error)
		out->error = comment.error;
	buf_done(&comment);
}

int compile_listing(const struct callgate_filter *filter, const struct callgate_profile *profile, struct buf *out)
{
	_cleanup_free_ struct context *contexts = calloc(filter->count, sizeof(*contexts));

	if (!contexts)
		return -ENOMEM;
	contexts[0] = (struct context){ .reached = true, .holds = HOLDS_NOTHING, .mask = UINT32_MAX,
					.abis = filter->abis ? filter->abis : (1u << CALLGATE_ABI_COUNT) - 1 };
	for (size_t pc = 0; pc < filter->count; pc++) {
		if (contexts[pc].reached)
			step(contexts, filter, pc);
		put_line(filter, profile, pc, &contexts[pc], out);
	}
	return out->error;
}
