/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that may be issued a million times without doing anything: what `callgate bench` measures a profile with. Each row is
 * harmless whatever the arguments that it leaves open: a bad descriptor, a null pointer, no length, no such process.
 */
#include "cli.h"

#define BAD UINT64_MAX            /* no descriptor */
#define NOBODY 0x7fffffff         /* no process: above the kernel's largest id */
#define NO_NUMBER 100000          /* no system call */
#define FIRST_ARGUMENT 16         /* offset in struct seccomp_data */
#define LOAD_WORD 0x20            /* BPF_LD | BPF_W | BPF_ABS */

#define KEEP(i) (1u << (i))
#define KEEP_ALL 0x3fu
static const struct harmless {
	const char *name;
	unsigned keep;            /* arguments that stay as they are here; the others may be anything */
	uint64_t args[6];
} table[] = {
	{ "getppid", 0, { 0 } }, { "getpid", 0, { 0 } }, { "gettid", 0, { 0 } }, { "getuid", 0, { 0 } }, { "geteuid", 0, { 0 } },
	{ "getgid", 0, { 0 } }, { "getuid32", 0, { 0 } },
	{ "close", KEEP(0), { BAD } }, { "ioctl", KEEP(0), { BAD } }, { "fcntl", KEEP(0), { BAD } }, { "fcntl64", KEEP(0), { BAD } },
	/* the type has a bit that is neither a type's nor a flag's */
	{ "socket", KEEP(1), { 0, 0x10 } }, { "socket", KEEP(1), { 0, 0x11 } }, { "socket", KEEP(1), { 0, 0x12 } },
	{ "socket", KEEP(1), { 0, 0x13 } }, { "socketpair", KEEP(1), { 0, 0x10 } }, { "socketpair", KEEP(1), { 0, 0x11 } },
	{ "socketpair", KEEP(1), { 0, 0x12 } },
	{ "madvise", KEEP(0) | KEEP(1), { 0, 0 } }, { "mprotect", KEEP(0) | KEEP(1), { 0, 0 } },
	{ "mmap", KEEP(0) | KEEP(1) | KEEP(4) | KEEP(5), { 0, 0, 0, 0, BAD, 0 } },
	{ "setsockopt", KEEP(0), { BAD } }, { "getsockopt", KEEP(0), { BAD } }, { "sendto", KEEP(0), { BAD } },
	{ "recvfrom", KEEP(0), { BAD } }, { "sendmsg", KEEP(0), { BAD } }, { "recvmsg", KEEP(0), { BAD } },
	{ "accept4", KEEP(0), { BAD } }, { "bind", KEEP(0), { BAD } }, { "connect", KEEP(0), { BAD } }, { "listen", KEEP(0), { BAD } },
	{ "shutdown", KEEP(0), { BAD } },
	{ "read", KEEP(0), { BAD } }, { "write", KEEP(0), { BAD } }, { "lseek", KEEP(0), { BAD } }, { "flock", KEEP(0), { BAD } },
	{ "fallocate", KEEP(0), { BAD } }, { "ftruncate", KEEP(0), { BAD } }, { "fchmod", KEEP(0), { BAD } },
	{ "dup", KEEP(0), { BAD } }, { "dup3", KEEP(0) | KEEP(1), { BAD, BAD } }, { "epoll_ctl", KEEP(0) | KEEP(2), { BAD, 0, BAD } },
	{ "futex", KEEP(0) | KEEP(3) | KEEP(4), { 0 } }, { "rt_sigprocmask", KEEP(1) | KEEP(2) | KEEP(3), { 0, 0, 0, 8 } },
	{ "rt_sigaction", KEEP(1) | KEEP(2) | KEEP(3), { 0, 0, 0, 8 } }, { "clock_gettime", KEEP(1), { 0 } },
	{ "openat", KEEP(0) | KEEP(1), { BAD, 0 } }, { "open", KEEP(0), { 0 } }, { "getrandom", KEEP(0) | KEEP(1), { 0, 0 } },
	{ "kill", KEEP(0), { NOBODY } }, { "tgkill", KEEP(0) | KEEP(1), { NOBODY, NOBODY } }, { "kcmp", KEEP(0) | KEEP(1), { NOBODY, NOBODY } },
	{ "wait4", KEEP(0) | KEEP(1) | KEEP(3), { NOBODY } }, { "prlimit64", KEEP(0) | KEEP(2) | KEEP(3), { NOBODY } },
	{ "prctl", KEEP_ALL, { 3 /* PR_GET_DUMPABLE */ } }, { "prctl", KEEP_ALL, { 23 /* PR_CAPBSET_READ */ } },
	{ "prctl", KEEP_ALL, { 15 /* PR_SET_NAME, nowhere */ } }, { "prctl", KEEP_ALL, { 16 /* PR_GET_NAME, nowhere */ } },
	{ "prctl", KEEP_ALL, { 38 /* PR_SET_NO_NEW_PRIVS, as set */, 1 } },
	{ "personality", KEEP(0), { 0xffffffff /* which is it? */ } },
	/* CLONE_THREAD without CLONE_SIGHAND is refused; the flags are the first or, on s390, the second argument */
	{ "clone", KEEP_ALL, { 0x10000, 0x10000 } },
};

