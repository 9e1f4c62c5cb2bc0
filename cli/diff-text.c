/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences as people read them. What is the same on several ABIs stands under one heading that names them all; calls that differ in the same way
 * whatever their arguments are one list, and by groups when it would be long.
 */
#include "cli.h"

#define LIST_MAX 24      /* names in a list that is not summed up */
#define CONDITIONS_MAX 16 /* conditions listed one by one */
#define RANGES_MAX 4
#define LINE_MAX 100
#define OTHERS_BIT CALLGATE_ABI_BIT(CALLGATE_ABI_COUNT)
#define GROUPS_MOST 12   /* lines of groups in one list … */
#define GROUPS_OTHER 3   /* … of calls that neither or both allow */

struct item {
	char *label;         /* the call's name, or which numbers */
	const char *name;    /* NULL: numbers */
	char *witness;
	struct callgate_difference d;
	unsigned abis, ranges;
	bool printed;
};

struct items {
	struct item *all;
	size_t count;
	bool every;
};

static void release(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->all[i].label);
		free(items->all[i].witness);
	}
	free(items->all);
}

/* ---- Differences to items ---- */

static bool is_all_calls(const struct callgate_difference *d)
{
	return d->last == UINT32_MAX && (d->first == 0 || d->first == 0x40000000);
}

/* Without its base, as call_format writes it. */
static uint32_t shown_number(const struct callgate_difference *d, uint32_t nr)
{
	return d->abi == CALLGATE_ABI_X32 && nr - 0x40000000u < 0x40000000u ? nr - 0x40000000u : nr;
}

static char *label_of(const struct callgate_difference *d)
{
	char *text = NULL;
	int r;

	if (d->syscall_name)
		return strdup(d->syscall_name);
	if (d->abi < 0 || is_all_calls(d))
		return strdup("all calls");
	if (d->first == UINT32_MAX)
		return strdup("number -1");
	if (d->first == d->last)
		r = asprintf(&text, "numbers %u", shown_number(d, d->first));
	else
		r = asprintf(&text, "numbers %u-%u", shown_number(d, d->first), shown_number(d, d->last));
	return r < 0 ? NULL : text;
}

static bool same_way(const struct callgate_difference *a, const struct callgate_difference *b)
{
	return a->action_a == b->action_a && a->action_b == b->action_b && a->unlisted == b->unlisted && a->wide == b->wide &&
		a->by_address == b->by_address && !strcmp(a->condition, b->condition);
}

/* Ranges of numbers of one ABI become one item. */
static bool join_numbers(struct item *into, const struct callgate_difference *d)
{
	char *text = NULL;

	if (into->name || d->syscall_name || d->abi < 0 || into->d.abi != d->abi || !same_way(&into->d, d) || is_all_calls(d) ||
	    d->first == UINT32_MAX)
		return false;
	if (++into->ranges > RANGES_MAX)
		return true;
	if (d->first == d->last ? asprintf(&text, "%s, %u", into->label, shown_number(d, d->first)) < 0 :
				  asprintf(&text, "%s, %u-%u", into->label, shown_number(d, d->first), shown_number(d, d->last)) < 0)
		return false;
	free(into->label);
	into->label = text;
	return true;
}

static int append(struct items *items, const struct callgate_difference *d)
{
	struct item item = { .label = label_of(d), .name = d->syscall_name, .d = *d, .ranges = 1 };

	item.abis = d->abi < 0 ? OTHERS_BIT : CALLGATE_ABI_BIT((unsigned)d->abi);
	if (!item.label || callgate_call_format(&d->witness, &item.witness) < 0) {
		free(item.label);
		return -ENOMEM;
	}
	items->all[items->count++] = item;
	return 0;
}

static int collect(const struct callgate_diff *diff, struct items *items)
{
	struct callgate_difference d;
	size_t room = 0;
	int r = 0;

	while (callgate_diff_get(diff, room, &d))
		room++;
	items->all = calloc(room + 1, sizeof(*items->all));
	if (!items->all)
		return -ENOMEM;
	for (size_t i = 0; i < room && !r; i++) {
		bool joined = false;

		callgate_diff_get(diff, i, &d);
		for (size_t k = items->count; k-- > 0 && !joined && items->all[k].d.abi == d.abi && !items->all[k].name;)
			joined = join_numbers(&items->all[k], &d);
		if (!joined)
			r = append(items, &d);
	}
	return r;
}

