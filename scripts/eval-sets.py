#!/usr/bin/env python3
"""Runs `bunko eval` over retrieval sets and prints a table of nDCG@10, arm by arm.

    scripts/eval-sets.py --bunko .build/release/bunko --sets DIR [--pool squad-en,npl-en,...] squad-en korquad-ko ...

Each set is asked on its own corpus; with --pool the first one's questions are asked once more on all of those corpora together. Behind the
mean stands its 95 % interval where a set has fewer than 100 questions. Needs only Python's standard library; nothing is kept.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ARMS = ["dense", "lexical", "rrf", "fusion"]


def evaluate(bunko, data, folders, report):
    command = [bunko, "eval", "--data", data, "--arms", ",".join(ARMS), "--json", report]
    for folder in folders:
        command += ["--dataset", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(pathlib.Path(report).read_text(encoding="utf-8"))


def row(name, report):
    cells = []
    for arm in ARMS:
        told = report["arms"][arm]
        low, high = told["ci95"]["ndcg@10"]
        interval = f" ({low:.2f}–{high:.2f})" if report["questions"] < 100 else ""
        cells.append(f"{told['ndcg@10']:.4f}{interval}")
    best = max(report["arms"][arm]["ndcg@10"] for arm in ("dense", "lexical"))
    gain = report["arms"]["fusion"]["ndcg@10"] - best
    recall = report["index_loss"].get("recall_vs_exact")
    return f"| {name} | {report['questions']} / {report['passages']} | {' | '.join(cells)} | {gain:+.4f} | {recall:.4f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--sets", required=True, type=pathlib.Path)
    parser.add_argument("--pool", default="")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    runs = [(name, [name]) for name in options.names]
    if options.pool:
        pooled = options.pool.split(",")
        runs.append((f"{pooled[0]}, among {', '.join(pooled[1:])}", pooled))
    with tempfile.TemporaryDirectory(prefix="bunko-eval-", dir="/var/tmp") as work:
        pathlib.Path(work).chmod(0o711)
        print(f"| set | questions / passages | {' | '.join(ARMS)} | fusion − better arm | index's recall |")
        print("|---|---|" + "---:|" * (len(ARMS) + 2), flush=True)
        for name, members in runs:
            folders = [options.sets / member for member in members]
            try:
                report = evaluate(options.bunko, f"{work}/data", folders, f"{work}/report.json")
            except subprocess.CalledProcessError as error:
                sys.exit(f"{name}: {error}")
            print(row(name, report), flush=True)


if __name__ == "__main__":
    main()
