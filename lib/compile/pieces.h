/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces that one word of a residual is cut into, each with what is left to decide there. */
#ifndef CALLGATE_COMPILE_PIECES_H
#define CALLGATE_COMPILE_PIECES_H

#include "compile/residual.h"

/* What is tested next: a word, under a mask. */
struct variable {
	uint8_t word;
	uint32_t mask;
};

/* Pieces stand in order of lo; values that cannot occur under the mask may be left out. */
struct piece {
	uint32_t lo, residual;
	int32_t owner; /* the clause that decides here, as far as there is one */
	bool point, hot;
	uint64_t weight;
};

struct pieces {
	VEC(struct piece) list;
};

/* A call that was seen, and how much it weighs. */
struct sample {
	uint64_t args[6];
	uint64_t weight;
};

static inline uint32_t sample_word(const struct sample *s, struct variable v)
{
	return (uint32_t)(s->args[v.word / 2] >> (v.word % 2 ? 32 : 0)) & v.mask;
}

/* Weights are left 0. */
int pieces_of(struct residuals *rs, uint32_t id, struct variable v, const struct sample *samples, size_t count, struct pieces *out);
/* The piece that a value of the masked word falls into. */
size_t pieces_find(const struct pieces *p, uint32_t value);

#endif
