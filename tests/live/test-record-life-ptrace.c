/* SPDX-License-Identifier: Apache-2.0 */
/* A recording by ptrace starts and ends as one by user notification does: the same cases. */
#define BACKEND record_ptrace
#include "test-record-life.c"
