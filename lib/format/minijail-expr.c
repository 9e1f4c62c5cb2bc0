/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of minijail policies: constant expressions, atoms, actions, and the clauses that they become. */
#include "format/minijail.h"

/* ---- Constants ---- */

static struct minijail_value plain(uint64_t number)
{
	struct minijail_value value = { .known = MINIJAIL_ABIS_ALL };

	for (int i = 0; i < CALLGATE_ABI_COUNT; i++)
		value.at[i] = number;
	return value;
}

static bool read_named(struct minijail_reader *r, const struct scan_token *token, struct minijail_value *ret)
{
	char text[SCAN_WORD_SIZE];
	struct minijail_value value = { 0 };
	bool doubtful = false;
	int number;

	scan_text(token, text);
	for (int i = 0; i < CALLGATE_ABI_COUNT; i++) {
		int error = arch_constant_any(text, i, &value.at[i]);

		value.known |= error ? 0 : CALLGATE_ABI_BIT(i);
		doubtful |= error == -ENOTUNIQ;
	}
	if (!value.known && !doubtful) {
		number = arch_errno_value(text);
		if (number >= 0)
			value = plain((uint64_t)number);
	}
	if (doubtful || !value.known) {
		scan_error(r->scan, "minijail-constant", token,
			   doubtful ? "\"%s\" is worth different numbers for different calls; write the number" :
				      "no constant is called \"%s\"; mend the name or write the number", text);
		return false;
	}
	*ret = value;
	return true;
}

static bool read_value(struct minijail_reader *r, unsigned depth, struct minijail_value *ret);

/* [~] number, [~] name, [~] ( value ) */
static bool read_constant(struct minijail_reader *r, unsigned depth, struct minijail_value *ret)
{
	struct scan *s = r->scan;
	bool complement = scan_take(s, "~"), good;

	if (scan_is(s, "(")) {
		if (depth >= MINIJAIL_PARENS_MAX) {
			scan_error(s, "minijail-syntax", &s->token, "parentheses are nested deeper than %d", MINIJAIL_PARENS_MAX);
			return false;
		}
		scan_next(s);
		good = read_value(r, depth + 1, ret) && scan_expect(s, ")");
	} else if (s->token.kind == SCAN_NUMBER) {
		*ret = plain(s->token.value);
		scan_next(s);
		good = true;
	} else if (s->token.kind == SCAN_WORD) {
		good = read_named(r, &s->token, ret);
		scan_next(s);
	} else {
		good = scan_unexpected(s, "a number or the name of a constant");
	}
	for (int i = 0; i < CALLGATE_ABI_COUNT && good && complement; i++)
		ret->at[i] = ~ret->at[i];
	return good;
}

static bool read_value(struct minijail_reader *r, unsigned depth, struct minijail_value *ret)
{
	struct minijail_value next;

	if (!read_constant(r, depth, ret))
		return false;
	while (scan_take(r->scan, "|")) {
		if (!read_constant(r, depth, &next))
			return false;
		for (int i = 0; i < CALLGATE_ABI_COUNT; i++)
			ret->at[i] |= next.at[i];
		ret->known &= next.known;
	}
	return true;
}

/* ---- Expressions ---- */

static bool is_argument(const struct scan_token *token)
{
	return token->kind == SCAN_WORD && token->size > 3 && !memcmp(token->text, "arg", 3) && token->text[3] >= '0' && token->text[3] <= '9';
}

static bool read_op(struct minijail_reader *r, uint8_t *ret)
{
	static const struct word ops[] = {
		{ "==", OP_EQ }, { "!=", OP_NE }, { "<", OP_LT },          { "<=", OP_LE },
		{ ">", OP_GT },  { ">=", OP_GE }, { "&", MINIJAIL_ANY }, { "in", MINIJAIL_IN },
	};
	char text[SCAN_WORD_SIZE];
	const struct scan_token *token = &r->scan->token;
	const struct word *word = NULL;

	if (token->kind == SCAN_WORD || token->kind == SCAN_MARK)
		word = word_find(ops, ARRAY_SIZE(ops), scan_text(token, text));
	if (!word)
		return scan_unexpected(r->scan, "a comparison (== != < <= > >= & in)");
	*ret = (uint8_t)word->value;
	scan_next(r->scan);
	return true;
}

