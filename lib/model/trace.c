/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace as an object. Two hash tables with open addressing: one from an observation's key to its entry, looked at for every
 * recorded call, and one from (ABI, number) to how many distinct observations it has, looked at only for new ones. What a
 * recorded program can make grow is bounded: the values per number by TRACE_VALUES_MAX, the numbers by TRACE_NUMBERS_MAX.
 */
#include "model/trace.h"

#include "arch/arch.h"

int trace_new(struct callgate_trace **ret_trace)
{
	struct callgate_trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return -ENOMEM;
	*ret_trace = trace;
	return 0;
}

struct callgate_trace *trace_free(struct callgate_trace *trace)
{
	if (trace) {
		vec_done(&trace->entries);
		vec_done(&trace->numbers);
		strpool_done(&trace->strings);
		free(trace->index);
		free(trace->number_index);
		free(trace);
	}
	return NULL;
}

/* ---- Hash tables ---- */

/* The multiplier and the fold of splitmix64's kind: every bit of the word reaches the low bits of the sum. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

static size_t hash_number(uint8_t abi, uint32_t nr)
{
	return mix(abi, nr);
}

static size_t hash_entry(const struct trace_entry *e)
{
	uint64_t hash = mix((uint64_t)e->args_known << 16 | (uint64_t)e->launch << 8 | e->evidence, (uint64_t)e->abi << 32 | e->nr);

	for (unsigned left = e->args_known; left; left &= left - 1)
		hash = mix(hash, e->args[__builtin_ctz(left)]);
	return hash;
}

static bool same_key(const struct trace_entry *a, const struct trace_entry *b)
{
	return a->nr == b->nr && a->abi == b->abi && a->evidence == b->evidence && a->launch == b->launch && a->args_known == b->args_known &&
		!memcmp(a->args, b->args, sizeof(a->args));
}

/* The slot that holds the key's entry, or the free one where it belongs. */
static uint32_t *find_entry(const struct callgate_trace *trace, const struct trace_entry *key)
{
	size_t mask = trace->index_size - 1, i = hash_entry(key) & mask;

	while (trace->index[i] && !same_key(&trace->entries.items[trace->index[i] - 1], key))
		i = (i + 1) & mask;
	return &trace->index[i];
}

static uint32_t *find_number(const struct callgate_trace *trace, uint8_t abi, uint32_t nr)
{
	size_t mask = trace->number_index_size - 1, i = hash_number(abi, nr) & mask;

	for (; trace->number_index[i]; i = (i + 1) & mask) {
		const struct trace_number *number = &trace->numbers.items[trace->number_index[i] - 1];

		if (number->nr == nr && number->abi == abi)
			break;
	}
	return &trace->number_index[i];
}

