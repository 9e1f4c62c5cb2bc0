/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as lines for a drop-in. A list begins with an empty assignment: it takes the place of what the unit says itself. One answer for
 * each call, since the directives cannot test arguments: an allow list, or a deny list, with error numbers. In an allow list @default is
 * always there, so what of it the profile refuses is taken out again, and calls with an errno of their own are named in an assignment that
 * begins with ~, as systemd reads it (src/shared/seccomp-util.c, seccomp_parse_syscall_filter).
 */
#include "format/systemd-write.h"

#include <stdio.h>

#include "model/call.h"

#define LINE_MAX_SIZE 110

struct writer {
	const struct format_output *in;
	struct buf *out;
	struct callgate_diags *diags;
	uint32_t *answers; /* by id */
	bool *matters;     /* on an ABI of the profile, and known to this systemd */
	bool *wanted;      /* scratch of one cover */
	bool allow, groups;
	/* the assignment that is being written */
	const char *directive, *suffix;
	size_t line;       /* where its line begins in out */
};

static void done(struct writer *w)
{
	free(w->answers);
	free(w->matters);
	free(w->wanted);
}

/* ---- Assignments ---- */

static void begin_line(struct writer *w)
{
	w->line = w->out->size;
	buf_puts(w->out, w->directive);
}

static void put_word(void *user, const char *word)
{
	struct writer *w = user;
	size_t used = w->out->size - w->line, head = strlen(w->directive);

	if (w->line == SIZE_MAX) {
		begin_line(w);
	} else if (used + strlen(word) + strlen(w->suffix) + 1 > LINE_MAX_SIZE) {
		buf_puts(w->out, "\n");
		begin_line(w);
	} else if (used > head) {
		buf_puts(w->out, " ");
	}
	buf_printf(w->out, "%s%s", word, w->suffix);
}

/* directive: "SystemCallFilter=~"; what is wanted has been put into w->wanted. */
static void put_set(struct writer *w, const char *directive, const char *suffix, const char *except)
{
	struct systemd_cover cover = { .wanted = w->wanted, .matters = w->matters, .groups = w->groups };

	w->directive = directive;
	w->suffix = suffix;
	w->line = SIZE_MAX;
	if (except && w->groups)
		systemd_cover_less(&cover, except);
	systemd_cover(&cover, put_word, w);
	if (w->line != SIZE_MAX)
		buf_puts(w->out, "\n");
}

static bool passes(uint32_t action) { return action == CALLGATE_ALLOW || action == CALLGATE_LOG; }

static unsigned want(struct writer *w, uint32_t action)
{
	unsigned count = 0;

	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		w->wanted[id] = w->matters[id] && (w->answers[id] == action || (action == CALLGATE_ALLOW && passes(w->answers[id])));
		count += w->wanted[id];
	}
	return count;
}

static const char *error_name(uint32_t action, char text[16])
{
	const char *name = arch_errno_name((int)(action & ACTION_DATA));

	if (action == CALLGATE_KILL_PROCESS)
		return "kill";
	if (name)
		return name;
	snprintf(text, 16, "%u", action & ACTION_DATA);
	return text;
}

/* ---- Lists ---- */

/* The refusals that are not `plain`, each a list of its own. */
static void put_refusals(struct writer *w, uint32_t plain)
{
	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		uint32_t action = w->answers[id];
		char suffix[24], text[16];
		unsigned before = 0;

		if (!w->matters[id] || passes(action) || action == plain)
			continue;
		while (before < id && !(w->matters[before] && w->answers[before] == action))
			before++;
		if (before < id) /* written already */
			continue;
		snprintf(suffix, sizeof(suffix), ":%s", error_name(action, text));
		want(w, action);
		put_set(w, "SystemCallFilter=~", suffix, NULL);
	}
}

static void put_error_number(struct writer *w, uint32_t action)
{
	char text[16];

	buf_printf(w->out, "SystemCallErrorNumber=%s\n", error_name(action, text));
}

