/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing minijail policies: one line a system call, sorted by name, for compile_seccomp_policy.py, whose language has an action for each
 * expression. What it cannot say is an error that names the rule. Numbers are hexadecimal; constants are not named, since the one who
 * compiles decides what a name is worth.
 */
#include <inttypes.h>
#include <stdio.h>

#include "format/minijail.h"
#include "model/call.h"

struct writer {
	const struct callgate_profile *profile;
	struct buf *out;
	struct callgate_diags *diags;
	bool denylist;
	unsigned errors;
};

__attribute__((format(printf, 3, 4))) static void cannot(struct writer *w, const struct profile_clause *clause, const char *format, ...)
{
	struct diag_where where = { 0 };
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (clause)
		where = (struct diag_where){ profile_clause_file(w->profile, clause), clause->line, clause->column };
	w->errors++;
	if (clause)
		diag_error(w->diags, -ENOTSUP, "minijail-cannot", where, "%s: a minijail policy cannot say %s", arch_syscall_name(clause->syscall), text);
	else
		diag_error(w->diags, -ENOTSUP, "minijail-cannot", where, "a minijail policy cannot say %s", text);
}

/* ---- Conditions ---- */

static bool sign_extended(uint64_t value)
{
	return value >> 31 == UINT64_MAX >> 31;
}

static void put_atom(struct writer *w, const char **joint, unsigned arg, const char *op, uint64_t value)
{
	buf_printf(w->out, "%sarg%u %s 0x%" PRIx64, *joint, arg, op, value);
	*joint = " && ";
}

/*
 * (arg & mask) == value: no bit of the mask that the value lacks, and each that it has. A run of the latter up to bit 63 is one
 * comparison, as in dnf.c and for its reason.
 */
static void put_masked_bits(struct writer *w, const char **joint, const struct profile_cond *cond)
{
	uint64_t zeros = cond->mask & ~cond->value, ones = cond->value;
	unsigned run = ~ones ? (unsigned)__builtin_clzll(~ones) : 64;
	uint64_t top = run ? UINT64_MAX << (64 - run) : 0;

	if (zeros || !ones)
		put_atom(w, joint, cond->arg, "in", ~zeros);
	if (top)
		put_atom(w, joint, cond->arg, ">=", top);
	for (ones &= ~top; ones; ones &= ones - 1)
		put_atom(w, joint, cond->arg, "&", ones & -ones);
}

static void put_masked(struct writer *w, const struct profile_clause *clause, const char **joint, const struct profile_cond *cond)
{
	if (cond->value & ~cond->mask) {
		/* never; but a rule that refuses under conditions refuses the multiplexed form of its call, so it is not left out */
		if (sign_extended(cond->value))
			cannot(w, clause, "a masked value that is another number at 32 bits than at 64");
		put_atom(w, joint, cond->arg, "<", 0);
	} else if (cond->mask == UINT64_MAX) {
		put_atom(w, joint, cond->arg, "==", cond->value);
	} else {
		put_masked_bits(w, joint, cond);
	}
}

