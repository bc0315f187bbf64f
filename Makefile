# Each target installs what it needs and builds first, so that any of them works on a fresh Debian 12.
# Pass NINJA_FLAGS=-j1 on a small machine.
BUILD := build/release
WHITTLE := $(BUILD)/src/cli/whittle
# For make bench: the python of a venv with duckdb and yscope-clp-core measures those beside whittle.
PYTHON ?= python3

.PHONY: help deps build demo test test-long bench accuracy package format lint clean

help:
	@echo "make demo      install what is missing, build, ingest examples/logs and show the report"
	@echo "make test      build and run every test that needs nothing outside this repository"
	@echo "make test-kafka members of a group against a real Apache Kafka (Java, Maven Central)"
	@echo "make test-long long fuzzing and kill tests (an hour); output to bench/results/"
	@echo "make bench     speed, size and memory beside zstd, xz and, with PYTHON=venv/bin/python, clp-s and DuckDB; output to bench/results/"
	@echo "make accuracy  template accuracy on labelled logs (WHITTLE_CORPORA)"
	@echo "make package   a Debian package in build/package, without test hooks"
	@echo "make deps | build | format | lint | clean"

deps:
	@scripts/install-deps.sh

build: deps
	@cmake --preset release -Wno-dev --log-level=WARNING
	@cmake --build --preset release -- $(NINJA_FLAGS)

demo: deps
	@cmake --preset release -Wno-dev --log-level=WARNING
	@cmake --build --preset release --target whittle -- $(NINJA_FLAGS)
	@scripts/demo.sh $(WHITTLE)

test: build
	@ctest --preset release -LE corpora --no-tests=error -j$$(nproc)

test-long: build
	@scripts/test-long.sh

bench: build
	@$(PYTHON) -B bench/end_to_end.py --compact --whittle $(WHITTLE)

accuracy: build
	@scripts/accuracy.sh $(WHITTLE)

package: deps
	@cmake --preset package -Wno-dev --log-level=WARNING
	@cmake --build --preset package -- $(NINJA_FLAGS)
	@cd build/package && cpack --config CPackConfig.cmake

format:
	@scripts/install-deps.sh --ci
	@scripts/format.sh --fix

lint:
	@scripts/install-deps.sh --ci
	@scripts/format.sh
	@cmake --preset fuzz -Wno-dev --log-level=WARNING
	@scripts/lint.sh

clean:
	@rm -rf build

test-kafka: ## members of a group against a real Apache Kafka (Java, Maven Central)
	@scripts/install-deps.sh --kafka
	@cmake --preset release -Wno-dev --log-level=WARNING && cmake --build --preset release --target whittle
	@WHITTLE_KAFKA_REAL=1 python3 -B tests/kafka_real_test.py

.PHONY: test-kafka
