/* SPDX-License-Identifier: Apache-2.0 */
/* Named constants. One entry is a name and value with the set of ABIs where that is so. */
#include "arch/arch-tables.h"

#include "base/util.h"

static const struct arch_family *family_of(const char *name)
{
	size_t low = 0, high = arch_families_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, arch_families[middle].name);

		if (!order)
			return &arch_families[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const struct arch_constant *by_name(unsigned i)
{
	return &arch_constants[arch_constants_by_name[i]];
}

/* First place in the index by name whose name is not before this one. */
static unsigned first_named(const char *name)
{
	unsigned low = 0, high = arch_constants_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (strcmp(by_name(middle)->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_abi(const struct arch_constant *c, enum callgate_abi abi)
{
	return (unsigned)abi < CALLGATE_ABI_COUNT && (c->abis & CALLGATE_ABI_BIT(abi));
}

int arch_constant_value(const char *family, const char *name, enum callgate_abi abi, uint64_t *ret_value)
{
	const struct arch_family *f = family_of(family);

	if (!f)
		return -ENOENT;
	for (unsigned i = first_named(name); i < arch_constants_count && !strcmp(by_name(i)->name, name); i++) {
		const struct arch_constant *c = by_name(i);

		if (&arch_families[c->family] == f && has_abi(c, abi)) {
			*ret_value = c->value;
			return 0;
		}
	}
	return -ENOENT;
}

int arch_constant_any(const char *name, enum callgate_abi abi, uint64_t *ret_value)
{
	const struct arch_constant *found = NULL;

	for (unsigned i = first_named(name); i < arch_constants_count && !strcmp(by_name(i)->name, name); i++) {
		const struct arch_constant *c = by_name(i);

		if (!has_abi(c, abi))
			continue;
		if (found && found->value != c->value)
			return -ENOTUNIQ;
		found = c;
	}
	if (!found)
		return -ENOENT;
	*ret_value = found->value;
	return 0;
}

const char *arch_constant_name(const char *family, uint64_t value, enum callgate_abi abi)
{
	const struct arch_family *f = family_of(family);
	unsigned low, high, end;

	if (!f)
		return NULL;
	low = f->first;
	high = end = f->first + f->count;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (arch_constants[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < end && arch_constants[low].value == value; low++)
		if (has_abi(&arch_constants[low], abi))
			return arch_constants[low].name;
	return NULL;
}

unsigned arch_family_size(const char *family)
{
	const struct arch_family *f = family_of(family);

	return f ? f->names : 0;
}

int arch_family_at(const char *family, unsigned i, enum callgate_abi abi, const char **ret_name, uint64_t *ret_value)
{
	const struct arch_family *f = family_of(family);

	for (unsigned j = 0; f && j < f->count; j++) {
		const struct arch_constant *c = &arch_constants[f->first + j];

		if (!has_abi(c, abi) || i--)
			continue;
		*ret_name = c->name;
		*ret_value = c->value;
		return 0;
	}
	return -ENOENT;
}
