/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of the eBPF recorder that runs in the kernel, on every entry into a system call of any process on the machine; so the first
 * thing it does is to find out that a call is none of its business.
 *
 * Everything is counted here, and read when the recording ends: nothing is sent, so nothing can be lost on the way. What a map has
 * no room for is counted as well, in `lost`. A plain increment of what belongs to one CPU is exact: preemption is off in a program of
 * a system call's tracepoint, and should a kernel run one inside of another on one CPU, it skips the inner one and counts that, which
 * the recorder reads as a loss.
 *
 * Only those structures and members of the kernel are declared that are used; where they are is looked up when the program is loaded
 * (CO-RE).
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "record/ebpf-map.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define RELOCATED __attribute__((preserve_access_index))

/* x86 has a status, whose bits say how the call came in; arm64 has flags only. */
struct thread_info {
	unsigned long flags;
	__u32 status;
} RELOCATED;

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
} RELOCATED;

struct kernfs_node {
	__u64 id;
} RELOCATED;

struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
} RELOCATED;

struct cgroup {
	struct cgroup_subsys_state self; /* first, so that a parent's self is the parent */
	struct kernfs_node *kn;
} RELOCATED;

struct css_set {
	struct cgroup *dfl_cgrp;
} RELOCATED;

struct task_struct {
	struct thread_info thread_info;
	int tgid;
	struct signal_struct *signal;
	struct css_set *cgroups;
} RELOCATED;

/* ---- What the recorder says before the programs are loaded ---- */

const volatile __u32 by_tree;       /* the scope is `processes`, else `scope` */
const volatile __u64 scope_id;      /* number of that cgroup */
const volatile __u64 cookie;        /* fourth register of the execve that starts the command; 0: nothing is started */
const volatile __u32 launch_nr;     /* number of that execve */
const volatile __u32 compat_status, compat_flags; /* bits of thread_info.status and .flags of a call of the compat ABI */
const volatile __u32 regs_size;     /* bytes of struct pt_regs to read */
const volatile __u8 reg_of[2][8];   /* [compat][argument]: which 64-bit word of it */
const volatile struct ebpf_worth worth[EBPF_SLOTS];

/* ---- What it reads ---- */

__u64 lost;          /* calls for which there was no room */
__u64 untracked;     /* processes that could not be followed */
__u64 escaped;       /* processes that left the cgroup */
__u64 launched;      /* when the command was started */
__u8 seen[EBPF_SLOTS];
__u32 tuples_of[EBPF_SLOTS]; /* distinct tuples */

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} scope SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EBPF_PROCESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EBPF_SLOTS);
	__type(key, __u32);
	__type(value, struct ebpf_tally);
} tallies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EBPF_SLOTS);
	__type(key, __u32);
	__type(value, struct ebpf_first);
} firsts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EBPF_OTHERS);
	__type(key, struct ebpf_number);
	__type(value, struct ebpf_seen);
} others SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EBPF_TUPLES);
	__type(key, struct ebpf_tuple);
	__type(value, struct ebpf_seen);
} tuples SEC(".maps");

/* Too large for a stack, and to be addressed by an index that only the recorder knows. */
struct scratch {
	__u64 regs[64];
	struct ebpf_tuple tuple;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* The registers of the task, in the scratch; NULL when they cannot be read. */
static __always_inline struct scratch *read_regs(const void *regs)
{
	__u32 zero = 0, size = regs_size;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);

	/* the compiler would drop or move a bound that it can see */
	asm volatile("%0 &= 511" : "+r"(size));
	return s && !bpf_probe_read_kernel(s->regs, size, regs) ? s : 0;
}

/* ---- Counting ---- */

static __always_inline __u64 now(void)
{
	return bpf_ktime_get_ns();
}

static __always_inline void note_first(struct ebpf_first *first)
{
	first->time = now();
	bpf_get_current_comm(first->comm, sizeof(first->comm));
}

/* One more of what may be counted by several CPUs at a time. False when there is no room. */
static __always_inline int count_seen(void *map, const void *key)
{
	struct ebpf_seen *known = bpf_map_lookup_elem(map, key);

	if (!known) {
		struct ebpf_seen fresh = { 0 };

		note_first(&fresh.first);
		/* whoever is second adds to what the first has made */
		bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(map, key);
		if (!known)
			return 0;
	}
	__sync_fetch_and_add(&known->count, 1);
	known->last = now();
	return 1;
}

