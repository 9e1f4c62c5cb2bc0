/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as raw BPF: refused with a reason, or read. A program that was taken is those very bytes, reads again, and runs to an end on any
 * call: what the checker lets through the simulator must survive.
 */
#include "property.h"

static void check_run(const struct callgate_filter *filter)
{
	static const struct callgate_call calls[] = {
		{ 0 },
		{ .nr = UINT32_MAX, .arch = UINT32_MAX, .ip = UINT64_MAX, .args = { UINT64_MAX, UINT64_MAX, UINT64_MAX } },
		{ .nr = 41, .arch = 0xc000003e, .args = { 2, 1, 0, 0x100000000, 0x80000000, 1 } },
	};
	_cleanup_free_ uint16_t *path = calloc(filter->count, sizeof(*path));

	require(path);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		size_t steps = 0;

		filter_simulate(filter->insns, filter->count, filter->big_endian, &calls[i], path, &steps);
		require(steps && steps <= filter->count && path[0] == 0 && path[steps - 1] < filter->count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_filter *filter = NULL, *again = NULL;

	require(diags);
	if (bpf_read(data, size, "fuzz", &filter, diags)) {
		require(!filter && diag_error_count(diags));
	} else {
		require(filter && !diag_error_count(diags) && filter->count == size / sizeof(*filter->insns));
		require(!memcmp(filter->insns, data, size));
		require(!bpf_read(filter->insns, size, "again", &again, NULL) && !memcmp(again->insns, data, size));
		check_run(filter);
	}
	filter_free(again);
	filter_free(filter);
	callgate_diags_free(diags);
	return 0;
}
