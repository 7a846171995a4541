package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.CausalRows;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.nd4j.AttentionBlocks.Block;
import dev.tartan.graph.TensorType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention of every {@code numLanes}-th head. A head's keys and values are copied to memory of the lane, so that the
 * same few products serve all of its heads.
 */
final class AttentionLane implements HostKernel {
    /** The products of blocks of one size: scores, and what they make of the values. */
    private record Products(HostKernel scores, HostKernel weighted) {
        void close() {
            scores.close();
            weighted.close();
        }
    }

    private final AttentionBlocks sizes;
    private final int lane;
    private final float scale;
    private final List<FloatBuffer> operands;
    private final FloatBuffer out;
    private final AttentionMemory keys;
    private final AttentionMemory values;
    private final AttentionMemory queries;
    private final AttentionMemory weighted;
    private final CausalRows rows;
    private final List<Block> blocks;
    /** Of each block; blocks of one size share theirs. */
    private final List<Products> products = new ArrayList<>();

    AttentionLane(
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
        this.out = AttentionMemory.floats(results).get(0);
        List<AttentionMemory> memory = AttentionMemory.take(memory(sizes), scratch);
        keys = memory.get(0);
        values = memory.get(1);
        queries = memory.get(2);
        weighted = memory.get(3);
        AttentionMemory scores = memory.get(4);
        rows = new CausalRows(scores.buffer(), results.get(1), sizes.maxRows());
        blocks = sizes.blocks();
        int d = sizes.size();
        Map<Block, Products> made = new LinkedHashMap<>();
        for (Block block : blocks) {
            products.add(made.computeIfAbsent(block.shape(), shape -> {
                INDArray square = scores.matrix(shape.rows(), shape.width());
                return new Products(
                        EinsumKernels.matmul(
                                queries.matrix(shape.rows(), d), keys.matrix(shape.width(), d), square, false, true),
                        EinsumKernels.matmul(
                                square,
                                values.matrix(shape.width(), d),
                                weighted.matrix(shape.rows(), d),
                                false,
                                false));
            }));
        }
    }

    /** What a lane needs. */
    static List<TensorType> memory(AttentionBlocks sizes) {
        return List.of(sizes.wholeHead(), sizes.wholeHead(), sizes.queries(), sizes.queries(), sizes.scores());
    }

    @Override
    public void run() {
        for (int head = lane; head < sizes.heads(); head += sizes.numLanes()) {
            int start = head * sizes.headElements();
            keys.load(operands.get(1), start, sizes.headElements());
            values.load(operands.get(2), start, sizes.headElements());
            for (int i = 0; i < blocks.size(); i++) {
                run(head, blocks.get(i), products.get(i));
            }
        }
    }

    private void run(int head, Block block, Products its) {
        int row = head * sizes.positions() + block.first();
        int start = row * sizes.size();
        int count = block.rows() * sizes.size();
        CausalRows.scale(operands.get(0), start, queries.floats(), 0, count, scale);
        its.scores.run();
        rows.exponentials(row, block.first(), block.rows(), block.width());
        its.weighted.run();
        rows.normalize(weighted.floats(), out, start, block.rows(), sizes.size());
    }

    @Override
    public void close() {
        products.stream().distinct().forEach(Products::close);
    }
}
