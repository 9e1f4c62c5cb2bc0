/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcallgate: the whole life of a seccomp policy.
 *
 * Conventions, true of every function below unless it says otherwise:
 *
 *  - An int answer is 0 (or a documented non-negative answer) on success, -errno on failure. "No" is never an error.
 *  - `ret_…` parameters are written only on success. Objects returned through them belong to the caller, who releases
 *    them with the matching …_free; …_free(NULL) does nothing and returns NULL. Text from accessors belongs to the object.
 *  - `const` input is borrowed for the duration of the call and never kept.
 *  - `diags` is a list owned by the caller, or NULL. Errors, warnings and notes are appended to it; a function that fails
 *    appends at least one error.
 *  - The library has no mutable global state, never prints, never exits. Objects may be used from one thread at a time.
 *  - -ENOMEM may come from any function that returns an int.
 *
 * Sources of kernel facts: include/uapi/linux/seccomp.h, kernel/seccomp.c, seccomp(2), seccomp_unotify(2).
 * Everything here exists since version 0.1.
 */
#ifndef CALLGATE_H
#define CALLGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Version of the library, for example "0.1.0". */
const char *callgate_version(void);

/* ---- Diagnostics ------------------------------------------------------------------------------------------------ */

enum callgate_severity {
	CALLGATE_SEVERITY_NOTE,
	CALLGATE_SEVERITY_WARNING,
	CALLGATE_SEVERITY_ERROR,
};

struct callgate_diag {
	enum callgate_severity severity;
	const char *id;    /* stable: scripts and tests may match it; listed in callgate-diagnostics(7) */
	const char *file;  /* NULL when the finding has no file */
	unsigned line;     /* from 1; 0 when unknown */
	unsigned column;   /* from 1; 0 when unknown */
	const char *text;  /* one or more sentences for a person; never contains control characters */
};

struct callgate_diags;

struct callgate_diags *callgate_diags_new(void); /* NULL when out of memory */
struct callgate_diags *callgate_diags_free(struct callgate_diags *diags);
size_t callgate_diags_count(const struct callgate_diags *diags);
/* i below the count. The texts live until the list is freed. */
const struct callgate_diag *callgate_diags_get(const struct callgate_diags *diags, size_t i);

/* ---- Architectures, system calls, constants -------------------------------------------------------------------- */

enum callgate_abi {
	CALLGATE_ABI_X86_64,
	CALLGATE_ABI_X32,
	CALLGATE_ABI_I386,
	CALLGATE_ABI_AARCH64,
	CALLGATE_ABI_ARM,
	CALLGATE_ABI_RISCV64,
	CALLGATE_ABI_PPC64LE,
	CALLGATE_ABI_S390X,
	CALLGATE_ABI_LOONGARCH64,
	CALLGATE_ABI_COUNT
};
#define CALLGATE_ABI_BIT(abi) (1u << (abi))

/* The ABI of this very process. */
enum callgate_abi callgate_abi_native(void);
/* "x86_64", "SCMP_ARCH_X86_64", "amd64", … ; the ABI, or -ENOENT. */
int callgate_abi_from_name(const char *name);
const char *callgate_abi_name(enum callgate_abi abi);
/* AUDIT_ARCH_… as it stands in seccomp_data.arch. x32 shares x86_64's. */
uint32_t callgate_abi_audit_arch(enum callgate_abi abi);

/* The ABI that a (seccomp_data.arch, nr) pair belongs to, or -ENOENT. */
int callgate_abi_of(uint32_t audit_arch, uint32_t nr);

/* Number of a system call as it stands in seccomp_data.nr (x32 numbers have bit 30 set); -ENOENT when the ABI has none of that name. */
int64_t callgate_syscall_number(enum callgate_abi abi, const char *name);
/* Name, or NULL. */
const char *callgate_syscall_name(enum callgate_abi abi, uint32_t nr);
/* Does any ABI know this name? */
bool callgate_syscall_known(const char *name);
/* First kernel version with this call, "4.17"; "" when older than the records; NULL for an unknown name. */
const char *callgate_syscall_since(const char *name);
/* All names, sorted: NULL at and after the end. */
const char *callgate_syscall_at(unsigned i);
/* A known name near to a mistyped one, or NULL. */
const char *callgate_syscall_suggest(const char *name);

struct callgate_argument {
	const char *name;   /* "domain" */
	const char *kind;   /* int, uint, long, ulong, size, fd, mode, id, enum, enum64, flags, flags64, pointer, offset */
	const char *family; /* family of named constants, or NULL */
	unsigned width;     /* bits that the kernel reads in this ABI: 32 or 64 */
	const char *learn;  /* what learning does with its values: none, keep, set, mask */
};
/* Number of arguments of a call, 0 to 6; -ENOENT for an unknown name. */
int callgate_syscall_arguments(const char *name);
/* -ENOENT when nothing is known of that argument. */
int callgate_syscall_argument(enum callgate_abi abi, const char *name, unsigned index, struct callgate_argument *ret);

