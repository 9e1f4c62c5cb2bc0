/* SPDX-License-Identifier: Apache-2.0 */
/* What the files share that write systemd's lines. */
#ifndef CALLGATE_SYSTEMD_WRITE_H
#define CALLGATE_SYSTEMD_WRITE_H

#include "format/systemd.h"

#define SYSTEMD_VERSION 252 /* whose groups and names the tables have */

/* A set of system calls to be named. By id; both have arch_syscall_count() entries. */
struct systemd_cover {
	bool *wanted;         /* all of these … */
	const bool *matters;  /* … and of those that matter no others */
	bool groups;          /* may be named by groups */
};
/*
 * Words of a small cover: groups, the one with the most calls that are still missing first, then the calls that are left. A group counts
 * when all of its calls that matter are wanted, and must save at least two words. Each word is given to `put`. Clears `wanted`.
 */
void systemd_cover(const struct systemd_cover *cover, void (*put)(void *user, const char *word), void *user);
/* Takes away what this group has. */
void systemd_cover_less(const struct systemd_cover *cover, const char *group);
bool systemd_group_has(const char *group, int syscall);

/* systemd-families.c */
int systemd_prepare_families(struct format_output *out, struct callgate_profile *profile, enum callgate_lossy lossy, unsigned *ret_losses,
			     struct callgate_diags *diags);
void systemd_write_families(const struct format_output *out, struct buf *text);

#endif
