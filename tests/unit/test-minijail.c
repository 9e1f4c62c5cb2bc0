/* SPDX-License-Identifier: Apache-2.0 */
/* minijail policies: what each line means, what is refused and where, and that writing and reading again changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FORMAT    format_minijail
#define FILE_NAME "main.policy"
#include "text-policy.h"

/* ---- What lines mean ---- */

static void lines_decide(void **state)
{
	(void)state;
	expect_call("read: 1\n", "read", 0, 0, CALLGATE_ALLOW);
	expect_call("read: 1", "write", 0, 0, CALLGATE_KILL_PROCESS);
	expect_call("read: 1\r\nwrite: allow\r\n", "write", 0, 0, CALLGATE_ALLOW);
	expect_call("# nothing\n\n  read : 1 # more\n", "read", 0, 0, CALLGATE_ALLOW);
	expect_call("read: return EBADF", "read", 0, 0, CALLGATE_ERRNO(9));
	expect_call("read: return 0x26", "read", 0, 0, CALLGATE_ERRNO(38));
	expect_call("read: kill-thread", "read", 0, 0, CALLGATE_KILL_THREAD);
	expect_call("read: kill", "read", 0, 0, CALLGATE_KILL_PROCESS);
	expect_call("kill: trap", "kill", 0, 0, CALLGATE_TRAP);
	expect_call("read: log", "read", 0, 0, CALLGATE_LOG);
	expect_call("read: trace", "read", 0, 0, CALLGATE_TRACE(0));
	expect_call("read: user-notify", "read", 0, 0, CALLGATE_NOTIFY);
	expect_call("@default trap\nread: 1", "write", 0, 0, CALLGATE_TRAP);
	expect_call("read: 1\n@default user-notify", "write", 0, 0, CALLGATE_NOTIFY);
	expect_call("{read, write}: 1", "write", 0, 0, CALLGATE_ALLOW);
	expect_call("read: arg0 == 1 || \\\n arg0 == 2", "read", 2, 0, CALLGATE_ALLOW);
	expect_call("", "read", 0, 0, CALLGATE_KILL_PROCESS);
}

static void expressions_decide(void **state)
{
	(void)state;
	expect_call("ioctl: arg1 == 0x5401", "ioctl", 0, 0x5401, CALLGATE_ALLOW);
	expect_call("ioctl: arg1 == TCGETS", "ioctl", 0, 0x5401, CALLGATE_ALLOW);
	expect_call("ioctl: arg1 == TCGETS", "ioctl", 0, 0x5402, CALLGATE_KILL_PROCESS);
	expect_call("read: arg0 == 1 && arg1 != 2", "read", 1, 2, CALLGATE_KILL_PROCESS);
	expect_call("read: arg0 == 1 && arg1 != 2", "read", 1, 3, CALLGATE_ALLOW);
	expect_call("read: arg1 <= 010", "read", 0, 8, CALLGATE_ALLOW);
	expect_call("read: arg1 < 8", "read", 0, 8, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 > 8 || arg1 >= 0x10", "read", 0, 8, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 == -1", "read", 0, UINT64_MAX, CALLGATE_ALLOW);
	/* any of the bits; only those bits */
	expect_call("read: arg1 & 6", "read", 0, 4, CALLGATE_ALLOW);
	expect_call("read: arg1 & 6", "read", 0, 0xf1, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 & 0", "read", 0, 1, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 in 6", "read", 0, 4, CALLGATE_ALLOW);
	expect_call("read: arg1 in 6", "read", 0, 5, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 in 6", "read", 0, 0, CALLGATE_ALLOW);
	expect_call("read: arg1 & ~5", "read", 0, 5, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 & ~5", "read", 0, 2, CALLGATE_ALLOW);
	expect_call("read: arg1 & ~5", "read", 0, 8, CALLGATE_ALLOW);
	expect_call("socket: arg0 & ~7", "socket", 8, 0, CALLGATE_ALLOW);
	expect_call("socket: arg0 & ~7", "socket", UINT64_C(1) << 40 | 7, 0, CALLGATE_KILL_PROCESS);
	expect_call("read: arg1 & ~5", "read", 0, UINT64_C(1) << 63, CALLGATE_ALLOW);
	expect_call("read: arg1 in ~(1|4)|4", "read", 0, 4, CALLGATE_ALLOW);
	expect_call("read: arg1 in ~(1|4)|4", "read", 0, 1, CALLGATE_KILL_PROCESS);
	expect_call("mprotect: arg0 & 1 && arg1 & 6", "mprotect", 1, 2, CALLGATE_ALLOW);
	expect_call("mprotect: arg0 & 1 && arg1 & 6", "mprotect", 1, 8, CALLGATE_KILL_PROCESS);
	expect_call("read: { arg0 == 1; return EPERM, arg1 & 3; log, allow }", "read", 1, 1, CALLGATE_ERRNO(1));
	expect_call("read: { arg0 == 1; return EPERM, arg1 & 3; log, allow }", "read", 2, 1, CALLGATE_LOG);
	expect_call("read: { arg0 == 1; return EPERM, arg1 & 3; log, allow }", "read", 2, 4, CALLGATE_ALLOW);
	expect_call("read: arg0 == 1; trap", "read", 1, 0, CALLGATE_TRAP);
	expect_call("read: arg0 == 1; trap", "read", 2, 0, CALLGATE_KILL_PROCESS);
	expect_call("read: arg0 == 1\nread: arg0 == 2; trap\nread: return EPERM", "read", 2, 0, CALLGATE_TRAP);
	expect_call("@denylist\nread: arg0 == 1; return EPERM\nwrite: return EPERM", "read", 1, 0, CALLGATE_ERRNO(1));
	expect_call("@denylist\nread: arg0 == 1; return EPERM\nwrite: return EPERM", "read", 2, 0, CALLGATE_ALLOW);
}

/* The one form that minijail's two compilers both take and read differently. */
static void return_after_expression(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_policy_ struct callgate_policy *policy = NULL;
	static const char text[] = "read: arg0 == 0; return EBADF\n";

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), NULL, 0, &policy, diags), 0);
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "minijail-return");
	assert_int_equal(callgate_diags_get(diags, 0)->severity, CALLGATE_SEVERITY_WARNING);
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "read", 1, 0), CALLGATE_ERRNO(9));
	refuse("read: arg0 == 0; return EBADF\nwrite: allow\n", "minijail-return", 1, 18);
	refuse("@default trap\nread: arg0 == 0; return EBADF\n", "minijail-return", 2, 18);
}