/* Value of a constant such as "AF_INET"; family may be NULL when the name is unambiguous. -ENOENT, -ENOTUNIQ. */
int callgate_constant_value(const char *family, const char *name, enum callgate_abi abi, uint64_t *ret_value);
/* Name of a value in a family, or NULL. */
const char *callgate_constant_name(const char *family, uint64_t value, enum callgate_abi abi);
/* i-th constant of a family; -ENOENT at the end. */
int callgate_constant_at(const char *family, unsigned i, enum callgate_abi abi, const char **ret_name, uint64_t *ret_value);

/* i-th group of system calls ("@network-io"); NULL at the end. */
const char *callgate_group_at(unsigned i, const char **ret_help);
bool callgate_group_has(unsigned i, const char *syscall_name);

/* ---- Actions ----------------------------------------------------------------------------------------------------- */

/* An action is the kernel's 32-bit filter return value (SECCOMP_RET_…): action in the high half, data in the low. */
#define CALLGATE_KILL_PROCESS 0x80000000u
#define CALLGATE_KILL_THREAD  0x00000000u
#define CALLGATE_TRAP         0x00030000u
#define CALLGATE_ERRNO(e)     (0x00050000u | ((e) & 0xffffu))
#define CALLGATE_NOTIFY       0x7fc00000u
#define CALLGATE_TRACE(d)     (0x7ff00000u | ((d) & 0xffffu))
#define CALLGATE_LOG          0x7ffc0000u
#define CALLGATE_ALLOW        0x7fff0000u

/* "ALLOW", "ERRNO(EPERM)", "TRACE(7)", "KILL_PROCESS", "0x12340000". Writes at most `size` bytes with the NUL; returns text. */
const char *callgate_action_format(uint32_t action, char *text, size_t size);
/* The same forms, also lower case, "errno:EPERM", "errno:38", "kill" (the process), OCI's SCMP_ACT_… ; 0 or -EINVAL. */
int callgate_action_parse(const char *text, uint32_t *ret_action);
/* Does the call go through to the kernel's code (ALLOW, LOG)? */
bool callgate_action_permits(uint32_t action);
/* "EPERM" or NULL; 1 or -ENOENT. */
const char *callgate_errno_name(int value);
int callgate_errno_value(const char *name);

/* Capability by name ("CAP_SYS_ADMIN", also without CAP_ and in lower case): its number, or -ENOENT. See capabilities(7). */
int callgate_capability_value(const char *name);

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

/* What a filter sees: struct seccomp_data of include/uapi/linux/seccomp.h, in the same layout. */
struct callgate_call {
	uint32_t nr;
	uint32_t arch; /* AUDIT_ARCH_… */
	uint64_t ip;
	uint64_t args[6];
};

/* `socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)`, `41 2 1 0` or `socket`. Arguments left out are 0. Numbers are decimal, 0x or 0.
 * -EINVAL, diagnosed call-syntax, call-unknown-name, call-unknown-constant, call-too-many. */
int callgate_call_parse(const char *text, enum callgate_abi abi, struct callgate_call *ret_call, struct callgate_diags *diags);
/* `socket(AF_INET, SOCK_STREAM, 0)`; caller frees with free(3). */
int callgate_call_format(const struct callgate_call *call, char **ret_text);

/* ---- Traces: what happened --------------------------------------------------------------------------------------- */

struct callgate_trace;

enum callgate_evidence {
	CALLGATE_EVIDENCE_RECORDED, /* seen live */
	CALLGATE_EVIDENCE_SCANNED,  /* found in an ELF file */
	CALLGATE_EVIDENCE_DENIED,   /* seen refused */
};

struct callgate_observation {
	enum callgate_abi abi;
	uint32_t nr;             /* as in seccomp_data; may be a number no table knows */
	enum callgate_evidence evidence;
	bool launch;             /* the execve that started the recorded program, made by the recorder itself */
	unsigned args_known;     /* bit i: args[i] is the value seen (under arguments.csv's care); other bits: any value */
	uint64_t args[6];
	uint64_t count;
	uint64_t first, last;    /* nanoseconds since the epoch; 0 when unknown */
	const char *who;         /* comm of the first task seen doing it; NULL when unknown */
};

struct callgate_trace *callgate_trace_free(struct callgate_trace *trace);
/* Bytes of a trace file; `file` names it in diagnostics. -EBADMSG. */
int callgate_trace_read(const char *bytes, size_t size, const char *file, struct callgate_trace **ret_trace, struct callgate_diags *diags);
/* Normal form: equal traces give equal bytes. Caller frees with free(3). */
int callgate_trace_write(const struct callgate_trace *trace, char **ret_bytes, size_t *ret_size);
/* i-th observation in normal order; false at the end. */
bool callgate_trace_get(const struct callgate_trace *trace, size_t i, struct callgate_observation *ret);
/* Calls known to have been missed; 0 means the trace is complete for what ran. */
uint64_t callgate_trace_lost(const struct callgate_trace *trace);
/* The recorded command, words separated by blanks, or NULL. */
const char *callgate_trace_command(const struct callgate_trace *trace);

