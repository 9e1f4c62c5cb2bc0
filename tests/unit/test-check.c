/* SPDX-License-Identifier: Apache-2.0 */
/* Lint rules: each has a policy that it complains about and one that it does not. Within, score, and the judging of expectations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <stdio.h>

#include "check/check.h"
#include "check/lint.h"
#include "check/ptest.h"
#include "format/format.h"

static void free_findings(struct callgate_findings **findings)
{
	check_findings_free(*findings);
}
static void free_tests(struct callgate_tests **tests)
{
	ptest_free(*tests);
}
#define _policy_ _cleanup_(policy_freep)

/* Written with ' for ", and without the outermost braces. */
static struct callgate_policy *read_policy(const char *text)
{
	struct callgate_profile *profile = NULL;
	struct callgate_policy *policy = NULL;
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	char json[4096];

	assert_true(snprintf(json, sizeof(json), "{\n%s\n}", text) < (int)sizeof(json));
	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (oci_read(json, strlen(json), "p.json", 0, &profile, diags))
		fail_msg("%s: %s", text, callgate_diags_get(diags, 0)->text);
	assert_int_equal(policy_from_profile("p.json", profile, &policy), 0);
	return policy;
}

static struct callgate_policy *filter_policy(const struct callgate_insn *insns, size_t count)
{
	struct callgate_filter *filter = NULL;
	struct callgate_policy *policy = NULL;

	assert_int_equal(filter_check(insns, count, "f.bpf", NULL), 0);
	assert_int_equal(filter_new(count, &filter), 0);
	memcpy(filter->insns, insns, count * sizeof(*insns));
	assert_int_equal(policy_from_filter("f.bpf", filter, &policy), 0);
	return policy;
}

static const struct callgate_finding *find(struct callgate_policy *policy, const char *id, const char *syscall, bool strict64,
					   struct callgate_findings **findings)
{
	const char *const only[] = { id, NULL };
	const struct callgate_check_options options = { only, NULL };
	const struct callgate_target target = { .abis = policy->profile ? 0 : CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64),
						.strict64 = strict64,
						.kernel = 6 << 16 };

	assert_int_equal(check_run(policy, &target, &options, findings, NULL), 0);
	for (size_t i = 0; i < (*findings)->items.count; i++) {
		const struct callgate_finding *finding = &(*findings)->items.items[i];

		assert_string_equal(finding->id, id);
		if (!syscall || (finding->syscall_name && !strcmp(finding->syscall_name, syscall)))
			return finding;
	}
	return NULL;
}

/* ---- Profiles ---- */

#define ERRNO_X86    "'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86_64']"
#define ALLOW_X86    "'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_X86_64']"
#define ALLOW(names) "{'names':[" names "],'action':'SCMP_ACT_ALLOW'}"
#define DENY(names)  "{'names':[" names "],'action':'SCMP_ACT_ERRNO'}"
#define COND(name, action, index, op, value, two)                                                                                 \
	"{'names':['" name "'],'action':'SCMP_ACT_" action "','args':[{'index':" #index ",'op':'SCMP_CMP_" op "','value':" #value \
	",'valueTwo':" #two "}]}"
#define RULES(rules) ",'syscalls':[" rules "]"
#define AND          ","

