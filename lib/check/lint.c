/* SPDX-License-Identifier: Apache-2.0 */
/* The table of lint rules, what runs them, and the list of what they find. */
#include "check/lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "model/call.h"

#define ERROR   CALLGATE_SEVERITY_ERROR
#define WARNING CALLGATE_SEVERITY_WARNING
#define NOTE    CALLGATE_SEVERITY_NOTE

/* In the order in which people want to read about them: holes, then what breaks programs, then how it is written. */
static const struct check_rule rules[] = {
	{ "lint-bad-arch", ERROR,
	  "A program may make calls of every ABI that its processor and kernel have, where the same numbers mean other calls; a filter "
	  "that does not "
	  "refuse those ABIs is no filter",
	  "list the ABI, so that the rules hold for it too, or refuse every ABI that is not listed", check_lint_bad_arch },
	{ "lint-x32", ERROR,
	  "On x86-64 every call also has an x32 number, with bit 30 set; a filter that refuses a call by its native number alone lets it "
	  "through by "
	  "the other",
	  "refuse numbers from 0x40000000 on, or give x32 the same rules", check_lint_x32 },
	{ "lint-io-uring", WARNING,
	  "io_uring opens files, connects sockets and more inside of the kernel; seccomp sees none of that, so that what the policy "
	  "refuses is done "
	  "nevertheless",
	  "refuse io_uring_setup, io_uring_enter and io_uring_register with ENOSYS or EPERM", check_lint_io_uring },
	{ "lint-equivalent", WARNING,
	  "The kernel has several calls for one thing; refusing one of them while another does the same stops nobody who knows that",
	  "refuse the others as well, or allow this one", check_lint_equivalent },
	{ "lint-dangerous", ERROR,
	  "Some calls are seldom needed and serve mostly those who attack: other processes, the kernel, or the way out of a container",
	  "refuse the call, or these arguments of it, unless the program needs it", check_lint_dangerous },
	{ "lint-width", WARNING,
	  "The kernel reads 32 bits of such an argument; a filter that compares 64 gives other answers when the upper half is not 0, which "
	  "the caller "
	  "chooses freely",
	  "compare the lower 32 bits: without --strict64, or in libseccomp with a masked comparison", check_lint_width },
	{ "lint-pointer", WARNING,
	  "A filter sees an address and not what lies there; the address says nothing, and what lies there may change after the check",
	  "remove the condition: decide by the call alone", check_lint_pointer },
	{ "lint-errno", WARNING,
	  "libc tries a new call first and an older one when the answer is ENOSYS, and only then; with another answer the program fails "
	  "although it "
	  "could go on",
	  "answer ENOSYS to this call", check_lint_errno },
	{ "lint-essential", WARNING, "No program ends properly without exit_group, and none returns from a signal without rt_sigreturn",
	  "allow the call", check_lint_essential },
	{ "lint-unreachable", WARNING,
	  "No call can fulfil all conditions of the rule, so that it never decides; somebody thought that it does",
	  "correct or remove the rule", check_lint_unreachable },
	{ "lint-shadowed", WARNING,
	  "Rules that stand before it decide every call that the rule is about, so that it never decides; the first of two rules wins",
	  "move the rule before the others, or remove it", check_lint_shadowed },
	{ "lint-kill", NOTE,
	  "A default that kills ends the program at the first call that nobody thought of, such as one that a new libc makes; while a "
	  "policy is being "
	  "introduced that is an outage",
	  "use SCMP_ACT_LOG first (callgate run --mode=log), then SCMP_ACT_ERRNO, and kill at the end", check_lint_kill },
	{ "lint-flood", WARNING,
	  "Every call that is answered with LOG writes a line to the audit log; frequent calls fill it, and slow down the program and "
	  "auditd",
	  "allow the frequent calls", check_lint_flood },
	{ "lint-runtime-or", WARNING,
	  "Conditions of one rule all have to hold, except that runc and crun take every condition for itself when an argument occurs "
	  "twice in a "
	  "rule: one of them is then enough",
	  "write one rule for each condition, or one masked condition for both", check_lint_runtime_or },
	{ "lint-runtime-errno", WARNING,
	  "SCMP_ACT_TRACE without a tracer, as under every container runtime, answers ENOSYS and not what stands there",
	  "use SCMP_ACT_ERRNO with an errnoRet", check_lint_runtime_errno },
	{ "lint-runtime-flags", NOTE, "runc 1.1 refuses to start a container whose profile has flags",
	  "leave out the flags where runc 1.1 is used", check_lint_runtime_flags },
	{ "lint-runtime-cache", NOTE,
	  "crun 1.21 to 1.28 keep compiled filters under a key in which the errnoRet of rules is missing: after a change of nothing else "
	  "the old filter "
	  "is used again",
	  "change something else as well, or delete crun's cache", check_lint_runtime_cache },
	{ "lint-runtime-listener", WARNING,
	  "SCMP_ACT_NOTIFY needs a listener that answers; without listenerPath runc refuses the profile, and crun starts it and the call "
	  "answers ENOSYS",
	  "set listenerPath, or use another action", check_lint_runtime_listener },
	{ "lint-runtime-arch", NOTE,
	  "Without architectures runtimes take the native ABI alone; programs of the others, such as 32-bit ones, then die at their first "
	  "call",
	  "list architectures, if only the native one", check_lint_runtime_arch },
	{ "lint-libseccomp", NOTE,
	  "Container runtimes and systemd pass over names that their libseccomp does not know: a permission is then missing, and a refusal on a "
	  "list of refusals lets the call through",
	  "refuse by default, or see what the host's libseccomp makes of it: callgate compile --backend=libseccomp", check_lint_libseccomp },
};

