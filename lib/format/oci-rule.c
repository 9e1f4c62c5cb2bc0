/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One element of "syscalls": names times conditions, under a guard. What runtimes do with a rule decides what it means: conditions on
 * different arguments all have to hold, but when an index occurs twice every condition becomes a rule of its own (runc's
 * matchCall, crun's libcrun_generate_seccomp), and the first rule that matches wins.
 */
#include <inttypes.h>

#include "format/oci.h"

struct rule_nodes {
	const struct json_node *names, *name, *action, *errno_number, *errno_name, *args, *comment, *includes, *excludes;
};

static const struct strict_member rule_members[] = {
	{ "names", STRICT_ARRAY, false, offsetof(struct rule_nodes, names) },
	{ "name", STRICT_STRING, false, offsetof(struct rule_nodes, name) },
	{ "action", STRICT_STRING, true, offsetof(struct rule_nodes, action) },
	{ "errnoRet", STRICT_NUMBER, false, offsetof(struct rule_nodes, errno_number) },
	{ "errno", STRICT_STRING, false, offsetof(struct rule_nodes, errno_name) },
	{ "args", STRICT_ARRAY, false, offsetof(struct rule_nodes, args) },
	{ "comment", STRICT_STRING, false, offsetof(struct rule_nodes, comment) },
	{ "includes", STRICT_OBJECT, false, offsetof(struct rule_nodes, includes) },
	{ "excludes", STRICT_OBJECT, false, offsetof(struct rule_nodes, excludes) },
};

struct arg_nodes {
	const struct json_node *index, *value, *value_two, *op;
};

static const struct strict_member arg_members[] = {
	{ "index", STRICT_NUMBER, true, offsetof(struct arg_nodes, index) },
	{ "value", STRICT_NUMBER, true, offsetof(struct arg_nodes, value) },
	{ "valueTwo", STRICT_NUMBER, false, offsetof(struct arg_nodes, value_two) },
	{ "op", STRICT_STRING, true, offsetof(struct arg_nodes, op) },
};

struct filter_nodes {
	const struct json_node *caps, *arches, *kernel;
};

static const struct strict_member filter_members[] = {
	{ "caps", STRICT_ARRAY, false, offsetof(struct filter_nodes, caps) },
	{ "arches", STRICT_ARRAY, false, offsetof(struct filter_nodes, arches) },
	{ "minKernel", STRICT_STRING, false, offsetof(struct filter_nodes, kernel) },
};

/* A condition with the places that its warnings point to. */
struct condition {
	struct profile_cond cond;
	const struct json_node *node, *value;
};

struct rule {
	VEC(struct condition) conditions;
	bool repeated; /* an index occurs twice: every condition stands for itself */
	bool warned_index, warned_wide;
	bool never;    /* no target that we know can satisfy the guard */
	struct profile_clause clause;
	struct profile_guard guard;
};

static void done_rule(struct rule *rule)
{
	vec_done(&rule->conditions);
}

/* An unsigned number of 64 bits. For a negative one the cure is its two's complement, which is what the kernel sees. */
static bool read_value(struct oci_reader *r, const struct json_node *node, const char *what, uint64_t *ret)
{
	const struct json *json = r->strict.json;
	int64_t negative;

	if (!json_u64(json, node, ret))
		return true;
	if (!json_s64(json, node, &negative) && negative < 0)
		strict_error(&r->strict, "oci-arg-value", json_where(json, node),
			     "%s is negative; the kernel compares unsigned numbers: write %" PRIu32
			     " for a 32-bit argument, %" PRIu64 " for a 64-bit one",
			     what, (uint32_t)negative, (uint64_t)negative);
	else
		strict_error(&r->strict, "oci-arg-value", json_where(json, node), "%s must be a whole number from 0 to %" PRIu64, what,
			     UINT64_MAX);
	return false;
}

static bool read_index(struct oci_reader *r, const struct json_node *node, uint8_t *ret)
{
	uint64_t index;

	if (json_u64(r->strict.json, node, &index) || index > 5) {
		strict_error(&r->strict, "oci-arg-index", json_where(r->strict.json, node),
			     "%s is not the index of an argument: the first is 0, the last 5", json_text(r->strict.json, node));
		return false;
	}
	*ret = (uint8_t)index;
	return true;
}

/* OCI's value is the mask of MASKED_EQ and valueTwo what must be left of the argument. */
static void place_values(struct oci_reader *r, const struct arg_nodes *nodes, uint64_t value, uint64_t value_two,
			 struct profile_cond *cond)
{
	const struct json *json = r->strict.json;

	cond->value = value;
	if (cond->op == OP_MASKED_EQ) {
		cond->value = value_two;
		cond->mask = value;
		if (value_two & ~value)
			diag_warning(r->strict.diags, "oci-mask-value", json_where(json, nodes->value_two),
				     "%" PRIu64 " has bits outside of the mask %" PRIu64 ": no argument can match", value_two, value);
	} else if (value_two) {
		diag_warning(r->strict.diags, "oci-arg-value", json_where_key(json, nodes->value_two),
			     "valueTwo is ignored: only SCMP_CMP_MASKED_EQ uses it");
	}
}

static int read_condition(struct oci_reader *r, const struct json_node *node, struct rule *rule)
{
	struct arg_nodes nodes = { 0 };
	struct condition condition = { .node = node };
	uint64_t value = 0, value_two = 0;
	int error = strict_object(&r->strict, node, "an element of args", arg_members, ARRAY_SIZE(arg_members), &nodes), op = -1;
	bool good = true;

	if (error)
		return error;
	if (nodes.index)
		good &= read_index(r, nodes.index, &condition.cond.arg);
	if (nodes.value)
		good &= read_value(r, nodes.value, "value", &value);
	if (nodes.value_two)
		good &= read_value(r, nodes.value_two, "valueTwo", &value_two);
	if (nodes.op)
		op = oci_read_op(r, nodes.op);
	if (!good || op < 0 || !nodes.index || !nodes.value)
		return 0;
	condition.cond.op = (uint8_t)op;
	condition.value = nodes.value;
	place_values(r, &nodes, value, value_two, &condition.cond);
	return vec_push(&rule->conditions, condition);
}

static int read_args(struct oci_reader *r, const struct json_node *array, struct rule *rule)
{
	unsigned seen = 0;
	int error = 0;

	for (const struct json_node *n = array ? json_child(r->strict.json, array) : NULL; n && !error;
	     n = json_next(r->strict.json, n))
		error = read_condition(r, n, rule);
	for (size_t i = 0; i < rule->conditions.count && !rule->repeated && !error; i++) {
		const struct condition *condition = &rule->conditions.items[i];

		if (seen >> condition->cond.arg & 1) {
			rule->repeated = true;
			diag_warning(r->strict.diags, "oci-arg-repeated", json_where(r->strict.json, condition->node),
				     "argument %u is tested twice in one rule: runc and crun take that as \"or\", each condition alone "
				     "is enough, and so does Callgate; write one rule a condition to say so",
				     condition->cond.arg);
		}
		seen |= 1u << condition->cond.arg;
	}
	return error;
}

static bool read_kernel(struct oci_reader *r, const struct json_node *node, unsigned *ret)
{
	const char *text = json_text(r->strict.json, node);
	unsigned numbers[2] = { 0 };
	unsigned i = 0;

	/* digits, a dot, digits: what moby's generator accepts */
	for (const char *p = text; i < 2; i++) {
		const char *start = p;

		while (*p >= '0' && *p <= '9' && p - start < 5)
			numbers[i] = numbers[i] * 10 + (unsigned)(*p++ - '0');
		if (p == start || *p != (i ? '\0' : '.'))
			break;
		p++;
	}
	if (i < 2 || numbers[0] > 0x7fff || numbers[1] > 0xff) {
		strict_error(&r->strict, "oci-kernel", json_where(r->strict.json, node),
			     "\"%s\" is not a kernel version; write two numbers, such as \"5.4\"", text);
		return false;
	}
	*ret = numbers[0] << 16 | numbers[1] << 8;
	return true;
}

/* `ret_foreign`: the list names only architectures without a table. */
static void read_arches(struct oci_reader *r, const struct json_node *array, unsigned *ret_abis, bool *ret_foreign)
{
	bool foreign = false;

	for (const struct json_node *n = json_child(r->strict.json, array); n; n = json_next(r->strict.json, n)) {
		int abi = oci_read_arch(r, n, false);

		if (abi >= 0)
			*ret_abis |= CALLGATE_ABI_BIT(abi);
		foreign |= abi == -ENOENT;
	}
	*ret_foreign = foreign && !*ret_abis;
}

static int read_filter(struct oci_reader *r, const struct json_node *node, const char *what, uint64_t *caps, unsigned *abis,
		       unsigned *kernel, bool *ret_foreign)
{
	struct filter_nodes nodes = { 0 };
	int error = node ? strict_object(&r->strict, node, what, filter_members, ARRAY_SIZE(filter_members), &nodes) : 0;

	*ret_foreign = false;
	if (error)
		return error;
	for (const struct json_node *n = nodes.caps ? json_child(r->strict.json, nodes.caps) : NULL; n;
	     n = json_next(r->strict.json, n)) {
		int cap = oci_read_cap(r, n);

		if (cap >= 0)
			*caps |= UINT64_C(1) << cap;
		error = strict_go_on(&r->strict);
		if (error)
			return error;
	}
	if (nodes.arches)
		read_arches(r, nodes.arches, abis, ret_foreign);
	if (nodes.kernel)
		read_kernel(r, nodes.kernel, kernel);
	return strict_go_on(&r->strict);
}

static int read_guard(struct oci_reader *r, const struct rule_nodes *nodes, struct rule *rule)
{
	static const struct profile_guard none;
	struct profile_guard *guard = &rule->guard;
	bool foreign, ignored;
	int error = read_filter(r, nodes->includes, "includes", &guard->include_caps, &guard->include_abis, &guard->include_kernel,
				&foreign);

	if (error)
		return error;
	/* An excluded architecture without a table can be no target either: nothing to keep. */
	error = read_filter(r, nodes->excludes, "excludes", &guard->exclude_caps, &guard->exclude_abis, &guard->exclude_kernel, &ignored);
	if (error)
		return error;
	/* An empty set in a guard means "any": such a rule has to go, not to hold everywhere. */
	if (foreign) {
		rule->never = true;
		diag_warning(r->strict.diags, "oci-unknown-arch", json_where(r->strict.json, nodes->includes),
			     "the rule is for architectures that Callgate has no tables for; it is left out");
	}
	if (!memcmp(guard, &none, sizeof(none)))
		return 0;
	return profile_add_guard(r->profile, guard, &rule->clause.guard);
}

/* Does the kernel read only 32 bits of this argument wherever the rule can apply? */
static bool is_narrow(const struct oci_reader *r, int syscall, unsigned arg)
{
	bool any = false;

	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!(r->abis & CALLGATE_ABI_BIT(abi)) || arch_syscall_nr(abi, syscall) < 0)
			continue;
		if (arch_arg_width(abi, syscall, arg) != 32)
			return false;
		any = true;
	}
	return any;
}