static const struct lint_case {
	const char *id, *syscall;
	const char *bad, *good;
	bool strict64;
} cases[] = {
	{ "lint-io-uring", "io_uring_setup", ERRNO_X86 RULES(ALLOW("'io_uring_setup','io_uring_enter'")),
	  ERRNO_X86 RULES(ALLOW("'io_uring_setup'")), false },
	{ "lint-equivalent", "open", ALLOW_X86 RULES(DENY("'open'")), ALLOW_X86 RULES(DENY("'open','openat','openat2','creat'")), false },
	/* what is only left out of a list of permissions was not meant to stop anybody */
	{ "lint-equivalent", "mkdir", ALLOW_X86 RULES(DENY("'mkdir'")), ERRNO_X86 RULES(ALLOW("'mkdirat'")), false },
	/* a condition that another call goes around, also under a default that refuses */
	{ "lint-equivalent", "clone", ERRNO_X86 RULES(COND("clone", "ALLOW", 0, "MASKED_EQ", 2114060288, 0) AND ALLOW("'clone3'")),
	  ERRNO_X86 RULES(COND("clone", "ALLOW", 0, "MASKED_EQ", 2114060288, 0) AND
			  "{'names':['clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':38}"),
	  false },
	{ "lint-dangerous", "ptrace", ERRNO_X86 RULES(ALLOW("'ptrace'")), ERRNO_X86 RULES(ALLOW("'read'")), false },
	{ "lint-dangerous", "clone", ERRNO_X86 RULES(ALLOW("'clone'")),
	  ERRNO_X86 RULES(COND("clone", "ALLOW", 0, "MASKED_EQ", 2114060288, 0)), false },
	{ "lint-dangerous", "ioctl", ERRNO_X86 RULES(ALLOW("'ioctl'")), ERRNO_X86 RULES(COND("ioctl", "ALLOW", 1, "EQ", 21505, 0)), false },
	{ "lint-dangerous", "personality", ERRNO_X86 RULES(ALLOW("'personality'")),
	  ERRNO_X86 RULES(COND("personality", "ALLOW", 0, "EQ", 4294967295, 0)), false },
	{ "lint-width", "socket", ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "EQ", 1, 0)),
	  ERRNO_X86 RULES(COND("lseek", "ALLOW", 1, "EQ", 1, 0)), true },
	{ "lint-pointer", "openat", ERRNO_X86 RULES(COND("openat", "ALLOW", 1, "EQ", 4096, 0)),
	  ERRNO_X86 RULES(COND("openat", "ALLOW", 1, "NE", 0, 0)), false },
	{ "lint-errno", "clone3", ERRNO_X86 RULES(ALLOW("'clone'")),
	  ERRNO_X86 RULES(ALLOW("'clone'") AND "{'names':['clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':38}"), false },
	{ "lint-errno", "statx", ERRNO_X86 RULES(ALLOW("'newfstatat'")), ERRNO_X86 RULES(ALLOW("'newfstatat','statx'")), false },
	{ "lint-essential", "exit_group", ERRNO_X86 RULES(ALLOW("'read'")), ERRNO_X86 RULES(ALLOW("'exit_group'")), false },
	{ "lint-unreachable", "socket", ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "LT", 0, 0)),
	  ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "LT", 1, 0)), false },
	{ "lint-shadowed", "socket", ERRNO_X86 RULES(ALLOW("'socket'") AND COND("socket", "ERRNO", 0, "EQ", 16, 0)),
	  ERRNO_X86 RULES(COND("socket", "ERRNO", 0, "EQ", 16, 0) AND ALLOW("'socket'")), false },
	/* shadowed by several together */
	{ "lint-shadowed", "socket",
	  ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "LE", 9, 0) AND COND("socket", "ALLOW", 0, "GT", 9, 0) AND DENY("'socket'")),
	  ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "LE", 9, 0) AND COND("socket", "ALLOW", 0, "GT", 10, 0) AND DENY("'socket'")), false },
	{ "lint-kill", NULL, "'defaultAction':'SCMP_ACT_KILL_PROCESS','architectures':['SCMP_ARCH_X86_64']", ERRNO_X86, false },
	{ "lint-flood", "read", ERRNO_X86 RULES("{'names':['read'],'action':'SCMP_ACT_LOG'}"),
	  ERRNO_X86 RULES("{'names':['mount'],'action':'SCMP_ACT_LOG'}"), false },
	{ "lint-flood", "mount",
	  ERRNO_X86 RULES("{'names':['mount'],'action':'SCMP_ACT_LOG'}") ",'x-callgate':{'version':1,'calls':[{'name':'mount','count':10},{"
									 "'name':'read','count':90}]}",
	  ERRNO_X86 RULES("{'names':['mount'],'action':'SCMP_ACT_LOG'}") ",'x-callgate':{'version':1,'calls':[{'name':'mount','count':1},{'"
									 "name':'read','count':90}]}",
	  false },
	{ "lint-runtime-or", "socket",
	  ERRNO_X86 RULES("{'names':['socket'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'op':'SCMP_CMP_EQ','value':1},{'index':0,'op':'"
			  "SCMP_CMP_EQ','value':2}]}"),
	  ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "EQ", 1, 0) AND COND("socket", "ALLOW", 0, "EQ", 2, 0)), false },
	{ "lint-runtime-errno", "ptrace", ERRNO_X86 RULES("{'names':['ptrace'],'action':'SCMP_ACT_TRACE'}"),
	  ERRNO_X86 RULES(DENY("'ptrace'")), false },
	{ "lint-runtime-flags", NULL, ERRNO_X86 ",'flags':['SECCOMP_FILTER_FLAG_LOG']", ERRNO_X86, false },
	{ "lint-runtime-cache", NULL, ERRNO_X86 RULES("{'names':['clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':38}"),
	  ERRNO_X86 RULES(DENY("'clone3'")), false },
	{ "lint-runtime-listener", "mount", ERRNO_X86 RULES("{'names':['mount'],'action':'SCMP_ACT_NOTIFY'}"),
	  ERRNO_X86 ",'listenerPath':'/run/agent'" RULES("{'names':['mount'],'action':'SCMP_ACT_NOTIFY'}"), false },
	{ "lint-libseccomp", "mseal", ALLOW_X86 RULES(DENY("'mseal'")), ALLOW_X86 RULES(DENY("'fchmodat2'")), false },
	{ "lint-runtime-arch", NULL, "'defaultAction':'SCMP_ACT_ERRNO'", ERRNO_X86, false },
};

