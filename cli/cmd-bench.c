/* SPDX-License-Identifier: Apache-2.0 */
/* callgate bench: what a policy's filter costs on this machine, beside what others make of the policy. */
#include "cli.h"

#include <math.h>
#include <sys/utsname.h>

enum { OPT_ROUNDS, OPT_ABI, OPT_CAP, OPT_STRICT64 };
static const struct cli_option options[] = {
	[OPT_ROUNDS] = { 'n', "rounds", "N", "measure so many times, everything in turn (default: 21)", false },
	[OPT_ABI] = { 'a', "abi", "ABI", "cover this ABI instead of those that the profile lists", true },
	[OPT_CAP] = { 0, "cap", "CAPABILITY", "read the profile's includes and excludes as with this capability", true },
	[OPT_STRICT64] = { 0, "strict64", NULL, "compare all 64 bits of every argument, as libseccomp does", false },
	{ 0, NULL, NULL, NULL, false },
};

enum { BARE, OURS, LINEAR, TREE, STACKED, SUBJECTS };
enum { ROUNDS_DEFAULT = 21, ROUNDS_MAX = 1000, METRICS = 1 + BENCH_KINDS };

static const char *const kinds[] = { [BENCH_CACHED] = "bitmap", [BENCH_CHECKED] = "filter", [BENCH_REFUSED] = "refused" };
static const char *const helps[] = {
	[BENCH_CACHED] = "allowed whatever its arguments: Linux 5.11 and later answer it without running the filter",
	[BENCH_CHECKED] = "allowed for its arguments: runs the filter",
	[BENCH_REFUSED] = "refused: runs the filter, and not the call",
};
static const char *const missing[] = {
	[BENCH_CACHED] = "the profile allows no harmless call whatever its arguments",
	[BENCH_CHECKED] = "none of the calls that the profile allows for their arguments has a harmless form that it allows",
	[BENCH_REFUSED] = "the profile does not refuse with an errno what no rule names",
};

struct bench {
	struct bench_subject subjects[SUBJECTS];
	struct bench_call calls[BENCH_KINDS];
	unsigned rounds;
	double *samples;                   /* [subject][metric][round], and room for one more row of rounds */
	double medians[SUBJECTS][METRICS]; /* the attach time in µs, ns of each kind of call; NAN: not measured */
	double added[SUBJECTS][METRICS];   /* to the bare call of the same round */
	int error;
	struct utsname host;
	struct callgate_filter_report report; /* of our filter */
};

/* ---- The subjects ---- */

static int note(struct bench_subject *subject, const char *text)
{
	free(subject->note);
	subject->note = strdup(text);
	return subject->note ? 0 : -ENOMEM;
}

static int make_peer(const struct callgate_profile *profile, const struct callgate_target *target, unsigned layout,
		     struct bench_subject *subject)
{
	struct callgate_diags *diags = callgate_diags_new();
	int r = -ENOMEM;

	if (!diags)
		return r;
	r = callgate_compile_libseccomp(profile, target, layout, &subject->filters[0], NULL, diags);
	subject->count = r >= 0;
	subject->same = r < 0 ? -1 : r;
	if (r != -ENOMEM)
		r = r != 1 && callgate_diags_count(diags) ? note(subject, callgate_diags_get(diags, callgate_diags_count(diags) - 1)->text) : 0;
	callgate_diags_free(diags);
	return r;
}

static void drop_filters(struct bench_subject *subject)
{
	while (subject->count)
		callgate_filter_free(subject->filters[--subject->count]);
}

static int make_stack(struct callgate_profile *profile, const struct callgate_target *target, struct bench *b)
{
	struct bench_subject *subject = &b->subjects[STACKED];
	int r = bench_stack(profile, target, b->subjects[OURS].filters[0], subject);

	subject->same = r == 1 ? 1 : -1;
	if (r == 1)
		return 0;
	drop_filters(subject);
	return note(subject, r == -ENOENT ? "the profile has no conditions, so it is one filter however it is cut"
					  : "the profile could not be cut into filters that together mean the same");
}

