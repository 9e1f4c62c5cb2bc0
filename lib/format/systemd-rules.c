/* SPDX-License-Identifier: Apache-2.0 */
/* What each directive filters: systemd's rules, one function a directive. All comparisons are of 64 bits. */
#include "format/systemd.h"

#define EPERM_ACTION CALLGATE_ERRNO(EPERM)

static struct profile_cond bits(uint8_t arg, uint64_t mask)
{
	return (struct profile_cond){ .arg = arg, .op = OP_MASKED_EQ, .value = mask, .mask = mask };
}

static struct profile_cond compare(uint8_t arg, enum profile_op op, uint64_t value)
{
	return (struct profile_cond){ .arg = arg, .op = (uint8_t)op, .value = value };
}

static int deny(struct systemd_filter *f, const char *name)
{
	return systemd_filter_add(f, name, EPERM_ACTION, NULL, 0);
}

static int deny_if(struct systemd_filter *f, const char *name, struct profile_cond cond)
{
	return systemd_filter_add(f, name, EPERM_ACTION, &cond, 1);
}

static int deny_group(struct systemd_filter *f, const char *group)
{
	int r = 0;

	for (unsigned i = 0; i < arch_group_count(); i++)
		if (!strcmp(arch_group_name(i), group))
			for (unsigned id = 0; id < arch_syscall_count() && !r; id++)
				if (arch_group_has(i, (int)id))
					r = systemd_filter_add_id(f, (int)id, EPERM_ACTION, f->settings->where[f->directive]);
	return r;
}

static int protect_hostname(struct systemd_filter *f)
{
	int r = deny(f, "sethostname");

	return r ? r : deny(f, "setdomainname");
}

static int socket_if(struct systemd_filter *f, enum profile_op op, uint64_t value)
{
	struct profile_cond cond = compare(0, op, value);

	return systemd_filter_add(f, "socket", CALLGATE_ERRNO(EAFNOSUPPORT), &cond, 1);
}

/* Where socket() is multiplexed nothing is filtered: arguments are out of reach there, and libseccomp refuses the rule. */
static int restrict_address_families(struct systemd_filter *f)
{
	const struct systemd_settings *s = f->settings;
	unsigned first, last;
	int r = 0;

	if (f->abi == CALLGATE_ABI_I386 || f->abi == CALLGATE_ABI_PPC64LE || f->abi == CALLGATE_ABI_S390X)
		return 1;
	if (s->families_allow && !s->families)
		return systemd_filter_add(f, "socket", CALLGATE_ERRNO(EAFNOSUPPORT), NULL, 0);
	first = s->families ? (unsigned)__builtin_ctzll(s->families) : 0;
	last = s->families ? 63u - (unsigned)__builtin_clzll(s->families) : 0;
	if (s->families_allow) {
		r = socket_if(f, OP_LT, first);
		if (!r)
			r = socket_if(f, OP_GT, last);
	}
	for (unsigned family = 1; family < SYSTEMD_FAMILIES_MAX && !r; family++)
		if (s->families_allow != (s->families >> family & 1))
			r = socket_if(f, OP_EQ, family);
	return r;
}

static int memory_deny_write_execute(struct systemd_filter *f)
{
	enum { PROT_WRITE_EXEC = 6, PROT_EXEC_ONLY = 4, SHM_EXEC_FLAG = 0100000 };
	bool mmap2 = f->abi == CALLGATE_ABI_I386 || f->abi == CALLGATE_ABI_ARM;
	bool shmat = f->abi != CALLGATE_ABI_I386 && f->abi != CALLGATE_ABI_PPC64LE && f->abi != CALLGATE_ABI_S390X;
	int r = deny_if(f, mmap2 ? "mmap2" : "mmap", bits(2, PROT_WRITE_EXEC));

	if (!r && f->abi == CALLGATE_ABI_I386) /* its arguments are in memory */
		r = deny(f, "mmap");
	if (!r)
		r = deny_if(f, "mprotect", bits(2, PROT_EXEC_ONLY));
	if (!r)
		r = deny_if(f, "pkey_mprotect", bits(2, PROT_EXEC_ONLY));
	if (!r && shmat)
		r = deny_if(f, "shmat", bits(2, SHM_EXEC_FLAG));
	return r;
}

/* SCHED_OTHER 0, SCHED_BATCH 3 and SCHED_IDLE 5 stay. */
static int restrict_realtime(struct systemd_filter *f)
{
	static const uint64_t denied[] = { 1, 2, 4 };
	int r = deny_if(f, "sched_setscheduler", compare(1, OP_GT, 5));

	for (size_t i = 0; i < ARRAY_SIZE(denied) && !r; i++)
		r = deny_if(f, "sched_setscheduler", compare(1, OP_EQ, denied[i]));
	return r;
}

static int restrict_mode_bit(struct systemd_filter *f, uint64_t bit)
{
	enum { CREATE = 0100 }; /* O_CREAT, the same number everywhere */
	static const struct {
		const char *name;
		uint8_t mode;
	} calls[] = { { "chmod", 1 },   { "fchmod", 1 }, { "fchmodat", 2 }, { "fchmodat2", 2 }, { "mkdir", 1 },
		      { "mkdirat", 2 }, { "mknod", 1 },  { "mknodat", 2 },  { "creat", 1 } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls) && !r; i++)
		r = deny_if(f, calls[i].name, bits(calls[i].mode, bit));
	if (!r)
		r = systemd_filter_add(f, "open", EPERM_ACTION, (struct profile_cond[]){ bits(1, CREATE), bits(2, bit) }, 2);
	if (!r)
		r = systemd_filter_add(f, "openat", EPERM_ACTION, (struct profile_cond[]){ bits(2, CREATE), bits(3, bit) }, 2);
	return r;
}

