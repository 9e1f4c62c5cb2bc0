/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about parts of a finished root. Nothing here makes nodes. */
#include "model/diagram-impl.h"

#define WORDS (DIAGRAM_VARS / 64)

diagram_ref diagram_part(const struct diagram *d, diagram_ref root, uint32_t arch, uint32_t nr)
{
	uint64_t word = (uint64_t)arch << 32 | nr;

	while (root < d->count && d->nodes[root].var < DIAGRAM_VAR_ARG(0)) {
		const struct diagram_node *n = &d->nodes[root];

		root = word >> (63 - n->var) & 1 ? n->hi : n->lo;
	}
	return root;
}

struct search {
	const struct diagram *d;
	bool (*wanted)(uint32_t leaf, void *user);
	void *user;
	bool *seen;
	uint64_t words[WORDS]; /* the way that led here, as in diagram_eval */
};

static bool search(struct search *s, diagram_ref ref)
{
	const struct diagram_node *n = &s->d->nodes[ref];
	uint64_t bit = UINT64_C(1) << (63 - n->var % 64), *word = &s->words[n->var / 64];

	if (n->var == DIAGRAM_VARS)
		return s->wanted(n->lo, s->user);
	if (s->seen[ref])
		return false;
	s->seen[ref] = true;
	*word &= ~bit;
	if (search(s, n->lo))
		return true;
	*word |= bit;
	if (search(s, n->hi))
		return true;
	*word &= ~bit;
	return false;
}

int diagram_find(const struct diagram *d, diagram_ref root, bool (*wanted)(uint32_t leaf, void *user), void *user,
		 struct callgate_call *call)
{
	struct search s = { .d = d, .wanted = wanted, .user = user };
	_cleanup_free_ bool *seen = NULL;

	if (root >= d->count)
		return 0;
	s.seen = seen = calloc((size_t)root + 1, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	s.words[0] = (uint64_t)call->arch << 32 | call->nr;
	memcpy(&s.words[1], call->args, sizeof(call->args));
	s.words[WORDS - 1] = call->ip;
	if (!search(&s, root))
		return 0;
	*call = (struct callgate_call){ .arch = (uint32_t)(s.words[0] >> 32), .nr = (uint32_t)s.words[0], .ip = s.words[WORDS - 1] };
	memcpy(call->args, &s.words[1], sizeof(call->args));
	return 1;
}

int diagram_depends(const struct diagram *d, diagram_ref root, unsigned first, unsigned end)
{
	bool used[DIAGRAM_VARS] = { 0 };

	if (root < d->count && diagram_support(d, root, used))
		return -ENOMEM;
	while (first < end && !used[first])
		first++;
	return first < end;
}