static int make_subjects(struct cli *cli, struct callgate_profile *profile, const struct callgate_target *target, struct bench *b)
{
	static const char *const names[] = { "no filter", "callgate", "libseccomp", "libseccomp tree", "stacked" };
	int r;

	for (unsigned i = 0; i < SUBJECTS; i++)
		b->subjects[i].name = names[i];
	b->subjects[BARE].same = -1;
	if (callgate_compile(profile, target, &b->subjects[OURS].filters[0], cli->diags) < 0)
		return cli_trouble(cli);
	b->subjects[OURS].count = b->subjects[OURS].same = 1;
	r = callgate_filter_report(b->subjects[OURS].filters[0], profile, target, &b->report);
	if (!r)
		r = make_peer(profile, target, 1, &b->subjects[LINEAR]);
	if (!r)
		r = make_peer(profile, target, 2, &b->subjects[TREE]);
	if (!r)
		r = make_stack(profile, target, b);
	return r < 0 ? cli_error(cli, "no-memory", "out of memory") : CLI_YES;
}

static uint32_t answer_of(const struct bench_subject *subject, const struct callgate_call *call)
{
	uint32_t least = CALLGATE_ALLOW, action;

	/* of several filters the most restrictive counts; the kernel compares actions as signed numbers */
	for (size_t i = 0; i < subject->count; i++) {
		callgate_filter_run(subject->filters[i], call, &action, NULL, NULL);
		if ((int32_t)(action & 0xffff0000u) < (int32_t)(least & 0xffff0000u))
			least = action;
	}
	return least;
}

static void judge_answers(struct bench *b)
{
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
		uint32_t ours = answer_of(&b->subjects[OURS], &b->calls[kind].call);

		for (unsigned i = OURS; i < SUBJECTS; i++) {
			uint32_t action = answer_of(&b->subjects[i], &b->calls[kind].call);
			bool goes_on = action == CALLGATE_ALLOW || (action & 0xffff0000u) == CALLGATE_ERRNO(0);

			b->subjects[i].answers[kind] = action == ours ? BENCH_AS_PROFILE : goes_on ? BENCH_DIFFERS : BENCH_ENDS;
		}
	}
}

/* ---- Measuring ---- */

static bool is_there(const struct bench *b, unsigned subject)
{
	return subject == BARE || b->subjects[subject].count;
}

static double *samples_of(const struct bench *b, unsigned subject, unsigned metric)
{
	return b->samples + (subject * METRICS + metric) * b->rounds;
}

static int measure_one(struct bench *b, unsigned subject, unsigned round)
{
	struct bench_sample sample;
	int r = bench_run(&b->subjects[subject], b->calls, &sample);

	if (r < 0)
		return r;
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
		samples_of(b, subject, 1 + kind)[round] = sample.ns[kind];
	if (subject == OURS && sample.error)
		b->error = sample.error;
	return 0;
}

