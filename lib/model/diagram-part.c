/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a diagram apart: by architecture, by number, by answer. Children have smaller indices than their parents, so one pass over the
 * indices upwards meets every node after its children; what is built that way needs neither recursion nor a memo.
 */
#include "model/diagram-impl.h"

#include "arch/arch.h"

/* ---- Runs of a 32-bit field ---- */

void diagram_runs_done(struct diagram_runs *runs)
{
	vec_done(&runs->all);
}

static int add_run(struct diagram_runs *runs, uint32_t first, uint32_t last, diagram_ref root)
{
	struct diagram_run *before = runs->all.count ? &runs->all.items[runs->all.count - 1] : NULL;

	if (before && before->root == root) {
		before->last = last;
		return 0;
	}
	if (runs->all.count == DIAGRAM_RUNS_MAX)
		return -E2BIG;
	return vec_push(&runs->all, (struct diagram_run){ first, last, root });
}

/* The aligned block of values that begins at `first` and leaves the variables from `var` up to `end` open. */
static int walk(const struct diagram *d, diagram_ref ref, uint32_t var, uint32_t end, uint32_t first, struct diagram_runs *runs)
{
	const struct diagram_node *n = &d->nodes[ref];
	uint32_t size = var == end ? 0 : UINT32_MAX >> (32 - (end - var)); /* less one */
	int r;

	if (n->var >= end)
		return add_run(runs, first, first + size, ref);
	r = walk(d, n->var == var ? n->lo : ref, var + 1, end, first, runs);
	return r ? r : walk(d, n->var == var ? n->hi : ref, var + 1, end, first + size / 2 + 1, runs);
}

int diagram_archs(const struct diagram *d, diagram_ref root, struct diagram_runs *ret_runs)
{
	int r;

	*ret_runs = (struct diagram_runs){ 0 };
	r = walk(d, root, DIAGRAM_VAR_ARCH, DIAGRAM_VAR_ARCH + 32, 0, ret_runs);
	if (r)
		diagram_runs_done(ret_runs);
	return r;
}

static diagram_ref at_arch(const struct diagram *d, diagram_ref root, uint32_t audit_arch)
{
	while (d->nodes[root].var < DIAGRAM_VAR_NR) {
		const struct diagram_node *n = &d->nodes[root];

		root = audit_arch >> (31 - n->var) & 1 ? n->hi : n->lo;
	}
	return root;
}

/* ---- Numbers of an ABI ---- */

struct named {
	uint32_t nr;
	int syscall;
};
struct named_list {
	VEC(struct named) all;
};

