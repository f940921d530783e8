#!/usr/bin/env python3
"""Imports a folder of real files with a manifest and tells, file by file, whether what must come out did.

    scripts/measure-files.py --bunko .build/release/bunko --files FOLDER

FOLDER holds manifest.jsonl, one object a line: `file`, `expect` (text, no_text, error), `must_contain`, `must_not_contain`, `match`
(ws-collapsed, ws-removed) and `chars_reference`. A fresh installation is made and removed. Exit code 1 when a file differs. Needs psql
and Python's standard library.
"""
import argparse
import json
import pathlib
import re
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fresh_service import FreshService  # noqa: E402  (a neighbour of this script)

CODES = {"no_text": {"no_text"}, "error": {"locked", "damaged"}}


def texts(service):
    """The text of each file as its passages have it, put together by their positions."""
    rows = service.sql("""
        SELECT coalesce(json_agg(json_build_array(f.file_name, k.char_start, k.char_end, k.content) ORDER BY f.file_name, k.ordinal), '[]')
        FROM knowledge_base k JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id""")
    found = {}
    for name, start, end, content in rows:
        before = found.setdefault(name, [0, []])
        own = content[len(content) - (end - start):]
        fresh = own[max(0, before[0] - start):]
        before[1].append((" " if start > before[0] else "") + fresh)
        before[0] = end
    return {name: "".join(parts) for name, (_, parts) in found.items()}


def folded(text, match):
    return re.sub(r"\s+", "" if match == "ws-removed" else " ", unicodedata.normalize("NFKC", text))


def verdict(entry, report, text):
    expect, code = entry["expect"], report.get("code") or (report.get("reason") or "").split(":")[0]
    if report["state"] != "done":
        wanted = set().union(*(CODES[key] for key in CODES if key in expect)) if expect != "text" else set()
        return "" if code in wanted else f"failed with {code}: {report.get('reason')}"
    if "text" not in expect.split("_or_"):
        return f"was read, {report['chunks']} passages"
    match = entry.get("match", "ws-collapsed")
    whole = folded(text, match)
    missing = [phrase for phrase in entry.get("must_contain", []) if folded(phrase, match) not in whole]
    foreign = [phrase for phrase in entry.get("must_not_contain", []) if folded(phrase, match) in whole]
    return "; ".join([f"lacks {phrase!r}" for phrase in missing] + [f"holds {phrase!r}" for phrase in foreign])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--files", required=True)
    options = parser.parse_args()
    manifest = [json.loads(line) for line in pathlib.Path(options.files, "manifest.jsonl").read_text(encoding="utf-8").splitlines() if line]
    paths = [str(pathlib.Path(options.files, entry["file"])) for entry in manifest]
    with FreshService(options.bunko) as service:
        place = service.work / "report.json"
        service.run("import", *paths, "--assistant", "files", "--report", str(place), "--json")
        report = {pathlib.Path(file["path"]).name: file for file in json.loads(place.read_text(encoding="utf-8"))["files"]}
        whole = texts(service)
    wrong = 0
    print(f"{'file':<46} {'expect':<14} {'became':<18} {'passages':>8} {'characters':>10} {'reference':>9}")
    for entry in manifest:
        name = entry["file"]
        one = report.get(name, {"state": "missing", "chunks": 0, "reason": "not in the report"})
        text = whole.get(name, "")
        problem = verdict(entry, one, text)
        wrong += problem != ""
        became = one["state"] if one["state"] == "done" else one.get("code") or one["state"]
        reference = entry.get("chars_reference", 0)
        print(f"{name:<46} {entry['expect']:<14} {became:<18} {one['chunks']:>8} {len(text):>10} {reference:>9} {problem}".rstrip())
    print(f"{len(manifest) - wrong} of {len(manifest)} files as the manifest says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