/* ---- Profiles: what may happen ------------------------------------------------------------------------------------ */

struct callgate_profile;
struct callgate_filter;

/* For what a policy is read, compiled, proven. Zero-initialise, then set what matters. */
struct callgate_target {
	unsigned abis;       /* CALLGATE_ABI_BIT()s; 0: those the profile lists, or the native one when it lists none */
	uint64_t caps;       /* bit n: capability n, for includes/excludes of the profile */
	unsigned kernel;     /* KERNEL_VERSION-like (major << 16 | minor << 8); 0: the newest known */
	bool strict64;       /* compare whole registers, 64 bits but for 32-bit ABIs, whatever width the kernel reads */
};

/* flags for callgate_profile_read */
#define CALLGATE_READ_UNKNOWN_NAMES (1u << 0) /* names no table knows: a warning instead of an error; such rules match nothing */
#define CALLGATE_READ_UNKNOWN_MEMBERS (1u << 1) /* JSON members the format does not define: nothing instead of a warning */

/* OCI/Docker/Podman seccomp JSON, with the optional member x-callgate. -EBADMSG with ids json-* and oci-*. */
int callgate_profile_read(const char *bytes, size_t size, const char *file, unsigned flags, struct callgate_profile **ret_profile, struct callgate_diags *diags);
/* Normal form. Caller frees with free(3). */
int callgate_profile_write(const struct callgate_profile *profile, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags);
struct callgate_profile *callgate_profile_free(struct callgate_profile *profile);

/* The ABIs that a target stands for with this profile, or 0. */
unsigned callgate_profile_target_abis(const struct callgate_profile *profile, const struct callgate_target *target);
/* The meaning: the action for one call, and the index of the deciding rule or -1 (ret_rule may be NULL). -EINVAL when target selects no ABI. */
int callgate_profile_eval(const struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_call *call, uint32_t *ret_action, int *ret_rule);

uint32_t callgate_profile_default(const struct callgate_profile *profile);
uint32_t callgate_profile_bad_arch(const struct callgate_profile *profile);
/* errno answered to numbers newer than the table, or -1: the default action. */
int callgate_profile_unknown(const struct callgate_profile *profile);
/* ABIs the profile lists, or 0. */
unsigned callgate_profile_abis(const struct callgate_profile *profile);
/* CALLGATE_LOAD_… that the profile's "flags" ask for. */
unsigned callgate_profile_load_flags(const struct callgate_profile *profile);
size_t callgate_profile_rule_count(const struct callgate_profile *profile);

struct callgate_rule {
	const char *syscall_name;
	uint32_t action;
	const char *file;      /* NULL when the rule does not come from a file */
	unsigned line, column;
	uint64_t weight;       /* how often representative calls fall on this name; 0 unknown */
	bool guarded;          /* holds only under includes/excludes */
	bool derived;          /* a rule about socket, semop … in its multiplexed form, by socketcall or ipc, as i386, ppc64le and s390x have it */
	const char *condition; /* "domain == AF_INET && type & 0xf == SOCK_STREAM"; "" when unconditional */
};
/* i-th rule in order of precedence; texts live until the next call on this profile or its release. */
int callgate_profile_rule(struct callgate_profile *profile, size_t i, struct callgate_rule *ret_rule);

/* Representative calls with weights (x-callgate.calls), as observations; false at the end. */
bool callgate_profile_call(const struct callgate_profile *profile, size_t i, struct callgate_observation *ret);

enum callgate_mode {
	CALLGATE_MODE_AS_WRITTEN,
	CALLGATE_MODE_LOG,   /* what nothing allows is logged and let through; explicit deny rules stay */
	CALLGATE_MODE_ERRNO, /* … refused with the profile's own errno, EPERM where it has none */
	CALLGATE_MODE_KILL,  /* … kills the process */
	CALLGATE_MODE_TRAP,  /* … raises SIGSYS */
};
/* A copy of the profile in another mode. */
int callgate_profile_mode(const struct callgate_profile *profile, enum callgate_mode mode, struct callgate_profile **ret_profile, struct callgate_diags *diags);

/* The rules that hold for a target, without includes and excludes; its ABIs become the profile's own. */
int callgate_profile_specialise(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_profile **ret_profile, struct callgate_diags *diags);
/*
 * The profile for another ABI: each rule also for the calls that do the same there, openat on AArch64 for open on x86-64. Rules that permit are
 * never widened and rules that refuse never narrowed; what cannot be carried over is a warning (translate-none names the calls,
 * translate-condition the rules). -EINVAL translate-source when the profile does not cover `from`.
 */
int callgate_profile_translate(const struct callgate_profile *profile, enum callgate_abi from, enum callgate_abi to, struct callgate_profile **ret_profile, struct callgate_diags *diags);