static void check_case(const struct lint_case *c, size_t i)
{
	_policy_ struct callgate_policy *bad = read_policy(c->bad), *good = read_policy(c->good);
	_cleanup_(free_findings) struct callgate_findings *found = NULL, *none = NULL;
	const struct callgate_finding *finding = find(bad, c->id, c->syscall, c->strict64, &found);

	if (!finding)
		fail_msg("case %zu: %s does not see %s", i, c->id, c->bad);
	assert_string_equal(finding->file, "p.json");
	if (find(good, c->id, c->syscall, c->strict64, &none))
		fail_msg("case %zu: %s complains about %s", i, c->id, c->good);
	if (finding->has_witness) /* what it shows must be so */
		assert_int_equal(finding->witness.arch, arch_abi_get(CALLGATE_ABI_X86_64)->audit_arch);
}

static void test_profiles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(&cases[i], i);
}

/* ---- Filters ---- */

#define LD_NR   BPF_LD | BPF_W | BPF_ABS, 0, 0, 0
#define LD_ARCH BPF_LD | BPF_W | BPF_ABS, 0, 0, 4
#define JEQ     BPF_JMP | BPF_JEQ | BPF_K
#define JGE     BPF_JMP | BPF_JGE | BPF_K
#define RET     BPF_RET | BPF_K, 0, 0
#define X86_64  0xc000003eu

static const struct callgate_insn careless[] = {
	/* ptrace by its number, whatever the ABI */
	{ LD_NR },
	{ JEQ, 0, 1, 101 },
	{ RET, CALLGATE_ERRNO(1) },
	{ RET, CALLGATE_ALLOW },
};
static const struct callgate_insn no_x32[] = {
	{ LD_ARCH },        { JEQ, 1, 0, X86_64 },      { RET, CALLGATE_KILL_PROCESS }, { LD_NR },
	{ JEQ, 0, 1, 101 }, { RET, CALLGATE_ERRNO(1) }, { RET, CALLGATE_ALLOW },
};
static const struct callgate_insn careful[] = {
	{ LD_ARCH },        { JEQ, 1, 0, X86_64 },      { RET, CALLGATE_KILL_PROCESS }, { LD_NR }, { JGE, 1, 0, 0x40000000 },
	{ JEQ, 0, 1, 101 }, { RET, CALLGATE_ERRNO(1) }, { RET, CALLGATE_ALLOW },
};

