/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions about filters. Here compile meets its proof: nothing leaves callgate_compile unproven. */
#include <callgate.h>

#include <time.h>

#include "base/diag.h"
#include "base/util.h"
#include "compile/compile.h"
#include "compile/peer.h"
#include "format/format.h"
#include "model/call.h"
#include "model/diagram.h"
#include "model/filter.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* 1 equal, 0 with a witness, -errno. */
static int compare_roots(struct diagram *d, diagram_ref a, diagram_ref b, struct callgate_call *ret_witness)
{
	struct callgate_call witness = { 0 };

	if (a == b)
		return 1;
	diagram_witness(d, a, b, &witness);
	if (ret_witness)
		*ret_witness = witness;
	return 0;
}

/* Lower both sides and compare; the two answers on the witness go to ret_actions when they differ. */
static int prove(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_filter *filter,
		 struct callgate_call *ret_witness, uint32_t ret_actions[2], size_t *ret_nodes, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	struct callgate_call witness = { 0 };
	diagram_ref want, have;
	int r;

	if (!d)
		return diag_oom(diags);
	r = diagram_from_profile(d, profile, target, &want, diags);
	if (!r)
		r = diagram_from_filter(d, filter->insns, filter->count, filter->big_endian, &have, diags);
	if (r < 0)
		return r;
	if (ret_nodes)
		*ret_nodes = diagram_size(d, want);
	r = compare_roots(d, want, have, &witness);
	if (!r && ret_actions) {
		ret_actions[0] = diagram_eval(d, want, &witness);
		ret_actions[1] = diagram_eval(d, have, &witness);
	}
	if (!r && ret_witness)
		*ret_witness = witness;
	return r;
}

static int proof_failed(const struct callgate_call *witness, const uint32_t actions[2], struct callgate_diags *diags)
{
	_cleanup_free_ char *call = NULL;
	char want[48], have[48];

	if (callgate_call_format(witness, &call) < 0)
		return diag_oom(diags);
	return diag_error(diags, -EPROTO, "compile-proof", DIAG_NOWHERE,
			  "internal error: the compiled filter answers %s for %s (arch 0x%x, nr %u), the profile says %s; "
			  "nothing was written. Please report this profile.",
			  action_format(actions[1], have, sizeof(have)), call, witness->arch, witness->nr,
			  action_format(actions[0], want, sizeof(want)));
}

int callgate_compile(const struct callgate_profile *profile, const struct callgate_target *target,
		     struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;
	struct callgate_call witness;
	uint32_t actions[2];
	double start = now_ms();
	int r;

	r = compile_profile(profile, target, &filter, diags);
	if (r < 0)
		return r;
	filter->compile_ms = now_ms() - start;
	r = prove(profile, target, filter, &witness, actions, &filter->diagram_nodes, diags);
	if (r < 0)
		return r;
	if (!r)
		return proof_failed(&witness, actions, diags);
	filter->proof_ms = now_ms() - start - filter->compile_ms;
	*ret_filter = take_ptr(filter);
	return 0;
}

/* A reference compiler's program is judged, not trusted. */
static int peer_differs(const struct callgate_call *witness, const uint32_t actions[2], struct callgate_diags *diags)
{
	_cleanup_free_ char *call = NULL;
	char want[48], have[48], version[24];

	if (callgate_call_format(witness, &call) < 0)
		return diag_oom(diags);
	return diag_error(diags, -EILSEQ, "peer-differs", DIAG_NOWHERE,
			  "libseccomp %s compiles this profile to a filter that means something else: it answers %s for %s (arch 0x%x, nr %u), "
			  "the profile says %s",
			  peer_version(version, sizeof(version)), action_format(actions[1], have, sizeof(have)), call, witness->arch, witness->nr,
			  action_format(actions[0], want, sizeof(want)));
}

int callgate_compile_libseccomp(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout,
				struct callgate_filter **ret_filter, struct callgate_call *ret_witness, struct callgate_diags *diags)
{
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;
	struct callgate_call witness;
	uint32_t actions[2];
	double start = now_ms();
	int r;

	if (!profile_target_abis(profile, target))
		return diag_error(diags, -EINVAL, "compile-no-abi", DIAG_NOWHERE, "the profile and the target select no ABI");
	r = peer_compile(profile, target, layout, &filter, diags);
	if (r < 0)
		return r;
	filter->compile_ms = now_ms() - start;
	r = prove(profile, target, filter, &witness, actions, &filter->diagram_nodes, diags);
	if (r < 0)
		return r;
	filter->proof_ms = now_ms() - start - filter->compile_ms;
	if (!r && ret_witness)
		*ret_witness = witness;
	if (!r)
		peer_differs(&witness, actions, diags);
	*ret_filter = take_ptr(filter);
	return r;
}