static double median(double *values, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		if (!isnan(values[i]))
			values[n++] = values[i];
	if (!n)
		return NAN;
	qsort(values, n, sizeof(*values), bench_compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void conclude(struct bench *b, double *scratch)
{
	for (unsigned i = SUBJECTS; i--;) /* bare last: median() reorders */
		for (unsigned metric = 0; metric < METRICS; metric++) {
			double *samples = samples_of(b, i, metric), *bare = samples_of(b, BARE, metric);

			for (unsigned round = 0; round < b->rounds; round++)
				scratch[round] = samples[round] - bare[round];
			b->added[i][metric] = is_there(b, i) && metric ? median(scratch, b->rounds) : NAN;
			b->medians[i][metric] = is_there(b, i) && (i || metric) ? median(samples, b->rounds) : NAN;
		}
}

/* Each round takes all subjects, beginning with another each time. */
static int measure(struct cli *cli, struct bench *b)
{
	int r = 0;

	b->samples = calloc(((size_t)SUBJECTS * METRICS + 1) * b->rounds, sizeof(*b->samples));
	if (!b->samples)
		return cli_error(cli, "no-memory", "out of memory");
	fflush(NULL);
	for (unsigned round = 0; round < b->rounds; round++)
		for (unsigned i = 0; i < SUBJECTS; i++)
			samples_of(b, i, 0)[round] = b->subjects[i].count ? bench_attach(&b->subjects[i]) : NAN;
	for (unsigned round = 0; round < b->rounds && !r && !b->error; round++)
		for (unsigned i = 0; i < SUBJECTS && !r; i++)
			if (is_there(b, (i + round) % SUBJECTS))
				r = measure_one(b, (i + round) % SUBJECTS, round);
	if (r < 0)
		return cli_error(cli, "load-refused", "no process could be started to measure in: %s", strerror(-r));
	if (b->error)
		return cli_error(cli, "load-refused", "the filter could not be loaded: %s", strerror(b->error));
	conclude(b, samples_of(b, SUBJECTS, 0));
	return CLI_YES;
}

/* ---- Telling ---- */

static size_t insns_of(const struct bench_subject *subject)
{
	size_t sum = 0, count;

	for (size_t i = 0; i < subject->count; i++) {
		callgate_filter_insns(subject->filters[i], &count);
		sum += count;
	}
	return sum;
}

static void print_calls(const struct bench *b)
{
	printf("%s %s, %s: medians of %u round%s\n\n", b->host.sysname, b->host.release, callgate_abi_name(callgate_abi_native()), b->rounds,
	       b->rounds == 1 ? "" : "s");
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
		char *text;

		if (!b->calls[kind].found) {
			printf("%-8s not measured: %s\n", kinds[kind], missing[kind]);
		} else if (callgate_call_format(&b->calls[kind].call, &text) == 0) {
			printf("%-8s %s, %s\n", kinds[kind], text, helps[kind]);
			free(text);
		}
	}
	printf("         of %zu that are allowed whatever their arguments the bitmap answers %zu%s\n", b->report.allowed, b->report.cacheable,
	       b->report.cacheable < b->report.allowed ? ": x32 calls it never answers" : "");
}

static void print_number(const char *format, double value, int width)
{
	char text[32] = "-";

	if (!isnan(value))
		snprintf(text, sizeof(text), format, value);
	printf(" %*s", width, text);
}

static void print_row(const struct cli *cli, const struct bench *b, unsigned i)
{
	const struct bench_subject *s = &b->subjects[i];

	printf("%-16s", s->name);
	print_number("%.0f", i == BARE ? NAN : (double)s->count, 8);
	print_number("%.0f", i == BARE ? NAN : (double)insns_of(s), 7);
	print_number("%.1f", b->medians[i][0], 10);
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
		if (i == BARE)
			print_number("%.1f", b->medians[i][1 + kind], 11);
		else
			print_number("%+.1f", b->added[i][1 + kind], 11);
	if (s->same == 0)
		printf("  %smeans something else%s", cli_style(cli, STYLE_BAD), cli_style(cli, STYLE_PLAIN));
	putchar('\n');
}

static void print_text(const struct cli *cli, const struct bench *b)
{
	print_calls(b);
	printf("\nns a call; with a filter: what it adds\n%-16s %8s %7s %10s %11s %11s %11s\n", "", "filters", "insns", "attach us", "bitmap",
	       "filter", "refused");
	for (unsigned i = 0; i < SUBJECTS; i++)
		if (is_there(b, i))
			print_row(cli, b, i);
	for (unsigned i = OURS, head = 1; i < SUBJECTS; i++)
		if (b->subjects[i].note) {
			printf("%s%s: ", head ? "\n" : "", b->subjects[i].name);
			cli_print_escaped(stdout, b->subjects[i].note);
			putchar('\n');
			head = 0;
		}
}

static void json_number(struct cli_json *json, const char *key, double value)
{
	if (isnan(value))
		cli_json_null(json, key);
	else
		cli_json_double(json, key, value);
}

static void json_calls(struct cli_json *json, const struct bench *b)
{
	cli_json_open(json, "calls", '{');
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
		char *text;

		if (!b->calls[kind].found || callgate_call_format(&b->calls[kind].call, &text) < 0) {
			cli_json_null(json, kinds[kind]);
			continue;
		}
		cli_json_string(json, kinds[kind], text);
		free(text);
	}
	cli_json_close(json, '}');
}

static void json_subject(struct cli_json *json, const struct bench *b, unsigned i)
{
	static const char *const keys[] = { "attach_us", "bitmap_ns", "filter_ns", "refused_ns" };
	static const char *const added[] = { [1] = "bitmap_added_ns", "filter_added_ns", "refused_added_ns" };
	const struct bench_subject *s = &b->subjects[i];

	cli_json_open(json, NULL, '{');
	cli_json_string(json, "name", s->name);
	cli_json_u64(json, "filters", s->count);
	cli_json_u64(json, "instructions", insns_of(s));
	if (s->same < 0)
		cli_json_null(json, "same");
	else
		cli_json_bool(json, "same", s->same);
	for (unsigned metric = 0; metric < METRICS; metric++)
		json_number(json, keys[metric], b->medians[i][metric]);
	for (unsigned metric = 1; metric < METRICS && i != BARE; metric++)
		json_number(json, added[metric], b->added[i][metric]);
	if (s->note)
		cli_json_string(json, "note", s->note);
	cli_json_close(json, '}');
}

