#!/bin/sh
# Installs Debian's PostgreSQL, as root, without the database that the package would make and start: we only want
# the programs.
set -eu
export DEBIAN_FRONTEND=noninteractive
install() {
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}
apt-get update -q || true # a broken list of somebody else's need not stop us: the next line decides
install postgresql-common
sed -i 's/^#\? *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
install postgresql
