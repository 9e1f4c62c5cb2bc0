/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-filters PROFILE.json…: one profile, three filters: ours, and libseccomp's linear and binary-tree layouts of the same rules.
 *
 *   insns   instructions of the program
 *   steps   executed instructions per call, mean over the profile's representative calls ("-" where it has none)
 *   make    milliseconds to make it; ours includes the proof
 *   call    nanoseconds that it adds to a call which runs all the way through it: a number that no table knows
 *   same    does it mean what the profile means? By the diagram, for every possible call; if not, a call on which they differ
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/call.h"
#include "model/filter.h"
#include "model/profile.h"

#define UNKNOWN_NUMBER 100000
#define ROUNDS 100 /* the best of many short ones: what else runs here disturbs most of them, but not all */
#define CALLS 1000

struct subject {
	const char *name;
	struct callgate_filter *filter;
	double make_ms;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The best of several rounds, in nanoseconds a call. */
static double time_calls(void)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double begin = now();

		for (int i = 0; i < CALLS; i++)
			syscall(UNKNOWN_NUMBER, i, 0, 0, 0, 0, 0);
		begin = (now() - begin) * 1e6 / CALLS;
		best = begin < best ? begin : best;
	}
	return best;
}

/* What a filter adds to a call: with it less without it, in a child, since it cannot be taken off. Negative when it cannot be measured. */
static double call_cost(const struct callgate_filter *filter)
{
	struct sock_fprog program = { (unsigned short)filter->count, (struct sock_filter *)filter->insns };
	double *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double ns;
	pid_t pid;

	if (shared == MAP_FAILED)
		return -1;
	*shared = -1;
	pid = fork();
	if (pid == 0) {
		double bare = time_calls();

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
			_exit(1);
		*shared = time_calls() - bare;
		_exit(0); /* may be refused: the parent has what it needs, and the signal ends us */
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	ns = *shared;
	munmap(shared, sizeof(*shared));
	return ns;
}

/* Executed instructions per call over the profile's representative calls of this machine's ABI; 0 without any. */
static double mean_steps(const struct callgate_profile *profile, const struct callgate_filter *filter)
{
	double steps = 0, weight = 0;
	struct callgate_observation o;

	for (size_t i = 0; callgate_profile_call(profile, i, &o); i++) {
		struct callgate_call call = { .nr = o.nr, .arch = callgate_abi_audit_arch(o.abi) };
		size_t n;

		if (o.abi != callgate_abi_native())
			continue;
		memcpy(call.args, o.args, sizeof(call.args));
		filter_simulate(filter->insns, filter->count, filter->big_endian, &call, NULL, &n);
		steps += (double)n * (double)o.count;
		weight += (double)o.count;
	}
	return weight > 0 ? steps / weight : 0;
}

/* ---- libseccomp ---- */

/* libseccomp's actions are the kernel's return values. */
static int add_rule(scmp_filter_ctx context, const struct callgate_profile *profile, const struct profile_clause *clause)
{
	static const enum scmp_compare compare[] = { SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_GT, SCMP_CMP_GE, SCMP_CMP_MASKED_EQ };
	int nr = seccomp_syscall_resolve_name(arch_syscall_name(clause->syscall));
	struct scmp_arg_cmp theirs[6];

	if (nr == __NR_SCMP_ERROR || clause->n_conds > 6 || clause->action == profile->default_action)
		return 0;
	for (uint32_t i = 0; i < clause->n_conds; i++) {
		const struct profile_cond *c = &profile->conds.items[clause->cond + i];

		theirs[i] = (struct scmp_arg_cmp){ c->arg, compare[c->op], c->op == OP_MASKED_EQ ? c->mask : c->value, c->value };
	}
	return seccomp_rule_add_array(context, clause->action, nr, clause->n_conds, theirs);
}

static int export(scmp_filter_ctx context, struct callgate_filter **ret_filter)
{
	static char bytes[sizeof(struct sock_filter) * 65536];
	int fd = memfd_create("libseccomp", MFD_CLOEXEC), r;
	ssize_t n;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(context, fd);
	n = r < 0 ? r : pread(fd, bytes, sizeof(bytes), 0);
	close(fd);
	return n < 0 ? -EIO : callgate_filter_read(bytes, (size_t)n, "libseccomp", ret_filter, NULL);
}

static int make_theirs(const struct callgate_profile *profile, const struct callgate_target *target, unsigned optimise, struct subject *ret)
{
	double begin = now();
	scmp_filter_ctx context = seccomp_init(profile->default_action);
	int r = context ? 0 : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, optimise);
	if (r == 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, profile->bad_arch_action);
	for (size_t i = 0; i < profile->clauses.count && r == 0; i++)
		if (profile_guard_holds(profile, &profile->clauses.items[i], target)) {
			r = add_rule(context, profile, &profile->clauses.items[i]);
			r = r == -EEXIST ? 0 : r; /* the same rule twice */
		}
	if (r == 0)
		r = export(context, &ret->filter);
	ret->make_ms = now() - begin;
	seccomp_release(context);
	return r;
}

