/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Representative calls: the evidence that stays with the profile. They weigh its rules for the compiler and are what later tests
 * replay, so each keeps the arguments that may decide about it, and only those.
 */
#include "learn/learner.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_args(const struct profile_call *a, const struct profile_call *b)
{
	int c = COMPARE(a->abi, b->abi);

	c = c ? c : COMPARE(a->n_args, b->n_args);
	for (int i = 0; i < 6; i++)
		c = c ? c : COMPARE(a->args[i], b->args[i]);
	return c;
}

static int by_args(const void *left, const void *right)
{
	return compare_args(left, right);
}

static int by_weight(const void *left, const void *right)
{
	const struct profile_call *a = left, *b = right;
	int c = COMPARE(b->count, a->count);

	return c ? c : compare_args(a, b);
}

static bool decides(const struct learner *l, const struct arch_arg *arg)
{
	if (!arg || arg->kind == ARCH_KIND_POINTER)
		return false;
	return arg->learn == ARCH_LEARN_SET || arg->learn == ARCH_LEARN_MASK ||
	       (arg->learn == ARCH_LEARN_KEEP && l->options.args == CALLGATE_LEARN_ARGS_ALL);
}

static struct profile_call reduce(const struct learner *l, const struct learn_sample *sample)
{
	struct profile_call call = { .syscall = sample->syscall, .abi = -1, .denied = sample->denied, .count = sample->count };

	/* One ABI alone needs no saying. */
	if (l->profile->abis != CALLGATE_ABI_BIT(sample->abi))
		call.abi = sample->abi;
	for (unsigned i = 0; i < 6; i++) {
		if (!(sample->known >> i & 1) || !decides(l, arch_arg_of(sample->abi, sample->syscall, i)))
			continue;
		call.args[i] = sample->args[i];
		call.n_args = (uint8_t)(i + 1);
	}
	return call;
}

/* Add up equal neighbours; the number that stay. */
static size_t add_up(struct profile_call *calls, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept && !compare_args(&calls[kept - 1], &calls[i]))
			calls[kept - 1].count = learn_add(calls[kept - 1].count, calls[i].count);
		else
			calls[kept++] = calls[i];
	}
	return kept;
}

static int keep(struct learner *l, const struct profile_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct profile_call call = calls[i];

		if (i >= LEARN_CALLS_MAX) {
			/* profile_normalise adds these up. */
			call.n_args = 0;
			memset(call.args, 0, sizeof(call.args));
		}
		if (vec_push(&l->profile->calls, call))
			return -ENOMEM;
	}
	return 0;
}

int learn_calls(struct learner *l, const struct learn_sample *samples, size_t count)
{
	_cleanup_free_ struct profile_call *calls = calloc(count + 1, sizeof(*calls));

	if (!calls)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		calls[i] = reduce(l, &samples[i]);
	qsort(calls, count, sizeof(*calls), by_args);
	count = add_up(calls, count);
	qsort(calls, count, sizeof(*calls), by_weight);
	return keep(l, calls, count);
}
