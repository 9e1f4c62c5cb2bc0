/* SPDX-License-Identifier: Apache-2.0 */
/* Regions: random predicates come back as the same node, and known ones as the text that people would write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "model/diagram-impl.h"
#include "model/region.h"

#define PREDICATES 1500

static uint64_t seed = 0x5eed;

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

/* Few values, so that conditions meet. */
static uint64_t value64(void)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 8, 16, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, UINT64_MAX };

	return below(4) ? values[below(ARRAY_SIZE(values))] : below(40);
}

static struct profile_cond any_cond(void)
{
	struct profile_cond c = { .arg = (uint8_t)below(3), .op = (uint8_t)below(OP_MASKED_EQ + 1), .value = value64() };

	if (c.op == OP_MASKED_EQ) {
		c.mask = value64() | value64();
		c.value &= c.mask;
	}
	return c;
}

/* A random expression, and with it which conditions it has, for profile_cond_holds to judge. */
static diagram_ref any_predicate(struct diagram *d, const uint8_t width[6])
{
	diagram_ref r = DIAGRAM_FALSE;

	for (unsigned terms = 1 + below(4); terms; terms--) {
		diagram_ref term = DIAGRAM_TRUE;

		for (unsigned conds = below(4); conds; conds--) {
			struct profile_cond c = any_cond();

			c = profile_cond_at_width(c, width[c.arg]);
			term = diagram_ite(d, diagram_from_cond(d, &c, width[c.arg]), term, DIAGRAM_FALSE);
		}
		r = below(4) ? diagram_ite(d, term, DIAGRAM_TRUE, r) : diagram_ite(d, term, DIAGRAM_FALSE, r);
	}
	return r;
}

static bool region_holds(const struct region *region, const struct callgate_call *call)
{
	for (size_t i = 0; i < region->terms.count; i++) {
		const struct region_term *t = &region->terms.items[i];
		bool all = true;

		for (size_t k = 0; k < t->n_conds; k++) {
			const struct region_cond *c = &region->conds.items[t->cond + k];

			all &= profile_cond_holds(&c->cond, region->width[c->cond.arg], call->args[c->cond.arg]) != c->negated;
		}
		if (all)
			return true;
	}
	return false;
}

/* Nothing can be left out: no term, and no condition of one. */
static void check_needed(struct diagram *d, diagram_ref root, const struct region *region)
{
	for (size_t i = 0; i < region->terms.count; i++) {
		struct region less = *region;
		struct region_term kept = region->terms.items[i];

		region->terms.items[i] = region->terms.items[region->terms.count - 1];
		less.terms.count--;
		assert_true(region_lower(d, &less) != root);
		region->terms.items[i] = kept;
	}
}

/* False when it is too long: the opposite of a mask of n bits is n plain conditions. */
static bool check_round(struct diagram *d, diagram_ref root, const struct region_options *options)
{
	struct region region;
	int r = region_from_diagram(d, root, options, &region);

	if (r == -E2BIG)
		return false;
	assert_int_equal(r, 0);
	assert_int_equal(region_lower(d, &region), root);
	check_needed(d, root, &region);
	for (unsigned i = 0; i < 8; i++) {
		struct callgate_call call = { .args = { value64(), value64(), value64() } };

		assert_int_equal(diagram_eval(d, root, &call), region_holds(&region, &call));
	}
	if (options->plain)
		for (size_t i = 0; i < region.conds.count; i++)
			assert_false(region.conds.items[i].negated);
	region_done(&region);
	return true;
}

static void test_random(void **state)
{
	unsigned too_long[2] = { 0 };

	(void)state;
	for (unsigned i = 0; i < PREDICATES; i++) {
		struct diagram *d = diagram_new(0);
		struct region_options options = { .limit = 256, .plain = below(2) };
		uint8_t width[6];

		assert_non_null(d);
		for (unsigned k = 0; k < 6; k++) {
			width[k] = below(2) ? 32 : 64;
			options.width[k] = below(4) ? width[k] : 32;
			options.style[k] = (uint8_t)below(3);
		}
		too_long[options.plain] += !check_round(d, any_predicate(d, width), &options);
		diagram_free(d);
	}
	assert_in_range(too_long[0], 0, PREDICATES / 500);
	assert_in_range(too_long[1], 0, PREDICATES / 20);
}

