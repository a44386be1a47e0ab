# make demo: build and run keyword spotting on the virtual board. make test: what a change must pass.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test test-all test-generated test-converters fuzz lint figures clean

demo: $(VENV)/.motes
	@$(BIN)/motes demo

test: $(VENV)/.motes-test
	$(BIN)/pytest -n 2 -m "not slow"

# Everything, the slow tests and the training recipes too: it installs TensorFlow.
test-all: $(VENV)/.motes-train
	$(BIN)/pytest -n 2

# Every generated model, on every core, and many more inputs to each operator: more than an hour.
test-generated: $(VENV)/.motes-test
	$(BIN)/pytest -n 2 --generated -k "many_more_inputs or random_models or every_operator or kernels_of_the_core"

# Damaged and strange models, for so many seconds; what is found is kept in build/fuzz.
TIME ?= 600
fuzz: $(VENV)/.motes-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python tests/fuzz/fuzz_importer.py -max_total_time=$(TIME)
	@test -z "$$(find build/fuzz -maxdepth 1 -type f)" || { echo "found, see build/fuzz" >&2; exit 1; }

# mt.convert with every converter. That of ONNX wants older packages than the others, that of PyTorch brings very many.
CONVERTER_TEST = MOTES_REQUIRE_ALL=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
test-converters: $(VENV)/.motes-train $(VENV)-onnx/.motes $(VENV)-torch/.motes
	$(CONVERTER_TEST) $(BIN)/python -m pytest tests/converting/test_keras.py tests/converting/test_documents.py \
		tests/cli/test_convert.py tests/train -k "not onnx and not torch"
	$(CONVERTER_TEST) $(VENV)-onnx/bin/python -m pytest tests/converting/test_onnx.py tests/converting/test_documents.py -k onnx
	$(CONVERTER_TEST) $(VENV)-torch/bin/python -m pytest tests/converting/test_torch.py tests/converting/test_documents.py -k torch

lint: $(VENV)/.motes-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files '*.c' '*.h' ':!tests/golden' | xargs $(BIN)/clang-format --dry-run --Werror

$(VENV)/.motes: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Motes needs Python 3.11 or newer; say make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "installing Motes into $(VENV); the compiler that comes with it is 400 MB unpacked"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.motes-test: $(VENV)/.motes
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.motes-train: $(VENV)/.motes-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,train]'
	@touch $@

$(VENV)-onnx/.motes $(VENV)-torch/.motes: $(VENV)-%/.motes: pyproject.toml
	$(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/pip install --quiet --disable-pip-version-check --editable '.[$*,test-converter]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-onnx $(VENV)-torch
