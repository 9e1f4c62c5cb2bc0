/* SPDX-License-Identifier: Apache-2.0 */
/* The graph behind a picture of a filter: which tests there are, in what order they are drawn, how many calls take each branch. */
#include <linux/filter.h>
#include <stdio.h>

#include "compile/compile.h"
#include "compile/drawing.h"
#include "model/call.h"

static const struct drawing_action actions[] = {
	{ CALLGATE_ALLOW, "allow", "#dafbe1", "#0f5323", "#12361f", "#7ee787" },
	{ CALLGATE_LOG, "log", "#eef7c8", "#4a5200", "#32380f", "#d8e27a" },
	{ CALLGATE_ERRNO(0), "errno", "#fff1cc", "#6b4600", "#3d2e00", "#f0c75e" },
	{ CALLGATE_NOTIFY, "notify", "#ddeeff", "#0a3d7a", "#0f2d4f", "#8cc2ff" },
	{ CALLGATE_TRACE(0), "trace", "#ddeeff", "#0a3d7a", "#0f2d4f", "#8cc2ff" },
	{ CALLGATE_TRAP, "trap", "#ffe3d6", "#7a2a00", "#4a2010", "#ffab85" },
	{ CALLGATE_KILL_PROCESS, "kill", "#ffdfe0", "#82071e", "#4b1118", "#ff9a98" },
	{ CALLGATE_KILL_THREAD, "kill-thread", "#ffdfe0", "#82071e", "#4b1118", "#ff9a98" },
	{ 0, "other", "#eaeef2", "#24292f", "#2d333b", "#c9d1d9" },
};

const struct drawing_action *compile_drawing_action_at(unsigned i)
{
	return i < ARRAY_SIZE(actions) ? &actions[i] : NULL;
}

const struct drawing_action *compile_drawing_action(const struct callgate_insn *ret)
{
	const struct drawing_action *other = &actions[ARRAY_SIZE(actions) - 1];

	for (const struct drawing_action *a = actions; ret->code == (BPF_RET | BPF_K) && a < other; a++)
		if (a->action == (ret->k & ACTION_MASK))
			return a;
	return other;
}

/* The test or return that an instruction leads to without choice. */
static uint32_t settle(const struct callgate_filter *filter, uint32_t pc)
{
	for (;;) {
		const struct callgate_insn *insn = &filter->insns[pc];

		if (insn->code == (BPF_JMP | BPF_JA))
			pc += 1 + insn->k;
		else if (BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_RET)
			return pc;
		else
			pc++;
	}
}

static void find_nodes(struct drawing *d)
{
	const struct callgate_filter *filter = d->comments.filter;

	for (uint32_t pc = 0; pc < filter->count; pc++) {
		const struct callgate_insn *insn = &filter->insns[pc];

		if (BPF_CLASS(insn->code) != BPF_JMP || BPF_OP(insn->code) == BPF_JA)
			continue;
		d->nodes[pc].test = true;
		d->nodes[pc].to[BRANCH_YES] = settle(filter, pc + 1 + insn->jt);
		d->nodes[pc].to[BRANCH_NO] = settle(filter, pc + 1 + insn->jf);
	}
}

