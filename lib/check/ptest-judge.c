/* SPDX-License-Identifier: Apache-2.0 */
/* Does a meaning fulfil an expectation, for every call that it describes? */
#include "check/ptest.h"

#include "check/lint.h"
#include "model/call.h"

bool ptest_fulfilled(const struct ptest *test, uint32_t action)
{
	uint32_t kind = action & ACTION_MASK;

	switch (test->kind) {
	case PTEST_ALLOW:
		return kind == CALLGATE_ALLOW;
	case PTEST_PERMIT:
		return action_permits(action);
	case PTEST_DENY:
		return !action_permits(action);
	case PTEST_LOG:
		return kind == CALLGATE_LOG;
	case PTEST_ERRNO:
		return action == CALLGATE_ERRNO(test->error);
	case PTEST_KILL:
		return action_kills(action);
	case PTEST_TRAP:
		return kind == CALLGATE_TRAP;
	case PTEST_NOTIFY:
		return kind == CALLGATE_NOTIFY;
	case PTEST_TRACE:
		return kind == CALLGATE_TRACE(0);
	}
	return false;
}

int ptest_example(const struct callgate_tests *tests, const struct ptest *test, enum callgate_abi abi, uint64_t fill,
		  struct callgate_call *ret_call, struct callgate_diags *diags)
{
	size_t length = strcspn(test->call, "(");
	char name[128];
	struct callgate_call call;
	int id;

	if (length < sizeof(name)) {
		memcpy(name, test->call, length);
		name[length] = '\0';
		id = arch_syscall_id(name);
		if (id >= 0 && arch_syscall_nr(abi, id) < 0)
			return 0;
	}
	if (call_parse(test->call, abi, &call, NULL))
		return diag_error(diags, -EBADMSG, "test-call", (struct diag_where){ tests->file, test->line, test->column },
				  "%s has a word that %s does not know", test->call, arch_abi_get(abi)->name);
	for (unsigned i = 0; i < 6; i++)
		if (test->any >> i & 1)
			call.args[i] = fill;
	*ret_call = call;
	return 1;
}

static bool unfulfilled(uint32_t leaf, void *test)
{
	return leaf != CHECK_ELSEWHERE && !ptest_fulfilled(test, leaf);
}

/*
 * That something is let through is said of the calls that programs make, whose upper halves are 0. That it is not is said of
 * everything that the kernel would take for such a call, and that is the lower half where it reads no more.
 */
static uint64_t compared(const struct ptest *test, enum callgate_abi abi, int syscall, unsigned arg)
{
	bool passes = test->kind == PTEST_ALLOW || test->kind == PTEST_PERMIT || test->kind == PTEST_LOG;

	return !passes && syscall >= 0 && arch_arg_width(abi, syscall, arg) == 32 ? UINT32_MAX : UINT64_MAX;
}

int ptest_judge(struct diagram *d, diagram_ref root, const struct ptest *test, enum callgate_abi abi, const struct callgate_call *example,
		struct callgate_call *ret_witness)
{
	int syscall = arch_syscall_at(abi, example->nr), found;
	diagram_ref part = diagram_part(d, root, example->arch, example->nr);

	*ret_witness = (struct callgate_call){ .arch = example->arch, .nr = example->nr };
	for (unsigned i = 0; i < 6; i++) {
		uint64_t mask = compared(test, abi, syscall, i);

		if (test->any >> i & 1)
			continue;
		part = check_where(d, part, i, mask, example->args[i] & mask);
		ret_witness->args[i] = example->args[i];
	}
	if (diagram_error(d))
		return diagram_error(d);
	found = diagram_find(d, part, unfulfilled, (void *)test, ret_witness);
	return found < 0 ? found : !found;
}

uint32_t ptest_simulate(struct callgate_filter *const *filters, size_t count, const struct callgate_call *call)
{
	uint32_t action = CALLGATE_ALLOW;

	for (size_t i = 0; i < count; i++) {
		const struct callgate_filter *f = filters[i];
		uint32_t answer = filter_simulate(f->insns, f->count, f->big_endian, call, NULL, NULL);

		action = i ? action_stack(answer, action) : answer;
	}
	return action;
}
