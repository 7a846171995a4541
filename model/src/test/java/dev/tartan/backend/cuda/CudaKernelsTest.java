package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.host.HostStream;
import dev.tartan.backend.nd4j.KernelChecks;
import dev.tartan.backend.nd4j.TypedCases;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Einsum;
import dev.tartan.op.Reduce;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import dev.tartan.plan.DeviceKind;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ops on buffers of the CUDA backend, without a GPU. */
class CudaKernelsTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, Shape.shape(4));

    private final Backend backend = new HostCudaBackend(1, 1).backend();

    @Test
    void opsMatchTheReference() {
        Set<String> missing = new TreeSet<>();
        for (OpCase example : OpCases.all()) {
            for (OpCase typed : List.of(example, TypedCases.toFloat32(example))) {
                try {
                    KernelChecks.assertMatchesReference(backend, backend.kernels(), typed, List.of());
                } catch (UnsupportedOperationException e) {
                    assertThat(e).hasMessageContaining("op has no kernel: op=");
                    boolean isDouble = typed.results().get(0).type().dtype() == DType.FLOAT64;
                    missing.add(typed.op().name() + (isDouble ? " of float64" : ""));
                }
            }
        }
        assertThat(missing)
                .containsExactly(
                        "average_pool2d of float64",
                        "average_pool2d_grad of float64",
                        "conv2d of float64",
                        "conv2d_filter_grad of float64",
                        "conv_transpose2d of float64",
                        "depthwise_conv2d of float64",
                        "depthwise_conv2d_filter_grad of float64",
                        "depthwise_conv_transpose2d of float64",
                        "max_pool2d of float64",
                        "max_pool2d_grad of float64",
                        "norm_pool2d of float64",
                        "norm_pool2d_grad of float64",
                        "scatter_add_rows of float64");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mk,kn->mn",
                "km,kn->mn",
                "mk,nk->mn",
                "km,nk->mn",
                "mk,kn->nm",
                "km,kn->nm",
                "mk,nk->nm",
                "km,nk->nm",
                "bmk,bkn->bmn",
                "bkm,bnk->bnm",
                "bhtd,bhsd->bhts",
                "btk,kn->btn",
                "k,kn->n",
                "m,n->mn"
            })
    void productsMatchTheReference(String equation) {
        Einsum op = new Einsum(equation);
        OpCase example = new OpCase(op, List.of(random(op.left(), 1), random(op.right(), 2)));
        KernelChecks.assertMatchesReference(backend, backend.kernels(), example, List.of());
        KernelChecks.assertMatchesReference(backend, backend.kernels(), TypedCases.toFloat32(example), List.of());
    }

    private static HostTensor random(String letters, long seed) {
        long[] dims = letters.chars().mapToLong(letter -> 2 + letter % 5).toArray();
        Shape shape = Shape.shape(dims);
        double[] values = new Random(seed).doubles(shape.numElements(), -1, 1).toArray();
        return new HostTensor(new TensorType(DType.FLOAT64, shape), values);
    }

    @Test
    void sumsAndProductsOfNothing() {
        HostTensor empty = new HostTensor(new TensorType(DType.FLOAT64, Shape.shape(3, 0)), new double[0]);
        HostTensor other = new HostTensor(new TensorType(DType.FLOAT64, Shape.shape(0, 2)), new double[0]);
        for (OpCase example : List.of(
                new OpCase(new Einsum("mk,kn->mn"), List.of(empty, other)),
                new OpCase(new Reduce(Reduction.SUM, List.of(1)), List.of(empty)))) {
            KernelChecks.assertMatchesReference(backend, backend.kernels(), example, List.of());
        }
    }

    @Test
    void workspaceIsPlannedWithoutADevice() {
        TensorType left = new TensorType(DType.FLOAT32, Shape.shape(512, 64));
        TensorType right = new TensorType(DType.FLOAT32, Shape.shape(64, 128));
        Einsum op = new Einsum("mk,kn->mn");
        long bytes = CudaBackend.TRAITS.scratchBytes(op, List.of(left, right));
        assertThat(bytes).isEqualTo(16L * 512 * 128 * 4);
        assertThat(backend.scratchBytes(op, List.of(left, right))).isEqualTo(bytes);
        TensorType large = new TensorType(DType.FLOAT32, Shape.shape(8192, 8192));
        assertThat(CudaBackend.TRAITS.scratchBytes(op, List.of(large, large))).isEqualTo(32L << 20);
        assertThat(CudaBackend.TRAITS.profile().kind()).isEqualTo(DeviceKind.CUDA);
        assertThat(CudaBackend.TRAITS.sharesHostMemory()).isFalse();
    }

    @Test
    void memoryAndStreamsOfOthersAreRefused() {
        try (Arena arena = backend.device(0).allocate(256);
                Arena host = backend.device(0).allocateHost(256);
                Stream other = new HostStream(StreamUse.COMPUTE)) {
            Buffer onDevice = arena.buffer(FLOATS, 0);
            Buffer onHost = host.buffer(FLOATS, 0);
            assertThat(onDevice.space()).isEqualTo(MemorySpace.DEVICE);
            assertThat(onHost.space()).isEqualTo(MemorySpace.PINNED_HOST);
            Reduce sum = new Reduce(Reduction.SUM, List.of(0));
            Buffer result = arena.buffer(new TensorType(DType.FLOAT32, Shape.shape()), 64);
            Scratch none = new Scratch(arena, 128, 128);
            assertThatThrownBy(() -> backend.kernels().bind(sum, List.of(onHost), List.of(result), none))
                    .hasMessageContaining("kernel cannot work on memory of the host: op=reduce_sum");
            assertThatThrownBy(() -> backend.kernels()
                            .bind(sum, List.of(onDevice), List.of(result), none)
                            .enqueue(other))
                    .hasMessageContaining("kernel runs on a GPU, and the stream is another device's");
            assertThatThrownBy(onDevice::hostBytes).hasMessageContaining("buffer cannot be a Java buffer");
            onHost.hostBytes().asFloatBuffer().put(new float[] {1, 2, 3, 4});
            onDevice.copyFrom(onHost);
            float[] values = new float[4];
            onDevice.part(1, 2)
                    .as(new TensorType(DType.FLOAT32, Shape.shape(2)))
                    .read(new float[2]);
            onDevice.read(values);
            assertThat(values).containsExactly(1, 2, 3, 4);
            assertThatThrownBy(() -> onDevice.read(new float[3]))
                    .hasMessageContaining("array does not match the buffer");
            assertThatThrownBy(() -> arena.buffer(FLOATS, 252)).hasMessageContaining("buffer does not fit the arena");
        }
        assertThatThrownBy(() -> backend.device(1)).hasMessageContaining("GPU does not exist: index=1, visible=1");
    }
}
