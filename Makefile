# Everything that is installed goes into .tools/ and editors/vscode/node_modules, except Debian packages that need apt
# (Chromium and a font, for the VS Code test). A second run installs nothing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Pinned here and not in go.mod: a linter's modules should not take part in the choice of ours.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4

# How long `make fuzz` spends on each target, and which targets: FUZZ is a regular expression.
FUZZTIME ?= 30s
FUZZ ?= .
# How many sessions of random edits `make test-sync` plays.
SYNC_SESSIONS ?= 1000
# How often `make bench` runs each benchmark, and which.
BENCHCOUNT ?= 6
BENCH ?= .
# How many calls of a plugin `make soak` makes.
SOAK ?= 100000

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/speclens
	go build -o bin/speclens ./cmd/speclens

.PHONY: vsix
vsix: ## Build the VS Code extension for this platform, with the program inside: editors/vscode/out/speclens.vsix
	@command -v npm >/dev/null || { echo "make vsix needs Node.js 20 or newer and npm"; exit 1; }
	@editors/test/install-extension-deps.sh
	rm -rf editors/vscode/bin && mkdir editors/vscode/bin
	go build -trimpath -ldflags='-s -w' -o editors/vscode/bin/ ./cmd/speclens
	cd editors/vscode && npm run --silent package -- --target "$$(node -p 'process.platform + "-" + process.arch')"

.PHONY: test
test: ## Install what the tests need, then run all of them
	-@$(MAKE) -j2 --keep-going install compile-tests
	@$(MAKE) --keep-going test-go test-sync test-report test-nvim test-vscode test-typing

.PHONY: test-go
test-go: ## Run the Go tests with the race detector
	go test -race -timeout 30m ./...

.PHONY: test-report
test-report: ## Open the HTML reports in a real Chromium
	@editors/test/run-report.sh </dev/null

.PHONY: test-sync
test-sync: ## Play SYNC_SESSIONS (default 1000) sessions of 200 random edits; each must end like a fresh server
	go test ./lsp/internal/server -run '^TestSyncEquivalence$$' -count 1 -timeout 60m -v -sync.sessions $(SYNC_SESSIONS)

.PHONY: test-nvim
test-nvim: build ## Run the editor story in a real Neovim, headless, and type specs into it key by key
	@SPECLENS_BIN=$(CURDIR)/bin/speclens editors/test/run-nvim.sh </dev/null
	@SPECLENS_BIN=$(CURDIR)/bin/speclens editors/test/run-nvim-typing.sh </dev/null

.PHONY: test-vscode
test-vscode: build ## Run the editor story in a real VS Code
	@SPECLENS_BIN=$(CURDIR)/bin/speclens editors/test/run-vscode.sh </dev/null

# The downloads of one wait for the network while the other compiles. Nothing is tested meanwhile: a test that competes
# with an installer for two cores measures the installer. What fails here fails again, with its name, in the tests.
.PHONY: install compile-tests
install: ## Install the editors that the tests drive, and k6
	@editors/test/install-all.sh </dev/null

.PHONY: k6
k6: ## Install k6, in which the tests run exported scripts
	@editors/test/install-k6.sh </dev/null

# Compiles without linking: what go list exports is what go test finds in the build cache.
compile-tests:
	@go list -race -test -export -deps ./... >/dev/null

.PHONY: test-typing
test-typing: build ## Type specs key by key into a real VS Code; TYPING_PASSES and TYPING_PAGES choose what and how many at once
	@SPECLENS_BIN=$(CURDIR)/bin/speclens editors/test/run-typing.sh </dev/null

.PHONY: lint
lint: ## Check formatting, go vet, staticcheck, known vulnerabilities, the extension's types and shell scripts
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...
	@$(MAKE) vulnerabilities
	@for script in .ci/run editors/test/*.sh; do bash -n "$$script"; done
	@editors/test/install-extension-deps.sh && cd editors/vscode && npx --no-install tsc --noEmit

# govulncheck ends with 3 where it found something; with anything else it could not look, as without a network.
.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what is linked, where the database can be had
	@status=0; found=$$(go run $(GOVULNCHECK) ./... 2>&1) || status=$$?; \
	case "$$found" in *"exit status 3"*) status=3;; esac; \
	case $$status in \
	0) echo 'govulncheck: nothing found';; \
	3) printf '%s\n' "$$found"; exit 1;; \
	*) echo 'SKIPPED: govulncheck, since its database cannot be had here';; \
	esac

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME (default 30s); FUZZ=Name picks some
	@packages=$$(go list ./...); failed=; \
	for package in $$packages; do \
	  listed=$$(go test -list '^Fuzz' "$$package"); \
	  for target in $$(grep -E '^Fuzz' <<<"$$listed" | grep -E -- '$(FUZZ)' || true); do \
	    echo "== $$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime '$(FUZZTIME)' "$$package" </dev/null || failed="$$failed $$target"; \
	  done; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

.PHONY: bench
bench: ## Run the benchmarks, in the form that benchstat reads; BENCH=Name picks some
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(BENCHCOUNT) ./...

# Outside the race detector, whose own memory would be measured too.
.PHONY: soak
soak: ## Make SOAK executes and validates (default 100000) of a plugin and watch the memory
	SPECLENS_SOAK=$(SOAK) go test ./engine/plugin/builtin/http -run '^TestMemoryDoesNotGrow' -count 1 -v -timeout 60m

.PHONY: clean
clean: ## Remove what was built and installed
	rm -rf bin .tools coverage.out editors/vscode/bin editors/vscode/dist editors/vscode/out editors/vscode/node_modules
