/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything that denotes a policy, found in one place. A source is one term or several: `a+b` is what either allows, `a&b` what both
 * do; & binds tighter. A term is `KIND:REST` or a file. The one place of floor 4 that reads files.
 */
#include <callgate.h>

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/util.h"
#include "format/format.h"
#include "kernel/kernel.h"
#include "model/policy.h"
#include "unit/unit.h"

/* ---- Files ---- */

struct inclusion {
	VEC(char *) texts; /* what was read, and its names: alive until the import is over */
	VEC(char *) names;
};

static void inclusion_done(struct inclusion *in)
{
	for (size_t i = 0; i < in->texts.count; i++)
		free(in->texts.items[i]);
	for (size_t i = 0; i < in->names.count; i++)
		free(in->names.items[i]);
	vec_done(&in->texts);
	vec_done(&in->names);
}

/* Beside the file that names it, unless its name is absolute. */
static char *path_beside(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (*name == '/' || !slash)
		return strdup(name);
	return asprintf(&path, "%.*s/%s", (int)(slash - file), file, name) < 0 ? NULL : path;
}

static int include_file(void *user, const char *file, const char *name, const char **ret_bytes, size_t *ret_size, const char **ret_file,
			struct callgate_diags *diags)
{
	struct inclusion *in = user;
	_cleanup_free_ char *path = path_beside(file, name), *bytes = NULL;
	int r;

	if (!path)
		return diag_oom(diags);
	r = file_read(path, &bytes, ret_size, diags);
	if (r < 0)
		return r;
	if (vec_reserve((void **)&in->texts.items, &in->texts.room, in->texts.count + 1, sizeof(char *)) || vec_push(&in->names, path))
		return diag_oom(diags);
	*ret_file = take_ptr(path);
	*ret_bytes = in->texts.items[in->texts.count++] = take_ptr(bytes);
	return 0;
}

static int import(const struct format *format, const char *bytes, size_t size, const char *file, unsigned flags,
		  struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	_cleanup_(inclusion_done) struct inclusion inclusion = { 0 };
	const struct format_input input = { .bytes = bytes, .size = size, .file = file, .flags = flags, .include = include_file,
					    .user = &inclusion };

	return format->import(&input, ret_policy, diags);
}

static int open_file(const struct format *format, const char *name, unsigned flags, struct callgate_policy **ret_policy,
		     struct callgate_diags *diags)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = file_read(name, &bytes, &size, diags);

	if (r < 0)
		return r;
	if (!format)
		format = format_of(name, bytes, size);
	if (!format) /* JSON is what most files are: its reader says best what is wrong */
		format = &format_oci;
	return import(format, bytes, size, name, flags, ret_policy, diags);
}

/* Where a bare name stands: the first of the folders that has NAME.json. */
static int open_named(const char *name, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
		      struct callgate_diags *diags)
{
	static const char *const system_folders[] = { "/etc/seccomp", NULL };
	const char *const *folders = options->folders ? options->folders : system_folders;
	struct buf tried = { 0 };
	int r;

	for (size_t i = 0; folders[i]; i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s.json", folders[i], name) < 0)
			return diag_oom(diags);
		if (access(path, F_OK) == 0) {
			buf_done(&tried);
			return open_file(NULL, path, options->flags, ret_policy, diags);
		}
		buf_printf(&tried, "%s%s", i ? " or " : "", path);
	}
	r = diag_error(diags, -ENOENT, "source-not-found", DIAG_NOWHERE, "%s: there is no such file, and no %s", name,
		       tried.text ? tried.text : "profile of this name");
	buf_done(&tried);
	return r;
}

static bool is_bare_name(const char *text)
{
	return *text && strcmp(text, "-") && !strpbrk(text, "/.:");
}

/* ---- Kinds ---- */

struct source_kind {
	const char *prefix, *help;
	int (*open)(const char *rest, const struct callgate_source_options *options, struct callgate_policy **ret_policy, struct callgate_diags *diags);
};

static int open_pid(const char *rest, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
		    struct callgate_diags *diags)
{
	uint64_t pid;

	(void)options;
	if (parse_u64(rest, &pid) || !pid || pid > INT_MAX)
		return diag_error(diags, -EINVAL, "source-pid", DIAG_NOWHERE, "pid:%s: write the number of a process or thread", rest);
	return kernel_dump((pid_t)pid, ret_policy, diags);
}

static int open_builtin(const char *rest, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
			struct callgate_diags *diags)
{
	(void)options;
	return builtin_read(rest, ret_policy, diags);
}

static int open_systemd(const char *rest, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
			struct callgate_diags *diags)
{
	(void)options;
	return systemd_read_expression(rest, ret_policy, diags);
}

static void units_drop(struct unit_files *files) { unit_files_done(files); }

static int open_unit(const char *rest, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
		     struct callgate_diags *diags)
{
	_cleanup_(units_drop) struct unit_files files = { 0 };
	_cleanup_free_ struct systemd_text *texts = NULL;
	int r = unit_files_find(options->root, rest, &files, diags);

