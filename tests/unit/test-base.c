/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/util.c and diag.c; and all of lib/base when memory runs out. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/util.h"

static void vec_grows(void **state)
{
	VEC(uint64_t) v = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(vec_push(&v, i * 3), 0);
	assert_int_equal(v.count, 10000);
	assert_true(v.room < 20000);
	for (uint64_t i = 0; i < v.count; i++)
		assert_int_equal(v.items[i], i * 3);
	vec_done(&v);
	assert_null(v.items);
	assert_int_equal(v.room, 0);
}

static void vec_refuses_overflow(void **state)
{
	VEC(uint64_t) v = { 0 };

	(void)state;
	assert_int_equal(vec_push(&v, 7), 0);
	/* times 8, this wraps to a small size */
	assert_int_equal(vec_reserve((void **)&v.items, &v.room, SIZE_MAX / 8 + 2, 8), -ENOMEM);
	assert_int_equal(vec_reserve((void **)&v.items, &v.room, SIZE_MAX, 1), -ENOMEM);
	assert_int_equal(v.items[0], 7);
	vec_done(&v);
}

static void buf_builds(void **state)
{
	struct buf b = { 0 };
	char *text = NULL;
	size_t size = 99;

	(void)state;
	buf_puts(&b, "one ");
	buf_put(&b, "t\0wo", 4);
	buf_printf(&b, " %d %s", 3, "four");
	assert_int_equal(b.size, 15);
	assert_int_equal(b.text[b.size], 0);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%04d", i);
	assert_int_equal(buf_take(&b, &text, &size), 0);
	assert_int_equal(size, 4015);
	assert_memory_equal(text, "one t\0wo 3 four00000001", 23);
	assert_string_equal(text + size - 8, "09980999");
	assert_null(b.text);
	free(text);
}

static void buf_empty_and_error(void **state)
{
	struct buf b = { 0 };
	char *text = NULL, *untouched = (char *)&b;
	size_t size = 99;

	(void)state;
	assert_int_equal(buf_take(&b, &text, &size), 0);
	assert_string_equal(text, "");
	assert_int_equal(size, 0);
	free(text);

	buf_puts(&b, "x");
	buf_put(&b, "y", SIZE_MAX); /* never read: there is no room for it */
	assert_int_equal(b.error, -ENOMEM);
	buf_puts(&b, "z");
	assert_string_equal(b.text, "x");
	assert_int_equal(buf_take(&b, &untouched, NULL), -ENOMEM);
	assert_ptr_equal(untouched, &b);
	buf_done(&b);
	assert_int_equal(b.error, 0);
}

static void strpool_dedups(void **state)
{
	struct strpool pool = { 0 };
	uint32_t offsets[5000], again;
	char name[32];

	(void)state;
	assert_string_equal(strpool_get(&pool, 0), "");
	assert_int_equal(strpool_add(&pool, "", 0, &again), 0);
	assert_int_equal(again, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		int size = snprintf(name, sizeof(name), "name-%u", i);

		assert_int_equal(strpool_add(&pool, name, (size_t)size, &offsets[i]), 0);
		assert_int_not_equal(offsets[i], 0);
	}
	assert_string_equal(strpool_get(&pool, 0), "");
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		size_t before = pool.size;
		int size = snprintf(name, sizeof(name), "name-%u", i);

		assert_string_equal(strpool_get(&pool, offsets[i]), name);
		assert_int_equal(strpool_add(&pool, name, (size_t)size, &again), 0);
		assert_int_equal(again, offsets[i]);
		assert_int_equal(pool.size, before);
	}
	strpool_done(&pool);
	assert_null(pool.bytes);
}

