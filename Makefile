# The daily entry. `make` alone lists the targets. Everything is built by CMake and Ninja in
# build/PRESET; what is missing on a Debian 12 machine is installed first (tools/setup.sh).
SHELL := /bin/bash
JOBS ?= $(shell nproc)
RUN ?= examples/chain.toml
ARGS ?=
TIDY ?=
FUZZ_SECONDS ?= 10
SECONDS ?= 3600
SEEDS ?=
FIRST ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-ci setup-bench build run test quick bench study soak format lint asan tsan fuzz clean

help: ## this list
	@echo "Targets (JOBS=$(JOBS) at a time):"
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do \
	  printf '  make %-8s %s\n' "$$name" "$$text"; done

setup:
	@tools/setup.sh
setup-ci:
	@tools/setup.sh ci
setup-bench:
	@tools/setup.sh bench

# build/PRESET/build.ninja is made once; afterwards Ninja runs CMake again when it has to.
build/%/build.ninja:
	@mkdir -p build
	@cmake --preset $* > build/configure-$*.log 2>&1 || { cat build/configure-$*.log; exit 1; }
# Only a missing build.ninja is a reason to configure; setup comes first.
build/release/build.ninja: | setup
build/asan/build.ninja build/tsan/build.ninja: | setup-ci

build: setup build/release/build.ninja ## the program, build/release/troupe
	@cmake --build build/release --target troupe -j $(JOBS)

run: build ## train the two-agent team of examples/chain.toml (RUN=file.toml for another)
	@build/release/troupe train $(RUN) $(ARGS)

test: setup build/release/build.ninja ## all tests
	@cmake --build build/release -j $(JOBS)
	@ctest --preset release -j $(JOBS) --no-label-summary

quick: setup build/release/build.ninja ## the tests that take under a second each
	@cmake --build build/release -j $(JOBS)
	@ctest --preset release -j $(JOBS) --no-label-summary -L quick

bench: setup-bench ## all benchmarks, each with the limit it could reach (ARGS for their flags)
	@mkdir -p build
	@cmake --preset release > build/configure-release.log 2>&1 || { cat build/configure-release.log; exit 1; }
	@cmake --build build/release --target benches -j $(JOBS)
	@find build/release/bench -maxdepth 1 -type f -executable | sort | while read -r bench; do \
	  echo "== $${bench##*/}"; "$$bench" $(ARGS) || exit 1; done

study: build ## overlap against micro_batch, 10 paired seeds of guess and countdown (about an hour)
	@tools/pipeline_study.py build/release/troupe $(ARGS)

soak: build ## random runs with faults for SECONDS=3600, or SEEDS=n of them, from seed FIRST=1 on
	@first=$(FIRST); last=$$((first + $(or $(SEEDS),1000000000))); end=$$(($$(date +%s) + $(SECONDS))); code=0; \
	while [[ $$first -lt $$last && ( -n "$(SEEDS)" || $$(date +%s) -lt $$end ) ]]; do \
	  n=$$((last - first < 1000 ? last - first : 1000)); echo "== seeds $$first to $$((first + n - 1))"; \
	  build/release/troupe simulate soak --first $$first --seeds $$n --jobs $(JOBS) || code=1; \
	  first=$$((first + n)); \
	done; exit $$code

format: setup-ci ## rewrite all sources in the project's format
	@find src include bench fuzz -name '*.cc' -o -name '*.h' | xargs clang-format-14 -i

lint: setup-ci ## format, seams and rooms; TIDY=changed, TIDY=all or TIDY=src/room adds clang-tidy
	@tools/lint.sh $(if $(TIDY),--tidy $(TIDY))

asan: setup-ci build/asan/build.ninja ## the quick tests under AddressSanitizer and UBSan, built with clang-14
	@cmake --build build/asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS) --no-label-summary -L quick

tsan: setup-ci build/tsan/build.ninja ## the quick tests under ThreadSanitizer
	@cmake --build build/tsan -j $(JOBS)
	@ctest --preset tsan -j $(JOBS) --no-label-summary -L quick

fuzz: setup-ci build/asan/build.ninja ## feed damaged files to the readers, FUZZ_SECONDS=10 a target
	@cmake --build build/asan --target fuzz -j $(JOBS)
	@tools/fuzz.sh build/asan $(FUZZ_SECONDS)

clean: ## remove all that was built; runs stay
	@rm -rf build
