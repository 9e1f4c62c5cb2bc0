/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command. One file per verb exports one record; main.c only lists them. From a verb's option table come its parser,
 * its help, the completions and the test that its man page names every option.
 */
#ifndef CALLGATE_CLI_H
#define CALLGATE_CLI_H

#include <callgate.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLI_YES = 0, CLI_NO = 1, CLI_TROUBLE = 2 }; /* exit status: done or yes; the answer is no; trouble */

#define CLI_OPTIONS_MAX 32
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct cli_option {
	char letter;         /* 0: none */
	const char *name;    /* without the dashes; NULL ends a table */
	const char *value;   /* what the help calls the value; NULL: takes none. "a|b|c" also lists the only words allowed */
	const char *help;
	bool many;           /* may be given several times */
};

struct cli {
	const struct cli_command *command;
	const char *values[CLI_OPTIONS_MAX]; /* by index in the command's table; "" for an option without value; NULL: absent */
	const char **lists[CLI_OPTIONS_MAX]; /* every value of an option with `many`, NULL-terminated; NULL: absent */
	char **args;         /* operands, NULL-terminated */
	int n_args;
	bool json, color, quiet;
	struct callgate_diags *diags;
	size_t shown;        /* diagnostics already printed */
};

struct cli_command {
	const char *name;
	const char *group;   /* heading in `callgate help` */
	const char *help;    /* one line */
	const char *operands; /* "PROFILE -- COMMAND [ARG…]" */
	const char *about;   /* a paragraph or two for `callgate help VERB` */
	const struct cli_option *options;
	bool wraps_command;  /* options end at the first operand: what follows belongs to another program */
	int (*run)(struct cli *cli);
};

extern const struct cli_command cmd_record, cmd_learn, cmd_harden, cmd_compile, cmd_run, cmd_show, cmd_explain,
	cmd_fingerprint, cmd_convert, cmd_bench, cmd_syscall, cmd_diff, cmd_check, cmd_help;
const struct cli_command *cli_command_at(unsigned i); /* NULL at the end */
const struct cli_command *cli_command_find(const char *name);
extern const struct cli_option cli_common_options[];

/* options.c */
int cli_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv);
void cli_release(struct cli *cli);
void cli_print_usage(const struct cli_command *command, FILE *out);
void cli_print_help(const struct cli_command *command, FILE *out);

/* out.c: everything people and programs read. */
void cli_flush_diags(struct cli *cli);      /* print what has not been printed yet, to stderr */
__attribute__((format(printf, 3, 4))) int cli_error(struct cli *cli, const char *id, const char *format, ...); /* prints; CLI_TROUBLE */
__attribute__((format(printf, 3, 4))) void cli_warning(struct cli *cli, const char *id, const char *format, ...);
int cli_trouble(struct cli *cli);           /* prints the diagnostics; CLI_TROUBLE */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...); /* a line for people, to stdout */
enum cli_style { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_DIM, STYLE_BOLD };
const char *cli_style(const struct cli *cli, enum cli_style style); /* escape sequence, or "" */
int cli_finish_stdout(struct cli *cli, int status); /* a full disk or closed pipe is an error, not silence */
void cli_print_escaped(FILE *out, const char *text); /* never lets a control character through */

/* file.c */
int cli_read_file(struct cli *cli, const char *name, char **ret_bytes, size_t *ret_size); /* "-" is stdin; 0 or CLI_TROUBLE */
/* Whole or not at all: temporary file, fsync, rename. "-" is stdout. */
int cli_write_file(struct cli *cli, const char *name, const void *bytes, size_t size, unsigned mode);

/* The same, but what is no text is not for a terminal (output-terminal). NULL: stdout. */
int cli_write_output(struct cli *cli, const char *name, const void *bytes, size_t size, bool binary, unsigned mode);

/* source.c: anything that denotes a policy. profile or filter is the policy's, when it is just that. */
struct cli_source {
	const char *name;    /* the policy's */
	struct callgate_policy *policy;
	struct callgate_profile *profile;
	struct callgate_filter *filter;
	struct callgate_policy *extracted; /* what owns the profile when the source itself is none */
};
int cli_source_open(struct cli *cli, const char *text, unsigned read_flags, struct cli_source *ret_source);
/* Sets the source's profile: of what is none, the one that means the same for this target. */
int cli_source_extract(struct cli *cli, const struct callgate_target *target, struct cli_source *source);
/* As a profile: of other sources, the profile that means the same for this target. */
int cli_source_open_profile(struct cli *cli, const char *text, unsigned read_flags, const struct callgate_target *target,
			    struct cli_source *ret_source);
void cli_source_close(struct cli_source *source);

/* target.c: --abi, --cap, --kernel, --strict64 shared by the verbs that read a policy for a place. */
int cli_target(struct cli *cli, const char *const *abis, const char *const *caps, const char *kernel, bool strict64,
	       struct callgate_target *ret_target);
