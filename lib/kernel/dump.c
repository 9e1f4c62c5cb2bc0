/* SPDX-License-Identifier: Apache-2.0 */
/* The filters of a live task as a policy. What /proc tells already is not asked by stopping anything. */
#include "kernel/kernel.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>

#include "arch/arch.h"
#include "kernel/task.h"

#define NAMED_THREADS 4

static void unmap(struct kernel_dump_room **room)
{
	if (*room)
		munmap(*room, sizeof(**room));
}

static int diagnose_traced(pid_t pid, const struct kernel_task *task, struct callgate_diags *diags)
{
	struct kernel_task tracer;
	const char *name = kernel_task_read(task->tracer, &tracer) ? "" : tracer.comm;

	return diag_error(diags, -EBUSY, "dump-traced", DIAG_NOWHERE,
			  "process %d (%s) is being traced by process %d (%s), and there can be one tracer only: end it, or dump with it", (int)pid,
			  task->comm, (int)task->tracer, name);
}

/* What makes a task one whose filters cannot be read; 0 when nothing does. */
static int check_task(pid_t pid, const struct kernel_task *task, struct callgate_diags *diags)
{
	if (task->state == 'Z' || task->state == 'X' || task->seccomp > SECCOMP_MODE_FILTER)
		return diag_error(diags, -ESRCH, "dump-process", DIAG_NOWHERE,
				  "process %d (%s) has ended; only its exit status is left. If other threads of it still run, name one of "
				  "/proc/%d/task", (int)pid, task->comm, (int)pid);
	if (task->kernel_thread)
		return diag_error(diags, -EINVAL, "dump-kernel-thread", DIAG_NOWHERE,
				  "process %d (%s) is a thread of the kernel: it makes no system calls, so no filter says anything about it", (int)pid,
				  task->comm);
	if (task->seccomp < 0)
		return diag_error(diags, -EOPNOTSUPP, "dump-unsupported", DIAG_NOWHERE,
				  "this kernel was built without seccomp (CONFIG_SECCOMP)");
	if (task->seccomp == SECCOMP_MODE_FILTER && task->tracer)
		return diagnose_traced(pid, task, diags);
	return 0;
}

static int find_task(pid_t pid, struct kernel_task *ret_task, struct callgate_diags *diags)
{
	int r = pid > 0 ? kernel_task_read(pid, ret_task) : -ESRCH;

	if (r == -ESRCH)
		return diag_error(diags, -ESRCH, "dump-process", DIAG_NOWHERE,
				  "there is no process %d (numbers are those of this process's own pid namespace and /proc)", (int)pid);
	if (r)
		return diag_error(diags, r, "dump-failed", DIAG_NOWHERE, "/proc/%d/status cannot be read: %s. Is /proc mounted?", (int)pid,
				  strerrordesc_np(-r));
	return check_task(pid, ret_task, diags);
}

/* ---- Threads ---- */

static void describe_sibling(const struct kernel_sibling *sibling, struct buf *out)
{
	buf_printf(out, "%s%d (%s) ", out->size ? ", " : "", (int)sibling->tid, sibling->task.comm);
	if (sibling->task.seccomp == SECCOMP_MODE_FILTER && sibling->task.filters >= 0)
		buf_printf(out, "has %ld", sibling->task.filters);
	else
		buf_puts(out, sibling->task.seccomp == SECCOMP_MODE_FILTER ? "has filters" : sibling->task.seccomp ? "is in strict mode" : "has none");
}

