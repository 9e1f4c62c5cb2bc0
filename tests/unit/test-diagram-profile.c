/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagram of a profile against profile_eval, against itself for rules written another way, and against libseccomp: what
 * it compiles from the same rules, in both of its layouts, must lower to the very same node.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"
#include "model/profile.h"
#include "random-profile.h"

static diagram_ref lower(struct diagram *d, const struct callgate_profile *profile, const struct callgate_target *target)
{
	diagram_ref root = DIAGRAM_FAILED;

	assert_int_equal(diagram_from_profile(d, profile, target, &root, NULL), 0);
	return root;
}

static void test_eval(void **state)
{
	unsigned decided = 0;

	(void)state;
	seed = 1;
	for (unsigned i = 0; i < 400; i++) {
		int syscalls[4], clause;
		struct callgate_profile *profile = random_profile(syscalls);
		struct callgate_target target = any_target();
		struct diagram *d = diagram_new(0);
		diagram_ref root = lower(d, profile, &target);

		for (unsigned j = 0; j < 500; j++) {
			struct callgate_call call = telling_call(profile, &target, syscalls);

			assert_int_equal(diagram_eval(d, root, &call), profile_eval(profile, &target, &call, &clause));
			decided += clause >= 0;
		}
		diagram_free(d);
		profile_free(profile);
	}
	assert_true(decided > 10000);
}

/* Two random profiles: where the roots differ, profile_eval tells them apart on the witness. */
static void test_witness(void **state)
{
	(void)state;
	seed = 2;
	for (unsigned i = 0; i < 200; i++) {
		int syscalls[4];
		struct callgate_profile *a = random_profile(syscalls), *b = NULL;
		struct callgate_target target = any_target();
		struct diagram *d = diagram_new(0);
		struct callgate_call call;

		assert_int_equal(profile_copy(a, &b), 0);
		if (b->conds.count && below(2))
			b->conds.items[below((uint32_t)b->conds.count)].value ^= 1u << below(8);
		else
			b->clauses.items[below((uint32_t)b->clauses.count)].action = any_action();
		if (diagram_witness(d, lower(d, a, &target), lower(d, b, &target), &call))
			assert_int_not_equal(profile_eval(a, &target, &call, NULL), profile_eval(b, &target, &call, NULL));
		diagram_free(d);
		profile_free(a);
		profile_free(b);
	}
}

/* ---- One meaning, written two ways ---- */

struct rule {
	uint32_t action;
	struct profile_cond conds[3];
	size_t n;
};

#define COND(o, v) { .arg = 1, .op = (o), .value = (v) }
#define MASKED(m, v) { .arg = 1, .op = OP_MASKED_EQ, .value = (v), .mask = (m) }
#define RULE(...) { CALLGATE_ALLOW, { __VA_ARGS__ }, sizeof((struct profile_cond[]){ __VA_ARGS__ }) / sizeof(struct profile_cond) }
#define ERRNO_RULE(...) { CALLGATE_ERRNO(1), { __VA_ARGS__ }, sizeof((struct profile_cond[]){ __VA_ARGS__ }) / sizeof(struct profile_cond) }

/* Default ERRNO(1), 64 bits compared. */
static const struct {
	const char *what;
	struct rule one[3], other[3];
} pairs[] = {
	{ "order of rules that do not overlap", { RULE(COND(OP_EQ, 3)), RULE(COND(OP_EQ, 9)) }, { RULE(COND(OP_EQ, 9)), RULE(COND(OP_EQ, 3)) } },
	{ "not unequal", { RULE(COND(OP_EQ, 3)) }, { ERRNO_RULE(COND(OP_NE, 3)), RULE(COND(OP_GE, 0)) } },
	{ "above is not at most", { RULE(COND(OP_GT, 0x100000000)) }, { ERRNO_RULE(COND(OP_LE, 0x100000000)), RULE(COND(OP_GE, 0)) } },
	{ "below", { RULE(COND(OP_LT, 77)) }, { RULE(COND(OP_LE, 76)) } },
	{ "at least", { RULE(COND(OP_GE, 77)) }, { RULE(COND(OP_GT, 76)) } },
	{ "unequal is above or below", { RULE(COND(OP_NE, 77)) }, { RULE(COND(OP_LT, 77)), RULE(COND(OP_GT, 77)) } },
	{ "between two bounds", { RULE(COND(OP_GE, 4), COND(OP_LE, 5)) }, { RULE(COND(OP_EQ, 5)), RULE(COND(OP_EQ, 4)) } },
	{ "a full mask", { RULE(MASKED(UINT64_MAX, 5)) }, { RULE(COND(OP_EQ, 5)) } },
	{ "high bits", { RULE(MASKED(~(uint64_t)0xff, 0)) }, { RULE(COND(OP_LT, 0x100)) } },
	{ "value outside its mask", { RULE(MASKED(4, 6)) }, { ERRNO_RULE(COND(OP_GE, 0)) } },
	{ "no mask", { RULE(MASKED(0, 0)) }, { RULE(COND(OP_LE, UINT64_MAX)) } },
	{ "a shadowed rule", { RULE(COND(OP_LT, 9)), ERRNO_RULE(COND(OP_EQ, 4)) }, { RULE(COND(OP_LT, 9)) } },
};

static diagram_ref lower_rules(struct diagram *d, const struct rule *rules)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64), .strict64 = true };
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1), CALLGATE_KILL_PROCESS);
	diagram_ref root;

	for (size_t i = 0; i < 3 && rules[i].n; i++)
		add(profile, arch_syscall_id("ioctl"), rules[i].action, rules[i].conds, rules[i].n, 0);
	assert_int_equal(profile_normalise(profile), 0);
	root = lower(d, profile, &target);
	profile_free(profile);
	return root;
}

