/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing two diagrams. Their answers are numbered and laid side by side in a third one, whose leaves are pairs; where it says a pair of
 * different answers, the policies differ. Nothing is sampled: what is not listed is the same.
 */
#include "check/diff.h"

#include "arch/arch.h"
#include "model/call.h"
#include "model/region.h"

#define TERMS_MAX 24 /* a condition with more alternatives tells nobody anything */

struct comparison {
	struct diagram *d;
	struct diagram_leaves a, b; /* a pair is two indices of these */
	diagram_ref pairs;
	struct callgate_diff *diff;
	struct callgate_diags *diags;
};

static void done_comparison(struct comparison *c)
{
	vec_done(&c->a.all);
	vec_done(&c->b.all);
	diff_free(c->diff);
}

struct callgate_diff *diff_free(struct callgate_diff *diff)
{
	if (diff) {
		vec_done(&diff->entries);
		vec_done(&diff->conditions);
		strpool_done(&diff->texts);
		free(diff);
	}
	return NULL;
}

/* ---- Pairs of answers ---- */

static uint32_t index_of(uint32_t value, const void *user)
{
	const struct diagram_leaves *leaves = user;
	uint32_t i = 0;

	while (leaves->all.items[i] != value)
		i++;
	return i;
}

static uint32_t action_a(const struct comparison *c, uint32_t pair) { return c->a.all.items[pair >> 16]; }
static uint32_t action_b(const struct comparison *c, uint32_t pair) { return c->b.all.items[pair & 0xffff]; }

static int pair_up(struct comparison *c, diagram_ref a, diagram_ref b)
{
	diagram_ref left, right;

	if (diagram_leaves(c->d, a, &c->a) || diagram_leaves(c->d, b, &c->b))
		return diag_oom(c->diags);
	if (c->a.all.count > 0x10000 || c->b.all.count > 0x10000)
		return diag_error(c->diags, -E2BIG, "diff-too-large", DIAG_NOWHERE, "a policy has more than 65536 different answers");
	left = diagram_map(c->d, a, index_of, &c->a);
	right = diagram_map(c->d, b, index_of, &c->b);
	return diagram_answer(c->d, diagram_error(c->d) ? DIAGRAM_FAILED : diagram_pair(c->d, left, right), &c->pairs, c->diags);
}

/* 0: refused; 1: another process decides; 2: done. */
static int permits(uint32_t action)
{
	uint32_t kind = action & ACTION_MASK;

	return action_permits(action) ? 2 : kind == CALLGATE_NOTIFY || kind == CALLGATE_TRACE(0);
}

static enum callgate_diff_kind kind_of(uint32_t a, uint32_t b)
{
	int before = permits(a), after = permits(b);

	return after > before ? CALLGATE_DIFF_LOOSER : after < before ? CALLGATE_DIFF_STRICTER : CALLGATE_DIFF_OTHER;
}

static uint32_t is_pair(uint32_t value, const void *pair)
{
	return value == *(const uint32_t *)pair;
}

/* ---- Entries ---- */

/* The text is kept apart: a pool moves while it grows. */
static int put_condition(struct comparison *c, int abi, int syscall, diagram_ref where, struct callgate_difference *entry)
{
	struct region_options options = region_options_for((enum callgate_abi)(abi < 0 ? 0 : abi), syscall, TERMS_MAX);
	_cleanup_(region_done) struct region region = { 0 };
	_cleanup_(buf_done) struct buf text = { 0 };
	uint32_t offset = 0;
	int r = region_from_diagram(c->d, where, &options, &region);

	if (r && r != -E2BIG)
		return r;
	if (diagram_error(c->d))
		return diagram_error(c->d);
	entry->unlisted = r == -E2BIG;
	entry->by_address = region.ip;
	entry->wide = region.wide;
	if (!r)
		region_format(&region, (enum callgate_abi)(abi < 0 ? 0 : abi), syscall, &text);
	r = text.error;
	if (!r && text.size)
		r = strpool_add(&c->diff->texts, text.text, text.size, &offset);
	return r ? r : vec_push(&c->diff->conditions, offset);
}

