/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a minijail policy, which may include itself: refused with a reason, or read. What was read is written, unless that cannot
 * be, so that it reads without a word and means the same at calls that its own constants suggest.
 */
#include "format/format.h"

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* Any name is the second half of the file, under that name. */
static int include(void *user, const char *file, const char *name, const char **ret_bytes, size_t *ret_size, const char **ret_file,
		   struct callgate_diags *diags)
{
	const struct format_input *input = user;

	(void)file;
	(void)diags;
	*ret_bytes = input->bytes + input->size / 2;
	*ret_size = input->size - input->size / 2;
	*ret_file = strlen(name) > 3 ? "long" : "short";
	return 0;
}

static void compare(const struct callgate_profile *a, const struct callgate_profile *b, int abi, int syscall, uint64_t value)
{
	int64_t nr = arch_syscall_nr((enum callgate_abi)abi, syscall);
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get((enum callgate_abi)abi)->audit_arch };

	for (int i = 0; i < 6; i++)
		call.args[i] = value;
	require(nr < 0 || profile_eval(a, &target, &call, NULL) == profile_eval(b, &target, &call, NULL));
}

static void compare_near(const struct callgate_profile *a, const struct callgate_profile *b)
{
	for (size_t i = 0; i < a->clauses.count && i < 64; i++) {
		const struct profile_clause *clause = &a->clauses.items[i];

		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			compare(a, b, abi, clause->syscall, 0);
			for (uint32_t n = 0; n < clause->n_conds; n++) {
				uint64_t value = a->conds.items[clause->cond + n].value;

				compare(a, b, abi, clause->syscall, value);
				compare(a, b, abi, clause->syscall, value + 1);
				compare(a, b, abi, clause->syscall, value ^ UINT64_C(1) << 40);
			}
		}
	}
}

static void check_round_trip(const struct callgate_profile *profile)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *again = NULL;
	_cleanup_(buf_done) struct buf text = { 0 }, weights = { 0 };
	struct format_input input = { .file = "again" };

	require(diags && !minijail_write_frequency(profile, &weights));
	if (!minijail_write(profile, &text, diags)) {
		require(!callgate_diags_count(diags));
		input.bytes = text.text;
		input.size = text.size;
		require(!format_minijail.import(&input, &again, diags) && !callgate_diags_count(diags));
		require(again->profile->default_action == profile->default_action);
		compare_near(profile, again->profile);
		compare_near(again->profile, profile);
		policy_free(again);
	} else {
		require(diag_error_count(diags));
	}
	callgate_diags_free(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	struct format_input input = { .bytes = (const char *)data, .size = size, .file = "fuzz", .flags = size % 2 ? CALLGATE_READ_UNKNOWN_NAMES : 0, .include = include };

	input.user = &input;
	require(diags);
	if (format_minijail.import(&input, &policy, diags)) {
		require(!policy && diag_error_count(diags));
	} else {
		require(policy && !diag_error_count(diags));
		check_round_trip(policy->profile);
	}
	policy_free(policy);
	callgate_diags_free(diags);
	return 0;
}