static void put_conds(struct writer *w, const struct profile_clause *clause)
{
	static const char *const ops[] = { [OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=" };
	const char *joint = "";

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		const struct profile_cond *cond = &w->profile->conds.items[clause->cond + i];

		if (cond->op == OP_MASKED_EQ)
			put_masked(w, clause, &joint, cond);
		else
			put_atom(w, &joint, cond->arg, ops[cond->op], cond->value);
	}
}

/* ---- Actions ---- */

/* What the policy language has for an action; "" for what a denylist says by leaving it out. */
static void put_action(struct writer *w, const struct profile_clause *clause, const char *joint)
{
	uint32_t action = clause->action, data = action & ACTION_DATA;
	const char *name = (action & ACTION_MASK) == CALLGATE_ERRNO(0) ? arch_errno_name((int)data) : minijail_action_name(action);
	char text[64];

	if ((action & ACTION_MASK) == CALLGATE_ERRNO(0) && data <= MINIJAIL_ERRNO_MAX) {
		if (name)
			buf_printf(w->out, "%sreturn %s", joint, name);
		else
			buf_printf(w->out, "%sreturn %u", joint, (unsigned)data);
	} else if (w->denylist && action != CALLGATE_ALLOW) {
		cannot(w, clause, "%s where everything else is allowed, only errnos", action_format(action, text, sizeof(text)));
	} else if (!name) {
		cannot(w, clause, "%s", action_format(action, text, sizeof(text)));
	} else if (!w->denylist) {
		buf_printf(w->out, "%s%s", joint, name);
	}
}

/* ---- Lines ---- */

static bool in_force(const struct writer *w, const struct profile_clause *clause, int abi)
{
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct callgate_profile bare = *w->profile;

	bare.literal = false; /* its ABIs would come first */
	return profile_guard_holds(&bare, clause, &target);
}

/* Clauses of a call that count on an ABI: up to the first that decides all that is left. */
struct counted {
	uint64_t *bits; /* one a clause of the call */
	size_t words, count;
};

static void count(struct writer *w, size_t first, size_t end, int abi, struct counted *ret)
{
	ret->count = 0;
	memset(ret->bits, 0, ret->words * sizeof(*ret->bits));
	for (size_t i = first; i < end; i++) {
		const struct profile_clause *clause = &w->profile->clauses.items[i];

		if (clause->derived || !in_force(w, clause, abi))
			continue;
		/* in a denylist, what is left is allowed without a word */
		if (clause->n_conds || !w->denylist || clause->action != CALLGATE_ALLOW) {
			ret->bits[(i - first) / 64] |= UINT64_C(1) << (i - first) % 64;
			ret->count++;
		}
		if (!clause->n_conds)
			return;
	}
}

static void put_name(struct writer *w, int syscall, unsigned abis)
{
	const char *joint = "[arch=";

	buf_puts(w->out, arch_syscall_name(syscall));
	if (abis == MINIJAIL_ABIS_ALL) {
		buf_puts(w->out, ": ");
		return;
	}
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (abis >> abi & 1) {
			buf_printf(w->out, "%s%s", joint, minijail_arch_name(abi));
			joint = ",";
		}
	}
	buf_puts(w->out, "]: ");
}

static void put_line(struct writer *w, size_t first, const struct counted *counted, unsigned abis)
{
	const struct profile_clause *clauses = &w->profile->clauses.items[first];
	/* a bare action needs no braces; an expression with an action has them, or it would mean two things */
	bool braces = false;
	const char *joint = "";

	for (size_t i = 0; i < counted->words * 64; i++)
		if (counted->bits[i / 64] >> i % 64 & 1)
			braces |= clauses[i].n_conds > 0;
	put_name(w, clauses->syscall, abis);
	buf_puts(w->out, braces ? "{ " : "");
	for (size_t i = 0; i < counted->words * 64; i++) {
		if (!(counted->bits[i / 64] >> i % 64 & 1))
			continue;
		buf_puts(w->out, joint);
		put_conds(w, &clauses[i]);
		put_action(w, &clauses[i], clauses[i].n_conds ? "; " : "");
		joint = ", ";
	}
	buf_puts(w->out, braces ? " }\n" : "\n");
}

/* A line for each group of ABIs on which the same clauses count; ABIs without any have no line. */
static int put_lines(struct writer *w, size_t first, size_t end)
{
	size_t words = (end - first + 63) / 64;
	_cleanup_free_ uint64_t *bits = calloc(words * CALLGATE_ABI_COUNT, sizeof(*bits));
	struct counted counted[CALLGATE_ABI_COUNT];
	unsigned left = MINIJAIL_ABIS_ALL;

	if (!bits)
		return diag_oom(w->diags);
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		counted[abi] = (struct counted){ .bits = bits + words * (size_t)abi, .words = words };
		count(w, first, end, abi, &counted[abi]);
	}
	while (left) {
		int lead = __builtin_ctz(left);
		unsigned group = 0;

		for (int abi = lead; abi < CALLGATE_ABI_COUNT; abi++)
			if (!memcmp(counted[abi].bits, counted[lead].bits, words * sizeof(*bits)))
				group |= CALLGATE_ABI_BIT(abi);
		left &= ~group;
		if (counted[lead].count)
			put_line(w, first, &counted[lead], group);
	}
	return 0;
}

