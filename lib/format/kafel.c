/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafel policies: the language of nsjail and sandbox2's predecessors. A file is constants, named policies and its own statements; "USE p"
 * stands for the text of p; the first rule that matches decides. Sources: kafel's README.md, src/parser.y, src/lexer.l, src/codegen.c.
 */
#include "format/kafel.h"

static const struct scan_rules rules = {
	.slash_comments = true,
	.id_syntax = "kafel-syntax",
	.id_number = "kafel-number",
	.id_syscall = "kafel-unknown-syscall",
	.id_more = "kafel-syntax", /* never given: the first error ends it */
};

/* kafel calls these by their kernel functions' names. */
static const struct {
	const char *kafel, *name;
} aliases[] = { { "newfstat", "fstat" }, { "newlstat", "lstat" }, { "newstat", "stat" }, { "newuname", "uname" } };

/* KILL is what SECCOMP_RET_KILL always was: the thread. */
static const struct {
	const char *name;
	uint32_t action;
	bool data;
} actions[] = {
	{ "ALLOW", CALLGATE_ALLOW, false },
	{ "LOG", CALLGATE_LOG, false },
	{ "KILL", CALLGATE_KILL_THREAD, false },
	{ "KILL_THREAD", CALLGATE_KILL_THREAD, false },
	{ "DENY", CALLGATE_KILL_THREAD, false },
	{ "KILL_PROCESS", CALLGATE_KILL_PROCESS, false },
	{ "USER_NOTIF", CALLGATE_NOTIFY, false },
	{ "ERRNO", CALLGATE_ERRNO(0), true },
	{ "TRAP", CALLGATE_TRAP, true },
	{ "TRACE", CALLGATE_TRACE(0), true },
};

/* ---- Rules ---- */

static bool read_action(struct kafel_reader *r, uint32_t *ret)
{
	struct scan *s = &r->scan;
	struct scan_token token;
	uint64_t data = 0;
	size_t i = 0;

	while (i < ARRAY_SIZE(actions) && !scan_is(s, actions[i].name))
		i++;
	if (i == ARRAY_SIZE(actions))
		return scan_unexpected(s, "an action (ALLOW, LOG, KILL, KILL_PROCESS, DENY, USER_NOTIF, ERRNO, TRAP, TRACE), USE or POLICY");
	scan_next(s);
	*ret = actions[i].action;
	if (!actions[i].data)
		return true;
	if (!scan_expect(s, "("))
		return false;
	token = s->token;
	if (!kafel_read_number(r, &data))
		return false;
	if (data > UINT16_MAX) {
		scan_error(s, "kafel-number", &token, "the number of %s is 0 to 65535", actions[i].name);
		return false;
	}
	*ret |= (uint32_t)data;
	return scan_expect(s, ")");
}

static bool at_number(struct kafel_reader *r, const struct scan_token *token, uint64_t number)
{
	enum callgate_abi native = arch_native();

	r->syscall = number <= UINT32_MAX ? arch_syscall_at(native, (uint32_t)number) : -ENOENT;
	if (r->syscall >= 0)
		return true;
	scan_error(&r->scan, "kafel-unsupported", token, "no system call of %s has this number; profiles know calls by their names",
		   callgate_abi_name(native));
	return false;
}

/* A name, a constant that is a number, or SYSCALL[number]. False with r->syscall = -ENOENT and no error: a name that may be unknown. */
static bool read_syscall(struct kafel_reader *r)
{
	struct scan *s = &r->scan;
	struct scan_token token = s->token;
	const struct kafel_constant *constant;
	uint64_t number;

	if (token.kind != SCAN_WORD)
		return scan_unexpected(s, "the name of a system call");
	scan_next(s);
	if (scan_token_is(&token, "SYSCALL") && scan_take(s, "["))
		return kafel_read_number(r, &number) && scan_expect(s, "]") && at_number(r, &token, number);
	constant = kafel_constant(r, &token);
	if (constant)
		return at_number(r, &token, constant->value);
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (scan_token_is(&token, aliases[i].kafel)) {
			r->syscall = arch_syscall_id(aliases[i].name);
			return true;
		}
	}
	r->syscall = scan_syscall(s, &token, r->input->flags);
	return r->syscall >= 0 || r->input->flags & CALLGATE_READ_UNKNOWN_NAMES;
}

