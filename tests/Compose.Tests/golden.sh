#!/usr/bin/env bash
# Writes expected.yaml, expected.json and hashes beside the inputs of Golden/, with Docker Compose 2.26.1. Usage: golden.sh PLUGIN
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/Golden"
for dir in */; do
  files=(); for f in "$dir"[0-9].yaml; do files+=(-f "$f"); done
  run() { env -i PATH="$PATH" HOME=/root SET=set EMPTY= TRUE=true TWO=2 PORT=8000 "$plugin" -p golden --project-directory /srv/app --profile p "${files[@]}" config "$@"; }
  plugin=$1
  run >"$dir/expected.yaml"; run --format json >"$dir/expected.json"; run --hash '*' >"$dir/hashes"
done
