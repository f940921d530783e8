#!/usr/bin/env python3
"""Imports a folder of PDFs and tells, question by question, whether the passages of its evidence page are numbered with that page.

    scripts/measure-pages.py --bunko .build/release/bunko --set FOLDER

FOLDER holds pdfs/, corpus.jsonl (one page a line: `id` ends with the file's name without ".pdf" and "-p" with the page from 1; `text`) and
qrels.tsv (question, tab, id of its evidence page, tab, 1).

Texts are compared as words: NFKC, small letters, runs of letters and digits.
Of each evidence page: do the passages whose page_from to page_to include it hold at least 95 % of its words, each as often as it occurs
(running heads and page numbers are no part of passages)? And do the passages of every other page of the file hold fewer of them?
Of each passage of every file: do at least 95 % of its words, each once (a table's titles over several columns are repeated for each),
stand on the pages it names, and no more of them on as many pages one further or one back?
What fails is printed, so is each file whose passages end before its last page of more than 20 words.

A fresh installation is made and removed. Exit code 1 when anything fails. Needs psql and Python's standard library.
"""
import argparse
import collections
import json
import pathlib
import re
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fresh_service import FreshService  # noqa: E402  (a neighbour of this script)

THRESHOLD = 0.95


class Passage:
    def __init__(self, ordinal, first, last, own):
        self.ordinal, self.first, self.last, self.words = ordinal, first, last, words(own)

    def covers(self, page):
        return self.first is not None and self.last is not None and self.first <= page <= self.last


def words(text):
    return collections.Counter(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower()))


def together(counts):
    return sum(counts, collections.Counter())


def pages_of(folder, stems):
    """For each file the words of its pages, by their numbers."""
    pages = {stem: {} for stem in stems}
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        page = json.loads(line)
        stem, number = place(page["id"], stems)
        pages[stem][number] = words(page["text"])
    return pages


def place(identifier, stems):
    name, _, number = identifier.rpartition("-p")
    fitting = [stem for stem in stems if name.endswith(stem)]
    if not fitting:
        sys.exit(f"{identifier} names none of the files in pdfs/")
    return max(fitting, key=len), int(number)


def passages_of(service):
    """For each file, by its name without the suffix, its passages. A table's repeated head is not their own text."""
    found = collections.defaultdict(list)
    for name, ordinal, first, last, length, content in service.sql("""
            SELECT coalesce(json_agg(json_build_array(
                f.file_name, k.ordinal, k.page_from, k.page_to, k.char_end - k.char_start, k.content)), '[]')
            FROM knowledge_base k JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id"""):
        found[pathlib.Path(name).stem].append(Passage(ordinal, first, last, content[len(content) - length:]))
    return found


def problem_of_page(number, pages, passages):
    """What is wrong with an evidence page, or nothing; the share of its words that its passages hold, and that of the next best page."""
    wanted = pages[number]

    def share(other):
        return (wanted & together(passage.words for passage in passages if passage.covers(other))).total() / max(wanted.total(), 1)

    own = share(number)
    rival, rival_page = max(((share(other), other) for other in pages if other != number), default=(0, None))
    if own < THRESHOLD:
        lost = wanted - together(passage.words for passage in passages if passage.covers(number))
        return f"holds {own:.3f} of the page's words, lacks {' '.join(sorted(lost.elements())[:12])}", own, rival
    return (f"holds {own:.3f} of the page's words, that of page {rival_page} {rival:.3f}" if rival >= own else ""), own, rival


def problem_of_passage(passage, pages):
    """What is wrong with the pages a passage names, or nothing."""
    if passage.first is None or passage.last is None:
        return "names no page"

    def share(step):
        there = together(pages.get(number, collections.Counter()) for number in range(passage.first + step, passage.last + step + 1))
        return sum(word in there for word in passage.words) / max(len(passage.words), 1)

    own, (moved, step) = share(0), max((share(step), step) for step in (-1, 1))
    return f"has {own:.3f} of its words there, {moved:.3f} {step:+} page" if own < THRESHOLD or moved > own else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--set", required=True)
    options = parser.parse_args()
    folder = pathlib.Path(options.set)
    paths = sorted((folder / "pdfs").glob("*.pdf"))
    stems = [path.stem for path in paths]
    pages = pages_of(folder, stems)
    questions = collections.defaultdict(list)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        question, identifier, _ = line.split("\t")
        questions[identifier].append(question)
    with FreshService(options.bunko) as service:
        service.run("import", *map(str, paths), "--assistant", "pages", "--json")
        passages = passages_of(service)
    wrong = {"files": 0, "pages": 0, "passages": 0}
    shares = []
    for identifier, asking in sorted(questions.items()):
        stem, number = place(identifier, stems)
        problem, own, rival = problem_of_page(number, pages[stem], passages[stem])
        shares.append((own, rival))
        if problem:
            wrong["pages"] += 1
            print(f"{', '.join(asking)}: page {number} of {stem} {problem}")
    for stem in stems:
        end = max((passage.last or 0 for passage in passages[stem]), default=0)
        expected = max((number for number, text in pages[stem].items() if text.total() > 20), default=0)
        if end < expected:
            wrong["files"] += 1
            print(f"{stem}: its passages end on page {end}, its text on page {expected}")
        for passage in passages[stem]:
            if problem := problem_of_passage(passage, pages[stem]):
                wrong["passages"] += 1
                print(f"{stem}: passage {passage.ordinal}, pages {passage.first} to {passage.last}, {problem}")
    count = sum(map(len, passages.values()))
    print(f"{len(stems) - wrong['files']} of {len(stems)} files read to their last page")
    least, ahead = (min(numbers, default=0) for numbers in ([own for own, _ in shares], [own - rival for own, rival in shares]))
    print(
        f"{len(shares) - wrong['pages']} of {len(shares)} evidence pages found in the passages of their page: at least {least:.3f} of a "
        f"page's words, {ahead:.3f} more than in those of any other page")
    print(f"{count - wrong['passages']} of {count} passages stand on the pages they name")
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
