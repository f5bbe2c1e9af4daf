# Pyydä apua. `make run` and `make test` do all their own set-up; `make help` lists everything.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
LANGUAGES = $(shell sed -n 's/^\([a-z]*\): {.*/\1/p' data/languages.yml)
export PYTHONPATH := $(CURDIR)

.PHONY: help run test lint bench evaluate evaluate-entities evaluate-search i18n compile train setup setup-app setup-dev setup-engine screenshots transcripts language missing measure-page demo-host lock clean

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*##\s*/\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: setup compile train  ## set up what is missing, train when sources changed, start engine and bot
	@exec $(PY) -m bot run

test: setup-dev compile train  ## all tests on real parts (sets up everything first); PYTEST="-k word" narrows
	@tools/browser.sh
	@$(PY) -m pytest $(PYTEST)
	@engine/.venv/bin/python -W ignore -m unittest discover -s engine/tests -t .

lint: setup-dev  ## ruff, format, mypy --strict, languages and data
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy bot actions tools
	@$(PY) -m tools.check_catalogue
	@$(PY) -m tools.check_languages
	@$(PY) -m tools.check_nlu

bench: setup-dev compile train  ## speed: search up to 50 000 services, then beside a stock Rasa bot (about three quarters of an hour)
	@$(PY) -m benchmarks.catalogue
	@$(PY) -m benchmarks.bench

evaluate: setup-dev compile train  ## understanding, language by language (DATA=file.jsonl JSON=out.json; WITHOUT="so vi")
	@$(PY) $(if $(WITHOUT),-m benchmarks.without $(WITHOUT),-m tools.evaluate $(if $(DATA),--data $(DATA)) $(if $(JSON),--json $(JSON)))

evaluate-search: setup-dev compile train  ## recall of the catalogue's search (CATALOGUE=file QUESTIONS=file.jsonl JSON=out.json)
	@$(PY) -m tools.evaluate_search $(if $(CATALOGUE),--catalogue $(CATALOGUE)) $(if $(QUESTIONS),--questions $(QUESTIONS)) $(if $(JSON),--json $(JSON))

evaluate-entities: setup-dev  ## places, ages, contacts and masking, language by language, every miss (DATA=file.jsonl)
	@$(PY) -m tools.evaluate_entities $(if $(DATA),--data $(DATA))

evaluate-peers: setup-dev compile train  ## understanding beside Rasa's default and Bürokratt's pipelines (hours; PEERS="--languages fi,en --default-epochs 30")
	@$(PY) -m benchmarks.peers $(PEERS)

i18n: setup-dev  ## extract messages, update every language's catalogue, compile
	@$(PY) -m tools.i18n update
	@$(MAKE) --no-print-directory compile

language: setup-dev  ## scaffold a language: make language CODE=de NAME=Deutsch [DIR=rtl]
	@$(PY) -m tools.languages add $(CODE) "$(NAME)" $(DIR)

missing: setup-dev  ## what each language still lacks (CODE=de for one)
	@$(PY) -m tools.languages missing $(CODE)

compile:
	@$(PY) -m tools.i18n compile

train: setup-engine  ## train the model when its sources changed
	@tools/train.sh

setup: setup-app setup-engine
setup-app:
	@tools/setup.sh app
setup-dev: setup-engine
	@tools/setup.sh dev
setup-engine:
	@tools/setup.sh engine

transcripts: setup-dev compile train  ## every scenario in every language as a page for native speakers (LANGUAGE=so)
	@$(PY) -m tools.transcripts $(LANGUAGE)

screenshots: setup-dev compile train  ## pictures for the README into docs/screenshots
	@tools/browser.sh
	@$(PY) -m tools.screenshots

measure-page: setup-dev compile train  ## bytes and time to usable of the chat page on slow 3G, into docs/page-speed.md
	@tools/browser.sh
	@$(PY) -m tools.measure_page

demo-host: setup-app  ## a site of another origin with the button on it, for trying (docs/embed.md)
	@$(PY) -m tools.demo_host

lock:  ## renew the hash-pinned requirements
	@tools/lock.sh

clean:  ## remove environments, models and caches (not var/: it holds the database and the key)
	@rm -rf .venv engine/.venv .tools models .cache .rasa results
