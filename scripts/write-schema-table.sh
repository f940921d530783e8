#!/bin/sh
# Writes docs/data-model.md anew from the live catalogue of a migrated test database.
set -eu
cd "$(dirname "$0")/.."
BUNKO_WRITE_SCHEMA_TABLE="$PWD/docs/data-model.md" swift test --disable-xctest --filter '^StorageTests\.SchemaContractTests' "$@"
