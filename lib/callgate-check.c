/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions that check policies: rules, comparison by strictness, attack surface, expectations. */
#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "check/check.h"
#include "check/lint.h"
#include "check/ptest.h"
#include "kernel/kernel.h"
#include "model/call.h"
#include "model/policy.h"

bool callgate_check_rule_at(unsigned i, struct callgate_check_rule *ret_rule)
{
	const struct check_rule *rule = check_rule_at(i);

	if (rule)
		*ret_rule = (struct callgate_check_rule){ rule->id, rule->severity, rule->help, rule->cure };
	return rule;
}

int callgate_check(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_check_options *options,
		   struct callgate_findings **ret_findings, struct callgate_diags *diags)
{
	return check_run(policy, target, options, ret_findings, diags);
}

struct callgate_findings *callgate_findings_free(struct callgate_findings *findings)
{
	return check_findings_free(findings);
}

const struct callgate_finding *callgate_findings_get(const struct callgate_findings *findings, size_t i)
{
	return i < findings->items.count ? &findings->items.items[i] : NULL;
}

int callgate_score(struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi,
		   struct callgate_score **ret_score, struct callgate_diags *diags)
{
	return check_score(policy, target, abi, ret_score, diags);
}

struct callgate_score *callgate_score_free(struct callgate_score *score)
{
	return check_score_free(score);
}

bool callgate_score_get(const struct callgate_score *score, size_t i, struct callgate_score_row *ret_row)
{
	if (i >= score->rows.count)
		return false;
	*ret_row = score->rows.items[i];
	return true;
}

/* ---- Expectations ---- */

int callgate_tests_read(const char *bytes, size_t size, const char *file, struct callgate_tests **ret_tests, struct callgate_diags *diags)
{
	return ptest_read(bytes, size, file, ret_tests, diags);
}

struct callgate_tests *callgate_tests_free(struct callgate_tests *tests)
{
	return ptest_free(tests);
}

bool callgate_tests_get(const struct callgate_tests *tests, size_t i, struct callgate_test *ret_test)
{
	const struct ptest *test;

	if (i >= tests->items.count)
		return false;
	test = &tests->items.items[i];
	*ret_test = (struct callgate_test){ test->text, test->source, tests->file, test->line, test->column };
	return true;
}

struct runner {
	const struct callgate_tests *tests;
	struct callgate_policy *policy;
	const struct callgate_target *target;
	struct diagram *d;
	diagram_ref root;
	VEC(struct callgate_filter *) filters; /* what the kernel would run, in the order of loading; none for a union */
	VEC(struct callgate_filter *) owned;
	unsigned flags;
	struct callgate_diags *diags;
};

static void done_runner(struct runner *r)
{
	diagram_free(r->d);
	for (size_t i = 0; i < r->owned.count; i++)
		callgate_filter_free(r->owned.items[i]);
	vec_done(&r->owned);
	vec_done(&r->filters);
}

static bool has_union(const struct callgate_policy *policy)
{
	for (size_t i = 0; i < policy->parts.count; i++)
		if (has_union(policy->parts.items[i]))
			return true;
	return policy->kind == CALLGATE_POLICY_UNION;
}

/* The filters of a policy, those of its profiles compiled. */
static int make_filters(struct runner *r)
{
	struct callgate_policy *leaf;
	int error = 0;

	if (has_union(r->policy))
		return 0;
	for (size_t i = 0; (leaf = policy_leaf(r->policy, i)) && !error; i++) {
		struct callgate_filter *filter = leaf->filter;

		if (!filter) {
			error = callgate_compile(leaf->profile, r->target, &filter, r->diags);
			if (!error && vec_push(&r->owned, filter)) {
				callgate_filter_free(filter);
				error = diag_oom(r->diags);
			}
		}
		if (!error && vec_push(&r->filters, filter))
			error = diag_oom(r->diags);
	}
	return error;
}

/* What kernel_try can tell of an answer. */
static uint32_t as_tried(uint32_t action)
{
	uint32_t kind = action & ACTION_MASK;

	if (kind == CALLGATE_ERRNO(0) || kind == CALLGATE_TRAP)
		return action_meaning(action);
	return action_kills(action) ? CALLGATE_KILL_PROCESS : CALLGATE_ALLOW;
}

