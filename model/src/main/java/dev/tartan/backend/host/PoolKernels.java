package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.op.Window2d;
import java.util.Arrays;
import java.util.List;

/** Poolings of images, one channel of one sample after another, and their gradients. */
final class PoolKernels {
    private PoolKernels() {}

    static HostKernel max(Window2d window, List<Buffer> operands, List<Buffer> results, Workers workers) {
        WindowedImages sizes = WindowedImages.of(window, operands.get(0).type());
        Floats x = Floats.of(operands.get(0));
        Floats y = Floats.of(results.get(0));
        return forEachPlane(sizes, workers, (plane, tile) -> {
            x.get(plane * sizes.planeSize(), tile.a, 0, sizes.planeSize());
            Arrays.fill(tile.b, 0, sizes.positions(), Float.NEGATIVE_INFINITY);
            forEachRun(sizes, (image, position, length) -> {
                int stride = sizes.columns().stride();
                for (int q = 0; q < length; q++) {
                    tile.b[position + q] = Math.max(tile.b[position + q], tile.a[image + q * stride]);
                }
            });
            y.put(plane * sizes.positions(), tile.b, 0, sizes.positions());
        });
    }

    static HostKernel maxGradient(Window2d window, List<Buffer> operands, List<Buffer> results, Workers workers) {
        WindowedImages sizes = WindowedImages.of(window, operands.get(1).type());
        Floats dy = Floats.of(operands.get(0));
        Floats x = Floats.of(operands.get(1));
        Floats dx = Floats.of(results.get(0));
        return forEachPlane(sizes, workers, (plane, tile) -> {
            dy.get(plane * sizes.positions(), tile.a, 0, sizes.positions());
            x.get(plane * sizes.planeSize(), tile.b, 0, sizes.planeSize());
            Arrays.fill(tile.c, 0, sizes.planeSize(), 0);
            // The largest element of each window so far, and where it is.
            Arrays.fill(tile.d, 0, sizes.positions(), Float.NEGATIVE_INFINITY);
            Arrays.fill(tile.bits, 0, sizes.positions(), -1);
            forEachRun(sizes, (image, position, length) -> {
                int stride = sizes.columns().stride();
                for (int q = 0; q < length; q++) {
                    float value = tile.b[image + q * stride];
                    if (value > tile.d[position + q] || tile.bits[position + q] < 0) {
                        tile.d[position + q] = value;
                        tile.bits[position + q] = image + q * stride;
                    }
                }
            });
            for (int position = 0; position < sizes.positions(); position++) {
                tile.c[tile.bits[position]] += tile.a[position];
            }
            dx.put(plane * sizes.planeSize(), tile.c, 0, sizes.planeSize());
        });
    }

    static HostKernel average(
            Window2d window, boolean countsPadding, List<Buffer> operands, List<Buffer> results, Workers workers) {
        WindowedImages sizes = WindowedImages.of(window, operands.get(0).type());
        float[] factors = factors(sizes, countsPadding);
        Floats x = Floats.of(operands.get(0));
        Floats y = Floats.of(results.get(0));
        return forEachPlane(sizes, workers, (plane, tile) -> {
            x.get(plane * sizes.planeSize(), tile.a, 0, sizes.planeSize());
            Arrays.fill(tile.b, 0, sizes.positions(), 0);
            forEachRun(sizes, (image, position, length) -> {
                int stride = sizes.columns().stride();
                for (int q = 0; q < length; q++) {
                    tile.b[position + q] += tile.a[image + q * stride];
                }
            });
            RowMath.multiply(tile.b, factors, tile.b, sizes.positions());
            y.put(plane * sizes.positions(), tile.b, 0, sizes.positions());
        });
    }

    static HostKernel averageGradient(
            Window2d window, boolean countsPadding, List<Buffer> operands, List<Buffer> results, Workers workers) {
        WindowedImages sizes = WindowedImages.of(window, results.get(0).type());
        float[] factors = factors(sizes, countsPadding);
        Floats dy = Floats.of(operands.get(0));
        Floats dx = Floats.of(results.get(0));
        return forEachPlane(sizes, workers, (plane, tile) -> {
            dy.get(plane * sizes.positions(), tile.a, 0, sizes.positions());
            RowMath.multiply(tile.a, factors, tile.a, sizes.positions());
            Arrays.fill(tile.b, 0, sizes.planeSize(), 0);
            forEachRun(sizes, (image, position, length) -> {
                int stride = sizes.columns().stride();
                for (int q = 0; q < length; q++) {
                    tile.b[image + q * stride] += tile.a[position + q];
                }
            });
            dx.put(plane * sizes.planeSize(), tile.b, 0, sizes.planeSize());
        });
    }

    /** What the sum of each window is multiplied by. */
    private static float[] factors(WindowedImages sizes, boolean countsPadding) {
        float[] factors = new float[sizes.positions()];
        for (int p = 0; p < sizes.positionRows(); p++) {
            for (int q = 0; q < sizes.positionColumns(); q++) {
                int count = countsPadding
                        ? sizes.windowSize()
                        : sizes.rows().covered(p, sizes.height())
                                * sizes.columns().covered(q, sizes.width());
                factors[p * sizes.positionColumns() + q] = 1f / count;
            }
        }
        return factors;
    }

    /** What is done with one channel of one sample. */
    private interface Plane {
        void run(int plane, Tile tile);
    }

    private static HostKernel forEachPlane(WindowedImages sizes, Workers workers, Plane task) {
        int length = Math.max(sizes.planeSize(), sizes.positions());
        return () -> Rows.forEachBlock(workers, sizes.samples() * sizes.channels(), length, (begin, end) -> {
            Tile tile = Tile.ofLength(length);
            for (int plane = begin; plane < end; plane++) {
                task.run(plane, tile);
            }
        });
    }

    /**
     * One element of the window at some neighbouring positions of a row: from {@code position} on, where the element is
     * {@code image} of the plane, and a stride further from one to the next.
     */
    private interface Run {
        void run(int image, int position, int length);
    }

    /** Visits the elements of each window in row-major order. */
    private static void forEachRun(WindowedImages sizes, Run run) {
        for (int p = 0; p < sizes.positionRows(); p++) {
            for (int i = 0; i < sizes.rows().size(); i++) {
                int row = p * sizes.rows().stride()
                        - sizes.rows().low()
                        + i * sizes.rows().dilation();
                if (row < 0 || row >= sizes.height()) {
                    continue;
                }
                for (int j = 0; j < sizes.columns().size(); j++) {
                    int begin = sizes.firstInside(j);
                    int end = sizes.endInside(j);
                    int column = begin * sizes.columns().stride()
                            - sizes.columns().low()
                            + j * sizes.columns().dilation();
                    if (begin < end) {
                        run.run(row * sizes.width() + column, p * sizes.positionColumns() + begin, end - begin);
                    }
                }
            }
        }
    }
}
