/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_check and filter_simulate against the running kernel: random programs, each loaded in a child of its own.
 * The child leaves what it saw in shared memory and ends by an illegal instruction, so that no filter can keep it from ending.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/call.h"
#include "model/filter.h"

#define CHECKED_PROGRAMS 2000
#define RUN_PROGRAMS 500
#define CALLS 24
#define MAX_ERRNO 4095 /* the kernel cuts larger data of an ERRNO action down to this */
#define LONGEST (CALLGATE_INSNS_MAX + 1)

struct seen {
	int load;               /* 0 or errno of seccomp(2); -1: not reached */
	unsigned done;          /* calls that came back */
	long value[CALLS];
	int error[CALLS];
	uint32_t arch;          /* from siginfo */
	uint64_t ip;
};

static struct seen *seen; /* shared with the child */
static uint32_t native_arch;
static uint64_t call_ip; /* of the syscall instruction within syscall(2) */
static uint64_t rng = 0x9e3779b97f4a7c15;

static uint32_t random32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 16);
}

static uint32_t below(uint32_t n)
{
	return random32() % n;
}

/* ---- Programs ---- */

static const uint16_t codes[] = {
	BPF_LD | BPF_W | BPF_ABS,    BPF_LD | BPF_W | BPF_LEN,    BPF_LD | BPF_IMM,	      BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN,   BPF_LDX | BPF_IMM,		  BPF_LDX | BPF_MEM,	      BPF_ST,
	BPF_STX,		     BPF_ALU | BPF_ADD | BPF_K,	  BPF_ALU | BPF_ADD | BPF_X,  BPF_ALU | BPF_SUB | BPF_K,
	BPF_ALU | BPF_SUB | BPF_X,   BPF_ALU | BPF_MUL | BPF_K,	  BPF_ALU | BPF_MUL | BPF_X,  BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_DIV | BPF_X,   BPF_ALU | BPF_AND | BPF_K,	  BPF_ALU | BPF_AND | BPF_X,  BPF_ALU | BPF_OR | BPF_K,
	BPF_ALU | BPF_OR | BPF_X,    BPF_ALU | BPF_XOR | BPF_K,	  BPF_ALU | BPF_XOR | BPF_X,  BPF_ALU | BPF_LSH | BPF_K,
	BPF_ALU | BPF_LSH | BPF_X,   BPF_ALU | BPF_RSH | BPF_K,	  BPF_ALU | BPF_RSH | BPF_X,  BPF_ALU | BPF_NEG,
	BPF_JMP | BPF_JA,	     BPF_JMP | BPF_JEQ | BPF_K,	  BPF_JMP | BPF_JEQ | BPF_X,  BPF_JMP | BPF_JGE | BPF_K,
	BPF_JMP | BPF_JGE | BPF_X,   BPF_JMP | BPF_JGT | BPF_K,	  BPF_JMP | BPF_JGT | BPF_X,  BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JSET | BPF_X,  BPF_MISC | BPF_TAX,	  BPF_MISC | BPF_TXA,
};

static uint32_t odd_number(void)
{
	static const uint32_t edges[] = { 0, 1, 2, 15, 16, 31, 32, 60, 63, 64, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };

	switch (below(4)) {
	case 0:
		return random32();
	case 1:
		return below(300);
	default:
		return edges[below(ARRAY_SIZE(edges))];
	}
}

/* An instruction that is right for its place; what it loads from scratch memory may never have been written. */
static struct callgate_insn proper(size_t left)
{
	struct callgate_insn insn = { .code = codes[below(ARRAY_SIZE(codes))], .k = odd_number() };
	uint32_t reach = (uint32_t)MIN(left - 1, below(20) ? 6u : 255u) + 1;

	insn.jt = (uint8_t)below(reach);
	insn.jf = (uint8_t)below(reach);
	switch (insn.code) {
	case BPF_LD | BPF_W | BPF_ABS:
		insn.k = below(16) * 4;
		break;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		insn.k = below(4);
		break;
	case BPF_ALU | BPF_DIV | BPF_K:
		insn.k |= 1;
		break;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		insn.k %= 32;
		break;
	case BPF_JMP | BPF_JA:
		insn.k = below(reach);
		break;
	}
	return insn;
}

