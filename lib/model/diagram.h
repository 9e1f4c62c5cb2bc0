/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagram: meaning. A reduced, ordered, hash-consed multi-terminal binary decision diagram from the bits of
 * seccomp_data to the kernel's 32-bit return value. Within one `struct diagram` it is canonical: two policies mean the same
 * exactly when their roots are the same node.
 *
 * Variables, in order: arch (bit 31 first), nr, then args 0 to 5 (bit 63 first), then the instruction pointer. They are logical
 * bits: byte order matters only when a program is lowered.
 */
#ifndef CALLGATE_DIAGRAM_H
#define CALLGATE_DIAGRAM_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/profile.h"

#define DIAGRAM_VARS (32 + 32 + 6 * 64 + 64)
#define DIAGRAM_NODES_DEFAULT (4u << 20) /* limit that diagram_new(0) sets */

struct diagram;
typedef uint32_t diagram_ref;
/* Answer of every operation once the node limit or memory ran out; sticky, see diagram_error. */
#define DIAGRAM_FAILED UINT32_MAX

struct diagram *diagram_new(size_t max_nodes); /* NULL when out of memory; 0: the default limit */
struct diagram *diagram_free(struct diagram *d);
static inline void diagram_freep(struct diagram **d) { diagram_free(*d); } /* for _cleanup_ */
int diagram_error(const struct diagram *d); /* 0, -E2BIG (limit), -ENOMEM */

diagram_ref diagram_leaf(struct diagram *d, uint32_t value);
/* Boolean diagrams use the leaves 0 and 1. */
diagram_ref diagram_bit(struct diagram *d, unsigned var); /* 1 when the variable is set */
diagram_ref diagram_ite(struct diagram *d, diagram_ref condition, diagram_ref then, diagram_ref otherwise);
/* What the kernel does with two stacked filters. */
diagram_ref diagram_stack(struct diagram *d, diagram_ref newer, diagram_ref older);
/* What either of two allows: of two actions the more permissive one, by the kernel's precedence reversed; a's of equal ones. */
diagram_ref diagram_union(struct diagram *d, diagram_ref a, diagram_ref b);

/* The meaning of a profile; -E2BIG, -EINVAL (no ABI; diagnosed). */
int diagram_from_profile(struct diagram *d, const struct callgate_profile *profile, const struct callgate_target *target,
			 diagram_ref *ret_root, struct callgate_diags *diags);
/*
 * A profile for these ABIs whose meaning is exactly the diagram's: it has been lowered again to the same node. -EOPNOTSUPP when none has,
 * -E2BIG; diagnosed extract-ip, extract-arch, extract-number, extract-abi, extract-conditions. (diagram-extract.c)
 */
int profile_from_diagram(struct diagram *d, diagram_ref root, unsigned abis, struct callgate_profile **ret_profile,
			 struct callgate_diags *diags);
/* The meaning of a checked program, by bit-precise symbolic execution. Handles every instruction that seccomp admits. */
int diagram_from_filter(struct diagram *d, const struct callgate_insn *insns, size_t count, bool big_endian,
			diagram_ref *ret_root, struct callgate_diags *diags);

uint32_t diagram_eval(const struct diagram *d, diagram_ref root, const struct callgate_call *call);
/* The same with each answer as the kernel takes it (action_meaning). For finished roots: answers combine by their raw values. */
diagram_ref diagram_meaning(struct diagram *d, diagram_ref root);
/*
 * SHA-256 of the meaning, whatever made it: of a leaf, of "L" and its answer; of a node, of "N", its variable's index, and the
 * fingerprints of its children for 0 and for 1; numbers are 32 bits, most significant byte first. 0, -E2BIG, -ENOMEM.
 */
#define DIAGRAM_FINGERPRINT_SIZE 32
int diagram_fingerprint(struct diagram *d, diagram_ref root, uint8_t ret_hash[DIAGRAM_FINGERPRINT_SIZE]);
/* 0 and *ret_root, or the diagnosed error that the diagram has run into. */
int diagram_answer(struct diagram *d, diagram_ref root, diagram_ref *ret_root, struct callgate_diags *diags);
/* Nodes reachable from a root, leaves included. */
size_t diagram_size(const struct diagram *d, diagram_ref root);
/* The part of a root that answers one number of one architecture: a diagram of the arguments and the instruction pointer. */
diagram_ref diagram_part(const struct diagram *d, diagram_ref root, uint32_t arch, uint32_t nr);
/*
 * Shows every leaf below a root to `wanted`, once each time that a way leads to it from a node not seen before, until it says yes. 1: it did,
 * and *call, whose other bits stay, is a call that leads there. 0: it never did. -ENOMEM.
 */
int diagram_find(const struct diagram *d, diagram_ref root, bool (*wanted)(uint32_t leaf, void *user), void *user, struct callgate_call *call);
/* Does the answer depend on a variable from `first` up to, without, `end`? 1, 0, -ENOMEM. */
int diagram_depends(const struct diagram *d, diagram_ref root, unsigned first, unsigned end);
/* When a != b: a call on which they differ (bits that do not matter are 0). */
bool diagram_witness(const struct diagram *d, diagram_ref a, diagram_ref b, struct callgate_call *ret_call);

/* ---- Parts of a diagram (diagram-part.c) ---- */

#define DIAGRAM_RUNS_MAX (1u << 16)

/* Neighbouring values of one 32-bit field with the same answers; `root` is what is left to decide. */
struct diagram_run {
	uint32_t first, last;
	diagram_ref root;
};
struct diagram_runs {
	VEC(struct diagram_run) all; /* in order; together they are all values */
};
/* Maximal runs of architectures. -E2BIG when there are more than DIAGRAM_RUNS_MAX. */
int diagram_archs(const struct diagram *d, diagram_ref root, struct diagram_runs *ret_runs);
void diagram_runs_done(struct diagram_runs *runs);

/* The numbers of one ABI: each one that has a name, and between them runs of numbers without a name and with the same answers. */
struct diagram_slot {
	uint32_t first, last;
	int syscall; /* -1: no name. Number -1 is a slot of its own */
	diagram_ref root; /* decides by arguments and instruction pointer */
};
struct diagram_slots {
	VEC(struct diagram_slot) all; /* in order of numbers */
};
int diagram_slots(const struct diagram *d, diagram_ref root, enum callgate_abi abi, struct diagram_slots *ret_slots);
void diagram_slots_done(struct diagram_slots *slots);

/* Different leaves below a root, in order of value. */
struct diagram_leaves {
	VEC(uint32_t) all;
};
int diagram_leaves(const struct diagram *d, diagram_ref root, struct diagram_leaves *ret_leaves);
/* Is it a leaf? Then *ret_value is its value; may be NULL. */
bool diagram_is_leaf(const struct diagram *d, diagram_ref root, uint32_t *ret_value);
/* Each leaf replaced by what `map` makes of it. A predicate maps to 0 and 1. */
diagram_ref diagram_map(struct diagram *d, diagram_ref root, uint32_t (*map)(uint32_t value, const void *user), const void *user);
/* Both answers side by side: a's leaf in the high half, b's in the low one. Leaves must be below 65536: indices, say. */
diagram_ref diagram_pair(struct diagram *d, diagram_ref a, diagram_ref b);
/* Sets used[v] for each variable that the answer depends on. */
int diagram_support(const struct diagram *d, diagram_ref root, bool used[DIAGRAM_VARS]);

#endif
