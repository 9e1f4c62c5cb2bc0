/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision tree as a picture. Columns are tests on the way, so every branch leads to the right; what leads nowhere further (returns,
 * and references to a test drawn elsewhere) has a row of its own, a test stands in the middle of its branches. The rows below a test are
 * its own, and every branch bends between columns: nothing overlaps but the dashed curves from references, which lie beneath everything.
 */
#include <stdio.h>

#include "compile/drawing.h"

#define CHAR 8        /* width of a monospace character at 12 px, rounded up: fonts differ */
#define LABEL_MAX 48  /* characters of a test before the rest is left to the tooltip */
#define GAP 7         /* between the number of a test and its text */
#define BOX 22        /* height of a node */
#define PITCH 32      /* of rows */
#define BEND 28       /* width of a curve between columns */
#define MARGIN 16
#define TOP 48        /* the caption is above */

struct item {
	struct buf text;
	char number[16];  /* of a test: its instruction */
	uint32_t column;
	int width, x, y;
	int first, last;  /* y of the outermost branches; first > last: none */
};

struct picture {
	const struct drawing *d;
	struct item *items;  /* one a visit */
	uint32_t *item_of;   /* by test: its first visit */
	int *lefts, *rights; /* of each column */
	uint32_t columns;
	int width, height;
};

static void put_escaped(const char *text, size_t size, struct buf *out)
{
	for (size_t i = 0; i < size; i++) {
		switch (text[i]) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			buf_put(out, &text[i], 1);
		}
	}
}

static bool is_test(const struct picture *p, const struct drawing_visit *v)
{
	return p->d->nodes[v->node].test && !v->again;
}

/* Text of a node. Labels are ASCII: names of ours and numbers. */
static void set_text(const struct picture *p, const struct drawing_visit *v, struct item *item)
{
	size_t size;

	if (is_test(p, v))
		snprintf(item->number, sizeof(item->number), "%u", v->node);
	if (v->again)
		buf_printf(&item->text, "%u", v->node);
	else
		compile_drawing_label(p->d, v->node, &item->text);
	size = item->text.size;
	if (size > LABEL_MAX) {
		item->text.size = LABEL_MAX;
		item->text.text[LABEL_MAX] = '\0';
		buf_puts(&item->text, "…");
		size = LABEL_MAX + 1;
	}
	item->width = (int)(strlen(item->number) + size + (v->again ? 2 : 0)) * CHAR + (is_test(p, v) ? 14 + GAP : 14);
}

static void raise_column(struct item *item, uint32_t column)
{
	item->column = MAX(item->column, column);
}

/* A test stands to the right of every test that leads to it, and of every reference to it. Jumps lead forward: in the program's order all
 * ways to a test are known before it. */
static void set_columns(struct picture *p)
{
	const struct drawing *d = p->d;

	for (uint32_t pc = 0; pc < d->comments.filter->count; pc++) {
		const struct drawing_node *node = &d->nodes[pc];
		uint32_t column;

		if (!node->seen)
			continue;
		column = p->items[p->item_of[pc]].column;
		for (int b = 0; b < BRANCH_COUNT; b++) {
			const struct drawing_visit *to;
			uint32_t at = p->item_of[node->to[b]];

			if (!d->nodes[node->to[b]].test)
				continue;
			to = &d->visits.items[at];
			raise_column(&p->items[at], column + (to->from == pc && to->branch == b ? 1 : 2));
		}
	}
	for (size_t i = 0; i < d->visits.count; i++) {
		const struct drawing_visit *v = &d->visits.items[i];

		if (v->depth && !is_test(p, v))
			p->items[i].column = p->items[p->item_of[v->from]].column + 1;
		p->columns = MAX(p->columns, p->items[i].column + 1);
	}
}

static void set_rows(struct picture *p)
{
	const struct drawing *d = p->d;
	int y = TOP;

	for (size_t i = 0; i < d->visits.count; i++) {
		p->items[i].first = INT32_MAX;
		if (is_test(p, &d->visits.items[i]))
			continue;
		p->items[i].y = y + BOX / 2;
		y += PITCH;
	}
	p->height = y - PITCH + BOX + MARGIN;
	for (size_t i = d->visits.count; i--;) {
		const struct drawing_visit *v = &d->visits.items[i];
		struct item *item = &p->items[i], *parent = &p->items[v->depth ? p->item_of[v->from] : i];

		if (is_test(p, v))
			item->y = (item->first + item->last) / 2;
		parent->first = MIN(parent->first, item->y);
		parent->last = MAX(parent->last, item->y);
	}
}

