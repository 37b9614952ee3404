#!/usr/bin/env bash
# Packages every crate for crates.io and builds each package from those of the others, which needs no account and publishes
# nothing. With --publish it publishes them, in the order of their dependencies.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
  "") cargo publish --workspace --locked --dry-run ;;
  --publish)
    if grep -q '^repository = ""' Cargo.toml; then
      echo 'Cargo.toml has no address of the repository: put it into the line repository = ""' >&2
      exit 1
    fi
    cargo publish --workspace --locked
    ;;
  *)
    echo "usage: scripts/packages.sh [--publish]" >&2
    exit 2
    ;;
esac
