/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, their weights, and the tree over them: see dispatch.h. */
#include "compile/dispatch.h"

#define KEEP_MAX 100                       /* cells of a dispatch tree, roughly */
#define KEEP_LEAST (WEIGHT_ONE >> 18)      /* lighter numbers do not get a cell of their own */
#define LITTLE_RULED (WEIGHT_ONE >> 20)    /* a number that some clause allows, seen or not */
#define LITTLE_DENIED (WEIGHT_ONE >> 22)   /* a number that is answered with the default */
#define LITTLE_BEYOND (WEIGHT_ONE >> 16)   /* a run of numbers that no table knows */

bool dispatch_kernel_caches(const struct callgate_target *target)
{
	return !target->kernel || target->kernel >= (5u << 16 | 11u << 8);
}

static int by_start(const void *p, const void *q)
{
	const struct segment *a = p, *b = q;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int add_start(struct dispatch *arch, uint32_t start)
{
	return vec_push(&arch->segments, (struct segment){ .start = start });
}

/* Where the meaning may change: around every number with a name, above the newest, where x32 begins, at -1. */
static int add_starts(struct compiler *c, struct dispatch *arch, enum callgate_abi abi)
{
	const struct arch_abi *info = arch_abi_get(abi);
	int r = add_start(arch, info->nr_base + info->newest + 1);

	for (unsigned id = 0; id < arch_syscall_count() && !r; id++) {
		int64_t nr = arch_syscall_nr(abi, (int)id);

		if (nr < 0)
			continue;
		r = add_start(arch, (uint32_t)nr);
		if (!r)
			r = add_start(arch, (uint32_t)nr + 1);
	}
	(void)c;
	return r;
}

static int segment_meaning(struct compiler *c, uint32_t audit_arch, struct segment *s)
{
	int abi = profile_abi_of(c->profile, c->abis, audit_arch, s->start);
	size_t first = 0, end = 0;
	uint32_t fallback;

	s->abi = -1;
	s->syscall = -1;
	if (abi < 0)
		return residual_of(&c->decider.residuals, c->profile, c->target, 0, 0, 0, c->profile->bad_arch_action, &s->residual);
	s->abi = (int8_t)abi;
	s->syscall = arch_syscall_at((enum callgate_abi)abi, s->start);
	if (s->syscall >= 0)
		profile_clauses_of(c->profile, s->syscall, &first, &end);
	else
		s->syscall = -1;
	fallback = profile_fallback(c->profile, (enum callgate_abi)abi, s->start);
	return residual_of(&c->decider.residuals, c->profile, c->target, (enum callgate_abi)abi, first, end, fallback, &s->residual);
}

int dispatch_segments(struct compiler *c, struct dispatch *arch)
{
	static const uint32_t fixed[] = { 0, 0x40000000, 0xffffffff };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && !r; i++)
		r = add_start(arch, fixed[i]);
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && !r; abi++)
		if (c->abis & CALLGATE_ABI_BIT(abi) && arch_abi_get(abi)->audit_arch == arch->audit_arch)
			r = add_starts(c, arch, abi);
	if (r < 0)
		return r;
	qsort(arch->segments.items, arch->segments.count, sizeof(*arch->segments.items), by_start);
	for (size_t i = 0; i < arch->segments.count && !r; i++) {
		struct segment *s = &arch->segments.items[n];

		if (n && s[-1].start == arch->segments.items[i].start)
			continue;
		*s = arch->segments.items[i];
		r = segment_meaning(c, arch->audit_arch, s);
		s->owner = c->decider.residuals.owner;
		n++;
	}
	arch->segments.count = n;
	return r;
}

static const struct residual_clause *answer_of(const struct compiler *c, uint32_t residual)
{
	return residual_clause_at(&c->decider.residuals, residual, 0);
}

/* Does the kernel answer this segment's calls without running the filter? x32 never. */
static bool cached(const struct compiler *c, const struct segment *s)
{
	const struct residual_clause *answer = answer_of(c, s->residual);

	return dispatch_kernel_caches(c->target) && s->abi != CALLGATE_ABI_X32 && !answer->count && answer->action == CALLGATE_ALLOW;
}

static struct segment *segment_for(struct compiler *c, enum callgate_abi abi, int syscall)
{
	int64_t nr = arch_syscall_nr(abi, syscall);

