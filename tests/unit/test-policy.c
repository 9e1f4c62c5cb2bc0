/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: call by call and as a diagram they say the same, however deep they are; what combining and fingerprints mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "model/diagram.h"
#include "model/policy.h"
#include "random-profile.h"

static const struct callgate_target on_x86_64 = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };

static struct callgate_policy *leaf(struct callgate_profile *profile)
{
	struct callgate_policy *policy;

	assert_int_equal(policy_from_profile("leaf", profile, &policy), 0);
	return policy;
}

static struct callgate_policy *both(enum callgate_policy_kind kind, struct callgate_policy *a, struct callgate_policy *b)
{
	struct callgate_policy *policy;

	assert_int_equal(policy_new(kind, "both", &policy), 0);
	assert_int_equal(policy_add(policy, a), 0);
	assert_int_equal(policy_add(policy, b), 0);
	return policy;
}

static struct callgate_policy *random_policy(unsigned depth, int syscalls[4])
{
	if (!depth || !below(3))
		return leaf(random_profile(syscalls));
	return both(below(2) ? CALLGATE_POLICY_STACK : CALLGATE_POLICY_UNION, random_policy(depth - 1, syscalls), random_policy(depth - 1, syscalls));
}

static void test_readings(void **state)
{
	(void)state;
	for (seed = 1; seed < 1000000;) {
		struct diagram *d = diagram_new(0);
		struct callgate_target target = any_target();
		uint64_t before = seed;
		int syscalls[4];
		struct callgate_policy *policy = random_policy(3, syscalls), *first = policy_leaf(policy, 0);
		diagram_ref root;

		assert_int_equal(diagram_from_policy(d, policy, &target, &root, NULL), 0);
		for (unsigned i = 0; i < 200; i++) {
			struct callgate_call call = telling_call(first->profile, &target, syscalls);
			const struct callgate_policy *deciding;
			uint32_t action = policy_eval(policy, &target, &call, &deciding, NULL);

			assert_int_equal(action, diagram_eval(d, root, &call));
			assert_int_equal(action & ACTION_MASK, policy_eval(deciding, &target, &call, NULL, NULL) & ACTION_MASK);
			assert_int_equal(action_meaning(action), diagram_eval(d, diagram_meaning(d, root), &call));
		}
		policy_free(policy);
		diagram_free(d);
		seed = before + 7919;
	}
}

static void fingerprint(const struct callgate_policy *policy, uint8_t hash[DIAGRAM_FINGERPRINT_SIZE])
{
	struct diagram *d = diagram_new(0);
	diagram_ref root;

	assert_int_equal(diagram_from_policy(d, policy, &on_x86_64, &root, NULL), 0);
	assert_int_equal(diagram_fingerprint(d, root, hash), 0);
	diagram_free(d);
}

static void assert_same_fingerprint(struct callgate_policy *a, struct callgate_policy *b, bool same)
{
	uint8_t x[DIAGRAM_FINGERPRINT_SIZE], y[DIAGRAM_FINGERPRINT_SIZE];

	fingerprint(a, x);
	fingerprint(b, y);
	assert_int_equal(!memcmp(x, y, sizeof(x)), same);
	policy_free(a);
	policy_free(b);
}

/* socket allowed for these domains, one rule each, in this order. */
static struct callgate_policy *sockets(const uint64_t *domains, size_t count)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1), CALLGATE_KILL_PROCESS);

	for (size_t i = 0; i < count; i++)
		add(profile, arch_syscall_id("socket"), CALLGATE_ALLOW, &(struct profile_cond){ .op = OP_EQ, .value = domains[i] }, 1, 0);
	assert_int_equal(profile_normalise(profile), 0);
	return leaf(profile);
}

/* A filter that answers this to all calls. */
static struct callgate_policy *constant(uint32_t action)
{
	struct callgate_filter *filter;
	struct callgate_policy *policy;

	assert_int_equal(filter_new(1, &filter), 0);
	filter->insns[0] = (struct callgate_insn){ .code = 0x06, .k = action };
	assert_int_equal(policy_from_filter("constant", filter, &policy), 0);
	return policy;
}

