/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's side of the eBPF recorder, through libbpf, which is seen here only. The programs are in bpf/record.bpf.c. Links are
 * descriptors that nobody else has: when this process ends, however it does, the kernel takes its programs away.
 */
#include "record/ebpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"
#include "record/ebpf-map.h" /* before the next, which uses its types */
#include "record.skel.h"

#define MEMBARRIER_GLOBAL 1 /* linux/membarrier.h: waits for all that runs with preemption off */

/* What is said of a task's registers by its own machine: which 64-bit words of struct pt_regs are the arguments. */
struct machine {
	enum callgate_abi native, compat;
	uint32_t compat_status, compat_flags; /* the bit of thread_info that says compat */
	uint32_t regs_size;
	uint8_t reg_of[2][8]; /* fourth argument and on too; [1] for the compat ABI */
};
static const struct machine machines[] = {
	{ CALLGATE_ABI_X86_64, CALLGATE_ABI_I386, .compat_status = 1u << 1, .regs_size = 21 * 8,
	  .reg_of = { { 14, 13, 12, 7, 9, 8 }, { 5, 11, 12, 13, 14, 4 } } },
	{ CALLGATE_ABI_AARCH64, CALLGATE_ABI_ARM, .compat_flags = 1u << 22, .regs_size = 6 * 8,
	  .reg_of = { { 0, 1, 2, 3, 4, 5 }, { 0, 1, 2, 3, 4, 5 } } },
};

struct ebpf {
	struct record_bpf *skel;
	const struct machine *machine;
	int cpus;
	struct ebpf_tally *tallies; /* room for one lookup */
	uint64_t wall;              /* add to the kernel's clock for the time since the epoch */
	uint64_t misses;
};

static const struct machine *machine_here(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].native == arch_native())
			return &machines[i];
	return NULL;
}

/* ---- Probe ---- */

static int probe_attach(struct callgate_diags *diags)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	_cleanup_(close_fd) int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "callgate_probe", "GPL", nothing, ARRAY_SIZE(nothing), NULL);
	_cleanup_(close_fd) int link = -1;
	int error;

	if (prog >= 0)
		link = bpf_raw_tracepoint_open("sched_process_fork", prog);
	if (link >= 0)
		return 0;
	error = errno;
	if (error == EPERM || error == EACCES)
		return diag_error(diags, -EPERM, "record-privilege", DIAG_NOWHERE,
				  "recording with eBPF needs root, or CAP_BPF and CAP_PERFMON, and a kernel that is not locked down");
	return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE, "this kernel %s an eBPF program: %s",
			  prog < 0 ? "does not load" : "does not attach", strerrordesc_np(error));
}

int ebpf_probe(struct callgate_diags *diags)
{
	if (!machine_here())
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "recording with eBPF knows the registers of x86-64 and arm64 only");
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE,
				  "recording with eBPF needs a kernel that describes its types (CONFIG_DEBUG_INFO_BTF): "
				  "/sys/kernel/btf/vmlinux cannot be read: %s", strerrordesc_np(errno));
	return probe_attach(diags);
}

/* ---- Loading ---- */

static void set_worth(struct record_bpf *skel, enum callgate_abi abi, uint32_t slot, uint32_t nr)
{
	int id = arch_syscall_at(abi, nr);
	struct ebpf_worth w = { 0 };

	for (unsigned i = 0; id >= 0 && i < arch_arg_count(id); i++) {
		const struct arch_arg *arg = arch_arg_of(abi, id, i);

		if (!arg || arg->learn == ARCH_LEARN_NONE)
			continue;
		w.keep |= (uint8_t)(1u << i);
		if (arg->learn != ARCH_LEARN_KEEP)
			w.pin |= (uint8_t)(1u << i);
		if (arch_arg_width(abi, id, i) == 32)
			w.narrow |= (uint8_t)(1u << i);
	}
	skel->rodata->worth[slot] = w;
}

/* A slot's number as the filter sees it, and its ABI; false for a slot that no call has. */
static bool slot_call(uint32_t slot, uint32_t *ret_nr, bool *ret_compat)
{
	uint32_t range = slot / EBPF_NUMBERS, within = slot % EBPF_NUMBERS;

	*ret_nr = range == 1 ? within | EBPF_X32_BIT : within;
	*ret_compat = range == 2;
	return range < 3;
}

