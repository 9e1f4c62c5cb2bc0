/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp lines of firejail profiles. A list is walked in order and the first entry of a call decides; exceptions ("!name") come
 * before all. What else a profile says is not about system calls and is passed over; lines that make filters of other kinds are
 * refused. Sources: firejail's src/fseccomp/seccomp.c and seccomp_file.c, src/lib/syscall.c, src/firejail/profile.c and sandbox.c.
 */
#include <stdio.h>

#include "format/firejail.h"
#include "format/format.h"
#include "format/scan.h"

static const struct scan_rules rules = {
	.lines = true,
	.hash_comments = true,
	.word_first = "@?",
	.word_more = "-.",
	.id_syntax = "firejail-syntax",
	.id_number = "firejail-number",
	.id_syscall = "firejail-unknown-syscall",
	.id_more = "firejail-more",
};

enum list { LIST_NONE, LIST_DEFAULT, LIST_DROP, LIST_KEEP };
enum pass { PASS_EXCEPTIONS, PASS_ENTRIES };

struct entry {
	int syscall;    /* -1: a group */
	bool exception;
	int error;      /* errno, or -1 */
	struct scan_token token;
};

struct reader {
	const struct format_input *input;
	struct callgate_profile *profile;
	struct strict strict;
	struct scan scan;
	enum list list;
	struct scan_token command;
	VEC(struct entry) entries;
	bool debuggers;
	uint32_t refusal; /* seccomp-error-action */
};

/* ---- Lines ---- */

static int read_call(struct reader *r)
{
	struct scan *s = &r->scan;
	struct scan_token token = s->token;
	int id = -ENOENT;

	if (!scan_take(s, "$")) {
		if (token.kind != SCAN_WORD) {
			scan_unexpected(s, "the name of a system call or a group");
			return -EBADMSG;
		}
		scan_next(s);
		return scan_syscall(s, &token, r->input->flags);
	}
	if (s->token.kind != SCAN_NUMBER) {
		scan_unexpected(s, "a number");
		return -EBADMSG;
	}
	if (s->token.value <= UINT32_MAX)
		id = arch_syscall_at(arch_native(), (uint32_t)s->token.value);
	if (id < 0)
		scan_error(s, "firejail-unsupported", &s->token, "no system call of %s has this number; profiles know calls by their names",
			   callgate_abi_name(arch_native()));
	scan_next(s);
	return id;
}

static bool read_errno(struct reader *r, int *ret)
{
	struct scan *s = &r->scan;
	char text[SCAN_WORD_SIZE];

	if (scan_is(s, "kill")) {
		scan_error(s, "firejail-unsupported", &s->token, "\":kill\" cannot be read: firejail itself forgets it in some lists");
		return false;
	}
	*ret = s->token.kind == SCAN_WORD ? arch_errno_value(scan_text(&s->token, text)) : -ENOENT;
	if (*ret < 0)
		return scan_unexpected(s, "the name of an errno");
	scan_next(s);
	return true;
}

/* name, name:ERRNO, !name, $number, @group */
static bool read_entry(struct reader *r, int *error)
{
	struct scan *s = &r->scan;
	struct entry entry = { .syscall = -1, .error = -1, .token = s->token };
	char text[SCAN_WORD_SIZE];

	entry.exception = scan_take(s, "!");
	if (s->token.kind == SCAN_WORD && s->token.text[0] == '@') {
		if (entry.exception || !firejail_group(scan_text(&s->token, text))) {
			scan_error(s, "firejail-group", &s->token,
				   entry.exception ? "firejail has no exceptions for groups; name the calls" :
						     "Callgate does not know this group; write its members (firejail --debug-syscalls lists names)");
			return false;
		}
		entry.token = s->token;
		scan_next(s);
	} else {
		entry.syscall = read_call(r);
		if (entry.syscall < 0)
			return entry.syscall == -ENOENT && r->input->flags & CALLGATE_READ_UNKNOWN_NAMES;
		if (scan_take(s, ":") && !read_errno(r, &entry.error))
			return false;
	}
	*error = vec_push(&r->entries, entry);
	return !*error;
}

static bool read_list(struct reader *r, enum list list, int *error)
{
	struct scan *s = &r->scan;

	if (r->list != LIST_NONE) {
		scan_error(s, "firejail-duplicate", &r->command, "there is a seccomp line already, and firejail takes one of them; remove the others");
		return false;
	}
	r->list = list;
	if (list == LIST_DEFAULT && (s->token.kind == SCAN_LINE || s->token.kind == SCAN_END))
		return true;
	do {
		if (!read_entry(r, error))
			return false;
	} while (scan_take(s, ","));
	return s->token.kind == SCAN_LINE || s->token.kind == SCAN_END || scan_unexpected(s, "a comma or the end of the line");
}

static bool read_error_action(struct reader *r)
{
	struct scan *s = &r->scan;
	int value;

	if (scan_is(s, "kill")) {
		r->refusal = CALLGATE_KILL_THREAD;
	} else if (scan_is(s, "log")) {
		r->refusal = CALLGATE_LOG;
	} else {
		if (!read_errno(r, &value))
			return false;
		r->refusal = CALLGATE_ERRNO((uint32_t)value);
		return true;
	}
	scan_next(s);
	return true;
}

