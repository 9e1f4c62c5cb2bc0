/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of shapes.h, as trees of tests whose leaves are classes of numbers. */
#include "shapes.h"

#include <linux/filter.h>
#include <math.h>

#include "compile/compile.h"
#include "compile/tree.h"

#define FIRST_ARGUMENT 16
#define BEFORE_TESTS 3 /* load arch, test it, load nr */
#define LOOKS UINT32_C(1) /* a class that is no answer: no action is an odd number as small as an instruction's index */
#define NUMBERS_MAX 1024

struct run {
	uint32_t from, end; /* numbers; 0: the end of all */
	uint32_t cls;
	uint64_t calls;
	uint64_t before;    /* calls of the runs to the left */
};

struct numbers {
	const struct callgate_filter *filter;
	const struct arch_abi *info;
	uint32_t classes[NUMBERS_MAX + 1]; /* the last stands for all that no table knows */
	uint64_t calls[NUMBERS_MAX];
	uint32_t count;
	struct run runs[NUMBERS_MAX];
	size_t run_count;
	struct tree tree;
};

/* Steps of our program from the first look at an argument, or the one that returns; *ret_class is the same where that code is. */
static size_t tail(const struct numbers *n, const struct callgate_call *call, uint32_t *ret_class)
{
	uint16_t path[CALLGATE_INSNS_MAX];
	size_t steps;
	uint32_t action = filter_simulate(n->filter->insns, n->filter->count, n->filter->big_endian, call, path, &steps);

	for (size_t i = 0; i < steps; i++)
		if (n->filter->insns[path[i]].code == (BPF_LD | BPF_W | BPF_ABS) && n->filter->insns[path[i]].k >= FIRST_ARGUMENT) {
			*ret_class = LOOKS | (uint32_t)path[i] << 1;
			return steps - i;
		}
	*ret_class = action;
	return 1;
}

static void look_at_numbers(struct numbers *n, const struct callgate_profile *profile, enum callgate_abi abi)
{
	n->count = MIN(n->info->newest + 1, (uint32_t)NUMBERS_MAX);
	for (uint32_t nr = 0; nr <= n->count; nr++)
		tail(n, &(struct callgate_call){ .nr = nr, .arch = n->info->audit_arch }, &n->classes[nr]);
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *call = &profile->calls.items[i];
		int64_t nr = arch_syscall_nr(abi, call->syscall);

		if ((call->abi < 0 || call->abi == (int)abi) && nr >= 0 && nr < n->count)
			n->calls[nr] += call->count;
	}
}

static int leaf(struct numbers *n, uint32_t cls)
{
	return tree_add(&n->tree, (struct tree_node){ .kind = TREE_LEAF, .cls = cls });
}

static int test(struct numbers *n, enum tree_kind kind, uint32_t key, int yes, int no)
{
	if (yes < 0 || no < 0)
		return -ENOMEM;
	return tree_add(&n->tree, (struct tree_node){ .kind = kind, .key = key, .yes = yes, .no = no });
}

/* ---- Kafel: from the last run to the first, two trees of equal height become one ---- */

static int kafel(struct numbers *n)
{
	struct {
		int level, node;
		uint32_t from;
	} stack[33];
	size_t top = 0;
	uint32_t last = 0;

	for (uint32_t nr = n->count + 1; nr--;) {
		if (top && n->classes[nr] == last) {
			stack[top - 1].from = nr;
			continue;
		}
		last = n->classes[nr];
		for (; top >= 2 && stack[top - 2].level == stack[top - 1].level; top--) {
			stack[top - 2].node = test(n, TREE_GE, stack[top - 2].from, stack[top - 2].node, stack[top - 1].node);
			stack[top - 2].from = stack[top - 1].from;
			stack[top - 2].level++;
		}
		stack[top].level = 0;
		stack[top].from = nr;
		stack[top++].node = leaf(n, last);
	}
	for (; top >= 2; top--) {
		stack[top - 2].node = test(n, TREE_GE, stack[top - 2].from, stack[top - 2].node, stack[top - 1].node);
		stack[top - 2].from = stack[top - 1].from;
	}
	return stack[0].node;
}

/* ---- Minijail: what is not answered by default, in runs; a dynamic program over intervals of runs and where they are cut ---- */

