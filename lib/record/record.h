/* SPDX-License-Identifier: Apache-2.0 */
/* Program to trace: one file per backend behind one small record of functions. */
#ifndef CALLGATE_RECORD_H
#define CALLGATE_RECORD_H

#include <callgate.h>

#include "base/diag.h"
#include "model/trace.h"

/*
 * What a session observes and answers. By default every call is seen and goes on. A trial run brings a filter that sends to the
 * recorder only what a profile refuses, and `decide`, which gives the errno to answer (0: let it go on).
 */
struct record_setup {
	const struct callgate_record_options *options;
	const char *path;                    /* the command's file, found */
	const struct callgate_insn *filter;  /* NULL: everything */
	size_t filter_count;
	int (*decide)(void *user, const struct callgate_call *call);
	void *decide_user;
};

/* Is it about what already runs, instead of a command? */
static inline bool record_attaches(const struct callgate_record_options *o)
{
	return o->pid || o->unit || o->cgroup || o->container;
}

struct record_backend {
	const char *name, *help;
	bool attaches; /* records what already runs: options->pid, unit, cgroup, container */
	bool answers;  /* trial runs: `filter` and `decide` */
	int (*probe)(struct callgate_diags *diags); /* 0: can run here; else -errno, diagnosed */
	int (*run)(const struct record_setup *setup, struct callgate_trace *trace,
		   struct callgate_record_result *ret_result, struct callgate_diags *diags);
};
#define RECORD_EBPF_HELP "programs in the kernel count: every call, hardly any cost, also of what already runs; needs root"
extern const struct record_backend record_ebpf, record_notify, record_ptrace, record_ptrace_registers;
const struct record_backend *record_backend_at(unsigned i); /* in order of preference; NULL at the end */

/* Find argv[0] as execvp(3) would. -ENOENT command-not-found, -EACCES command-not-executable (directory, no permission). */
int record_find_command(const char *name, char **ret_path, struct callgate_diags *diags);

#endif
