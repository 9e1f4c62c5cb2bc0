/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minijail policy files: lines, names, includes, frequency files. The meaning of a policy is that of minijail's two compilers wherever
 * they agree; see minijail.h. Sources: minijail0(5), minijail's syscall_filter.c, tools/parser.py and tools/compiler.py.
 */
#include "format/minijail.h"
#include "model/call.h"

static const struct scan_rules rules = {
	.lines = true,
	.joints = true,
	.hash_comments = true,
	.word_first = "@",
	.word_more = "-@",
	.id_syntax = "minijail-syntax",
	.id_number = "minijail-number",
	.id_syscall = "minijail-unknown-syscall",
	.id_more = "minijail-more",
};

void minijail_external(struct minijail_reader *r, const struct scan_token *token)
{
	if (!r->external.line)
		r->external = scan_where(r->scan, token);
}

/* ---- Names ---- */

/* "[arch=x86_64,arm64; key=value]": only arch means anything. */
static bool read_metadata(struct minijail_reader *r, unsigned *abis)
{
	struct scan *s = r->scan;
	char text[SCAN_WORD_SIZE];
	bool is_arch, seen = false;
	unsigned named = 0;

	minijail_external(r, &s->token);
	do {
		scan_next(s);
		is_arch = scan_is(s, "arch");
		if (is_arch && seen) {
			scan_error(s, "minijail-syntax", &s->token, "arch is given twice; write [arch=x86_64,arm64]");
			return false;
		}
		seen |= is_arch;
		if (s->token.kind != SCAN_WORD)
			return scan_unexpected(s, "a key like arch");
		scan_next(s);
		if (!scan_expect(s, "="))
			return false;
		do {
			int abi = CALLGATE_ABI_COUNT;

			if (s->token.kind != SCAN_WORD)
				return scan_unexpected(s, "a value like x86_64");
			if (is_arch)
				abi = minijail_arch(scan_text(&s->token, text));
			if (is_arch && abi < 0) {
				scan_error(s, "minijail-arch", &s->token, "no architecture is called \"%s\" here", text);
				return false;
			}
			named |= abi < CALLGATE_ABI_COUNT ? CALLGATE_ABI_BIT(abi) : 0;
			scan_next(s);
		} while (scan_take(s, ","));
	} while (scan_is(s, ";"));
	if (seen)
		*abis = named;
	return scan_expect(s, "]");
}

static bool read_name(struct minijail_reader *r, int *error)
{
	struct scan *s = r->scan;
	struct minijail_name name = { .abis = MINIJAIL_ABIS_ALL, .token = s->token };

	if (s->token.kind != SCAN_WORD)
		return scan_unexpected(s, "the name of a system call");
	if (memchr(s->token.text, '@', s->token.size)) {
		char text[SCAN_WORD_SIZE];

		scan_text(&s->token, text);
		scan_error(s, "minijail-unsupported", &s->token, "%s: %s", text,
			   text[0] == '@' ? "there are @include, @frequency, @default and @denylist, and no other directives" :
					    "groups stand in the constants.json that a policy is compiled with; write the names");
		return false;
	}
	scan_next(s);
	if (scan_is(s, "[") && !read_metadata(r, &name.abis))
		return false;
	/* as minijail does: a name of another architecture is not even looked up */
	if (!name.abis)
		return true;
	name.syscall = scan_syscall(s, &name.token, r->input->flags);
	if (name.syscall < 0)
		return r->input->flags & CALLGATE_READ_UNKNOWN_NAMES;
	if (vec_push(&r->statement.names, name))
		*error = -ENOMEM;
	return !*error;
}

static bool read_names(struct minijail_reader *r, int *error)
{
	struct scan *s = r->scan;

	if (!scan_is(s, "{"))
		return read_name(r, error);
	minijail_external(r, &s->token);
	do {
		scan_next(s);
		if (!read_name(r, error))
			return false;
	} while (scan_is(s, ","));
	return scan_expect(s, "}");
}

/* ---- Statements ---- */

static bool at_line_end(struct minijail_reader *r)
{
	if (r->scan->token.kind == SCAN_LINE || r->scan->token.kind == SCAN_END)
		return true;
	return scan_unexpected(r->scan, "the end of the line");
}

static bool read_filters(struct minijail_reader *r, int *error)
{
	struct scan *s = r->scan;

	if (!scan_is(s, "{"))
		return minijail_read_filter(r, false, error) && at_line_end(r);
	minijail_external(r, &s->token);
	do {
		scan_next(s);
		if (!minijail_read_filter(r, true, error))
			return false;
	} while (scan_is(s, ","));
	return scan_expect(s, "}") && at_line_end(r);
}

/* Several statements about one call add up, in their order, until one says what happens to all calls that are left. */
static int add_filter(struct minijail_reader *r, const struct minijail_name *name, const struct minijail_filter *filter)
{
	struct minijail_seen *seen = &r->seen[name->syscall];

	if (seen->decided & name->abis) {
		scan_error(r->scan, "minijail-duplicate", &filter->token, "line %u of %s has decided %s already: this is never reached; remove one of them",
			   seen->line, seen->file ? seen->file : "this file", arch_syscall_name(name->syscall));
		return 0;
	}
	if (!filter->conditional) {
		seen->decided |= name->abis;
		seen->file = r->scan->file;
		seen->line = filter->token.line;
	}
	return minijail_add_filter(r, name, filter);
}

