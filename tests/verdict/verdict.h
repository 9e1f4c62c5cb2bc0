/* SPDX-License-Identifier: Apache-2.0 */
/* Making an arbitrary call on this machine: one file an architecture, chosen by the build. */
#ifndef VERDICT_H
#define VERDICT_H

#include <callgate.h>

unsigned verdict_native_abis(void);
/* Can this machine make exactly this call? */
bool verdict_can_issue(const struct callgate_call *call);
/* Make it: the errno, or 0 when it succeeded. */
int verdict_issue(const struct callgate_call *call);

#endif
