/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Boolean diagram over arguments taken apart, argument by argument: the values of the first one fall into classes by what is left to decide
 * about the others. A class may as well be said to hold more values, if what is left for these is implied; then terms come
 * out that do not repeat the opposite of each other. In the end conditions and terms that are not needed are dropped.
 */
#include "model/region-impl.h"

#include "arch/arch.h"

#define CLASSES_MAX 64

struct splitting {
	struct diagram *d;
	struct region_options options;
	struct region out;
};

/* What follows one class of the first argument's values. */
struct classes {
	diagram_ref rest[CLASSES_MAX];
	bool chosen[CLASSES_MAX];
	size_t count;
};

void region_done(struct region *region)
{
	vec_done(&region->terms);
	vec_done(&region->conds);
}

int region_add(struct region *region, const struct region_cond *conds, size_t n_conds)
{
	uint32_t first = (uint32_t)region->conds.count;
	int r = 0;

	for (size_t i = 0; i < n_conds && !r; i++)
		r = vec_push(&region->conds, conds[i]);
	return r ? r : vec_push(&region->terms, (struct region_term){ first, (uint32_t)n_conds });
}

struct region_options region_options_for(enum callgate_abi abi, int syscall, unsigned limit)
{
	struct region_options o = { .limit = limit };

	for (unsigned i = 0; i < 6; i++) {
		const struct arch_arg *arg = syscall >= 0 ? arch_arg_of(abi, syscall, i) : NULL;
		bool bits = arg && (arg->kind == ARCH_KIND_FLAGS || arg->kind == ARCH_KIND_FLAGS64 || arg->kind == ARCH_KIND_MODE);

		o.width[i] = (uint8_t)(syscall >= 0 ? arch_arg_width(abi, syscall, i) : 64);
		o.style[i] = bits ? REGION_BITS : arg && arg->family ? REGION_VALUES : REGION_SHORT;
	}
	return o;
}

/* ---- Back to a diagram ---- */

diagram_ref region_lower_conds(struct diagram *d, const struct region *region, const struct region_cond *conds, size_t n_conds)
{
	diagram_ref r = DIAGRAM_TRUE;

	for (size_t i = n_conds; i-- > 0;) {
		diagram_ref one = diagram_from_cond(d, &conds[i].cond, region->width[conds[i].cond.arg]);

		r = diagram_and(d, conds[i].negated ? diagram_not(d, one) : one, r);
	}
	return r;
}

static diagram_ref lower_term(struct diagram *d, const struct region *region, const struct region_term *term)
{
	return region_lower_conds(d, region, region_conds(region, term), term->n_conds);
}

diagram_ref region_lower(struct diagram *d, const struct region *region)
{
	diagram_ref r = DIAGRAM_FALSE;

	diagram_begin(d);
	for (size_t i = region->terms.count; i-- > 0;)
		r = diagram_or(d, lower_term(d, region, &region->terms.items[i]), r);
	return r;
}

/* ---- Classes ---- */

/* The first argument's part of a diagram, with 1 where it leads to a chosen class. */
static diagram_ref block(struct splitting *s, diagram_ref root, uint32_t end, const struct classes *classes)
{
	_cleanup_free_ diagram_ref *to = malloc(((size_t)root + 1) * sizeof(*to));
	_cleanup_free_ bool *reached = calloc((size_t)root + 1, sizeof(*reached));
	struct diagram *d = s->d;

	if (!to || !reached) {
		d->error = -ENOMEM;
		return DIAGRAM_FAILED;
	}
	reached[root] = true;
	for (size_t i = (size_t)root + 1; i-- > 0;)
		if (reached[i] && d->nodes[i].var < end)
			reached[d->nodes[i].lo] = reached[d->nodes[i].hi] = true;
	for (size_t i = 0; i <= root; i++) {
		struct diagram_node n = d->nodes[i];

		if (!reached[i])
			continue;
		to[i] = n.var < end ? diagram_make(d, n.var, to[n.lo], to[n.hi]) : DIAGRAM_FALSE;
		for (size_t k = 0; k < classes->count && n.var >= end; k++)
			if (classes->rest[k] == i && classes->chosen[k])
				to[i] = DIAGRAM_TRUE;
	}
	return to[root];
}

