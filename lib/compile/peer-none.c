/* SPDX-License-Identifier: Apache-2.0 */
/* Built without libseccomp's header: there is no reference compiler. */
#include "compile/peer.h"

#include <errno.h>

int peer_compile(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout,
		 struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	(void)profile, (void)target, (void)layout, (void)ret_filter;
	return diag_error(diags, -ENOSYS, "peer-absent", DIAG_NOWHERE, "this Callgate was built without libseccomp");
}

const char *peer_version(char *text, size_t size)
{
	(void)text, (void)size;
	return NULL;
}
