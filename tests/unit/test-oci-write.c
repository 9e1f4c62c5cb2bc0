/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp JSON: writing changes neither meaning nor itself, and refuses what the format cannot say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "oci-text.h"

/* ---- Writing ---- */

static void check_written(const char *text, const char *expected)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = read_text(text, 0, diags), *again = NULL;
	_cleanup_free_ char *first = write_text(profile), *second = NULL;

	if (expected)
		assert_string_equal(first, expected);
	again = read_quiet(first);
	second = write_text(again);
	assert_string_equal(first, second);
}

static void test_normal_form(void **state)
{
	(void)state;
	check_written(
		"{\"x-callgate\":{\"calls\":[{\"name\":\"socket\",\"args\":[2,1],\"count\":7},{\"name\":\"mount\",\"denied\":true}],"
		"\"unknown\":\"ENOSYS\",\"version\":1},"
		"\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
		"{\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":15,\"valueTwo\":2,\"op\":"
		"\"SCMP_CMP_MASKED_EQ\" },{\"index\":0,\"value\":2,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\" }]},"
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"],\"minKernel\":\"4.8\"}},"
		"{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"ENOSYS\"}]}",
		"{\n"
		"  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n"
		"  \"defaultErrnoRet\": 1,\n"
		"  \"architectures\": [\n"
		"    \"SCMP_ARCH_X86_64\",\n"
		"    \"SCMP_ARCH_X86\"\n"
		"  ],\n"
		"  \"syscalls\": [\n"
		"    {\n"
		"      \"names\": [\n"
		"        \"read\",\n"
		"        \"write\"\n"
		"      ],\n"
		"      \"action\": \"SCMP_ACT_ALLOW\"\n"
		"    },\n"
		"    {\n"
		"      \"names\": [\n"
		"        \"mount\"\n"
		"      ],\n"
		"      \"action\": \"SCMP_ACT_ALLOW\",\n"
		"      \"includes\": { \"caps\": [\"CAP_SYS_ADMIN\"], \"minKernel\": \"4.8\" }\n"
		"    },\n"
		"    {\n"
		"      \"names\": [\n"
		"        \"clone3\"\n"
		"      ],\n"
		"      \"action\": \"SCMP_ACT_ERRNO\",\n"
		"      \"errnoRet\": 38\n"
		"    },\n"
		"    {\n"
		"      \"names\": [\n"
		"        \"socket\"\n"
		"      ],\n"
		"      \"action\": \"SCMP_ACT_ALLOW\",\n"
		"      \"args\": [\n"
		"        { \"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\" },\n"
		"        { \"index\": 1, \"value\": 15, \"valueTwo\": 2, \"op\": \"SCMP_CMP_MASKED_EQ\" }\n"
		"      ]\n"
		"    }\n"
		"  ],\n"
		"  \"x-callgate\": {\n"
		"    \"version\": 1,\n"
		"    \"unknown\": \"ENOSYS\",\n"
		"    \"calls\": [\n"
		"      { \"name\": \"mount\", \"count\": 1, \"denied\": true },\n"
		"      { \"name\": \"socket\", \"args\": [2, 1], \"count\": 7 }\n"
		"    ]\n"
		"  }\n"
		"}\n");
}

/* Members that stand alone. */
static void test_small_forms(void **state)
{
	(void)state;
	check_written(EXTRA("\"badArch\":\"LOG\""), "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": 1,\n  \"syscalls\": [],\n"
		      "  \"x-callgate\": {\n    \"version\": 1,\n    \"badArch\": \"LOG\"\n  }\n}\n");
	check_written(EXTRA("\"literal\":true"), "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": 1,\n  \"syscalls\": [],\n"
		      "  \"x-callgate\": {\n    \"version\": 1,\n    \"literal\": true\n  }\n}\n");
	check_written("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{\"architecture\":\"SCMP_ARCH_RISCV64\"}]}",
		      "{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\",\n  \"archMap\": [\n    {\n      \"architecture\": \"SCMP_ARCH_RISCV64\",\n"
		      "      \"subArchitectures\": []\n    }\n  ],\n  \"syscalls\": []\n}\n");
}

#define R(names, rest) "{\"names\":[" names "]," rest "}"
#define A "\"action\":\"SCMP_ACT_ALLOW\""
#define E "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13"
#define IF(value) "\"args\":[{\"index\":0,\"value\":" value ",\"op\":\"SCMP_CMP_EQ\"}]"

