/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file of expectations. Whatever is not understood is an error with its line and column: a test that is skipped tests nothing. */
#include "check/ptest.h"

#include <stdio.h>

#include "model/call.h"

#define LINE_MAX_BYTES 4096

static const struct verb {
	const char *word;
	enum ptest_kind kind;
} verbs[] = {
	{ "allow", PTEST_ALLOW }, { "permit", PTEST_PERMIT }, { "deny", PTEST_DENY },
	{ "log", PTEST_LOG },     { "errno", PTEST_ERRNO },   { "kill", PTEST_KILL },
	{ "trap", PTEST_TRAP },   { "notify", PTEST_NOTIFY }, { "trace", PTEST_TRACE },
};

struct reader {
	struct callgate_tests *tests;
	struct callgate_diags *diags;
	unsigned line;
	const char *start; /* of the line */
	int abi;           /* of the section */
	char *source;
};

static void done_test(struct ptest *test)
{
	free(test->call);
	free(test->text);
	free(test->source);
}

struct callgate_tests *ptest_free(struct callgate_tests *tests)
{
	if (tests) {
		for (size_t i = 0; i < tests->items.count; i++)
			done_test(&tests->items.items[i]);
		vec_done(&tests->items);
		free(tests->file);
		free(tests);
	}
	return NULL;
}

static struct diag_where where(const struct reader *r, const char *at)
{
	return (struct diag_where){ r->tests->file, r->line, (unsigned)(at - r->start) + 1 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* Cut the word at p off; what follows it. */
static char *cut_word(char *p)
{
	while (*p && !is_blank(*p))
		p++;
	if (*p)
		*p++ = '\0';
	return skip_blanks(p);
}

/* ---- Sections ---- */

static int read_abi(struct reader *r, const char *name, const char *at, int *ret_abi)
{
	int abi = strcmp(name, "*") ? arch_abi_from_name(name) : -1;

	if (abi < 0 && strcmp(name, "*"))
		return diag_error(r->diags, -EBADMSG, "test-abi", where(r, at), "\"%s\" is no ABI; write x86_64, i386, aarch64 ... or *",
				  name);
	*ret_abi = abi;
	return 0;
}

static int read_section(struct reader *r, char *p)
{
	size_t length = strlen(p);
	char *value;

	if (p[length - 1] != ']' || length < 3)
		return diag_error(r->diags, -EBADMSG, "test-section", where(r, p), "a section is [abi NAME] or [source FILE]");
	p[length - 1] = '\0';
	p = skip_blanks(p + 1);
	value = cut_word(p);
	for (char *end = value + strlen(value); end > value && is_blank(end[-1]);)
		*--end = '\0';
	if (!strcmp(p, "abi") && *value)
		return read_abi(r, value, value, &r->abi);
	if (strcmp(p, "source") || !*value)
		return diag_error(r->diags, -EBADMSG, "test-section", where(r, p), "a section is [abi NAME] or [source FILE]");
	free(r->source);
	r->source = NULL;
	if (!strcmp(value, "*"))
		return 0;
	r->source = strdup(value);
	return r->source ? 0 : diag_oom(r->diags);
}

/* ---- Calls ---- */

/* Copy one argument; a lone * becomes 0. */
static bool copy_argument(struct buf *out, const char *p, size_t length)
{
	while (length && is_blank(*p))
		p++, length--;
	while (length && is_blank(p[length - 1]))
		length--;
	if (length == 1 && *p == '*') {
		buf_puts(out, "0");
		return true;
	}
	buf_put(out, p, length);
	return false;
}

/* From behind the parenthesis on. */
static int read_arguments(struct reader *r, const char *p, struct ptest *test, struct buf *call)
{
	buf_puts(call, "(");
	for (unsigned index = 0;; index++) {
		size_t length = strcspn(p, ",)");
		bool none = !index && p[length] == ')' && p + strspn(p, " \t") == p + length;

		if (!p[length])
			return diag_error(r->diags, -EBADMSG, "test-call", where(r, p), "the parenthesis is not closed");
		if (index)
			buf_puts(call, ", ");
		if (!none && !copy_argument(call, p, length) && index < 6)
			test->any &= ~(1u << index);
		p += length + 1;
		if (p[-1] == ')')
			break;
	}
	buf_puts(call, ")");
	p += strspn(p, " \t");
	if (*p)
		return diag_error(r->diags, -EBADMSG, "test-call", where(r, p), "something follows the call");
	return 0;
}

/* "socket(AF_UNIX, *)" as call_parse reads it, and which arguments may be anything. */
static int read_pattern(struct reader *r, const char *p, struct ptest *test)
{
	_cleanup_(buf_done) struct buf call = { 0 };
	size_t name = strcspn(p, "( \t");
	const char *open = p + name + strspn(p + name, " \t");
	int error = 0;

	buf_put(&call, p, name);
	test->any = 0x3f;
	if (*open && *open != '(')
		return diag_error(r->diags, -EBADMSG, "test-call", where(r, open), "write a name, or NAME(ARGUMENT, *, ...)");
	if (*open)
		error = read_arguments(r, open + 1, test, &call);
	if (error)
		return error;
	return buf_take(&call, &test->call, NULL) ? diag_oom(r->diags) : 0;
}

/* The text must be a call of at least one ABI that is meant. */
static int check_pattern(struct reader *r, const char *at, const struct ptest *test)
{
	struct callgate_diags *diags = callgate_diags_new();
	enum callgate_abi abi = test->abi >= 0 ? (enum callgate_abi)test->abi : arch_native();
	struct callgate_call call;
	int error = diags ? call_parse(test->call, abi, &call, diags) : -ENOMEM;

	for (int other = 0; error && error != -ENOMEM && test->abi < 0 && other < CALLGATE_ABI_COUNT; other++)
		error = call_parse(test->call, (enum callgate_abi)other, &call, NULL);
	if (error == -ENOMEM)
		diag_oom(r->diags);
	else if (error)
		error = diag_error(r->diags, -EBADMSG, "test-call", where(r, at), "%s",
				   callgate_diags_count(diags) ? callgate_diags_get(diags, 0)->text : "this is no call");
	callgate_diags_free(diags);
	return error;
}

/* ---- Lines ---- */

static int read_errno(struct reader *r, char **p, struct ptest *test)
{
	char *name = *p;
	uint64_t number = 0;
	int value;

	*p = cut_word(name);
	value = arch_errno_value(name);
	if (value < 0 && (parse_u64(name, &number) || number > 4095))
		return diag_error(r->diags, -EBADMSG, "test-errno", where(r, name), "\"%s\" is no error; write errno EPERM ptrace", name);
	test->error = (uint16_t)(value < 0 ? (int)number : value);
	return 0;
}

static int read_verb(struct reader *r, char **p, struct ptest *test)
{
	char *word = *p, *rest = cut_word(word);

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].word, word))
			continue;
		test->kind = verbs[i].kind;
		*p = rest;
		return test->kind == PTEST_ERRNO ? read_errno(r, p, test) : 0;
	}
	return diag_error(r->diags, -EBADMSG, "test-verb", where(r, word),
			  "\"%s\" is no expectation; write allow, permit, deny, log, errno NAME, kill, trap, notify or trace", word);
}

