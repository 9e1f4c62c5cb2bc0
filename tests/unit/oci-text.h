/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of OCI JSON share: profiles out of text, text out of profiles, verdicts. After cmocka.h. */
#ifndef CALLGATE_OCI_TEXT_H
#define CALLGATE_OCI_TEXT_H

#include "format/format.h"
#include "model/call.h"

#define ALLOW_READ "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"
/* Line 2 holds what the case is about. */
#define TOP(member) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\n" member "}"
#define RULE(rule) TOP("\"syscalls\":[" rule "]")
#define ARGS(args) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[" \
		   "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[\n" args "]}]}"
#define EXTRA(members) TOP("\"x-callgate\":{\"version\":1," members "}")

#define OCI_UNUSED __attribute__((unused))

#define _diags_ _cleanup_(diags_freep)
#define _profile_ _cleanup_(profile_freep)

OCI_UNUSED static struct callgate_profile *read_text(const char *text, unsigned flags, struct callgate_diags *diags)
{
	struct callgate_profile *profile = NULL;

	if (oci_read(text, strlen(text), "p.json", flags, &profile, diags))
		fail_msg("%s\n%s", text, callgate_diags_count(diags) ? callgate_diags_get(diags, 0)->text : "no diagnostic");
	return profile;
}

/* A good profile, without a word to say about it. */
OCI_UNUSED static struct callgate_profile *read_quiet(const char *text)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = read_text(text, 0, diags);

	if (callgate_diags_count(diags))
		fail_msg("%s\n%s: %s", text, callgate_diags_get(diags, 0)->id, callgate_diags_get(diags, 0)->text);
	return profile;
}

OCI_UNUSED static char *write_text(const struct callgate_profile *profile)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	struct buf out = { 0 };
	char *text = NULL;

	if (oci_write(profile, &out, diags))
		fail_msg("%s", callgate_diags_get(diags, 0)->text);
	assert_int_equal(buf_take(&out, &text, NULL), 0);
	return text;
}

OCI_UNUSED static uint32_t eval(const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_abi abi,
		     const char *name, uint64_t a0, uint64_t a1)
{
	int64_t nr = arch_syscall_nr(abi, arch_syscall_id(name));
	struct callgate_call call = { .nr = (uint32_t)nr, .arch = arch_abi_get(abi)->audit_arch, .args = { a0, a1 } };

	assert_true(nr >= 0);
	return profile_eval(profile, target, &call, NULL);
}

OCI_UNUSED static uint32_t eval_x86(const struct callgate_profile *profile, const char *name, uint64_t a0, uint64_t a1)
{
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };

	return eval(profile, &target, CALLGATE_ABI_X86_64, name, a0, a1);
}

#endif
