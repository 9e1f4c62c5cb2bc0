/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp JSON: what is refused and where, what is understood, and that writing changes neither meaning nor itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "format/format.h"
#include "model/call.h"

static void free_diags(struct callgate_diags **diags)
{
	*diags = callgate_diags_free(*diags);
}

static void free_profile(struct callgate_profile **profile)
{
	*profile = profile_free(*profile);
}

#define _diags_ _cleanup_(free_diags)
#define _profile_ _cleanup_(free_profile)

static struct callgate_profile *read_text(const char *text, unsigned flags, struct callgate_diags *diags)
{
	struct callgate_profile *profile = NULL;

	if (oci_read(text, strlen(text), "p.json", flags, &profile, diags))
		fail_msg("%s\n%s", text, callgate_diags_count(diags) ? callgate_diags_get(diags, 0)->text : "no diagnostic");
	return profile;
}

/* A good profile, without a word to say about it. */
static struct callgate_profile *read_quiet(const char *text)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = read_text(text, 0, diags);

	if (callgate_diags_count(diags))
		fail_msg("%s\n%s: %s", text, callgate_diags_get(diags, 0)->id, callgate_diags_get(diags, 0)->text);
	return profile;
}

static char *write_text(const struct callgate_profile *profile)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct buf out = { 0 };
	char *text = NULL;

	if (oci_write(profile, &out, diags))
		fail_msg("%s", callgate_diags_get(diags, 0)->text);
	assert_int_equal(buf_take(&out, &text, NULL), 0);
	return text;
}

static uint32_t eval(const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_abi abi,
		     const char *name, uint64_t a0, uint64_t a1)
{
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(name));
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch, .args = { a0, a1 } };

	assert_true(nr >= 0);
	return profile_eval(profile, target, &call, NULL);
}

static uint32_t eval_x86(const struct callgate_profile *profile, const char *name, uint64_t a0, uint64_t a1)
{
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };

	return eval(profile, &target, CALLGATE_ABI_X86_64, name, a0, a1);
}

/* ---- What is diagnosed, and where ---- */

#define ALLOW_READ "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"
/* Line 2 holds what the case is about. */
#define TOP(member) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\n" member "}"
#define RULE(rule) TOP("\"syscalls\":[" rule "]")
#define ARGS(args) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[" \
		   "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[\n" args "]}]}"
#define EXTRA(members) TOP("\"x-callgate\":{\"version\":1," members "}")

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

/* ---- What is understood ---- */

static void test_actions(void **state)
{
	static const struct {
		const char *text;
		uint32_t action;
	} cases[] = {
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", CALLGATE_ERRNO(1) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\"}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"38\"}", CALLGATE_ERRNO(38) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EPERM\",\"defaultErrnoRet\":1}", CALLGATE_ERRNO(1) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"\",\"defaultErrnoRet\":0}", CALLGATE_ERRNO(0) },
		{ "{\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":7}", CALLGATE_TRACE(7) },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL\"}", CALLGATE_KILL_THREAD },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\"}", CALLGATE_KILL_THREAD },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}", CALLGATE_KILL_PROCESS },
		{ "{\"defaultAction\":\"SCMP_ACT_LOG\"}", CALLGATE_LOG },
		{ "{\"defaultAction\":\"SCMP_ACT_TRAP\"}", CALLGATE_TRAP },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", CALLGATE_NOTIFY },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", CALLGATE_ALLOW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_profile_ struct callgate_profile *profile = read_quiet(cases[i].text), *again = NULL;
		_cleanup_free_ char *text = write_text(profile);

		assert_int_equal(profile->default_action, cases[i].action);
		again = read_quiet(text);
		assert_int_equal(again->default_action, cases[i].action);
		assert_int_equal(again->unknown_errno, -1);
	}
}

static void test_head(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(TOP("\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"],\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"m\","
			       "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":null"));

	(void)state;
	assert_int_equal(profile->abis, CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386));
	assert_int_equal(profile->load_flags, CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_LOG);
	assert_string_equal(strpool_get(&profile->strings, profile->listener_path), "/run/x");
	assert_string_equal(strpool_get(&profile->strings, profile->listener_metadata), "m");
	assert_string_equal(strpool_get(&profile->strings, profile->file), "p.json");
	assert_int_equal(profile->bad_arch_action, CALLGATE_KILL_PROCESS);
	assert_int_equal(profile->clauses.count, 0);
}

