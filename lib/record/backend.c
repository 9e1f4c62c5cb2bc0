/* SPDX-License-Identifier: Apache-2.0 */
/* The table of recorders, best first. */
#include "record/record.h"

static const struct record_backend *const backends[] = {
	&record_ebpf,
	&record_notify,
	&record_ptrace,
};

const struct record_backend *record_backend_at(unsigned i)
{
	return i < ARRAY_SIZE(backends) ? backends[i] : NULL;
}