static void put_allow_list(struct writer *w)
{
	uint32_t refusal = w->in->profile->default_action;
	size_t before;

	put_error_number(w, refusal);
	before = w->out->size;
	want(w, CALLGATE_ALLOW);
	put_set(w, "SystemCallFilter=", "", "@default");
	if (w->out->size == before)
		buf_puts(w->out, "SystemCallFilter=@default\n");
	for (unsigned id = 0; id < arch_syscall_count(); id++)
		w->wanted[id] = w->matters[id] && w->answers[id] == refusal && systemd_group_has("@default", (int)id);
	put_set(w, "SystemCallFilter=~", "", NULL);
	put_refusals(w, refusal);
}

static void put_deny_list(struct writer *w)
{
	uint32_t plain = CALLGATE_ALLOW;
	unsigned most = 0;

	for (unsigned id = 0; id < arch_syscall_count(); id++) {
		unsigned count = w->matters[id] && !passes(w->answers[id]) ? want(w, w->answers[id]) : 0;

		if (count > most)
			most = count, plain = w->answers[id];
	}
	if (!most)
		return;
	put_error_number(w, plain);
	want(w, plain);
	put_set(w, "SystemCallFilter=~", "", NULL);
	put_refusals(w, plain);
}

/* ---- The whole ---- */

static int find_answers(struct writer *w)
{
	const struct callgate_profile *profile = w->in->profile;
	size_t count = arch_syscall_count();

	w->answers = malloc(count * sizeof(*w->answers));
	w->matters = calloc(count, sizeof(*w->matters));
	w->wanted = calloc(count, sizeof(*w->wanted));
	if (!w->answers || !w->matters || !w->wanted)
		return diag_oom(w->diags);
	for (unsigned id = 0; id < count; id++) {
		w->answers[id] = profile->default_action;
		w->matters[id] = profile_call_exists((int)id, w->in->abis);
		w->matters[id] &= w->in->systemd != SYSTEMD_VERSION || !systemd_name_too_new((int)id);
	}
	for (size_t i = profile->clauses.count; i-- > 0;) /* the first rule of a call decides */
		if (!profile->clauses.items[i].derived)
			w->answers[profile->clauses.items[i].syscall] = profile->clauses.items[i].action;
	return 0;
}

static bool has_own_rule(const struct callgate_profile *profile, int syscall)
{
	size_t first, end;

	profile_clauses_of(profile, syscall, &first, &end);
	return first < end && !profile->clauses.items[first].derived;
}

/*
 * socketcall() and ipc() stand for other calls, and systemd's rules for these hold there, too: for exact numbers, and unless a list names
 * socketcall or ipc itself, which it cannot where their answer is the default.
 */
static int check_multiplexed(const struct writer *w)
{
	const struct callgate_profile *profile = w->in->profile;
	const struct arch_multiplexed *m;

	for (unsigned i = 0; (m = arch_multiplexed_at(i)); i++) {
		bool own = has_own_rule(profile, m->via);

		if (!w->matters[m->via] || w->answers[m->syscall] == profile->default_action)
			continue;
		if (own ? w->answers[m->via] != profile->default_action : m->mask == UINT32_MAX)
			continue;
		return diag_error(w->diags, -ENOTSUP, "systemd-cannot", DIAG_NOWHERE,
				  "systemd cannot say what %s does with %s, which goes through it: give %s another answer of its own, or leave out "
				  "ABIs that have it",
				  arch_syscall_name(m->via), arch_syscall_name(m->syscall), arch_syscall_name(m->via));
	}
	return 0;
}

