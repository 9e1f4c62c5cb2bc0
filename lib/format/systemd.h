/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of systemd's format share. Facts are systemd 252's (man systemd.exec; src/core/load-fragment.c, src/core/execute.c,
 * src/shared/seccomp-util.c) with libseccomp 2.5.4 as Debian 12 has it; tests/system/systemd-units.sh compares them with live filters.
 */
#ifndef CALLGATE_SYSTEMD_H
#define CALLGATE_SYSTEMD_H

#include "format/format.h"

/* ---- systemd-set.c: the value syntax of SystemCallFilter= and how assignments add up ---- */

enum {
	SYSTEMD_ERROR_PLAIN = -1, /* listed without an error number */
	SYSTEMD_ERROR_KILL = -2,  /* name:kill */
};

struct systemd_entry {
	bool listed;
	int error; /* errno, or SYSTEMD_ERROR_… */
	struct diag_where where;
};

struct systemd_set {
	bool assigned;                 /* the list is there, even when it is empty by now; the first assignment decided `allow` */
	bool allow;                    /* an allow list */
	struct systemd_entry *entries; /* by system call id; NULL until assigned */
};

struct systemd_set_rules {
	bool errors;   /* name:errno is understood (not in SystemCallLog=) */
	bool defaults; /* an allow list begins with @default (not in SystemCallLog=) */
	bool strict;   /* what is not understood is an error; else a warning, as systemd ignores it */
};

/* One assignment. -EINVAL (only when strict), -ENOMEM; diagnosed systemd-*. */
int systemd_set_assign(struct systemd_set *set, const char *value, const struct systemd_set_rules *rules, struct diag_where where,
		       struct callgate_diags *diags);
void systemd_set_done(struct systemd_set *set);
bool systemd_set_empty(const struct systemd_set *set);
/* "EPERM", "38" or "kill". -EINVAL. */
int systemd_parse_error(const char *text, int *ret_error);
/* Is it so new that Debian 12's libseccomp does not know it? Then systemd ignores the name. */
bool systemd_name_too_new(int syscall);

/* ---- systemd-lines.c: unit files as assignments ---- */

/* Called for each assignment in one of the sections that matter. Texts live until it returns. */
typedef int systemd_line_fn(void *user, const char *key, const char *value, struct diag_where where, struct callgate_diags *diags);
int systemd_lines(const struct systemd_text *text, const char *section, systemd_line_fn *fn, void *user, struct callgate_diags *diags);
/* Next word of *text, quotes removed when `unquote`. 1 and *ret_word (caller frees), 0 at the end, -EINVAL (open quote), -ENOMEM. */
int systemd_word(const char **text, bool unquote, char **ret_word);

/* ---- systemd-unit.c: assignments as settings ---- */

enum systemd_directive {
	/* in the order in which PID 1 loads their filters */
	SYSTEMD_PROTECT_HOSTNAME,
	SYSTEMD_RESTRICT_ADDRESS_FAMILIES,
	SYSTEMD_MEMORY_DENY_WRITE_EXECUTE,
	SYSTEMD_RESTRICT_REALTIME,
	SYSTEMD_RESTRICT_SUID_SGID,
	SYSTEMD_RESTRICT_NAMESPACES,
	SYSTEMD_PROTECT_KERNEL_TUNABLES,
	SYSTEMD_PROTECT_KERNEL_MODULES,
	SYSTEMD_PROTECT_KERNEL_LOGS,
	SYSTEMD_PROTECT_CLOCK,
	SYSTEMD_PRIVATE_DEVICES,
	SYSTEMD_SYSTEM_CALL_ARCHITECTURES,
	SYSTEMD_LOCK_PERSONALITY,
	SYSTEMD_SYSTEM_CALL_LOG,
	SYSTEMD_SYSTEM_CALL_FILTER,
	SYSTEMD_DIRECTIVE_COUNT,
	/* these load none themselves */
	SYSTEMD_SYSTEM_CALL_ERROR_NUMBER = SYSTEMD_DIRECTIVE_COUNT,
	SYSTEMD_DYNAMIC_USER,
	SYSTEMD_PERSONALITY,
	SYSTEMD_EXEC_START,
	SYSTEMD_SETTING_COUNT,
};

#define SYSTEMD_FAMILIES_MAX     46 /* AF_MAX of the headers that Debian 12 builds with */
#define SYSTEMD_NAMESPACES_UNSET UINT64_MAX

struct systemd_settings {
	bool on[SYSTEMD_SETTING_COUNT];                 /* the plain switches */
	struct diag_where where[SYSTEMD_SETTING_COUNT]; /* the assignment that counts */
	struct systemd_set filter, log;
	int error; /* of SystemCallErrorNumber=, SYSTEMD_ERROR_KILL when not set */
	bool families_assigned, families_allow;
	uint64_t families;   /* bit n: family n */
	uint64_t namespaces; /* CLONE_NEW…: kinds that stay permitted; SYSTEMD_NAMESPACES_UNSET */
	bool archs_assigned, archs_native;
	unsigned archs; /* ABIs of SystemCallArchitectures=, native apart */
	bool personality_set;
	uint64_t personality;
	bool started, privileged; /* there is an ExecStart=; the first one has the prefix + */
};

extern const uint64_t systemd_namespaces_all, systemd_namespaces_known;
const char *systemd_arch_name(enum callgate_abi abi); /* in SystemCallArchitectures=; NULL: none */
const char *systemd_directive_name(enum systemd_directive directive); /* "RestrictNamespaces" */
int systemd_settings_read(struct systemd_settings *s, const char *unit, const struct systemd_text *texts, size_t count,
			  struct callgate_diags *diags);
void systemd_settings_done(struct systemd_settings *s);

/* ---- systemd-load.c, systemd-rules.c: settings as filters ---- */

/* One filter while it is made. */
struct systemd_filter {
	const struct systemd_settings *settings;
	enum systemd_directive directive;
	enum callgate_abi abi;
	struct callgate_profile *profile;
	struct callgate_diags *diags;
};

/* The ABIs that systemd filters on the machine that these belong to. */
unsigned systemd_machine_abis(unsigned abis);
/* Give the filter its rules. 0; 1: systemd loads no such filter for this ABI; -ENOMEM. */
int systemd_filter_rules(struct systemd_filter *f);
/* A rule; where: its origin. A name that the ABI lacks is left out, as systemd leaves it out. */
int systemd_filter_add(struct systemd_filter *f, const char *name, uint32_t action, const struct profile_cond *conds, size_t n_conds);
int systemd_filter_add_id(struct systemd_filter *f, int syscall, uint32_t action, struct diag_where where);

#endif