static int collect_classes(const struct diagram *d, diagram_ref root, uint32_t end, struct classes *classes)
{
	_cleanup_free_ bool *reached = calloc((size_t)root + 1, sizeof(*reached));

	if (!reached)
		return -ENOMEM;
	reached[root] = true;
	for (size_t i = (size_t)root + 1; i-- > 0;) {
		if (reached[i] && d->nodes[i].var < end)
			reached[d->nodes[i].lo] = reached[d->nodes[i].hi] = true;
		else if (reached[i] && i != DIAGRAM_FALSE) {
			if (classes->count == CLASSES_MAX)
				return -E2BIG;
			classes->rest[classes->count++] = (diagram_ref)i;
		}
	}
	return 0;
}

/* In place of class k: it alone, and with it all whose rest holds wherever k's does. */
static void bounds(struct splitting *s, diagram_ref root, uint32_t end, struct classes *classes, size_t k, diagram_ref *ret_lower,
		   diagram_ref *ret_upper)
{
	memset(classes->chosen, 0, sizeof(classes->chosen));
	classes->chosen[k] = true;
	*ret_lower = block(s, root, end, classes);
	for (size_t i = 0; i < classes->count; i++)
		classes->chosen[i] = diagram_and(s->d, classes->rest[k], diagram_not(s->d, classes->rest[i])) == DIAGRAM_FALSE;
	*ret_upper = block(s, root, end, classes);
}

static int split(struct splitting *s, diagram_ref root, const struct region_cond *before, size_t n_before);

/* Each way to say the class, before all that is left to say. */
static int split_class(struct splitting *s, diagram_ref lower, diagram_ref upper, unsigned arg, diagram_ref rest,
		       const struct region_cond *before, size_t n_before)
{
	struct region_cond conds[REGION_CONDS_MAX];
	struct region cover;
	int r = region_cover(s->d, lower, upper, arg, &s->options, &cover);

	if (r)
		return r;
	if (n_before)
		memcpy(conds, before, n_before * sizeof(*conds));
	for (size_t i = 0; i < cover.terms.count && !r; i++) {
		struct region_term *t = &cover.terms.items[i];

		if (n_before + t->n_conds > REGION_CONDS_MAX) {
			r = -E2BIG;
			break;
		}
		if (t->n_conds)
			memcpy(conds + n_before, region_conds(&cover, t), t->n_conds * sizeof(*conds));
		r = split(s, rest, conds, n_before + t->n_conds);
	}
	region_done(&cover);
	return r;
}

static int split(struct splitting *s, diagram_ref root, const struct region_cond *before, size_t n_before)
{
	struct classes classes = { .count = 0 };
	unsigned arg;
	uint32_t end;
	int r;

	if (root == DIAGRAM_FALSE)
		return 0;
	if (root == DIAGRAM_TRUE)
		return s->out.terms.count >= 4 * (size_t)s->options.limit ? -E2BIG : region_add(&s->out, before, n_before);
	arg = (s->d->nodes[root].var - DIAGRAM_VAR_ARG(0)) / 64;
	end = DIAGRAM_VAR_ARG(arg + 1);
	r = collect_classes(s->d, root, end, &classes);
	for (size_t k = classes.count; k-- > 0 && !r;) {
		diagram_ref lower, upper;

		bounds(s, root, end, &classes, k, &lower, &upper);
		r = s->d->error;
		if (!r)
			r = split_class(s, lower, upper, arg, classes.rest[k], before, n_before);
	}
	return r;
}

/* ---- Making it shorter ---- */

static bool within(struct diagram *d, diagram_ref a, diagram_ref b)
{
	return diagram_and(d, a, diagram_not(d, b)) == DIAGRAM_FALSE;
}