static void test_pairs(void **state)
{
	struct diagram *d = diagram_new(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		print_message("%s\n", pairs[i].what);
		assert_int_equal(lower_rules(d, pairs[i].one), lower_rules(d, pairs[i].other));
	}
	/* and the test can tell */
	assert_int_not_equal(lower_rules(d, pairs[0].one), lower_rules(d, pairs[1].one));
	diagram_free(d);
}

/* ---- libseccomp ---- */

/*
 * One machine each: of x86_64 and aarch64 together, libseccomp 2.5.4 forgets to load the number for the second in some sets. It compares
 * 32 bits on 32-bit ABIs and x32 whatever is asked, so there the rules have no conditions.
 */
static const struct {
	unsigned abis;
	uint32_t archs[3];
	bool conditions, big_endian;
} machines[] = {
	{ CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64), { SCMP_ARCH_X86_64 }, true, false },
	{ CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64), { SCMP_ARCH_AARCH64 }, true, false },
	{ CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32),
	  { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 }, false, false },
	{ CALLGATE_ABI_BIT(CALLGATE_ABI_S390X), { SCMP_ARCH_S390X }, true, true },
};

/* As the machine it is for would hold it. */
static size_t export(scmp_filter_ctx context, uint32_t layout, bool swapped, struct callgate_insn *insns)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	size_t count;
	ssize_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, layout), 0);
	assert_int_equal(seccomp_export_bpf(context, fd), 0);
	size = pread(fd, insns, CALLGATE_INSNS_MAX * sizeof(*insns), 0);
	close(fd);
	assert_true(size > 0 && size % (ssize_t)sizeof(*insns) == 0);
	count = (size_t)size / sizeof(*insns);
	for (size_t i = 0; i < count && swapped; i++) {
		insns[i].code = __builtin_bswap16(insns[i].code);
		insns[i].k = __builtin_bswap32(insns[i].k);
	}
	return count;
}

static scmp_filter_ctx new_context(const uint32_t archs[3])
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(1));

	assert_non_null(context);
	/* libseccomp takes numbers from 0x80000000 for x32 too, so it is told to answer for a bad architecture as for the rest */
	assert_int_equal(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(1)), 0);
	assert_int_equal(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), 0);
	for (unsigned i = 0; i < 3 && archs[i]; i++)
		assert_int_equal(seccomp_arch_add(context, archs[i]), 0);
	return context;
}

/* One rule with at most one comparison: of several libseccomp makes one in five wrong. */
static void add_both(scmp_filter_ctx context, struct callgate_profile *profile, const char *name, unsigned n)
{
	static const enum scmp_compare compare[] = { SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,
						     SCMP_CMP_GT, SCMP_CMP_GE, SCMP_CMP_MASKED_EQ };
	uint32_t action = below(4) ? CALLGATE_ALLOW : CALLGATE_TRAP;
	struct profile_cond conds[2] = { any_cond(), any_cond() };
	struct scmp_arg_cmp theirs[2];

	conds[0].arg = 0;
	conds[1].arg = (uint8_t)(1 + below(3));
	for (unsigned i = 0; i < 2; i++) {
		struct profile_cond *c = &conds[i];

		c->value &= c->op == OP_MASKED_EQ ? c->mask : UINT64_MAX;
		theirs[i] = (struct scmp_arg_cmp){ c->arg, compare[c->op], c->op == OP_MASKED_EQ ? c->mask : c->value, c->value };
	}
	assert_int_equal(seccomp_rule_add_array(context, action, seccomp_syscall_resolve_name(name), n, theirs), 0);
	add(profile, arch_syscall_id(name), action, conds, n, 0);
}

static void test_libseccomp(void **state)
{
	static const char *const names[] = { "read", "write", "close", "ioctl", "personality", "clone", "fcntl", "mmap", "kill", "prctl",
					     "openat", "execve", "ptrace", "getpid", "futex", "epoll_wait" };
	static struct callgate_insn insns[CALLGATE_INSNS_MAX];

	(void)state;
	seed = 3;
	for (unsigned i = 0; i < 300; i++) {
		unsigned m = i % ARRAY_SIZE(machines);
		struct callgate_target target = { .abis = machines[m].abis, .strict64 = true };
		struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1), CALLGATE_ERRNO(1));
		scmp_filter_ctx context = new_context(machines[m].archs);
		struct diagram *d = diagram_new(0);
		diagram_ref root, theirs;

		for (size_t n = 0; n < ARRAY_SIZE(names); n++)
			if (below(2))
				add_both(context, profile, names[n], machines[m].conditions ? below(2) : 0);
		assert_int_equal(profile_normalise(profile), 0);
		root = lower(d, profile, &target);
		for (uint32_t layout = 1; layout <= 2; layout++) {
			size_t count = export(context, layout, machines[m].big_endian, insns);

			assert_int_equal(diagram_from_filter(d, insns, count, machines[m].big_endian, &theirs, NULL), 0);
			assert_int_equal(theirs, root);
		}
		seccomp_release(context);
		profile_free(profile);
		diagram_free(d);
	}
}

static void test_no_abi(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ALLOW, CALLGATE_ALLOW);
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };
	struct callgate_call call = { .arch = 5 };
	struct diagram *d = diagram_new(0);

	(void)state;
	/* everything allowed everywhere is one leaf */
	assert_int_equal(lower(d, profile, &target), diagram_leaf(d, CALLGATE_ALLOW));
	profile->bad_arch_action = CALLGATE_KILL_PROCESS;
	assert_int_equal(diagram_eval(d, lower(d, profile, &target), &call), CALLGATE_KILL_PROCESS);
	profile_free(profile);
	diagram_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eval),
		cmocka_unit_test(test_witness),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_libseccomp),
		cmocka_unit_test(test_no_abi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
