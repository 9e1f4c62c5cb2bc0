/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting a word. A plain word is cut at the ends of its sets and at values seen often; a masked word takes the values that its
 * literals name, and one other.
 */
#include "compile/pieces.h"

#define HOT_MAX 40 /* values of one word that get a piece of their own for being seen often */

static int by_u32(const void *p, const void *q)
{
	uint32_t a = *(const uint32_t *)p, b = *(const uint32_t *)q;

	return a < b ? -1 : a > b;
}

typedef VEC(uint32_t) u32_list;

static void sort_unique(u32_list *v)
{
	size_t n = 0;

	if (v->count)
		qsort(v->items, v->count, sizeof(*v->items), by_u32);
	for (size_t i = 0; i < v->count; i++)
		if (!n || v->items[n - 1] != v->items[i])
			v->items[n++] = v->items[i];
	v->count = n;
}

static int cut_literal(struct residuals *rs, const struct literal *l, u32_list *cuts)
{
	const uint32_t *bounds = &l->a, one[2] = { l->a, l->a };
	size_t count = 2;
	int r = 0;

	if (l->kind == LIT_MASK)
		return 0;
	bounds = l->kind == LIT_SET ? residual_set(rs, l->a, &count) : one;
	for (size_t i = 0; i < count && !r; i += 2) {
		r = vec_push(cuts, bounds[i]);
		if (!r && bounds[i + 1] != UINT32_MAX)
			r = vec_push(cuts, bounds[i + 1] + 1);
	}
	rs->work += count;
	return r;
}

/* Plain: where pieces begin. Masked: the values that literals name. */
static int collect_cuts(struct residuals *rs, uint32_t id, struct variable v, u32_list *cuts)
{
	size_t n = rs->list.items[id].count;
	int r = v.mask == WORD_ALL ? vec_push(cuts, 0) : 0;

	for (size_t i = 0; i < n && !r; i++) {
		const struct residual_clause *c = residual_clause_at(rs, id, i);

		for (size_t j = 0; j < c->count && !r; j++) {
			const struct literal *l = &rs->literals.items[c->first + j];

			if (l->word != v.word)
				continue;
			if (v.mask == WORD_ALL)
				r = cut_literal(rs, l, cuts);
			else if (l->kind == LIT_MASK && l->a == v.mask)
				r = vec_push(cuts, l->b);
		}
	}
	sort_unique(cuts);
	return r;
}

/* Bits that all values from lo to hi have in common. */
static uint32_t common_bits(uint32_t lo, uint32_t hi)
{
	uint32_t differ = lo ^ hi;

	return differ ? ~(UINT32_MAX >> __builtin_clz(differ)) : UINT32_MAX;
}