static void strpool_corners(void **state)
{
	struct strpool pool = { 0 };
	uint32_t a, ab, nul, part;

	(void)state;
	/* not NUL-terminated, a prefix, a NUL inside */
	assert_int_equal(strpool_add(&pool, "abc", 2, &ab), 0);
	assert_int_equal(strpool_add(&pool, "abc", 1, &a), 0);
	assert_int_equal(strpool_add(&pool, "a\0c", 3, &nul), 0);
	assert_string_equal(strpool_get(&pool, ab), "ab");
	assert_string_equal(strpool_get(&pool, a), "a");
	assert_int_not_equal(a, nul);
	assert_memory_equal(strpool_get(&pool, nul), "a\0c", 4);
	/* a text in the pool itself, while the pool moves */
	assert_int_equal(strpool_add(&pool, "0123456789", 10, &a), 0);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(strpool_add(&pool, strpool_get(&pool, a) + i, 10 - i, &part), 0);
		assert_string_equal(strpool_get(&pool, part), &"0123456789"[i]);
	}
	/* too large for 32-bit offsets; refused before a byte is read is not promised, so only through the pool's size */
	pool.size = UINT32_MAX - 4;
	assert_int_equal(strpool_add(&pool, "not yet here", 12, &part), -ENOMEM);
	strpool_done(&pool);
}

static void numbers_parse(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 }, { "7", 0, 7 }, { "18446744073709551615", 0, UINT64_MAX }, { "0xffffffffffffffff", 0, UINT64_MAX },
		{ "0XaB", 0, 0xab }, { "0755", 0, 0755 }, { "01777777777777777777777", 0, UINT64_MAX }, { "-1", 0, UINT64_MAX },
		{ "-0", 0, 0 }, { "-0x10", 0, -UINT64_C(16) }, { "-9223372036854775808", 0, UINT64_C(1) << 63 },
		{ "18446744073709551616", -ERANGE, 0 }, { "0x10000000000000000", -ERANGE, 0 },
		{ "02000000000000000000000", -ERANGE, 0 }, { "-9223372036854775809", -ERANGE, 0 },
		{ "99999999999999999999999999", -ERANGE, 0 }, { "99999999999999999999999999x", -EINVAL, 0 },
		{ "", -EINVAL, 0 }, { "-", -EINVAL, 0 }, { "0x", -EINVAL, 0 }, { "08", -EINVAL, 0 }, { " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 }, { "+1", -EINVAL, 0 }, { "--1", -EINVAL, 0 }, { "1a", -EINVAL, 0 }, { "0xg", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 }, { "x", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 12345;

		if (parse_u64(cases[i].text, &value) != cases[i].error || value != (cases[i].error ? 12345 : cases[i].value))
			fail_msg("parse_u64(\"%s\")", cases[i].text);
	}
}

static void distance_counts(void **state)
{
	char a[EDIT_SIZE_MAX + 2], b[EDIT_SIZE_MAX + 2];

	(void)state;
	assert_int_equal(edit_distance("", "", 3), 0);
	assert_int_equal(edit_distance("socket", "socket", 0), 0);
	assert_int_equal(edit_distance("socket", "sokcet", 3), 1); /* a transposition is one step */
	assert_int_equal(edit_distance("socket", "socke", 3), 1);
	assert_int_equal(edit_distance("ocket", "socket", 3), 1);
	assert_int_equal(edit_distance("kitten", "sitting", 3), 3);
	assert_int_equal(edit_distance("kitten", "sitting", 2), UINT_MAX);
	assert_int_equal(edit_distance("ca", "abc", 9), 3); /* optimal string alignment, not Damerau-Levenshtein */
	assert_int_equal(edit_distance("ab", "ba", 1), 1);
	assert_int_equal(edit_distance("abxy", "bayx", 2), 2);
	assert_int_equal(edit_distance("", "abc", 3), 3);
	assert_int_equal(edit_distance("abcd", "wxyz", 3), UINT_MAX);
	assert_int_equal(edit_distance("abcd", "wxyz", UINT_MAX), 4);
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[EDIT_SIZE_MAX] = b[EDIT_SIZE_MAX] = '\0';
	b[5] = 'b';
	assert_int_equal(edit_distance(a, b, 2), 1);
	a[EDIT_SIZE_MAX] = 'a';
	a[EDIT_SIZE_MAX + 1] = '\0';
	assert_int_equal(edit_distance(a, b, 2), UINT_MAX);
}