static int add_entry(struct comparison *c, int abi, const struct diagram_slot *slot, uint32_t pair, diagram_ref where)
{
	struct callgate_difference entry = {
		.abi = abi, .first = slot->first, .last = slot->last,
		.syscall_name = slot->syscall >= 0 ? arch_syscall_name(slot->syscall) : NULL,
		.action_a = action_a(c, pair), .action_b = action_b(c, pair),
		.kind = kind_of(action_a(c, pair), action_b(c, pair)),
	};
	int r;

	/* the other side of the boundary is everything else, so the witness lies within */
	diagram_witness(c->d, where, diagram_leaf(c->d, 0), &entry.witness);
	if (abi >= 0) {
		entry.witness.arch = arch_abi_get((enum callgate_abi)abi)->audit_arch;
		entry.witness.nr = slot->first;
	} else {
		entry.witness.arch = slot->first;
	}
	r = put_condition(c, abi, slot->syscall, where, &entry);
	return r ? r : vec_push(&c->diff->entries, entry);
}

/* An entry for each pair of different answers that this slot can give. */
static int compare_slot(struct comparison *c, int abi, const struct diagram_slot *slot)
{
	struct diagram_leaves leaves;
	int r = diagram_leaves(c->d, slot->root, &leaves);

	for (size_t i = 0; !r && i < leaves.all.count; i++) {
		uint32_t pair = leaves.all.items[i];
		diagram_ref where;

		if (action_a(c, pair) == action_b(c, pair))
			continue;
		where = diagram_map(c->d, slot->root, is_pair, &pair);
		r = diagram_error(c->d);
		if (!r)
			r = add_entry(c, abi, slot, pair, where);
	}
	vec_done(&leaves.all);
	return r;
}

/* One answer for all numbers and arguments: then there is one thing to say about the ABI. */
static bool is_whole(const struct diagram_slots *slots, struct diagram *d)
{
	for (size_t i = 1; i < slots->all.count; i++)
		if (slots->all.items[i].root != slots->all.items[0].root)
			return false;
	return slots->all.count && diagram_is_leaf(d, slots->all.items[0].root, NULL);
}

static int compare_names(const void *a, const void *b)
{
	const struct diagram_slot *x = a, *y = b;

	if (x->syscall >= 0 && y->syscall >= 0)
		return (x->syscall > y->syscall) - (x->syscall < y->syscall); /* ids are in order of names */
	if (x->syscall != y->syscall)
		return x->syscall < 0 ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

/* Numbers of which it is all the same are one range, though names lie between them. */
static int compare_abi(struct comparison *c, int abi)
{
	_cleanup_(diagram_slots_done) struct diagram_slots slots = { 0 };
	struct diagram_slot whole;
	int r = diagram_slots(c->d, c->pairs, (enum callgate_abi)abi, &slots);

	if (r)
		return r;
	if (is_whole(&slots, c->d)) {
		whole = slots.all.items[0];
		whole.last = UINT32_MAX;
		whole.syscall = -1;
		return compare_slot(c, abi, &whole);
	}
	if (slots.all.count)
		qsort(slots.all.items, slots.all.count, sizeof(*slots.all.items), compare_names);
	for (size_t i = 0; i < slots.all.count && !r; i++)
		r = compare_slot(c, abi, &slots.all.items[i]);
	return r;
}

static bool is_known_arch(const struct diagram_run *run)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (run->first == run->last && arch_abi_get(abi)->audit_arch == run->first)
			return true;
	return false;
}

/* The first value of a run that is not the architecture of a known ABI. */
static uint32_t unknown_in(const struct diagram_run *run)
{
	uint32_t first = run->first;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) /* none follows another by one, but that is data */
		for (unsigned k = 0; k < CALLGATE_ABI_COUNT; k++)
			first += first < run->last && arch_abi_get(k)->audit_arch == first;
	return first;
}

static int compare_others(struct comparison *c)
{
	_cleanup_(diagram_runs_done) struct diagram_runs runs = { 0 };
	VEC(diagram_ref) seen = { 0 };
	int r = diagram_archs(c->d, c->pairs, &runs);

	for (size_t i = 0; !r && i < runs.all.count; i++) {
		const struct diagram_run *run = &runs.all.items[i];
		struct diagram_slot slot = { unknown_in(run), run->last, -1, run->root };
		bool known = is_known_arch(run);

		for (size_t k = 0; k < seen.count; k++)
			known |= seen.items[k] == run->root;
		if (known)
			continue;
		r = vec_push(&seen, run->root);
		if (!r)
			r = compare_slot(c, -1, &slot);
	}
	vec_done(&seen);
	return r;
}

