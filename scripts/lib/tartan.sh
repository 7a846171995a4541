# shellcheck shell=bash
# What the scripts share: where Tartan lies, how it speaks, and what surroundings its JVMs need. Sourced, not run.
set -euo pipefail
shopt -s inherit_errexit

# Links are resolved, so that a script may be called through one.
TARTAN_LIB="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
TARTAN_HOME="${TARTAN_LIB%/scripts/lib}"
export TARTAN_HOME

say() { echo "tartan: $*" >&2; }

fail() {
  say "$*"
  exit 2
}

# join SEPARATOR WORDS...
join() {
  local joined
  joined="$(printf "%s$1" "${@:2}")"
  echo "${joined%"$1"}"
}

# expand_home PATH: with the user's home for a leading '~', which the shell leaves alone inside an option.
expand_home() {
  # shellcheck disable=SC2088 # a text to compare with
  case "$1" in
    '~') echo "${HOME:-~}" ;;
    '~/'*) echo "${HOME:-~}${1#\~}" ;;
    *) echo "$1" ;;
  esac
}

# check_class_path NAME FOLDER: Java's class paths end a folder's name at a colon, and cannot hold a line break.
check_class_path() {
  case "$2" in
    *:* | *$'\n'*) fail "$1 cannot stand in a Java class path: path='$2'. Move it to a path without a colon." ;;
  esac
}

# A JVM takes file names for text in the locale's encoding, and loses all that is not ASCII in the C locale.
# ensure_locale ARGUMENTS...: takes a UTF-8 locale instead of C, for executors on this machine too.
ensure_locale() {
  local name
  case "$(locale charmap 2>/dev/null)" in
    '' | ANSI_X3.4-1968) ;;
    *) return ;;
  esac
  for name in C.UTF-8 en_US.UTF-8 $(locale -a 2>/dev/null | grep -i 'utf-\?8$'); do
    if [ "$(LC_ALL="$name" locale charmap 2>/dev/null)" = UTF-8 ]; then
      export LC_ALL="$name"
      return
    fi
  done
  local LC_ALL=C
  [[ "$*$PWD$TARTAN_HOME" != *[!\ -~]* ]] ||
    fail "names that are not ASCII need a UTF-8 locale: LANG=${LANG:-}, and this machine has none. Install C.UTF-8."
}

# Hadoop, which Spark logs in with, fails for a user without a name.
ensure_user_name() {
  id -un >/dev/null 2>&1 ||
    fail "user has no name, and Spark needs one: uid=$(id -u). Add the uid to /etc/passwd, or run as another user."
}

ensure_temporary_folder() {
  local folder="${TMPDIR:-/tmp}"
  [ -d "$folder" ] && [ -w "$folder" ] ||
    fail "folder for temporary files cannot be written: TMPDIR=$folder. Set TMPDIR to a folder you can write."
  # Spark's own files follow TMPDIR too; the JVM's would stay in /tmp.
  [ -z "${TMPDIR:-}" ] || export SPARK_LOCAL_DIRS="${SPARK_LOCAL_DIRS:-$TMPDIR}"
}

# log_level LEVEL: what of Spark and Tartan is seen on the console, unless the user configures logging.
log_level() {
  export LOG4J_CONFIGURATION_FILE="${LOG4J_CONFIGURATION_FILE:-$TARTAN_HOME/conf/log4j2.properties}" TARTAN_LOG_LEVEL="$1"
  [ "$1" = warn ] || export TARTAN_LOG_TRACES=full
}

# OpenBLAS 0.3.19 takes CPUs newer than itself for a Pentium 4 and runs at a third of the speed.
if [ -z "${OPENBLAS_CORETYPE:-}" ] && grep -qsw avx512vl /proc/cpuinfo; then
  export OPENBLAS_CORETYPE=SKYLAKEX
elif [ -z "${OPENBLAS_CORETYPE:-}" ] && grep -qsw avx2 /proc/cpuinfo; then
  export OPENBLAS_CORETYPE=HASWELL
fi

# Between two products OpenMP's threads would spin, on cores that the other kernels and device threads want.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"

ensure_locale "$@"
check_class_path "Tartan's folder" "$TARTAN_HOME"
ensure_temporary_folder
source "$TARTAN_LIB/java.sh"
source "$TARTAN_LIB/build.sh"
source "$TARTAN_LIB/spark.sh"
