/* SPDX-License-Identifier: Apache-2.0 */
/* A region as text, with the names of arguments and constants. Terms that differ in one value only are read as one set. */
#include <inttypes.h>

#include "arch/arch.h"
#include "model/call.h"
#include "model/region.h"

#define SET_MAX 64

struct formatting {
	const struct region *region;
	enum callgate_abi abi;
	int syscall;
	struct buf *out;
};

static const struct arch_arg *arg_of(const struct formatting *f, unsigned arg)
{
	return f->syscall >= 0 ? arch_arg_of(f->abi, f->syscall, arg) : NULL;
}

static void put_name(const struct formatting *f, unsigned arg)
{
	const struct arch_arg *known = arg_of(f, arg);

	if (known)
		buf_puts(f->out, known->name);
	else
		buf_printf(f->out, "arg%u", arg);
}

static void put_value(const struct formatting *f, unsigned arg, uint64_t value)
{
	call_format_argument(f->out, f->abi, f->syscall, arg, value);
}

/* Flags by name, in parentheses when there are several; almost all of them as the opposite of the rest. */
static void put_mask(const struct formatting *f, unsigned arg, uint64_t mask)
{
	const struct arch_arg *known = arg_of(f, arg);
	uint64_t all = f->region->width[arg] == 32 ? UINT32_MAX : UINT64_MAX;
	bool opposite = 2 * __builtin_popcountll(mask) > f->region->width[arg];
	struct formatting inner = *f;
	struct buf text = { 0 };

	if (!known || !known->family || (known->kind != ARCH_KIND_FLAGS && known->kind != ARCH_KIND_FLAGS64)) {
		buf_printf(f->out, "0x%" PRIx64, mask);
		return;
	}
	inner.out = &text;
	put_value(&inner, arg, opposite ? all & ~mask : mask);
	if (text.error)
		f->out->error = text.error;
	else
		buf_printf(f->out, strchr(text.text, '|') ? "%s(%s)" : "%s%s", opposite ? "~" : "", text.text);
	buf_done(&text);
}

static void put_masked(const struct formatting *f, const struct region_cond *cond)
{
	const struct profile_cond *c = &cond->cond;
	bool one_bit = c->mask && !(c->mask & (c->mask - 1)), unequal = cond->negated;
	uint64_t value = c->value;

	if (one_bit && value) { /* "is set" reads better than "is the flag" */
		value = 0;
		unequal = !unequal;
	}
	put_name(f, c->arg);
	buf_puts(f->out, " & ");
	put_mask(f, c->arg, c->mask);
	buf_puts(f->out, unequal ? " != " : " == ");
	if (value)
		put_value(f, c->arg, value);
	else
		buf_puts(f->out, "0");
}

static void put_cond(const struct formatting *f, const struct region_cond *cond)
{
	static const char *const operators[] = { [OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=" };

	if (cond->cond.op == OP_MASKED_EQ) {
		put_masked(f, cond);
		return;
	}
	put_name(f, cond->cond.arg);
	buf_printf(f->out, " %s ", operators[cond->cond.op]);
	put_value(f, cond->cond.arg, cond->cond.value);
}

static int compare_values(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void put_set(const struct formatting *f, unsigned arg, const char *word, uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_values);
	put_name(f, arg);
	buf_printf(f->out, " %s {", word);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_puts(f->out, ", ");
		put_value(f, arg, values[i]);
	}
	buf_puts(f->out, "}");
}

/* From conds[i] on: several that are read as one. The number of them that are written, or 0. */
static size_t put_several(const struct formatting *f, const struct region_cond *conds, size_t count)
{
	const struct profile_cond *first = &conds[0].cond;
	uint64_t values[SET_MAX];
	size_t n = 0;

	while (n < count && n < SET_MAX && conds[n].cond.op == OP_NE && conds[n].cond.arg == first->arg) {
		values[n] = conds[n].cond.value;
		n++;
	}
	if (n > 1) {
		put_set(f, first->arg, "not in", values, n);
		return n;
	}
	if (count < 2 || first->op != OP_GE || conds[1].cond.op != OP_LE || conds[1].cond.arg != first->arg)
		return 0;
	put_value(f, first->arg, first->value);
	buf_puts(f->out, " <= ");
	put_name(f, first->arg);
	buf_puts(f->out, " <= ");
	put_value(f, first->arg, conds[1].cond.value);
	return 2;
}

static bool same_cond(const struct region_cond *a, const struct region_cond *b)
{
	return a->cond.arg == b->cond.arg && a->cond.op == b->cond.op && a->cond.value == b->cond.value && a->cond.mask == b->cond.mask &&
		a->negated == b->negated;
}

/* Are two terms the same but for the value in their k-th condition, which is an equality? */
static bool differ_in(const struct region *region, const struct region_term *a, const struct region_term *b, size_t k)
{
	const struct region_cond *x = region_conds(region, a), *y = region_conds(region, b);

	if (a->n_conds != b->n_conds || x[k].cond.op != OP_EQ || y[k].cond.op != OP_EQ || x[k].cond.arg != y[k].cond.arg)
		return false;
	for (size_t i = 0; i < a->n_conds; i++)
		if (i != k && !same_cond(&x[i], &y[i]))
			return false;
	return true;
}

/* Terms, from the i-th on, that make a set with it in condition k; marks them as written when told so. */
static size_t collect_set(const struct region *region, size_t i, size_t k, bool *written, bool take, uint64_t values[SET_MAX])
{
	const struct region_term *terms = region->terms.items;
	size_t n = 0;

	for (size_t j = i; j < region->terms.count && n < SET_MAX; j++) {
		if (written[j] || !differ_in(region, &terms[i], &terms[j], k))
			continue;
		values[n++] = region_conds(region, &terms[j])[k].cond.value;
		written[j] |= take;
	}
	return n;
}

static void put_term(const struct formatting *f, size_t i, bool *written)
{
	const struct region_term *term = &f->region->terms.items[i];
	const struct region_cond *conds = region_conds(f->region, term);
	size_t best = 0, set = 1, n, several;
	uint64_t values[SET_MAX];

	for (size_t k = 0; k < term->n_conds; k++) {
		n = collect_set(f->region, i, k, written, false, values);
		if (n > set) {
			set = n;
			best = k;
		}
	}
	if (set > 1)
		collect_set(f->region, i, best, written, true, values);
	written[i] = true;
	for (size_t k = 0; k < term->n_conds; k += several) {
		if (k)
			buf_puts(f->out, " && ");
		several = 1;
		if (set > 1 && k == best)
			put_set(f, conds[k].cond.arg, "in", values, set);
		else if (!(several = put_several(f, conds + k, term->n_conds - k))) {
			put_cond(f, &conds[k]);
			several = 1;
		}
	}
}

void region_format(const struct region *region, enum callgate_abi abi, int syscall, struct buf *out)
{
	struct formatting f = { region, abi, syscall, out };
	_cleanup_free_ bool *written = calloc(region->terms.count + 1, sizeof(*written));
	bool first = true;

	if (!written) {
		out->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < region->terms.count; i++) {
		if (written[i])
			continue;
		if (!first)
			buf_puts(out, " or ");
		put_term(&f, i, written);
		first = false;
	}
}
