/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of expectations: refused with a reason, or read. What was read is there again when each expectation is written on a line of its
 * own, and it has a call in some ABI.
 */
#include "arch/arch.h"
#include "check/ptest.h"
#include "property.h"

static bool has_call(const struct callgate_tests *tests, const struct ptest *test)
{
	struct callgate_call call;
	int r = 0;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT && r <= 0; abi++)
		if (test->abi < 0 || test->abi == abi)
			r = ptest_example(tests, test, (enum callgate_abi)abi, 0, &call, NULL);
	return r > 0;
}

/* The text carries an ABI only when it was not its section's. */
static void read_again(const struct ptest *test)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	struct callgate_tests *again = NULL;
	const struct ptest *other;

	if (test->abi >= 0)
		buf_printf(&text, "[abi %s]\n", arch_abi_get((enum callgate_abi)test->abi)->name);
	buf_printf(&text, "%s", test->text);
	require(!text.error && !ptest_read(text.text, text.size, "again", &again, NULL) && again->items.count == 1);
	other = &again->items.items[0];
	require(other->kind == test->kind && other->error == test->error && other->abi == test->abi && other->any == test->any &&
		!strcmp(other->call, test->call));
	ptest_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_tests *tests = NULL;

	require(diags);
	if (ptest_read((const char *)data, size, "fuzz", &tests, diags)) {
		require(!tests && diag_error_count(diags));
	} else {
		require(tests && !diag_error_count(diags));
		for (size_t i = 0; i < tests->items.count; i++) {
			require(has_call(tests, &tests->items.items[i]));
			read_again(&tests->items.items[i]);
		}
	}
	ptest_free(tests);
	callgate_diags_free(diags);
	return 0;
}
