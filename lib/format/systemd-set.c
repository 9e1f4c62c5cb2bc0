/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of system calls as SystemCallFilter= and SystemCallLog= build it up, assignment by assignment. The first assignment decides
 * whether the list allows or denies; each later one adds to it when it is of the same kind and removes from it when it is not.
 * An error number goes with a name in an assignment that begins with ~, and keeps the name in the list.
 */
#include <stdio.h>

#include "format/systemd.h"

#define TOO_NEW (6u << 16 | 8u << 8) /* libseccomp 2.5.4-1+deb12u1 knows the calls of Linux 6.7 */

bool systemd_name_too_new(int syscall)
{
	unsigned major = 0, minor = 0;

	if (sscanf(arch_syscall_since(syscall), "%u.%u", &major, &minor) != 2)
		return false;
	return (major << 16 | minor << 8) >= TOO_NEW;
}

int systemd_parse_error(const char *text, int *ret_error)
{
	uint64_t number;
	int value;

	if (!strcmp(text, "kill")) {
		*ret_error = SYSTEMD_ERROR_KILL;
		return 0;
	}
	value = arch_errno_value(text);
	if (value < 0 && !parse_u64(text, &number) && number <= 4095)
		value = (int)number;
	if (value <= 0)
		return -EINVAL;
	*ret_error = value;
	return 0;
}

void systemd_set_done(struct systemd_set *set)
{
	free(set->entries);
	*set = (struct systemd_set){ 0 };
}

bool systemd_set_empty(const struct systemd_set *set)
{
	for (unsigned i = 0; set->assigned && i < arch_syscall_count(); i++)
		if (set->entries[i].listed)
			return false;
	return true;
}

struct assignment {
	struct systemd_set *set;
	const struct systemd_set_rules *rules;
	bool deny;
	struct diag_where where;
	struct callgate_diags *diags;
};

static const char *consequence(const struct assignment *a)
{
	if (a->rules->strict)
		return "";
	return a->deny ? "; systemd ignores it, so that what was meant stays as it was: a deny list fails open" : "; systemd ignores it";
}

/* Something systemd would not understand. */
__attribute__((format(printf, 3, 4))) static int refuse(const struct assignment *a, const char *id, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (a->rules->strict)
		return diag_error(a->diags, -EINVAL, id, a->where, "%s", text);
	diag_warning(a->diags, id, a->where, "%s%s", text, consequence(a));
	return 0;
}

static void put(const struct assignment *a, int syscall, int error)
{
	struct systemd_entry *entry = &a->set->entries[syscall];

	if (a->deny != a->set->allow || (a->deny && error != SYSTEMD_ERROR_PLAIN))
		*entry = (struct systemd_entry){ true, error, a->where };
	else
		entry->listed = false;
}

static int put_group(const struct assignment *a, const char *name, int error)
{
	for (unsigned i = 0; i < arch_group_count(); i++) {
		if (strcmp(arch_group_name(i), name) != 0)
			continue;
		for (unsigned id = 0; id < arch_syscall_count(); id++)
			if (arch_group_has(i, (int)id) && (a->rules->strict || !systemd_name_too_new((int)id)))
				put(a, (int)id, error);
		return 0;
	}
	return refuse(a, "systemd-unknown-group", "systemd 252 has no group %s", name);
}

static int put_name(const struct assignment *a, const char *name, int error)
{
	int syscall = arch_syscall_id(name);
	const char *near;

	if (syscall < 0 && name[0] == '~')
		return refuse(a, "systemd-unknown-name", "no system call is named %s: ~ goes in front of the whole list", name);
	if (syscall < 0) {
		near = arch_syscall_suggest(name);
		return refuse(a, "systemd-unknown-name", "no system call is named %s%s%s%s", name, near ? " (did you mean " : "",
			      near ? near : "", near ? "?)" : "");
	}
	if (!a->rules->strict && systemd_name_too_new(syscall))
		return refuse(a, "systemd-new-name", "%s came with Linux %s, and the libseccomp of systemd 252 does not know it", name,
			      arch_syscall_since(syscall));
	put(a, syscall, error);
	return 0;
}

static int put_word(const struct assignment *a, char *word)
{
	int error = SYSTEMD_ERROR_PLAIN;
	char *colon = a->rules->errors ? strchr(word, ':') : NULL;

	if (colon) {
		*colon = '\0';
		if (systemd_parse_error(colon + 1, &error))
			return refuse(a, "systemd-errno", "%s is no error number for %s: write a name, 1 to 4095, or kill", colon + 1,
				      word);
		if (!a->deny)
			return refuse(a, "systemd-errno", "%s:%s: only a list that begins with ~ takes error numbers", word, colon + 1);
	}
	return word[0] == '@' ? put_group(a, word, error) : put_name(a, word, error);
}

static int begin(struct assignment *a)
{
	struct assignment defaults = *a;

	if (a->set->assigned)
		return 0;
	a->set->entries = calloc(arch_syscall_count(), sizeof(*a->set->entries));
	if (!a->set->entries)
		return diag_oom(a->diags);
	a->set->assigned = true;
	a->set->allow = !a->deny;
	return a->deny || !a->rules->defaults ? 0 : put_group(&defaults, "@default", SYSTEMD_ERROR_PLAIN);
}

int systemd_set_assign(struct systemd_set *set, const char *value, const struct systemd_set_rules *rules, struct diag_where where,
		       struct callgate_diags *diags)
{
	struct assignment a = { set, rules, value[0] == '~', where, diags };
	int r;

	if (!*value) {
		systemd_set_done(set);
		return 0;
	}
	value += a.deny;
	if (rules->strict && !value[strspn(value, " \t\n\r")])
		return diag_error(diags, -EINVAL, "systemd-empty", where, "nothing follows ~: name what is to be denied");
	r = begin(&a);
	while (!r) {
		_cleanup_free_ char *word = NULL;
		int more = systemd_word(&value, false, &word);

		if (more <= 0)
			return more == -ENOMEM ? diag_oom(diags) : more;
		r = put_word(&a, word);
	}
	return r;
}
