package dev.tartan.spark.runtime;

import dev.tartan.spark.kryo.TartanKryo;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** A task's way to its {@link DriverEndpoint}. Safe for use by many threads. */
final class DriverLink {
    private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

    private final RpcEndpointRef endpoint;

    private DriverLink(RpcEndpointRef endpoint) {
        this.endpoint = endpoint;
    }

    /** Finds the endpoint called {@code name}; to be called in a task. */
    static DriverLink to(String name) {
        SparkEnv env = SparkEnv.get();
        return new DriverLink(RpcUtils.makeDriverRef(name, env.conf(), env.rpcEnv()));
    }

    /** Sends a message and does not wait; messages of one link arrive in order. */
    void send(TaskMessage message) {
        endpoint.send(TartanKryo.toBytes(message));
    }

    /**
     * Sends a message and waits for the answer.
     *
     * @throws InterruptedException if interrupted while it waits; the message is on its way then
     * @throws RuntimeException Spark's own, if no answer comes in time
     */
    @SuppressWarnings("RedundantThrows") // Spark throws it without declaring it.
    Object ask(TaskMessage message, Duration timeout) throws InterruptedException {
        RpcTimeout limit = new RpcTimeout(new FiniteDuration(timeout.toMillis(), TimeUnit.MILLISECONDS), "none");
        byte[] answer = endpoint.askSync(TartanKryo.toBytes(message), limit, BYTES);
        return Objects.requireNonNull(TartanKryo.fromBytes(answer));
    }
}
