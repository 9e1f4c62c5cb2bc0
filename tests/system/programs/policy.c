/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests with container runtimes need of the library's rooms.
 *
 *   policy resolve PROFILE [CAP_… | +SYSCALL]…   the profile as JSON for a runtime: guards decided, architectures named, calls added
 *   policy live PID PROFILE crun | runc          do the filters of PID mean what that JSON means to the runtime?
 *
 * "Means to the runtime": x-callgate is not looked at, names that its libseccomp does not know (of an ABI) are dropped without a word, all
 * comparisons have 64 bits, other architectures end the thread. runc puts a prologue in front: ENOSYS for numbers above the largest one that the profile names.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>

#include "arch/arch.h"
#include "format/format.h"
#include "kernel/kernel.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/policy.h"

static struct callgate_diags *diags;

__attribute__((noreturn)) static void fail(const char *what)
{
	printf("%s\n", what);
	for (size_t i = 0; i < callgate_diags_count(diags); i++)
		printf("%s [%s]\n", callgate_diags_get(diags, i)->text, callgate_diags_get(diags, i)->id);
	exit(1);
}

static struct callgate_profile *read_profile(const char *name)
{
	static char bytes[1 << 20];
	struct callgate_policy *policy;
	struct callgate_profile *profile;
	FILE *file;
	size_t size;

	if (!strncmp(name, "builtin:", 8)) {
		if (builtin_read(name + 8, &policy, diags) || !policy->profile)
			fail(name);
		profile = take_ptr(policy->profile);
		policy_free(policy);
		return profile;
	}
	file = fopen(name, "r");
	size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
	if (!size || fclose(file) || oci_read(bytes, size, name, 0, &profile, diags))
		fail(name);
	return profile;
}

/* Keep the clauses for which `keep` says so. */
static void filter_clauses(struct callgate_profile *profile, bool (*keep)(const struct callgate_profile *, const struct profile_clause *, const void *),
			   const void *user)
{
	size_t kept = 0;

	for (size_t i = 0; i < profile->clauses.count; i++)
		if (keep(profile, &profile->clauses.items[i], user))
			profile->clauses.items[kept++] = profile->clauses.items[i];
	profile->clauses.count = kept;
}

/* ---- resolve ---- */

static bool guard_holds(const struct callgate_profile *profile, const struct profile_clause *clause, const void *target)
{
	return profile_guard_holds(profile, clause, target);
}

static int resolve(const char *name, char **words)
{
	struct callgate_profile *profile = read_profile(name);
	struct callgate_target target = { 0 };
	struct buf out = { 0 };

	profile_drop_derived(profile);
	for (; *words; words++) {
		struct profile_clause clause = { .action = CALLGATE_ALLOW };

		if (**words != '+') {
			target.caps |= UINT64_C(1) << arch_cap_value(*words);
			continue;
		}
		clause.syscall = arch_syscall_id(*words + 1);
		if (clause.syscall < 0 || profile_add_clause(profile, clause, NULL, 0))
			fail(*words);
	}
	filter_clauses(profile, guard_holds, &target);
	profile->abis = profile_target_abis(profile, &target);
	memset(profile->abi_map, 0, sizeof(profile->abi_map));
	for (size_t i = 0; i < profile->clauses.count; i++)
		profile->clauses.items[i].guard = 0;
	if (profile_normalise(profile) || oci_write(profile, &out, diags))
		fail("cannot be written");
	fwrite(out.text, 1, out.size, stdout);
	buf_done(&out);
	profile_free(profile);
	return 0;
}

/* ---- live ---- */

static const struct {
	enum callgate_abi abi;
	uint32_t token;
} tokens[] = {
	{ CALLGATE_ABI_X86_64, SCMP_ARCH_X86_64 },
	{ CALLGATE_ABI_X32, SCMP_ARCH_X32 },
	{ CALLGATE_ABI_I386, SCMP_ARCH_X86 },
	{ CALLGATE_ABI_AARCH64, SCMP_ARCH_AARCH64 },
	{ CALLGATE_ABI_ARM, SCMP_ARCH_ARM },
};