int cli_abi(struct cli *cli, const char *name, enum callgate_abi *ret_abi);
enum callgate_mode cli_mode(const char *word); /* "log", "errno", "kill", "trap"; else, and of NULL: as written */
int cli_parse_seconds(struct cli *cli, const char *text, double *ret_seconds); /* "90", "1.5", "10m", "2h" */

/* recording.c: shared by record and harden. */
struct cli_recording {
	const char *const *argv;
	pid_t pid;           /* instead of argv, one of these */
	const char *unit, *cgroup, *container;
	const char *backend;
	bool keep_privileges;
	double until_seconds;
	const char *workload; /* shell command run beside it; when it ends, the recorded command gets SIGTERM. NULL: none */
	const char *what;    /* shown before the progress: "recording" */
};
int cli_record(struct cli *cli, const struct cli_recording *recording, const struct callgate_profile *trial,
	       const struct callgate_target *target, struct callgate_trace **ret_trace, struct callgate_record_result *ret_result);
/* Exit status that stands for a command's wait status, as a shell gives it. */
int cli_status_of(int wait_status);
int cli_exec_status(int error); /* 126 or 127 for a command that cannot be started, else 125 */

int cli_write_profile(struct cli *cli, const struct callgate_profile *profile, const char *name); /* cmd-learn.c; NULL: stdout */

/* diff-text.c: differences for people. every: each call with its example, nothing summed up. */
int cli_diff_print(struct cli *cli, const struct callgate_diff *diff, const char *const names[2], bool every);
/* check-*.c: what cmd-check.c shows. */
int check_open(struct cli *cli, const char *text, unsigned read_flags, struct callgate_policy **ret_policy);
void check_text(const struct cli *cli, const struct callgate_findings *findings);
void check_json(const struct callgate_policy *policy, const struct callgate_findings *findings);
void check_sarif(const struct callgate_findings *findings);
void check_list(const struct cli *cli);
const char *check_severity_word(enum callgate_severity severity);
char *check_call_text(const struct callgate_call *call); /* never NULL; free it */
struct check_tests_options {
	const char *file, *source, *junit; /* source, junit: may be NULL */
	unsigned read_flags;
	bool live;
};
int check_tests(struct cli *cli, const struct callgate_target *target, const struct check_tests_options *options);
int check_score(struct cli *cli, struct callgate_policy *policy, const char *against, unsigned read_flags, const struct callgate_target *target);

/* bench-*.c: what cmd-bench.c measures. */
enum { BENCH_CACHED, BENCH_CHECKED, BENCH_REFUSED, BENCH_KINDS }; /* by the kernel's bitmap; by the filter, allowed; refused with an errno */
enum { BENCH_AS_PROFILE, BENCH_DIFFERS, BENCH_ENDS }; /* a subject's answer to a call: the profile's, another, one that ends the process */
#define BENCH_FILTERS_MAX 48
struct bench_call {
	struct callgate_call call;
	bool found;
};
struct bench_subject {
	const char *name;
	struct callgate_filter *filters[BENCH_FILTERS_MAX]; /* oldest first; none: bare */
	size_t count;
	int answers[BENCH_KINDS];
	int same;            /* 1: means what the profile means; 0: something else; -1: cannot be had, and note says why */
	char *note;
};
struct bench_sample {
	double ns[BENCH_KINDS]; /* NAN: not measured */
	int error;           /* errno of what kept the filters from being loaded */
};
/* Calls of the profile that do nothing, for this machine and judged by this filter. */
void bench_choose(const struct callgate_profile *profile, const struct callgate_filter *filter, struct bench_call calls[BENCH_KINDS]);
/* The filter cut into a stack: 1 proven equal, 0 or -errno: not so; -ENOENT: no conditions to cut at. */
int bench_stack(struct callgate_profile *profile, const struct callgate_target *target, const struct callgate_filter *filter,
		struct bench_subject *subject);
double bench_attach(const struct bench_subject *subject); /* microseconds to load it; NAN: not measured. Before any bench_run */
int bench_run(const struct bench_subject *subject, const struct bench_call calls[BENCH_KINDS], struct bench_sample *ret_sample);
int bench_compare(const void *a, const void *b); /* of doubles, for qsort */

/* jsonout.c: a small JSON writer onto a stream. */
struct cli_json {
	FILE *out;
	unsigned depth;
	bool used[16];
};
void cli_json_open(struct cli_json *json, const char *key, char bracket);
void cli_json_close(struct cli_json *json, char bracket);
void cli_json_string(struct cli_json *json, const char *key, const char *text);
void cli_json_u64(struct cli_json *json, const char *key, uint64_t value);
void cli_json_s64(struct cli_json *json, const char *key, int64_t value);
void cli_json_double(struct cli_json *json, const char *key, double value);
void cli_json_bool(struct cli_json *json, const char *key, bool value);
void cli_json_null(struct cli_json *json, const char *key);
void cli_json_end(struct cli_json *json); /* final newline */

#endif
