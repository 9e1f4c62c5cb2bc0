/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions about facts, calls, traces and profiles: argument checks and composition, no logic. */
#include <callgate.h>

#include <strings.h>

#include "arch/arch.h"
#include "base/diag.h"
#include "base/util.h"
#include "format/format.h"
#include "learn/learn.h"
#include "model/call.h"
#include "model/profile.h"
#include "model/trace.h"
#include "pass/pass.h"

const char *callgate_version(void) { return CALLGATE_VERSION; }

/* ---- Facts ---- */

static bool abi_valid(enum callgate_abi abi) { return (unsigned)abi < CALLGATE_ABI_COUNT; }

enum callgate_abi callgate_abi_native(void) { return arch_native(); }

int callgate_abi_from_name(const char *name) { return name ? arch_abi_from_name(name) : -ENOENT; }

const char *callgate_abi_name(enum callgate_abi abi) { return abi_valid(abi) ? arch_abi_get(abi)->name : NULL; }

uint32_t callgate_abi_audit_arch(enum callgate_abi abi) { return abi_valid(abi) ? arch_abi_get(abi)->audit_arch : 0; }

int callgate_abi_of(uint32_t audit_arch, uint32_t nr) { return arch_abi_of(audit_arch, nr); }

int64_t callgate_syscall_number(enum callgate_abi abi, const char *name)
{
	int id = name && abi_valid(abi) ? arch_syscall_id(name) : -ENOENT;

	return id < 0 ? id : arch_syscall_nr(abi, id);
}

const char *callgate_syscall_name(enum callgate_abi abi, uint32_t nr)
{
	int id = abi_valid(abi) ? arch_syscall_at(abi, nr) : -ENOENT;

	return id < 0 ? NULL : arch_syscall_name(id);
}

bool callgate_syscall_known(const char *name) { return name && arch_syscall_id(name) >= 0; }

const char *callgate_syscall_since(const char *name)
{
	int id = name ? arch_syscall_id(name) : -ENOENT;

	return id < 0 ? NULL : arch_syscall_since(id);
}

const char *callgate_syscall_at(unsigned i) { return i < arch_syscall_count() ? arch_syscall_name((int)i) : NULL; }

const char *callgate_syscall_suggest(const char *name) { return name ? arch_syscall_suggest(name) : NULL; }

int callgate_syscall_arguments(const char *name)
{
	int id = name ? arch_syscall_id(name) : -ENOENT;

	return id < 0 ? id : (int)arch_arg_count(id);
}

int callgate_syscall_argument(enum callgate_abi abi, const char *name, unsigned index, struct callgate_argument *ret)
{
	static const char *const learn[] = { [ARCH_LEARN_NONE] = "none", [ARCH_LEARN_KEEP] = "keep",
					     [ARCH_LEARN_SET] = "set", [ARCH_LEARN_MASK] = "mask" };
	int id = name && abi_valid(abi) ? arch_syscall_id(name) : -ENOENT;
	const struct arch_arg *arg = id < 0 ? NULL : arch_arg_of(abi, id, index);

	if (!arg)
		return -ENOENT;
	*ret = (struct callgate_argument){ .name = arg->name, .kind = arch_kind_name(arg->kind), .family = arg->family,
					   .width = arch_arg_width(abi, id, index), .learn = learn[arg->learn] };
	return 0;
}

int callgate_constant_value(const char *family, const char *name, enum callgate_abi abi, uint64_t *ret_value)
{
	if (!name || !abi_valid(abi))
		return -ENOENT;
	return family ? arch_constant_value(family, name, abi, ret_value) : arch_constant_any(name, abi, ret_value);
}

const char *callgate_constant_name(const char *family, uint64_t value, enum callgate_abi abi)
{
	return family && abi_valid(abi) ? arch_constant_name(family, value, abi) : NULL;
}

int callgate_constant_at(const char *family, unsigned i, enum callgate_abi abi, const char **ret_name, uint64_t *ret_value)
{
	if (!family || !abi_valid(abi) || i >= arch_family_size(family))
		return -ENOENT;
	return arch_family_at(family, i, abi, ret_name, ret_value);
}

