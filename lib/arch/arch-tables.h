/* SPDX-License-Identifier: Apache-2.0 */
/* Shape of the tables that tools/gen-tables.py writes from data/. Seen by arch/ only. */
#ifndef CALLGATE_ARCH_TABLES_H
#define CALLGATE_ARCH_TABLES_H

#include "arch/arch.h"

struct arch_name_value { /* sorted by name, or by value with the names to print first */
	const char *name;
	int value;
};

struct arch_syscall_row { /* sorted by name; an id is an index */
	const char *name, *since;
	int32_t nr[CALLGATE_ABI_COUNT]; /* without nr_base; -1: none */
	uint16_t first_arg;             /* in arch_args */
	uint8_t args;
};

struct arch_nr_row { /* per ABI, sorted by nr (without nr_base) */
	uint32_t nr;
	uint16_t id;
};

struct arch_nr_table {
	const struct arch_nr_row *rows;
	uint16_t count;
};

struct arch_exception { /* a call whose arguments differ in one ABI; sorted by abi, id */
	uint8_t abi, args;
	uint16_t id, first_arg;
};

struct arch_constant { /* by family, in the order of the data file: by value, the name to print first */
	const char *name;
	uint64_t value;
	uint16_t family;
	uint16_t abis; /* CALLGATE_ABI_BIT()s of those that have this value */
};

struct arch_family { /* sorted by name */
	const char *name;
	uint16_t first, count; /* in arch_constants */
	uint16_t names;        /* distinct ones */
};

struct arch_group { /* sorted by name */
	const char *name, *help;
	const uint16_t *ids; /* sorted */
	uint16_t count;
};

extern const struct arch_multiplexed arch_multiplexed_rows[];
extern const unsigned arch_multiplexed_count;
extern const struct arch_translation arch_translation_rows[];
extern const unsigned arch_translations_count;
extern const struct arch_abi arch_abis[CALLGATE_ABI_COUNT];
extern const struct arch_name_value arch_abi_names[];
extern const unsigned arch_abi_names_count;
extern const enum callgate_abi arch_native_abi;

extern const struct arch_syscall_row arch_syscalls[];
extern const unsigned arch_syscalls_count;
extern const struct arch_nr_table arch_nrs[CALLGATE_ABI_COUNT];
extern const struct arch_arg arch_args[];
extern const struct arch_exception arch_exceptions[];
extern const unsigned arch_exceptions_count;

extern const struct arch_family arch_families[];
extern const unsigned arch_families_count;
extern const struct arch_constant arch_constants[];
extern const uint16_t arch_constants_by_name[]; /* indices into arch_constants */
extern const unsigned arch_constants_count;

extern const struct arch_name_value arch_errno_by_name[], arch_errno_by_value[];
extern const unsigned arch_errnos_count;
extern const struct arch_name_value arch_cap_by_name[], arch_cap_by_value[];
extern const unsigned arch_caps_count;

extern const struct arch_group arch_groups[];
extern const unsigned arch_groups_count;

#endif
