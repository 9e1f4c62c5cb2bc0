/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs in the kernel (bpf/record.bpf.c) and the recorder (ebpf.c) share: the layout of their maps. Compiled for both,
 * so only the kernel's own types.
 *
 * A call has a slot: numbers below 1024 of the native ABI, of x32 (number bit 30), and of the compat ABI. Any other number is counted in
 * the map `others`, by number.
 */
#ifndef CALLGATE_EBPF_MAP_H
#define CALLGATE_EBPF_MAP_H

#include <linux/types.h>

#define EBPF_NUMBERS 1024            /* numbers of one range */
#define EBPF_X32_BIT 0x40000000u
#define EBPF_SLOTS 4096               /* native, x32, compat, and what makes it a power of two */
#define EBPF_TUPLES 16384            /* distinct argument tuples, of all calls */
#define EBPF_OTHERS 8192             /* distinct numbers without a slot */
#define EBPF_PROCESSES 65536         /* at a time, when a process tree is recorded */
/* Distinct tuples of one call with all its kept arguments, and in all. From then on only the arguments that a profile pins by default
 * are told apart, and then none: "too many values". Together below TRACE_VALUES_MAX, which would generalise once more. */
#define EBPF_FULL_TUPLES 700
#define EBPF_PINNED_TUPLES 1000
#define EBPF_REGS 48                 /* registers of a task at entry, as many as are read; 64 bits each */
#define EBPF_COMM 16

/* What to keep of a call's arguments: bit masks of arguments. */
struct ebpf_worth {
	__u8 keep;   /* all that arguments.csv marks */
	__u8 pin;    /* those among them that learning pins by default */
	__u8 narrow; /* the kernel reads 32 bits of these */
	__u8 unused;
};

/* One for each slot and CPU. */
struct ebpf_tally {
	__u64 count, last;
};

struct ebpf_first {
	__u64 time;
	char comm[EBPF_COMM];
};

struct ebpf_number {
	__u32 nr, compat;
};

struct ebpf_tuple {
	__u32 nr;
	__u8 compat, known;
	__u16 zero;
	__u64 args[6]; /* those not known are 0 */
};

struct ebpf_seen {
	__u64 count, last;
	struct ebpf_first first;
};

#endif