/* An architecture's number, or -ENOENT where no table has it. */
static int abi_of(const struct ebpf *e, uint32_t nr, bool compat)
{
	return arch_abi_of(arch_abi_get(compat ? e->machine->compat : e->machine->native)->audit_arch, nr);
}

static int fill(struct ebpf *e, const struct ebpf_plan *plan)
{
	struct record_bpf *skel = e->skel;
	struct stat s = { 0 };

	if (plan->cgroup >= 0 && fstat(plan->cgroup, &s) < 0)
		return -errno;
	skel->rodata->by_tree = plan->cgroup < 0;
	skel->rodata->scope_id = s.st_ino;
	skel->rodata->cookie = plan->cookie;
	skel->rodata->launch_nr = SYS_execve;
	skel->rodata->compat_status = e->machine->compat_status;
	skel->rodata->compat_flags = e->machine->compat_flags;
	skel->rodata->regs_size = e->machine->regs_size;
	memcpy(skel->rodata->reg_of, e->machine->reg_of, sizeof(skel->rodata->reg_of));
	for (uint32_t slot = 0; slot < EBPF_SLOTS; slot++) {
		uint32_t nr;
		bool compat;
		int abi = slot_call(slot, &nr, &compat) ? abi_of(e, nr, compat) : -ENOENT;

		if (abi >= 0)
			set_worth(skel, (enum callgate_abi)abi, slot, nr);
	}
	return 0;
}

static int load_variant(struct ebpf *e, const struct ebpf_plan *plan, bool typed)
{
	int r;

	e->skel = record_bpf__open();
	if (!e->skel)
		return -errno;
	bpf_program__set_autoload(e->skel->progs.enter_typed, typed);
	bpf_program__set_autoload(e->skel->progs.enter_raw, !typed);
	/* Where no process is followed from its start, there is nothing to learn from these. */
	bpf_program__set_autoload(e->skel->progs.forked, plan->cgroup < 0 || plan->cookie);
	bpf_program__set_autoload(e->skel->progs.ended, plan->cgroup < 0 || plan->cookie);
	bpf_program__set_autoload(e->skel->progs.moved, plan->cgroup >= 0 && plan->cookie);
	r = fill(e, plan);
	if (!r)
		r = record_bpf__load(e->skel);
	if (!r && plan->cgroup >= 0) {
		uint32_t zero = 0;

		r = bpf_map_update_elem(bpf_map__fd(e->skel->maps.scope), &zero, &plan->cgroup, BPF_ANY) ? -errno : 0;
	}
	if (!r)
		r = record_bpf__attach(e->skel);
	if (r) {
		record_bpf__destroy(e->skel);
		e->skel = NULL;
	}
	return r;
}

/* libbpf prints, and raises the limit of locked memory, both for the whole process: back to what they were. */
static int load(struct ebpf *e, const struct ebpf_plan *plan)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	struct rlimit locked;
	bool limited = getrlimit(RLIMIT_MEMLOCK, &locked) == 0;
	int r = load_variant(e, plan, true);

	if (r)
		r = load_variant(e, plan, false);
	if (limited)
		setrlimit(RLIMIT_MEMLOCK, &locked);
	libbpf_set_print(print);
	return r;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int ebpf_open(const struct ebpf_plan *plan, struct ebpf **ret_ebpf, struct callgate_diags *diags)
{
	_cleanup_(ebpf_free) struct ebpf *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return diag_oom(diags);
	e->machine = machine_here();
	e->cpus = libbpf_num_possible_cpus();
	if (!e->machine || e->cpus <= 0)
		return diag_error(diags, -ENOSYS, "record-unsupported", DIAG_NOWHERE, "recording with eBPF is not possible on this machine");
	e->tallies = calloc((size_t)e->cpus, sizeof(*e->tallies));
	if (!e->tallies)
		return diag_oom(diags);
	e->wall = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	r = load(e, plan);
	if (r == -ENOMEM)
		return diag_oom(diags);
	if (r)
		return diag_error(diags, r, "record-ebpf-load", DIAG_NOWHERE, "the kernel refuses the recording programs: %s; "
				  "--backend=notify needs none", strerrordesc_np(-r));
	*ret_ebpf = take_ptr(e);
	return 0;
}

