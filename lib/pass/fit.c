/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile made fit for a format that cannot say everything. What it cannot say is a loss: an error that names the rule, or, when losses
 * were asked for, a change in one direction and a warning. Stricter: nothing gets further than before. Looser: nothing is held back that
 * was not before. "Further" counts in steps of refused, left to another process, let through: which errno it is, or which kind of kill,
 * is lost with a warning, but belongs to neither direction.
 *
 *                               stricter                               looser
 *   conditions of a rule that   permits: the rule goes                 the conditions go
 *                               refuses: the conditions go             the rule goes
 *                               asks: it refuses, without conditions   it permits, without conditions
 *   an action that              refuses: another refusal               the same
 *                               asks, logs: a refusal                  ALLOW
 *
 * Rules are decided in order, so a rule that goes leaves its calls to later ones, which is why the table holds whatever these say.
 */
#include "pass/fit.h"

#include <stdio.h>

#include "model/call.h"

struct fit {
	const struct profile_abilities *can;
	enum callgate_lossy lossy;
	enum callgate_abi abi; /* for the texts of conditions */
	struct callgate_profile *profile;
	uint32_t refusal;      /* what stands for refusals that it cannot say */
	unsigned losses, errors;
	struct callgate_diags *diags;
};

static bool stricter(const struct fit *f) { return f->lossy == CALLGATE_LOSSY_STRICTER; }

/* ---- What is said ---- */

static void put_rule(const struct fit *f, const struct profile_clause *clause, struct buf *text)
{
	char action[64];

	if (!clause)
		return;
	buf_printf(text, "%s", arch_syscall_name(clause->syscall));
	if (clause->n_conds)
		buf_puts(text, " if ");
	profile_format_conds(f->profile, clause, f->abi, text);
	buf_printf(text, ": %s: ", action_format(clause->action, action, sizeof(action)));
}

/* became: what it is turned into; NULL: there is nothing in the direction asked for. Does the conversion go on? */
__attribute__((format(printf, 4, 5))) static bool lose(struct fit *f, const struct profile_clause *clause, const char *became,
						       const char *format, ...)
{
	const char *file = clause ? profile_clause_file(f->profile, clause) : f->profile->file ? strpool_get(&f->profile->strings, f->profile->file) : NULL;
	struct diag_where where = { .file = file, .line = clause && file ? clause->line : 0, .column = clause && file ? clause->column : 0 };
	_cleanup_(buf_done) struct buf rule = { 0 };
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	put_rule(f, clause, &rule);
	f->losses++;
	if (f->lossy != CALLGATE_LOSSY_NO && became) {
		diag_warning(f->diags, f->can->cannot, where, "%s%s cannot say %s: %s", rule.text ? rule.text : "", f->can->format, what, became);
		return true;
	}
	f->errors++;
	diag_error(f->diags, -ENOTSUP, f->can->cannot, where, "%s%s cannot say %s%s", rule.text ? rule.text : "", f->can->format, what,
		   f->lossy == CALLGATE_LOSSY_NO ? "" : stricter(f) ? ", nor anything stricter" : ", nor anything looser");
	return false;
}

/* ---- Actions ---- */

static bool data_fits(const struct fit *f, uint32_t action)
{
	uint32_t data = action & ACTION_DATA;

	if ((action & ACTION_MASK) == CALLGATE_TRACE(0))
		return data >= f->can->errno_min && data <= f->can->trace_max;
	return (action & ACTION_MASK) != CALLGATE_ERRNO(0) || data >= f->can->errno_min;
}

static bool refuses(uint32_t action) { return profile_action_rank(action) == ABILITY_REFUSED; }

static bool rule_says(const struct fit *f, uint32_t action)
{
	unsigned bits = refuses(f->profile->default_action) ? f->can->in_allow_list : f->can->in_deny_list;

	return profile_action_bit(action) & bits && data_fits(f, action);
}

static bool default_says(const struct fit *f, uint32_t action)
{
	if ((action & ACTION_MASK) == CALLGATE_ERRNO(0) && f->can->default_errno && (action & ACTION_DATA) != f->can->default_errno)
		return false;
	return profile_action_bit(action) & f->can->defaults && data_fits(f, action);
}

