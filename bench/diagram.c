/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a proof costs: lowering a profile like Docker's default (some 440 rules, three ABIs), the filter that our compiler makes of
 * it and the two that libseccomp makes in its linear and its tree layout, and comparing them. Each row is a process of its own, so
 * that its peak memory is its own too; times are medians of CPU time over fresh diagrams. The last row is a program without a
 * small diagram: how fast the limit ends it.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <seccomp.h>

#include "compile/compile.h"
#include "model/diagram.h"
#include "model/profile.h"

#define ROUNDS 21

struct program {
	struct callgate_insn insns[CALLGATE_INSNS_MAX];
	size_t count;
};

struct input {
	struct callgate_profile *profile;
	struct callgate_target target;
	struct callgate_filter *compiled;
	struct program linear, tree;
};

/* What Docker's default profile refuses a container without capabilities. */
static const char *const refused[] = {
	"acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init", "finit_module",
	"fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "get_mempolicy", "init_module", "io_uring_enter", "io_uring_register",
	"io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "mount",
	"mount_setattr", "move_mount", "move_pages", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root",
	"query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "set_mempolicy", "setdomainname", "sethostname", "setns",
	"settimeofday", "stime", "swapoff", "swapon", "sysfs", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup",
	"vm86", "vm86old", "_sysctl", "syslog", "chroot", "set_mempolicy_home_node",
};

/* The calls that it allows with some arguments only, and clone3, which must look as if it did not exist. */
static const struct {
	const char *name;
	uint32_t action;
	size_t n_conds;
	struct profile_cond cond;
} conditional[] = {
	{ "personality", CALLGATE_ALLOW, 1, { 0, OP_EQ, 0, 0 } },
	{ "personality", CALLGATE_ALLOW, 1, { 0, OP_EQ, 8, 0 } },
	{ "personality", CALLGATE_ALLOW, 1, { 0, OP_EQ, 0x20000, 0 } },
	{ "personality", CALLGATE_ALLOW, 1, { 0, OP_EQ, 0x20008, 0 } },
	{ "personality", CALLGATE_ALLOW, 1, { 0, OP_EQ, 0xffffffff, 0 } },
	{ "socket", CALLGATE_ALLOW, 1, { 0, OP_NE, 40, 0 } },
	{ "clone", CALLGATE_ALLOW, 1, { 0, OP_MASKED_EQ, 0, 0x7e020000 } },
	{ "clone3", CALLGATE_ERRNO(38), 0, { 0 } },
};

static bool is_plain(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!strcmp(refused[i], name))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(conditional); i++)
		if (!strcmp(conditional[i].name, name))
			return false;
	return true;
}

/* Our rule and libseccomp's. It refuses what it does not know; such names cost it nothing. */
static int add_rule(struct input *in, scmp_filter_ctx context, int syscall, uint32_t action, const struct profile_cond *cond, size_t n)
{
	static const enum scmp_compare compare[] = { SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,
						     SCMP_CMP_GT, SCMP_CMP_GE, SCMP_CMP_MASKED_EQ };
	struct profile_clause clause = { .syscall = syscall, .action = action };
	struct scmp_arg_cmp theirs = { 0 };
	int nr = seccomp_syscall_resolve_name(arch_syscall_name(syscall));

	if (n)
		theirs = (struct scmp_arg_cmp){ cond->arg, compare[cond->op], cond->op == OP_MASKED_EQ ? cond->mask : cond->value, cond->value };
	if (nr != __NR_SCMP_ERROR)
		(void)seccomp_rule_add_array(context, action, nr, (unsigned)n, &theirs);
	return profile_add_clause(in->profile, clause, cond, n);
}

static int export(scmp_filter_ctx context, uint32_t layout, struct program *p)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), r;
	ssize_t size = 0;

	r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, layout);
	if (!r)
		r = seccomp_export_bpf(context, fd);
	if (!r)
		size = pread(fd, p->insns, sizeof(p->insns), 0);
	p->count = (size_t)size / sizeof(p->insns[0]);
	close(fd);
	return r ? r : size > 0 ? 0 : -EIO;
}

static int prepare(struct input *in)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(1));
	int r = profile_new(&in->profile);

	if (r || !context)
		return r ? r : -ENOMEM;
	in->profile->default_action = CALLGATE_ERRNO(1);
	in->profile->bad_arch_action = CALLGATE_KILL_PROCESS;
	in->profile->unknown_errno = 38;
	in->target.abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32);
	seccomp_arch_add(context, SCMP_ARCH_X86);
	seccomp_arch_add(context, SCMP_ARCH_X32);
	for (unsigned id = 0; id < arch_syscall_count() && !r; id++)
		if (is_plain(arch_syscall_name((int)id)))
			r = add_rule(in, context, (int)id, CALLGATE_ALLOW, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(conditional) && !r; i++)
		r = add_rule(in, context, arch_syscall_id(conditional[i].name), conditional[i].action, &conditional[i].cond,
			     conditional[i].n_conds);
	if (!r)
		r = profile_normalise(in->profile);
	if (!r)
		r = compile_profile(in->profile, &in->target, &in->compiled, NULL);
	if (!r)
		r = export(context, 1, &in->linear);
	if (!r)
		r = export(context, 2, &in->tree);
	seccomp_release(context);
	return r;
}

