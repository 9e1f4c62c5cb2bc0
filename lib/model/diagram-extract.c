/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back from meaning to intent: a profile that means exactly what a diagram says, or the reason why none does. A profile speaks
 * of names, and says the same of a name on each ABI; a filter that somebody else wrote need not. The rules are found call by
 * call on the ABI whose arguments are widest; whether they are right everywhere is not reasoned about but tested: the profile is lowered again,
 * and must be the same node.
 */
#include "model/diagram-impl.h"

#include "arch/arch.h"
#include "model/call.h"
#include "model/region.h"

#define TERMS_MAX 256 /* rules of one name */

struct extraction {
	struct diagram *d;
	diagram_ref root;
	unsigned abis;
	struct diagram_slots slots[CALLGATE_ABI_COUNT]; /* of the ABIs asked for */
	struct callgate_profile *profile;
	struct callgate_diags *diags;
};

static void done_extraction(struct extraction *e)
{
	for (unsigned i = 0; i < CALLGATE_ABI_COUNT; i++)
		diagram_slots_done(&e->slots[i]);
	profile_free(e->profile);
}

static bool has_abi(const struct extraction *e, unsigned abi)
{
	return e->abis & CALLGATE_ABI_BIT(abi);
}

static bool is_minus_one(const struct diagram_slot *slot)
{
	return slot->first == UINT32_MAX;
}

static int fail(const struct extraction *e, const char *id, const char *text)
{
	return diag_error(e->diags, -EOPNOTSUPP, id, DIAG_NOWHERE, "%s", text);
}

/* What a number answers whatever its arguments, or the error. */
static int constant(const struct extraction *e, unsigned abi, const struct diagram_slot *slot, uint32_t *ret_action)
{
	if (diagram_is_leaf(e->d, slot->root, ret_action))
		return 0;
	return diag_error(e->diags, -EOPNOTSUPP, "extract-number", DIAG_NOWHERE,
			  "the policy looks at the arguments of %s's number %u, which has no name; a profile cannot", arch_abi_get(abi)->name,
			  slot->first - arch_abi_get(abi)->nr_base);
}

/* ---- What a profile cannot say at all ---- */

static int check_ip(const struct extraction *e)
{
	bool used[DIAGRAM_VARS] = { 0 };

	if (diagram_support(e->d, e->root, used))
		return diag_oom(e->diags);
	for (uint32_t v = DIAGRAM_VAR_IP; v < DIAGRAM_VARS; v++)
		if (used[v])
			return fail(e, "extract-ip", "the policy depends on the instruction pointer; a profile cannot");
	return 0;
}

/* All architectures but those asked for must have one answer. */
static int find_bad_arch(struct extraction *e)
{
	_cleanup_(diagram_runs_done) struct diagram_runs runs;
	bool seen = false;
	uint32_t action;

	if (diagram_archs(e->d, e->root, &runs))
		return fail(e, "extract-arch", "the policy tells too many architectures apart");
	for (size_t i = 0; i < runs.all.count; i++) {
		const struct diagram_run *run = &runs.all.items[i];
		bool listed = false;

		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
			listed |= has_abi(e, abi) && run->first == run->last && arch_abi_get(abi)->audit_arch == run->first;
		if (listed)
			continue;
		if (!diagram_is_leaf(e->d, run->root, &action) || (seen && action != e->profile->bad_arch_action))
			return diag_error(e->diags, -EOPNOTSUPP, "extract-arch", DIAG_NOWHERE,
					  "the policy does not treat all architectures alike that it is not for; 0x%x is one that differs. "
					  "Name every ABI it is for",
					  run->first);
		e->profile->bad_arch_action = action;
		seen = true;
	}
	return 0;
}

/* ---- Default, unknown numbers, -1 ---- */

/* Between the names of a table nothing but the default can answer, so these numbers tell what it is. */
static int find_default(struct extraction *e, bool *ret_found)
{
	*ret_found = false;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < e->slots[abi].all.count; i++) {
			const struct diagram_slot *s = &e->slots[abi].all.items[i];
			uint32_t action;
			int r;

			if (s->syscall >= 0 || is_minus_one(s) || arch_nr_unknown(abi, s->first))
				continue;
			r = constant(e, abi, s, &action);
			if (r)
				return r;
			if (*ret_found && action != e->profile->default_action)
				return diag_error(e->diags, -EOPNOTSUPP, "extract-number", DIAG_NOWHERE,
						  "the policy's answer to %s's number %u, which has no name, is not its answer to others without one; "
						  "a profile cannot say that",
						  arch_abi_get(abi)->name, s->first - arch_abi_get(abi)->nr_base);
			e->profile->default_action = action;
			*ret_found = true;
		}
	return 0;
}