void ebpf_free(struct ebpf **ebpf)
{
	struct ebpf *e = *ebpf;

	if (!e)
		return;
	record_bpf__destroy(e->skel);
	free(e->tallies);
	free(e);
	*ebpf = NULL;
}

/* ---- Processes ---- */

int ebpf_follow(struct ebpf *e, pid_t pid)
{
	uint32_t key = (uint32_t)pid, one = 1;
	int map = bpf_map__fd(e->skel->maps.processes);

	if (bpf_map_update_elem(map, &key, &one, BPF_NOEXIST) < 0)
		return errno == EEXIST ? 0 : -errno;
	/* It may have ended before it was in the map, and its number may then become another's. */
	if (kill(pid, 0) < 0 && errno == ESRCH)
		(void)bpf_map_delete_elem(map, &key);
	return 1;
}

bool ebpf_nobody_left(const struct ebpf *e)
{
	uint32_t key;

	return bpf_map_get_next_key(bpf_map__fd(e->skel->maps.processes), NULL, &key) < 0 && errno == ENOENT;
}

/* ---- Reading ---- */

static struct ebpf_tally read_tally(const struct ebpf *e, uint32_t slot)
{
	struct ebpf_tally sum = { 0 };

	if (bpf_map_lookup_elem(bpf_map__fd(e->skel->maps.tallies), &slot, e->tallies) < 0)
		return sum;
	for (int i = 0; i < e->cpus; i++) {
		sum.count += e->tallies[i].count;
		sum.last = MAX(sum.last, e->tallies[i].last);
	}
	return sum;
}

