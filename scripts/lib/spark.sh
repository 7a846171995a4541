# shellcheck shell=bash
# Starts JVMs of Tartan's: submitted to Spark, or without it. Sourced by tartan.sh.

# spark_options ARGUMENTS...: takes out what is Spark's, into 'master', 'executors', 'properties', 'user_jars',
# 'driver_class_path', 'application_name' and 'submit'; 'level' follows --verbose, and 'arguments' are the rest, with
# --verbose. Options of spark-submit mean what they mean there.
spark_options() {
  master='' executors='' num_executors='' properties='' user_jars='' driver_class_path='' application_name=''
  level=warn submit=() arguments=()
  local option value
  while [ $# -gt 0 ]; do
    option="${1%%=*}"
    case "$option" in
      --master | --executors | --conf | -c | --properties-file | --deploy-mode | --name | --jars | --packages | \
        --exclude-packages | --repositories | --files | --archives | --queue | --principal | --keytab | --proxy-user | \
        --driver-memory | --driver-cores | --driver-java-options | --driver-library-path | --driver-class-path | \
        --executor-memory | --executor-cores | --total-executor-cores | --num-executors)
        if [ "$option" = "$1" ]; then
          [ $# -ge 2 ] || fail "option '$1' has no value. Write '$1 VALUE'."
          shift
          value="$1"
        else
          value="${1#*=}"
        fi
        [ -n "$value" ] || fail "option '$option' has no value. Write '$option VALUE'."
        spark_option "$option" "$value"
        ;;
      --verbose)
        level=info
        arguments+=("$1")
        ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  # Who asks for executors wants the mesh on them.
  executors="${executors:-$num_executors}"
}

spark_option() {
  case "$1" in
    --master) master="$2" ;;
    --executors)
      check_number "$1" "$2"
      executors="$2"
      ;;
    --num-executors)
      check_number "$1" "$2"
      num_executors="$2"
      ;;
    --conf | -c) submit+=(--conf "$2") ;;
    --properties-file)
      properties="$(expand_home "$2")"
      [ -f "$properties" ] && [ -r "$properties" ] ||
        fail "file of Spark properties is missing or unreadable: --properties-file=$properties. Check the path."
      ;;
    --deploy-mode)
      case "$2" in
        client) ;;
        cluster) fail "--deploy-mode cluster is not there: the driver runs on this machine. Leave it out." ;;
        *) fail "--deploy-mode is not known: value='$2'. Give client." ;;
      esac
      ;;
    --name) application_name="$2" ;;
    --jars) user_jars="${user_jars:+$user_jars,}$2" ;;
    --driver-class-path) driver_class_path="$2" ;;
    *) submit+=("$1" "$2") ;;
  esac
}

# check_number OPTION VALUE
check_number() {
  [[ "$2" =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 is out of range: value='$2'. Give a whole number of 1 or more."
}

# choose_master DEFAULT: where none is given, DEFAULT, or with --executors so many processes of this machine.
choose_master() {
  if [ -z "$master" ] && [ -n "$executors" ]; then
    # One slot a worker makes one task an executor; the heap is the driver's of conf/spark-local.properties.
    master="local-cluster[$executors,1,2048]"
    submit=(--conf spark.executor.memory=2g ${submit[@]+"${submit[@]}"})
  fi
  master="${master:-$1}"
  # Spark itself would answer with a stack trace.
  case "$master" in
    local | local\[*\] | local-cluster\[*\] | spark://?* | yarn | k8s://?* | mesos://?*) ;;
    *) fail "--master is no Spark master: value='$master'. Give local[N], spark://HOST:PORT, yarn or k8s://URL." ;;
  esac
}

# Spark itself would only say that a class is missing.
check_cluster_jars() {
  local jars what
  case "${master:-}" in
    yarn) jars='spark-yarn_*.jar' what=YARN ;;
    k8s://*) jars='spark-kubernetes_*.jar' what=Kubernetes ;;
    mesos://*) jars='spark-mesos_*.jar' what=Mesos ;;
    *) return 0 ;;
  esac
  # shellcheck disable=SC2086 # a pattern
  compgen -G "$SPARK_HOME/jars/"$jars >/dev/null ||
    fail "SPARK_HOME knows no $what: master=$master, no '$SPARK_HOME/jars/$jars'. Point SPARK_HOME to a whole Spark 3.5."
}

