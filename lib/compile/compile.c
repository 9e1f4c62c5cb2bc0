/* SPDX-License-Identifier: Apache-2.0 */
/* From profile to filter: composition of the steps that compile.h names. */
#include "compile/compile.h"
#include "compile/dispatch.h"
#include "compile/layout.h"

static void compiler_done(struct compiler *c)
{
	decider_done(&c->decider);
	for (size_t a = 0; a < c->arch_count; a++)
		vec_done(&c->archs[a].segments);
	vec_done(&c->seen);
}

/* One dispatch per value of seccomp_data.arch. */
static int collect_archs(struct compiler *c, bool *ret_big_endian, struct callgate_diags *diags)
{
	unsigned big = 0, little = 0;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct arch_abi *info = arch_abi_get(abi);
		size_t a = 0;

		if (!(c->abis & CALLGATE_ABI_BIT(abi)))
			continue;
		big += info->big_endian;
		little += !info->big_endian;
		while (a < c->arch_count && c->archs[a].audit_arch != info->audit_arch)
			a++;
		if (a == c->arch_count)
			c->archs[c->arch_count++].audit_arch = info->audit_arch;
	}
	if (!c->arch_count)
		return diag_error(diags, -EINVAL, "compile-no-abi", DIAG_NOWHERE,
				  "The target selects no ABI, so there is nothing to compile for.");
	if (big && little)
		return diag_error(diags, -EINVAL, "compile-byte-order", DIAG_NOWHERE,
				  "The target mixes big-endian and little-endian ABIs; one filter runs on one machine only.");
	*ret_big_endian = big;
	return 0;
}

static int by_audit_arch(const void *p, const void *q)
{
	const struct tree_cell *a = p, *b = q;

	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/* The test of the architecture: points for those of the target, everything else is refused. */
static int arch_tree(struct compiler *c)
{
	struct tree_cell points[CALLGATE_ABI_COUNT], items[2 * CALLGATE_ABI_COUNT + 1];
	struct cells cells = { .word = WORD_ARCH, .mask = WORD_ALL, .items = items, .owner = DAG_OWNER_NONE };
	int bad = dag_ret(&c->decider.dag, c->profile->bad_arch_action, DAG_OWNER_NONE);
	uint32_t next = 0;
	size_t n = 0;

	if (bad < 0)
		return bad;
	for (size_t a = 0; a < c->arch_count; a++)
		points[a] = (struct tree_cell){ c->archs[a].audit_arch, (uint32_t)c->archs[a].root, c->archs[a].weight, true, true };
	qsort(points, c->arch_count, sizeof(*points), by_audit_arch);
	for (size_t a = 0; a < c->arch_count; a++) {
		if (next < points[a].lo)
			items[n++] = (struct tree_cell){ next, (uint32_t)bad, WEIGHT_ONE >> 16, false, false };
		items[n++] = points[a];
		next = points[a].lo + 1;
	}
	if (next)
		items[n++] = (struct tree_cell){ next, (uint32_t)bad, WEIGHT_ONE >> 16, false, false };
	cells.count = n;
	return decide_tree(&c->decider, &cells);
}

static int build_dag(struct compiler *c)
{
	int r = 0;

	for (size_t a = 0; a < c->arch_count && !r; a++)
		r = dispatch_segments(c, &c->archs[a]);
	if (!r)
		r = dispatch_weigh(c);
	if (!r)
		r = dispatch_decide(c);
	for (size_t a = 0; a < c->arch_count && !r; a++)
		r = dispatch_tree(c, &c->archs[a]);
	return r < 0 ? r : arch_tree(c);
}

static int too_large(size_t size, struct callgate_diags *diags)
{
	return diag_error(diags, -E2BIG, "compile-too-large", DIAG_NOWHERE,
			  "The filter would have %zu instructions, %zu more than the %d the kernel admits.", size,
			  size - CALLGATE_INSNS_MAX, CALLGATE_INSNS_MAX);
}

static int too_complex(struct callgate_diags *diags)
{
	return diag_error(diags, -E2BIG, "compile-too-complex", DIAG_NOWHERE,
			  "The rules depend on each other in so many ways that the decision could not be worked out within bounds; "
			  "rules with conditions on fewer arguments, or fewer masks of one argument, would help.");
}

int compile_profile(const struct callgate_profile *profile, const struct callgate_target *target,
		    struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	_cleanup_(compiler_done) struct compiler c = {
		.profile = profile,
		.target = target,
		.abis = profile_target_abis(profile, target),
		.decider.limits = TREE_LIMITS_FULL,
	};
	struct callgate_filter *filter = NULL;
	bool big_endian = false;
	size_t size = 0;
	int r = collect_archs(&c, &big_endian, diags);

	c.decider.limits.per_test = WEIGHT_PER_TEST;
	c.decider.work_left = DECIDE_WORK_MAX;
	if (r < 0)
		return r;
	r = build_dag(&c);
	if (r >= 0)
		r = layout(&c.decider.dag, r, big_endian, &filter, &size);
	if (r == -ENOMEM)
		return diag_oom(diags);
	if (r == -E2BIG)
		return size > CALLGATE_INSNS_MAX ? too_large(size, diags) : too_complex(diags);
	if (r < 0)
		return r;
	filter->abis = c.abis;
	for (size_t a = 0; a < c.arch_count; a++)
		filter->cells += c.archs[a].cells;
	r = dispatch_costs(&c, filter);
	if (r < 0) {
		filter_free(filter);
		return diag_oom(diags);
	}
	*ret_filter = filter;
	return 0;
}