static bool complains(const struct callgate_insn *insns, size_t count, const char *id)
{
	_policy_ struct callgate_policy *policy = filter_policy(insns, count);
	_cleanup_(free_findings) struct callgate_findings *findings = NULL;
	const struct callgate_target target = { .abis = CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) };
	const struct callgate_finding *finding = find(policy, id, NULL, false, &findings);

	if (finding) {
		assert_true(finding->has_witness);
		assert_int_equal(policy_eval(policy, &target, &finding->witness, NULL, NULL), CALLGATE_ALLOW);
	}
	return finding;
}

static void test_filters(void **state)
{
	(void)state;
	assert_true(complains(careless, ARRAY_SIZE(careless), "lint-bad-arch"));
	assert_false(complains(no_x32, ARRAY_SIZE(no_x32), "lint-bad-arch"));
	assert_true(complains(no_x32, ARRAY_SIZE(no_x32), "lint-x32"));
	assert_false(complains(careful, ARRAY_SIZE(careful), "lint-x32"));
	assert_true(complains(careful, ARRAY_SIZE(careful), "lint-dangerous"));
}

/* A rule without a case here could say anything. */
static void test_every_rule(void **state)
{
	(void)state;
	for (unsigned i = 0; check_rule_at(i); i++) {
		const char *id = check_rule_at(i)->id;
		bool tested = !strcmp(id, "lint-bad-arch") || !strcmp(id, "lint-x32");

		for (size_t n = 0; n < ARRAY_SIZE(cases); n++)
			tested |= !strcmp(cases[n].id, id);
		if (!tested)
			fail_msg("%s has no case", id);
	}
}

static void test_options(void **state)
{
	_policy_ struct callgate_policy *policy = read_policy(ERRNO_X86 RULES(ALLOW("'ptrace'")));
	_cleanup_(free_findings) struct callgate_findings *findings = NULL;
	_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
	const char *const dangerous[] = { "lint-dangerous", NULL }, *const none[] = { "lint-none", NULL };
	const struct callgate_target target = { 0 };

	(void)state;
	assert_int_equal(check_run(policy, &target, &(struct callgate_check_options){ NULL, dangerous }, &findings, diags), 0);
	for (size_t i = 0; i < findings->items.count; i++)
		assert_string_not_equal(findings->items.items[i].id, "lint-dangerous");
	assert_true(findings->items.count > 0);
	assert_int_equal(check_run(policy, &target, &(struct callgate_check_options){ none, NULL }, &findings, diags), -EINVAL);
	assert_string_equal(callgate_diags_get(diags, 0)->id, "check-no-rule");
}

/* ---- Within and score ---- */

static int within(const char *a, const char *b, struct callgate_call *witness, uint32_t actions[2])
{
	_policy_ struct callgate_policy *x = read_policy(a), *y = read_policy(b);
	const struct callgate_target target = { 0 };

	return callgate_within(x, y, &target, witness, actions, NULL);
}

static void test_within(void **state)
{
	static const char unix_only[] = ERRNO_X86 RULES(COND("socket", "ALLOW", 0, "EQ", 1, 0)), any[] = ERRNO_X86 RULES(ALLOW("'socket'"));
	static const char other_errno[] = "'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38,'architectures':['SCMP_ARCH_X86_64']";
	struct callgate_call witness;
	uint32_t actions[2];

	(void)state;
	assert_int_equal(within(unix_only, any, &witness, actions), 1);
	assert_int_equal(within(any, unix_only, &witness, actions), 0);
	assert_int_equal(witness.nr, 41);
	assert_true((uint32_t)witness.args[0] != 1);
	assert_int_equal(actions[0], CALLGATE_ALLOW);
	assert_int_equal(actions[1], CALLGATE_ERRNO(1));
	/* an errno is as strict as another; killing is stricter than any */
	assert_int_equal(within(other_errno, ERRNO_X86, NULL, NULL), 1);
	assert_int_equal(within(ERRNO_X86, other_errno, NULL, NULL), 1);
	assert_int_equal(within(cases[0].bad, ERRNO_X86, NULL, NULL), 0);
	assert_int_equal(within(ERRNO_X86, "'defaultAction':'SCMP_ACT_KILL_PROCESS','architectures':['SCMP_ARCH_X86_64']", NULL, NULL), 0);
}