static int plain_pieces(struct residuals *rs, uint32_t id, struct variable v, const u32_list *cuts, struct pieces *out)
{
	for (size_t i = 0; i < cuts->count; i++) {
		struct known known = { .word = v.word, .lo = cuts->items[i] };
		struct piece piece = { .lo = known.lo };
		int r;

		known.hi = i + 1 < cuts->count ? cuts->items[i + 1] - 1 : UINT32_MAX;
		known.mask = common_bits(known.lo, known.hi);
		known.value = known.lo & known.mask;
		piece.point = known.lo == known.hi;
		r = residual_after(rs, id, &known, &piece.residual);
		piece.owner = rs->owner;
		if (!r)
			r = vec_push(&out->list, piece);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The next larger value that only has bits of the mask; 0 when there is none. */
static uint32_t next_under(uint32_t mask, uint32_t value)
{
	return ((value | ~mask) + 1) & mask;
}

/* Named values are points; what lies between is one and the same other piece, left out where no value can lie. */
static int masked_pieces(struct residuals *rs, uint32_t id, struct variable v, const u32_list *values, struct pieces *out)
{
	struct known known = { .word = v.word, .hi = UINT32_MAX, .not_mask = v.mask, .not_values = values->items,
			       .not_count = values->count };
	struct piece other = { 0 };
	uint32_t next = 0;
	bool wrapped = false;
	int r = residual_after(rs, id, &known, &other.residual);

	other.owner = rs->owner;
	for (size_t i = 0; i < values->count && !r; i++) {
		uint32_t value = values->items[i];
		struct piece piece = { .lo = value, .point = true };

		known = (struct known){ .word = v.word, .lo = value, .hi = value | ~v.mask, .mask = v.mask, .value = value };
		other.lo = next;
		if (next < value)
			r = vec_push(&out->list, other);
		if (!r)
			r = residual_after(rs, id, &known, &piece.residual);
		piece.owner = rs->owner;
		if (!r)
			r = vec_push(&out->list, piece);
		next = next_under(v.mask, value);
		wrapped = next <= value;
	}
	other.lo = next;
	return r || wrapped ? r : vec_push(&out->list, other);
}

size_t pieces_find(const struct pieces *p, uint32_t value)
{
	size_t from = 0, to = p->list.count;

	while (to - from > 1) {
		size_t mid = (from + to) / 2;

		if (p->list.items[mid].lo <= value)
			from = mid;
		else
			to = mid;
	}
	return from;
}

struct hot {
	uint32_t value;
	uint64_t weight;
};

static int hot_by_value(const void *p, const void *q)
{
	const struct hot *a = p, *b = q;

	return a->value < b->value ? -1 : a->value > b->value;
}

static int hot_by_weight(const void *p, const void *q)
{
	const struct hot *a = p, *b = q;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return hot_by_value(p, q);
}

/* The heaviest values among the samples, in order of value. */
static int hot_values(struct variable v, const struct sample *samples, size_t count, struct hot **ret_hot, size_t *ret_count)
{
	struct hot *hot = calloc(count + 1, sizeof(*hot));
	size_t n = 0;

	if (!hot)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		hot[i] = (struct hot){ sample_word(&samples[i], v), samples[i].weight };
	qsort(hot, count, sizeof(*hot), hot_by_value);
	for (size_t i = 0; i < count; i++) {
		if (n && hot[n - 1].value == hot[i].value)
			hot[n - 1].weight += hot[i].weight;
		else
			hot[n++] = hot[i];
	}
	qsort(hot, n, sizeof(*hot), hot_by_weight);
	n = MIN(n, HOT_MAX);
	qsort(hot, n, sizeof(*hot), hot_by_value);
	*ret_hot = hot;
	*ret_count = n;
	return 0;
}

/* Cut plain pieces once more, at hot values inside them. */
static int split_hot(struct variable v, const struct sample *samples, size_t count, struct pieces *pieces)
{
	_cleanup_free_ struct hot *hot = NULL;
	struct pieces out = { 0 };
	size_t n, h = 0;
	int r = hot_values(v, samples, count, &hot, &n);

	for (size_t i = 0; i < pieces->list.count && !r; i++) {
		struct piece rest = pieces->list.items[i];
		uint32_t last = i + 1 < pieces->list.count ? pieces->list.items[i + 1].lo - 1 : UINT32_MAX;

		for (; h < n && hot[h].value <= last && !r && !rest.point; h++) {
			struct piece point = rest;

			if (rest.lo < hot[h].value)
				r = vec_push(&out.list, rest);
			point.lo = hot[h].value;
			point.point = point.hot = true;
			if (!r && hot[h].value == last) {
				rest = point;
			} else if (!r) {
				r = vec_push(&out.list, point);
				rest.lo = hot[h].value + 1;
				rest.point = rest.lo == last;
			}
		}
		for (; h < n && hot[h].value <= last; h++)
			rest.hot |= rest.point;
		if (!r)
			r = vec_push(&out.list, rest);
	}
	vec_done(&pieces->list);
	*pieces = out;
	return r;
}

int pieces_of(struct residuals *rs, uint32_t id, struct variable v, const struct sample *samples, size_t count, struct pieces *out)
{
	bool plain = v.mask == WORD_ALL;
	u32_list cuts = { 0 };
	int r = collect_cuts(rs, id, v, &cuts);

	if (!r)
		r = plain ? plain_pieces(rs, id, v, &cuts, out) : masked_pieces(rs, id, v, &cuts, out);
	if (!r && plain && count)
		r = split_hot(v, samples, count, out);
	vec_done(&cuts);
	return r;
}