/* The early end must never change an answer that is within the limit. */
static void distance_limit_is_exact(void **state)
{
	char a[8], b[8];
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned full, limited, limit;
		size_t m, n;

		seed = seed * 1664525 + 1013904223;
		m = seed >> 28 & 7;
		n = seed >> 24 & 7;
		for (size_t k = 0; k < m; k++)
			a[k] = "ab"[seed >> k & 1];
		for (size_t k = 0; k < n; k++)
			b[k] = "ab"[seed >> (k + 8) & 1];
		a[m] = b[n] = '\0';
		limit = seed >> 20 & 3;
		full = edit_distance(a, b, 100);
		limited = edit_distance(a, b, limit);
		assert_int_equal(full, edit_distance(b, a, 100));
		assert_int_equal(limited, full > limit ? UINT_MAX : full);
	}
}

static void utf8_decodes(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length;
		uint32_t point;
	} cases[] = {
		{ "a", 1, 'a' }, { "\x7f", 1, 0x7f }, { "\xc2\x80", 2, 0x80 }, { "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 }, { "\xef\xbf\xbf", 3, 0xffff }, { "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 }, { "\xf0\x90\x80\x80", 4, 0x10000 }, { "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 }, { "\xc0\x80", 0, 0 }, { "\xc1\xbf", 0, 0 }, { "\xe0\x9f\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 }, { "\xed\xbf\xbf", 0, 0 }, { "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 }, { "\xf5\x80\x80\x80", 0, 0 }, { "\xff", 0, 0 }, { "\xc3", 0, 0 },
		{ "\xe2\x82", 0, 0 }, { "\xf0\x9f\x98", 0, 0 }, { "\xc3(", 0, 0 }, { "\xe2(\xac", 0, 0 }, { "\xe2\x82(", 0, 0 },
	};
	uint32_t point = 0;

	(void)state;
	assert_int_equal(utf8_decode("", 0, &point), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned length = utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &point);

		if (length != cases[i].length || (length && point != cases[i].point))
			fail_msg("case %zu: length %u, U+%04X", i, length, point);
	}
}

static void check_escaped(const char *text, size_t size, const char *expected)
{
	_cleanup_free_ char *once = escape_text(text, size), *twice = escape_text(once, strlen(once));

	assert_string_equal(once, expected);
	assert_string_equal(twice, expected);
}

static void texts_escape(void **state)
{
	(void)state;
	check_escaped("", 0, "");
	check_escaped("a\\x1b \"b\" é €", 16, "a\\x1b \"b\" é €");
	check_escaped("\x1b[31m\n\t\r\x7f\0.", 11, "\\x1b[31m\\x0a\\x09\\x0d\\x7f\\x00.");
	check_escaped("\xc2\x9b" "31m", 5, "\\xc2\\x9b31m");              /* C1: CSI */
	check_escaped("a\xe2\x80\xae" "b", 5, "a\\xe2\\x80\\xaeb");        /* right-to-left override */
	check_escaped("\xe2\x81\xa6\xe2\x81\xa9", 6, "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"); /* isolates */
	check_escaped("\xd8\x9c\xe2\x80\x8f", 5, "\\xd8\\x9c\\xe2\\x80\\x8f"); /* marks */
	check_escaped("\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8");               /* line separator */
	check_escaped("\xff\xc3(\xed\xa0\x80", 6, "\\xff\\xc3(\\xed\\xa0\\x80"); /* not UTF-8 */
	check_escaped("\xe2\x82", 2, "\\xe2\\x82");
}

