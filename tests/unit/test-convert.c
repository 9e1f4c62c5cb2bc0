/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converting: random policies into every format that is read again. What comes out means the same, or differs in the direction asked for only;
 * asked call by call, which shares nothing with the proof inside. And what fitting makes of single rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "model/policy.h"
#include "pass/fit.h"
#include "random-profile.h"

#define X86_64 CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64)
#define I386 CALLGATE_ABI_BIT(CALLGATE_ABI_I386)

static struct callgate_policy *leaf(struct callgate_profile *profile)
{
	struct callgate_policy *policy;

	assert_int_equal(policy_from_profile("leaf", profile, &policy), 0);
	return policy;
}

/* Names without conditions half of the time, or no format but the richest would ever do. */
static struct callgate_profile *some_profile(int syscalls[4], bool tame)
{
	struct callgate_profile *profile = random_profile(syscalls);
	static const uint32_t defaults[] = { CALLGATE_ERRNO(1), CALLGATE_KILL_PROCESS, CALLGATE_ALLOW };

	if (!tame)
		return profile;
	profile_drop_derived(profile);
	profile->default_action = defaults[below(ARRAY_SIZE(defaults))];
	profile->bad_arch_action = CALLGATE_KILL_PROCESS;
	profile->unknown_errno = -1;
	for (size_t i = 0; i < profile->clauses.count; i++) {
		struct profile_clause *clause = &profile->clauses.items[i];

		clause->n_conds = 0;
		if (below(4))
			clause->action = below(2) ? CALLGATE_ALLOW : CALLGATE_ERRNO(38);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

struct tally {
	unsigned same, lossy, refused;
};

static enum ability_rank rank(const struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call)
{
	return profile_action_rank(policy_eval(policy, target, call, NULL, NULL));
}

/* How calls of other ABIs are killed is the format's business (convert-kill). */
static void assert_same(uint32_t before, uint32_t after, const struct callgate_target *target, const struct callgate_call *call)
{
	int abi = arch_abi_of(call->arch, call->nr);
	bool other = abi < 0 || !(target->abis >> abi & 1);

	if (!other || !action_kills(before) || !action_kills(after))
		assert_int_equal(action_meaning(before), action_meaning(after));
}

static void check_calls(const struct callgate_policy *before, const struct callgate_policy *after, const struct callgate_target *target,
			enum callgate_lossy lossy, bool same, const int syscalls[4])
{
	for (unsigned i = 0; i < 200; i++) {
		struct callgate_call call = telling_call(before->profile, target, syscalls);

		if (same)
			assert_same(policy_eval(before, target, &call, NULL, NULL), policy_eval(after, target, &call, NULL, NULL), target, &call);
		else if (lossy == CALLGATE_LOSSY_STRICTER)
			assert_true(rank(after, target, &call) <= rank(before, target, &call));
		else
			assert_true(rank(after, target, &call) >= rank(before, target, &call));
	}
}

static bool any_loss(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *diag = callgate_diags_get(diags, i);

		if (diag->severity == CALLGATE_SEVERITY_WARNING && strcmp(diag->id, "convert-no-execve"))
			return true;
	}
	return false;
}

static void convert_one(const char *format, bool tame, enum callgate_lossy lossy, struct tally *tally)
{
	struct callgate_diags *diags = callgate_diags_new();
	int syscalls[4];
	struct callgate_policy *policy = leaf(some_profile(syscalls, tame)), *after;
	struct callgate_target target = { .abis = below(2) ? X86_64 : I386 | (below(2) ? X86_64 : 0), .strict64 = below(2), .caps = below(2) << 5 };
	const struct callgate_convert_options options = { .lossy = lossy };
	uint64_t before = seed;
	char *bytes;
	size_t size;
	int r;

	if (!strcmp(format, "minijail"))
		target.abis = X86_64;
	r = callgate_convert(policy, format, &target, &options, &bytes, &size, diags);
	if (r) {
		size_t last = callgate_diags_count(diags) - 1;

		tally->refused++;
		if (r != -ENOTSUP)
			fail_msg("%s, seed %llu: %d, %s", format, (unsigned long long)before, r, callgate_diags_get(diags, last)->text);
	} else {
		bool same = !any_loss(diags);

		if (!same && lossy == CALLGATE_LOSSY_NO)
			fail_msg("%s, seed %llu: a loss that nobody allowed: %s", format, (unsigned long long)before, callgate_diags_get(diags, 0)->text);
		*(same ? &tally->same : &tally->lossy) += 1;
		if (format_find(format)->import) {
			assert_int_equal(callgate_policy_read(bytes, size, "again", format, 0, &after, NULL), 0);
			check_calls(policy, after, &target, lossy, same, syscalls);
			policy_free(after);
		}
		free(bytes);
	}
	policy_free(policy);
	callgate_diags_free(diags);
}

/* Every outcome must occur, or the test says nothing. */
static void test_round_trips(void **state)
{
	static const char *const formats[] = { "oci", "minijail", "systemd", "bpf" };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
		for (unsigned lossy = CALLGATE_LOSSY_NO; lossy <= CALLGATE_LOSSY_LOOSER; lossy++) {
			struct tally tally = { 0 };

			for (unsigned i = 0; i < 250; i++) {
				seed = 1 + i * 7919 + f * 104729 + lossy * 1299709;
				convert_one(formats[f], i % 2, (enum callgate_lossy)lossy, &tally);
			}
			assert_true(tally.same > 10);
			if (strcmp(formats[f], "bpf"))
				assert_true(lossy ? tally.lossy > 10 : tally.refused > 10);
			else
				assert_int_equal(tally.refused, 0);
		}
	}
}