# submit_to_spark NAME CLASS ARGUMENTS...: becomes the driver, by the options above. NAME 'spark-shell' is a REPL's.
submit_to_spark() {
  local name="$1" class="$2" application="$JOB/tartan-spark-job.jar" own_jars=''
  # 'more_jars' is a folder of others that this program needs
  local class_path="$JOB/tartan-spark-job.jar:$JOB/lib/*${more_jars:+:$more_jars/*}"
  shift 2
  # first, so that the user's own win; file names are bytes of this encoding on executors too
  submit=(--conf "spark.executorEnv.LC_ALL=${LC_ALL:-C.UTF-8}" ${submit[@]+"${submit[@]}"})
  case "$master" in
    local | local\[* | local-cluster\[*)
      # On this machine the job's jars are put on the class path where they lie, which costs nothing.
      application=spark-internal
      submit=(--conf "spark.driver.extraClassPath=$class_path${driver_class_path:+:$driver_class_path}" --conf "spark.executor.extraClassPath=$class_path"
        --conf spark.executorEnv.TARTAN_LOG_TRACES=full "${submit[@]}")
      [ -n "$properties" ] || skip_spark_defaults
      export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"
      ;;
    *)
      # Elsewhere Spark must carry them to the executors; the cluster's spark-defaults.conf holds unless told otherwise.
      own_jars="$(join , "$application" "$JOB"/lib/*.jar ${more_jars:+"$more_jars"/*.jar})"
      [ -z "$executors" ] || submit=(--conf "spark.executor.instances=${num_executors:-$executors}" "${submit[@]}")
      [ -z "$driver_class_path" ] || submit+=(--driver-class-path "$driver_class_path")
      ;;
  esac
  case "$master" in
    local-cluster\[*) make_worker_home ;;
  esac
  [ -z "$own_jars$user_jars" ] || submit+=(--jars "$own_jars${own_jars:+${user_jars:+,}}$user_jars")
  [ "$name" != spark-shell ] || application=spark-shell
  [ -z "$properties" ] || submit+=(--properties-file "$properties")
  exec "$SPARK_HOME/bin/spark-submit" --master "$master" --name "${application_name:-$name}" "${submit[@]}" --class "$class" "$application" "$@"
}

# Spark reads one file of properties, and here it is Tartan's.
skip_spark_defaults() {
  properties="$TARTAN_HOME/conf/spark-local.properties"
  local defaults="${SPARK_CONF_DIR:-$SPARK_HOME/conf}/spark-defaults.conf"
  [ ! -e "$defaults" ] ||
    say "spark-defaults.conf is for clusters and not read: path=$defaults, master=$master." \
      "Give --properties-file $defaults to use it."
}

# Workers of local-cluster keep their executors' folders and logs in SPARK_HOME/work and nowhere else, by names of which
# two runs started in one second have the same. So each run has a Spark home of its own, of links, for a day.
make_worker_home() {
  local store home entry
  store="$(writable_store)"
  remove_unused worker-home '-mmin +1440'
  home="$(mktemp -d "$store/worker-home-XXXXXX")"
  hold "$home"
  for entry in "$SPARK_HOME"/*; do
    [ "${entry##*/}" = work ] || ln -s "$entry" "$home/"
  done
  export SPARK_HOME="$home"
}

# Tartan is compiled against Spark 3.5 for Scala 2.12, and neither another Scala nor another major version fits it.
check_spark_home() {
  [ -d "$SPARK_HOME/jars" ] || fail "SPARK_HOME is no Spark: no folder '$SPARK_HOME/jars'. Correct it or unset it."
  SPARK_HOME="$(cd "$SPARK_HOME" >/dev/null && pwd)"
  export SPARK_HOME
  check_class_path SPARK_HOME "$SPARK_HOME"
  local core
  core="$(cd "$SPARK_HOME/jars" >/dev/null && echo spark-core_*.jar)"
  case "$core" in
    spark-core_2.12-3.5.*) ;;
    *) fail "SPARK_HOME has another Spark: found=$core, needed=spark-core_2.12-3.5.x, SPARK_HOME=$SPARK_HOME." \
      "Point it to a Spark 3.5 for Scala 2.12, or unset it." ;;
  esac
  [ -x "$SPARK_HOME/bin/spark-submit" ] ||
    fail "SPARK_HOME is no Spark: no program '$SPARK_HOME/bin/spark-submit'. Correct it or unset it."
}

# run_without_spark MAIN_CLASS ARGS...: a main class of the job in a JVM of its own.
run_without_spark() {
  ensure_user_name
  ensure_spark_home # for the logging and Apache Commons jars that the job leaves to Spark
  build_job
  log_level warn
  # What ND4J may take outside the heap is planned by Tartan, so JavaCPP's own limit (the heap's size) is lifted.
  # shellcheck disable=SC2086 # several options in one variable
  exec "$(java_command)" ${JVM_OPTIONS:-} -Djava.awt.headless=true \
    -Dorg.bytedeco.javacpp.maxbytes=0 -Dorg.bytedeco.javacpp.maxphysicalbytes=0 \
    -cp "$JOB/*:$JOB/lib/*:$SPARK_HOME/jars/*" "$@"
}