static void test_fingerprint(void **state)
{
	(void)state;
	assert_same_fingerprint(sockets((uint64_t[]){ 1, 2, 10 }, 3), sockets((uint64_t[]){ 10, 1, 2 }, 3), true);
	assert_same_fingerprint(sockets((uint64_t[]){ 1, 2, 10 }, 3), sockets((uint64_t[]){ 1, 2, 11 }, 3), false);
	assert_same_fingerprint(sockets((uint64_t[]){ 1, 2 }, 2),
				both(CALLGATE_POLICY_UNION, sockets((uint64_t[]){ 1 }, 1), sockets((uint64_t[]){ 2 }, 1)), true);
	assert_same_fingerprint(sockets((uint64_t[]){ 1 }, 1),
				both(CALLGATE_POLICY_STACK, sockets((uint64_t[]){ 1, 2 }, 2), sockets((uint64_t[]){ 1, 3 }, 2)), true);
	/* what the kernel ignores does not count; what it passes on does */
	assert_same_fingerprint(constant(CALLGATE_ALLOW | 7), constant(CALLGATE_ALLOW), true);
	assert_same_fingerprint(constant(CALLGATE_ERRNO(4096)), constant(CALLGATE_ERRNO(4095)), true);
	assert_same_fingerprint(constant(0x12340000), constant(CALLGATE_KILL_PROCESS), true);
	assert_same_fingerprint(constant(CALLGATE_TRAP | 7), constant(CALLGATE_TRAP), false);
	assert_same_fingerprint(constant(CALLGATE_LOG), constant(CALLGATE_ALLOW), false);
}

/* The one value that others computed from the description in callgate-fingerprint(1): SHA-256 of "L" 7fff0000. */
static void test_fingerprint_value(void **state)
{
	static const uint8_t expected[4] = { 0x50, 0x8a, 0x23, 0xd3 };
	struct callgate_policy *policy = constant(CALLGATE_ALLOW);
	uint8_t hash[DIAGRAM_FINGERPRINT_SIZE];

	(void)state;
	fingerprint(policy, hash);
	assert_memory_equal(hash, expected, sizeof(expected));
	policy_free(policy);
}

/* ---- A profile again ---- */

static struct callgate_policy *read_policy(const char *members)
{
	struct callgate_policy *policy = NULL;
	struct buf text = { 0 };

	buf_printf(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"]%s}", members);
	assert_int_equal(callgate_policy_read(text.text, text.size, "p.json", "oci", 0, &policy, NULL), 0);
	buf_done(&text);
	return policy;
}

/* Bytes need not come from a file. */
static void test_nameless(void **state)
{
	static const struct callgate_insn allow = { .code = 0x06, .k = CALLGATE_ALLOW };
	static const char *const texts[][2] = { { "oci", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}" }, { "minijail", "read: 1\n" },
						{ "kafel", "ALLOW { read }" }, { "firejail", "seccomp\n" } };
	struct callgate_policy *policy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(callgate_policy_read(texts[i][1], strlen(texts[i][1]), NULL, texts[i][0], 0, &policy, NULL), 0);
		assert_string_equal(callgate_policy_name(policy), "");
		policy_free(policy);
	}
	assert_int_equal(callgate_policy_read((const char *)&allow, sizeof(allow), NULL, NULL, 0, &policy, NULL), 0);
	policy_free(policy);
}

/* How a filter is loaded is no part of its meaning, and must not get lost for that. SPEC_ALLOW gives protection up: only if all parts do. */
static void test_extract_flags(void **state)
{
	static const char *const flags[] = { ", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]",
					     ", \"flags\": [\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]", "" };
	static const unsigned expected[] = { CALLGATE_LOAD_LOG | CALLGATE_LOAD_SPEC_ALLOW, CALLGATE_LOAD_LOG };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct callgate_policy *policy = both(CALLGATE_POLICY_STACK, read_policy(flags[0]), read_policy(flags[1 + i]));
		struct callgate_profile *profile;

		assert_int_equal(callgate_policy_extract(policy, &on_x86_64, &profile, NULL), 0);
		assert_int_equal(profile->load_flags, expected[i]);
		profile_free(profile);
		policy_free(policy);
	}
}

static void test_extract_listener(void **state)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = both(CALLGATE_POLICY_STACK, read_policy(", \"listenerPath\": \"/run/a\""), read_policy(", \"listenerPath\": \"/run/b\""));
	struct callgate_profile *profile;

	(void)state;
	assert_int_equal(callgate_policy_extract(policy, &on_x86_64, &profile, diags), 0);
	assert_string_equal(strpool_get(&profile->strings, profile->listener_path), "/run/a");
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "extract-listener");
	profile_free(profile);
	policy_free(policy);
	callgate_diags_free(diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_fingerprint_value),
		cmocka_unit_test(test_nameless),
		cmocka_unit_test(test_extract_flags),
		cmocka_unit_test(test_extract_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