/* TCGETS is another number on ppc64le, and what is for another architecture is not looked at. */
static void abis_differ(void **state)
{
	_policy_ struct callgate_policy *policy = read_text("ioctl: arg1 == TCGETS\n", NULL, true);
	_policy_ struct callgate_policy *other = read_text("read[arch=arm64,mips]: 1\n{mips_only[arch=mips], write[arch=x86_64]}: 1\n", NULL, true);
	uint64_t value;

	(void)state;
	assert_int_equal(arch_constant_any("TCGETS", CALLGATE_ABI_PPC64LE, &value), 0);
	assert_int_not_equal(value, 0x5401);
	assert_int_equal(eval(policy, CALLGATE_ABI_PPC64LE, "ioctl", 0, value), CALLGATE_ALLOW);
	assert_int_equal(eval(policy, CALLGATE_ABI_PPC64LE, "ioctl", 0, 0x5401), CALLGATE_KILL_PROCESS);
	assert_int_equal(eval(policy, CALLGATE_ABI_AARCH64, "ioctl", 0, 0x5401), CALLGATE_ALLOW);
	assert_int_equal(eval(other, CALLGATE_ABI_AARCH64, "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(other, CALLGATE_ABI_X86_64, "read", 0, 0), CALLGATE_KILL_PROCESS);
	assert_int_equal(eval(other, CALLGATE_ABI_X86_64, "write", 0, 0), CALLGATE_ALLOW);
	/* an ABI that lacks the constant is no looser for it */
	policy_free(policy);
	policy = read_text("@denylist\narch_prctl: { arg0 == ARCH_SET_FS; return EPERM }\n", NULL, true);
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "arch_prctl", 4098, 0), CALLGATE_ERRNO(1));
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "arch_prctl", 4097, 0), CALLGATE_ALLOW);
}

/* ---- Files within files ---- */

