/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a profile: refused with a reason, or read. What was read is written so that it reads without a word, means the same for
 * the calls that its own constants suggest, and the second writing equals the first.
 */
#include "arch/arch.h"
#include "property.h"

static struct callgate_profile *read_again(const struct buf *text)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = NULL;

	require(diags && !oci_read(text->text, text->size, "first", 0, &profile, diags));
	require(!diag_error_count(diags));
	callgate_diags_free(diags);
	return profile;
}

static void check_round_trip(const struct callgate_profile *profile)
{
	_cleanup_(buf_done) struct buf first = { 0 }, second = { 0 };
	struct callgate_profile *again;

	require(!oci_write(profile, &first, NULL));
	again = read_again(&first);
	require(again->default_action == profile->default_action && again->bad_arch_action == profile->bad_arch_action &&
		again->unknown_errno == profile->unknown_errno && again->abis == profile->abis &&
		again->load_flags == profile->load_flags && again->calls.count == profile->calls.count &&
		!memcmp(again->abi_map, profile->abi_map, sizeof(again->abi_map)));
	compare_near(profile, again);
	require(!oci_write(again, &second, NULL));
	require(first.size == second.size && !memcmp(first.text, second.text, first.size));
	profile_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = NULL;
	unsigned flags = size % 2 ? CALLGATE_READ_UNKNOWN_NAMES | CALLGATE_READ_UNKNOWN_MEMBERS : 0;

	require(diags);
	if (oci_read((const char *)data, size, "fuzz", flags, &profile, diags)) {
		require(!profile && diag_error_count(diags));
	} else {
		require(profile && !diag_error_count(diags));
		check_round_trip(profile);
	}
	profile_free(profile);
	callgate_diags_free(diags);
	return 0;
}
