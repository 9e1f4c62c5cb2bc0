/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in another format. It becomes one profile, is made fit for the format, is written, is read again as the format's own program
 * would, and is compared with what it was: nothing leaves here that means something else than was asked for.
 */
#include <callgate.h>

#include <stdio.h>

#include "base/diag.h"
#include "base/util.h"
#include "format/format.h"
#include "model/ability.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/policy.h"
#include "pass/fit.h"

#define SYSTEMD_DEFAULT 252

struct conversion {
	const struct format *format;
	const struct callgate_target *target;
	const struct callgate_convert_options *options;
	const struct profile_abilities *can;
	struct format_output out;
	struct callgate_profile *source; /* what the result is compared with */
	struct callgate_profile *fitted;
	struct callgate_filter *filter;
	unsigned losses;
	struct callgate_diags *diags;
};

static void conversion_done(struct conversion *c)
{
	profile_free(c->source);
	profile_free(c->fitted);
	filter_free(c->filter);
}

/* ---- Formats ---- */

static void describe(const struct format *format, struct callgate_convert_format *ret)
{
	*ret = (struct callgate_convert_format){ .name = format->name, .help = format->written, .aliases = format->aliases,
						 .binary = format->binary, .executable = format->executable };
}

bool callgate_convert_format_at(unsigned i, struct callgate_convert_format *ret)
{
	const struct format *format;

	for (size_t at = 0; (format = format_at(at)); at++) {
		if (!format->export || i--)
			continue;
		describe(format, ret);
		return true;
	}
	return false;
}

bool callgate_convert_format_find(const char *name, struct callgate_convert_format *ret)
{
	const struct format *format = format_find_written(name);

	if (format)
		describe(format, ret);
	return format;
}

/* ---- One profile ---- */

/* Of a profile that is literal, one that is not: its meaning is read out. */
static int extract_literal(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_profile **ret_profile,
			   struct callgate_diags *diags)
{
	_cleanup_(policy_freep) struct callgate_policy *stack = NULL, *leaf = NULL;
	struct callgate_profile *copy;

	if (profile_copy(profile, &copy) || policy_from_profile("literal", copy, &leaf) || policy_new(CALLGATE_POLICY_STACK, "literal", &stack) ||
	    policy_add(stack, take_ptr(leaf)))
		return diag_oom(diags);
	return callgate_policy_extract(stack, target, ret_profile, diags);
}

static bool names_a_place(const struct callgate_target *target) { return target->abis || target->caps || target->kernel; }

/* The profile that is converted: for one place, unless the format can tell places apart and none was named. */
static int find_source(struct conversion *c, const struct callgate_policy *policy)
{
	_cleanup_(profile_freep) struct callgate_profile *profile = NULL, *plain = NULL;
	int r = callgate_policy_extract(policy, c->target, &profile, c->diags);

	if (!r && profile->literal && !c->can->literal) {
		r = extract_literal(profile, c->target, &plain, c->diags);
		if (!r) {
			profile_free(profile);
			profile = take_ptr(plain);
		}
	}
	if (!r && !(c->can->guards && !names_a_place(c->target)))
		r = pass_specialise(profile, c->target, &c->source, c->diags);
	else if (!r)
		c->source = take_ptr(profile);
	if (!r)
		pass_fit_neutral(c->source, c->can, c->diags);
	return r;
}

/* ---- Fit, write ---- */

static int fit(struct conversion *c)
{
	_cleanup_(profile_freep) struct callgate_profile *prepared = NULL;
	unsigned losses = 0;
	int r;

	if (profile_copy(c->source, &prepared))
		return diag_oom(c->diags);
	if (c->format->prepare && c->format->prepare(&c->out, prepared, c->options->lossy, &losses, c->diags))
		return diag_oom(c->diags);
	r = pass_fit(prepared, c->target, c->can, c->options->lossy, &c->fitted, &c->losses, c->diags);
	c->losses += losses;
	return r;
}