static void descriptor_closes(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), copy = fd;

	(void)state;
	assert_true(fd >= 0);
	close_fd(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	errno = EPIPE;
	close_fd(&copy); /* not open: close(2) says so, and nobody hears it */
	assert_int_equal(errno, EPIPE);
	errno = EPIPE;
	close_fd(&fd); /* -1 is left alone */
	assert_int_equal(errno, EPIPE);
}

/* ---- Diagnostics ---- */

static void diags_record(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	char file[] = "web.json";
	const struct callgate_diag *d;

	(void)state;
	assert_int_equal(callgate_diags_count(diags), 0);
	assert_null(callgate_diags_get(diags, 0));
	assert_int_equal(diag_error(diags, -EBADMSG, "a-b", (struct diag_where){ file, 3, 14 }, "no %s", "good"), -EBADMSG);
	diag_warning(diags, "w-w", DIAG_FILE("f"), "careful");
	diag_note(diags, "n-n", DIAG_NOWHERE, "by the way");
	memset(file, 'x', sizeof(file) - 1); /* texts are copied */
	assert_int_equal(callgate_diags_count(diags), 3);
	assert_int_equal(diag_error_count(diags), 1);
	d = callgate_diags_get(diags, 0);
	assert_int_equal(d->severity, CALLGATE_SEVERITY_ERROR);
	assert_string_equal(d->id, "a-b");
	assert_string_equal(d->file, "web.json");
	assert_int_equal(d->line, 3);
	assert_int_equal(d->column, 14);
	assert_string_equal(d->text, "no good");
	d = callgate_diags_get(diags, 1);
	assert_int_equal(d->severity, CALLGATE_SEVERITY_WARNING);
	assert_string_equal(d->file, "f");
	d = callgate_diags_get(diags, 2);
	assert_int_equal(d->severity, CALLGATE_SEVERITY_NOTE);
	assert_null(d->file);
	assert_int_equal(d->line, 0);
	assert_null(callgate_diags_get(diags, 3));
}

static void diags_may_be_null(void **state)
{
	(void)state;
	assert_int_equal(diag_error(NULL, -ENOENT, "x", DIAG_NOWHERE, "%d", 1), -ENOENT);
	diag_warning(NULL, "x", DIAG_NOWHERE, "x");
	diag_note(NULL, "x", DIAG_NOWHERE, "x");
	assert_int_equal(diag_oom(NULL), -ENOMEM);
	assert_int_equal(callgate_diags_count(NULL), 0);
	assert_int_equal(diag_error_count(NULL), 0);
	assert_null(callgate_diags_get(NULL, 0));
	assert_null(callgate_diags_free(NULL));
}

static void diags_are_harmless(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	char euros[2 * DIAG_TEXT_MAX];
	const struct callgate_diag *d;

	(void)state;
	diag_warning(diags, "x", DIAG_FILE("\x1b]0;f"), "a\nb\x1b[2J%s\xe2\x80\xae", "\xff");
	d = callgate_diags_get(diags, 0);
	assert_string_equal(d->text, "a\\x0ab\\x1b[2J\\xff\\xe2\\x80\\xae");
	assert_string_equal(d->file, "\\x1b]0;f");

	/* a long text is cut between characters: three bytes each, after one or two others */
	for (size_t i = 0; i + 3 < sizeof(euros); i += 3)
		memcpy(euros + i, "€", 4);
	for (int i = 0; i < 3; i++) {
		size_t size;

		diag_warning(diags, "x", DIAG_NOWHERE, "%.*s%s", i, "ab", euros);
		d = callgate_diags_get(diags, (size_t)i + 1);
		size = strlen(d->text);
		assert_true(size > DIAG_TEXT_MAX - 3 && size <= DIAG_TEXT_MAX + 3);
		assert_string_equal(d->text + size - 6, "€…");
		assert_null(strstr(d->text, "\\x"));
	}
	/* exactly what fits is whole; bytes that are not UTF-8 do not confuse the cut */
	memset(euros, 'y', DIAG_TEXT_MAX);
	euros[DIAG_TEXT_MAX] = '\0';
	diag_warning(diags, "x", DIAG_NOWHERE, "%s", euros);
	assert_string_equal(callgate_diags_get(diags, 4)->text, euros);
	memset(euros, '\x80', DIAG_TEXT_MAX + 1);
	euros[DIAG_TEXT_MAX + 1] = '\0';
	diag_warning(diags, "x", DIAG_NOWHERE, "%s", euros);
	assert_int_equal(strlen(callgate_diags_get(diags, 5)->text), 4 * DIAG_TEXT_MAX + 3);
}

