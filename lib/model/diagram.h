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
/* When a != b: a call on which they differ (bits that do not matter are 0). */
bool diagram_witness(const struct diagram *d, diagram_ref a, diagram_ref b, struct callgate_call *ret_call);

#endif
