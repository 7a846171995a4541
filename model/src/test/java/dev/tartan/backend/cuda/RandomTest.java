package dev.tartan.backend.cuda;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.RandomUniform;
import dev.tartan.random.Philox;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random numbers are those of the CPU, bit by bit, whatever the shard. */
class RandomTest {
    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    record Shard(Shape whole, Shape part, List<Long> starts, long seed, int step) {}

    static Stream<Shard> shards() {
        return Stream.of(
                new Shard(shape(64, 33), shape(64, 33), List.of(0L, 0L), 1, 0),
                new Shard(shape(64, 33), shape(16, 11), List.of(32L, 11L), -7, 12345),
                new Shard(shape(5), shape(5), List.of(0L), Long.MIN_VALUE, -1),
                new Shard(shape(), shape(), List.of(), 9, 3),
                new Shard(shape(3, 1L << 31, 7), shape(1, 2, 7), List.of(2L, (1L << 31) - 2, 0L), 42, 7),
                new Shard(shape(8, 6, 4, 10), shape(4, 3, 4, 5), List.of(4L, 3L, 0L, 5L), 5, 2));
    }

    @ParameterizedTest
    @MethodSource("shards")
    void everyElementIsThePhiloxWordOfItsGlobalIndex(Shard shard) {
        int stream = 77;
        RandomUniform op = new RandomUniform(
                new TensorType(DType.FLOAT64, shard.part),
                shard.seed,
                stream,
                shard.whole,
                shard.starts.stream()
                        .map(start -> new ShardOffset(start, List.of(), 0))
                        .toList());
        int count = Math.toIntExact(shard.part.numElements());
        try (GuardedArray step = GuardedArray.of(CudaType.INT32, shard.step);
                GuardedArray z = GuardedArray.empty(CudaType.FLOAT32, count)) {
            HostCuda.run(
                    RandomLaunches.uniform(
                            op,
                            List.of(new DeviceTensor(CudaType.INT32, shape(), step.address())),
                            List.of(new DeviceTensor(CudaType.FLOAT32, shard.part, z.address())),
                            0),
                    3);
            double[] actual = z.read();
            int[] words = new int[4];
            for (int i = 0; i < actual.length; i++) {
                long element = 0;
                long rest = i;
                long[] index = new long[shard.part.numDims()];
                for (int d = index.length - 1; d >= 0; d--) {
                    index[d] = rest % shard.part.dim(d);
                    rest /= shard.part.dim(d);
                }
                for (int d = 0; d < index.length; d++) {
                    element = element * shard.whole.dim(d) + shard.starts.get(d) + index[d];
                }
                Philox.block(shard.seed, element >>> 2, shard.step, stream, words);
                assertThat((float) actual[i]).isEqualTo(Philox.toUniform(words[(int) (element & 3)]));
            }
        }
    }
}