struct tally {
	uint32_t action;
	size_t count;
};

/* Without such numbers: what most names answer whatever their arguments. */
static int find_most_common(struct extraction *e)
{
	VEC(struct tally) tallies = { 0 };
	size_t most = 0;
	int r = 0;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++)
		for (size_t i = 0; i < e->slots[abi].all.count && !r; i++) {
			uint32_t action;
			size_t k = 0;

			if (!diagram_is_leaf(e->d, e->slots[abi].all.items[i].root, &action))
				continue;
			while (k < tallies.count && tallies.items[k].action != action)
				k++;
			if (k == tallies.count)
				r = vec_push(&tallies, (struct tally){ action, 0 });
			if (!r && ++tallies.items[k].count > most) {
				most = tallies.items[k].count;
				e->profile->default_action = action;
			}
		}
	vec_done(&tallies);
	return r ? diag_oom(e->diags) : 0;
}

/* Numbers newer than the tables get the default, or one errno. */
static int find_unknown(struct extraction *e)
{
	uint32_t action, first = e->profile->default_action;
	bool seen = false;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < e->slots[abi].all.count; i++) {
			const struct diagram_slot *s = &e->slots[abi].all.items[i];
			int r;

			if (s->syscall >= 0 || is_minus_one(s) || !arch_nr_unknown(abi, s->first))
				continue;
			r = constant(e, abi, s, &action);
			if (r)
				return r;
			if ((seen && action != first) || (action != e->profile->default_action && (action & ACTION_MASK) != CALLGATE_ERRNO(0)))
				return diag_error(e->diags, -EOPNOTSUPP, "extract-number", DIAG_NOWHERE,
						  "the policy's answer to %s's number %u is neither its default nor one errno for all numbers newer than the "
						  "table; a profile cannot say that",
						  arch_abi_get(abi)->name, s->first - arch_abi_get(abi)->nr_base);
			first = action;
			seen = true;
		}
	if (first != e->profile->default_action)
		e->profile->unknown_errno = (int)(first & ACTION_DATA);
	return 0;
}

/* Number -1 tells whether the profile must be literal, where its default kills. */
static int check_minus_one(struct extraction *e, bool wide)
{
	e->profile->literal = wide;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct diagram_slots *slots = &e->slots[abi];
		const struct diagram_slot *last = slots->all.count ? &slots->all.items[slots->all.count - 1] : NULL;
		uint32_t action;
		int r;

		if (!last || !is_minus_one(last))
			continue;
		r = constant(e, abi, last, &action);
		if (r)
			return r;
		if (!e->profile->literal && action != profile_fallback(e->profile, abi, UINT32_MAX))
			e->profile->literal = true;
		if (action != profile_fallback(e->profile, abi, UINT32_MAX))
			return diag_error(e->diags, -EOPNOTSUPP, "extract-number", DIAG_NOWHERE,
					  "the policy's answer to %s's number -1 is not its default; a profile cannot say that", arch_abi_get(abi)->name);
	}
	return 0;
}

/* ---- Names ---- */

static bool is_via(int syscall)
{
	const struct arch_multiplexed *m;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)); i++)
		if (m->via == syscall)
			return true;
	return false;
}

static int slot_region(struct extraction *e, unsigned abi, const struct diagram_slot *slot, uint32_t action, struct region *ret_region);

static int add_rules(struct extraction *e, int syscall, uint32_t action, const struct region *region)
{
	struct profile_clause clause = { .syscall = syscall, .action = action };
	int r = 0;

	for (size_t i = 0; region && i < region->terms.count && !r; i++) {
		const struct region_term *t = &region->terms.items[i];
		_cleanup_free_ struct profile_cond *conds = calloc(t->n_conds + 1, sizeof(*conds));

		if (!conds)
			return -ENOMEM;
		for (size_t k = 0; k < t->n_conds; k++)
			conds[k] = region->conds.items[t->cond + k].cond;
		r = profile_add_clause(e->profile, clause, conds, t->n_conds);
	}
	return region ? r : profile_add_clause(e->profile, clause, NULL, 0);
}

