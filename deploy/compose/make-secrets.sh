#!/bin/sh
# Makes what deploy/compose.yaml wants under deploy/secrets: random passwords, and the URLs that hold them.
# What is there already stays. The folder is this user's alone; the files in it can be read by the containers' users,
# to which they are mounted one by one. Names another folder: make-secrets.sh DIR.
set -eu
folder=${1:-$(dirname "$0")/../secrets}
umask 077
mkdir -p "$folder"
umask 022

keep() { [ -s "$folder/$1" ] || printf '%s\n' "$2" >"$folder/$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
read_back() { cat "$folder/$1"; }

for name in rabbitmq_gateway rabbitmq_publisher rabbitmq_results rabbitmq_operator postgres_password grafana_admin; do
    keep "$name" "$(random)"
done
keep broker_url "amqp://gateway:$(read_back rabbitmq_gateway)@rabbitmq:5672/gateway"
keep management_url "http://operator:$(read_back rabbitmq_operator)@rabbitmq:15672"
keep ledger_url "postgresql://gateway:$(read_back postgres_password)@postgres:5432/gateway"
# What the simulated platform takes, and nobody else; put the real one here.
keep gd_accounting_secret demo-secret-0123456789abcdef0123