const char *callgate_group_at(unsigned i, const char **ret_help)
{
	if (i >= arch_group_count())
		return NULL;
	if (ret_help)
		*ret_help = arch_group_help(i);
	return arch_group_name(i);
}

bool callgate_group_has(unsigned i, const char *syscall_name)
{
	int id = syscall_name ? arch_syscall_id(syscall_name) : -ENOENT;

	return id >= 0 && i < arch_group_count() && arch_group_has(i, id);
}

/* ---- Actions and calls ---- */

const char *callgate_action_format(uint32_t action, char *text, size_t size) { return action_format(action, text, size); }

int callgate_action_parse(const char *text, uint32_t *ret_action) { return text ? action_parse(text, ret_action) : -EINVAL; }

bool callgate_action_permits(uint32_t action) { return action_permits(action); }

const char *callgate_errno_name(int value) { return arch_errno_name(value); }

int callgate_errno_value(const char *name) { return name ? arch_errno_value(name) : -ENOENT; }

int callgate_call_parse(const char *text, enum callgate_abi abi, struct callgate_call *ret_call, struct callgate_diags *diags)
{
	if (!text || !abi_valid(abi))
		return diag_error(diags, -EINVAL, "call-syntax", DIAG_NOWHERE, "there is no call to read");
	return call_parse(text, abi, ret_call, diags);
}

int callgate_call_format(const struct callgate_call *call, char **ret_text)
{
	struct buf text = { 0 };

	call_format(call, &text);
	return buf_take(&text, ret_text, NULL);
}

int callgate_capability_value(const char *name)
{
	char full[40] = "CAP_";
	size_t start = name && !strncasecmp(name, full, 4) ? 0 : 4, i;

	if (!name || strlen(name) + start >= sizeof(full))
		return -ENOENT;
	for (i = 0; name[i]; i++)
		full[start + i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	full[start + i] = '\0';
	return arch_cap_value(full);
}

/* ---- Traces ---- */

struct callgate_trace *callgate_trace_free(struct callgate_trace *trace) { return trace_free(trace); }

int callgate_trace_read(const char *bytes, size_t size, const char *file, struct callgate_trace **ret_trace,
			struct callgate_diags *diags)
{
	return tracefile_read(bytes, size, file, ret_trace, diags);
}

int callgate_trace_write(const struct callgate_trace *trace, char **ret_bytes, size_t *ret_size)
{
	struct buf text = { 0 };
	int r = tracefile_write(trace, &text);

	if (r < 0) {
		buf_done(&text);
		return r;
	}
	return buf_take(&text, ret_bytes, ret_size);
}

bool callgate_trace_get(const struct callgate_trace *trace, size_t i, struct callgate_observation *ret)
{
	if (i >= trace->entries.count)
		return false;
	trace_observation(trace, i, ret);
	return true;
}

uint64_t callgate_trace_lost(const struct callgate_trace *trace) { return trace->lost; }

const char *callgate_trace_command(const struct callgate_trace *trace)
{
	return trace->command ? strpool_get(&trace->strings, trace->command) : NULL;
}

/* ---- Profiles ---- */

int callgate_profile_read(const char *bytes, size_t size, const char *file, unsigned flags,
			  struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	return oci_read(bytes, size, file, flags, ret_profile, diags);
}

int callgate_profile_write(const struct callgate_profile *profile, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags)
{
	struct buf text = { 0 };
	int r = oci_write(profile, &text, diags);

	if (r < 0) {
		buf_done(&text);
		return r;
	}
	return buf_take(&text, ret_bytes, ret_size);
}

struct callgate_profile *callgate_profile_free(struct callgate_profile *profile) { return profile_free(profile); }

unsigned callgate_profile_target_abis(const struct callgate_profile *profile, const struct callgate_target *target)
{
	return profile_target_abis(profile, target);
}

int callgate_profile_eval(const struct callgate_profile *profile, const struct callgate_target *target,
			  const struct callgate_call *call, uint32_t *ret_action, int *ret_rule)
{
	if (!profile_target_abis(profile, target))
		return -EINVAL;
	*ret_action = profile_eval(profile, target, call, ret_rule);
	return 0;
}

uint32_t callgate_profile_default(const struct callgate_profile *profile) { return profile->default_action; }

uint32_t callgate_profile_bad_arch(const struct callgate_profile *profile) { return profile->bad_arch_action; }

int callgate_profile_unknown(const struct callgate_profile *profile) { return profile->unknown_errno; }

unsigned callgate_profile_abis(const struct callgate_profile *profile) { return profile->abis; }

unsigned callgate_profile_load_flags(const struct callgate_profile *profile) { return profile->load_flags; }

size_t callgate_profile_rule_count(const struct callgate_profile *profile) { return profile->clauses.count; }

static uint64_t syscall_weight(const struct callgate_profile *profile, int syscall)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < profile->calls.count; i++)
		if (profile->calls.items[i].syscall == syscall && __builtin_add_overflow(weight, profile->calls.items[i].count, &weight))
			return UINT64_MAX;
	return weight;
}

