# shellcheck shell=bash
# Finds a JDK and Maven, or installs them; runs what takes long. Sourced by tartan.sh.

# The one Java that Tartan is tested with. On 25 Spark 3.5 fails at once: its Hadoop needs Subject.getSubject.
JAVA_NEEDED=17

require_jdk_and_maven() {
  local missing=()
  [ -z "${JAVA_HOME:-}" ] || [ -x "$JAVA_HOME/bin/javac" ] ||
    fail "JAVA_HOME has no JDK: no program '$JAVA_HOME/bin/javac'. Correct it or unset it."
  use_installed_jdk
  command -v "$(java_command javac)" >/dev/null || missing+=("a JDK ($JAVA_NEEDED)")
  command -v mvn >/dev/null || missing+=("Maven (3.6.3 or later)")
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      install_jdk_and_maven
      use_installed_jdk
    else
      fail "missing on this machine: $(join ', ' "${missing[@]}"). Install it and put it on the PATH."
    fi
  fi
  # one JDK for Maven, javac and Spark alike
  export JAVA_HOME="${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}"
  check_class_path JAVA_HOME "$JAVA_HOME"
  local found
  found="$(java_version "$JAVA_HOME")"
  [ "$found" = "$JAVA_NEEDED" ] ||
    fail "Java is of another version: found=${found:-none}, needed=$JAVA_NEEDED, JAVA_HOME=$JAVA_HOME." \
      "Install a JDK $JAVA_NEEDED, or point JAVA_HOME to one."
}

# Where the PATH has another Java than Tartan needs, and nobody chose one by JAVA_HOME, takes one of the machine's.
use_installed_jdk() {
  [ -z "${JAVA_HOME:-}" ] || return 0
  local javac home
  javac="$(command -v javac)" || javac=
  [ -z "$javac" ] || [ "$(java_version "$(dirname "$(dirname "$(readlink -f "$javac")")")")" != "$JAVA_NEEDED" ] || return 0
  for home in /usr/lib/jvm/*/; do
    if [ -x "${home}bin/javac" ] && [ "$(java_version "$home")" = "$JAVA_NEEDED" ]; then
      export JAVA_HOME="${home%/}"
      return 0
    fi
  done
}

# java_version HOME: the feature number of a JDK, such as 17; nothing where it cannot be told.
java_version() {
  local version
  version="$(sed -n 's/^JAVA_VERSION="\([^"]*\)".*/\1/p' "$1/release" 2>/dev/null)" || true
  if [ -z "$version" ] && [ -x "$1/bin/java" ]; then
    version="$("$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')"
  fi
  version="${version#1.}"
  echo "${version%%[.+-]*}"
}

install_jdk_and_maven() {
  export DEBIAN_FRONTEND=noninteractive
  quietly "updating the package lists" apt-get -qq update
  # the fonts are for the axes of loss.png
  quietly "installing a JDK and Maven with apt-get" apt-get -qq install -y --no-upgrade --no-install-recommends \
    "openjdk-$JAVA_NEEDED-jdk-headless" maven ca-certificates fontconfig fonts-dejavu-core
}

# java_command [TOOL]: java or another tool of the JDK.
java_command() { echo "${JAVA_HOME:+$JAVA_HOME/bin/}${1:-java}"; }

# maven ARGUMENTS...: becomes Maven, without colours or questions; its repository is in the user's home, where there is one.
maven() {
  local repository=() home
  home="$(getent passwd "$(id -u)" | cut -d: -f6)" || home=
  if [ ! -w "$home/.m2" ] && [ ! -w "$home" ]; then
    home="$(user_folder)"
    repository=("-Dmaven.repo.local=$home/m2")
  fi
  exec mvn -B -ntp ${repository[@]+"${repository[@]}"} "$@"
}

# quietly WHAT COMMAND...: one line about it, and the command's own words only if it fails. Ends at once when told to.
quietly() {
  local what="$1" log child code=0
  shift
  log="$(mktemp)"
  say "$what"
  "$@" </dev/null >"$log" 2>&1 &
  child=$!
  # A child in the background does not hear Ctrl-C.
  # shellcheck disable=SC2064 # as they are now
  trap "stop_building $child '$what' 130" INT
  # shellcheck disable=SC2064
  trap "stop_building $child '$what' 143" TERM
  wait "$child" || code=$?
  trap - INT TERM
  if [ "$code" != 0 ]; then
    grep -E '^\[(ERROR|FATAL)\]|^E: ' "$log" >&2 || cat "$log" >&2
    rm -f "$log"
    say "failed: $what"
    exit 1
  fi
  rm -f "$log"
}

stop_building() {
  kill -TERM "$1" 2>/dev/null || true
  rm -f "${log:-}"
  say "stopped: $2"
  exit "$3"
}
