/* SPDX-License-Identifier: Apache-2.0 */
/* arch/: names, numbers, widths, constants, groups; against libseccomp's resolver for the numbers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <seccomp.h>

#include "arch/arch.h"
#include "base/util.h"

static const char *const abi_names[] = {
	"x86_64", "x32", "i386", "aarch64", "arm", "riscv64", "ppc64le", "s390x", "loongarch64",
};

static int id_of(const char *name)
{
	int id = arch_syscall_id(name);

	if (id < 0)
		fail_msg("%s is unknown", name);
	return id;
}

static void test_abis(void **state)
{
	(void)state;
	for (int i = 0; i < CALLGATE_ABI_COUNT; i++) {
		const struct arch_abi *abi = arch_abi_get(i);

		assert_string_equal(abi->name, abi_names[i]);
		assert_int_equal(arch_abi_from_name(abi->name), i);
		assert_int_equal(arch_abi_from_name(abi->oci), i);
		if (abi->go)
			assert_int_equal(arch_abi_from_name(abi->go), i);
		assert_int_equal(arch_abi_of(abi->audit_arch, abi->nr_base), i);
		assert_true(abi->newest >= 471 && abi->newest < 512);
	}
	assert_int_equal(arch_abi_from_name("arm64"), CALLGATE_ABI_AARCH64);
	assert_int_equal(arch_abi_from_name("i686"), CALLGATE_ABI_I386);
	assert_int_equal(arch_abi_from_name("armv7l"), CALLGATE_ABI_ARM);
	assert_int_equal(arch_abi_from_name("x86-64"), CALLGATE_ABI_X86_64);
	assert_int_equal(arch_abi_from_name("amd46"), -ENOENT);
	assert_int_equal(arch_abi_from_name(""), -ENOENT);
	assert_null(arch_abi_get(CALLGATE_ABI_COUNT));
}

/* x32 is a bit of the number, not an architecture of its own. */
static void test_x32(void **state)
{
	uint32_t audit = arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch;

	(void)state;
	assert_int_equal(arch_abi_get(CALLGATE_ABI_X32)->audit_arch, audit);
	assert_int_equal(arch_abi_of(audit, 41), CALLGATE_ABI_X86_64);
	assert_int_equal(arch_abi_of(audit, 0x40000000u | 41), CALLGATE_ABI_X32);
	assert_int_equal(arch_abi_of(audit, UINT32_MAX), CALLGATE_ABI_X86_64);
	assert_int_equal(arch_abi_of(arch_abi_get(CALLGATE_ABI_AARCH64)->audit_arch, 0x40000000u), CALLGATE_ABI_AARCH64);
	assert_int_equal(arch_abi_of(0x12345678, 0), -ENOENT);

	assert_int_equal(arch_syscall_nr(CALLGATE_ABI_X32, id_of("socket")), 0x40000000 | 41);
	assert_int_equal(arch_syscall_nr(CALLGATE_ABI_X32, id_of("rt_sigaction")), 0x40000000 | 512);
	assert_int_equal(arch_syscall_nr(CALLGATE_ABI_X86_64, id_of("rt_sigaction")), 13);
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_X32, 0x40000000u | 512), id_of("rt_sigaction"));
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_X32, 512), -ENOENT);
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_X86_64, 512), -ENOENT);
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_X86_64, 0x40000000u | 41), -ENOENT);
}

static void test_both_ways(void **state)
{
	unsigned pairs = 0;

	(void)state;
	assert_true(arch_syscall_count() > 450);
	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		const char *name = arch_syscall_name(id);

		assert_int_equal(arch_syscall_id(name), id);
		assert_non_null(arch_syscall_since(id));
		if (id)
			assert_true(strcmp(arch_syscall_name(id - 1), name) < 0);
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			int64_t nr = arch_syscall_nr(abi, id);

			if (nr < 0)
				continue;
			pairs++;
			assert_false(arch_nr_unknown(abi, nr));
			assert_int_equal(arch_abi_of(arch_abi_get(abi)->audit_arch, nr), abi);
			/* arm has one number with two names. */
			if (strcmp(name, "arm_sync_file_range"))
				assert_int_equal(arch_syscall_at(abi, nr), id);
		}
	}
	assert_true(pairs > 3000);
	assert_int_equal(arch_syscall_nr(CALLGATE_ABI_ARM, id_of("arm_sync_file_range")), 341);
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_ARM, 341), id_of("sync_file_range2"));
}

