/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of region share. */
#ifndef CALLGATE_REGION_IMPL_H
#define CALLGATE_REGION_IMPL_H

#include "model/diagram-impl.h"
#include "model/region.h"

#define REGION_CONDS_MAX 64 /* in one term */

int region_add(struct region *region, const struct region_cond *conds, size_t n_conds);
diagram_ref region_lower_conds(struct diagram *d, const struct region *region, const struct region_cond *conds, size_t n_conds);
/*
 * A region of one argument that holds everywhere in `lower` and nowhere outside of `upper`, the shortest of several ways to say it.
 * -E2BIG when each takes more than options->limit terms.
 */
int region_cover(struct diagram *d, diagram_ref lower, diagram_ref upper, unsigned arg, const struct region_options *options,
		 struct region *ret_region);

#endif
