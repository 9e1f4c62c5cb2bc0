/* SPDX-License-Identifier: Apache-2.0 */
/* Shape of the tables that tools/gen-check.py writes from data/. Lists of names are separated by blanks. */
#ifndef CALLGATE_CHECK_TABLES_H
#define CALLGATE_CHECK_TABLES_H

#include <callgate.h>

struct check_equivalent { /* whoever may call one of `by` loses nothing when `name` is refused */
	const char *name, *by;
};

struct check_fallback {                   /* libc replaces `name` by one of `older` on ENOSYS, and on no other error */
	const char *name, *glibc, *older; /* glibc: first version; "" when it is programs that do so */
	unsigned abis;
	enum callgate_severity severity;
	const char *who;
};

struct check_hazard {
	const char *name;
	const char *argument, *constants; /* condition: NULL, or names joined by | */
	bool flags;                       /* all of them set, not equal to them */
	const char *class;
	enum callgate_severity severity;
	const char *gain;
};

extern const struct check_equivalent check_equivalents[];
extern const unsigned check_equivalents_count;
extern const struct check_fallback check_fallbacks[];
extern const unsigned check_fallbacks_count;
extern const struct check_hazard check_hazards[];
extern const unsigned check_hazards_count;

#endif