/* Least-privilege profile from evidence. */
enum callgate_learn_args {
	CALLGATE_LEARN_ARGS_SAFE, /* pin what data/arguments.csv marks as worth it */
	CALLGATE_LEARN_ARGS_NONE, /* names only */
	CALLGATE_LEARN_ARGS_ALL,  /* pin everything kept */
};
struct callgate_learn_options {
	enum callgate_learn_args args;
	uint32_t default_action; /* 0: ERRNO(EPERM) */
	bool allow_lost;         /* a trace that lost calls is a warning, not an error (learn-lost) */
};
int callgate_learn(const struct callgate_trace *const *traces, size_t count, const struct callgate_learn_options *options, struct callgate_profile **ret_profile, struct callgate_diags *diags);

/* ---- Policies: anything that denotes a meaning ----------------------------------------------------------------------- */

/*
 * A profile, a filter, filters and profiles stacked as the kernel stacks filters, or the union of what several allow. Whatever
 * the format it came from, it has one meaning, and everything that compares, explains or converts works on that.
 */
struct callgate_policy;

enum callgate_policy_kind {
	CALLGATE_POLICY_PROFILE,
	CALLGATE_POLICY_FILTER,
	CALLGATE_POLICY_STACK, /* the most restrictive answer of its parts, which are ordered as they were loaded; none: all is allowed */
	CALLGATE_POLICY_UNION, /* the most permissive answer of its parts */
};

/* A policy that is one profile, or one filter. It takes what it is given, also when it fails. */
int callgate_policy_from_profile(const char *name, struct callgate_profile *profile, struct callgate_policy **ret_policy);
int callgate_policy_from_filter(const char *name, struct callgate_filter *filter, struct callgate_policy **ret_policy);
struct callgate_policy *callgate_policy_free(struct callgate_policy *policy);

struct callgate_source_options {
	unsigned flags;              /* CALLGATE_READ_… */
	const char *const *folders;  /* where a bare name is looked up as NAME.json, NULL-terminated; NULL: /etc/seccomp */
	const char *root;            /* unit: is looked up below this folder; NULL: / */
	unsigned systemd;            /* version of the systemd whose filters unit: computes; 0: 252, others are computed as if (systemd-version) */
};
/*
 * What a source denotes, whatever it is: FILE (its format by its name, else by its content; "-" is standard input), FORMAT:FILE, a bare
 * name, KIND:REST as callgate_source_at lists them, and combinations: a+b is what either allows, a&b what both allow; & binds
 * tighter. -ENOENT source-not-found, -EINVAL source-empty, file-read, and what the format or kind says. options may be NULL.
 */
int callgate_policy_open(const char *source, const struct callgate_source_options *options, struct callgate_policy **ret_policy, struct callgate_diags *diags);
/* i-th prefix before a colon: kinds of sources ("pid", "unit", …), then formats ("oci", "minijail", …); NULL at the end. */
const char *callgate_source_at(unsigned i, const char **ret_help);
/* Bytes in a format of callgate_source_at, or NULL: found by the file's name (which may be NULL), else by content. Files that it includes are an error. */
int callgate_policy_read(const char *bytes, size_t size, const char *file, const char *format, unsigned flags, struct callgate_policy **ret_policy, struct callgate_diags *diags);
/* All of a file, "-" is standard input; caller frees. -errno, -EFBIG above 64 MiB (file-read). */
int callgate_file_read(const char *name, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags);

enum callgate_policy_kind callgate_policy_kind(const struct callgate_policy *policy);
/* For people: "docker.json", "filter 3 of pid:12". */
const char *callgate_policy_name(const struct callgate_policy *policy);
/* NULL unless it is of that kind; the policy owns it. */
struct callgate_profile *callgate_policy_profile(struct callgate_policy *policy);
struct callgate_filter *callgate_policy_filter(struct callgate_policy *policy);
/* i-th part, which the policy owns; NULL at the end, and of profiles and filters. */
struct callgate_policy *callgate_policy_part(struct callgate_policy *policy, size_t i);
/* The ABIs that a target stands for with this policy. */
unsigned callgate_policy_abis(const struct callgate_policy *policy, const struct callgate_target *target);
/* The action for one call; the profile or filter that decided, and the index of its rule or -1 (both may be NULL). */
int callgate_policy_eval(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_call *call, uint32_t *ret_action, struct callgate_policy **ret_leaf, int *ret_rule);

/*
 * A profile for the target's ABIs that means exactly what the policy means, read out of its meaning: for filters of unknown origin, stacks,
 * unions. Of a policy that is one profile, a copy of it. Flags for loading are kept, SPEC_ALLOW only when all parts have it; of several
 * listeners the first (extract-listener). -EOPNOTSUPP extract-* when no profile can say it, -E2BIG.
 */
int callgate_policy_extract(const struct callgate_policy *policy, const struct callgate_target *target, struct callgate_profile **ret_profile, struct callgate_diags *diags);
/*
 * When is a call of this name permitted? 1 always, 0 never, 2 when *ret_condition holds ("domain in {AF_UNIX, AF_INET}"), which the caller
 * frees; it is set to NULL in the other cases. -ENOENT call-unknown-name: the ABI has no such call; -E2BIG: too long to say.
 */
