/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace files, what reading and writing share:
 *
 *   {
 *     "callgate-trace": 1,
 *     "recorder": "notify", "command": "nginx -g …", "kernel": "6.1.0", "lost": 0,
 *     "calls": [
 *       {"abi": "x86_64", "name": "socket", "nr": 41, "args": [2, null, 0], "count": 3, "first": 17…, "last": 17…, "who": "nginx",
 *        "evidence": "denied", "launch": true}
 *     ]
 *   }
 *
 * "nr" is the number as in seccomp_data; "name" is for people, and is checked. "args" has null for an argument whose value is not
 * known; those behind the last known one are left out. "first" and "last" are nanoseconds since the epoch, left out when unknown.
 * "evidence" is left out when it is "recorded", "launch" when false.
 *
 * A task may call itself by any bytes, JSON is UTF-8: a byte that is not is written as the four characters \xNN, and a backslash
 * that would read as such is written as \x5c. (In the file JSON doubles the backslash.) Reading undoes it, so no byte is lost.
 */
#ifndef CALLGATE_TRACEFILE_H
#define CALLGATE_TRACEFILE_H

#include "format/format.h"

#define TRACEFILE_VERSION 1

/* Index: enum callgate_evidence. */
extern const char *const tracefile_evidence[3];

void tracefile_escape(const char *text, struct buf *out);
/* -EINVAL when it would hold a NUL. */
int tracefile_unescape(const char *text, struct buf *out);

#endif
