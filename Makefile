# make setup   everything into .venv          make demo   restore a photograph, train a small model, look at what it makes
# make test    lint, types and tests          make clean  remove .venv and what the demo wrote
# make gallery   make a gallery of the demo's photographs and serve it on this machine
# make api     the reference of the Python interface, in build/api
# make web     the page of the gallery out of web/, into hyperthumb/gallery/page (needs Node 20 and npm)
# make torchjpeg   the second JPEG back end, built against the installed torch (needs a C++ compiler)
PYTHON ?= $(shell for p in python3.12 python3.11 python3.10 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Processes that run the tests; each has PyTorch in memory (0.5 GB).
WORKERS ?= 2

.PHONY: setup demo demo-restore gallery test test-long api torchjpeg web clean
.NOTPARALLEL:

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.10, 3.11 or 3.12 is needed and none was found; give one with: make PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $@

demo: demo-restore
	$(BIN)/python run_train.py -opt options/train/demo_4x.yml --max_minutes 8
	$(BIN)/python run_test.py -opt options/test/demo_4x.yml

DEMO := results/demo_restore

demo-restore: setup
	$(BIN)/python scripts/prepare_demo_photos.py
	$(BIN)/hyperthumb compress datasets/demo/test/chelsea.png -o $(DEMO)/chelsea.thumb.jpg --overwrite
	$(BIN)/hyperthumb restore $(DEMO)/chelsea.thumb.jpg -o $(DEMO)/chelsea.restored.png --overwrite
	$(BIN)/python scripts/compare_pictures.py datasets/demo/test/chelsea.png $(DEMO)/chelsea.thumb.jpg $(DEMO)/chelsea.restored.png

GALLERY := results/demo_gallery

gallery: setup
	$(BIN)/python scripts/prepare_demo_photos.py
	$(BIN)/hyperthumb gallery datasets/demo/test datasets/demo/train -o $(GALLERY) --title "Photographs of scikit-image"
	$(BIN)/hyperthumb gallery --serve $(GALLERY)

torchjpeg: $(VENV)/.torchjpeg

# Its wheels are tied to an older torch, so it is built from source; its build tool stays out of the environment.
$(VENV)/.torchjpeg: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --target build/torchjpeg-tools poetry-core
	PYTHONPATH=$(CURDIR)/build/torchjpeg-tools $(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --no-binary torchjpeg -w build/wheels torchjpeg==0.9.33
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall build/wheels/torchjpeg-0.9.33-*.whl
	@touch $@

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# Whole processes killed, starved and fed with bad data for many minutes (docs/reliability.md); not part of `make test`.
test-long: setup
	$(BIN)/python -m pytest -m long tests/reliability

# What users get is committed; only those who change web/ run this.
web:
	@command -v npm >/dev/null || { echo "make web needs Node 20 and npm; the built page is in hyperthumb/gallery/page"; exit 1; }
	cd web && npm ci --no-audit --no-fund && npm run build

api: setup
	$(BIN)/python -W error::UserWarning scripts/write_api.py

clean:
	rm -rf $(VENV) datasets/demo experiments/demo_4x tb_logger/demo_4x $(DEMO) $(GALLERY) results/demo_4x