/* "(fd, buf)" behind the name: from now on the arguments are called so. */
static bool read_arguments(struct kafel_reader *r)
{
	struct scan *s = &r->scan;

	r->n_args = 0;
	r->named = scan_take(s, "(");
	if (!r->named || scan_take(s, ")"))
		return true;
	do {
		if (s->token.kind != SCAN_WORD)
			return scan_unexpected(s, "the name of an argument");
		for (unsigned i = 0; i < r->n_args; i++) {
			if (kafel_same(&r->args[i], &s->token)) {
				scan_error(s, "kafel-argument", &s->token, "this argument is named twice");
				return false;
			}
		}
		if (r->n_args == ARRAY_SIZE(r->args)) {
			scan_error(s, "kafel-argument", &s->token, "a system call has at most six arguments");
			return false;
		}
		r->args[r->n_args++] = s->token;
		scan_next(s);
	} while (scan_take(s, ","));
	return scan_expect(s, ")");
}

static bool read_condition(struct kafel_reader *r, struct dnf *ret, int *error)
{
	struct scan *s = &r->scan;

	if (!scan_take(s, "{") || scan_take(s, "}")) {
		*error = dnf_always(ret);
		return !*error;
	}
	return kafel_read_expression(r, ret, error) && scan_expect(s, "}");
}

static bool read_rule(struct kafel_reader *r, uint32_t action, struct kafel_policy *policy, int *error)
{
	struct scan *s = &r->scan;
	struct kafel_rule rule = { .action = action, .line = s->token.line, .column = s->token.column };
	bool good;

	if (!read_syscall(r) || !read_arguments(r))
		return false;
	if (scan_is(s, "ON")) {
		scan_error(s, "kafel-unsupported", &s->token, "ON, a rule for some architectures, cannot be read");
		return false;
	}
	rule.syscall = r->syscall;
	good = read_condition(r, &rule.dnf, error);
	if (good && rule.syscall >= 0) {
		struct kafel_entry entry = { .rule = (uint32_t)r->rules.count + 1 };

		policy->rules += rule.dnf.terms.count;
		if (!vec_push(&r->rules, rule)) {
			*error = vec_push(&policy->entries, entry);
			return !*error;
		}
		*error = -ENOMEM;
	}
	dnf_done(&rule.dnf);
	return good && !*error;
}

/* ---- Statements ---- */

static bool read_use(struct kafel_reader *r, struct kafel_policy *policy, int *error)
{
	struct scan *s = &r->scan;
	char text[SCAN_WORD_SIZE];

	if (s->token.kind != SCAN_WORD)
		return scan_unexpected(s, "the name of a policy");
	for (size_t i = 1; i < r->policies.count; i++) {
		struct kafel_entry entry = { .used = (uint32_t)i };

		if (!kafel_same(&r->policies.items[i].name, &s->token))
			continue;
		/* a use counts itself: of empty policies, too, there may be exponentially many */
		policy->rules += r->policies.items[i].rules + 1;
		if (policy->rules > KAFEL_CLAUSES_MAX) {
			scan_error(s, "kafel-too-large", &s->token, "policies that use others make more than %u clauses", KAFEL_CLAUSES_MAX);
			return false;
		}
		scan_next(s);
		*error = vec_push(&policy->entries, entry);
		return !*error;
	}
	scan_error(s, "kafel-unknown-policy", &s->token, "no policy before this line is called \"%s\"", scan_text(&s->token, text));
	return false;
}

/* Statements of a policy, separated by commas. */
static bool read_statements(struct kafel_reader *r, struct kafel_policy *policy, int *error)
{
	struct scan *s = &r->scan;
	uint32_t action;

	do {
		if (scan_take(s, "USE")) {
			if (!read_use(r, policy, error))
				return false;
			continue;
		}
		if (!read_action(r, &action) || !scan_expect(s, "{"))
			return false;
		if (scan_take(s, "}"))
			continue;
		do {
			if (!read_rule(r, action, policy, error))
				return false;
		} while (scan_take(s, ","));
		if (!scan_expect(s, "}"))
			return false;
	} while (scan_take(s, ","));
	return true;
}

static bool read_policy(struct kafel_reader *r, int *error)
{
	struct scan *s = &r->scan;
	struct kafel_policy policy = { .name = s->token };
	bool good = false;

	if (s->token.kind != SCAN_WORD)
		return scan_unexpected(s, "the name of a policy");
	for (size_t i = 1; i < r->policies.count; i++) {
		if (kafel_same(&r->policies.items[i].name, &s->token)) {
			scan_error(s, "kafel-duplicate", &s->token, "there is a policy of this name already");
			return false;
		}
	}
	scan_next(s);
	if (scan_expect(s, "{"))
		good = scan_take(s, "}") || (read_statements(r, &policy, error) && scan_expect(s, "}"));
	if (good) {
		*error = vec_push(&r->policies, policy);
		if (!*error)
			return true;
	}
	vec_done(&policy.entries);
	return false;
}

static bool read_default(struct kafel_reader *r, const struct scan_token *token)
{
	if (r->has_default) {
		scan_error(&r->scan, "kafel-duplicate", token, "there is a DEFAULT already");
		return false;
	}
	r->has_default = true;
	return read_action(r, &r->profile->default_action);
}