int callgate_policy_permits(const struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi, const char *syscall_name, char **ret_condition, struct callgate_diags *diags);
/*
 * A name for the meaning: equal for two policies exactly when they answer every possible call of every ABI alike, whatever their
 * format, the order of their rules and the layout of their filters; evidence and comments do not count. How it is computed stands in
 * callgate-fingerprint(1). 64 hexadecimal digits. -E2BIG diagram-too-large, -EINVAL diagram-no-abi.
 */
#define CALLGATE_FINGERPRINT_SIZE 65
int callgate_policy_fingerprint(const struct callgate_policy *policy, const struct callgate_target *target, char ret_text[CALLGATE_FINGERPRINT_SIZE], struct callgate_diags *diags);

/* ---- Filters: what the kernel runs --------------------------------------------------------------------------------- */

/* One instruction: struct sock_filter of include/uapi/linux/filter.h, same layout. */
struct callgate_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
#define CALLGATE_INSNS_MAX 4096

/* Compile and prove: the program is lowered and compared with the profile's meaning before it is returned.
 * -E2BIG (compile-too-large, says by how much), -EINVAL (compile-no-abi, compile-byte-order),
 * -EPROTO (compile-proof: an internal error, the witness call is in the text). */
int callgate_compile(const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_filter **ret_filter, struct callgate_diags *diags);
/* The same profile through the installed libseccomp, whose program is judged: 1 when it means what the profile means, 0 when it does not
 * (diagnosed peer-differs; *ret_witness, which may be NULL, is a call on which they differ). The filter is given in both cases.
 * layout: 1 linear, 2 binary tree. -ENOSYS peer-absent, -EOPNOTSUPP peer-cannot, -EINVAL peer-failed. */
int callgate_compile_libseccomp(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout, struct callgate_filter **ret_filter, struct callgate_call *ret_witness, struct callgate_diags *diags);
/* Any classic BPF program the kernel would accept as a seccomp filter: a multiple of 8 bytes in this machine's byte order.
 * -EBADMSG (bpf-size, bpf-invalid with the instruction's index). */
int callgate_filter_read(const void *bytes, size_t size, const char *file, struct callgate_filter **ret_filter, struct callgate_diags *diags);
struct callgate_filter *callgate_filter_free(struct callgate_filter *filter);
const struct callgate_insn *callgate_filter_insns(const struct callgate_filter *filter, size_t *ret_count);

/* The verdict for a call, and the path there: indices of the executed instructions (room for CALLGATE_INSNS_MAX), both may be NULL. */
int callgate_filter_run(const struct callgate_filter *filter, const struct callgate_call *call, uint32_t *ret_action, uint16_t *ret_path, size_t *ret_steps);
/* Rule (index into the profile's rules) that an instruction serves, or -1: default, unknown number, bad architecture. */
int callgate_filter_rule(const struct callgate_filter *filter, size_t insn);
/* Disassembly, one line an instruction, with names where they can be known. Caller frees. */
int callgate_filter_listing(const struct callgate_filter *filter, const struct callgate_profile *profile, char **ret_text);
enum callgate_drawing {
	CALLGATE_DRAWING_TEXT, /* an indented tree for a terminal, in UTF-8 */
	CALLGATE_DRAWING_DOT,  /* Graphviz */
	CALLGATE_DRAWING_SVG,  /* a picture that stands alone */
};
/* The filter's decision tree: loads and masks belong to the test that follows them, a test that several ways lead to is drawn once. Each
 * branch gets its share of the profile's representative calls, if it has any. profile may be NULL; target is then not looked at.
 * -EINVAL for another format. Caller frees. */
int callgate_filter_drawing(const struct callgate_filter *filter, const struct callgate_profile *profile, const struct callgate_target *target, enum callgate_drawing format, char **ret_text);
/* C header with a static array of struct sock_filter. `name` is a C identifier. Caller frees. */
int callgate_filter_header(const struct callgate_filter *filter, const char *name, char **ret_text, struct callgate_diags *diags);

/* Executed instructions for some kind of calls. */
struct callgate_filter_steps {
	double mean;             /* over the profile's representative calls of this kind, by their counts; 0 without any */
	double calls;            /* how many of these there are */
	size_t worst;            /* on the longest path through the program for a call of this kind */
};
struct callgate_filter_report {
	size_t insns;            /* of 4096 */
	double mean_steps;       /* per representative call that runs the filter on the target's kernel; 0 without any */
	size_t worst_steps;      /* longest path through the program */
	struct callgate_filter_steps all, uncached, denied; /* every call; those the kernel's bitmap cannot answer; those refused */
	size_t attach_steps;     /* instructions that the kernel emulates when the filter is loaded (5.11 on) … */
	size_t attach_numbers;   /* … for so many numbers, native and compat */
	/* Tests of the number for a call, by the weights that the compiler gave to numbers. 0 for filters that callgate_compile did not make. */
	double dispatch_tests;   /* in the program */
	double dispatch_optimum; /* in the best tree, by the exact program; 0 when there were too many intervals for it */
	double dispatch_entropy; /* no tree needs fewer */
	size_t cells;            /* intervals of syscall numbers with different answers */
	size_t cacheable;        /* table numbers that the kernel's bitmap (5.11 on) answers without running the filter */
	size_t allowed;          /* table numbers allowed whatever their arguments */
	size_t diagram_nodes;    /* size of the proven meaning */
	double compile_ms, proof_ms; /* measured while compiling; 0 for imported filters */
};
int callgate_filter_report(const struct callgate_filter *filter, const struct callgate_profile *profile, const struct callgate_target *target, struct callgate_filter_report *ret);