/* Conditions are shown with the names of the ABI that the profile is first of all for. */
static enum callgate_abi shown_abi(const struct callgate_profile *profile)
{
	unsigned abis = profile_target_abis(profile, &(struct callgate_target){ 0 });

	return abis ? (enum callgate_abi)__builtin_ctz(abis) : arch_native();
}

int callgate_profile_rule(struct callgate_profile *profile, size_t i, struct callgate_rule *ret_rule)
{
	struct buf text = { 0 };
	const struct profile_clause *clause;
	char *condition;
	int r;

	if (i >= profile->clauses.count)
		return -ENOENT;
	clause = &profile->clauses.items[i];
	profile_format_conds(profile, clause, shown_abi(profile), &text);
	r = buf_take(&text, &condition, NULL);
	if (r < 0)
		return r;
	free(profile->condition_text);
	profile->condition_text = condition;
	*ret_rule = (struct callgate_rule){
		.syscall_name = arch_syscall_name(clause->syscall),
		.action = clause->action,
		.file = profile_clause_file(profile, clause),
		.line = clause->line,
		.column = clause->column,
		.weight = syscall_weight(profile, clause->syscall),
		.guarded = clause->guard,
		.derived = clause->derived,
		.condition = condition,
	};
	return 0;
}

bool callgate_profile_call(const struct callgate_profile *profile, size_t i, struct callgate_observation *ret)
{
	const struct profile_call *call;

	if (i >= profile->calls.count)
		return false;
	call = &profile->calls.items[i];
	*ret = (struct callgate_observation){
		.abi = call->abi < 0 ? shown_abi(profile) : (enum callgate_abi)call->abi,
		.evidence = call->denied ? CALLGATE_EVIDENCE_DENIED : CALLGATE_EVIDENCE_RECORDED,
		.args_known = (1u << call->n_args) - 1,
		.count = call->count,
	};
	memcpy(ret->args, call->args, sizeof(ret->args));
	ret->nr = (uint32_t)arch_syscall_nr(ret->abi, call->syscall);
	return true;
}

int callgate_profile_mode(const struct callgate_profile *profile, enum callgate_mode mode,
			  struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	return pass_mode(profile, mode, ret_profile, diags);
}

int callgate_profile_specialise(const struct callgate_profile *profile, const struct callgate_target *target,
				struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	return pass_specialise(profile, target, ret_profile, diags);
}

int callgate_profile_translate(const struct callgate_profile *profile, enum callgate_abi from, enum callgate_abi to,
			       struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	if (!abi_valid(from) || !abi_valid(to))
		return diag_error(diags, -EINVAL, "translate-source", DIAG_NOWHERE, "there is no such ABI");
	return pass_translate(profile, from, to, ret_profile, diags);
}

int callgate_learn(const struct callgate_trace *const *traces, size_t count, const struct callgate_learn_options *options,
		   struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	static const struct callgate_learn_options defaults = { 0 };

	return learn_profile(traces, count, options ? options : &defaults, ret_profile, diags);
}
