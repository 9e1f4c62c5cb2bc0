/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argument values to conditions. An argument marked "set" in data/arguments.csv is pinned to the values seen, together with the
 * others of its call: one clause for each distinct tuple. An argument marked "mask" may have any of the bits seen in any call.
 * Pointers are never pinned: they change from run to run, and what they point to can change after the check.
 *
 * A rule is by name, for all ABIs of the profile. Where traces hold several, their values are put together: what one ABI was seen
 * doing the others may do too. The alternative, a profile for each ABI, is to learn from each trace by itself.
 */
#include <inttypes.h>

#include "learn/learner.h"

/* How one system call's arguments are treated. */
struct pins {
	int syscall;
	unsigned set, mask;     /* bits of arguments */
	uint64_t width[6];      /* the bits that the kernel reads, in the widest of the ABIs seen */
	uint64_t compared[6];   /* of set arguments: the bits that count */
	uint64_t seen[6];       /* of mask arguments */
};

struct tuple {
	uint64_t args[6];
};

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_tuples(const void *left, const void *right)
{
	const struct tuple *a = left, *b = right;
	int c = 0;

	for (int i = 0; i < 6 && !c; i++)
		c = COMPARE(a->args[i], b->args[i]);
	return c;
}

static int compare_values(const void *left, const void *right)
{
	return COMPARE(*(const uint64_t *)left, *(const uint64_t *)right);
}

static enum arch_learn treatment(const struct learner *l, const struct arch_arg *arg)
{
	if (!arg || arg->kind == ARCH_KIND_POINTER || l->options.args == CALLGATE_LEARN_ARGS_NONE)
		return ARCH_LEARN_NONE;
	if (arg->learn != ARCH_LEARN_KEEP)
		return arg->learn;
	if (l->options.args != CALLGATE_LEARN_ARGS_ALL)
		return ARCH_LEARN_NONE;
	return arg->kind == ARCH_KIND_FLAGS || arg->kind == ARCH_KIND_FLAGS64 ? ARCH_LEARN_MASK : ARCH_LEARN_SET;
}

static uint64_t widest(const struct learn_sample *samples, size_t count, unsigned arg)
{
	uint64_t width = UINT32_MAX;

	for (size_t i = 0; i < count && width == UINT32_MAX; i++) {
		if (arch_arg_width(samples[i].abi, samples[i].syscall, arg) == 64)
			width = UINT64_MAX;
	}
	return width;
}

static bool always_known(const struct learn_sample *samples, size_t count, unsigned arg)
{
	for (size_t i = 0; i < count; i++) {
		if (!(samples[i].known >> arg & 1))
			return false;
	}
	return true;
}

/* The argument as every ABI seen has it; NULL where they disagree on what it is, as about clone's first one. */
static const struct arch_arg *common_argument(const struct learn_sample *samples, size_t count, unsigned index)
{
	const struct arch_arg *arg = arch_arg_of(samples[0].abi, samples[0].syscall, index);

	for (size_t i = 1; arg && i < count; i++) {
		const struct arch_arg *other = arch_arg_of(samples[i].abi, samples[i].syscall, index);

		if (!other || other->learn != arg->learn || other->learn_mask != arg->learn_mask || strcmp(other->name, arg->name))
			return NULL;
	}
	return arg;
}

static void choose(struct learner *l, const struct learn_sample *samples, size_t count, struct pins *pins)
{
	for (unsigned i = 0; i < 6; i++) {
		const struct arch_arg *arg = count ? common_argument(samples, count, i) : NULL;
		enum arch_learn learn = treatment(l, arg);

		if (learn != ARCH_LEARN_SET && learn != ARCH_LEARN_MASK)
			continue;
		if (!always_known(samples, count, i)) {
			diag_note(l->diags, "learn-generalised", DIAG_NOWHERE,
				  "%s: the value of \"%s\" was not kept for every call, so any value is allowed",
				  arch_syscall_name(pins->syscall), arg->name);
			continue;
		}
		pins->width[i] = widest(samples, count, i);
		if (learn == ARCH_LEARN_SET) {
			pins->set |= 1u << i;
			/* What is only kept by default has no mask of its own. */
			pins->compared[i] = pins->width[i] & (arg->learn == ARCH_LEARN_SET ? arg->learn_mask : UINT64_MAX);
		} else {
			pins->mask |= 1u << i;
			for (size_t n = 0; n < count; n++)
				pins->seen[i] |= samples[n].args[i];
		}
	}
}