	if (nr < 0)
		return NULL;
	for (size_t a = 0; a < c->arch_count; a++) {
		struct dispatch *arch = &c->archs[a];
		struct segment key = { .start = (uint32_t)nr };

		if (arch->audit_arch == arch_abi_get(abi)->audit_arch)
			return bsearch(&key, arch->segments.items, arch->segments.count, sizeof(key), by_start);
	}
	return NULL;
}

/* Counts are evidence from outside: capped, and saturating rather than overflowing. */
#define COUNT_MAX (UINT64_C(1) << 48)
static void add_count(uint64_t *sum, uint64_t count)
{
	if (__builtin_add_overflow(*sum, count, sum))
		*sum = UINT64_MAX;
}

/* One representative call in one ABI. Whether a supposed one ever happens nobody knows: it must not make a call that did dearer. */
static int see_call(struct compiler *c, const struct profile_call *call, enum callgate_abi abi, uint64_t count, bool supposed)
{
	struct segment *s = segment_for(c, abi, call->syscall);
	struct seen_call seen = { 0 };
	bool idle;

	if (!s || !count)
		return 0;
	count = MIN(count, COUNT_MAX);
	idle = cached(c, s) || (supposed && dispatch_kernel_caches(c->target));
	add_count(idle ? &s->idle : &s->seen, count);
	add_count(idle ? &c->idle_total : &c->seen_total, count);
	seen.residual = s->residual;
	for (unsigned i = 0; i < call->n_args && i < 6; i++)
		seen.sample.args[i] = call->args[i];
	seen.sample.weight = count;
	return answer_of(c, s->residual)->count ? vec_push(&c->seen, seen) : 0;
}

static int see_calls(struct compiler *c)
{
	for (size_t i = 0; i < c->profile->calls.count; i++) {
		const struct profile_call *call = &c->profile->calls.items[i];
		bool first = true;

		/* Calls of no particular ABI are taken for the first that has them, and a few of the others'. */
		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			uint64_t count = first ? call->count : call->count / 4096 + 1;
			int r;

			if (!(c->abis & CALLGATE_ABI_BIT(abi)) || (call->abi >= 0 && call->abi != (int)abi) ||
			    arch_syscall_nr(abi, call->syscall) < 0)
				continue;
			r = see_call(c, call, abi, count, !first);
			if (r < 0)
				return r;
			first = false;
		}
	}
	return 0;
}

/* A part of all, in units of weight. */
static uint64_t share(uint64_t part, uint64_t all, uint64_t weight)
{
	__extension__ unsigned __int128 wide = MIN(part, all);

	return all ? (uint64_t)(wide * weight / all) : 0;
}

static bool ruled(const struct compiler *c, const struct segment *s)
{
	const struct residual_clause *answer = answer_of(c, s->residual);

	return answer->count || permits(answer->action);
}

static bool named(const struct segment *s)
{
	return s->abi >= 0 && s->syscall >= 0;
}

/* Without evidence every number with a clause that may let it through is taken to be called once. */
static void see_uniform(struct compiler *c)
{
	for (size_t a = 0; a < c->arch_count; a++)
		for (size_t i = 0; i < c->archs[a].segments.count; i++) {
			struct segment *s = &c->archs[a].segments.items[i];

			if (!named(s) || !ruled(c, s))
				continue;
			add_count(cached(c, s) ? &s->idle : &s->seen, 1);
			add_count(cached(c, s) ? &c->idle_total : &c->seen_total, 1);
		}
}

/* Numbers of a segment, which ends before `next`, that the kernel emulates when it loads the filter. */
static uint64_t emulated(const struct compiler *c, const struct segment *s, uint64_t next)
{
	uint64_t end = s->abi < 0 ? 0 : (uint64_t)arch_abi_get((enum callgate_abi)s->abi)->newest + 1;

	if (!dispatch_kernel_caches(c->target) || s->abi == CALLGATE_ABI_X32 || s->start >= end)
		return 0;
	return MIN(end, next) - s->start;
}

static uint64_t weight_of(const struct compiler *c, const struct segment *s, uint64_t next)
{
	uint64_t little = named(s) ? ruled(c, s) ? LITTLE_RULED : LITTLE_DENIED : LITTLE_BEYOND;

	return share(s->seen, c->seen_total, WEIGHT_ONE) + share(s->idle, c->idle_total, WEIGHT_IDLE) +
	       emulated(c, s, next) * WEIGHT_EMULATED + little;
}

