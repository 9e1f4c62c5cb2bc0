/* SPDX-License-Identifier: Apache-2.0 */
/* A decision tree for a terminal. */
#include "compile/drawing.h"

/* Before the text: a bar for every branch still open above, then the branch itself. */
static void put_branch(const struct drawing *d, const struct drawing_visit *v, const bool *last, struct buf *out)
{
	char percent[16];

	for (uint32_t depth = 1; depth < v->depth; depth++)
		buf_puts(out, last[depth] ? "   " : "│  ");
	if (!v->depth)
		return;
	buf_puts(out, v->branch == BRANCH_YES ? "├─ yes " : "└─ no  ");
	if (d->calls)
		buf_printf(out, "%5s  ", compile_drawing_percent(d, compile_drawing_weight(d, v), percent, sizeof(percent)));
}

static void put_node(const struct drawing *d, const struct drawing_visit *v, struct buf *out)
{
	struct buf rule = { 0 };
	char *safe;

	if (v->again) {
		buf_printf(out, "→ %u", v->node);
		return;
	}
	if (d->nodes[v->node].test)
		buf_printf(out, "%u: ", v->node);
	compile_drawing_label(d, v->node, out);
	compile_comment_rule(&d->comments, v->node, " [", "]", &rule);
	safe = rule.size ? escape_text(rule.text, rule.size) : NULL;
	if (safe)
		buf_puts(out, safe);
	if (rule.error || (rule.size && !safe))
		out->error = -ENOMEM;
	free(safe);
	buf_done(&rule);
}

int compile_drawing_text(const struct drawing *d, struct buf *out)
{
	_cleanup_free_ bool *last = calloc(d->comments.filter->count + 1, sizeof(*last));

	if (!last)
		return -ENOMEM;
	for (size_t i = 0; i < d->visits.count; i++) {
		const struct drawing_visit *v = &d->visits.items[i];

		last[v->depth] = v->branch == BRANCH_NO;
		put_branch(d, v, last, out);
		put_node(d, v, out);
		buf_puts(out, "\n");
	}
	return out->error;
}