/* ---- The rows ---- */

static diagram_ref lower(struct diagram *d, const struct program *p)
{
	diagram_ref root = DIAGRAM_FAILED;

	(void)diagram_from_filter(d, p->insns, p->count, false, &root, NULL);
	return root;
}

static diagram_ref lower_profile(struct diagram *d, const struct input *in)
{
	diagram_ref root = DIAGRAM_FAILED;

	(void)diagram_from_profile(d, in->profile, &in->target, &root, NULL);
	return root;
}

static diagram_ref lower_linear(struct diagram *d, const struct input *in)
{
	return lower(d, &in->linear);
}

static diagram_ref lower_tree(struct diagram *d, const struct input *in)
{
	return lower(d, &in->tree);
}

/* FAILED unless the layouts agree. */
static diagram_ref compare_layouts(struct diagram *d, const struct input *in)
{
	diagram_ref root = lower(d, &in->linear);

	return lower(d, &in->tree) == root ? root : DIAGRAM_FAILED;
}

/* A whole proof of our own compiler's filter. */
static diagram_ref prove(struct diagram *d, const struct input *in)
{
	diagram_ref root = lower_profile(d, in), other = DIAGRAM_FAILED;

	(void)diagram_from_filter(d, in->compiled->insns, in->compiled->count, false, &other, NULL);
	return other == root ? root : DIAGRAM_FAILED;
}

/* The same with a foreign filter, and a call on which they differ: libseccomp does not know argument widths, unknown numbers or
 * socketcall as we do. */
static diagram_ref find_witness(struct diagram *d, const struct input *in)
{
	diagram_ref root = lower_profile(d, in);
	struct callgate_call witness;

	return diagram_witness(d, root, lower(d, &in->linear), &witness) ? root : DIAGRAM_FAILED;
}

static diagram_ref stack_layouts(struct diagram *d, const struct input *in)
{
	return diagram_stack(d, lower_profile(d, in), lower(d, &in->linear));
}

static diagram_ref blow_up(struct diagram *d, const struct input *in)
{
	static const struct callgate_insn product[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 16 }, { BPF_MISC | BPF_TAX, 0, 0, 0 }, { BPF_LD | BPF_W | BPF_ABS, 0, 0, 24 },
		{ BPF_ALU | BPF_MUL | BPF_X, 0, 0, 0 }, { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0xdeadbeef }, { BPF_RET | BPF_K, 0, 0, CALLGATE_ALLOW },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	diagram_ref leaf = diagram_leaf(d, 0), root;

	(void)in;
	return diagram_from_filter(d, product, ARRAY_SIZE(product), false, &root, NULL) == -E2BIG ? leaf : DIAGRAM_FAILED;
}

static const struct row {
	const char *name;
	unsigned rounds;
	diagram_ref (*run)(struct diagram *d, const struct input *in);
} rows[] = {
	{ "profile", ROUNDS, lower_profile },
	{ "linear filter", ROUNDS, lower_linear },
	{ "tree filter", ROUNDS, lower_tree },
	{ "both filters, compared", ROUNDS, compare_layouts },
	{ "profile and its filter, proven", ROUNDS, prove },
	{ "profile and linear, witness", ROUNDS, find_witness },
	{ "profile and linear, stacked", ROUNDS, stack_layouts },
	{ "argument product, to the limit", 1, blow_up },
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static int measure(const struct row *row, const struct input *in)
{
	long before = peak_kib();
	double times[ROUNDS];
	size_t size = 0;

	for (unsigned i = 0; i < row->rounds; i++) {
		double start = now_ms();
		struct diagram *d = diagram_new(0);
		diagram_ref root = d ? row->run(d, in) : DIAGRAM_FAILED;

		times[i] = now_ms() - start;
		if (root == DIAGRAM_FAILED)
			return 1;
		size = diagram_size(d, root);
		diagram_free(d);
	}
	qsort(times, row->rounds, sizeof(times[0]), compare_doubles);
	printf("%-32s %8zu %10.2f %10.1f\n", row->name, size, times[row->rounds / 2], (double)(peak_kib() - before) / 1024);
	fflush(stdout);
	return 0;
}

int main(void)
{
	static struct input in;
	int failed = 0;

	if (prepare(&in)) {
		fprintf(stderr, "bench/diagram: cannot make the profile and its filters\n");
		return 2;
	}
	printf("%zu rules; compiled %zu instructions, libseccomp's linear %zu, its tree %zu\n\n%-32s %8s %10s %10s\n", in.profile->clauses.count,
	       in.compiled->count, in.linear.count, in.tree.count, "", "nodes", "CPU ms", "MiB more");
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status = 1;
		pid_t child = fork();

		if (!child)
			_exit(measure(&rows[i], &in));
		if (child < 0 || waitpid(child, &status, 0) != child || status) {
			printf("%-32s failed\n", rows[i].name);
			failed = 1;
		}
	}
	filter_free(in.compiled);
	profile_free(in.profile);
	return failed;
}
