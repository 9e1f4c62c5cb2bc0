/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a firejail profile: refused with a reason, or read as a profile that answers any call. */
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct format_input input = { .bytes = (const char *)data, .size = size, .file = "fuzz",
					    .flags = size % 2 ? CALLGATE_READ_UNKNOWN_NAMES : 0 };

	import_any(&format_firejail, &input, check_answers);
	return 0;
}