static bool starts_something(const struct callgate_profile *profile, unsigned abis)
{
	int execve = arch_syscall_id("execve");
	size_t first, end;
	bool on_abi = false;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		on_abi |= abis >> abi & 1 && arch_syscall_nr(abi, execve) >= 0;
	profile_clauses_of(profile, execve, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (profile_action_rank(profile->clauses.items[i].action) != ABILITY_REFUSED)
			return true;
		if (!profile->clauses.items[i].n_conds && !profile->clauses.items[i].guard)
			return false;
	}
	return !on_abi || profile_action_rank(profile->default_action) != ABILITY_REFUSED;
}

static int write_out(struct conversion *c, struct buf *text)
{
	int r = 0;

	c->out.profile = c->fitted;
	if (c->format->wants_filter)
		r = callgate_compile(c->fitted, c->target, &c->filter, c->diags);
	if (r)
		return r;
	c->out.filter = c->filter;
	if (c->format->starts && !starts_something(c->fitted, c->out.abis))
		diag_warning(c->diags, "convert-no-execve", DIAG_NOWHERE,
			     "the policy does not allow execve, with which %s starts the program once the filter is in force", c->format->name);
	return c->format->export(&c->out, text, c->diags);
}

/* ---- Prove ---- */

static uint32_t rank_of(uint32_t action, const void *user)
{
	(void)user;
	return profile_action_rank(action);
}

/* 1 for calls of these ABIs' architectures, but for number -1. */
static diagram_ref scope(struct diagram *d, unsigned abis)
{
	diagram_ref none = diagram_leaf(d, 0), all = diagram_leaf(d, 1), skip = all, in = none;

	for (unsigned bit = 64; bit-- > 32;)
		skip = diagram_ite(d, diagram_bit(d, bit), skip, none);
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		diagram_ref arch = all;

		if (!(abis >> abi & 1))
			continue;
		for (unsigned bit = 32; bit-- > 0;) {
			bool set = arch_abi_get(abi)->audit_arch >> (31 - bit) & 1;

			arch = diagram_ite(d, diagram_bit(d, bit), set ? arch : none, set ? none : arch);
		}
		in = diagram_ite(d, arch, all, in);
	}
	return diagram_ite(d, skip, none, in);
}

static bool differs(uint32_t leaf, void *user)
{
	uint32_t want = leaf >> 16, have = leaf & 0xffff;

	return *(const enum callgate_lossy *)user == CALLGATE_LOSSY_STRICTER ? have > want : have < want;
}

static int proof_failed(const struct conversion *c, const struct diagram *d, const diagram_ref roots[2], const struct callgate_call *witness)
{
	_cleanup_free_ char *call = NULL;
	char want[48], have[48];

	if (callgate_call_format(witness, &call) < 0)
		return diag_oom(c->diags);
	return diag_error(c->diags, -EPROTO, "convert-proof", DIAG_NOWHERE,
			  "internal error: as %s the policy answers %s to %s (arch 0x%x, nr %u), and %s before; nothing was written. Please report it.",
			  c->format->name, action_format(diagram_eval(d, roots[1], witness), have, sizeof(have)), call, witness->arch, witness->nr,
			  action_format(diagram_eval(d, roots[0], witness), want, sizeof(want)));
}

/* roots: what was wanted, what was written. */
static int judge(const struct conversion *c, struct diagram *d, diagram_ref roots[2])
{
	enum callgate_lossy lossy = c->options->lossy;
	struct callgate_call witness = { 0 };
	diagram_ref both;
	int r = 0;

	if (!c->losses) {
		r = diagram_answer(d, roots[0], &roots[0], c->diags);
		return r || roots[0] == roots[1] || !diagram_witness(d, roots[0], roots[1], &witness) ? r : proof_failed(c, d, roots, &witness);
	}
	both = diagram_pair(d, diagram_map(d, roots[0], rank_of, NULL), diagram_map(d, roots[1], rank_of, NULL));
	r = diagram_answer(d, both, &both, c->diags);
	if (r)
		return r;
	r = diagram_find(d, both, differs, &lossy, &witness);
	return r < 0 ? diag_oom(c->diags) : r ? proof_failed(c, d, roots, &witness) : 0;
}