/* Leave out of each term the conditions without which it still lies within the region. */
static void drop_conds(struct splitting *s, diagram_ref root)
{
	for (size_t i = 0; i < s->out.terms.count; i++) {
		struct region_term *t = &s->out.terms.items[i];

		for (uint32_t k = t->n_conds; k-- > 0 && t->n_conds > 1;) {
			struct region_cond *conds = region_conds(&s->out, t), dropped = conds[k];

			memmove(conds + k, conds + k + 1, (t->n_conds - k - 1) * sizeof(*conds));
			if (within(s->d, region_lower_conds(s->d, &s->out, conds, t->n_conds - 1), root)) {
				t->n_conds--;
				continue;
			}
			memmove(conds + k + 1, conds + k, (t->n_conds - k - 1) * sizeof(*conds));
			conds[k] = dropped;
		}
	}
}

static diagram_ref all_but(struct splitting *s, size_t skip)
{
	diagram_ref r = DIAGRAM_FALSE;

	for (size_t i = s->out.terms.count; i-- > 0;)
		if (i != skip)
			r = diagram_or(s->d, lower_term(s->d, &s->out, &s->out.terms.items[i]), r);
	return r;
}

/* Leave out terms that the others cover, the most complicated first. */
static void drop_terms(struct splitting *s)
{
	size_t longest = 0;

	for (size_t i = 0; i < s->out.terms.count; i++)
		longest = MAX(longest, (size_t)s->out.terms.items[i].n_conds);
	for (size_t size = longest + 1; size-- > 0;)
		for (size_t i = s->out.terms.count; i-- > 0 && s->out.terms.count > 1;) {
			struct region_term *t = &s->out.terms.items[i];

			if (t->n_conds != size || !within(s->d, lower_term(s->d, &s->out, t), all_but(s, i)))
				continue;
			memmove(t, t + 1, (s->out.terms.count - i - 1) * sizeof(*t));
			s->out.terms.count--;
		}
}

/* Where some instruction pointer makes it true: its variables are the last ones, so what begins there is either possible or false. */
static diagram_ref without_ip(struct splitting *s, diagram_ref root)
{
	struct classes possible = { .count = 0 };

	if (collect_classes(s->d, root, DIAGRAM_VAR_IP, &possible)) {
		s->d->error = s->d->error ? s->d->error : -E2BIG;
		return DIAGRAM_FAILED;
	}
	memset(possible.chosen, true, sizeof(possible.chosen));
	return block(s, root, DIAGRAM_VAR_IP, &possible);
}

/* Which halves of arguments matter decides how they can be compared. */
static int set_widths(struct splitting *s, diagram_ref root)
{
	bool used[DIAGRAM_VARS] = { 0 };
	int r = diagram_support(s->d, root, used);

	for (uint32_t v = DIAGRAM_VAR_IP; v < DIAGRAM_VARS; v++)
		s->out.ip |= used[v];
	for (unsigned i = 0; i < 6; i++) {
		bool upper = false;

		for (uint32_t v = 0; v < 32; v++)
			upper |= used[DIAGRAM_VAR_ARG(i) + v];
		if (upper && s->options.width[i] == 32) {
			s->options.width[i] = 64;
			s->out.wide = true;
		}
	}
	memcpy(s->out.width, s->options.width, sizeof(s->out.width));
	return r;
}

int region_from_diagram(struct diagram *d, diagram_ref root, const struct region_options *options, struct region *ret_region)
{
	struct splitting s = { d, *options, { .ip = false } };
	int r = d->error;

	if (r)
		return r;
	diagram_begin(d);
	r = set_widths(&s, root);
	if (!r && s.out.ip)
		root = without_ip(&s, root);
	if (!r)
		r = d->error ? d->error : split(&s, root, NULL, 0);
	if (!r) {
		drop_conds(&s, root);
		drop_terms(&s);
		r = d->error ? d->error : s.out.terms.count > options->limit ? -E2BIG : 0;
	}
	if (r)
		region_done(&s.out);
	else
		*ret_region = s.out;
	return r;
}
