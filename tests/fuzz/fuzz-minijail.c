/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a minijail policy, which may include itself: refused with a reason, or read. What was read is written, unless that cannot
 * be, so that it reads without a word and means the same at calls that its own constants suggest.
 */
#include "property.h"

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
	struct format_input input = { .bytes = (const char *)data, .size = size, .file = "fuzz",
				      .flags = size % 2 ? CALLGATE_READ_UNKNOWN_NAMES : 0, .include = include };

	input.user = &input;
	import_any(&format_minijail, &input, check_round_trip);
	return 0;
}
