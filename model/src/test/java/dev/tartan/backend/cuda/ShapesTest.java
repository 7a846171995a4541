package dev.tartan.backend.cuda;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Pad;
import dev.tartan.op.Reduce;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes around those of warps, packs, tiles and parts, in aligned memory and not. */
class ShapesTest {
    private static final CudaType TYPE = CudaType.FLOAT32;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    /** Ops that move elements, whose results are exact. */
    static Stream<Example> moves() {
        List<Example> examples = new ArrayList<>();
        long[][] shapes = {{3, 40, 70}, {1, 33, 31}, {2, 64, 64}, {5, 17, 16}, {7, 2, 3}};
        for (long[] dims : shapes) {
            HostTensor x = Inputs.normal(TYPE, 1, dims);
            for (List<Integer> order :
                    List.of(List.of(0, 2, 1), List.of(1, 0, 2), List.of(2, 1, 0), List.of(2, 0, 1), List.of(1, 2, 0))) {
                examples.add(new Example(new Transpose(order), x));
            }
            examples.add(new Example(new Slice(List.of(0L, 1L, 1L), List.of(dims[0], dims[1] - 1, dims[2] - 2)), x));
            examples.add(new Example(new Pad(List.of(0L, 3L, 4L), List.of(1L, 0L, 5L), 0), x));
            examples.add(new Example(new Pad(List.of(0L, 0L, 0L), List.of(0L, 0L, 0L), 0), x));
            examples.add(new Example(new Pad(List.of(1L, 0L, 0L), List.of(0L, 0L, 0L), -2.5), x));
            for (int dim = 0; dim < 3; dim++) {
                examples.add(new Example(new Concat(dim), x, x, x));
            }
            examples.add(new Example(
                    new BroadcastTo(shape(dims[0], 4, dims[2])), Inputs.normal(TYPE, 2, dims[0], 1, dims[2])));
            examples.add(new Example(new BroadcastTo(shape(3, dims[1], 5)), Inputs.normal(TYPE, 2, dims[1], 1)));
        }
        // A GPT's queries, keys and values, and six dims that cannot be merged.
        examples.add(new Example(new Transpose(List.of(2, 0, 3, 1, 4)), Inputs.normal(TYPE, 1, 2, 9, 3, 4, 16)));
        examples.add(new Example(new Transpose(List.of(5, 3, 4, 1, 2, 0)), Inputs.normal(TYPE, 1, 2, 3, 2, 3, 2, 3)));
        examples.add(new Example(
                new GatherRows(new ShardOffset(3, List.of(), 0)),
                Inputs.normal(TYPE, 1, 9, 65),
                Inputs.integers(2, 14, 5, 7)));
        examples.add(new Example(
                new GatherRows(ShardOffset.ZERO), Inputs.normal(TYPE, 1, 9, 64), Inputs.integers(2, 9, 40)));
        return examples.stream();
    }

    /** An op and its operands. */
    record Example(Op op, List<HostTensor> operands) {
        Example(Op op, HostTensor... operands) {
            this(op, List.of(operands));
        }

