"""The peers that are libraries: how each is built, kept, loaded and searched."""

import math
from pathlib import Path

import numpy as np

from protocol import Dataset, Report, Run, overhead, private_bytes, sweep

NPROBE = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]
EF = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]


def lists(rows: int) -> list[int]:
    """Four and eight times the root of the number of rows."""
    return [max(1, round(factor * math.sqrt(rows))) for factor in (4, 8)]


def blocks(base: np.ndarray, size: int = 50_000):
    for start in range(0, len(base), size):
        yield start, np.ascontiguousarray(base[start : start + size])


class Faiss:
    """An index of FAISS: built by its factory, trained on the sample that FAISS takes by default."""

    def __init__(self):
        import faiss

        self.faiss = faiss
        self.version = faiss.__version__

    def make(self, variant: dict, dimensions: int):
        index = self.faiss.index_factory(dimensions, variant["factory"], self.faiss.METRIC_INNER_PRODUCT)
        if "efConstruction" in variant:
            index.hnsw.efConstruction = variant["efConstruction"]
        return index

    def build(self, base: np.ndarray, variant: dict, path: Path, threads: int):
        self.faiss.omp_set_num_threads(threads)
        index = self.make(variant, base.shape[1])
        if not index.is_trained:
            index.train(np.ascontiguousarray(base))
        for _, block in blocks(base):
            index.add(block)
        self.faiss.write_index(index, str(path))

    def load(self, path: Path, dimensions: int):
        self.faiss.omp_set_num_threads(1)
        return self.faiss.read_index(str(path))

    def searcher(self, index, k: int):
        return lambda query: index.search(query, k)[1]

    def overhead(self, data: Dataset, k: int) -> float:
        index = self.faiss.IndexFlatIP(data.base.shape[1])
        index.add(data.warm[:1])
        return overhead(self.searcher(index, k), data.warm[:1])


class FaissIVFFlat(Faiss):
    system = "FAISS IVFFlat"

    def variants(self, rows: int, effort: str):
        return [{"factory": f"IVF{n},Flat", "nlist": n} for n in lists(rows)]

    def search(self, run: Run, index, variant: dict, report: Report):
        def measure(nprobe):
            index.nprobe = nprobe
            recall = report.single({"nprobe": nprobe}, self.searcher(index, run.k))
            self.faiss.omp_set_num_threads(run.threads)
            report.batched({"nprobe": nprobe}, self.searcher(index, run.k))
            self.faiss.omp_set_num_threads(1)
            return recall

        sweep([n for n in NPROBE if n <= variant["nlist"]], measure)


class FaissRaBitQ(Faiss):
    system = "FAISS RaBitQfs + refine"

    def variants(self, rows: int, effort: str):
        # FAISS does not rotate by itself, and its random rotation is a full matrix: a millisecond a query at 1536 dimensions. Without it
        # searches are twice as fast, and as good where no coordinate stands out, as in the generated sets.
        rotations = ["none", "RR"] if effort == "full" else ["none"]
        return [{"factory": f"IVF{n},RaBitQfs", "nlist": n, "rotation": r} for n in lists(rows) for r in rotations]

    def make(self, variant: dict, dimensions: int):
        rotation = f"RR{dimensions}," if variant["rotation"] == "RR" else ""
        codes = self.faiss.index_factory(dimensions, rotation + variant["factory"], self.faiss.METRIC_INNER_PRODUCT)
        index = self.faiss.IndexRefineFlat(codes)
        codes.this.disown()
        index.own_fields = True
        return index

    def search(self, run: Run, index, variant: dict, report: Report):
        lists = self.faiss.extract_index_ivf(index.base_index)
        factors = [1, 2, 3, 5, 8, 12, 20, 30] if run.effort == "full" else [2, 5, 12]

        def in_blocks(queries):
            # A batch of 1,000 queries with 384 probes ends the process in FAISS 1.15.1.
            search = self.searcher(index, run.k)
            return np.concatenate([search(queries[start : start + 100]) for start in range(0, len(queries), 100)])

        for factor in factors:
            index.k_factor = factor

            def measure(nprobe):
                lists.nprobe = nprobe
                parameters = {"nprobe": nprobe, "k_factor": factor}
                recall = report.single(parameters, self.searcher(index, run.k))
                self.faiss.omp_set_num_threads(run.threads)
                report.batched(parameters, in_blocks)
                self.faiss.omp_set_num_threads(1)
                return recall

            sweep([n for n in NPROBE if n <= variant["nlist"]], measure)


