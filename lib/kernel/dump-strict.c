/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict mode (SECCOMP_MODE_STRICT) written as a filter: read, write, exit and the return from a signal handler, by the native
 * numbers and, on machines that run 32-bit programs too, by theirs; everything else ends the thread. Source: __secure_computing_strict of
 * kernel/seccomp.c and the asm/seccomp.h of each architecture.
 */
#include "kernel/task.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "arch/arch.h"

/* What there is beside the generic rule: one ABI, which returns from signals by rt_sigreturn. */
static const struct strict {
	enum callgate_abi native, abi;
	const char *sigreturn;
} strict[] = {
	{ CALLGATE_ABI_X86_64, CALLGATE_ABI_X86_64, "rt_sigreturn" },
	{ CALLGATE_ABI_X86_64, CALLGATE_ABI_I386, "sigreturn" },
	{ CALLGATE_ABI_I386, CALLGATE_ABI_I386, "sigreturn" },
	{ CALLGATE_ABI_AARCH64, CALLGATE_ABI_AARCH64, "rt_sigreturn" },
	{ CALLGATE_ABI_AARCH64, CALLGATE_ABI_ARM, "sigreturn" },
};

#define PER_ABI 8

/* The numbers of one ABI, or on to what stands behind. */
static void put_abi(struct callgate_insn *insns, enum callgate_abi abi, const char *sigreturn)
{
	const char *const names[] = { "read", "write", "exit", sigreturn };

	insns[0] = (struct callgate_insn){ BPF_JMP | BPF_JEQ | BPF_K, 0, PER_ABI - 1, arch_abi_get(abi)->audit_arch };
	insns[1] = (struct callgate_insn){ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) };
	for (uint8_t i = 0; i < 4; i++)
		insns[2 + i] = (struct callgate_insn){ BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(4 - i), 0,
						       (uint32_t)arch_syscall_nr(abi, arch_syscall_id(names[i])) };
	insns[6] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, CALLGATE_KILL_THREAD };
	insns[7] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, CALLGATE_ALLOW };
}

int kernel_strict_filter(enum callgate_abi native, struct callgate_filter **ret_filter)
{
	const struct strict generic = { native, native, "rt_sigreturn" };
	const struct strict *chosen[ARRAY_SIZE(strict)];
	struct callgate_filter *filter;
	size_t abis = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(strict); i++)
		if (strict[i].native == native)
			chosen[abis++] = &strict[i];
	if (!abis)
		chosen[abis++] = &generic;
	r = filter_new(1 + abis * PER_ABI + 1, &filter);
	if (r)
		return r;
	filter->insns[0] = (struct callgate_insn){ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch) };
	for (size_t i = 0; i < abis; i++)
		put_abi(filter->insns + 1 + i * PER_ABI, chosen[i]->abi, chosen[i]->sigreturn);
	filter->insns[filter->count - 1] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, CALLGATE_KILL_THREAD };
	filter->big_endian = arch_abi_get(native)->big_endian;
	*ret_filter = filter;
	return 0;
}
