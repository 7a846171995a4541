package dev.tartan.spark.scripts;

import static dev.tartan.spark.scripts.ScriptSurroundingsTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.spark.scripts.ScriptCheckout.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the scripts hand to Spark, theirs or the user's. */
@Timeout(120)
class ScriptSparkTest {
    @TempDir
    Path folder;

    private ScriptCheckout checkout;
    private Path spark;

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = new ScriptCheckout(folder.resolve("checkout"), folder.resolve("tools"));
        spark = folder.resolve("spark");
        for (String program : new String[] {"spark-submit", "spark-class"}) {
            Files.createDirectories(spark.resolve("bin"));
            Files.copy(
                    checkout.home().resolve("scripts/lib/spark-home/bin/" + program),
                    spark.resolve("bin/" + program),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        ScriptCheckout.write(spark.resolve("jars/spark-core_2.12-3.5.1.jar"), "");
        ScriptCheckout.write(spark.resolve("jars/spark-yarn_2.12-3.5.1.jar"), "");
    }

    @Test
    void theUsersSparkIsUsedAlsoByARelativePath() throws Exception {
        assertThat(checkout.with("SPARK_HOME", "../spark").run("train").variable("SPARK_HOME"))
                .isEqualTo(spark.toString());
    }

    @Test
    void anotherSparkIsRefused() throws Exception {
        checkout.with("SPARK_HOME", spark.toString());
        assertRefused(
                checkout.run("shell"),
                "SPARK_HOME has no shell: no '" + spark + "/jars/spark-repl_*.jar'. Unset it, or point it to a whole"
                        + " Spark.");
        Files.move(spark.resolve("jars/spark-core_2.12-3.5.1.jar"), spark.resolve("jars/spark-core_2.13-4.0.0.jar"));
        assertRefused(
                checkout.run("train"),
                "SPARK_HOME has another Spark: found=spark-core_2.13-4.0.0.jar, needed=spark-core_2.12-3.5.x,"
                        + " SPARK_HOME=" + spark + ". Point it to a Spark 3.5 for Scala 2.12, or unset it.");
        assertRefused(
                checkout.with("SPARK_HOME", "/nowhere").run("train"),
                "SPARK_HOME is no Spark: no folder '/nowhere/jars'. Correct it or unset it.");
    }

    @Test
    void aDefaultsFileThatIsNotReadIsNamed() throws Exception {
        Path defaults = spark.resolve("conf/spark-defaults.conf");
        ScriptCheckout.write(defaults, "spark.master yarn\n");
        checkout.with("SPARK_HOME", spark.toString());
        assertThat(checkout.run("train").err())
                .contains("spark-defaults.conf is for clusters and not read: path=" + defaults);
        assertThat(checkout.run("train", "--properties-file", defaults.toString())
                        .err())
                .doesNotContain("spark-defaults.conf");
        assertThat(checkout.run("train", "--master=yarn").err()).doesNotContain("spark-defaults.conf");
    }

    @Test
    void optionsOfSparkAreTakenOutOfTheRest() throws Exception {
        Run run = checkout.run("train", "--executors=2", "--set", "a=b", "--conf", "spark.executor.memory=1g");
        assertThat(run.arguments())
                .containsSubsequence("--master", "local-cluster[2,1,2048]")
                .as("the user's own come last and win")
                .containsSubsequence("spark.executor.memory=2g", "spark.executor.memory=1g")
                .endsWith("--set", "a=b", "--executors", "2");
        run = checkout.run("shell", "--master", "spark://host:7077", "--executors", "3");
        assertThat(run.arguments())
                .containsSubsequence("spark.executor.instances=3", "--jars")
                .endsWith("--class", "dev.tartan.spark.shell.ParagraphShell", "spark-shell");
        assertRefused(checkout.run("shell", "--nope"), "option is not known: '--nope'. See scripts/shell --help.");
        assertRefused(checkout.run("train", "--conf"), "option '--conf' has no value. Write '--conf VALUE'.");
        assertRefused(
                checkout.run("train", "--properties-file=~/none"),
                "file of Spark properties is missing or unreadable: --properties-file="
                        + folder.resolve("tools/home/none") + ". Check the path.");
    }

    @Test
    void aSparkWithoutTheClustersJarsIsRefused() throws Exception {
        checkout.with("SPARK_HOME", spark.toString());
        assertRefused(
                checkout.run("train", "--master", "k8s://https://host:6443"),
                "SPARK_HOME knows no Kubernetes: master=k8s://https://host:6443, no '" + spark
                        + "/jars/spark-kubernetes_*.jar'. Point SPARK_HOME to a whole Spark 3.5.");
        Files.delete(spark.resolve("jars/spark-yarn_2.12-3.5.1.jar"));
        assertRefused(
                checkout.run("train", "--master", "yarn"),
                "SPARK_HOME knows no YARN: master=yarn, no '" + spark
                        + "/jars/spark-yarn_*.jar'. Point SPARK_HOME to a whole Spark 3.5.");
    }

    @Test
    void optionsOfSparkSubmitMeanWhatTheyMeanThere() throws Exception {
        checkout.with("SPARK_HOME", spark.toString());
        Run run = checkout.run(
                "train",
                "--master=yarn",
                "--deploy-mode=client",
                "--queue",
                "research",
                "--num-executors=2",
                "--executor-memory",
                "3g",
                "--jars=a.jar,b.jar",
                "--name",
                "mine",
                "--set",
                "a=b");
        assertThat(run.arguments())
                .containsSubsequence("--name", "mine")
                .containsSubsequence("spark.executor.instances=2", "--queue", "research", "--executor-memory", "3g")
                .endsWith("--set", "a=b", "--executors", "2")
                .doesNotContain("--deploy-mode")
                .satisfiesOnlyOnce(jars -> assertThat(jars).endsWith(".jar,a.jar,b.jar"));
        assertThat(checkout.run("train", "--num-executors=2", "--jars=a.jar").arguments())
                .containsSubsequence("--master", "local-cluster[2,1,2048]")
                .containsSubsequence("--jars", "a.jar");
        assertThat(checkout.run("train", "--driver-class-path=/more/*").arguments())
                .satisfiesOnlyOnce(path -> assertThat(path)
                        .startsWith("spark.driver.extraClassPath=")
                        .endsWith(":/more/*"));
        run = checkout.run("train", "--master=yarn", "--executors=4", "--num-executors=5");
        assertThat(run.arguments())
                .as("more executors than the mesh is spread over")
                .contains("spark.executor.instances=5")
                .endsWith("--executors", "4");
        assertRefused(
                checkout.run("train", "--deploy-mode", "cluster"),
                "--deploy-mode cluster is not there: the driver runs on this machine. Leave it out.");
        assertRefused(
                checkout.run("train", "--num-executors=many"),
                "--num-executors is out of range: value='many'. Give a whole number of 1 or more.");
    }
}
