/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit files as settings: which directives count, what their values are, how later assignments change earlier ones. What systemd does
 * not understand it ignores, and so does this, with a warning: the answer must be what the service gets, not what was meant.
 */
#include <strings.h>

#include "format/systemd.h"

static const struct {
	const char *name;
	uint64_t flag;
} namespaces[] = {
	{ "time", 0x80 },     { "mnt", 0x20000 },     { "cgroup", 0x2000000 }, { "uts", 0x4000000 },
	{ "ipc", 0x8000000 }, { "user", 0x10000000 }, { "pid", 0x20000000 },   { "net", 0x40000000 },
};
const uint64_t systemd_namespaces_all = 0x7e020000; /* without time: 252 knows the word, but leaves it out of "all" */
const uint64_t systemd_namespaces_known = 0x7e020080;

struct reading {
	struct systemd_settings *s;
	enum systemd_directive directive;
	const char *value;
	struct diag_where where;
	struct callgate_diags *diags;
};

static int ignored(const struct reading *r, const char *what)
{
	diag_warning(r->diags, "systemd-value", r->where, "%s=%s: %s; systemd ignores it", systemd_directive_name(r->directive), r->value,
		     what);
	return 0;
}

static int parse_boolean(const char *text)
{
	static const char *const words[][6] = { { "0", "no", "n", "false", "f", "off" }, { "1", "yes", "y", "true", "t", "on" } };

	for (int value = 0; value < 2; value++)
		for (size_t i = 0; i < ARRAY_SIZE(words[value]); i++)
			if (!strcasecmp(text, words[value][i]))
				return value;
	return -EINVAL;
}

static int read_switch(const struct reading *r)
{
	int value = parse_boolean(r->value);

	if (value < 0)
		return ignored(r, "neither yes nor no");
	r->s->on[r->directive] = value;
	r->s->where[r->directive] = r->where;
	return 0;
}

static int read_set(const struct reading *r)
{
	bool log = r->directive == SYSTEMD_SYSTEM_CALL_LOG;
	const struct systemd_set_rules rules = { .errors = !log, .defaults = !log };

	r->s->where[r->directive] = r->where;
	return systemd_set_assign(log ? &r->s->log : &r->s->filter, r->value, &rules, r->where, r->diags);
}

static int read_error_number(const struct reading *r)
{
	int error = SYSTEMD_ERROR_KILL;

	if (*r->value && systemd_parse_error(r->value, &error))
		return ignored(r, "no error number");
	r->s->error = error;
	r->s->where[r->directive] = r->where;
	return 0;
}

/* fn for each word; 0, -ENOMEM. */
static int each_word(const struct reading *r, const char *text, int (*fn)(const struct reading *r, const char *word, void *user),
		     void *user)
{
	for (;;) {
		_cleanup_free_ char *word = NULL;
		int more = systemd_word(&text, true, &word);

		if (more == -ENOMEM)
			return diag_oom(r->diags);
		if (more < 0)
			return ignored(r, "a quote is not closed");
		if (!more || fn(r, word, user))
			return 0;
	}
}

static const struct {
	const char *name;
	enum callgate_abi abi;
} archs[] = {
	{ "x86", CALLGATE_ABI_I386 },    { "x86-64", CALLGATE_ABI_X86_64 },   { "x32", CALLGATE_ABI_X32 },
	{ "arm", CALLGATE_ABI_ARM },     { "arm64", CALLGATE_ABI_AARCH64 },   { "ppc64-le", CALLGATE_ABI_PPC64LE },
	{ "s390x", CALLGATE_ABI_S390X }, { "riscv64", CALLGATE_ABI_RISCV64 },
};

const char *systemd_arch_name(enum callgate_abi abi)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].abi == abi)
			return archs[i].name;
	return NULL;
}

static int read_arch(const struct reading *r, const char *word, void *user)
{
	/* the names of systemd; architectures no ABI here stands for are understood, and matter to no filter of ours */
	static const char *const others[] = { "mips",          "mips64", "mips64-n32", "mips-le", "mips64-le",
					      "mips64-le-n32", "ppc",    "ppc64",      "s390" };
	bool known = !strcmp(word, "native");

	(void)user;
	r->s->archs_native |= known;
	for (size_t i = 0; i < ARRAY_SIZE(archs) && !known; i++) {
		known = !strcmp(archs[i].name, word);
		r->s->archs |= known ? CALLGATE_ABI_BIT(archs[i].abi) : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others) && !known; i++)
		known = !strcmp(others[i], word);
	r->s->archs_assigned |= known;
	if (!known)
		diag_warning(r->diags, "systemd-value", r->where, "systemd has no architecture %s and ignores it", word);
	return 0;
}

