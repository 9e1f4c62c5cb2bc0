#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The profiles that are built in: data/builtin-NAME.csv, from the JSON of their project and into the C file that lib/format/ reads.

    tools/gen-builtin.py --import default.json --syscalls data/syscalls.csv --source 'moby/profiles …' > data/builtin-docker.csv
    tools/gen-builtin.py --output builtin-tables.c data/builtin-docker.csv …      (run by Meson)

A line is a fact about system calls: names, what is answered, and when. Kinds: `default`, the answer to everything else; `arch`, a native
architecture in `names` with the others that go with it in `arches`; `rule`. Rules keep their order, as the first that holds decides.
`caps` must all be held, any of `without_caps` forbids the rule; so for architectures and `min_kernel`. What has no table here (MIPS,
s390, calls that no ABI of data/syscalls.csv has) is left out and named in a comment.
"""
import argparse
import csv
import io
import json
import os
import re
import sys

COLUMNS = "kind,names,action,conditions,caps,without_caps,arches,without_arches,min_kernel".split(",")
OPS = {"EQ": "==", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
FOREIGN = re.compile(r"^(mips|s390$|parisc|ppc$|ppc64$)", re.IGNORECASE)
ERRNOS = {1: "EPERM", 22: "EINVAL", 38: "ENOSYS"}
CONDITION = re.compile(r"arg([0-5]) (?:& (0x[0-9a-f]+) )?(==|!=|<=|>=|<|>) (\d+)")


def rows_of(path):
    with open(path, encoding="ascii") as file:
        lines = [(number, line) for number, line in enumerate(file, 1) if not line.startswith("#")]
    if lines[0][1].rstrip("\n") != ",".join(COLUMNS):
        sys.exit(f"{path}: the columns are not {','.join(COLUMNS)}")
    return [{**row, "line": number} for (number, _), row in zip(lines[1:], csv.DictReader([line for _, line in lines], strict=True))]


# ---- From a project's JSON ----


def action_of(action, errno):
    word = action.removeprefix("SCMP_ACT_")
    return f"errno:{ERRNOS[errno]}" if word == "ERRNO" else word.lower()


def condition_of(arg):
    op = arg["op"].removeprefix("SCMP_CMP_")
    if op == "MASKED_EQ":
        return f"arg{arg['index']} & {arg['value']:#x} == {arg.get('valueTwo', 0)}"
    return f"arg{arg['index']} {OPS[op]} {arg['value']}"


def foreign(names, left_out):
    left_out.update(name for name in names if FOREIGN.match(name))
    return " ".join(name for name in names if not FOREIGN.match(name))


def rule_of(rule, known, left_out):
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    arches = foreign(includes.get("arches", []), left_out)
    left_out.update(name for name in rule["names"] if name not in known)
    names = " ".join(sorted(name for name in rule["names"] if name in known))
    if not names or (includes.get("arches") and not arches):
        return None
    return {
        "kind": "rule", "names": names, "action": action_of(rule["action"], rule.get("errnoRet")),
        "conditions": " && ".join(condition_of(arg) for arg in rule.get("args") or []),
        "caps": " ".join(includes.get("caps", [])), "without_caps": " ".join(excludes.get("caps", [])), "arches": arches,
        "without_arches": foreign(excludes.get("arches", []), left_out), "min_kernel": includes.get("minKernel", ""),
    }


def to_csv(options):
    with open(options.syscalls, encoding="utf-8") as file:
        known = {row["name"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    with open(getattr(options, "import"), encoding="utf-8") as file:
        profile = json.load(file)
    left_out, rows = set(), [{"kind": "default", "action": action_of(profile["defaultAction"], profile.get("defaultErrnoRet"))}]
    for entry in profile["archMap"]:
        names = [entry["architecture"], *(entry["subArchitectures"] or [])]
        native, *others = [name.removeprefix("SCMP_ARCH_") for name in names]
        if not FOREIGN.match(native):
            rows.append({"kind": "arch", "names": native, "arches": foreign(others, left_out)})
    rows += filter(None, (rule_of(rule, known, left_out) for rule in profile["syscalls"]))
    print("# SPDX-License-Identifier: Apache-2.0")
    print(f"# Facts of {options.source}. Written by tools/gen-builtin.py.")
    print(f"# Left out, since there is no table of it here: {' '.join(sorted(left_out)) or 'nothing'}, and MIPS.")
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    sys.stdout.write(out.getvalue())


# ---- Into C ----


def json_action(text):
    word, _, name = text.partition(":")
    number = next((n for n, errno in ERRNOS.items() if errno == name), None)
    if name and number is None:
        sys.exit(f"no number is known of {name}")
    return f"SCMP_ACT_{word.upper()}", number


def json_condition(text):
    found = CONDITION.fullmatch(text)
    if not found:
        sys.exit(f"not a condition: {text}")
    index, mask, op, value = found.groups()
    if mask:
        return {"index": int(index), "value": int(mask, 0), "valueTwo": int(value), "op": "SCMP_CMP_MASKED_EQ"}
    word = next(word for word, sign in OPS.items() if sign == op)
    return {"index": int(index), "value": int(value), "op": f"SCMP_CMP_{word}"}


def json_rule(row):
    action, number = json_action(row["action"])
    rule = {"names": row["names"].split(), "action": action}
    if number is not None:
        rule["errnoRet"] = number
    if row["conditions"]:
        rule["args"] = [json_condition(text) for text in row["conditions"].split(" && ")]
    includes = {"caps": row["caps"].split(), "arches": row["arches"].split(), "minKernel": row["min_kernel"]}
    excludes = {"caps": row["without_caps"].split(), "arches": row["without_arches"].split()}
    for name, guard in (("includes", includes), ("excludes", excludes)):
        guard = {member: value for member, value in guard.items() if value}
        if guard:
            rule[name] = guard
    return rule


def json_profile(rows):
    """JSON whose rules stand in the lines in which they stand in the table: these are their origins."""
    action, number = json_action(next(row["action"] for row in rows if row["kind"] == "default"))
    profile = {"defaultAction": action}
    if number is not None:
        profile["defaultErrnoRet"] = number
    profile["archMap"] = [{"architecture": f"SCMP_ARCH_{row['names']}",
                           "subArchitectures": [f"SCMP_ARCH_{name}" for name in row["arches"].split()]}
                          for row in rows if row["kind"] == "arch"]
    rules = {row["line"]: json.dumps(json_rule(row), separators=(",", ":")) for row in rows if row["kind"] == "rule"}
    lines = [json.dumps(profile, separators=(",", ":"))[:-1] + ',"syscalls":[']
    lines += [rules.get(number, "") + ("," if number in rules and number != max(rules) else "") for number in range(2, max(rules) + 1)]
    return "\n".join(lines) + "]}"


def c_text(text):
    pieces = [line[i:i + 110] for line in text.splitlines(keepends=True) for i in range(0, len(line), 110)]
    return "\n".join("\t\t" + json.dumps(piece) for piece in pieces)


def source_of(path):
    with open(path, encoding="ascii") as file:
        found = re.search(r"^# Facts of (.*)\. Written by", file.read(), re.MULTILINE)
    if not found:
        sys.exit(f"{path}: does not say where its facts come from")
    return found.group(1)


def to_c(options):
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", "/* Written by tools/gen-builtin.py. */", '#include "format/builtin-tables.h"', "",
             "const struct builtin_profile builtin_profiles[] = {"]
    for path in options.tables:
        name = os.path.basename(path).removeprefix("builtin-").removesuffix(".csv")
        lines += ["\t{", f'\t\t.name = "{name}",', f'\t\t.source = "{source_of(path)}",', "\t\t.json =", c_text(json_profile(rows_of(path))) + ",",
                  "\t},"]
    lines += ["};", f"const size_t builtin_profiles_count = {len(options.tables)};", ""]
    with open(options.output, "w", encoding="ascii") as file:
        file.write("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--import", help="JSON of a project")
    parser.add_argument("--syscalls", help="with --import: data/syscalls.csv")
    parser.add_argument("--source", help="with --import: project, version and file")
    parser.add_argument("--output", help="the C file")
    parser.add_argument("tables", nargs="*")
    options = parser.parse_args()
    if getattr(options, "import"):
        to_csv(options)
    else:
        to_c(options)


if __name__ == "__main__":
    main()