/* 1: the kernel, too, answers so. */
static int try_live(struct runner *r, const struct callgate_call *call, uint32_t expected, struct callgate_test_result *result)
{
	uint32_t action = CALLGATE_ALLOW, answer;
	int error = 0;

	for (size_t i = 0; i < r->filters.count && !error; i++) {
		const struct callgate_filter *f = r->filters.items[i];

		error = kernel_try(f->insns, f->count, call, &answer, r->diags);
		if (!error)
			action = i ? action_stack(answer, action) : answer;
	}
	if (error)
		return error;
	result->live++;
	result->action = action;
	return as_tried(expected) == action;
}

/* The compiled filter and the kernel, for one call. 1: they answer what the policy means. */
static int cross_check(struct runner *r, const struct callgate_call *call, struct callgate_test_result *result)
{
	uint32_t meant = policy_eval(r->policy, r->target, call, NULL, NULL), found = meant;
	int same = 1;

	if (r->filters.count) {
		found = ptest_simulate(r->filters.items, r->filters.count, call);
		same = found == meant && diagram_eval(r->d, r->root, call) == meant;
	}
	if (same && r->flags & CALLGATE_TESTS_LIVE && r->filters.count &&
	    callgate_abi_of(call->arch, call->nr) == (int)callgate_abi_native())
		same = try_live(r, call, meant, result);
	if (same == 0) {
		result->outcome = CALLGATE_TEST_DIFFERS;
		result->witness = *call;
		result->action = found == meant ? result->action : found;
	}
	return same;
}

/* 1: go on with the next ABI; 0: the test has failed. */
static int run_in_abi(struct runner *r, const struct ptest *test, enum callgate_abi abi, struct callgate_test_result *result)
{
	struct callgate_call zeros, ones, witness;
	int error = ptest_example(r->tests, test, abi, 0, &zeros, r->diags);

	if (error <= 0)
		return error < 0 ? error : 1;
	ptest_example(r->tests, test, abi, UINT64_MAX, &ones, NULL);
	error = ptest_judge(r->d, r->root, test, abi, &zeros, &witness);
	if (error == -E2BIG)
		return diagram_answer(r->d, r->root, &r->root, r->diags);
	if (error < 0)
		return diag_oom(r->diags);
	if (!error) {
		*result = (struct callgate_test_result){ CALLGATE_TEST_FAILS, witness,
							 policy_eval(r->policy, r->target, &witness, NULL, NULL), 0 };
		return 0;
	}
	result->outcome = CALLGATE_TEST_HOLDS;
	error = cross_check(r, &zeros, result);
	return error == 1 ? cross_check(r, &ones, result) : error;
}

static int run_test(struct runner *r, const struct ptest *test, struct callgate_test_result *result)
{
	unsigned abis = test->abi >= 0 ? CALLGATE_ABI_BIT((unsigned)test->abi) : policy_abis(r->policy, r->target);
	int go_on = 1;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT && go_on == 1; abi++)
		if (abis & CALLGATE_ABI_BIT(abi))
			go_on = run_in_abi(r, test, abi, result);
	return go_on < 0 ? go_on : 0;
}

static bool same_source(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int callgate_tests_run(const struct callgate_tests *tests, const char *source, struct callgate_policy *policy,
		       const struct callgate_target *target, unsigned flags, struct callgate_test_result *ret_results,
		       struct callgate_diags *diags)
{
	_cleanup_(done_runner) struct runner r = {
		.tests = tests, .policy = policy, .target = target, .d = diagram_new(0), .flags = flags, .diags = diags
	};
	int error = r.d ? diagram_from_policy(r.d, policy, target, &r.root, diags) : diag_oom(diags);

	if (!error)
		error = make_filters(&r);
	for (size_t i = 0; i < tests->items.count && !error; i++) {
		if (!same_source(tests->items.items[i].source, source))
			continue;
		ret_results[i] = (struct callgate_test_result){ .outcome = CALLGATE_TEST_SKIPPED };
		error = run_test(&r, &tests->items.items[i], &ret_results[i]);
	}
	return error;
}
