/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as an object: making, copying, adding to it, putting it in order. What it means is in profile-eval.c. */
#include "model/profile.h"

#include <stdlib.h>

int profile_new(struct callgate_profile **ret_profile)
{
	struct callgate_profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return -ENOMEM;
	profile->default_action = CALLGATE_ERRNO(EPERM);
	profile->bad_arch_action = CALLGATE_KILL_PROCESS;
	profile->unknown_errno = -1;
	*ret_profile = profile;
	return 0;
}

struct callgate_profile *profile_free(struct callgate_profile *profile)
{
	if (profile) {
		vec_done(&profile->clauses);
		vec_done(&profile->conds);
		vec_done(&profile->guards);
		vec_done(&profile->calls);
		strpool_done(&profile->strings);
		free(profile->condition_text);
		free(profile);
	}
	return NULL;
}

/* A block of its own in place of one that is shared with the original. */
static int own(void *items, size_t size)
{
	void *old, *copy = NULL;

	memcpy(&old, items, sizeof(old));
	if (size) {
		copy = malloc(size);
		if (copy)
			memcpy(copy, old, size);
	}
	memcpy(items, &copy, sizeof(copy));
	return copy || !size ? 0 : -ENOMEM;
}

#define own_vec(v) ((v)->room = (v)->count, own(&(v)->items, (v)->count * sizeof(*(v)->items)))

int profile_copy(const struct callgate_profile *profile, struct callgate_profile **ret_profile)
{
	_cleanup_(profile_freep) struct callgate_profile *copy = malloc(sizeof(*copy));
	int r = 0;

	if (!copy)
		return -ENOMEM;
	*copy = *profile;
	copy->condition_text = NULL;
	/* every block is replaced even when one could not be, so that none of the original's is freed with the copy */
	r |= own_vec(&copy->clauses);
	r |= own_vec(&copy->conds);
	r |= own_vec(&copy->guards);
	r |= own_vec(&copy->calls);
	copy->strings.room = copy->strings.size;
	r |= own(&copy->strings.bytes, copy->strings.size);
	r |= own(&copy->strings.slots, copy->strings.slot_count * sizeof(*copy->strings.slots));
	if (r)
		return -ENOMEM;
	*ret_profile = take_ptr(copy);
	return 0;
}

int profile_add_clause(struct callgate_profile *profile, struct profile_clause clause, const struct profile_cond *conds, size_t n_conds)
{
	size_t first = profile->conds.count;

	if (n_conds > UINT32_MAX - first || profile->clauses.count >= INT32_MAX)
		return -ENOMEM;
	clause.cond = n_conds ? (uint32_t)first : 0;
	clause.n_conds = (uint32_t)n_conds;
	for (size_t i = 0; i < n_conds; i++) {
		struct profile_cond cond = conds[i]; /* conds may point into the array that is about to move */

		if (vec_reserve((void **)&profile->conds.items, &profile->conds.room, first + n_conds, sizeof(cond)))
			break;
		profile->conds.items[profile->conds.count++] = cond;
	}
	if (profile->conds.count == first + n_conds && !vec_push(&profile->clauses, clause))
		return 0;
	profile->conds.count = first;
	return -ENOMEM;
}

int profile_add_guard(struct callgate_profile *profile, const struct profile_guard *guard, uint32_t *ret_guard)
{
	for (size_t i = 0; i < profile->guards.count; i++) {
		const struct profile_guard *g = &profile->guards.items[i];

		if (g->include_caps == guard->include_caps && g->exclude_caps == guard->exclude_caps && g->include_abis == guard->include_abis &&
		    g->exclude_abis == guard->exclude_abis && g->include_kernel == guard->include_kernel && g->exclude_kernel == guard->exclude_kernel) {
			*ret_guard = (uint32_t)i + 1;
			return 0;
		}
	}
	if (vec_push(&profile->guards, *guard))
		return -ENOMEM;
	*ret_guard = (uint32_t)profile->guards.count;
	return 0;
}

/* ---- Order ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_clauses(const void *a, const void *b, void *user)
{
	const struct profile_clause *clauses = user;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int r = (clauses[i].syscall > clauses[j].syscall) - (clauses[i].syscall < clauses[j].syscall);

	return r ? r : compare_u64(i, j); /* qsort alone is not stable, and the order is precedence */
}

static int sort_clauses(struct callgate_profile *profile)
{
	struct profile_clause *items = profile->clauses.items;
	size_t count = profile->clauses.count;
	_cleanup_free_ uint32_t *order = NULL;
	struct profile_clause *sorted;
	bool in_order = true;

	for (size_t i = 1; i < count && in_order; i++)
		in_order = items[i - 1].syscall <= items[i].syscall;
	if (in_order)
		return 0;
	order = malloc(count * sizeof(*order));
	sorted = malloc(count * sizeof(*sorted));
	if (!order || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, count, sizeof(*order), compare_clauses, items);
	for (size_t i = 0; i < count; i++)
		sorted[i] = items[order[i]];
	free(items);
	profile->clauses.items = sorted;
	profile->clauses.room = count;
	return 0;
}

static int compare_calls(const void *a, const void *b)
{
	const struct profile_call *x = a, *y = b;
	int r = (x->syscall > y->syscall) - (x->syscall < y->syscall);

	if (!r)
		r = (x->abi > y->abi) - (x->abi < y->abi);
	for (unsigned i = 0; !r && i < 6; i++)
		r = compare_u64(x->args[i], y->args[i]);
	if (!r)
		r = x->n_args - y->n_args;
	return r ? r : x->denied - y->denied;
}

static void sort_calls(struct callgate_profile *profile)
{
	struct profile_call *items = profile->calls.items;
	size_t kept = 0;

	if (!profile->calls.count)
		return;
	qsort(items, profile->calls.count, sizeof(*items), compare_calls);
	for (size_t i = 1; i < profile->calls.count; i++) {
		if (compare_calls(&items[kept], &items[i]))
			items[++kept] = items[i];
		else if (__builtin_add_overflow(items[kept].count, items[i].count, &items[kept].count))
			items[kept].count = UINT64_MAX;
	}
	profile->calls.count = kept + 1;
}

int profile_normalise(struct callgate_profile *profile)
{
	int r;

	profile_drop_derived(profile);
	r = sort_clauses(profile);
	if (!r && !profile->literal)
		r = profile_multiplex(profile);
	if (!r)
		r = sort_clauses(profile);
	if (!r)
		sort_calls(profile);
	return r;
}

/* First clause whose system call is not below `syscall`. */
static size_t lower_bound(const struct callgate_profile *profile, int64_t syscall)
{
	size_t low = 0, high = profile->clauses.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (profile->clauses.items[middle].syscall < syscall)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void profile_clauses_of(const struct callgate_profile *profile, int syscall, size_t *ret_first, size_t *ret_end)
{
	*ret_first = lower_bound(profile, syscall);
	*ret_end = lower_bound(profile, (int64_t)syscall + 1);
}

const char *profile_clause_file(const struct callgate_profile *profile, const struct profile_clause *clause)
{
	uint32_t file = clause->file ? clause->file : profile->file;

	return file && clause->line ? strpool_get(&profile->strings, file) : NULL;
}