static void test_rule_places(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"names\":[\"read\",\n  \"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":\"why\"}"));
	const struct profile_clause *clause;

	(void)state;
	assert_int_equal(profile->clauses.count, 2);
	clause = &profile->clauses.items[arch_syscall_id("write") > arch_syscall_id("read")];
	assert_int_equal(clause->syscall, arch_syscall_id("write"));
	assert_int_equal(clause->line, 3);
	assert_int_equal(clause->column, 3);
	assert_string_equal(strpool_get(&profile->strings, clause->comment), "why");
}

static void test_old_name_and_empty_members(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":null,\"includes\":{},\"excludes\":null,\"errno\":\"\"},"
				"{\"names\":[\"write\"],\"name\":\"\",\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EACCES\",\"args\":[]}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "write", 0, 0), CALLGATE_ERRNO(EACCES));
	assert_int_equal(profile->guards.count, 0);
}

static void test_values_are_exact(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(RULE("{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":18446744073709551615,\"op\":"
				"\"SCMP_CMP_EQ\"}]}"));

	(void)state;
	assert_true(profile->conds.items[0].value == UINT64_MAX);
	assert_int_equal(eval_x86(profile, "lseek", 0, UINT64_MAX), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "lseek", 0, UINT64_MAX - 1), CALLGATE_ERRNO(1));
}

/* Not wide: a negative int extended to 64 bits, and what needs more than 32 bits of an argument that has them. */
static void test_wide_values_that_can_match(void **state)
{
	_profile_ struct callgate_profile *negative = read_quiet(ARGS("{\"index\":0,\"value\":18446744073709551614,\"op\":\"SCMP_CMP_EQ\"}"));
	_profile_ struct callgate_profile *wide =
		read_quiet(RULE("{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":4294967297,\"op\":"
				"\"SCMP_CMP_EQ\"}]}"));

	(void)state;
	assert_int_equal(eval_x86(negative, "socket", 0xfffffffe, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(wide, "lseek", 0, 4294967297), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(wide, "lseek", 0, 1), CALLGATE_ERRNO(1));
}

static void test_masked_eq(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(ARGS("{\"index\":1,\"value\":15,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "socket", 0, 0x80002), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 0, 0x80003), CALLGATE_ERRNO(1));
}

/* runc and crun: a repeated index turns every condition, also that on another argument, into a rule of its own. */
static void test_repeated_is_or(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile =
		read_text(ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"},"
			       "{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}"), 0, diags);

	(void)state;
	assert_int_equal(profile->clauses.count, 3);
	assert_int_equal(eval_x86(profile, "socket", 1, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 2, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 9, 5), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 9, 9), CALLGATE_ERRNO(1));
}

static void test_joined_is_and(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(ARGS("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}"));

	(void)state;
	assert_int_equal(eval_x86(profile, "socket", 1, 5), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "socket", 1, 6), CALLGATE_ERRNO(1));
	assert_int_equal(eval_x86(profile, "socket", 2, 5), CALLGATE_ERRNO(1));
}

static void test_foreign_rule_is_left_out(void **state)
{
	_profile_ struct callgate_profile *profile = NULL;
	_diags_ struct callgate_diags *diags = callgate_diags_new();

	(void)state;
	profile = read_text(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\"]}}"), 0, diags);
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ERRNO(1));
	profile = profile_free(profile);
	profile = read_quiet(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"mips\",\"amd64\"]}}"));
	assert_int_equal(eval_x86(profile, "read", 0, 0), CALLGATE_ALLOW);
}

static void test_extra(void **state)
{
	_profile_ struct callgate_profile *profile =
		read_quiet(EXTRA("\"unknown\":\"ENOSYS\",\"badArch\":\"ERRNO(ENOSYS)\",\"learned\":{\"any\":[1]},\"calls\":["
				 "{\"name\":\"socket\",\"args\":[2,1,0],\"count\":550},{\"name\":\"mount\",\"count\":1,\"denied\":true,"
				 "\"abi\":\"i386\"},{\"name\":\"read\"}]"));
	const struct profile_call *call = profile->calls.items;

	(void)state;
	assert_int_equal(profile->unknown_errno, ENOSYS);
	assert_int_equal(profile->bad_arch_action, CALLGATE_ERRNO(ENOSYS));
	assert_int_equal(profile->calls.count, 3);
	assert_int_equal(call[0].syscall, arch_syscall_id("mount"));
	assert_true(call[0].denied);
	assert_int_equal(call[0].abi, CALLGATE_ABI_I386);
	assert_int_equal(call[1].syscall, arch_syscall_id("read"));
	assert_int_equal(call[1].count, 1);
	assert_int_equal(call[2].abi, -1);
	assert_int_equal(call[2].n_args, 3);
	assert_int_equal(call[2].args[1], 1);
	assert_int_equal(call[2].count, 550);
}

