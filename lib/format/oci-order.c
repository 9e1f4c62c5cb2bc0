/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The normal form of a profile's rules. Within one system call neighbouring clauses with the same action may change places, so
 * they are sorted, and those that cannot decide anything any more are left out. Then names with the same unconditional rule are
 * brought together, as far as the order of each name's own clauses allows.
 */
#include "format/oci.h"

static const struct profile_guard no_guard;

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_guards(const struct profile_guard *a, const struct profile_guard *b)
{
	int c = COMPARE(a->include_kernel, b->include_kernel);

	c = c ? c : COMPARE(a->exclude_kernel, b->exclude_kernel);
	c = c ? c : COMPARE(a->include_abis, b->include_abis);
	c = c ? c : COMPARE(a->exclude_abis, b->exclude_abis);
	c = c ? c : COMPARE(a->include_caps, b->include_caps);
	return c ? c : COMPARE(a->exclude_caps, b->exclude_caps);
}

static int compare_conds(const void *left, const void *right)
{
	const struct profile_cond *a = left, *b = right;
	int c = COMPARE(a->arg, b->arg);

	c = c ? c : COMPARE(a->op, b->op);
	c = c ? c : COMPARE(a->value, b->value);
	return c ? c : COMPARE(a->mask, b->mask);
}

/* The order of rules in the file: what permits most first, plain before guarded. */
static int compare_heads(const struct oci_item *a, const struct oci_item *b)
{
	int c = COMPARE(action_rank(b->action), action_rank(a->action));

	c = c ? c : COMPARE(a->action, b->action);
	c = c ? c : compare_guards(a->guard, b->guard);
	return c ? c : strcmp(a->comment, b->comment);
}

/* The order of clauses with one action within a system call: unconditional ones first, and of those the unguarded one. */
static int compare_items(const void *left, const void *right)
{
	const struct oci_item *a = left, *b = right;
	int c = COMPARE(a->n_conds > 0, b->n_conds > 0);

	c = c ? c : compare_guards(a->guard, b->guard);
	for (uint32_t i = 0; !c && i < a->n_conds && i < b->n_conds; i++)
		c = compare_conds(&a->conds[i], &b->conds[i]);
	c = c ? c : COMPARE(a->n_conds, b->n_conds);
	return c ? c : strcmp(a->comment, b->comment);
}

static bool is_final(const struct oci_item *item)
{
	return !item->n_conds && !compare_guards(item->guard, &no_guard);
}

/* Is there a clause without conditions under the same guard among the first `count`, which are sorted by guard? */
static bool is_covered(const struct oci_item *items, size_t count, const struct profile_guard *guard)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_guards(guard, items[middle].guard);

		if (!c)
			return true;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool is_same(const struct oci_item *a, const struct oci_item *b)
{
	if (a->n_conds != b->n_conds || compare_guards(a->guard, b->guard))
		return false;
	for (uint32_t i = 0; i < a->n_conds; i++) {
		if (compare_conds(&a->conds[i], &b->conds[i]))
			return false;
	}
	return true;
}

/* Sort a run of clauses with the same action and drop what it makes superfluous; the number that stay. */
static size_t reduce_run(struct oci_item *run, size_t count)
{
	size_t plain = 0, kept = 0;

	qsort(run, count, sizeof(*run), compare_items);
	if (is_final(&run[0]))
		return 1;
	for (size_t i = 0; i < count; i++) {
		if (kept && is_same(&run[kept - 1], &run[i]))
			continue;
		if (run[i].n_conds && is_covered(run, plain, run[i].guard))
			continue;
		run[kept++] = run[i];
		plain += !run[i].n_conds;
	}
	return kept;
}

/* The clauses of one system call; the number that stay. Nothing follows a clause that always decides. */
static size_t reduce_call(struct oci_item *items, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < count; i = end) {
		size_t n;

		for (end = i + 1; end < count && items[end].action == items[i].action; end++)
			;
		n = reduce_run(&items[i], end - i);
		memmove(&items[kept], &items[i], n * sizeof(*items));
		kept += n;
		if (is_final(&items[kept - n]))
			break;
	}
	return kept;
}

