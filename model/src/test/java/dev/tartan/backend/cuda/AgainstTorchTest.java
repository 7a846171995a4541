package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.reference.HostTensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Errors of the kernels are at most twice those of PyTorch on the same inputs, in any order of threads. */
class AgainstTorchTest {
    private static final int SEEDS = 2;

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    static Stream<TorchCase> float32() {
        return TorchCases.all(CudaType.FLOAT32).stream();
    }

    static Stream<TorchCase> bfloat16() {
        return TorchCases.all(CudaType.BFLOAT16).stream();
    }

    @ParameterizedTest
    @MethodSource
    void float32(TorchCase example) {
        check(example, CudaType.FLOAT32);
    }

    @ParameterizedTest
    @MethodSource
    void bfloat16(TorchCase example) {
        check(example, CudaType.BFLOAT16);
    }

    private static void check(TorchCase example, CudaType type) {
        List<HostTensor> truth = example.truth();
        try (OpRun run = new OpRun(example.op(), example.exact(), example.types(type), type, 0, -1)) {
            for (int seed = 0; seed < SEEDS; seed++) {
                List<double[]> actual = run.run(seed);
                for (int i = 0; i < Math.min(actual.size(), example.results()); i++) {
                    double[] exact = truth.get(i).data();
                    double limit = TorchErrors.limit(example.name() + ".?." + i, type);
                    if (example.op() instanceof CrossEntropyGrad) {
                        // PyTorch keeps a logarithm for each logit; the op one for each row, whose rounding costs this.
                        limit += TorchErrors.error(run.truth().get(i).data(), exact);
                    }
                    assertThat(TorchErrors.error(actual.get(i), exact))
                            .as("error of result %s", i)
                            .isLessThanOrEqualTo(limit);
                }
            }
        }
    }
}
