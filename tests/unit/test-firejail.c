/* SPDX-License-Identifier: Apache-2.0 */
/* firejail profiles: what the seccomp lines mean, and what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FORMAT    format_firejail
#define FILE_NAME "a.firejail"
#include "text-policy.h"

static void expect(const char *text, const char *name, uint32_t action)
{
	expect_call(text, name, 0, 0, action);
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
	assert_int_equal(read_bytes(text.text, text.size, NULL, CALLGATE_READ_UNKNOWN_NAMES, &policy, diags), 0);
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
