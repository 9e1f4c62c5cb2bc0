/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of OCI seccomp JSON. Sources: the OCI runtime specification (config-linux.md, seccomp), libseccomp's architecture
 * names, moby's profiles/seccomp and containers-common's pkg/seccomp for what they add.
 */
#include <ctype.h>
#include <stdio.h>

#include "format/oci.h"

/* Of words with the same value the first is written. SCMP_ACT_KILL is the older name of KILL_THREAD. */
const struct word oci_actions[] = {
	{ "SCMP_ACT_ALLOW", CALLGATE_ALLOW },
	{ "SCMP_ACT_ERRNO", CALLGATE_ERRNO(0) },
	{ "SCMP_ACT_KILL_PROCESS", CALLGATE_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", CALLGATE_KILL_THREAD },
	{ "SCMP_ACT_KILL", CALLGATE_KILL_THREAD },
	{ "SCMP_ACT_LOG", CALLGATE_LOG },
	{ "SCMP_ACT_NOTIFY", CALLGATE_NOTIFY },
	{ "SCMP_ACT_TRACE", CALLGATE_TRACE(0) },
	{ "SCMP_ACT_TRAP", CALLGATE_TRAP },
};
const size_t oci_actions_count = ARRAY_SIZE(oci_actions);

const struct word oci_flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", CALLGATE_LOAD_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", CALLGATE_LOAD_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", CALLGATE_LOAD_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", CALLGATE_LOAD_WAIT_KILLABLE },
};
const size_t oci_flags_count = ARRAY_SIZE(oci_flags);

static const struct word ops[] = {
	{ "SCMP_CMP_EQ", OP_EQ }, { "SCMP_CMP_NE", OP_NE }, { "SCMP_CMP_LT", OP_LT },
	{ "SCMP_CMP_LE", OP_LE }, { "SCMP_CMP_GT", OP_GT }, { "SCMP_CMP_GE", OP_GE },
	{ "SCMP_CMP_MASKED_EQ", OP_MASKED_EQ },
};

/* Architectures that the runtimes accept and we have no table for. */
static const char *const foreign_scmp[] = {
	"SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_S390",
	"SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
};
/* The same as includes and excludes spell them: libseccomp's short names and GOARCH. */
static const char *const foreign_short[] = {
	"m68k", "mips", "mips3l64n32", "mips64", "mips64le", "mips64n32", "mips64p32", "mips64p32le", "mipsel", "mipsel64",
	"mipsel64n32", "mipsle", "parisc", "parisc64", "ppc", "ppc64", "s390", "sh", "sheb",
};

/*
 * What Docker and Podman compare the arches of includes and excludes with: not GOARCH itself but moby's goToNative of it, which
 * differs for 386 and loong64. Any known spelling is read, this one is written. Index: enum callgate_abi.
 */
static const char *const short_names[CALLGATE_ABI_COUNT] = {
	[CALLGATE_ABI_X86_64] = "amd64",
	[CALLGATE_ABI_X32] = "x32",
	[CALLGATE_ABI_I386] = "x86",
	[CALLGATE_ABI_AARCH64] = "arm64",
	[CALLGATE_ABI_ARM] = "arm",
	[CALLGATE_ABI_RISCV64] = "riscv64",
	[CALLGATE_ABI_PPC64LE] = "ppc64le",
	[CALLGATE_ABI_S390X] = "s390x",
	[CALLGATE_ABI_LOONGARCH64] = "loongarch64",
};

const char *oci_arch_name(enum callgate_abi abi, bool scmp)
{
	return scmp ? arch_abi_get(abi)->oci : short_names[abi];
}

const char *oci_op_name(enum profile_op op)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].value == op)
			return ops[i].text;
	}
	return NULL;
}