	if (r)
		return r;
	texts = calloc(files.files.count + 1, sizeof(*texts));
	if (!texts)
		return diag_oom(diags);
	for (size_t i = 0; i < files.files.count; i++)
		texts[i] = (struct systemd_text){ files.files.items[i].path, files.files.items[i].bytes, files.files.items[i].size };
	return systemd_unit_policy(files.name, texts, files.files.count, options->systemd, 0, ret_policy, diags);
}

static const struct source_kind kinds[] = {
	{ "builtin", "a policy that comes with Callgate: docker, podman, systemd-service, none", open_builtin },
	{ "pid", "what a live process runs under: all its filters, as they stack", open_pid },
	{ "systemd", "a list as in SystemCallFilter=: @groups, names, ~exceptions, name:errno", open_systemd },
	{ "unit", "the filters that systemd loads for a unit, from its files", open_unit },
	{ NULL, NULL, NULL },
};

static const struct source_kind *find_kind(const char *prefix, size_t length)
{
	for (const struct source_kind *kind = kinds; kind->prefix; kind++)
		if (strlen(kind->prefix) == length && !memcmp(kind->prefix, prefix, length))
			return kind;
	return NULL;
}

/* The format that stands before a file's name, as in minijail:FILE. */
static const struct format *find_format(const char *prefix, size_t length)
{
	const struct format *format;

	for (size_t i = 0; (format = format_at(i)); i++)
		if (strlen(format->name) == length && !memcmp(format->name, prefix, length))
			return format;
	return NULL;
}

const char *callgate_source_at(unsigned i, const char **ret_help)
{
	const struct format *format;
	size_t count = ARRAY_SIZE(kinds) - 1;

	if (i < count) {
		*ret_help = kinds[i].help;
		return kinds[i].prefix;
	}
	i -= (unsigned)count;
	for (size_t at = 0; (format = format_at(at)); at++) {
		if (!format->import || i--)
			continue;
		*ret_help = format->help;
		return format->name;
	}
	return NULL;
}

static int only_written(const struct format *format, struct callgate_diags *diags)
{
	return diag_error(diags, -EINVAL, "source-write-only", DIAG_NOWHERE, "the format %s is written by callgate convert, but not read", format->name);
}

static int open_term(const char *text, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
		     struct callgate_diags *diags)
{
	size_t prefix = strcspn(text, ":");
	const struct source_kind *kind = text[prefix] ? find_kind(text, prefix) : NULL;
	const struct format *format = text[prefix] ? find_format(text, prefix) : NULL;

	if (!*text)
		return diag_error(diags, -EINVAL, "source-empty", DIAG_NOWHERE, "there is nothing beside + or &: combine two sources as a+b or a&b");
	if (kind)
		return kind->open(text + prefix + 1, options, ret_policy, diags);
	if (format && !format->import)
		return only_written(format, diags);
	if (format)
		return open_file(format, text + prefix + 1, options->flags, ret_policy, diags);
	if (is_bare_name(text) && access(text, F_OK))
		return open_named(text, options, ret_policy, diags);
	return open_file(NULL, text, options->flags, ret_policy, diags);
}

/* ---- Combinations ---- */

/* `text` cut at `separator`: one part is that part, several are combined. Cutting ends where nothing is left to cut. */
static int open_cut(char *text, const char *separators, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
		    struct callgate_diags *diags)
{
	_cleanup_(policy_freep) struct callgate_policy *all = NULL;
	char cut[2] = { *separators, '\0' };
	char *rest = text, *word;
	int r;

	if (!*separators)
		return open_term(text, options, ret_policy, diags);
	if (!strchr(text, *separators))
		return open_cut(text, separators + 1, options, ret_policy, diags);
	r = policy_new(*separators == '+' ? CALLGATE_POLICY_UNION : CALLGATE_POLICY_STACK, text, &all);
	while (!r && (word = strsep(&rest, cut))) {
		struct callgate_policy *part;

		r = open_cut(word, separators + 1, options, &part, diags);
		if (r < 0)
			return r;
		r = policy_add(all, part);
	}
	if (r)
		return diag_oom(diags);
	*ret_policy = take_ptr(all);
	return 0;
}

int callgate_policy_open(const char *source, const struct callgate_source_options *options, struct callgate_policy **ret_policy,
			 struct callgate_diags *diags)
{
	static const struct callgate_source_options defaults = { 0 };
	_cleanup_free_ char *text = strdup(source);

	if (!text)
		return diag_oom(diags);
	/* a file may have + and & in its name */
	return open_cut(text, access(source, F_OK) == 0 ? "" : "+&", options ? options : &defaults, ret_policy, diags);
}

int callgate_policy_read(const char *bytes, size_t size, const char *file, const char *format_name, unsigned flags,
			 struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	const struct format *format = format_name ? format_find(format_name) : format_of(file ? file : "", bytes, size);
	const struct format_input input = { .bytes = bytes, .size = size, .file = file, .flags = flags };

	if (format_name && !format)
		return diag_error(diags, -ENOENT, "source-format", DIAG_NOWHERE, "there is no format \"%s\"", format_name);
	if (format && !format->import)
		return only_written(format, diags);
	return (format ? format : &format_oci)->import(&input, ret_policy, diags);
}

int callgate_file_read(const char *name, char **ret_bytes, size_t *ret_size, struct callgate_diags *diags)
{
	return file_read(name, ret_bytes, ret_size, diags);
}
