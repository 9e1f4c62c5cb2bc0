/* SPDX-License-Identifier: Apache-2.0 */
/* Which of systemd's groups name a set of system calls in few words. */
#include "format/systemd-write.h"

#define GROUP_SAVES_MIN 2 /* words, or the names are as readable */

bool systemd_group_has(const char *group, int syscall)
{
	for (unsigned i = 0; i < arch_group_count(); i++)
		if (!strcmp(arch_group_name(i), group))
			return arch_group_has(i, syscall);
	return false;
}

void systemd_cover_less(const struct systemd_cover *cover, const char *group)
{
	for (unsigned id = 0; id < arch_syscall_count(); id++)
		if (cover->wanted[id] && systemd_group_has(group, (int)id))
			cover->wanted[id] = false;
}

/* How many missing calls a group has; 0 when it has one that is not wanted. `all`: what was wanted at first. */
static unsigned gain(const struct systemd_cover *cover, const bool *all, unsigned group)
{
	unsigned count = 0;

	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		if (!cover->matters[id] || !arch_group_has(group, (int)id))
			continue;
		if (!all[id])
			return 0;
		count += cover->wanted[id];
	}
	return count;
}

static void put_groups(const struct systemd_cover *cover, const bool *all, void (*put)(void *user, const char *word), void *user)
{
	for (;;) {
		unsigned best = 0, most = 0;

		for (unsigned i = 0; i < arch_group_count(); i++) {
			unsigned count = gain(cover, all, i);

			if (count > most)
				most = count, best = i;
		}
		if (most < GROUP_SAVES_MIN + 1)
			return;
		put(user, arch_group_name(best));
		systemd_cover_less(cover, arch_group_name(best));
	}
}

void systemd_cover(const struct systemd_cover *cover, void (*put)(void *user, const char *word), void *user)
{
	_cleanup_free_ bool *all = malloc(arch_syscall_count() * sizeof(*all));

	/* out of memory: the names alone say the same */
	if (all && cover->groups) {
		memcpy(all, cover->wanted, arch_syscall_count() * sizeof(*all));
		put_groups(cover, all, put, user);
	}
	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		if (cover->wanted[id])
			put(user, arch_syscall_name((int)id));
		cover->wanted[id] = false;
	}
}
