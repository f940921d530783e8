"""A fresh installation for the scripts that measure imports: a data folder of its own, a server on it, and its database."""
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time


class FreshService:
    """Runs `bunko serve` on a new data folder; removes both at the end. Environment variables may set what the server reads."""

    def __init__(self, bunko, environment=None):
        self.bunko = bunko
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="bunko-measure-", dir="/var/tmp"))
        self.work.chmod(0o711)
        self.data = str(self.work / "data")
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"} | (environment or {})

    def __enter__(self):
        log = open(self.work / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.bunko, "serve", "--data", self.data, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True,
            env=self.environment)
        self.address = json.loads(self.process.stdout.readline())["listening"]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=300)
        subprocess.run(["rm", "-rf", str(self.work)], check=True)

    def run(self, *arguments):
        """A command of the product on this installation: its exit code."""
        return subprocess.run(
            [self.bunko, *arguments, "--data", self.data], check=False, stdout=subprocess.DEVNULL, env=self.environment).returncode

    def sql(self, text):
        """What a statement that yields one JSON value says."""
        socket = pathlib.Path(self.data, "postgres/postmaster.pid").read_text(encoding="ascii").split("\n")[4]
        password = pathlib.Path(self.data, "postgres.secret").read_text(encoding="ascii").strip()
        output = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "bunko_super", "-d", "bunko", "-c", text],
            env=self.environment | {"PGPASSWORD": password}, check=True, capture_output=True, text=True).stdout
        return json.loads(output or "null")

    def watch_memory(self):
        """Looks after the memory of the server and of the processes it starts for documents, until `stop` is called."""
        return MemoryWatch(self.process.pid)


class MemoryWatch(threading.Thread):
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ends = pid, False
        # Peak resident memory in MiB: the server's own, and the largest of its readers.
        self.server, self.reader = 0.0, 0.0
        # The server's, by time, to see whether it grows.
        self.samples = []
        self.start()

    def run(self):
        while not self.ends:
            self.server = max(self.server, resident(self.pid))
            self.samples.append(resident(self.pid))
            for child in children(self.pid):
                self.reader = max([self.reader, resident(child)] + [resident(grandchild) for grandchild in children(child)])
            time.sleep(0.05)

    def stop(self):
        self.ends = True
        self.join()
        return self


def resident(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        name = re.search(r"^Name:\s+(\S+)", status)[1]
        # PostgreSQL is a child of the server too, and counts its shared buffers in every process.
        return 0.0 if name.startswith("postgres") else int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
    except (OSError, TypeError):
        return 0.0


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()] + [
            int(child)
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid)
            for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return []
