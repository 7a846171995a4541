package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Cast;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.util.List;

/** Conversions from and to 16-bit floats, through float32. */
final class CastKernels implements KernelFactory<Cast> {
    private static final int TILE_ELEMENTS = 2048;

    private final Workers workers;

    CastKernels(Workers workers) {
        this.workers = workers;
    }

    /** Converts {@code n} elements from {@code start} on, from memory to an array or back. */
    private interface Part {
        void convert(int start, float[] tile, int n);
    }

    @Override
    public boolean accepts(Cast op, List<TensorType> operands) {
        TensorType from = operands.get(0);
        return (op.dtype().isHalf() || from.dtype().isHalf())
                && from.bytes() <= Integer.MAX_VALUE
                && from.shape().numElements() * op.dtype().bytes() <= Integer.MAX_VALUE;
    }

    @Override
    public boolean takesHalves() {
        return true;
    }

    @Override
    public HostKernel bind(Cast op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        int numElements = Math.toIntExact(operands.get(0).type().shape().numElements());
        Part read = reading(operands.get(0));
        Part write = writing(results.get(0));
        return Rows.forEachTile(workers, numElements, TILE_ELEMENTS, (start, n, tile) -> {
            read.convert(start, tile.a, n);
            write.convert(start, tile.a, n);
        });
    }

    private static Part reading(Buffer buffer) {
        return switch (buffer.type().dtype()) {
            case FLOAT32, BFLOAT16, FLOAT16 -> {
                Floats floats = Floats.of(buffer);
                yield (start, tile, n) -> floats.get(start, tile, 0, n);
            }
            case FLOAT64 -> {
                DoubleBuffer doubles = buffer.hostBytes().asDoubleBuffer();
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        tile[i] = (float) doubles.get(start + i);
                    }
                };
            }
            case INT32 -> {
                IntBuffer ints = Rows.ints(buffer);
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        tile[i] = ints.get(start + i);
                    }
                };
            }
            case BOOL -> {
                ByteBuffer bytes = buffer.hostBytes();
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        tile[i] = bytes.get(start + i);
                    }
                };
            }
        };
    }

    private static Part writing(Buffer buffer) {
        DType dtype = buffer.type().dtype();
        return switch (dtype) {
            case FLOAT32, BFLOAT16, FLOAT16 -> {
                Floats floats = Floats.of(buffer);
                yield (start, tile, n) -> floats.put(start, tile, 0, n);
            }
            case FLOAT64 -> {
                DoubleBuffer doubles = buffer.hostBytes().asDoubleBuffer();
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        doubles.put(start + i, tile[i]);
                    }
                };
            }
            case INT32 -> {
                IntBuffer ints = Rows.ints(buffer);
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        ints.put(start + i, (int) tile[i]);
                    }
                };
            }
            case BOOL -> {
                ByteBuffer bytes = buffer.hostBytes();
                yield (start, tile, n) -> {
                    for (int i = 0; i < n; i++) {
                        bytes.put(start + i, (byte) (tile[i] == 0 ? 0 : 1));
                    }
                };
            }
        };
    }
}