/* Wider than 32 bits, and not a negative number extended to 64. */
static bool is_wide(uint64_t value)
{
	return value >> 32 && value >> 31 != UINT64_C(0x1ffffffff);
}

static void judge_condition(struct oci_reader *r, struct rule *rule, int syscall, const struct condition *condition)
{
	const struct json *json = r->strict.json;
	const char *name = arch_syscall_name(syscall);
	unsigned count = arch_arg_count(syscall), arg = condition->cond.arg;

	if (!rule->warned_index && count && arg >= count) {
		rule->warned_index = true;
		diag_warning(r->strict.diags, "oci-arg-index", json_where(json, condition->node),
			     "%s has only %u argument%s: argument %u is whatever the register happens to hold", name, count,
			     count == 1 ? "" : "s", arg);
	}
	if (!rule->warned_wide && is_wide(condition->cond.value) && is_narrow(r, syscall, arg)) {
		rule->warned_wide = true;
		diag_warning(r->strict.diags, "oci-value-wide", json_where(json, condition->value),
			     "the kernel reads 32 bits of argument %u of %s, %" PRIu64 " needs more: the comparison gives the same "
			     "answer for every call",
			     arg, name, condition->cond.value);
	}
}

static int add_clause(struct oci_reader *r, const struct profile_clause *clause, const struct profile_cond *conds, size_t count)
{
	if (r->profile->clauses.count >= OCI_CLAUSES_MAX)
		return diag_error(r->strict.diags, -EBADMSG, "oci-too-large",
				  (struct diag_where){ r->strict.json->file, clause->line, clause->column },
				  "the profile stands for more than %u rules, one for each name and condition", OCI_CLAUSES_MAX);
	return profile_add_clause(r->profile, *clause, conds, count);
}

