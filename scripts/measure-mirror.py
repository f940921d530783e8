#!/usr/bin/env python3
"""Fills a fresh installation with vectors and measures the index's mirror: starts, verification, and how fresh two replicas are.

    scripts/measure-mirror.py --bunko .build/release/bunko --vectors BASE.fbin [--rows 1000000] [--data DIR] [--seconds 30]

The rows of the file (as `bunko dataset generate` writes it) become passages of one assistant, by COPY as the administrator. Then, each
with a server that is started for it: a start that reads every row, a comparison of index and table, a start from the snapshot that the
server left, and two servers on the database while 1,000 rows a second are committed: from each commit's return until a search that
brings its position has been answered, by each of the two. Needs psql and Python's standard library; 30 GB of disk for a million rows.
"""
import argparse
import array
import http.client
import json
import os
import pathlib
import queue
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROWS_A_COPY = 20_000
ROWS_A_SECOND = 1_000
COMMITS_A_SECOND = 20


class Server:
    def __init__(self, bunko, data, log, database=None):
        self.data, self.begin = data, time.monotonic()
        self.log = open(log, "w", encoding="utf-8")
        environment = os.environ | ({"DATABASE_URL": database} if database else {})
        self.process = subprocess.Popen(
            [bunko, "serve", "--data", data, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment)
        self.address = json.loads(self.process.stdout.readline())["listening"]
        self.listening = time.monotonic() - self.begin
        self.token = json.loads(pathlib.Path(data, "server.json").read_text(encoding="utf-8"))["token"]

    def client(self):
        return Client(self)

    def login(self):
        socket = pathlib.Path(self.data, "postgres/postmaster.pid").read_text(encoding="ascii").split("\n")[4]
        return socket, pathlib.Path(self.data, "postgres.secret").read_text(encoding="ascii").strip()

    def psql(self, *arguments, **options):
        socket, password = self.login()
        return subprocess.Popen(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "bunko_super", "-d", "bunko", *arguments],
            env=os.environ | {"PGPASSWORD": password}, **options)

    def sql(self, text):
        process = self.psql("-c", text, stdout=subprocess.PIPE, text=True)
        output = process.communicate()[0]
        if process.returncode != 0:
            sys.exit("psql failed")
        return output.split("\n")[:-1]

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return {name: int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024 for name in ("RssAnon", "RssFile")}

    def stop(self):
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=900)
        return time.monotonic() - begin


class Client:
    def __init__(self, server):
        self.token = server.token
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.address).netloc, timeout=3_600)

    def ask(self, method, path, body=None, headers=()):
        self.connection.request(
            method, path, None if body is None else json.dumps(body),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **dict(headers)})
        answer = self.connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data)


def copied(values, start, count, dimensions, user, assistant):
    """Rows as COPY's binary format has them."""
    values.byteswap()
    data = memoryview(values).cast("B")
    size = 4 * dimensions
    head = struct.pack(">HI16sI16s", 5, 16, user, 16, assistant)
    vector = struct.pack(">IHH", 4 + size, dimensions, 0)
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for row in range(count):
        content = b"row %d" % (start + row)
        yield b"".join((head, struct.pack(">I", len(content)), content, vector, data[row * size : (row + 1) * size], struct.pack(">I", 5), b"none!"))
    yield struct.pack(">h", -1)


class Vectors:
    def __init__(self, path):
        self.file = open(path, "rb")
        self.count, self.dimensions = struct.unpack("<II", self.file.read(8))

    def take(self, count):
        values = array.array("f")
        values.fromfile(self.file, count * self.dimensions)
        return values


COPY = "COPY knowledge_base (user_id, secretary_id, content, embedding, embedding_model) FROM STDIN (FORMAT binary)"


def fill(server, vectors, rows):
    """Makes the rows, unless the folder has them from an earlier run, and the database's own index on them, which any server would make."""
    if server.sql("SELECT count(*) FROM assistants WHERE name = 'volume'") == ["1"]:
        return print("the folder is filled")
    begin = time.monotonic()
    server.client().ask("POST", "/v1/assistants", {"name": "volume"})
    user, assistant = server.sql("SELECT user_id || ' ' || id FROM assistants WHERE name = 'volume'")[0].split()
    ids = [bytes.fromhex(text.replace("-", "")) for text in (user, assistant)]
    for start in range(0, rows, ROWS_A_COPY):
        count = min(ROWS_A_COPY, rows - start)
        process = server.psql("-c", COPY, stdin=subprocess.PIPE)
        for piece in copied(vectors.take(count), start, count, vectors.dimensions, *ids):
            process.stdin.write(piece)
        process.stdin.close()
        if process.wait() != 0:
            sys.exit("COPY failed")
        print(f"\rfilled {start + count} rows", end="", flush=True)
    server.sql("VACUUM (ANALYZE) knowledge_base")
    server.sql("CREATE TABLE sample AS SELECT id FROM knowledge_base LIMIT 10000")
    print(f"\nfilled in {time.monotonic() - begin:.0f} s")
    server.sql("SELECT ensure_embedding_index()")