/* Conditions and masks as rules have them, joined by "or" and "and", to text. */
struct expected {
	const char *name, *text;
	struct profile_cond conds[8];
	unsigned terms[8]; /* conditions of each term; the first one that is 0 ends them */
	bool opposite;
};

#define EQ(a, v) { .arg = (a), .op = OP_EQ, .value = (v) }
#define GE(a, v) { .arg = (a), .op = OP_GE, .value = (v) }
#define LE(a, v) { .arg = (a), .op = OP_LE, .value = (v) }
#define MASKED(a, m, v) { .arg = (a), .op = OP_MASKED_EQ, .mask = (m), .value = (v) }

static const struct expected texts[] = {
	{ "socket", "domain == AF_INET", { EQ(0, 2) }, { 1 }, false },
	{ "socket", "domain in {AF_NETLINK, AF_PACKET}", { EQ(0, 17), EQ(0, 16) }, { 1, 1 }, false },
	{ "socket", "domain not in {AF_NETLINK, AF_PACKET}", { EQ(0, 17), EQ(0, 16) }, { 1, 1 }, true },
	{ "socket", "domain != AF_VSOCK", { EQ(0, 40) }, { 1 }, true },
	{ "socket", "domain != AF_UNSPEC", { EQ(0, 0) }, { 1 }, true },
	{ "socket", "domain in {AF_INET, AF_INET6} && type & 0xf == SOCK_STREAM", { EQ(0, 2), MASKED(1, 15, 1), EQ(0, 10), MASKED(1, 15, 1) },
	  { 2, 2 }, false },
	{ "socket", "domain == AF_INET or type == SOCK_STREAM", { EQ(0, 2), EQ(1, 1) }, { 1, 1 }, false },
	{ "clone", "flags & CLONE_NEWUSER != 0", { MASKED(0, 0x10000000, 0x10000000) }, { 1 }, false },
	{ "clone", "flags & CLONE_NEWUSER == 0", { MASKED(0, 0x10000000, 0x10000000) }, { 1 }, true },
	{ "clone", "flags & (CLONE_NEWNS|CLONE_NEWUSER) != 0", { MASKED(0, 0x10020000, 0) }, { 1 }, true },
	{ "clone", "flags & (CLONE_NEWNS|CLONE_NEWUSER) == 0", { MASKED(0, 0x10020000, 0) }, { 1 }, false },
	{ "mprotect", "prot & ~(PROT_READ|PROT_WRITE|PROT_EXEC) == 0", { LE(2, 7) }, { 1 }, false },
	{ "read", "1 <= fd <= 2", { EQ(0, 1), EQ(0, 2) }, { 1, 1 }, false },
	{ "read", "fd <= 2", { EQ(0, 1), EQ(0, 2), EQ(0, 0) }, { 1, 1, 1 }, false },
	{ "read", "10 <= count <= 20", { GE(2, 10), LE(2, 20) }, { 2 }, false },
	{ "socket", "domain <= AF_NETLINK && domain not in {AF_UNIX, AF_INET, AF_X25}", { LE(0, 0), GE(0, 3), LE(0, 8), GE(0, 10), LE(0, 16) },
	  { 1, 2, 2 }, false },
	{ "clone", "flags & CLONE_VM == 0 && flags & (CLONE_NEWNS|CLONE_NEWUSER) != 0",
	  { MASKED(0, 0x10000100, 0x10000000), MASKED(0, 0x20100, 0x20000) }, { 1, 1 }, false },
	{ "read", "", { LE(2, 20) }, { 0 }, true },
};

