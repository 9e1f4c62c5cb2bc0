/* SPDX-License-Identifier: Apache-2.0 */
/* Residual decisions and their hash-consing: see residual.h. */
#include "compile/residual.h"

#define SUBSUME_MAX 64 /* a clause is compared with that many earlier ones */

static uint64_t hash_words(const uint32_t *words, size_t count)
{
	uint64_t h = count;

	for (size_t i = 0; i < count; i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h ^ h >> 32;
}

static uint32_t *seq_find(struct seq_pool *pool, const uint32_t *words, size_t count)
{
	size_t at = hash_words(words, count) & (pool->index_size - 1);

	for (; pool->index[at]; at = (at + 1) & (pool->index_size - 1)) {
		const struct seq *s = &pool->seqs.items[pool->index[at] - 1];

		if (s->count == count && !memcmp(pool->words.items + s->first, words, count * sizeof(*words)))
			break;
	}
	return &pool->index[at];
}

static int seq_grow(struct seq_pool *pool)
{
	size_t size = pool->index_size ? 2 * pool->index_size : 64;
	uint32_t *fresh;

	if (2 * (pool->seqs.count + 1) <= pool->index_size)
		return 0;
	fresh = calloc(size, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	free(pool->index);
	pool->index = fresh;
	pool->index_size = size;
	for (size_t i = 0; i < pool->seqs.count; i++) {
		const struct seq *s = &pool->seqs.items[i];

		*seq_find(pool, pool->words.items + s->first, s->count) = (uint32_t)i + 1;
	}
	return 0;
}

int seq_intern(struct seq_pool *pool, const uint32_t *words, size_t count, uint32_t *ret_id)
{
	struct seq seq = { (uint32_t)pool->words.count, (uint32_t)count };
	uint32_t *slot;
	int r = seq_grow(pool);

	if (r < 0)
		return r;
	slot = seq_find(pool, words, count);
	if (*slot) {
		*ret_id = *slot - 1;
		return 0;
	}
	r = vec_reserve((void **)&pool->words.items, &pool->words.room, pool->words.count + count, sizeof(*words));
	if (!r)
		r = vec_push(&pool->seqs, seq);
	if (r < 0)
		return r;
	memcpy(pool->words.items + pool->words.count, words, count * sizeof(*words));
	pool->words.count += count;
	*slot = (uint32_t)pool->seqs.count;
	*ret_id = *slot - 1;
	return 1;
}

void seq_done(struct seq_pool *pool)
{
	vec_done(&pool->words);
	vec_done(&pool->seqs);
	free(pool->index);
	pool->index = NULL;
	pool->index_size = 0;
}

void residuals_done(struct residuals *rs)
{
	seq_done(&rs->sets);
	seq_done(&rs->keys);
	vec_done(&rs->list);
	vec_done(&rs->clauses);
	vec_done(&rs->literals);
	vec_done(&rs->scratch);
	free(rs->draft);
	free(rs->draft_literals);
}

static bool same_literal(const struct literal *a, const struct literal *b)
{
	return a->word == b->word && a->kind == b->kind && a->op == b->op && a->a == b->a && a->b == b->b;
}

/* Does everything `a` asks for stand in `b` too? Then where b holds a holds. Both are sorted. */
static bool within(struct residuals *rs, const struct residual_clause *a, const struct residual_clause *b)
{
	size_t j = 0;

	if (a->count > b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		while (j < b->count && !same_literal(&rs->draft_literals[a->first + i], &rs->draft_literals[b->first + j]))
			j++;
		rs->work++;
		if (j++ == b->count)
			return false;
	}
	return true;
}

static bool decided(const struct residuals *rs)
{
	return rs->draft_count && !rs->draft[rs->draft_count - 1].count;
}

/* The literals from `first` on are a clause; `truth` says whether they can hold. */
static int draft_clause(struct residuals *rs, int truth, uint32_t action, int32_t owner, size_t first)
{
	struct residual_clause clause = { action, owner, (uint32_t)first, (uint32_t)(rs->draft_literal_count - first) };
	size_t from = rs->draft_count > SUBSUME_MAX ? rs->draft_count - SUBSUME_MAX : 0;
	bool useless = truth == TRUTH_FALSE;
	int r;

	for (size_t i = from; i < rs->draft_count && !useless; i++)
		useless = within(rs, &rs->draft[i], &clause);
	if (useless) {
		rs->draft_literal_count = first;
		return 0;
	}
	r = vec_reserve((void **)&rs->draft, &rs->draft_room, rs->draft_count + 1, sizeof(clause));
	if (r < 0)
		return r;
	rs->draft[rs->draft_count++] = clause;
	return 0;
}

/* Clauses just before the last that answer the same are no decision. The last one's owner is then shared. */
static void drop_needless(struct residuals *rs)
{
	struct residual_clause *last = &rs->draft[rs->draft_count - 1];

	while (last > rs->draft && last[-1].action == last->action) {
		last[-1].owner = last[-1].owner == last->owner ? last->owner : DAG_OWNER_NONE;
		last[-1].count = 0;
		last--;
	}
	rs->draft_count = (size_t)(last - rs->draft) + 1;
}

static int draft_key(struct residuals *rs)
{
	int r = 0;

	rs->scratch.count = 0;
	for (size_t i = 0; i < rs->draft_count; i++) {
		const struct residual_clause *c = &rs->draft[i];

		r = vec_reserve((void **)&rs->scratch.items, &rs->scratch.room, rs->scratch.count + 2 + 3 * c->count, sizeof(uint32_t));
		if (r < 0)
			return r;
		rs->scratch.items[rs->scratch.count++] = c->action;
		rs->scratch.items[rs->scratch.count++] = c->count;
		for (size_t j = 0; j < c->count; j++) {
			const struct literal *l = &rs->draft_literals[c->first + j];

			rs->scratch.items[rs->scratch.count++] = l->word | (uint32_t)l->kind << 8 | (uint32_t)l->op << 16;
			rs->scratch.items[rs->scratch.count++] = l->a;
			rs->scratch.items[rs->scratch.count++] = l->b;
		}
	}
	return 0;
}

static int keep_draft(struct residuals *rs)
{
	struct residual residual = { (uint32_t)rs->clauses.count, (uint32_t)rs->draft_count };
	int r = 0;

	for (size_t i = 0; i < rs->draft_count && !r; i++) {
		struct residual_clause clause = rs->draft[i];

		clause.first = (uint32_t)rs->literals.count;
		for (size_t j = 0; j < clause.count && !r; j++)
			r = vec_push(&rs->literals, rs->draft_literals[rs->draft[i].first + j]);
		if (!r)
			r = vec_push(&rs->clauses, clause);
	}
	return r ? r : vec_push(&rs->list, residual);
}

/* Reached another way as well: an instruction then serves whichever clauses are equal. */
static void share_owners(struct residuals *rs, uint32_t id)
{
	struct residual_clause *c = rs->clauses.items + rs->list.items[id].first;

	for (size_t i = 0; i < rs->draft_count; i++)
		if (c[i].owner != rs->draft[i].owner)
			c[i].owner = DAG_OWNER_NONE;
}

static int draft_finish(struct residuals *rs, uint32_t *ret_id)
{
	int r;

	drop_needless(rs);
	rs->owner = rs->draft[0].owner;
	r = draft_key(rs);
	if (!r)
		r = seq_intern(&rs->keys, rs->scratch.items, rs->scratch.count, ret_id);
	if (r < 0)
		return r;
	if (!r) {
		share_owners(rs, *ret_id);
		return 0;
	}
	if (rs->list.count >= RESIDUAL_COUNT_MAX || rs->work > RESIDUAL_WORK_MAX ||
	    rs->keys.words.count + rs->sets.words.count > RESIDUAL_WORDS_MAX)
		return -E2BIG;
	return keep_draft(rs);
}

static void draft_begin(struct residuals *rs)
{
	rs->draft_count = rs->draft_literal_count = 0;
}

int residual_of(struct residuals *rs, const struct callgate_profile *profile, const struct callgate_target *target,
		enum callgate_abi abi, size_t first, size_t end, uint32_t fallback, uint32_t *ret_id)
{
	int r = 0;

	draft_begin(rs);
	for (size_t i = first; i < end && !decided(rs); i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		size_t start = rs->draft_literal_count;
		int truth = TRUTH_TRUE;

		if (!profile_guard_holds(profile, clause, target))
			continue;
		for (size_t j = 0; j < clause->n_conds && truth > TRUTH_FALSE; j++) {
			struct profile_cond cond = profile->conds.items[clause->cond + j];
			unsigned width = profile_width(profile, target, abi, clause->syscall, cond.arg);

			cond = profile_cond_at_width(cond, width);
			truth = literals_of(rs, &cond, width);
			rs->work++;
		}
		if (truth > TRUTH_FALSE)
			truth = literals_normalise(rs, start);
		r = truth < 0 ? truth : draft_clause(rs, truth, clause->action, (int32_t)i, start);
		if (r < 0)
			return r;
	}
	if (!decided(rs))
		r = draft_clause(rs, TRUTH_TRUE, fallback, DAG_OWNER_NONE, rs->draft_literal_count);
	return r < 0 ? r : draft_finish(rs, ret_id);
}

int residual_after(struct residuals *rs, uint32_t id, const struct known *known, uint32_t *ret_id)
{
	struct residual from = rs->list.items[id];

	if (rs->work > RESIDUAL_WORK_MAX)
		return -E2BIG;
	draft_begin(rs);
	for (size_t i = 0; i < from.count && !decided(rs); i++) {
		struct residual_clause clause = rs->clauses.items[from.first + i];
		size_t start = rs->draft_literal_count;
		int truth = TRUTH_TRUE, r;

		for (size_t j = 0; j < clause.count && truth > TRUTH_FALSE; j++) {
			struct literal literal = rs->literals.items[clause.first + j];

			truth = literal_after(rs, known, &literal);
		}
		if (truth > TRUTH_FALSE)
			truth = literals_normalise(rs, start);
		r = truth < 0 ? truth : draft_clause(rs, truth, clause.action, clause.owner, start);
		if (r < 0)
			return r;
	}
	return draft_finish(rs, ret_id);
}
