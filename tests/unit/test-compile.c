/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler against profile_eval: random profiles, calls at and around every value that occurs in them. A filter must be one that
 * the kernel takes and answer each call as the profile does; instruction texts are nowhere expected, lengths only bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "compile/compile.h"
#include "format/format.h"

static uint64_t rng_state = 0x9e3779b97f4a7c15u;

static uint64_t rng64(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state * 0x2545f4914f6cdd1du;
}

static uint32_t rng(uint32_t below)
{
	return (uint32_t)(rng64() >> 32) % below;
}

/* ---- Making profiles ---- */

static const char *const names[] = { "read", "write", "socket", "ioctl", "prctl", "mmap", "openat", "clone", "personality", "futex",
				     "fcntl", "sendto", "lseek", "execve" };
static const uint32_t actions[] = { CALLGATE_ALLOW, CALLGATE_ALLOW, CALLGATE_ALLOW, CALLGATE_ERRNO(1), CALLGATE_ERRNO(38),
				    CALLGATE_KILL_PROCESS, CALLGATE_LOG, CALLGATE_NOTIFY, CALLGATE_TRACE(7), CALLGATE_KILL_THREAD };

static uint32_t any_action(void)
{
	return actions[rng(ARRAY_SIZE(actions))];
}

static struct callgate_profile *new_profile(uint32_t action)
{
	struct callgate_profile *profile;

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = action;
	return profile;
}

static void add(struct callgate_profile *profile, const char *name, uint32_t action, const struct profile_cond *conds, size_t count)
{
	struct profile_clause clause = { .syscall = arch_syscall_id(name), .action = action };

	assert_true(clause.syscall >= 0);
	assert_int_equal(profile_add_clause(profile, clause, conds, count), 0);
}

static void add_call(struct callgate_profile *profile, const char *name, unsigned n_args, const uint64_t *args, uint64_t count)
{
	struct profile_call call = { .syscall = arch_syscall_id(name), .abi = -1, .n_args = (uint8_t)n_args, .count = count };

	for (unsigned i = 0; i < n_args; i++)
		call.args[i] = args[i];
	assert_int_equal(vec_push(&profile->calls, call), 0);
}

/* Few distinct values, near each other, in low and high words: so that conditions meet. */
static uint64_t any_value(void)
{
	static const uint64_t seeds[] = { 0, 1, 2, 0xf, 0x10, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff,
					  0x7fffffffffffffff, 0x8000000000000000, 0xffffffff80000000, 0xffffffffffffffff, 0x200000010 };
	uint64_t v = seeds[rng(ARRAY_SIZE(seeds))];

	switch (rng(6)) {
	case 0:
		return v + 1;
	case 1:
		return v - 1;
	case 2:
		return v ^ 1ull << rng(64);
	case 3:
		return rng(4) ? v : rng64();
	}
	return v;
}

static struct profile_cond any_cond(unsigned args)
{
	struct profile_cond cond = { .arg = (uint8_t)rng(args), .op = (uint8_t)rng(7), .value = any_value() };
	uint64_t masks[] = { 0xf, 0xff, 0x10, ~0ull, 0xffffffff, 0x100000000, 0xf0f0f0f0f, any_value(), rng64() };

	if (cond.op != OP_MASKED_EQ)
		return cond;
	cond.mask = masks[rng(ARRAY_SIZE(masks))];
	if (rng(5))
		cond.value &= cond.mask;
	return cond;
}

static void any_clauses(struct callgate_profile *profile, unsigned calls, unsigned clauses, unsigned conds, unsigned args)
{
	for (unsigned i = 0; i < calls; i++) {
		const char *name = names[rng(ARRAY_SIZE(names))];
		unsigned n = 1 + rng(clauses);

		for (unsigned j = 0; j < n; j++) {
			struct profile_cond list[8];
			unsigned m = rng(conds + 1);

			for (unsigned k = 0; k < m; k++)
				list[k] = any_cond(args);
			add(profile, name, any_action(), list, m);
		}
	}
}

/* ---- Calls worth asking ---- */

struct values {
	VEC(uint64_t) list;
};

static void note(struct values *v, uint64_t value)
{
	assert_int_equal(vec_push(&v->list, value), 0);
}