/* Two conditions on one argument are what container runtimes misread (they take them for alternatives), so a longer list is better. */
#define COST_TWICE 64

static bool tests_twice(const struct region *region, const struct region_term *term)
{
	unsigned seen = 0;

	for (size_t k = 0; k < term->n_conds; k++) {
		unsigned arg = 1u << region->conds.items[term->cond + k].cond.arg;

		if (seen & arg)
			return true;
		seen |= arg;
	}
	return false;
}

static size_t cost_of(const struct region *region)
{
	size_t cost = 2 * region->terms.count;

	for (size_t i = 0; i < region->terms.count; i++)
		if (tests_twice(region, &region->terms.items[i]))
			cost += COST_TWICE;
	return cost;
}

/* The answer that is not listed but left over, because the rules for all others are shortest then: of all the default is for nothing. */
static size_t choose_rest(const struct extraction *e, const struct diagram_leaves *leaves, const int *errors, const struct region *regions)
{
	size_t best = 0, least = SIZE_MAX;

	for (size_t i = 0; i < leaves->all.count; i++) {
		size_t cost = leaves->all.items[i] == e->profile->default_action ? 0 : 1;

		for (size_t k = 0; k < leaves->all.count; k++)
			if (k != i)
				cost += errors[k] ? 100000 : cost_of(&regions[k]);
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

static int add_listed(struct extraction *e, const struct diagram_slot *slot, const struct diagram_leaves *leaves, const int *errors,
		      const struct region *regions)
{
	size_t rest = choose_rest(e, leaves, errors, regions);
	int r = 0;

	for (size_t i = 0; i < leaves->all.count && !r; i++) {
		if (i == rest)
			continue;
		if (errors[i])
			return errors[i] == -ENOMEM ? diag_oom(e->diags) :
				diag_error(e->diags, -E2BIG, "extract-conditions", DIAG_NOWHERE, "the conditions on %s take more than %d rules",
					   arch_syscall_name(slot->syscall), TERMS_MAX);
		r = add_rules(e, slot->syscall, leaves->all.items[i], &regions[i]);
	}
	if (!r && (leaves->all.items[rest] != e->profile->default_action || is_via(slot->syscall)))
		r = add_rules(e, slot->syscall, leaves->all.items[rest], NULL);
	return r ? diag_oom(e->diags) : 0;
}

static int add_conditional(struct extraction *e, unsigned abi, const struct diagram_slot *slot)
{
	struct diagram_leaves leaves;
	_cleanup_free_ struct region *regions = NULL;
	_cleanup_free_ int *errors = NULL;
	int r = diagram_leaves(e->d, slot->root, &leaves);

	if (r)
		return diag_oom(e->diags);
	regions = calloc(leaves.all.count, sizeof(*regions));
	errors = calloc(leaves.all.count, sizeof(*errors));
	if (regions && errors) {
		for (size_t i = 0; i < leaves.all.count; i++)
			errors[i] = slot_region(e, abi, slot, leaves.all.items[i], &regions[i]);
		r = add_listed(e, slot, &leaves, errors, regions);
	} else {
		r = diag_oom(e->diags);
	}
	for (size_t i = 0; regions && i < leaves.all.count; i++)
		region_done(&regions[i]);
	vec_done(&leaves.all);
	return r;
}

static int add_name(struct extraction *e, unsigned abi, const struct diagram_slot *slot)
{
	uint32_t action;

	if (!diagram_is_leaf(e->d, slot->root, &action))
		return add_conditional(e, abi, slot);
	/* a rule also keeps socketcall and ipc from getting what rules about single calls mean for them */
	if (action == e->profile->default_action && !is_via(slot->syscall))
		return 0;
	return add_rules(e, slot->syscall, action, NULL) ? diag_oom(e->diags) : 0;
}

/* ---- Conditions ---- */

static uint32_t is_action(uint32_t value, const void *action)
{
	return value == *(const uint32_t *)action;
}

static int slot_region(struct extraction *e, unsigned abi, const struct diagram_slot *slot, uint32_t action, struct region *ret_region)
{
	struct region_options options = region_options_for(abi, slot->syscall, TERMS_MAX);
	diagram_ref where = diagram_map(e->d, slot->root, is_action, &action);

	options.plain = true;
	for (unsigned i = 0; i < 6 && e->profile->literal; i++)
		options.width[i] = 64;
	return diagram_error(e->d) ? diagram_error(e->d) : region_from_diagram(e->d, where, &options, ret_region);
}

/* Does any name look at all 64 bits of an argument of which the kernel reads 32? */
static int find_wide(const struct extraction *e, bool *ret_wide)
{
	*ret_wide = false;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < e->slots[abi].all.count; i++) {
			const struct diagram_slot *s = &e->slots[abi].all.items[i];
			bool used[DIAGRAM_VARS] = { 0 };

			if (s->syscall < 0 || diagram_is_leaf(e->d, s->root, NULL))
				continue;
			if (diagram_support(e->d, s->root, used))
				return diag_oom(e->diags);
			for (uint32_t v = DIAGRAM_VAR_ARG(0); v < DIAGRAM_VAR_IP; v++)
				if (used[v] && v % 64 < 32 && arch_arg_width(abi, s->syscall, (v - DIAGRAM_VAR_ARG(0)) / 64) == 32)
					*ret_wide = true;
		}
	return 0;
}

/* On each ABI the names that no earlier one has; those with 64-bit words first, since their conditions say more. */
static int add_names(struct extraction *e)
{
	_cleanup_free_ bool *done = calloc(arch_syscall_count(), sizeof(*done));
	int r = 0;

	if (!done)
		return diag_oom(e->diags);
	for (unsigned bits = 64; bits >= 32; bits -= 32)
		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
			for (size_t i = 0; i < e->slots[abi].all.count && arch_abi_get(abi)->word_bits == bits && !r; i++) {
				const struct diagram_slot *s = &e->slots[abi].all.items[i];

				if (s->syscall < 0 || done[s->syscall])
					continue;
				done[s->syscall] = true;
				r = add_name(e, abi, s);
			}
	return r;
}

/* ---- Proof ---- */

static int differs(const struct extraction *e, diagram_ref again)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct callgate_call call = { 0 };
	char want[48], have[48];

	diagram_witness(e->d, e->root, again, &call);
	call_format(&call, &text);
	if (text.error)
		return diag_oom(e->diags);
	return diag_error(e->diags, -EOPNOTSUPP, "extract-abi", DIAG_NOWHERE,
			  "no profile means what the policy means: a rule holds on every ABI alike, but for %s the policy says %s, while another ABI's answer "
			  "to that call would make it %s. Convert each ABI by itself",
			  text.text, action_format(diagram_eval(e->d, e->root, &call), want, sizeof(want)),
			  action_format(diagram_eval(e->d, again, &call), have, sizeof(have)));
}

