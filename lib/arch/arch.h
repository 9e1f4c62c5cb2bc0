/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Architecture knowledge as data: which ABIs there are, what their system calls are called, what their
 * arguments mean and what the named constants are worth. Every table behind this header is generated from data/
 * when the project is built; there is no #ifdef for an architecture anywhere else.
 */
#ifndef CALLGATE_ARCH_H
#define CALLGATE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate.h>

/* What an ABI is. One record per enum callgate_abi, in that order. */
struct arch_abi {
	const char *name;     /* "x86_64" */
	const char *oci;      /* "SCMP_ARCH_X86_64" */
	const char *go;       /* GOARCH as Docker's includes.arches spells it: "amd64", or NULL */
	uint32_t audit_arch;  /* AUDIT_ARCH_* as in seccomp_data.arch */
	uint32_t nr_base;     /* added to every number of the table: 0x40000000 for x32, else 0 */
	uint32_t newest;      /* highest number of the shared range (table numbers below 512), without nr_base */
	unsigned word_bits;   /* width of a long as the kernel's entry code for this ABI passes it: 32 or 64 */
	bool big_endian;
};

const struct arch_abi *arch_abi_get(enum callgate_abi abi);

/* By any of: our name, the OCI name, GOARCH, common spellings (uname -m: arm64, i686, armv7l …). -ENOENT when unknown. */
int arch_abi_from_name(const char *name);

/* The ABI that a (seccomp_data.arch, nr) pair belongs to, or -ENOENT. Numbers from 0x40000000 on are x32's;
 * nr == -1 belongs to the 64-bit ABI. */
int arch_abi_of(uint32_t audit_arch, uint32_t nr);

/* The ABI this process itself was built for (from AT_PLATFORM-independent facts known at build time). */
enum callgate_abi arch_native(void);

/*
 * System calls. Names of all ABIs live in one sorted table; an id is an index into it. Ids are stable only within
 * one build: never store them.
 */
unsigned arch_syscall_count(void);
int arch_syscall_id(const char *name);               /* id, or -ENOENT */
const char *arch_syscall_name(int id);
int64_t arch_syscall_nr(enum callgate_abi abi, int id); /* number as in seccomp_data.nr (with nr_base), or -ENOENT */
int arch_syscall_at(enum callgate_abi abi, uint32_t nr); /* id of a number as in seccomp_data.nr, or -ENOENT */
const char *arch_syscall_since(int id);               /* "4.17"; "" when older than the record */
/* Is this number newer than the table: no name here and above arch_abi.newest? Never for nr == -1. */
bool arch_nr_unknown(enum callgate_abi abi, uint32_t nr);
/* Nearest known name for a typing error, or NULL. */
const char *arch_syscall_suggest(const char *name);

/* Arguments. */
enum arch_kind {
	ARCH_KIND_INT,     /* signed 32-bit */
	ARCH_KIND_UINT,    /* unsigned 32-bit */
	ARCH_KIND_LONG,    /* signed, one machine word */
	ARCH_KIND_ULONG,   /* unsigned, one machine word */
	ARCH_KIND_SIZE,    /* byte count, one machine word */
	ARCH_KIND_FD,      /* file descriptor, 32-bit */
	ARCH_KIND_MODE,    /* umode_t, read as 32 bits */
	ARCH_KIND_ID,      /* uid, gid, pid, key serial …, 32-bit */
	ARCH_KIND_ENUM,    /* one of a family of constants, 32-bit */
	ARCH_KIND_ENUM64,  /* one of a family, machine word */
	ARCH_KIND_FLAGS,   /* or of a family of constants, 32-bit */
	ARCH_KIND_FLAGS64, /* or of a family, machine word */
	ARCH_KIND_POINTER, /* address, machine word */
	ARCH_KIND_OFFSET,  /* loff_t */
};

/* What learning does with an argument's values. */
enum arch_learn {
	ARCH_LEARN_NONE, /* not kept when recording */
	ARCH_LEARN_KEEP, /* kept as evidence, not pinned by default */
	ARCH_LEARN_SET,  /* pinned to the values seen (compared under learn_mask) */
	ARCH_LEARN_MASK, /* flags: bits never seen are refused */
};

struct arch_arg {
	const char *name;
	enum arch_kind kind;
	const char *family;   /* family of named constants, or NULL */
	enum arch_learn learn;
	uint64_t learn_mask;  /* for ARCH_LEARN_SET; all ones when the whole value counts */
};

unsigned arch_arg_count(int id);                        /* 0 to 6; 0 also when nothing is known */
const struct arch_arg *arch_arg_get(int id, unsigned index); /* NULL when nothing is known of it */
/* The same with this ABI's exceptions: clone(2) has flags and stack swapped on s390x, mmap(2) is one pointer on s390x and i386, 64-bit
 * values are two arguments on 32-bit ABIs. Use this one where the ABI is known. NULL when nothing is known, or there is no such argument. */
const struct arch_arg *arch_arg_of(enum callgate_abi abi, int id, unsigned index);
/* Bits the kernel reads of this argument in this ABI: 32 or 64. An argument nothing is known of is 64 wide on a
 * 64-bit ABI (compare everything: never looser than written). */
unsigned arch_arg_width(enum callgate_abi abi, int id, unsigned index);
const char *arch_kind_name(enum arch_kind kind);

/* Named constants, for example family "socket_domain", name "AF_INET". */
int arch_constant_value(const char *family, const char *name, enum callgate_abi abi, uint64_t *ret_value); /* 0, -ENOENT */
int arch_constant_any(const char *name, enum callgate_abi abi, uint64_t *ret_value); /* in any family; -ENOENT, or -ENOTUNIQ when families disagree */
const char *arch_constant_name(const char *family, uint64_t value, enum callgate_abi abi); /* NULL when none */
unsigned arch_family_size(const char *family); /* names, over all ABIs */
/* i-th constant of a family that this ABI has, in the order of the data file; -ENOENT at the end. */
int arch_family_at(const char *family, unsigned i, enum callgate_abi abi, const char **ret_name, uint64_t *ret_value);

/* errno names: "EPERM" <-> 1 (Linux's generic numbers). */
int arch_errno_value(const char *name); /* -ENOENT */
const char *arch_errno_name(int value); /* NULL */

/* Capabilities: "CAP_SYS_ADMIN" <-> 21. */
int arch_cap_value(const char *name);   /* -ENOENT */
const char *arch_cap_name(int value);

/* Calls that some ABIs also reach through another one (socketcall, ipc), whose first argument says which. Sorted by syscall; NULL at the end. */
struct arch_multiplexed {
	int syscall, via;      /* ids */
	uint32_t number, mask; /* (first argument & mask) == number */
};
const struct arch_multiplexed *arch_multiplexed_at(unsigned i);

/*
 * Which call does on one ABI what another does on the next. A translation holds where the target lacks `syscall`, or the source lacks `to`.
 * Sorted by syscall; NULL at the end.
 */
struct arch_translation {
	int syscall, to;           /* ids */
	unsigned args;             /* of `to` that are described; of the others anything may come */
	struct arch_translated {
		int source;        /* the argument of `syscall` that it is; -1: none */
		uint64_t mask, value; /* without source: (argument & mask) == value; mask 0: anything */
	} arg[6];
};
const struct arch_translation *arch_translation_at(unsigned i);

/* Groups: "@network-io" -> its members, nested groups flattened, sorted ids. */
unsigned arch_group_count(void);
const char *arch_group_name(unsigned i);
const char *arch_group_help(unsigned i);
bool arch_group_has(unsigned i, int id);

#endif
