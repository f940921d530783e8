#!/usr/bin/env python3
"""Imports retrieval sets through the real commands and measures what a user would notice.

    scripts/measure-sets.py --bunko .build/release/bunko --sets DIR [--data DIR] squad-en korquad-ko jsquad-ja

DIR/<set> holds corpus.jsonl, queries.jsonl and qrels.tsv. Each passage becomes a file, each set an assistant. Prints import time
and the server's peak memory, the share of the first 400 questions whose passage is among the first five, and the latency of
POST /v1/context over one keep-alive connection. Needs only Python's standard library; nothing is kept but the data folder.
"""
import argparse
import http.client
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write_corpus(source, target):
    target.mkdir(parents=True)
    passages = rows(source / "corpus.jsonl")
    for passage in passages:
        text = "\n\n".join(part for part in (passage.get("title"), passage["text"]) if part)
        (target / f"{passage['id'].replace('/', '_')}.txt").write_text(text + "\n", encoding="utf-8")
    return len(passages)


def peak_memory_mib(pid):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


class Client:
    """One keep-alive connection."""

    def __init__(self, address, key):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(address).netloc)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path, body):
        self.connection.request("POST", path, json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        data = json.loads(answer.read())
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {data}")
        return data


def found_in_first_five(client, name, folder, limit=400):
    relevant = {}
    for line in open(folder / "qrels.tsv", encoding="utf-8"):
        query, passage = line.rstrip("\n").split("\t")[:2]
        relevant.setdefault(query, set()).add(passage.replace("/", "_"))
    questions = [q for q in rows(folder / "queries.jsonl") if q["id"] in relevant][:limit]
    hits = 0
    for question in questions:
        answer = client.post("/v1/search", {"assistant": name, "query": question["text"], "k": 5})
        files = {pathlib.PurePath(result["file"]).stem for result in answer["results"]}
        hits += bool(files & relevant[question["id"]])
    return hits, len(questions)


def context_latency(client, name, folder, count=1000):
    questions = rows(folder / "queries.jsonl")
    times = []
    for turn in range(count + 100):
        body = {"assistant": name, "query": questions[turn % len(questions)]["text"], "max_tokens": 2000}
        start = time.perf_counter()
        client.post("/v1/context", body)
        if turn >= 100:
            times.append((time.perf_counter() - start) * 1000)
    cuts = statistics.quantiles(times, n=100)
    return statistics.median(times), cuts[98]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--sets", required=True, type=pathlib.Path)
    parser.add_argument("--data")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="bunko-sets-"))
    work.chmod(0o711)
    data = options.data or str(work / "data")
    log = open(work / "server.log", "w", encoding="utf-8")
    server = subprocess.Popen(
        [options.bunko, "serve", "--data", data, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        address = json.loads(server.stdout.readline())["listening"]
        made = subprocess.run(
            [options.bunko, "key", "create", "--data", data, "--json"], check=True, capture_output=True, text=True)
        client = Client(address, json.loads(made.stdout)["key"])
        total, seconds = 0, 0.0
        for name in options.names:
            count = write_corpus(options.sets / name, work / name)
            report = work / f"{name}.json"
            subprocess.run(
                [options.bunko, "import", str(work / name), "--assistant", name, "--data", data, "--report", str(report)],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            result = json.loads(report.read_text(encoding="utf-8"))
            total, seconds = total + count, seconds + result["seconds"]
            print(f"{name}: {count} passages as files, {result['totals']['chunks']} chunks, {result['seconds']:.1f} s")
        print(f"import: {total} passages in {seconds:.1f} s, server's peak memory {peak_memory_mib(server.pid):.0f} MiB")
        for name in options.names:
            hits, questions = found_in_first_five(client, name, options.sets / name)
            median, p99 = context_latency(client, name, options.sets / name)
            print(f"{name}: among the first five {hits}/{questions} = {hits / questions:.3f}; "
                  f"POST /v1/context p50 {median:.2f} ms, p99 {p99:.2f} ms")
        print(f"server's peak memory at the end {peak_memory_mib(server.pid):.0f} MiB")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


if __name__ == "__main__":
    main()
