/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64: syscall makes 64-bit and x32 calls, int $0x80 makes i386 ones, whose six registers are 32 bits wide. */
#include "verdict.h"

unsigned verdict_native_abis(void)
{
	return CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386);
}

/* uretprobe and uprobe are made by the kernel's own trampolines, and no filter is asked (kernel/seccomp.c, seccomp_uprobe_exception, 6.14). */
static bool is_exempt(uint32_t nr) { return nr == 335 || nr == 336; }

bool verdict_can_issue(const struct callgate_call *call)
{
	if (call->arch == callgate_abi_audit_arch(CALLGATE_ABI_X86_64))
		return !is_exempt(call->nr);
	for (int i = 0; i < 6; i++)
		if (call->args[i] > UINT32_MAX)
			return false;
	return call->arch == callgate_abi_audit_arch(CALLGATE_ABI_I386);
}

static long issue_64(const struct callgate_call *call)
{
	register uint64_t r10 __asm__("r10") = call->args[3];
	register uint64_t r8 __asm__("r8") = call->args[4];
	register uint64_t r9 __asm__("r9") = call->args[5];
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"((uint64_t)call->nr), "D"(call->args[0]), "S"(call->args[1]), "d"(call->args[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* ebp carries the sixth argument; the compiler may need it, so it is saved around the call, below the red zone. */
static long issue_32(const struct callgate_call *call)
{
	long result;

	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov %7, %%ebp\n\tint $0x80\n\tpop %%rbp\n\tlea 128(%%rsp), %%rsp"
			 : "=a"(result)
			 : "a"((uint64_t)call->nr), "b"(call->args[0]), "c"(call->args[1]), "d"(call->args[2]), "S"(call->args[3]),
			   "D"(call->args[4]), "r"((uint32_t)call->args[5])
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

int verdict_issue(const struct callgate_call *call)
{
	bool native = call->arch == callgate_abi_audit_arch(CALLGATE_ABI_X86_64);
	long result = native ? issue_64(call) : issue_32(call);

	return result < 0 && result > -4096 ? (int)-result : 0;
}
