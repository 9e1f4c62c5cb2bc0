/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp JSON: what is refused or warned of, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "oci-text.h"

/* ---- What is diagnosed, and where ---- */

struct finding {
	const char *text;
	const char *id;
	unsigned line, column;
	bool warning;
	unsigned flags;
	const char *says;
};

static const struct finding findings[] = {
	{ "[]", "oci-type", 1, 1, .says = "must be an object; this is an array" },
	{ "{}", "oci-missing", 1, 1, .says = "\"defaultAction\"" },
	{ TOP("\"syscalls\":5"), "oci-type", 2, 12, .says = "syscalls must be an array; this is a number" },
	{ TOP("\"syscalls\":[5]"), "oci-type", 2, 13, .says = NULL },
	{ TOP("\"syscals\":[]"), "oci-unknown-member", 2, 1, .warning = true, .says = "did you mean \"syscalls\"" },
	{ "{\"defaultAction\":\n\"ALLOW\"}", "oci-unknown-action", 2, 1, .says = "did you mean \"SCMP_ACT_ALLOW\"" },
	{ "{\"defaultAction\":\n\"SCMP_ACT_ALOW\"}", "oci-unknown-action", 2, 1, .says = "did you mean \"SCMP_ACT_ALLOW\"" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\n\"defaultErrnoRet\":1}", "oci-errno-misplaced", 2, 1, .says = NULL },
	{ TOP("\"defaultErrnoRet\":4096"), "oci-errno-range", 2, 19, .says = "4095" },
	{ TOP("\"defaultErrnoRet\":-1"), "oci-errno-range", 2, 19, .says = NULL },
	{ TOP("\"defaultErrno\":\"EPREM\""), "oci-errno-range", 2, 16, .says = "did you mean \"EPERM\"" },
	{ TOP("\"defaultErrnoRet\":2,\"defaultErrno\":\"EPERM\""), "oci-conflict", 2, 36, .says = NULL },
	{ TOP("\"architectures\":[\"SCMP_ARCH_X86_46\"]"), "oci-unknown-arch", 2, 18, .says = "did you mean \"SCMP_ARCH_X86_64\"" },
	{ TOP("\"architectures\":[\"amd64\"]"), "oci-unknown-arch", 2, 18, .says = "did you mean \"SCMP_ARCH_X86_64\"" },
	{ TOP("\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_MIPS\"]"), "oci-unknown-arch", 2, 37, .warning = true,
	  .says = "SCMP_ARCH_MIPS; calls of such an ABI get the answer for a bad architecture (KILL_PROCESS)" },
	{ TOP("\"architectures\":[\"SCMP_ARCH_MIPS\"]"), "oci-unknown-arch", 2, 17, .says = "none of these" },
	{ TOP("\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86\"}]"), "oci-conflict", 2, 35, .says = NULL },
	{ TOP("\"archMap\":[{\"subArchitectures\":null}]"), "oci-missing", 2, 12, .says = NULL },
	{ TOP("\"archMap\":[{\"architecture\":\"SCMP_ARCH_ARM\"},{\"architecture\":\"SCMP_ARCH_ARM\"}]"), "oci-conflict", 2, 61, .says = NULL },
	{ TOP("\"flags\":[\"SECCOMP_FILTER_FLAG_LOGS\"]"), "oci-unknown-flag", 2, 10, .says = "SECCOMP_FILTER_FLAG_LOG\"" },
	{ TOP("\"flags\":[1]"), "oci-type", 2, 10, .says = NULL },
	{ TOP("\"listenerPath\":\"/a\\u0000b\""), "oci-type", 2, 16, .says = "NUL" },
	{ RULE("{\"names\":[\"raed\"],\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-unknown-syscall", 2, 23, .says = "did you mean \"read\"" },
	{ RULE("{\"names\":[\"raed\"],\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-unknown-syscall", 2, 23, .warning = true,
	  .flags = CALLGATE_READ_UNKNOWN_NAMES, .says = "no effect" },
	{ RULE("{\"names\":[\"read\\u0000x\"],\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-type", 2, 23, .says = NULL },
	{ RULE("{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-empty-names", 2, 22, .says = NULL },
	{ RULE("{\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-missing", 2, 13, .says = "names" },
	{ RULE("{\"names\":[\"read\"]}"), "oci-missing", 2, 13, .says = "action" },
	{ RULE("{\"names\":[\"read\"],\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\"}"), "oci-conflict", 2, 31, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}"), "oci-errno-misplaced", 2, 57, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"errno\":\"EPERM\"}"), "oci-errno-misplaced", 2, 56, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1.5}"), "oci-errno-range", 2, 68, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMON\"]}}"), "oci-unknown-cap", 2, 77,
	  .says = "CAP_SYS_ADMIN" },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"amd46\"]}}"), "oci-unknown-arch", 2, 79,
	  .says = "amd64" },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"SCMP_ARCH_X86_64\"]}}"), "oci-unknown-arch", 2,
	  79, .says = "did you mean \"amd64\"" },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\"]}}"), "oci-unknown-arch", 2, 68,
	  .warning = true, .says = "left out" },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"4.8.1\"}}"), "oci-kernel", 2, 81, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"4.256\"}}"), "oci-kernel", 2, 81, .says = NULL },
	{ RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minkernel\":\"4.8\"}}"), "oci-unknown-member", 2, 69,
	  .warning = true, .says = "minKernel" },
	{ ARGS("{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-index", 2, 10, .says = NULL },
	{ ARGS("{\"index\":-1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-index", 2, 10, .says = NULL },
	{ ARGS("{\"index\":3,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-index", 2, 1, .warning = true, .says = "only 3 arguments" },
	{ ARGS("{\"index\":0,\"value\":-2,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-value", 2, 20, .says = "write 4294967294 for a 32-bit" },
	{ ARGS("{\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-value", 2, 20, .says = NULL },
	{ ARGS("{\"index\":0,\"value\":1,\"valueTwo\":2,\"op\":\"SCMP_CMP_EQ\"}"), "oci-arg-value", 2, 22, .warning = true },
	{ ARGS("{\"index\":0,\"value\":1,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}"), "oci-mask-value", 2, 33, .warning = true },
	{ ARGS("{\"index\":0,\"value\":1,\"op\":\"EQ\"}"), "oci-unknown-op", 2, 27, .says = "did you mean \"SCMP_CMP_EQ\"" },
	{ ARGS("{\"index\":0,\"value\":1}"), "oci-missing", 2, 1, .says = "op" },
	{ ARGS("{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}"), "oci-missing", 2, 1, .says = "value" },
	{ ARGS("{\"index\":0,\"value\":4294967297,\"op\":\"SCMP_CMP_EQ\"}"), "oci-value-wide", 2, 20, .warning = true },
	{ ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LE\"}"), "oci-arg-repeated", 2, 42,
	  .warning = true, .says = "\"or\"" },
	{ TOP("\"x-callgate\":{}"), "oci-missing", 2, 14, .says = "version" },
	{ TOP("\"x-callgate\":{\"version\":2}"), "oci-version", 2, 25, .says = NULL },
	{ EXTRA("\"unknown\":\"ENOSIS\""), "oci-errno-range", 2, 37, .says = "ENOSYS" },
	{ EXTRA("\"badArch\":\"WHAT\""), "oci-unknown-action", 2, 37, .says = NULL },
	{ EXTRA("\"badarch\":\"LOG\""), "oci-unknown-member", 2, 27, .warning = true },
	{ EXTRA("\"calls\":[{\"count\":1}]"), "oci-missing", 2, 36, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"raed\"}]"), "oci-unknown-syscall", 2, 44, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"read\",\"args\":[1,2,3,4,5,6,7]}]"), "oci-arg-index", 2, 58, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"read\",\"args\":[null]}]"), "oci-arg-value", 2, 59, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"read\",\"abi\":\"vax\"}]"), "oci-unknown-arch", 2, 57, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"read\",\"count\":-1}]"), "oci-arg-value", 2, 59, .says = NULL },
	{ EXTRA("\"calls\":[{\"name\":\"read\",\"denied\":1}]"), "oci-type", 2, 60, .says = NULL },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\n\"defaultAction\":\"SCMP_ACT_ERRNO\"}", "json-duplicate", 2, 1, .says = NULL },
};

