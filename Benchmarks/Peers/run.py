#!/usr/bin/env python3
"""Measures one peer on one data set and prints a line of JSON for each of its settings.

    run.py PEER FOLDER --cache DIR [--k 10] [--threads 1] [--cores 1] [--batch N] [--queries N] [--effort quick|full]

Builds run on all cores, each in a process of its own, and are kept in the cache; searches run in another process, pinned to the
cores named. Exit codes: 0 measured, 2 wrong usage, others: what went wrong stands on standard error.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PEERS = {
    "faiss-ivfflat": lambda: library("FaissIVFFlat"),
    "faiss-rabitq": lambda: library("FaissRaBitQ"),
    "faiss-hnsw": lambda: library("FaissHNSW"),
    "hnswlib": lambda: library("Hnswlib"),
    "usearch-f32": lambda: library("USearch", "f32"),
    "usearch-bf16": lambda: library("USearch", "bf16"),
    "usearch-i8": lambda: library("USearch", "i8"),
    "pgvector-ivfflat": lambda: server("ivfflat"),
    "pgvector-hnsw": lambda: server("hnsw"),
}


def library(name: str, *arguments):
    import libraries

    return getattr(libraries, name)(*arguments)


def server(method: str):
    import postgres

    return postgres.PgVector(method)


def parsed():
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cores", default="")
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--queries", type=int)
    parser.add_argument("--effort", choices=["quick", "full"], default="quick")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    parser.add_argument("--search", help=argparse.SUPPRESS)
    return parser.parse_args()


def key(folder: Path) -> str:
    """Names the data set in the cache: by its checksum when it was generated, else by its file."""
    manifest = folder / "dataset.json"
    if manifest.exists():
        return json.loads(manifest.read_text())["base_sha256"][:16]
    state = (folder / "base.fbin").stat()
    return hashlib.sha256(f"{folder.resolve()} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:16]


def cores(arguments) -> list[int]:
    if arguments.cores:
        return [int(core) for core in arguments.cores.split(",")]
    available = sorted(os.sched_getaffinity(0))
    return available[-arguments.threads :]


def again(arguments, environment: dict, *extra: str, prefix=()):
    """This program once more, in a process with its own environment."""
    command = [*prefix, sys.executable, __file__, *sys.argv[1:], *extra]
    code = subprocess.run(command, env={**os.environ, **environment}).returncode
    if code != 0:
        sys.exit(f"peers: {arguments.peer} failed with {code}")


def one_thread(count: int) -> dict:
    # Waiting workers of OpenMP would take the time of the thread that is measured.
    return {"OMP_NUM_THREADS": str(count), "OPENBLAS_NUM_THREADS": str(count), "OMP_WAIT_POLICY": "PASSIVE"}


def main():
    arguments = parsed()
    # An ending program stops what it has started: builds, searches, a cluster.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from protocol import Dataset, Run

    run = Run(
        folder=arguments.folder, k=arguments.k, threads=arguments.threads, cores=cores(arguments), batch=arguments.batch,
        queries=arguments.queries, effort=arguments.effort,
    )  # fmt: skip
    peer = PEERS[arguments.peer]()
    place = arguments.cache / "builds" / key(arguments.folder)
    if arguments.build or arguments.search:
        return step(arguments, run, peer)
    data = Dataset(run.folder, run.queries)
    if arguments.peer.startswith("pgvector"):
        return peer.run(run, data, arguments.cache / "postgres", key(arguments.folder))
    place.mkdir(parents=True, exist_ok=True)
    for variant in peer.variants(len(data.base), run.effort):
        name = "-".join([arguments.peer, peer.version, *(f"{k}{v}" for k, v in variant.items() if k != "factory")])
        path = place / f"{name}.index"
        order = json.dumps({"variant": variant, "path": str(path)})
        if not path.with_suffix(".json").exists():
            print(f"peers: building {name}", file=sys.stderr, flush=True)
            again(arguments, one_thread(os.cpu_count() or 1), f"--build={order}")
        pinned = ("taskset", "--cpu-list", ",".join(map(str, run.cores)))
        again(arguments, one_thread(1), f"--search={order}", prefix=pinned)


def step(arguments, run, peer):
    """One build or the searches of one build, in the process made for it."""
    from libraries import measure_library
    from protocol import Dataset

    order = json.loads(arguments.build or arguments.search)
    path, data = Path(order["path"]), Dataset(run.folder, run.queries)
    facts = path.with_suffix(".json")
    if arguments.build:
        draft = path.with_suffix(".partial")
        # The rows are in memory for the time that is measured.
        float(data.base[:: max(1, len(data.base) // 1000)].sum())
        start = time.perf_counter()
        peer.build(data.base, order["variant"], draft, os.cpu_count() or 1)
        seconds = time.perf_counter() - start
        draft.rename(path)
        facts.write_text(json.dumps({"build_seconds": seconds}))
    else:
        measure_library(peer, run, data, path, order["variant"], json.loads(facts.read_text())["build_seconds"])


if __name__ == "__main__":
    main()
