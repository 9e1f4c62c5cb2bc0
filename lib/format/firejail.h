/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the firejail format share; private to them. */
#ifndef CALLGATE_FIREJAIL_H
#define CALLGATE_FIREJAIL_H

/* Members of a group ("@clock"), separated by blanks, some of which are groups themselves; NULL when the table has none of that name. */
const char *firejail_group(const char *name);

#endif