static bool libseccomp_knows(const struct callgate_profile *profile, const struct profile_clause *clause, const void *user)
{
	(void)profile;
	(void)user;
	return seccomp_syscall_resolve_name(arch_syscall_name(clause->syscall)) != __NR_SCMP_ERROR;
}

/* The largest number of an ABI that the profile names, derived clauses aside; as in seccomp_data, but 0 when there is none. */
static uint32_t largest(const struct callgate_profile *profile, size_t token)
{
	int most = 0;

	for (size_t i = 0; i < profile->clauses.count; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		int nr = seccomp_syscall_resolve_name_arch(tokens[token].token, arch_syscall_name(clause->syscall));

		if (!clause->derived)
			most = MAX(most, nr);
	}
	return (uint32_t)most;
}

/* A call of one ABI with a number above `most`: 1, else 0. runc tells x32 by bit 30, also in numbers that are none of x32's. */
static diagram_ref above(struct diagram *d, enum callgate_abi abi, uint32_t most)
{
	bool x86_64 = abi == CALLGATE_ABI_X86_64, x32 = abi == CALLGATE_ABI_X32;
	const struct callgate_insn insns[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 4, arch_abi_get(abi)->audit_arch },
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JSET | BPF_K, x86_64 ? 2 : 0, x32 ? 2 : 0, 1u << 30 },
		{ BPF_JMP | BPF_JGT | BPF_K, 0, 1, most },
		{ BPF_RET | BPF_K, 0, 0, 1 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	diagram_ref root;

	if (diagram_from_filter(d, insns, ARRAY_SIZE(insns), false, &root, diags))
		fail("prologue");
	return root;
}

/* As runc decides it: not in front of what allows by default, nor of what answers ENOSYS itself. */
static diagram_ref add_prologue(struct diagram *d, const struct callgate_profile *profile, diagram_ref root)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		uint32_t most;

		if (!(profile->abis & CALLGATE_ABI_BIT(tokens[i].abi)))
			continue;
		most = largest(profile, i);
		printf("prologue: %s numbers above %u (%s) answer ENOSYS\n", arch_abi_get(tokens[i].abi)->name, most,
		       callgate_syscall_name(tokens[i].abi, most));
		root = diagram_ite(d, above(d, tokens[i].abi, most), diagram_leaf(d, CALLGATE_ERRNO(ENOSYS)), root);
	}
	return root;
}

/* A call of this number: 1, else 0. */
static diagram_ref is_number(struct diagram *d, uint32_t arch, uint32_t nr)
{
	const struct callgate_insn insns[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 3, arch },
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, nr },
		{ BPF_RET | BPF_K, 0, 0, 1 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	diagram_ref root;

	if (diagram_from_filter(d, insns, ARRAY_SIZE(insns), false, &root, diags))
		fail("number");
	return root;
}

/* libseccomp's numbers for calls that an ABI lacks; those above are for what i386 has twice (socketcall, ipc), and it has them then. */
#define LIBSECCOMP_MISSING (-10000)

/* Calls that libseccomp has for other ABIs, not for this one: the rule is dropped there, the default remains. */
static diagram_ref without_missing(struct diagram *d, const struct callgate_profile *profile, size_t token, diagram_ref root)
{
	enum callgate_abi abi = tokens[token].abi;
	int last = -1;

	for (size_t i = 0; i < profile->clauses.count; i++) {
		int syscall = profile->clauses.items[i].syscall;
		const char *name = arch_syscall_name(syscall);
		int64_t nr = arch_syscall_nr(abi, syscall);

		if (nr < 0 || syscall == last || seccomp_syscall_resolve_name_arch(tokens[token].token, name) > LIBSECCOMP_MISSING)
			continue;
		last = syscall;
		printf("this libseccomp has no %s for %s\n", name, arch_abi_get(abi)->name);
		root = diagram_ite(d, is_number(d, arch_abi_get(abi)->audit_arch, (uint32_t)nr), diagram_leaf(d, profile->default_action), root);
	}
	return root;
}

/* What the runtime makes of the profile, without what runc puts in front. */
static diagram_ref computed(struct diagram *d, const struct callgate_profile *profile)
{
	struct callgate_target target = { .strict64 = true };
	diagram_ref root;

	if (diagram_from_profile(d, profile, &target, &root, diags))
		fail("the profile has no diagram");
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (profile->abis & CALLGATE_ABI_BIT(tokens[i].abi))
			root = without_missing(d, profile, i, root);
	return root;
}

