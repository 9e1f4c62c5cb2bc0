/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the OCI format share; private to them. */
#ifndef CALLGATE_OCI_H
#define CALLGATE_OCI_H

#include "format/format.h"
#include "model/call.h"
#include "format/strict.h"

/* An errno above this is cut to it by the kernel (MAX_ERRNO of kernel/seccomp.c). */
#define OCI_ERRNO_MAX 4095
/* Rules are names times repeated conditions: a small hostile file must not become a huge profile. */
#define OCI_CLAUSES_MAX (1u << 18)

struct oci_reader {
	struct strict strict; /* first: the helpers of strict.h take its address */
	struct callgate_profile *profile;
	unsigned flags;       /* CALLGATE_READ_… */
	unsigned abis;        /* those that the conditions are judged for in warnings */
	struct diag_where unsupported; /* first architecture without a table */
	struct buf unsupported_names;
};

/* oci-words.c: the vocabulary, the same tables for reading and writing. */
extern const struct word oci_actions[];
extern const size_t oci_actions_count;
extern const struct word oci_flags[];
extern const size_t oci_flags_count;
/* SCMP_CMP_… of an enum profile_op. */
const char *oci_op_name(enum profile_op op);
/* "SCMP_ARCH_X86_64", or "amd64" as includes and excludes have it. */
const char *oci_arch_name(enum callgate_abi abi, bool scmp);
#define OCI_ACTION_PREFIX (sizeof("SCMP_ACT_") - 1)

/* All of these: value, or negative after a diagnosed error. */
int oci_read_op(struct oci_reader *r, const struct json_node *node);
int oci_read_cap(struct oci_reader *r, const struct json_node *node);
int oci_read_errno_name(struct oci_reader *r, const struct json_node *node);
int oci_read_syscall(struct oci_reader *r, const struct json_node *node);
/* An ABI; -ENOENT also, without an error, for an architecture that libseccomp knows and we have no table for. `scmp`: the name is of the
 * form SCMP_ARCH_X86_64, otherwise amd64. */
int oci_read_arch(struct oci_reader *r, const struct json_node *node, bool scmp);
/* The action of `action` with its errno given as number or name, each of which may be NULL. */
int oci_read_action(struct oci_reader *r, const struct json_node *action, const struct json_node *number,
		    const struct json_node *name, uint32_t *ret_action);

/* oci-rule.c: one element of "syscalls". 0, -EBADMSG after too many errors, -ENOMEM. */
int oci_read_rule(struct oci_reader *r, const struct json_node *node);

/* oci-extra.c: the member x-callgate. */
int oci_read_extra(struct oci_reader *r, const struct json_node *node);
void oci_write_extra(struct json_writer *w, const struct callgate_profile *profile);

/* oci-order.c: the clauses in normal form. Writing goes by these, never by the order in which a profile happens to hold them. */
struct oci_item {
	int syscall;
	uint32_t action;
	const struct profile_guard *guard; /* all zeros when there is none */
	const struct profile_cond *conds;
	uint32_t n_conds;
	const char *comment;
};
struct oci_order {
	VEC(struct oci_item) items;   /* in normal order within each system call */
	VEC(struct profile_cond) conds;
	VEC(uint32_t) entries;        /* items in the order of writing */
	VEC(uint32_t) ends;           /* ends in `entries` of each rule to write: items that differ only in the name */
};
int oci_order(const struct callgate_profile *profile, struct oci_order *ret);
void oci_order_done(struct oci_order *order);

#endif
