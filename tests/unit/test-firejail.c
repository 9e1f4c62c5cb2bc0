/* SPDX-License-Identifier: Apache-2.0 */
/* firejail profiles: what the seccomp lines mean, and what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "format/format.h"
#include "model/call.h"

#define _diags_ _cleanup_(diags_freep)
#define _policy_ _cleanup_(policy_freep)

static int read_bytes(const char *text, size_t size, unsigned flags, struct callgate_policy **ret, struct callgate_diags *diags)
{
	struct format_input input = { .bytes = text, .size = size, .file = "a.firejail", .flags = flags };

	return format_firejail.import(&input, ret, diags);
}

static uint32_t eval(const struct callgate_policy *policy, enum callgate_abi abi, const char *name, uint64_t a0, uint64_t a1)
{
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(name));
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch, .args = { a0, a1 } };

	assert_true(nr >= 0);
	return policy_eval(policy, &target, &call, NULL, NULL);
}

static void expect(const char *text, const char *name, uint32_t action)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_policy_ struct callgate_policy *policy = NULL;
	char is[64], should[64];
	uint32_t given;

	if (read_bytes(text, strlen(text), 0, &policy, diags) || callgate_diags_count(diags))
		fail_msg("%s\n%s", text, callgate_diags_get(diags, 0)->text);
	given = eval(policy, CALLGATE_ABI_X86_64, name, 0, 0);
	if (given != action)
		fail_msg("%s\n%s is %s, not %s", text, name, action_format(given, is, sizeof(is)),
			 action_format(action, should, sizeof(should)));
}

static void refuse(const char *text, const char *id, unsigned line, unsigned column)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	const struct callgate_diag *d;

	assert_int_equal(read_bytes(text, strlen(text), 0, &policy, diags), -EBADMSG);
	assert_null(policy);
	d = callgate_diags_get(diags, 0);
	if (strcmp(d->id, id) || d->line != line || d->column != column)
		fail_msg("%s\n%s at %u:%u: %s; expected %s at %u:%u", text, d->id, d->line, d->column, d->text, id, line, column);
}

static void lists_decide(void **state)
{
	(void)state;
	expect("noroot\n# a comment\ncaps.drop all\nseccomp\nblacklist ${HOME}/.x\n", "mount", CALLGATE_ERRNO(1));
	expect("seccomp", "read", CALLGATE_ALLOW);
	expect("seccomp", "ptrace", CALLGATE_ERRNO(1));
	expect("allow-debuggers\nseccomp", "ptrace", CALLGATE_ALLOW);
	expect("seccomp !chroot,utime:ENOENT,utimes\r\n", "chroot", CALLGATE_ALLOW);
	expect("seccomp !chroot,utime:ENOENT,utimes\r\n", "mount", CALLGATE_ERRNO(1));
	expect("seccomp !chroot,utime:ENOENT,utimes\r\n", "utime", CALLGATE_ERRNO(2));
	expect("seccomp mount:ENOENT", "mount", CALLGATE_ERRNO(1));
	expect("seccomp.drop mount:ENOENT,@clock", "mount", CALLGATE_ERRNO(2));
	expect("seccomp.drop mount:ENOENT,@clock", "adjtimex", CALLGATE_ERRNO(1));
	expect("seccomp.drop mount:ENOENT,@clock", "ptrace", CALLGATE_ALLOW);
	expect("seccomp-error-action kill\nseccomp.drop mount", "mount", CALLGATE_KILL_THREAD);
	expect("seccomp.drop mount\nseccomp-error-action ENOSYS", "mount", CALLGATE_ERRNO(38));
	expect("seccomp.drop mount\nseccomp-error-action log", "mount", CALLGATE_LOG);
	expect("seccomp.keep read,@timer,!alarm", "read", CALLGATE_ALLOW);
	expect("seccomp.keep read,@timer,!alarm", "setitimer", CALLGATE_ALLOW);
	expect("seccomp.keep read,@timer,!alarm", "alarm", CALLGATE_ERRNO(1));
	expect("seccomp.keep read,@timer,!alarm", "execve", CALLGATE_ALLOW);
	expect("seccomp.keep read,@timer,!alarm", "write", CALLGATE_ERRNO(1));
}

static void refused(void **state)
{
	(void)state;
	refuse("seccomp.drop raed", "firejail-unknown-syscall", 1, 14);
	refuse("seccomp.drop\n", "firejail-syntax", 1, 13);
	refuse("seccomp.drop read,\n", "firejail-syntax", 1, 19);
	refuse("seccomp.drop read write\n", "firejail-syntax", 1, 19);
	refuse("seccomp.drop read:ENOSUCH\n", "firejail-syntax", 1, 19);
	refuse("seccomp.drop read:kill\n", "firejail-unsupported", 1, 19);
	refuse("seccomp.drop @known\n", "firejail-group", 1, 14);
	refuse("seccomp.drop !@clock\n", "firejail-group", 1, 15);
	refuse("seccomp.drop $99999\n", "firejail-unsupported", 1, 15);
	refuse("seccomp\nseccomp.keep read\n", "firejail-duplicate", 2, 1);
	refuse("seccomp\nprotocol unix,inet\n", "firejail-unsupported", 2, 1);
	refuse("seccomp.32 read\n", "firejail-unsupported", 1, 1);
	refuse("seccomp\nmemory-deny-write-execute\n", "firejail-unsupported", 2, 1);
	refuse("?HAS_NET: seccomp\n", "firejail-unsupported", 1, 1);
	refuse("seccomp\nignore seccomp\n", "firejail-unsupported", 2, 1);
	refuse("seccomp-error-action maybe\nseccomp\n", "firejail-syntax", 1, 22);
	refuse("noroot\n", "firejail-none", 0, 0);
	refuse("", "firejail-none", 0, 0);
}

static void special(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_policy_ struct callgate_policy *policy = NULL;
	_cleanup_(buf_done) struct buf text = { 0 };
	static const char included[] = "include x.inc\nseccomp.drop raed,mount,";

	(void)state;
	buf_puts(&text, included);
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "read,");
	buf_puts(&text, "write");
	assert_int_equal(read_bytes(text.text, text.size, CALLGATE_READ_UNKNOWN_NAMES, &policy, diags), 0);
	assert_int_equal(callgate_diags_count(diags), 2);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "firejail-include");
	assert_int_equal(eval(policy, CALLGATE_ABI_X86_64, "mount", 0, 0), CALLGATE_ERRNO(1));
	assert_int_equal(policy->profile->clauses.items[0].line, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_decide),
		cmocka_unit_test(refused),
		cmocka_unit_test(special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