/* The shape of profiles that other tools weigh: valueTwo always there, MASKED_EQ against 0, calls with and without arguments. */
static void test_weighted_shape(void **state)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":["
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":2150388778,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"}]}],"
		"\"x-callgate\":{\"version\":1,\"calls\":[{\"name\":\"read\",\"count\":108837614},{\"name\":\"ioctl\",\"args\":[0,2150388778],"
		"\"count\":174520},{\"name\":\"clone\",\"args\":[268435456],\"count\":1,\"denied\":true}]}}";
	_profile_ struct callgate_profile *profile = read_quiet(text);

	(void)state;
	assert_int_equal(profile->clauses.count, 3);
	assert_int_equal(profile->calls.count, 3);
	assert_int_equal(eval_x86(profile, "clone", 4001536, 0), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "clone", 268435456, 0), CALLGATE_ERRNO(1));
	assert_int_equal(eval_x86(profile, "ioctl", 5, 2150388778), CALLGATE_ALLOW);
	assert_int_equal(eval_x86(profile, "ioctl", 5, 21522), CALLGATE_ERRNO(1));
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *call = &profile->calls.items[i];
		uint32_t action = eval_x86(profile, arch_syscall_name(call->syscall), call->args[0], call->args[1]);

		assert_int_equal(action, call->denied ? CALLGATE_ERRNO(1) : CALLGATE_ALLOW);
	}
}

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

/* ---- Docker's default profile ---- */

static char *read_file(const char *name, size_t *ret_size)
{
	_cleanup_free_ char *path = NULL;
	const char *source = getenv("SOURCE");
	char *bytes = malloc(1 << 20);
	FILE *f;

	assert_true(bytes && asprintf(&path, "%s/tests/data/%s", source ? source : ".", name) > 0);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s is not there; set SOURCE to the source folder", path);
	*ret_size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

static struct callgate_profile *read_docker(struct callgate_diags *diags)
{
	struct callgate_profile *profile = NULL;
	size_t size;
	_cleanup_free_ char *bytes = read_file("docker-default.json", &size);

	if (oci_read(bytes, size, "docker-default.json", 0, &profile, diags))
		fail_msg("%s", callgate_diags_get(diags, 0)->text);
	return profile;
}

#define X86 (CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386))
#define S390X CALLGATE_ABI_BIT(CALLGATE_ABI_S390X)
#define ARM64 (CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM))
#define ADMIN (UINT64_C(1) << 21)
#define NEW 0x061200u
#define NEWUSER 0x10000000u

static const struct {
	unsigned abis;
	uint64_t caps;
	unsigned kernel;
	enum callgate_abi abi;
	const char *name;
	uint64_t a0, a1;
	uint32_t action;
} docker_verdicts[] = {
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_I386, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X32, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_AARCH64, "read", 0, 0, CALLGATE_KILL_PROCESS },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "mount", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "mount", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "kexec_load", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ~UINT64_C(0), NEW, CALLGATE_ABI_X86_64, "kexec_load", 0, 0, CALLGATE_ERRNO(EPERM) },
	/* clone's flags are its first argument, on s390x its second */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone", 17, NEWUSER, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone", NEWUSER | 17, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "clone", NEWUSER | 17, 0, CALLGATE_ALLOW },
	{ S390X, 0, NEW, CALLGATE_ABI_S390X, "clone", NEWUSER, 17, CALLGATE_ALLOW },
	{ S390X, 0, NEW, CALLGATE_ABI_S390X, "clone", 0, NEWUSER | 17, CALLGATE_ERRNO(EPERM) },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone3", 0, 0, CALLGATE_ERRNO(ENOSYS) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "clone3", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0x20008, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0xffffffff, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0x0040000, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 2, 1, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 12, 1, CALLGATE_ERRNO(EPERM) }, /* AF_DECnet */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 38, 1, CALLGATE_ERRNO(EPERM) }, /* AF_ALG */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 40, 1, CALLGATE_ERRNO(EPERM) }, /* AF_VSOCK */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 45, 1, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, 0x040400, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, UINT64_C(1) << 19, 0x040400, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ALLOW }, /* CAP_SYS_PTRACE */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "arch_prctl", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_I386, "modify_ldt", 0, 0, CALLGATE_ALLOW },
	{ ARM64, 0, NEW, CALLGATE_ABI_AARCH64, "mount", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ ARM64, 0, NEW, CALLGATE_ABI_ARM, "set_tls", 0, 0, CALLGATE_ALLOW },
	{ ARM64, 0, NEW, CALLGATE_ABI_ARM, "arm_fadvise64_64", 0, 0, CALLGATE_ALLOW },
};

