package dev.tartan.spark.runtime;

import dev.tartan.spark.kryo.TartanKryo;
import java.util.Objects;
import org.apache.spark.rpc.IsolatedThreadSafeRpcEndpoint;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Where the tasks of one job reach the driver, over the connections by which executors send Spark their heartbeats:
 * they authenticate and encrypt as Spark's own, and every SparkContext has them. Messages are bytes of Tartan's Kryo,
 * since Spark's threads on the driver may not know the application's classes. They are handled one after the other, on
 * a thread of the endpoint's own, under the class loader of the thread that opened it.
 */
final class DriverEndpoint implements IsolatedThreadSafeRpcEndpoint, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverEndpoint.class);

    private final RpcEnv rpc;
    private final MessageHandler handler;
    private final RpcEndpointRef self;
    private final ClassLoader loader = Thread.currentThread().getContextClassLoader();

    /** Takes a job's messages. */
    interface MessageHandler {
        /** Takes one message; {@code caller} is given answers, at once or later. */
        void handle(TaskMessage message, Caller caller);
    }

    /** Who waits for an answer; who only sends ignores it. */
    @FunctionalInterface
    interface Caller {
        void answer(Object answer);
    }

    /** Opens an endpoint under a name that no other of this driver has. */
    @SuppressWarnings("ThisEscapedInObjectConstruction") // All fields that its thread reads are set by then.
    DriverEndpoint(RpcEnv rpc, String name, MessageHandler handler) {
        this.rpc = rpc;
        this.handler = handler;
        this.self = rpc.setupEndpoint(name, this);
    }

    @Override
    public RpcEnv rpcEnv() {
        return rpc;
    }

    @Override
    public PartialFunction<Object, BoxedUnit> receive() {
        return new Receiver(answer -> {});
    }

    @Override
    public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
        return new Receiver(answer -> context.reply(TartanKryo.toBytes(answer)));
    }

    @Override
    public void onError(Throwable cause) {
        LOG.warn("message of a task cannot be handled", cause);
    }

    @Override
    public void onConnected(RpcAddress remote) {}

    /** Spark tells the job itself when it loses an executor. */
    @Override
    public void onDisconnected(RpcAddress remote) {}

    @Override
    public void onNetworkError(Throwable cause, RpcAddress remote) {}

    @Override
    public void close() {
        rpc.stop(self);
    }

    private final class Receiver extends AbstractPartialFunction<Object, BoxedUnit> {
        private final Caller caller;

        Receiver(Caller caller) {
            this.caller = caller;
        }

        @Override
        public boolean isDefinedAt(Object message) {
            return message instanceof byte[];
        }

        @Override
        public BoxedUnit apply(Object message) {
            Thread.currentThread().setContextClassLoader(loader);
            handler.handle((TaskMessage) Objects.requireNonNull(TartanKryo.fromBytes((byte[]) message)), caller);
            return BoxedUnit.UNIT;
        }
    }
}