static void note_around(struct values *v, uint64_t value)
{
	for (int64_t d = -1; d <= 1; d++) {
		note(v, value + (uint64_t)d);
		note(v, (value + (uint64_t)d) & 0xffffffff);
		note(v, ((value + (uint64_t)d) & 0xffffffff) | rng64() << 32);
	}
	note(v, value ^ 1ull << rng(64));
	note(v, value + ((uint64_t)1 << 32));
	note(v, value - ((uint64_t)1 << 32));
	note(v, rng64());
}

static void collect_values(const struct callgate_profile *profile, struct values *v)
{
	note(v, 0);
	note(v, ~0ull);
	for (size_t i = 0; i < profile->conds.count; i++) {
		note_around(v, profile->conds.items[i].value);
		if (profile->conds.items[i].op == OP_MASKED_EQ)
			note_around(v, profile->conds.items[i].value | ~profile->conds.items[i].mask);
	}
}

static uint32_t any_nr(const struct callgate_profile *profile, enum callgate_abi abi)
{
	static const uint32_t odd[] = { 0, 1, 500, 600, 0x3fffffff, 0x40000000, 0x40000001, 0x40000222, 0x7fffffff, 0x80000000,
					0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff };
	int64_t nr = -1;

	if (rng(8) && profile->clauses.count) {
		nr = arch_syscall_nr(abi, profile->clauses.items[rng((uint32_t)profile->clauses.count)].syscall);
		if (nr >= 0)
			return rng(16) ? (uint32_t)nr : (uint32_t)nr ^ 0x40000000u;
	}
	return rng(2) ? odd[rng(ARRAY_SIZE(odd))] : rng(700);
}

static void complain(const struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_filter *filter,
		     const struct callgate_call *call, uint32_t want, uint32_t got)
{
	print_error("arch %08x nr %u: want %08x, got %08x, abis %03x strict %d\n", call->arch, call->nr, want, got, target->abis,
		    target->strict64);
	for (unsigned i = 0; i < 6; i++)
		print_error("  arg %u 0x%016llx\n", i, (unsigned long long)call->args[i]);
	for (size_t i = 0; i < profile->clauses.count; i++) {
		const struct profile_clause *c = &profile->clauses.items[i];

		print_error("  %s -> %08x:", arch_syscall_name(c->syscall), c->action);
		for (size_t j = 0; j < c->n_conds; j++) {
			const struct profile_cond *d = &profile->conds.items[c->cond + j];

			print_error(" a%u op%u 0x%llx/0x%llx", d->arg, d->op, (unsigned long long)d->value, (unsigned long long)d->mask);
		}
		print_error("\n");
	}
	for (size_t i = 0; i < filter->count; i++)
		print_error("  %3zu %02x %3u %3u 0x%x\n", i, filter->insns[i].code, filter->insns[i].jt, filter->insns[i].jf,
			    filter->insns[i].k);
}

/* Rules are named truly: every instruction is of no clause or of one that exists. */
static void check_shape(const struct callgate_profile *profile, const struct callgate_filter *filter)
{
	assert_int_equal(filter_check(filter->insns, filter->count, NULL, NULL), 0);
	assert_non_null(filter->rules);
	for (size_t i = 0; i < filter->count; i++)
		assert_true(filter->rules[i] == FILTER_RULE_NONE ||
			    (filter->rules[i] >= 0 && (size_t)filter->rules[i] < profile->clauses.count));
}

static void check_calls(const struct callgate_profile *profile, const struct callgate_target *target,
			const struct callgate_filter *filter, unsigned calls)
{
	struct values values = { 0 };

	collect_values(profile, &values);
	for (unsigned i = 0; i < calls; i++) {
		enum callgate_abi abi = rng(CALLGATE_ABI_COUNT);
		struct callgate_call call = { .ip = rng64() };
		uint32_t want, got;
		size_t steps;

		while (rng(10) && !(target->abis & CALLGATE_ABI_BIT(abi)))
			abi = rng(CALLGATE_ABI_COUNT);
		call.arch = rng(50) ? arch_abi_get(abi)->audit_arch : (uint32_t)rng64();
		call.nr = any_nr(profile, abi);
		for (unsigned a = 0; a < 6; a++)
			call.args[a] = values.list.items[rng((uint32_t)values.list.count)];
		want = profile_eval(profile, target, &call, NULL);
		got = filter_simulate(filter->insns, filter->count, filter->big_endian, &call, NULL, &steps);
		if (want != got)
			complain(profile, target, filter, &call, want, got);
		assert_int_equal(want, got);
	}
	vec_done(&values.list);
}

