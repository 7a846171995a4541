package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;

/**
 * By what the processes of a job know each other, and whether what they say is secret too; made on the driver and
 * carried to executors in a {@link MeshTask}'s fields.
 *
 * <p>With {@code spark.authenticate} the secret is Spark's own key, which every process of the application has and
 * which therefore is not carried. Without, it is drawn anew for each job and carried inside the task, which keeps out
 * strangers and processes of other jobs, but nobody who reads Spark's own traffic. It is never put into Spark's
 * properties, which the UI shows, nor logged.
 */
final class JobCredentials implements Serializable {
    private static final long serialVersionUID = 1;
    private static final int SECRET_BYTES = 32;

    private final byte @Nullable [] drawn;
    private final boolean encrypt;

    private JobCredentials(byte @Nullable [] drawn, boolean encrypt) {
        this.drawn = drawn;
        this.encrypt = encrypt;
    }

    /** The credentials of a new job of the application with the properties {@code conf}. */
    static JobCredentials ofDriver(SparkConf conf) {
        boolean encrypt = conf.getBoolean("spark.network.crypto.enabled", false);
        if (conf.getBoolean("spark.authenticate", false)) {
            return new JobCredentials(null, encrypt);
        }
        byte[] drawn = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(drawn);
        return new JobCredentials(drawn, encrypt);
    }

    /**
     * The secret, the same in all processes of the job; to be called on the driver or in a task.
     *
     * @throws IllegalStateException if it is Spark's key, and Spark has none or does not run in this process
     */
    byte[] secret() {
        if (drawn != null) {
            return drawn.clone();
        }
        @Nullable SparkEnv env = SparkEnv.get();
        if (env == null) {
            throw new IllegalStateException(
                    "Spark's key cannot be read where Spark does not run. Ask for it on the driver or in a task.");
        }
        String key = env.securityManager().getSecretKey();
        if (key == null || key.isEmpty()) {
            throw new IllegalStateException("Spark has no key, though it authenticates: spark.authenticate=true. Set"
                    + " spark.authenticate.secret, in a file that only you can read.");
        }
        return key.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether messages between processes must be encrypted: whether Spark encrypts its own. */
    boolean encrypt() {
        return encrypt;
    }

    @Override
    public String toString() {
        return "JobCredentials[secret=" + (drawn == null ? "Spark's" : "drawn") + ", encrypt=" + encrypt + "]";
    }
}
