/* SPDX-License-Identifier: Apache-2.0 */
/* Built without libbpf, bpftool or clang: there is no eBPF recorder. */
#include "record/record.h"

#include <errno.h>

static int none_probe(struct callgate_diags *diags)
{
	return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
			  "this Callgate was built without its eBPF recorder (which takes libbpf, bpftool and clang)");
}

static int none_run(const struct record_setup *setup, struct callgate_trace *trace, struct callgate_record_result *ret_result,
		    struct callgate_diags *diags)
{
	(void)setup, (void)trace, (void)ret_result;
	return none_probe(diags);
}

const struct record_backend record_ebpf = {
	.name = "ebpf",
	.help = RECORD_EBPF_HELP,
	.attaches = true,
	.probe = none_probe,
	.run = none_run,
};
