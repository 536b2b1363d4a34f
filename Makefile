# Every target sets up what it needs. A second run repeats no work.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check docs bench interrupt soak images fuzz assembly lock clean

python := .venv/bin/python
ready := .venv/ready
pip := $(python) -m pip install --quiet --disable-pip-version-check
# Where PYTHONDONTWRITEBYTECODE is set, every command would compile every module it imports: 0.1 s.
compile := env -u PYTHONDONTWRITEBYTECODE $(python) -m compileall -q samlocal

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-9s %s\n", $$1, $$2}' Makefile

setup: $(ready) ## Install samlocal and its tools in .venv
	@$(compile)

demo: $(ready) ## Set up engine and image, and invoke the sample app; SANDBOX=process needs neither
	@SANDBOX=$(SANDBOX) .ci/demo

test: $(ready) ## Run all tests; ARGS='-k name' selects some
	@.ci/images
	@.ci/apt 'the tests' docker-registry iproute2 curl ruby gcc libc6-dev gdb gdbserver \
	  podman runc crun netavark aardvark-dns uidmap slirp4netns openssl bubblewrap busybox chromium $(if $(CI),openssh-server) || true
	@.ci/compilers || true
	@# Twice as many workers as processors: tests mostly wait for an engine.
	@$(python) -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) * 2)) --dist loadgroup $(ARGS)

check: $(ready) ## Check formatting, lint, types, import contracts and documentation
	@$(python) -m ruff format --check --quiet . || { echo 'hint: .venv/bin/ruff format .' >&2; exit 1; }
	@$(python) -m ruff check --quiet .
	@$(python) -m mypy
	@result=$$(.venv/bin/lint-imports --no-logo) || { echo "$$result"; exit 1; }
	@result=$$($(python) -m pytest -q tests/docs) || { echo "$$result"; exit 1; }

docs: $(ready) ## Refresh the reference pages, and build the documentation in site/
	@$(python) -m tests.docs.reference
	@NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build -f .mkdocs.yml

bench: $(ready) ## Compare the speed with sam and `docker run`, and the environment with sam
	@.ci/images python:3.11 nodejs:22
	@failed=0; \
	$(python) -m tests.benchmarks.run $(ARGS) || failed=1; \
	$(python) -m tests.benchmarks.process_invocations || failed=1; \
	$(python) -m tests.benchmarks.large_templates || failed=1; \
	$(python) -m tests.benchmarks.large_content || failed=1; \
	$(python) -m tests.benchmarks.streaming || failed=1; \
	$(python) -m tests.benchmarks.log_flood || failed=1; \
	$(python) -m tests.benchmarks.lambda_endpoint || failed=1; \
	$(python) -m tests.benchmarks.start_api || failed=1; \
	$(python) -m tests.benchmarks.warm_invocations || failed=1; \
	$(python) -m tests.differential.run || failed=1; \
	$(python) -m tests.differential.sample_events "$$($(python) -m tests.benchmarks.run --print-sam)" || failed=1; \
	$(python) -m tests.benchmarks.same_environment "$$($(python) -m tests.benchmarks.run --print-sam)" || failed=1; \
	exit $$failed

interrupt: $(ready) ## Interrupt 500 invocations at random moments; ARGS=50 for fewer
	@.ci/images python:3.11
	@$(python) -m tests.benchmarks.interruptions $(ARGS)

soak: $(ready) ## Send 100,000 requests to an endpoint while containers are killed; ARGS=5000 for fewer
	@.ci/images python:3.11 nodejs:22
	@$(python) -m tests.benchmarks.soak $(ARGS)

images: $(ready) ## Build the stand-ins for AWS's images that are missing or stale
	@.ci/images $(ARGS)

fuzz: $(ready) ## Fuzz the APIs, then the readers of projects; REQUESTS=1000 for fewer, ARGS='-max_total_time=60'
	@$(python) -m tests.fuzz.fuzz_apis $(REQUESTS)
	@tests/fuzz/run $(ARGS)

assembly: ## Synthesise the CDK apps of the tests again; needs node and npm
	@tests/projects/cdk-ratings/synth
	@tests/projects/cdk-apis/synth

lock: $(ready) ## Write .ci/requirements.lock after a change of pyproject.toml; ARGS=--upgrade for newer versions
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --all-extras --group test --group check --group docs --custom-compile-command 'make lock' \
	  --output-file .ci/requirements.lock $(ARGS) pyproject.toml

clean: ## Remove .venv and what tools leave in this folder
	@rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ready): pyproject.toml .ci/requirements.lock
	@command -v python3 >/dev/null || .ci/apt 'everything' python3 python3-venv
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: python3 is older than 3.11' >&2; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || .ci/apt 'the virtual environment' python3-venv
	@echo 'Installing samlocal and its tools in .venv' >&2
	@[ -x $(python) ] || python3 -m venv .venv
	@$(pip) --requirement .ci/requirements.lock >&2
	@$(pip) --no-deps --editable . >&2
	@$(compile)
	@touch $@
