/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64: svc makes the native calls. */
#include "verdict.h"

unsigned verdict_native_abis(void) { return CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64); }

bool verdict_can_issue(const struct callgate_call *call)
{
	return call->arch == callgate_abi_audit_arch(CALLGATE_ABI_AARCH64);
}

int verdict_issue(const struct callgate_call *call)
{
	register uint64_t x8 __asm__("x8") = call->nr;
	register uint64_t x0 __asm__("x0") = call->args[0];
	register uint64_t x1 __asm__("x1") = call->args[1];
	register uint64_t x2 __asm__("x2") = call->args[2];
	register uint64_t x3 __asm__("x3") = call->args[3];
	register uint64_t x4 __asm__("x4") = call->args[4];
	register uint64_t x5 __asm__("x5") = call->args[5];

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return (int64_t)x0 < 0 && (int64_t)x0 > -4096 ? (int)-x0 : 0;
}
