/* SPDX-License-Identifier: Apache-2.0 */
/* Drop-ins: the files NAME.conf of several folders, as if they were in one, where the folder that comes first hides the others' files. */
#include "unit/unit.h"

#include <dirent.h>

#include "base/file.h"

struct found {
	char *name, *folder; /* below the root */
};
typedef VEC(struct found) found_list;

static void found_done(found_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].folder);
	}
	vec_done(list);
}

static bool has(const found_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].name, name))
			return true;
	return false;
}

static bool is_dropin(const char *name)
{
	size_t size = strlen(name);

	return name[0] != '.' && size > 5 && !strcmp(name + size - 5, ".conf");
}

static int push(found_list *list, const char *folder, const char *name)
{
	struct found found = { strdup(name), strdup(folder) };

	if (found.name && found.folder && !vec_push(list, found))
		return 0;
	free(found.name);
	free(found.folder);
	return -ENOMEM;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static int collect(const char *root, const char *folder, found_list *list)
{
	_cleanup_(buf_done) struct buf path = { 0 };
	_cleanup_(close_folder) DIR *stream = NULL;
	const struct dirent *entry;
	int r = 0;

	buf_printf(&path, "%s%s", root, folder);
	if (path.error)
		return path.error;
	stream = opendir(path.text); /* most do not exist */
	while (stream && !r && (entry = readdir(stream)))
		if (is_dropin(entry->d_name) && !has(list, entry->d_name))
			r = push(list, folder, entry->d_name);
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static int read_one(const char *root, const struct found *found, struct unit_files *files, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf inner = { 0 };
	_cleanup_free_ char *path = NULL, *alias = NULL, *bytes = NULL;
	size_t size;
	int r;

	buf_printf(&inner, "%s/%s", found->folder, found->name);
	r = inner.error ? inner.error : unit_resolve(root, inner.text, &path, &alias);
	if (r == -ENOMEM)
		return diag_oom(diags);
	if (r)
		return diag_error(diags, r, "unit-link", DIAG_NOWHERE, "%s%s: %s", root, inner.text, strerror(-r));
	if (!path) /* masked */
		return 0;
	r = file_read(path, &bytes, &size, diags);
	if (r < 0)
		return r;
	if (vec_push(&files->files, (struct unit_file){ path, bytes, size }))
		return diag_oom(diags);
	take_ptr(path);
	take_ptr(bytes);
	return 0;
}

int unit_add_dropins(const char *root, const unit_names *folders, struct unit_files *files, struct callgate_diags *diags)
{
	_cleanup_(found_done) found_list list = { 0 };
	int r = 0;

	for (size_t i = 0; i < folders->count && !r; i++)
		r = collect(root, folders->items[i], &list);
	if (r)
		return diag_oom(diags);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	for (size_t i = 0; i < list.count && !r; i++)
		r = read_one(root, &list.items[i], files, diags);
	return r;
}
