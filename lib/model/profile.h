/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile: intent. A default action and, per system call, an ordered list of clauses; the first whose guard and
 * conditions hold wins, else the default. profile_eval is the meaning of a profile: the diagram, the compiler and every pass
 * are tested against it, and it shares no code with them beyond this header.
 */
#ifndef CALLGATE_PROFILE_H
#define CALLGATE_PROFILE_H

#include <callgate.h>

#include "arch/arch.h"
#include "base/diag.h"
#include "base/util.h"

/* OCI's seven operators. All comparisons are unsigned. */
enum profile_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_MASKED_EQ };

struct profile_cond {
	uint8_t arg;    /* 0 to 5 */
	uint8_t op;     /* enum profile_op */
	uint64_t value; /* arg OP value; OP_MASKED_EQ: (arg & mask) == value */
	uint64_t mask;
};

/* When a clause holds at all (Docker's includes/excludes), decided once per target, never per call. */
struct profile_guard {
	uint64_t include_caps, exclude_caps; /* bit n: capability n; all of the first and none of the second */
	unsigned include_abis, exclude_abis; /* the target's first ABI must be among the first (if any), not among the second */
	unsigned include_kernel, exclude_kernel; /* at least the first; below the second; 0: any (major << 16 | minor << 8) */
};

struct profile_clause {
	int syscall;      /* arch_syscall_id */
	uint32_t action;
	uint32_t cond, n_conds; /* range of profile.conds; all must hold */
	uint32_t guard;   /* 1 + index into profile.guards; 0: none */
	uint32_t file;    /* string offset; 0: profile.file. A format that includes other files names them here */
	uint32_t line, column; /* in that file; 0 when made by a pass or by learning */
	uint32_t comment; /* string offset; 0: none */
	bool derived;     /* the multiplexed form of another clause; see profile_multiplex */
};

/* A representative call with its weight. */
struct profile_call {
	int syscall;
	int abi;            /* enum callgate_abi, or -1: any */
	uint8_t n_args;     /* arguments given; the others are unknown and count as 0 */
	bool denied;        /* seen refused */
	uint64_t args[6];
	uint64_t count;
};

struct callgate_profile {
	uint32_t default_action;
	uint32_t bad_arch_action;      /* calls of ABIs outside the target; KILL_PROCESS unless the file says otherwise */
	int unknown_errno;             /* answer to numbers newer than the table; -1: the default action */
	unsigned abis;                 /* "architectures"; 0: none listed */
	unsigned abi_map[CALLGATE_ABI_COUNT]; /* "archMap": ABIs that go with a native one (itself included); 0: no entry */
	/*
	 * The profile repeats what other programs load, bit by bit, instead of saying what is intended: arguments are compared at all bits
	 * that libseccomp compares, number -1 gets the default like any other, multiplexed forms are only those it spells out, and it is for
	 * exactly the ABIs it lists, whatever a target asks for.
	 */
	bool literal;
	unsigned load_flags;           /* CALLGATE_LOAD_… from "flags" */
	uint32_t listener_path, listener_metadata; /* string offsets; 0: none */
	uint32_t file;                 /* name of the file it was read from; 0: none */
	VEC(struct profile_clause) clauses; /* sorted by syscall; the order within one syscall is precedence */
	VEC(struct profile_cond) conds;
	VEC(struct profile_guard) guards;
	VEC(struct profile_call) calls; /* sorted by syscall, abi, args, denied */
	struct strpool strings;
	char *condition_text;          /* scratch of callgate_profile_rule */
};

int profile_new(struct callgate_profile **ret_profile);
struct callgate_profile *profile_free(struct callgate_profile *profile);
static inline void profile_freep(struct callgate_profile **profile) { profile_free(*profile); } /* for _cleanup_ */
int profile_copy(const struct callgate_profile *profile, struct callgate_profile **ret_profile);

/* Append a clause (conds copied). Call profile_normalise before using the profile. */
int profile_add_clause(struct callgate_profile *profile, struct profile_clause clause, const struct profile_cond *conds, size_t n_conds);
int profile_add_guard(struct callgate_profile *profile, const struct profile_guard *guard, uint32_t *ret_guard); /* dedups */
/*
 * On i386, ppc64le and s390x a program may reach socket(2), semop(2) and their like through socketcall(2) and ipc(2) as well. So a
 * clause about such a call stands for both forms: this appends the second one to the clauses of socketcall and ipc, behind those
 * that the profile has itself. What a clause says about arguments cannot be tested there, since they are in memory: a clause
 * that permits under conditions opens nothing there, one that refuses under conditions refuses all. Part of profile_normalise.
 */
int profile_multiplex(struct callgate_profile *profile); /* of sorted clauses without derived ones; leaves them unsorted */
void profile_drop_derived(struct callgate_profile *profile);
/* Stable sort of clauses by syscall; calls sorted and equal ones added up. */
int profile_normalise(struct callgate_profile *profile);
/* The clauses of one system call: a range of profile->clauses. */
void profile_clauses_of(const struct callgate_profile *profile, int syscall, size_t *ret_first, size_t *ret_end);

/* Name of the file that a clause stands in, or NULL. */
const char *profile_clause_file(const struct callgate_profile *profile, const struct profile_clause *clause);

/* ABIs a target stands for with this profile; 0 when it selects none. */
unsigned profile_target_abis(const struct callgate_profile *profile, const struct callgate_target *target);
/* Does a clause's guard hold for this target? */
bool profile_guard_holds(const struct callgate_profile *profile, const struct profile_clause *clause, const struct callgate_target *target);
/* The ABI, of those in `abis`, whose rules decide a number, or -ENOENT. In a literal profile for x32 alone number -1 is one of x32's. */
int profile_abi_of(const struct callgate_profile *profile, unsigned abis, uint32_t audit_arch, uint32_t nr);
/* Bits of an argument that are compared: 32 or 64. arch_arg_width; the ABI's registers with target.strict64 and in a literal profile. */
unsigned profile_width(const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_abi abi, int syscall,
		       unsigned arg);
/*
 * A condition as it applies at a width. At 32 bits the kernel ignores the upper half of the register, so the
 * argument's low word is compared, zero-extended; a value or mask that is a sign-extended negative int (all of bits
 * 31 to 63 set) stands for its low word.
 */
struct profile_cond profile_cond_at_width(struct profile_cond cond, unsigned width);
bool profile_cond_holds(const struct profile_cond *cond, unsigned width, uint64_t value);

/* Answer to a number of this ABI that no clause decides: unknown_errno for numbers newer than the table, else the default.
 * nr == -1 (a tracer's "skip", no call at all) is never killed: where the default kills it is ERRNO(ENOSYS). */
uint32_t profile_fallback(const struct callgate_profile *profile, enum callgate_abi abi, uint32_t nr);

/* The meaning. `target` must select at least one ABI. Index of the deciding clause in *ret_clause, or -1 (may be NULL). */
uint32_t profile_eval(const struct callgate_profile *profile, const struct callgate_target *target,
		      const struct callgate_call *call, int *ret_clause);

/* "domain == AF_INET && type & 0xf == SOCK_STREAM"; nothing when unconditional. */
void profile_format_conds(const struct callgate_profile *profile, const struct profile_clause *clause, enum callgate_abi abi, struct buf *out);

#endif