static bool read_atom(struct minijail_reader *r, int *error)
{
	struct scan *s = r->scan;
	struct minijail_atom atom = { 0 };

	if (!is_argument(&s->token))
		return scan_unexpected(s, "an argument, arg0 to arg5,");
	if (s->token.size != 4 || s->token.text[3] > '5') {
		char text[SCAN_WORD_SIZE];

		scan_error(s, "minijail-argument", &s->token, "%s: a system call has the arguments arg0 to arg5", scan_text(&s->token, text));
		return false;
	}
	atom.arg = (uint8_t)(s->token.text[3] - '0');
	scan_next(s);
	if (!read_op(r, &atom.op) || !read_value(r, 0, &atom.value))
		return false;
	if (vec_push(&r->statement.atoms, atom))
		*error = -ENOMEM;
	return !*error;
}

/* Atoms joined by && into terms, terms joined by ||. */
static bool read_expression(struct minijail_reader *r, struct minijail_filter *filter, int *error)
{
	struct minijail_statement *statement = &r->statement;

	filter->conditional = true;
	filter->first_term = (uint32_t)statement->terms.count;
	do {
		struct dnf_term term = { .first = (uint32_t)statement->atoms.count };

		do {
			if (!read_atom(r, error))
				return false;
		} while (scan_take(r->scan, "&&"));
		term.count = (uint32_t)statement->atoms.count - term.first;
		if (vec_push(&statement->terms, term)) {
			*error = -ENOMEM;
			return false;
		}
	} while (scan_take(r->scan, "||"));
	filter->n_terms = (uint32_t)statement->terms.count - filter->first_term;
	return true;
}

/* ---- Actions ---- */

/* What stands after "return". */
bool minijail_read_errno(struct minijail_reader *r, uint32_t *ret_action)
{
	struct scan_token token = r->scan->token;
	struct minijail_value value;
	char text[SCAN_WORD_SIZE];
	int number = -ENOENT;

	if (token.kind == SCAN_WORD && token.size < SCAN_WORD_SIZE)
		number = arch_errno_value(scan_text(&token, text));
	if (number >= 0) {
		scan_next(r->scan);
		*ret_action = CALLGATE_ERRNO((uint32_t)number);
		return true;
	}
	if (!read_value(r, 0, &value))
		return false;
	for (int i = 0; i < CALLGATE_ABI_COUNT; i++) {
		if (value.known != MINIJAIL_ABIS_ALL || value.at[i] > MINIJAIL_ERRNO_MAX || value.at[i] != value.at[0]) {
			scan_error(r->scan, "minijail-errno", &token, "an errno is one of 0 to %d, or a name like EPERM", MINIJAIL_ERRNO_MAX);
			return false;
		}
	}
	*ret_action = CALLGATE_ERRNO((uint32_t)value.at[0]);
	return true;
}

static bool read_action(struct minijail_reader *r, uint32_t *ret_action)
{
	struct scan *s = r->scan;
	struct scan_token token = s->token;

	if (scan_take(s, "return"))
		return minijail_read_errno(r, ret_action);
	if (token.kind == SCAN_NUMBER && token.value == 1) {
		*ret_action = CALLGATE_ALLOW;
	} else if (token.kind == SCAN_WORD && !minijail_action(&token, ret_action)) {
		minijail_external(r, &token);
	} else {
		return scan_unexpected(s, "an action (1, return ERRNO, allow, kill, kill-process, kill-thread, trap, trace, log, user-notify)");
	}
	scan_next(s);
	if (!r->denylist)
		return true;
	scan_error(s, "minijail-denylist", &token, "in a policy with @denylist every action is \"return ERRNO\"; the other calls are allowed anyway");
	return false;
}

/*
 * "expression; return E" is the one form that both programs take and read differently: libminijail allows the calls that match and
 * returns E for all others, as minijail0(5) has it; the external compiler returns E for those that match. Within braces, with an
 * action in words, and in a denylist only the latter can be meant.
 */
static bool read_after_expression(struct minijail_reader *r, bool braced, struct minijail_filter *filter, struct minijail_filter *ret_rest)
{
	struct scan *s = r->scan;
	bool is_errno;

	filter->action = CALLGATE_ALLOW;
	if (!scan_is(s, ";"))
		return true;
	scan_next(s);
	is_errno = scan_is(s, "return");
	if (!is_errno)
		minijail_external(r, &s->token);
	if (!is_errno || braced || r->denylist)
		return read_action(r, &filter->action);
	if (!r->doubtful.line)
		r->doubtful = scan_where(s, &s->token);
	ret_rest->token = s->token;
	ret_rest->action = 0;
	return read_action(r, &ret_rest->action);
}

bool minijail_read_filter(struct minijail_reader *r, bool braced, int *error)
{
	struct minijail_filter filter = { .token = r->scan->token }, rest = { .action = CALLGATE_ALLOW };
	bool good;

	if (is_argument(&r->scan->token)) {
		good = read_expression(r, &filter, error) && read_after_expression(r, braced, &filter, &rest);
	} else {
		good = read_action(r, &filter.action);
	}
	if (!good)
		return false;
	if (vec_push(&r->statement.filters, filter) || (rest.token.text && vec_push(&r->statement.filters, rest)))
		*error = -ENOMEM;
	return !*error;
}

