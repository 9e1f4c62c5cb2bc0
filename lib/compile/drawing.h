/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter as a graph of its tests, on the way to a picture. Instructions that do not branch belong to the test or return that follows.
 * drawing.c makes it; drawing-text.c, drawing-dot.c and drawing-svg.c each write one form of it.
 */
#ifndef CALLGATE_COMPILE_DRAWING_H
#define CALLGATE_COMPILE_DRAWING_H

#include "compile/comment.h"

enum { BRANCH_YES, BRANCH_NO, BRANCH_COUNT };

/* A test or a return, at the instruction that branches or returns. */
struct drawing_node {
	bool test, seen;
	uint32_t to[BRANCH_COUNT];
	uint64_t weight[BRANCH_COUNT]; /* representative calls that go this way */
};

/* One thing to draw. Returns are visited, and drawn, once for every branch that leads to them; a test is drawn at its first visit. */
struct drawing_visit {
	uint32_t node;
	uint32_t from;  /* the test that leads here; at depth 0 nothing does */
	uint32_t depth;
	uint8_t branch; /* of `from` */
	bool again;     /* a test that stands elsewhere already */
};

struct drawing {
	struct comments comments;
	struct drawing_node *nodes; /* one an instruction */
	VEC(struct drawing_visit) visits; /* from the root, yes before no */
	uint64_t calls;             /* representative calls; 0: no weights */
};

struct drawing_action {
	uint32_t action;
	const char *name, *fill, *ink; /* CSS class; colours on white */
	const char *dark_fill, *dark_ink;
};
/* How the action of a return looks; another record for what is none. */
const struct drawing_action *compile_drawing_action(const struct callgate_insn *ret);
const struct drawing_action *compile_drawing_action_at(unsigned i); /* NULL at the end */

/* Weight of the branch that leads to a visit. */
uint64_t compile_drawing_weight(const struct drawing *d, const struct drawing_visit *visit);
/* Tenths of a per cent of all calls; above 0 when the weight is. */
unsigned compile_drawing_share(const struct drawing *d, uint64_t weight);
/* "97.3%". */
const char *compile_drawing_percent(const struct drawing *d, uint64_t weight, char *text, size_t size);
/* "nr == read", "ALLOW"; a return of A has no action. */
void compile_drawing_label(const struct drawing *d, uint32_t node, struct buf *out);
/* Everything about it, in lines: instruction, test, rule. Safe for a terminal, but for the line ends. */
void compile_drawing_details(const struct drawing *d, uint32_t node, struct buf *out);

int compile_drawing_text(const struct drawing *d, struct buf *out);
int compile_drawing_dot(const struct drawing *d, struct buf *out);
int compile_drawing_svg(const struct drawing *d, struct buf *out);

#endif