static void test_score(void **state)
{
	_policy_ struct callgate_policy *policy =
		read_policy(ERRNO_X86 RULES(ALLOW("'read','ptrace'") AND COND("socket", "ALLOW", 0, "EQ", 1, 0)));
	const struct callgate_target target = { 0 };
	struct callgate_score *score = NULL;
	unsigned hazards = 0, network = 0;

	(void)state;
	assert_int_equal(check_score(policy, &target, CALLGATE_ABI_X86_64, &score, NULL), 0);
	assert_string_equal(score->rows.items[0].name, "all");
	assert_int_equal(score->rows.items[0].open, 3);
	assert_int_equal(score->rows.items[0].limited, 1);
	for (size_t i = 0; i < score->rows.count; i++) {
		hazards += !strncmp(score->rows.items[i].name, "hazard:", 7) ? score->rows.items[i].open : 0;
		network += !strcmp(score->rows.items[i].name, "@network-io") ? score->rows.items[i].open : 0;
	}
	assert_int_equal(hazards, 1);
	assert_int_equal(network, 1);
	check_score_free(score);
	assert_int_equal(check_score(NULL, &target, CALLGATE_ABI_X86_64, &score, NULL), 0);
	assert_int_equal(score->rows.items[0].open, score->rows.items[0].total);
	check_score_free(score);
}

/* ---- Expectations ---- */

static const struct judged {
	const char *test;
	int holds;
	bool strict64;
} judged[] = {
	{ "allow read", 1, false },
	{ "deny read", 0, false },
	{ "permit read", 1, false },
	{ "log read", 0, false },
	{ "deny mount", 1, false },
	{ "errno EPERM mount", 1, false },
	{ "errno 1 mount", 1, false },
	{ "errno EACCES mount", 0, false },
	{ "kill ptrace", 1, false },
	{ "trap acct", 1, false },
	{ "notify quotactl", 1, false },
	{ "trace swapon", 1, false },
	{ "log getpid", 1, false },
	{ "allow getpid", 0, false },
	{ "permit getpid", 1, false },
	{ "allow socket(AF_UNIX, *)", 1, false },
	{ "allow socket( AF_UNIX )", 1, false },
	{ "allow socket", 0, false },
	{ "allow socket(*)", 0, false },
	{ "deny socket(AF_INET, *, *)", 1, false },
	{ "deny socket", 0, false },
	{ "deny socket(*, SOCK_STREAM)", 0, false },
	/* what the kernel takes for AF_UNIX and a filter of 64 bits does not */
	{ "allow socket(AF_UNIX)", 1, true },
	{ "errno EPERM socket(AF_UNIX)", 0, true },
	{ "deny socket(AF_INET)", 1, true },
	{ "i386: kill read", 1, false },
	{ "i386: allow read", 0, false },
};

