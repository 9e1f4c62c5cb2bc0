/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left to decide of an ordered list of clauses. A residual is a list of (literals → action), first match wins, the last
 * without literals; a literal says something about one 32-bit word of seccomp_data. Equal residuals have one id, whatever system
 * call, ABI or path of tests they came from, so that what follows is built once.
 *
 * 64-bit comparisons stay whole until their high word is known, then turn into true, false or a literal on the low word. So
 * they are exact, and no clause is ever expanded into several.
 */
#ifndef CALLGATE_COMPILE_RESIDUAL_H
#define CALLGATE_COMPILE_RESIDUAL_H

#include "compile/dag.h"
#include "model/profile.h"

enum literal_kind {
	LIT_SET,  /* word in the set of intervals with id a */
	LIT_MASK, /* word & a == b, b within a */
	LIT_WIDE, /* (high:low) op (a:b); word is the high one, op is OP_NE, OP_LE or OP_GE */
};

struct literal {
	uint8_t word, kind, op, unused;
	uint32_t a, b;
};

/* Hash-consed sequences of u32. */
struct seq {
	uint32_t first, count;
};
struct seq_pool {
	VEC(uint32_t) words;
	VEC(struct seq) seqs;
	uint32_t *index;
	size_t index_size;
};

struct residual_clause {
	uint32_t action;
	int32_t owner; /* index of the profile's clause, or DAG_OWNER_NONE */
	uint32_t first, count; /* in literals */
};

struct residual {
	uint32_t first, count; /* clauses */
};

/* Everything grows only; ids and indices stay valid, pointers do not. */
struct residuals {
	struct seq_pool sets; /* lo, hi, lo, hi … sorted, disjoint, not adjacent */
	struct seq_pool keys; /* a residual as a sequence; the id is its position */
	VEC(struct residual) list;
	VEC(struct residual_clause) clauses;
	VEC(struct literal) literals;
	struct residual_clause *draft; /* scratch: the residual being made */
	size_t draft_count, draft_room;
	struct literal *draft_literals;
	size_t draft_literal_count, draft_literal_room;
	VEC(uint32_t) scratch;
	int32_t owner; /* of the first clause of the residual made last: before it is shared with others that are equal */
	uint64_t work;
};
/* Literals looked at before a compilation is given up; about half a second. */
#define RESIDUAL_WORK_MAX 50000000u
#define RESIDUAL_COUNT_MAX 200000u
#define RESIDUAL_WORDS_MAX (8u << 20)

/* What a test has told about a word. */
struct known {
	uint8_t word;
	uint32_t lo, hi;       /* the word lies between */
	uint32_t mask, value;  /* these bits of it are known */
	uint32_t not_mask;     /* word & not_mask is none of not_values */
	const uint32_t *not_values;
	size_t not_count;
};

void residuals_done(struct residuals *rs);
/* The decision for one number: those of the clauses [first, end) whose guards hold, then `fallback`. -E2BIG when too complex. */
int residual_of(struct residuals *rs, const struct callgate_profile *profile, const struct callgate_target *target,
		enum callgate_abi abi, size_t first, size_t end, uint32_t fallback, uint32_t *ret_id);
/* What is left once a test has told something. */
int residual_after(struct residuals *rs, uint32_t id, const struct known *known, uint32_t *ret_id);

static inline const uint32_t *residual_set(const struct residuals *rs, uint32_t set, size_t *ret_count)
{
	*ret_count = rs->sets.seqs.items[set].count;
	return rs->sets.words.items + rs->sets.seqs.items[set].first;
}

static inline const struct residual_clause *residual_clause_at(const struct residuals *rs, uint32_t id, size_t i)
{
	return &rs->clauses.items[rs->list.items[id].first + i];
}

int seq_intern(struct seq_pool *pool, const uint32_t *words, size_t count, uint32_t *ret_id); /* 1: new, 0: known, -errno */
void seq_done(struct seq_pool *pool);

/* literal.c: three answers, or a literal in its stead. */
enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_OPEN };
int literal_after(struct residuals *rs, const struct known *known, struct literal *literal); /* enum truth or -errno */
/* Literals of one condition are appended to the draft; enum truth (TRUE: none needed) or -errno. */
int literals_of(struct residuals *rs, const struct profile_cond *cond, unsigned width);
/* Sort, intersect and simplify the literals of the clause being drafted. enum truth or -errno. */
int literals_normalise(struct residuals *rs, size_t first);
int literal_push(struct residuals *rs, struct literal literal);

#endif
