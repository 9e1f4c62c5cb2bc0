/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that come with the library: what container engines apply when nobody asks for anything else, as facts in data/, and the
 * absence of any filter, to compare with.
 */
#include "format/builtin-tables.h"
#include "format/format.h"

/* Those that are no profile of a container engine. */
static int read_none(struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	/* exactly "no filter": a profile would still refuse what is not of its ABIs */
	return policy_new(CALLGATE_POLICY_STACK, "builtin:none", ret_policy) ? diag_oom(diags) : 0;
}

static int read_service(struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	int r = systemd_service_policy(ret_policy, diags);
	char *name = r ? NULL : strdup("builtin:systemd-service");

	if (name) {
		free((*ret_policy)->name);
		(*ret_policy)->name = name;
	}
	return r;
}

static const struct {
	const char *name, *source;
	int (*read)(struct callgate_policy **ret_policy, struct callgate_diags *diags);
} others[] = {
	{ "systemd-service", "SystemCallFilter=@system-service with EPERM, of systemd 252", read_service },
	{ "none", "no filter: everything is allowed", read_none },
};

const char *builtin_at(size_t i, const char **ret_source)
{
	size_t other = i - builtin_profiles_count;

	if (i < builtin_profiles_count) {
		if (ret_source)
			*ret_source = builtin_profiles[i].source;
		return builtin_profiles[i].name;
	}
	if (other >= ARRAY_SIZE(others))
		return NULL;
	if (ret_source)
		*ret_source = others[other].source;
	return others[other].name;
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
	_cleanup_(policy_freep) struct callgate_policy *policy = NULL;
	_cleanup_(buf_done) struct buf full = { 0 };
	int r = -ENOENT;

	buf_printf(&full, "builtin:%s", name);
	if (full.error)
		return diag_oom(diags);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i].name))
			r = others[i].read(&policy, diags);
	for (size_t i = 0; i < builtin_profiles_count && r == -ENOENT; i++)
		if (!strcmp(name, builtin_profiles[i].name))
			r = read_profile(&builtin_profiles[i], full.text, &policy, diags);
	if (r == -ENOENT)
		return diagnose_unknown(name, diags);
	if (!r)
		*ret_policy = take_ptr(policy);
	return r;
}
