/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit-compare UNIT FOLDER FILE…: does what Callgate computes from a unit file and its drop-ins mean the same as the filters that
 * dump-filters wrote into FOLDER? Filter by filter, so that a difference has the name of its directive, and then all of them stacked.
 * Exits with 0 (equal), 1 (they differ; says where) or 2.
 */
#include <stdio.h>

#include "format/format.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"

static int read_whole(const char *path, char **ret_bytes, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	struct buf all = { 0 };
	char part[4096];
	size_t size;

	if (!file)
		return -errno;
	while ((size = fread(part, 1, sizeof(part), file)))
		buf_put(&all, part, size);
	fclose(file);
	return buf_take(&all, ret_bytes, ret_size);
}

static void show_diags(const struct callgate_diags *diags)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++) {
		const struct callgate_diag *diag = callgate_diags_get(diags, i);

		printf("%s:%u: %s [%s]\n", diag->file ? diag->file : "", diag->line, diag->text, diag->id);
	}
}

static int compute(const char *unit, char **files, size_t count, struct callgate_policy **ret_policy)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct systemd_text texts[32] = { 0 };
	int r = count > ARRAY_SIZE(texts) ? -E2BIG : 0;

	for (size_t i = 0; i < count && !r; i++) {
		texts[i].file = files[i];
		r = read_whole(files[i], (char **)&texts[i].bytes, &texts[i].size);
	}
	if (!r)
		r = systemd_unit_policy(unit, texts, count, 252, 0, ret_policy, diags);
	show_diags(diags);
	for (size_t i = 0; i < count && i < ARRAY_SIZE(texts); i++)
		free((char *)texts[i].bytes);
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
	r = read_whole(path, &bytes, &size);
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

	if (argc < 4) {
		fputs("usage: unit-compare UNIT FOLDER FILE…\n", stderr);
		return 2;
	}
	r = compute(argv[1], argv + 3, (size_t)argc - 3, &policy);
	if (r) {
		printf("nothing computed: %s\n", strerror(-r));
		return 2;
	}
	r = compare(policy, argv[2]);
	policy_free(policy);
	return r;
}
