#!/usr/bin/env python3
"""Fills a fresh installation to the volume the data model is designed for, and measures what a client notices.

    scripts/measure-volume.py --bunko .build/release/bunko [--users 100000] [--data DIR] [--requests 2000]

Ten conversations a user and ten messages a conversation, over the last year, are made by SQL as the administrator (that is the
generator); the figures are taken through HTTP on keep-alive connections, as users with keys of their own: the list of
conversations, a page of messages, appending a message, usage by day. Needs psql and Python's standard library; nothing is kept
but the data folder.
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import secrets
import signal
import string
import subprocess
import sys
import tempfile
import time
import urllib.parse

MEASURED_USERS = 200
USAGE_ROWS = 3_000  # of each measured user, over 30 days
ALPHABET = string.ascii_letters + string.digits

FILL = """
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';
SET max_parallel_maintenance_workers = 2;
-- A bulk load by the administrator: rows that are right by construction need no check one by one.
SET session_replication_role = replica;
SELECT ensure_message_partitions((now() - interval '13 months')::date, 17);

INSERT INTO users (id, username, email, password_hash)
SELECT gen_random_uuid(), 'volume' || i, 'volume' || i || '@example.org', '!' FROM generate_series(1, {users}) AS i;
INSERT INTO assistants (user_id, name) SELECT id, 'assistant' FROM users WHERE username LIKE 'volume%';
INSERT INTO conversations (user_id, assistant_id, title, message_count, started_at, created_at, updated_at, status, ended_at)
SELECT user_id, id, 'Conversation ' || i, 10, at, at, at + interval '10 minutes', CASE WHEN i % 4 = 0 THEN 'ended' ELSE 'active' END,
    CASE WHEN i % 4 = 0 THEN at + interval '10 minutes' END
FROM (SELECT a.user_id, a.id, i, now() - random() * interval '365 days' AS at
      FROM assistants a, generate_series(1, 10) AS i WHERE a.name = 'assistant') AS c;

CREATE TEMPORARY TABLE dropped AS
SELECT i.relname AS name, pg_get_indexdef(i.oid) AS definition FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = 'messages'::regclass AND NOT x.indisprimary;
DO $$ DECLARE d record; BEGIN FOR d IN SELECT * FROM dropped LOOP EXECUTE format('DROP INDEX %I', d.name); END LOOP; END $$;
INSERT INTO messages (user_id, conversation_id, role, content, tokens_used, created_at)
SELECT c.user_id, c.id, CASE WHEN i % 2 = 1 THEN 'user' ELSE 'assistant' END,
    'Message ' || i || ' of the conversation: ' || repeat('words of about the usual length ', 4), 40, c.created_at + i * interval '1 minute'
FROM (SELECT * FROM conversations ORDER BY user_id, id) AS c, generate_series(1, 10) AS i;
DO $$ DECLARE d record; BEGIN FOR d IN SELECT * FROM dropped LOOP EXECUTE replace(d.definition, ' ON ONLY ', ' ON '); END LOOP; END $$;
VACUUM (ANALYZE) users, assistants, conversations, messages;
"""


class Server:
    def __init__(self, bunko, data, log):
        self.data = data
        self.process = subprocess.Popen(
            [bunko, "serve", "--data", data, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True)
        self.address = json.loads(self.process.stdout.readline())["listening"]

    def sql(self, text):
        socket = pathlib.Path(self.data, "postgres/postmaster.pid").read_text(encoding="ascii").split("\n")[4]
        password = pathlib.Path(self.data, "postgres.secret").read_text(encoding="ascii").strip()
        done = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "bunko_super", "-d", "bunko"], input=text, text=True,
            capture_output=True, env=os.environ | {"PGPASSWORD": password}, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return done.stdout.split("\n")[:-1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)


def text(length):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def make_keys(server):
    """Keys of users chosen at random, and usage for each of them."""
    keys = []
    users = server.sql(f"SELECT id FROM users WHERE username LIKE 'volume%' ORDER BY random() LIMIT {MEASURED_USERS}")
    for user in users:
        prefix, secret = text(12), text(43)
        digest = hashlib.sha256(secret.encode("ascii")).hexdigest()
        keys.append((user, f"bk_{prefix}_{secret}"))
        server.sql(f"""
            INSERT INTO api_keys (user_id, name, prefix, secret_sha256, scopes)
            VALUES ('{user}', 'volume', '{prefix}', '\\x{digest}', '{{read,ingest}}');
            INSERT INTO api_usage (user_id, secretary_id, api_name, model, tokens_used, cost, response_time_ms, created_at)
            SELECT user_id, id, 'chat', 'model', 100, 0.00000123, 200, now() - i * interval '30 days' / {USAGE_ROWS}
            FROM assistants, generate_series(1, {USAGE_ROWS}) AS i WHERE user_id = '{user}'""")
    server.sql("ANALYZE api_usage; ANALYZE api_keys")
    return keys


class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)

    def ask(self, method, path, key, body=None):
        headers = {"Authorization": f"Bearer {key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        start = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        elapsed = (time.perf_counter() - start) * 1_000
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {data.decode('utf-8', 'replace')}")
        return json.loads(data), elapsed


def report(name, times):
    times.sort()
    print(f"{name}: p50 {times[len(times) // 2]:.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms, {len(times)} requests")


def measure(server, keys, requests):
    client = Client(server.address)
    known = {}
    for user, key in keys:
        page, _ = client.ask("GET", "/v1/conversations?limit=20", key)
        known[key] = [row["id"] for row in page["data"] if row["status"] == "active"]
    random.seed(1)
    kinds = {
        "conversation list": lambda key: ("GET", "/v1/conversations?limit=20", None),
        "message page": lambda key: ("GET", f"/v1/conversations/{random.choice(known[key])}/messages?limit=50", None),
        "append message": lambda key: (
            "POST", f"/v1/conversations/{random.choice(known[key])}/messages", '{"role":"user","content":"One more thing."}'),
        "usage by day": lambda key: ("GET", "/v1/usage/summary?by=day", None),
    }
    for name, make in kinds.items():
        times = []
        for _ in range(requests):
            _, key = random.choice([entry for entry in keys if known[entry[1]]])
            method, path, body = make(key)
            times.append(client.ask(method, path, key, body)[1])
        report(name, times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bunko", required=True)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--data")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="bunko-volume-"))
    work.chmod(0o711)
    data = options.data or str(work / "data")
    with open(work / "server.log", "w", encoding="utf-8") as log:
        server = Server(options.bunko, data, log)
        try:
            start = time.monotonic()
            server.sql(FILL.format(users=options.users))
            users, conversations, messages, size = server.sql(
                "SELECT count(*) FROM users WHERE username LIKE 'volume%'; SELECT count(*) FROM conversations;"
                "SELECT count(*) FROM messages; SELECT pg_size_pretty(pg_database_size(current_database()))")
            print(f"filled: {users} users, {conversations} conversations, {messages} messages, {size}, {time.monotonic() - start:.0f} s")
            measure(server, make_keys(server), options.requests)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