/* A first clause that allows whatever the arguments must be answered by the kernel's bitmap wherever there is one. */
static void check_cacheable(const struct callgate_profile *profile, const struct callgate_target *target,
			    const struct callgate_filter *filter)
{
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		for (size_t i = 0; i < profile->clauses.count; i++) {
			const struct profile_clause *c = &profile->clauses.items[i];
			int64_t nr = arch_syscall_nr(abi, c->syscall);
			uint32_t arch = arch_abi_get(abi)->audit_arch;

			if (!(target->abis & CALLGATE_ABI_BIT(abi)) || nr < 0 || c->n_conds || c->guard ||
			    (i && profile->clauses.items[i - 1].syscall == c->syscall))
				continue;
			assert_int_equal(compile_cacheable(filter, arch, (uint32_t)nr),
					 c->action == CALLGATE_ALLOW && abi != CALLGATE_ABI_X32 &&
						 nr <= arch_abi_get(abi)->newest);
		}
}

/* Compile, check, ask. Returns the length. */
static size_t check_profile(struct callgate_profile *profile, const struct callgate_target *target, unsigned calls)
{
	struct callgate_filter *filter = NULL;
	size_t count;

	assert_int_equal(profile_normalise(profile), 0);
	assert_int_equal(compile_profile(profile, target, &filter, NULL), 0);
	check_shape(profile, filter);
	assert_int_equal(filter->abis, target->abis);
	check_cacheable(profile, target, filter);
	check_calls(profile, target, filter, calls);
	count = filter->count;
	filter_free(filter);
	return count;
}

/* ---- The tests ---- */

static const unsigned combos[] = {
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64),
	CALLGATE_ABI_BIT(CALLGATE_ABI_X32),
	CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
	CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64),
	CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
	CALLGATE_ABI_BIT(CALLGATE_ABI_RISCV64),
	CALLGATE_ABI_BIT(CALLGATE_ABI_PPC64LE),
	CALLGATE_ABI_BIT(CALLGATE_ABI_S390X),
	CALLGATE_ABI_BIT(CALLGATE_ABI_LOONGARCH64),
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32),
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
	CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
};

static struct callgate_target any_target(void)
{
	return (struct callgate_target){ .abis = combos[rng(ARRAY_SIZE(combos))], .kernel = rng(2) ? 4u << 16 | 14u << 8 : 0,
					 .strict64 = rng(4) == 0, .caps = rng64() };
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct callgate_profile *profile = new_profile(any_action());
		struct callgate_target target = any_target();

		profile->bad_arch_action = rng(2) ? any_action() : CALLGATE_KILL_PROCESS;
		profile->unknown_errno = rng(2) ? 38 : -1;
		any_clauses(profile, rng(8), 5, 3, 1 + rng(6));
		for (unsigned i = rng(20); i; i--) {
			uint64_t args[6];

			for (unsigned a = 0; a < 6; a++)
				args[a] = any_value();
			add_call(profile, names[rng(ARRAY_SIZE(names))], rng(7), args, rng64() >> rng(64));
		}
		check_profile(profile, &target, 1500);
		profile_free(profile);
	}
}

/* Two to six comparisons of one 64-bit argument: what libseccomp gets wrong one time in five. */
static void test_one_argument(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));
		struct callgate_target target = { .abis = combos[rng(2) ? 0 : 7], .strict64 = rng(2) };
		unsigned n = 2 + rng(5);

		for (unsigned i = 0; i < n; i++) {
			struct profile_cond conds[3];
			unsigned m = 1 + rng(3);

			for (unsigned k = 0; k < m; k++)
				conds[k] = any_cond(1);
			add(profile, "mmap", rng(4) ? CALLGATE_ALLOW : any_action(), conds, m);
		}
		check_profile(profile, &target, 600);
		profile_free(profile);
	}
}

/* Masks and sets of one word in all mixtures, which is where what is known of a word has to be carried on. */
static void test_masks(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		struct callgate_profile *profile = new_profile(CALLGATE_KILL_PROCESS);
		struct callgate_target target = { .abis = combos[0] };
		unsigned n = 1 + rng(6), bits = 2 + rng(4);

		for (unsigned i = 0; i < n; i++) {
			struct profile_cond conds[3];
			unsigned m = 1 + rng(3);

			for (unsigned k = 0; k < m; k++) {
				conds[k] = (struct profile_cond){ .op = rng(3) ? OP_MASKED_EQ : (uint8_t)rng(7), .value = rng(1u << bits),
								  .mask = rng(1u << bits) };
				if (rng(6))
					conds[k].value &= conds[k].mask;
			}
			add(profile, "socket", any_action(), conds, m);
		}
		check_profile(profile, &target, 300);
		profile_free(profile);
	}
}

