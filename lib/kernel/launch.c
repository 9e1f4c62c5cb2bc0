/* SPDX-License-Identifier: Apache-2.0 */
/* Moves what execve(2) is given to unguessable addresses; see kernel.h for what that is good for. */
#include "kernel/kernel.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/util.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* 4.17; older kernels take the address as a hint, which is as good here */
#endif

/* User space ends at 2^47 on x86-64, 2^48 or 2^39 on arm64, 2^31 or so for 32-bit longs: the widest range that works is taken. */
static const unsigned address_bits[] = { 46, 38, 30 };

static void *map_at_random(size_t size, unsigned bits)
{
	uint64_t address;
	void *p;

	if (bits >= sizeof(long) * 8 || getrandom(&address, sizeof(address), 0) != sizeof(address))
		return MAP_FAILED;
	address &= (UINT64_C(1) << bits) - 1;
	address &= ~(uint64_t)(sysconf(_SC_PAGESIZE) - 1);
	p = mmap((void *)(uintptr_t)address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p != MAP_FAILED && (uint64_t)(uintptr_t)p != address) {
		munmap(p, size);
		return MAP_FAILED;
	}
	return p;
}

/* A copy of `size` bytes at a random address; never at a predictable one. */
static int place(const void *bytes, size_t size, void **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(address_bits); i++) {
		/* A range may be partly taken: a few draws each. */
		for (int tries = 0; tries < 16; tries++) {
			void *p = map_at_random(size, address_bits[i]);

			if (p == MAP_FAILED)
				continue;
			memcpy(p, bytes, size);
			*ret = p;
			return 0;
		}
	}
	return -ENOMEM;
}

static size_t array_size(char *const array[])
{
	size_t n = 0;

	while (array[n])
		n++;
	return (n + 1) * sizeof(*array);
}

int kernel_launch_place(const char *path, char *const argv[], char *const envp[], struct kernel_launch *ret_launch,
			struct callgate_diags *diags)
{
	void *p, *a, *e;
	int r;

	r = place(path, strlen(path) + 1, &p);
	if (!r)
		r = place(argv, array_size(argv), &a);
	if (!r)
		r = place(envp, array_size(envp), &e);
	if (r < 0)
		return diag_error(diags, r, "exec-place", DIAG_NOWHERE,
				  "no memory could be had at a random address to start the program from");
	*ret_launch = (struct kernel_launch){ .path = p, .argv = a, .envp = e };
	return 0;
}
