/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's expressions and units: how assignments add up, what each directive answers, where its leaves say they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "format/format.h"
#include "model/call.h"

#define ERR(name) CALLGATE_ERRNO(name)
#define ALLOW     CALLGATE_ALLOW
#define KILL      CALLGATE_KILL_PROCESS

static const struct callgate_target x86_64 = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };
static const unsigned local =
	CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32);

static bool has_id(const struct callgate_diags *diags, const char *id)
{
	for (size_t i = 0; i < callgate_diags_count(diags); i++)
		if (!strcmp(callgate_diags_get(diags, i)->id, id))
			return true;
	return false;
}

static uint32_t answer(const struct callgate_policy *policy, enum callgate_abi abi, const char *text)
{
	struct callgate_call call;

	if (call_parse(text, abi, &call, NULL))
		fail_msg("%s is no call", text);
	return policy_eval(policy, &x86_64, &call, NULL, NULL);
}

/* "name=ALLOW" or "name=ERRNO(EPERM)" and so on, separated by semicolons, on x86-64. */
static void expect(const struct callgate_policy *policy, const char *shown, const char *wanted)
{
	char *all = strdup(wanted), *rest = all, *pair;
	char text[64];

	while ((pair = strsep(&rest, ";"))) {
		char *equals = strchr(pair, '=');

		*equals = '\0';
		callgate_action_format(answer(policy, CALLGATE_ABI_X86_64, pair), text, sizeof(text));
		if (strcmp(text, equals + 1) != 0)
			fail_msg("%s\n%s is %s, not %s", shown, pair, text, equals + 1);
	}
	free(all);
}

/* ---- Expressions ---- */

static void expression(const char *text, const char *wanted)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	if (systemd_read_expression(text, &policy, diags))
		fail_msg("%s: %s", text, callgate_diags_get(diags, 0)->text);
	assert_int_equal(callgate_diags_count(diags), 0);
	expect(policy, text, wanted);
	policy_free(policy);
	callgate_diags_free(diags);
}

static void refused(const char *text, const char *id)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_policy *policy = NULL;

	if (!systemd_read_expression(text, &policy, diags) || !has_id(diags, id))
		fail_msg("%s is not refused as %s", text, id);
	assert_null(policy);
	callgate_diags_free(diags);
}

static void test_expressions(void **state)
{
	(void)state;
	expression("@system-service ~@resources mount:ENOSYS",
		   "read=ALLOW;setpriority=ERRNO(EPERM);mount=ERRNO(ENOSYS);reboot=ERRNO(EPERM)");
	expression("~@clock", "read=ALLOW;settimeofday=ERRNO(EPERM)");
	expression("~@clock ptrace:kill adjtimex:38", "ptrace=KILL_PROCESS;adjtimex=ERRNO(ENOSYS);settimeofday=ERRNO(EPERM)");
	/* an allow list begins with @default */
	expression("read", "read=ALLOW;execve=ALLOW;write=ERRNO(EPERM)");
	expression("read ~read", "read=ERRNO(EPERM);execve=ALLOW");
	/* in a deny list the later word about a name counts, its error number too */
	expression("~mount:EIO ~mount", "mount=ERRNO(EPERM)");
	expression("~mount:EIO   ~ umount2", "mount=ERRNO(EIO);umount2=ERRNO(EPERM)");
}

static void test_expressions_refused(void **state)
{
	(void)state;
	refused("", "systemd-empty");
	refused(" ", "systemd-empty");
	refused("~", "systemd-empty");
	refused("~moumt", "systemd-unknown-name");
	refused("@no-such-group", "systemd-unknown-group");
	refused("read:EPERM", "systemd-errno");
	refused("~read:EWRONG", "systemd-errno");
	refused("~read:0", "systemd-errno");
	refused("~read:4096", "systemd-errno");
	refused("~read:", "systemd-errno");
}

static void test_service(void **state)
{
	struct callgate_policy *policy = NULL;

	(void)state;
	assert_int_equal(systemd_service_policy(&policy, NULL), 0);
	expect(policy, "@system-service", "read=ALLOW;mount=ERRNO(EPERM);io_uring_setup=ALLOW");
	policy_free(policy);
}

/* ---- Units ---- */

struct unit {
	struct callgate_policy *policy;
	struct callgate_diags *diags;
};

static void unit_done(struct unit *unit)
{
	policy_free(unit->policy);
	callgate_diags_free(unit->diags);
}
#define _unit_ __attribute__((cleanup(unit_done)))

