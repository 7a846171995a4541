package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Errors of PyTorch on a CPU, in float32 or bfloat16, on the inputs of these tests, measured by {@code torch_errors.py}
 * against float64. An error is the largest difference, as a part of the largest number of the true result.
 */
final class TorchErrors {
    private static final Properties FIGURES = load();

    private TorchErrors() {}

    static double error(double[] actual, double[] truth) {
        assertThat(actual).hasSameSizeAs(truth);
        double largest = 0;
        double error = 0;
        for (int i = 0; i < truth.length; i++) {
            largest = Math.max(largest, Math.abs(truth[i]));
            double difference = Math.abs(actual[i] - truth[i]);
            // A NaN counts as the largest error there is.
            error = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(error, difference);
        }
        return error / largest;
    }

    /** At most twice PyTorch's error, or, if that is larger, what rounding the true result can cost. */
    static double limit(String name, CudaType type) {
        String key = name.replace("?", type == CudaType.BFLOAT16 ? "bf16" : "f32");
        String figure = FIGURES.getProperty(key);
        assertThat(figure).as("figure for %s in torch_errors.properties", key).isNotNull();
        return Math.max(2 * Double.parseDouble(figure), type == CudaType.BFLOAT16 ? 0x1.0p-8 : 0x1.0p-24);
    }

    /** Checks a result called {@code name}, with a question mark where figures name the type. */
    static void check(String name, CudaType type, double[] actual, double[] truth) {
        assertThat(error(actual, truth)).as("error of %s in %s", name, type).isLessThanOrEqualTo(limit(name, type));
    }

    private static Properties load() {
        try (InputStream in = TorchErrors.class.getResourceAsStream("torch_errors.properties")) {
            Properties figures = new Properties();
            figures.load(in);
            return figures;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