/* A word of one of our tables. */
static const struct word *read_word(struct oci_reader *r, const struct json_node *node, const struct word *words, size_t count,
				    size_t prefix, const char *id, const char *what)
{
	const char *text = json_text(r->strict.json, node);
	const struct word *word = word_find(words, count, text);
	struct hint hint;

	if (word)
		return word;
	hint_start(&r->strict, &hint, text);
	for (size_t i = 0; i < count; i++)
		hint_offer(&hint, words[i].text, prefix);
	strict_error(&r->strict, id, json_where(r->strict.json, node), "\"%s\" is not %s%s", text, what, hint_text(&hint));
	return NULL;
}

int oci_read_op(struct oci_reader *r, const struct json_node *node)
{
	const struct word *word = read_word(r, node, ops, ARRAY_SIZE(ops), sizeof("SCMP_CMP_") - 1, "oci-unknown-op",
					    "a comparison (SCMP_CMP_EQ, NE, LT, LE, GT, GE, MASKED_EQ)");

	return word ? (int)word->value : -EBADMSG;
}

int oci_read_cap(struct oci_reader *r, const struct json_node *node)
{
	const char *text = strict_text(&r->strict, node, "a capability");
	struct hint hint;
	int cap;

	if (!text)
		return -EBADMSG;
	cap = arch_cap_value(text);
	if (cap >= 0 && cap < 64)
		return cap;
	hint_start(&r->strict, &hint, text);
	for (int i = 0; i < 64; i++)
		hint_offer(&hint, arch_cap_name(i), sizeof("CAP_") - 1);
	strict_error(&r->strict, "oci-unknown-cap", json_where(r->strict.json, node), "no capability is called \"%s\"%s", text,
		     hint_text(&hint));
	return -EBADMSG;
}

int oci_read_errno_name(struct oci_reader *r, const struct json_node *node)
{
	const char *text = json_text(r->strict.json, node);
	struct hint hint;
	uint64_t number;
	int value = arch_errno_value(text);

	if (value >= 0)
		return value;
	/* containers-common takes digits in the string too */
	if (isdigit((unsigned char)text[0]) && !parse_u64(text, &number) && number <= OCI_ERRNO_MAX)
		return (int)number;
	hint_start(&r->strict, &hint, text);
	for (int i = 1; i < 256; i++)
		hint_offer(&hint, arch_errno_name(i), 1);
	strict_error(&r->strict, "oci-errno-range", json_where(r->strict.json, node),
		     "\"%s\" is neither the name of an errno nor a number up to %d%s", text, OCI_ERRNO_MAX, hint_text(&hint));
	return -EBADMSG;
}

int oci_read_syscall(struct oci_reader *r, const struct json_node *node)
{
	const char *text = strict_text(&r->strict, node, "the name of a system call"), *near;
	struct diag_where where = json_where(r->strict.json, node);
	int id;

	if (!text)
		return -EBADMSG;
	id = arch_syscall_id(text);
	if (id >= 0)
		return id;
	near = r->strict.hints++ < STRICT_HINTS_MAX ? arch_syscall_suggest(text) : NULL;
	if (r->flags & CALLGATE_READ_UNKNOWN_NAMES)
		diag_warning(r->strict.diags, "oci-unknown-syscall", where,
			     "no system call is called \"%s\": the rule has no effect for this name%s%s%s", text,
			     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	else
		strict_error(&r->strict, "oci-unknown-syscall", where,
			     "no system call is called \"%s\", so the rule would silently do nothing%s%s%s", text,
			     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return -ENOENT;
}

static bool is_foreign(const char *text, bool scmp)
{
	const char *const *names = scmp ? foreign_scmp : foreign_short;
	size_t count = scmp ? ARRAY_SIZE(foreign_scmp) : ARRAY_SIZE(foreign_short);

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(names[i], text))
			return true;
	}
	return false;
}

/* Collected rather than warned of one by one: Docker's own file names a dozen. */
static void note_foreign(struct oci_reader *r, const struct json_node *node, const char *text)
{
	_cleanup_free_ char *word = NULL;

	if (asprintf(&word, " %s,", text) < 0) {
		word = NULL;
		r->unsupported_names.error = -ENOMEM;
		return;
	}
	if (!r->unsupported.line)
		r->unsupported = json_where(r->strict.json, node);
	if (!r->unsupported_names.text || !strstr(r->unsupported_names.text, word))
		buf_puts(&r->unsupported_names, word);
}