static void set_widths(struct picture *p)
{
	int x = MARGIN, label = p->d->calls ? 72 : 30;

	for (size_t i = 0; i < p->d->visits.count; i++)
		p->rights[p->items[i].column] = MAX(p->rights[p->items[i].column], p->items[i].width);
	for (uint32_t c = 0; c < p->columns; c++) {
		p->lefts[c] = x;
		p->rights[c] += x;
		x = p->rights[c] + BEND + label;
	}
	p->width = MAX(p->rights[p->columns - 1] + MARGIN, 640);
	for (size_t i = 0; i < p->d->visits.count; i++)
		p->items[i].x = p->lefts[p->items[i].column];
}

static int arrange(struct picture *p)
{
	const struct drawing *d = p->d;

	p->items = calloc(d->visits.count, sizeof(*p->items));
	p->item_of = calloc(d->comments.filter->count, sizeof(*p->item_of));
	p->lefts = calloc(2 * d->visits.count + 1, sizeof(*p->lefts));
	p->rights = calloc(2 * d->visits.count + 1, sizeof(*p->rights));
	if (!p->items || !p->item_of || !p->lefts || !p->rights)
		return -ENOMEM;
	for (size_t i = 0; i < d->visits.count; i++) {
		set_text(p, &d->visits.items[i], &p->items[i]);
		if (p->items[i].text.error)
			return p->items[i].text.error;
		if (is_test(p, &d->visits.items[i]))
			p->item_of[d->visits.items[i].node] = (uint32_t)i;
	}
	set_columns(p);
	set_rows(p);
	set_widths(p);
	return 0;
}

/* The references' curves. They are drawn first: nodes and texts lie above them. */
static void put_curve(const struct picture *p, size_t i, struct buf *out)
{
	const struct item *from = &p->items[i], *to = &p->items[p->item_of[p->d->visits.items[i].node]];
	int x = from->x + from->width, bend = MAX((to->x - x) / 3, BEND);

	buf_printf(out, "<path class=\"again\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n", x, from->y, x + bend, from->y, to->x - bend, to->y, to->x,
		   to->y);
}

/* A branch: past the column, bent to the row where it leads, straight on. */
static void put_branch(const struct picture *p, size_t i, struct buf *out)
{
	const struct drawing_visit *v = &p->d->visits.items[i];
	const struct item *to = &p->items[i], *from = &p->items[p->item_of[v->from]];
	uint64_t weight = compile_drawing_weight(p->d, v);
	int x = from->x + from->width, right = p->rights[from->column], half = right + BEND / 2;
	unsigned width = 12 + compile_drawing_share(p->d, weight) / 25;
	char percent[16];

	buf_printf(out, "<path class=\"branch%s\" stroke-width=\"%u.%u\" d=\"M%d %dH%dC%d %d %d %d %d %dH%d\"/>",
		   p->d->calls && !weight ? " never" : "", width / 10, width % 10, x, from->y, right, half, from->y, half, to->y,
		   right + BEND, to->y, to->x);
	buf_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\">%s", to->x - 5, to->y - 7, v->branch == BRANCH_YES ? "yes" : "no");
	if (p->d->calls)
		buf_printf(out, " %s<title>%llu of %llu calls</title>", compile_drawing_percent(p->d, weight, percent, sizeof(percent)),
			   (unsigned long long)weight, (unsigned long long)p->d->calls);
	buf_puts(out, "</text>\n");
}