/* From the root, yes before no. No recursion: a filter may be thousands of tests deep. */
static int find_visits(struct drawing *d)
{
	VEC(struct drawing_visit) stack = { 0 };
	struct drawing_visit v = { .node = settle(d->comments.filter, 0) };
	int r = vec_push(&stack, v);

	while (!r && stack.count) {
		struct drawing_node *node;

		v = stack.items[--stack.count];
		node = &d->nodes[v.node];
		v.again = node->test && node->seen;
		r = vec_push(&d->visits, v);
		if (v.again || !node->test)
			continue;
		node->seen = true;
		for (int b = BRANCH_COUNT; !r && b--;)
			r = vec_push(&stack, (struct drawing_visit){ node->to[b], v.node, v.depth + 1, (uint8_t)b, false });
	}
	vec_done(&stack);
	return r;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void follow(struct drawing *d, const struct callgate_call *call, uint64_t count, uint16_t *path)
{
	const struct callgate_filter *filter = d->comments.filter;
	size_t steps;

	filter_simulate(filter->insns, filter->count, filter->big_endian, call, path, &steps);
	for (size_t i = 0; i + 1 < steps; i++) {
		struct drawing_node *node = &d->nodes[path[i]];
		int branch = path[i + 1] == path[i] + 1 + filter->insns[path[i]].jt ? BRANCH_YES : BRANCH_NO;

		if (node->test)
			node->weight[branch] = add(node->weight[branch], count);
	}
	d->calls = add(d->calls, count);
}

static int find_weights(struct drawing *d, unsigned abis)
{
	const struct callgate_profile *profile = d->comments.profile;
	_cleanup_free_ uint16_t *path = calloc(d->comments.filter->count, sizeof(*path));

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; i < profile->calls.count; i++) {
		const struct profile_call *c = &profile->calls.items[i];

		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			int64_t nr = arch_syscall_nr((enum callgate_abi)abi, c->syscall);
			struct callgate_call call = { .arch = arch_abi_get((enum callgate_abi)abi)->audit_arch, .nr = (uint32_t)nr };

			if (!(abis & CALLGATE_ABI_BIT(abi)) || (c->abi >= 0 && c->abi != (int)abi) || nr < 0)
				continue;
			memcpy(call.args, c->args, sizeof(call.args));
			follow(d, &call, c->count, path);
		}
	}
	return 0;
}

uint64_t compile_drawing_weight(const struct drawing *d, const struct drawing_visit *visit)
{
	return visit->depth ? d->nodes[visit->from].weight[visit->branch] : d->calls;
}

unsigned compile_drawing_share(const struct drawing *d, uint64_t weight)
{
	unsigned tenths = d->calls ? (unsigned)(1000.0 * (double)weight / (double)d->calls + 0.5) : 0;

	return tenths || !weight ? tenths : 1;
}

const char *compile_drawing_percent(const struct drawing *d, uint64_t weight, char *text, size_t size)
{
	unsigned tenths = compile_drawing_share(d, weight);

	snprintf(text, size, tenths % 10 ? "%u.%u%%" : "%u%%", tenths / 10, tenths % 10);
	return text;
}

void compile_drawing_label(const struct drawing *d, uint32_t node, struct buf *out)
{
	const struct callgate_insn *insn = &d->comments.filter->insns[node];

	if (d->nodes[node].test)
		compile_comment_test(&d->comments, node, out);
	else if (insn->code == (BPF_RET | BPF_K))
		compile_comment(&d->comments, node, out);
	else
		buf_puts(out, "A");
}

void compile_drawing_details(const struct drawing *d, uint32_t node, struct buf *out)
{
	struct buf rule = { 0 };
	char *safe;

	buf_printf(out, "%u: ", node);
	filter_format_insn(&d->comments.filter->insns[node], node, out);
	buf_puts(out, "\n");
	compile_drawing_label(d, node, out);
	compile_comment_rule(&d->comments, node, "", "", &rule);
	safe = rule.size ? escape_text(rule.text, rule.size) : NULL;
	if (safe)
		buf_printf(out, "\n%s", safe);
	if (rule.error || (rule.size && !safe))
		out->error = -ENOMEM;
	free(safe);
	buf_done(&rule);
}

static void drawing_done(struct drawing *d)
{
	compile_comments_done(&d->comments);
	free(d->nodes);
	vec_done(&d->visits);
}

int compile_drawing(const struct callgate_filter *filter, const struct callgate_profile *profile, const struct callgate_target *target,
		    enum callgate_drawing format, struct buf *out)
{
	static int (*const forms[])(const struct drawing *, struct buf *) = {
		[CALLGATE_DRAWING_TEXT] = compile_drawing_text,
		[CALLGATE_DRAWING_DOT] = compile_drawing_dot,
		[CALLGATE_DRAWING_SVG] = compile_drawing_svg,
	};
	_cleanup_(drawing_done) struct drawing d = { 0 };
	int r;

	if ((unsigned)format >= ARRAY_SIZE(forms))
		return -EINVAL;
	r = compile_comments(filter, profile, &d.comments);
	if (r < 0)
		return r;
	d.nodes = calloc(filter->count, sizeof(*d.nodes));
	if (!d.nodes)
		return -ENOMEM;
	find_nodes(&d);
	r = find_visits(&d);
	if (!r && profile && profile->calls.count)
		r = find_weights(&d, filter->abis ? filter->abis : profile_target_abis(profile, target));
	return r < 0 ? r : forms[format](&d, out);
}
