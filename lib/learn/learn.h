/* SPDX-License-Identifier: Apache-2.0 */
/* Traces to profile: which names, which argument values, with what weight. */
#ifndef CALLGATE_LEARN_H
#define CALLGATE_LEARN_H

#include <callgate.h>

#include "base/diag.h"
#include "model/profile.h"
#include "model/trace.h"

int learn_profile(const struct callgate_trace *const *traces, size_t count, const struct callgate_learn_options *options,
		  struct callgate_profile **ret_profile, struct callgate_diags *diags);

#endif