static void test_numbers(void **state)
{
	static const struct {
		const char *name;
		enum callgate_abi abi;
		int64_t nr;
	} cases[] = {
		{"read", CALLGATE_ABI_X86_64, 0},
		{"openat", CALLGATE_ABI_X86_64, 257},
		{"uprobe", CALLGATE_ABI_X86_64, 336},
		{"socketcall", CALLGATE_ABI_X86_64, -ENOENT},
		{"socketcall", CALLGATE_ABI_I386, 102},
		{"fstatat64", CALLGATE_ABI_I386, 300},
		{"newfstatat", CALLGATE_ABI_AARCH64, 79},
		{"open", CALLGATE_ABI_AARCH64, -ENOENT},
		{"renameat", CALLGATE_ABI_RISCV64, -ENOENT},
		{"riscv_hwprobe", CALLGATE_ABI_RISCV64, 258},
		{"fadvise64", CALLGATE_ABI_LOONGARCH64, 223},
		{"cacheflush", CALLGATE_ABI_ARM, 0xf0002},
		{"umount2", CALLGATE_ABI_PPC64LE, 52},
		{"mmap", CALLGATE_ABI_S390X, 90},
		{"file_setattr", CALLGATE_ABI_S390X, 469},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(arch_syscall_nr(cases[i].abi, id_of(cases[i].name)), cases[i].nr);
	assert_int_equal(arch_syscall_id("no_such_call"), -ENOENT);
	assert_int_equal(arch_syscall_id(""), -ENOENT);
	assert_null(arch_syscall_name(-1));
	assert_null(arch_syscall_name(arch_syscall_count()));
	assert_int_equal(arch_syscall_nr(CALLGATE_ABI_X86_64, -1), -ENOENT);
	assert_string_equal(arch_syscall_since(id_of("statx")), "4.11");
	assert_string_equal(arch_syscall_since(id_of("cachestat")), "6.5");
}

static void test_unknown_numbers(void **state)
{
	const struct arch_abi *x32 = arch_abi_get(CALLGATE_ABI_X32);

	(void)state;
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		const struct arch_abi *a = arch_abi_get(abi);

		assert_false(arch_nr_unknown(abi, a->nr_base + a->newest));
		assert_true(arch_nr_unknown(abi, a->nr_base + a->newest + 1));
		assert_true(arch_nr_unknown(abi, a->nr_base + 9999));
		assert_false(arch_nr_unknown(abi, UINT32_MAX));
	}
	/* A hole below the newest is no new call; nor is another ABI's number. */
	assert_int_equal(arch_syscall_at(CALLGATE_ABI_AARCH64, 300), -ENOENT);
	assert_false(arch_nr_unknown(CALLGATE_ABI_AARCH64, 300));
	assert_false(arch_nr_unknown(CALLGATE_ABI_X86_64, x32->nr_base + 9999));
	assert_false(arch_nr_unknown(CALLGATE_ABI_X32, 9999));
	assert_false(arch_nr_unknown(CALLGATE_ABI_ARM, 0xf0005));
	assert_true(arch_nr_unknown(CALLGATE_ABI_X86_64, 512));
}

/* libseccomp is older than the table: what it knows must agree. */
static void test_libseccomp(void **state)
{
	static const struct {
		enum callgate_abi abi;
		uint32_t arch;
	} pairs[] = {
		{CALLGATE_ABI_X86_64, SCMP_ARCH_X86_64}, {CALLGATE_ABI_X32, SCMP_ARCH_X32},         {CALLGATE_ABI_I386, SCMP_ARCH_X86},
		{CALLGATE_ABI_AARCH64, SCMP_ARCH_AARCH64}, {CALLGATE_ABI_ARM, SCMP_ARCH_ARM},       {CALLGATE_ABI_RISCV64, SCMP_ARCH_RISCV64},
		{CALLGATE_ABI_PPC64LE, SCMP_ARCH_PPC64LE}, {CALLGATE_ABI_S390X, SCMP_ARCH_S390X},
	};
	unsigned agreed = 0;

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(pairs); p++) {
		for (unsigned id = 0; id < arch_syscall_count(); id++) {
			int theirs = seccomp_syscall_resolve_name_arch(pairs[p].arch, arch_syscall_name(id));
			int64_t ours = arch_syscall_nr(pairs[p].abi, id);

			if (theirs < 0 || ours < 0)
				continue;
			if (theirs != ours)
				fail_msg("%s %s: %lld here, %d there", abi_names[pairs[p].abi], arch_syscall_name(id), (long long)ours, theirs);
			agreed++;
		}
	}
	assert_true(agreed > 2500);
}