static void fit_default(struct fit *f)
{
	static const uint32_t refusals[] = { CALLGATE_ERRNO(EPERM), CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD };
	uint32_t action = f->profile->default_action, instead = CALLGATE_ALLOW;
	char text[64], became[96], name[64];

	for (size_t i = 0; i < ARRAY_SIZE(refusals) && (refuses(action) || stricter(f)) && instead == CALLGATE_ALLOW; i++)
		instead = default_says(f, refusals[i]) ? refusals[i] : CALLGATE_ALLOW;
	if (!default_says(f, action)) {
		snprintf(became, sizeof(became), "it is %s", action_format(instead, name, sizeof(name)));
		lose(f, NULL, became, "the default action %s", action_format(action, text, sizeof(text)));
		f->profile->default_action = instead;
	}
	f->refusal = f->profile->default_action;
	for (size_t i = 0; i < ARRAY_SIZE(refusals) && !refuses(f->refusal); i++)
		f->refusal = rule_says(f, refusals[i]) ? refusals[i] : f->refusal;
}

/* An answer to numbers newer than the table gives way to the default; to other ABIs, to the one that the format always gives. */
static void fit_whole(struct fit *f)
{
	struct callgate_profile *p = f->profile;
	char text[64], became[96];

	if (p->literal && !f->can->literal)
		lose(f, NULL, NULL, "that arguments are compared as libseccomp compares them");
	if (p->unknown_errno >= 0 && !f->can->unknown) {
		bool possible = refuses(p->default_action) || f->lossy == CALLGATE_LOSSY_LOOSER;

		lose(f, NULL, possible ? "they get the default action" : NULL, "what calls newer than the table get");
		p->unknown_errno = -1;
	}
	if (!f->can->any_bad_arch && p->bad_arch_action != f->can->bad_arch) {
		bool possible = stricter(f) || refuses(p->bad_arch_action);

		snprintf(became, sizeof(became), "they get %s", action_format(f->can->bad_arch, text, sizeof(text)));
		lose(f, NULL, possible ? became : NULL, "%s for calls of other ABIs", action_format(p->bad_arch_action, text, sizeof(text)));
		p->bad_arch_action = f->can->bad_arch;
	}
	if (!f->can->loading && (p->load_flags || p->listener_path)) {
		lose(f, NULL, "who loads the filter decides", "how a filter is loaded: flags and listenerPath");
		p->load_flags = 0;
		p->listener_path = p->listener_metadata = 0;
	}
}

/* ---- Rules ---- */

static bool too_large(const struct fit *f, const struct profile_cond *cond)
{
	return cond->value > f->can->value_max || (cond->op == OP_MASKED_EQ && cond->mask > f->can->value_max);
}

/* Can condition i not be said, beside those before it? */
static bool bad_condition(const struct fit *f, const struct profile_cond *conds, uint32_t i)
{
	if (!f->can->conditions || too_large(f, &conds[i]))
		return true;
	for (uint32_t j = 0; j < i && !f->can->same_argument; j++)
		if (conds[j].arg == conds[i].arg)
			return true;
	return false;
}

static void drop_conditions(const struct fit *f, struct profile_clause *clause)
{
	struct profile_cond *conds = &f->profile->conds.items[clause->cond];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		struct profile_cond cond = conds[i];

		/* those kept so far stand in front, so that a third one on an argument is judged beside the first */
		conds[kept] = cond;
		kept += !bad_condition(f, conds, kept);
	}
	clause->n_conds = kept;
}

/* The name of what it cannot say about the conditions, or NULL. */
static const char *conditions_lost(const struct fit *f, const struct profile_clause *clause)
{
	const struct profile_cond *conds = clause->n_conds ? &f->profile->conds.items[clause->cond] : NULL;

	for (uint32_t i = 0; i < clause->n_conds; i++) {
		if (!bad_condition(f, conds, i))
			continue;
		if (!f->can->conditions)
			return "conditions on arguments";
		return too_large(f, &conds[i]) ? "numbers that large" : "two conditions on one argument that must both hold";
	}
	return NULL;
}