int diff_compare(struct diagram *d, diagram_ref a, diagram_ref b, unsigned abis, struct callgate_diff **ret_diff, struct callgate_diags *diags)
{
	_cleanup_(done_comparison) struct comparison c = { .d = d, .diags = diags };
	int r = pair_up(&c, a, b);

	if (r)
		return r;
	c.diff = calloc(1, sizeof(*c.diff));
	if (!c.diff)
		return diag_oom(diags);
	for (int abi = 0; abi < CALLGATE_ABI_COUNT && !r && a != b; abi++)
		if (!abis || abis & CALLGATE_ABI_BIT((unsigned)abi))
			r = compare_abi(&c, abi);
	if (!r && !abis && a != b)
		r = compare_others(&c);
	if (diagram_error(d))
		return diagram_answer(d, a, &a, diags);
	if (r == -E2BIG)
		return diag_error(diags, r, "diff-too-large", DIAG_NOWHERE, "a policy tells more than %u ranges of numbers apart", DIAGRAM_RUNS_MAX);
	if (r)
		return diag_oom(diags);
	for (size_t i = 0; i < c.diff->entries.count; i++)
		c.diff->entries.items[i].condition = strpool_get(&c.diff->texts, c.diff->conditions.items[i]);
	*ret_diff = take_ptr(c.diff);
	return 0;
}

/* ---- Within ---- */

/* The kernel kills for an action that it does not know. */
static int32_t rank(uint32_t action)
{
	return action_kills(action) && (action & ACTION_MASK) != CALLGATE_KILL_THREAD ? INT32_MIN : action_rank(action);
}

static uint32_t exceeds(uint32_t pair, const void *user)
{
	const struct comparison *c = user;

	return rank(action_a(c, pair)) > rank(action_b(c, pair));
}

/* Of one ABI only: the rest of the diagram does not count. */
static int find_exceeding(struct comparison *c, diagram_ref where, int abi, struct callgate_call *ret_witness)
{
	_cleanup_(diagram_slots_done) struct diagram_slots slots = { 0 };
	int r = diagram_slots(c->d, where, (enum callgate_abi)abi, &slots);

	for (size_t i = 0; i < slots.all.count && !r; i++) {
		const struct diagram_slot *s = &slots.all.items[i];

		if (!diagram_witness(c->d, s->root, diagram_leaf(c->d, 0), ret_witness))
			continue;
		ret_witness->arch = arch_abi_get((enum callgate_abi)abi)->audit_arch;
		ret_witness->nr = s->first;
		return 1;
	}
	return r;
}

int diff_within(struct diagram *d, diagram_ref a, diagram_ref b, unsigned abis, struct callgate_call *ret_witness, struct callgate_diags *diags)
{
	_cleanup_(done_comparison) struct comparison c = { .d = d, .diags = diags };
	struct callgate_call witness = { 0 };
	diagram_ref where;
	int r = pair_up(&c, a, b);

	if (r)
		return r;
	where = diagram_map(d, c.pairs, exceeds, &c);
	r = diagram_answer(d, where, &where, diags);
	if (r)
		return r;
	/* a call with a name tells more than the first number that differs, so the known ABIs are looked at first */
	for (int abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++)
		if (!abis || abis & CALLGATE_ABI_BIT((unsigned)abi))
			r = find_exceeding(&c, where, abi, &witness);
	if (!r && !abis)
		r = diagram_witness(d, where, diagram_leaf(d, 0), &witness);
	if (r == -E2BIG)
		return diag_error(diags, r, "diff-too-large", DIAG_NOWHERE, "a policy tells more than %u ranges of numbers apart", DIAGRAM_RUNS_MAX);
	if (r < 0)
		return diag_oom(diags);
	if (r && ret_witness)
		*ret_witness = witness;
	return !r;
}
