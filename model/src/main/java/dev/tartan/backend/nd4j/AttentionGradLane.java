package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.CausalRows;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.nd4j.AttentionBlocks.Block;
import dev.tartan.graph.TensorType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of attention of every {@code numLanes}-th head, with the probabilities of a block computed again. The
 * gradients of a head's keys and values are added up in memory of the lane, block by block. The last block is the
 * first, because it has all keys.
 */
final class AttentionGradLane implements HostKernel {
    /** The products of blocks of one size, in their order. */
    private record Products(List<HostKernel> beforeRows, List<HostKernel> afterRows) {
        void close() {
            beforeRows.forEach(HostKernel::close);
            afterRows.forEach(HostKernel::close);
        }
    }

    private final AttentionBlocks sizes;
    private final int lane;
    private final float scale;
    private final List<FloatBuffer> operands;
    private final List<FloatBuffer> results;
    private final AttentionMemory keys;
    private final AttentionMemory values;
    private final AttentionMemory keyGradients;
    private final AttentionMemory valueGradients;
    private final AttentionMemory queries;
    /** In the end the gradients of the queries, when these are not needed any more. */
    private final AttentionMemory outGradients;

    private final AttentionMemory scores;
    private final AttentionMemory scoreGradients;
    private final CausalRows rows;
    private final float[] delta;
    private final List<Block> blocks;
    /** Of each block; blocks of one size share theirs, but for the first, which adds to nothing. */
    private final List<Products> products = new ArrayList<>();

    AttentionGradLane(
            AttentionBlocks sizes,
            int lane,
            double scale,
            List<Buffer> operands,
            List<Buffer> results,
            Scratch scratch) {
        this.sizes = sizes;
        this.lane = lane;
        this.scale = (float) scale;
        this.operands = AttentionMemory.floats(operands);
        this.results = AttentionMemory.floats(results);
        List<AttentionMemory> memory = AttentionMemory.take(memory(sizes), scratch);
        keys = memory.get(0);
        values = memory.get(1);
        keyGradients = memory.get(2);
        valueGradients = memory.get(3);
        queries = memory.get(4);
        outGradients = memory.get(5);
        scores = memory.get(6);
        scoreGradients = memory.get(7);
        rows = new CausalRows(scores.buffer(), operands.get(5), sizes.maxRows());
        delta = new float[sizes.maxRows()];
        blocks = new ArrayList<>(sizes.blocks());
        Collections.reverse(blocks);
        products.add(products(blocks.get(0), false));
        Map<Block, Products> made = new LinkedHashMap<>();
        for (Block block : blocks.subList(1, blocks.size())) {
            products.add(made.computeIfAbsent(block.shape(), shape -> products(shape, true)));
        }
    }

    /** What a lane needs. */
    static List<TensorType> memory(AttentionBlocks sizes) {
        TensorType head = sizes.wholeHead();
        TensorType queries = sizes.queries();
        return List.of(head, head, head, head, queries, queries, sizes.scores(), sizes.scores());
    }

    /** The products for a block. {@code adds}: to the gradients of keys and values that are there. */
    private Products products(Block block, boolean adds) {
        int d = sizes.size();
        INDArray q = queries.matrix(block.rows(), d);
        INDArray dout = outGradients.matrix(block.rows(), d);
        INDArray k = keys.matrix(block.width(), d);
        INDArray p = scores.matrix(block.rows(), block.width());
        INDArray ds = scoreGradients.matrix(block.rows(), block.width());
        return new Products(
                List.of(
                        EinsumKernels.matmul(q, k, p, false, true),
                        EinsumKernels.matmul(dout, values.matrix(block.width(), d), ds, false, true)),
                List.of(
                        transposed(p, dout, valueGradients.matrix(block.width(), d), adds),
                        transposed(ds, q, keyGradients.matrix(block.width(), d), adds),
                        EinsumKernels.matmul(ds, k, dout, false, false)));
    }

    private static HostKernel transposed(INDArray left, INDArray right, INDArray out, boolean adds) {
        return adds
                ? EinsumKernels.addMatmul(left, right, out, true, false)
                : EinsumKernels.matmul(left, right, out, true, false);
    }

    @Override
    public void run() {
        for (int head = lane; head < sizes.heads(); head += sizes.numLanes()) {
            int start = head * sizes.headElements();
            keys.load(operands.get(2), start, sizes.headElements());
            values.load(operands.get(3), start, sizes.headElements());
            for (int i = 0; i < blocks.size(); i++) {
                run(head, blocks.get(i), products.get(i));
            }
            keyGradients.store(results.get(1), start, sizes.headElements());
            valueGradients.store(results.get(2), start, sizes.headElements());
        }
    }

    private void run(int head, Block block, Products its) {
        int row = head * sizes.positions() + block.first();
        int start = row * sizes.size();
        int count = block.rows() * sizes.size();
        // Of scaled queries the scores are scaled, and so is the gradient of the keys; that of the queries is not.
        CausalRows.scale(operands.get(1), start, queries.floats(), 0, count, scale);
        outGradients.load(operands.get(0), start, count);
        its.beforeRows.forEach(HostKernel::run);
        CausalRows.dotProducts(operands.get(0), operands.get(4), start, block.rows(), sizes.size(), delta);
        rows.gradients(scoreGradients.floats(), delta, row, block.first(), block.rows(), block.width());
        its.afterRows.forEach(HostKernel::run);
        CausalRows.scale(outGradients.floats(), 0, results.get(0), start, count, scale);
    }

    @Override
    public void close() {
        products.stream().distinct().forEach(Products::close);
    }
}
