# Alto: `make run` for a demo company, `make test` for every test. Everything lands in build/.
MAKEFLAGS += --no-print-directory

ASAN = build/asan -Db_sanitize=address,undefined -Doptimization=1
TSAN = build/tsan -Db_sanitize=thread -Doptimization=1

.PHONY: all help setup run test test-asan test-tsan lint fuzz fuzz-coverage fuzz-proof release bench clean

all: build/build.ninja ## build the program and the console: build/alto, build/console
	ninja -C build alto console

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install what is missing, by apt (Debian 12) and, for the console, npm
	@scripts/setup test

run: ## set up, build, and start a demo company (its data: build/demo)
	@scripts/setup run
	@$(MAKE) all
	build/alto serve --demo

test: setup ## every test; the last line is `N passed, N failed`
	@$(MAKE) -s build/build.ninja
	ninja -C build
	@scripts/test build

test-asan: setup ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@test -f build/asan/build.ninja || meson setup $(ASAN)
	ninja -C build/asan
	@scripts/test build/asan --no-suite workshop --no-suite durability

test-tsan: setup ## the threaded tests under ThreadSanitizer
	@test -f build/tsan/build.ninja || meson setup $(TSAN)
	ninja -C build/tsan
	@scripts/test build/tsan --no-suite workshop --no-suite fuzz --no-suite durability

lint: setup ## format, includes, libraries, clang-tidy, the console (on what changed; LINT=--all for everything)
	@$(MAKE) -s build/build.ninja
	@scripts/lint $(LINT)

fuzz: setup ## fuzz every target, SECONDS=600 each: some hours, going on from what the last run found
	@scripts/fuzz $(or $(SECONDS),600)

fuzz-coverage: ## how much of its parser each target reaches from its corpus
	@scripts/setup fuzz
	@scripts/fuzz-coverage

fuzz-proof: setup ## plants a read out of bounds for each target, which must find it within 60 s
	@scripts/fuzz-proof

release: ## build/release/alto, which is what to install: optimised by what calls do
	@scripts/setup test
	@scripts/release

bench: ## measure the release beside its peers, into build/release/bench.json
	@scripts/setup bench
	@scripts/release
	bench/run --build build/release

clean: ## remove build/, the demo's data included
	rm -rf build

build/build.ninja:
	@meson setup build || { echo "If something is missing: make setup" >&2; rm -f $@; exit 1; }
