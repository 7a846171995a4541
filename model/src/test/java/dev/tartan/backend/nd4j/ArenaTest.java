package dev.tartan.backend.nd4j;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import org.junit.jupiter.api.Test;

class ArenaTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, shape(2, 3));
    private final Nd4jBackend backend = new Nd4jBackend(1);

    @Test
    void buffersOfAllTypesShareOneSpaceOfBytes() {
        try (Arena arena = backend.device(0).allocate(256)) {
            assertThat(arena.bytes()).isEqualTo(256);
            Buffer floats = arena.buffer(FLOATS, 0);
            Buffer ints = arena.buffer(new TensorType(DType.INT32, shape(4)), 64);
            Buffer doubles = arena.buffer(new TensorType(DType.FLOAT64, shape()), 128);
            Buffer booleans = arena.buffer(new TensorType(DType.BOOL, shape(3)), 192);
            floats.write(new float[] {1, 2, 3, 4, 5, 6});
            ints.write(new int[] {-7, 8, 9, 10});
            doubles.write(new double[] {Math.PI});
            booleans.write(new byte[] {1, 0, 1});
            assertThat(ints.address() - floats.address()).isEqualTo(64);
            assertThat(floats.address() % Arena.ALIGNMENT_BYTES).isZero();
            float[] floatValues = new float[6];
            int[] intValues = new int[4];
            double[] doubleValues = new double[1];
            byte[] byteValues = new byte[3];
            floats.read(floatValues);
            ints.read(intValues);
            doubles.read(doubleValues);
            booleans.read(byteValues);
            assertThat(floatValues).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(intValues).containsExactly(-7, 8, 9, 10);
            assertThat(doubleValues).containsExactly(Math.PI);
            assertThat(byteValues).containsExactly(1, 0, 1);
            assertThat(floats.hostBytes().asFloatBuffer().get(5)).isEqualTo(6);
        }
    }

    @Test
    void tensorsAreCopiedBetweenDeviceAndHostMemory() {
        try (Arena device = backend.device(0).allocate(64);
                Arena host = backend.device(0).allocateHost(100)) {
            assertThat(host.bytes()).isEqualTo(128);
            Buffer kept = host.buffer(FLOATS, 64);
            Buffer used = device.buffer(FLOATS, 0);
            assertThat(kept.space()).isEqualTo(MemorySpace.HOST);
            assertThat(kept.address() % Arena.ALIGNMENT_BYTES).isZero();
            used.write(new float[] {1, 2, 3, 4, 5, 6});
            kept.copyFrom(used);
            used.write(new float[6]);
            used.copyFrom(kept);
            float[] values = new float[6];
            used.read(values);
            assertThat(values).containsExactly(1, 2, 3, 4, 5, 6);
            Buffer other = device.buffer(new TensorType(DType.INT32, shape(2, 3)), 0);
            assertThatThrownBy(() -> kept.copyFrom(other))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("buffer cannot be copied here: from=i32[2, 3]@0, to=f32[2, 3]@64. Copy a tensor of the"
                            + " same type and backend.");
        }
    }

    @Test
    void aBufferOutsideTheArenaIsRefused() {
        try (Arena arena = backend.device(0).allocate(64)) {
            assertThatThrownBy(() -> arena.buffer(FLOATS, 64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("buffer does not fit the arena: type=f32[2, 3], offsetBytes=64, arenaBytes=64, "
                            + "alignmentBytes=64. Take offsets and size from one memory plan.");
            assertThatThrownBy(() -> arena.buffer(FLOATS, 4)).hasMessageContaining("offsetBytes=4");
        }
    }

    @Test
    void anArrayThatDoesNotMatchIsRefused() {
        try (Arena arena = backend.device(0).allocate(64)) {
            Buffer buffer = arena.buffer(FLOATS, 0);
            assertThatThrownBy(() -> buffer.write(new int[6]))
                    .hasMessage("array does not match the buffer: buffer=f32[2, 3], array=i32[6]. "
                            + "Copy all elements in the buffer's own type.");
            assertThatThrownBy(() -> buffer.read(new float[5])).hasMessageContaining("array=f32[5]");
            assertThatThrownBy(() -> buffer.as(new TensorType(DType.FLOAT32, shape(5))))
                    .hasMessage("buffer has another size than the type it is to be seen as: type=f32[2, 3], "
                            + "other=f32[5]. Keep the number of bytes.");
        }
    }

    @Test
    void scratchMemoryThatIsUsedUpIsRefused() {
        try (Arena arena = backend.device(0).allocate(128)) {
            Scratch scratch = new Scratch(arena, 64, 64);
            assertThat(scratch.take(FLOATS).offsetBytes()).isEqualTo(64);
            assertThatThrownBy(() -> scratch.take(FLOATS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("scratch memory is too small");
        }
    }
}
