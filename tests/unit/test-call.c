/* SPDX-License-Identifier: Apache-2.0 */
/* lib/model: call.c, call-format.c, action.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "arch/arch.h"
#include "model/call.h"

#define X86_64 CALLGATE_ABI_X86_64
#define AUDIT_X86_64 0xc000003eu

static uint64_t rng = 0x853c49e6748fea9b;

static uint32_t random32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 16);
}

/* ---- Reading ---- */

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		enum callgate_abi abi;
		uint32_t arch, nr;
		uint64_t args[6];
	} cases[] = {
		{ "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)", X86_64, AUDIT_X86_64, 41, { 2, 02000001, 0 } },
		{ "socket", X86_64, AUDIT_X86_64, 41, { 0 } },
		{ "  socket\t( 0x2 , 01 ,0 )  ", X86_64, AUDIT_X86_64, 41, { 2, 1 } },
		{ "socket()", X86_64, AUDIT_X86_64, 41, { 0 } },
		{ "41 2 1 0", X86_64, AUDIT_X86_64, 41, { 2, 1, 0 } },
		{ "41(2, 1)", X86_64, AUDIT_X86_64, 41, { 2, 1 } },
		{ "socket AF_UNIX SOCK_DGRAM | SOCK_CLOEXEC  7", X86_64, AUDIT_X86_64, 41, { 1, 02000002, 7 } },
		{ "socket(AF_INET, 1, 0)", CALLGATE_ABI_AARCH64, 0xc00000b7u, 198, { 2, 1 } },
		{ "0x29", X86_64, AUDIT_X86_64, 41, { 0 } },
		/* the register as it is: an int only fills the low word, a written out number what it says */
		{ "close(-1)", X86_64, AUDIT_X86_64, 3, { 0xffffffff } },
		{ "close(0x1ffffffff)", X86_64, AUDIT_X86_64, 3, { 0x1ffffffff } },
		{ "close(18446744073709551615)", X86_64, AUDIT_X86_64, 3, { UINT64_MAX } },
		{ "close(-4294967296)", X86_64, AUDIT_X86_64, 3, { 0xffffffff00000000 } },
		{ "lseek(3, -1, SEEK_END)", X86_64, AUDIT_X86_64, 8, { 3, UINT64_MAX, 2 } },
		{ "read(0, NULL, 8)", X86_64, AUDIT_X86_64, 0, { 0, 0, 8 } },
		{ "read(0, -1)", CALLGATE_ABI_I386, 0x40000003u, 3, { 0, 0xffffffff } },
		/* more than the call has: a filter sees them */
		{ "getppid(1, 2, 3, 4, 5, 6)", X86_64, AUDIT_X86_64, 110, { 1, 2, 3, 4, 5, 6 } },
		/* x32 with and without its bit */
		{ "socket(1)", CALLGATE_ABI_X32, AUDIT_X86_64, 0x40000029, { 1 } },
		{ "41", CALLGATE_ABI_X32, AUDIT_X86_64, 0x40000029, { 0 } },
		{ "0x40000029", CALLGATE_ABI_X32, AUDIT_X86_64, 0x40000029, { 0 } },
		{ "0x40000029", X86_64, AUDIT_X86_64, 0x40000029, { 0 } },
		{ "x32:socket(1)", X86_64, AUDIT_X86_64, 0x40000029, { 1 } },
		{ "i386:read(1)", X86_64, 0x40000003u, 3, { 1 } },
		{ "SCMP_ARCH_AARCH64:read", X86_64, 0xc00000b7u, 63, { 0 } },
		{ "syscall_999(-1)", X86_64, AUDIT_X86_64, 999, { UINT64_MAX } },
		{ "-1", X86_64, AUDIT_X86_64, UINT32_MAX, { 0 } },
		{ "-1(5)", CALLGATE_ABI_X32, AUDIT_X86_64, UINT32_MAX, { 5 } },
		{ "-2", X86_64, AUDIT_X86_64, 0xfffffffe, { 0 } },
		{ "4294967295", X86_64, AUDIT_X86_64, UINT32_MAX, { 0 } },
		{ "arch_0x12345678:41(7)", X86_64, 0x12345678, 41, { 7 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_call call = { .ip = 1 };

		if (call_parse(cases[i].text, cases[i].abi, &call, NULL))
			fail_msg("'%s' is refused", cases[i].text);
		if (call.arch != cases[i].arch || call.nr != cases[i].nr || call.ip || memcmp(call.args, cases[i].args, sizeof(call.args)) != 0)
			fail_msg("'%s' is read as arch 0x%x, nr 0x%x, 0x%llx, 0x%llx, …", cases[i].text, call.arch, call.nr,
				 (unsigned long long)call.args[0], (unsigned long long)call.args[1]);
	}
}

static void test_refuse(void **state)
{
	static const struct {
		const char *text, *id;
		unsigned column;
		const char *says;
	} cases[] = {
		{ "", "call-syntax", 1, "too early" },
		{ "   ", "call-syntax", 4, "too early" },
		{ "(1)", "call-syntax", 1, "expected" },
		{ "-", "call-syntax", 1, "not a number" },
		{ "sokcet(1)", "call-unknown-name", 1, "did you mean socket?" },
		{ "  zzzzzzzzzzzz", "call-unknown-name", 3, "zzzzzzzzzzzz" },
		{ "Socket", "call-unknown-name", 1, "" },
		{ "socketcall(1)", "call-not-in-abi", 1, "x86_64 has no system call socketcall" },
		{ "socket(AF_INETT)", "call-unknown-constant", 8, "did you mean AF_INET?" },
		{ "socket(1, SOCK_STREAM|SOCK_BLUE)", "call-unknown-constant", 23, "SOCK_BLUE" },
		{ "socket(_)", "call-syntax", 8, "_" },
		{ "socket _", "call-syntax", 8, "_" },
		{ "socket(*)", "call-syntax", 8, "expected" },
		{ "socket(1", "call-syntax", 9, "closing parenthesis" },
		{ "socket(1,)", "call-syntax", 10, "expected" },
		{ "socket(,1)", "call-syntax", 8, "expected" },
		{ "socket(1 2)", "call-syntax", 10, "comma" },
		{ "socket(1) 2", "call-syntax", 11, "follow" },
		{ "socket(1|)", "call-syntax", 10, "expected" },
		{ "socket(1,,2)", "call-syntax", 10, "expected" },
		{ "socket 1,2", "call-syntax", 9, "blanks" },
		{ "socket+1", "call-syntax", 7, "blanks" },
		{ "socket(12ab)", "call-syntax", 8, "12ab is not a number" },
		{ "socket(0x)", "call-syntax", 8, "not a number" },
		{ "socket(08)", "call-syntax", 8, "not a number" },
		{ "socket(18446744073709551616)", "call-syntax", 8, "64 bits" },
		{ "4294967296", "call-syntax", 1, "too large" },
		{ "-2147483649", "call-syntax", 1, "too large" },
		{ "getppid(1,2,3,4,5,6,7)", "call-too-many", 21, "six" },
		{ "getppid 1 2 3 4 5 6 7", "call-too-many", 21, "six" },
		{ "mips:read(1)", "call-syntax", 1, "no ABI is called mips" },
		{ "arch_0x12345678:read(1)", "call-syntax", 17, "not a number" },
		{ "read(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)", "call-syntax", 6, "long" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct callgate_diags *diags = callgate_diags_new();
		struct callgate_call call = { .nr = 77 };
		const struct callgate_diag *d;

		if (call_parse(cases[i].text, X86_64, &call, diags) != -EINVAL)
			fail_msg("'%s' is not refused", cases[i].text);
		assert_int_equal(call.nr, 77);
		assert_int_equal(callgate_diags_count(diags), 1);
		d = callgate_diags_get(diags, 0);
		if (strcmp(d->id, cases[i].id) != 0 || d->column != cases[i].column || !strstr(d->text, cases[i].says))
			fail_msg("'%s': %s, column %u: %s", cases[i].text, d->id, d->column, d->text);
		callgate_diags_free(diags);
	}
}

/* ---- Writing ---- */

static char *formatted(const struct callgate_call *call)
{
	struct buf text = { 0 };
	char *taken;

	call_format(call, &text);
	assert_int_equal(buf_take(&text, &taken, NULL), 0);
	return taken;
}

static void test_format(void **state)
{
	/* read with the ABI in front, written without it where it is this machine's own */
	static const char *const same[] = {
		"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)",
		"socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0)",
		"socket(AF_INET, 15, 0)",
		/* the numbers of protocols mean something else in other domains */
		"socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)",
		"socket(AF_NETLINK, SOCK_RAW, 1)",
		"socketpair(AF_UNIX, SOCK_STREAM, 0, 0x1000)",
		"close(-1)",
		"close(0x1ffffffff)",
		"read(0, 0x7ffe12345678, 100000)",
		"read(0, NULL, 0)",
		"mprotect(0x7f0000000000, 4096, PROT_READ|PROT_WRITE)",
		"mprotect(0, 0, PROT_NONE)",
		"mprotect(0, 0, PROT_READ|0x80)",
		"openat(-100, 0x1000, O_WRONLY|O_CREAT|O_CLOEXEC, 0644)",
		"openat(-100, 0x1000, O_SYNC|O_WRONLY, 0)", /* not O_DSYNC|… */
		"lseek(3, -1, SEEK_END)",
		"ioctl(0, TCGETS, 0)",
		"ioctl(0, 0x12345678, 0)",
		"getppid()",
		"getppid(0, 0, 0x12345)",
		"syscall_999()",
		"syscall_999(1)",
		"-1()",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		char expected[200], *text;
		struct callgate_call call;

		snprintf(expected, sizeof(expected), "%s%s", arch_native() == X86_64 ? "" : "x86_64:", same[i]);
		assert_int_equal(call_parse(same[i], X86_64, &call, NULL), 0);
		text = formatted(&call);
		assert_string_equal(text, expected);
		free(text);
	}
}

static void test_format_abi(void **state)
{
	static const struct {
		struct callgate_call call;
		enum callgate_abi abi; /* CALLGATE_ABI_COUNT: unknown, always written */
		const char *text;
	} cases[] = {
		{ { .arch = 0x40000003, .nr = 3 }, CALLGATE_ABI_I386, "i386:read(0, NULL, 0)" },
		{ { .arch = AUDIT_X86_64, .nr = 0x40000029, .args = { 1 } }, CALLGATE_ABI_X32, "x32:socket(AF_UNIX, 0, 0)" },
		{ { .arch = AUDIT_X86_64, .nr = 0x400003e7 }, CALLGATE_ABI_X32, "x32:syscall_999()" },
		{ { .arch = AUDIT_X86_64, .nr = 0xc0000005 }, CALLGATE_ABI_X32, "x32:syscall_3221225477()" },
		{ { .arch = 0x12345678, .nr = 3, .args = { 0, 5 } }, CALLGATE_ABI_COUNT, "arch_0x12345678:syscall_3(0, 5)" },
		{ { .arch = 0, .nr = UINT32_MAX }, CALLGATE_ABI_COUNT, "arch_0x00000000:-1()" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = formatted(&cases[i].call);

		assert_string_equal(text, cases[i].abi == arch_native() ? strchr(cases[i].text, ':') + 1 : cases[i].text);
		free(text);
	}
}

static uint64_t interesting_value(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 0x80, 0x241, 02000001, 0x7fffffff, 0x80000000, 0xffffff9c, 0xffffffff,
					  0x100000000, 0xffffffff80000000, UINT64_MAX - 99, UINT64_MAX };

	switch (random32() % 4) {
	case 0:
		return edges[random32() % ARRAY_SIZE(edges)];
	case 1:
		return random32() % 64;
	case 2:
		return random32();
	default:
		return (uint64_t)random32() << 32 | random32();
	}
}

/* What is written reads back as the same call: every number of every ABI, and numbers and architectures that do not exist. */
static void round_trip(uint32_t arch, uint32_t nr)
{
	struct callgate_call call = { .arch = arch, .nr = nr }, back;
	char *text;
	int r;

	for (unsigned i = 0; i < 6; i++)
		call.args[i] = random32() % 3 ? interesting_value() : 0;
	text = formatted(&call);
	r = call_parse(text, arch_native(), &back, NULL);
	if (r || memcmp(&call, &back, sizeof(call)) != 0)
		fail_msg("%s (arch 0x%x, nr 0x%x) does not read back: %d", text, arch, nr, r);
	free(text);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct arch_abi *a = arch_abi_get((enum callgate_abi)abi);

		for (uint32_t nr = 0; nr < 600; nr++)
			for (unsigned n = 0; n < 20; n++)
				round_trip(a->audit_arch, nr | a->nr_base);
		for (unsigned n = 0; n < 2000; n++)
			round_trip(a->audit_arch, random32());
		round_trip(a->audit_arch, UINT32_MAX);
		round_trip(a->audit_arch, UINT32_MAX - 1);
	}
	for (unsigned n = 0; n < 2000; n++)
		round_trip(random32(), random32() % 3 ? random32() : random32() % 500);
}

/* ---- Actions ---- */

static void test_action_text(void **state)
{
	static const struct {
		uint32_t action;
		const char *text;
	} both[] = {
		{ CALLGATE_KILL_PROCESS, "KILL_PROCESS" },
		{ CALLGATE_KILL_THREAD, "KILL_THREAD" },
		{ CALLGATE_TRAP, "TRAP" },
		{ CALLGATE_TRAP | 5, "TRAP(5)" },
		{ CALLGATE_ERRNO(1), "ERRNO(EPERM)" },
		{ CALLGATE_ERRNO(0), "ERRNO(0)" },
		{ CALLGATE_ERRNO(4000), "ERRNO(4000)" },
		{ CALLGATE_NOTIFY, "NOTIFY" },
		{ CALLGATE_TRACE(7), "TRACE(7)" },
		{ CALLGATE_TRACE(0), "TRACE(0)" },
		{ CALLGATE_LOG, "LOG" },
		{ CALLGATE_ALLOW, "ALLOW" },
		{ CALLGATE_ALLOW | 1, "0x7fff0001" },
		{ CALLGATE_KILL_THREAD | 9, "0x00000009" },
		{ 0x12340000, "0x12340000" },
	}, read[] = {
		{ CALLGATE_KILL_PROCESS, "kill" },
		{ CALLGATE_KILL_PROCESS, "kill_process" },
		{ CALLGATE_KILL_THREAD, "SCMP_ACT_KILL" },
		{ CALLGATE_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS" },
		{ CALLGATE_ERRNO(1), "SCMP_ACT_ERRNO" },
		{ CALLGATE_TRACE(1), "SCMP_ACT_TRACE" },
		{ CALLGATE_ALLOW, "scmp_act_allow" },
		{ CALLGATE_ERRNO(1), "errno:EPERM" },
		{ CALLGATE_ERRNO(38), "errno:38" },
		{ CALLGATE_ERRNO(38), "Errno:0x26" },
		{ CALLGATE_ERRNO(1), "errno" },
		{ CALLGATE_TRACE(3), "trace:3" },
		{ CALLGATE_NOTIFY, "user_notif" },
		{ CALLGATE_ALLOW, "0x7fff0000" },
	};
	static const char *const bad[] = {
		"", "allows", "allo", "ALLOW(1)", "allow:0", "errno:", "errno()", "errno(EPERM", "errno(12", "errno:EPERM)", "errno:EWHAT", "errno:65536",
		"errno:-1", "errno(1)x", "errno:1)", "0x", "0x100000000", "12", "-1", "kill:1", "errno:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(1)",
	};
	char text[40];
	uint32_t action;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		assert_string_equal(action_format(both[i].action, text, sizeof(text)), both[i].text);
		assert_int_equal(action_parse(text, &action), 0);
		assert_int_equal(action, both[i].action);
	}
	for (size_t i = 0; i < ARRAY_SIZE(read); i++) {
		assert_int_equal(action_parse(read[i].text, &action), 0);
		assert_int_equal(action, read[i].action);
	}
	action = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (action_parse(bad[i], &action) != -EINVAL || action != 77)
			fail_msg("'%s' is read as 0x%x", bad[i], action);
	assert_string_equal(action_format(CALLGATE_ERRNO(1), text, 6), "ERRNO");
}

static void test_action_round_trip(void **state)
{
	static const uint32_t bases[] = { CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_ERRNO(0), CALLGATE_NOTIFY,
					  CALLGATE_TRACE(0), CALLGATE_LOG, CALLGATE_ALLOW, 0x00040000, 0xffff0000 };

	(void)state;
	for (size_t b = 0; b < ARRAY_SIZE(bases); b++) {
		for (uint32_t data = 0; data < 0x10000; data++) {
			char text[40];
			uint32_t action;

			action_format(bases[b] | data, text, sizeof(text));
			if (action_parse(text, &action) || action != (bases[b] | data))
				fail_msg("%s does not read back as 0x%x", text, bases[b] | data);
		}
	}
}

/* By the kernel's precedence; seccomp(2) lists the actions in this order. */
static void test_action_order(void **state)
{
	static const uint32_t order[] = { CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_ERRNO(1),
					  CALLGATE_NOTIFY, CALLGATE_TRACE(1), CALLGATE_LOG, CALLGATE_ALLOW };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		assert_int_equal(action_kills(order[i]), i < 2);
		for (size_t j = 0; j < ARRAY_SIZE(order); j++)
			assert_int_equal(action_stack(order[i], order[j]), order[MIN(i, j)]);
	}
	assert_true(action_kills(0x12340000));
	assert_int_equal(action_stack(CALLGATE_ERRNO(1), CALLGATE_ERRNO(2)), CALLGATE_ERRNO(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_abi),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_action_text),
		cmocka_unit_test(test_action_round_trip),
		cmocka_unit_test(test_action_order),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
