/* SPDX-License-Identifier: Apache-2.0 */
/* Text or bytes to noun and back; one file per format. */
#ifndef CALLGATE_FORMAT_H
#define CALLGATE_FORMAT_H

#include <callgate.h>

#include "base/diag.h"
#include "model/filter.h"
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

#endif
