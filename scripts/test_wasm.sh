#!/usr/bin/env bash
# Runs the tests of ugmm-kernels in WebAssembly, by Node. Needs Node 20 or newer and the target wasm32-wasip1:
#
#     rustup target add wasm32-wasip1
#     scripts/test_wasm.sh
#
# Tests of several threads, and the long ones, are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

# The values of golden tests are read from files of the crate.
cd crates/ugmm-kernels
tests=(--lib --test arguments --test bounds --test finite_differences --test golden --test laws --test missing --test pruned)
# Node 20 may crash at its end, after all tests, where threads of its compiler still run.
CARGO_TARGET_WASM32_WASIP1_RUNNER="node --no-warnings --single-threaded $PWD/../../scripts/run_wasi.mjs" \
    cargo test --release --locked -p ugmm-kernels --target wasm32-wasip1 "${tests[@]}" -- --skip threads_and_pieces