static int compare(const struct conversion *c, const struct callgate_policy *reread, unsigned scope_abis)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	struct callgate_target there = *c->target;
	diagram_ref roots[2];
	int r;

	if (!d)
		return diag_oom(c->diags);
	if (!c->can->guards)
		there.abis = c->out.abis;
	r = diagram_from_profile(d, c->source, c->target, &roots[0], c->diags);
	if (!r)
		r = diagram_from_policy(d, reread, &there, &roots[1], c->diags);
	for (size_t i = 0; i < ARRAY_SIZE(roots) && !r; i++) {
		roots[i] = diagram_meaning(d, roots[i]);
		if (scope_abis && !diagram_error(d))
			roots[i] = diagram_ite(d, scope(d, scope_abis), roots[i], diagram_leaf(d, CALLGATE_ALLOW));
		r = diagram_answer(d, roots[i], &roots[i], c->diags);
	}
	return r ? r : judge(c, d, roots);
}

static int unreadable(const struct conversion *c, const struct callgate_diags *complaints)
{
	size_t count = callgate_diags_count(complaints);

	return diag_error(c->diags, -EPROTO, "convert-proof", DIAG_NOWHERE,
			  "internal error: what was made cannot be read as %s: %s; nothing was written. Please report it.", c->format->name,
			  count ? callgate_diags_get(complaints, count - 1)->text : "no reason was given");
}

/* What the reader says of its own accord is no concern of whoever converts. */
static int prove(const struct conversion *c, const struct buf *text)
{
	_cleanup_(policy_freep) struct callgate_policy *reread = NULL;
	_cleanup_(diags_freep) struct callgate_diags *complaints = callgate_diags_new();
	const struct format_input input = { .bytes = text->text, .size = text->size, .file = c->format->name };
	unsigned abis = 0;
	int r = -ENOTSUP;

	if (!complaints)
		return diag_oom(c->diags);
	if (c->format->reread)
		r = c->format->reread(&c->out, text, &reread, &abis, complaints);
	else if (c->format->import)
		r = c->format->import(&input, &reread, complaints);
	if (!r)
		return compare(c, reread, abis);
	if (r != -ENOTSUP)
		return r == -ENOMEM ? diag_oom(c->diags) : unreadable(c, complaints);
	if (!c->format->wants_filter)
		diag_note(c->diags, "convert-unproven", DIAG_NOWHERE,
			  "nothing here reads this back: what was written is not compared with what it was made of");
	return 0;
}

/* ---- All of it ---- */

static int convert(struct conversion *c, const struct callgate_policy *policy, char **ret_bytes, size_t *ret_size)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r = find_source(c, policy);

	if (r)
		return r;
	c->out.abis = profile_target_abis(c->source, c->target);
	r = fit(c);
	if (!r)
		r = write_out(c, &text);
	if (!r)
		r = text.error ? diag_oom(c->diags) : prove(c, &text);
	if (r)
		return r;
	return buf_take(&text, ret_bytes, ret_size) ? diag_oom(c->diags) : 0;
}

int callgate_convert(const struct callgate_policy *policy, const char *format, const struct callgate_target *target,
		     const struct callgate_convert_options *options, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags)
{
	static const struct callgate_convert_options defaults = { 0 };
	_cleanup_(conversion_done) struct conversion c = { .format = format_find_written(format), .target = target,
							   .options = options ? options : &defaults, .diags = diags };

	if (!c.format)
		return diag_error(diags, -ENOENT, "convert-format", DIAG_NOWHERE, "no format that is written is called \"%s\"", format);
	c.out.name = c.options->name;
	c.out.systemd = c.options->systemd ? c.options->systemd : SYSTEMD_DEFAULT;
	c.out.expand = c.options->expand;
	c.out.strict64 = target->strict64;
	c.can = c.format->abilities(&c.out);
	return convert(&c, policy, ret_bytes, ret_size);
}
