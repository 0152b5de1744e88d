#!/usr/bin/env bash
# Runs every finding, or those that are named, and says of each: as seen, changed, or could not install.
#
#     findings/run_all.sh                  # all
#     findings/run_all.sh tsfresh_unsigned_labels
#
# Exit status: 0 if all are as they were seen, 1 if one has changed, else 2 if packages of one could not be installed.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
FINDINGS_ENVIRONMENTS=$(mktemp -d)
export FINDINGS_ENVIRONMENTS
trap 'rm -rf "$FINDINGS_ENVIRONMENTS"' EXIT

status=0
[ $# -gt 0 ] || for script in "$HERE"/*.sh; do
    name=$(basename "$script" .sh)
    [ "$name" = run_all ] || set -- "$@" "$name"
done
for name; do
    script=$HERE/${name%.sh}.sh
    [ -f "$script" ] || { echo "no finding is named $name" >&2; exit 1; }
    rc=0
    output=$(bash "$script" 2>&1) || rc=$?
    case $rc in
        0) echo "$name: as seen" ;;
        2) echo "$name: could not install" ;;
        *) echo "$name: changed" ;;
    esac
    [ "$rc" = 0 ] || echo "    ${output//$'\n'/$'\n'    }"
    case $rc in
        0) ;;
        2) [ "$status" = 1 ] || status=2 ;;
        *) status=1 ;;
    esac
done
exit "$status"