class FaissHNSW(Faiss):
    system = "FAISS HNSW"

    def variants(self, rows: int, effort: str):
        constructions = [40, 200] if effort == "full" else [40]
        return [{"factory": "HNSW32,Flat", "M": 32, "efConstruction": ef} for ef in constructions]

    def search(self, run: Run, index, variant: dict, report: Report):
        def measure(ef):
            index.hnsw.efSearch = ef
            recall = report.single({"efSearch": ef}, self.searcher(index, run.k))
            self.faiss.omp_set_num_threads(run.threads)
            report.batched({"efSearch": ef}, self.searcher(index, run.k))
            self.faiss.omp_set_num_threads(1)
            return recall

        sweep([ef for ef in EF if ef >= run.k], measure)


class Hnswlib:
    system = "hnswlib"

    def __init__(self):
        import hnswlib

        self.hnswlib = hnswlib
        self.version = "0.8.0"

    def variants(self, rows: int, effort: str):
        return [{"M": m, "ef_construction": 200} for m in ([16, 32] if effort == "full" else [16])]

    def build(self, base: np.ndarray, variant: dict, path: Path, threads: int):
        index = self.hnswlib.Index("ip", base.shape[1])
        index.init_index(len(base), ef_construction=variant["ef_construction"], M=variant["M"], random_seed=1)
        for start, block in blocks(base):
            index.add_items(block, np.arange(start, start + len(block)), num_threads=threads)
        index.save_index(str(path))

    def load(self, path: Path, dimensions: int):
        index = self.hnswlib.Index("ip", dimensions)
        index.load_index(str(path))
        return index

    def searcher(self, index, k: int, threads: int = 1):
        return lambda query: index.knn_query(query, k, num_threads=threads)[0]

    def overhead(self, data: Dataset, k: int) -> float:
        index = self.hnswlib.Index("ip", data.base.shape[1])
        index.init_index(k)
        # It refuses to give fewer than k.
        index.add_items(np.ascontiguousarray(data.base[:k]))
        return overhead(self.searcher(index, k), data.warm[:1])

    def search(self, run: Run, index, variant: dict, report: Report):
        def measure(ef):
            index.set_ef(ef)
            recall = report.single({"ef": ef}, self.searcher(index, run.k))
            report.batched({"ef": ef}, self.searcher(index, run.k, run.threads))
            return recall

        sweep([ef for ef in EF if ef >= run.k], measure)


class USearch:
    def __init__(self, dtype: str):
        from usearch import index, __version__

        self.Index, self.dtype, self.version = index.Index, dtype, __version__
        self.system = f"USearch {dtype}"

    def variants(self, rows: int, effort: str):
        return [{"dtype": self.dtype, "connectivity": m, "expansion_add": 128} for m in ([16, 32] if effort == "full" else [16])]

    def make(self, dimensions: int, variant: dict):
        return self.Index(
            ndim=dimensions, metric="cos", dtype=self.dtype, connectivity=variant["connectivity"], expansion_add=variant["expansion_add"]
        )

    def build(self, base: np.ndarray, variant: dict, path: Path, threads: int):
        index = self.make(base.shape[1], variant)
        for start, block in blocks(base):
            index.add(np.arange(start, start + len(block)), block, threads=threads)
        index.save(str(path))

    def load(self, path: Path, dimensions: int):
        return self.Index.restore(str(path), view=False)

    def searcher(self, index, k: int, threads: int = 1):
        # A single vector takes the shorter way.
        return lambda query: index.search(query[0] if len(query) == 1 else query, k, threads=threads).keys

    def overhead(self, data: Dataset, k: int) -> float:
        index = self.make(data.base.shape[1], self.variants(1, "quick")[0])
        index.add(0, data.warm[0])
        return overhead(self.searcher(index, k), data.warm[:1])

    def search(self, run: Run, index, variant: dict, report: Report):
        def measure(ef):
            index.expansion_search = ef
            recall = report.single({"expansion_search": ef}, self.searcher(index, run.k), padded(run.k))
            report.batched({"expansion_search": ef}, self.searcher(index, run.k, run.threads))
            return recall

        sweep([ef for ef in EF if ef >= run.k], measure)


def padded(k: int):
    """An answer may have fewer than k rows."""

    def ids(answer):
        rows = np.full(k, -1, np.int64)
        rows[: len(answer)] = answer[:k]
        return rows

    return ids


def measure_library(peer, run: Run, data: Dataset, path: Path, variant: dict, build_seconds: float):
    before = private_bytes()
    index = peer.load(path, data.base.shape[1])
    memory = private_bytes() - before
    fixed = {name: value for name, value in variant.items() if name != "factory"}
    peer.search(run, index, variant, Report(run, data, peer.system, fixed, build_seconds, memory, peer.overhead(data, run.k)))