/* 1: the two mean the same for every possible call. 0: they differ, and *ret_witness is a call on which they do.
 * -E2BIG when the diagram outgrows its limit. ret_witness may be NULL. */
int callgate_verify(const struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_filter *filter, struct callgate_call *ret_witness, struct callgate_diags *diags);
/* The same for two stacks of filters, oldest first, each combined by the kernel's precedence. */
int callgate_filters_equal(const struct callgate_filter *const *a, size_t a_count, const struct callgate_filter *const *b, size_t b_count, struct callgate_call *ret_witness, struct callgate_diags *diags);

/* ---- Comparing ------------------------------------------------------------------------------------------------------ */

enum callgate_diff_kind {
	CALLGATE_DIFF_LOOSER,   /* B lets through, or leaves to another process, what A refuses */
	CALLGATE_DIFF_STRICTER, /* the other way round */
	CALLGATE_DIFF_OTHER,    /* both let it through or both refuse it, but not in the same way: another errno, LOG instead of ALLOW */
};

/* Calls on which two policies A and B differ in one way. */
struct callgate_difference {
	int abi;                  /* enum callgate_abi; -1: architectures that belong to none */
	const char *syscall_name; /* NULL: numbers without a name, or all calls of the ABI */
	uint32_t first, last;     /* the numbers; 0 (x32: 0x40000000) to 0xffffffff: all calls. With abi -1, architectures instead */
	uint32_t action_a, action_b;
	enum callgate_diff_kind kind;
	const char *condition;    /* "flags & CLONE_NEWUSER != 0"; "" when it is so whatever the arguments, or unlisted */
	bool unlisted;            /* it depends on the arguments in a way too long to say */
	bool wide;                /* it depends on bits of a 32-bit argument that the kernel ignores */
	bool by_address;          /* it depends on the instruction pointer too */
	struct callgate_call witness; /* one of these calls */
};

struct callgate_diff;
/*
 * All calls on which two policies differ, by ABI, name, number: none means that they are equal. Profiles are read for the target, filters are what they
 * are. With ABIs in the target only these are compared; without, all are, and all architectures that no table knows. -E2BIG diff-too-large,
 * diagram-too-large.
 */
int callgate_diff(const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target, struct callgate_diff **ret_diff, struct callgate_diags *diags);
/* i-th difference, whose texts belong to the diff; false at the end. */
bool callgate_diff_get(const struct callgate_diff *diff, size_t i, struct callgate_difference *ret);
struct callgate_diff *callgate_diff_free(struct callgate_diff *diff);
/* 1: A is nowhere more permissive than B, by the kernel's precedence of actions (errno values and the like do not count). 0: it is;
 * *ret_witness is a call for which it is so, ret_actions what the two answer to it. Both may be NULL. */
int callgate_within(const struct callgate_policy *a, const struct callgate_policy *b, const struct callgate_target *target, struct callgate_call *ret_witness, uint32_t ret_actions[2], struct callgate_diags *diags);

/* ---- Converting ------------------------------------------------------------------------------------------------------ */

/* What a format cannot say is an error, unless it may be lost in one direction. */
enum callgate_lossy {
	CALLGATE_LOSSY_NO,
	CALLGATE_LOSSY_STRICTER, /* refused instead: the result lets nothing get further than before */
	CALLGATE_LOSSY_LOOSER,   /* conditions are dropped: the result holds nothing back that was not before */
};
struct callgate_convert_options {
	enum callgate_lossy lossy;
	const char *name;        /* of the array in a header, of the object in Kubernetes; NULL: one that says callgate */
	unsigned systemd;        /* version that drop-in lines are for; 0: 252, whose groups are known. Others get names */
	bool expand;             /* names instead of systemd's groups */
};
struct callgate_convert_format {
	const char *name, *help;
	const char *aliases;     /* separated by blanks, or NULL */
	bool binary;             /* not for a terminal */
	bool executable;         /* a script */
};
/* i-th format that is written; false at the end. */
bool callgate_convert_format_at(unsigned i, struct callgate_convert_format *ret);
bool callgate_convert_format_find(const char *name, struct callgate_convert_format *ret);
/*
 * A policy in a format, by its name or an alias. What the format cannot say is an error for each rule, -ENOTSUP FORMAT-cannot, or what
 * options->lossy makes of it, with a warning for each; options may be NULL. What was written is read again as its own program would, where that is known, and
 * compared with what it was made of, for every possible call: the same, or different in the direction asked for only; else -EPROTO
 * convert-proof with such a call, and nothing is given. A note says when there was no such reading (convert-unproven): scripts, headers and
 * annotations hold a filter, which callgate_compile proved. -ENOENT convert-format; errors of callgate_policy_extract and callgate_compile.
 * Caller frees with free(3); there is a NUL behind the bytes.
 */
