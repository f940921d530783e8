#!/usr/bin/env python3
"""Imports generated files and tells how fast that is and what memory it takes.

    scripts/measure-import.py --bunko .build/release/bunko [--small 10000] [--large-mib 50] [--cruel-mib 50 --cruel-types txt md]
        [--word FILE.docx] [--mixed FOLDER] [--tokenizer FILE]

Small files: Markdown of 2 KB, all different, imported, then imported again unchanged. Large: one text of prose of so many MiB, the limit
raised. Cruel: texts of so many MiB that give a reader nothing to hold on to: short lines alone, and single lines of words, of letters
without a space, and of Japanese without a mark, each under a name of these types. Word: one document of the caller's. Mixed: a folder of
the caller's, its files copied under other names until there are 1,000. Tokenizer: a vocabulary for the server to measure passages in.
Each on a fresh installation, which is removed afterwards. Needs psql and Python's standard library.
"""
import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fresh_service import FreshService  # noqa: E402  (a neighbour of this script)

WORDS = """harbour ledger ferry timber tariff signal copper archive valley lantern permit census bridge orchard quarry parcel weather
voyage notebook kitchen railway station pension contract seminar border museum garden engine factory letter window market""".split()


KANJI = "港灯船橋谷本年駅手紙市場窓庭園時計記録工場鉄道会議天気旅行台所境界許可調査信号銅材木"
KANA = "のはがをにでとからまでもへやこそしたいるれたきなくてあらわすむつけ"


def sentence(chance):
    words = [chance.choice(WORDS) for _ in range(chance.randint(6, 16))]
    return " ".join(words).capitalize() + f" {chance.randint(1, 99999)}."


def small_file(chance, number):
    text = f"# Note {number}\n\n"
    while len(text) < 2_000:
        text += " ".join(sentence(chance) for _ in range(5)) + "\n\n"
    return text


def imported(service, folder, name):
    memory = service.watch_memory()
    report = service.work / "report.json"
    begin = time.monotonic()
    code = service.run("import", str(folder), "--assistant", "measured", "--jobs", "16", "--report", str(report), "--json")
    seconds = time.monotonic() - begin
    memory.stop()
    told = json.loads(report.read_text(encoding="utf-8"))
    totals, failures = told["totals"], told["failures"]
    counts = ", ".join(f"{value} {key}" for key, value in (totals | failures).items() if value and key != "files")
    third = len(memory.samples) // 3 or 1
    print(
        f"{name}: {totals['files']} files in {seconds:.1f} s, {totals['files'] / seconds:.0f} a second ({counts}; exit {code}); "
        f"server at most {memory.server:.0f} MiB (first third {max(memory.samples[:third]):.0f}, last third {max(memory.samples[-third:]):.0f}), "
        f"largest reader {memory.reader:.0f} MiB", flush=True)


def measure_small(service_of, count):
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for number in range(count):
            place = pathlib.Path(folder, f"{number // 1000:03}")
            place.mkdir(exist_ok=True)
            (place / f"{number:06}.md").write_text(small_file(chance, number), encoding="utf-8")
        with service_of() as service:
            imported(service, folder, "small files")
            has_index = service.sql("SELECT to_json(count(*)) FROM pg_indexes WHERE indexname = 'idx_knowledge_base_embedding'")
            print(f"  the database's own vector index is {'there' if has_index else 'not there'}")
            imported(service, folder, "the same again")


def measure_one(service_of, path, name, limit):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        shutil.copy(path, folder)
        with service_of() as service:
            service.run("settings", "update", "max_file_size", str(limit))
            imported(service, folder, name)


def measure_large(service_of, mebibytes):
    chance = random.Random(2)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir="/var/tmp", encoding="utf-8") as file:
        paragraphs = [" ".join(sentence(chance) for _ in range(6)) + "\n\n" for _ in range(2_000)]
        size = 0
        while size < mebibytes << 20:
            size += file.write(f"{chance.randint(0, 1 << 40)} {chance.choice(paragraphs)}")
        file.flush()
        measure_one(service_of, file.name, f"one text of {mebibytes} MiB", 64 << 20)


def cruel_texts(chance):
    """Names, and what makes a part of each text."""
    return {
        "short-lines": lambda: f"{chance.choice(WORDS)} {chance.choice(WORDS)} {chance.randint(1, 1 << 60):x} {chance.choice(WORDS)}.\n",
        "one-line-of-words": lambda: sentence(chance) + " ",
        "one-line-of-letters": lambda: "".join(chance.choices(WORDS, k=40)),
        "one-line-of-japanese": lambda: "".join(chance.choice(KANJI if chance.random() < 0.4 else KANA) for _ in range(60)),
    }


def measure_cruel(service_of, mebibytes, types):
    for name, part in cruel_texts(random.Random(3)).items():
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            path = pathlib.Path(folder, name)
            with path.open("w", encoding="utf-8") as file:
                size = 0
                while size < mebibytes << 20:
                    text = part()
                    file.write(text)
                    size += len(text.encode("utf-8"))
            for suffix in types:
                path = path.rename(path.with_suffix(f".{suffix}"))
                measure_one(service_of, path, f"{path.name} of {mebibytes} MiB", 64 << 20)


def measure_mixed(service_of, source):
    files = [path for path in sorted(pathlib.Path(source).rglob("*")) if path.is_file()]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for number in range(1_000):
            path = files[number % len(files)]
            shutil.copy(path, pathlib.Path(folder, f"{number:04}-{path.name}"))
        with service_of() as service:
            imported(service, folder, "mixed files")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large-mib", type=int, default=50)
    parser.add_argument("--cruel-mib", type=int, default=50)
    parser.add_argument("--cruel-types", nargs="+", default=["txt"])
    parser.add_argument("--word")
    parser.add_argument("--mixed")
    parser.add_argument("--tokenizer")
    options = parser.parse_args()
    environment = {"BUNKO_CHUNKING_TOKENIZER": options.tokenizer} if options.tokenizer else {}

    def service_of():
        return FreshService(options.bunko, environment)

    if options.small:
        measure_small(service_of, options.small)
    if options.large_mib:
        measure_large(service_of, options.large_mib)
    if options.cruel_mib:
        measure_cruel(service_of, options.cruel_mib, options.cruel_types)
    if options.word:
        measure_one(service_of, options.word, pathlib.Path(options.word).name, 64 << 20)
    if options.mixed:
        measure_mixed(service_of, options.mixed)


if __name__ == "__main__":
    main()
