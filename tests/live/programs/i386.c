/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 only: system calls of the i386 ABI from a 64-bit program. argv[1] times getppid. Exit 77 where the kernel has no i386. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define I386_GETPPID 64

static void no_i386(int signal)
{
	(void)signal;
	_exit(77);
}

static long call(long nr)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr) : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1;
	pid_t parent = getppid();

	/* without CONFIG_IA32_EMULATION the instruction faults */
	signal(SIGSEGV, no_i386);
	for (long i = 0; i < n; i++) {
		long r = call(I386_GETPPID);

		if (r == -38)
			return 77;
		if (r != parent)
			return 1;
	}
	return 0;
}
