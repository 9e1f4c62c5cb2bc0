/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which word to look at next, where to cut it, and the tree over the pieces. The word in most clauses comes first, low before high.
 * A plain word is cut at the ends of its sets and at the values seen often; a masked word takes the values its literals name.
 */
#include "compile/decide.h"
#include "compile/pieces.h"

static int build(struct decider *d, uint32_t id, const struct sample *samples, size_t count);

/* The word that most clauses look at; then low words, then early arguments. */
static uint8_t choose_word(struct decider *d, uint32_t id)
{
	size_t n = d->residuals.list.items[id].count;
	unsigned uses[12] = { 0 };
	uint8_t best = 0;

	for (size_t i = 0; i < n; i++) {
		const struct residual_clause *c = residual_clause_at(&d->residuals, id, i);
		unsigned words = 0;

		for (size_t j = 0; j < c->count; j++)
			words |= 1u << d->residuals.literals.items[c->first + j].word;
		for (unsigned w = 0; words; w++, words >>= 1)
			uses[w] += words & 1;
		d->residuals.work += c->count;
	}
	for (uint8_t w = 1; w < ARRAY_SIZE(uses); w++)
		if (uses[w] > uses[best] || (uses[w] == uses[best] && w % 2 < best % 2))
			best = w;
	return best;
}

/* The mask under which most literals look at the word; the plain word when equal. */
static struct variable choose(struct decider *d, uint32_t id)
{
	struct {
		uint32_t mask;
		unsigned uses;
	} seen[32];
	size_t n = d->residuals.list.items[id].count, count = 0, best = 0;
	uint8_t word = choose_word(d, id);

	for (size_t i = 0; i < n; i++) {
		const struct residual_clause *c = residual_clause_at(&d->residuals, id, i);

		for (size_t j = 0; j < c->count; j++) {
			const struct literal *l = &d->residuals.literals.items[c->first + j];
			uint32_t mask = l->kind == LIT_MASK ? l->a : WORD_ALL;
			size_t s = 0;

			if (l->word != word)
				continue;
			while (s < count && seen[s].mask != mask)
				s++;
			if (s == ARRAY_SIZE(seen))
				continue; /* as good as any */
			if (s == count) {
				seen[count].mask = mask;
				seen[count++].uses = 0;
			}
			seen[s].uses++;
		}
		d->residuals.work += c->count;
	}
	for (size_t s = 1; s < count; s++)
		if (seen[s].uses > seen[best].uses || (seen[s].uses == seen[best].uses && seen[s].mask > seen[best].mask))
			best = s;
	return (struct variable){ word, seen[best].mask };
}

/* Samples whose word falls into a piece with this residual. */
static size_t select_samples(const struct pieces *p, uint32_t residual, struct variable v, const struct sample *samples, size_t count,
			     struct sample *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (p->list.items[pieces_find(p, sample_word(&samples[i], v))].residual == residual)
			out[n++] = samples[i];
	return n;
}

