/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference compiler: the same profile through libseccomp, for comparison. Chosen by the build: peer-seccomp.c where the
 * library's header is there (the library itself is opened when it is asked for), else peer-none.c.
 */
#ifndef CALLGATE_PEER_H
#define CALLGATE_PEER_H

#include <callgate.h>

#include "base/diag.h"
#include "model/filter.h"
#include "model/profile.h"

/*
 * libseccomp's program for a profile. layout: 1 for its linear one, 2 for its binary tree. The result is unproven, and may be wrong.
 * -ENOSYS peer-absent; -EOPNOTSUPP peer-cannot: what libseccomp has no way to say; -EINVAL peer-failed with its own error.
 */
int peer_compile(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout,
		 struct callgate_filter **ret_filter, struct callgate_diags *diags);
/* "2.5.4", or NULL where it is not there. Writes at most `size` bytes. */
const char *peer_version(char *text, size_t size);

#endif
