/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random profiles, each judged by eval, its diagram, its compiled and proven filter, and a part of them by the kernel.
 *
 *   random [PROFILES [CALLS [SEED]]]    PROFILES profiles with CALLS calls each
 *   random --minutes N [SEED]           as many as N minutes allow, by default from a seed that the clock gives: ./dev fuzz random
 *
 * The rules crowd few system calls, arguments and neighbouring values, so that they overlap, shadow and contradict each other
 * in every way: where compilers go wrong. A profile that disagrees is written out, with its seed. Prints TAP.
 */
#include "judge.h"

#include <stdio.h>
#include <time.h>

#include "base/util.h"
#include "format/format.h"

static const uint32_t actions[] = { CALLGATE_ALLOW, CALLGATE_ALLOW, CALLGATE_ALLOW, CALLGATE_ERRNO(1), CALLGATE_ERRNO(38), CALLGATE_LOG,
				    CALLGATE_KILL_PROCESS, CALLGATE_KILL_THREAD, CALLGATE_TRAP, CALLGATE_TRACE(7), CALLGATE_NOTIFY };

static uint64_t crowded_value(void)
{
	static const uint64_t bases[] = { 0, 1, 2, 3, 7, 16, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, UINT64_C(1) << 32, UINT64_C(5) << 32 | 7,
					  UINT64_C(0xffffffff00000000), UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63 };

	return judge_random() % 3 ? judge_random() % 4 << 32 | judge_random() % 4 : bases[judge_random() % ARRAY_SIZE(bases)];
}

static struct profile_cond random_cond(unsigned arg)
{
	struct profile_cond cond = { .arg = (uint8_t)arg, .op = (uint8_t)(judge_random() % 7), .value = crowded_value() };

	if (cond.op == OP_MASKED_EQ) {
		cond.mask = judge_random() % 4 ? UINT64_C(1) << judge_random() % 64 | crowded_value() : judge_random();
		if (judge_random() % 8)
			cond.value &= cond.mask;
	}
	return cond;
}

static int random_clause(struct callgate_profile *profile, const int *names, size_t n_names)
{
	struct profile_clause clause = { .syscall = names[judge_random() % n_names], .action = actions[judge_random() % ARRAY_SIZE(actions)] };
	unsigned n = (unsigned)(judge_random() % 4), args = 1 + (unsigned)(judge_random() % 3);
	struct profile_cond conds[4];

	for (unsigned i = 0; i < n; i++)
		conds[i] = random_cond((unsigned)(judge_random() % args));
	return profile_add_clause(profile, clause, conds, n);
}

/* 0 where the profile could be made. */
static int random_profile(struct callgate_profile **ret_profile)
{
	int names[12], r = profile_new(ret_profile);
	size_t n_names = 1 + judge_random() % ARRAY_SIZE(names), n_clauses = 1 + judge_random() % (judge_random() % 8 ? 10 : 40);
	struct callgate_profile *p = r ? NULL : *ret_profile;

	if (r)
		return r;
	for (size_t i = 0; i < n_names; i++)
		names[i] = (int)(judge_random() % arch_syscall_count());
	p->default_action = actions[judge_random() % ARRAY_SIZE(actions)];
	p->bad_arch_action = judge_random() % 4 ? CALLGATE_KILL_PROCESS : actions[judge_random() % ARRAY_SIZE(actions)];
	p->unknown_errno = judge_random() % 2 ? 38 : -1;
	while (n_clauses-- && !r)
		r = random_clause(p, names, n_names);
	return r ? r : profile_normalise(p);
}

static unsigned random_abis(void)
{
	static const unsigned sets[] = {
		CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64), CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32),
		CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
		CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
	};

	return judge_random() % 2 ? sets[judge_random() % ARRAY_SIZE(sets)] : CALLGATE_ABI_BIT(judge_random() % CALLGATE_ABI_COUNT);
}

static void save(const struct callgate_profile *profile, uint64_t seed)
{
	struct buf text = { 0 };

	if (oci_write(profile, &text, NULL) == 0)
		printf("# seed %llu\n# %s\n", (unsigned long long)seed, text.text);
	buf_done(&text);
}

#define BAD_MAX 5 /* profiles that differ are enough to look at */

struct score {
	size_t profiles, judged, refused, bad; /* judged: calls, by the kernel too */
};

/* The profile that a seed gives. */
static int judge_profile(struct judge_room *room, uint64_t seed, size_t calls, struct score *score)
{
	struct judge_bench b = { .name = "random", .room = room };
	int wrong = 0;

	judge_seed(seed);
	if (random_profile(&b.profile))
		return -1;
	b.target = (struct callgate_target){ .abis = random_abis(), .strict64 = judge_random() % 4 == 0, .kernel = judge_random() % 2 ? 4 << 16 | 14 << 8 : 0 };
	if (!judge_open(&b)) {
		score->refused++;
	} else {
		wrong = judge_generated(&b, calls);
		/* a child a profile is slow: every 16th goes to the kernel */
		if (score->profiles % 16 == 0 && judge_queued(&b)) {
			score->judged += judge_queued(&b);
			wrong += judge_by_kernel(&b);
		}
	}
	score->profiles++;
	score->bad += wrong != 0;
	if (wrong)
		save(b.profile, seed);
	judge_close(&b);
	profile_free(b.profile);
	return 0;
}

static int conclude(struct judge_room *room, const struct score *score, size_t calls)
{
	char name[128];

	snprintf(name, sizeof(name), "%zu random profiles, %zu calls each, %zu also by the kernel: all judges agree", score->profiles, calls,
		 score->judged);
	judge_report(room && !score->bad, name, "they differ");
	snprintf(name, sizeof(name), "%zu of them were refused as too complex", score->refused);
	judge_report(score->refused * 100 <= score->profiles, name, "that is more than one in a hundred");
	return judge_finish();
}

/* Tells every ten seconds how far it is: a seed that fails is printed, one that hangs is the last one told plus a few. */
static int run_minutes(struct judge_room *room, long minutes, uint64_t seed)
{
	time_t begin = time(NULL), told = begin;
	struct score score = { 0 };
	size_t calls = 100;

	printf("# from seed %llu\n", (unsigned long long)seed);
	while (room && score.bad < BAD_MAX && time(NULL) - begin < minutes * 60) {
		if (judge_profile(room, seed++, calls, &score))
			return 2;
		if (time(NULL) - told < 10)
			continue;
		told = time(NULL);
		printf("# seed %llu: %zu profiles, %zu calls\n", (unsigned long long)seed, score.profiles, score.profiles * calls);
		fflush(stdout);
	}
	return conclude(room, &score, calls);
}

int main(int argc, char **argv)
{
	bool timed = argc > 2 && !strcmp(argv[1], "--minutes");
	size_t profiles = argc > 1 ? strtoul(argv[1], NULL, 0) : 300, calls = argc > 2 ? strtoul(argv[2], NULL, 0) : 100;
	uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 0) : timed ? (uint64_t)time(NULL) << 24 : 1;
	struct judge_room *room = judge_room_new();
	struct score score = { 0 };

	if (timed)
		return run_minutes(room, strtol(argv[2], NULL, 10), first);
	for (size_t i = 0; room && i < profiles && score.bad < BAD_MAX; i++)
		if (judge_profile(room, first + i, calls, &score))
			return 2;
	return conclude(room, &score, calls);
}