static void put_node(const struct picture *p, size_t i, struct buf *out)
{
	const struct drawing_visit *v = &p->d->visits.items[i];
	const struct item *item = &p->items[i];
	const char *class = "test";
	struct buf details = { 0 };

	if (v->again)
		class = "reference";
	else if (!p->d->nodes[v->node].test)
		class = compile_drawing_action(&p->d->comments.filter->insns[v->node])->name;
	compile_drawing_details(p->d, v->node, &details);
	buf_printf(out, "<g class=\"%s\"><title>", class);
	put_escaped(details.text ? details.text : "", details.size, out);
	buf_printf(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/><text x=\"%d\" y=\"%d\">",
		   item->x, item->y - BOX / 2, item->width, BOX, is_test(p, v) ? 3 : BOX / 2, item->x + 7, item->y + 4);
	if (*item->number)
		buf_printf(out, "<tspan class=\"number\">%s</tspan><tspan dx=\"%d\">", item->number, GAP);
	if (v->again)
		buf_puts(out, "→ ");
	put_escaped(item->text.text, item->text.size, out);
	buf_puts(out, *item->number ? "</tspan></text></g>\n" : "</text></g>\n");
	if (details.error)
		out->error = details.error;
	buf_done(&details);
}

/* Colours for light surroundings, then for dark ones. Without variables: some programs that show SVG do not know them. */
static void put_colours(bool dark, struct buf *out)
{
	const struct drawing_action *a;
	const char *paper = dark ? "#0d1117" : "#ffffff";

	buf_printf(out, ".paper{fill:%s}text{fill:%s}.label{stroke:%s}.label,.number,.caption{fill:%s}.branch{stroke:%s}.again{stroke:%s}"
			".test rect{fill:%s;stroke:%s}.reference rect{fill:%s;stroke:%s}\n",
		   paper, dark ? "#e6edf3" : "#1f2328", paper, dark ? "#9da7b3" : "#59636e", dark ? "#7d8590" : "#8c959f",
		   dark ? "#4c6fa5" : "#9db8e0", dark ? "#161b22" : "#f6f8fa", dark ? "#3d444d" : "#d1d9e0", paper, dark ? "#4c6fa5" : "#9db8e0");
	for (unsigned i = 0; (a = compile_drawing_action_at(i)); i++)
		buf_printf(out, ".%s rect{fill:%s}.%s text{fill:%s}\n", a->name, dark ? a->dark_fill : a->fill, a->name,
			   dark ? a->dark_ink : a->ink);
}

static void put_style(struct buf *out)
{
	buf_puts(out, "<style>\n"
		      "text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace}"
		      ".label{font-size:10px;text-anchor:end;paint-order:stroke;stroke-width:3px}\n"
		      "path{fill:none}.again{stroke-width:1.2;stroke-dasharray:4 3}.never{stroke-dasharray:1 3}\n");
	put_colours(false, out);
	buf_puts(out, "@media (prefers-color-scheme:dark){\n");
	put_colours(true, out);
	buf_puts(out, "}\n</style>\n");
}

static void put_head(const struct picture *p, struct buf *out)
{
	const struct drawing *d = p->d;
	size_t tests = 0;

	for (size_t i = 0; i < d->visits.count; i++)
		tests += is_test(p, &d->visits.items[i]);
	buf_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n"
			"<title>Decision tree of a seccomp filter</title>\n", p->width, p->height, p->width, p->height);
	put_style(out);
	buf_puts(out, "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
	buf_printf(out, "<text class=\"caption\" x=\"%d\" y=\"24\">%zu instructions, %zu test%s", MARGIN, d->comments.filter->count,
		   tests, tests == 1 ? "" : "s");
	if (d->calls)
		buf_printf(out, "; shares of %llu representative calls", (unsigned long long)d->calls);
	buf_puts(out, "</text>\n");
}

static void picture_done(struct picture *p)
{
	for (size_t i = 0; p->items && i < p->d->visits.count; i++)
		buf_done(&p->items[i].text);
	free(p->items);
	free(p->item_of);
	free(p->lefts);
	free(p->rights);
}

int compile_drawing_svg(const struct drawing *d, struct buf *out)
{
	_cleanup_(picture_done) struct picture p = { .d = d };
	int r = arrange(&p);

	if (r < 0)
		return r;
	put_head(&p, out);
	for (size_t i = 0; i < d->visits.count; i++)
		if (d->visits.items[i].again)
			put_curve(&p, i, out);
	for (size_t i = 0; i < d->visits.count; i++)
		if (d->visits.items[i].depth)
			put_branch(&p, i, out);
	for (size_t i = 0; i < d->visits.count; i++)
		put_node(&p, i, out);
	buf_puts(out, "</svg>\n");
	return out->error;
}
