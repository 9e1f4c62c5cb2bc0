/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters of a unit, in the order in which systemd loads them: by directive, and within one directive the ABIs with the native one
 * last. Each filter speaks of one ABI and lets all others through; only SystemCallArchitectures= has one filter for all of them.
 */
#include "format/systemd.h"

/* ---- Rules ---- */

static int add_clause(struct systemd_filter *f, int syscall, uint32_t action, struct diag_where where, const struct profile_cond *conds,
		      size_t n_conds)
{
	struct profile_clause clause = { .syscall = syscall, .action = action, .line = where.line, .column = where.column };

	if (where.file && strpool_add(&f->profile->strings, where.file, strlen(where.file), &clause.file))
		return -ENOMEM;
	return profile_add_clause(f->profile, clause, conds, n_conds);
}

static int add(struct systemd_filter *f, int syscall, uint32_t action, struct diag_where where, const struct profile_cond *conds,
	       size_t n_conds)
{
	if (arch_syscall_nr(f->abi, syscall) < 0)
		return 0;
	return add_clause(f, syscall, action, where, conds, n_conds);
}

/* As libseccomp writes the other form of socket() and its like: an exact comparison, however ipc() reads its first argument. */
static int add_multiplexed(struct systemd_filter *f, int syscall, uint32_t action, struct diag_where where)
{
	const struct arch_multiplexed *m;
	int r = 0;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)) && !r; i++) {
		const struct profile_cond is_it = { .arg = 0, .op = OP_EQ, .value = m->number };

		if (m->syscall == syscall)
			r = add(f, m->via, action, where, &is_it, 1);
	}
	return r;
}

int systemd_filter_add_id(struct systemd_filter *f, int syscall, uint32_t action, struct diag_where where)
{
	int r = add(f, syscall, action, where, NULL, 0);

	return r ? r : add_multiplexed(f, syscall, action, where);
}

int systemd_filter_add(struct systemd_filter *f, const char *name, uint32_t action, const struct profile_cond *conds, size_t n_conds)
{
	int syscall = arch_syscall_id(name);
	struct diag_where where = f->settings->where[f->directive];

	if (syscall < 0)
		return 0;
	return n_conds ? add(f, syscall, action, where, conds, n_conds) : systemd_filter_add_id(f, syscall, action, where);
}

/* libseccomp: a rule without conditions replaces those with them. */
static int drop_overruled(struct callgate_profile *profile)
{
	size_t kept = 0;
	_cleanup_free_ bool *whole = calloc(arch_syscall_count(), 1);

	if (!whole)
		return -ENOMEM;
	for (size_t i = 0; i < profile->clauses.count; i++)
		if (!profile->clauses.items[i].n_conds)
			whole[profile->clauses.items[i].syscall] = true;
	for (size_t i = 0; i < profile->clauses.count; i++)
		if (!profile->clauses.items[i].n_conds || !whole[profile->clauses.items[i].syscall])
			profile->clauses.items[kept++] = profile->clauses.items[i];
	profile->clauses.count = kept;
	return 0;
}

/* ---- Filters ---- */

struct loading {
	const struct systemd_settings *settings;
	unsigned abis;
	enum callgate_abi native;
	struct callgate_policy *stack;
	struct callgate_diags *diags;
};

static int new_profile(unsigned abis, struct callgate_profile **ret_profile)
{
	int r = profile_new(ret_profile);

	if (r)
		return r;
	(*ret_profile)->literal = true;
	(*ret_profile)->abis = abis;
	(*ret_profile)->default_action = CALLGATE_ALLOW;
	(*ret_profile)->bad_arch_action = CALLGATE_ALLOW;
	return 0;
}

static int push(const struct loading *l, enum systemd_directive directive, const char *of, struct callgate_profile *profile)
{
	struct diag_where where = l->settings->where[directive];
	_cleanup_(buf_done) struct buf name = { 0 };
	struct callgate_policy *leaf = NULL;

	buf_printf(&name, "%s=%s%s", systemd_directive_name(directive), of ? " for " : "", of ? of : "");
	if (where.file)
		buf_printf(&name, " (%s:%u)", where.file, where.line);
	if (name.error) {
		profile_free(profile);
		return name.error;
	}
	if (policy_from_profile(name.text, profile, &leaf))
		return -ENOMEM;
	return policy_add(l->stack, leaf);
}

static int load_for(const struct loading *l, enum systemd_directive directive, enum callgate_abi abi)
{
	_cleanup_(profile_freep) struct callgate_profile *profile = NULL;
	struct systemd_filter f = { .settings = l->settings, .directive = directive, .abi = abi, .diags = l->diags };
	int r = new_profile(CALLGATE_ABI_BIT(abi), &profile);

	f.profile = profile;
	if (!r)
		r = systemd_filter_rules(&f);
	if (r)
		return r == 1 ? 0 : r;
	r = drop_overruled(profile);
	if (!r)
		r = profile_normalise(profile);
	return r ? r : push(l, directive, arch_abi_get(abi)->name, take_ptr(profile));
}

