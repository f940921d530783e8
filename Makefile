# Every target runs from a fresh clone, as root or as a normal user with sudo; 'make' alone lists them.

SOURCES := $(wildcard Sources Tests Package.swift Benchmarks/Sources Benchmarks/Benchmarks Benchmarks/Package.swift Fuzz/Sources/fuzz-snapshot Fuzz/Package.swift)

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

.PHONY: help setup demo test lint bench exact profile kernels fuzz soak tsan build debug clean

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
# EFFORT=full takes several builds of each graph and every setting; SCENARIOS is all, none or a list (`bunko bench --help`).
EFFORT ?= quick
SCENARIOS ?= all
# THREADS=2 measures single queries and batches of all systems on two cores.
THREADS ?= 1
BENCH_SET := $(PRESET)-$(ROWS)-$(SEED)
BENCH_RESULT := Benchmarks/Results/$(BENCH_SET)$(patsubst %,-threads%,$(filter-out 1,$(THREADS)))

bench: setup build ## measure the index beside other libraries (ROWS=100000 SEED=1 PRESET=3large PEERS=all THREADS=1 EFFORT=quick SCENARIOS=all)
	.build/release/bunko dataset generate --preset $(PRESET) --rows $(ROWS) --queries 2000 --seed $(SEED) --out datasets/generated/$(BENCH_SET)
	.build/release/bunko bench --dataset datasets/generated/$(BENCH_SET) --peers $(PEERS) --effort $(EFFORT) --threads $(THREADS) \
		--queries 500 --batch 1000 --scenarios $(SCENARIOS) \
		--json $(BENCH_RESULT).json --svg $(BENCH_RESULT).svg --markdown $(BENCH_RESULT).md

exact: setup ## measure exact search against the memory's own speed
	swift run -c release --package-path Benchmarks bench exact --results Benchmarks/Results

profile: setup build ## take the stages of a query apart (ROWS=100000 SEED=1 PRESET=3large)
	.build/release/bunko dataset generate --preset $(PRESET) --rows $(ROWS) --queries 2000 --seed $(SEED) --out datasets/generated/$(BENCH_SET)
	swift run -c release --package-path Benchmarks bench profile --dataset datasets/generated/$(BENCH_SET) --results Benchmarks/Results

# The plugin looks for Thresholds in the working folder. `swift package --allow-writing-to-package-directory benchmark thresholds update`
# writes them anew.
kernels: setup ## hold each kernel against its scalar version, and both against the committed thresholds
	cd Benchmarks && swift package benchmark --target Kernels
	cd Benchmarks && swift package benchmark thresholds check --target Kernels

# gold cannot link what the sanitizers emit. An input that was found lies in Fuzz/.build/findings.
fuzz: setup ## feed made-up snapshots to the loader under AddressSanitizer for SECONDS=600
	swift build --package-path Fuzz -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address \
		-Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld
	mkdir -p Fuzz/.build/corpus Fuzz/.build/findings
	Fuzz/.build/debug/fuzz-snapshot --seeds Fuzz/.build/seeds
	nice -n 19 Fuzz/.build/debug/fuzz-snapshot -max_total_time=$(or $(SECONDS),600) -max_len=65536 -rss_limit_mb=2048 -timeout=10 \
		-artifact_prefix=Fuzz/.build/findings/ Fuzz/.build/corpus Fuzz/.build/seeds

# ROUNDS of each fault; `make test` takes two.
ROUNDS ?= 50

soak: setup ## kill servers and databases, damage snapshots and cut connections while rows are written, ROUNDS=50 times
	swift build --build-tests
	BUNKO_SOAK=$(ROUNDS) swift test --skip-build --disable-xctest --filter '^BunkoTests\.BinaryTests\.MirrorFaultTests'

# In a folder of its own: what ThreadSanitizer instruments fits nothing else.
tsan: setup ## run the index's tests of reading while writing under ThreadSanitizer
	swift build --build-tests --sanitize=thread --scratch-path .build/tsan
	swift test --skip-build --disable-xctest --sanitize=thread --scratch-path .build/tsan \
		--filter 'VectorIndexTests\.(ConcurrencyTests|MaintenanceTests|MemoryTests)'

build: ## build the product, optimised
	swift build -c release --product bunko

debug: ## build everything for debugging
	swift build

clean: ## delete what was built
	rm -rf .build Benchmarks/.build Fuzz/.build