        @Override
        public String toString() {
            return op + " " + operands.stream().map(HostTensor::type).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("moves")
    void movesAreExactInAllTypes(Example example) {
        for (CudaType type : List.of(TYPE, CudaType.BFLOAT16, CudaType.FLOAT64)) {
            for (int shift : new int[] {0, 1}) {
                try (OpRun run = new OpRun(example.op, example.operands, type, shift, -1)) {
                    assertThat(run.run(1).get(0)).isEqualTo(run.truth().get(0).data());
                }
            }
        }
    }

    static Stream<Example> sums() {
        List<Example> examples = new ArrayList<>();
        for (long size : new long[] {1, 3, 4, 5, 31, 32, 33, 127, 129, 1023, 1024, 1025, 2048, 9001}) {
            examples.add(new Example(new Reduce(Reduction.SUM, List.of(0)), Inputs.scaled(TYPE, 1, 1, 0.5, size)));
            examples.add(new Example(new Reduce(Reduction.SUM, List.of(1)), Inputs.scaled(TYPE, 1, 1, 0.5, 3, size)));
            examples.add(new Example(new Reduce(Reduction.SUM, List.of(0)), Inputs.scaled(TYPE, 1, 1, 0.5, size, 3)));
            examples.add(new Example(new Reduce(Reduction.MAX, List.of(1)), Inputs.normal(TYPE, 1, 2, size, 5)));
            HostTensor x = Inputs.normal(TYPE, 1, 2, size);
            examples.add(new Example(new Binary(BinaryKind.ADD), x, Inputs.normal(TYPE, 2, size)));
            examples.add(new Example(new Binary(BinaryKind.SUB), Inputs.normal(TYPE, 2, 2, 1), x));
            examples.add(new Example(new Binary(BinaryKind.MUL), x, Inputs.normal(TYPE, 2, 1, 1)));
            examples.add(new Example(new AddN(), Collections.nCopies(130, x)));
            examples.add(new Example(
                    new ScatterAddRows(67, new ShardOffset(2, List.of(), 0)),
                    Inputs.integers(3, 75, 100),
                    Inputs.normal(TYPE, 4, 100, Math.min(size, 300))));
        }
        Shape wide = shape(4, 6, 3, 5, 2, 7);
        examples.add(new Example(
                new Binary(BinaryKind.ADD),
                Inputs.normal(TYPE, 1, wide.dims()),
                Inputs.normal(TYPE, 2, 4, 1, 3, 1, 2, 1)));
        examples.add(
                new Example(new Reduce(Reduction.SUM, List.of(1, 3, 5)), Inputs.scaled(TYPE, 1, 1, 0.5, wide.dims())));
        return examples.stream();
    }

    @ParameterizedTest
    @MethodSource("sums")
    void sumsAreNearTheTruth(Example example) {
        for (int shift : new int[] {0, 1}) {
            try (OpRun run = new OpRun(example.op, example.operands, TYPE, shift, -1)) {
                assertThat(TorchErrors.error(
                                run.run(shift).get(0), run.truth().get(0).data()))
                        .isLessThan(1e-5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void squaresAreSummedInFloat32(CudaType type) {
        for (int count : new int[] {1, 1000, 70_001}) {
            double[] values = Inputs.normalArray(type, 1, count, 1, 0);
            double sum = 0;
            for (double value : values) {
                sum += value * value;
            }
            try (GuardedArray x = GuardedArray.of(type, values);
                    GuardedArray z = GuardedArray.empty(CudaType.FLOAT32, 1);
                    GuardedArray scratch = GuardedArray.empty(CudaType.FLOAT64, 128)) {
                HostCuda.run(
                        ReduceLaunches.sumOfSquares(
                                new DeviceTensor(type, shape(count), x.address()),
                                new DeviceTensor(CudaType.FLOAT32, shape(), z.address()),
                                scratch.address()),
                        1);
                scratch.read();
                assertThat(z.read()[0]).isBetween(sum * (1 - 1e-6), sum * (1 + 1e-6));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void scatteredRowsAreAddedInTheOrderOfTheIndices(CudaType type) {
        // Large numbers that cancel: another order gives another result.
        HostTensor rows = Inputs.scaled(type, 1, 1e6, 0, 500, 40);
        try (OpRun run = new OpRun(
                new ScatterAddRows(3, ShardOffset.ZERO), List.of(Inputs.integers(2, 3, 500), rows), type, 0, -1)) {
            double[] first = run.run(1).get(0);
            float[] sums = new float[3 * 40];
            double[] indices = Inputs.integers(2, 3, 500).data();
            for (int i = 0; i < 500; i++) {
                int row = (int) indices[i];
                for (int c = 0; c < 40; c++) {
                    sums[row * 40 + c] += (float) rows.data()[i * 40 + c];
                }
            }
            for (int i = 0; i < sums.length; i++) {
                assertThat(first[i]).isEqualTo(Inputs.round(type, sums[i]));
            }
        }
    }
}