static int read_archs(const struct reading *r)
{
	r->s->where[r->directive] = r->where;
	if (!*r->value) {
		r->s->archs_assigned = r->s->archs_native = false;
		r->s->archs = 0;
	}
	return each_word(r, r->value, read_arch, NULL);
}

static int read_family(const struct reading *r, const char *word, void *user)
{
	bool deny = *(const bool *)user;
	uint64_t value;

	if (arch_constant_value("socket_domain", word, CALLGATE_ABI_X86_64, &value) || !value || value >= SYSTEMD_FAMILIES_MAX) {
		diag_warning(r->diags, "systemd-value", r->where, "there is no address family %s; systemd ignores it%s", word,
			     deny ? ", so that what was meant stays open" : "");
		return 0;
	}
	if (deny != r->s->families_allow)
		r->s->families |= UINT64_C(1) << value;
	else
		r->s->families &= ~(UINT64_C(1) << value);
	return 0;
}

static int read_families(const struct reading *r)
{
	struct systemd_settings *s = r->s;
	bool deny = r->value[0] == '~', none = !strcmp(r->value, "none");

	s->where[r->directive] = r->where;
	if (!*r->value || none) { /* none is an allow list that is not there: the next assignment begins a new one */
		s->families_assigned = false;
		s->families_allow = none;
		s->families = 0;
		return 0;
	}
	if (!s->families_assigned) {
		s->families_assigned = true;
		s->families_allow = !deny;
	}
	return each_word(r, r->value + deny, read_family, &deny);
}

static int read_namespace(const struct reading *r, const char *word, void *user)
{
	uint64_t *flags = user;

	(void)r;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (!strcmp(namespaces[i].name, word)) {
			*flags |= namespaces[i].flag;
			return 0;
		}
	}
	*flags = SYSTEMD_NAMESPACES_UNSET;
	return 1;
}

static int read_namespaces(const struct reading *r)
{
	struct systemd_settings *s = r->s;
	bool deny = r->value[0] == '~';
	int all = parse_boolean(r->value), error;
	uint64_t flags = 0;

	s->where[r->directive] = r->where;
	if (!*r->value || all >= 0) {
		s->namespaces = !*r->value ? SYSTEMD_NAMESPACES_UNSET : all ? 0 : systemd_namespaces_all;
		return 0;
	}
	error = each_word(r, r->value + deny, read_namespace, &flags);
	if (error)
		return error;
	if (flags == SYSTEMD_NAMESPACES_UNSET)
		return ignored(r, "one of the words is no kind of namespace");
	if (s->namespaces == SYSTEMD_NAMESPACES_UNSET)
		s->namespaces = deny ? systemd_namespaces_all & ~flags : flags;
	else
		s->namespaces = deny ? s->namespaces & ~flags : s->namespaces | flags;
	return 0;
}

static int read_personality(const struct reading *r)
{
	static const struct {
		const char *name;
		uint64_t value;
	} names[] = { { "x86-64", 0 }, { "x86", 8 }, { "arm64", 0 }, { "riscv64", 0 }, { "ppc64-le", 0 }, { "s390x", 0 } };

	r->s->where[r->directive] = r->where;
	r->s->personality_set = false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i].name, r->value)) {
			r->s->personality_set = true;
			r->s->personality = names[i].value;
			return 0;
		}
	}
	return *r->value ? ignored(r, "no personality") : 0;
}