/* ---- Clauses ---- */

static struct profile_cond cond_of(const struct minijail_atom *atom, int abi)
{
	uint64_t value = atom->value.at[abi];

	if (atom->op == MINIJAIL_ANY)
		return (struct profile_cond){ .arg = atom->arg, .op = DNF_MASKED_NE, .mask = value };
	if (atom->op == MINIJAIL_IN)
		return (struct profile_cond){ .arg = atom->arg, .op = OP_MASKED_EQ, .mask = ~value };
	return (struct profile_cond){ .arg = atom->arg, .op = atom->op, .value = value };
}

/* The filter's atoms: the first and the number of them. */
static uint32_t atoms_of(const struct minijail_statement *statement, const struct minijail_filter *filter, uint32_t *ret_count)
{
	const struct dnf_term *first = &statement->terms.items[filter->first_term], *last = first + filter->n_terms - 1;

	*ret_count = last->first + last->count - first->first;
	return first->first;
}

/* ABIs among `abis` on which the filter says the same as on `lead`. */
static unsigned alike(const struct minijail_statement *statement, const struct minijail_filter *filter, unsigned abis, int lead, bool *ret_known)
{
	uint32_t count, first = atoms_of(statement, filter, &count);
	unsigned same = abis;

	*ret_known = true;
	for (uint32_t i = first; i < first + count; i++) {
		const struct minijail_value *value = &statement->atoms.items[i].value;

		*ret_known = *ret_known && (value->known & CALLGATE_ABI_BIT(lead));
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
			if (value->at[abi] != value->at[lead] || (value->known >> abi & 1) != (value->known >> lead & 1))
				same &= ~CALLGATE_ABI_BIT(abi);
	}
	return same;
}

static int build(const struct minijail_statement *statement, const struct minijail_filter *filter, int abi, struct dnf *ret)
{
	int error = 0;

	for (uint32_t i = filter->first_term; i < filter->first_term + filter->n_terms && !error; i++) {
		const struct dnf_term *term = &statement->terms.items[i];
		_cleanup_(dnf_done) struct dnf product = { 0 };

		error = dnf_always(&product);
		for (uint32_t j = term->first; j < term->first + term->count && !error; j++) {
			_cleanup_(dnf_done) struct dnf atom = { 0 };

			error = dnf_cond(&atom, cond_of(&statement->atoms.items[j], abi));
			if (!error)
				error = dnf_and(&product, &atom);
		}
		if (!error)
			error = dnf_or(ret, &product);
	}
	return error;
}

static int add_for(struct minijail_reader *r, const struct minijail_name *name, const struct minijail_filter *filter, unsigned abis,
		   const struct dnf *dnf, uint32_t action)
{
	struct profile_clause clause = {
		.syscall = name->syscall, .action = action, .file = r->file, .line = filter->token.line, .column = filter->token.column,
	};
	struct profile_guard guard = { .include_abis = abis };
	int error = abis == MINIJAIL_ABIS_ALL ? 0 : profile_add_guard(r->profile, &guard, &clause.guard);

	if (!error && r->profile->clauses.count + dnf->terms.count > MINIJAIL_CLAUSES_MAX)
		error = -E2BIG;
	if (!error)
		error = dnf_add_clauses(dnf, r->profile, &clause);
	return error;
}

/* Constants may differ between ABIs: clauses for each group of ABIs on which they do not. */
int minijail_add_filter(struct minijail_reader *r, const struct minijail_name *name, const struct minijail_filter *filter)
{
	int error = 0;

	for (unsigned left = name->abis, group; left && !error; left &= ~group) {
		_cleanup_(dnf_done) struct dnf dnf = { 0 };
		int lead = __builtin_ctz(left);
		bool known = true;

		group = filter->conditional ? alike(&r->statement, filter, left, lead, &known) : left;
		/* an ABI without the constant cannot have this policy: minijail would not compile it there */
		error = filter->conditional && known ? build(&r->statement, filter, lead, &dnf) : dnf_always(&dnf);
		if (!error)
			error = add_for(r, name, filter, group, &dnf, known ? filter->action : CALLGATE_KILL_PROCESS);
	}
	if (error != -E2BIG)
		return error;
	scan_error(r->scan, "minijail-too-large", &filter->token, "this needs more clauses than a profile can hold: write fewer \"&\" on masks of many bits");
	return -EBADMSG;
}