static void test_widths(void **state)
{
	static const struct {
		const char *name;
		unsigned index, width;
	} cases[] = {
		{"clone", 0, 64},    {"clone", 1, 64},   {"ioctl", 0, 32},       {"ioctl", 1, 32},    {"ioctl", 2, 64},   {"mmap", 2, 64},
		{"mmap", 3, 64},     {"mprotect", 2, 64}, {"socket", 0, 32},     {"socket", 1, 32},   {"socket", 2, 32},  {"prctl", 0, 32},
		{"prctl", 1, 64},    {"openat", 0, 32},  {"openat", 1, 64},      {"openat", 2, 32},   {"openat", 3, 32},  {"ptrace", 0, 64},
		{"fcntl", 1, 32},    {"fcntl", 2, 64},   {"lseek", 1, 64},       {"lseek", 2, 32},    {"kill", 1, 32},    {"unshare", 0, 64},
		{"personality", 0, 32}, {"keyctl", 0, 32}, {"keyctl", 1, 64},    {"mount", 3, 64},    {"umount2", 1, 32}, {"pread64", 3, 64},
		{"readv", 0, 64},    {"read", 0, 32},    {"perf_event_open", 4, 64}, {"setns", 1, 32}, {"seccomp", 0, 32}, {"pkey_mprotect", 2, 64},
		{"pkey_alloc", 0, 64}, {"socket", 3, 64}, {"socket", 5, 64},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int id = id_of(cases[i].name);

		if (arch_arg_width(CALLGATE_ABI_X86_64, id, cases[i].index) != cases[i].width)
			fail_msg("%s argument %u is not %u wide", cases[i].name, cases[i].index, cases[i].width);
		assert_int_equal(arch_arg_width(CALLGATE_ABI_AARCH64, id, cases[i].index), cases[i].width);
		assert_int_equal(arch_arg_width(CALLGATE_ABI_I386, id, cases[i].index), 32);
		assert_int_equal(arch_arg_width(CALLGATE_ABI_ARM, id, cases[i].index), 32);
	}
	/* Nothing is known of these: compare everything. */
	assert_int_equal(arch_arg_count(id_of("tuxcall")), 0);
	assert_int_equal(arch_arg_width(CALLGATE_ABI_X86_64, id_of("tuxcall"), 0), 64);
	/* Entry points that differ from the others'. */
	assert_int_equal(arch_arg_width(CALLGATE_ABI_PPC64LE, id_of("personality"), 0), 64);
	assert_int_equal(arch_arg_width(CALLGATE_ABI_X32, id_of("ptrace"), 0), 32);
	assert_int_equal(arch_arg_width(CALLGATE_ABI_X32, id_of("mmap"), 2), 64);
}

static void test_arguments(void **state)
{
	int clone = id_of("clone"), mmap = id_of("mmap");
	const struct arch_arg *arg;

	(void)state;
	assert_int_equal(arch_arg_count(id_of("getpid")), 0);
	assert_int_equal(arch_arg_count(id_of("mmap")), 6);
	assert_null(arch_arg_get(id_of("close"), 1));
	assert_null(arch_arg_get(-1, 0));

	arg = arch_arg_get(id_of("socket"), 1);
	assert_string_equal(arg->name, "type");
	assert_string_equal(arg->family, "socket_type");
	assert_int_equal(arg->kind, ARCH_KIND_ENUM);
	assert_int_equal(arg->learn, ARCH_LEARN_SET);
	assert_int_equal(arg->learn_mask, 0xf);
	arg = arch_arg_get(id_of("ioctl"), 1);
	assert_int_equal(arg->learn, ARCH_LEARN_SET);
	assert_true(arg->learn_mask == UINT64_MAX);
	assert_int_equal(arch_arg_get(id_of("openat"), 0)->kind, ARCH_KIND_FD);
	assert_int_equal(arch_arg_get(id_of("openat"), 1)->kind, ARCH_KIND_POINTER);
	assert_string_equal(arch_kind_name(ARCH_KIND_FLAGS64), "flags64");

	assert_int_equal(arch_arg_of(CALLGATE_ABI_X86_64, clone, 0)->learn, ARCH_LEARN_MASK);
	assert_int_equal(arch_arg_of(CALLGATE_ABI_S390X, clone, 0)->learn, ARCH_LEARN_NONE);
	assert_string_equal(arch_arg_of(CALLGATE_ABI_S390X, clone, 1)->name, "flags");
	assert_string_equal(arch_arg_of(CALLGATE_ABI_AARCH64, clone, 3)->name, "tls");
	assert_int_equal(arch_arg_of(CALLGATE_ABI_I386, mmap, 0)->kind, ARCH_KIND_POINTER);
	assert_null(arch_arg_of(CALLGATE_ABI_I386, mmap, 2));
}