/* Pairs with the same meaning in different words: equal bytes. */
static void test_equal_meaning_equal_bytes(void **state)
{
	static const char *const pairs[][2] = {
		{ RULE(R("\"read\"", A) "," R("\"write\"", A)), RULE(R("\"write\",\"read\"", A)) },
		{ RULE(R("\"socket\"", A "," IF("1")) "," R("\"socket\"", A "," IF("2"))),
		  RULE(R("\"socket\"", A "," IF("2")) "," R("\"socket\"", A "," IF("1")) "," R("\"socket\"", A "," IF("2"))) },
		/* what comes behind a rule that always decides, and what it already covers */
		{ RULE(R("\"socket\"", A)), RULE(R("\"socket\"", A "," IF("1")) "," R("\"socket\"", A) "," R("\"socket\"", E)) },
		{ RULE(R("\"mount\"", A)), RULE(R("\"mount\"", A ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "," R("\"mount\"", A)) },
		{ RULE(R("\"socket\"", E "," IF("1")) "," R("\"socket\"", A)),
		  RULE(R("\"socket\"", E "," IF("1")) "," R("\"socket\"", A) "," R("\"socket\"", A "," IF("2"))) },
		{ RULE(R("\"mount\"", A ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "," R("\"mount\"", A ",\"includes\":{\"minKernel\":\"5.4\"}")),
		  RULE(R("\"mount\"", A ",\"includes\":{\"minKernel\":\"5.4\"}") ","
		       R("\"mount\"", A "," IF("1") ",\"includes\":{\"minKernel\":\"5.4\"}") ","
		       R("\"mount\"", A ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_SYS_ADMIN\"]}")) },
		{ TOP("\"architectures\":[\"SCMP_ARCH_ARM\",\"SCMP_ARCH_X86\"]"), TOP("\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_ARM\"]") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_profile_ struct callgate_profile *a = read_quiet(pairs[i][0]), *b = read_quiet(pairs[i][1]);
		_cleanup_free_ char *left = write_text(a), *right = write_text(b);

		assert_string_equal(left, right);
	}
}

/* Precedence survives: deny-if before allow, and names whose unconditional rules stand in opposite order. */
static void test_order_is_kept(void **state)
{
	static const char text[] = RULE(
		R("\"socket\"", E "," IF("1")) "," R("\"socket\"", A) ","
		R("\"mount\"", A ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "," R("\"mount\"", E) ","
		R("\"umount2\"", E ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "," R("\"umount2\"", A));
	const struct callgate_target admin = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64), .caps = UINT64_C(1) << 21 };
	_profile_ struct callgate_profile *first = read_quiet(text), *profile = NULL;
	_cleanup_free_ char *written = write_text(first);

	(void)state;
	profile = read_quiet(written);
	assert_int_equal(eval_x86(profile, "socket", 1, 0), CALLGATE_ERRNO(13));
	assert_int_equal(eval_x86(profile, "socket", 2, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(profile, &admin, CALLGATE_ABI_X86_64, "mount", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "mount", 0, 0), CALLGATE_ERRNO(13));
	assert_int_equal(eval(profile, &admin, CALLGATE_ABI_X86_64, "umount2", 0, 0), CALLGATE_ERRNO(13));
	assert_int_equal(eval_x86(profile, "umount2", 0, 0), CALLGATE_ALLOW);
	check_written(text, NULL);
}

static void check_refused(struct callgate_profile *profile, const char *id)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_cleanup_(buf_done) struct buf out = { 0 };

	assert_int_equal(oci_write(profile, &out, diags), -ENOTSUP);
	assert_int_equal(out.size, 0);
	assert_string_equal(callgate_diags_get(diags, 0)->id, id);
}

/* What the format cannot say is not written as something else. */
static void test_lossy_is_refused(void **state)
{
	const struct profile_cond range[] = { { .arg = 0, .op = OP_GE, .value = 1 }, { .arg = 0, .op = OP_LE, .value = 5 } };
	struct profile_clause clause = { .syscall = arch_syscall_id("socket"), .action = CALLGATE_ALLOW };
	_profile_ struct callgate_profile *profile = read_quiet("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");

	(void)state;
	assert_int_equal(profile_add_clause(profile, clause, range, 2), 0);
	assert_int_equal(profile_normalise(profile), 0);
	check_refused(profile, "oci-arg-repeated");
	profile->clauses.count = 0;
	profile->default_action = CALLGATE_ALLOW | 1;
	check_refused(profile, "oci-unknown-action");
	profile->default_action = CALLGATE_ERRNO(4096);
	check_refused(profile, "oci-unknown-action");
	profile->default_action = 0x12340000;
	check_refused(profile, "oci-unknown-action");
	profile->default_action = CALLGATE_ALLOW;
	profile->load_flags = CALLGATE_LOAD_NEW_LISTENER;
	check_refused(profile, "oci-unknown-flag");
	profile->load_flags = 0;
	profile->abis = profile->abi_map[0] = 1;
	check_refused(profile, "oci-conflict");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_small_forms),
		cmocka_unit_test(test_equal_meaning_equal_bytes),
		cmocka_unit_test(test_order_is_kept),
		cmocka_unit_test(test_lossy_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