/* The distinct tuples of the set arguments; one, of zeros, when there are none. */
static size_t collect(const struct learn_sample *samples, size_t count, const struct pins *pins, struct tuple *tuples)
{
	size_t kept = 0;

	for (size_t n = 0; n < count; n++) {
		tuples[n] = (struct tuple){ 0 };
		for (unsigned i = 0; i < 6; i++) {
			if (pins->set >> i & 1)
				tuples[n].args[i] = samples[n].args[i] & pins->compared[i];
		}
	}
	qsort(tuples, count, sizeof(*tuples), compare_tuples);
	for (size_t n = 0; n < count; n++) {
		if (!kept || compare_tuples(&tuples[kept - 1], &tuples[n]))
			tuples[kept++] = tuples[n];
	}
	return kept;
}

static size_t count_values(const struct tuple *tuples, size_t count, unsigned arg, uint64_t *values)
{
	size_t distinct = 0;

	for (size_t n = 0; n < count; n++)
		values[n] = tuples[n].args[arg];
	qsort(values, count, sizeof(*values), compare_values);
	for (size_t n = 0; n < count; n++)
		distinct += !n || values[n] != values[n - 1];
	return distinct;
}

/* Let go of the argument with the most values. */
static void unpin_busiest(struct learner *l, const struct tuple *tuples, size_t count, struct pins *pins, uint64_t *values)
{
	unsigned busiest = 0;
	size_t most = 0;

	for (unsigned i = 0; i < 6; i++) {
		size_t distinct = pins->set >> i & 1 ? count_values(tuples, count, i, values) : 0;

		if (distinct > most) {
			most = distinct;
			busiest = i;
		}
	}
	pins->set &= ~(1u << busiest);
	diag_note(l->diags, "learn-many", DIAG_NOWHERE,
		  "%s: more than %u combinations of arguments, so \"%s\" (%zu values) may have any value",
		  arch_syscall_name(pins->syscall), LEARN_TUPLES_MAX, arch_arg_get(pins->syscall, busiest)->name, most);
}

static int add_clause(struct learner *l, const struct pins *pins, const struct tuple *tuple)
{
	struct profile_cond conds[6];
	size_t count = 0;

	for (unsigned i = 0; i < 6; i++) {
		uint64_t unseen = pins->width[i] & ~pins->seen[i];

		if (pins->set >> i & 1 && pins->compared[i] == pins->width[i])
			conds[count++] = (struct profile_cond){ .arg = (uint8_t)i, .op = OP_EQ, .value = tuple->args[i] };
		else if (pins->set >> i & 1)
			conds[count++] = (struct profile_cond){ (uint8_t)i, OP_MASKED_EQ, tuple->args[i], pins->compared[i] };
		else if (pins->mask >> i & 1 && unseen)
			conds[count++] = (struct profile_cond){ (uint8_t)i, OP_MASKED_EQ, 0, unseen };
	}
	return profile_add_clause(l->profile, (struct profile_clause){ .syscall = pins->syscall, .action = CALLGATE_ALLOW }, conds,
				  count);
}

int learn_pin(struct learner *l, const struct learn_sample *samples, size_t count)
{
	_cleanup_free_ struct tuple *tuples = calloc(count, sizeof(*tuples));
	_cleanup_free_ uint64_t *values = calloc(count, sizeof(*values));
	struct pins pins = { .syscall = samples[0].syscall };
	size_t distinct;
	int r = 0;

	if (!tuples || !values)
		return -ENOMEM;
	choose(l, samples, count, &pins);
	distinct = collect(samples, count, &pins, tuples);
	while (distinct > LEARN_TUPLES_MAX) {
		unpin_busiest(l, tuples, distinct, &pins, values);
		distinct = collect(samples, count, &pins, tuples);
	}
	for (size_t n = 0; n < distinct && !r; n++)
		r = add_clause(l, &pins, &tuples[n]);
	return r;
}
