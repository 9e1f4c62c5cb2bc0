/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference compiler: libseccomp, opened when asked for, so that nothing else needs it. Facts from seccomp_rule_add(3),
 * seccomp_attr_set(3) and the library's own header.
 *
 * What it cannot say is an error, not a silent difference: an errno of its own for numbers newer than the table. What it does
 * differently is left to the comparison of meanings: it compares all 64 bits of every argument, and its rules have no order.
 */
#include "compile/peer.h"

#include <dlfcn.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/call.h"

/* The functions that are used, by their own types. */
#define PEER_FUNCTIONS(X) \
	X(seccomp_version) X(seccomp_init) X(seccomp_release) X(seccomp_attr_set) X(seccomp_arch_add) X(seccomp_arch_remove) \
	X(seccomp_arch_resolve_name) X(seccomp_rule_add_array) X(seccomp_export_bpf) X(seccomp_syscall_resolve_name) X(seccomp_arch_exist)

struct peer {
	void *library;
#define X(name) __typeof__(name) *name;
	PEER_FUNCTIONS(X)
#undef X
};

static void peer_close(struct peer *peer)
{
	if (peer->library)
		dlclose(peer->library);
}

static int peer_open(struct peer *peer)
{
	peer->library = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!peer->library)
		return -ENOSYS;
#define X(name) \
	*(void **)&peer->name = dlsym(peer->library, #name); \
	if (!peer->name) \
		return -ENOSYS;
	PEER_FUNCTIONS(X)
#undef X
	return 0;
}

static int failed(const struct peer *peer, const char *what, int error, struct callgate_diags *diags)
{
	const struct scmp_version *v = peer->seccomp_version();

	return diag_error(diags, -EINVAL, "peer-failed", DIAG_NOWHERE, "libseccomp %u.%u.%u refuses %s: %s", v->major, v->minor, v->micro,
			  what, strerror(-error));
}

/* libseccomp writes an action as the kernel does, but for KILL_PROCESS and the data of ERRNO and TRACE, which coincide too. */
static uint32_t peer_action(uint32_t action)
{
	switch (action & ACTION_MASK) {
	case CALLGATE_ERRNO(0):
		return SCMP_ACT_ERRNO(action & ACTION_DATA);
	case CALLGATE_TRACE(0):
		return SCMP_ACT_TRACE(action & ACTION_DATA);
	}
	return action;
}

static struct scmp_arg_cmp peer_comparison(const struct profile_cond *cond)
{
	static const enum scmp_compare ops[] = {
		[OP_EQ] = SCMP_CMP_EQ, [OP_NE] = SCMP_CMP_NE, [OP_LT] = SCMP_CMP_LT, [OP_LE] = SCMP_CMP_LE,
		[OP_GT] = SCMP_CMP_GT, [OP_GE] = SCMP_CMP_GE, [OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp c = { .arg = cond->arg, .op = ops[cond->op], .datum_a = cond->value };

	if (cond->op == OP_MASKED_EQ) {
		c.datum_a = cond->mask;
		c.datum_b = cond->value;
	}
	return c;
}

static int set_arches(const struct peer *peer, scmp_filter_ctx context, unsigned abis, struct callgate_diags *diags)
{
	int r;

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		char name[24];
		uint32_t arch;

		/* libseccomp's names are OCI's without the prefix, in lower case */
		snprintf(name, sizeof(name), "%s", arch_abi_get(abi)->oci + strlen("SCMP_ARCH_"));
		for (char *p = name; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		arch = peer->seccomp_arch_resolve_name(name);
		if (!(abis & CALLGATE_ABI_BIT(abi))) {
			if (arch && peer->seccomp_arch_exist(context, arch) == 0)
				peer->seccomp_arch_remove(context, arch);
			continue;
		}
		r = arch ? peer->seccomp_arch_add(context, arch) : -EDOM;
		if (r < 0 && r != -EEXIST)
			return failed(peer, arch_abi_get(abi)->name, r, diags);
	}
	return 0;
}

static int add_clause(const struct peer *peer, scmp_filter_ctx context, const struct callgate_profile *profile,
		      const struct profile_clause *clause, struct callgate_diags *diags)
{
	struct scmp_arg_cmp comparisons[6];
	const char *name = arch_syscall_name(clause->syscall);
	int nr = peer->seccomp_syscall_resolve_name(name), r;

	if (nr == __NR_SCMP_ERROR) {
		/* runtimes leave such rules out; what that does to the meaning, the comparison tells */
		diag_warning(diags, "peer-unknown-name", DIAG_NOWHERE, "this libseccomp does not know %s: its rule is left out", name);
		return 0;
	}
	if (clause->action == profile->default_action)
		return 0; /* it would refuse such a rule; container runtimes leave them out, too */
	if (clause->n_conds > ARRAY_SIZE(comparisons))
		return diag_error(diags, -EOPNOTSUPP, "peer-cannot", DIAG_NOWHERE, "libseccomp takes one condition for each argument (%s)", name);
	for (uint32_t i = 0; i < clause->n_conds; i++)
		comparisons[i] = peer_comparison(&profile->conds.items[clause->cond + i]);
	r = peer->seccomp_rule_add_array(context, peer_action(clause->action), nr, clause->n_conds, comparisons);
	/* -EEXIST: an earlier rule covers it */
	return r < 0 && r != -EEXIST ? failed(peer, name, r, diags) : 0;
}

static int fill(const struct peer *peer, scmp_filter_ctx context, const struct callgate_profile *profile,
		const struct callgate_target *target, unsigned layout, struct callgate_diags *diags)
{
	int r = peer->seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, peer_action(profile->bad_arch_action));

	if (!r)
		r = peer->seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, layout);
	if (r < 0)
		return failed(peer, "an attribute", r, diags);
	r = set_arches(peer, context, profile_target_abis(profile, target), diags);
	for (size_t i = 0; !r && i < profile->clauses.count; i++)
		if (!profile->clauses.items[i].derived && profile_guard_holds(profile, &profile->clauses.items[i], target))
			r = add_clause(peer, context, profile, &profile->clauses.items[i], diags);
	return r;
}

