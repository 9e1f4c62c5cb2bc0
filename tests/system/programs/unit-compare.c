/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit-compare ROOT UNIT FOLDER: does what Callgate computes from the files of a unit below ROOT mean the same as the filters that
 * dump-filters wrote into FOLDER? Filter by filter, so that a difference has the name of its directive, and then all of them stacked.
 * Exits with 0 (equal), 1 (they differ; says where) or 2.
 */
#include <stdio.h>

#include "base/file.h"
#include "format/format.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"
#include "unit/unit.h"

static void show_diags(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *diag = callgate_diags_get(diags, i);

		printf("%s:%u: %s [%s]\n", diag->file ? diag->file : "", diag->line, diag->text, diag->id);
	}
}

static int compute(const char *root, const char *unit, struct callgate_policy **ret_policy)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct unit_files files = { 0 };
	struct systemd_text texts[32];
	int r = unit_files_find(root, unit, &files, diags);

	if (!r && files.files.count > ARRAY_SIZE(texts))
		r = -E2BIG;
	for (size_t i = 0; i < files.files.count && !r; i++)
		texts[i] = (struct systemd_text){ files.files.items[i].path, files.files.items[i].bytes, files.files.items[i].size };
	if (!r)
		r = systemd_unit_policy(files.name, texts, files.files.count, 252, 0, ret_policy, diags);
	show_diags(diags);
	unit_files_done(&files);
	callgate_diags_free(diags);
	return r;
}

/* The i-th live filter; -ENOENT behind the last. */
static int read_live(const char *folder, size_t i, struct callgate_filter **ret_filter)
{
	char path[4096];
	char *bytes = NULL;
	size_t size;
	int r;

	snprintf(path, sizeof(path), "%s/%zu.bpf", folder, i);
	r = file_read(path, &bytes, &size, NULL);
	if (!r)
		r = bpf_read(bytes, size, path, ret_filter, NULL);
	free(bytes);
	return r;
}

static int lower(struct diagram *d, const struct callgate_filter *filter, diagram_ref *ret_root)
{
	return diagram_from_filter(d, filter->insns, filter->count, filter->big_endian, ret_root, NULL);
}

static void show_difference(const struct diagram *d, const char *what, diagram_ref ours, diagram_ref live)
{
	struct callgate_call call;
	struct buf text = { 0 };
	char a[64], b[64];

	if (!diagram_witness(d, ours, live, &call))
		return;
	call_format(&call, &text);
	printf("%s: for %s (arch 0x%x, nr 0x%x) we say %s, the live filter %s\n", what, text.text, call.arch, call.nr,
	       callgate_action_format(diagram_eval(d, ours, &call), a, sizeof(a)),
	       callgate_action_format(diagram_eval(d, live, &call), b, sizeof(b)));
	buf_done(&text);
}

static int compare(struct callgate_policy *policy, const char *folder)
{
	const struct callgate_target target = { 0 };
	struct diagram *d = diagram_new(0);
	diagram_ref stack = diagram_leaf(d, CALLGATE_ALLOW), all, ours, live;
	struct callgate_filter *filter;
	size_t i = 0, differ = 0;

	for (; !read_live(folder, i, &filter); i++) {
		const struct callgate_policy *part = i < policy->parts.count ? policy->parts.items[i] : NULL;

		if (lower(d, filter, &live) || (part && diagram_from_policy(d, part, &target, &ours, NULL)))
			return 2;
		stack = diagram_stack(d, live, stack);
		if (part && ours != live && ++differ)
			show_difference(d, part->name, ours, live);
		filter_free(filter);
	}
	if (i != policy->parts.count) {
		printf("%zu live filters, %zu computed\n", i, policy->parts.count);
		differ++;
	}
	if (diagram_from_policy(d, policy, &target, &all, NULL))
		return 2;
	if (all != stack && ++differ)
		show_difference(d, "all together", all, stack);
	printf("%zu filters, %zu differences\n", i, differ);
	diagram_free(d);
	return differ != 0;
}

int main(int argc, char **argv)
{
	struct callgate_policy *policy = NULL;
	int r;

	if (argc != 4) {
		fputs("usage: unit-compare ROOT UNIT FOLDER\n", stderr);
		return 2;
	}
	r = compute(argv[1], argv[2], &policy);
	if (r) {
		printf("nothing computed: %s\n", strerror(-r));
		return 2;
	}
	r = compare(policy, argv[3]);
	policy_free(policy);
	return r;
}
