/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to tell numbers apart: counted in the finished program, beside what the tree was made to cost and what no tree can
 * undercut. Each by the weights of dispatch_weigh, per call.
 */
#include <linux/filter.h>

#include "compile/dispatch.h"

#define OFFSET_NR 0

/* Without libm: the exponent by halving, then a bit for each squaring. */
static double log2_of(double x)
{
	double log = 0;

	for (; x < 1; x *= 2)
		log--;
	for (; x >= 2; x /= 2)
		log++;
	for (double bit = 0.5; bit > 1e-9; bit /= 2) {
		x *= x;
		if (x < 2)
			continue;
		x /= 2;
		log += bit;
	}
	return log;
}

/* Leaves of a tree that asks yes or no lie as deep on average as the entropy of what they say, at least. Times the weight of all. */
static int entropy_of(const struct compiler *c, const struct dispatch *arch, double *ret_entropy)
{
	size_t n = c->decider.dag.nodes.count;
	_cleanup_free_ double *classes = calloc(n, sizeof(*classes));
	double entropy = 0;

	if (!classes)
		return -ENOMEM;
	for (size_t i = 0; i < arch->segments.count; i++)
		classes[c->decider.nodes.items[arch->segments.items[i].residual]] += (double)arch->segments.items[i].weight;
	for (size_t i = 0; i < n; i++)
		if (classes[i] > 0)
			entropy -= classes[i] * log2_of(classes[i] / (double)arch->weight);
	*ret_entropy = entropy;
	return 0;
}

/* Tests on a path while the accumulator holds the number. */
static size_t number_tests(const struct callgate_filter *filter, const uint16_t *path, size_t steps)
{
	bool loaded = false;
	size_t n = 0;

	for (size_t i = 0; i < steps; i++) {
		const struct callgate_insn *insn = &filter->insns[path[i]];

		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			loaded = insn->k == OFFSET_NR;
		n += loaded && BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
	}
	return n;
}

static double count_tests(const struct dispatch *arch, const struct callgate_filter *filter, uint16_t *path)
{
	double sum = 0;

	for (size_t i = 0; i < arch->segments.count; i++) {
		const struct segment *s = &arch->segments.items[i];
		struct callgate_call call = { .nr = s->start, .arch = arch->audit_arch };
		size_t steps;

		filter_simulate(filter->insns, filter->count, filter->big_endian, &call, path, &steps);
		sum += (double)s->weight * (double)number_tests(filter, path, steps);
	}
	return sum;
}

int dispatch_costs(const struct compiler *c, struct callgate_filter *filter)
{
	_cleanup_free_ uint16_t *path = calloc(filter->count, sizeof(*path));
	double weight = 0, tests = 0, optimum = 0, entropy = 0;
	bool exact = true;

	if (!path)
		return -ENOMEM;
	for (size_t a = 0; a < c->arch_count; a++) {
		const struct dispatch *arch = &c->archs[a];
		double bits;
		int r = entropy_of(c, arch, &bits);

		if (r < 0)
			return r;
		weight += (double)arch->weight;
		entropy += bits;
		tests += count_tests(arch, filter, path);
		optimum += (double)arch->tests;
		exact = exact && arch->exact;
	}
	filter->dispatch_tests = tests / weight;
	filter->dispatch_entropy = entropy / weight;
	filter->dispatch_optimum = exact ? optimum / weight : 0;
	return 0;
}
