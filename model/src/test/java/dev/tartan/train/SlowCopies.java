package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.graph.TensorType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A CPU that needs some time for each tensor that is copied out for a checkpoint. */
final class SlowCopies implements Backend {
    private static final long PAUSE_NANOS = Duration.ofMillis(3).toNanos();

    private final Backend backend;
    private final AtomicInteger slow = new AtomicInteger();

    SlowCopies(Backend backend) {
        this.backend = backend;
    }

    /** Number of copies that took their time. */
    int slow() {
        return slow.get();
    }

    private Buffer wrap(Buffer buffer) {
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

    @Override
    public Arena allocate(long bytes) {
        return backend.allocate(bytes);
    }

    @Override
    public Arena allocateHost(long bytes) {
        Arena arena = backend.allocateHost(bytes);
        boolean isForCopies = StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getClassName().endsWith(".RankCopies")));
        return isForCopies ? wrap(arena) : arena;
    }

    private Arena wrap(Arena arena) {
        return new Arena() {
            @Override
            public long bytes() {
                return arena.bytes();
            }

            @Override
            public Buffer buffer(TensorType type, long offsetBytes) {
                return wrap(arena.buffer(type, offsetBytes));
            }

            @Override
            public void close() {
                arena.close();
            }
        };
    }

    @Override
    public boolean sharesHostMemory() {
        return backend.sharesHostMemory();
    }

    @Override
    public KernelLibrary kernels() {
        return backend.kernels();
    }

    @Override
    public void attachThread() {
        backend.attachThread();
    }
}
