#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is true of every file: a licence line, no trailing blanks, no paths or hosts of a builder's machine; links that lead somewhere."""
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib

# Formats without comments, files whose every byte counts, and the licence itself.
NO_LICENCE_LINE = re.compile(r"\.(json|bpf|policy|trace|png|svg|patch)$|^LICENSE$|^tests/(golden/[^/]+/|fuzz/corpus/|data/)")
EVERY_BYTE_COUNTS = re.compile(r"^LICENSE$|^tests/(golden/[^/]+/|fuzz/corpus/|data/)|\.(md|json|bpf|patch)$")
# Hosts that documents may link to. A package registry is none of them: where packages come from is the machine's business.
HOSTS = {"www.apache.org", "docs.kernel.org", "www.kernel.org", "git.kernel.org", "man7.org", "github.com", "json-schema.org", "json.schemastore.org", "spdx.org",
         "www.w3.org"}  # the last names the namespace of SVG
# Folders of people and build machines; what stands in the file hierarchy standard is fine.
BUILDER_PATH = re.compile(r"(?<![\w.$})*/-])/(?:work|home/\w+|root|Users/\w+|builds?|workspace)/[\w.]")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def text_of(path):
    data = path.read_bytes()
    return None if b"\0" in data else data.decode(errors="replace")


def main():
    texts = {lib.name_of(p): text for p in lib.files() if (text := text_of(p)) is not None}
    lib.check("text: licence line", [f"{name}: no SPDX-License-Identifier in its first five lines" for name, text in texts.items()
                                     if text and not NO_LICENCE_LINE.search(name)
                                     and not re.search(r"SPDX-License-Identifier: \S", "\n".join(text.splitlines()[:5]))])
    lib.check("text: no trailing blanks, a final newline", [
        f"{name}:{i}" for name, text in texts.items() if not EVERY_BYTE_COUNTS.search(name)
        for i, line in enumerate(text.split("\n"), 1) if line != line.rstrip() or (text and not text.endswith("\n") and i == 1)])
    lib.check("text: no paths of a builder's machine", [
        f"{name}:{i}: {line.strip()[:100]}" for name, text in texts.items() if name != "LICENSE"
        for i, line in enumerate(text.splitlines(), 1) if BUILDER_PATH.search(line)])
    lib.check("text: no hosts but the known ones", [
        f"{name}: {host}" for name, text in texts.items() for host in sorted(set(re.findall(r"\b(?:https?|ftp)://([\w.-]*\w)", text)))
        if host not in HOSTS and not re.match(r"^tests/(golden/[^/]+/|fuzz/corpus/)", name)
        and not re.match(r"(localhost|127\.|example\.(com|org)$)", host)])
    lib.check("text: links lead somewhere", [
        f"{name}: {target}" for name, text in texts.items() if name.endswith(".md") for target in LINK.findall(text)
        if "://" not in target and not ((lib.SOURCE / name).parent / target).exists()])
    lib.check("text: no marks of unfinished work", [
        f"{name}:{i}: {line.strip()[:100]}" for name, text in texts.items() if re.search(r"\.(c|h|py|sh)$", name)
        for i, line in enumerate(text.splitlines(), 1) if re.search(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b", line)])
    lib.finish()


main()