static void print_json(const struct bench *b)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_string(&json, "kernel", b->host.release);
	cli_json_string(&json, "abi", callgate_abi_name(callgate_abi_native()));
	cli_json_u64(&json, "rounds", b->rounds);
	json_calls(&json, b);
	cli_json_u64(&json, "allowed", b->report.allowed);
	cli_json_u64(&json, "cacheable", b->report.cacheable);
	cli_json_open(&json, "subjects", '[');
	for (unsigned i = 0; i < SUBJECTS; i++)
		json_subject(&json, b, i);
	cli_json_close(&json, ']');
	cli_json_close(&json, '}');
	cli_json_end(&json);
}

/* ---- The verb ---- */

static int parse_rounds(struct cli *cli, unsigned *ret_rounds)
{
	const char *text = cli->values[OPT_ROUNDS];
	char *end = NULL;
	unsigned long n = text ? strtoul(text, &end, 10) : ROUNDS_DEFAULT;

	if (text && (end == text || *end || *text == '-' || n < 1 || n > ROUNDS_MAX))
		return cli_error(cli, "usage-value", "--rounds takes a number from 1 to %d, not \"%s\"", ROUNDS_MAX, text);
	*ret_rounds = (unsigned)n;
	return CLI_YES;
}

static int check_host(struct cli *cli, const struct callgate_profile *profile, const struct callgate_target *target)
{
	enum callgate_abi native = callgate_abi_native();
	struct callgate_features features;

	if (!(callgate_profile_target_abis(profile, target) & CALLGATE_ABI_BIT(native)))
		return cli_error(cli, "usage-abi", "the filter would not cover %s, this machine's own ABI, in which calls are measured",
				 callgate_abi_name(native));
	if (callgate_probe(&features) < 0 || (!features.filter && !features.uncertain))
		return cli_error(cli, "load-unsupported", "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
	return CLI_YES;
}

static int bench(struct cli *cli, struct callgate_profile *profile, const struct callgate_target *target)
{
	struct bench b = { 0 };
	int status = parse_rounds(cli, &b.rounds);

	uname(&b.host);
	if (status == CLI_YES)
		status = check_host(cli, profile, target);
	if (status == CLI_YES)
		status = make_subjects(cli, profile, target, &b);
	if (status == CLI_YES) {
		bench_choose(profile, b.subjects[OURS].filters[0], b.calls);
		judge_answers(&b);
		status = measure(cli, &b);
	}
	if (status == CLI_YES && cli->json)
		print_json(&b);
	else if (status == CLI_YES)
		print_text(cli, &b);
	for (unsigned i = 0; i < SUBJECTS; i++) {
		drop_filters(&b.subjects[i]);
		free(b.subjects[i].note);
	}
	free(b.samples);
	return status;
}

static int run(struct cli *cli)
{
	struct callgate_target target;
	struct cli_source source;
	int status;

	if (cli->n_args != 1)
		return cli_error(cli, "usage-operands", "callgate bench takes one profile");
	if (cli_target(cli, cli->lists[OPT_ABI], cli->lists[OPT_CAP], NULL, cli->values[OPT_STRICT64], &target) != CLI_YES ||
	    cli_source_open_profile(cli, cli->args[0], 0, &target, &source) != CLI_YES)
		return CLI_TROUBLE;
	status = bench(cli, source.profile, &target);
	cli_source_close(&source);
	return status;
}

const struct cli_command cmd_bench = {
	.name = "bench",
	.group = "Look at a policy",
	.help = "what a profile's filter costs on this machine",
	.operands = "PROFILE",
	.about = "Loads the profile's filter into processes of its own and measures what it adds to real system calls, and how long it\n"
		 "takes to load: beside no filter, libseccomp's two layouts, and the same policy stacked in several filters. The calls\n"
		 "are chosen so that they do nothing, such as close(-1). Needs no privileges.",
	.options = options,
	.run = run,
};