static void check_docker_verdicts(const struct callgate_profile *profile)
{
	for (size_t i = 0; i < ARRAY_SIZE(docker_verdicts); i++) {
		const struct callgate_target target = { docker_verdicts[i].abis, docker_verdicts[i].caps, docker_verdicts[i].kernel, false };
		uint32_t action = eval(profile, &target, docker_verdicts[i].abi, docker_verdicts[i].name, docker_verdicts[i].a0,
				       docker_verdicts[i].a1);

		if (action != docker_verdicts[i].action)
			fail_msg("case %zu, %s: 0x%x", i, docker_verdicts[i].name, action);
	}
}

static void test_docker(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = read_docker(diags), *again = NULL;
	_cleanup_free_ char *first = NULL, *second = NULL;

	(void)state;
	/* one word about MIPS and s390, none about anything else */
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "oci-unknown-arch");
	assert_int_equal(callgate_diags_get(diags, 0)->line, 19);
	assert_int_equal(callgate_diags_get(diags, 0)->column, 20);
	assert_int_equal(profile->abis, 0);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_X86_64], X86);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_AARCH64], ARM64);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_S390X], S390X);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_I386], 0);
	check_docker_verdicts(profile);
	first = write_text(profile);
	again = read_quiet(first);
	check_docker_verdicts(again);
	second = write_text(again);
	assert_string_equal(first, second);
}

/* Every syscall of every ABI, with arguments beside all constants that the profile compares. */
static void check_same(const struct callgate_profile *a, const struct callgate_profile *b, const struct callgate_target *target,
		       struct callgate_call call)
{
	if (profile_eval(a, target, &call, NULL) != profile_eval(b, target, &call, NULL))
		fail_msg("arch 0x%x nr %u %llx %llx", call.arch, call.nr, (unsigned long long)call.args[0], (unsigned long long)call.args[1]);
}

static void check_same_near(const struct callgate_profile *a, const struct callgate_profile *b, const struct callgate_target *target,
			    struct callgate_call call, uint64_t value)
{
	const uint64_t values[] = { value, value - 1, value + 1, value ^ 0x100, value | UINT64_C(1) << 32, ~value };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (int arg = 0; arg < 6; arg++)
			call.args[arg] = values[i];
		check_same(a, b, target, call);
	}
}

static void test_docker_means_the_same_when_written(void **state)
{
	static const uint64_t caps[] = { 0, ADMIN, ~UINT64_C(0) };
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = read_docker(diags), *again = NULL;
	_cleanup_free_ char *text = write_text(profile);

	(void)state;
	again = read_quiet(text);
	for (unsigned i = 0; i < arch_syscall_count() * CALLGATE_ABI_COUNT * ARRAY_SIZE(caps); i++) {
		enum callgate_abi abi = i % CALLGATE_ABI_COUNT;
		int id = (int)(i / CALLGATE_ABI_COUNT / ARRAY_SIZE(caps));
		const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi), .caps = caps[i / CALLGATE_ABI_COUNT % ARRAY_SIZE(caps)] };
		struct callgate_call call = { .nr = (uint32_t)arch_syscall_nr(abi, id), .arch = arch_abi_get(abi)->audit_arch };

		for (size_t n = 0; n < profile->conds.count; n += 1 + n / 8)
			check_same_near(profile, again, &target, call, profile->conds.items[n].value ^ profile->conds.items[n].mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_several_errors_at_once),
		cmocka_unit_test(test_errors_are_bounded),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_unknown_members_can_be_quiet),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_rule_places),
		cmocka_unit_test(test_old_name_and_empty_members),
		cmocka_unit_test(test_values_are_exact),
		cmocka_unit_test(test_wide_values_that_can_match),
		cmocka_unit_test(test_masked_eq),
		cmocka_unit_test(test_repeated_is_or),
		cmocka_unit_test(test_joined_is_and),
		cmocka_unit_test(test_foreign_rule_is_left_out),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_weighted_shape),
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_small_forms),
		cmocka_unit_test(test_equal_meaning_equal_bytes),
		cmocka_unit_test(test_order_is_kept),
		cmocka_unit_test(test_lossy_is_refused),
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_docker_means_the_same_when_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