static int restrict_suid_sgid(struct systemd_filter *f)
{
	int r = restrict_mode_bit(f, 04000);

	if (!r)
		r = restrict_mode_bit(f, 02000);
	if (!r) /* its flags are in memory: programs shall fall back to openat */
		r = systemd_filter_add(f, "openat2", CALLGATE_ERRNO(ENOSYS), NULL, 0);
	return r;
}

static int restrict_namespaces(struct systemd_filter *f)
{
	uint64_t denied = systemd_namespaces_known & ~f->settings->namespaces;
	bool some = f->settings->namespaces & systemd_namespaces_all;
	uint8_t flags = f->abi == CALLGATE_ABI_S390X ? 1 : 0;                     /* clone's first two arguments are swapped there */
	int r = systemd_filter_add(f, "clone3", CALLGATE_ERRNO(ENOSYS), NULL, 0); /* its flags are in memory: programs fall back to clone */

	if (!r)
		r = some ? deny_if(f, "setns", compare(1, OP_EQ, 0)) : deny(f, "setns");

	for (unsigned bit = 0; bit < 32 && !r; bit++) {
		uint64_t kind = UINT64_C(1) << bit;

		if (!(denied & kind))
			continue;
		r = deny_if(f, "unshare", bits(0, kind));
		if (!r)
			r = deny_if(f, "clone", bits(flags, kind));
		if (!r && some)
			r = deny_if(f, "setns", bits(1, kind));
	}
	return r;
}

static int protect_kernel_tunables(struct systemd_filter *f)
{
	if (f->abi == CALLGATE_ABI_X32 || f->abi == CALLGATE_ABI_AARCH64 || f->abi == CALLGATE_ABI_RISCV64)
		return 1;
	return deny(f, "_sysctl");
}

static int protect_kernel_modules(struct systemd_filter *f)
{
	return deny_group(f, "@module");
}
static int protect_kernel_logs(struct systemd_filter *f)
{
	return deny(f, "syslog");
}
static int protect_clock(struct systemd_filter *f)
{
	return deny_group(f, "@clock");
}
static int private_devices(struct systemd_filter *f)
{
	return deny_group(f, "@raw-io");
}

static int lock_personality(struct systemd_filter *f)
{
	return deny_if(f, "personality", compare(0, OP_NE, f->settings->personality));
}

static uint32_t error_action(int error)
{
	return error == SYSTEMD_ERROR_KILL ? CALLGATE_KILL_PROCESS : CALLGATE_ERRNO((uint32_t)error);
}

static int system_call_log(struct systemd_filter *f)
{
	const struct systemd_set *set = &f->settings->log;
	int r = 0;

	f->profile->default_action = set->allow ? CALLGATE_ALLOW : CALLGATE_LOG;
	for (unsigned i = 0; i < arch_syscall_count() && !r; i++)
		if (set->entries[i].listed)
			r = systemd_filter_add_id(f, (int)i, set->allow ? CALLGATE_LOG : CALLGATE_ALLOW, set->entries[i].where);
	return r;
}

static int system_call_filter(struct systemd_filter *f)
{
	const struct systemd_set *set = &f->settings->filter;
	uint32_t refusal = error_action(f->settings->error);
	int r = 0;

	f->profile->default_action = set->allow ? refusal : CALLGATE_ALLOW;
	for (unsigned i = 0; i < arch_syscall_count() && !r; i++) {
		const struct systemd_entry *entry = &set->entries[i];
		uint32_t action = entry->error != SYSTEMD_ERROR_PLAIN ? error_action(entry->error) : set->allow ? CALLGATE_ALLOW : refusal;

		if (entry->listed && action == f->profile->default_action) /* libseccomp's EACCES */
			return diag_error(f->diags, -EINVAL, "systemd-same-action", entry->where,
					  "%s gets the same answer as calls that are not listed: libseccomp refuses such a rule, and "
					  "systemd does not start the unit",
					  arch_syscall_name((int)i));
		if (entry->listed)
			r = systemd_filter_add_id(f, (int)i, action, entry->where);
	}
	return r;
}

int systemd_filter_rules(struct systemd_filter *f)
{
	static int (*const makers[SYSTEMD_DIRECTIVE_COUNT])(struct systemd_filter * f) = {
		[SYSTEMD_PROTECT_HOSTNAME] = protect_hostname,
		[SYSTEMD_RESTRICT_ADDRESS_FAMILIES] = restrict_address_families,
		[SYSTEMD_MEMORY_DENY_WRITE_EXECUTE] = memory_deny_write_execute,
		[SYSTEMD_RESTRICT_REALTIME] = restrict_realtime,
		[SYSTEMD_RESTRICT_SUID_SGID] = restrict_suid_sgid,
		[SYSTEMD_RESTRICT_NAMESPACES] = restrict_namespaces,
		[SYSTEMD_PROTECT_KERNEL_TUNABLES] = protect_kernel_tunables,
		[SYSTEMD_PROTECT_KERNEL_MODULES] = protect_kernel_modules,
		[SYSTEMD_PROTECT_KERNEL_LOGS] = protect_kernel_logs,
		[SYSTEMD_PROTECT_CLOCK] = protect_clock,
		[SYSTEMD_PRIVATE_DEVICES] = private_devices,
		[SYSTEMD_LOCK_PERSONALITY] = lock_personality,
		[SYSTEMD_SYSTEM_CALL_LOG] = system_call_log,
		[SYSTEMD_SYSTEM_CALL_FILTER] = system_call_filter,
	};

	return makers[f->directive](f);
}
