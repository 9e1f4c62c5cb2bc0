/* SPDX-License-Identifier: Apache-2.0 */
/* lib/model/trace.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "model/trace.h"

#define SOCKET 41
#define READ 0

static struct callgate_observation seen(uint32_t nr, uint64_t value)
{
	return (struct callgate_observation){ .abi = CALLGATE_ABI_X86_64, .nr = nr, .args_known = 1, .args = { value }, .count = 1 };
}

static int add(struct callgate_trace *trace, struct callgate_observation o)
{
	return trace_add(trace, &o);
}

static struct callgate_trace *new_trace(void)
{
	struct callgate_trace *trace;

	assert_int_equal(trace_new(&trace), 0);
	return trace;
}

static void test_counts(void **state)
{
	struct callgate_trace *trace = new_trace();
	struct callgate_observation o = seen(SOCKET, 2), r;

	(void)state;
	o.first = 50;
	o.last = 60;
	assert_int_equal(add(trace, o), 1);
	o.first = 40;
	o.last = 45;
	o.count = 5;
	o.who = "nginx";
	assert_int_equal(add(trace, o), 0);
	o.first = 0; /* unknown is not early */
	o.last = 0;
	o.who = "other";
	assert_int_equal(add(trace, o), 0);
	assert_int_equal(trace->entries.count, 1);
	trace_observation(trace, 0, &r);
	assert_int_equal(r.abi, CALLGATE_ABI_X86_64);
	assert_int_equal(r.nr, SOCKET);
	assert_int_equal(r.count, 11);
	assert_int_equal(r.first, 40);
	assert_int_equal(r.last, 60);
	assert_int_equal(r.args_known, 1);
	assert_int_equal(r.args[0], 2);
	assert_string_equal(r.who, "nginx");
	o.count = UINT64_MAX;
	assert_int_equal(add(trace, o), 0);
	trace_observation(trace, 0, &r);
	assert_int_equal(r.count, UINT64_MAX);
	trace_free(trace);
}

/* Everything in the key tells observations apart; values of unknown arguments do not. */
static void test_keys(void **state)
{
	struct callgate_trace *trace = new_trace();
	struct callgate_observation o = seen(SOCKET, 2), r;

	(void)state;
	assert_int_equal(add(trace, o), 1);
	o.args[0] = 3;
	assert_int_equal(add(trace, o), 0);
	o.launch = true;
	assert_int_equal(add(trace, o), 0);
	o.evidence = CALLGATE_EVIDENCE_DENIED;
	assert_int_equal(add(trace, o), 0);
	o.args_known = 0;
	assert_int_equal(add(trace, o), 0);
	o.abi = CALLGATE_ABI_I386;
	assert_int_equal(add(trace, o), 1);
	o.nr++;
	assert_int_equal(add(trace, o), 1);
	assert_int_equal(trace->entries.count, 7);
	o.args[0] = 99;
	o.args[5] = 98;
	assert_int_equal(add(trace, o), 0);
	assert_int_equal(trace->entries.count, 7);
	trace_observation(trace, 6, &r);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.args[0], 0);
	assert_null(r.who);
	trace_free(trace);
}

static void test_generalise(void **state)
{
	struct callgate_trace *trace = new_trace();
	struct callgate_observation r;
	uint64_t calls = 0;

	(void)state;
	for (uint64_t round = 0; round < 2; round++)
		for (uint64_t v = 0; v < TRACE_VALUES_MAX + 500; v++, calls++)
			assert_int_equal(add(trace, seen(SOCKET, v)), !calls);
	assert_int_equal(add(trace, seen(READ, 7)), 1);
	assert_int_equal(trace->entries.count, TRACE_VALUES_MAX + 2);
	trace_observation(trace, TRACE_VALUES_MAX, &r);
	assert_int_equal(r.args_known, 0);
	assert_int_equal(r.args[0], 0);
	assert_int_equal(r.count, 1000);
	trace_observation(trace, TRACE_VALUES_MAX - 1, &r);
	assert_int_equal(r.args[0], TRACE_VALUES_MAX - 1);
	assert_int_equal(r.count, 2);
	trace_observation(trace, TRACE_VALUES_MAX + 1, &r);
	assert_int_equal(r.nr, READ);
	assert_int_equal(r.args[0], 7);
	assert_int_equal(trace->lost, 0);
	trace_free(trace);
}

