/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call as people write it:
 *
 *	socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)     41(2, 1, 0)     socket AF_INET 1 0     41 2 1 0     socket
 *	x32:socket(2, 1, 0)     syscall_999(1)     -1     arch_0xc00000b7:198(2)
 *
 * Numbers stand for themselves. What stands for an int (a negative number, a named constant) is stored as the kernel
 * reads it: -1 in a 32-bit argument is 0xffffffff. A prefix overrules the ABI asked for, so that call_format can name any call.
 */
#include "model/call.h"

#include <stdio.h>

#include "arch/arch.h"

#define TOKEN_MAX 64
#define SUGGEST_DISTANCE 3

struct parser {
	const char *text, *at;
	enum callgate_abi abi;
	int syscall; /* id, or negative: a number no table knows */
	struct callgate_diags *diags;
};

static struct diag_where where(const struct parser *p, const char *at)
{
	return (struct diag_where){ .column = (unsigned)(at - p->text) + 1 };
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_number(const char *token)
{
	return *token == '-' || (*token >= '0' && *token <= '9');
}

/* The next name or number, with its sign. */
static int take_token(struct parser *p, char token[static TOKEN_MAX], const char **ret_start)
{
	const char *start = p->at, *end = start + (*start == '-');
	size_t size;

	while (is_word(*end))
		end++;
	size = (size_t)(end - start);
	if (!size || size >= TOKEN_MAX) {
		const char *what = size ? "this word is too long" : *start ? "a name or a number is expected here" : "the call ends too early";

		return diag_error(p->diags, -EINVAL, "call-syntax", where(p, start), "%s", what);
	}
	memcpy(token, start, size);
	token[size] = '\0';
	p->at = end;
	*ret_start = start;
	return 0;
}

static int take_number(struct parser *p, const char *token, const char *start, uint64_t *ret_value)
{
	int r = parse_u64(token, ret_value);

	if (!r)
		return 0;
	return diag_error(p->diags, -EINVAL, "call-syntax", where(p, start), r == -ERANGE ? "%s does not fit in 64 bits" : "%s is not a number",
			  token);
}

/* ---- The system call ---- */

static int unknown_name(struct parser *p, const char *token, const char *start)
{
	const char *near = arch_syscall_suggest(token);

	if (near)
		return diag_error(p->diags, -EINVAL, "call-unknown-name", where(p, start), "no system call is called %s; did you mean %s?",
				  token, near);
	return diag_error(p->diags, -EINVAL, "call-unknown-name", where(p, start), "no system call is called %s", token);
}

static int parse_name(struct parser *p, const char *token, const char *start, uint32_t *ret_nr)
{
	int64_t nr;

	p->syscall = arch_syscall_id(token);
	if (p->syscall < 0)
		return unknown_name(p, token, start);
	nr = arch_syscall_nr(p->abi, p->syscall);
	if (nr < 0)
		return diag_error(p->diags, -EINVAL, "call-not-in-abi", where(p, start), "%s has no system call %s", arch_abi_get(p->abi)->name,
				  token);
	*ret_nr = (uint32_t)nr;
	return 0;
}

static int parse_nr(struct parser *p, const char *token, const char *start, uint32_t *ret_nr)
{
	uint64_t number;
	int r = take_number(p, token, start, &number);

	if (r)
		return r;
	if (number > UINT32_MAX && (*token != '-' || (int64_t)number < INT32_MIN))
		return diag_error(p->diags, -EINVAL, "call-syntax", where(p, start), "%s is too large for the number of a system call", token);
	/* an x32 number is right with and without its base; -1 belongs to no ABI */
	*ret_nr = (uint32_t)number;
	if (*ret_nr < arch_abi_get(p->abi)->nr_base)
		*ret_nr += arch_abi_get(p->abi)->nr_base;
	p->syscall = arch_syscall_at(p->abi, *ret_nr);
	return 0;
}

/* "x32:" or "arch_0x40000003:". An unknown architecture has no names and no number base. */
static int parse_prefix(struct parser *p, const char *token, const char *start, uint32_t *ret_arch, bool *ret_known)
{
	int abi = arch_abi_from_name(token);
	uint64_t arch;

	if (abi >= 0) {
		p->abi = (enum callgate_abi)abi;
		*ret_arch = arch_abi_get(p->abi)->audit_arch;
		return 0;
	}
	if (!strncmp(token, "arch_", 5) && !parse_u64(token + 5, &arch) && arch <= UINT32_MAX) {
		*ret_arch = (uint32_t)arch;
		*ret_known = false;
		return 0;
	}
	return diag_error(p->diags, -EINVAL, "call-syntax", where(p, start), "no ABI is called %s", token);
}

static int parse_head(struct parser *p, struct callgate_call *call)
{
	char token[TOKEN_MAX];
	const char *start, *number = token;
	bool known = true;
	int r;

	skip_blanks(p);
	call->arch = arch_abi_get(p->abi)->audit_arch;
	r = take_token(p, token, &start);
	if (!r && *p->at == ':') {
		r = parse_prefix(p, token, start, &call->arch, &known);
		p->at++;
		if (!r)
			r = take_token(p, token, &start);
	}
	if (r)
		return r;
	if (!strncmp(token, "syscall_", 8) && is_number(token + 8))
		number += 8;
	else if (!is_number(token) && known)
		return parse_name(p, token, start, &call->nr);
	if (known)
		return parse_nr(p, number, start, &call->nr);
	/* x86_64 adds nothing to a number */
	p->abi = CALLGATE_ABI_X86_64;
	r = parse_nr(p, number, start, &call->nr);
	p->syscall = -ENOENT;
	return r;
}

/* ---- Arguments ---- */

static unsigned width_of(enum callgate_abi abi, int syscall, unsigned index)
{
	return syscall >= 0 ? arch_arg_width(abi, syscall, index) : arch_abi_get(abi)->word_bits;
}

/* What an int of this value puts into a 32-bit argument. */
static uint64_t as_int(uint64_t value, unsigned width)
{
	return width == 32 && (int64_t)value < 0 && (int64_t)value >= INT32_MIN ? (uint32_t)value : value;
}

static const char *nearest_constant(const char *family, const char *token, enum callgate_abi abi)
{
	const char *name, *best = NULL;
	unsigned least = SUGGEST_DISTANCE + 1;
	uint64_t value;

	for (unsigned i = 0; family && !arch_family_at(family, i, abi, &name, &value); i++) {
		unsigned distance = edit_distance(token, name, SUGGEST_DISTANCE);

		if (distance < least) {
			least = distance;
			best = name;
		}
	}
	return best;
}

static int unknown_constant(struct parser *p, const char *token, const char *start, const char *family, int error)
{
	const char *near = nearest_constant(family, token, p->abi);

	if (error == -ENOTUNIQ)
		return diag_error(p->diags, -EINVAL, "call-unknown-constant", where(p, start),
				  "%s means different numbers in different places; write the number", token);
	if (near)
		return diag_error(p->diags, -EINVAL, "call-unknown-constant", where(p, start), "no constant is called %s; did you mean %s?",
				  token, near);
	return diag_error(p->diags, -EINVAL, "call-unknown-constant", where(p, start), "no constant is called %s", token);
}

static int parse_constant(struct parser *p, const char *token, const char *start, unsigned index, uint64_t *ret_value)
{
	const struct arch_arg *arg = p->syscall >= 0 ? arch_arg_of(p->abi, p->syscall, index) : NULL;
	const char *family = arg ? arg->family : NULL;
	int r = -ENOENT;

	if (!strcmp(token, "_"))
		return diag_error(p->diags, -EINVAL, "call-syntax", where(p, start), "a call has values: _ cannot stand for any value here");
	if (!strcmp(token, "NULL")) {
		*ret_value = 0;
		return 0;
	}
	if (family)
		r = arch_constant_value(family, token, p->abi, ret_value);
	if (r)
		r = arch_constant_any(token, p->abi, ret_value);
	return r ? unknown_constant(p, token, start, family, r) : 0;
}

/* One argument: terms joined by `|`. */
static int parse_argument(struct parser *p, unsigned index, uint64_t *ret_value)
{
	unsigned width = width_of(p->abi, p->syscall, index);
	uint64_t value = 0;

	for (;;) {
		char token[TOKEN_MAX];
		const char *start;
		uint64_t term;
		int r;

		skip_blanks(p);
		r = take_token(p, token, &start);
		if (!r)
			r = is_number(token) ? take_number(p, token, start, &term) : parse_constant(p, token, start, index, &term);
		if (r)
			return r;
		/* a number without a sign is meant as it stands, even in bits that the kernel ignores */
		value |= *token >= '0' && *token <= '9' ? term : as_int(term, width);
		skip_blanks(p);
		if (*p->at != '|')
			break;
		p->at++;
	}
	*ret_value = value;
	return 0;
}

static int add_argument(struct parser *p, unsigned *count, uint64_t args[6])
{
	if (*count == 6)
		return diag_error(p->diags, -EINVAL, "call-too-many", where(p, p->at), "a system call has at most six arguments");
	++*count;
	return parse_argument(p, *count - 1, &args[*count - 1]);
}

static int parse_parentheses(struct parser *p, uint64_t args[6])
{
	unsigned count = 0;

	p->at++;
	skip_blanks(p);
	while (*p->at != ')' || count) {
		int r = add_argument(p, &count, args);

		if (r)
			return r;
		if (*p->at == ')')
			break;
		if (*p->at != ',')
			return diag_error(p->diags, -EINVAL, "call-syntax", where(p, p->at), "a comma or a closing parenthesis is expected here");
		p->at++;
		skip_blanks(p);
	}
	p->at++;
	skip_blanks(p);
	if (*p->at)
		return diag_error(p->diags, -EINVAL, "call-syntax", where(p, p->at), "nothing can follow the closing parenthesis");
	return 0;
}

static int parse_words(struct parser *p, uint64_t args[6])
{
	unsigned count = 0;

	while (*p->at) {
		int r;

		/* skip_blanks of the head or of the argument before has left at least one blank behind, or this is not a new word */
		if (p->at[-1] != ' ' && p->at[-1] != '\t')
			return diag_error(p->diags, -EINVAL, "call-syntax", where(p, p->at), "arguments are separated by blanks, or by commas within parentheses");
		r = add_argument(p, &count, args);
		if (r)
			return r;
	}
	return 0;
}

int call_parse(const char *text, enum callgate_abi abi, struct callgate_call *ret_call, struct callgate_diags *diags)
{
	struct parser p = { .text = text, .at = text, .abi = abi, .diags = diags };
	struct callgate_call call = { 0 };
	int r = parse_head(&p, &call);

	if (r)
		return r;
	skip_blanks(&p);
	r = *p.at == '(' ? parse_parentheses(&p, call.args) : parse_words(&p, call.args);
	if (r)
		return r;
	*ret_call = call;
	return 0;
}
