/* SPDX-License-Identifier: Apache-2.0 */
/* Anything that denotes a policy, found in one place: a file, a bare name in the profile folders, or standard input. */
#include "cli.h"

#include <unistd.h>

#define SYSTEM_FOLDER "/etc/seccomp"

static bool is_bare_name(const char *text)
{
	return strcmp(text, "-") && !strchr(text, '/') && !strchr(text, '.') && *text;
}

/* Where a bare name may stand; the first that exists is taken. NULL when none does. */
static char *find_named(const char *name)
{
	const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
	char *path;

	if (asprintf(&path, SYSTEM_FOLDER "/%s.json", name) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	if (config && *config ? asprintf(&path, "%s/callgate/%s.json", config, name) < 0 :
				!home || asprintf(&path, "%s/.config/callgate/%s.json", home, name) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *resolve(struct cli *cli, const char *text)
{
	char *path;

	if (!is_bare_name(text) || access(text, F_OK) == 0)
		return strdup(text);
	path = find_named(text);
	if (!path)
		cli_error(cli, "source-not-found",
			  "%s: there is no such file, and no %s/%s.json or callgate/%s.json in your configuration folder", text,
			  SYSTEM_FOLDER, text, text);
	return path;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

/* JSON starts with a brace after blanks; what does not is a raw filter only if it is named or built like one. */
static bool looks_like_bpf(const char *name, const char *bytes, size_t size)
{
	size_t i = 0;

	if (ends_with(name, ".bpf"))
		return true;
	if (ends_with(name, ".json") || !size || size % 8)
		return false;
	while (i < size && strchr(" \t\r\n", bytes[i]) && bytes[i])
		i++;
	return i < size && bytes[i] != '{' && memchr(bytes, 0, size);
}

int cli_source_open(struct cli *cli, const char *text, unsigned read_flags, struct cli_source *ret_source)
{
	struct cli_source source = { 0 };
	char *bytes = NULL;
	size_t size;
	int r;

	source.name = resolve(cli, text);
	if (!source.name || cli_read_file(cli, source.name, &bytes, &size) != CLI_YES) {
		free(source.name);
		return CLI_TROUBLE;
	}
	if (looks_like_bpf(source.name, bytes, size))
		r = callgate_filter_read(bytes, size, source.name, &source.filter, cli->diags);
	else
		r = callgate_profile_read(bytes, size, source.name, read_flags, &source.profile, cli->diags);
	free(bytes);
	if (r < 0) {
		free(source.name);
		return cli_trouble(cli);
	}
	*ret_source = source;
	return CLI_YES;
}

int cli_source_open_profile(struct cli *cli, const char *text, unsigned read_flags, struct cli_source *ret_source)
{
	struct cli_source source;

	if (cli_source_open(cli, text, read_flags, &source) != CLI_YES)
		return CLI_TROUBLE;
	if (!source.profile) {
		cli_error(cli, "source-kind", "%s is a compiled filter; callgate %s needs a profile", source.name, cli->command->name);
		cli_source_close(&source);
		return CLI_TROUBLE;
	}
	*ret_source = source;
	return CLI_YES;
}

void cli_source_close(struct cli_source *source)
{
	free(source->name);
	callgate_profile_free(source->profile);
	callgate_filter_free(source->filter);
	*source = (struct cli_source){ 0 };
}
