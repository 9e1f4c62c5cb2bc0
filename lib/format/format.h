/* SPDX-License-Identifier: Apache-2.0 */
/* Text or bytes to noun and back; one file per format. */
#ifndef CALLGATE_FORMAT_H
#define CALLGATE_FORMAT_H

#include <callgate.h>

#include "base/diag.h"
#include "model/ability.h"
#include "model/filter.h"
#include "model/policy.h"
#include "model/profile.h"
#include "model/trace.h"

/*
 * oci-*.c: OCI, Docker and Podman seccomp JSON with the member x-callgate. Reading: -EBADMSG, diagnosed json-* and oci-*. Writing is the
 * normal form; -ENOTSUP, diagnosed with the same ids, for what the format cannot say.
 */
int oci_read(const char *bytes, size_t size, const char *file, unsigned flags, struct callgate_profile **ret_profile, struct callgate_diags *diags);
int oci_write(const struct callgate_profile *profile, struct buf *out, struct callgate_diags *diags);

/* tracefile*.c: our own trace files (JSON), described in tracefile.h. -EBADMSG, diagnosed json-* and trace-*. */
int tracefile_read(const char *bytes, size_t size, const char *file, struct callgate_trace **ret_trace, struct callgate_diags *diags);
int tracefile_write(const struct callgate_trace *trace, struct buf *out);

/* bpf.c: raw classic BPF, struct sock_filter after struct sock_filter. -EBADMSG, diagnosed bpf-size and bpf-invalid. */
int bpf_read(const void *bytes, size_t size, const char *file, struct callgate_filter **ret_filter, struct callgate_diags *diags);

/*
 * minijail-*.c: minijail's policy files; read by format_minijail. Writing is the normal form, in the language of minijail's
 * compile_seccomp_policy.py; -ENOTSUP, diagnosed minijail-cannot, for what that cannot say. The frequency file is the weights alone.
 */
int minijail_write(const struct callgate_profile *profile, struct buf *out, struct callgate_diags *diags);
int minijail_write_frequency(const struct callgate_profile *profile, struct buf *out);

/*
 * systemd*.c: systemd's own words. An expression is what SystemCallFilter= takes, several assignments in one text: "@system-service
 * ~@resources mount:ENOSYS". A word that begins with ~ begins an assignment of its own; what precedes the first one is one, too. The first
 * assignment decides between allow list and deny list, later ones add and remove as systemd merges them. One profile, for whatever ABIs
 * the target names; what an allow list misses, and a deny list has, gets EPERM. -EINVAL, diagnosed systemd-*.
 */
int systemd_read_expression(const char *text, struct callgate_policy **ret_policy, struct callgate_diags *diags);
/* What a hardened service gets: @system-service. For the source builtin:systemd-service. */
int systemd_service_policy(struct callgate_policy **ret_policy, struct callgate_diags *diags);

/* A unit file or a drop-in. */
struct systemd_text {
	const char *file; /* for origins and diagnostics */
	const char *bytes;
	size_t size;
};
/*
 * The filters that systemd loads for a unit's main process, oldest first: a stack of literal profiles, one per directive and ABI, each
 * named by its directive, ABI and the line that asked for it. texts: the unit file, then its drop-ins in the order in which they apply.
 * unit: its name, whose ending says which section counts. version: 0 or 252; others are taken for 252, diagnosed systemd-version. abis: the
 * ABIs that systemd filters on that machine; 0: this machine's. What systemd ignores is a warning here. -EINVAL when systemd could not
 * start the unit.
 */
int systemd_unit_policy(const char *unit, const struct systemd_text *texts, size_t count, unsigned version, unsigned abis,
			struct callgate_policy **ret_policy, struct callgate_diags *diags);

/*
 * builtin.c: policies that come with the library: "docker" and "podman" from data/builtin-*.csv, "systemd-service", "none". A policy is called
 * "builtin:docker", and so is the file of its clauses, whose lines are those of data/builtin-docker.csv. -ENOENT, diagnosed builtin-unknown.
 */
int builtin_read(const char *name, struct callgate_policy **ret_policy, struct callgate_diags *diags);
const char *builtin_at(size_t i, const char **ret_source); /* name and where its facts come from; NULL at the end */

/*
 * The formats that policies come in, as a table of small records: format.c lists them, in the order in which they are tried on a file
 * whose name says nothing.
 */