static void includes(void **state)
{
	struct other others[] = {
		{ "./a", "read: 1\n" }, { "/b", "@include ./a\nwrite: 1\n" },   { "./self", "@include ./self\n" },
		{ "./f", "read: 10\nwrite: 0x10\nread: 5\n" }, { "./bad", "\nraed: 1\n" }, { "./f-bad", "read: -1\n" }, { 0 },
	};
	_policy_ struct callgate_policy *policy = read_text("@include /b\n@frequency ./f\nclose: 1\n", others, true);
	const struct callgate_profile *profile = policy->profile;

	(void)state;
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "read", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "write", 0, 0), CALLGATE_ALLOW);
	assert_int_equal(profile->calls.count, 2);
	assert_int_equal(profile->calls.items[0].count, 15);
	assert_int_equal(profile->calls.items[1].count, 16);
	for (size_t i = 0; i < profile->clauses.count; i++) {
		const struct profile_clause *clause = &profile->clauses.items[i];
		const char *name = arch_syscall_name(clause->syscall);

		assert_string_equal(profile_clause_file(profile, clause), !strcmp(name, "read") ? "./a" : !strcmp(name, "write") ? "/b" : "main.policy");
		assert_int_equal(clause->line, !strcmp(name, "read") ? 1 : !strcmp(name, "write") ? 2 : 3);
	}
	refuse_with("@include ./self\n", others, "minijail-include", 1, 10);
	refuse_with("read: 1\n@include ./none\n", others, "minijail-include", 2, 10);
	refuse_with("@include a\n", others, "minijail-include", 1, 10);
	refuse_with("@include\n", others, "minijail-include", 1, 0);
	refuse_with("@include ./bad\n", others, "minijail-unknown-syscall", 2, 1);
	refuse_with("@frequency ./f-bad\n", others, "minijail-syntax", 1, 7);
	refuse_with("@include ./a ./b\n", others, "minijail-syntax", 1, 14);
	refuse_with("read: 1\n@include ./a\n", others, "minijail-duplicate", 1, 7);
	refuse("@include ./a\n", "minijail-include", 1, 10);
}

/* ---- What is refused ---- */

static void wrong_lines(void **state)
{
	(void)state;
	refuse("raed: 1\n", "minijail-unknown-syscall", 1, 1);
	refuse("\nread 1\n", "minijail-syntax", 2, 6);
	refuse("read:\n", "minijail-syntax", 1, 6);
	refuse("read", "minijail-syntax", 1, 5);
	refuse("read: 0\n", "minijail-syntax", 1, 7);
	refuse("read: 2\n", "minijail-syntax", 1, 7);
	refuse("read: return\n", "minijail-syntax", 1, 13);
	refuse("read: return ENOSUCH\n", "minijail-constant", 1, 14);
	refuse("read: return 4096\n", "minijail-errno", 1, 14);
	refuse("read: return -1\n", "minijail-errno", 1, 14);
	refuse("read: 1 1\n", "minijail-syntax", 1, 9);
	refuse("read: arg6 == 1\n", "minijail-argument", 1, 7);
	refuse("read: arg10 == 1\n", "minijail-argument", 1, 7);
	refuse("read: arg0 = 1\n", "minijail-syntax", 1, 12);
	refuse("read: arg0 == 1 ||\n", "minijail-syntax", 1, 19);
	refuse("read: arg0 == NO_SUCH_CONSTANT\n", "minijail-constant", 1, 15);
	refuse("read: arg0 == (1\n", "minijail-syntax", 1, 17);
	refuse("read: arg0 == ~~1\n", "minijail-syntax", 1, 16);
	refuse("read: arg0 == 08\n", "minijail-number", 1, 15);
	refuse("read: arg0 == 0x10000000000000000\n", "minijail-number", 1, 15);
	refuse("read: arg0 == 1x\n", "minijail-number", 1, 15);
	refuse("{read, write: 1\n", "minijail-syntax", 1, 13);
	refuse("read: { arg0 == 1; allow\n", "minijail-syntax", 1, 25);
	refuse("read: 1\nread: 1\n", "minijail-duplicate", 2, 7);
	refuse("read: { allow, arg0 == 1; trap }\n", "minijail-duplicate", 1, 16);
	refuse("read[arch=vax]: 1\n", "minijail-arch", 1, 11);
	refuse("read[arch]: 1\n", "minijail-syntax", 1, 10);
	refuse("files@android: 1\n", "minijail-unsupported", 1, 1);
	refuse("@frob x\n", "minijail-unsupported", 1, 1);
	refuse("@default allow\n", "minijail-syntax", 1, 10);
	refuse("read: 1\n@denylist\n", "minijail-denylist", 2, 1);
	refuse("@denylist\nread: allow\n", "minijail-denylist", 2, 7);
	refuse("# never ends \\\nread: 1\n", "minijail-syntax", 0, 0);
	refuse("read: 1 \xff\n", "minijail-syntax", 1, 9);
	refuse("read: arg0 & 0x7fffffffffffffff && arg1 & 0x7fffffffffffffff && arg2 & 0x7fffffffffffffff\n", "minijail-too-large", 1, 7);
}

