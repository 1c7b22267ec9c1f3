# On a fresh Debian 12 with a Swift toolchain, `make demo` and `make test` are all there is to know.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

FOR ?=
PORT ?= 8080
SEEDS ?= 100000
ROUNDS ?= 20000
FROM ?= 1
SEED ?=
LOOPS ?=
SOURCES := $(wildcard Sources Tests Benchmarks Package.swift)
SCRIPTS := .ci/run $(wildcard deploy/*.sh) python/check.sh Tests/run.sh

EXAMPLES := fraud product-category delivery-time

.PHONY: alarm-quality bench estimates golden help producers python setup setup-test build demo examples test lint format rules check strict unit simulate fuzz soak sanitize sanitize-address sanitize-thread clean

help: ## show this list
	@sed -nE 's/^([a-z-]+): [^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## install the Debian packages that are missing to build and run
	@deploy/setup.sh build

setup-test:
	@deploy/setup.sh test
	@deploy/setup-pypi.sh

build: setup ## build the optimised command, .build/release/leeway
	swift build -c release --product leeway

demo: build ## run the demo; FOR=60s ends it by itself, PORT=8080 is the page's port
	.build/release/leeway demo --port $(PORT) $(if $(FOR),--for $(FOR))

examples: strict ## fit the example monitors' baselines again
	mkdir -p monitors/baselines
	monitors/training.py .build/training
	@for monitor in $(EXAMPLES); do \
	  .build/debug/leeway baseline fit monitors/$$monitor.yaml --from .build/training/$$monitor.csv; done
	@for format in avro protobuf; do \
	  .build/debug/leeway baseline fit monitors/fraud-$$format.yaml --from .build/training/fraud.csv; done

test: setup-test lint rules strict check unit ## lint, rules, monitors and every test, warnings as errors
	@echo "make test: lint, rules, build without warnings, monitors and tests: all passed"

lint: setup-test ## check Swift, scripts, YAML and the web files, and what deploy/ refers to
	swift format lint --strict --recursive --parallel $(SOURCES)
	shellcheck $(SCRIPTS)
	yamllint --strict --config-file deploy/yamllint.yaml deploy dashboards monitors
	deploy/lint.py
	docs/check.py
	docs/schema.py --check
	deploy/lint-web.sh
	deploy/lint-unit.sh deploy/leeway.service

format: setup-test ## put Swift sources and the web files in their one format
	swift format --in-place --recursive --parallel $(SOURCES)
	deploy/lint-web.sh format

rules: setup-test ## test the Prometheus rules and parse every query of the dashboard
	promtool check config --lint=all --lint-fatal deploy/prometheus.yml
	promtool check config --lint=all --lint-fatal deploy/prometheus.instances.yml
	promtool check rules --lint=all --lint-fatal dashboards/alerts.yml
	promtool test rules dashboards/alerts_test.yml
	dashboards/queries.py --check

# Tests and the command of a debug build, with warnings as errors.
strict unit check examples simulate fuzz soak: export LEEWAY_STRICT := 1
# Secrets that the example configuration expects.
check: export SLACK_URL := http://127.0.0.1/slack
check: export PAGER_URL := http://127.0.0.1/pager
check: export HOOK_SECRET := secret
check: export LEEWAY_PORT := 8080

strict: setup
	swift build --build-tests --explicit-target-dependency-import-check error

check: strict ## check the example monitors as a user would
	.build/debug/leeway check --monitors monitors
	.build/debug/leeway check --config deploy/leeway.example.yaml --monitors monitors
	.build/debug/leeway check --config deploy/leeway.compose.yaml --monitors monitors
	.build/debug/leeway check --config deploy/leeway.instances.yaml --monitors monitors

unit: strict
	@Tests/run.sh

simulate soak: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 4

# A failing seed is printed with its history, shortened to what is needed.
simulate: strict ## run SEEDS=100000 simulations, from seed FROM=1 on
	SEEDS=$(SEEDS) FROM=$(FROM) swift test --skip-build --disable-xctest --filter everySeedEndsAsTheNaiveBatch

# A failure names its seed and round; the same command shows it again.
fuzz: strict ## damage messages, queries, baselines and monitor files at random: ROUNDS=20000 of each, FROM=1 on
	ROUNDS=$(ROUNDS) FROM=$(FROM) swift test --skip-build --disable-xctest --filter '[Mm]utations?|damageThatIsSigned'

# Like `unit`, it needs what setup-test installs.
soak: setup-test strict ## disturb instances on PostgreSQL at random for FOR=10m or in LOOPS=100 short rounds, from SEED=1 on
	LEEWAY_LOOPS=$(LOOPS) LEEWAY_SOAK=$(or $(FOR),10m) LEEWAY_SEED=$(SEED) \
	  swift test --skip-build --disable-xctest --filter '\.SoakTests/'

# Each sanitizer has a build of its own, from which the commands that tests start come too. Left out are tests of memory, of
# time and of the whole demo, which say nothing in such a build. In the build for ThreadSanitizer, which LEEWAY_SANITIZE asks
# for, locks are made of what it understands; see Sources/LeewayLocks.
sanitize: sanitize-address sanitize-thread ## run the tests under AddressSanitizer and ThreadSanitizer, in builds of their own

sanitize-address sanitize-thread: export SEEDS := 40
sanitize-address sanitize-thread: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 4
sanitize-address: export ASAN_OPTIONS := detect_leaks=0
sanitize-thread: export LEEWAY_SANITIZE := thread
sanitize-address sanitize-thread: sanitize-%: setup-test
	swift build --build-tests --sanitize=$* --scratch-path .build-$*
	@for tests in '^(Statistics|Core|Simulation|Ledger|Delivery)Tests\.' '^ServiceTests\.' \
	  '^SourceTests\.|[./](CrashTests|PoisonTests|ReceiverTests|ReloadTests|ReplayThreadsTests|ShutdownTests|TogetherTests)/'; do \
	  swift test --skip-build --disable-xctest --sanitize=$* --scratch-path .build-$* --filter "$$tests"; done

# Separate from `make test`: its packages take a minute and 1 GB. It tests the command that LEEWAY_BINARY names, else a build.
python: ## lint, types, tests and notebook of the Python package; ONLY="tests/test_fit.py" for some, SEEDS=1000 FROM=61 for more frames
	@SEEDS=$(if $(filter file,$(origin SEEDS)),60,$(SEEDS)) FROM=$(FROM) python/check.sh $(ONLY)

# Packages are pinned and go into .build/producers.
producers: strict ## read back what Confluent's serializers for Python write, beside the same rows in JSON; SEED=1
	@SEED=$(or $(SEED),1) Tests/Producers/run.py

estimates: strict ## print how far performance without labels was off on car_loan, window by window, beside NannyML's
	Benchmarks/estimates.py .build/debug/leeway

# Packages are pinned and go into .build/golden; those of NannyML take 2 GB, all others half of one.
golden: ## make the golden files of the tests again and compare; ONLY="distances fairness" for some, WRITE=1 puts them in place
	@Tests/Golden/run.py $(if $(WRITE),--write) $(ONLY)

bench: setup-test ## build the benchmarks, install the peers and print the table; ONLY="decode drift" for some, QUOTE=1 into docs/speed.md
	@Benchmarks/run.py $(if $(QUOTE),--quote) $(ONLY)

alarm-quality: setup ## false alarms and delays of the shift detector on made-up traffic; ONLY="1000 harsh", QUARTERS=200; goes on where it stopped
	LEEWAY_BENCHMARKS=1 swift build -c release --product LeewayBenchmarks
	@Benchmarks/alarms.py --quarters $(or $(QUARTERS),200) $(ONLY)

clean: ## remove what was built
	rm -rf .build .build-address .build-thread