/* Keeps the rule, or not. */
static bool fit_conditions(struct fit *f, struct profile_clause *clause)
{
	const char *what = conditions_lost(f, clause);
	enum ability_rank rank = profile_action_rank(clause->action);
	bool goes = rank == (stricter(f) ? ABILITY_PERMITTED : ABILITY_REFUSED);

	if (!what)
		return true;
	lose(f, clause, goes ? "the rule is left out" : "it holds whatever the arguments", "%s", what);
	if (goes)
		return false;
	if (rank == ABILITY_ASKED)
		clause->action = stricter(f) ? f->refusal : CALLGATE_ALLOW;
	drop_conditions(f, clause);
	return true;
}

static void fit_action(struct fit *f, struct profile_clause *clause)
{
	bool refused = refuses(clause->action) || stricter(f);
	uint32_t instead = refused ? f->refusal : CALLGATE_ALLOW;
	char text[64], became[96];

	if (rule_says(f, clause->action) || clause->action == f->profile->default_action)
		return;
	snprintf(became, sizeof(became), "it is %s", action_format(instead, text, sizeof(text)));
	lose(f, clause, !refused || refuses(f->refusal) ? became : NULL, "this action where everything else is %s",
	     refuses(f->profile->default_action) ? "refused" : "permitted");
	clause->action = instead;
}

/* A name that the format's program does not know is answered by default there. */
static bool fit_name(struct fit *f, const struct profile_clause *clause)
{
	enum ability_rank rank = profile_action_rank(clause->action), by_default = profile_action_rank(f->profile->default_action);
	bool possible = rank == by_default || (rank > by_default) == stricter(f);

	if (!f->can->knows || f->can->knows(clause->syscall))
		return true;
	if (clause->action != f->profile->default_action)
		lose(f, clause, possible ? "it gets the default action" : NULL, "a name that came with Linux %s", arch_syscall_since(clause->syscall));
	return false;
}

/* Rules that never decide are not lost; a profile for one place needs them no longer. */
static void fit_rules(struct fit *f, unsigned abis)
{
	struct callgate_profile *p = f->profile;
	size_t kept = 0;
	int decided = -1;

	for (size_t i = 0; i < p->clauses.count; i++) {
		struct profile_clause clause = p->clauses.items[i];
		bool idle = !f->can->guards && (clause.syscall == decided || !profile_call_exists(clause.syscall, abis));

		if (!clause.n_conds && !clause.guard)
			decided = clause.syscall;
		if (idle || !fit_name(f, &clause) || !fit_conditions(f, &clause))
			continue;
		fit_action(f, &clause);
		p->clauses.items[kept++] = clause;
	}
	p->clauses.count = kept;
}

void pass_fit_neutral(struct callgate_profile *profile, const struct profile_abilities *can, struct callgate_diags *diags)
{
	char was[64], is[64];

	if (can->any_bad_arch || profile->bad_arch_action == can->bad_arch || !action_kills(profile->bad_arch_action) || !action_kills(can->bad_arch))
		return;
	diag_note(diags, "convert-kill", DIAG_NOWHERE, "calls of other ABIs get %s from %s, not %s", action_format(can->bad_arch, is, sizeof(is)),
		  can->format, action_format(profile->bad_arch_action, was, sizeof(was)));
	profile->bad_arch_action = can->bad_arch;
}

int pass_fit(const struct callgate_profile *profile, const struct callgate_target *target, const struct profile_abilities *can,
	     enum callgate_lossy lossy, struct callgate_profile **ret_profile, unsigned *ret_losses, struct callgate_diags *diags)
{
	_cleanup_(profile_freep) struct callgate_profile *copy = NULL;
	unsigned abis = profile_target_abis(profile, target);
	struct fit f = { .can = can, .lossy = lossy, .abi = (enum callgate_abi)__builtin_ctz(abis), .diags = diags };

	if (profile_copy(profile, &copy))
		return diag_oom(diags);
	f.profile = copy;
	profile_drop_derived(copy);
	fit_default(&f);
	fit_whole(&f);
	fit_rules(&f, abis);
	if (profile_normalise(copy))
		return diag_oom(diags);
	if (f.errors)
		return -ENOTSUP;
	*ret_losses = f.losses;
	*ret_profile = take_ptr(copy);
	return 0;
}
