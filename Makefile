# Teladan: the daily commands. `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PYTHON
export TELADAN_VENV = $(VENV)
ifdef PORT
export TELADAN_PORT = $(PORT)
endif
# A killed make takes what it started along.
demo demo-reset serve: export TELADAN_WITH_PARENT = 1
# Production-like settings for `check --deploy`.
deploy: export TELADAN_ADDRESS = https://teladan.example.go.id
deploy: export TELADAN_HOSTS = teladan.example.go.id
deploy: export TELADAN_BEHIND_PROXY = 1
deploy: export TELADAN_SECRET_KEY = only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz
deploy: export TELADAN_LEDGER_KEY_FILE = /etc/teladan/only-the-worker-reads-this
deploy: export DATABASE_URL = postgres://teladan@db/teladan

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset serve test test-crash check lint types templates imports migrations deploy bench bench-citizen-page bench-scoring bench-integrity bench-simulations screens docs messages lock clean base dev

help: ## daftar ini
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-20s %s\n", $$1, $$2}'

base:
	@bin/prepare base

dev:
	@bin/prepare dev

demo: base ## siapkan semuanya, muat kota contoh, jalankan (PORT=8080 untuk pangkalan lain)
	@$(BIN)/teladan demo

demo-reset: base ## hapus data contoh, lalu mulai lagi dari awal
	@$(BIN)/teladan demo-reset

serve: base ## jalankan tanpa kota contoh
	@$(BIN)/teladan serve

test: dev ## siapkan semuanya, jalankan semua uji
	@bin/browser
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

test-crash: dev ## uji panjang: peramban, pekerja dan basis data dimatikan berkali-kali
	@bin/browser
	$(BIN)/python -m pytest -n 2 -m crash $(ARGS)

check: dev lint types templates imports migrations deploy ## periksa kode, tipe, templat, lapisan, migrasi, pengaturan

lint: dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: dev
	$(BIN)/mypy

templates: dev
	$(BIN)/djangofmt --check teladan

imports: dev
	$(BIN)/lint-imports

migrations: dev
	$(BIN)/teladan django makemigrations --check --dry-run

deploy: dev
	$(BIN)/teladan check --deploy --fail-level WARNING

bench: base ## ukur kecepatan dan ingatan
	$(BIN)/python -m bench

bench-citizen-page: base ## ukur halaman warga: bita, permintaan, ketukan, Lighthouse
	$(BIN)/python -m bench citizen_page

bench-scoring: dev ## ukur dan bandingkan hitungan nilai
	$(BIN)/python -m bench.scoring

bench-integrity: base ## tanda integritas pada kota jujur dan pada kecurangan yang ditanam
	$(BIN)/python -m bench integrity

bench-simulations: dev ## uji janji nilai dengan kebenaran yang diketahui (ARGS="--groups 50" lebih cepat)
	$(BIN)/python -m bench.simulations $(ARGS)

screens: dev ## gambar setiap halaman untuk setiap peran ke var/screens/
	@bin/browser
	$(BIN)/python -m tests.screens

docs: dev ## tulis ulang halaman docs/ yang dibuat dari kode
	$(BIN)/teladan docs

messages: dev ## kumpulkan kalimat untuk terjemahan Inggris, lalu susun katalognya (perlu gettext)
	@command -v msgmerge >/dev/null || { echo "Alat gettext tidak ada. Pasang: apt-get install gettext" >&2; exit 1; }
	cd teladan && $(MESSAGES) makemessages -l en --no-wrap --no-obsolete --no-location
	cd teladan && $(MESSAGES) compilemessages -l en -l min

MESSAGES = $(abspath $(BIN))/teladan django

lock: dev ## tulis ulang berkas kunci paket
	echo uv | $(BIN)/uv pip compile - $(LOCK) -o requirements/uv.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements/base.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK) --extra dev -o requirements/dev.txt

LOCK = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -q

clean: ## hapus tembolok (data tetap)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/static var/screens
	find teladan tests -name __pycache__ -type d -exec rm -rf {} +
