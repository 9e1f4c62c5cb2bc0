/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, for the rooms that may touch any. */
#ifndef CALLGATE_FILE_H
#define CALLGATE_FILE_H

#include "base/diag.h"

#define FILE_READ_MAX (64u << 20)

/* All of a file; "-" is standard input. Caller frees. -errno, -EFBIG above FILE_READ_MAX; diagnosed file-read. */
int file_read(const char *name, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags);

#endif