int callgate_convert(const struct callgate_policy *policy, const char *format, const struct callgate_target *target, const struct callgate_convert_options *options, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags);

/* ---- The kernel ------------------------------------------------------------------------------------------------------ */

/* What this kernel can do, found by probing (nothing is loaded). Flags and actions a filtered process cannot probe are
 * reported absent and `uncertain` is set. */
struct callgate_features {
	bool filter;        /* SECCOMP_SET_MODE_FILTER */
	unsigned flags;     /* CALLGATE_LOAD_… that exist */
	bool kill_process, notify, log, trap, trace, errno_; /* SECCOMP_GET_ACTION_AVAIL */
	bool notify_continue; /* 5.5 */
	bool uncertain;
	bool filtered;      /* this process already runs under a filter */
	bool no_new_privs;  /* already set */
	bool can_skip_nnp;  /* CAP_SYS_ADMIN in this user namespace */
	unsigned kernel;    /* major << 16 | minor << 8 | patch */
};
int callgate_probe(struct callgate_features *ret);

#define CALLGATE_LOAD_TSYNC        (1u << 0) /* SECCOMP_FILTER_FLAG_TSYNC, 3.17 */
#define CALLGATE_LOAD_LOG          (1u << 1) /* SECCOMP_FILTER_FLAG_LOG, 4.14 */
#define CALLGATE_LOAD_SPEC_ALLOW   (1u << 2) /* SECCOMP_FILTER_FLAG_SPEC_ALLOW, 4.17 */
#define CALLGATE_LOAD_NEW_LISTENER (1u << 3) /* SECCOMP_FILTER_FLAG_NEW_LISTENER, 5.0: answer is the descriptor */
#define CALLGATE_LOAD_TSYNC_ESRCH  (1u << 4) /* SECCOMP_FILTER_FLAG_TSYNC_ESRCH, 5.7 */
#define CALLGATE_LOAD_WAIT_KILLABLE (1u << 5) /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19 */
/* Load into the calling thread. Never retried without a flag: -EINVAL load-flag, -EACCES load-privilege (set no_new_privs first or have
 * CAP_SYS_ADMIN), -ENOMEM load-budget, -EBUSY load-listener, load-tsync. After success no further system call is made. */
int callgate_load(const struct callgate_filter *filter, unsigned flags, struct callgate_diags *diags);

struct callgate_exec_options {
	const char *path;           /* program file; not looked up in PATH */
	char *const *argv, *const *envp;
	unsigned load_flags;        /* CALLGATE_LOAD_…, beside those the profile lists; each must exist in this kernel */
	bool keep_privileges;       /* do not set no_new_privs (needs CAP_SYS_ADMIN) */
};
/*
 * Enforce a profile on a program: compile, prove, load, execve(2) in place. Returns only on failure.
 * A profile that does not allow execve still starts its program: one rule is added for it that allows execve with exactly the
 * three pointers of this start, which lie at random addresses and are gone with the old program image.
 * -ENOENT, -EACCES, -ENOEXEC … of execve (exec-failed); errors of callgate_compile and callgate_load. When *ret_loaded is true the filter
 * is in force although the program could not be started: end the process.
 */
int callgate_exec(const struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_exec_options *options, bool *ret_loaded, struct callgate_diags *diags);
/* Find a command's file as execvp(3) would: -ENOENT command-not-found, -EACCES command-not-executable. Caller frees. */
int callgate_find_command(const char *name, char **ret_path, struct callgate_diags *diags);

struct callgate_record_progress {
	uint64_t calls;       /* seen so far */
	size_t distinct;      /* distinct (ABI, number) */
	uint64_t lost;
	double seconds, since_new; /* running time; time since the last new (ABI, number) */
};
struct callgate_record_options {
	const char *const *argv;  /* command and arguments, NULL-terminated; argv[0] is looked up in PATH */
	const char *backend;      /* NULL: the best that works here; else a name of callgate_recorder_at */
	/* Instead of argv, what already runs: a process and what descends from it, or a cgroup (version 2) with all below it, by its path, by a
	 * systemd unit, or by the id of a container. At most one of them; until its end, until_seconds, or SIGINT, SIGTERM. */
	pid_t pid;
	const char *unit, *cgroup, *container;
	bool keep_privileges;     /* do not set no_new_privs (needs CAP_SYS_ADMIN), so that setuid programs work */
	double until_seconds;     /* 0: until every recorded process has ended */
	/* Called about four times a second and once at the end; may be NULL. Non-zero stops the recording: recorded processes get SIGTERM, then SIGKILL. */
	int (*progress)(void *user, const struct callgate_record_progress *progress);
	void *user;
	/* Trial run: with a profile, only what it refuses is seen (evidence DENIED) and answered as the profile says; target as for eval. */
	const struct callgate_profile *trial;
	const struct callgate_target *trial_target;
};
struct callgate_record_result {
	int status;             /* wait(2) status of the command itself */
	bool stopped;           /* progress or until_seconds ended it */
	uint64_t calls, lost;
};
/* Run a command, or attach to what runs, and observe its system calls and those of all its descendants. -ENOSYS record-unsupported, -EPERM record-privilege,
 * -ENOENT command-not-found, -EACCES command-not-executable, -EBUSY record-listener. */