/* Pointers are never learned, families exist, masks make sense: for every argument of every call. */
static void test_every_argument(void **state)
{
	(void)state;
	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		assert_true(arch_arg_count(id) <= 6);
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			for (unsigned i = 0; i < 6; i++) {
				const struct arch_arg *arg = arch_arg_of(abi, id, i);

				if (!arg)
					continue;
				assert_non_null(arch_kind_name(arg->kind));
				if (arg->family)
					assert_true(arch_family_size(arg->family) > 0);
				if (arg->kind == ARCH_KIND_POINTER)
					assert_int_equal(arg->learn, ARCH_LEARN_NONE);
			}
		}
	}
}

static uint64_t constant(const char *family, const char *name, enum callgate_abi abi)
{
	uint64_t value = 0;
	int r = family ? arch_constant_value(family, name, abi, &value) : arch_constant_any(name, abi, &value);

	if (r < 0)
		fail_msg("%s: %s", name, strerror(-r));
	return value;
}

static void test_constants(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(constant("socket_domain", "AF_INET", CALLGATE_ABI_X86_64), 2);
	assert_int_equal(constant("socket_domain", "AF_LOCAL", CALLGATE_ABI_ARM), 1);
	assert_int_equal(constant(NULL, "AF_NETLINK", CALLGATE_ABI_S390X), 16);
	assert_int_equal(constant("ioctl", "TIOCSTI", CALLGATE_ABI_X86_64), 0x5412);
	assert_int_equal(constant("ioctl", "TCGETS", CALLGATE_ABI_PPC64LE), 0x402c7413);
	assert_int_equal(constant("ioctl", "FIONREAD", CALLGATE_ABI_PPC64LE), 0x4004667f);
	assert_int_equal(constant("sockopt", "SO_RCVTIMEO", CALLGATE_ABI_I386), 20);
	assert_int_equal(constant("open_flags", "O_DIRECTORY", CALLGATE_ABI_X86_64), 0x10000);
	assert_int_equal(constant("open_flags", "O_DIRECTORY", CALLGATE_ABI_AARCH64), 0x4000);
	assert_int_equal(constant("open_flags", "O_DIRECT", CALLGATE_ABI_PPC64LE), 0x20000);
	assert_int_equal(constant("fadvise", "POSIX_FADV_DONTNEED", CALLGATE_ABI_S390X), 6);
	assert_int_equal(constant("clone_flags", "CLONE_NEWUSER", CALLGATE_ABI_RISCV64), 0x10000000);
	assert_int_equal(constant("prctl", "PR_SET_NO_NEW_PRIVS", CALLGATE_ABI_X86_64), 38);
	assert_int_equal(constant("bpf_cmd", "BPF_PROG_LOAD", CALLGATE_ABI_X86_64), 5);
	assert_int_equal(constant("whence", "SEEK_END", CALLGATE_ABI_X86_64), 2);

	assert_int_equal(arch_constant_value("socket_domain", "AF_NOPE", CALLGATE_ABI_X86_64, &value), -ENOENT);
	assert_int_equal(arch_constant_value("no_family", "AF_INET", CALLGATE_ABI_X86_64, &value), -ENOENT);
	assert_int_equal(arch_constant_value("arch_prctl", "ARCH_SET_FS", CALLGATE_ABI_AARCH64, &value), -ENOENT);
	assert_int_equal(arch_constant_any("ZZZ", CALLGATE_ABI_X86_64, &value), -ENOENT);
	assert_int_equal(value, 77);
}

