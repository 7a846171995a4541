package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.PositionBlock;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Works on one block of positions after another in the same memory: the block's columns {@code [rows, count]} and the
 * values at its positions {@code [channels, count]}. Blocks of one count share their products.
 */
final class ConvLane implements HostKernel {
    private final Buffer columns;
    private final Buffer values;
    private final int columnRows;
    private final int valueRows;
    private final List<HostKernel> steps = new ArrayList<>();
    private final Map<Object, HostKernel> products = new LinkedHashMap<>();

    /** The types of the memory for blocks of at the most {@code maxCount} positions. */
    static List<TensorType> memory(int columnRows, int valueRows, int maxCount) {
        return List.of(
                new TensorType(DType.FLOAT32, Shape.shape((long) columnRows * maxCount)),
                new TensorType(DType.FLOAT32, Shape.shape((long) valueRows * maxCount)));
    }

    ConvLane(int columnRows, int valueRows, int maxCount, Scratch scratch) {
        this.columnRows = columnRows;
        this.valueRows = valueRows;
        List<TensorType> types = memory(columnRows, valueRows, maxCount);
        columns = scratch.take(types.get(0));
        values = scratch.take(types.get(1));
    }

    /** The columns' elements, row after row. */
    FloatBuffer columns() {
        return columns.hostBytes().asFloatBuffer();
    }

    /** The values' elements, row after row. */
    FloatBuffer values() {
        return values.hostBytes().asFloatBuffer();
    }

    /** The columns of {@code block}. */
    INDArray columns(PositionBlock block) {
        return matrix(columns, columnRows, block.count());
    }

    /** The values at the positions of {@code block}. */
    INDArray values(PositionBlock block) {
        return matrix(values, valueRows, block.count());
    }

    private static INDArray matrix(Buffer buffer, long rows, long count) {
        return Nd4jBuffers.view(buffer, 0, new long[] {rows, count}, new long[] {count, 1});
    }

    /** Whether there is no step yet. */
    boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Adds a step. */
    void add(HostKernel step) {
        steps.add(step);
    }

    /** Adds a product as a step: the one of this {@code key} if there is one already, else what {@code maker} makes. */
    <K> void addProduct(K key, Function<K, HostKernel> maker) {
        HostKernel product = products.get(key);
        if (product == null) {
            product = maker.apply(key);
            products.put(key, product);
        }
        steps.add(product);
    }

    @Override
    public void run() {
        for (HostKernel step : steps) {
            step.run();
        }
    }

    @Override
    public void close() {
        products.values().forEach(HostKernel::close);
    }
}
