# shellcheck shell=bash
# What the scripts share: finding or installing the tools, building the job, assembling a Spark home. Sourced, not run.
set -euo pipefail

TARTAN_HOME="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export TARTAN_HOME
JOB="$TARTAN_HOME/spark-job/target/tartan-job"

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

require_jdk_and_maven() {
  local missing=()
  command -v "${JAVA_HOME:+$JAVA_HOME/bin/}javac" >/dev/null || missing+=("a JDK (17)")
  command -v mvn >/dev/null || missing+=("Maven (3.6.3 or later)")
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      install_jdk_and_maven
    else
      fail "missing on this machine: $(join ', ' "${missing[@]}"). Install it and put it on the PATH."
    fi
  fi
  # one JDK for Maven, javac and Spark alike
  export JAVA_HOME="${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}"
  local major
  major="$("$(java_command)" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')"
  case "$major" in
    17 | 18 | 19 | 2[0-9]) ;;
    *) fail "Java is too old: found=$major, needed=17. Install a JDK 17, or point JAVA_HOME to one." ;;
  esac
}

install_jdk_and_maven() {
  export DEBIAN_FRONTEND=noninteractive
  quietly "updating the package lists" apt-get -qq update
  local jdk=openjdk-17-jdk-headless
  apt-cache show "$jdk" >/dev/null 2>&1 || jdk=default-jdk-headless
  # the fonts are for the axes of loss.png
  quietly "installing a JDK and Maven with apt-get" apt-get -qq install -y --no-upgrade --no-install-recommends \
    "$jdk" maven ca-certificates fontconfig fonts-dejavu-core
}

java_command() { echo "${JAVA_HOME:+$JAVA_HOME/bin/}java"; }

# quietly WHAT COMMAND...: one line about it, and the command's own words only if it fails.
quietly() {
  local what="$1" log
  shift
  log="$(mktemp)"
  say "$what"
  if ! "$@" </dev/null >"$log" 2>&1; then
    grep -E '^\[(ERROR|FATAL)\]|^E: ' "$log" >&2 || cat "$log" >&2
    rm -f "$log"
    say "failed: $what"
    exit 1
  fi
  rm -f "$log"
}

# The job is a folder: two small Tartan jars, and in lib/ what Tartan needs and Spark has not got. Not one shaded jar:
# ND4J's three native builds alone are 270 MB, which would be packed anew after each change of a line.
build_job() {
  require_jdk_and_maven
  local stamp="$JOB/.built" sources=("$TARTAN_HOME"/{pom.xml,{model,spark-job}/{pom.xml,src/main}})
  if [ -e "$stamp" ] && [ -z "$(find "${sources[@]}" -newer "$stamp" -print -quit)" ]; then
    return
  fi
  local started
  started="$(mktemp)"
  quietly "building the job" mvn -B -ntp -f "$TARTAN_HOME/pom.xml" -Dquick -Dmaven.test.skip=true package
  mv "$started" "$stamp" # as old as the start of the build, so that an edit during it counts
}

# Sets SPARK_HOME to the user's, or to one assembled from Maven artifacts.
ensure_spark_home() {
  if [ -n "${SPARK_HOME:-}" ]; then
    [ -d "$SPARK_HOME/jars" ] || fail "SPARK_HOME is no Spark: no folder '$SPARK_HOME/jars'. Correct it or unset it."
    return
  fi
  export SPARK_HOME="$TARTAN_HOME/.spark-home"
  local recipe="$TARTAN_HOME/scripts/lib/spark-home" stamp="$SPARK_HOME/.assembled"
  if [ -e "$stamp" ] && [ -z "$(find "$recipe" "$TARTAN_HOME/pom.xml" -newer "$stamp" -print -quit)" ]; then
    return
  fi
  require_jdk_and_maven
  rm -rf "$SPARK_HOME"
  mkdir -p "$SPARK_HOME"
  cp -r "$recipe/bin" "$SPARK_HOME/bin"
  quietly "assembling a Spark home in .spark-home" mvn -B -ntp -f "$recipe/pom.xml" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$SPARK_HOME/jars"
  touch "$stamp"
}

# log_level LEVEL: what of Spark and Tartan is seen on the console.
log_level() {
  export LOG4J_CONFIGURATION_FILE="$TARTAN_HOME/conf/log4j2.properties" TARTAN_LOG_LEVEL="$1"
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

# run_without_spark MAIN_CLASS ARGS...: a main class of the job in a JVM of its own.
run_without_spark() {
  build_job
  ensure_spark_home # for the logging and Apache Commons jars that the job leaves to Spark
  log_level warn
  # What ND4J may take outside the heap is planned by Tartan, so JavaCPP's own limit (the heap's size) is lifted.
  exec "$(java_command)" -Djava.awt.headless=true \
    -Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0 \
    -cp "$JOB/*:$JOB/lib/*:$SPARK_HOME/jars/*" "$@"
}