/* The same on a further ABI: one item for both. */
static void merge_abis(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		struct item *first = &items->all[i];

		for (size_t k = i + 1; k < items->count && first->abis; k++) {
			struct item *next = &items->all[k];

			/* not twice for one ABI */
			if (!next->abis || first->abis & next->abis || first->name != next->name || strcmp(first->label, next->label) != 0 ||
			    first->ranges > RANGES_MAX || next->ranges > RANGES_MAX || !same_way(&first->d, &next->d))
				continue;
			first->abis |= next->abis;
			next->abis = 0;
			next->printed = true;
		}
	}
}

/* ---- Lists of names ---- */

/* Names separated by commas, on lines of LINE_MAX; `limit` of them. */
static void print_names(const char *const *names, size_t count, size_t limit, unsigned indent, unsigned column)
{
	for (size_t i = 0; i < count && i < limit; i++) {
		unsigned size = (unsigned)strlen(names[i]) + 2;

		if (i)
			putchar(',');
		if (i && column + size > LINE_MAX) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (i) {
			putchar(' ');
		}
		fputs(names[i], stdout);
		column += size;
	}
	if (count > limit)
		printf(" and %zu more", count - limit);
	putchar('\n');
}

/* Sums of others, which say nothing about what the calls are for. */
static bool is_sum(const char *group)
{
	return !strcmp(group, "@known") || !strcmp(group, "@system-service") || !strcmp(group, "@privileged");
}

/* Of these names, how many a group has; *ret_size is how many it has at all. */
static size_t in_group(unsigned group, const char *const *names, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += callgate_group_has(group, names[i]);
	return n;
}

/* The group that says most about the names that are left: the one with most of them. */
static int best_group(const char *const *names, size_t count, size_t *ret_members)
{
	const char *group;
	int best = -1;

	*ret_members = 2; /* fewer are better named one by one */
	for (unsigned g = 0; (group = callgate_group_at(g, NULL)); g++) {
		size_t n = is_sum(group) ? 0 : in_group(g, names, count);

		if (n > *ret_members) {
			*ret_members = n;
			best = (int)g;
		}
	}
	return best;
}

/* Names in a group go to the front; the rest keeps its order. */
static void take_group(unsigned group, const char **names, size_t count, const char **members)
{
	size_t left = 0, n = 0;

	for (size_t i = 0; i < count; i++)
		if (callgate_group_has(group, names[i]))
			members[n++] = names[i];
		else
			names[left++] = names[i];
}

/* As many names as fit in the rest of a line. */
static size_t fitting(const char *const *names, size_t count)
{
	size_t width = 28, n = 0;

	while (n < count && width + strlen(names[n]) + 2 <= LINE_MAX - 14)
		width += strlen(names[n++]) + 2;
	return n ? n : 1;
}

static void print_groups(const char **names, size_t count, unsigned limit)
{
	const char **members = calloc(count + 1, sizeof(*members));
	size_t n;
	int group;

	while (members && limit-- && (group = best_group(names, count, &n)) >= 0) {
		take_group((unsigned)group, names, count, members);
		count -= n;
		printf("    %-15s %4zu: ", callgate_group_at((unsigned)group, NULL), n);
		print_names(members, n, fitting(members, n), 28, 28);
	}
	if (count) {
		printf("    %-15s %4zu: ", "others", count);
		print_names(names, count, fitting(names, count), 28, 28);
	}
	free(members);
}

/* ---- Sections ---- */

static void put_abis(unsigned abis)
{
	const unsigned all = OTHERS_BIT | (OTHERS_BIT - 1);
	bool first = true;

	if (abis == all) {
		fputs("all architectures", stdout);
		return;
	}
	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi)) {
			printf("%s%s", first ? "" : ", ", callgate_abi_name((enum callgate_abi)abi));
			first = false;
		}
	if (abis & OTHERS_BIT)
		printf("%sunknown architectures", first ? "" : ", ");
}

static const char *way(const struct callgate_difference *d)
{
	bool a = callgate_action_permits(d->action_a), b = callgate_action_permits(d->action_b);

	if (d->kind == CALLGATE_DIFF_LOOSER)
		return b ? "B allows, A does not" : "B leaves it to another process, A refuses";
	if (d->kind == CALLGATE_DIFF_STRICTER)
		return a ? "A allows, B does not" : "A leaves it to another process, B refuses";
	return a && b ? "both allow, in different ways" : "neither allows, in different ways";
}

