/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp JSON: Docker's default profile, read, and written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "oci-text.h"

/* ---- Docker's default profile ---- */

static char *read_file(const char *name, size_t *ret_size)
{
	_cleanup_free_ char *path = NULL;
	const char *source = getenv("SOURCE");
	char *bytes = malloc(1 << 20);
	FILE *f;

	assert_true(bytes && asprintf(&path, "%s/tests/data/%s", source ? source : ".", name) > 0);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s is not there; set SOURCE to the source folder", path);
	*ret_size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

static struct callgate_profile *read_docker(struct callgate_diags *diags)
{
	struct callgate_profile *profile = NULL;
	size_t size;
	_cleanup_free_ char *bytes = read_file("docker-default.json", &size);

	if (oci_read(bytes, size, "docker-default.json", 0, &profile, diags))
		fail_msg("%s", callgate_diags_get(diags, 0)->text);
	return profile;
}

#define X86 (CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386))
#define S390X CALLGATE_ABI_BIT(CALLGATE_ABI_S390X)
#define ARM64 (CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM))
#define ADMIN (UINT64_C(1) << 21)
#define NEW 0x061200u
#define NEWUSER 0x10000000u

static const struct {
	unsigned abis;
	uint64_t caps;
	unsigned kernel;
	enum callgate_abi abi;
	const char *name;
	uint64_t a0, a1;
	uint32_t action;
} docker_verdicts[] = {
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_I386, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X32, "read", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_AARCH64, "read", 0, 0, CALLGATE_KILL_PROCESS },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "mount", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "mount", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "kexec_load", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ~UINT64_C(0), NEW, CALLGATE_ABI_X86_64, "kexec_load", 0, 0, CALLGATE_ERRNO(EPERM) },
	/* clone's flags are its first argument, on s390x its second */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone", 17, NEWUSER, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone", NEWUSER | 17, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "clone", NEWUSER | 17, 0, CALLGATE_ALLOW },
	{ S390X, 0, NEW, CALLGATE_ABI_S390X, "clone", NEWUSER, 17, CALLGATE_ALLOW },
	{ S390X, 0, NEW, CALLGATE_ABI_S390X, "clone", 0, NEWUSER | 17, CALLGATE_ERRNO(EPERM) },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "clone3", 0, 0, CALLGATE_ERRNO(ENOSYS) },
	{ X86, ADMIN, NEW, CALLGATE_ABI_X86_64, "clone3", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0x20008, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0xffffffff, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "personality", 0x0040000, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 2, 1, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 12, 1, CALLGATE_ERRNO(EPERM) }, /* AF_DECnet */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 38, 1, CALLGATE_ERRNO(EPERM) }, /* AF_ALG */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 40, 1, CALLGATE_ERRNO(EPERM) }, /* AF_VSOCK */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "socket", 45, 1, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, 0x040400, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ X86, UINT64_C(1) << 19, 0x040400, CALLGATE_ABI_X86_64, "ptrace", 0, 0, CALLGATE_ALLOW }, /* CAP_SYS_PTRACE */
	{ X86, 0, NEW, CALLGATE_ABI_X86_64, "arch_prctl", 0, 0, CALLGATE_ALLOW },
	{ X86, 0, NEW, CALLGATE_ABI_I386, "modify_ldt", 0, 0, CALLGATE_ALLOW },
	{ ARM64, 0, NEW, CALLGATE_ABI_AARCH64, "mount", 0, 0, CALLGATE_ERRNO(EPERM) },
	{ ARM64, 0, NEW, CALLGATE_ABI_ARM, "set_tls", 0, 0, CALLGATE_ALLOW },
	{ ARM64, 0, NEW, CALLGATE_ABI_ARM, "arm_fadvise64_64", 0, 0, CALLGATE_ALLOW },
};

static void check_docker_verdicts(const struct callgate_profile *profile)
{
	for (size_t i = 0; i < ARRAY_SIZE(docker_verdicts); i++) {
		const struct callgate_target target = { docker_verdicts[i].abis, docker_verdicts[i].caps, docker_verdicts[i].kernel, false };
		uint32_t action = eval(profile, &target, docker_verdicts[i].abi, docker_verdicts[i].name, docker_verdicts[i].a0,
				       docker_verdicts[i].a1);

		if (action != docker_verdicts[i].action)
			fail_msg("case %zu, %s: 0x%x", i, docker_verdicts[i].name, action);
	}
}

static void test_docker(void **state)
{
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = read_docker(diags), *again = NULL;
	_cleanup_free_ char *first = NULL, *second = NULL;

	(void)state;
	/* one word about MIPS and s390, none about anything else */
	assert_int_equal(callgate_diags_count(diags), 1);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "oci-unknown-arch");
	assert_int_equal(callgate_diags_get(diags, 0)->line, 19);
	assert_int_equal(callgate_diags_get(diags, 0)->column, 20);
	assert_int_equal(profile->abis, 0);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_X86_64], X86);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_AARCH64], ARM64);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_S390X], S390X);
	assert_int_equal(profile->abi_map[CALLGATE_ABI_I386], 0);
	check_docker_verdicts(profile);
	first = write_text(profile);
	again = read_quiet(first);
	check_docker_verdicts(again);
	second = write_text(again);
	assert_string_equal(first, second);
}

/* Every syscall of every ABI, with arguments beside all constants that the profile compares. */
static void check_same(const struct callgate_profile *a, const struct callgate_profile *b, const struct callgate_target *target,
		       struct callgate_call call)
{
	if (profile_eval(a, target, &call, NULL) != profile_eval(b, target, &call, NULL))
		fail_msg("arch 0x%x nr %u %llx %llx", call.arch, call.nr, (unsigned long long)call.args[0], (unsigned long long)call.args[1]);
}

static void check_same_near(const struct callgate_profile *a, const struct callgate_profile *b, const struct callgate_target *target,
			    struct callgate_call call, uint64_t value)
{
	const uint64_t values[] = { value, value - 1, value + 1, value ^ 0x100, value | UINT64_C(1) << 32, ~value };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (int arg = 0; arg < 6; arg++)
			call.args[arg] = values[i];
		check_same(a, b, target, call);
	}
}

static void test_docker_means_the_same_when_written(void **state)
{
	static const uint64_t caps[] = { 0, ADMIN, ~UINT64_C(0) };
	_diags_ struct callgate_diags *diags = callgate_diags_new();
	_profile_ struct callgate_profile *profile = read_docker(diags), *again = NULL;
	_cleanup_free_ char *text = write_text(profile);

	(void)state;
	again = read_quiet(text);
	for (unsigned i = 0; i < arch_syscall_count() * CALLGATE_ABI_COUNT * ARRAY_SIZE(caps); i++) {
		enum callgate_abi abi = i % CALLGATE_ABI_COUNT;
		int id = (int)(i / CALLGATE_ABI_COUNT / ARRAY_SIZE(caps));
		const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(abi), .caps = caps[i / CALLGATE_ABI_COUNT % ARRAY_SIZE(caps)] };
		struct callgate_call call = { .nr = (uint32_t)arch_syscall_nr(abi, id), .arch = arch_abi_get(abi)->audit_arch };

		for (size_t n = 0; n < profile->conds.count; n += 1 + n / 8)
			check_same_near(profile, again, &target, call, profile->conds.items[n].value ^ profile->conds.items[n].mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_docker_means_the_same_when_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