static int add_statement(struct minijail_reader *r)
{
	struct minijail_statement *statement = &r->statement;
	int error = 0;

	for (size_t i = 0; i < statement->names.count && !error; i++) {
		const struct minijail_name *name = &statement->names.items[i];
		struct minijail_seen *seen = &r->seen[name->syscall];

		if (seen->named & name->abis)
			minijail_external(r, &name->token);
		seen->named |= name->abis;
		for (size_t j = 0; j < statement->filters.count && !error; j++)
			error = add_filter(r, name, &statement->filters.items[j]);
	}
	return error;
}

static int read_statement(struct minijail_reader *r)
{
	struct minijail_statement *statement = &r->statement;
	int error = 0;

	statement->names.count = statement->filters.count = statement->terms.count = statement->atoms.count = 0;
	if (read_names(r, &error) && scan_expect(r->scan, ":") && read_filters(r, &error))
		return add_statement(r);
	scan_skip_line(r->scan);
	return error;
}

/* ---- Directives ---- */

static int read_file(struct minijail_reader *r, const char *bytes, size_t size, const char *file, int (*line)(struct minijail_reader *));
static int read_line(struct minijail_reader *r);

static bool same_file(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The file that a directive names. minijail takes absolute paths and those that begin with "./". */
static int read_other(struct minijail_reader *r, int (*line)(struct minijail_reader *))
{
	struct scan *s = r->scan;
	_cleanup_free_ char *path = NULL;
	const char *bytes, *file;
	struct scan_token token;
	size_t size;
	int error;

	scan_raw(s);
	token = s->token;
	path = copy_text(token.text, token.size);
	if (!path)
		return -ENOMEM;
	if (strlen(path) != token.size || (path[0] != '/' && strncmp(path, "./", 2)) || path[token.size - 1] == '/') {
		scan_error(s, "minijail-include", &token, "the path of a file is expected, which begins with / or ./");
		return 0;
	}
	if (!r->input->include || r->depth >= MINIJAIL_DEPTH_MAX) {
		scan_error(s, "minijail-include", &token, r->input->include ? "files are included deeper than %d" : "no other files may be read here",
			   MINIJAIL_DEPTH_MAX);
		return 0;
	}
	error = r->input->include(r->input->user, s->file, path, &bytes, &size, &file, r->strict.diags);
	if (error) {
		scan_error(s, "minijail-include", &token, "%s cannot be read", path);
		return error == -ENOMEM ? error : 0;
	}
	for (unsigned i = 0; i < r->depth; i++)
		if (same_file(r->files[i], file)) {
			scan_error(s, "minijail-include", &token, "%s includes itself", path);
			return 0;
		}
	r->bytes += MIN(size, MINIJAIL_BYTES_MAX);
	if (r->bytes > MINIJAIL_BYTES_MAX) {
		scan_error(s, "minijail-too-large", &token, "the included files are larger than %u bytes together", MINIJAIL_BYTES_MAX);
		return -EBADMSG;
	}
	error = read_file(r, bytes, size, file, line);
	if (!error)
		scan_next(s);
	return error;
}

/* "name: weight" in a frequency file. */
static int read_frequency_line(struct minijail_reader *r)
{
	struct scan *s = r->scan;
	int error = 0;

	r->statement.names.count = 0;
	if (!read_name(r, &error) || !scan_expect(s, ":"))
		goto out;
	if (s->token.kind != SCAN_NUMBER || s->token.text[0] == '-') {
		scan_unexpected(s, "how often the call is made, a number");
		goto out;
	}
	for (size_t i = 0; i < r->statement.names.count && !error; i++) {
		struct profile_call call = { .syscall = r->statement.names.items[i].syscall, .abi = -1, .count = s->token.value };

		if (call.count)
			error = vec_push(&r->profile->calls, call);
	}
	scan_next(s);
	at_line_end(r);
out:
	scan_skip_line(s);
	return error;
}

static int read_default(struct minijail_reader *r)
{
	struct scan *s = r->scan;
	uint32_t action;

	scan_next(s);
	if (s->token.kind != SCAN_WORD || minijail_action(&s->token, &action) || action_permits(action) || action == CALLGATE_TRACE(0)) {
		scan_unexpected(s, "a default action (kill, kill-process, kill-thread, trap, user-notify)");
		return 0;
	}
	r->profile->default_action = action;
	scan_next(s);
	return 0;
}

static int read_denylist(struct minijail_reader *r)
{
	struct scan *s = r->scan;

	if (r->profile->clauses.count || r->depth > 1) {
		scan_error(s, "minijail-denylist", &s->token, "@denylist must stand before all rules, in the first file");
	} else {
		r->denylist = true;
		r->profile->default_action = CALLGATE_ALLOW;
	}
	scan_next(s);
	return 0;
}

static int read_directive(struct minijail_reader *r)
{
	struct scan *s = r->scan;
	unsigned errors = r->strict.errors;
	int error;

	if (scan_is(s, "@include")) {
		if (r->depth > 1)
			minijail_external(r, &s->token);
		error = read_other(r, read_line);
	} else if (scan_is(s, "@frequency")) {
		error = read_other(r, read_frequency_line);
	} else {
		minijail_external(r, &s->token);
		error = scan_is(s, "@default") ? read_default(r) : read_denylist(r);
	}
	if (!error && r->strict.errors == errors)
		at_line_end(r);
	if (!error)
		scan_skip_line(s);
	return error;
}

static int read_line(struct minijail_reader *r)
{
	struct scan *s = r->scan;

	if (scan_is(s, "@include") || scan_is(s, "@frequency") || scan_is(s, "@default") || scan_is(s, "@denylist"))
		return read_directive(r);
	return read_statement(r);
}

static int read_file(struct minijail_reader *r, const char *bytes, size_t size, const char *file, int (*line)(struct minijail_reader *))
{
	struct scan scan, *outer = r->scan;
	uint32_t outer_file = r->file;
	int error = 0;

	if (outer && file)
		error = strpool_add(&r->profile->strings, file, strlen(file), &r->file);
	r->files[r->depth++] = file;
	r->scan = &scan;
	scan_start(&scan, &rules, &r->strict, bytes, size, file);
	while (!error && scan.token.kind != SCAN_END) {
		if (scan.token.kind == SCAN_LINE)
			scan_next(&scan);
		else
			error = line(r);
		if (!error)
			error = scan_go_on(&scan);
	}
	if (!error && scan.joined_comment)
		strict_error(&r->strict, "minijail-syntax", DIAG_FILE(file),
			     "a comment ends in a backslash: minijail's two compilers do not agree whether the next line belongs to it; remove the backslash");
	r->scan = outer;
	r->file = outer_file;
	r->depth--;
	return error;
}

/* ---- The whole ---- */

static void note_doubtful(struct minijail_reader *r)
{
	if (!r->doubtful.line)
		return;
	if (!r->external.line) {
		diag_warning(r->strict.diags, "minijail-return", r->doubtful,
			     "read as minijail0(5) has it: calls that match are allowed, all others get the errno. compile_seccomp_policy.py does the "
			     "opposite; { EXPRESSION; allow, return ERRNO } is clear");
		return;
	}
	strict_error(&r->strict, "minijail-return", r->doubtful,
		     "whether calls that match get the errno, or all others, differs between minijail's two compilers; line %u of %s is for "
		     "compile_seccomp_policy.py alone. Write { EXPRESSION; return ERRNO } for the former, { EXPRESSION; allow, return ERRNO } for the latter",
		     r->external.line, r->external.file ? r->external.file : "this file");
}

static void done_reader(struct minijail_reader *r)
{
	vec_done(&r->statement.names);
	vec_done(&r->statement.filters);
	vec_done(&r->statement.terms);
	vec_done(&r->statement.atoms);
	free(r->seen);
	profile_free(r->profile);
}

static int read_all(struct minijail_reader *r)
{
	const struct format_input *input = r->input;
	int error = profile_new(&r->profile);

	r->seen = calloc(arch_syscall_count(), sizeof(*r->seen));
	if (error || !r->seen)
		return -ENOMEM;
	r->profile->default_action = CALLGATE_KILL_PROCESS;
	error = read_file(r, input->bytes, input->size, input->file, read_line);
	if (error)
		return error;
	note_doubtful(r);
	if (r->strict.errors)
		return -EBADMSG;
	if (input->file)
		error = strpool_add(&r->profile->strings, input->file, strlen(input->file), &r->profile->file);
	return error ? error : profile_normalise(r->profile);
}

static int import(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(done_reader) struct minijail_reader reader = { .input = input, .strict.diags = diags };
	int error = read_all(&reader);

	if (!error)
		error = policy_from_profile(input->file, take_ptr(reader.profile), ret_policy);
	return error == -ENOMEM ? diag_oom(diags) : error;
}

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	return minijail_write(out->profile, text, diags);
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities minijail = {
		.format = "a minijail policy", .cannot = "minijail-cannot",
		.defaults = ABILITY_ALLOW | ABILITY_NOTIFY | ABILITY_TRAP | ABILITY_KILL_THREAD | ABILITY_KILL_PROCESS,
		.in_allow_list = ABILITY_ALL, .in_deny_list = ABILITY_ALLOW | ABILITY_ERRNO, .conditions = true, .same_argument = true,
		.value_max = UINT64_MAX, .bad_arch = CALLGATE_KILL_PROCESS,
	};

	(void)out;
	return &minijail;
}

const struct format format_minijail = {
	.name = "minijail",
	.help = "minijail's policy files, with @include and @frequency",
	.extensions = ".policy",
	.import = import,
	.written = "a minijail policy",
	.abilities = abilities,
	.export = export,
};
