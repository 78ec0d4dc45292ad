#!/usr/bin/env bash
# Builds the Debian package of the sidecar: ./scripts/deb.sh [--binary FILE] [--out DIR]
#
# Without --binary it compiles weir-tunnel with the profile "production". The package is the same, byte for byte, for the same
# binary and commit. It says where it put it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary='' out=target
while [ $# -gt 0 ]; do
	case $1 in
	--binary) binary=${2:?--binary FILE} && shift 2 ;;
	--out) out=${2:?--out DIR} && shift 2 ;;
	*) echo "usage: $0 [--binary FILE] [--out DIR]" >&2 && exit 2 ;;
	esac
done
for program in dpkg dpkg-deb objdump; do
	command -v "$program" >/dev/null || { echo "$program is missing: install the packages dpkg and binutils" >&2 && exit 1; }
done
if [ -z "$binary" ]; then
	cargo build --locked --profile production -p weir-tunnel
	binary=${CARGO_TARGET_DIR:-target}/production/weir-tunnel
fi
[ -x "$binary" ] || { echo "$binary: no program" >&2 && exit 1; }

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
architecture=$(dpkg --print-architecture)
# The newest version of the C library that the program asks for a symbol of.
libc=$(objdump -T "$binary" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 | cut -d _ -f 2)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/weir-tunnel
chmod 755 "$work"
put() { # mode file path
	install -D -m "$1" "$2" "$root$3"
}
put 755 "$binary" /usr/bin/weir-tunnel
strip --strip-unneeded "$root/usr/bin/weir-tunnel"
put 644 tunnel/packaging/weir-tunnel.service /usr/lib/systemd/system/weir-tunnel.service
put 644 tunnel/packaging/default /etc/default/weir-tunnel
put 644 tunnel/packaging/kernel-exit.conf /usr/share/doc/weir-tunnel/kernel-exit.conf
put 644 tunnel/example.toml /usr/share/doc/weir-tunnel/example.toml
put 644 docs/sidecar.md /usr/share/doc/weir-tunnel/sidecar.md
put 644 docs/customer.md /usr/share/doc/weir-tunnel/customer.md
put 644 docs/tunnel-openapi.json /usr/share/doc/weir-tunnel/openapi.json
put 644 LICENSE /usr/share/doc/weir-tunnel/copyright

install -d -m 755 "$root/DEBIAN"
for script in postinst prerm postrm; do
	install -m 755 "tunnel/packaging/$script" "$root/DEBIAN/$script"
done
echo /etc/default/weir-tunnel >"$root/DEBIAN/conffiles"
(cd "$root" && find etc usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<CONTROL
Package: weir-tunnel
Version: $version
Architecture: $architecture
Maintainer: The Weir authors <noreply@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: adduser, ca-certificates, libc6 (>= ${libc:-2.31}), libgcc-s1, nftables
Recommends: tzdata
Section: net
Priority: optional
Description: sidecar of the Weir network
 Sells what a line carries in paid WireGuard sessions, lets the line be
 measured, measures the lines of others, and takes programs through other
 people's lines. Needs no root: WireGuard and exit are in userspace.
CONTROL
# Whoever builds it, with whatever umask.
chmod -R u=rwX,go=rX "$root"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$out"
package=$out/weir-tunnel_${version}_${architecture}.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
echo "$package"