static int prove(struct extraction *e)
{
	struct callgate_target target = { .abis = e->abis };
	diagram_ref again;
	int r;

	if (profile_normalise(e->profile))
		return diag_oom(e->diags);
	r = diagram_from_profile(e->d, e->profile, &target, &again, e->diags);
	if (r)
		return r;
	return again == e->root ? 0 : differs(e, again);
}

static int find_frame(struct extraction *e)
{
	bool found, wide;
	int r = check_ip(e);

	if (!r)
		r = find_bad_arch(e);
	if (!r)
		r = find_default(e, &found);
	if (!r && !found)
		r = find_most_common(e);
	if (!r)
		r = find_unknown(e);
	if (!r)
		r = find_wide(e, &wide);
	return r ? r : check_minus_one(e, wide);
}

int profile_from_diagram(struct diagram *d, diagram_ref root, unsigned abis, struct callgate_profile **ret_profile,
			 struct callgate_diags *diags)
{
	_cleanup_(done_extraction) struct extraction e = { .d = d, .root = root, .abis = abis, .diags = diags };
	int r = 0;

	if (profile_new(&e.profile))
		return diag_oom(diags);
	e.profile->abis = abis;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++)
		if (has_abi(&e, abi))
			r = diagram_slots(d, root, abi, &e.slots[abi]);
	if (r == -ENOMEM)
		return diag_oom(diags);
	if (r)
		return fail(&e, "extract-number", "the policy tells too many numbers apart");
	r = find_frame(&e);
	if (!r)
		r = add_names(&e);
	if (!r)
		r = prove(&e);
	if (!r)
		*ret_profile = take_ptr(e.profile);
	return r;
}
