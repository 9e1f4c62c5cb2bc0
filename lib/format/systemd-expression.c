/* SPDX-License-Identifier: Apache-2.0 */
/* Set expressions: the values of SystemCallFilter= without a unit around them, as one profile. See format.h. */
#include "format/systemd.h"

static void done_set(struct systemd_set *set)
{
	systemd_set_done(set);
}
/* Where the next assignment begins: the next word with ~ in front, or the end. */
static size_t assignment_size(const char *text)
{
	size_t size = strspn(text, " \t\n\r");

	size += strcspn(text + size, " \t\n\r");
	for (;;) {
		size_t blanks = strspn(text + size, " \t\n\r");

		if (!text[size + blanks] || text[size + blanks] == '~')
			return size + blanks;
		size += blanks;
		size += strcspn(text + size, " \t\n\r");
	}
}

static int read_set(struct systemd_set *set, const char *text, struct callgate_diags *diags)
{
	static const struct systemd_set_rules rules = { .errors = true, .defaults = true, .strict = true };
	const char *start = text;
	int r = 0;

	text += strspn(text, " \t\n\r");
	while (*text && !r) {
		size_t size = assignment_size(text);
		_cleanup_free_ char *value = copy_text(text, size);

		if (!value)
			return diag_oom(diags);
		r = systemd_set_assign(set, value, &rules, (struct diag_where){ .column = (unsigned)(text - start) + 1 }, diags);
		text += size;
	}
	if (!r && !set->assigned)
		r = diag_error(diags, -EINVAL, "systemd-empty", DIAG_NOWHERE,
			       "the expression is empty: write, for example, @system-service ~@resources");
	return r;
}

static uint32_t action_of(const struct systemd_set *set, int error)
{
	if (error == SYSTEMD_ERROR_KILL)
		return CALLGATE_KILL_PROCESS;
	if (error != SYSTEMD_ERROR_PLAIN)
		return CALLGATE_ERRNO((uint32_t)error);
	return set->allow ? CALLGATE_ALLOW : CALLGATE_ERRNO(EPERM);
}

static int add_clauses(struct callgate_profile *profile, const struct systemd_set *set)
{
	int r = 0;

	for (unsigned i = 0; i < arch_syscall_count() && !r; i++) {
		struct profile_clause clause = { .syscall = (int)i };

		if (!set->entries[i].listed)
			continue;
		clause.action = action_of(set, set->entries[i].error);
		r = profile_add_clause(profile, clause, NULL, 0);
	}
	return r ? r : profile_normalise(profile);
}

int systemd_read_expression(const char *text, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(profile_freep) struct callgate_profile *profile = NULL;
	_cleanup_(done_set) struct systemd_set set = { 0 };
	_cleanup_(buf_done) struct buf name = { 0 };
	int r = read_set(&set, text, diags);

	if (r)
		return r;
	r = profile_new(&profile);
	if (!r) {
		profile->default_action = set.allow ? CALLGATE_ERRNO(EPERM) : CALLGATE_ALLOW;
		r = add_clauses(profile, &set);
	}
	buf_printf(&name, "systemd:%s", text);
	if (r || name.error)
		return diag_oom(diags);
	r = policy_from_profile(name.text, take_ptr(profile), ret_policy);
	return r ? diag_oom(diags) : 0;
}

int systemd_service_policy(struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	return systemd_read_expression("@system-service", ret_policy, diags);
}