static void test_guards(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));
		struct callgate_target target = any_target();

		for (unsigned i = 0; i < 12; i++) {
			struct profile_guard guard = { .include_caps = rng(2) ? 1ull << rng(40) : 0, .exclude_caps = rng(2) ? 1ull << rng(40) : 0,
						       .include_abis = rng(2) ? rng(512) : 0, .include_kernel = rng(2) ? rng(7) << 16 : 0 };
			struct profile_clause clause = { .syscall = arch_syscall_id(names[rng(4)]), .action = any_action() };

			assert_int_equal(profile_add_guard(profile, &guard, &clause.guard), 0);
			assert_int_equal(profile_add_clause(profile, clause, NULL, 0), 0);
		}
		check_profile(profile, &target, 200);
		profile_free(profile);
	}
}

/* Every number of every ABI, and its neighbours. */
static void test_all_numbers(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(combos); t++) {
		struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));
		struct callgate_target target = { .abis = combos[t] };
		struct callgate_filter *filter = NULL;

		profile->unknown_errno = 38;
		for (unsigned id = 0; id < arch_syscall_count(); id++)
			if (rng(3))
				add(profile, arch_syscall_name((int)id), rng(8) ? CALLGATE_ALLOW : CALLGATE_LOG, NULL, 0);
		assert_int_equal(profile_normalise(profile), 0);
		assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
		check_shape(profile, filter);
		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
			for (uint32_t nr = 0; nr < 0x50000; nr += nr < 1200 || (nr >= 0xefff0 && nr < 0xf0010) ? 1 : 977)
				for (unsigned top = 0; top < 4; top++) {
					struct callgate_call call = { .arch = arch_abi_get(abi)->audit_arch, .nr = nr | top << 30 };
					uint32_t want = profile_eval(profile, &target, &call, NULL);
					size_t steps;

					assert_int_equal(want, filter_simulate(filter->insns, filter->count, filter->big_endian, &call,
									       NULL, &steps));
				}
		filter_free(filter);
		profile_free(profile);
	}
}

static void test_trivial(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ALLOW);
	struct callgate_target target = { .abis = combos[11] };

	(void)state;
	profile->bad_arch_action = CALLGATE_ALLOW;
	assert_int_equal(check_profile(profile, &target, 100), 1);
	/* Rules that say what the default says change nothing. */
	add(profile, "read", CALLGATE_ALLOW, &(struct profile_cond){ .arg = 1, .op = OP_LT, .value = 5 }, 1);
	add(profile, "read", CALLGATE_ALLOW, &(struct profile_cond){ .arg = 1, .op = OP_GE, .value = 5 }, 1);
	assert_int_equal(check_profile(profile, &target, 100), 1);
	profile_free(profile);
}

/* A profile as people write them, with evidence: what it costs is bounded, and what the texts must name is named. */
static struct callgate_profile *small_profile(void)
{
	static const char *const allowed[] = { "read", "write", "close", "openat", "mmap", "exit_group" };
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		add(profile, allowed[i], CALLGATE_ALLOW, NULL, 0);
	add(profile, "socket", CALLGATE_ALLOW, &(struct profile_cond){ .op = OP_EQ, .value = 2 }, 1);
	add(profile, "socket", CALLGATE_LOG, &(struct profile_cond){ .op = OP_EQ, .value = 1 }, 1);
	add_call(profile, "socket", 1, (uint64_t[]){ 2 }, 1000);
	add_call(profile, "socket", 1, (uint64_t[]){ 1 }, 10);
	add_call(profile, "read", 0, NULL, 1000000);
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static void test_report(void **state)
{
	static const unsigned kernels[] = { 0, 4u << 16 | 14u << 8, 5u << 16 | 11u << 8 };
	struct callgate_profile *profile = small_profile();

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kernels); k++) {
		struct callgate_target target = { .abis = combos[0], .kernel = kernels[k] };
		struct callgate_filter_report report;
		struct callgate_filter *filter;

		assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
		assert_int_equal(compile_report(filter, profile, &target, &report), 0);
		assert_int_equal(report.insns, filter->count);
		assert_int_equal(report.allowed, 6);
		assert_int_equal(report.cacheable, 6);
		assert_in_range(report.insns, 10, 24);
		assert_in_range(report.worst_steps, 7, 12);
		/* Where the bitmap answers read, only socket counts: 7 executed instructions for AF_INET when it is tested first. */
		if (k == 1)
			assert_true(report.mean_steps > 4.9 && report.mean_steps < 5.1);
		else
			assert_true(report.mean_steps > 6.9 && report.mean_steps < 7.1);
		filter_free(filter);
	}
	profile_free(profile);
}