static int read_texts(const char *name, const char *const *texts, size_t count, struct unit *ret)
{
	struct systemd_text all[4];
	char files[4][16];

	for (size_t i = 0; i < count; i++) {
		snprintf(files[i], sizeof(files[i]), "%zu.conf", i);
		all[i] = (struct systemd_text){ files[i], texts[i], strlen(texts[i]) };
	}
	*ret = (struct unit){ .diags = callgate_diags_new() };
	return systemd_unit_policy(name, all, count, 252, local, &ret->policy, ret->diags);
}

static struct unit read_unit(const char *text)
{
	struct unit unit;

	if (read_texts("t.service", &text, 1, &unit))
		fail_msg("%s\n%s", text, callgate_diags_get(unit.diags, 0)->text);
	return unit;
}

/* The lines of [Service] answer so, without a word, with so many filters. */
static void service(const char *lines, size_t filters, const char *wanted)
{
	char text[4096];

	snprintf(text, sizeof(text), "[Service]\n%s\n", lines);
	_unit_ struct unit unit = read_unit(text);
	if (callgate_diags_count(unit.diags))
		fail_msg("%s\n%s", lines, callgate_diags_get(unit.diags, 0)->text);
	if (unit.policy->parts.count != filters)
		fail_msg("%s\n%zu filters, not %zu", lines, unit.policy->parts.count, filters);
	expect(unit.policy, lines, wanted);
}

static void test_directives(void **state)
{
	(void)state;
	service("ProtectHostname=yes", 3, "sethostname=ERRNO(EPERM);setdomainname=ERRNO(EPERM);read=ALLOW");
	service("RestrictAddressFamilies=AF_INET AF_NETLINK", 2,
		"socket(AF_INET)=ALLOW;socket(AF_NETLINK)=ALLOW;socket(AF_UNIX)=ERRNO(EAFNOSUPPORT);socket(AF_INET6)=ERRNO(EAFNOSUPPORT);"
		"socket(AF_VSOCK)=ERRNO(EAFNOSUPPORT);socket(9999)=ERRNO(EAFNOSUPPORT);socket(0)=ERRNO(EAFNOSUPPORT)");
	service("MemoryDenyWriteExecute=yes", 3,
		"mmap(0,0,6)=ERRNO(EPERM);mmap(0,0,4)=ALLOW;mprotect(0,0,4)=ERRNO(EPERM);mprotect(0,0,3)=ALLOW;pkey_mprotect(0,0,5)=ERRNO("
		"EPERM);"
		"shmat(0,0,0100000)=ERRNO(EPERM);shmat=ALLOW");
	service("RestrictRealtime=yes", 3,
		"sched_setscheduler(0,0)=ALLOW;sched_setscheduler(0,1)=ERRNO(EPERM);sched_setscheduler(0,2)=ERRNO(EPERM);sched_"
		"setscheduler(0,3)=ALLOW;"
		"sched_setscheduler(0,4)=ERRNO(EPERM);sched_setscheduler(0,5)=ALLOW;sched_setscheduler(0,6)=ERRNO(EPERM)");
	service("RestrictSUIDSGID=yes", 3,
		"chmod(0,04755)=ERRNO(EPERM);chmod(0,02755)=ERRNO(EPERM);chmod(0,0755)=ALLOW;fchmodat2(0,0,04000)=ERRNO(EPERM);openat2="
		"ERRNO(ENOSYS);"
		"open(0,0100,04000)=ERRNO(EPERM);open(0,0,04000)=ALLOW;openat(0,0,0101,02000)=ERRNO(EPERM);openat(0,0,0101,0644)=ALLOW");
	service("ProtectKernelTunables=yes", 2, "_sysctl=ERRNO(EPERM)");
	service("ProtectKernelModules=yes", 3, "init_module=ERRNO(EPERM);finit_module=ERRNO(EPERM)");
	service("ProtectKernelLogs=yes", 3, "syslog=ERRNO(EPERM)");
	service("ProtectClock=yes", 3, "settimeofday=ERRNO(EPERM);gettimeofday=ALLOW");
	service("PrivateDevices=yes", 3, "iopl=ERRNO(EPERM)");
	service("LockPersonality=yes", 3, "personality(0)=ALLOW;personality(8)=ERRNO(EPERM)");
	service("LockPersonality=yes\nPersonality=x86", 3, "personality(0)=ERRNO(EPERM);personality(8)=ALLOW");
	service("DynamicUser=yes\nRestrictSUIDSGID=no", 3, "chmod(0,04755)=ERRNO(EPERM)");
	service("SystemCallLog=mount", 3, "mount=LOG;read=ALLOW");
	service("SystemCallLog=~@basic-io", 3, "mount=LOG;read=ALLOW");
	service("User=nobody\nNoNewPrivileges=yes", 0, "mount=ALLOW");
}

