/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace: evidence. Distinct observations with their counts. Adding is cheap (a hash lookup), so recorders call it for
 * every call; memory is bounded: a (ABI, number) with more than TRACE_VALUES_MAX distinct argument tuples is generalised, that
 * is, further tuples are counted in one observation whose arguments are unknown. Nothing is lost by that but detail.
 */
#ifndef CALLGATE_TRACE_H
#define CALLGATE_TRACE_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"

#define TRACE_VALUES_MAX 1024
/* Distinct (ABI, number) pairs: far more than any table has; calls of still more numbers are counted as lost. */
#define TRACE_NUMBERS_MAX 65536

struct trace_entry {
	uint32_t nr;
	uint8_t abi;        /* enum callgate_abi */
	uint8_t evidence;   /* enum callgate_evidence */
	bool launch;
	uint8_t args_known; /* bit mask; args without their bit are 0 */
	uint64_t args[6];
	uint64_t count, first, last;
	uint32_t who;       /* string offset; 0: unknown */
};

struct trace_number {
	uint32_t nr;
	uint8_t abi;
	uint32_t distinct;  /* entries of this number */
};

struct callgate_trace {
	VEC(struct trace_entry) entries;
	struct strpool strings;
	uint32_t recorder;  /* "notify" … */
	uint32_t command;   /* words separated by blanks */
	uint32_t kernel;    /* uname -r of where it was taken */
	uint64_t lost;
	uint32_t *index;    /* hash of the key → 1 + entry */
	size_t index_size;  /* power of two, or 0 */
	VEC(struct trace_number) numbers;
	uint32_t *number_index; /* hash of (abi, nr) → 1 + number */
	size_t number_index_size;
};

int trace_new(struct callgate_trace **ret_trace);
struct callgate_trace *trace_free(struct callgate_trace *trace);
/* Count one observation: the key is (abi, nr, evidence, launch, args_known, args). `who` is kept from the first that has one.
 * Returns 1 when this (abi, nr) was new, 0 when it was known, -ENOMEM. */
int trace_add(struct callgate_trace *trace, const struct callgate_observation *observation);
/* What arguments.csv says is worth keeping of a call: mask of arguments, and the call's args reduced to them. */
unsigned trace_args_worth(enum callgate_abi abi, uint32_t nr, const uint64_t args[6], uint64_t ret_args[6]);
/* Sort into normal order. */
int trace_normalise(struct callgate_trace *trace);
void trace_observation(const struct callgate_trace *trace, size_t i, struct callgate_observation *ret);

#endif