/* All errors in one go, with a file's own limit, and names that may be unknown. */
static void many_errors(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_diags_ struct callgate_diags *warnings = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	_cleanup_(buf_done) struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "raed: 1\n");
	assert_int_equal(read_bytes(text.text, text.size, NULL, 0, &policy, diags), -EBADMSG);
	assert_int_equal(callgate_diags_count(diags), 51);
	assert_string_equal(callgate_diags_get(diags, 50)->id, "minijail-more");
	assert_int_equal(read_bytes("raed: 1\n{frob, read}: 1", 23, NULL, CALLGATE_READ_UNKNOWN_NAMES, &policy, warnings), 0);
	assert_int_equal(callgate_diags_count(warnings), 2);
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "read", 0, 0), CALLGATE_ALLOW);
	policy_free(policy);
}

static void hostile_files(void **state)
{
	_cleanup_(buf_done) struct buf text = { 0 }, line = { 0 };

	(void)state;
	buf_puts(&text, "read: arg0 == ");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "(");
	refuse(text.text, "minijail-syntax", 1, 15 + 32);
	buf_puts(&line, "read: arg0 == 0");
	for (int i = 0; i < 200000; i++)
		buf_puts(&line, " || arg0 == 1");
	refuse(line.text, "minijail-too-large", 1, 7);
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	assert_int_equal(read_bytes("read: 1\0\n", 9, NULL, 0, &policy, diags), -EBADMSG);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "minijail-syntax");
}

/* ---- Writing ---- */

static uint64_t seed = 88172645463325252u;

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

static uint64_t edge64(void)
{
	static const uint64_t edges[] = { 0, 1, 3, 6, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000, 0x8000000000000000, 0xfffffffffffffffa, UINT64_MAX };

	return below(6) ? edges[below(ARRAY_SIZE(edges))] : any64();
}

static struct callgate_profile *any_profile(bool denylist)
{
	static const char *const names[] = { "read", "socket", "openat", "ioctl", "mmap", "semop", "socketcall" };
	static const uint32_t actions[] = { CALLGATE_ALLOW, CALLGATE_ERRNO(1), CALLGATE_ERRNO(133), CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_LOG,
					    CALLGATE_NOTIFY, CALLGATE_TRACE(0), CALLGATE_KILL_PROCESS };
	struct callgate_profile *profile = NULL;

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = denylist ? CALLGATE_ALLOW : actions[3 + below(2)];
	for (uint32_t i = 1 + below(8); i; i--) {
		struct profile_clause clause = { .syscall = arch_syscall_id(names[below(ARRAY_SIZE(names) - denylist)]), .action = actions[below(denylist ? 3 : ARRAY_SIZE(actions))] };
		struct profile_guard guard = { .include_abis = 1 + below(500), .exclude_abis = below(500) };
		struct profile_cond conds[3];
		uint32_t n = below(4);

		for (uint32_t j = 0; j < n; j++) {
			conds[j] = (struct profile_cond){ .arg = (uint8_t)below(3), .op = (uint8_t)below(7), .value = edge64(), .mask = edge64() };
			/* values outside of the mask are never, but for those that stand for their low word */
			if (conds[j].op == OP_MASKED_EQ)
				conds[j].value &= below(4) ? conds[j].mask : UINT64_C(0x7fffffffffffffff);
			else
				conds[j].mask = 0;
		}
		if (!below(3))
			assert_int_equal(profile_add_guard(profile, &guard, &clause.guard), 0);
		assert_int_equal(profile_add_clause(profile, clause, conds, n), 0);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static char *write_text(const struct callgate_profile *profile)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct buf out = { 0 };
	char *text = NULL;

	if (minijail_write(profile, &out, diags))
		fail_msg("%s", callgate_diags_get(diags, 0)->text);
	assert_int_equal(buf_take(&out, &text, NULL), 0);
	return text;
}

static void same_meaning(const struct callgate_profile *a, const struct callgate_profile *b, const char *text)
{
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		for (int strict = 0; strict < 2; strict++) {
			const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi), .strict64 = strict };
			struct diagram *d = diagram_new(0);
			diagram_ref left, right;

			assert_non_null(d);
			assert_int_equal(diagram_from_profile(d, a, &target, &left, NULL), 0);
			assert_int_equal(diagram_from_profile(d, b, &target, &right, NULL), 0);
			if (left != right)
				fail_msg("the profile and its text differ on %s:\n%s", callgate_abi_name(abi), text);
			diagram_free(d);
		}
	}
}

