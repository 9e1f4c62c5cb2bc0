/* SPDX-License-Identifier: Apache-2.0 */
/* A filter as text for people: one line an instruction. */
#include "compile/comment.h"
#include "compile/compile.h"

#define COLUMN 44 /* where comments begin */

static void put_line(const struct comments *comments, size_t pc, struct buf *out)
{
	struct buf comment = { 0 };
	size_t start = out->size;

	buf_printf(out, "%4zu: ", pc);
	filter_format_insn(&comments->filter->insns[pc], pc, out);
	compile_comment(comments, pc, &comment);
	compile_comment_rule(comments, pc, comment.size ? " [" : "[", "]", &comment);
	if (comment.size) {
		buf_printf(out, "%*s; ", (int)(out->size - start < COLUMN ? COLUMN - (out->size - start) : 1), "");
		buf_put(out, comment.text, comment.size);
	}
	buf_puts(out, "\n");
	if (comment.error)
		out->error = comment.error;
	buf_done(&comment);
}

int compile_listing(const struct callgate_filter *filter, const struct callgate_profile *profile, struct buf *out)
{
	struct comments comments;
	int r = compile_comments(filter, profile, &comments);

	if (r < 0)
		return r;
	for (size_t pc = 0; pc < filter->count; pc++)
		put_line(&comments, pc, out);
	compile_comments_done(&comments);
	return out->error;
}