static void test_namespaces(void **state)
{
	(void)state;
	service("RestrictNamespaces=yes", 3,
		"setns=ERRNO(EPERM);clone3=ERRNO(ENOSYS);unshare(CLONE_NEWUSER)=ERRNO(EPERM);clone(CLONE_NEWNET)=ERRNO(EPERM);clone(17)="
		"ALLOW");
	service("RestrictNamespaces=no", 0, "setns=ALLOW");
	service("RestrictNamespaces=mnt\nRestrictNamespaces=net", 3,
		"setns(3,0)=ERRNO(EPERM);setns(3,CLONE_NEWNET)=ALLOW;setns(3,CLONE_NEWPID)=ERRNO(EPERM);unshare(CLONE_NEWNS)=ALLOW;unshare("
		"CLONE_NEWUSER)=ERRNO(EPERM)");
	service("RestrictNamespaces=~user", 3, "unshare(CLONE_NEWUSER)=ERRNO(EPERM);unshare(CLONE_NEWNS)=ALLOW;unshare(0x80)=ERRNO(EPERM)");
	service("RestrictNamespaces=yes\nRestrictNamespaces=", 0, "setns=ALLOW");
}

static void test_filter_merging(void **state)
{
	(void)state;
	service("SystemCallFilter=@system-service", 3, "read=ALLOW;mount=KILL_PROCESS");
	service("SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\nSystemCallErrorNumber=", 3, "mount=KILL_PROCESS");
	service("SystemCallFilter=@system-service\nSystemCallFilter=~@resources\nSystemCallFilter=setpriority\nSystemCallErrorNumber=EIO",
		3, "setpriority=ALLOW;ioprio_set=ERRNO(EIO)");
	service("SystemCallFilter=~@clock\nSystemCallFilter=settimeofday", 3, "settimeofday=ALLOW;adjtimex=KILL_PROCESS");
	service("SystemCallFilter=~@clock\nSystemCallFilter=\nSystemCallFilter=read", 3, "settimeofday=KILL_PROCESS;read=ALLOW");
	service("SystemCallFilter=read\nSystemCallFilter=", 0, "mount=ALLOW");
	service("SystemCallLog=mount\nSystemCallLog=~mount", 0, "mount=ALLOW");
	service("RestrictAddressFamilies=none", 2, "socket(AF_UNIX)=ERRNO(EAFNOSUPPORT)");
	service("RestrictAddressFamilies=none\nRestrictAddressFamilies=~AF_UNIX", 2,
		"socket(AF_UNIX)=ERRNO(EAFNOSUPPORT);socket(AF_INET)=ALLOW");
	service("RestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=", 0, "socket(AF_INET)=ALLOW");
	service("ProtectClock=yes\nProtectClock=no", 0, "settimeofday=ALLOW");
}

static void test_architectures(void **state)
{
	_unit_ struct unit unit =
		read_unit("[Service]\nSystemCallFilter=read\nLockPersonality=1\nProtectClock=1\nSystemCallArchitectures=native\n");

	(void)state;
	assert_int_equal(unit.policy->parts.count, 6); /* three for the clock, before the others are shut out */
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "read"), CALLGATE_KILL_THREAD);
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_X32, "read"), CALLGATE_KILL_THREAD);
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_X86_64, "read"), ALLOW);
	assert_string_equal(unit.policy->parts.items[0]->name, "ProtectClock= for i386 (0.conf:4)");
	assert_string_equal(unit.policy->parts.items[3]->name, "SystemCallArchitectures= (0.conf:5)");
	assert_string_equal(unit.policy->parts.items[5]->name, "SystemCallFilter= for x86_64 (0.conf:2)");
	service("SystemCallArchitectures=native x86 x32", 0, "read=ALLOW");
}

static void test_multiplexed(void **state)
{
	_unit_ struct unit unit =
		read_unit("[Service]\nSystemCallFilter=~socket semop\nSystemCallErrorNumber=EPERM\nRestrictAddressFamilies=none");

	(void)state;
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "socket"), ERR(EPERM));
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "socketcall(1)"), ERR(EPERM));
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "socketcall(2)"), ALLOW);
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "ipc(1)"), ERR(EPERM));
	assert_int_equal(answer(unit.policy, CALLGATE_ABI_I386, "ipc(0x10001)"),
			 ALLOW); /* as libseccomp compares it: a hole of systemd's */
}

