/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about the first argument of socket() as RestrictAddressFamilies=. The directive answers EAFNOSUPPORT, compares the whole register,
 * and filters nothing where socket() is multiplexed. So it is exactly what a profile says only if that says the same; but an allow list
 * of families is never looser than the rules, nor is a deny list stricter, and either beats losing all of them.
 */
#include "format/systemd-write.h"

#include "model/call.h"

#define NO_DIRECTIVE (CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_PPC64LE) | CALLGATE_ABI_BIT(CALLGATE_ABI_S390X))

struct families {
	uint64_t families;
	bool allow;
	uint32_t refusal;
};

static bool is_family(const struct callgate_profile *profile, const struct profile_clause *clause, uint64_t *ret_family)
{
	const struct profile_cond *cond = &profile->conds.items[clause->cond];

	*ret_family = cond->value;
	return clause->n_conds == 1 && !cond->arg && cond->op == OP_EQ && cond->value && cond->value < SYSTEMD_FAMILIES_MAX &&
	       arch_constant_name("socket_domain", cond->value, CALLGATE_ABI_X86_64);
}

/* "These families are let through, all others refused", or the reverse? */
static bool find_families(const struct callgate_profile *profile, size_t first, size_t end, struct families *ret)
{
	const struct profile_clause *clauses = profile->clauses.items;
	uint32_t listed = clauses[first].action, rest = profile->default_action;
	uint64_t family;
	size_t i;

	*ret = (struct families){ 0 };
	for (i = first; i < end && clauses[i].n_conds; i++) {
		if (!is_family(profile, &clauses[i], &family) || clauses[i].action != listed)
			return false;
		ret->families |= UINT64_C(1) << family;
	}
	if (i < end)
		rest = clauses[i].action;
	ret->allow = listed == CALLGATE_ALLOW;
	ret->refusal = ret->allow ? rest : listed;
	return ret->families && (ret->allow || rest == CALLGATE_ALLOW) && profile_action_rank(ret->refusal) == ABILITY_REFUSED;
}

static bool is_exact(const struct format_output *out, const struct families *f)
{
	return f->refusal == CALLGATE_ERRNO(EAFNOSUPPORT) && out->strict64 && !(out->abis & CALLGATE_ABI_BIT(CALLGATE_ABI_X32));
}

/* The rules go; from now on the call itself is allowed. */
static void take_over(struct format_output *out, struct callgate_profile *profile, size_t first, size_t end, const struct families *f)
{
	struct profile_clause *clauses = profile->clauses.items;

	clauses[first].action = CALLGATE_ALLOW;
	clauses[first].n_conds = 0;
	memmove(&clauses[first + 1], &clauses[end], (profile->clauses.count - end) * sizeof(*clauses));
	profile->clauses.count -= end - first - 1;
	out->families_set = true;
	out->families_allow = f->allow;
	out->families = f->families;
}

int systemd_prepare_families(struct format_output *out, struct callgate_profile *profile, enum callgate_lossy lossy, unsigned *ret_losses,
			     struct callgate_diags *diags)
{
	struct families f;
	size_t first, end;
	int socket = arch_syscall_id("socket");
	bool exact;

	*ret_losses = 0;
	profile_clauses_of(profile, socket, &first, &end);
	if (first == end || out->abis & NO_DIRECTIVE || !find_families(profile, first, end, &f))
		return 0;
	exact = is_exact(out, &f);
	if (!exact && lossy != (f.allow ? CALLGATE_LOSSY_STRICTER : CALLGATE_LOSSY_LOOSER))
		return 0;
	if (!exact) {
		const struct profile_clause *clause = &profile->clauses.items[first];
		struct diag_where where = { profile_clause_file(profile, clause), clause->line, clause->column };

		diag_warning(diags, "systemd-families", where,
			     "socket: its rules become RestrictAddressFamilies=, which answers EAFNOSUPPORT and compares the whole register");
		*ret_losses = 1;
	}
	take_over(out, profile, first, end, &f);
	return profile_normalise(profile);
}

void systemd_write_families(const struct format_output *out, struct buf *text)
{
	const char *separator = out->families_allow ? "" : "~";

	if (!out->families_set)
		return;
	buf_puts(text, "RestrictAddressFamilies=\nRestrictAddressFamilies=");
	for (unsigned family = 0; family < SYSTEMD_FAMILIES_MAX; family++) {
		if (!(out->families >> family & 1))
			continue;
		buf_printf(text, "%s%s", separator, arch_constant_name("socket_domain", family, CALLGATE_ABI_X86_64));
		separator = " ";
	}
	buf_puts(text, "\n");
}
