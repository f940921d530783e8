#!/usr/bin/env python3
"""Measures POST /v1/search at a steady rate over all passages of some retrieval sets in one assistant.

    scripts/measure-search.py --bunko .build/release/bunko --sets DIR [--rate 50] [--seconds 30] squad-en npl-en ...

Questions come at their times whether or not earlier ones have been answered, and a time counts from when a question was due: what a
slow answer makes others wait for is not left out. Each question is asked once, so that its vector is computed, and then all of
them again, when it is remembered. Needs only Python's standard library; nothing is kept.
"""
import argparse
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fresh_service import FreshService  # noqa: E402  (a neighbour of this script)


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write_passages(folder, sets):
    number = 0
    for source in sets:
        for passage in rows(source / "corpus.jsonl"):
            text = "\n\n".join(part for part in (passage.get("title"), passage["text"]) if part)
            (folder / f"{number:06}.txt").write_text(text + "\n", encoding="utf-8")
            number += 1


class Load:
    """Questions at a steady rate over keep-alive connections."""

    def __init__(self, address, key, rate, width=16):
        self.netloc = urllib.parse.urlparse(address).netloc
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.rate, self.width = rate, width

    def run(self, bodies):
        times, taken, lock = [], iter(enumerate(bodies)), threading.Lock()
        start = time.perf_counter() + 0.2

        def work():
            connection = http.client.HTTPConnection(self.netloc)
            while True:
                with lock:
                    number, body = next(taken, (None, None))
                if body is None:
                    return
                due = start + number / self.rate
                time.sleep(max(0, due - time.perf_counter()))
                connection.request("POST", "/v1/search", body, self.headers)
                answer = connection.getresponse()
                data = answer.read()
                if answer.status != 200 or b'"dense","lexical"' not in data:
                    sys.exit(f"/v1/search: {answer.status} {data[:500]}")
                with lock:
                    times.append((time.perf_counter() - due) * 1000)

        threads = [threading.Thread(target=work) for _ in range(self.width)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cuts = statistics.quantiles(times, n=100)
        return statistics.median(times), cuts[98], len(times)


def index(service):
    """What GET /v1/index says."""
    told = json.loads(pathlib.Path(service.data, "server.json").read_text(encoding="utf-8"))
    connection = http.client.HTTPConnection(urllib.parse.urlparse(told["address"]).netloc)
    connection.request("GET", "/v1/index", headers={"Authorization": f"Bearer {told['token']}"})
    return json.loads(connection.getresponse().read())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--sets", required=True, type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    sets = [options.sets / name for name in options.names]
    with FreshService(options.bunko) as service:
        folder = service.work / "passages"
        folder.mkdir()
        write_passages(folder, sets)
        if service.run("import", str(folder), "--assistant", "all", "--jobs", "16") != 0:
            sys.exit("the import failed")
        chunks = service.sql("SELECT count(*) FROM knowledge_base")
        made = subprocess.run(
            [options.bunko, "key", "create", "--data", service.data, "--json"], check=True, capture_output=True, text=True,
            env=service.environment)
        key = json.loads(made.stdout)["key"]
        questions = list(dict.fromkeys(row["text"] for source in sets for row in rows(source / "queries.jsonl")))
        count = min(len(questions), int(options.rate * options.seconds))
        # From all sets alike.
        chosen = [questions[i * len(questions) // count] for i in range(count)]
        bodies = [json.dumps({"assistant": "all", "query": text, "k": 10}) for text in chosen]
        warm = [json.dumps({"assistant": "all", "query": f"{text} again", "k": 10}) for text in chosen[:100]]
        load = Load(service.address, key, options.rate)
        load.run(warm)
        words = index(service)["words"]
        print(f"{chunks} chunks, {words['bytes'] / words['rows']:.0f} bytes of words each, {options.rate:g} questions a second")
        for name in ("computed", "remembered"):
            median, p99, asked = load.run(bodies)
            print(f"vector {name}: p50 {median:.2f} ms, p99 {p99:.2f} ms ({p99 / median:.1f} x), {asked} questions")


if __name__ == "__main__":
    main()