/* ---- The whole ---- */

/* Other calls' rules stand for this one too, unless it has one of its own that decides all. */
static bool carries_others(int syscall)
{
	const struct arch_multiplexed *m;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)); i++)
		if (m->via == syscall)
			return true;
	return false;
}

static void check_clauses(struct writer *w)
{
	for (size_t i = 0; i < w->profile->clauses.count; i++) {
		const struct profile_clause *clause = &w->profile->clauses.items[i];
		const struct profile_guard *guard = clause->guard ? &w->profile->guards.items[clause->guard - 1] : NULL;

		if (guard && !clause->derived &&
		    (guard->include_caps || guard->exclude_caps || guard->include_kernel || guard->exclude_kernel))
			cannot(w, clause, "that a rule holds only with certain capabilities or kernels; restrict the profile to one target first");
		if (w->profile->default_action == CALLGATE_ALLOW && !clause->guard && !clause->n_conds && clause->action == CALLGATE_ALLOW && !clause->derived &&
		    carries_others(clause->syscall))
			cannot(w, clause, "that this call is allowed whatever is said of those that go through it, where everything is allowed anyway");
	}
}

static void check_whole(struct writer *w)
{
	const struct callgate_profile *profile = w->profile;
	char text[64];

	if (profile->literal)
		cannot(w, NULL, "that all 64 bits of every argument are compared");
	if (profile->abis & (profile->abis - 1))
		cannot(w, NULL, "that it is for several ABIs; it is compiled for one, and kills the calls of all others");
	for (int i = 0; i < CALLGATE_ABI_COUNT && !profile->abis; i++) {
		if (profile->abi_map[i] & (profile->abi_map[i] - 1)) {
			cannot(w, NULL, "that it is for several ABIs, as archMap does");
			break;
		}
	}
	if (profile->bad_arch_action != CALLGATE_KILL_PROCESS)
		cannot(w, NULL, "%s for calls of other ABIs", action_format(profile->bad_arch_action, text, sizeof(text)));
	if (profile->unknown_errno >= 0)
		cannot(w, NULL, "what happens to calls newer than its tables");
	if (profile->load_flags || profile->listener_path)
		cannot(w, NULL, "how a filter is loaded: flags and listenerPath");
	check_clauses(w);
}

static void put_default(struct writer *w)
{
	uint32_t action = w->profile->default_action;
	const char *name = minijail_action_name(action);
	char text[64];

	if (action == CALLGATE_ALLOW) {
		w->denylist = true;
		buf_puts(w->out, "@denylist\n");
	} else if (!name || action == CALLGATE_LOG || action == CALLGATE_TRACE(0)) {
		cannot(w, NULL, "%s as the default action", action_format(action, text, sizeof(text)));
	} else {
		buf_printf(w->out, "@default %s\n", name);
	}
}

int minijail_write(const struct callgate_profile *profile, struct buf *out, struct callgate_diags *diags)
{
	struct writer w = { .profile = profile, .out = out, .diags = diags };
	size_t end;
	int error = 0;

	check_whole(&w);
	put_default(&w);
	for (size_t i = 0; i < profile->clauses.count && !error; i = end) {
		end = i + 1;
		while (end < profile->clauses.count && profile->clauses.items[end].syscall == profile->clauses.items[i].syscall)
			end++;
		error = put_lines(&w, i, end);
	}
	if (error || out->error)
		return error ? error : diag_oom(diags);
	return w.errors ? -ENOTSUP : 0;
}

int minijail_write_frequency(const struct callgate_profile *profile, struct buf *out)
{
	const struct profile_call *calls = profile->calls.items;
	size_t end;

	for (size_t i = 0; i < profile->calls.count; i = end) {
		uint64_t sum = 0;

		for (end = i; end < profile->calls.count && calls[end].syscall == calls[i].syscall; end++)
			if (__builtin_add_overflow(sum, calls[end].count, &sum))
				sum = UINT64_MAX;
		buf_printf(out, "%s: %" PRIu64 "\n", arch_syscall_name(calls[i].syscall), sum);
	}
	return out->error;
}
