"""pgvector, in a private cluster on a unix socket: nothing else on the machine is touched."""

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from libraries import lists
from protocol import Dataset, Report, Run, sweep

PROBES = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256]
EF = [10, 20, 40, 60, 80, 120, 160, 240, 320, 480, 640, 1000]
EXPLAINED = 100


class Cluster:
    """A PostgreSQL of its own under a folder of the cache. As root it runs as the user `postgres`, since it refuses root; then the folder
    lies under /var/tmp where that user cannot reach the cache, as in root's home."""

    def __init__(self, folder: Path):
        self.account = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        if self.account and not all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents if parent.exists()):
            folder = Path("/var/tmp/bunko-peers/postgres")
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
        if not programs:
            sys.exit("pgvector: no PostgreSQL under /usr/lib/postgresql; run scripts/setup.sh")
        self.programs = programs[-1].parent
        # A socket's path is limited to 107 bytes.
        self.socket = Path(tempfile.mkdtemp(prefix="bunko-peer-"))
        if self.account:
            os.chown(self.socket, self.account.pw_uid, self.account.pw_gid)

    def call(self, program: str, *arguments: str):
        switch = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **switch)
        if done.returncode != 0:
            sys.exit(f"pgvector: {' '.join(command)} failed:\n{done.stdout[-2000:]}")

    @contextlib.contextmanager
    def running(self):
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self.data.mkdir(parents=True)
            for path in [self.data, self.folder] if self.account else []:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
            self.call("initdb", "--pgdata", str(self.data), "--username", "peer", "--auth", "trust", "--encoding", "UTF8", "--locale", "C")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
        # A parallel build's graph lies in shared memory. In a container that may be small; a file instead of it is written to disk over and over.
        try:
            shared = "posix" if shutil.disk_usage("/dev/shm").free > (memory * 2 // 5 << 20) else "mmap"
        except OSError:
            shared = "mmap"
        # A graph that does not fit into maintenance_work_mem is finished row by row on disk; the vectors of a million rows alone are 6 GB.
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(self.socket), "shared_buffers": f"{memory // 4}MB",
            "maintenance_work_mem": f"{memory * 2 // 5}MB", "max_parallel_maintenance_workers": str(max(0, os.cpu_count() - 1)),
            "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "16GB", "fsync": "off", "jit": "off", "autovacuum": "off",
            "dynamic_shared_memory_type": shared,
        }  # fmt: skip
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
        self.call("pg_ctl", "start", "--pgdata", str(self.data), "--wait", "--timeout", "600", "--log", str(self.data / "log"), "--options", options)
        try:
            yield
        finally:
            self.call("pg_ctl", "stop", "--pgdata", str(self.data), "--wait", "--timeout", "600", "--mode", "fast")
            shutil.rmtree(self.socket, ignore_errors=True)

    def connect(self, database: str):
        import psycopg

        return psycopg.connect(host=str(self.socket), user="peer", dbname=database, autocommit=True)


def vector_values(array: np.ndarray) -> bytes:
    """A vector as pgvector sends and receives it."""
    return len(array).to_bytes(2, "big") + b"\0\0" + array.astype(">f4").tobytes()


def register(connection):
    """Lets one-dimensional arrays be parameters of type vector, in binary."""
    from psycopg.adapt import Dumper
    from psycopg.pq import Format

    kind = connection.execute("SELECT 'vector'::regtype::oid").fetchone()[0]

    class VectorDumper(Dumper):
        format = Format.BINARY
        oid = kind

        def dump(self, obj):
            return vector_values(obj)

    connection.adapters.register_dumper(np.ndarray, VectorDumper)