/* Lines that make filters of their own, or that decide whether others count. */
static bool refuse_line(struct reader *r)
{
	static const char *const others[] = { "protocol", "memory-deny-write-execute", "restrict-namespaces", "seccomp.32", "seccomp.32.drop",
					      "seccomp.32.keep", "seccomp.block-secondary" };
	bool known = r->command.text[0] == '?' || scan_token_is(&r->command, "ignore");
	char text[SCAN_WORD_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		known |= scan_token_is(&r->command, others[i]);
	known |= r->command.size > 7 && !memcmp(r->command.text, "seccomp", 7);
	if (known)
		scan_error(&r->scan, "firejail-unsupported", &r->command, "%s cannot be read: it changes what is filtered in a way that Callgate does not know",
			   scan_text(&r->command, text));
	return !known;
}

static int read_line(struct reader *r)
{
	struct scan *s = &r->scan;
	int error = 0;

	r->command = s->token;
	if (s->token.kind == SCAN_WORD) {
		bool is_list = scan_is(s, "seccomp") || scan_is(s, "seccomp.drop") || scan_is(s, "seccomp.keep");

		if (is_list || scan_is(s, "seccomp-error-action")) {
			scan_next(s);
			if (!is_list)
				read_error_action(r);
			else
				read_list(r, r->command.size == 7 ? LIST_DEFAULT : r->command.text[8] == 'd' ? LIST_DROP : LIST_KEEP, &error);
		} else if (scan_is(s, "allow-debuggers")) {
			r->debuggers = true;
		} else if (scan_is(s, "include")) {
			diag_warning(r->strict.diags, "firejail-include", scan_where(s, &s->token),
				     "what this includes is not read; if it has seccomp lines, put them here");
		} else {
			refuse_line(r);
		}
	}
	scan_skip_line(s);
	return error;
}

/* ---- Clauses ---- */

static int add(struct reader *r, int syscall, uint32_t action, const struct scan_token *token)
{
	const struct profile_clause clause = { .syscall = syscall, .action = action, .line = token->line, .column = token->column };

	return profile_add_clause(r->profile, clause, NULL, 0);
}

/* Groups nest three deep at most: @default-nodebuggers, @default, @clock. */
static int add_group(struct reader *r, const char *name, uint32_t action, const struct scan_token *token)
{
	const char *member = firejail_group(name);
	char text[SCAN_WORD_SIZE];
	int error = 0;

	while (member && *member && !error) {
		size_t length = strcspn(member, " ");
		int id;

		snprintf(text, sizeof(text), "%.*s", (int)length, member);
		id = text[0] == '@' ? -1 : arch_syscall_id(text);
		if (text[0] == '@')
			error = add_group(r, text, action, token);
		else if (id >= 0)
			error = add(r, id, action, token);
		member += length + strspn(member + length, " ");
	}
	return error;
}

static int add_entries(struct reader *r, enum pass pass, uint32_t action)
{
	char text[SCAN_WORD_SIZE];
	int error = 0;

	for (size_t i = 0; i < r->entries.count && !error; i++) {
		const struct entry *entry = &r->entries.items[i];

		if (entry->exception != (pass == PASS_EXCEPTIONS))
			continue;
		if (entry->syscall < 0)
			error = add_group(r, scan_text(&entry->token, text), action, &entry->token);
		else
			error = add(r, entry->syscall, entry->error >= 0 ? CALLGATE_ERRNO((uint32_t)entry->error) : action, &entry->token);
	}
	return error;
}

static int add_clauses(struct reader *r)
{
	bool keep = r->list == LIST_KEEP;
	int error = add_entries(r, PASS_EXCEPTIONS, keep ? r->refusal : CALLGATE_ALLOW);

	r->profile->default_action = keep ? r->refusal : CALLGATE_ALLOW;
	/* firejail's filters let other architectures through */
	r->profile->bad_arch_action = CALLGATE_ALLOW;
	if (!error && keep)
		error = add_group(r, "@default-keep", CALLGATE_ALLOW, &r->command);
	if (!error && r->list == LIST_DEFAULT)
		error = add_group(r, r->debuggers ? "@default" : "@default-nodebuggers", r->refusal, &r->command);
	return error ? error : add_entries(r, PASS_ENTRIES, keep ? CALLGATE_ALLOW : r->refusal);
}

/* ---- The whole ---- */

static int read_all(struct reader *r)
{
	const struct format_input *input = r->input;
	struct scan_token list = { 0 };
	int error = profile_new(&r->profile);

	scan_start(&r->scan, &rules, &r->strict, input->bytes, input->size, input->file);
	while (!error && r->scan.token.kind != SCAN_END) {
		bool before = r->list != LIST_NONE;

		error = read_line(r);
		if (r->list != LIST_NONE && !before)
			list = r->command;
		if (!error && r->scan.token.kind == SCAN_LINE)
			scan_next(&r->scan);
		if (!error)
			error = scan_go_on(&r->scan);
	}
	if (error)
		return error;
	if (r->list == LIST_NONE && !r->strict.errors)
		strict_error(&r->strict, "firejail-none", DIAG_FILE(input->file), "there is no seccomp line: firejail would load no such filter");
	if (r->strict.errors)
		return -EBADMSG;
	r->command = list;
	error = add_clauses(r);
	if (!error && input->file)
		error = strpool_add(&r->profile->strings, input->file, strlen(input->file), &r->profile->file);
	return error ? error : profile_normalise(r->profile);
}

static void done_reader(struct reader *r)
{
	vec_done(&r->entries);
	profile_free(r->profile);
}

static int import(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(done_reader) struct reader reader = { .input = input, .strict.diags = diags, .refusal = CALLGATE_ERRNO(EPERM) };
	int error = read_all(&reader);

	if (!error)
		error = policy_from_profile(input->file, take_ptr(reader.profile), ret_policy);
	return error == -ENOMEM ? diag_oom(diags) : error;
}

const struct format format_firejail = {
	.name = "firejail",
	.help = "the seccomp lines of firejail profiles",
	.extensions = ".firejail",
	.import = import,
};
