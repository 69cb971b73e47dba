#!/usr/bin/env bash
# The laws of the house, each checked by a script, then format, clang-tidy, shellcheck and syntax.
# Prints every law with its breaches; hints do not fail. BUILD names the build whose objects are looked at.
# FAST=1 leaves out clang-tidy, which is most of the time.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
failed=0
passed=0

# law "sentence" < breaches, one a line
law() {
  local breaches
  breaches=$(cat)
  if [[ -z $breaches ]]; then
    passed=$((passed + 1))
    echo "ok   $1"
  else
    failed=$((failed + 1))
    echo "FAIL $1"
    printf '%s\n' "$breaches" | sed 's/^/       /'
  fi
}

mapfile -t c_sources < <(find core server -name '*.c' | sort)
mapfile -t c_headers < <(find core server -name '*.h' | sort)
c_files=("${c_sources[@]}" "${c_headers[@]}")
mapfile -t c_tests < <(find tests -name '*.[ch]' -not -path '*/node_modules/*' | sort)
mapfile -t modules < <(find static tests \( -name '*.js' -o -name '*.mjs' \) -not -path '*/node_modules/*' | sort)
mapfile -t scripts < <({ find tests .ci -name '*.sh' -not -path '*/node_modules/*'; echo .ci/run; } | sort -u)

# C without comments, each line with its file and number: "file:number:text".
without_comments() {
  local file
  for file in "$@"; do
    awk -v file="$file" '
      { line = $0; out = ""
        while (line != "") {
          if (inside) { at = index(line, "*/"); if (!at) { line = ""; break } line = substr(line, at + 2); inside = 0; continue }
          if (match(line, /"([^"\\]|\\.)*"|\/\*|\/\//)) {
            token = substr(line, RSTART, RLENGTH); out = out substr(line, 1, RSTART - 1)
            line = substr(line, RSTART + RLENGTH)
            if (token == "//") { line = ""; break }
            if (token == "/*") { inside = 1; continue }
            out = out token
          } else { out = out line; line = "" }
        }
        if (out ~ /[^ \t]/) print file ":" FNR ":" out }' "$file"
  done
}

# ---- 1. The floors, lowest first: an include never climbs; rooms of one floor do not see each other.
floors='core: base < math < spec < stats < data < data/import < net < regularizer < train; server: text < model < study < codec < plan < store < console, export, events < jobs < api < http < cli'

