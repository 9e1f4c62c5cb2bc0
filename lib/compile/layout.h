/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLGATE_COMPILE_LAYOUT_H
#define CALLGATE_COMPILE_LAYOUT_H

#include "compile/dag.h"
#include "model/filter.h"

/* Instructions for a DAG. *ret_size is the length even when it is too long: -E2BIG. */
int layout(const struct dag *dag, int32_t root, bool big_endian, struct callgate_filter **ret_filter, size_t *ret_size);

#endif
