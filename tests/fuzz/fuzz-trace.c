/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a trace file: refused with a reason, or read; then writing, reading and writing again gives the same bytes. */
#include "property.h"

static void check_round_trip(const struct callgate_trace *trace)
{
	_cleanup_(buf_done) struct buf first = { 0 }, second = { 0 };
	struct callgate_trace *again = NULL;

	require(!tracefile_write(trace, &first));
	require(!tracefile_read(first.text, first.size, "first", &again, NULL));
	require(again->entries.count == trace->entries.count && again->lost == trace->lost);
	require(!tracefile_write(again, &second));
	require(first.size == second.size && !memcmp(first.text, second.text, first.size));
	trace_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_trace *trace = NULL;

	require(diags);
	if (tracefile_read((const char *)data, size, "fuzz", &trace, diags)) {
		require(!trace && diag_error_count(diags));
	} else {
		require(trace && !diag_error_count(diags));
		check_round_trip(trace);
	}
	trace_free(trace);
	callgate_diags_free(diags);
	return 0;
}
