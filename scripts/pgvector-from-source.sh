#!/usr/bin/env bash
# Builds and installs pgvector for one PostgreSQL version from the source package of the distribution's next release.
#
# Debian 12 has no pgvector package and Ubuntu 24.04 an old one. The next release in the same archive has the source; this
# script asks the mirrors this machine already trusts for it, through an apt configuration of its own: nothing under /etc/apt
# or /var/lib/apt changes, and signatures are checked as always. See docs/decisions/0003.
#
#   scripts/pgvector-from-source.sh /usr/lib/postgresql/15/bin/pg_config
#
# Needs make, gcc, dpkg-dev and postgresql-server-dev-NN, which scripts/setup.sh installs first.
set -euo pipefail

pg_config=${1:?usage: $0 /usr/lib/postgresql/NN/bin/pg_config}
# shellcheck source=/dev/null
here_release=$(. /etc/os-release && echo "${UBUNTU_CODENAME:-${VERSION_CODENAME:-}}")
case $here_release in
    bookworm) here_suites='(bookworm|stable|oldstable)' source_release=trixie component=main ;;
    noble) here_suites=noble source_release=resolute component=universe ;;
    *)
        echo "pgvector: no source release is known for '$here_release'; install pgvector 0.8 or newer for $("$pg_config" --version) yourself." >&2
        exit 3
        ;;
esac
as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources.d,lists/partial,cache/archives/partial,source}

# One-line sources ("deb [signed-by=…] URI bookworm main"): options and URI stay, type, suite and component change.
one_line_sources() {
    sed -nE "s,^deb(-src)?([[:space:]]+\[[^]]*\])?[[:space:]]+([^[:space:]]+)[[:space:]]+${here_suites}[[:space:]].*,deb-src\2 \3 $source_release $component,p" "$1"
}

# deb822 sources: every stanza that names this release is kept with its URIs and keys (Signed-By may span lines).
deb822_sources() {
    awk -v from="$here_suites" -v to="$source_release" -v component="$component" '
        BEGIN { RS = ""; FS = "\n" }
        {
            stanza = ""; names_release = 0; enabled = 1
            for (i = 1; i <= NF; i++) {
                line = $i; field = tolower(line); sub(/:.*/, "", field)
                if (line ~ /^#/) continue
                if (field == "types") line = "Types: deb-src"
                else if (field == "components") line = "Components: " component
                else if (field == "enabled" && tolower(line) ~ /no|false|off|0/) enabled = 0
                else if (field == "suites") {
                    sub(/^[^:]*:/, "", line)
                    names_release = ((" " line " ") ~ ("[ \t]" from "[ \t]"))
                    line = "Suites: " to
                }
                stanza = stanza line "\n"
            }
            if (names_release && enabled) print stanza
        }' "$1"
}

write_sources() {
    local list parts file
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "${parts%/}"/*.list; do
        [[ ! -r $file ]] || one_line_sources "$file"
    done | sort -u >"$work/sources.list"
    for file in "${parts%/}"/*.sources; do
        [[ ! -r $file ]] || { deb822_sources "$file" && echo; }
    done >"$work/sources.d/source.sources"
    grep -q deb-src "$work/sources.list" "$work/sources.d/source.sources" && return
    echo "pgvector: no apt source of this machine names the suite $here_release, so there is no mirror to ask for its source." >&2
    echo "pgvector: add your mirror to $list, or install pgvector 0.8 or newer for $("$pg_config" --version) yourself." >&2
    exit 3
}

private_apt() {
    # The sandbox user could not write into our temporary directory; the files are verified by signature either way.
    apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts="$work/sources.d" \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

write_sources
echo "pgvector: fetching the source package of $source_release"
# A mirror without the other release (somebody's own repository) is no obstacle as long as another one has the source.
private_apt update >"$work/update.log" 2>&1 || cat "$work/update.log" >&2
cd "$work/source"
if ! private_apt source pgvector >"$work/fetch.log" 2>&1; then
    cat "$work/fetch.log" >&2
    echo "pgvector: this machine's mirrors did not give the source package; what they said stands above." >&2
    exit 3
fi
cd pgvector-*/

echo "pgvector: building $(basename "$PWD") for $("$pg_config" --version)"
# OPTFLAGS= drops -march=native, as Debian does: the library may outlive this CPU, and picks its SIMD variant when loaded.
make -s PG_CONFIG="$pg_config" OPTFLAGS= >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; exit 3; }
echo "pgvector: installing into $("$pg_config" --pkglibdir)"
"${as_root[@]}" make -s install PG_CONFIG="$pg_config" OPTFLAGS= >"$work/install.log" 2>&1 \
    || { tail -40 "$work/install.log" >&2; exit 3; }
