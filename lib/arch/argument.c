/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: what the kernel reads of each. The tables come from the kernel's SYSCALL_DEFINEs; where an ABI's entry point
 * differs from the others', it has an exception of its own.
 */
#include "arch/arch-tables.h"

#include "base/util.h"

static bool known(int id)
{
	return id >= 0 && (unsigned)id < arch_syscalls_count;
}

unsigned arch_arg_count(int id)
{
	return known(id) ? arch_syscalls[id].args : 0;
}

const struct arch_arg *arch_arg_get(int id, unsigned index)
{
	if (index >= arch_arg_count(id))
		return NULL;
	return &arch_args[arch_syscalls[id].first_arg + index];
}

static const struct arch_exception *exception_of(enum callgate_abi abi, int id)
{
	size_t low = 0, high = arch_exceptions_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct arch_exception *e = &arch_exceptions[middle];

		if (e->abi == abi && e->id == id)
			return e;
		if (abi < e->abi || (abi == e->abi && id < e->id))
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct arch_arg *arch_arg_of(enum callgate_abi abi, int id, unsigned index)
{
	const struct arch_exception *e = exception_of(abi, id);

	if (!e)
		return arch_arg_get(id, index);
	return index < e->args ? &arch_args[e->first_arg + index] : NULL;
}

static unsigned kind_width(enum arch_kind kind)
{
	switch (kind) {
	case ARCH_KIND_INT:
	case ARCH_KIND_UINT:
	case ARCH_KIND_FD:
	case ARCH_KIND_MODE:
	case ARCH_KIND_ID:
	case ARCH_KIND_ENUM:
	case ARCH_KIND_FLAGS:
		return 32;
	default:
		return 64;
	}
}

unsigned arch_arg_width(enum callgate_abi abi, int id, unsigned index)
{
	const struct arch_abi *a = arch_abi_get(abi);
	const struct arch_arg *arg;

	if (a && a->word_bits == 32)
		return 32;
	arg = arch_arg_of(abi, id, index);
	return arg ? kind_width(arg->kind) : 64;
}

const char *arch_kind_name(enum arch_kind kind)
{
	static const char *const names[] = {
		[ARCH_KIND_INT] = "int",         [ARCH_KIND_UINT] = "uint",       [ARCH_KIND_LONG] = "long",
		[ARCH_KIND_ULONG] = "ulong",     [ARCH_KIND_SIZE] = "size",       [ARCH_KIND_FD] = "fd",
		[ARCH_KIND_MODE] = "mode",       [ARCH_KIND_ID] = "id",           [ARCH_KIND_ENUM] = "enum",
		[ARCH_KIND_ENUM64] = "enum64",   [ARCH_KIND_FLAGS] = "flags",     [ARCH_KIND_FLAGS64] = "flags64",
		[ARCH_KIND_POINTER] = "pointer", [ARCH_KIND_OFFSET] = "offset",
	};

	return (unsigned)kind < ARRAY_SIZE(names) ? names[kind] : NULL;
}