const struct check_rule *check_rule_at(unsigned i)
{
	return i < ARRAY_SIZE(rules) ? &rules[i] : NULL;
}

/* ---- Findings ---- */

static void done_finding(struct callgate_finding *finding)
{
	free((char *)finding->text);
	free((char *)finding->file);
}

struct callgate_findings *check_findings_free(struct callgate_findings *findings)
{
	if (findings) {
		for (size_t i = 0; i < findings->items.count; i++)
			done_finding(&findings->items.items[i]);
		vec_done(&findings->items);
		free(findings);
	}
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The same in another ABI? */
static bool joined(struct callgate_findings *findings, const struct callgate_finding *new)
{
	for (size_t i = findings->items.count; i-- > 0;) {
		struct callgate_finding *old = &findings->items.items[i];

		if (strcmp(old->id, new->id) || old->severity != new->severity || old->line != new->line || old->column != new->column ||
		    !same_text(old->syscall_name, new->syscall_name) || !same_text(old->file, new->file) || strcmp(old->text, new->text))
			continue;
		old->abis |= new->abis;
		return true;
	}
	return false;
}

static void place(struct check_lint *lint, const struct check_spot *spot, struct callgate_finding *finding)
{
	const struct callgate_profile *profile = spot->profile;
	const struct profile_clause *clause = spot->clause;
	const struct callgate_policy *leaf;
	const char *file = NULL;
	int decided;

	if (!profile && spot->witness) {
		policy_eval(lint->policy, lint->target, spot->witness, &leaf, &decided);
		profile = leaf->profile;
		if (profile && decided >= 0)
			clause = &profile->clauses.items[decided];
	}
	if (clause) {
		file = profile_clause_file(profile, clause);
		finding->line = clause->line;
		finding->column = clause->column;
	} else if (profile && profile->file) {
		file = strpool_get(&profile->strings, profile->file);
	} else {
		file = lint->policy->name;
	}
	if (file) {
		finding->file = strdup(file);
		if (!finding->file)
			lint->error = -ENOMEM;
	}
}

void check_found(struct check_lint *lint, const struct check_spot *spot, const char *format, ...)
{
	struct callgate_finding finding = {
		.severity = spot->severity >= 0 ? (enum callgate_severity)spot->severity : lint->rule->severity,
		.id = lint->rule->id,
		.cure = lint->rule->cure,
		.syscall_name = spot->syscall >= 0 ? arch_syscall_name(spot->syscall) : NULL,
		.abis = spot->abi >= 0 ? CALLGATE_ABI_BIT((unsigned)spot->abi) : 0,
	};
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL, lint->error = -ENOMEM;
	va_end(args);
	finding.text = text;
	if (spot->witness) {
		finding.has_witness = true;
		finding.witness = *spot->witness;
	}
	place(lint, spot, &finding);
	if (lint->error || joined(lint->findings, &finding) || (lint->error = vec_push(&lint->findings->items, finding)) != 0)
		done_finding(&finding);
}

static int compare_findings(const void *a, const void *b)
{
	const struct callgate_finding *x = a, *y = b;
	int r = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (!r)
		r = (x->line > y->line) - (x->line < y->line);
	if (!r)
		r = (x->column > y->column) - (x->column < y->column);
	if (!r)
		r = (int)y->severity - (int)x->severity;
	if (!r)
		r = strcmp(x->id, y->id);
	return r ? r : strcmp(x->text, y->text);
}

/* ---- Running ---- */

static bool listed(const char *const *ids, const char *id)
{
	for (; *ids; ids++)
		if (!strcmp(*ids, id))
			return true;
	return false;
}

static int check_ids(const char *const *ids, struct callgate_diags *diags)
{
	for (; ids && *ids; ids++) {
		const struct check_rule *rule = rules;

		while (rule < rules + ARRAY_SIZE(rules) && strcmp(rule->id, *ids))
			rule++;
		if (rule == rules + ARRAY_SIZE(rules))
			return diag_error(diags, -EINVAL, "check-no-rule", DIAG_NOWHERE,
					  "there is no rule \"%s\"; callgate check --list lists them", *ids);
	}
	return 0;
}

static int run_rules(struct check_lint *lint, const struct callgate_check_options *options)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules) && !lint->error; i++) {
		lint->rule = &rules[i];
		if (options->only && !listed(options->only, rules[i].id))
			continue;
		if (!options->disabled || !listed(options->disabled, rules[i].id))
			rules[i].run(lint);
	}
	if (lint->error)
		return lint->error;
	if (lint->findings->items.count)
		qsort(lint->findings->items.items, lint->findings->items.count, sizeof(*lint->findings->items.items), compare_findings);
	return 0;
}