static int make_ours(const struct callgate_profile *profile, const struct callgate_target *target, struct subject *ret)
{
	double begin = now();
	int r = callgate_compile(profile, target, &ret->filter, NULL);

	ret->make_ms = now() - begin;
	return r;
}

/* ---- The table ---- */

static void print_row(const struct callgate_profile *profile, const struct callgate_target *target, const struct subject *s)
{
	double steps = mean_steps(profile, s->filter), ns = call_cost(s->filter);
	struct callgate_call witness;
	int same = callgate_verify(profile, target, s->filter, &witness, NULL);
	char *call = NULL;

	printf("  %-20s %6zu ", s->name, s->filter->count);
	if (steps > 0)
		printf("%7.1f ", steps);
	else
		printf("%7s ", "-");
	printf("%8.2f ", s->make_ms);
	if (ns >= 0)
		printf("%7.0f", ns);
	else
		printf("%7s", "-");
	if (same == 0 && callgate_call_format(&witness, &call) < 0)
		call = NULL;
	printf("  %s%s\n", same == 1 ? "yes" : same == 0 ? "no: " : "?", call ? call : "");
	free(call);
}

static int read_profile(const char *path, struct callgate_profile **ret_profile)
{
	FILE *file = fopen(path, "re");
	static char bytes[1 << 20];
	size_t n;
	int r = -EIO;

	if (!file)
		return -errno;
	n = fread(bytes, 1, sizeof(bytes), file);
	if (!ferror(file) && n < sizeof(bytes))
		r = callgate_profile_read(bytes, n, path, CALLGATE_READ_UNKNOWN_NAMES, ret_profile, NULL);
	fclose(file);
	return r;
}

/*
 * On this machine's ABI alone, comparing all 64 bits, with one answer to all that no rule names: libseccomp knows no answer of its own for
 * new numbers, and mistakes some numbers for x32's. So all three filters are asked for the same.
 */
static int bench(const char *path)
{
	struct callgate_target target = { .abis = CALLGATE_ABI_BIT(callgate_abi_native()), .strict64 = true };
	struct subject subjects[] = { { .name = "callgate" }, { .name = "libseccomp, linear" }, { .name = "libseccomp, tree" } };
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct callgate_profile *profile;
	int r = read_profile(path, &profile);

	if (r < 0)
		return fprintf(stderr, "bench-filters: %s: %s\n", path, strerror(-r)), r;
	profile->unknown_errno = -1;
	profile->bad_arch_action = profile->default_action;
	printf("%-22s %6s %7s %8s %7s  %s\n", name, "insns", "steps", "make ms", "call ns", "same");
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		r = i ? make_theirs(profile, &target, (unsigned)i, &subjects[i]) : make_ours(profile, &target, &subjects[i]);
		if (r < 0)
			printf("  %-20s cannot make it: %s\n", subjects[i].name, strerror(-r));
		else
			print_row(profile, &target, &subjects[i]);
		callgate_filter_free(subjects[i].filter);
		if (r < 0 && i == 0)
			break;
	}
	callgate_profile_free(profile);
	return subjects[0].filter ? 0 : r;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	printf("an unknown call without any filter: %.0f ns; libseccomp %u.%u.%u\n", time_calls(), seccomp_version()->major,
	       seccomp_version()->minor, seccomp_version()->micro);
	for (int i = 1; i < argc; i++)
		failed |= bench(argv[i]) < 0;
	return failed;
}