def wait_until(client, condition, pause=0.1, limit=3_600):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition(client)
        if found:
            return found
        time.sleep(pause)
    sys.exit("waited too long")


def following(client):
    if client.ask("GET", "/readyz")[1]["index"]["state"] != "following":
        return None
    return client.ask("GET", "/v1/index")[1]


def measure_start(server, rows, name):
    client = server.client()
    state = wait_until(client, following)
    searchable = time.monotonic() - server.begin
    size = rows * 6_144 / 1e6
    print(f"{name}: listening after {server.listening:.1f} s, {state['rows']} rows searchable after {searchable:.1f} s (origin {state['origin']})")
    if state["origin"] == "database":
        print(f"  {size / (searchable - server.listening):.0f} MB of vectors a second from listening to searchable")
        wait_until(client, lambda client: client.ask("GET", "/v1/index")[1]["drift"]["trained_partitions"] == 1, pause=1)
        print(f"  lists trained after {time.monotonic() - server.begin:.1f} s")
    print("  memory: " + ", ".join(f"{key} {value:.0f} MiB" for key, value in server.resident().items()))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure_freshness(servers, seconds):
    """One session commits; a thread for each server asks it with each commit's position."""
    writer = servers[0].psql(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    times = [[] for _ in servers]
    waits = [queue.Queue() for _ in servers]
    late = [0 for _ in servers]

    def ask(number):
        client = servers[number].client()
        while True:
            item = waits[number].get()
            if item is None:
                return
            committed, token = item
            status, answer = client.ask(
                "POST", "/v1/search", {"assistant": "volume", "query": "freshness", "k": 1}, [("Bunko-Position", token)])
            if status != 200 or answer["backend"] != "memory":
                late[number] += 1
            times[number].append((time.monotonic() - committed) * 1_000)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(servers))]
    for thread in threads:
        thread.start()
    rows = ROWS_A_SECOND // COMMITS_A_SECOND
    begin = time.monotonic()
    behind = 0.0
    for turn in range(seconds * COMMITS_A_SECOND):
        due = begin + turn / COMMITS_A_SECOND
        behind = max(behind, time.monotonic() - due)
        time.sleep(max(0, due - time.monotonic()))
        # Copies of rows that are there: the database makes them without a client's help.
        writer.stdin.write(
            "BEGIN; SELECT pg_current_xact_id(); INSERT INTO knowledge_base (user_id, secretary_id, content, embedding, embedding_model) "
            f"SELECT user_id, secretary_id, content, embedding, embedding_model FROM knowledge_base "
            f"WHERE id IN (SELECT id FROM sample OFFSET {turn * rows % 10_000} LIMIT {rows}); COMMIT; SELECT 'done';\n")
        writer.stdin.flush()
        token = writer.stdout.readline().strip()
        writer.stdout.readline()
        for waiting in waits:
            waiting.put((time.monotonic(), token))
    written = time.monotonic() - begin
    for waiting in waits:
        waiting.put(None)
    for thread in threads:
        thread.join()
    writer.stdin.close()
    writer.wait()
    print(f"{seconds * COMMITS_A_SECOND * rows / written:.0f} rows a second in {COMMITS_A_SECOND} commits, writer at most {behind * 1_000:.0f} ms behind")
    for number, values in enumerate(times):
        print(
            f"  replica {number + 1}: committed to searched p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms, "
            f"most {max(values):.0f} ms, {len(values)} commits, {late[number]} answered by the database")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--data")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="bunko-mirror-"))
    work.chmod(0o711)
    data = options.data or str(work / "data")
    vectors = Vectors(options.vectors)
    server = Server(options.bunko, data, work / "fill.log")
    fill(server, vectors, options.rows)
    server.stop()
    subprocess.run(["rm", "-rf", f"{data}/index"], check=True)
    server = Server(options.bunko, data, work / "first.log")
    measure_start(server, options.rows, "start without a snapshot")
    report = server.client().ask("POST", "/v1/index/verify", {})[1]["index"]
    print(f"verified {report['table_rows']} rows in {report['seconds']:.1f} s: {report['differing'] or 'the same'}, recall {report.get('recall', 'not compared')}")
    print(f"stopped in {server.stop():.1f} s, snapshot written")
    server = Server(options.bunko, data, work / "second.log")
    measure_start(server, options.rows, "start from a snapshot")
    socket, password = server.login()
    other = Server(
        options.bunko, str(work / "other"), work / "other.log", f"postgresql://bunko_owner:{password}@/bunko?host={socket}")
    measure_start(other, options.rows, "second replica")
    measure_freshness([server, other], options.seconds)
    for one in (other, server):
        report = one.client().ask("POST", "/v1/index/verify", {})[1]["index"]
        print(f"verified {report['table_rows']} rows in {report['seconds']:.1f} s: {report['differing'] or 'the same'}")
    for one in (other, server):
        one.stop()


if __name__ == "__main__":
    main()