/* Ends in `or #ERRNO; ret a` or in constants: the calls that the child makes come back, but for a division by zero. */
static size_t generate(struct callgate_insn *insns)
{
	size_t count = 4 + below(below(10) ? 30 : 500), i = 0;

	if (below(2)) { /* scratch memory that may be read everywhere */
		for (; i < 4; i++)
			insns[i] = (struct callgate_insn){ .code = BPF_ST, .k = (uint32_t)i };
		count += 4;
	}
	for (; i < count; i++)
		insns[i] = below(12) ? proper(count - i)
				     : (struct callgate_insn){ .code = BPF_RET | BPF_K, .k = below(3) ? CALLGATE_ERRNO(below(0x10000)) : CALLGATE_ALLOW };
	insns[count++] = (struct callgate_insn){ .code = BPF_ALU | BPF_AND | BPF_K, .k = 0x1fff };
	insns[count++] = (struct callgate_insn){ .code = BPF_ALU | BPF_OR | BPF_K, .k = CALLGATE_ERRNO(0) };
	insns[count++] = (struct callgate_insn){ .code = BPF_RET | BPF_A };
	return count;
}

static size_t mutate(struct callgate_insn *insns, size_t count)
{
	struct callgate_insn *insn = &insns[below(4) ? below((uint32_t)count) : count - 1];

	switch (below(8)) {
	case 0:
		insn->code = (uint16_t)below(256);
		break;
	case 1:
		insn->code = (uint16_t)random32();
		break;
	case 2:
		insn->code = codes[below(ARRAY_SIZE(codes))];
		break;
	case 3:
		insn->k = odd_number();
		break;
	case 4:
		insn->jt = (uint8_t)random32();
		break;
	case 5:
		insn->jf = (uint8_t)random32();
		break;
	case 6:
		return 1 + below((uint32_t)count);
	default: /* jump about the end: the last instruction, the one behind it, the one behind that */
		insn->code = BPF_JMP | BPF_JA;
		insn->k = (uint32_t)(count - 1 - (size_t)(insn - insns)) + below(3) - 2;
	}
	return count;
}

/* ---- Children ---- */

/*
 * End this process without a system call. A function that could return, as far as the compiler knows: before what does not return,
 * AddressSanitizer makes system calls, to which the filter under test may give any answer.
 */
__attribute__((noinline, no_sanitize("address", "undefined"))) static void end(void)
{
	static volatile bool always = true;

	if (always)
		__builtin_trap();
}

static void load(const struct callgate_insn *insns, size_t count)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = (struct sock_filter *)insns };

	/* not dumpable: thousands of core dumps would take their time, and a limit of 0 does not keep them from a handler */
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return;
	seen->load = 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		seen->load = errno;
}