/* Room for one more at three quarters full. A new, empty table takes the place of the old one, which is answered in *ret_grown. */
static int grow_index(uint32_t **index, size_t *size, size_t used, bool *ret_grown)
{
	size_t wanted = *size ? *size * 2 : 256;
	uint32_t *grown;

	*ret_grown = used + 1 > *size / 4 * 3;
	if (!*ret_grown)
		return 0;
	grown = calloc(wanted, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	free(*index);
	*index = grown;
	*size = wanted;
	return 0;
}

static void index_entries(struct callgate_trace *trace)
{
	memset(trace->index, 0, trace->index_size * sizeof(*trace->index));
	for (size_t i = 0; i < trace->entries.count; i++)
		*find_entry(trace, &trace->entries.items[i]) = (uint32_t)i + 1;
}

static int reserve(struct callgate_trace *trace)
{
	bool grown;
	int r = grow_index(&trace->index, &trace->index_size, trace->entries.count, &grown);

	if (r)
		return r;
	if (grown)
		index_entries(trace);
	r = grow_index(&trace->number_index, &trace->number_index_size, trace->numbers.count, &grown);
	if (r)
		return r;
	for (size_t i = 0; grown && i < trace->numbers.count; i++)
		*find_number(trace, trace->numbers.items[i].abi, trace->numbers.items[i].nr) = (uint32_t)i + 1;
	return 0;
}

/* ---- Adding ---- */

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

static int keep_who(struct callgate_trace *trace, struct trace_entry *entry, const char *who)
{
	return !entry->who && who ? strpool_add(&trace->strings, who, strlen(who), &entry->who) : 0;
}

static int count_again(struct callgate_trace *trace, struct trace_entry *entry, const struct callgate_observation *o)
{
	entry->count = add_saturating(entry->count, o->count);
	if (o->first && (!entry->first || o->first < entry->first))
		entry->first = o->first;
	if (o->last > entry->last)
		entry->last = o->last;
	return keep_who(trace, entry, o->who);
}

/* The distinct observations of the key's number so far, made if need be; NULL when there are too many numbers. */
static int take_number(struct callgate_trace *trace, const struct trace_entry *key, struct trace_number **ret_number)
{
	uint32_t *slot = find_number(trace, key->abi, key->nr);

	if (!*slot) {
		*ret_number = NULL;
		if (trace->numbers.count == TRACE_NUMBERS_MAX)
			return 0;
		if (vec_push(&trace->numbers, (struct trace_number){ .nr = key->nr, .abi = key->abi }))
			return -ENOMEM;
		*slot = (uint32_t)trace->numbers.count;
	}
	*ret_number = &trace->numbers.items[*slot - 1];
	return 0;
}

static int add_new(struct callgate_trace *trace, struct trace_entry *key, const struct callgate_observation *o)
{
	struct trace_number *number;
	uint32_t *slot;
	int r = reserve(trace);

	if (!r)
		r = take_number(trace, key, &number);
	if (r)
		return r;
	if (!number) {
		trace->lost = add_saturating(trace->lost, o->count);
		return 0;
	}
	if (number->distinct >= TRACE_VALUES_MAX) {
		key->args_known = 0;
		memset(key->args, 0, sizeof(key->args));
	}
	slot = find_entry(trace, key);
	if (*slot)
		return count_again(trace, &trace->entries.items[*slot - 1], o);
	key->count = o->count;
	key->first = o->first;
	key->last = o->last;
	r = keep_who(trace, key, o->who);
	if (!r)
		r = vec_push(&trace->entries, *key);
	if (r)
		return r;
	*slot = (uint32_t)trace->entries.count;
	return number->distinct++ == 0;
}

int trace_add(struct callgate_trace *trace, const struct callgate_observation *observation)
{
	struct trace_entry key = {
		.nr = observation->nr,
		.abi = (uint8_t)observation->abi,
		.evidence = (uint8_t)observation->evidence,
		.launch = observation->launch,
		.args_known = observation->args_known & 0x3f,
	};

	for (unsigned i = 0; i < 6; i++)
		key.args[i] = key.args_known & 1u << i ? observation->args[i] : 0;
	if (trace->index_size) {
		uint32_t *slot = find_entry(trace, &key);

		if (*slot)
			return count_again(trace, &trace->entries.items[*slot - 1], observation);
	}
	return add_new(trace, &key, observation);
}

unsigned trace_args_worth(enum callgate_abi abi, uint32_t nr, const uint64_t args[6], uint64_t ret_args[6])
{
	int syscall = arch_syscall_at(abi, nr);
	unsigned count = syscall >= 0 ? arch_arg_count(syscall) : 0, known = 0;

	for (unsigned i = 0; i < 6; i++) {
		const struct arch_arg *arg = i < count ? arch_arg_of(abi, syscall, i) : NULL;
		bool worth = arg && arg->learn != ARCH_LEARN_NONE;

		/* what the kernel ignores is noise: an int's upper half would make one value many */
		ret_args[i] = !worth ? 0 : arch_arg_width(abi, syscall, i) == 32 ? (uint32_t)args[i] : args[i];
		known |= (unsigned)worth << i;
	}
	return known;
}

/* ---- Order ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_entries(const void *a, const void *b)
{
	const struct trace_entry *x = a, *y = b;
	int r = compare_u64(x->abi, y->abi);

	if (!r)
		r = compare_u64(x->nr, y->nr);
	if (!r)
		r = x->evidence - y->evidence;
	if (!r)
		r = x->launch - y->launch;
	if (!r)
		r = x->args_known - y->args_known;
	for (unsigned i = 0; !r && i < 6; i++)
		r = compare_u64(x->args[i], y->args[i]);
	return r;
}

int trace_normalise(struct callgate_trace *trace)
{
	if (!trace->entries.count)
		return 0;
	qsort(trace->entries.items, trace->entries.count, sizeof(*trace->entries.items), compare_entries);
	index_entries(trace);
	return 0;
}

void trace_observation(const struct callgate_trace *trace, size_t i, struct callgate_observation *ret)
{
	const struct trace_entry *e = &trace->entries.items[i];

	*ret = (struct callgate_observation){
		.abi = (enum callgate_abi)e->abi,
		.nr = e->nr,
		.evidence = (enum callgate_evidence)e->evidence,
		.launch = e->launch,
		.args_known = e->args_known,
		.count = e->count,
		.first = e->first,
		.last = e->last,
		.who = e->who ? strpool_get(&trace->strings, e->who) : NULL,
	};
	memcpy(ret->args, e->args, sizeof(ret->args));
}
