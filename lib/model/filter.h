/* SPDX-License-Identifier: Apache-2.0 */
/* Filter: mechanism. A classic BPF program for seccomp, with a map from each instruction back to its clause. */
#ifndef CALLGATE_FILTER_H
#define CALLGATE_FILTER_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"

#define FILTER_RULE_NONE (-1) /* the instruction serves the dispatch, the default, unknown numbers or a bad architecture */

struct callgate_filter {
	struct callgate_insn *insns;
	int32_t *rules;     /* per instruction: index of the clause, or FILTER_RULE_NONE; NULL for imported programs */
	size_t count;
	unsigned abis;      /* compiled for these; 0 for imported programs */
	bool big_endian;    /* byte order of the machine it is for: decides which word of an argument is the low one */
	size_t cells, diagram_nodes;
	double dispatch_tests, dispatch_optimum, dispatch_entropy; /* see callgate_filter_report; 0 for imported programs */
	double compile_ms, proof_ms; /* how long making and proving it took; 0 for imported programs */
};

int filter_new(size_t count, struct callgate_filter **ret_filter);
struct callgate_filter *filter_free(struct callgate_filter *filter);
static inline void filter_freep(struct callgate_filter **filter) { filter_free(*filter); } /* for _cleanup_ */

/* The rules of kernel/seccomp.c (seccomp_check_filter) and net/core/filter.c (bpf_check_classic, check_load_and_stores).
 * -EBADMSG diagnosed bpf-invalid with the index of the instruction. */
int filter_check(const struct callgate_insn *insns, size_t count, const char *file, struct callgate_diags *diags);

/* Run a checked program. `path` (may be NULL) takes the executed instructions' indices, room for `count` of them. Returns the action. */
uint32_t filter_simulate(const struct callgate_insn *insns, size_t count, bool big_endian, const struct callgate_call *call,
			 uint16_t *path, size_t *ret_steps);

/* Word `offset` (0, 4, … 60) of seccomp_data in the given byte order. */
uint32_t filter_word(const struct callgate_call *call, bool big_endian, uint32_t offset);
/* Offset in seccomp_data of the low (high) word of an argument. */
static inline uint32_t filter_arg_offset(unsigned arg, bool high, bool big_endian)
{
	return 16 + 8 * arg + (high != big_endian ? 4 : 0);
}

/* One instruction as text, for example "jeq #0x3b jt 12 jf 13" with absolute targets. */
void filter_format_insn(const struct callgate_insn *insn, size_t index, struct buf *out);

#endif
