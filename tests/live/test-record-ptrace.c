/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever holds of recording by user notification holds of recording by ptrace: the same cases. */
#define BACKEND record_ptrace
#include "test-record.c"
