/* SPDX-License-Identifier: Apache-2.0 */
/* A profile out of a diagram: the same node again, whoever made the diagram; and where no profile means it, the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "format/oci.h"
#include "model/call.h"
#include "model/diagram-impl.h"

static uint64_t seed = 0xe87ac7;

static uint64_t any64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1du;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)((any64() >> 32) % limit);
}

static struct callgate_profile *docker(void)
{
	const char *source = getenv("SOURCE");
	struct callgate_profile *profile = NULL;
	char path[4096], *bytes = calloc(1, 1 << 20);
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/data/docker-default.json", source ? source : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	assert_int_equal(oci_read(bytes, size, "docker-default.json", 0, &profile, NULL), 0);
	free(bytes);
	return profile;
}

static diagram_ref lower(struct diagram *d, const struct callgate_profile *profile, const struct callgate_target *target)
{
	diagram_ref root = DIAGRAM_FAILED;

	assert_int_equal(diagram_from_profile(d, profile, target, &root, NULL), 0);
	return root;
}

/* Extracted, and lowered once more here: the library's own proof is not taken on trust. */
static size_t check_round(struct diagram *d, diagram_ref root, unsigned abis)
{
	struct callgate_target target = { .abis = abis };
	struct callgate_profile *again = NULL;
	size_t rules;

	assert_int_equal(profile_from_diagram(d, root, abis, &again, NULL), 0);
	assert_int_equal(lower(d, again, &target), root);
	rules = again->clauses.count;
	profile_free(again);
	return rules;
}

static void test_docker(void **state)
{
	struct callgate_profile *profile = docker();

	(void)state;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (unsigned caps = 0; caps < 2; caps++) {
			struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi), .caps = caps ? 1u << 21 : 0 };
			struct diagram *d = diagram_new(0);
			size_t rules = check_round(d, lower(d, profile, &target), target.abis);

			/* a rule a name, a few more for personality, socket, clone */
			assert_in_range(rules, 200, 480);
			diagram_free(d);
		}
	for (unsigned i = 0; i < 2; i++) {
		/* i386's socketcall included */
		struct callgate_target target = { .abis = i ? 7 : CALLGATE_ABI_BIT(CALLGATE_ABI_PPC64LE) | CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) };
		struct diagram *d = diagram_new(0);

		check_round(d, lower(d, profile, &target), target.abis);
		diagram_free(d);
	}
	profile_free(profile);
}

static struct profile_cond any_cond(void)
{
	static const uint64_t values[] = { 0, 1, 2, 7, 0xffffffff, 0x100000000, UINT64_MAX };
	struct profile_cond c = { .arg = (uint8_t)below(2), .op = (uint8_t)below(OP_MASKED_EQ + 1), .value = values[below(ARRAY_SIZE(values))] };

	if (c.op == OP_MASKED_EQ) {
		c.mask = (uint64_t)1 << below(40) | (uint64_t)1 << below(8);
		c.value &= c.mask;
	}
	return c;
}

static struct callgate_profile *random_profile(void)
{
	static const uint32_t actions[] = { CALLGATE_ALLOW, CALLGATE_ERRNO(1), CALLGATE_KILL_PROCESS, CALLGATE_LOG };
	struct callgate_profile *profile = NULL;
	int syscalls[3];

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = actions[below(ARRAY_SIZE(actions))];
	profile->bad_arch_action = actions[below(ARRAY_SIZE(actions))];
	profile->unknown_errno = below(2) ? 38 : -1;
	for (unsigned i = 0; i < ARRAY_SIZE(syscalls); i++)
		syscalls[i] = below(3) ? (int)below(arch_syscall_count()) : arch_syscall_id(below(2) ? "socket" : "socketcall");
	for (unsigned n = 1 + below(6); n; n--) {
		struct profile_clause clause = { .syscall = syscalls[below(3)], .action = actions[below(ARRAY_SIZE(actions))] };
		struct profile_cond conds[2] = { any_cond(), any_cond() };

		assert_int_equal(profile_add_clause(profile, clause, conds, below(3)), 0);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct callgate_profile *profile = random_profile();
		/* at 64 bits number -1 of a profile that kills by default has no profile */
		struct callgate_target target = { .abis = CALLGATE_ABI_BIT(below(CALLGATE_ABI_COUNT)) };
		struct diagram *d = diagram_new(0);

		/* nor has x32, of which a literal profile compares 32 bits as libseccomp does */
		target.strict64 = !action_kills(profile->default_action) && target.abis != CALLGATE_ABI_BIT(CALLGATE_ABI_X32) && below(2);
		check_round(d, lower(d, profile, &target), target.abis);
		diagram_free(d);
		profile_free(profile);
	}
}