/* Build what the pieces lead to. */
static int build_pieces(struct decider *d, struct variable v, const struct pieces *p, const struct sample *samples, size_t count)
{
	_cleanup_free_ struct sample *some = calloc(count + 1, sizeof(*some));

	if (!some)
		return -ENOMEM;
	for (size_t i = 0; i < p->list.count; i++) {
		uint32_t id = p->list.items[i].residual;
		size_t n;
		int r;

		if (id < d->nodes.count && d->nodes.items[id] >= 0)
			continue;
		n = count ? select_samples(p, id, v, samples, count, some) : 0;
		d->residuals.work += count;
		r = build(d, id, some, n);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Weights of pieces: what was seen, and a little for everything else. What nothing is known of is taken for a caller who stays
 * within what is allowed rather than for one who does not.
 */
static void weigh(struct decider *d, struct variable v, struct pieces *p, const struct sample *samples, size_t count)
{
	uint64_t total = 0, little;

	for (size_t i = 0; i < count; i++) {
		p->list.items[pieces_find(p, sample_word(&samples[i], v))].weight += samples[i].weight;
		total += samples[i].weight;
	}
	little = (total >> 20) + 16;
	for (size_t i = 0; i < p->list.count; i++) {
		const struct dag_node *n = &d->dag.nodes.items[d->nodes.items[p->list.items[i].residual]];
		bool denies = n->kind == DAG_RET && !permits(n->key);

		p->list.items[i].weight += denies ? little / 16 : little;
	}
}

static int32_t owner_of(const struct decider *d, uint32_t id)
{
	return residual_clause_at(&d->residuals, id, 0)->owner;
}

/* A single bit, or "none of these bits" against the rest: jset, which leaves the word as it is. */
static bool jset_tells(struct variable v, const struct pieces *p)
{
	bool bit = !(v.mask & (v.mask - 1));

	return v.mask != WORD_ALL && p->list.count == 2 && (bit || (p->list.items[0].point && !p->list.items[1].point));
}

static int build_bits(struct decider *d, uint32_t id, struct variable v, const struct pieces *p)
{
	const struct piece *clear = &p->list.items[0], *set = &p->list.items[1];
	struct dag_node test = { .kind = DAG_SET, .word = v.word, .mask = WORD_ALL, .key = v.mask, .owner = owner_of(d, id) };

	test.yes = d->nodes.items[set->residual];
	test.no = d->nodes.items[clear->residual];
	test.weight_yes = set->weight;
	test.weight_no = clear->weight;
	return dag_test(&d->dag, test);
}

static int build_tree(struct decider *d, uint32_t id, struct variable v, const struct pieces *p)
{
	size_t n = p->list.count;
	_cleanup_free_ struct tree_cell *items = calloc(n, sizeof(*items));
	_cleanup_free_ int32_t *owners = calloc(n, sizeof(*owners));
	struct cells cells = { v.word, v.mask, items, owners, n, owner_of(d, id) };

	if (!items || !owners)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct piece *piece = &p->list.items[i];

		items[i] = (struct tree_cell){ piece->lo, (uint32_t)d->nodes.items[piece->residual], piece->weight, piece->point,
					       piece->hot };
		owners[i] = piece->owner;
	}
	return decide_tree(d, &cells);
}

static int build_variable(struct decider *d, uint32_t id, struct variable v, struct pieces *p, const struct sample *samples,
			  size_t count)
{
	int r = pieces_of(&d->residuals, id, v, samples, count, p);

	if (!r)
		r = build_pieces(d, v, p, samples, count);
	if (r < 0)
		return r;
	weigh(d, v, p, samples, count);
	if (jset_tells(v, p))
		return build_bits(d, id, v, p);
	return build_tree(d, id, v, p);
}

static int build(struct decider *d, uint32_t id, const struct sample *samples, size_t count)
{
	const struct residual_clause *first = residual_clause_at(&d->residuals, id, 0);
	struct pieces pieces = { 0 };
	int r;

	while (d->nodes.count <= id)
		if (vec_push(&d->nodes, -1) < 0)
			return -ENOMEM;
	if (d->nodes.items[id] >= 0)
		return d->nodes.items[id];
	if (!first->count) {
		r = dag_ret(&d->dag, first->action, first->owner);
	} else {
		r = build_variable(d, id, choose(d, id), &pieces, samples, count);
		vec_done(&pieces.list);
	}
	if (r >= 0)
		d->nodes.items[id] = r;
	return r;
}

int decide(struct decider *d, uint32_t residual, const struct sample *samples, size_t count)
{
	return build(d, residual, samples, count);
}

/* Whom a == test serves. */
static int32_t eq_owner(const struct cells *cells, uint32_t key)
{
	size_t from = 0, to = cells->count;

	while (cells->owners && to - from > 1) {
		size_t mid = (from + to) / 2;

		if (cells->items[mid].lo <= key)
			from = mid;
		else
			to = mid;
	}
	return cells->owners && cells->owners[from] != DAG_OWNER_NONE ? cells->owners[from] : cells->owner;
}

static int tree_to_dag(struct decider *d, const struct cells *cells, const struct tree *tree, int32_t at)
{
	const struct tree_node *t = &tree->nodes.items[at];
	struct dag_node test = { .word = cells->word, .mask = cells->mask, .key = t->key, .owner = cells->owner,
				 .weight_yes = t->weight_yes, .weight_no = t->weight_no };

	if (t->kind == TREE_LEAF)
		return (int)t->cls;
	test.kind = t->kind == TREE_EQ ? DAG_EQ : DAG_GE;
	test.yes = tree_to_dag(d, cells, tree, t->yes);
	if (test.yes < 0)
		return test.yes;
	test.no = tree_to_dag(d, cells, tree, t->no);
	if (test.no < 0)
		return test.no;
	if (test.kind == DAG_EQ)
		test.owner = eq_owner(cells, t->key);
	return dag_test(&d->dag, test);
}

int decide_tree(struct decider *d, const struct cells *cells)
{
	struct tree tree;
	int r;

	d->limits.work = MIN(TREE_WORK_MAX, d->work_left / 4);
	r = tree_build(cells->items, cells->count, &d->limits, &tree);
	if (r < 0)
		return r;
	d->work_left -= tree.work;
	d->tree_tests = 0;
	for (size_t i = 0; i < tree.nodes.count; i++)
		if (tree.nodes.items[i].kind != TREE_LEAF)
			d->tree_tests += tree.nodes.items[i].weight_yes + tree.nodes.items[i].weight_no;
	d->tree_exact = !tree.fallback;
	r = tree_to_dag(d, cells, &tree, tree.root);
	tree_done(&tree);
	return r;
}

void decider_done(struct decider *d)
{
	residuals_done(&d->residuals);
	dag_done(&d->dag);
	vec_done(&d->nodes);
}