static void collect_runs(struct numbers *n)
{
	uint32_t refuse = n->classes[n->count];

	for (uint32_t nr = 0; nr < n->count; nr++) {
		struct run *last = n->run_count ? &n->runs[n->run_count - 1] : NULL;
		/* a call that the frequency file does not have counts once */
		uint64_t calls = MAX(n->calls[nr], (uint64_t)1);

		if (n->classes[nr] == refuse)
			continue;
		if (last && last->end == nr && last->cls == n->classes[nr]) {
			last->end++;
			last->calls += calls;
		} else {
			n->runs[n->run_count++] = (struct run){ nr, nr + 1, n->classes[nr], calls, last ? last->before + last->calls : 0 };
		}
	}
}

static int one_run_cost(const struct run *run)
{
	return run->end - run->from == 1 || !run->from ? 1 : 2;
}

static int one_run(struct numbers *n, const struct run *run, int refuse)
{
	int accept = leaf(n, run->cls);

	if (run->end - run->from == 1)
		return test(n, TREE_EQ, run->from, accept, refuse);
	if (!run->from)
		return test(n, TREE_GE, run->end, refuse, accept);
	return test(n, TREE_GE, run->from, test(n, TREE_GE, run->end, refuse, accept), refuse);
}

static int by_calls(const void *a, const void *b)
{
	const struct run *p = a, *q = b;

	return p->calls != q->calls ? (p->calls > q->calls) - (p->calls < q->calls) : (p->from > q->from) - (p->from < q->from);
}

/* The runs in a chain, the most frequent first; its cost, and unless ret_node is NULL the chain. */
static uint64_t chain(struct numbers *n, size_t first, size_t last, int *ret_node)
{
	struct run sorted[NUMBERS_MAX];
	uint64_t cost = 0, calls = 0;
	size_t count = last - first + 1;
	int node = ret_node ? leaf(n, n->classes[n->count]) : 0;

	memcpy(sorted, n->runs + first, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_calls);
	for (size_t i = 0; i < count; i++) {
		calls += sorted[i].calls;
		cost += calls * (uint64_t)one_run_cost(&sorted[i]);
		if (ret_node)
			node = one_run(n, &sorted[i], node);
	}
	if (ret_node)
		*ret_node = node;
	return cost;
}

/* An interval of runs below a split whose bounds may be tight (at the run) or loose (at the neighbour). */
struct interval {
	uint64_t cost;
	uint16_t at;     /* the right part's first run; 0: a chain */
	bool tight_left; /* split at the left part's end rather than where the right begins */
};

struct search {
	struct numbers *n;
	struct interval *intervals; /* [first][last][tight at first][tight at last] */
};

static struct interval *interval_at(const struct search *s, size_t first, size_t last, bool tight_first, bool tight_last)
{
	return &s->intervals[((first * s->n->run_count + last) * 2 + tight_first) * 2 + tight_last];
}

static void solve(struct search *s, size_t first, size_t last, bool tight_first, bool tight_last)
{
	struct interval *best = interval_at(s, first, last, tight_first, tight_last);
	const struct run *runs = s->n->runs;

	best->cost = chain(s->n, first, last, NULL);
	if (first == last && tight_first && tight_last)
		best->cost = 0;
	for (size_t at = first + 1; at <= last; at++) {
		uint64_t calls = runs[last].before + runs[last].calls - runs[first].before;
		bool touch = runs[at - 1].end == runs[at].from;

		for (unsigned left = 0; left < 2; left++) {
			uint64_t cost = calls + interval_at(s, first, at - 1, tight_first, left || touch)->cost +
					interval_at(s, at, last, !left || touch, tight_last)->cost;

			if (cost < best->cost)
				*best = (struct interval){ cost, (uint16_t)at, left };
		}
	}
}

static int build(struct search *s, size_t first, size_t last, bool tight_first, bool tight_last)
{
	const struct interval *best = interval_at(s, first, last, tight_first, tight_last);
	const struct run *runs = s->n->runs;
	bool left = best->tight_left, touch;
	int node;

	if (first == last && tight_first && tight_last)
		return leaf(s->n, runs[first].cls);
	if (!best->at) {
		chain(s->n, first, last, &node);
		return node;
	}
	touch = runs[best->at - 1].end == runs[best->at].from;
	node = build(s, best->at, last, !left || touch, tight_last);
	return test(s->n, TREE_GE, left ? runs[best->at - 1].end : runs[best->at].from, node,
		    build(s, first, best->at - 1u, tight_first, left || touch));
}

