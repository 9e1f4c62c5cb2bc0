/* SPDX-License-Identifier: Apache-2.0 */
/* For what a policy is read: --abi, --cap, --kernel, --strict64. */
#include "cli.h"

#include <math.h>

int cli_abi(struct cli *cli, const char *name, enum callgate_abi *ret_abi)
{
	int abi = name ? callgate_abi_from_name(name) : (int)callgate_abi_native();

	if (abi < 0) {
		char known[256] = "";

		for (int i = 0; i < CALLGATE_ABI_COUNT; i++)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", i ? ", " : "", callgate_abi_name(i));
		return cli_error(cli, "usage-abi", "\"%s\" is no ABI; there are %s", name, known);
	}
	*ret_abi = (enum callgate_abi)abi;
	return CLI_YES;
}

static int parse_kernel(struct cli *cli, const char *text, unsigned *ret_kernel)
{
	unsigned major, minor;
	char rest;

	if (sscanf(text, "%u.%u%c", &major, &minor, &rest) != 2 || major > 255 || minor > 255)
		return cli_error(cli, "usage-kernel", "--kernel takes a version such as 4.14 or 6.1, not \"%s\"", text);
	if (major < 4 || (major == 4 && minor < 14))
		return cli_error(cli, "usage-kernel", "Linux %s is older than 4.14, the oldest that Callgate supports", text);
	*ret_kernel = major << 16 | minor << 8;
	return CLI_YES;
}

/* What a policy is for unless said otherwise: this machine. */
static unsigned running_kernel(void)
{
	struct callgate_features features;

	return callgate_probe(&features) < 0 ? 0 : features.kernel & ~0xffu;
}

int cli_target(struct cli *cli, const char *const *abis, const char *const *caps, const char *kernel, bool strict64,
	       struct callgate_target *ret_target)
{
	struct callgate_target target = { .strict64 = strict64 };

	for (; abis && *abis; abis++) {
		enum callgate_abi abi;

		if (cli_abi(cli, *abis, &abi) != CLI_YES)
			return CLI_TROUBLE;
		target.abis |= CALLGATE_ABI_BIT(abi);
	}
	for (; caps && *caps; caps++) {
		int cap = callgate_capability_value(*caps);

		if (cap < 0)
			return cli_error(cli, "usage-capability", "\"%s\" is no capability; see capabilities(7)", *caps);
		target.caps |= UINT64_C(1) << cap;
	}
	if (kernel && parse_kernel(cli, kernel, &target.kernel) != CLI_YES)
		return CLI_TROUBLE;
	if (!kernel)
		target.kernel = running_kernel();
	*ret_target = target;
	return CLI_YES;
}

int cli_parse_seconds(struct cli *cli, const char *text, double *ret_seconds)
{
	static const struct { const char *unit; double seconds; } units[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	char *end;
	double value = strtod(text, &end);

	for (size_t i = 0; end != text && i < ARRAY_SIZE(units); i++)
		if (!strcmp(end, units[i].unit) && isfinite(value) && value > 0 && value * units[i].seconds < 1e9) {
			*ret_seconds = value * units[i].seconds;
			return CLI_YES;
		}
	return cli_error(cli, "usage-time", "\"%s\" is no length of time; write 90, 1.5s, 10m or 2h", text);
}

enum callgate_mode cli_mode(const char *word)
{
	static const struct { const char *word; enum callgate_mode mode; } modes[] = {
		{ "log", CALLGATE_MODE_LOG }, { "errno", CALLGATE_MODE_ERRNO }, { "kill", CALLGATE_MODE_KILL }, { "trap", CALLGATE_MODE_TRAP },
	};

	for (size_t i = 0; word && i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i].word, word))
			return modes[i].mode;
	return CALLGATE_MODE_AS_WRITTEN;
}
