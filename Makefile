# Targets for people and CI; `make help` lists them. The work is done by bin/mlops and npm scripts.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
MLOPS := bin/mlops
MODEL_NAME ?= rag_api
MODEL_VERSION ?=
FROM_VERSION ?=
PROFILE ?= default
# What mlops-register registers; MODEL_NAME and MODEL_VERSION go before what it says, where they are given.
MANIFEST ?= examples/models/rag_api.yaml
# More options for the command behind a target: make mlops-deploy MODEL_VERSION=1.1.0 ARGS="--detach --gate 25"
ARGS ?=

.PHONY: help test verify mlops-setup mlops-status mlops-demo mlops-deploy mlops-canary-deploy mlops-rollback mlops-clean benchmark-quality validate-environment
.PHONY: mlops-drift-check mlops-monitor mlops-pipeline mlops-governance-report mlops-register mlops-promote mlops-audit

help: ## list the targets; ARGS="..." passes more options to the command behind one
	@grep -hE '^[a-z][a-z -]*:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ n = split($$1, names, " "); for (i = 1; i <= n; i++) printf "  %-24s %s\n", names[i], $$2 }'

node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: node_modules/.stamp ## install what is missing, check format, lint, types, imports, dead code, run every test
	$(MAKE) --no-print-directory -j2 $(CHECKS)
	node test/run.ts

# What is checked without running anything, two at once; `:` is no letter of a target's name.
CHECKS := check-format check-lint check-types check-imports check-dead-code
.PHONY: $(CHECKS)
check-format:
	npm run --silent format:check
check-lint check-types check-imports check-dead-code: check-%:
	npm run --silent $*

verify: test ## the same as test

validate-environment: node_modules/.stamp ## check this machine and the configuration
	$(MLOPS) config show > /dev/null
	$(MLOPS) doctor $(ARGS)

mlops-setup: node_modules/.stamp ## make what the local stack needs
	$(MLOPS) setup $(ARGS)

mlops-status: node_modules/.stamp ## probe every part of the system
	$(MLOPS) status $(ARGS)

mlops-demo: node_modules/.stamp ## the main job on real parts: rollouts through crashes, approvals, evidence; about 4 minutes
	$(MLOPS) demo $(ARGS)

benchmark-quality: node_modules/.stamp ## what the releases of the RAG service find of what they should
	$(MLOPS) benchmark quality $(ARGS)

mlops-deploy mlops-canary-deploy: node_modules/.stamp ## roll MODEL_VERSION of MODEL_NAME out, judged; also FROM_VERSION, PROFILE
	@test -n '$(MODEL_VERSION)' || { echo "MODEL_VERSION is missing: make $@ MODEL_NAME=rag_api MODEL_VERSION=1.1.0" >&2; exit 2; }
	$(MLOPS) rollout start --model '$(MODEL_NAME)' --to '$(MODEL_VERSION)' $(if $(FROM_VERSION),--from '$(FROM_VERSION)') --profile '$(PROFILE)' $(ARGS)

mlops-register: node_modules/.stamp ## register MODEL_VERSION of MODEL_NAME as MANIFEST says; once, whatever how often
	$(MLOPS) model register '$(if $(filter file,$(origin MODEL_NAME)),,$(MODEL_NAME))' '$(MODEL_VERSION)' --file '$(MANIFEST)' $(ARGS)

mlops-promote: node_modules/.stamp ## move MODEL_VERSION of MODEL_NAME one stage up; into production it asks for its approval
	@test -n '$(MODEL_VERSION)' || { echo "MODEL_VERSION is missing: make $@ MODEL_NAME=rag_api MODEL_VERSION=1.1.0" >&2; exit 2; }
	$(MLOPS) model promote '$(MODEL_NAME)' '$(MODEL_VERSION)' $(ARGS)

mlops-rollback: node_modules/.stamp ## emergency: all traffic of MODEL_NAME to its stable version
	$(MLOPS) rollback '$(MODEL_NAME)' $(ARGS)

mlops-clean: node_modules/.stamp ## stop the local stack and remove its state
	$(MLOPS) clean --yes $(ARGS)

mlops-drift-check mlops-monitor mlops-pipeline mlops-governance-report mlops-audit: ## not there yet
	@echo "$@ is not there yet" >&2; exit 2