/* x32 shares its architecture with x86_64 but has no bitmap. */
static void test_x32_uncached(void **state)
{
	struct callgate_profile *profile = small_profile();
	struct callgate_target target = { .abis = combos[9] };
	struct callgate_filter_report report;
	struct callgate_filter *filter;

	(void)state;
	assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
	assert_int_equal(compile_report(filter, profile, &target, &report), 0);
	assert_int_equal(report.allowed, 12);
	assert_int_equal(report.cacheable, 6);
	filter_free(filter);
	profile_free(profile);
}

/* Many runs of numbers, some with conditions, and one hot call of each kind. */
static struct callgate_profile *scattered_profile(void)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));

	for (unsigned id = 0; id < arch_syscall_count(); id += 15)
		add(profile, arch_syscall_name((int)id), CALLGATE_ALLOW, NULL, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		add(profile, names[i], CALLGATE_ALLOW, &(struct profile_cond){ .op = OP_EQ, .value = i }, 1);
	add(profile, "getpid", CALLGATE_ALLOW, NULL, 0);
	add_call(profile, "getpid", 0, NULL, 1000000000);
	add_call(profile, "socket", 1, (const uint64_t[]){ 2 }, 10000);
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static struct callgate_filter_report report_on(const struct callgate_profile *profile, unsigned abis, uint32_t kernel)
{
	struct callgate_target target = { .abis = abis, .kernel = kernel };
	struct callgate_filter_report report;
	struct callgate_filter *filter;

	assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
	assert_int_equal(compile_report(filter, profile, &target, &report), 0);
	filter_free(filter);
	return report;
}

/* Where the bitmap answers the hottest call the tree is for the others, and for the emulation; where it does not, for that call. */
static void test_kernels(void **state)
{
	struct callgate_profile *profile = scattered_profile();
	struct callgate_filter_report new = report_on(profile, combos[0], 5u << 16 | 11u << 8);
	struct callgate_filter_report old = report_on(profile, combos[0], 4u << 16 | 14u << 8);

	(void)state;
	assert_true(new.uncached.mean < old.uncached.mean);
	assert_true(old.all.mean < new.all.mean);
	assert_true(new.attach_steps < old.attach_steps);
	profile_free(profile);
}

/* Calls of other ABIs, which nobody saw, do not make those that were seen dearer: x32's copies of cached calls always run the filter. */
static void test_supposed_calls(void **state)
{
	struct callgate_profile *profile = scattered_profile();
	unsigned one = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64);
	unsigned all = one | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386);
	struct callgate_filter_report alone = report_on(profile, one, 0), together = report_on(profile, all, 0);

	(void)state;
	assert_true(together.uncached.mean <= alone.uncached.mean);
	profile_free(profile);
}

static void test_texts(void **state)
{
	struct callgate_profile *profile = small_profile();
	struct callgate_target target = { .abis = combos[0] };
	struct callgate_filter *filter;
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
	assert_int_equal(compile_listing(filter, profile, &text), 0);
	assert_non_null(strstr(text.text, "== x86_64"));
	assert_non_null(strstr(text.text, "== socket"));
	assert_non_null(strstr(text.text, "== AF_INET"));
	assert_non_null(strstr(text.text, "; ALLOW"));
	assert_non_null(strstr(text.text, "[socket]"));
	assert_null(strstr(text.text, "never reached"));
	buf_done(&text);
	assert_int_equal(compile_listing(filter, NULL, &text), 0);
	assert_null(strstr(text.text, "[socket]"));
	buf_done(&text);
	assert_int_equal(format_write_header(filter, "policy", &text, NULL), 0);
	assert_non_null(strstr(text.text, "static const struct sock_filter policy[] = {"));
	assert_non_null(strstr(text.text, "x86_64"));
	buf_done(&text);
	assert_int_equal(format_write_header(filter, "1policy", &text, NULL), -EINVAL);
	assert_int_equal(format_write_header(filter, "a b", &text, NULL), -EINVAL);
	assert_int_equal(format_write_header(filter, "", &text, NULL), -EINVAL);
	buf_done(&text);
	filter_free(filter);
	profile_free(profile);
}

