/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of policies in text share. After cmocka.h; FORMAT is the format's record, FILE_NAME what its files are called. */
#ifndef CALLGATE_TEXT_POLICY_H
#define CALLGATE_TEXT_POLICY_H

#include <inttypes.h>

#include "format/format.h"
#include "model/call.h"

#define TEXT_UNUSED __attribute__((unused))
#define _diags_ _cleanup_(diags_freep)
#define _profile_ _cleanup_(profile_freep)
#define _policy_ _cleanup_(policy_freep)

/* A file that is included, by name; the last has none. */
struct other {
	const char *name, *text;
};

static int include(void *user, const char *file, const char *name, const char **ret_bytes, size_t *ret_size, const char **ret_file,
		   struct callgate_diags *diags)
{
	(void)file;
	(void)diags;
	for (const struct other *other = user; other->name; other++) {
		if (!strcmp(other->name, name)) {
			*ret_bytes = other->text;
			*ret_size = strlen(other->text);
			*ret_file = other->name;
			return 0;
		}
	}
	return -ENOENT;
}

static int read_bytes(const char *text, size_t size, struct other *others, unsigned flags, struct callgate_policy **ret,
		      struct callgate_diags *diags)
{
	struct format_input input = { .bytes = text, .size = size, .file = FILE_NAME, .flags = flags, .include = others ? include : NULL,
				      .user = others };

	return FORMAT.import(&input, ret, diags);
}

static struct callgate_policy *read_text(const char *text, struct other *others, bool quiet)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	if (read_bytes(text, strlen(text), others, 0, &policy, diags) || (quiet && callgate_diags_count(diags)))
		fail_msg("%s\n%s", text, callgate_diags_count(diags) ? callgate_diags_get(diags, 0)->text : "no diagnostic");
	return policy;
}

static uint32_t eval(const struct callgate_policy *policy, enum callgate_abi abi, const char *name, uint64_t a0, uint64_t a1)
{
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(name));
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi) };
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch, .args = { a0, a1 } };

	assert_true(nr >= 0);
	return policy_eval(policy, &target, &call, NULL, NULL);
}

static void expect_call(const char *text, const char *name, uint64_t a0, uint64_t a1, uint32_t action)
{
	_policy_ struct callgate_policy *policy = read_text(text, NULL, true);
	uint32_t given = eval(policy, CALLGATE_ABI_X86_64, name, a0, a1);
	char is[64], should[64];

	if (given != action)
		fail_msg("%s\n%s(0x%" PRIx64 ", 0x%" PRIx64 ") is %s, not %s", text, name, a0, a1, action_format(given, is, sizeof(is)),
			 action_format(action, should, sizeof(should)));
}

/* Refused, and the first error is this one, at that place; 0: anywhere. */
static void refuse_with(const char *text, struct other *others, const char *id, unsigned line, unsigned column)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	const struct callgate_diag *d;

	assert_int_equal(read_bytes(text, strlen(text), others, 0, &policy, diags), -EBADMSG);
	assert_null(policy);
	d = callgate_diags_get(diags, 0);
	if (strcmp(d->id, id) || (line && d->line != line) || (column && d->column != column))
		fail_msg("%s\n%s at %u:%u: %s; expected %s at %u:%u", text, d->id, d->line, d->column, d->text, id, line, column);
}

TEXT_UNUSED static void refuse(const char *text, const char *id, unsigned line, unsigned column)
{
	refuse_with(text, NULL, id, line, column);
}

#endif
