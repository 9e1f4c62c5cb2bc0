/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call as text that call_parse reads back as the same call (its instruction pointer aside). A name is written only when it
 * reads back as the very value; the rest are numbers. An ABI other than this process's own stands in front: "i386:read(…)".
 */
#include <inttypes.h>
#include <sys/socket.h>

#include "arch/arch.h"
#include "model/call.h"

static uint64_t as_stored(uint64_t constant, unsigned width)
{
	return width == 32 ? (uint32_t)constant : constant;
}

/* Name of exactly this value, or NULL. In 32 bits a negative constant is looked for as well. */
static const char *exact_name(const char *family, uint64_t value, enum callgate_abi abi, unsigned width)
{
	const char *name = arch_constant_name(family, value, abi);

	if (!name && width == 32 && value & 0x80000000u)
		name = arch_constant_name(family, (uint64_t)(int64_t)(int32_t)value, abi);
	return name;
}

/* The constant within `value` that has the most bits, so that O_SYNC wins over the O_DSYNC it contains. */
static const char *largest_part(const char *family, uint64_t value, enum callgate_abi abi, unsigned width, uint64_t *ret_part)
{
	const char *name, *best = NULL;
	int most = 0;
	uint64_t part;

	for (unsigned i = 0; !arch_family_at(family, i, abi, &name, &part); i++) {
		part = as_stored(part, width);
		if (part & ~value || __builtin_popcountll(part) <= most)
			continue;
		most = __builtin_popcountll(part);
		best = name;
		*ret_part = part;
	}
	return best;
}

static void put_flags(struct buf *out, const char *family, uint64_t value, enum callgate_abi abi, unsigned width, bool first)
{
	const char *name;
	uint64_t part;

	while (value && (name = largest_part(family, value, abi, width, &part))) {
		buf_printf(out, "%s%s", first ? "" : "|", name);
		value &= ~part;
		first = false;
	}
	if (value || first)
		buf_printf(out, value ? "%s0x%" PRIx64 : "%s0", first ? "" : "|", value);
}

/* False when the family has nothing to say about the value. */
static bool put_named(struct buf *out, const struct arch_arg *arg, enum callgate_abi abi, unsigned width, uint64_t value)
{
	const char *name = exact_name(arg->family, value, abi, width);
	uint64_t mask = arg->learn_mask;

	if (name) {
		buf_puts(out, name);
		return true;
	}
	if (arg->kind == ARCH_KIND_FLAGS || arg->kind == ARCH_KIND_FLAGS64) {
		put_flags(out, arg->family, value, abi, width, true);
		return true;
	}
	/* one of a few with flags in its other bits, like the type of a socket */
	if (arg->learn != ARCH_LEARN_SET || !(value & ~mask))
		return false;
	name = exact_name(arg->family, value & mask, abi, width);
	if (!name)
		return false;
	buf_puts(out, name);
	put_flags(out, arg->family, value & ~mask, abi, width, false);
	return true;
}

static void put_signed(struct buf *out, uint64_t value, unsigned width)
{
	buf_printf(out, "%" PRId64, width == 32 ? (int64_t)(int32_t)value : (int64_t)value);
}

static void put_number(struct buf *out, enum arch_kind kind, unsigned width, uint64_t value)
{
	switch (kind) {
	case ARCH_KIND_POINTER:
		buf_printf(out, value ? "0x%" PRIx64 : "NULL", value);
		break;
	case ARCH_KIND_MODE:
		buf_printf(out, value ? "0%" PRIo64 : "0", value);
		break;
	case ARCH_KIND_INT:
	case ARCH_KIND_FD:
	case ARCH_KIND_ID:
	case ARCH_KIND_LONG:
	case ARCH_KIND_OFFSET:
		put_signed(out, value, width);
		break;
	case ARCH_KIND_SIZE:
		buf_printf(out, "%" PRIu64, value);
		break;
	default:
		buf_printf(out, value < 0x10000 ? "%" PRIu64 : "0x%" PRIx64, value);
	}
}

/* 0 stands for the usual protocol of any domain */
static bool has_names(const struct arch_arg *arg, uint64_t value)
{
	return arg->family && (value || strcmp(arg->family, "socket_protocol") != 0);
}

void call_format_argument(struct buf *out, enum callgate_abi abi, int syscall, unsigned index, uint64_t value)
{
	const struct arch_arg *arg = syscall >= 0 ? arch_arg_of(abi, syscall, index) : NULL;
	unsigned width = syscall >= 0 ? arch_arg_width(abi, syscall, index) : 64;

	if (width == 32 && value > UINT32_MAX) /* bits that the kernel ignores: show them */
		buf_printf(out, "0x%" PRIx64, value);
	else if (!arg)
		put_number(out, ARCH_KIND_ULONG, width, value);
	else if (!has_names(arg, value) || !put_named(out, arg, abi, width, value))
		put_number(out, arg->kind, width, value);
}

/* An x32 number without its base, unless that would be read as another one. */
static uint32_t without_base(int abi, uint32_t nr)
{
	uint32_t base = abi >= 0 ? arch_abi_get((enum callgate_abi)abi)->nr_base : 0;

	return nr - base < base ? nr - base : nr;
}

static void put_head(const struct callgate_call *call, int abi, int syscall, struct buf *out)
{
	if (abi < 0)
		buf_printf(out, "arch_0x%08x:", call->arch);
	else if ((enum callgate_abi)abi != arch_native())
		buf_printf(out, "%s:", arch_abi_get((enum callgate_abi)abi)->name);
	if (syscall >= 0)
		buf_puts(out, arch_syscall_name(syscall));
	else if (call->nr == UINT32_MAX)
		buf_puts(out, "-1");
	else
		buf_printf(out, "syscall_%" PRIu32, without_base(abi, call->nr));
}

/* Named protocols are the Internet's; in another domain, which is the argument before the type, the same number is another protocol. */
static bool is_foreign_protocol(const struct callgate_call *call, int syscall, unsigned index)
{
	int abi = arch_abi_of(call->arch, call->nr);
	const struct arch_arg *arg = abi >= 0 && syscall >= 0 ? arch_arg_of((enum callgate_abi)abi, syscall, index) : NULL;

	return arg && arg->family && !strcmp(arg->family, "socket_protocol") && index >= 2 && (uint32_t)call->args[index - 2] != AF_INET &&
		(uint32_t)call->args[index - 2] != AF_INET6 && call->args[index] <= UINT32_MAX;
}

void call_format(const struct callgate_call *call, struct buf *out)
{
	int abi = arch_abi_of(call->arch, call->nr);
	int syscall = abi >= 0 ? arch_syscall_at((enum callgate_abi)abi, call->nr) : -ENOENT;
	unsigned count = syscall >= 0 ? arch_arg_count(syscall) : 0;

	/* a filter sees all six, so those beyond the call's own count too */
	for (unsigned i = count; i < 6; i++)
		if (call->args[i])
			count = i + 1;
	put_head(call, abi, syscall, out);
	buf_puts(out, "(");
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_puts(out, ", ");
		if (is_foreign_protocol(call, syscall, i))
			buf_printf(out, "%" PRIu64, call->args[i]);
		else
			call_format_argument(out, abi >= 0 ? (enum callgate_abi)abi : CALLGATE_ABI_X86_64, syscall, i, call->args[i]);
	}
	buf_puts(out, ")");
}