static diagram_ref expected_root(struct diagram *d, const struct expected *e, const struct region_options *options)
{
	const struct profile_cond *next = e->conds;
	diagram_ref r = DIAGRAM_FALSE;

	for (size_t i = 0; i < ARRAY_SIZE(e->terms) && e->terms[i]; i++) {
		diagram_ref term = DIAGRAM_TRUE;

		for (unsigned k = 0; k < e->terms[i]; k++, next++)
			term = diagram_ite(d, diagram_from_cond(d, next, options->width[next->arg]), term, DIAGRAM_FALSE);
		r = diagram_ite(d, term, DIAGRAM_TRUE, r);
	}
	return e->opposite ? diagram_ite(d, r, DIAGRAM_FALSE, DIAGRAM_TRUE) : r;
}

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int id = arch_syscall_id(texts[i].name);
		struct region_options options = region_options_for(CALLGATE_ABI_X86_64, id, 24);
		struct diagram *d = diagram_new(0);
		struct buf out = { 0 };
		struct region region;

		assert_int_equal(region_from_diagram(d, expected_root(d, &texts[i], &options), &options, &region), 0);
		buf_puts(&out, "");
		region_format(&region, CALLGATE_ABI_X86_64, id, &out);
		assert_string_equal(out.text, texts[i].text);
		buf_done(&out);
		region_done(&region);
		diagram_free(d);
	}
}

static void test_limit(void **state)
{
	struct diagram *d = diagram_new(0);
	struct region_options options = { .width = { 32, 32, 32, 32, 32, 32 }, .limit = 8 };
	diagram_ref root = DIAGRAM_FALSE;
	struct region region;

	(void)state;
	/* the parity of 32 bits has 2^31 cubes and as many intervals */
	for (unsigned i = 0; i < 32; i++)
		root = diagram_ite(d, diagram_bit(d, DIAGRAM_VAR_ARG(0) + 32 + i), diagram_ite(d, root, DIAGRAM_FALSE, DIAGRAM_TRUE), root);
	assert_int_equal(region_from_diagram(d, root, &options, &region), -E2BIG);
	assert_int_equal(diagram_error(d), 0);
	diagram_free(d);
}

static void test_wide(void **state)
{
	struct diagram *d = diagram_new(0);
	struct region_options options = { .width = { 32, 32, 32, 32, 32, 32 }, .limit = 8 };
	struct profile_cond cond = EQ(0, 5);
	struct region region;

	(void)state;
	assert_int_equal(region_from_diagram(d, diagram_from_cond(d, &cond, 32), &options, &region), 0);
	assert_false(region.wide);
	assert_int_equal(region.conds.items[0].cond.op, OP_EQ);
	region_done(&region);
	assert_int_equal(region_from_diagram(d, diagram_from_cond(d, &cond, 64), &options, &region), 0);
	assert_true(region.wide);
	assert_int_equal(region.conds.items[0].cond.op, OP_EQ);
	region_done(&region);
	/* at 64 bits a low word is a mask */
	options.width[0] = 64;
	assert_int_equal(region_from_diagram(d, diagram_from_cond(d, &cond, 32), &options, &region), 0);
	assert_int_equal(region.conds.items[0].cond.op, OP_MASKED_EQ);
	assert_int_equal(region.conds.items[0].cond.mask, UINT32_MAX);
	region_done(&region);
	diagram_free(d);
}

static void test_ip(void **state)
{
	struct diagram *d = diagram_new(0);
	struct region_options options = { .width = { 32, 32, 32, 32, 32, 32 }, .limit = 8 };
	struct profile_cond cond = EQ(0, 5);
	diagram_ref root = diagram_from_cond(d, &cond, 32);
	struct region region;

	(void)state;
	assert_int_equal(region_from_diagram(d, diagram_ite(d, diagram_bit(d, DIAGRAM_VAR_IP + 3), root, DIAGRAM_FALSE), &options, &region), 0);
	assert_true(region.ip);
	assert_int_equal(region_lower(d, &region), root);
	region_done(&region);
	diagram_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_text), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_wide),   cmocka_unit_test(test_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