static void done_named(struct named_list *list)
{
	vec_done(&list->all);
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

static int collect_named(enum callgate_abi abi, struct named_list *list)
{
	int r = 0;

	for (unsigned id = 0; id < arch_syscall_count() && !r; id++) {
		int64_t nr = arch_syscall_nr(abi, (int)id);

		/* a second name of a number is not what the number is called */
		if (nr >= 0 && arch_syscall_at(abi, (uint32_t)nr) == (int)id)
			r = vec_push(&list->all, (struct named){ (uint32_t)nr, (int)id });
	}
	if (!r && list->all.count)
		qsort(list->all.items, list->all.count, sizeof(*list->all.items), compare_named);
	return r;
}

/* One run, or the part of it between two bounds, cut at names. */
static int cut_run(const struct diagram_run *run, const struct named_list *names, size_t *next, struct diagram_slots *slots)
{
	uint64_t at = run->first;
	int r = 0;

	while (*next < names->all.count && names->all.items[*next].nr < at)
		++*next;
	while (at <= run->last && !r) {
		const struct named *n = *next < names->all.count && names->all.items[*next].nr <= run->last ? &names->all.items[*next] : NULL;
		uint64_t end = n ? n->nr : (uint64_t)run->last + 1;

		if (end > at)
			r = vec_push(&slots->all, (struct diagram_slot){ (uint32_t)at, (uint32_t)(end - 1), -1, run->root });
		if (!r && n) {
			r = vec_push(&slots->all, (struct diagram_slot){ n->nr, n->nr, n->syscall, run->root });
			end++;
			++*next;
		}
		at = end;
	}
	return r;
}

/* The numbers that belong to this ABI, as arch_abi_of divides them: below x32's first, from there on, -1. */
static int cut_part(enum callgate_abi abi, const struct diagram_runs *runs, const struct named_list *names, uint32_t first, uint32_t last,
		    struct diagram_slots *slots)
{
	size_t next = 0;
	int r = 0;

	if (arch_abi_of(arch_abi_get(abi)->audit_arch, first) != (int)abi)
		return 0;
	for (size_t i = 0; i < runs->all.count && !r; i++) {
		struct diagram_run run = runs->all.items[i];

		if (run.last < first || run.first > last)
			continue;
		run.first = MAX(run.first, first);
		run.last = MIN(run.last, last);
		r = cut_run(&run, names, &next, slots);
	}
	return r;
}

void diagram_slots_done(struct diagram_slots *slots)
{
	vec_done(&slots->all);
}

int diagram_slots(const struct diagram *d, diagram_ref root, enum callgate_abi abi, struct diagram_slots *ret_slots)
{
	static const struct {
		uint32_t first, last;
	} parts[] = { { 0, 0x3fffffff }, { 0x40000000, 0xfffffffe }, { UINT32_MAX, UINT32_MAX } };
	_cleanup_(diagram_runs_done) struct diagram_runs runs = { 0 };
	_cleanup_(done_named) struct named_list names = { 0 };
	int r = walk(d, at_arch(d, root, arch_abi_get(abi)->audit_arch), DIAGRAM_VAR_NR, DIAGRAM_VAR_NR + 32, 0, &runs);

	*ret_slots = (struct diagram_slots){ 0 };
	if (!r)
		r = collect_named(abi, &names);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && !r; i++)
		r = cut_part(abi, &runs, &names, parts[i].first, parts[i].last, ret_slots);
	if (r)
		diagram_slots_done(ret_slots);
	return r;
}

/* ---- All nodes below a root ---- */

bool diagram_is_leaf(const struct diagram *d, diagram_ref root, uint32_t *ret_value)
{
	if (d->nodes[root].var != DIAGRAM_VARS)
		return false;
	if (ret_value)
		*ret_value = d->nodes[root].lo;
	return true;
}

static int compare_values(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int diagram_leaves(const struct diagram *d, diagram_ref root, struct diagram_leaves *ret_leaves)
{
	_cleanup_free_ bool *reached = diagram_reached(d, root);
	int r = 0;

	*ret_leaves = (struct diagram_leaves){ 0 };
	if (!reached)
		return -ENOMEM;
	for (size_t i = 0; i <= root && !r; i++)
		if (reached[i] && d->nodes[i].var == DIAGRAM_VARS)
			r = vec_push(&ret_leaves->all, d->nodes[i].lo);
	if (r)
		vec_done(&ret_leaves->all);
	else
		qsort(ret_leaves->all.items, ret_leaves->all.count, sizeof(*ret_leaves->all.items), compare_values);
	return r;
}

diagram_ref diagram_map(struct diagram *d, diagram_ref root, uint32_t (*map)(uint32_t value, const void *user), const void *user)
{
	_cleanup_free_ bool *reached = NULL;
	_cleanup_free_ diagram_ref *to = NULL;

	if (d->error)
		return DIAGRAM_FAILED;
	reached = diagram_reached(d, root);
	to = malloc(((size_t)root + 1) * sizeof(*to));
	if (!reached || !to) {
		d->error = -ENOMEM;
		return DIAGRAM_FAILED;
	}
	for (size_t i = 0; i <= root; i++) {
		struct diagram_node n = d->nodes[i]; /* a copy: making nodes moves the array */

		if (reached[i])
			to[i] = n.var == DIAGRAM_VARS ? diagram_leaf(d, map(n.lo, user)) : diagram_make(d, n.var, to[n.lo], to[n.hi]);
	}
	return to[root];
}

int diagram_support(const struct diagram *d, diagram_ref root, bool used[DIAGRAM_VARS])
{
	_cleanup_free_ bool *reached = diagram_reached(d, root);

	if (!reached)
		return -ENOMEM;
	for (size_t i = 0; i <= root; i++)
		if (reached[i] && d->nodes[i].var != DIAGRAM_VARS)
			used[d->nodes[i].var] = true;
	return 0;
}
