/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long seccomp(2) takes to load a filter: that call alone, the first of its process, from memory that has been touched, on one CPU.
 *
 * In a process that was just forked the kernel also meets, one by one, pages that its new address space does not map yet. On this
 * kind of virtual machine, whose page tables are shadowed, that takes longer than all the rest, whatever the filter. So there are two
 * ways: in a task that shares the address space of this process, and in a newly forked process.
 */
#ifndef CALLGATE_BENCH_ATTACH_H
#define CALLGATE_BENCH_ATTACH_H

#include <callgate.h>

enum attach_way { ATTACH_SHARED, ATTACH_FORKED, ATTACH_WAYS };

/* Medians over interleaved rounds, in microseconds, of each filter (NULL: none, NaN) in each way. */
int attach_measure(const struct callgate_filter *const *filters, size_t count, unsigned rounds, double (*ret_us)[ATTACH_WAYS]);

double median(double *values, unsigned count);

#endif
