/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the minijail format share; private to them. Two programs read these policies, and they do not quite agree:
 * libminijail, which minijail0 -S uses, and minijail's compile_seccomp_policy.py, whose language is larger. Where both take a line it
 * has one meaning here or is refused; callgate-formats(5) says which.
 */
#ifndef CALLGATE_MINIJAIL_H
#define CALLGATE_MINIJAIL_H

#include "format/dnf.h"
#include "format/format.h"
#include "format/scan.h"

#define MINIJAIL_ERRNO_MAX 4095 /* MAX_ERRNO of kernel/seccomp.c */
#define MINIJAIL_CLAUSES_MAX (1u << 18)
#define MINIJAIL_DEPTH_MAX 10   /* files within files */
#define MINIJAIL_BYTES_MAX (16u << 20) /* of all included files: a file may be included again and again */
#define MINIJAIL_PARENS_MAX 32
#define MINIJAIL_ABIS_ALL (CALLGATE_ABI_BIT(CALLGATE_ABI_COUNT) - 1)

/* A constant expression, which may be worth something else on each ABI. */
struct minijail_value {
	uint64_t at[CALLGATE_ABI_COUNT];
	unsigned known; /* ABIs that have all its constants */
};

enum minijail_op {
	MINIJAIL_ANY = DNF_MASKED_NE + 1, /* after those of dnf.h */
	MINIJAIL_IN,
};
struct minijail_atom {
	uint8_t arg, op;
	struct minijail_value value;
};

/* "expression; action", or an action alone. Terms are ranges of the statement's atoms. */
struct minijail_filter {
	uint32_t first_term, n_terms;
	uint32_t action;
	bool conditional;
	struct scan_token token;
};

/* Which calls a statement is about. */
struct minijail_name {
	int syscall;
	unsigned abis;
	struct scan_token token;
};

struct minijail_statement {
	VEC(struct minijail_name) names;
	VEC(struct minijail_filter) filters;
	VEC(struct dnf_term) terms;
	VEC(struct minijail_atom) atoms;
};

/* What was said of a system call so far. */
struct minijail_seen {
	unsigned named, decided; /* ABIs with any statement; with an unconditional one */
	const char *file;
	unsigned line;
};

struct minijail_reader {
	const struct format_input *input;
	struct callgate_profile *profile;
	struct strict strict;
	struct scan *scan;               /* of the file at hand */
	uint32_t file;                   /* its name, as a string of the profile; 0: the first one */
	const char *files[MINIJAIL_DEPTH_MAX];
	unsigned depth;
	size_t bytes;
	struct minijail_seen *seen;      /* by system call */
	bool denylist;
	struct diag_where external, doubtful; /* first line that only the external compiler takes; that both take and read differently */
	struct minijail_statement statement;
};

/* minijail-words.c: names of actions and architectures, for reading and writing. */
int minijail_action(const struct scan_token *token, uint32_t *ret_action); /* -ENOENT */
const char *minijail_action_name(uint32_t action); /* NULL */
int minijail_arch(const char *name); /* ABI; CALLGATE_ABI_COUNT for one without a table; -ENOENT */
const char *minijail_arch_name(enum callgate_abi abi);

/* minijail-expr.c. False after a diagnosed error, and with *error = -ENOMEM. */
bool minijail_read_filter(struct minijail_reader *r, bool braced, int *error);
bool minijail_read_errno(struct minijail_reader *r, uint32_t *ret_action);
/* One filter of the statement for one of its names: its clauses. 0, -ENOMEM, -EBADMSG after a diagnosed error. */
int minijail_add_filter(struct minijail_reader *r, const struct minijail_name *name, const struct minijail_filter *filter);
void minijail_external(struct minijail_reader *r, const struct scan_token *token);

#endif
