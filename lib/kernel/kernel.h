/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel: what it can do, and loading a filter into the calling thread. */
#ifndef CALLGATE_KERNEL_H
#define CALLGATE_KERNEL_H

#include <callgate.h>

#include "base/diag.h"

int kernel_probe(struct callgate_features *ret);
int kernel_load(const struct callgate_insn *insns, size_t count, unsigned flags, struct callgate_diags *diags);

/*
 * A program start that a filter can recognise: the path, argv and envp arrays of one execve(2), moved to random addresses.
 * A clause that allows execve with exactly these pointers opens this start and nothing else: the addresses are drawn from
 * the kernel's random source, at least 26 bits each where longs have 64, and the memory is gone once the program runs.
 */
struct kernel_launch {
	char *path;
	char **argv, **envp;
};
int kernel_launch_place(const char *path, char *const argv[], char *const envp[], struct kernel_launch *ret_launch,
			struct callgate_diags *diags);

#endif