/* A filter without rules. The native ABI is always in it, and those that it shuts out get no filter from then on. */
static int load_archs(struct loading *l)
{
	unsigned abis = l->abis & (l->settings->archs | CALLGATE_ABI_BIT(l->native));
	struct callgate_profile *profile = NULL;
	int r;

	if (abis == l->abis)
		return 0;
	l->abis = abis;
	r = new_profile(abis, &profile);
	if (r)
		return r;
	profile->bad_arch_action = CALLGATE_KILL_THREAD;
	return push(l, SYSTEMD_SYSTEM_CALL_ARCHITECTURES, NULL, profile);
}

static bool in_effect(const struct systemd_settings *s, enum systemd_directive directive)
{
	switch (directive) {
	case SYSTEMD_RESTRICT_ADDRESS_FAMILIES:
		return s->families_allow || s->families;
	case SYSTEMD_RESTRICT_NAMESPACES:
		return (s->namespaces & systemd_namespaces_all) != systemd_namespaces_all;
	case SYSTEMD_SYSTEM_CALL_ARCHITECTURES:
		return s->archs_assigned;
	case SYSTEMD_SYSTEM_CALL_LOG:
		return !systemd_set_empty(&s->log);
	case SYSTEMD_SYSTEM_CALL_FILTER: /* an allow list that allows nothing is in effect, too */
		return s->filter.allow || !systemd_set_empty(&s->filter);
	default:
		return s->on[directive];
	}
}

static int load_all(struct loading *l)
{
	static const enum callgate_abi order[] = {
		CALLGATE_ABI_I386,    CALLGATE_ABI_X32,     CALLGATE_ABI_X86_64, CALLGATE_ABI_ARM,         CALLGATE_ABI_AARCH64,
		CALLGATE_ABI_RISCV64, CALLGATE_ABI_PPC64LE, CALLGATE_ABI_S390X,  CALLGATE_ABI_LOONGARCH64,
	};
	int r = 0;

	for (unsigned d = 0; d < SYSTEMD_DIRECTIVE_COUNT && !r; d++) {
		if (!in_effect(l->settings, (enum systemd_directive)d))
			continue;
		if (d == SYSTEMD_SYSTEM_CALL_ARCHITECTURES)
			r = load_archs(l);
		for (size_t i = 0; d != SYSTEMD_SYSTEM_CALL_ARCHITECTURES && i < ARRAY_SIZE(order) && !r; i++)
			if (l->abis & CALLGATE_ABI_BIT(order[i]))
				r = load_for(l, (enum systemd_directive)d, order[i]);
	}
	return r;
}

/* The ABIs that systemd filters on a machine, given its native one. */
static unsigned local_abis(enum callgate_abi native)
{
	if (native == CALLGATE_ABI_X86_64)
		return CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32);
	if (native == CALLGATE_ABI_AARCH64)
		return CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM);
	return CALLGATE_ABI_BIT(native);
}

static enum callgate_abi native_of(unsigned abis)
{
	if (!abis)
		return arch_native();
	if (abis & CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64))
		return CALLGATE_ABI_X86_64;
	if (abis & CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64))
		return CALLGATE_ABI_AARCH64;
	return (enum callgate_abi)__builtin_ctz(abis);
}

unsigned systemd_machine_abis(unsigned abis)
{
	return local_abis(native_of(abis));
}

static void done_settings(struct systemd_settings *s)
{
	systemd_settings_done(s);
}

int systemd_unit_policy(const char *unit, const struct systemd_text *texts, size_t count, unsigned version, unsigned abis,
			struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(policy_freep) struct callgate_policy *stack = NULL;
	_cleanup_(done_settings) struct systemd_settings settings = { 0 };
	struct loading l = { .settings = &settings, .native = native_of(abis), .diags = diags };
	int r;

	l.abis = abis ? abis : local_abis(l.native);
	if (version && version != 252)
		diag_warning(diags, "systemd-version", DIAG_NOWHERE, "computed as systemd 252 filters; systemd %u may differ", version);
	r = systemd_settings_read(&settings, unit, texts, count, diags);
	if (r)
		return r;
	if (policy_new(CALLGATE_POLICY_STACK, unit, &stack))
		return diag_oom(diags);
	l.stack = stack;
	if (settings.privileged)
		diag_warning(diags, "systemd-privileged", settings.where[SYSTEMD_EXEC_START],
			     "the prefix + starts the command without any filter");
	else
		r = load_all(&l);
	if (r)
		return r == -ENOMEM ? diag_oom(diags) : r;
	*ret_policy = take_ptr(stack);
	return 0;
}