/* ExecStart=+… runs without any of it. Of several commands (Type=oneshot) the first one is looked at. */
static int read_start(const struct reading *r)
{
	size_t prefix = strspn(r->value, "@-:+!");

	if (!*r->value)
		r->s->started = r->s->privileged = false;
	if (!*r->value || r->s->started)
		return 0;
	r->s->started = true;
	r->s->privileged = memchr(r->value, '+', prefix) != NULL;
	r->s->where[r->directive] = r->where;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(const struct reading *r);
} directives[SYSTEMD_SETTING_COUNT] = {
	[SYSTEMD_PROTECT_HOSTNAME] = { "ProtectHostname", read_switch },
	[SYSTEMD_RESTRICT_ADDRESS_FAMILIES] = { "RestrictAddressFamilies", read_families },
	[SYSTEMD_MEMORY_DENY_WRITE_EXECUTE] = { "MemoryDenyWriteExecute", read_switch },
	[SYSTEMD_RESTRICT_REALTIME] = { "RestrictRealtime", read_switch },
	[SYSTEMD_RESTRICT_SUID_SGID] = { "RestrictSUIDSGID", read_switch },
	[SYSTEMD_RESTRICT_NAMESPACES] = { "RestrictNamespaces", read_namespaces },
	[SYSTEMD_PROTECT_KERNEL_TUNABLES] = { "ProtectKernelTunables", read_switch },
	[SYSTEMD_PROTECT_KERNEL_MODULES] = { "ProtectKernelModules", read_switch },
	[SYSTEMD_PROTECT_KERNEL_LOGS] = { "ProtectKernelLogs", read_switch },
	[SYSTEMD_PROTECT_CLOCK] = { "ProtectClock", read_switch },
	[SYSTEMD_PRIVATE_DEVICES] = { "PrivateDevices", read_switch },
	[SYSTEMD_SYSTEM_CALL_ARCHITECTURES] = { "SystemCallArchitectures", read_archs },
	[SYSTEMD_LOCK_PERSONALITY] = { "LockPersonality", read_switch },
	[SYSTEMD_SYSTEM_CALL_LOG] = { "SystemCallLog", read_set },
	[SYSTEMD_SYSTEM_CALL_FILTER] = { "SystemCallFilter", read_set },
	[SYSTEMD_SYSTEM_CALL_ERROR_NUMBER] = { "SystemCallErrorNumber", read_error_number },
	[SYSTEMD_DYNAMIC_USER] = { "DynamicUser", read_switch },
	[SYSTEMD_PERSONALITY] = { "Personality", read_personality },
	[SYSTEMD_EXEC_START] = { "ExecStart", read_start },
};

const char *systemd_directive_name(enum systemd_directive directive)
{
	return directives[directive].name;
}

static int read_line(void *user, const char *key, const char *value, struct diag_where where, struct callgate_diags *diags)
{
	struct reading r = { .s = user, .value = value, .where = where, .diags = diags };

	for (unsigned i = 0; i < ARRAY_SIZE(directives); i++) {
		if (!strcmp(directives[i].name, key)) {
			r.directive = (enum systemd_directive)i;
			return directives[i].read(&r);
		}
	}
	return 0;
}

static const char *section_of(const char *unit)
{
	static const struct {
		const char *ending, *section;
	} kinds[] = { { ".service", "Service" }, { ".socket", "Socket" }, { ".mount", "Mount" }, { ".swap", "Swap" } };
	const char *ending = strrchr(unit, '.');

	for (size_t i = 0; ending && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].ending, ending))
			return kinds[i].section;
	return NULL;
}

/* What one directive does to others, once all is read. */
static void imply(struct systemd_settings *s)
{
	if (s->on[SYSTEMD_DYNAMIC_USER] && !s->on[SYSTEMD_RESTRICT_SUID_SGID]) {
		s->on[SYSTEMD_RESTRICT_SUID_SGID] = true;
		s->where[SYSTEMD_RESTRICT_SUID_SGID] = s->where[SYSTEMD_DYNAMIC_USER];
	}
	if (!s->personality_set)
		s->personality = 0; /* PID 1's own, PER_LINUX */
}

int systemd_settings_read(struct systemd_settings *s, const char *unit, const struct systemd_text *texts, size_t count,
			  struct callgate_diags *diags)
{
	const char *section = section_of(unit);
	int r = 0;

	*s = (struct systemd_settings){ .error = SYSTEMD_ERROR_KILL, .namespaces = SYSTEMD_NAMESPACES_UNSET };
	if (!section)
		return diag_error(diags, -EINVAL, "systemd-unit", DIAG_NOWHERE,
				  "%s starts no process: name a .service, .socket, .mount or .swap unit", unit);
	for (size_t i = 0; i < count && !r; i++)
		r = systemd_lines(&texts[i], section, read_line, s, diags);
	imply(s);
	return r;
}

void systemd_settings_done(struct systemd_settings *s)
{
	systemd_set_done(&s->filter);
	systemd_set_done(&s->log);
}
