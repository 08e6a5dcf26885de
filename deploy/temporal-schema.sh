#!/bin/sh
# Temporal's own databases, made or brought up to date. Safe to repeat. Runs in temporalio/admin-tools.
set -eu

tool() {
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -u "$POSTGRES_USER" -p 5432 --db "$1" "$2" ${3+"$3" "$4"}
}

for database in temporal temporal_visibility; do
  schema=${database#temporal_}
  tool "$database" create
  tool "$database" setup-schema -v 0.0
  tool "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
