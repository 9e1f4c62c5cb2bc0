/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meaning of a profile as a diagram. A second, independent reading of what profile_eval says: clause by clause, but over
 * all arguments at once. Comparisons become chains of nodes, one an argument bit; numbers and architectures become
 * a binary trie over sorted intervals. Both are made bottom-up and finished: nothing is thrown away.
 */
#include "model/diagram-impl.h"

/* From `start` up to the next segment's start, every value has the answer `root`. */
struct segment {
	uint32_t start;
	diagram_ref root;
};

struct segments {
	VEC(struct segment) all; /* sorted; the first starts at 0 */
};

struct lowering {
	struct diagram *d;
	const struct callgate_profile *profile;
	const struct callgate_target *target;
	unsigned abis;
};

/* ---- Conditions ---- */

/* (arg & mask) == value; bits of the argument from `width` on are 0. */
static diagram_ref lower_masked(struct diagram *d, const struct profile_cond *cond, unsigned width)
{
	diagram_ref r = DIAGRAM_TRUE;

	if (cond->value & ~cond->mask)
		return DIAGRAM_FALSE;
	for (unsigned i = 0; i < 64; i++) {
		bool set = cond->value >> i & 1;

		if (!(cond->mask >> i & 1))
			continue;
		if (i < width)
			r = diagram_make(d, DIAGRAM_VAR_ARG(cond->arg) + 63 - i, set ? DIAGRAM_FALSE : r, set ? r : DIAGRAM_FALSE);
		else if (set)
			r = DIAGRAM_FALSE;
	}
	return r;
}

/* An unsigned comparison, lowest bit first: a higher bit that differs overrules what the lower ones said. */
static diagram_ref lower_compare(struct diagram *d, const struct profile_cond *cond, unsigned width)
{
	static const struct {
		bool less, equal, greater;
	} holds[] = {
		[OP_EQ] = { .equal = true },
		[OP_NE] = { .less = true, .greater = true },
		[OP_LT] = { .less = true },
		[OP_LE] = { .less = true, .equal = true },
		[OP_GT] = { .greater = true },
		[OP_GE] = { .greater = true, .equal = true },
	};
	diagram_ref less = holds[cond->op].less, greater = holds[cond->op].greater, r = holds[cond->op].equal;

	for (unsigned i = 0; i < 64; i++) {
		bool set = cond->value >> i & 1;

		if (i < width)
			r = diagram_make(d, DIAGRAM_VAR_ARG(cond->arg) + 63 - i, set ? less : r, set ? r : greater);
		else if (set)
			r = less;
	}
	return r;
}

diagram_ref diagram_from_cond(struct diagram *d, const struct profile_cond *cond, unsigned width)
{
	return cond->op == OP_MASKED_EQ ? lower_masked(d, cond, width) : lower_compare(d, cond, width);
}

static diagram_ref lower_conds(const struct lowering *l, enum callgate_abi abi, const struct profile_clause *clause)
{
	diagram_ref r = DIAGRAM_TRUE;

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		struct profile_cond cond = l->profile->conds.items[clause->cond + i];
		unsigned width = profile_width(l->profile, l->target, abi, clause->syscall, cond.arg);

		cond = profile_cond_at_width(cond, width);
		r = diagram_and(l->d, diagram_from_cond(l->d, &cond, width), r);
	}
	return r;
}

/* ---- Numbers ---- */

/* First match wins, so the last clause is laid down first and each earlier one over it. */
static diagram_ref lower_syscall(const struct lowering *l, enum callgate_abi abi, int syscall, uint32_t nr)
{
	diagram_ref r = diagram_leaf(l->d, profile_fallback(l->profile, abi, nr));
	size_t first, end;

	if (syscall < 0)
		return r;
	profile_clauses_of(l->profile, syscall, &first, &end);
	while (end-- > first) {
		const struct profile_clause *clause = &l->profile->clauses.items[end];

		if (profile_guard_holds(l->profile, clause, l->target))
			r = diagram_choose(l->d, lower_conds(l, abi, clause), diagram_leaf(l->d, clause->action), r);
	}
	return r;
}

static diagram_ref lower_number(const struct lowering *l, uint32_t audit_arch, uint32_t nr)
{
	int abi = profile_abi_of(l->profile, l->abis, audit_arch, nr);

	if (abi < 0)
		return diagram_leaf(l->d, l->profile->bad_arch_action);
	return lower_syscall(l, (enum callgate_abi)abi, arch_syscall_at((enum callgate_abi)abi, nr), nr);
}

