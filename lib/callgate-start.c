/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions that start programs or load filters: probe, load, exec, record. */
#include <callgate.h>

#include <sys/prctl.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/diag.h"
#include "base/util.h"
#include "compile/compile.h"
#include "kernel/kernel.h"
#include "model/call.h"
#include "model/profile.h"
#include "model/trace.h"
#include "pass/pass.h"
#include "record/record.h"

static void trace_drop(struct callgate_trace **t) { trace_free(*t); }

int callgate_probe(struct callgate_features *ret) { return kernel_probe(ret); }

int callgate_load(const struct callgate_filter *filter, unsigned flags, struct callgate_diags *diags)
{
	return kernel_load(filter->insns, filter->count, flags, diags);
}

/* ---- exec ---- */

static struct callgate_call launch_call(enum callgate_abi abi, const struct kernel_launch *launch)
{
	return (struct callgate_call){
		.nr = (uint32_t)arch_syscall_nr(abi, arch_syscall_id("execve")),
		.arch = arch_abi_get(abi)->audit_arch,
		.args = { (uintptr_t)launch->path, (uintptr_t)launch->argv, (uintptr_t)launch->envp },
	};
}

/* The profile as it must be loaded to start this program: itself where it allows the start anyway. */
static int with_launch(const struct callgate_profile *profile, const struct callgate_target *target,
		       const struct kernel_launch *launch, struct callgate_profile **ret_profile, struct callgate_diags *diags)
{
	enum callgate_abi abi = arch_native();
	struct callgate_call call = launch_call(abi, launch);

	if (!(profile_target_abis(profile, target) & CALLGATE_ABI_BIT(abi)))
		return diag_error(diags, -EINVAL, "exec-abi", DIAG_NOWHERE,
				  "the profile does not cover %s, the ABI that starts the program: add it to \"architectures\"",
				  arch_abi_get(abi)->name);
	if (callgate_action_permits(profile_eval(profile, target, &call, NULL)))
		return profile_copy(profile, ret_profile);
	return pass_launch(profile, abi, call.args, ret_profile, diags);
}

static int prepare_privileges(bool keep, struct callgate_diags *diags)
{
	if (keep)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_error(diags, -errno, "exec-nnp", DIAG_NOWHERE, "no_new_privs could not be set: %s", strerror(errno));
	return 0;
}

int callgate_exec(const struct callgate_profile *profile, const struct callgate_target *target,
		  const struct callgate_exec_options *options, bool *ret_loaded, struct callgate_diags *diags)
{
	_cleanup_(profile_freep) struct callgate_profile *loaded = NULL;
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;
	struct kernel_launch launch;
	int r;

	*ret_loaded = false;
	r = kernel_launch_place(options->path, options->argv, options->envp, &launch, diags);
	if (!r)
		r = with_launch(profile, target, &launch, &loaded, diags);
	if (!r)
		r = callgate_compile(loaded, target, &filter, diags);
	if (!r)
		r = prepare_privileges(options->keep_privileges, diags);
	if (!r)
		r = kernel_load(filter->insns, filter->count, options->load_flags | profile->load_flags, diags);
	if (r < 0)
		return r;
	/* From here on only what the profile allows: execve at once. */
	execve(launch.path, launch.argv, launch.envp);
	r = -errno;
	*ret_loaded = true;
	return diag_error(diags, r, "exec-failed", DIAG_NOWHERE, "%s: cannot be executed: %s", options->path, strerror(-r));
}

int callgate_find_command(const char *name, char **ret_path, struct callgate_diags *diags)
{
	return record_find_command(name, ret_path, diags);
}

/* ---- record ---- */

struct trial {
	const struct callgate_profile *profile;
	const struct callgate_target *target;
};

/* What the profile would have answered. Actions that are not an errno (kill, trap …) are answered EPERM so that the trial can go on. */
static int trial_decide(void *user, const struct callgate_call *call)
{
	const struct trial *trial = user;
	uint32_t action = profile_eval(trial->profile, trial->target, call, NULL);

	if (callgate_action_permits(action))
		return 0;
	if ((action & ACTION_MASK) == CALLGATE_ERRNO(0))
		return (int)(action & ACTION_DATA);
	return EPERM;
}

static int trial_filter(const struct callgate_record_options *options, struct callgate_filter **ret_filter,
			struct callgate_diags *diags)
{
	_cleanup_(profile_freep) struct callgate_profile *tried = NULL;
	int r = pass_trial(options->trial, &tried);

	if (r < 0)
		return r == -ENOMEM ? diag_oom(diags) : r;
	return callgate_compile(tried, options->trial_target, ret_filter, diags);
}

static bool can_do(const struct record_backend *b, const struct callgate_record_options *options)
{
	return (!options->trial || b->answers) && (!record_attaches(options) || b->attaches);
}

static const struct record_backend *choose_by_name(const struct callgate_record_options *options, struct callgate_diags *diags)
{
	const struct record_backend *b;

	for (unsigned i = 0; (b = record_backend_at(i)); i++)
		if (!strcmp(b->name, options->backend))
			break;
	if (!b)
		diag_error(diags, -ENOENT, "record-backend", DIAG_NOWHERE, "there is no recorder \"%s\"; see callgate record --list", options->backend);
	else if (can_do(b, options))
		return b;
	else
		diag_error(diags, -ENOSYS, "record-backend", DIAG_NOWHERE, "the recorder %s cannot %s", b->name,
			   options->trial ? "refuse calls, which a trial run takes" : "attach to what already runs");
	return NULL;
}

static const struct record_backend *choose_backend(const struct callgate_record_options *options, struct callgate_diags *diags)
{
	const struct record_backend *b;

	if (options->backend)
		return choose_by_name(options, diags);
	for (unsigned i = 0; (b = record_backend_at(i)); i++)
		if (can_do(b, options) && b->probe(NULL) == 0)
			return b;
	/* say why each of them cannot run */
	for (unsigned i = 0; (b = record_backend_at(i)); i++)
		if (can_do(b, options))
			b->probe(diags);
	return NULL;
}

int callgate_record(const struct callgate_record_options *options, struct callgate_trace **ret_trace,
		    struct callgate_record_result *ret_result, struct callgate_diags *diags)
{
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;
	_cleanup_(trace_drop) struct callgate_trace *trace = NULL;
	_cleanup_free_ char *path = NULL;
	struct trial trial = { options->trial, options->trial_target };
	struct record_setup setup = { .options = options };
	const struct record_backend *backend = choose_backend(options, diags);
	int r;

	if (!backend)
		return -ENOSYS;
	r = backend->probe(diags);
	if (!r && !record_attaches(options))
		r = record_find_command(options->argv[0], &path, diags);
	if (!r && options->trial)
		r = trial_filter(options, &filter, diags);
	if (!r)
		r = trace_new(&trace);
	if (r < 0)
		return r == -ENOMEM ? diag_oom(diags) : r;
	setup.path = path;
	if (filter) {
		setup.filter = filter->insns;
		setup.filter_count = filter->count;
		setup.decide = trial_decide;
		setup.decide_user = &trial;
	}
	r = backend->run(&setup, trace, ret_result, diags);
	if (!r)
		r = trace_normalise(trace);
	if (r < 0)
		return r;
	*ret_trace = take_ptr(trace);
	return 0;
}

const char *callgate_recorder_at(unsigned i, const char **ret_help, int *ret_usable, struct callgate_diags *diags)
{
	const struct record_backend *backend = record_backend_at(i);

	if (!backend)
		return NULL;
	*ret_help = backend->help;
	*ret_usable = backend->probe(diags);
	return backend->name;
}