/* Threads have filters of their own: a dump of one is not what the process may do. The numbers are compared, not the programs. */
static int compare_threads(pid_t pid, const struct kernel_task *task, struct callgate_diags *diags)
{
	_cleanup_free_ struct kernel_sibling *siblings = NULL;
	_cleanup_(buf_done) struct buf named = { 0 };
	size_t count = 0, others = 0;
	int r = kernel_task_siblings(task->tgid, pid, &siblings, &count);

	if (r == -ENOMEM)
		return diag_oom(diags);
	for (size_t i = 0; i < count; i++) {
		const struct kernel_task *other = &siblings[i].task;

		if (other->state == 'Z' || (other->seccomp == task->seccomp && other->filters == task->filters))
			continue;
		if (others++ < NAMED_THREADS)
			describe_sibling(&siblings[i], &named);
	}
	if (!others)
		return 0;
	if (others > NAMED_THREADS)
		buf_printf(&named, " and %zu more", others - NAMED_THREADS);
	if (named.error)
		return diag_oom(diags);
	diag_warning(diags, "dump-threads", DIAG_NOWHERE,
		     "not all threads of process %d have as many filters as %d (%s): thread %s; give a thread's number to read its filters",
		     (int)task->tgid, (int)pid, task->comm, named.text);
	return 0;
}

/* ---- The policy ---- */

static int add_filter(struct callgate_policy *stack, struct callgate_filter *filter, size_t i, size_t count, pid_t pid, const char *comm)
{
	struct callgate_policy *leaf;
	char name[160];
	int r;

	snprintf(name, sizeof(name), "filter %zu of %zu of pid %d (%s)", i + 1, count, (int)pid, comm);
	r = policy_from_filter(name, filter, &leaf);
	return r ? r : policy_add(stack, leaf);
}

static int add_read(struct callgate_policy *stack, const struct kernel_dump_room *room, pid_t pid, const char *comm,
		    struct callgate_diags *diags)
{
	const struct callgate_insn *insns = room->insns;
	struct callgate_filter *filter;
	int r = 0;

	for (size_t i = 0; i < room->count && !r; insns += room->sizes[i++]) {
		r = filter_new(room->sizes[i], &filter);
		if (r)
			break;
		memcpy(filter->insns, insns, filter->count * sizeof(*insns));
		filter->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
		r = filter_check(filter->insns, filter->count, NULL, diags);
		if (r)
			filter_free(filter);
		else
			r = add_filter(stack, filter, i, room->count, pid, comm);
	}
	return r == -ENOMEM ? diag_oom(diags) : r;
}

static int read_filters(pid_t pid, struct kernel_task *task, struct callgate_policy *stack, struct callgate_diags *diags)
{
	_cleanup_(unmap) struct kernel_dump_room *room = NULL;
	void *map = mmap(NULL, sizeof(*room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (map == MAP_FAILED)
		return diag_oom(diags);
	room = map;
	r = kernel_dump_steps(pid, room);
	if (r)
		return diag_error(diags, r, "dump-failed", DIAG_NOWHERE, "no process can be started that reads the filters: %s",
				  strerrordesc_np(-r));
	if (room->step != KERNEL_DUMP_DONE)
		return kernel_dump_explain(pid, room, diags);
	task->filters = task->filters < 0 ? -1 : (long)room->count;
	return add_read(stack, room, pid, task->comm, diags);
}

static int add_strict(struct callgate_policy *stack, pid_t pid, const char *comm, struct callgate_diags *diags)
{
	struct callgate_filter *filter;
	int r = kernel_strict_filter(arch_native(), &filter);

	if (!r)
		r = add_filter(stack, filter, 0, 1, pid, comm);
	return r ? diag_oom(diags) : 0;
}

int kernel_dump(pid_t pid, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(policy_freep) struct callgate_policy *stack = NULL;
	struct kernel_task task;
	char name[100];
	int r = find_task(pid, &task, diags);

	if (r)
		return r;
	snprintf(name, sizeof(name), "pid %d (%s)", (int)pid, task.comm);
	if (policy_new(CALLGATE_POLICY_STACK, name, &stack))
		return diag_oom(diags);
	if (task.seccomp == SECCOMP_MODE_FILTER)
		r = read_filters(pid, &task, stack, diags);
	else if (task.seccomp == SECCOMP_MODE_STRICT)
		r = add_strict(stack, pid, task.comm, diags);
	if (!r)
		r = compare_threads(pid, &task, diags);
	if (!r)
		*ret_policy = take_ptr(stack);
	return r;
}
