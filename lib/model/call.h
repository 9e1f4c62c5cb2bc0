/* SPDX-License-Identifier: Apache-2.0 */
/* One system call as a filter sees it, and the kernel's actions. The struct itself is public: callgate_call. */
#ifndef CALLGATE_CALL_H
#define CALLGATE_CALL_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"

#define ACTION_MASK 0xffff0000u /* SECCOMP_RET_ACTION_FULL */
#define ACTION_DATA 0x0000ffffu /* SECCOMP_RET_DATA */

/* The kernel's precedence among stacked filters (kernel/seccomp.c, seccomp_run_filters): smaller wins. */
static inline int32_t action_rank(uint32_t action) { return (int32_t)(action & ACTION_MASK); }
/* Result of two filters, `newer` loaded after `older`: of equal actions the newer one's data counts. */
static inline uint32_t action_stack(uint32_t newer, uint32_t older)
{
	return action_rank(older) < action_rank(newer) ? older : newer;
}
/* The more permissive of two, a's when they are equal but for their data. */
static inline uint32_t action_union(uint32_t a, uint32_t b)
{
	return action_rank(b) > action_rank(a) ? b : a;
}
/*
 * What the kernel makes of an answer (kernel/seccomp.c, __seccomp_filter): data counts for ERRNO, up to 4095, TRAP and TRACE only; an
 * action it does not know kills the process.
 */
uint32_t action_meaning(uint32_t action);
bool action_kills(uint32_t action);
bool action_permits(uint32_t action); /* ALLOW, LOG */
const char *action_format(uint32_t action, char *text, size_t size);
int action_parse(const char *text, uint32_t *ret_action);

int call_parse(const char *text, enum callgate_abi abi, struct callgate_call *ret_call, struct callgate_diags *diags);
void call_format(const struct callgate_call *call, struct buf *out);
/* One argument as people read it: "AF_INET", "PROT_READ|PROT_EXEC", "3", "0x7ffe…". */
void call_format_argument(struct buf *out, enum callgate_abi abi, int syscall, unsigned index, uint64_t value);

#endif