static void check_finding(const struct finding *f)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = NULL;
	int r = oci_read(f->text, strlen(f->text), "p.json", f->flags, &profile, diags);
	const struct callgate_diag *d = callgate_diags_get(diags, 0);

	if (callgate_diags_count(diags) != 1 || strcmp(d->id, f->id) || d->line != f->line || d->column != f->column)
		fail_msg("%s\n%zu findings, first %s %u:%u %s", f->text, callgate_diags_count(diags), d ? d->id : "", d ? d->line : 0,
			 d ? d->column : 0, d ? d->text : "");
	assert_int_equal(d->severity, f->warning ? CALLGATE_SEVERITY_WARNING : CALLGATE_SEVERITY_ERROR);
	assert_int_equal(r, f->warning ? 0 : -EBADMSG);
	assert_int_equal(!!profile, f->warning);
	assert_string_equal(d->file, "p.json");
	if (f->says && !strstr(d->text, f->says))
		fail_msg("%s\ndoes not say: %s", d->text, f->says);
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(findings); i++)
		check_finding(&findings[i]);
}

static void test_several_errors_at_once(void **state)
{
	static const char text[] = "{\"defaultAction\":\"X\",\n\"flags\":[\"Y\"],\n\"syscalls\":[{\"names\":[\"a b\",\"c d\"],\"action\":\"Z\"}]}";
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = NULL;

	(void)state;
	assert_int_equal(oci_read(text, strlen(text), "p.json", 0, &profile, diags), -EBADMSG);
	assert_null(profile);
	assert_int_equal(callgate_diags_count(diags), 5);
	assert_string_equal(callgate_diags_get(diags, 4)->id, "oci-unknown-syscall");
	assert_int_equal(callgate_diags_get(diags, 4)->column, 29);
}

