/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for a filter's instructions. One pass forward follows what is known at each instruction on every way there: what the
 * accumulator holds, which architectures and which number are still possible.
 */
#include <linux/filter.h>
#include <stddef.h>

#include "compile/comment.h"
#include "model/call.h"

#define X32_FIRST 0x40000000u
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

/* The clause that an instruction serves, or NULL. */
static const struct profile_clause *clause_of(const struct comments *comments, size_t pc)
{
	int32_t rule = comments->filter->rules ? comments->filter->rules[pc] : FILTER_RULE_NONE;

	if (!comments->profile || rule < 0 || (size_t)rule >= comments->profile->clauses.count)
		return NULL;
	return &comments->profile->clauses.items[rule];
}

/* The call an argument test belongs to, as far as known: by the number tested, else by the clause it serves. */
static int syscall_for(const struct comments *comments, size_t pc, int *ret_abi)
{
	const struct context *c = &comments->contexts[pc];
	const struct profile_clause *clause = clause_of(comments, pc);

	*ret_abi = c->abis ? __builtin_ctz(c->abis) : -1;
	if (c->nr_known) {
		*ret_abi = abi_for(c, c->nr);
		return *ret_abi < 0 ? -1 : arch_syscall_at((enum callgate_abi)*ret_abi, c->nr);
	}
	return clause ? clause->syscall : -1;
}

/* "domain", "arg 0"; with the half that is looked at where there are two. */
static void put_word(const struct callgate_filter *filter, uint32_t offset, int abi, int syscall, struct buf *out)
{
	unsigned arg = (offset - 16) / 8;
	bool high = filter_arg_offset(arg, true, filter->big_endian) == offset;
	const struct arch_arg *known = NULL;

	if (offset < 16) {
		buf_printf(out, "instruction pointer");
		return;
	}
	if (syscall >= 0)
		known = abi >= 0 ? arch_arg_of((enum callgate_abi)abi, syscall, arg) : arch_arg_get(syscall, arg);
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

static void put_argument_test(const struct comments *comments, size_t pc, struct buf *out)
{
	const struct context *c = &comments->contexts[pc];
	const struct callgate_insn *insn = &comments->filter->insns[pc];
	unsigned arg = (c->holds - 16) / 8;
	bool low = c->holds >= 16 && filter_arg_offset(arg, false, comments->filter->big_endian) == c->holds;
	int abi, syscall = syscall_for(comments, pc, &abi);

	put_word(comments->filter, c->holds, abi, syscall, out);
	if (c->mask != UINT32_MAX)
		buf_printf(out, " & 0x%x", c->mask);
	buf_printf(out, " %s ", relation(insn));
	if (low && syscall >= 0 && abi >= 0)
		call_format_argument(out, (enum callgate_abi)abi, syscall, arg, insn->k);
	else
		buf_printf(out, "0x%x", insn->k);
}

static bool is_test(const struct callgate_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

/* `subject`: also what a number or an architecture is the value of. */
static void put_test(const struct comments *comments, size_t pc, bool subject, struct buf *out)
{
	const struct callgate_insn *insn = &comments->filter->insns[pc];
	const struct context *c = &comments->contexts[pc];

	if (BPF_SRC(insn->code) != BPF_K || c->holds == HOLDS_NOTHING)
		return;
	if (c->holds == offsetof(struct callgate_call, nr)) {
		buf_printf(out, "%s%s ", subject ? "nr " : "", relation(insn));
		if (BPF_OP(insn->code) == BPF_JGE && insn->k == X32_FIRST && abi_for(c, insn->k) >= 0)
			buf_puts(out, "x32");
		else
			put_syscall(c, insn->k, out);
	} else if (c->holds == offsetof(struct callgate_call, arch)) {
		buf_printf(out, "%s%s ", subject ? "arch " : "", relation(insn));
		put_arch(insn->k, out);
	} else {
		put_argument_test(comments, pc, out);
	}
}

static void put_load(const struct comments *comments, size_t pc, struct buf *out)
{
	uint32_t offset = comments->filter->insns[pc].k;
	int abi, syscall = syscall_for(comments, pc, &abi);

	if (offset == offsetof(struct callgate_call, nr))
		buf_puts(out, "system call number");
	else if (offset == offsetof(struct callgate_call, arch))
		buf_puts(out, "architecture");
	else
		put_word(comments->filter, offset, abi, syscall, out);
}

void compile_comment(const struct comments *comments, size_t pc, struct buf *out)
{
	const struct callgate_insn *insn = &comments->filter->insns[pc];
	char text[64];

	if (!comments->contexts[pc].reached)
		buf_puts(out, "never reached");
	else if (insn->code == (BPF_RET | BPF_K))
		buf_puts(out, action_format(insn->k, text, sizeof(text)));
	else if (is_test(insn))
		put_test(comments, pc, false, out);
	else if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
		put_load(comments, pc, out);
}

void compile_comment_test(const struct comments *comments, size_t pc, struct buf *out)
{
	const struct callgate_insn *insn = &comments->filter->insns[pc];
	size_t before = out->size;

	put_test(comments, pc, true, out);
	if (out->size > before)
		return;
	if (BPF_SRC(insn->code) == BPF_X)
		buf_printf(out, "A %s X", relation(insn));
	else
		buf_printf(out, "A %s 0x%x", relation(insn), insn->k);
}

void compile_comment_rule(const struct comments *comments, size_t pc, const char *before, const char *after, struct buf *out)
{
	const struct callgate_profile *profile = comments->profile;
	const struct profile_clause *clause = clause_of(comments, pc);

	if (!clause)
		return;
	buf_printf(out, "%s%s", before, arch_syscall_name(clause->syscall));
	if (profile_clause_file(profile, clause))
		buf_printf(out, " %s:%u", profile_clause_file(profile, clause), clause->line);
	buf_puts(out, after);
}

int compile_comments(const struct callgate_filter *filter, const struct callgate_profile *profile, struct comments *ret)
{
	struct context *contexts = calloc(filter->count, sizeof(*contexts));

	if (!contexts)
		return -ENOMEM;
	contexts[0] = (struct context){ .reached = true, .holds = HOLDS_NOTHING, .mask = UINT32_MAX,
					.abis = filter->abis ? filter->abis : (1u << CALLGATE_ABI_COUNT) - 1 };
	for (size_t pc = 0; pc < filter->count; pc++)
		if (contexts[pc].reached)
			step(contexts, filter, pc);
	*ret = (struct comments){ filter, profile, contexts };
	return 0;
}

void compile_comments_done(struct comments *comments)
{
	free(comments->contexts);
	comments->contexts = NULL;
}