static void round_trips(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		_profile_ struct callgate_profile *profile = any_profile(i % 4 == 0);
		_cleanup_free_ char *text = write_text(profile), *again = NULL;
		_policy_ struct callgate_policy *policy = read_text(text, NULL, true);

		same_meaning(profile, policy->profile, text);
		again = write_text(policy->profile);
		_policy_ struct callgate_policy *second = read_text(again, NULL, true);

		same_meaning(profile, second->profile, again);
	}
}

static void written_text(void **state)
{
	_policy_ struct callgate_policy *policy =
		read_text("write: arg0 & 2; log\nread: 1\nclose: return 38\nmmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE\n@default kill-thread\n", NULL, true);
	_cleanup_free_ char *text = write_text(policy->profile);

	(void)state;
	assert_string_equal(text, "@default kill-thread\nclose: return ENOSYS\n"
				  "mmap: { arg2 in 0xfffffffffffffffb; allow, arg2 in 0xfffffffffffffffd; allow }\n"
				  "read: allow\nwrite: { arg0 & 0x2; log }\n");
}

static void cannot(void (*change)(struct callgate_profile *), const char *name)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_policy_ struct callgate_policy *policy = read_text("read: 1\n", NULL, true);
	_cleanup_(buf_done) struct buf out = { 0 };

	change(policy->profile);
	if (minijail_write(policy->profile, &out, diags) != -ENOTSUP)
		fail_msg("%s can be said", name);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "minijail-cannot");
}

static void default_errno(struct callgate_profile *profile)
{
	profile->default_action = CALLGATE_ERRNO(1);
}
static void default_log(struct callgate_profile *profile)
{
	profile->default_action = CALLGATE_LOG;
}
static void bad_arch_allow(struct callgate_profile *profile)
{
	profile->bad_arch_action = CALLGATE_ALLOW;
}
static void unknown_errno(struct callgate_profile *profile)
{
	profile->unknown_errno = 38;
}
static void literal(struct callgate_profile *profile)
{
	profile->literal = true;
}
static void two_abis(struct callgate_profile *profile)
{
	profile->abis = 5;
}
static void trace_data(struct callgate_profile *profile)
{
	profile->clauses.items[0].action = CALLGATE_TRACE(7);
}
static void needs_cap(struct callgate_profile *profile)
{
	assert_int_equal(profile_add_guard(profile, &(struct profile_guard){ .include_caps = 1 }, &profile->clauses.items[0].guard), 0);
}
static void deny_kill(struct callgate_profile *profile)
{
	profile->default_action = CALLGATE_ALLOW;
	profile->clauses.items[0].action = CALLGATE_KILL_PROCESS;
}

static void deny_socketcall(struct callgate_profile *profile)
{
	profile->default_action = CALLGATE_ALLOW;
	profile->clauses.items[0].syscall = arch_syscall_id("socketcall");
}

static void not_said(void **state)
{
	(void)state;
	cannot(default_errno, "a default errno");
	cannot(default_log, "a default of logging");
	cannot(bad_arch_allow, "other ABIs");
	cannot(unknown_errno, "newer calls");
	cannot(literal, "a literal profile");
	cannot(two_abis, "two ABIs");
	cannot(trace_data, "trace data");
	cannot(needs_cap, "a capability");
	cannot(deny_kill, "a kill in a denylist");
	cannot(deny_socketcall, "socketcall allowed in a denylist");
}

static void frequency(void **state)
{
	struct other others[] = { { "./f", "write: 3\nread: 4\nread: 0x10\nclose: 0\n" }, { 0 } };
	_policy_ struct callgate_policy *policy = read_text("@frequency ./f\nread: 1\n", others, true);
	_cleanup_(buf_done) struct buf out = { 0 };

	(void)state;
	assert_int_equal(minijail_write_frequency(policy->profile, &out), 0);
	assert_string_equal(out.text, "read: 20\nwrite: 3\n");
}

static void found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(format_find("minijail"), &format_minijail);
	assert_ptr_equal(format_of("a.policy", "{", 1), &format_minijail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_decide),  cmocka_unit_test(expressions_decide), cmocka_unit_test(return_after_expression),
		cmocka_unit_test(abis_differ),   cmocka_unit_test(includes),           cmocka_unit_test(wrong_lines),
		cmocka_unit_test(many_errors),   cmocka_unit_test(hostile_files),      cmocka_unit_test(round_trips),
		cmocka_unit_test(written_text),  cmocka_unit_test(not_said),           cmocka_unit_test(frequency),
		cmocka_unit_test(found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
