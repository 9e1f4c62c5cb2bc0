/* SPDX-License-Identifier: Apache-2.0 */
/* What tools/gen-builtin.py makes of data/builtin-*.csv; private to builtin.c. */
#ifndef CALLGATE_BUILTIN_TABLES_H
#define CALLGATE_BUILTIN_TABLES_H

#include <stddef.h>

struct builtin_profile {
	const char *name, *source, *json;
};
extern const struct builtin_profile builtin_profiles[];
extern const size_t builtin_profiles_count;

#endif