/* All conditions at once: at most six, since no index occurs twice. */
static int add_joined(struct oci_reader *r, const struct rule *rule, const struct profile_clause *clause)
{
	struct profile_cond conds[6];

	for (size_t i = 0; i < rule->conditions.count; i++)
		conds[i] = rule->conditions.items[i].cond;
	return add_clause(r, clause, conds, rule->conditions.count);
}

static int add_name(struct oci_reader *r, struct rule *rule, const struct json_node *node)
{
	struct profile_clause clause = rule->clause;
	int id = oci_read_syscall(r, node), error = 0;

	if (id < 0)
		return strict_go_on(&r->strict);
	clause.syscall = id;
	clause.line = node->line;
	clause.column = node->column;
	/* After an error the profile is not going to be used: the rest is only checked, at no more cost than reading it. */
	if (r->strict.errors || rule->never)
		return 0;
	for (size_t i = 0; i < rule->conditions.count; i++)
		judge_condition(r, rule, id, &rule->conditions.items[i]);
	if (!rule->repeated)
		return add_joined(r, rule, &clause);
	for (size_t i = 0; i < rule->conditions.count && !error; i++)
		error = add_clause(r, &clause, &rule->conditions.items[i].cond, 1);
	return error;
}

static int add_names(struct oci_reader *r, const struct json_node *node, const struct rule_nodes *nodes, struct rule *rule)
{
	const struct json *json = r->strict.json;
	const struct json_node *name = nodes->name && json_text(json, nodes->name)[0] ? nodes->name : NULL;
	int error = 0;

	if (name && nodes->names && nodes->names->count) {
		strict_error(&r->strict, "oci-conflict", json_where_key(json, name),
			     "a rule has \"names\" or the older \"name\", not both; move this one into \"names\"");
		return strict_go_on(&r->strict);
	}
	if (name)
		return add_name(r, rule, name);
	if (!nodes->names) {
		strict_error(&r->strict, "oci-missing", json_where(json, node), "a rule needs the member \"names\"");
	} else if (!nodes->names->count) {
		strict_error(&r->strict, "oci-empty-names", json_where(json, nodes->names),
			     "the rule names no system call, so it does nothing; name some or remove it");
	}
	for (const struct json_node *n = nodes->names ? json_child(json, nodes->names) : NULL; n && !error; n = json_next(json, n))
		error = add_name(r, rule, n);
	return error ? error : strict_go_on(&r->strict);
}

int oci_read_rule(struct oci_reader *r, const struct json_node *node)
{
	_cleanup_(done_rule) struct rule rule = { 0 };
	struct rule_nodes nodes = { 0 };
	int error = strict_object(&r->strict, node, "a rule", rule_members, ARRAY_SIZE(rule_members), &nodes);

	if (error || node->type != JSON_OBJECT)
		return error;
	if (nodes.action)
		oci_read_action(r, nodes.action, nodes.errno_number, nodes.errno_name, &rule.clause.action);
	error = read_args(r, nodes.args, &rule);
	if (error)
		return error;
	error = read_guard(r, &nodes, &rule);
	if (error)
		return error;
	if (nodes.comment) {
		const char *text = json_text(r->strict.json, nodes.comment);

		error = strpool_add(&r->profile->strings, text, strlen(text), &rule.clause.comment);
		if (error)
			return error;
	}
	return add_names(r, node, &nodes, &rule);
}
