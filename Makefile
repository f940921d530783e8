# Every target runs from a fresh clone, as root or as a normal user with sudo; 'make' alone lists them.

SOURCES := $(wildcard Sources Tests Package.swift Benchmarks/Sources Benchmarks/Benchmarks Benchmarks/Package.swift Fuzz/Sources/fuzz Fuzz/Package.swift)

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

.PHONY: help setup demo test lint bench embedder cache eval exact profile kernels fuzz soak tsan build debug clean

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

embedder: setup ## measure the built-in embedder against the processor's own speed at products of matrices
	OPENBLAS_NUM_THREADS=1 swift run -c release --package-path Benchmarks bench embed --results Benchmarks/Results

cache: setup ## measure a question's vectors from Redis, and what a Redis that is away costs
	swift run -c release --package-path Benchmarks bench cache --results Benchmarks/Results

# SETS is a folder of sets as BEIR lays them out, NAMES those to ask, POOL those to ask the first of among all.
SETS ?=
NAMES ?=
POOL ?=
eval: setup build ## measure how well questions find their passages (SETS=folder NAMES="squad-en …" POOL=squad-en,npl-en)
	scripts/eval-sets.py --bunko .build/release/bunko --sets "$(SETS)" $(if $(POOL),--pool $(POOL)) $(NAMES)

profile: setup build ## take the stages of a query apart (ROWS=100000 SEED=1 PRESET=3large)
	.build/release/bunko dataset generate --preset $(PRESET) --rows $(ROWS) --queries 2000 --seed $(SEED) --out datasets/generated/$(BENCH_SET)
	swift run -c release --package-path Benchmarks bench profile --dataset datasets/generated/$(BENCH_SET) --results Benchmarks/Results

# The plugin looks for Thresholds in the working folder. `swift package --allow-writing-to-package-directory benchmark thresholds update`
# writes them anew.
kernels: setup ## hold each kernel against its scalar version, and both against the committed thresholds
	cd Benchmarks && swift package benchmark --target Kernels
	cd Benchmarks && swift package benchmark thresholds check --target Kernels

# What `make fuzz` feeds: TARGETS="markdown table" takes some of them, SECONDS each.
TARGETS ?= snapshot text markdown table json html repeated vocabulary tokens multipart
FUZZ := Fuzz/.build/release/fuzz

# Optimised, so that more inputs are tried, with assertions all the same. gold cannot link what the sanitizers emit. An input
# that was found lies in Fuzz/.build/findings; `$(FUZZ) --target=NAME FILE` repeats it. Swift's own
# tracer of crashes would hide the input, and the time that -timeout counts is the wall's: on a busy machine repeat what it finds.
fuzz: setup ## feed made-up inputs to the loader and the readers under AddressSanitizer (SECONDS=600 TARGETS="snapshot text …", for each)
	swift build --package-path Fuzz -c release --product fuzz -Xswiftc -enable-testing -Xswiftc -assert-config -Xswiftc Debug \
		-Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address -Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld
	@mkdir -p Fuzz/.build/findings
	@export SWIFT_BACKTRACE=enable=no; status=0; for target in $(TARGETS); do \
		corpus=Fuzz/.build/corpus/$$target; seeds=Fuzz/.build/seeds/$$target; mkdir -p $$corpus; \
		$(FUZZ) --target=$$target --seeds=$$seeds && nice -n 19 $(FUZZ) --target=$$target -max_total_time=$(or $(SECONDS),600) \
			-max_len=$$([ $$target = snapshot ] && echo 65536 || echo 16384) -rss_limit_mb=2048 -timeout=30 -dict=$$seeds.dict \
			-artifact_prefix=Fuzz/.build/findings/$$target- $$corpus $$seeds || { echo "fuzz: $$target failed" >&2; status=1; }; \
	done; exit $$status

# ROUNDS of each fault; `make test` takes one or two. Imports that are killed say their seed: BUNKO_SOAK_SEED=… repeats them.
ROUNDS ?= 50

soak: setup ## kill servers, databases, readers and importers, damage snapshots and cut connections, ROUNDS=50 times
	swift build --build-tests
	BUNKO_SOAK=$(ROUNDS) swift test --skip-build --disable-xctest --filter '^BunkoTests\.BinaryTests/(MirrorFaultTests|CrashTests)/'

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
