/* SPDX-License-Identifier: Apache-2.0 */
/* The attack surface that a policy leaves: how many calls of each group, and how many hazards of each class. */
#include "check/check.h"

#include <stdio.h>

#include "check/lint.h"

struct scoring {
	struct diagram *d;
	diagram_ref root;
	enum callgate_abi abi;
	struct callgate_score *score;
};

struct callgate_score *check_score_free(struct callgate_score *score)
{
	if (score) {
		for (size_t i = 0; i < score->rows.count; i++)
			free((char *)score->rows.items[i].name);
		vec_done(&score->rows);
		free(score);
	}
	return NULL;
}

/* Count a part of the meaning: open when something is let through, limited when something else is not. */
static int count(const struct scoring *s, diagram_ref part, struct callgate_score_row *row)
{
	struct callgate_call call = { 0 };
	uint32_t leaf;
	int permits = diagram_find(s->d, part, check_permits, NULL, &call), refuses = diagram_find(s->d, part, check_refuses, &leaf, &call);

	if (permits < 0 || refuses < 0)
		return -ENOMEM;
	row->total++;
	row->open += permits > 0;
	row->limited += permits > 0 && refuses > 0;
	return 0;
}

static diagram_ref part_of(const struct scoring *s, int syscall)
{
	int64_t nr = arch_syscall_nr(s->abi, syscall);

	return nr < 0 ? DIAGRAM_FAILED : diagram_part(s->d, s->root, arch_abi_get(s->abi)->audit_arch, (uint32_t)nr);
}

/* group < 0: all calls. */
static int add_group(const struct scoring *s, int group)
{
	struct callgate_score_row row = { .name = strdup(group < 0 ? "all" : arch_group_name((unsigned)group)) };
	int r = row.name ? 0 : -ENOMEM;

	for (unsigned id = 0; id < arch_syscall_count() && !r; id++) {
		diagram_ref part = part_of(s, (int)id);

		if (part != DIAGRAM_FAILED && (group < 0 || arch_group_has((unsigned)group, (int)id)))
			r = count(s, part, &row);
	}
	if (!r)
		r = vec_push(&s->score->rows, row);
	if (r)
		free((char *)row.name);
	return r;
}

/* The row of a class, made at its first hazard. */
static struct callgate_score_row *hazard_row(const struct scoring *s, const char *class)
{
	struct callgate_score_row row = { 0 };
	char *name;

	if (asprintf(&name, "hazard:%s", class) < 0)
		return NULL;
	for (size_t i = 0; i < s->score->rows.count; i++)
		if (!strcmp(s->score->rows.items[i].name, name)) {
			free(name);
			return &s->score->rows.items[i];
		}
	row.name = name;
	if (vec_push(&s->score->rows, row)) {
		free(name);
		return NULL;
	}
	return &s->score->rows.items[s->score->rows.count - 1];
}

static int add_hazard(const struct scoring *s, const struct check_hazard *hazard)
{
	int id = arch_syscall_id(hazard->name);
	diagram_ref part = part_of(s, id);
	struct callgate_score_row *row;

	if (part != DIAGRAM_FAILED)
		part = check_hazard_part(s->d, part, hazard, s->abi, id);
	if (part == DIAGRAM_FAILED)
		return 0;
	row = hazard_row(s, hazard->class);
	return row ? count(s, part, row) : -ENOMEM;
}

static void free_score(struct callgate_score **score)
{
	check_score_free(*score);
}

int check_score(const struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi,
		struct callgate_score **ret_score, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	_cleanup_(free_score) struct callgate_score *score = calloc(1, sizeof(*score));
	struct scoring s = { .d = d, .abi = abi, .score = score };
	int r = 0;

	if (!d || !score)
		return diag_oom(diags);
	s.root = diagram_leaf(d, CALLGATE_ALLOW);
	if (policy)
		r = diagram_from_policy(d, policy, target, &s.root, diags);
	if (r)
		return r;
	for (int group = -1; group < (int)arch_group_count() && !r; group++)
		r = add_group(&s, group);
	for (unsigned i = 0; i < check_hazards_count && !r; i++)
		r = add_hazard(&s, &check_hazards[i]);
	if (r)
		return diag_oom(diags);
	r = diagram_answer(d, s.root, &s.root, diags);
	if (!r)
		*ret_score = take_ptr(score);
	return r;
}
