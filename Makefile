# Everything here is one of manage.py's commands; `make` prints this list.
.DEFAULT_GOAL := help
.PHONY: help setup up test long lint format lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with everything that development needs
	python3 manage.py setup

up: ## start the whole product here; Ctrl-C stops it
	python3 manage.py up

test: ## the suite on a real PostgreSQL, Valkey and browser
	python3 manage.py test

long: ## the same with the long tests
	python3 manage.py test --long

lint: ## ruff, mypy, import directions, Django's checks, missing migrations
	.ci/run lint

format: setup ## let ruff put the code in order
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

lock: ## write the hashes of every package, after a requirement was changed
	python3 manage.py lock
