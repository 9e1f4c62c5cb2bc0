/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy tests: a text of expectations, one a line, and whether a meaning fulfils them. An expectation speaks of all calls that it
 * describes, so it is decided by the diagram, and one that fails has a witness.
 *
 *     [abi x86_64]                  until the next section; [abi *]: every ABI of the policy that has the call (the default)
 *     [source web.json]             the policy meant; [source *]: the one that the command names (the default)
 *     allow socket(AF_UNIX, *)      * is any value, and so is every argument that is left out
 *     i386: errno ENOSYS clone3     for one line
 */
#ifndef CALLGATE_CHECK_PTEST_H
#define CALLGATE_CHECK_PTEST_H

#include <callgate.h>

#include "base/diag.h"
#include "base/util.h"
#include "model/policy.h"

#define PTEST_MAX 100000

enum ptest_kind { PTEST_ALLOW, PTEST_PERMIT, PTEST_DENY, PTEST_LOG, PTEST_ERRNO, PTEST_KILL, PTEST_TRAP, PTEST_NOTIFY, PTEST_TRACE };

struct ptest {
	enum ptest_kind kind;
	uint16_t error; /* PTEST_ERRNO */
	int abi;        /* -1: every one that has the call */
	unsigned any;   /* bit i: argument i may be anything */
	char *call;     /* as call_parse reads it, with 0 for every * */
	char *text, *source;
	unsigned line, column;
};

struct callgate_tests {
	char *file;
	VEC(struct ptest) items;
};

struct callgate_tests *ptest_free(struct callgate_tests *tests);
int ptest_read(const char *bytes, size_t size, const char *file, struct callgate_tests **ret_tests, struct callgate_diags *diags);

/* Is this answer the expected one? */
bool ptest_fulfilled(const struct ptest *test, uint32_t action);
/* The call with `fill` for arguments that may be anything. 0: the ABI does not have it; 1; -errno. */
int ptest_example(const struct callgate_tests *tests, const struct ptest *test, enum callgate_abi abi, uint64_t fill,
		  struct callgate_call *ret_call, struct callgate_diags *diags);
/* 1: every call that the test describes has the expected answer; 0: not so, and *ret_witness is one. */
int ptest_judge(struct diagram *d, diagram_ref root, const struct ptest *test, enum callgate_abi abi, const struct callgate_call *example,
		struct callgate_call *ret_witness);
/* What filters that were loaded in this order answer together. */
uint32_t ptest_simulate(struct callgate_filter *const *filters, size_t count, const struct callgate_call *call);

#endif