/* A program that makes calls of random numbers cannot grow the trace without end. */
static void test_numbers_bounded(void **state)
{
	struct callgate_trace *trace = new_trace();

	(void)state;
	for (uint32_t nr = 0; nr < TRACE_NUMBERS_MAX + 10; nr++)
		assert_int_equal(add(trace, seen(nr, 0)), nr < TRACE_NUMBERS_MAX);
	assert_int_equal(trace->entries.count, TRACE_NUMBERS_MAX);
	assert_int_equal(trace->lost, 10);
	assert_int_equal(add(trace, seen(5, 1)), 0);
	assert_int_equal(trace->entries.count, TRACE_NUMBERS_MAX + 1);
	trace_free(trace);
}

static void test_order(void **state)
{
	struct callgate_trace *trace = new_trace(), *other = new_trace();
	struct callgate_observation a, b;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		add(trace, seen((uint32_t)(i * 7919 % 40), i * 104729 % 50));
		add(other, seen((uint32_t)((999 - i) * 7919 % 40), (999 - i) * 104729 % 50));
	}
	assert_int_equal(trace_normalise(trace), 0);
	assert_int_equal(trace_normalise(other), 0);
	assert_int_equal(trace->entries.count, other->entries.count);
	for (size_t i = 0; i < trace->entries.count; i++) {
		trace_observation(trace, i, &a);
		trace_observation(other, i, &b);
		assert_int_equal(a.nr, b.nr);
		assert_int_equal(a.args[0], b.args[0]);
		assert_int_equal(a.count, b.count);
		if (i) {
			trace_observation(trace, i - 1, &b);
			assert_true(b.nr < a.nr || (b.nr == a.nr && b.args[0] < a.args[0]));
		}
	}
	/* the index follows */
	assert_int_equal(add(trace, a), 0);
	assert_int_equal(trace->entries.count, other->entries.count);
	trace_free(trace);
	trace_free(other);
}

static void test_empty(void **state)
{
	struct callgate_trace *trace = new_trace();

	(void)state;
	assert_int_equal(trace_normalise(trace), 0);
	trace_free(trace);
	assert_null(trace_free(NULL));
}

static void test_worth(void **state)
{
	uint64_t args[6] = { 0xdeadbeef00000002, 0xffffffff00000001, 3, 4, 5, 6 }, kept[6];

	(void)state;
	/* ints are reduced to their low word, arguments beyond the call's own are nothing */
	assert_int_equal(trace_args_worth(CALLGATE_ABI_X86_64, SOCKET, args, kept), 7);
	assert_int_equal(kept[0], 2);
	assert_int_equal(kept[1], 1);
	assert_int_equal(kept[2], 3);
	assert_int_equal(kept[3], 0);
	/* file descriptors, addresses and sizes are not kept */
	assert_int_equal(trace_args_worth(CALLGATE_ABI_X86_64, READ, args, kept), 0);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(kept[i], 0);
	/* mprotect's flags are as wide as the machine word */
	args[2] = 0x100000005;
	assert_int_equal(trace_args_worth(CALLGATE_ABI_X86_64, 10, args, kept), 4);
	assert_int_equal(kept[2], 0x100000005);
	assert_int_equal(trace_args_worth(CALLGATE_ABI_X86_64, 9999, args, kept), 0);
	assert_int_equal(kept[2], 0);
	assert_int_equal(trace_args_worth(CALLGATE_ABI_X86_64, UINT32_MAX, args, kept), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_keys),  cmocka_unit_test(test_generalise), cmocka_unit_test(test_numbers_bounded),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_empty), cmocka_unit_test(test_worth),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