static void make_calls(const struct callgate_call *calls)
{
	for (unsigned i = 0; i < CALLS; i++) {
		const uint64_t *a = calls[i].args;

		errno = 0;
		seen->value[i] = syscall((long)(int32_t)calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		seen->error[i] = errno;
		seen->done = i + 1;
	}
}

/* Load a program in a child and make calls (may be NULL) under it; answers the wait status. */
static int child(const struct callgate_insn *insns, size_t count, const struct callgate_call *calls)
{
	int status = 0;
	pid_t pid;

	memset(seen, 0, sizeof(*seen));
	seen->load = -1;
	pid = fork();
	if (!pid) {
		signal(SIGILL, SIG_DFL); /* cmocka catches these */
		signal(SIGTRAP, SIG_DFL);
		load(insns, count);
		if (calls && !seen->load)
			make_calls(calls);
		end();
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return status;
}

static void on_sigsys(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	seen->arch = info->si_arch;
	seen->ip = (uintptr_t)info->si_call_addr;
	end();
}

/* Where syscall(2) makes its calls, and what architecture the kernel says they have. */
static int setup(void **state)
{
	static const struct callgate_insn trap[] = {
		{ .code = BPF_LD | BPF_W | BPF_ABS, .k = 0 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .jf = 1, .k = SYS_getppid },
		{ .code = BPF_RET | BPF_K, .k = CALLGATE_TRAP },
		{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
	};
	struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	static struct callgate_call calls[CALLS];

	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return -1;
	calls[0].nr = SYS_getppid;
	sigaction(SIGSYS, &action, NULL);
	child(trap, ARRAY_SIZE(trap), calls);
	signal(SIGSYS, SIG_DFL);
	native_arch = seen->arch;
	call_ip = seen->ip;
	return 0;
}

static void need_seccomp(void)
{
	if (!call_ip) {
		print_message("SKIP: this environment does not let a process load seccomp filters (errno %d)\n", seen->load);
		skip();
	}
}

/* ---- Verdicts on programs ---- */

static void show(const struct callgate_insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf line = { 0 };

		filter_format_insn(&insns[i], i, &line);
		print_message("%4zu  %s\n", i, line.text);
		buf_done(&line);
	}
}

static bool same_verdict(const struct callgate_insn *insns, size_t count)
{
	int ours = filter_check(insns, count, NULL, NULL);

	child(insns, count, NULL);
	if (seen->load == (ours ? EINVAL : 0))
		return !ours;
	show(insns, count);
	fail_msg("filter_check says %d, the kernel %d", ours, seen->load);
	return false;
}

static void test_check(void **state)
{
	static struct callgate_insn insns[LONGEST];
	unsigned admitted = 0;

	(void)state;
	need_seccomp();
	for (unsigned i = 0; i < CHECKED_PROGRAMS; i++) {
		size_t count = generate(insns);

		for (unsigned m = below(3); m; m--)
			count = mutate(insns, count);
		admitted += same_verdict(insns, count);
	}
	print_message("%u of %u programs admitted\n", admitted, CHECKED_PROGRAMS);
	assert_in_range(admitted, CHECKED_PROGRAMS / 5, CHECKED_PROGRAMS * 4 / 5);
}

/* Each opcode there is, with an operand that suits all that take one. */
static void test_every_code(void **state)
{
	unsigned admitted = 0;

	(void)state;
	need_seccomp();
	for (unsigned code = 0; code < 512; code++) {
		struct callgate_insn insns[] = {
			{ .code = BPF_ST, .k = 4 },
			{ .code = (uint16_t)code, .k = 4 },
			{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
			{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
			{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
			{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
			{ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW },
		};

		admitted += same_verdict(insns, ARRAY_SIZE(insns));
	}
	assert_int_equal(admitted, 41);
}

static void test_length(void **state)
{
	static struct callgate_insn insns[LONGEST];

	(void)state;
	need_seccomp();
	for (size_t i = 0; i < LONGEST; i++)
		insns[i] = (struct callgate_insn){ .code = BPF_RET | BPF_K, .k = CALLGATE_ALLOW };
	assert_false(same_verdict(insns, 0));
	assert_true(same_verdict(insns, 1));
	assert_true(same_verdict(insns, CALLGATE_INSNS_MAX));
	assert_false(same_verdict(insns, CALLGATE_INSNS_MAX + 1));
}

/* ---- Actions ---- */

static void random_call(struct callgate_call *call)
{
	static const int harmless[] = { SYS_getppid, SYS_getpid, SYS_gettid };

	*call = (struct callgate_call){ .nr = (uint32_t)harmless[below(ARRAY_SIZE(harmless))], .arch = native_arch, .ip = call_ip };
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = (unsigned long)((uint64_t)odd_number() << 32 | odd_number());
}

/* Did the i-th call come back as the simulated action says? */
static bool as_simulated(unsigned i, uint32_t action, int status)
{
	uint32_t data = MIN(action & ACTION_DATA, (uint32_t)MAX_ERRNO);

	if (action == CALLGATE_ALLOW)
		return i < seen->done && seen->value[i] > 0;
	if ((action & ACTION_MASK) == CALLGATE_ERRNO(0))
		return i < seen->done && seen->error[i] == (int)data && seen->value[i] == (data ? -1 : 0);
	return action_kills(action) && i == seen->done && WTERMSIG(status) == SIGSYS;
}

static void compare_calls(const struct callgate_insn *insns, size_t count, unsigned *ret_killed)
{
	const bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	struct callgate_call calls[CALLS];
	int status;

	for (unsigned i = 0; i < CALLS; i++)
		random_call(&calls[i]);
	status = child(insns, count, calls);
	assert_int_equal(seen->load, 0);
	for (unsigned i = 0; i < CALLS; i++) {
		uint32_t action = filter_simulate(insns, count, big_endian, &calls[i], NULL, NULL);

		if (!as_simulated(i, action, status)) {
			show(insns, count);
			fail_msg("call %u: simulated 0x%08x, the kernel answered %ld, errno %d, after %u calls, status %d", i, action,
				 seen->value[i], seen->error[i], seen->done, status);
		}
		if (action_kills(action)) {
			++*ret_killed;
			return;
		}
	}
}

static void test_simulate(void **state)
{
	static struct callgate_insn insns[LONGEST];
	unsigned killed = 0;

	(void)state;
	need_seccomp();
	for (unsigned i = 0; i < RUN_PROGRAMS;) {
		size_t count = generate(insns);

		if (filter_check(insns, count, NULL, NULL))
			continue;
		compare_calls(insns, count, &killed);
		i++;
	}
	print_message("%u of %u programs divided by zero\n", killed, RUN_PROGRAMS);
	assert_in_range(killed, 1, RUN_PROGRAMS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_every_code),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_simulate),
	};

	return cmocka_run_group_tests_name("filter-kernel", tests, setup, NULL);
}
