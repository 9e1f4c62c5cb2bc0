/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that come with the library: what container engines apply when nobody asks for anything else, as facts in data/, and the
 * absence of any filter, to compare with.
 */
#include "format/builtin-tables.h"
#include "format/format.h"

#define NONE "none"

static void free_policy(struct callgate_policy **policy)
{
	policy_free(*policy);
}

const char *builtin_at(size_t i, const char **ret_source)
{
	bool none = i == builtin_profiles_count;

	if (i > builtin_profiles_count)
		return NULL;
	if (ret_source)
		*ret_source = none ? "no filter: everything is allowed" : builtin_profiles[i].source;
	return none ? NONE : builtin_profiles[i].name;
}

/* The lines of the clauses are those of data/builtin-NAME.csv: gen-builtin.py sees to that. */
static int read_profile(const struct builtin_profile *builtin, const char *name, struct callgate_policy **ret_policy,
			struct callgate_diags *diags)
{
	struct callgate_profile *profile;
	int r = oci_read(builtin->json, strlen(builtin->json), name, 0, &profile, diags);

	if (r)
		return r;
	r = policy_from_profile(name, profile, ret_policy);
	return r ? diag_oom(diags) : 0;
}

static int diagnose_unknown(const char *name, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf names = { 0 };
	const char *known;

	for (size_t i = 0; (known = builtin_at(i, NULL)); i++)
		buf_printf(&names, "%s%s", i ? ", " : "", known);
	if (names.error)
		return diag_oom(diags);
	return diag_error(diags, -ENOENT, "builtin-unknown", DIAG_NOWHERE, "no policy called \"%s\" is built in; there are: %s", name, names.text);
}

int builtin_read(const char *name, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(free_policy) struct callgate_policy *policy = NULL;
	_cleanup_(buf_done) struct buf full = { 0 };
	int r = -ENOENT;

	buf_printf(&full, "builtin:%s", name);
	if (full.error)
		return diag_oom(diags);
	/* exactly "no filter": a profile would still refuse what is not of its ABIs */
	if (!strcmp(name, NONE))
		r = policy_new(CALLGATE_POLICY_STACK, full.text, &policy) ? diag_oom(diags) : 0;
	for (size_t i = 0; i < builtin_profiles_count && r == -ENOENT; i++)
		if (!strcmp(name, builtin_profiles[i].name))
			r = read_profile(&builtin_profiles[i], full.text, &policy, diags);
	if (r == -ENOENT)
		return diagnose_unknown(name, diags);
	if (!r)
		*ret_policy = take_ptr(policy);
	return r;
}