int callgate_record(const struct callgate_record_options *options, struct callgate_trace **ret_trace, struct callgate_record_result *ret_result, struct callgate_diags *diags);
/* i-th recorder: its name, a line of help, and 0 or why it cannot run here (-errno, explained in diags). NULL at the end. */
const char *callgate_recorder_at(unsigned i, const char **ret_help, int *ret_usable, struct callgate_diags *diags);

/* ---- Checking ---------------------------------------------------------------------------------------------------------- */

/* A rule that callgate_check looks for. */
struct callgate_check_rule {
	const char *id;                    /* "lint-x32" */
	enum callgate_severity severity;   /* the most that its findings have */
	const char *help;                  /* why it matters */
	const char *cure;
};
/* i-th rule; false at the end. */
bool callgate_check_rule_at(unsigned i, struct callgate_check_rule *ret_rule);

struct callgate_finding {
	enum callgate_severity severity;
	const char *id;                    /* of its rule */
	const char *syscall_name;          /* NULL when it is about no single call */
	unsigned abis;                     /* where it holds; 0: everywhere */
	const char *file;                  /* NULL when it comes from no file; line and column are 0 when it has no place there */
	unsigned line, column;
	const char *text, *cure;
	bool has_witness;
	struct callgate_call witness;      /* a call that shows it */
};
struct callgate_findings;

struct callgate_check_options {
	const char *const *only, *const *disabled; /* ids of rules, NULL-terminated; NULL: all, none */
};
/* Look for mistakes in a policy. It judges what the policy means, except for rules about what is written. -EINVAL check-no-rule when an
 * id is none; -E2BIG. options may be NULL. */
int callgate_check(struct callgate_policy *policy, const struct callgate_target *target, const struct callgate_check_options *options, struct callgate_findings **ret_findings, struct callgate_diags *diags);
struct callgate_findings *callgate_findings_free(struct callgate_findings *findings);
/* i-th finding, by place; NULL at the end. */
const struct callgate_finding *callgate_findings_get(const struct callgate_findings *findings, size_t i);

/* The attack surface that a policy leaves. */
struct callgate_score_row {
	const char *name;       /* "all", "@network-io", "hazard:kernel" */
	unsigned total;         /* calls of this kind that the ABI has; of a hazard: ways to do it */
	unsigned open;          /* … that are let through, with whatever arguments */
	unsigned limited;       /* … of these, with some arguments only */
};
struct callgate_score;
/* policy may be NULL: without any. -E2BIG. */
int callgate_score(struct callgate_policy *policy, const struct callgate_target *target, enum callgate_abi abi, struct callgate_score **ret_score, struct callgate_diags *diags);
struct callgate_score *callgate_score_free(struct callgate_score *score);
/* i-th row: all, then groups, then hazards; false at the end. */
bool callgate_score_get(const struct callgate_score *score, size_t i, struct callgate_score_row *ret_row);

/* Expectations about policies, as callgate-check(1) describes the file. */
struct callgate_tests;
struct callgate_test {
	const char *text;       /* "deny mount" */
	const char *source;     /* what its section names, or NULL */
	const char *file;
	unsigned line, column;
};
/* -EBADMSG with ids test-… */
int callgate_tests_read(const char *bytes, size_t size, const char *file, struct callgate_tests **ret_tests, struct callgate_diags *diags);
struct callgate_tests *callgate_tests_free(struct callgate_tests *tests);
/* i-th expectation; false at the end. */
bool callgate_tests_get(const struct callgate_tests *tests, size_t i, struct callgate_test *ret_test);

enum callgate_test_outcome {
	CALLGATE_TEST_HOLDS,
	CALLGATE_TEST_FAILS,    /* the policy answers the witness otherwise */
	CALLGATE_TEST_DIFFERS,  /* the policy means what is expected, and the compiled filter or the kernel answers the witness otherwise */
	CALLGATE_TEST_SKIPPED,  /* no ABI of the policy has the call */
};
struct callgate_test_result {
	enum callgate_test_outcome outcome;
	struct callgate_call witness;
	uint32_t action;        /* the answer to the witness */
	unsigned live;          /* calls that were put to the kernel */
};
#define CALLGATE_TESTS_LIVE (1u << 0) /* ask the running kernel as well, in children that cannot execute the calls; see callgate-check(1) */
/* Judge the expectations of one source (NULL: of none): ret_results[i] is the i-th one's, the others stay as they are. -E2BIG; errors of
 * callgate_compile; with LIVE those of callgate_load. */
int callgate_tests_run(const struct callgate_tests *tests, const char *source, struct callgate_policy *policy, const struct callgate_target *target, unsigned flags, struct callgate_test_result *ret_results, struct callgate_diags *diags);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
