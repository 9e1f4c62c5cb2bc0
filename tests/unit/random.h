/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for tests that generate their cases: set `seed`, print it when a case fails. */
#ifndef CALLGATE_RANDOM_H
#define CALLGATE_RANDOM_H

#include <stdint.h>

#include "base/util.h"

#define RANDOM_UNUSED __attribute__((unused))

static uint64_t seed;

RANDOM_UNUSED static uint64_t any64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1du;
}

RANDOM_UNUSED static uint32_t below(uint32_t limit)
{
	return (uint32_t)((any64() >> 32) % limit);
}

/* Values where comparisons, carries and widths turn. */
RANDOM_UNUSED static uint64_t edge64(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 5, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000005, 0x7fffffffffffffff,
					  0xffffffff80000000, 0xfffffffffffffffe, UINT64_MAX };

	switch (below(8)) {
	case 0:
		return any64();
	case 1:
		return (uint64_t)1 << below(64);
	case 2:
		return edges[below(ARRAY_SIZE(edges))] + below(3) - 1;
	default:
		return edges[below(ARRAY_SIZE(edges))];
	}
}

#endif