climbing_includes() {
  grep -nE '^#include "' "${c_files[@]}" | awk -v floors="$floors" '
    BEGIN {
      n_halves = split(floors, halves, /; */)
      for (half = 1; half <= n_halves; half++) {
        split(halves[half], parts, /: */)
        n_floors = split(parts[2], names, / *< */)
        for (i = 1; i <= n_floors; i++) {
          n_rooms = split(names[i], rooms, /, */)
          for (j = 1; j <= n_rooms; j++) floor_of[parts[1] "/" rooms[j]] = half * 100 + i
        }
      }
    }
    {
      split($0, at, ":"); from = at[1]; sub(/\/[^\/]*$/, "", from)
      to = $0; sub(/^[^"]*"/, "", to); sub(/".*/, "", to); sub(/\/[^\/]*$/, "", to)
      if (!(from in floor_of)) print $0 ": no floor for " from
      else if (!(to in floor_of)) print $0 ": no floor for " to
      else if (from != to && floor_of[to] >= floor_of[from]) print
    }'
}
law 'an include never climbs the floors' < <(climbing_includes)
law 'internal.h only inside its room' < <(
  grep -nE '^#include ".*/internal\.h"' "${c_files[@]}" |
    awk -F'"' '{ room = $2; sub(/internal\.h$/, "", room); if (index($0, room) != 1) print }')

# ---- 2. One library, one door, by folder: header pattern, folders that may include it.
door() {
  law "$1" < <(grep -nE "^#include <($2)>" "${c_files[@]}" | grep -vE "^($3)/")
}
door 'microhttpd only in server/http/' 'microhttpd\.h' 'server/http'
door 'sqlite3 only in server/store/ and server/console/' 'sqlite3\.h' 'server/(store|console)'
door 'cJSON only in server/codec/' '(cjson/)?cJSON\.h' 'server/codec'
door 'cblas only in core/math/' '(cblas|openblas/.*|f77blas)\.h' 'core/math'
door 'zlib, csv, zip, png and jpeg only in core/data/import/' '(zlib|csv|zip|png|jpeglib|turbojpeg)\.h' 'core/data/import'
door 'nettle only in core/base/' 'nettle/.*' 'core/base'
door 'threads only in core/math/ and in store, events, jobs and http' '(pthread|threads)\.h' \
  'core/math|server/(store|events|jobs|http)'
law 'study/ and plan/ are pure: no threads, files or store' < <(
  grep -nE '^#include (<(pthread|threads|fcntl|dirent|unistd|sys/.*)\.h>|"server/store/)' server/study/*.[ch] server/plan/*.[ch])

law 'SQL text only in server/store/, server/console/, migrations/' < <(
  without_comments "${c_files[@]}" | grep -vE '^server/(store|console)/' |
    grep -E '(^|[^\\])"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (TABLE|VIEW|INDEX)|DROP|ALTER TABLE|PRAGMA|BEGIN|COMMIT) ')

# ---- 4. A regularizer is a row of a table: its name stands in core/ and in the view that explains it.
names='dropout|dropconnect|weight_decay|max_norm|mixup|label_smoothing|input_noise|activation_noise|weight_noise|gradient_noise_sigma|early_stopping|cutout'
law "no regularizer's name in server/" < <(without_comments "${c_files[@]}" | grep '^server/' | grep -E "\b($names)")
law "no regularizer's name in static/ outside the view that explains it" < <(
  find static -name '*.js' -not -path '*/node_modules/*' -not -path '*explain*' -print0 |
    xargs -0 -r grep -nE "\b($names)" | grep -vE '^[^:]+:[0-9]+: *(//|\*|/\*)')

# ---- 5. Small. Hints at the figure, failures at twice the figure.
too_long() { # limit, what, files...
  local limit=$1 what=$2
  shift 2
  wc -l "$@" | awk -v limit="$limit" -v what="$what" '$2 != "total" && $1 > limit {
    print ($1 > 2 * limit ? "fail " : "hint ") $2 ": " $1 " lines, " what " has at most " limit }'
}
long_functions() {
  awk '/^[a-zA-Z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
       FNR == 1 { start = 0 }
       /^\{/ { start = FNR }
       /^\}/ && start { n = FNR - start + 1; start = 0
         if (n > 60) print (n > 120 ? "fail " : "hint ") FILENAME ": " name "() has " n " lines, a function has at most 60" }' "$@"
}
sizes=$(
  too_long 500 'a file' "${c_sources[@]}" "${modules[@]}"
  too_long 120 'a header' "${c_headers[@]}"
  long_functions "${c_sources[@]}"
)
grep '^hint ' <<<"$sizes" || true
law 'no file, header or function is twice as long as it should be' < <(sed -n 's/^fail //p' <<<"$sizes")
law 'no include cycle' < <(grep -E '^#include "' "${c_headers[@]}" |
  sed -E 's/^([^:]+):#include "([^"]+)".*/\1 \2/' | tsort 2>&1 >/dev/null)

# ---- State: core has no mutable statics; const tables of pointers lie in .data.rel.ro.
mutable_statics() {
  local object
  compgen -G "$build/core/*/*.o" >/dev/null || { echo "no objects in $build/core: build first"; return; }
  for object in "$build"/core/*/*.o "$build"/core/*/*/*.o; do
    objdump -t "$object" | awk -v file="$object" '/ O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)[ \t]/ { print file ": " $NF }'
  done
}
law 'core has no mutable static' < <(mutable_statics)

# ---- Nothing half done.
law 'nothing is left to do' < <(
  grep -nE '\b(TODO|FIXME|XXX|HACK)\b|#if 0' "${c_files[@]}" "${c_tests[@]}" "${modules[@]}" migrations/*.sql)
law 'no -Ofast, no -DNDEBUG' < <(grep -nE '(-Ofast|-ffast-math|-DNDEBUG)' Makefile | grep -vE '^[0-9]+:#')

# ---- Tools.
law 'clang-format (make format mends it)' < <(
  clang-format --dry-run -Werror "${c_files[@]}" "${c_tests[@]}" 2>&1 |
    sed -n 's/:.*error: .*//p' | sort | uniq -c | awk '{ print $2 ": " $1 " places" }')

# One file a time: with several the analyzer carries states from one to the next. Tests go without it: they leave
# early and let the system clear up. The gradient checks are of the build with double in place of float.
tidy_one() {
  local flags=(-std=c17 -D_GNU_SOURCE -I. '-DREGULAB_VERSION="0"' '-DREGULAB_STATIC_DIR="/"') checks=()
  case $1 in
    *test_gradient*) flags+=(-DREAL_DOUBLE) ;;&
    tests/*) checks=('--checks=-clang-analyzer-*') ;;
  esac
  clang-tidy --quiet "${checks[@]}" "$1" -- "${flags[@]}" 2>/dev/null
}
export -f tidy_one
tidy() {
  # shellcheck disable=SC2016 # the inner shell expands it
  printf '%s\0' "$@" | xargs -0 -r -I FILE -P "$(nproc)" bash -c 'tidy_one "$0"' FILE
}
mapfile -t c_test_sources < <(printf '%s\n' "${c_tests[@]}" | grep '\.c$')
[[ -n ${FAST:-} ]] || law 'clang-tidy' < <(tidy "${c_sources[@]}" "${c_test_sources[@]}" | grep -E '(warning|error):' | sed "s#$PWD/##" | sort -u)

law 'prettier (make format mends it)' < <(
  tests/node_modules/.bin/prettier --log-level error --list-different "${modules[@]}" 2>&1)

law 'shellcheck' < <(shellcheck "${scripts[@]}" 2>&1)

check_modules() {
  local module
  for module in "${modules[@]}"; do
    node --input-type=module --check <"$module" 2>&1 | sed "s#^#$module: #"
  done
}
law 'the modules are JavaScript' < <(check_modules)

echo "lint: $passed passed, $failed failed"
[[ $failed -eq 0 ]]