static int minijail(struct numbers *n)
{
	struct search s = { .n = n };
	int node;

	collect_runs(n);
	if (!n->run_count)
		return leaf(n, n->classes[n->count]);
	s.intervals = calloc(n->run_count * n->run_count * 4, sizeof(*s.intervals));
	if (!s.intervals)
		return -ENOMEM;
	for (size_t size = 0; size < n->run_count; size++)
		for (size_t first = 0; first + size < n->run_count; first++)
			for (unsigned tight = 0; tight < 4; tight++)
				solve(&s, first, first + size, tight & 1, tight & 2);
	node = build(&s, 0, n->run_count - 1, !n->runs[0].from, false);
	free(s.intervals);
	return node;
}

/* ---- Counting ---- */

/* Tests on a number's way; -1 where the tree is wrong about it. */
static int tests_of(const struct numbers *n, uint32_t nr)
{
	int32_t at = n->tree.root;
	int tests = 0;

	for (const struct tree_node *t; (t = &n->tree.nodes.items[at])->kind != TREE_LEAF; tests++)
		at = (t->kind == TREE_EQ ? nr == t->key : nr >= t->key) ? t->yes : t->no;
	return n->tree.nodes.items[at].cls == n->classes[MIN(nr, n->count)] ? tests : -1;
}

static int count_calls(const struct numbers *n, const struct callgate_profile *profile, enum callgate_abi abi, struct shape_costs *costs)
{
	double all = 0, uncached = 0, all_steps = 0, uncached_steps = 0;

	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *c = &profile->calls.items[i];
		int64_t nr = arch_syscall_nr(abi, c->syscall);
		struct callgate_call call = { .nr = (uint32_t)nr, .arch = n->info->audit_arch };
		double steps, count = (double)c->count;
		uint32_t cls;
		int tests;

		if (nr < 0 || (c->abi >= 0 && c->abi != (int)abi))
			continue;
		memcpy(call.args, c->args, sizeof(call.args));
		tests = tests_of(n, call.nr);
		if (tests < 0)
			return -EPROTO;
		steps = BEFORE_TESTS + tests + (double)tail(n, &call, &cls);
		all += count;
		all_steps += count * steps;
		uncached += cls == CALLGATE_ALLOW ? 0 : count;
		uncached_steps += cls == CALLGATE_ALLOW ? 0 : count * steps;
	}
	costs->all = all > 0 ? all_steps / all : NAN;
	costs->uncached = uncached > 0 ? uncached_steps / uncached : NAN;
	return 0;
}

/* As in report.c: all numbers of the ABI, and of the compat one, which is refused after two steps. */
static int count_attach(const struct numbers *n, const struct callgate_filter_report *ours, struct shape_costs *costs)
{
	costs->attach_steps = 3 * (ours->attach_numbers - n->info->newest - 1);
	for (uint32_t nr = 0; nr <= n->info->newest; nr++) {
		int tests = tests_of(n, nr);

		if (tests < 0)
			return -EPROTO;
		costs->attach_steps += (size_t)(BEFORE_TESTS + tests + 1);
	}
	return 0;
}

int shape_costs(enum shape shape, const struct callgate_filter *filter, const struct callgate_profile *profile, enum callgate_abi abi,
		struct shape_costs *ret_costs)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct numbers n = { .filter = filter, .info = arch_abi_get(abi) };
	struct callgate_filter_report ours;
	int r;

	look_at_numbers(&n, profile, abi);
	r = n.tree.root = shape == SHAPE_KAFEL ? kafel(&n) : minijail(&n);
	if (r >= 0)
		r = compile_report(filter, profile, &target, &ours);
	if (r >= 0)
		r = count_attach(&n, &ours, ret_costs);
	if (r >= 0)
		r = count_calls(&n, profile, abi, ret_costs);
	tree_done(&n.tree);
	return r < 0 ? r : 0;
}