static void free_findings(struct callgate_findings **findings)
{
	check_findings_free(*findings);
}

int check_run(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_check_options *options,
	      struct callgate_findings **ret_findings, struct callgate_diags *diags)
{
	static const struct callgate_check_options all;
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	_cleanup_(free_findings) struct callgate_findings *findings = calloc(1, sizeof(*findings));
	_cleanup_free_ struct check_answer *answers = calloc((size_t)CALLGATE_ABI_COUNT * arch_syscall_count(), sizeof(*answers));
	struct check_lint lint = {
		.policy = policy, .target = target, .abis = policy_abis(policy, target), .d = d, .answers = answers, .findings = findings
	};
	int r;

	if (!d || !findings || !answers)
		return diag_oom(diags);
	options = options ? options : &all;
	r = check_ids(options->only, diags);
	if (!r)
		r = check_ids(options->disabled, diags);
	if (!r)
		r = diagram_from_policy(d, policy, target, &lint.root, diags);
	if (r)
		return r;
	r = run_rules(&lint, options);
	if (r == -ENOMEM || diagram_error(d) == -ENOMEM)
		return diag_oom(diags);
	r = diagram_answer(d, lint.root, &lint.root, diags);
	if (!r)
		*ret_findings = take_ptr(findings);
	return r;
}