/* Several ABIs with one meaning of each name. */
static void test_several(void **state)
{
	struct callgate_profile *profile = NULL;
	struct profile_clause clause = { .syscall = arch_syscall_id("socket"), .action = CALLGATE_ALLOW };
	struct profile_cond cond = { .arg = 0, .op = OP_LE, .value = 2 };
	struct callgate_target target = { .abis = 7 };
	struct diagram *d = diagram_new(0);

	(void)state;
	assert_int_equal(profile_new(&profile), 0);
	assert_int_equal(profile_add_clause(profile, clause, &cond, 1), 0);
	assert_int_equal(profile_normalise(profile), 0);
	check_round(d, lower(d, profile, &target), target.abis);
	profile_free(profile);
	diagram_free(d);
}

/* ---- What no profile means ---- */

static diagram_ref field_is(struct diagram *d, uint32_t var, uint32_t value)
{
	diagram_ref r = DIAGRAM_TRUE;

	for (unsigned i = 0; i < 32; i++)
		r = diagram_make(d, var + 31 - i, value >> i & 1 ? DIAGRAM_FALSE : r, value >> i & 1 ? r : DIAGRAM_FALSE);
	return r;
}

static void refused(struct diagram *d, diagram_ref root, unsigned abis, const char *id)
{
	struct callgate_profile *profile = NULL;
	struct callgate_diags *diags = callgate_diags_new();

	assert_true(profile_from_diagram(d, root, abis, &profile, diags) < 0);
	assert_null(profile);
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, id);
	callgate_diags_free(diags);
}

static void test_refused(void **state)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) }, i386 = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_I386) };
	struct callgate_profile *profile = docker();
	struct diagram *d = diagram_new(0);
	diagram_ref root = lower(d, profile, &target), other = diagram_leaf(d, CALLGATE_TRAP), x86;
	diagram_ref both, number = field_is(d, DIAGRAM_VAR_NR, 400);

	(void)state;
	refused(d, diagram_ite(d, diagram_bit(d, DIAGRAM_VAR_IP + 63), root, other), target.abis, "extract-ip");
	refused(d, diagram_ite(d, field_is(d, DIAGRAM_VAR_ARCH, 0xc00000b7), other, root), target.abis, "extract-arch");
	refused(d, root, CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64), "extract-arch");
	x86 = field_is(d, DIAGRAM_VAR_ARCH, arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch);
	refused(d, diagram_ite(d, diagram_ite(d, x86, number, DIAGRAM_FALSE), other, root), target.abis, "extract-number");
	number = field_is(d, DIAGRAM_VAR_NR, 5000);
	refused(d, diagram_ite(d, diagram_ite(d, x86, number, DIAGRAM_FALSE), other, root), target.abis, "extract-number");
	/* i386 as the same profile has it, but read with other capabilities than x86_64 */
	i386.caps = 1u << 21;
	both = diagram_ite(d, x86, root, lower(d, profile, &i386));
	refused(d, both, target.abis | i386.abis, "extract-abi");
	profile_free(profile);
	diagram_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