static void test_texts(void **state)
{
	static const char *const texts[] = {
		"Lost=1\n[Unit]\nProtectClock=yes\n[Service]\n # ProtectClock=yes\n;x\nSystemCallFilter=\\\n  read \\\n# between\n  mount\n",
		"\xef\xbb\xbf[Service]\n SystemCallErrorNumber = EPERM \nnothing\n",
		"[Service]\nSystemCallFilter=~mount\\",
	};
	_unit_ struct unit unit;

	(void)state;
	assert_int_equal(read_texts("t.service", texts, 3, &unit), 0);
	expect(unit.policy, "three texts", "read=ALLOW;mount=ERRNO(EPERM);settimeofday=ERRNO(EPERM)");
	assert_int_equal(callgate_diags_count(unit.diags), 2); /* Lost=, nothing */
	assert_int_equal(callgate_diags_get(unit.diags, 1)->line, 3);
	assert_string_equal(callgate_diags_get(unit.diags, 1)->file, "1.conf");
}

static void test_sections(void **state)
{
	static const char *const text = "[Socket]\nProtectClock=yes\n[Service]\nProtectHostname=yes";
	_unit_ struct unit socket, target;

	(void)state;
	assert_int_equal(read_texts("t.socket", &text, 1, &socket), 0);
	expect(socket.policy, text, "settimeofday=ERRNO(EPERM);sethostname=ALLOW");
	assert_int_equal(read_texts("t.target", &text, 1, &target), -EINVAL);
	assert_true(has_id(target.diags, "systemd-unit"));
}

static void warned(const char *lines, const char *id, const char *wanted)
{
	char text[4096];

	snprintf(text, sizeof(text), "[Service]\n%s\n", lines);
	_unit_ struct unit unit = read_unit(text);
	if (!has_id(unit.diags, id))
		fail_msg("%s\nno %s", lines, id);
	expect(unit.policy, lines, wanted);
}

static void test_warnings(void **state)
{
	(void)state;
	warned("SystemCallFilter=~moumt clone", "systemd-unknown-name", "mount=ALLOW;clone=KILL_PROCESS");
	warned("SystemCallFilter=read ~@clock", "systemd-unknown-name", "settimeofday=KILL_PROCESS");
	warned("SystemCallFilter=~@nothing", "systemd-unknown-group", "read=ALLOW");
	warned("SystemCallFilter=~mseal", "systemd-new-name", "mseal=ALLOW");
	warned("SystemCallFilter=read:EPERM", "systemd-errno", "read=KILL_PROCESS");
	warned("SystemCallLog=read:EPERM", "systemd-unknown-name", "read=ALLOW");
	warned("ProtectClock=yes\nProtectClock=maybe", "systemd-value", "settimeofday=ERRNO(EPERM)");
	warned("ProtectClock=yes\nProtectClock=", "systemd-value", "settimeofday=ERRNO(EPERM)");
	warned("RestrictAddressFamilies=~AF_INET AF_NONE", "systemd-value", "socket(AF_INET)=ERRNO(EAFNOSUPPORT)");
	warned("RestrictAddressFamilies=\"AF_INET", "systemd-value", "socket(AF_INET)=ERRNO(EAFNOSUPPORT)");
	warned("RestrictNamespaces=mnt foo", "systemd-value", "setns=ALLOW");
	warned("SystemCallArchitectures=pdp11", "systemd-value", "read=ALLOW");
	warned("SystemCallErrorNumber=0\nSystemCallFilter=read", "systemd-value", "write=KILL_PROCESS");
	warned("ExecStart=@+/bin/true\nProtectClock=yes", "systemd-privileged", "settimeofday=ALLOW");
}

static void test_not_started(void **state)
{
	static const char *const same = "[Service]\nSystemCallFilter=read\nSystemCallFilter=~mount:EPERM\nSystemCallErrorNumber=EPERM";
	static const char *const header = "[Service\n";
	_unit_ struct unit first, second;

	(void)state;
	assert_int_equal(read_texts("t.service", &same, 1, &first), -EINVAL);
	assert_true(has_id(first.diags, "systemd-same-action"));
	assert_int_equal(callgate_diags_get(first.diags, 0)->line, 3);
	assert_int_equal(read_texts("t.service", &header, 1, &second), -EINVAL);
	assert_true(has_id(second.diags, "systemd-section"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),   cmocka_unit_test(test_expressions_refused),
		cmocka_unit_test(test_service),       cmocka_unit_test(test_directives),
		cmocka_unit_test(test_namespaces),    cmocka_unit_test(test_filter_merging),
		cmocka_unit_test(test_architectures), cmocka_unit_test(test_multiplexed),
		cmocka_unit_test(test_texts),         cmocka_unit_test(test_sections),
		cmocka_unit_test(test_warnings),      cmocka_unit_test(test_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