/* Masked values that together are all there can be are no condition, so the kernel can answer the call by itself. */
static void test_exhaustive(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));
	struct callgate_target target = { .abis = combos[0] };
	uint32_t nr = (uint32_t)arch_syscall_nr(CALLGATE_ABI_X86_64, arch_syscall_id("socket"));
	struct callgate_filter *filter;

	(void)state;
	for (uint64_t value = 0; value < 64; value++)
		if (!(value & ~0x25u))
			add(profile, "socket", CALLGATE_ALLOW,
			    &(struct profile_cond){ .arg = 1, .op = OP_MASKED_EQ, .mask = 0x25, .value = value }, 1);
	check_profile(profile, &target, 500);
	assert_int_equal(compile_profile(profile, &target, &filter, NULL), 0);
	assert_true(compile_cacheable(filter, arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch, nr));
	filter_free(filter);
	profile_free(profile);
}

static int errors_with(const struct callgate_diags *diags, const char *id)
{
	int n = 0;

	for (size_t i = 0; i < callgate_diags_count(diags); i++)
		n += !strcmp(callgate_diags_get(diags, i)->id, id);
	return n;
}

static void expect_error(const struct callgate_profile *profile, unsigned abis, int error, const char *id)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_target target = { .abis = abis };
	struct callgate_filter *filter = NULL;

	assert_non_null(diags);
	assert_int_equal(compile_profile(profile, &target, &filter, diags), error);
	assert_null(filter);
	assert_int_equal(errors_with(diags, id), 1);
	callgate_diags_free(diags);
}

static void test_errors(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));

	(void)state;
	expect_error(profile, 1u << 20, -EINVAL, "compile-no-abi");
	expect_error(profile, CALLGATE_ABI_BIT(CALLGATE_ABI_S390X) | CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64), -EINVAL,
		     "compile-byte-order");
	profile_free(profile);
}

/* 1200 rules on one argument: more than 255 instructions and more than an 8-bit jump in every direction. */
static void test_many_rules(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));
	struct callgate_target target = { .abis = combos[0] };
	size_t length;

	(void)state;
	for (unsigned i = 0; i < 1200; i++) {
		struct profile_cond conds[] = { { .arg = 1, .op = OP_EQ, .value = 7 * i }, { .arg = 2, .op = OP_EQ, .value = i % 9 } };

		add(profile, "ioctl", i % 3 ? CALLGATE_ALLOW : CALLGATE_LOG, conds, 1 + i % 2);
	}
	length = check_profile(profile, &target, 20000);
	assert_in_range(length, 1200, 2000);
	profile_free(profile);
}

static void test_too_large(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		add(profile, "ioctl", CALLGATE_ALLOW, &(struct profile_cond){ .arg = 1, .op = OP_EQ, .value = 3 * i }, 1);
	assert_int_equal(profile_normalise(profile), 0);
	expect_error(profile, combos[0], -E2BIG, "compile-too-large");
	profile_free(profile);
}

/* Decisions without a small form end in an error, not in a hang. */
static void test_too_complex(void **state)
{
	struct callgate_profile *profile = new_profile(CALLGATE_ERRNO(1));

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct profile_cond conds[6];

		for (unsigned a = 0; a < 6; a++)
			conds[a] = (struct profile_cond){ .arg = (uint8_t)a, .op = OP_MASKED_EQ, .mask = rng64(), .value = 0 };
		add(profile, "mmap", i % 2 ? CALLGATE_ALLOW : CALLGATE_LOG, conds, 6);
	}
	assert_int_equal(profile_normalise(profile), 0);
	expect_error(profile, combos[0], -E2BIG, "compile-too-complex");
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trivial),	   cmocka_unit_test(test_random),     cmocka_unit_test(test_one_argument),
		cmocka_unit_test(test_masks),	   cmocka_unit_test(test_guards),     cmocka_unit_test(test_all_numbers),
		cmocka_unit_test(test_errors),	   cmocka_unit_test(test_many_rules), cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_too_complex), cmocka_unit_test(test_report),    cmocka_unit_test(test_x32_uncached),
		cmocka_unit_test(test_texts),	   cmocka_unit_test(test_exhaustive), cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_supposed_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
