/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_try: the kernel's answer is told for every action, and what a filter lets through is not executed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "base/util.h"
#include "arch/arch.h"

static uint32_t answer(uint32_t action, uint32_t nr, const uint64_t args[3])
{
	const struct callgate_insn insns[] = { { BPF_RET | BPF_K, 0, 0, action } };
	struct callgate_call call = { .nr = nr, .arch = arch_abi_get(arch_native())->audit_arch, .args = { args[0], args[1], args[2] } };
	uint32_t found = 0;

	assert_int_equal(kernel_try(insns, 1, &call, &found, NULL), 0);
	return found;
}

static void test_actions(void **state)
{
	static const struct {
		uint32_t action, found;
	} cases[] = {
		{ CALLGATE_ALLOW, CALLGATE_ALLOW },
		{ CALLGATE_LOG, CALLGATE_ALLOW },
		{ CALLGATE_TRACE(3), CALLGATE_ALLOW },
		{ CALLGATE_NOTIFY, CALLGATE_ALLOW },
		{ CALLGATE_ERRNO(1), CALLGATE_ERRNO(1) },
		{ CALLGATE_ERRNO(0), CALLGATE_ERRNO(0) },
		{ CALLGATE_ERRNO(38), CALLGATE_ERRNO(38) },
		{ CALLGATE_ERRNO(5000), CALLGATE_ERRNO(4095) },
		{ CALLGATE_TRAP | 7, CALLGATE_TRAP | 7 },
		{ CALLGATE_KILL_PROCESS, CALLGATE_KILL_PROCESS },
		{ CALLGATE_KILL_THREAD, CALLGATE_KILL_PROCESS },
	};
	static const uint64_t none[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (answer(cases[i].action, SYS_getpid, none) != cases[i].found)
			fail_msg("0x%08x: 0x%08x", cases[i].action, answer(cases[i].action, SYS_getpid, none));
}

/* exit_group and kill(getpid()) would end the child, execve would replace it, write would be seen: all come back. */
static void test_harmless(void **state)
{
	int ends[2];
	char byte = 'x';

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(answer(CALLGATE_ALLOW, SYS_write, (uint64_t[]){ (uint64_t)ends[1], (uintptr_t)&byte, 1 }), CALLGATE_ALLOW);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	assert_int_equal(answer(CALLGATE_ALLOW, SYS_exit_group, (uint64_t[]){ 3, 0, 0 }), CALLGATE_ALLOW);
	assert_int_equal(answer(CALLGATE_ALLOW, SYS_seccomp, (uint64_t[]){ 0, 0, 0 }), CALLGATE_ALLOW);
	assert_int_equal(answer(CALLGATE_ALLOW, SYS_kill, (uint64_t[]){ (uint64_t)getpid(), 9, 0 }), CALLGATE_ALLOW);
	assert_int_equal(answer(CALLGATE_ALLOW, SYS_rt_sigreturn, (uint64_t[]){ 0, 0, 0 }), CALLGATE_ALLOW);
	assert_int_equal(answer(CALLGATE_ALLOW, (uint32_t)-1, (uint64_t[]){ 0, 0, 0 }), CALLGATE_ALLOW);
}

static void test_refused(void **state)
{
	const struct callgate_insn wrong[] = { { BPF_RET | BPF_K, 0, 0, 0 }, { 0xffff, 0, 0, 0 } };
	const struct callgate_call call = { 0 };
	uint32_t found;

	(void)state;
	assert_int_equal(kernel_try(wrong, 2, &call, &found, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_actions), cmocka_unit_test(test_harmless),
					    cmocka_unit_test(test_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
