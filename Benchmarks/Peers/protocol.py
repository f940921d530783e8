"""What all peers have in common: reading a data set, timing searches, judging answers, printing results.

The rules are those of Sources/VectorBenchmarks, so that figures may stand side by side:
- the last tenth of the queries, at most 200, only warms up; recall and times are those of the others;
- one query at a time on the pinned thread, timed one by one; queries per second is their number by their sum;
- up to three passes while they take less than three seconds together; the fastest counts;
- an answer counts when its row is among the k nearest, or its exact score is within 1e-6 of the k-th.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TIE = 1e-6
PASSES = 3
SECONDS = 3.0


@dataclass
class Run:
    """What the caller of run.py asked for."""

    folder: Path
    k: int
    threads: int
    cores: list[int]
    batch: int
    queries: int | None
    effort: str


class Dataset:
    """The files of a data set, mapped."""

    def __init__(self, folder: Path, limit: int | None = None):
        self.base = vectors(folder / "base.fbin")
        queries = vectors(folder / "query.fbin")
        self.truth = neighbours(folder / "gt.ibin")
        if len(queries) != len(self.truth) or queries.shape[1] != self.base.shape[1]:
            sys.exit(f"{folder}: query.fbin, gt.ibin and base.fbin do not belong together")
        warm = max(1, min(200, len(queries) // 10))
        self.warm = np.ascontiguousarray(queries[len(queries) - warm :])
        self.queries = np.ascontiguousarray(queries[: min(limit or len(queries), len(queries) - warm)])

    def recalls(self, answers: np.ndarray, k: int) -> np.ndarray:
        """Recall of each query. Ids that a peer gives twice count once; -1 stands for no answer."""
        result = np.empty(len(answers))
        for i, ids in enumerate(answers):
            nearest = self.truth[i % len(self.queries)][:k]
            query = self.queries[i % len(self.queries)].astype(np.float64)
            floor = self.base[nearest[-1]].astype(np.float64) @ query - TIE
            found, known = 0, set(nearest.tolist())
            for row in {int(row) for row in ids[:k] if row >= 0}:
                if row in known or self.base[row].astype(np.float64) @ query >= floor:
                    found += 1
            result[i] = found / len(nearest)
        return result


def vectors(path: Path) -> np.ndarray:
    rows, dimensions = (int(n) for n in np.fromfile(path, np.uint32, 2))
    if path.stat().st_size != 8 + 4 * rows * dimensions:
        sys.exit(f"{path} does not have the length its header promises")
    return np.memmap(path, np.float32, "r", 8, (rows, dimensions))


def neighbours(path: Path) -> np.ndarray:
    queries, k = (int(n) for n in np.fromfile(path, np.uint32, 2))
    if path.stat().st_size not in (8 + 4 * queries * k, 8 + 8 * queries * k):
        sys.exit(f"{path} does not have the length its header promises")
    return np.fromfile(path, np.int32, queries * k, offset=8).reshape(queries, k)


def private_bytes() -> int:
    """Memory of this process that is no file's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def timed(search, queries: np.ndarray) -> tuple[np.ndarray, list]:
    """Nanoseconds and answer of each query, one after the other."""
    clock = time.perf_counter_ns
    answers, spent = [], np.empty(len(queries), np.int64)
    for i in range(len(queries)):
        query = queries[i : i + 1]
        start = clock()
        answer = search(query)
        spent[i] = clock() - start
        answers.append(answer)
    return spent, answers


def concurrently(search, queries: np.ndarray, threads: int) -> tuple[np.ndarray, list, float]:
    """As `timed` on several threads, each with its share of the queries; and the seconds all took."""
    if threads == 1:
        spent, answers = timed(search, queries)
        return spent, answers, float(spent.sum()) / 1e9
    shares: list = [None] * threads
    gate = threading.Barrier(threads + 1)

    def work(number: int):
        gate.wait()
        shares[number] = timed(search, queries[number::threads])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    gate.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start
    spent, answers = np.empty(len(queries), np.int64), [None] * len(queries)
    for number, (some, found) in enumerate(shares):
        spent[number::threads], answers[number::threads] = some, found
    return spent, answers, seconds


class Report:
    """Prints one line of JSON for each setting of one index."""

    def __init__(self, run: Run, data: Dataset, system: str, fixed: dict, build_seconds: float, memory_bytes: int, overhead: float | None):
        self.run, self.data, self.system, self.fixed = run, data, system, fixed
        self.build_seconds, self.memory_bytes, self.overhead = build_seconds, memory_bytes, overhead

    def single(self, parameters: dict, search, ids=lambda answer: answer) -> float:
        """Measures one setting one query at a time; `ids` reads the rows out of an answer. Returns the recall."""
        run, data = self.run, self.data
        timed(search, data.warm)
        total, best = 0.0, None
        for _ in range(PASSES):
            found = concurrently(search, data.queries, run.threads)
            best = found if best is None or found[2] < best[2] else best
            total += found[2]
            if total > SECONDS:
                break
        spent, answers, seconds = best
        rows = np.array([np.asarray(ids(answer)).reshape(-1)[: run.k] for answer in answers])
        return self.line(parameters, rows, len(data.queries) / seconds, spent / 1e3)

    def batched(self, parameters: dict, search, ids=lambda answer: answer):
        """Measures one setting by batches; the percentiles are those of a batch's time by its number of queries."""
        run, data = self.run, self.data
        if run.batch < 2:
            return
        queries = np.ascontiguousarray(np.resize(data.queries, (run.batch, data.queries.shape[1])))
        search(data.warm)
        spent = []
        while len(spent) < PASSES and sum(spent) < SECONDS:
            start = time.perf_counter()
            answer = search(queries)
            spent.append(time.perf_counter() - start)
        rows = np.asarray(ids(answer)).reshape(run.batch, -1)
        self.line({**parameters, "batch": run.batch}, rows, run.batch / min(spent), np.array(spent) * 1e6 / run.batch)

    def line(self, parameters: dict, rows: np.ndarray, qps: float, microseconds: np.ndarray, system: str | None = None) -> float:
        recalls = self.data.recalls(rows, self.run.k)
        p50, p95, p99 = np.percentile(microseconds, [50, 95, 99])
        if self.run.threads > 1:
            parameters = {**parameters, "threads": self.run.threads}
        record = {
            "system": system or self.system,
            "parameters": {**self.fixed, **parameters},
            f"recall@{self.run.k}": round(float(recalls.mean()), 5),
            "recall_p5": round(float(np.percentile(recalls, 5)), 5),
            "recall_min": round(float(recalls.min()), 5),
            "qps": round(qps, 2),
            "p50_us": round(float(p50), 2),
            "p95_us": round(float(p95), 2),
            "p99_us": round(float(p99), 2),
            "build_seconds": round(self.build_seconds, 2),
            "memory_bytes": self.memory_bytes,
        }
        if self.overhead is not None:
            record["call_overhead_us"] = round(self.overhead, 2)
        print(json.dumps(record), flush=True)
        return float(recalls.mean())


def overhead(search, query: np.ndarray) -> float:
    """Median microseconds of a search in an index of one row: what the way through Python costs."""
    spent, _ = timed(search, np.repeat(query, 2000, axis=0))
    return float(np.median(spent)) / 1e3


def sweep(values, measure, enough: float = 0.9995, gain: float = 0.0005):
    """Measures ascending settings until there is nothing left to gain: the recall is whole, or has stood still twice."""
    last, still = 0.0, 0
    for value in values:
        recall = measure(value)
        still = still + 1 if recall < last + gain else 0
        last = max(last, recall)
        if recall >= enough or still == 2:
            break
