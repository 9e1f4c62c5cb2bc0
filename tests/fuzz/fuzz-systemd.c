/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a systemd expression, as a unit file, and as a unit file with itself as a drop-in: refused with a reason, or a policy whose
 * every leaf is literal, for some ABI, and sorted.
 */
#include "property.h"

static void check_leaves(const struct callgate_policy *stack)
{
	for (size_t i = 0; i < stack->parts.count; i++) {
		const struct callgate_profile *profile = stack->parts.items[i]->profile;

		require(profile && profile->literal && profile->abis);
		for (size_t k = 1; k < profile->clauses.count; k++)
			require(profile->clauses.items[k - 1].syscall <= profile->clauses.items[k].syscall);
	}
}

static struct callgate_policy *read_unit(const uint8_t *data, size_t size, size_t times)
{
	const struct systemd_text text = { "fuzz", (const char *)data, size }, texts[] = { text, text };
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	int r = systemd_unit_policy("t.service", texts, times, 0, 0, &policy, diags);

	require(diags && (r != 0) == (diag_error_count(diags) != 0) && !r == !!policy);
	callgate_diags_free(diags);
	return policy;
}

static void read_expression(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	char *text = copy_text((const char *)data, size);
	int r;

	require(diags && text);
	r = systemd_read_expression(text, &policy, diags);
	require((r != 0) == (diag_error_count(diags) != 0) && !r == !!policy);
	policy_free(policy);
	callgate_diags_free(diags);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_policy *once = read_unit(data, size, 1), *twice = read_unit(data, size, 2);

	if (once)
		check_leaves(once);
	policy_free(once);
	if (twice)
		check_leaves(twice);
	policy_free(twice);
	read_expression(data, size);
	return 0;
}
