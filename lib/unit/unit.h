/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where systemd's units are: the files that make up a unit, found without systemd, below any root. Which of several files of one name counts,
 * and in which order drop-ins apply, is as systemd 252 finds them for the system manager (systemd.unit(5)).
 */
#ifndef CALLGATE_UNIT_H
#define CALLGATE_UNIT_H

#include "base/diag.h"
#include "base/util.h"

struct unit_file {
	char *path; /* as found, with the root in front */
	char *bytes;
	size_t size;
};

struct unit_files {
	char *name;                  /* of the unit: "nginx.service" */
	VEC(struct unit_file) files; /* the unit file, then its drop-ins in the order in which they apply; masked ones left out */
};

/*
 * The files of a unit. name: "nginx.service", "nginx" (a service), "getty@tty1.service" (also from its template), or a path with a
 * slash, which is that file with the drop-ins in the folder PATH.d beside it. root: NULL or "" for /. Zero-initialise ret.
 * -ENOENT unit-not-found, -EINVAL unit-name, -ENOTUNIQ unit-masked (it cannot be started), -ELOOP unit-link, file-read.
 */
int unit_files_find(const char *root, const char *name, struct unit_files *ret, struct callgate_diags *diags);
void unit_files_done(struct unit_files *files);

/* ---- Between the files of this room ---- */

/* i-th folder of units, the one that counts most first; NULL at the end. */
const char *unit_folder_at(size_t i);
/*
 * Follow links from root + path to the file. *ret_path is NULL when it is masked (/dev/null); else where the last link points, and
 * *ret_alias, when a link gave it another name, that name (else NULL). -ENOENT, -ELOOP, -ENOMEM.
 */
int unit_resolve(const char *root, const char *path, char **ret_path, char **ret_alias);
/* Names whose folders NAME.d hold drop-ins for a unit, the most specific first. */
typedef VEC(char *) unit_names;
int unit_names_of(const char *name, unit_names *ret);
void unit_names_done(unit_names *names);
/* Append the drop-ins found in `folders`: of equal names the first counts, then all in the order of their names. */
int unit_add_dropins(const char *root, const unit_names *folders, struct unit_files *files, struct callgate_diags *diags);

#endif
