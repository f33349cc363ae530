#!/usr/bin/env bash
# Every check that reads the code without running it. Runs them all, then says which failed.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
failed=()

check() { # NAME COMMAND...
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "failed  $name"
        echo "$output"
        failed+=("$name")
    fi
}

no_addresses() { ! grep -n "://" requirements/*.txt; }
used_dependencies() { (cd "$1" && "$bin/deptry" src --no-ansi); }

check "format" "$bin/ruff" format --check --quiet
check "style" "$bin/ruff" check --output-format concise
check "types" "$bin/mypy"
check "dependency direction" "$bin/lint-imports" --no-cache --no-logo
for project in proto server client; do
    check "dependencies of $project" used_dependencies "$project"
done
check "contract" "$bin/buf" lint
check "generated code" "$bin/python" scripts/generate_proto.py --check
check "locked requirements name no address" no_addresses

if ((${#failed[@]})); then
    printf 'lint failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
