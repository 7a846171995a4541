package dev.tartan.spark.ui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.network.Mlp;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.history.FsHistoryProvider;
import org.apache.spark.deploy.history.HistoryServer;
import org.apache.spark.internal.config.package$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

/** Runs as people see them in Spark's UI, while they go on, when they are over, and in the history server. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TartanTabTest {
    private static final int NUM_STEPS = 40;
    private static final String PROMETHEUS = "org.apache.spark.metrics.sink.PrometheusServlet";

    @TempDir
    Path folder;

    private SparkConf conf() {
        return new SparkConf(false)
                .setMaster("local[4]")
                .setAppName("tab & test")
                .set("spark.ui.enabled", "true")
                .set("spark.ui.port", "0")
                .set("spark.ui.showConsoleProgress", "false")
                .set("spark.ui.prometheus.enabled", "true")
                .set("spark.metrics.conf.*.sink.prometheusServlet.class", PROMETHEUS)
                .set("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.eventLog.enabled", "true")
                .set("spark.eventLog.dir", folder.toUri().toString())
                .set("spark.history.fs.logDirectory", folder.toUri().toString());
    }

    private static TrainingJob job() {
        return TrainingJob.of(() -> new Mlp(4, List.of(16), 3, Activation.RELU))
                .mesh(2, 2)
                .optimizer(AdamWOptimizer.of(1e-2))
                .globalBatch(8)
                .steps(NUM_STEPS);
    }

    private static Samples samples(SparkSession spark) {
        Dataset<Row> frame =
                spark.range(64).selectExpr("array(sin(id), cos(id), id % 3, 1) features", "int(id % 3) label");
        return Samples.of(frame).field("x", "features").field("y", "label");
    }

    private static String get(String url) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.ALWAYS)
                .build()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(url).isEqualTo(200);
        return answer.body();
    }

    /** The page once it shows what is awaited; the test's time is up if it never does. */
    private static String await(String url, Pattern awaited) {
        try {
            String page = get(url);
            while (!awaited.matcher(page).find()) {
                Thread.sleep(50);
                page = get(url);
            }
            return page;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aRunIsSeenWhileItGoesOnAndAfterwardsAndFromItsLog() throws Exception {
        List<String> live = new ArrayList<>();
        String application;
        try (SparkSession spark = SparkSession.builder().config(conf()).getOrCreate()) {
            application = spark.sparkContext().applicationId();
            String url = spark.sparkContext().uiWebUrl().get() + "/tartan/";
            TrainingJob job = job().output(folder.resolve("out & more"))
                    .checkpoint(CheckpointConfig.everySteps(10))
                    .profile(new ProfileConfig(2, 3));
            Tartan.train(spark, job, samples(spark), 1, new TrainingListener() {
                @Override
                public void onStep(StepMetrics step) {
                    if (step.step() == 20) {
                        live.add(await(url, Pattern.compile("step 21 of 40(?s).*rank 3")));
                    }
                }
            });
            String page = await(url, Pattern.compile("state-done"));
            assertThat(live.get(0))
                    .contains("data-refresh-millis=\"2000\"", ">running<", "data=2 x model=2", "left 0:0");
            assertThat(points(live.get(0))).isBetween(2, 21);
            checkEnd(page);
            assertThat(page).contains("data-refresh-millis=\"10000\"");
            assertThat(get(spark.sparkContext().uiWebUrl().get() + "/static/tartan/tartan.js"))
                    .contains("DOMParser");
            assertThat(get(spark.sparkContext().uiWebUrl().get() + "/static/tartan/tartan.css"))
                    .contains(".exposed");
            assertThat(get(spark.sparkContext().uiWebUrl().get() + "/metrics/prometheus/"))
                    .containsPattern("driver_tartan_step_Number\\{[^}]*} 40.0")
                    .containsPattern("driver_tartan_running_Number\\{[^}]*} 0.0")
                    .containsPattern("driver_tartan_loss_Number\\{[^}]*} [0-9.]+")
                    .containsPattern("driver_tartan_validationLoss_Number\\{[^}]*} NaN");
            assertThat(get(spark.sparkContext().uiWebUrl().get() + "/jobs/")).contains("/tartan/\">Tartan</a>");
        }
        String old = inHistory(application);
        checkEnd(old);
        assertThat(old).contains("data-refresh-millis=\"0\"");
    }

    private static void checkEnd(String page) {
        assertThat(page)
                .contains("40/40", "step 40 of 40", "out &amp; more")
                .contains("rank 0", "rank 3", "model=1", "executor driver")
                .contains("exposed communication", "waiting for samples", "optimizer state")
                .contains("mean of 2 steps from step 4 on", "<td>forward</td>", "after step 10: ");
        assertThat(points(page)).isBetween(2, 40);
    }

    /** How many points the first curve has, which is the loss. */
    private static int points(String page) {
        Matcher curve =
                Pattern.compile("<polyline class=\"loss\" points=\"([^\"]*)\"").matcher(page);
        assertThat(curve.find()).as(page).isTrue();
        return curve.group(1).trim().split(" ").length;
    }

    private String inHistory(String application) throws Exception {
        SparkConf conf = conf().set("spark.history.fs.update.interval", "1s");
        FsHistoryProvider provider = new FsHistoryProvider(conf);
        HistoryServer server = new HistoryServer(
                conf, provider, new SecurityManager(conf, Option.empty(), package$.MODULE$.AUTH_SECRET_FILE()), 0);
        provider.start();
        try {
            server.bind();
            while (provider.getApplicationInfo(application).isEmpty()) {
                Thread.sleep(50);
            }
            return get("http://127.0.0.1:" + server.boundPort() + "/history/" + application + "/tartan/");
        } finally {
            server.stop();
        }
    }

    @Test
    void whatUsersNameIsTextAndAFailedRunSaysWhy() throws Exception {
        try (SparkSession spark = SparkSession.builder().config(conf()).getOrCreate()) {
            String url = spark.sparkContext().uiWebUrl().get() + "/tartan/";
            assertThatThrownBy(() -> Tartan.train(spark, job().optimizer(AdamWOptimizer.of(1e30)), samples(spark), 1))
                    .hasMessageContaining("is not finite");
            assertThat(await(url, Pattern.compile("state-failed"))).contains("failed after 0:0", "is not finite");
            spark.sparkContext()
                    .listenerBus()
                    .post(new RunEvent.Started(
                            "<id>",
                            System.currentTimeMillis(),
                            "<script>alert(1)</script>",
                            java.util.Map.of("data", 1),
                            10,
                            1,
                            "samples",
                            "\"><img src=x>",
                            List.of()));
            String page = await(url + "?run=%3Cid%3E", Pattern.compile("alert"));
            assertThat(page)
                    .contains("&lt;script&gt;alert(1)", "No step has been reported yet", "have not begun yet")
                    .doesNotContain("<script>alert", "<img src=x", "<id>");
        }
    }
}
