package dev.tartan.backend.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A driver that does everything at once, in memory that the CPU reaches, with products by {@link HostProducts} instead
 * of its own. A product cuts a graph in two.
 */
final class HostProductsDriver implements CudaDriver {
    private final CudaDriver driver;
    private final Map<Long, List<CudaCall>> captured = new ConcurrentHashMap<>();
    private final Map<Long, List<CudaCall>> graphs = new ConcurrentHashMap<>();
    private long handles;

    HostProductsDriver(CudaDriver driver) {
        this.driver = driver;
    }

    @Override
    public CudaCall prepare(BoundProduct product) {
        return stream -> {
            List<CudaCall> graph = captured.get(stream);
            if (graph == null) {
                HostProducts.run(product);
                return;
            }
            endPart(graph, stream);
            graph.add(on -> HostProducts.run(product));
            driver.beginCapture(stream);
        };
    }

    private void endPart(List<CudaCall> graph, long stream) {
        long part = driver.endCapture(stream);
        graph.add(on -> driver.launchGraph(part, on));
    }

    @Override
    public void beginCapture(long stream) {
        captured.put(stream, new ArrayList<>());
        driver.beginCapture(stream);
    }

    @Override
    public synchronized long endCapture(long stream) {
        List<CudaCall> graph = Objects.requireNonNull(captured.remove(stream));
        endPart(graph, stream);
        graphs.put(++handles, graph);
        return handles;
    }

    @Override
    public void launchGraph(long graph, long stream) {
        Objects.requireNonNull(graphs.get(graph)).forEach(call -> call.enqueue(stream));
    }

    @Override
    public void destroyGraph(long graph) {
        graphs.remove(graph);
    }

    @Override
    public Gpu gpu() {
        return driver.gpu();
    }

    @Override
    public void attachThread() {
        driver.attachThread();
    }

    @Override
    public long allocate(long bytes) {
        return driver.allocate(bytes);
    }

    @Override
    public void free(long address) {
        driver.free(address);
    }

    @Override
    public long allocateHost(long bytes) {
        return driver.allocateHost(bytes);
    }

    @Override
    public void freeHost(long address) {
        driver.freeHost(address);
    }

    @Override
    public ByteBuffer hostBytes(long address, int bytes) {
        return driver.hostBytes(address, bytes);
    }

    @Override
    public void copy(long to, long from, long bytes, long stream) {
        driver.copy(to, from, bytes, stream);
    }

    @Override
    public void write(long to, ByteBuffer from) {
        driver.write(to, from);
    }

    @Override
    public void read(ByteBuffer into, long from) {
        driver.read(into, from);
    }

    @Override
    public long createStream(boolean goesFirst) {
        return driver.createStream(goesFirst);
    }

    @Override
    public void synchronizeStream(long stream) {
        driver.synchronizeStream(stream);
    }

    @Override
    public void destroyStream(long stream) {
        driver.destroyStream(stream);
    }

    @Override
    public long createEvent(boolean timed) {
        return driver.createEvent(timed);
    }

    @Override
    public void record(long event, long stream) {
        driver.record(event, stream);
    }

    @Override
    public void await(long event, long stream) {
        driver.await(event, stream);
    }

    @Override
    public boolean isDone(long event) {
        return driver.isDone(event);
    }

    @Override
    public void synchronizeEvent(long event) {
        driver.synchronizeEvent(event);
    }

    @Override
    public long nanosBetween(long earlier, long later) {
        return driver.nanosBetween(earlier, later);
    }

    @Override
    public void destroyEvent(long event) {
        driver.destroyEvent(event);
    }

    /** A chain's kernel is put into the driver first, which has those of {@link KernelCatalog} only. */
    @Override
    public CudaCall prepare(Launch launch) {
        HostCudaBuild.require(launch.kernel());
        return driver.prepare(launch);
    }

    @Override
    public void announce(Work work, long stream) {
        driver.announce(work, stream);
    }

    @Override
    public void announceByHost(Work work) {
        driver.announceByHost(work);
    }

    @Override
    public void close() {
        driver.close();
    }
}
