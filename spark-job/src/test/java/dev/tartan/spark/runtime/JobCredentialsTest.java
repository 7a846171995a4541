package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JobCredentialsTest {
    @Test
    void everyJobDrawsASecretOfItsOwn() {
        SparkConf conf = new SparkConf(false);
        byte[] secret = JobCredentials.ofDriver(conf).secret();
        assertThat(secret)
                .hasSize(32)
                .isNotEqualTo(JobCredentials.ofDriver(conf).secret());
    }

    @Test
    void executorsGetTheDrawnSecretWithTheTask() throws Exception {
        JobCredentials credentials =
                JobCredentials.ofDriver(new SparkConf(false).set("spark.network.crypto.enabled", "true"));
        JobCredentials arrived = deserialize(serialize(credentials));
        assertThat(arrived.secret()).isEqualTo(credentials.secret());
        assertThat(arrived.encrypt()).isTrue();
    }

    @Test
    void nobodyCanChangeTheSecret() {
        JobCredentials credentials = JobCredentials.ofDriver(new SparkConf(false));
        byte[] expected = credentials.secret();
        Arrays.fill(credentials.secret(), (byte) 0);
        assertThat(credentials.secret()).isEqualTo(expected);
    }

    @Test
    void theDrawnSecretIsNeitherInTextNorInSparksProperties() {
        SparkConf conf = new SparkConf(false).set("spark.cores.max", "7");
        JobCredentials credentials = JobCredentials.ofDriver(conf);
        byte[] secret = credentials.secret();
        String seen = credentials + conf.toDebugString();
        assertThat(seen)
                .isEqualTo("JobCredentials[secret=drawn, encrypt=false]spark.cores.max=7")
                .doesNotContain(
                        HexFormat.of().formatHex(secret), Base64.getEncoder().encodeToString(secret));
    }

    @Test
    void sparksKeyIsTheSecretAndDoesNotTravelWithTheTask() throws Exception {
        SparkConf conf = new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("credentials test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.authenticate", "true");
        JobCredentials credentials = JobCredentials.ofDriver(conf);
        byte[] serialized = serialize(credentials);
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            // In local mode Spark draws it.
            String key = spark.sc().env().securityManager().getSecretKey();
            assertThat(deserialize(serialized).secret())
                    .isEqualTo(credentials.secret())
                    .isEqualTo(key.getBytes(StandardCharsets.UTF_8));
            assertThat(new String(serialized, StandardCharsets.ISO_8859_1)).doesNotContain(key);
        }
        assertThat(credentials).hasToString("JobCredentials[secret=Spark's, encrypt=false]");
    }

    @Test
    void outsideOfSparkItsKeyCannotBeRead() {
        JobCredentials credentials = JobCredentials.ofDriver(new SparkConf(false).set("spark.authenticate", "true"));
        assertThatThrownBy(credentials::secret)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Spark's key cannot be read where Spark does not run. Ask for it on the driver or in a"
                        + " task.");
    }

    private static byte[] serialize(JobCredentials credentials) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(credentials);
        }
        return bytes.toByteArray();
    }

    private static JobCredentials deserialize(byte[] bytes) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (JobCredentials) in.readObject();
        }
    }
}