static void diags_are_bounded(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	const struct callgate_diag *more;

	(void)state;
	for (unsigned i = 0; i < DIAG_MAX; i++)
		diag_warning(diags, "w", DIAG_NOWHERE, "%u", i);
	assert_int_equal(callgate_diags_count(diags), DIAG_MAX);
	assert_string_equal(callgate_diags_get(diags, DIAG_MAX - 1)->text, "999");
	diag_note(diags, "n", DIAG_NOWHERE, "left out");
	assert_int_equal(callgate_diags_count(diags), DIAG_MAX + 1);
	more = callgate_diags_get(diags, DIAG_MAX);
	assert_string_equal(more->id, "diag-more");
	assert_int_equal(more->severity, CALLGATE_SEVERITY_NOTE);
	diag_warning(diags, "w", DIAG_NOWHERE, "left out");
	assert_int_equal(more->severity, CALLGATE_SEVERITY_WARNING);
	/* the reason of a failure is still told after a flood of warnings */
	diag_error(diags, -EBADMSG, "reason", DIAG_NOWHERE, "because");
	assert_string_equal(callgate_diags_get(diags, DIAG_MAX + 1)->id, "reason");
	for (unsigned i = 0; i < 5000; i++)
		diag_error(diags, -EBADMSG, "e", DIAG_NOWHERE, "%u", i);
	assert_int_equal(diag_oom(diags), -ENOMEM);
	assert_int_equal(diag_oom(diags), -ENOMEM);
	assert_int_equal(callgate_diags_count(diags), DIAG_MAX + DIAG_SPARE + 2);
	assert_int_equal(more->severity, CALLGATE_SEVERITY_ERROR);
	assert_string_equal(callgate_diags_get(diags, DIAG_MAX + DIAG_SPARE + 1)->id, "out-of-memory");
	assert_int_equal(diag_error_count(diags), 5003);
}

/* ---- Without memory: glibc lets the program bring its own malloc; the sanitizers bring theirs ---- */

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_OWN_MALLOC 0
#endif
#endif
#if !defined(HAVE_OWN_MALLOC)
#if defined(__GLIBC__)
#define HAVE_OWN_MALLOC 1
#else
#define HAVE_OWN_MALLOC 0
#endif
#endif

#if HAVE_OWN_MALLOC
static long allocations_left = -1; /* negative: no limit */

static bool may_allocate(void)
{
	if (allocations_left > 0)
		allocations_left--;
	return allocations_left != 0;
}

static long live_blocks;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static void *count_block(void *block)
{
	live_blocks += block != NULL;
	return block;
}

void *malloc(size_t size) { return may_allocate() ? count_block(__libc_malloc(size)) : NULL; }
void *calloc(size_t count, size_t size) { return may_allocate() ? count_block(__libc_calloc(count, size)) : NULL; }
void free(void *old)
{
	live_blocks -= old != NULL;
	__libc_free(old);
}
void *realloc(void *old, size_t size)
{
	if (!may_allocate())
		return NULL;
	return old ? __libc_realloc(old, size) : count_block(__libc_realloc(old, size));
}