/* Is the answer ALLOW, and does the way to it look at an argument? The kernel then runs the filter for every such call. */
static bool is_checked(const struct callgate_filter *filter, const struct callgate_call *call, bool *ret_allowed)
{
	size_t count, steps;
	uint16_t path[CALLGATE_INSNS_MAX];
	uint32_t action;
	const struct callgate_insn *insns = callgate_filter_insns(filter, &count);
	bool looks = false;

	callgate_filter_run(filter, call, &action, path, &steps);
	for (size_t i = 0; i < steps; i++)
		looks = looks || (insns[path[i]].code == LOAD_WORD && insns[path[i]].k >= FIRST_ARGUMENT);
	*ret_allowed = action == CALLGATE_ALLOW;
	return looks;
}

static bool is_allowed_checked(const struct callgate_filter *filter, const struct callgate_call *call)
{
	bool allowed;

	return is_checked(filter, call, &allowed) && allowed;
}

/* The row's call here, with the open arguments as in args (NULL: 0); false where there is no such call. */
static bool make_call(const struct harmless *row, const uint64_t *args, struct callgate_call *ret_call)
{
	int64_t nr = callgate_syscall_number(callgate_abi_native(), row->name);

	if (nr < 0)
		return false;
	*ret_call = (struct callgate_call){ .nr = (uint32_t)nr, .arch = callgate_abi_audit_arch(callgate_abi_native()) };
	for (unsigned i = 0; i < 6; i++)
		ret_call->args[i] = row->keep & KEEP(i) || !args ? row->args[i] : args[i];
	return true;
}

static bool choose_cached(const struct callgate_filter *filter, struct callgate_call *ret_call)
{
	bool allowed;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (make_call(&table[i], NULL, ret_call) && !is_checked(filter, ret_call, &allowed) && allowed)
			return true;
	return false;
}

/* The most frequent of the profile's own calls that has a harmless form. */
static bool choose_hottest(const struct callgate_profile *profile, const struct callgate_filter *filter, struct callgate_call *ret_call)
{
	struct callgate_observation seen;
	uint64_t most = 0;

	for (size_t i = 0; callgate_profile_call(profile, i, &seen); i++)
		for (size_t row = 0; row < ARRAY_SIZE(table); row++) {
			struct callgate_call call;

			if (seen.count <= most || seen.abi != callgate_abi_native() || !make_call(&table[row], seen.args, &call) ||
			    call.nr != seen.nr || !is_allowed_checked(filter, &call))
				continue;
			most = seen.count;
			*ret_call = call;
		}
	return most > 0;
}

/* Without evidence: the first row that some constant of the program opens. */
static bool try_constants(const struct harmless *row, const struct callgate_filter *filter, struct callgate_call *ret_call)
{
	size_t count;
	const struct callgate_insn *insns = callgate_filter_insns(filter, &count);
	bool allowed;

	if (!make_call(row, NULL, ret_call) || !is_checked(filter, ret_call, &allowed))
		return false;
	if (allowed)
		return true;
	for (size_t i = 0; i < count; i++)
		for (unsigned arg = 0; arg < 6; arg++) {
			uint64_t args[6] = { 0 };

			args[arg] = insns[i].k;
			if (make_call(row, args, ret_call) && is_allowed_checked(filter, ret_call))
				return true;
		}
	return false;
}

static bool choose_checked(const struct callgate_profile *profile, const struct callgate_filter *filter, struct callgate_call *ret_call)
{
	if (choose_hottest(profile, filter, ret_call))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (try_constants(&table[i], filter, ret_call))
			return true;
	return false;
}

static bool choose_refused(const struct callgate_filter *filter, struct callgate_call *ret_call)
{
	uint32_t action;

	*ret_call = (struct callgate_call){ .nr = NO_NUMBER, .arch = callgate_abi_audit_arch(callgate_abi_native()) };
	callgate_filter_run(filter, ret_call, &action, NULL, NULL);
	return (action & 0xffff0000u) == CALLGATE_ERRNO(0);
}

void bench_choose(const struct callgate_profile *profile, const struct callgate_filter *filter, struct bench_call calls[BENCH_KINDS])
{
	calls[BENCH_CACHED].found = choose_cached(filter, &calls[BENCH_CACHED].call);
	calls[BENCH_CHECKED].found = choose_checked(profile, filter, &calls[BENCH_CHECKED].call);
	calls[BENCH_REFUSED].found = choose_refused(filter, &calls[BENCH_REFUSED].call);
}
