/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces to a least-privilege profile. What was seen is allowed, all else gets the default; numbers newer than the tables get ENOSYS, which
 * programs are written to expect of an older kernel. What was seen refused stays as evidence and is not allowed.
 */
#include "learn/learner.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_samples(const void *left, const void *right)
{
	const struct learn_sample *a = left, *b = right;
	int c = COMPARE(a->syscall, b->syscall);

	c = c ? c : COMPARE(a->denied, b->denied);
	c = c ? c : COMPARE(a->abi, b->abi);
	c = c ? c : COMPARE(a->known, b->known);
	for (int i = 0; i < 6; i++)
		c = c ? c : COMPARE(a->args[i], b->args[i]);
	return c;
}

static int check_lost(const struct learner *l, const struct callgate_trace *trace)
{
	const char *command = strpool_get(&trace->strings, trace->command);

	if (!trace->lost)
		return 0;
	if (!l->options.allow_lost)
		return diag_error(l->diags, -EINVAL, "learn-lost", DIAG_NOWHERE,
				  "the trace of \"%s\" lost %llu calls: a profile learned from it may refuse what the program needs; record "
				  "again, or accept it explicitly",
				  command, (unsigned long long)trace->lost);
	diag_warning(l->diags, "learn-lost", DIAG_NOWHERE,
		     "the trace of \"%s\" lost %llu calls: the profile may refuse what the program needs", command,
		     (unsigned long long)trace->lost);
	return 0;
}

/*
 * A profile is by name, so it cannot allow a number without one. That errs on the strict side: the program gets the answer for unknown
 * numbers, ENOSYS where the number is newer than the tables. Hence a warning and no error.
 */
static void warn_unknown(const struct learner *l, const struct trace_entry *entry)
{
	/* -1 is how a tracer skips a call; nothing was called. */
	if (entry->nr == UINT32_MAX || entry->evidence == CALLGATE_EVIDENCE_DENIED)
		return;
	diag_warning(l->diags, "learn-unknown-number", DIAG_NOWHERE,
		     "%s call number %u was made %llu times and no table names it: it cannot be allowed and will be answered %s",
		     arch_abi_get(entry->abi)->name, entry->nr, (unsigned long long)entry->count,
		     arch_nr_unknown(entry->abi, entry->nr) ? "ENOSYS" : "by the default action");
}

static int add_sample(struct learner *l, const struct trace_entry *entry)
{
	struct learn_sample sample = {
		.syscall = arch_syscall_at(entry->abi, entry->nr),
		.abi = entry->abi,
		.known = entry->args_known,
		.denied = entry->evidence == CALLGATE_EVIDENCE_DENIED,
		.count = entry->count,
	};

	/* An ABI through which everything was refused is not one that the program needs. */
	if (!sample.denied)
		l->profile->abis |= CALLGATE_ABI_BIT(entry->abi);
	/* The recorder's own execve is none of the program's. */
	if (entry->launch)
		return 0;
	if (sample.syscall < 0) {
		warn_unknown(l, entry);
		return 0;
	}
	for (unsigned i = 0; i < 6; i++) {
		if (entry->args_known >> i & 1)
			sample.args[i] = arch_arg_width(entry->abi, sample.syscall, i) == 32 ? (uint32_t)entry->args[i] : entry->args[i];
	}
	return vec_push(&l->samples, sample);
}

static int gather(struct learner *l, const struct callgate_trace *const *traces, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		r = check_lost(l, traces[i]);
		for (size_t n = 0; n < traces[i]->entries.count && !r; n++)
			r = add_sample(l, &traces[i]->entries.items[n]);
		if (r)
			return r;
	}
	if (!l->profile->abis)
		return diag_error(l->diags, -EINVAL, "learn-empty", DIAG_NOWHERE,
				  "the traces hold no call that was let through: there is nothing to learn from");
	if (l->samples.count)
		qsort(l->samples.items, l->samples.count, sizeof(*l->samples.items), compare_samples);
	return 0;
}

/* End of the samples that share the first one's system call and fate. */
static size_t group_end(const struct learner *l, size_t first)
{
	const struct learn_sample *samples = l->samples.items;
	size_t end = first + 1;

	while (end < l->samples.count && samples[end].syscall == samples[first].syscall && samples[end].denied == samples[first].denied)
		end++;
	return end;
}

static int learn_groups(struct learner *l)
{
	int r = 0;

	for (size_t i = 0, end; i < l->samples.count && !r; i = end) {
		const struct learn_sample *first = &l->samples.items[i];

		end = group_end(l, i);
		if (!first->denied)
			r = learn_pin(l, first, end - i);
		if (!r)
			r = learn_calls(l, first, end - i);
	}
	return r;
}

static int note_abis(const struct learner *l)
{
	_cleanup_(buf_done) struct buf names = { 0 };

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (l->profile->abis & CALLGATE_ABI_BIT(abi))
			buf_printf(&names, "%s%s", names.size ? ", " : "", arch_abi_get(abi)->name);
	}
	if (names.error)
		return names.error;
	diag_note(l->diags, "learn-abis", DIAG_NOWHERE, "the profile is for %s, as seen; a call through any other ABI kills the process",
		  names.text);
	return 0;
}

static int learn_all(struct learner *l, const struct callgate_trace *const *traces, size_t count)
{
	int r = gather(l, traces, count);

	if (!r)
		r = learn_groups(l);
	if (!r)
		r = learn_always(l);
	if (!r)
		r = note_abis(l);
	return r ? r : profile_normalise(l->profile);
}

int learn_profile(const struct callgate_trace *const *traces, size_t count, const struct callgate_learn_options *options,
		  struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	_cleanup_(profile_freep) struct callgate_profile *profile = NULL;
	struct learner learner = { .options = options ? *options : (struct callgate_learn_options){ 0 }, .diags = diags };
	int r = profile_new(&profile);

	if (r)
		return diag_oom(diags);
	learner.profile = profile;
	profile->default_action = learner.options.default_action ? learner.options.default_action : CALLGATE_ERRNO(EPERM);
	profile->unknown_errno = ENOSYS;
	r = learn_all(&learner, traces, count);
	vec_done(&learner.samples);
	if (r)
		return r == -ENOMEM ? diag_oom(diags) : r;
	*ret_profile = take_ptr(profile);
	return 0;
}