/* A binary trie over `count` segments that together cover the aligned block of values of the bits from `var` up to `end`. */
static diagram_ref lower_segments(struct diagram *d, const struct segment *s, size_t count, uint32_t block, uint32_t var, uint32_t end)
{
	uint32_t middle;
	size_t low = 0;

	if (count == 1)
		return s[0].root;
	middle = block + (1u << (end - var - 1));
	while (low < count && s[low].start < middle)
		low++;
	/* the segment that reaches over the middle belongs to both halves */
	return diagram_make(d, var, lower_segments(d, s, low, block, var + 1, end),
			    low < count && s[low].start == middle ? lower_segments(d, s + low, count - low, middle, var + 1, end)
								  : lower_segments(d, s + low - 1, count - low + 1, middle, var + 1, end));
}

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Sorted, each start once. */
static void sort_segments(struct segments *s)
{
	size_t kept = 0;

	qsort(s->all.items, s->all.count, sizeof(*s->all.items), compare_segments);
	for (size_t i = 0; i < s->all.count; i++)
		if (!kept || s->all.items[kept - 1].start != s->all.items[i].start)
			s->all.items[kept++] = s->all.items[i];
	s->all.count = kept;
}

static int add_start(struct segments *s, uint32_t start)
{
	return vec_push(&s->all, (struct segment){ .start = start });
}

/*
 * Where the answer may change within one architecture: at each number with a name and right behind it (the newest has a name
 * too), where x32 begins, and at -1.
 */
static int collect_starts(uint32_t audit_arch, struct segments *s)
{
	static const uint32_t fixed[] = { 0, 0x40000000, 0xffffffff };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && !r; i++)
		r = add_start(s, fixed[i]);
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++) {
		if (arch_abi_get(abi)->audit_arch != audit_arch)
			continue;
		for (unsigned id = 0; id < arch_syscall_count() && !r; id++) {
			int64_t nr = arch_syscall_nr(abi, (int)id);

			if (nr < 0)
				continue;
			r = add_start(s, (uint32_t)nr);
			if (!r)
				r = add_start(s, (uint32_t)nr + 1);
		}
	}
	return r;
}

static void done_segments(struct segments *s)
{
	vec_done(&s->all);
}

static int lower_arch(const struct lowering *l, uint32_t audit_arch, diagram_ref *ret_root)
{
	_cleanup_(done_segments) struct segments s = { 0 };
	int r = collect_starts(audit_arch, &s);

	if (r)
		return r;
	sort_segments(&s);
	for (size_t i = 0; i < s.all.count; i++)
		s.all.items[i].root = lower_number(l, audit_arch, s.all.items[i].start);
	*ret_root = lower_segments(l->d, s.all.items, s.all.count, 0, DIAGRAM_VAR_NR, DIAGRAM_VAR_NR + 32);
	return 0;
}

/* ---- Architectures ---- */

/* Each of the target's architectures is a segment of one value; what lies between them is a bad one. */
static int lower_archs(const struct lowering *l, diagram_ref *ret_root)
{
	_cleanup_(done_segments) struct segments s = { 0 };
	int r = add_start(&s, 0);

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++) {
		uint32_t audit_arch = arch_abi_get(abi)->audit_arch;

		if (!(l->abis & CALLGATE_ABI_BIT(abi)))
			continue;
		r = add_start(&s, audit_arch);
		if (!r)
			r = add_start(&s, audit_arch + 1);
	}
	if (r)
		return r;
	sort_segments(&s);
	for (size_t i = 0; i < s.all.count && !r; i++) {
		bool listed = false;

		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
			listed |= l->abis & CALLGATE_ABI_BIT(abi) && arch_abi_get(abi)->audit_arch == s.all.items[i].start;
		s.all.items[i].root = diagram_leaf(l->d, l->profile->bad_arch_action);
		if (listed)
			r = lower_arch(l, s.all.items[i].start, &s.all.items[i].root);
	}
	if (!r)
		*ret_root = lower_segments(l->d, s.all.items, s.all.count, 0, DIAGRAM_VAR_ARCH, DIAGRAM_VAR_ARCH + 32);
	return r;
}

int diagram_from_profile(struct diagram *d, const struct callgate_profile *profile, const struct callgate_target *target,
			 diagram_ref *ret_root, struct callgate_diags *diags)
{
	struct lowering l = { d, profile, target, profile_target_abis(profile, target) };
	diagram_ref root = DIAGRAM_FAILED;

	if (!l.abis)
		return diag_error(diags, -EINVAL, "diagram-no-abi", DIAG_NOWHERE, "the target selects no ABI");
	diagram_begin(d);
	if (lower_archs(&l, &root))
		return diag_oom(diags);
	return diagram_answer(d, root, ret_root, diags);
}
