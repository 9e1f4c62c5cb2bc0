/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attacker with code execution tries first. No C library, so that under a foreign profile only write and
 * exit_group are needed. Each attempt is made so that it could do no harm if it were let through. Prints "NAME ERRNO" lines.
 */
#include "../../verdict/verdict.h"

#include <sys/syscall.h>

static unsigned native_arch;

static int attempt(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = native_arch, .args = { a, b, c, d, e } };

	return verdict_issue(&call);
}

static void put(const char *text)
{
	uint64_t n = 0;

	while (text[n])
		n++;
	attempt(SYS_write, 1, (uintptr_t)text, n, 0, 0);
}

static void answer(const char *name, int error)
{
	char digits[12];
	int i = 11;

	digits[i] = '\0';
	do
		digits[--i] = (char)('0' + error % 10);
	while (error /= 10);
	put(name);
	put(" ");
	put(digits + i);
	put("\n");
}

#define P(text) ((uintptr_t)(text))

void _start(void);
__attribute__((used, noreturn)) void _start(void)
{
	static const char *const argv[] = { "/bin/true", 0 };

	native_arch = ATTACKER_ARCH;
	answer("mount", attempt(SYS_mount, P("none"), P("/nowhere/at/all"), P("tmpfs"), 0, 0));
	answer("socket-packet", attempt(SYS_socket, 17, 3, 768, 0, 0));
	answer("socket-raw", attempt(SYS_socket, 2, 3, 1, 0, 0));
	answer("ptrace", attempt(SYS_ptrace, 0x4206, 0x7fffffff, 0, 0, 0)); /* PTRACE_SEIZE of nobody: ESRCH when let through */
	answer("bpf", attempt(SYS_bpf, 0, 0, 0, 0, 0));
	answer("init_module", attempt(SYS_init_module, 0, 0, P(""), 0, 0));
	answer("kexec_load", attempt(SYS_kexec_load, 0, 1000, 0, 0xffff, 0));
	answer("execveat", attempt(SYS_execveat, (uint64_t)-1, P("/nowhere/at/all"), P(argv), 0, 0));
	answer("execve", attempt(SYS_execve, P("/bin/true"), P(argv), 0, 0, 0));
	attempt(SYS_exit_group, 0, 0, 0, 0, 0);
	for (;;)
		;
}

/* verdict_issue asks for the architecture by its public name; without the library that is a constant. */
uint32_t callgate_abi_audit_arch(enum callgate_abi abi) { return abi == CALLGATE_ABI_I386 ? 0 : native_arch; }
