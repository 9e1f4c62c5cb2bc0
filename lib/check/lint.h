/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lint: mistakes that a policy can be seen to have. A rule is a record; it asks what the policy answers to calls, which
 * holds for any format, and looks at clauses only when it is about how something is written. A new rule is a function and a line in
 * lint.c.
 */
#ifndef CALLGATE_CHECK_LINT_H
#define CALLGATE_CHECK_LINT_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "check/tables.h"
#include "model/diagram.h"
#include "model/policy.h"

struct check_lint;

struct check_rule {
	const char *id;
	enum callgate_severity severity;
	const char *help, *cure;
	void (*run)(struct check_lint *lint);
};
const struct check_rule *check_rule_at(unsigned i); /* NULL at the end */

struct callgate_findings {
	VEC(struct callgate_finding) items; /* texts but id, syscall_name and cure are owned */
};
struct callgate_findings *check_findings_free(struct callgate_findings *findings);

int check_run(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_check_options *options,
	      struct callgate_findings **ret_findings, struct callgate_diags *diags);

/* ---- For rules ---- */

/* What a policy answers to a call of one name, over all arguments. */
struct check_answer {
	bool asked, exists;
	bool permits, refuses; /* for some arguments; both: it depends on them */
	diagram_ref part;
	struct callgate_call permitted, refused; /* examples */
	uint32_t refusal;                        /* the answer to `refused` */
};

struct check_lint {
	struct callgate_policy *policy;
	const struct callgate_target *target;
	unsigned abis;
	struct diagram *d;
	diagram_ref root;
	struct check_answer *answers; /* by ABI and id, filled when asked for */
	struct callgate_findings *findings;
	const struct check_rule *rule; /* the one that runs */
	int error;
};

/* Never NULL; exists is false for a call that the ABI does not have. The ABI need not be the policy's. */
const struct check_answer *check_ask(struct check_lint *lint, enum callgate_abi abi, int syscall);
const struct check_answer *check_ask_name(struct check_lint *lint, enum callgate_abi abi, const char *name);
/* Did somebody write that this call is refused, rather than leave it to a default that refuses? */
bool check_refused_explicitly(struct check_lint *lint, const struct callgate_call *call);
uint32_t check_eval(struct check_lint *lint, const struct callgate_call *call);
/* Does the target stand for the i-th ABI? */
static inline bool check_has_abi(const struct check_lint *lint, unsigned abi)
{
	return lint->abis & CALLGATE_ABI_BIT(abi);
}

/* Where a finding is. With a witness and no file it is where the clause stands that decides the witness. */
struct check_spot {
	int syscall;  /* -1: none */
	int abi;      /* -1: none in particular */
	int severity; /* -1: the rule's */
	const struct callgate_call *witness;
	const struct callgate_profile *profile;
	const struct profile_clause *clause;
};
#define CHECK_NOWHERE ((struct check_spot){ .syscall = -1, .abi = -1, .severity = -1 })
/* Equal findings of several ABIs become one. */
__attribute__((format(printf, 3, 4))) void check_found(struct check_lint *lint, const struct check_spot *spot, const char *format, ...);

/* Call `each` with the profiles of the policy. */
void check_profiles(struct check_lint *lint, void (*each)(struct check_lint *lint, const struct callgate_profile *profile));
/* Next word of a list separated by blanks, into `word`; false at its end. */
#define CHECK_WORD_MAX 64
bool check_next_word(const char **list, char word[CHECK_WORD_MAX]);

/* `part` where (argument & mask) == value, CHECK_ELSEWHERE for the other calls. */
#define CHECK_ELSEWHERE 0x12340000u /* no action that a kernel knows */
diagram_ref check_where(struct diagram *d, diagram_ref part, unsigned arg, uint64_t mask, uint64_t value);
/* The part of an answer where a hazard's condition holds; DIAGRAM_FAILED when the ABI's call has no such argument. */
diagram_ref check_hazard_part(struct diagram *d, diagram_ref part, const struct check_hazard *hazard, enum callgate_abi abi, int syscall);
bool check_permits(uint32_t leaf, void *unused); /* for diagram_find */
bool check_refuses(uint32_t leaf, void *ret_leaf);

/* The rules, by file. */
void check_lint_bad_arch(struct check_lint *lint);
void check_lint_x32(struct check_lint *lint);
void check_lint_kill(struct check_lint *lint);
void check_lint_essential(struct check_lint *lint);
void check_lint_flood(struct check_lint *lint);
void check_lint_equivalent(struct check_lint *lint);
void check_lint_errno(struct check_lint *lint);
void check_lint_io_uring(struct check_lint *lint);
void check_lint_dangerous(struct check_lint *lint);
void check_lint_pointer(struct check_lint *lint);
void check_lint_width(struct check_lint *lint);
void check_lint_unreachable(struct check_lint *lint);
void check_lint_shadowed(struct check_lint *lint);
void check_lint_runtime_or(struct check_lint *lint);
void check_lint_runtime_errno(struct check_lint *lint);
void check_lint_runtime_flags(struct check_lint *lint);
void check_lint_runtime_cache(struct check_lint *lint);
void check_lint_runtime_listener(struct check_lint *lint);
void check_lint_runtime_arch(struct check_lint *lint);
void check_lint_libseccomp(struct check_lint *lint);

#endif
