/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays, a text buffer, a string pool, and small text helpers. Every size computation is checked for overflow. */
#include "base/util.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int vec_reserve(void **items, size_t *room, size_t count, size_t size)
{
	size_t want = *room, bytes;
	void *old, *grown;

	if (count <= *room)
		return 0;
	if (__builtin_add_overflow(want, want / 2 + 8, &want) || want < count)
		want = count;
	if (__builtin_mul_overflow(want, size, &bytes) || bytes > PTRDIFF_MAX)
		return -ENOMEM;
	/* memcpy, because the caller's pointer is some T *, and reading it as a void * would break the aliasing rules */
	memcpy(&old, items, sizeof(old));
	grown = realloc(old, bytes);
	if (!grown)
		return -ENOMEM;
	memcpy(items, &grown, sizeof(grown));
	*room = want;
	return 0;
}

/* ---- Text buffer ---- */

/* Room for `more` bytes and the NUL after them. */
static bool buf_grow(struct buf *b, size_t more)
{
	size_t need;

	if (b->error)
		return false;
	if (__builtin_add_overflow(b->size, more, &need) || __builtin_add_overflow(need, 1, &need))
		b->error = -ENOMEM;
	else
		b->error = vec_reserve((void **)&b->text, &b->room, need, 1);
	return !b->error;
}

void buf_put(struct buf *b, const void *bytes, size_t size)
{
	if (!buf_grow(b, size))
		return;
	if (size)
		memcpy(b->text + b->size, bytes, size);
	b->size += size;
	b->text[b->size] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0) {
		if (!b->error)
			b->error = -ENOMEM;
	} else if (buf_grow(b, (size_t)size)) {
		vsnprintf(b->text + b->size, (size_t)size + 1, format, again);
		b->size += (size_t)size;
	}
	va_end(again);
}

void buf_done(struct buf *b)
{
	free(b->text);
	*b = (struct buf){ 0 };
}

int buf_take(struct buf *b, char **ret_text, size_t *ret_size)
{
	buf_put(b, "", 0); /* an empty text is a text too */
	if (b->error)
		return b->error;
	*ret_text = b->text;
	if (ret_size)
		*ret_size = b->size;
	*b = (struct buf){ 0 };
	return 0;
}

/* ---- String pool ---- */

/* FNV-1a: the pool holds our own names and profiles' texts; collisions cost time only. */
static uint32_t hash_bytes(const char *bytes, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
	return hash;
}

/*
 * The stored length is not kept: that the bytes agree and a NUL follows is all a user of the offset relies on, so a
 * match inside a longer string with NULs in it is right as well.
 */
static bool pool_holds(const struct strpool *pool, uint32_t offset, const char *text, size_t size)
{
	return size < pool->size - offset && !memcmp(pool->bytes + offset, text, size) && !pool->bytes[offset + size];
}

static struct strpool_slot *pool_find(const struct strpool *pool, uint32_t hash, const char *text, size_t size)
{
	size_t mask = pool->slot_count - 1, i = hash & mask;

	while (pool->slots[i].offset) {
		if (pool->slots[i].hash == hash && pool_holds(pool, pool->slots[i].offset, text, size))
			break;
		i = (i + 1) & mask;
	}
	return &pool->slots[i];
}

static int pool_rehash(struct strpool *pool)
{
	size_t count = pool->slot_count ? pool->slot_count * 2 : 64, mask = count - 1;
	struct strpool_slot *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < pool->slot_count; i++) {
		size_t to = pool->slots[i].hash & mask;

		if (!pool->slots[i].offset)
			continue;
		while (slots[to].offset)
			to = (to + 1) & mask;
		slots[to] = pool->slots[i];
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = count;
	return 0;
}

/* `text` may point into the pool itself, which moves as it grows. */
static int pool_append(struct strpool *pool, const char *text, size_t size)
{
	size_t from = SIZE_MAX, need;
	int r;

	if (pool->bytes && (uintptr_t)text - (uintptr_t)pool->bytes < pool->size)
		from = (size_t)((uintptr_t)text - (uintptr_t)pool->bytes);
	if (__builtin_add_overflow(pool->size, size, &need) || need >= UINT32_MAX - 2)
		return -ENOMEM;
	r = vec_reserve((void **)&pool->bytes, &pool->room, need + 2, 1);
	if (r)
		return r;
	if (!pool->size)
		pool->bytes[pool->size++] = '\0'; /* offset 0 */
	memmove(pool->bytes + pool->size, from == SIZE_MAX ? text : pool->bytes + from, size);
	pool->size += size;
	pool->bytes[pool->size++] = '\0';
	return 0;
}