/*
 * libseccomp looks at the low words only where a long has 32 bits. There the kernel gives nothing else, but for x32, whose registers are
 * wide: calls of these ABIs with something in the upper half of an argument are left out of the comparison.
 */
static diagram_ref without_high_words(struct diagram *d, enum callgate_abi abi, diagram_ref root)
{
	bool x32 = abi == CALLGATE_ABI_X32;
	struct callgate_insn insns[18] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 15, arch_abi_get(abi)->audit_arch },
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JGE | BPF_K, 0, x32 ? 13 : 0, 1u << 30 },
	};
	diagram_ref wide;

	for (uint8_t i = 0; i < 6; i++) {
		insns[4 + 2 * i] = (struct callgate_insn){ BPF_LD | BPF_W | BPF_ABS, 0, 0, filter_arg_offset(i, true, false) };
		insns[5 + 2 * i] = (struct callgate_insn){ BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(10 - 2 * i), 0 };
	}
	insns[15].jt = 1;
	insns[16] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, 1 };
	insns[17] = (struct callgate_insn){ BPF_RET | BPF_K, 0, 0, 0 };
	if (diagram_from_filter(d, insns, ARRAY_SIZE(insns), false, &wide, diags))
		fail("high words");
	return diagram_ite(d, wide, diagram_leaf(d, CALLGATE_ALLOW), root);
}

static diagram_ref comparable(struct diagram *d, const struct callgate_profile *profile, diagram_ref root)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (profile->abis & CALLGATE_ABI_BIT(tokens[i].abi) && (tokens[i].abi == CALLGATE_ABI_X32 || arch_abi_get(tokens[i].abi)->word_bits == 32))
			root = without_high_words(d, tokens[i].abi, root);
	return root;
}

static void compare(struct diagram *d, diagram_ref live, diagram_ref expected, const char *what)
{
	struct callgate_call call;
	char actions[2][64], *text;

	if (live == expected)
		return;
	diagram_witness(d, live, expected, &call);
	if (callgate_call_format(&call, &text))
		text = NULL;
	printf("%s: %s, arch %x, number %x: live %s, computed %s\n", what, text ? text : "?", call.arch, call.nr,
	       callgate_action_format(diagram_eval(d, live, &call), actions[0], sizeof(actions[0])),
	       callgate_action_format(diagram_eval(d, expected, &call), actions[1], sizeof(actions[1])));
	exit(1);
}

static int live(pid_t pid, const char *name, bool runc)
{
	struct callgate_profile *profile = read_profile(name);
	struct diagram *d = diagram_new(0);
	struct callgate_policy *policy;
	diagram_ref dumped, plain, expected;
	size_t before = profile->clauses.count;

	filter_clauses(profile, libseccomp_knows, NULL);
	profile->literal = true;
	profile->unknown_errno = -1;
	profile->bad_arch_action = CALLGATE_KILL_THREAD;
	if (kernel_dump(pid, &policy, diags) || diagram_from_policy(d, policy, &(struct callgate_target){ 0 }, &dumped, diags))
		fail("cannot be read");
	plain = computed(d, profile);
	printf("%zu filters; %zu rules, %zu of which this libseccomp does not know\n", policy->parts.count, before,
	       before - profile->clauses.count);
	dumped = comparable(d, profile, dumped);
	plain = comparable(d, profile, plain);
	expected = runc ? comparable(d, profile, add_prologue(d, profile, plain)) : plain;
	if (runc && dumped == plain)
		fail("runc has put no prologue in front");
	compare(d, dumped, expected, "the filters of the container differ");
	policy_free(policy);
	profile_free(profile);
	diagram_free(d);
	return 0;
}

int main(int argc, char **argv)
{
	diags = callgate_diags_new();
	if (argc >= 3 && !strcmp(argv[1], "resolve"))
		return resolve(argv[2], argv + 3);
	if (argc == 5 && !strcmp(argv[1], "live"))
		return live((pid_t)atoi(argv[2]), argv[3], !strcmp(argv[4], "runc"));
	return 2;
}