static void print_condition(const struct cli *cli, const struct item *item, bool every)
{
	const struct callgate_difference *d = &item->d;

	printf("    %s", item->label);
	if (item->ranges > RANGES_MAX)
		printf(" and %u more", item->ranges - RANGES_MAX);
	if (d->unlisted)
		fputs(": for values of its arguments that are too many to list", stdout);
	else if (*d->condition)
		printf(": %s", d->condition);
	if (d->wide)
		fputs(" (looks at bits that the kernel ignores)", stdout);
	if (d->by_address)
		fputs(" (from some addresses)", stdout);
	putchar('\n');
	if (every || *d->condition || d->unlisted || !item->name)
		printf("      %ssuch as %s%s\n", cli_style(cli, STYLE_DIM), item->witness, cli_style(cli, STYLE_PLAIN));
}

static bool is_plain(const struct items *items, const struct item *item)
{
	return item->name && !*item->d.condition && !item->d.unlisted && !item->d.wide && !item->d.by_address && !items->every;
}

static bool in_section(const struct item *item, const struct item *first)
{
	return !item->printed && item->abis == first->abis && item->d.action_a == first->d.action_a && item->d.action_b == first->d.action_b;
}

/* What differs whatever its arguments. */
static void print_plain(struct items *items, const struct item *first)
{
	const char **names = calloc(items->count + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; names && i < items->count; i++)
		if (in_section(&items->all[i], first) && is_plain(items, &items->all[i]))
			names[n++] = items->all[i].name;
	if (n > LIST_MAX) {
		print_groups(names, n, first->d.kind == CALLGATE_DIFF_OTHER ? GROUPS_OTHER : GROUPS_MOST);
	} else if (n) {
		fputs("    ", stdout);
		print_names(names, n, n, 4, 4);
	}
	free(names);
}

static void print_section(const struct cli *cli, struct items *items, size_t first)
{
	struct item like = items->all[first];
	size_t calls = 0, listed = 0, left = 0;
	char a[48], b[48];

	for (size_t i = first; i < items->count; i++)
		calls += in_section(&items->all[i], &like) && items->all[i].name;
	printf("  %s%s%s (A: %s, B: %s)", cli_style(cli, like.d.kind == CALLGATE_DIFF_LOOSER ? STYLE_BAD : STYLE_PLAIN), way(&like.d),
	       cli_style(cli, STYLE_PLAIN), callgate_action_format(like.d.action_a, a, sizeof(a)),
	       callgate_action_format(like.d.action_b, b, sizeof(b)));
	printf(calls > LIST_MAX ? ", %zu calls:\n" : ":\n", calls);
	print_plain(items, &like);
	for (size_t i = first; i < items->count; i++) {
		struct item *item = &items->all[i];

		if (!in_section(item, &like))
			continue;
		if (!is_plain(items, item)) {
			if (listed < CONDITIONS_MAX || items->every)
				print_condition(cli, item, items->every);
			else
				left++;
			listed++;
		}
		item->printed = true;
	}
	if (left)
		cli_say("    and %zu more; --all lists them", left);
}

/* All that differs on these ABIs, what B allows first. */
static void print_heading(const struct cli *cli, struct items *items, unsigned abis)
{
	printf("\n%s", cli_style(cli, STYLE_BOLD));
	put_abis(abis);
	printf("%s:\n", cli_style(cli, STYLE_PLAIN));
	for (unsigned kind = 0; kind <= CALLGATE_DIFF_OTHER; kind++)
		for (size_t i = 0; i < items->count; i++)
			if (!items->all[i].printed && items->all[i].abis == abis && items->all[i].d.kind == kind)
				print_section(cli, items, i);
}

int cli_diff_print(struct cli *cli, const struct callgate_diff *diff, const char *const names[2], bool every)
{
	struct items items = { .every = every };

	if (collect(diff, &items) < 0) {
		release(&items);
		return cli_error(cli, "no-memory", "%s", strerror(ENOMEM));
	}
	fputs("A: ", stdout);
	cli_print_escaped(stdout, names[0]);
	fputs("\nB: ", stdout);
	cli_print_escaped(stdout, names[1]);
	putchar('\n');
	if (!items.count)
		cli_say("The two mean the same, for every possible call.");
	merge_abis(&items);
	for (size_t i = 0; i < items.count; i++)
		if (!items.all[i].printed)
			print_heading(cli, &items, items.all[i].abis);
	release(&items);
	return CLI_YES;
}
