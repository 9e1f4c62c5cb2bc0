/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make up a unit; see unit.h. */
#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"

static void names_done(unit_names *names)
{
	unit_names_done(names);
}

void unit_files_done(struct unit_files *files)
{
	for (size_t i = 0; i < files->files.count; i++) {
		free(files->files.items[i].path);
		free(files->files.items[i].bytes);
	}
	vec_done(&files->files);
	free(files->name);
	files->name = NULL;
}

static int push_text(unit_names *names, const char *a, const char *b, const char *c, const char *d)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s%s", a, b, c, d) < 0)
		return -ENOMEM;
	if (vec_push(names, text)) {
		free(text);
		return -ENOMEM;
	}
	return 0;
}

/* ---- The unit file ---- */

struct search {
	const char *root, *asked;
	unit_names names; /* the unit's names: its own, then those of links to it */
	char *path;       /* of the file */
	struct callgate_diags *diags;
};

static void search_done(struct search *s)
{
	unit_names_done(&s->names);
	free(s->path);
}

/* The first folder that has a file of this name. 1: found, 0: not. */
static int look_up(struct search *s, const char *name)
{
	const char *folder;

	for (size_t i = 0; (folder = unit_folder_at(i)); i++) {
		_cleanup_free_ char *inner = NULL, *alias = NULL;
		int r;

		if (asprintf(&inner, "%s/%s", folder, name) < 0)
			return diag_oom(s->diags);
		r = unit_resolve(s->root, inner, &s->path, &alias);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r)
			return diag_error(s->diags, r, "unit-link", DIAG_NOWHERE, "%s%s: %s", s->root, inner, strerror(-r));
		if (!s->path)
			return diag_error(s->diags, -ENOTUNIQ, "unit-masked", DIAG_NOWHERE, "%s%s is masked: the unit cannot be started",
					  s->root, inner);
		if (alias && strchr(alias, '@')) /* an instance keeps its name, whatever template its link leads to */
			alias[0] = '\0';
		return push_text(&s->names, alias && *alias ? alias : s->asked, "", "", "") ? diag_oom(s->diags) : 1;
	}
	return 0;
}

static int template_of(const char *name, char **ret_template)
{
	const char *at = strchr(name, '@'), *ending = strrchr(name, '.');

	*ret_template = NULL;
	if (!at || !ending || at > ending || at + 1 == ending)
		return 0;
	return asprintf(ret_template, "%.*s%s", (int)(at + 1 - name), name, ending) < 0 ? -ENOMEM : 0;
}

static int find_file(struct search *s, const char *name)
{
	_cleanup_free_ char *template = NULL;
	int r;

	s->asked = name;
	if (template_of(name, &template))
		return diag_oom(s->diags);
	r = look_up(s, name);
	if (!r && template)
		r = look_up(s, template);
	if (!r)
		return diag_error(s->diags, -ENOENT, "unit-not-found", DIAG_NOWHERE, "no folder of units%s%s has %s",
				  *s->root ? " below " : "", s->root, name);
	return r < 0 ? r : 0;
}

/* ---- Its other names ---- */

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static bool has_name(const unit_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->items[i], name))
			return true;
	return false;
}

/* Is this a link to the unit? Then its name is one of the unit's. What cannot be followed is none of ours. */
static int add_alias(struct search *s, const char *folder, const char *name)
{
	_cleanup_free_ char *inner = NULL, *path = NULL, *alias = NULL;

	if (has_name(&s->names, name))
		return 0;
	if (asprintf(&inner, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (unit_resolve(s->root, inner, &path, &alias) || !alias || strcmp(alias, s->names.items[0]) != 0)
		return 0;
	return push_text(&s->names, name, "", "", "");
}

static int add_aliases(struct search *s)
{
	const char *folder;
	int r = 0;

	for (size_t i = 0; (folder = unit_folder_at(i)) && !r; i++) {
		_cleanup_(close_folder) DIR *stream = NULL;
		_cleanup_free_ char *path = NULL;
		const struct dirent *entry;

		if (asprintf(&path, "%s%s", s->root, folder) < 0)
			return -ENOMEM;
		stream = opendir(path);
		while (stream && !r && (entry = readdir(stream)))
			if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
				r = add_alias(s, folder, entry->d_name);
	}
	return r;
}

/* ---- All files ---- */

/* Folders of drop-ins: name by name, and for each one folder of units after another; those of all units of this kind come last. */
static int dropin_folders(const struct search *s, unit_names *ret)
{
	const char *folder, *ending = strrchr(s->names.items[0], '.');
	int r = 0;

	for (size_t n = 0; n < s->names.count && !r; n++) {
		_cleanup_(names_done) unit_names names = { 0 };

		r = unit_names_of(s->names.items[n], &names);
		for (size_t i = 0; (folder = unit_folder_at(i)) && !r; i++)
			for (size_t k = 0; k < names.count && !r; k++)
				r = push_text(ret, folder, "/", names.items[k], ".d");
	}
	for (size_t i = 0; (folder = unit_folder_at(i)) && !r; i++)
		r = push_text(ret, folder, "/", ending + 1, ".d");
	return r;
}

static int add_file(const char *path, struct unit_files *files, struct callgate_diags *diags)
{
	_cleanup_free_ char *bytes = NULL, *copy = NULL;
	size_t size;
	int r = file_read(path, &bytes, &size, diags);

	if (r < 0)
		return r;
	copy = strdup(path);
	if (!copy || vec_push(&files->files, (struct unit_file){ copy, bytes, size }))
		return diag_oom(diags);
	take_ptr(copy);
	take_ptr(bytes);
	return 0;
}

static int find_by_name(const char *root, const char *name, struct unit_files *ret, struct callgate_diags *diags)
{
	_cleanup_(search_done) struct search s = { .root = root, .diags = diags };
	_cleanup_(names_done) unit_names folders = { 0 };
	int r = find_file(&s, name);

	if (!r)
		r = add_file(s.path, ret, diags);
	if (!r && !ret->files.items[0].size)
		return diag_error(diags, -ENOTUNIQ, "unit-masked", DIAG_NOWHERE, "%s is empty, which masks the unit: it cannot be started",
				  s.path);
	if (!r && (add_aliases(&s) || dropin_folders(&s, &folders)))
		return diag_oom(diags);
	return r ? r : unit_add_dropins(root, &folders, ret, diags);
}

static int find_by_path(const char *path, struct unit_files *ret, struct callgate_diags *diags)
{
	_cleanup_(names_done) unit_names folders = { 0 };
	int r = add_file(path, ret, diags);

	if (r)
		return r;
	if (push_text(&folders, path, ".d", "", ""))
		return diag_oom(diags);
	return unit_add_dropins("", &folders, ret, diags);
}

static bool has_kind(const char *name)
{
	static const char *const kinds[] = { ".service", ".socket", ".mount", ".swap" };
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(ending, kinds[i]))
			return true;
	return false;
}

int unit_files_find(const char *root, const char *name, struct unit_files *ret, struct callgate_diags *diags)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	struct unit_files files = { 0 };
	int r;

	if (!*last || *last == '.' || *last == '@')
		return diag_error(diags, -EINVAL, "unit-name", DIAG_NOWHERE,
				  "%s names no unit: write nginx.service, or the path of its file", name);
	if (asprintf(&files.name, "%s%s", last, has_kind(last) ? "" : ".service") < 0)
		return diag_oom(diags);
	r = slash ? find_by_path(name, &files, diags) : find_by_name(root ? root : "", files.name, &files, diags);
	if (r) {
		unit_files_done(&files);
		return r;
	}
	*ret = files;
	return 0;
}