static void test_constant_names(void **state)
{
	(void)state;
	assert_string_equal(arch_constant_name("socket_domain", 1, CALLGATE_ABI_X86_64), "AF_UNIX");
	assert_string_equal(arch_constant_name("socket_domain", 16, CALLGATE_ABI_ARM), "AF_NETLINK");
	assert_string_equal(arch_constant_name("signal", 29, CALLGATE_ABI_X86_64), "SIGIO");
	assert_string_equal(arch_constant_name("open_flags", 0x4000, CALLGATE_ABI_X86_64), "O_DIRECT");
	assert_string_equal(arch_constant_name("open_flags", 0x4000, CALLGATE_ABI_AARCH64), "O_DIRECTORY");
	assert_null(arch_constant_name("socket_domain", 9999, CALLGATE_ABI_X86_64));
	assert_null(arch_constant_name("no_family", 1, CALLGATE_ABI_X86_64));
}

/* Every constant of a family is found by its name, in every ABI; values do not fall. */
static void test_families(void **state)
{
	static const char *const families[] = {"ioctl", "open_flags", "mmap_flags", "socket_domain", "prctl", "sockopt", "ptrace"};
	const char *name;

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
			uint64_t value, last = 0;
			unsigned i = 0;

			for (; !arch_family_at(families[f], i, abi, &name, &value); i++) {
				assert_true(value >= last);
				last = value;
				assert_int_equal(constant(families[f], name, abi), value);
				assert_non_null(arch_constant_name(families[f], value, abi));
			}
			assert_true(i > 20 && i <= arch_family_size(families[f]));
		}
	}
	assert_int_equal(arch_family_size("no_family"), 0);
	assert_int_equal(arch_family_at("no_family", 0, CALLGATE_ABI_X86_64, &name, &(uint64_t){0}), -ENOENT);
}

static void test_errnos_and_capabilities(void **state)
{
	(void)state;
	assert_int_equal(arch_errno_value("EPERM"), 1);
	assert_int_equal(arch_errno_value("ENOSYS"), 38);
	assert_int_equal(arch_errno_value("EWOULDBLOCK"), 11);
	assert_string_equal(arch_errno_name(11), "EAGAIN");
	assert_string_equal(arch_errno_name(95), "EOPNOTSUPP");
	assert_int_equal(arch_errno_value("ENOPE"), -ENOENT);
	assert_null(arch_errno_name(0));
	assert_null(arch_errno_name(4096));
	assert_int_equal(arch_cap_value("CAP_SYS_ADMIN"), 21);
	assert_string_equal(arch_cap_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_string_equal(arch_cap_name(0), "CAP_CHOWN");
	assert_int_equal(arch_cap_value("SYS_ADMIN"), -ENOENT);
	assert_null(arch_cap_name(63));
}

static unsigned group_of(const char *name)
{
	for (unsigned i = 0; i < arch_group_count(); i++)
		if (!strcmp(arch_group_name(i), name))
			return i;
	fail_msg("no group %s", name);
	return 0;
}

static void test_groups(void **state)
{
	(void)state;
	assert_true(arch_group_has(group_of("@network-io"), id_of("socket")));
	assert_false(arch_group_has(group_of("@network-io"), id_of("mount")));
	assert_true(arch_group_has(group_of("@mount"), id_of("mount")));
	/* Nested: @system-service contains @basic-io. */
	assert_true(arch_group_has(group_of("@system-service"), id_of("read")));
	assert_false(arch_group_has(group_of("@system-service"), id_of("kexec_load")));
	assert_false(arch_group_has(group_of("@mount"), -1));
	assert_false(arch_group_has(arch_group_count(), id_of("mount")));
	assert_null(arch_group_name(arch_group_count()));
	for (unsigned i = 0; i < arch_group_count(); i++) {
		assert_int_equal(arch_group_name(i)[0], '@');
		assert_non_null(arch_group_help(i));
	}
}

static void test_suggest(void **state)
{
	(void)state;
	assert_string_equal(arch_syscall_suggest("opnat"), "openat");
	assert_string_equal(arch_syscall_suggest("scoket"), "socket");
	assert_string_equal(arch_syscall_suggest("getpidd"), "getpid");
	assert_null(arch_syscall_suggest("xyzzy_plugh_42"));
	assert_null(arch_syscall_suggest(""));
	assert_null(arch_syscall_suggest("q"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abis),
		cmocka_unit_test(test_x32),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_libseccomp),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_every_argument),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_constant_names),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_errnos_and_capabilities),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
