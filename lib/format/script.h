/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats share that are scripts for sh. */
#ifndef CALLGATE_SCRIPT_H
#define CALLGATE_SCRIPT_H

#include "format/format.h"

/* Up to where descriptor 9 holds the filter. what: "under bubblewrap"; operands: for the usage, without quotes and $. */
void format_script_head(const struct format_output *out, const char *what, const char *operands, struct buf *text);

#endif