int dispatch_weigh(struct compiler *c)
{
	int r = see_calls(c);

	if (r < 0)
		return r;
	if (!c->seen_total && !c->idle_total)
		see_uniform(c);
	for (size_t i = 0; i < c->seen.count; i++)
		c->seen.items[i].sample.weight = share(c->seen.items[i].sample.weight, c->seen_total, WEIGHT_ONE);
	for (size_t a = 0; a < c->arch_count; a++) {
		struct dispatch *arch = &c->archs[a];

		for (size_t i = 0; i < arch->segments.count; i++) {
			struct segment *s = &arch->segments.items[i];

			s->weight = weight_of(c, s, i + 1 < arch->segments.count ? s[1].start : UINT64_C(1) << 32);
			arch->weight += s->weight;
		}
	}
	return 0;
}

static int by_residual(const void *p, const void *q)
{
	const struct seen_call *a = p, *b = q;

	return a->residual < b->residual ? -1 : a->residual > b->residual;
}

/* Each residual once, with the calls of all numbers that share it. */
int dispatch_decide(struct compiler *c)
{
	_cleanup_free_ struct sample *samples = calloc(c->seen.count + 1, sizeof(*samples));
	int r = 0;

	if (!samples)
		return -ENOMEM;
	if (c->seen.count)
		qsort(c->seen.items, c->seen.count, sizeof(*c->seen.items), by_residual);
	for (size_t i = 0, end; i < c->seen.count && r >= 0; i = end) {
		for (end = i; end < c->seen.count && c->seen.items[end].residual == c->seen.items[i].residual; end++)
			samples[end - i] = c->seen.items[end].sample;
		r = decide(&c->decider, c->seen.items[i].residual, samples, end - i);
	}
	for (size_t a = 0; a < c->arch_count && r >= 0; a++)
		for (size_t i = 0; i < c->archs[a].segments.count && r >= 0; i++)
			r = decide(&c->decider, c->archs[a].segments.items[i].residual, NULL, 0);
	return r < 0 ? r : 0;
}

static int by_weight(const void *p, const void *q)
{
	const struct tree_cell *a = *(struct tree_cell *const *)p, *b = *(struct tree_cell *const *)q;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

static size_t count_runs(const struct tree_cell *cells, size_t count)
{
	size_t n = 1;

	for (size_t i = 1; i < count; i++)
		n += cells[i].cls != cells[i - 1].cls;
	return n;
}

/* The heaviest numbers keep a cell of their own as long as the tree stays of a size that the exact program can take. */
static int keep_heavy(struct tree_cell *cells, size_t count)
{
	_cleanup_free_ struct tree_cell **order = calloc(count, sizeof(struct tree_cell *));
	size_t n = 0, runs = count_runs(cells, count), room = runs < KEEP_MAX ? KEEP_MAX - runs : 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (cells[i].point && cells[i].weight > KEEP_LEAST)
			order[n++] = &cells[i];
	qsort(order, n, sizeof(struct tree_cell *), by_weight);
	for (size_t i = 0; i < n; i++) {
		const struct tree_cell *cell = order[i];
		bool left = cell > cells && cell[-1].cls == cell->cls && !cell[-1].keep;
		bool right = cell < cells + count - 1 && cell[1].cls == cell->cls && !cell[1].keep;

		if (room < (size_t)left + right)
			continue;
		room -= (size_t)left + right;
		order[i]->keep = true;
	}
	return 0;
}

int dispatch_tree(struct compiler *c, struct dispatch *arch)
{
	size_t n = arch->segments.count;
	_cleanup_free_ struct tree_cell *items = calloc(n, sizeof(*items));
	_cleanup_free_ int32_t *owners = calloc(n, sizeof(*owners));
	struct cells cells = { WORD_NR, WORD_ALL, items, owners, n, DAG_OWNER_NONE };
	int r;

	if (!items || !owners)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct segment *s = &arch->segments.items[i];
		uint32_t next = i + 1 < n ? s[1].start : 0;

		items[i] = (struct tree_cell){ s->start, (uint32_t)c->decider.nodes.items[s->residual], s->weight,
					       next == s->start + 1, false };
		owners[i] = s->owner;
	}
	r = keep_heavy(items, n);
	if (!r)
		r = decide_tree(&c->decider, &cells);
	if (r < 0)
		return r;
	arch->root = r;
	arch->tests = c->decider.tree_tests;
	arch->exact = c->decider.tree_exact;
	arch->cells = count_runs(items, n);
	return 0;
}