static int take_program(const struct peer *peer, scmp_filter_ctx context, struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	_cleanup_(close_fd) int fd = memfd_create("callgate-peer", MFD_CLOEXEC);
	struct callgate_filter *filter;
	off_t size;
	int r;

	r = fd < 0 ? -errno : peer->seccomp_export_bpf(context, fd);
	if (r < 0)
		return failed(peer, "the whole", r, diags);
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || size % (off_t)sizeof(struct callgate_insn))
		return diag_error(diags, -EINVAL, "peer-failed", DIAG_NOWHERE, "libseccomp wrote %lld bytes", (long long)size);
	if (size / (off_t)sizeof(struct callgate_insn) > CALLGATE_INSNS_MAX)
		return diag_error(diags, -E2BIG, "peer-cannot", DIAG_NOWHERE, "libseccomp needs %lld instructions; the kernel takes %d",
				  (long long)(size / (off_t)sizeof(struct callgate_insn)), CALLGATE_INSNS_MAX);
	r = filter_new((size_t)size / sizeof(struct callgate_insn), &filter);
	if (r < 0)
		return diag_oom(diags);
	if (pread(fd, filter->insns, (size_t)size, 0) != size) {
		filter_free(filter);
		return diag_error(diags, -EIO, "peer-failed", DIAG_NOWHERE, "libseccomp's program cannot be read back");
	}
	*ret_filter = filter;
	return 0;
}

int peer_compile(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout,
		 struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	_cleanup_(peer_close) struct peer peer = { 0 };
	scmp_filter_ctx context;
	int r;

	if (peer_open(&peer) < 0)
		return diag_error(diags, -ENOSYS, "peer-absent", DIAG_NOWHERE, "libseccomp.so.2 is not installed here");
	if (profile->unknown_errno >= 0)
		return diag_error(diags, -EOPNOTSUPP, "peer-cannot", DIAG_NOWHERE,
				  "libseccomp has no answer of its own for numbers newer than its table: remove \"unknown\" from x-callgate to compare");
	context = peer.seccomp_init(peer_action(profile->default_action));
	if (!context)
		return failed(&peer, "the default action", -EINVAL, diags);
	r = fill(&peer, context, profile, target, layout, diags);
	if (!r)
		r = take_program(&peer, context, ret_filter, diags);
	peer.seccomp_release(context);
	if (!r) {
		(*ret_filter)->abis = profile_target_abis(profile, target);
		(*ret_filter)->big_endian = arch_abi_get((unsigned)__builtin_ctz((*ret_filter)->abis))->big_endian;
	}
	return r;
}

const char *peer_version(char *text, size_t size)
{
	_cleanup_(peer_close) struct peer peer = { 0 };

	if (peer_open(&peer) < 0)
		return NULL;
	snprintf(text, size, "%u.%u.%u", peer.seccomp_version()->major, peer.seccomp_version()->minor, peer.seccomp_version()->micro);
	return text;
}
