#!/bin/sh
# The namespace, once Temporal answers. Safe to repeat. Runs in temporalio/admin-tools.
set -eu

until temporal operator cluster health; do sleep 1; done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
