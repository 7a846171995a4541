package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.HalfPrecision;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The update of many tensors at once, with parameters stored in bfloat16 and their float32 master copies. */
class AdamWManyTest {
    private static final double RATE = 1e-2;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.95;
    private static final double EPSILON = 1e-8;
    private static final double SCALE = 0.25;
    private static final int[] SIZES = {1, 8192, 3, 8193, 20001, 4, 100};

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, FLOAT32, true", "BFLOAT16, FLOAT32, true", "BFLOAT16, BFLOAT16, false"})
    void eachTensorIsUpdatedOnceWithItsOwnDecay(CudaType stored, CudaType gradient, boolean scaled) {
        double correction1 = 1 - Math.pow(BETA1, 3);
        double correction2 = 1 - Math.pow(BETA2, 3);
        List<GuardedArray> arrays = new ArrayList<>();
        List<AdamWLaunches.Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            // Tensors that begin in the middle of 128 bits, too.
            int shift = i % 2;
            for (int k = 0; k < 4; k++) {
                CudaType type = k == 1 ? gradient : CudaType.FLOAT32;
                double[] values = Inputs.normalArray(type, 10 * i + k, SIZES[i], 1, 0);
                for (int j = 0; k == 3 && j < values.length; j++) {
                    values[j] = Math.abs(values[j]);
                }
                arrays.add(GuardedArray.shifted(type, shift, values));
            }
            arrays.add(GuardedArray.emptyShifted(stored, shift, SIZES[i]));
            List<GuardedArray> own = arrays.subList(5 * i, 5 * i + 5);
            List<DeviceTensor> places = own.stream()
                    .map(array -> new DeviceTensor(array.type(), Shape.shape(array.count()), array.address()))
                    .toList();
            tensors.add(new AdamWLaunches.Tensor(
                    places.get(0),
                    places.get(1),
                    places.get(2),
                    places.get(3),
                    List.of(places.get(0), places.get(2), places.get(3)),
                    stored == CudaType.FLOAT32 ? 0 : places.get(4).address(),
                    decay(i)));
        }
        List<double[]> before = arrays.stream().map(GuardedArray::read).toList();
        byte[] table = AdamWLaunches.table(tensors);
        try (GuardedArray entries = GuardedArray.empty(CudaType.BOOL, table.length);
                GuardedArray scalars = GuardedArray.of(CudaType.FLOAT32, RATE, correction1, correction2, SCALE)) {
            entries.writeBytes(table);
            long first = scalars.address();
            HostCuda.run(
                    AdamWLaunches.update(
                            stored,
                            tensors,
                            entries.address(),
                            new AdamWLaunches.Scalars(first, first + 4, first + 8, scaled ? first + 12 : 0),
                            BETA1,
                            BETA2,
                            EPSILON),
                    5);
        }
        for (int i = 0; i < SIZES.length; i++) {
            double[] p = arrays.get(5 * i).read();
            double[] expected = new double[SIZES[i]];
            for (int j = 0; j < SIZES[i]; j++) {
                double g = before.get(5 * i + 1)[j] * (scaled ? SCALE : 1);
                double m = BETA1 * before.get(5 * i + 2)[j] + (1 - BETA1) * g;
                double v = BETA2 * before.get(5 * i + 3)[j] + (1 - BETA2) * g * g;
                expected[j] = before.get(5 * i)[j] * (1 - RATE * decay(i))
                        - RATE * (m / correction1) / (Math.sqrt(v / correction2) + EPSILON);
            }
            assertThat(TorchErrors.error(p, expected)).as("tensor %s", i).isLessThan(5e-7);
            if (stored == CudaType.BFLOAT16) {
                double[] rounded = arrays.get(5 * i + 4).read();
                for (int j = 0; j < p.length; j++) {
                    assertThat(rounded[j]).isEqualTo(HalfPrecision.bfloat16(HalfPrecision.toBfloat16((float) p[j])));
                }
            }
        }
        arrays.forEach(GuardedArray::close);
    }

    private static double decay(int tensor) {
        return 0.1 * (tensor % 3);
    }
}