static int put_archs(struct writer *w)
{
	const char *separator = "";

	if (w->in->abis & ~systemd_machine_abis(w->in->abis) || w->in->abis == CALLGATE_ABI_BIT(CALLGATE_ABI_X32))
		return diag_error(w->diags, -ENOTSUP, "systemd-cannot", DIAG_NOWHERE,
				  "systemd cannot say that a profile is for ABIs of several machines, or leaves out a machine's own: choose with --abi");
	buf_puts(w->out, "SystemCallArchitectures=\nSystemCallArchitectures=");
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!(w->in->abis >> abi & 1))
			continue;
		if (!systemd_arch_name(abi))
			return diag_error(w->diags, -ENOTSUP, "systemd-cannot", DIAG_NOWHERE, "systemd %u cannot say the architecture %s", SYSTEMD_VERSION,
					  arch_abi_get(abi)->name);
		buf_printf(w->out, "%s%s", separator, systemd_arch_name(abi));
		separator = " ";
	}
	buf_puts(w->out, "\n");
	return 0;
}

static int export(const struct format_output *in, struct buf *out, struct callgate_diags *diags)
{
	_cleanup_(done) struct writer w = { .in = in, .out = out, .diags = diags };
	int r = find_answers(&w);

	w.allow = profile_action_rank(in->profile->default_action) == ABILITY_REFUSED;
	w.groups = !in->expand && in->systemd == SYSTEMD_VERSION;
	if (!r)
		r = check_multiplexed(&w);
	if (r)
		return r;
	buf_printf(out, "# Made by callgate, for systemd %u. A drop-in: /etc/systemd/system/UNIT.service.d/seccomp.conf\n[Service]\nNoNewPrivileges=yes\n",
		   in->systemd);
	r = put_archs(&w);
	if (r)
		return r;
	buf_puts(out, "SystemCallFilter=\n");
	if (w.allow)
		put_allow_list(&w);
	else
		put_deny_list(&w);
	if (want(&w, CALLGATE_LOG))
		buf_puts(out, "SystemCallLog=\n");
	put_set(&w, "SystemCallLog=", "", NULL);
	systemd_write_families(in, out);
	if (in->systemd != SYSTEMD_VERSION)
		diag_note(diags, "systemd-version", DIAG_NOWHERE, "only the lists of systemd %u are known: names are written instead of groups, and what %u "
			  "adds to @default is allowed", SYSTEMD_VERSION, in->systemd);
	return out->error ? diag_oom(diags) : 0;
}

/* As PID 1 would read it, on a machine that has these ABIs. */
static int reread(const struct format_output *out, const struct buf *text, struct callgate_policy **ret_policy, unsigned *ret_abis,
		  struct callgate_diags *diags)
{
	const struct systemd_text unit = { .file = "seccomp.conf", .bytes = text->text, .size = text->size };

	if (out->systemd != SYSTEMD_VERSION)
		return -ENOTSUP;
	*ret_abis = systemd_machine_abis(out->abis);
	return systemd_unit_policy("callgate.service", &unit, 1, 0, *ret_abis, ret_policy, diags);
}

static bool knows_name(int syscall) { return !systemd_name_too_new(syscall); }

static const struct profile_abilities *abilities(const struct format_output *out)
{
#define ABILITIES .format = "systemd", .cannot = "systemd-cannot", .defaults = ABILITY_ALLOW | ABILITY_ERRNO | ABILITY_KILL_PROCESS, \
		  .in_allow_list = ABILITY_ALLOW | ABILITY_LOG | ABILITY_ERRNO | ABILITY_KILL_PROCESS, \
		  .in_deny_list = ABILITY_ALLOW | ABILITY_LOG | ABILITY_ERRNO | ABILITY_KILL_PROCESS, .errno_min = 1, .value_max = UINT64_MAX, \
		  .bad_arch = CALLGATE_KILL_THREAD
	static const struct profile_abilities known = { ABILITIES, .knows = knows_name }, other = { ABILITIES };
#undef ABILITIES

	return out->systemd == SYSTEMD_VERSION ? &known : &other;
}

const struct format format_systemd = {
	.name = "systemd",
	.written = "lines for a drop-in of a systemd service",
	.starts = true,
	.abilities = abilities,
	.prepare = systemd_prepare_families,
	.export = export,
	.reread = reread,
};