/* ---- What fitting makes of one rule ---- */

static const struct profile_abilities names_only = {
	.format = "it", .cannot = "test-cannot", .defaults = ABILITY_ALLOW | ABILITY_ERRNO, .in_allow_list = ABILITY_ALLOW | ABILITY_ERRNO,
	.in_deny_list = ABILITY_ALLOW | ABILITY_ERRNO, .bad_arch = CALLGATE_KILL_PROCESS,
};

/* Answers to read(0) and read(1), where the rule is about read and holds for 1; -1: an error. */
static void fit_rule(uint32_t default_action, uint32_t action, enum callgate_lossy lossy, int64_t ret[2])
{
	const struct callgate_target target = { .abis = X86_64 };
	struct callgate_profile *profile = new_profile(default_action, CALLGATE_KILL_PROCESS), *fitted;
	struct profile_cond cond = { .op = OP_EQ, .value = 1 };
	unsigned losses;
	int r;

	add(profile, arch_syscall_id("read"), action, &cond, 1, 0);
	assert_int_equal(profile_normalise(profile), 0);
	r = pass_fit(profile, &target, &names_only, lossy, &fitted, &losses, NULL);
	ret[0] = ret[1] = -1;
	for (unsigned i = 0; i < 2 && !r; i++) {
		struct callgate_call call = { .arch = arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch, .args = { i } };

		ret[i] = profile_eval(fitted, &target, &call, NULL);
		assert_int_equal(losses, 1);
	}
	if (!r)
		profile_free(fitted);
	profile_free(profile);
}

static void test_fit(void **state)
{
	static const uint32_t no = CALLGATE_ERRNO(1), yes = CALLGATE_ALLOW;
	static const struct {
		uint32_t by_default, action;
		enum callgate_lossy lossy;
		int64_t answers[2];
	} cases[] = {
		{ no, yes, CALLGATE_LOSSY_NO, { -1, -1 } },
		{ no, yes, CALLGATE_LOSSY_STRICTER, { no, no } },
		{ no, yes, CALLGATE_LOSSY_LOOSER, { yes, yes } },
		{ yes, CALLGATE_ERRNO(13), CALLGATE_LOSSY_STRICTER, { CALLGATE_ERRNO(13), CALLGATE_ERRNO(13) } },
		{ yes, CALLGATE_ERRNO(13), CALLGATE_LOSSY_LOOSER, { yes, yes } },
		{ no, CALLGATE_NOTIFY, CALLGATE_LOSSY_STRICTER, { no, no } },
		{ no, CALLGATE_NOTIFY, CALLGATE_LOSSY_LOOSER, { yes, yes } },
		{ yes, CALLGATE_NOTIFY, CALLGATE_LOSSY_STRICTER, { no, no } },
		{ yes, CALLGATE_NOTIFY, CALLGATE_LOSSY_LOOSER, { yes, yes } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t answers[2];

		fit_rule(cases[i].by_default, cases[i].action, cases[i].lossy, answers);
		if (answers[0] != cases[i].answers[0] || answers[1] != cases[i].answers[1])
			fail_msg("case %zu: %llx %llx", i, (unsigned long long)answers[0], (unsigned long long)answers[1]);
	}
}

static void test_base64(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "\xff\xfe\xfd", "//79" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf text = { 0 };

		format_base64(cases[i].in, strlen(cases[i].in), 0, &text);
		assert_string_equal(text.text ? text.text : "", cases[i].out);
		buf_done(&text);
	}
}

static void test_formats(void **state)
{
	struct callgate_convert_format format, again;

	(void)state;
	for (unsigned i = 0; callgate_convert_format_at(i, &format); i++) {
		assert_true(callgate_convert_format_find(format.name, &again));
		assert_string_equal(format.name, again.name);
		assert_non_null(format.help);
	}
	assert_true(callgate_convert_format_find("podman", &again));
	assert_string_equal(again.name, "oci");
	assert_false(callgate_convert_format_find("kafel", &again));
	assert_false(callgate_convert_format_find("", &again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