static int read_expectation(struct reader *r, char *p)
{
	struct ptest test = { .abi = r->abi, .line = r->line, .column = (unsigned)(p - r->start) + 1, .text = strdup(p) };
	char *colon = p + strcspn(p, ": \t");
	int error = test.text ? 0 : diag_oom(r->diags);

	if (!error && *colon == ':') {
		*colon = '\0';
		error = read_abi(r, p, p, &test.abi);
		p = skip_blanks(colon + 1);
	}
	if (!error)
		error = read_verb(r, &p, &test);
	if (!error && (!*p || strchr(p, ':')))
		error = diag_error(r->diags, -EBADMSG, "test-call", where(r, p), "%s",
				   *p ? "the ABI stands at the begin of the line" : "the call is missing");
	if (!error)
		error = read_pattern(r, p, &test);
	if (!error)
		error = check_pattern(r, p, &test);
	if (!error && r->source && !(test.source = strdup(r->source)))
		error = diag_oom(r->diags);
	if (!error && vec_push(&r->tests->items, test))
		error = diag_oom(r->diags);
	if (error)
		done_test(&test);
	return error;
}

/* One line without its end. `size` may hold NUL bytes, which are no text. */
static int read_line(struct reader *r, const char *bytes, size_t size)
{
	char line[LINE_MAX_BYTES], *p;

	r->start = line;
	if (size >= sizeof(line) || memchr(bytes, 0, size))
		return diag_error(r->diags, -EBADMSG, "test-line", (struct diag_where){ r->tests->file, r->line, 1 },
				  size >= sizeof(line) ? "the line is longer than 4095 bytes" : "the line holds a NUL byte");
	memcpy(line, bytes, size);
	line[size] = '\0';
	line[strcspn(line, "#\r")] = '\0';
	for (size_t end = strlen(line); end && is_blank(line[end - 1]);)
		line[--end] = '\0';
	p = skip_blanks(line);
	if (!*p)
		return 0;
	return *p == '[' ? read_section(r, p) : read_expectation(r, p);
}

static void free_tests(struct callgate_tests **tests)
{
	ptest_free(*tests);
}

int ptest_read(const char *bytes, size_t size, const char *file, struct callgate_tests **ret_tests, struct callgate_diags *diags)
{
	_cleanup_(free_tests) struct callgate_tests *tests = calloc(1, sizeof(*tests));
	struct reader r = { .tests = tests, .diags = diags, .abi = -1 };
	const char *end = bytes + size;
	int error = 0;

	if (!tests || !(tests->file = strdup(file ? file : "tests")))
		return diag_oom(diags);
	/* All mistakes of a file are told, unless memory is short. */
	while (bytes < end && error != -ENOMEM) {
		const char *eol = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t length = (size_t)((eol ? eol : end) - bytes);
		int one;

		r.line++;
		one = tests->items.count >= PTEST_MAX ? diag_error(diags, -EBADMSG, "test-line", DIAG_FILE(tests->file),
								   "the file has more than %d expectations", PTEST_MAX)
						      : read_line(&r, bytes, length);
		error = one ? one : error;
		if (tests->items.count >= PTEST_MAX)
			break;
		bytes += length + 1;
	}
	free(r.source);
	if (error)
		return error;
	*ret_tests = take_ptr(tests);
	return 0;
}
