# Every target runs from a fresh clone, as root or as a normal user with sudo; 'make' alone lists them.

SOURCES := $(wildcard Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift Fuzz/Sources/fuzz-snapshot Fuzz/Package.swift)

# One BLAS thread for each worker. OpenBLAS older than the processor picks slower kernels than the processor can run; the name
# is read when the library is loaded, and must not be set where the instructions are missing.
export OPENBLAS_NUM_THREADS := 1
ifneq ($(shell grep -m 1 -ow avx512vl /proc/cpuinfo),)
export OPENBLAS_CORETYPE ?= SkylakeX
endif

# Package.swift reads this and turns the warnings of our own targets into errors.
ifeq ($(CI),true)
export BUNKO_WARNINGS_AS_ERRORS := 1
endif

.PHONY: help setup demo test lint bench exact fuzz build debug clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing on this machine (PostgreSQL with pgvector, OpenBLAS, C libraries)
	@scripts/setup.sh

demo: setup ## set up, build, start, import the sample documents and ask three questions
	swift build -c release --product bunko
	@scripts/demo.sh

test: setup ## set up, build and run all tests
	@scripts/test.sh

lint: ## check formatting, imports between rooms, and the scripts
	swift format lint --strict --recursive --parallel $(SOURCES) scripts/lint-imports
	scripts/lint-imports --self-test
	scripts/lint-imports
	@! grep -rnwE 'TOD[O]|FIXM[E]' $(SOURCES) Makefile scripts .ci || { echo 'lint: finish it, or make it an issue' >&2; exit 1; }
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh Benchmarks/Peers/*.sh .ci/run; else echo 'lint: no shellcheck here; the scripts were not checked'; fi

# What `make bench` measures: ROWS=200000 is the committed report; ROWS=1000000 takes PEERS=faiss-ivfflat,pgvector-hnsw.
ROWS ?= 100000
SEED ?= 1
PRESET ?= 3large
PEERS ?= all
BENCH_SET := $(PRESET)-$(ROWS)-$(SEED)

bench: setup build ## measure the index beside other libraries (ROWS=100000 SEED=1 PRESET=3large PEERS=all)
	.build/release/bunko dataset generate --preset $(PRESET) --rows $(ROWS) --queries 2000 --seed $(SEED) --out datasets/generated/$(BENCH_SET)
	.build/release/bunko bench --dataset datasets/generated/$(BENCH_SET) --peers $(PEERS) --queries 500 --batch 1000 \
		--json Benchmarks/Results/$(BENCH_SET).json --svg Benchmarks/Results/$(BENCH_SET).svg --markdown Benchmarks/Results/$(BENCH_SET).md

exact: setup ## measure exact search against the memory's own speed
	swift run -c release --package-path Benchmarks bench exact --results Benchmarks/Results

# gold cannot link what the sanitizers emit. An input that was found lies in Fuzz/.build/findings.
fuzz: setup ## feed made-up snapshots to the loader under AddressSanitizer for SECONDS=600
	swift build --package-path Fuzz -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address \
		-Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld
	mkdir -p Fuzz/.build/corpus Fuzz/.build/findings
	Fuzz/.build/debug/fuzz-snapshot --seeds Fuzz/.build/seeds
	nice -n 19 Fuzz/.build/debug/fuzz-snapshot -max_total_time=$(or $(SECONDS),600) -max_len=65536 -rss_limit_mb=2048 -timeout=10 \
		-artifact_prefix=Fuzz/.build/findings/ Fuzz/.build/corpus Fuzz/.build/seeds

build: ## build the product, optimised
	swift build -c release --product bunko

debug: ## build everything for debugging
	swift build

clean: ## delete what was built
	rm -rf .build Benchmarks/.build Fuzz/.build
