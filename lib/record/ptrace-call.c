/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which call a task is about to make. Since Linux 5.3 the kernel says so itself. Before, there are only registers, and they do not tell
 * the ABI: a 64-bit program on x86-64 may enter the kernel by int 0x80. But the filter sees it (seccomp_data.arch), and can say it in the 16
 * bits of its message; so ABI and registers' layout together are exact. Layouts are data, as everything about architectures is.
 */
#include "record/ptrace.h"

#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "arch/arch.h"
#include "base/util.h"

#define GET_SYSCALL_INFO 0x420e /* PTRACE_GET_SYSCALL_INFO, newer than the headers of some distributions */
#define INFO_SECCOMP 3

/* struct ptrace_syscall_info of include/uapi/linux/ptrace.h, for a stop by a filter. */
struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t instruction_pointer, stack_pointer;
	uint64_t nr, args[6];
	uint32_t message, pad2;
};

/* Registers as NT_PRSTATUS gives them: struct user_regs_struct, user_pt_regs and the like. Indices of words. */
struct layout {
	enum callgate_abi abi;
	unsigned size, word; /* of all, of one, in bytes; the size says whether the task runs 32-bit code */
	uint8_t ip, nr, args[6];
};
static const struct layout layouts[] = {
	{ CALLGATE_ABI_X86_64, 216, 8, 16, 15, { 14, 13, 12, 7, 9, 8 } },  /* orig_rax; rdi rsi rdx r10 r8 r9 */
	{ CALLGATE_ABI_I386, 216, 8, 16, 15, { 5, 11, 12, 13, 14, 4 } },   /* int 0x80 of 64-bit code: rbx rcx rdx rsi rdi rbp */
	{ CALLGATE_ABI_I386, 68, 4, 12, 11, { 0, 1, 2, 3, 4, 5 } },        /* orig_eax; ebx ecx edx esi edi ebp */
	{ CALLGATE_ABI_AARCH64, 272, 8, 32, 8, { 0, 1, 2, 3, 4, 5 } },
	{ CALLGATE_ABI_ARM, 72, 4, 15, 7, { 0, 1, 2, 3, 4, 5 } },
	{ CALLGATE_ABI_RISCV64, 256, 8, 0, 17, { 10, 11, 12, 13, 14, 15 } }, /* a7; a0 … */
	{ CALLGATE_ABI_LOONGARCH64, 360, 8, 33, 11, { 4, 5, 6, 7, 8, 9 } },  /* a7; a0 … */
};

size_t record_ptrace_filter(struct callgate_insn insns[RECORD_PTRACE_INSNS_MAX])
{
	size_t n = 0;

	insns[n++] = (struct callgate_insn){ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch) };
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		insns[n++] = (struct callgate_insn){ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, arch_abi_get(abi)->audit_arch };
		insns[n++] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, CALLGATE_TRACE(1 + abi) };
	}
	insns[n++] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, CALLGATE_TRACE(0) };
	return n;
}

bool record_ptrace_has_info(void)
{
	/* of a task that is not ours: a kernel without the request says EIO before it looks */
	struct call_info info;

	errno = 0;
	return ptrace(GET_SYSCALL_INFO, 0, (void *)sizeof(info), &info) < 0 && errno == ESRCH;
}

static int read_info(pid_t tid, struct callgate_call *ret_call)
{
	struct call_info info = { 0 };

	if (ptrace(GET_SYSCALL_INFO, tid, (void *)sizeof(info), &info) < 0)
		return -errno;
	if (info.op != INFO_SECCOMP)
		return -ENOSYS;
	*ret_call = (struct callgate_call){ .nr = (uint32_t)info.nr, .arch = info.arch, .ip = info.instruction_pointer };
	memcpy(ret_call->args, info.args, sizeof(ret_call->args));
	return 0;
}

static uint64_t word_at(const struct layout *layout, const char *registers, unsigned index)
{
	uint64_t wide;
	uint32_t narrow;

	memcpy(&wide, registers + 8 * (layout->word == 8 ? index : 0), sizeof(wide));
	memcpy(&narrow, registers + 4 * (layout->word == 4 ? index : 0), sizeof(narrow));
	/* of 64-bit registers a 32-bit entry reads the lower halves */
	return layout->word == 4 ? narrow : arch_abi_get(layout->abi)->word_bits == 32 && layout->abi != CALLGATE_ABI_X32 ? (uint32_t)wide : wide;
}

static int read_registers(pid_t tid, struct callgate_call *ret_call)
{
	_Alignas(8) char registers[1024] = { 0 };
	struct iovec io = { registers, sizeof(registers) };
	unsigned long message = 0;
	enum callgate_abi abi;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) < 0 || ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) < 0)
		return -errno;
	if (!message || message > CALLGATE_ABI_COUNT)
		return -ENOSYS;
	abi = (enum callgate_abi)(message - 1);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *layout = &layouts[i];

		if (layout->abi != abi || layout->size != io.iov_len)
			continue;
		*ret_call = (struct callgate_call){ .nr = (uint32_t)word_at(layout, registers, layout->nr), .arch = arch_abi_get(abi)->audit_arch,
						    .ip = word_at(layout, registers, layout->ip) };
		for (unsigned a = 0; a < 6; a++)
			ret_call->args[a] = word_at(layout, registers, layout->args[a]);
		return 0;
	}
	return -ENOSYS;
}

int record_ptrace_read_call(pid_t tid, bool registers, struct callgate_call *ret_call)
{
	return registers ? read_registers(tid, ret_call) : read_info(tid, ret_call);
}
