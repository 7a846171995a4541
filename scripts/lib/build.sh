# shellcheck shell=bash
# Builds the job and assembles a Spark home, each once for its sources. Sourced by tartan.sh.
#
# Both lie in a store: '.tartan' in the checkout, or where this user cannot write the checkout, a folder of the user's.
#   job-DIGEST         tartan-spark-job.jar, and in lib/ what Tartan needs and Spark has not got
#   spark-home-DIGEST  jars/ and bin/ of a Spark
#   worker-home-*      the Spark home of a run on local-cluster, with its executors' logs in work/
#   lock               held while one of them is made, and while Maven tests the checkout
# Names are digests of the sources, and folders appear complete, by a rename. Whoever uses one holds a shared lock on
# it, so that a build never takes the jars of a run that goes on.

JOB_SOURCES=(pom.xml model/pom.xml model/src/main spark-job/pom.xml spark-job/src/main conf/hardware/this-machine.conf)
SPARK_HOME_SOURCES=(pom.xml scripts/lib/spark-home)

# Sets JOB. With TARTAN_CUDA=presets it has bytedeco's presets of CUDA, for machines that bring CUDA's libraries; with
# TARTAN_CUDA=redist it has those libraries too, which are 1.9 GB. Not one shaded jar: ND4J's three native builds alone are 270 MB, to be packed anew after each change of a line.
build_job() {
  local kind=job
  job_options=()
  case "${TARTAN_CUDA:-}" in
    '') ;;
    presets) kind=presets-job job_options=(-Dcuda) ;;
    redist) kind=redist-job job_options=(-Dcuda -Dcuda.redist) ;;
    *) fail "TARTAN_CUDA is not known: TARTAN_CUDA=$TARTAN_CUDA. Use presets or redist, or unset it." ;;
  esac
  require_jdk_and_maven
  provide "$kind" make_job "${JOB_SOURCES[@]}"
  JOB="$provided"
}

# Sets SPARK_HOME to the user's, or to one assembled from Maven artifacts.
ensure_spark_home() {
  if [ -n "${SPARK_HOME:-}" ]; then
    check_spark_home
  else
    require_jdk_and_maven
    provide spark-home make_spark_home "${SPARK_HOME_SOURCES[@]}"
    export SPARK_HOME="$provided"
  fi
  check_cluster_jars
}

make_job() {
  local folder="$1" build="$TARTAN_HOME" jar
  if [ "$store" != "$TARTAN_HOME/.tartan" ]; then
    build="$store/checkout"
    copy_sources "$build"
  fi
  local made="$build/spark-job/target/tartan-job"
  rm -rf "$made" # jars of other versions
  quietly "building the job" maven -f "$build/pom.xml" -Dquick -Dmaven.test.skip=true \
    ${job_options[@]+"${job_options[@]}"} package
  # Links save copying what no build changes; Tartan's own jars may be written in place.
  cp -al "$made/." "$folder" 2>/dev/null || cp -a "$made/." "$folder"
  for jar in "$made"/{,lib/}tartan-*.jar; do
    cp --remove-destination "$jar" "$folder${jar#"$made"}"
  done
}

make_spark_home() {
  local recipe="$TARTAN_HOME/scripts/lib/spark-home"
  cp -r "$recipe/bin" "$1/bin"
  quietly "assembling a Spark home" maven -f "$recipe/pom.xml" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1/jars"
}

copy_sources() {
  local build="$1" source
  rm -rf "$build/model/src" "$build/spark-job/src"
  for source in "${JOB_SOURCES[@]}"; do
    mkdir -p "$build/$(dirname "$source")"
    cp -rp "$TARTAN_HOME/$source" "$build/$source"
  done
}

# digest SOURCES...: of the names and contents of these files and folders of the checkout.
digest() {
  (cd "$TARTAN_HOME" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 cksum | cksum | tr ' ' -) ||
    fail "checkout cannot be read: path=$TARTAN_HOME, user=$(id -un). Let this user read it."
}

# provide KIND MAKE SOURCES...: sets 'provided' to the folder of KIND for these sources, by 'MAKE FOLDER' where missing.
provide() {
  local kind="$1" make="$2" name store new lock
  shift 2
  while true; do
    name="$kind-$(digest "$@")"
    hold "$TARTAN_HOME/.tartan/$name" && return
    store="$(writable_store)"
    hold "$store/$name" && return
    lock_store
    if [ ! -d "$store/$name" ]; then
      rm -rf "$store/new-$kind"
      mkdir "$store/new-$kind"
      "$make" "$store/new-$kind"
      # A file that was edited meanwhile may or may not be in it.
      if [ "$name" != "$kind-$(digest "$@")" ]; then
        say "sources changed while they were built: building again"
      else
        remove_unused "$kind"
        mv "$store/new-$kind" "$store/$name"
      fi
    fi
    exec {lock}>&-
  done
}

# hold FOLDER: sets 'provided' to it and holds it until this process, and what it becomes, ends. Fails where it is missing.
hold() {
  local folder
  [ -d "$1" ] && { exec {folder}<"$1"; } 2>/dev/null || return 1
  # where locks do not work, as on some network file systems, it is used without
  flock -s "$folder" 2>/dev/null || true
  if [ -d "$1" ]; then
    provided="$1"
  else
    exec {folder}<&- # removed before it was held
    return 1
  fi
}

# Waits for whoever builds in 'store', and sets 'lock', which ends with this process or when it is closed.
lock_store() {
  exec {lock}>>"$store/lock"
  if ! flock -n "$lock"; then
    say "waiting for another build or test in $store"
    flock "$lock"
  fi
}

# remove_unused KIND [TEST]: the folders of KIND in 'store' that nobody holds, as far as find's TEST goes for them.
remove_unused() {
  local old folder
  # shellcheck disable=SC2086 # several words
  while IFS= read -r -d '' old; do
    exec {folder}<"$old"
    ! flock -n "$folder" || rm -rf "$old"
    exec {folder}<&-
  done < <(find "$store" -maxdepth 1 -type d -name "$1-*" ${2:-} -print0)
}

# For scripts that run Maven in the checkout itself.
lock_checkout() {
  local store
  writable_checkout || fail "checkout cannot be written: path=$TARTAN_HOME, user=$(id -un). Use a copy of your own."
  store="$(writable_store)"
  lock_store
}

writable_store() {
  local store="$TARTAN_HOME/.tartan"
  if ! writable_checkout; then
    store="$(user_folder)"
    store="$store/$(cksum <<<"$TARTAN_HOME" | cut -d' ' -f1)"
  fi
  mkdir -p "$store"
  echo "$store"
}

# Whether all folders that a build writes to can be written.
writable_checkout() {
  local folder
  for folder in "$TARTAN_HOME" "$TARTAN_HOME"/{.tartan,{model,spark-job}{,/target,/target/classes}}; do
    [ ! -e "$folder" ] || [ -w "$folder" ] || return 1
  done
}

# The folder of this user for what is made again where missing.
user_folder() {
  local folder="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tartan"
  { mkdir -p "$folder" && [ -w "$folder" ]; } 2>/dev/null ||
    fail "no folder to build in can be written: checkout=$TARTAN_HOME, HOME=${HOME:-}," \
      "XDG_CACHE_HOME=${XDG_CACHE_HOME:-}, user=$(id -un 2>/dev/null || id -u)." \
      "Set XDG_CACHE_HOME to a folder you can write."
  check_class_path XDG_CACHE_HOME "$folder"
  echo "$folder"
}
