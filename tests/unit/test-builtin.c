/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that are built in mean what the JSON of their projects means, whatever the target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "format/format.h"
#include "model/diagram.h"

static struct callgate_profile *read_file(const char *name)
{
	static char bytes[1 << 16];
	struct callgate_profile *profile = NULL;
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/tests/data/%s", getenv("SOURCE"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	assert_true(size > 0 && size < sizeof(bytes));
	fclose(file);
	assert_int_equal(oci_read(bytes, size, name, CALLGATE_READ_UNKNOWN_NAMES | CALLGATE_READ_UNKNOWN_MEMBERS, &profile, NULL), 0);
	return profile;
}

/* Native ABIs with what archMap adds, capabilities one by one and together, kernels around minKernel. */
static void compare(const char *name, const char *file)
{
	_cleanup_(policy_freep) struct callgate_policy *policy = NULL;
	_cleanup_(profile_freep) struct callgate_profile *original = read_file(file);
	const unsigned kernels[] = { 0, 4 << 16 | 7 << 8, 6 << 16 };
	unsigned compared = 0;

	assert_int_equal(builtin_read(name, &policy, NULL), 0);
	for (int cap = -2; cap < 64 && (cap < 0 || arch_cap_name(cap)); cap++)
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
			struct callgate_target target = { .abis = original->abi_map[abi] ? original->abi_map[abi] : CALLGATE_ABI_BIT(abi),
							  .caps = cap == -2 ? 0 : cap == -1 ? UINT64_MAX : UINT64_C(1) << cap,
							  .kernel = kernels[(cap + 2) % 3] };
			diagram_ref ours, theirs;

			assert_int_equal(policy->profile->abi_map[abi], original->abi_map[abi]);
			assert_int_equal(diagram_from_policy(d, policy, &target, &ours, NULL), 0);
			assert_int_equal(diagram_from_profile(d, original, &target, &theirs, NULL), 0);
			assert_int_equal(ours, theirs);
			compared++;
		}
	assert_true(compared >= 41 * CALLGATE_ABI_COUNT);
}

static void docker(void **state) { (void)state; compare("docker", "docker-default.json"); }
static void podman(void **state) { (void)state; compare("podman", "podman-default.json"); }

/* The file is the name, and that line of the table has the system call. */
static void check_origin(const struct callgate_profile *profile, const struct profile_clause *clause, const char *name)
{
	static char line[1 << 16];
	char path[4096], expected[40];
	FILE *file;

	if (clause->derived)
		return;
	snprintf(expected, sizeof(expected), "builtin:%s", name);
	assert_string_equal(profile_clause_file(profile, clause), expected);
	snprintf(path, sizeof(path), "%s/data/builtin-%s.csv", getenv("SOURCE"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	for (unsigned i = 0; i < clause->line; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_true(!strncmp(line, "rule,", 5) && strstr(line, arch_syscall_name(clause->syscall)));
}

static void origins(void **state)
{
	(void)state;
	for (size_t i = 0; builtin_at(i, NULL); i++) {
		_cleanup_(policy_freep) struct callgate_policy *policy = NULL;
		_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
		char name[40];

		assert_int_equal(builtin_read(builtin_at(i, NULL), &policy, diags), 0);
		assert_int_equal(callgate_diags_count(diags), 0);
		snprintf(name, sizeof(name), "builtin:%s", builtin_at(i, NULL));
		assert_string_equal(policy->name, name);
		for (size_t c = 0; policy->profile && policy->profile->file && c < policy->profile->clauses.count; c++)
			check_origin(policy->profile, &policy->profile->clauses.items[c], builtin_at(i, NULL));
	}
}

static void none_allows_all(void **state)
{
	_cleanup_(policy_freep) struct callgate_policy *policy = NULL;
	_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
	diagram_ref root;

	(void)state;
	assert_int_equal(builtin_read("none", &policy, NULL), 0);
	assert_int_equal(diagram_from_policy(d, policy, &(struct callgate_target){ 0 }, &root, NULL), 0);
	assert_int_equal(root, diagram_leaf(d, CALLGATE_ALLOW));
}

static void unknown(void **state)
{
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;
	const char *source;

	(void)state;
	assert_int_equal(builtin_read("dokcer", &policy, diags), -ENOENT);
	assert_null(policy);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "builtin-unknown");
	assert_non_null(strstr(callgate_diags_get(diags, 0)->text, "docker, podman, systemd-service, none"));
	assert_string_equal(builtin_at(1, &source), "podman");
	assert_non_null(strstr(source, "containers-common"));
	assert_null(builtin_at(4, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker), cmocka_unit_test(podman), cmocka_unit_test(origins), cmocka_unit_test(none_allows_all),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