struct format_input {
	const char *bytes;
	size_t size;
	const char *file;    /* for diagnostics and origins */
	unsigned flags;      /* CALLGATE_READ_… */
	/* For formats that include other files: the bytes of `name`, as it stands in `file`. The caller of import keeps them alive until
	 * import returns. Diagnoses. NULL: including is an error. */
	int (*include)(void *user, const char *file, const char *name, const char **ret_bytes, size_t *ret_size, const char **ret_file, struct callgate_diags *diags);
	void *user;
};
/* What is written: a profile that the format can say (its abilities, pass_fit). */
struct format_output {
	const struct callgate_profile *profile;
	const struct callgate_filter *filter; /* of formats that want one; else NULL */
	unsigned abis;
	const char *name;   /* what the result is called in its own world; NULL: the format chooses */
	bool strict64;      /* arguments are compared as libseccomp compares them */
	unsigned systemd;   /* version; 0: SYSTEMD_VERSION */
	bool expand;        /* names instead of systemd's groups */
	bool families_set, families_allow; /* RestrictAddressFamilies= says what rules about socket said … */
	uint64_t families;  /* … these, bit n: family n */
};
struct format {
	const char *name, *help;
	const char *aliases;     /* other names to write it under, separated by blanks; NULL: none */
	const char *extensions;  /* ".json", or several separated by blanks; NULL: none */
	bool (*detect)(const char *bytes, size_t size); /* could these bytes be of this format? NULL: only by name */
	/* -EBADMSG, diagnosed with ids that begin with the format's name (json-* for broken JSON). NULL: only written. */
	int (*import)(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags);

	/* Writing; all of it is absent in a format that is only read. */
	const char *written; /* a line of help */
	bool wants_filter;   /* it is about the compiled filter */
	bool binary, executable; /* what is written */
	bool starts;         /* who reads it loads the filter and then starts a program with execve */
	const struct profile_abilities *(*abilities)(const struct format_output *out);
	/* Rules that the format says by other means than rules, taken out of the profile; -ENOMEM. ret_losses counts those that it does not say
	 * exactly, but only in the direction asked for. NULL: none. */
	int (*prepare)(struct format_output *out, struct callgate_profile *profile, enum callgate_lossy lossy, unsigned *ret_losses, struct callgate_diags *diags);
	/* -ENOTSUP, diagnosed FORMAT-cannot; -EINVAL for a name that cannot be. */
	int (*export)(const struct format_output *out, struct buf *text, struct callgate_diags *diags);
	/*
	 * How its program reads what was written, for the proof; NULL: import. -ENOTSUP, undiagnosed: cannot be told. *ret_abis: calls of
	 * other ABIs, and number -1, do not count; 0: all calls count.
	 */
	int (*reread)(const struct format_output *out, const struct buf *text, struct callgate_policy **ret_policy, unsigned *ret_abis, struct callgate_diags *diags);
};
const struct format *format_at(size_t i); /* NULL at the end */
const struct format *format_find(const char *name);
/* The same, by one of its aliases too, if it can be written. */
const struct format *format_find_written(const char *name);
/* The format of a file: by its name's end, else by its content, else NULL. */
const struct format *format_of(const char *file, const char *bytes, size_t size);

extern const struct format format_oci, format_bpf, format_minijail, format_kafel, format_firejail, format_systemd, format_spo, format_header,
	format_bwrap, format_setpriv, format_crun;

/* Formats that hold a compiled filter can say anything but how it is loaded. */
#define FORMAT_FILTER_ABILITIES(name, id) \
	{ \
		.format = name, .cannot = id, .defaults = ABILITY_ALL, .in_allow_list = ABILITY_ALL, .in_deny_list = ABILITY_ALL, \
		.trace_max = 0xffff, .conditions = true, .same_argument = true, .value_max = UINT64_MAX, .guards = true, .literal = true, \
		.unknown = true, .any_bad_arch = true \
	}

#define FORMAT_HEADER_NAME "callgate_filter"
/* A C header with the filter as an array of this name, a C identifier. -EINVAL header-name. */
int format_write_header(const struct callgate_filter *filter, const char *name, struct buf *out, struct callgate_diags *diags);
/* In lines of `columns`, each with its newline; 0: one line without. */
void format_base64(const void *bytes, size_t size, size_t columns, struct buf *out);

#endif
