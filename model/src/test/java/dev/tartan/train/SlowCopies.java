package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.ForwardingArena;
import dev.tartan.backend.ForwardingBackend;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.graph.TensorType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A CPU that needs some time for each tensor that is copied out for a checkpoint. */
final class SlowCopies extends ForwardingBackend {
    private static final long PAUSE_NANOS = Duration.ofMillis(3).toNanos();

    private final AtomicInteger slow = new AtomicInteger();

    SlowCopies(Backend backend) {
        super(backend);
    }

    /** Number of copies that took their time. */
    int slow() {
        return slow.get();
    }

    @Override
    public Device device(int index) {
        return new ForwardingDevice(super.device(index)) {
            @Override
            public Arena allocateHost(long bytes) {
                Arena arena = super.allocateHost(bytes);
                boolean isForCopies = StackWalker.getInstance()
                        .walk(frames ->
                                frames.anyMatch(frame -> frame.getClassName().endsWith(".RankCopies")));
                return isForCopies ? slowed(arena) : arena;
            }
        };
    }

    private Arena slowed(Arena arena) {
        return new ForwardingArena(arena) {
            @Override
            public Buffer buffer(TensorType type, long offsetBytes) {
                return slowed(super.buffer(type, offsetBytes));
            }
        };
    }

    private Buffer slowed(Buffer buffer) {
        return (Buffer) Proxy.newProxyInstance(
                Buffer.class.getClassLoader(), new Class<?>[] {Buffer.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("copyFrom")) {
                        slow.incrementAndGet();
                        LockSupport.parkNanos(PAUSE_NANOS);
                    }
                    try {
                        return method.invoke(buffer, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