/* A file of nothing but errors ends in time, and says that there may be more. */
static void test_errors_are_bounded(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_cleanup_(buf_done) struct buf text = { 0 };
	struct callgate_profile *profile = NULL;
	size_t count;

	(void)state;
	buf_puts(&text, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"");
	for (int i = 0; i < 200000; i++)
		buf_puts(&text, ",\"raed\"");
	buf_puts(&text, "]}]}");
	assert_int_equal(oci_read(text.text, text.size, NULL, 0, &profile, diags), -EBADMSG);
	count = callgate_diags_count(diags);
	assert_int_equal(count, 51);
	assert_string_equal(callgate_diags_get(diags, count - 1)->id, "oci-more");
}

/* Names times repeated conditions: small to write, huge to hold. */
static void test_size_is_bounded(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_cleanup_(buf_done) struct buf text = { 0 };
	struct callgate_profile *profile = NULL;

	(void)state;
	buf_puts(&text, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"");
	for (int i = 0; i < 2000; i++)
		buf_puts(&text, ",\"read\"");
	buf_puts(&text, "],\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}");
	for (int i = 0; i < 2000; i++)
		buf_puts(&text, ",{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}");
	buf_puts(&text, "]}]}");
	assert_int_equal(oci_read(text.text, text.size, NULL, 0, &profile, diags), -EBADMSG);
	assert_string_equal(callgate_diags_get(diags, callgate_diags_count(diags) - 1)->id, "oci-too-large");
}

static void test_unknown_members_can_be_quiet(void **state)
{
	_profile_ struct callgate_profile *profile = NULL;
	_diags_ struct callgate_diags *diags = callgate_diags_new();

	(void)state;
	profile = read_text(TOP("\"vendor\":{\"x\":[1,2]}"), CALLGATE_READ_UNKNOWN_MEMBERS, diags);
	assert_int_equal(callgate_diags_count(diags), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_several_errors_at_once),
		cmocka_unit_test(test_errors_are_bounded),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_unknown_members_can_be_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