static int unknown_arch(struct oci_reader *r, const struct json_node *node, const char *text, bool scmp)
{
	struct hint hint;

	hint_start(&r->strict, &hint, text);
	for (int i = 0; i < CALLGATE_ABI_COUNT; i++)
		hint_offer(&hint, oci_arch_name(i, scmp), scmp ? sizeof("SCMP_ARCH_") - 1 : 0);
	/* A name that belongs elsewhere ("amd64", "SCMP_ARCH_X86_64"): say how it is spelled here. */
	if (arch_abi_from_name(text) >= 0)
		hint.best = oci_arch_name(arch_abi_from_name(text), scmp);
	strict_error(&r->strict, "oci-unknown-arch", json_where(r->strict.json, node), "no architecture is called \"%s\" here%s", text,
		     hint_text(&hint));
	return -EBADMSG;
}

int oci_read_arch(struct oci_reader *r, const struct json_node *node, bool scmp)
{
	const char *text = strict_text(&r->strict, node, "an architecture");
	int abi;

	if (!text)
		return -EBADMSG;
	/* containers-common's word for the machine at hand */
	if (scmp && !strcmp(text, "SCMP_ARCH_NATIVE"))
		return arch_native();
	abi = arch_abi_from_name(text);
	if (abi >= 0 && scmp == !strncmp(text, "SCMP_ARCH_", 10))
		return abi;
	if (!is_foreign(text, scmp))
		return unknown_arch(r, node, text, scmp);
	if (scmp)
		note_foreign(r, node, text);
	return -ENOENT;
}

/* Errno as number, as name or as both, which must agree. 1 (EPERM) when there is neither, as in runc and crun. */
static int read_errno(struct oci_reader *r, const struct json_node *number, const struct json_node *name, uint32_t max)
{
	uint64_t value = 1;
	int named;

	if (number && (json_u64(r->strict.json, number, &value) || value > max)) {
		strict_error(&r->strict, "oci-errno-range", json_where(r->strict.json, number),
			     "%s is not a whole number from 0 to %u, which is what the kernel can answer",
			     json_text(r->strict.json, number), max);
		return -EBADMSG;
	}
	if (!name)
		return (int)value;
	named = oci_read_errno_name(r, name);
	if (named < 0 || !number || (uint64_t)named == value)
		return named;
	strict_error(&r->strict, "oci-conflict", json_where(r->strict.json, name),
		     "\"%s\" is errno %d, but the number given beside it is %u; keep one of the two",
		     json_text(r->strict.json, name), named, (unsigned)value);
	return -EBADMSG;
}

int oci_read_action(struct oci_reader *r, const struct json_node *action, const struct json_node *number,
		    const struct json_node *name, uint32_t *ret_action)
{
	const struct word *word;
	int data;

	word = read_word(r, action, oci_actions, oci_actions_count, OCI_ACTION_PREFIX, "oci-unknown-action",
			 "an action (SCMP_ACT_ALLOW, LOG, ERRNO, TRAP, TRACE, NOTIFY, KILL_THREAD, KILL_PROCESS)");
	if (!word)
		return -EBADMSG;
	if (name && !json_text(r->strict.json, name)[0])
		name = NULL;
	*ret_action = word->value;
	if (word->value == CALLGATE_ERRNO(0) || word->value == CALLGATE_TRACE(0)) {
		data = read_errno(r, number, name, word->value == CALLGATE_ERRNO(0) ? OCI_ERRNO_MAX : ACTION_DATA);
		if (data < 0)
			return data;
		*ret_action |= (uint32_t)data;
	} else if (number || name) {
		strict_error(&r->strict, "oci-errno-misplaced", json_where_key(r->strict.json, number ? number : name),
			     "an errno has no meaning with %s, only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE; remove it or change the action",
			     word->text);
		return -EBADMSG;
	}
	return 0;
}
