/* SPDX-License-Identifier: Apache-2.0 */
/* The second form of calls that are multiplexed; see profile_multiplex in profile.h. */
#include "model/call.h"
#include "model/profile.h"

void profile_drop_derived(struct callgate_profile *profile)
{
	size_t kept = 0;

	for (size_t i = 0; i < profile->clauses.count; i++)
		if (!profile->clauses.items[i].derived)
			profile->clauses.items[kept++] = profile->clauses.items[i];
	profile->clauses.count = kept;
}

/* Has the profile a clause of its own that decides every call of this one? Then nothing behind it matters. */
static bool decided(const struct callgate_profile *profile, int via)
{
	size_t first, end;

	profile_clauses_of(profile, via, &first, &end);
	for (size_t i = first; i < end; i++)
		if (!profile->clauses.items[i].n_conds && !profile->clauses.items[i].guard)
			return true;
	return false;
}

struct derived {
	struct profile_clause clause;
	const struct arch_multiplexed *m;
};
typedef VEC(struct derived) derived_list;

/* What one call's clauses become, up to the first that decides all. */
static int derive(const struct callgate_profile *profile, const struct arch_multiplexed *m, derived_list *list)
{
	size_t first, end;
	int r = 0;

	profile_clauses_of(profile, m->syscall, &first, &end);
	for (size_t i = first; i < end && !r; i++) {
		struct derived d = { profile->clauses.items[i], m };

		if (i > first && list->count && list->items[list->count - 1].m == m && !list->items[list->count - 1].clause.guard)
			break; /* decided: conditions are gone in this form */
		if (d.clause.n_conds && action_permits(d.clause.action))
			continue;
		d.clause.syscall = m->via;
		d.clause.derived = true;
		r = vec_push(list, d);
	}
	return r;
}

static int append(struct callgate_profile *profile, const struct derived *d)
{
	struct profile_cond is_it = { .arg = 0, .op = d->m->mask == UINT32_MAX ? OP_EQ : OP_MASKED_EQ, .value = d->m->number };

	if (is_it.op == OP_MASKED_EQ)
		is_it.mask = d->m->mask;
	return profile_add_clause(profile, d->clause, &is_it, 1);
}

int profile_multiplex(struct callgate_profile *profile)
{
	const struct arch_multiplexed *m;
	derived_list list = { 0 };
	int r = 0;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)) && !r; i++)
		if (!decided(profile, m->via))
			r = derive(profile, m, &list);
	for (size_t i = 0; i < list.count && !r; i++)
		r = append(profile, &list.items[i]);
	vec_done(&list);
	return r;
}
