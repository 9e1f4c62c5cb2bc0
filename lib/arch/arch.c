/* SPDX-License-Identifier: Apache-2.0 */
/* ABIs and system calls: binary search over the tables generated from data/. */
#include "arch/arch-tables.h"

#include "base/util.h"

#define X32_FIRST 0x40000000u

/* Binary search over an array of records that start with their name. */
#define find_by_name(rows, count, wanted) ({ \
	size_t _low = 0, _high = (count); \
	int _found = -ENOENT; \
	while (_low < _high) { \
		size_t _middle = _low + (_high - _low) / 2; \
		int _order = strcmp((wanted), (rows)[_middle].name); \
		if (!_order) { _found = (int)_middle; break; } \
		if (_order < 0) _high = _middle; else _low = _middle + 1; \
	} \
	_found; })

const struct arch_abi *arch_abi_get(enum callgate_abi abi)
{
	return (unsigned)abi < CALLGATE_ABI_COUNT ? &arch_abis[abi] : NULL;
}

int arch_abi_from_name(const char *name)
{
	int i = find_by_name(arch_abi_names, arch_abi_names_count, name);

	return i < 0 ? i : arch_abi_names[i].value;
}

int arch_abi_of(uint32_t audit_arch, uint32_t nr)
{
	/*
	 * x32 is everything from bit 30 on: the kernel knows no 64-bit call up there, and one comparison tells the two apart
	 * (libseccomp draws the same line). -1 is what a tracer leaves in nr to skip a call, and no x32 call.
	 */
	uint32_t base = nr >= X32_FIRST && nr != UINT32_MAX ? X32_FIRST : 0;
	int without_base = -ENOENT;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (arch_abis[abi].audit_arch != audit_arch)
			continue;
		if (arch_abis[abi].nr_base == base)
			return abi;
		if (!arch_abis[abi].nr_base)
			without_base = abi;
	}
	/* Large numbers mean nothing where no ABI uses them. */
	return without_base;
}

enum callgate_abi arch_native(void)
{
	return arch_native_abi;
}

unsigned arch_syscall_count(void)
{
	return arch_syscalls_count;
}

int arch_syscall_id(const char *name)
{
	return find_by_name(arch_syscalls, arch_syscalls_count, name);
}

static bool known(int id)
{
	return id >= 0 && (unsigned)id < arch_syscalls_count;
}

const char *arch_syscall_name(int id)
{
	return known(id) ? arch_syscalls[id].name : NULL;
}

const char *arch_syscall_since(int id)
{
	return known(id) ? arch_syscalls[id].since : NULL;
}

int64_t arch_syscall_nr(enum callgate_abi abi, int id)
{
	if ((unsigned)abi >= CALLGATE_ABI_COUNT || !known(id) || arch_syscalls[id].nr[abi] < 0)
		return -ENOENT;
	return (int64_t)arch_syscalls[id].nr[abi] + arch_abis[abi].nr_base;
}

int arch_syscall_at(enum callgate_abi abi, uint32_t nr)
{
	const struct arch_nr_row *rows;
	size_t low = 0, high;

	if ((unsigned)abi >= CALLGATE_ABI_COUNT || nr < arch_abis[abi].nr_base)
		return -ENOENT;
	nr -= arch_abis[abi].nr_base;
	rows = arch_nrs[abi].rows;
	high = arch_nrs[abi].count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].nr == nr)
			return rows[middle].id;
		if (nr < rows[middle].nr)
			high = middle;
		else
			low = middle + 1;
	}
	return -ENOENT;
}

bool arch_nr_unknown(enum callgate_abi abi, uint32_t nr)
{
	const struct arch_abi *a = arch_abi_get(abi);

	if (!a || nr == UINT32_MAX || nr < a->nr_base || arch_abi_of(a->audit_arch, nr) != (int)abi)
		return false;
	return nr - a->nr_base > a->newest && arch_syscall_at(abi, nr) < 0;
}

const char *arch_syscall_suggest(const char *name)
{
	/* A third of the letters may be wrong; more is another word. */
	unsigned limit = MIN(3u, (unsigned)strlen(name) / 3);
	const char *best = NULL;

	for (unsigned i = 0; i < arch_syscalls_count && limit; i++) {
		unsigned distance = edit_distance(name, arch_syscalls[i].name, limit);

		if (distance < limit || (distance == limit && !best)) {
			best = arch_syscalls[i].name;
			limit = distance;
		}
	}
	return best;
}

/* Value of a name in a table sorted by name, or -ENOENT. */
static int value_of(const struct arch_name_value *rows, unsigned count, const char *name)
{
	int i = find_by_name(rows, count, name);

	return i < 0 ? i : rows[i].value;
}

/* First name of a value in a table sorted by value, or NULL. */
static const char *name_of(const struct arch_name_value *rows, unsigned count, int value)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && rows[low].value == value ? rows[low].name : NULL;
}

int arch_errno_value(const char *name)
{
	return value_of(arch_errno_by_name, arch_errnos_count, name);
}

const char *arch_errno_name(int value)
{
	return name_of(arch_errno_by_value, arch_errnos_count, value);
}

int arch_cap_value(const char *name)
{
	return value_of(arch_cap_by_name, arch_caps_count, name);
}

const char *arch_cap_name(int value)
{
	return name_of(arch_cap_by_value, arch_caps_count, value);
}

unsigned arch_group_count(void)
{
	return arch_groups_count;
}

const char *arch_group_name(unsigned i)
{
	return i < arch_groups_count ? arch_groups[i].name : NULL;
}

const char *arch_group_help(unsigned i)
{
	return i < arch_groups_count ? arch_groups[i].help : NULL;
}

bool arch_group_has(unsigned i, int id)
{
	size_t low = 0, high;

	if (i >= arch_groups_count || id < 0)
		return false;
	high = arch_groups[i].count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (arch_groups[i].ids[middle] == id)
			return true;
		if (id < arch_groups[i].ids[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

const struct arch_translation *arch_translation_at(unsigned i)
{
	return i < arch_translations_count ? &arch_translation_rows[i] : NULL;
}

const struct arch_multiplexed *arch_multiplexed_at(unsigned i)
{
	return i < arch_multiplexed_count ? &arch_multiplexed_rows[i] : NULL;
}