static uint64_t read_u64(const __u64 *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/* Runs of the programs that the kernel skipped, since one was running already. */
static uint64_t count_misses(const struct ebpf *e)
{
	struct bpf_program *p;
	uint64_t misses = 0;

	bpf_object__for_each_program(p, e->skel->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_program__fd(p);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			misses += info.recursion_misses;
	}
	return misses;
}

static uint64_t count_lost(const struct ebpf *e)
{
	return read_u64(&e->skel->bss->lost) + read_u64(&e->skel->bss->untracked) + read_u64(&e->skel->bss->escaped) + e->misses;
}

/* Sum of the map of numbers without a slot. */
static void count_others(const struct ebpf *e, uint64_t *calls, size_t *distinct)
{
	int map = bpf_map__fd(e->skel->maps.others);
	struct ebpf_number key, *at = NULL;
	struct ebpf_seen value;

	while (bpf_map_get_next_key(map, at, &key) == 0) {
		at = &key;
		if (bpf_map_lookup_elem(map, &key, &value) == 0) {
			*calls += value.count;
			++*distinct;
		}
	}
}

void ebpf_count(const struct ebpf *e, uint64_t *ret_calls, size_t *ret_distinct, uint64_t *ret_lost)
{
	uint64_t calls = read_u64(&e->skel->bss->launched) != 0;
	size_t distinct = 0;

	for (uint32_t slot = 0; slot < EBPF_SLOTS; slot++)
		if (__atomic_load_n(&e->skel->bss->seen[slot], __ATOMIC_RELAXED)) {
			calls += read_tally(e, slot).count;
			distinct++;
		}
	count_others(e, &calls, &distinct);
	*ret_calls = calls;
	*ret_distinct = distinct;
	*ret_lost = count_lost(e);
}

void ebpf_detach(struct ebpf *e)
{
	record_bpf__detach(e->skel);
	/* Without it a call that is being counted just now could be missing; there is nothing better to do where it is not to be had. */
	(void)syscall(SYS_membarrier, MEMBARRIER_GLOBAL, 0, 0);
	e->misses = count_misses(e);
}

/* ---- Harvest ---- */

static int add(struct ebpf *e, struct callgate_trace *trace, struct callgate_observation *o, uint32_t nr, bool compat,
	       const struct ebpf_first *first, uint64_t last)
{
	char comm[EBPF_COMM + 1] = "";
	int abi = abi_of(e, nr, compat), r;

	if (abi < 0) {
		trace->lost += o->count;
		return 0;
	}
	o->abi = (enum callgate_abi)abi;
	o->nr = nr;
	o->evidence = CALLGATE_EVIDENCE_RECORDED;
	o->first = e->wall + (first ? first->time : last);
	o->last = e->wall + MAX(last, first ? first->time : 0);
	if (first)
		memcpy(comm, first->comm, EBPF_COMM);
	o->who = comm[0] ? comm : NULL;
	r = trace_add(trace, o);
	return r < 0 ? r : 0;
}

/* Tuples of arguments; what each slot has of them is taken from rest[slot]. */
static int harvest_tuples(struct ebpf *e, struct callgate_trace *trace, uint64_t *rest)
{
	int map = bpf_map__fd(e->skel->maps.tuples), r = 0;
	struct ebpf_tuple key, *at = NULL;
	struct ebpf_seen value;

	while (!r && bpf_map_get_next_key(map, at, &key) == 0) {
		struct callgate_observation o = { .args_known = key.known };
		uint32_t slot = (key.nr & ~EBPF_X32_BIT) + (key.compat ? 2 : key.nr & EBPF_X32_BIT ? 1 : 0) * EBPF_NUMBERS;

		at = &key;
		if (bpf_map_lookup_elem(map, &key, &value) < 0)
			continue;
		memcpy(o.args, key.args, sizeof(o.args));
		o.count = value.count;
		if (slot < EBPF_SLOTS)
			rest[slot] -= MIN(rest[slot], value.count);
		r = add(e, trace, &o, key.nr, key.compat, &value.first, value.last);
	}
	return r;
}

static int harvest_slots(struct ebpf *e, struct callgate_trace *trace)
{
	_cleanup_free_ uint64_t *rest = calloc(EBPF_SLOTS, sizeof(*rest));
	int r;

	if (!rest)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < EBPF_SLOTS; slot++)
		if (e->skel->bss->seen[slot])
			rest[slot] = read_tally(e, slot).count;
	r = harvest_tuples(e, trace, rest);
	for (uint32_t slot = 0; !r && slot < EBPF_SLOTS; slot++) {
		struct callgate_observation o = { .count = rest[slot] };
		struct ebpf_first first;
		bool known, compat;
		uint32_t nr;

		if (!rest[slot] || !slot_call(slot, &nr, &compat))
			continue;
		known = bpf_map_lookup_elem(bpf_map__fd(e->skel->maps.firsts), &slot, &first) == 0;
		r = add(e, trace, &o, nr, compat, known ? &first : NULL, read_tally(e, slot).last);
	}
	return r;
}

static int harvest_others(struct ebpf *e, struct callgate_trace *trace)
{
	int map = bpf_map__fd(e->skel->maps.others), r = 0;
	struct ebpf_number key, *at = NULL;
	struct ebpf_seen value;

	while (!r && bpf_map_get_next_key(map, at, &key) == 0) {
		struct callgate_observation o = { 0 };

		at = &key;
		if (bpf_map_lookup_elem(map, &key, &value) < 0)
			continue;
		o.count = value.count;
		r = add(e, trace, &o, key.nr, key.compat, &value.first, value.last);
	}
	return r;
}

static int harvest_launch(struct ebpf *e, struct callgate_trace *trace)
{
	struct callgate_observation o = { .launch = true, .count = 1 };
	uint64_t when = read_u64(&e->skel->bss->launched);

	return when ? add(e, trace, &o, SYS_execve, false, NULL, when) : 0;
}

int ebpf_harvest(struct ebpf *e, struct callgate_trace *trace, struct callgate_diags *diags)
{
	uint64_t escaped = read_u64(&e->skel->bss->escaped);
	int r = harvest_launch(e, trace);

	if (!r)
		r = harvest_slots(e, trace);
	if (!r)
		r = harvest_others(e, trace);
	if (r)
		return diag_oom(diags);
	if (escaped)
		diag_warning(diags, "record-ebpf-escaped", DIAG_NOWHERE, "%llu times a recorded process went, or was moved, to another cgroup; "
			     "what it did there was not seen", (unsigned long long)escaped);
	trace->lost += count_lost(e);
	return 0;
}