static void memory_runs_out(void **state)
{
	struct callgate_diags *diags;
	const struct callgate_diag *d;
	struct strpool pool = { 0 };
	struct buf b = { 0 };
	uint32_t offset;
	bool refused = false;

	(void)state;
	for (long left = 1; left < 5; left++) {
		diags = callgate_diags_new();
		allocations_left = left;
		diag_warning(diags, "x", DIAG_FILE("file"), "text");
		diag_warning(diags, "x", DIAG_FILE("file"), "text");
		allocations_left = -1;
		assert_true(callgate_diags_count(diags) >= 1);
		d = callgate_diags_get(diags, callgate_diags_count(diags) - 1);
		assert_string_equal(d->id, "out-of-memory");
		assert_int_equal(d->severity, CALLGATE_SEVERITY_ERROR);
		assert_int_equal(diag_error_count(diags), 1);
		diag_error(diags, -EIO, "late", DIAG_NOWHERE, "memory is back");
		d = callgate_diags_get(diags, callgate_diags_count(diags) - 1);
		assert_string_equal(d->id, "late");
		callgate_diags_free(diags);
	}
	allocations_left = 3; /* two succeed */
	for (unsigned i = 0; i < 100 && !refused; i++) {
		char name[2] = { 'a', (char)(i + 1) };

		refused = strpool_add(&pool, name, 2, &offset) == -ENOMEM;
	}
	buf_printf(&b, "%d", 1);
	assert_int_equal(b.error, -ENOMEM);
	assert_null(escape_text("x", 1));
	allocations_left = -1;
	assert_true(refused);
	assert_int_equal(strpool_add(&pool, "ok", 2, &offset), 0);
	assert_string_equal(strpool_get(&pool, offset), "ok");
	strpool_done(&pool);
	buf_done(&b);
}

/* Let each allocation of the JSON reader fail in turn: it says so, leaves nothing, loses nothing. */
static void memory_runs_out_in_json(void **state)
{
	static const char text[] = "{ \"a\": [1, 2, 3, 4, 5, 6, 7, \"a longer text, so that buffers grow\"], \"b\": { \"c\": \"d\" } }";
	_cleanup_(diags_freep) struct callgate_diags *diags = NULL;
	int error = -ENOMEM;
	long left;

	(void)state;
	for (left = 1; error; left++) {
		long before = live_blocks;
		struct json j;

		diags = callgate_diags_new();
		allocations_left = left;
		error = json_parse(&j, text, strlen(text), NULL, diags);
		allocations_left = -1;
		if (error) {
			assert_int_equal(error, -ENOMEM);
			assert_string_equal(callgate_diags_get(diags, 0)->id, "out-of-memory");
			assert_null(j.nodes.items);
			assert_null(j.text.text);
		}
		json_done(&j);
		diags = callgate_diags_free(diags);
		assert_int_equal(live_blocks, before);
	}
	assert_true(left > 5);
}
#else
static void memory_runs_out(void **state)
{
	(void)state;
	print_message("skipped: malloc cannot be replaced here\n");
	skip();
}

static void memory_runs_out_in_json(void **state)
{
	memory_runs_out(state);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_grows),
		cmocka_unit_test(vec_refuses_overflow),
		cmocka_unit_test(buf_builds),
		cmocka_unit_test(buf_empty_and_error),
		cmocka_unit_test(strpool_dedups),
		cmocka_unit_test(strpool_corners),
		cmocka_unit_test(numbers_parse),
		cmocka_unit_test(distance_counts),
		cmocka_unit_test(distance_limit_is_exact),
		cmocka_unit_test(utf8_decodes),
		cmocka_unit_test(texts_escape),
		cmocka_unit_test(descriptor_closes),
		cmocka_unit_test(diags_record),
		cmocka_unit_test(diags_may_be_null),
		cmocka_unit_test(diags_are_harmless),
		cmocka_unit_test(diags_are_bounded),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(memory_runs_out_in_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