int strpool_add(struct strpool *pool, const char *text, size_t size, uint32_t *ret_offset)
{
	uint32_t hash = hash_bytes(text, size);
	struct strpool_slot *slot;
	int r;

	if (!size) {
		*ret_offset = 0;
		return 0;
	}
	if (pool->used >= pool->slot_count / 4 * 3) {
		r = pool_rehash(pool);
		if (r)
			return r;
	}
	slot = pool_find(pool, hash, text, size);
	if (!slot->offset) {
		r = pool_append(pool, text, size);
		if (r)
			return r;
		*slot = (struct strpool_slot){ hash, (uint32_t)(pool->size - size - 1) };
		pool->used++;
	}
	*ret_offset = slot->offset;
	return 0;
}

void strpool_done(struct strpool *pool)
{
	free(pool->bytes);
	free(pool->slots);
	*pool = (struct strpool){ 0 };
}

/* ---- Numbers and texts ---- */

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT_MAX;
}

int parse_u64(const char *text, uint64_t *ret_value)
{
	bool negative = *text == '-', over = false;
	unsigned base = 10;
	uint64_t value = 0;

	text += negative;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	if (!*text)
		return -EINVAL;
	/* to the end even after an overflow: "999…9x" is not a number rather than a large one */
	for (; *text; text++) {
		unsigned digit = digit_value(*text);

		if (digit >= base)
			return -EINVAL;
		over |= __builtin_mul_overflow(value, base, &value);
		over |= __builtin_add_overflow(value, digit, &value);
	}
	if (over || (negative && value > (uint64_t)1 << 63))
		return -ERANGE;
	*ret_value = negative ? -value : value;
	return 0;
}

unsigned edit_distance(const char *a, const char *b, unsigned limit)
{
	size_t m = strnlen(a, EDIT_SIZE_MAX + 1), n = strnlen(b, EDIT_SIZE_MAX + 1);
	unsigned rows[3][EDIT_SIZE_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

	if (m > EDIT_SIZE_MAX || n > EDIT_SIZE_MAX || (m > n ? m - n : n - m) > limit)
		return UINT_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *spare = before, least;

		before = last;
		last = row;
		row = spare;
		least = row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
			least = MIN(least, row[j]);
		}
		/* rows only get worse: a transposition reaches back two rows, but costs what the row between could have had */
		if (least > limit)
			return UINT_MAX;
	}
	return row[n] > limit ? UINT_MAX : row[n];
}

unsigned utf8_decode(const char *bytes, size_t size, uint32_t *ret_point)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 }; /* shorter forms are overlong */
	const unsigned char *b = (const unsigned char *)bytes;
	uint32_t point;
	unsigned length;

	if (!size)
		return 0;
	if (b[0] < 0x80) {
		*ret_point = b[0];
		return 1;
	}
	length = b[0] >= 0xf0 && b[0] <= 0xf4 ? 4 : b[0] >= 0xe0 && b[0] < 0xf0 ? 3 : b[0] >= 0xc2 && b[0] < 0xe0 ? 2 : 0;
	if (!length || length > size)
		return 0;
	point = b[0] & (0x7fu >> length);
	for (unsigned i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (b[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return length;
}

bool utf8_unsafe(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) /* C0, DEL, C1 */
		|| point == 0x61c || point == 0x200e || point == 0x200f /* bidirectional marks */
		|| (point >= 0x2028 && point <= 0x202e) /* line and paragraph separators, bidirectional overrides */
		|| (point >= 0x2066 && point <= 0x2069) /* bidirectional isolates */
		|| point == 0xfeff; /* an invisible byte order mark */
}

char *escape_text(const char *text, size_t size)
{
	_cleanup_(buf_done) struct buf out = { 0 };
	char *escaped = NULL;

	for (size_t i = 0; i < size;) {
		uint32_t point;
		unsigned length = utf8_decode(text + i, size - i, &point);

		if (length && !utf8_unsafe(point)) {
			buf_put(&out, text + i, length);
			i += length;
			continue;
		}
		for (size_t end = i + MAX(length, 1u); i < end; i++)
			buf_printf(&out, "\\x%02x", (unsigned char)text[i]);
	}
	return buf_take(&out, &escaped, NULL) ? NULL : escaped;
}

char *copy_text(const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	if (copy) {
		memcpy(copy, text, size);
		copy[size] = '\0';
	}
	return copy;
}
