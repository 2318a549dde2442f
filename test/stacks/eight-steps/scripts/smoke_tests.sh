#!/bin/bash
# Step 7 of the runbook's deploy, as an operator runs it in the folder on the host: bash scripts/smoke_tests.sh production
set -euo pipefail
answer=$(docker exec saas-nginx-prod curl -fsS http://localhost/health)
case $answer in
  *'"status":"healthy"'*) echo "smoke tests of $1: $answer" ;;
  *) echo "smoke tests of $1 failed: $answer" >&2; exit 1 ;;
esac
