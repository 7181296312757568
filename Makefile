# `make help` lists what there is.
.PHONY: help test lint feeds fuzz faults bench corpus
.DEFAULT_GOAL := help

HOST := $(shell rustc -vV | sed -n 's/^host: //p')

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## all tests; installs what they need, and says what it installs or has to leave out
	@tests/prepare.sh cargo test --locked

lint: ## formatting, lints, documentation, licences and origins of dependencies, shell scripts
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo metadata --locked --format-version 1 --filter-platform $(HOST) | python3 tests/dependencies.py
	if command -v shellcheck >/dev/null; then shellcheck .ci/run tests/prepare.sh; else echo "shellcheck is not installed: scripts not checked"; fi

# Of each target; `make fuzz SECONDS=600 TARGETS=html SEED=2`, or `make fuzz FOR='--inputs 10000000'`.
SECONDS ?= 60
SEED ?= 1
FOR ?= --seconds $(SECONDS)

fuzz: ## looks for inputs that panic, are slow, or give a broken feed; a minute for each target
	cargo test --profile fuzz --locked --test fuzz -- $(TARGETS) $(FOR) --seed $(SEED) --limit-ms 100

# `make faults KILLS=1000 SEED=2`; every case with `cargo test --test it faults`.
KILLS ?= 200
EVENTS ?= 10000
ROUNDS ?= 1000

faults: ## kills the daemon at random under load, and soaks it in all faults at once; about a quarter of an hour
	FAULTS_SEED=$(SEED) FAULTS_KILLS=$(KILLS) FAULTS_EVENTS=$(EVENTS) FAULTS_ROUNDS=$(ROUNDS) FAULTS_POSTS=$(EVENTS) \
		cargo test --locked --test it -- faults::storm faults::pauses::case_19 --nocapture --test-threads 1

feeds: ## writes feeds/ anew from examples/blog
	cargo run --release --locked -- build examples/blog

# `make bench ARGS='--posts 10000 --hugo PROGRAM'`; docs/benchmarks.md says what is measured.
bench: ## measures the program as a whole, beside the machine's limits and other programs; about an hour, 6 GB of disk
	cargo bench --locked --bench whole -- --plot docs/benchmarks $(ARGS)

POSTS ?= 10000
DIR ?= target/corpus

corpus: ## writes a blog of made-up posts: `make corpus POSTS=100000 DIR=…`
	cargo run --release --locked --example corpus -- --posts $(POSTS) $(ARGS) $(DIR)
