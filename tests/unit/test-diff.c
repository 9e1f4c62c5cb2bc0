/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of random policies: each witness is one, each call on which they differ is in an entry, and `within` says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "check/diff.h"
#include "model/call.h"
#include "model/diagram-impl.h"

static uint64_t seed = 0xd1ff;

static uint64_t any64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1du;
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)((any64() >> 32) % limit);
}

static const char *const names[] = { "socket", "clone", "read", "personality", "mount" };

static struct callgate_profile *random_profile(void)
{
	static const uint32_t actions[] = { CALLGATE_ALLOW, CALLGATE_ERRNO(1), CALLGATE_ERRNO(38), CALLGATE_KILL_PROCESS, CALLGATE_LOG,
					    CALLGATE_NOTIFY };
	struct callgate_profile *profile = NULL;

	assert_int_equal(profile_new(&profile), 0);
	profile->default_action = actions[1 + below(2)];
	profile->bad_arch_action = below(4) ? CALLGATE_KILL_PROCESS : CALLGATE_ALLOW;
	profile->unknown_errno = below(2) ? 38 : -1;
	for (unsigned n = below(6); n; n--) {
		struct profile_clause clause = { .syscall = arch_syscall_id(names[below(ARRAY_SIZE(names))]),
						 .action = actions[below(ARRAY_SIZE(actions))] };
		struct profile_cond cond = { .arg = (uint8_t)below(2), .op = (uint8_t)below(OP_MASKED_EQ), .value = below(4) };

		assert_int_equal(profile_add_clause(profile, clause, &cond, below(2)), 0);
	}
	assert_int_equal(profile_normalise(profile), 0);
	return profile;
}

static struct callgate_call any_call(void)
{
	static const uint32_t other[] = { 0, 4000, 400, 500, 0x40000000 + 5000, UINT32_MAX };
	enum callgate_abi abi = below(CALLGATE_ABI_COUNT);
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(names[below(ARRAY_SIZE(names))]));
	struct callgate_call call = { .arch = below(16) ? arch_abi_get(abi)->audit_arch : (uint32_t)any64(),
				      .nr = below(4) && nr >= 0 ? (uint32_t)nr : other[below(ARRAY_SIZE(other))],
				      .args = { below(5), below(5) } };

	return call;
}

/* Is there an entry about this call, with these two answers? */
static bool listed(const struct callgate_diff *diff, const struct callgate_call *call, uint32_t a, uint32_t b)
{
	int abi = arch_abi_of(call->arch, call->nr);

	for (size_t i = 0; i < diff->entries.count; i++) {
		const struct callgate_difference *e = &diff->entries.items[i];

		if (e->action_a == a && e->action_b == b && (abi < 0 ? e->abi < 0 : e->abi == abi && call->nr >= e->first && call->nr <= e->last))
			return true;
	}
	return false;
}

static void check_entries(struct diagram *d, diagram_ref a, diagram_ref b, const struct callgate_diff *diff)
{
	for (size_t i = 0; i < diff->entries.count; i++) {
		const struct callgate_difference *e = &diff->entries.items[i];

		assert_int_equal(diagram_eval(d, a, &e->witness), e->action_a);
		assert_int_equal(diagram_eval(d, b, &e->witness), e->action_b);
		assert_int_not_equal(e->action_a, e->action_b);
		assert_int_equal(arch_abi_of(e->witness.arch, e->witness.nr), e->abi < 0 ? -ENOENT : e->abi);
		if (i)
			assert_true((unsigned)e[-1].abi <= (unsigned)e->abi); /* -1 last */
	}
	for (unsigned i = 0; i < 300; i++) {
		struct callgate_call call = any_call();
		uint32_t x = diagram_eval(d, a, &call), y = diagram_eval(d, b, &call);

		if (x != y)
			assert_true(listed(diff, &call, x, y));
	}
}

static void check_within(struct diagram *d, diagram_ref a, diagram_ref b)
{
	struct callgate_call witness;
	int r = diff_within(d, a, b, 0, &witness, NULL);

	/* what the kernel makes of both is a's answer everywhere, but for data */
	if (r == 1)
		for (unsigned i = 0; i < 300; i++) {
			struct callgate_call call = any_call();

			assert_true(action_rank(diagram_eval(d, a, &call)) <= action_rank(diagram_eval(d, b, &call)));
		}
	else
		assert_true(!r && action_rank(diagram_eval(d, a, &witness)) > action_rank(diagram_eval(d, b, &witness)));
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		struct callgate_profile *p[2] = { random_profile(), random_profile() };
		struct diagram *d = diagram_new(0);
		struct callgate_diff *diff = NULL;
		diagram_ref root[2];

		for (unsigned k = 0; k < 2; k++) {
			struct callgate_target target = { .abis = below(4) ? 7 : 1 + below(511) };

			assert_int_equal(diagram_from_profile(d, p[k], &target, &root[k], NULL), 0);
		}
		assert_int_equal(diff_compare(d, root[0], root[1], 0, &diff, NULL), 0);
		assert_int_equal(!diff->entries.count, root[0] == root[1]);
		check_entries(d, root[0], root[1], diff);
		diff_free(diff);
		check_within(d, root[0], root[1]);
		check_within(d, diagram_stack(d, root[0], root[1]), root[1]);
		assert_int_equal(diff_within(d, diagram_stack(d, root[0], root[1]), root[1], 0, NULL, NULL), 1);
		assert_int_equal(diff_within(d, root[0], diagram_union(d, root[0], root[1]), 0, NULL, NULL), 1);
		diagram_free(d);
		profile_free(p[0]);
		profile_free(p[1]);
	}
}

/* Slots are all numbers of an ABI, each once, and the names that the table has. */
static void test_slots(void **state)
{
	struct callgate_target target = { .abis = 511 };

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct callgate_profile *profile = random_profile();
		struct diagram *d = diagram_new(0);
		diagram_ref root;

		assert_int_equal(diagram_from_profile(d, profile, &target, &root, NULL), 0);
		for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			uint64_t next = arch_abi_get(abi)->nr_base;
			struct diagram_slots slots;

			assert_int_equal(diagram_slots(d, root, abi, &slots), 0);
			for (size_t k = 0; k < slots.all.count; k++) {
				const struct diagram_slot *s = &slots.all.items[k];
				struct callgate_call call = { .nr = s->last, .arch = arch_abi_get(abi)->audit_arch, .args = { 1, 2 } };

				if (abi == CALLGATE_ABI_X86_64 && next == 0x40000000)
					next = UINT32_MAX; /* in between is x32 */
				assert_int_equal(s->first, next);
				assert_int_equal(s->syscall, MAX(arch_syscall_at(abi, s->first), -1));
				assert_int_equal(diagram_eval(d, s->root, &call), diagram_eval(d, root, &call));
				next = (uint64_t)s->last + 1;
			}
			assert_int_equal(next, abi == CALLGATE_ABI_X32 ? UINT32_MAX : (uint64_t)UINT32_MAX + 1);
			diagram_slots_done(&slots);
		}
		profile_free(profile);
		diagram_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_slots) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