static void test_expectations(void **state)
{
	_policy_ struct callgate_policy *policy = read_policy(
		ERRNO_X86 RULES(ALLOW("'read'") AND COND("socket", "ALLOW", 0, "EQ", 1, 0) AND
				"{'names':['ptrace'],'action':'SCMP_ACT_KILL_PROCESS'}" AND
				"{'names':['acct'],'action':'SCMP_ACT_TRAP'}" AND "{'names':['quotactl'],'action':'SCMP_ACT_NOTIFY'}" AND
				"{'names':['swapon'],'action':'SCMP_ACT_TRACE'}" AND "{'names':['getpid'],'action':'SCMP_ACT_LOG'}"));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
		_cleanup_(free_tests) struct callgate_tests *tests = NULL;
		_cleanup_(diagram_freep) struct diagram *d = diagram_new(0);
		const struct callgate_target target = { .strict64 = judged[i].strict64 };
		struct callgate_call example, witness;
		enum callgate_abi abi;
		diagram_ref root;

		assert_int_equal(ptest_read(judged[i].test, strlen(judged[i].test), "t", &tests, NULL), 0);
		assert_int_equal(tests->items.count, 1);
		abi = tests->items.items[0].abi < 0 ? CALLGATE_ABI_X86_64 : (enum callgate_abi)tests->items.items[0].abi;
		assert_int_equal(diagram_from_policy(d, policy, &target, &root, NULL), 0);
		assert_int_equal(ptest_example(tests, &tests->items.items[0], abi, 0, &example, NULL), 1);
		if (ptest_judge(d, root, &tests->items.items[0], abi, &example, &witness) != judged[i].holds)
			fail_msg("%s", judged[i].test);
		if (!judged[i].holds)
			assert_false(ptest_fulfilled(&tests->items.items[0], policy_eval(policy, &target, &witness, NULL, NULL)));
	}
}

static const struct refused {
	const char *text, *id;
	unsigned line, column;
} refused[] = {
	{ "permits read", "test-verb", 1, 1 },     { "\n  allow", "test-call", 2, 8 },
	{ "allow raed", "test-call", 1, 7 },       { "allow read(", "test-call", 1, 12 },
	{ "allow read() x", "test-call", 1, 14 },  { "allow read x", "test-call", 1, 12 },
	{ "errno ENO mount", "test-errno", 1, 7 }, { "pdp11: deny mount", "test-abi", 1, 1 },
	{ "[abi vax]", "test-abi", 1, 6 },         { "[host x]", "test-section", 1, 2 },
	{ "[abi]", "test-section", 1, 2 },         { "[", "test-section", 1, 1 },
	{ "[source x", "test-section", 1, 1 },     { "allow socket(AF_UNIXX)", "test-call", 1, 7 },
	{ "allow i386:read", "test-call", 1, 7 },  { "allow read(1,2,3,4,5,6,7)", "test-call", 1, 7 },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(diags_freep) struct callgate_diags *diags = callgate_diags_new();
		_cleanup_(free_tests) struct callgate_tests *tests = NULL;
		const struct callgate_diag *diag;

		if (ptest_read(refused[i].text, strlen(refused[i].text), "t", &tests, diags) != -EBADMSG)
			fail_msg("taken: %s", refused[i].text);
		diag = callgate_diags_get(diags, 0);
		if (strcmp(diag->id, refused[i].id) || diag->line != refused[i].line || diag->column != refused[i].column)
			fail_msg("%s: %s %u:%u %s", refused[i].text, diag->id, diag->line, diag->column, diag->text);
	}
}

static void test_sections(void **state)
{
	static const char text[] =
		"allow read # why\r\n[abi i386]\ndeny read\n[source a b.json]\n\tarm: deny read\n[ source * ]\n[abi *]\nallow write\n";
	_cleanup_(free_tests) struct callgate_tests *tests = NULL;
	const struct ptest *t;

	(void)state;
	assert_int_equal(ptest_read(text, strlen(text), "t", &tests, NULL), 0);
	assert_int_equal(tests->items.count, 4);
	t = tests->items.items;
	assert_string_equal(t[0].text, "allow read");
	assert_true(t[0].abi == -1 && !t[0].source && t[0].line == 1);
	assert_true(t[1].abi == CALLGATE_ABI_I386 && !t[1].source && t[1].line == 3);
	assert_true(t[2].abi == CALLGATE_ABI_ARM && t[2].line == 5 && t[2].column == 2);
	assert_string_equal(t[2].source, "a b.json");
	assert_true(t[3].abi == -1 && !t[3].source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),     cmocka_unit_test(test_filters), cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_options),      cmocka_unit_test(test_within),  cmocka_unit_test(test_score),
		cmocka_unit_test(test_expectations), cmocka_unit_test(test_refused), cmocka_unit_test(test_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
