/* SPDX-License-Identifier: Apache-2.0 */
/* A decision tree for Graphviz. */
#include "compile/drawing.h"

/* Inside double quotes, where a backslash begins an escape of its own. */
static void put_quoted(const struct buf *text, struct buf *out)
{
	for (size_t i = 0; i < text->size; i++) {
		if (text->text[i] == '\n')
			buf_puts(out, "\\n");
		else if (text->text[i] == '"' || text->text[i] == '\\')
			buf_printf(out, "\\%c", text->text[i]);
		else
			buf_put(out, &text->text[i], 1);
	}
	if (text->error)
		out->error = text->error;
}

/* Tests by their instruction; a return once for every branch that leads to it. */
static void put_name(const struct drawing *d, const struct drawing_visit *v, struct buf *out)
{
	if (d->nodes[v->node].test)
		buf_printf(out, "n%u", v->node);
	else
		buf_printf(out, "r%u_%u%s", v->node, v->from, v->branch == BRANCH_YES ? "y" : "n");
}

static void put_node(const struct drawing *d, const struct drawing_visit *v, struct buf *out)
{
	const struct callgate_insn *insn = &d->comments.filter->insns[v->node];
	struct buf label = { 0 }, details = { 0 };

	buf_puts(out, "\t");
	put_name(d, v, out);
	compile_drawing_label(d, v->node, &label);
	compile_drawing_details(d, v->node, &details);
	buf_puts(out, " [label=\"");
	put_quoted(&label, out);
	buf_puts(out, "\", tooltip=\"");
	put_quoted(&details, out);
	buf_puts(out, "\"");
	if (!d->nodes[v->node].test) {
		const struct drawing_action *action = compile_drawing_action(insn);

		buf_printf(out, ", style=\"rounded,filled\", fillcolor=\"%s\", fontcolor=\"%s\"", action->fill, action->ink);
	}
	buf_puts(out, "];\n");
	buf_done(&label);
	buf_done(&details);
}

static void put_edge(const struct drawing *d, const struct drawing_visit *v, struct buf *out)
{
	uint64_t weight = compile_drawing_weight(d, v);
	unsigned width = 10 + compile_drawing_share(d, weight) / 25;
	char percent[16];

	buf_printf(out, "\tn%u -> ", v->from);
	put_name(d, v, out);
	buf_printf(out, " [label=\"%s", v->branch == BRANCH_YES ? "yes" : "no");
	if (d->calls)
		buf_printf(out, " %s\", penwidth=%u.%u];\n", compile_drawing_percent(d, weight, percent, sizeof(percent)), width / 10,
			   width % 10);
	else
		buf_puts(out, "\"];\n");
}

int compile_drawing_dot(const struct drawing *d, struct buf *out)
{
	buf_puts(out, "digraph filter {\n"
		      "\trankdir=LR;\n"
		      "\tordering=out;\n"
		      "\tnode [shape=box, fontname=\"monospace\", fontsize=11, height=0.3];\n"
		      "\tedge [fontname=\"sans-serif\", fontsize=9];\n");
	for (size_t i = 0; i < d->visits.count; i++) {
		const struct drawing_visit *v = &d->visits.items[i];

		if (!v->again)
			put_node(d, v, out);
		if (v->depth)
			put_edge(d, v, out);
	}
	buf_puts(out, "}\n");
	return out->error;
}