static int add_item(const struct callgate_profile *profile, const struct profile_clause *clause, struct oci_order *order)
{
	struct profile_cond *conds = order->conds.items + order->conds.count;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < clause->n_conds; i++)
		conds[i] = profile->conds.items[clause->cond + i];
	if (clause->n_conds)
		qsort(conds, clause->n_conds, sizeof(*conds), compare_conds);
	for (uint32_t i = 0; i < clause->n_conds; i++) {
		if (!kept || compare_conds(&conds[kept - 1], &conds[i]))
			conds[kept++] = conds[i];
	}
	order->conds.count += kept;
	return vec_push(&order->items, (struct oci_item){
		.syscall = clause->syscall,
		.action = clause->action,
		.guard = clause->guard ? &profile->guards.items[clause->guard - 1] : &no_guard,
		.conds = conds,
		.n_conds = kept,
		.comment = strpool_get(&profile->strings, clause->comment),
	});
}

/* Room for all conditions at once, so that items may point to theirs; clauses may share a range. */
static int reserve_conds(const struct callgate_profile *profile, struct oci_order *order)
{
	size_t total = 0;

	for (size_t i = 0; i < profile->clauses.count; i++)
		total += profile->clauses.items[i].n_conds;
	return vec_reserve((void **)&order->conds.items, &order->conds.room, total + 1, sizeof(*order->conds.items));
}

static int add_items(const struct callgate_profile *profile, struct oci_order *order)
{
	size_t kept = 0;
	int r = reserve_conds(profile, order);

	for (size_t i = 0; i < profile->clauses.count && !r; i++)
		if (!profile->clauses.items[i].derived)
			r = add_item(profile, &profile->clauses.items[i], order);
	if (r)
		return r;
	for (size_t i = 0, end; i < order->items.count; i = end) {
		size_t n;

		for (end = i + 1; end < order->items.count && order->items.items[end].syscall == order->items.items[i].syscall; end++)
			;
		n = reduce_call(&order->items.items[i], end - i);
		memmove(&order->items.items[kept], &order->items.items[i], n * sizeof(*order->items.items));
		kept += n;
	}
	order->items.count = kept;
	return 0;
}

/* Where each system call's items begin, and the first not yet placed. */
struct lane {
	size_t next, end;
};

typedef VEC(struct lane) lanes;

static int make_lanes(const struct oci_order *order, lanes *ret)
{
	int r = 0;

	for (size_t i = 0, end; i < order->items.count && !r; i = end) {
		for (end = i + 1; end < order->items.count && order->items.items[end].syscall == order->items.items[i].syscall; end++)
			;
		r = vec_push(ret, (struct lane){ i, end });
	}
	return r;
}

/* The unconditional clause that is to be written next: the least of those that stand first in their lanes. */
static const struct oci_item *least_head(const struct oci_order *order, const lanes *all)
{
	const struct oci_item *least = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct lane *lane = &all->items[i];
		const struct oci_item *item = &order->items.items[lane->next];

		if (lane->next < lane->end && !item->n_conds && (!least || compare_heads(item, least) < 0))
			least = item;
	}
	return least;
}

static int place_heads(struct oci_order *order, lanes *all)
{
	const struct oci_item *head;

	while ((head = least_head(order, all))) {
		struct oci_item like = *head;

		for (size_t i = 0; i < all->count; i++) {
			struct lane *lane = &all->items[i];
			const struct oci_item *item = &order->items.items[lane->next];

			if (lane->next == lane->end || item->n_conds || compare_heads(item, &like))
				continue;
			if (vec_push(&order->entries, (uint32_t)lane->next++))
				return -ENOMEM;
		}
		if (vec_push(&order->ends, (uint32_t)order->entries.count))
			return -ENOMEM;
	}
	return 0;
}

/* From a name's first condition on, its clauses stay together: that reads better than sharing an entry. */
static int place_rest(struct oci_order *order, const lanes *all)
{
	for (size_t i = 0; i < all->count; i++) {
		for (size_t n = all->items[i].next; n < all->items[i].end; n++) {
			if (vec_push(&order->entries, (uint32_t)n) || vec_push(&order->ends, (uint32_t)order->entries.count))
				return -ENOMEM;
		}
	}
	return 0;
}

int oci_order(const struct callgate_profile *profile, struct oci_order *ret)
{
	struct oci_order order = { 0 };
	lanes all = { 0 };
	int r = add_items(profile, &order);

	if (!r)
		r = make_lanes(&order, &all);
	if (!r)
		r = place_heads(&order, &all);
	if (!r)
		r = place_rest(&order, &all);
	vec_done(&all);
	if (r) {
		oci_order_done(&order);
		return r;
	}
	*ret = order;
	return 0;
}

void oci_order_done(struct oci_order *order)
{
	vec_done(&order->items);
	vec_done(&order->conds);
	vec_done(&order->entries);
	vec_done(&order->ends);
}