/* "#define NAME number" */
static bool read_hash(struct kafel_reader *r, const struct scan_token *token, int *error)
{
	struct scan *s = &r->scan;
	struct kafel_constant constant;
	const struct kafel_constant *known;

	if (!scan_take(s, "define")) {
		scan_error(s, "kafel-unsupported", token, "only #define can be read; put what #include names into this file");
		return false;
	}
	constant.name = s->token;
	if (s->token.kind != SCAN_WORD)
		return scan_unexpected(s, "the name of a constant");
	scan_next(s);
	known = kafel_constant(r, &constant.name);
	if (s->token.kind != SCAN_NUMBER)
		return scan_unexpected(s, "a number");
	constant.value = s->token.value;
	if (known && known->value != constant.value) {
		scan_error(s, "kafel-duplicate", &constant.name, "this constant has another value already");
		return false;
	}
	scan_next(s);
	*error = known ? 0 : vec_push(&r->constants, constant);
	return !*error;
}

/* The first error ends it: without lines there is no telling where to go on. */
static bool read_file(struct kafel_reader *r, int *error)
{
	struct scan *s = &r->scan;
	struct kafel_policy own = { 0 };
	bool good = true;

	*error = vec_push(&r->policies, own);
	while (good && !*error && s->token.kind != SCAN_END) {
		struct scan_token token = s->token;

		if (scan_take(s, "#")) {
			good = read_hash(r, &token, error);
		} else if (scan_take(s, "POLICY")) {
			good = read_policy(r, error);
		} else if (scan_take(s, "DEFAULT")) {
			good = read_default(r, &token);
		} else {
			/* the list of policies may move, but only a POLICY makes it longer */
			good = read_statements(r, &r->policies.items[0], error);
		}
	}
	return good && !*error;
}

/* ---- The whole ---- */

/* Uses lead only to earlier policies, but may be nested as deep as there are policies: a list of places rather than recursion. */
static int add_policy(struct kafel_reader *r)
{
	struct place {
		uint32_t policy, entry;
	};
	VEC(struct place) places = { 0 };
	int error = vec_push(&places, (struct place){ 0, 0 });

	while (!error && places.count) {
		struct place *place = &places.items[places.count - 1];
		const struct kafel_policy *policy = &r->policies.items[place->policy];

		if (place->entry == policy->entries.count) {
			places.count--;
			continue;
		}
		const struct kafel_entry *entry = &policy->entries.items[place->entry++];

		if (!entry->rule) {
			error = vec_push(&places, (struct place){ entry->used, 0 });
			continue;
		}
		const struct kafel_rule *rule = &r->rules.items[entry->rule - 1];
		const struct profile_clause clause = { .syscall = rule->syscall, .action = rule->action, .line = rule->line, .column = rule->column };

		error = dnf_add_clauses(&rule->dnf, r->profile, &clause);
	}
	vec_done(&places);
	return error;
}

static void done_reader(struct kafel_reader *r)
{
	for (size_t i = 0; i < r->rules.count; i++)
		dnf_done(&r->rules.items[i].dnf);
	for (size_t i = 0; i < r->policies.count; i++)
		vec_done(&r->policies.items[i].entries);
	vec_done(&r->rules);
	vec_done(&r->policies);
	vec_done(&r->constants);
	profile_free(r->profile);
}

static int read_all(struct kafel_reader *r)
{
	const struct format_input *input = r->input;
	int error = profile_new(&r->profile);

	if (error)
		return error;
	r->profile->default_action = CALLGATE_KILL_THREAD;
	r->profile->bad_arch_action = CALLGATE_KILL_THREAD;
	scan_start(&r->scan, &rules, &r->strict, input->bytes, input->size, input->file);
	if (!read_file(r, &error))
		return error ? error : -EBADMSG;
	if (r->policies.count > 1 && !r->policies.items[0].entries.count)
		diag_warning(r->strict.diags, "kafel-unused", scan_where(&r->scan, &r->policies.items[1].name),
			     "no policy is used, so only the default action counts; end the file with USE NAME DEFAULT ACTION");
	error = add_policy(r);
	if (!error && input->file)
		error = strpool_add(&r->profile->strings, input->file, strlen(input->file), &r->profile->file);
	return error ? error : profile_normalise(r->profile);
}

static int import(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(done_reader) struct kafel_reader reader = { .input = input, .strict.diags = diags };
	int error = read_all(&reader);

	if (!error)
		error = policy_from_profile(input->file, take_ptr(reader.profile), ret_policy);
	return error == -ENOMEM ? diag_oom(diags) : error;
}

const struct format format_kafel = {
	.name = "kafel",
	.help = "kafel's policies, as nsjail takes them",
	.extensions = ".kafel",
	.import = import,
};
