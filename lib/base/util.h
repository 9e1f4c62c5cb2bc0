/* SPDX-License-Identifier: Apache-2.0 */
/* The few idioms everything else is written with: ownership by attribute, growing arrays, a text buffer. */
#ifndef CALLGATE_UTIL_H
#define CALLGATE_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* A local that owns something: `_cleanup_(free_ptr) char *s = NULL;` */
#define _cleanup_(f) __attribute__((cleanup(f)))
static inline void free_ptr(void *p) { free(*(void **)p); }
#define _cleanup_free_ _cleanup_(free_ptr)
void close_fd(int *fd); /* for _cleanup_(close_fd) int fd = -1 */

/* Hand an owned pointer to the caller and forget it. */
#define take_ptr(p) ({ __typeof__(p) _t = (p); (p) = NULL; _t; })
#define take_fd(p) ({ int _t = (p); (p) = -1; _t; })

/*
 * Growing array: `struct { T *items; size_t count, room; }` under any name.
 * vec_push(&v, item) evaluates to 0 or -ENOMEM.
 */
#define VEC(T) struct { T *items; size_t count, room; }
int vec_reserve(void **items, size_t *room, size_t count, size_t size);
#define vec_push(v, ...) ({ \
	int _r = vec_reserve((void **)&(v)->items, &(v)->room, (v)->count + 1, sizeof(*(v)->items)); \
	if (!_r) (v)->items[(v)->count++] = (__VA_ARGS__); \
	_r; })
#define vec_done(v) do { free((v)->items); (v)->items = NULL; (v)->count = (v)->room = 0; } while (0)

/* A text being built. Errors stick: check buf.error once at the end. */
struct buf {
	char *text; /* always NUL-terminated when not NULL */
	size_t size, room;
	int error;  /* 0 or -ENOMEM; the JSON writer adds -E2BIG */
};
void buf_put(struct buf *b, const void *bytes, size_t size);
void buf_puts(struct buf *b, const char *text);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);
void buf_done(struct buf *b);
/* Give the text away (an empty string rather than NULL); 0 or the sticky error, in which case nothing is given. */
int buf_take(struct buf *b, char **ret_text, size_t *ret_size);

/*
 * Strings stored once in one block, addressed by offset; offset 0 is the empty string. Zero-initialise. Adding may move
 * the block: keep offsets, not pointers.
 */
struct strpool_slot {
	uint32_t hash, offset; /* offset 0: free */
};
struct strpool {
	char *bytes;
	size_t size, room;
	struct strpool_slot *slots; /* open addressing, a power of two, at most three quarters full */
	size_t slot_count, used;
};
int strpool_add(struct strpool *pool, const char *text, size_t size, uint32_t *ret_offset); /* 0, -ENOMEM; dedups */
static inline const char *strpool_get(const struct strpool *pool, uint32_t offset)
{
	return pool->bytes ? pool->bytes + offset : "";
}
void strpool_done(struct strpool *pool);

/* A NUL-terminated copy of bytes that need not be; NULL when out of memory. */
char *copy_text(const char *text, size_t size);

/* Whole-string number: decimal, 0x…, 0… (octal); a leading '-' gives the two's complement, down to -2^63. No blanks, no '+'.
 * 0, -EINVAL, -ERANGE. */
int parse_u64(const char *text, uint64_t *ret_value);

/* Optimal-string-alignment distance in bytes, for "did you mean"; UINT_MAX when above `limit` or a text is longer than
 * EDIT_SIZE_MAX. */
#define EDIT_SIZE_MAX 128
unsigned edit_distance(const char *a, const char *b, unsigned limit);

/* Length (1 to 4) of the well-formed UTF-8 sequence at `bytes` and its code point; 0 when there is none. */
unsigned utf8_decode(const char *bytes, size_t size, uint32_t *ret_point);
/* Could a terminal act on it, or show a line other than it is? C0, DEL, C1, line separators, bidirectional controls. */
bool utf8_unsafe(uint32_t point);

/* Copy of `text` with everything a terminal could act on, and every byte that is not UTF-8, written as \xNN. Escaping twice
 * changes nothing more, so a backslash stays as it is. Caller frees; NULL when out of memory. */
char *escape_text(const char *text, size_t size);

#endif
