/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups, version 2: one for the recorded command, or the one that is to be recorded. */
#ifndef CALLGATE_RECORD_CGROUP_H
#define CALLGATE_RECORD_CGROUP_H

#include "base/diag.h"
#include "base/util.h"

/* A group of our own below the one that we are in ("callgate-PID"). */
struct cgroup {
	int folder; /* descriptor, locked as long as we live; -1: there is none */
	int procs;  /* its cgroup.procs */
	char *path;
};
/* Make it, and remove those that killed recorders have left. -errno where no cgroup2 is to be had or written: no reason to give up. */
int cgroup_make(struct cgroup *cgroup);
/* Remove it, once it is empty. */
void cgroup_remove(struct cgroup *cgroup); /* for _cleanup_ */

enum cgroup_kind { CGROUP_PATH, CGROUP_UNIT, CGROUP_CONTAINER };
/* The folder of a group that exists, as a descriptor: by its path (absolute, or from the root of cgroup2 on), by a systemd unit, by the id of
 * a container of runc, crun, podman, docker or containerd. -ENOENT, -ENOTUNIQ record-cgroup. */
int cgroup_find(enum cgroup_kind kind, const char *name, int *ret_folder, struct callgate_diags *diags);
/* Has it been removed? */
bool cgroup_gone(int folder);

#endif
