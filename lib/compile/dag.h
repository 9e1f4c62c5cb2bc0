/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests and answers of a filter, before they have places: a DAG whose nodes are shared whenever they are equal. Children are
 * made before parents, so indices rise from the leaves to the root.
 */
#ifndef CALLGATE_COMPILE_DAG_H
#define CALLGATE_COMPILE_DAG_H

#include "base/util.h"

/* Words of seccomp_data: 2 * argument for its low half, + 1 for its high half; the instruction pointer is never looked at. */
enum { WORD_NR = 12, WORD_ARCH = 13, WORD_NONE = 255 };
#define WORD_OF(arg, high) ((uint8_t)(2 * (arg) + (high)))
#define WORD_ALL UINT32_MAX /* mask: the whole word */

enum dag_kind { DAG_RET, DAG_EQ, DAG_GE, DAG_SET };

/* Who an instruction works for: a clause's index, the dispatch, or more than one clause. */
#define DAG_OWNER_NONE (-1)

struct dag_node {
	uint8_t kind;
	uint8_t word;
	uint32_t mask; /* what the word is masked with before the test; DAG_SET tests the plain word against key */
	uint32_t key;  /* of the test; the action of DAG_RET */
	int32_t yes, no;
	int32_t owner;
	uint64_t weight_yes, weight_no;
};

#define DAG_NODES_MAX (1u << 17)

struct dag {
	VEC(struct dag_node) nodes;
	uint32_t *index; /* hash → 1 + node */
	size_t index_size;
};

/* Index of the node, an old one when there is an equal one. -ENOMEM, -E2BIG. A test with equal children is its child. */
int dag_ret(struct dag *dag, uint32_t action, int32_t owner);
int dag_test(struct dag *dag, struct dag_node test);
void dag_done(struct dag *dag);

#endif
