/* SPDX-License-Identifier: Apache-2.0 */
/* Text or bytes to noun and back; one file per format. */
#ifndef CALLGATE_FORMAT_H
#define CALLGATE_FORMAT_H

#include <callgate.h>

#include "base/diag.h"
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
 * builtin.c: policies that come with the library: "docker", "podman" and "none", from data/builtin-*.csv. A policy is called
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
struct format {
	const char *name, *help;
	const char *extensions;  /* ".json", or several separated by blanks; NULL: none */
	bool (*detect)(const char *bytes, size_t size); /* could these bytes be of this format? NULL: only by name */
	/* -EBADMSG, diagnosed with ids that begin with the format's name (json-* for broken JSON). */
	int (*import)(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags);
};
const struct format *format_at(size_t i); /* NULL at the end */
const struct format *format_find(const char *name);
/* The format of a file: by its name's end, else by its content, else NULL. */
const struct format *format_of(const char *file, const char *bytes, size_t size);

extern const struct format format_oci, format_bpf, format_minijail, format_kafel, format_firejail;

#endif