int callgate_filter_read(const void *bytes, size_t size, const char *file, struct callgate_filter **ret_filter,
			 struct callgate_diags *diags)
{
	return bpf_read(bytes, size, file, ret_filter, diags);
}

struct callgate_filter *callgate_filter_free(struct callgate_filter *filter) { return filter_free(filter); }

const struct callgate_insn *callgate_filter_insns(const struct callgate_filter *filter, size_t *ret_count)
{
	*ret_count = filter->count;
	return filter->insns;
}

int callgate_filter_run(const struct callgate_filter *filter, const struct callgate_call *call, uint32_t *ret_action,
			uint16_t *ret_path, size_t *ret_steps)
{
	size_t steps;
	uint32_t action = filter_simulate(filter->insns, filter->count, filter->big_endian, call, ret_path, &steps);

	if (ret_action)
		*ret_action = action;
	if (ret_steps)
		*ret_steps = steps;
	return 0;
}

int callgate_filter_rule(const struct callgate_filter *filter, size_t insn)
{
	return filter->rules && insn < filter->count ? filter->rules[insn] : FILTER_RULE_NONE;
}

int callgate_filter_listing(const struct callgate_filter *filter, const struct callgate_profile *profile, char **ret_text)
{
	struct buf text = { 0 };
	int r = compile_listing(filter, profile, &text);

	if (r < 0) {
		buf_done(&text);
		return r;
	}
	return buf_take(&text, ret_text, NULL);
}

int callgate_filter_drawing(const struct callgate_filter *filter, const struct callgate_profile *profile,
			    const struct callgate_target *target, enum callgate_drawing format, char **ret_text)
{
	struct buf text = { 0 };
	int r = compile_drawing(filter, profile, target, format, &text);

	if (r < 0) {
		buf_done(&text);
		return r;
	}
	return buf_take(&text, ret_text, NULL);
}

int callgate_filter_header(const struct callgate_filter *filter, const char *name, char **ret_text, struct callgate_diags *diags)
{
	struct buf text = { 0 };
	int r = format_write_header(filter, name, &text, diags);

	if (r < 0) {
		buf_done(&text);
		return r;
	}
	return buf_take(&text, ret_text, NULL);
}

int callgate_filter_report(const struct callgate_filter *filter, const struct callgate_profile *profile,
			   const struct callgate_target *target, struct callgate_filter_report *ret)
{
	int r = compile_report(filter, profile, target, ret);

	if (r < 0)
		return r;
	ret->diagram_nodes = filter->diagram_nodes;
	ret->compile_ms = filter->compile_ms;
	ret->proof_ms = filter->proof_ms;
	return 0;
}

int callgate_verify(const struct callgate_profile *profile, const struct callgate_target *target,
		    const struct callgate_filter *filter, struct callgate_call *ret_witness, struct callgate_diags *diags)
{
	return prove(profile, target, (struct callgate_filter *)filter, ret_witness, NULL, NULL, diags);
}

static int lower_stack(struct diagram *d, const struct callgate_filter *const *filters, size_t count, diagram_ref *ret_root,
		       struct callgate_diags *diags)
{
	diagram_ref root = diagram_leaf(d, CALLGATE_ALLOW), next;

	for (size_t i = 0; i < count; i++) {
		int r = diagram_from_filter(d, filters[i]->insns, filters[i]->count, filters[i]->big_endian, &next, diags);

		if (r < 0)
			return r;
		root = i ? diagram_stack(d, next, root) : next;
	}
	if (diagram_error(d) < 0)
		return diag_error(diags, diagram_error(d), "diagram-limit", DIAG_NOWHERE,
				  "the combined meaning of these filters is too large to compare");
	*ret_root = root;
	return 0;
}

int callgate_filters_equal(const struct callgate_filter *const *a, size_t a_count, const struct callgate_filter *const *b,
			   size_t b_count, struct callgate_call *ret_witness, struct callgate_diags *diags)
{
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	diagram_ref root_a, root_b;
	int r;

	if (!d)
		return diag_oom(diags);
	r = lower_stack(d, a, a_count, &root_a, diags);
	if (!r)
		r = lower_stack(d, b, b_count, &root_b, diags);
	if (r < 0)
		return r;
	return compare_roots(d, root_a, root_b, ret_witness);
}
