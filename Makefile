# make demo   install, compile a spec, train and sample its model on the CPU
# make test   install everything, run every check
# make fuzz   mutated specs from new seeds, for FUZZ_SECONDS (300)
# make editors  pack the VS Code extension (npm)
# make clean  remove what these two have installed and trained

PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
SPEC   := specs/diamond.vslm
DEMO   := generated/diamond

# One step after the other, also under `make -j`.
.NOTPARALLEL:
.PHONY: demo test fuzz editors clean

demo: .venv/.train
	$(BIN)/vslmc check $(SPEC)
	$(BIN)/vslmc build $(SPEC)
	cd $(DEMO) && ../../$(BIN)/python train.py --overwrite
	@echo
	cd $(DEMO) && ../../$(BIN)/python sample.py --prompt "The " --tokens 300
	@echo
	@echo "loss curve  $$(ls $(DEMO)/runs/diamond/curve.*)"
	@echo "model card  $(DEMO)/README.md"

test: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/pyright
	$(BIN)/python -m pytest -n 2

fuzz: .venv/.test
	$(BIN)/python -m tests.fuzz

editors: .venv/.test
	$(BIN)/python -m vslmc.lsp.textmate editors/vscode/syntaxes/vslm.tmLanguage.json
	cd editors/vscode && npm ci --no-audit --no-fund && npm test && npm run package

clean:
	rm -rf .venv generated/*/runs

# Stamps: a second run installs nothing unless the project's needs have changed.
.venv/.train: pyproject.toml constraints.txt
	@echo "installing into .venv: a few minutes the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --constraint constraints.txt --editable '.[train]'
	touch $@

.venv/.test: .venv/.train
	$(PIP) install --constraint constraints.txt --editable '.[test]'
	touch $@
