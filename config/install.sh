#!/bin/bash
# Installs a published checkpointer and its service on this host, or upgrades it. Jobs run on meanwhile. Run as root.
#
#   config/install.sh DIR      DIR is what `dotnet publish src/Scheduler -c Release -r linux-x64 --self-contained false -o DIR` made
#
# DESTDIR installs below another root and starts nothing, as packagers want it.
set -euo pipefail

root=${DESTDIR:-}
config=$(cd "$(dirname "$0")" && pwd)
published=${1:?the directory of the published program is missing}
[ -x "$published/checkpointer" ] || { echo "install: there is no program in $published" >&2; exit 1; }

# Each version has a directory of its own, and a link names the one that holds: the service that runs still reads from its own, and whatever starts in
# between finds one of both, whole.
units=$root/etc/systemd/system
mkdir -p "$root/opt" "$root/usr/local/bin" "$units/scope.d" "$units/user@.service.d" "$root/etc/tmpfiles.d" "$root/etc/checkpointer/policies"
version=$(basename "$(mktemp -d "$root/opt/checkpointer-XXXXXXXX")")
cp -r "$published/." "$root/opt/$version"
chmod 755 "$root/opt/$version"
if [ -d "$root/opt/checkpointer" ] && [ ! -L "$root/opt/checkpointer" ]; then
    mv "$root/opt/checkpointer" "$root/opt/checkpointer-before" # was put there by hand
fi
ln -sfn "$version" "$root/opt/checkpointer.new"
mv -T "$root/opt/checkpointer.new" "$root/opt/checkpointer"
ln -sfn /opt/checkpointer/checkpointer "$root/usr/local/bin/checkpointer"

install -m 644 "$config/checkpointer.service" "$units/checkpointer.service"
install -m 644 "$config/scope.d/checkpointer.conf" "$units/scope.d/checkpointer.conf"
install -m 644 "$config/scope.d/checkpointer.conf" "$units/user@.service.d/checkpointer.conf"
install -m 644 "$config/tmpfiles.d/checkpointer.conf" "$root/etc/tmpfiles.d/checkpointer.conf"
for policy in "$config"/policies/*.json; do
    # What an administrator has written is not touched.
    [ -e "$root/etc/checkpointer/policies/$(basename "$policy")" ] || install -m 644 "$policy" "$root/etc/checkpointer/policies/"
done

[ -z "$root" ] || exit 0
systemd-tmpfiles --create checkpointer.conf
/opt/checkpointer/checkpointer doctor || [ $? -eq 3 ]
systemctl daemon-reload
systemctl enable checkpointer.service
systemctl restart checkpointer.service

# Nobody runs from the others any more.
find /opt -maxdepth 1 -type d -name 'checkpointer-*' ! -name "$version" -exec rm -rf {} +