static __noinline int count_other(__u32 nr, __u32 compat)
{
	struct ebpf_number number = { .nr = nr, .compat = compat };

	if (!count_seen(&others, &number))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* The compiler knows that a slot is below EBPF_SLOTS and would drop the bound, the verifier does not. */
static __always_inline __u32 bounded(__u32 slot)
{
	asm volatile("%0 &= 4095" : "+r"(slot));
	return slot;
}

static __always_inline void count_slot(__u32 slot)
{
	struct ebpf_tally *tally = bpf_map_lookup_elem(&tallies, &slot);
	struct ebpf_first first = { 0 };

	if (!tally) /* cannot be; the verifier does not know */
		return;
	tally->count++;
	tally->last = now();
	if (seen[bounded(slot)])
		return;
	note_first(&first);
	bpf_map_update_elem(&firsts, &slot, &first, BPF_NOEXIST);
	seen[bounded(slot)] = 1;
}

static __always_inline void fill_tuple(struct scratch *s, __u32 compat, __u32 known, __u32 narrow)
{
	s->tuple.known = known;
#pragma unroll
	for (int i = 0; i < 6; i++) {
		__u64 value = known & 1u << i ? s->regs[reg_of[compat & 1][i] & 63] : 0;

		s->tuple.args[i] = narrow & 1u << i ? (__u32)value : value;
	}
}

/* Count the tuple that stands in the scratch, if it is known or there may be one more. */
static __always_inline int count_tuple(struct scratch *s, __u32 slot, __u32 limit)
{
	struct ebpf_seen *known = bpf_map_lookup_elem(&tuples, &s->tuple);

	if (!known) {
		if (tuples_of[bounded(slot)] >= limit)
			return 0;
		__sync_fetch_and_add(&tuples_of[bounded(slot)], 1);
		return count_seen(&tuples, &s->tuple);
	}
	__sync_fetch_and_add(&known->count, 1);
	known->last = now();
	return 1;
}

/* What is not counted here, for too many values, is so in its slot all the same: as a call with arguments unknown. */
static __always_inline void count_arguments(const void *regs, __u32 nr, __u32 compat, __u32 slot)
{
	__u32 at = bounded(slot), keep = worth[at].keep, pin = worth[at].pin;
	struct scratch *s = keep ? read_regs(regs) : 0;

	if (!s)
		return;
	s->tuple.nr = nr;
	s->tuple.compat = compat;
	s->tuple.zero = 0;
	fill_tuple(s, compat, keep, worth[at].narrow);
	if (count_tuple(s, slot, EBPF_FULL_TUPLES) || !pin || pin == keep)
		return;
	fill_tuple(s, compat, pin, worth[at].narrow);
	count_tuple(s, slot, EBPF_PINNED_TUPLES);
}

/* ---- Scope ---- */

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline void follow(__u32 tgid)
{
	__u32 one = 1;

	if (bpf_map_update_elem(&processes, &tgid, &one, BPF_ANY))
		__sync_fetch_and_add(&untracked, 1);
}

static __always_inline int in_scope(void)
{
	__u32 tgid;

	if (!by_tree)
		return bpf_current_task_under_cgroup(&scope, 0) == 1;
	tgid = current_tgid();
	return bpf_map_lookup_elem(&processes, &tgid) != 0;
}

/* The fourth register of the recorder's execve, which has three arguments, bears a number that nobody else knows. */
static __always_inline int is_launch(const void *regs, __u32 nr)
{
	struct scratch *s;

	if (!cookie || nr != launch_nr || launched)
		return 0;
	s = read_regs(regs);
	if (!s || s->regs[reg_of[0][3] & 63] != cookie)
		return 0;
	follow(current_tgid());
	launched = now();
	return 1;
}

static __always_inline int count_call(const void *regs, __u32 nr, __u32 compat)
{
	__u32 base = compat ? 2 * EBPF_NUMBERS : nr >= EBPF_X32_BIT ? EBPF_NUMBERS : 0;
	__u32 within = base == EBPF_NUMBERS ? nr ^ EBPF_X32_BIT : nr, slot;

	if (within >= EBPF_NUMBERS)
		return count_other(nr, compat);
	slot = base + within;
	count_slot(slot);
	count_arguments(regs, nr, compat, slot);
	return 0;
}

/* ---- Programs: one of these two for calls ---- */

/* Typed, and so with direct access to the task: Linux 5.11. */
SEC("tp_btf/sys_enter")
int enter_typed(__u64 *ctx)
{
	const void *regs = (const void *)ctx[0];
	__u32 nr = ctx[1], compat = 0;
	struct task_struct *task;

	if (is_launch(regs, nr) || !in_scope())
		return 0;
	task = (void *)bpf_get_current_task_btf();
	if (bpf_core_field_exists(task->thread_info.status))
		compat = (task->thread_info.status & compat_status) != 0;
	else
		compat = (task->thread_info.flags & compat_flags) != 0;
	return count_call(regs, nr, compat);
}

/* The same where that is not to be had. */
SEC("raw_tp/sys_enter")
int enter_raw(struct bpf_raw_tracepoint_args *ctx)
{
	const void *regs = (const void *)ctx->args[0];
	__u32 nr = ctx->args[1], compat = 0;
	struct task_struct *task;

	if (is_launch(regs, nr) || !in_scope())
		return 0;
	task = (void *)bpf_get_current_task();
	if (bpf_core_field_exists(task->thread_info.status))
		compat = (BPF_CORE_READ(task, thread_info.status) & compat_status) != 0;
	else
		compat = (BPF_CORE_READ(task, thread_info.flags) & compat_flags) != 0;
	return count_call(regs, nr, compat);
}

/* ---- Programs: processes ---- */

static __always_inline int under_scope(struct cgroup *cgroup)
{
	for (int i = 0; i < 24 && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == scope_id)
			return 1;
		cgroup = (void *)BPF_CORE_READ(cgroup, self.parent);
	}
	return 0;
}

/* In the parent, before the child runs. */
SEC("raw_tp/sched_process_fork")
int forked(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (void *)ctx->args[1];
	__u32 parent = current_tgid(), tgid = BPF_CORE_READ(child, tgid);

	if (tgid == parent || !bpf_map_lookup_elem(&processes, &parent))
		return 0;
	follow(tgid);
	/* clone3(2) may start a process in another cgroup */
	if (!by_tree && !under_scope(BPF_CORE_READ(child, cgroups, dfl_cgrp)))
		__sync_fetch_and_add(&escaped, 1);
	return 0;
}

/* A process has ended with its last thread, which may not be its first. */
SEC("raw_tp/sched_process_exit")
int ended(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 tgid = current_tgid();

	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&processes, &tgid);
	return 0;
}

/* A process has been moved to another cgroup. */
SEC("raw_tp/cgroup_attach_task")
int moved(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[2];
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (bpf_map_lookup_elem(&processes, &tgid) && !under_scope((void *)ctx->args[0]))
		__sync_fetch_and_add(&escaped, 1);
	return 0;
}