class PgVector:
    def __init__(self, method: str):
        self.method = method
        self.system = f"pgvector {method}"
        self.version = "cluster"

    def variants(self, rows: int, effort: str):
        if self.method == "hnsw":
            return [{"m": 16, "ef_construction": ef} for ef in ([64, 200] if effort == "full" else [64])]
        # Its k-means is one thread's work and grows with the square of the lists: 8 times the root takes half an hour at 200,000 rows.
        return [{"lists": n} for n in (lists(rows) if effort == "full" else lists(rows)[:1])]

    def index_name(self, variant: dict) -> str:
        return "_".join([self.method, *(f"{name}{value}" for name, value in variant.items())])

    def run(self, run: Run, data: Dataset, folder: Path, database: str):
        """Builds what is missing and measures every variant; other indexes are out of the planner's sight meanwhile."""
        cluster = Cluster(folder)
        with cluster.running():
            load(cluster, database, data)
            for variant in self.variants(len(data.base), run.effort):
                name = self.index_name(variant)
                seconds = build(cluster, database, name, self.method, variant)
                with cluster.connect(database) as connection:
                    only(connection, name)
                    self.measure(run, data, connection, variant, name, seconds)

    def measure(self, run: Run, data: Dataset, connection, variant: dict, name: str, seconds: float):
        os.sched_setaffinity(connection.info.backend_pid, set(run.cores))
        os.sched_setaffinity(0, set(run.cores))
        register(connection)
        memory = connection.execute("SELECT pg_relation_size(%s::regclass)", [name]).fetchone()[0]
        statement = f"SELECT id FROM items ORDER BY embedding <=> %s LIMIT {run.k}"
        cursor = connection.cursor(binary=True)
        query = lambda vectors: cursor.execute(statement, [vectors[0]], prepare=True).fetchall()
        plan = connection.execute(f"EXPLAIN {statement}", [data.warm[0]]).fetchall()
        if not any(name in line[0] for line in plan):
            sys.exit(f"pgvector: the planner does not use {name}: {plan}")
        spent = []
        for _ in range(500):
            start = time.perf_counter()
            cursor.execute("SELECT %s::vector IS NULL", [data.warm[0]], prepare=True).fetchall()
            spent.append(time.perf_counter() - start)
        report = Report(run, data, self.system, variant, seconds, memory, float(np.median(spent)) * 1e6)
        knob, values = ("hnsw.ef_search", EF) if self.method == "hnsw" else ("ivfflat.probes", PROBES)
        values = [v for v in values if v >= run.k] if self.method == "hnsw" else [v for v in values if v <= variant["lists"]]

        def one(value):
            connection.execute(f"SET {knob} = {value}")
            parameters = {knob.split(".")[1]: value}
            recall = report.single(parameters, query, padded_rows(run.k))
            self.server_side(report, parameters, connection, statement, run, data)
            return recall

        # Every fetch is through one connection: more threads would only queue for it.
        threads, run.threads = run.threads, 1
        sweep(values, one)
        run.threads = threads

    def server_side(self, report: Report, parameters: dict, connection, statement: str, run: Run, data: Dataset):
        """The time that the server itself gives, without client and protocol."""
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON, FORMAT JSON) {statement}"
        rows, spent = [], []
        for vector in data.queries[:EXPLAINED]:
            told = connection.execute(explain, [vector], prepare=True).fetchone()[0]
            told = (told if isinstance(told, list) else json.loads(told))[0]
            spent.append((told["Execution Time"]) * 1e3)
            rows.append(padded_rows(run.k)(connection.execute(statement, [vector], prepare=True).fetchall()))
        report.line(parameters, np.array(rows), 1e6 / float(np.mean(spent)), np.array(spent), f"{self.system} (server time)")


def padded_rows(k: int):
    def ids(answer):
        rows = np.full(k, -1, np.int64)
        rows[: len(answer)] = [row[0] for row in answer[:k]]
        return rows

    return ids


def load(cluster: Cluster, database: str, data: Dataset):
    """Fills the table of a database once; a half-filled one is begun again."""
    with cluster.connect("postgres") as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{database}"')
    with cluster.connect(database) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute("CREATE TABLE IF NOT EXISTS built (name text PRIMARY KEY, seconds float8)")
        if connection.execute("SELECT 1 FROM built WHERE name = 'items'").fetchone():
            return
        print(f"peers: loading {len(data.base)} rows into PostgreSQL", file=sys.stderr, flush=True)
        connection.execute("DROP TABLE IF EXISTS items")
        connection.execute(f"CREATE TABLE items (id int4, embedding vector({data.base.shape[1]}))")
        start = time.perf_counter()
        with connection.cursor().copy("COPY items FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "bytea"])
            for number, row in enumerate(data.base):
                copy.write_row((number, vector_values(row)))
        connection.execute("VACUUM ANALYZE items")
        connection.execute("INSERT INTO built VALUES ('items', %s)", [time.perf_counter() - start])


def build(cluster: Cluster, database: str, name: str, method: str, variant: dict) -> float:
    with cluster.connect(database) as connection:
        known = connection.execute("SELECT seconds FROM built WHERE name = %s", [name]).fetchone()
        if known:
            return known[0]
        print(f"peers: building pgvector {method} {variant}", file=sys.stderr, flush=True)
        connection.execute(f'DROP INDEX IF EXISTS "{name}"')
        start = time.perf_counter()
        options = ", ".join(f"{key} = {value}" for key, value in variant.items())
        connection.execute(f'CREATE INDEX "{name}" ON items USING {method} (embedding vector_cosine_ops) WITH ({options})')
        seconds = time.perf_counter() - start
        connection.execute("INSERT INTO built VALUES (%s, %s)", [name, seconds])
        return seconds


def only(connection, name: str):
    """Leaves the planner this index alone, and no other way."""
    connection.execute(
        "UPDATE pg_index SET indisvalid = (indexrelid = %s::regclass) WHERE indrelid = 'items'::regclass", [name]
    )
    connection.execute("SET enable_seqscan = off")
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    connection.execute("SELECT pg_prewarm(%s::regclass), pg_prewarm('items')", [name])
