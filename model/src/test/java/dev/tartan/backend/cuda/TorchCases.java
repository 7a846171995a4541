package dev.tartan.backend.cuda;

import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AdamW;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.Reduce;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Rotary;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import dev.tartan.op.Unary;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** The cases of {@code torch_errors.py}, in the same order, from the same inputs. */
final class TorchCases {
    private static final long ELEMENTS = 4099;
    private static final double EPSILON = 1e-5;
    private static final long[][] ROWS = {{24, 768}, {37, 1001}, {3, 5000}};

    private TorchCases() {}

    static List<TorchCase> all(CudaType type) {
        List<TorchCase> cases = new ArrayList<>();
        unary(cases, type);
        activations(cases, type);
        sums(cases, type);
        for (long[] rows : ROWS) {
            norms(cases, type, rows[0], rows[1]);
            softmax(cases, type, rows[0], rows[1]);
        }
        cases.add(new TorchCase(
                "embedding_grad",
                new ScatterAddRows(70, ShardOffset.ZERO),
                Inputs.integers(11, 64, 600),
                Inputs.normal(type, 10, 600, 150)));
        cases.add(new TorchCase(
                "rotary", new Rotary(10000, false, ShardOffset.ZERO), Inputs.normal(type, 12, 2, 3, 300, 64)));
        if (type == CudaType.FLOAT32) {
            cases.add(adamW());
        }
        return cases;
    }

    private static void unary(List<TorchCase> cases, CudaType type) {
        DoubleUnaryOperator positive = x -> Inputs.round(type, Math.abs(x));
        DoubleUnaryOperator aboveOne = x -> Inputs.round(type, Math.abs(x) + 1);
        for (Unary.Kind kind : List.of(
                Unary.Kind.EXP,
                Unary.Kind.SQRT,
                Unary.Kind.RSQRT,
                Unary.Kind.LOG,
                Unary.Kind.SIN,
                Unary.Kind.COS,
                Unary.Kind.SQUARE,
                Unary.Kind.RECIPROCAL)) {
            DoubleUnaryOperator change = switch (kind) {
                case SQRT, LOG -> positive;
                case RSQRT, RECIPROCAL -> aboveOne;
                default -> x -> x;
            };
            HostTensor x = Inputs.scaled(type, 1, 3, 0, ELEMENTS);
            double[] changed = Arrays.stream(x.data()).map(change).toArray();
            cases.add(new TorchCase(new Unary(kind).name(), new Unary(kind), new HostTensor(x.type(), changed)));
        }
    }

    private static void activations(List<TorchCase> cases, CudaType type) {
        for (Activation activation : List.of(
                Activation.RELU,
                Activation.GELU,
                Activation.SILU,
                Activation.TANH,
                Activation.SIGMOID,
                Activation.SOFTSIGN,
                Activation.HARD_TANH,
                Activation.RELU6,
                Activation.SELU,
                Activation.SOFTPLUS,
                Activation.MISH,
                Activation.ELU)) {
            HostTensor x = Inputs.scaled(type, 1, 3, 0, ELEMENTS);
            HostTensor dy = Inputs.normal(type, 2, ELEMENTS);
            cases.add(new TorchCase(activation.label(), new Activate(activation), x));
            cases.add(new TorchCase(activation.label() + "_grad", new ActivateGrad(activation), x, dy));
        }
    }

    private static void sums(List<TorchCase> cases, CudaType type) {
        long[][] shapes = {{40, 4096}, {1024, 190}, {257, 513}, {37, 1001}, {8, 300, 40}, {16, 64, 129}};
        List<List<Integer>> dims =
                List.of(List.of(1), List.of(0), List.of(0, 1), List.of(1), List.of(1), List.of(0, 2));
        for (int i = 0; i < shapes.length; i++) {
            String size = LongStream.of(shapes[i]).mapToObj(String::valueOf).collect(Collectors.joining("x"));
            cases.add(new TorchCase(
                    "sum" + size, new Reduce(Reduction.SUM, dims.get(i)), Inputs.scaled(type, 3, 1, 0.5, shapes[i])));
        }
    }

    private static void norms(List<TorchCase> cases, CudaType type, long rows, long width) {
        String size = rows + "x" + width;
        HostTensor x = Inputs.scaled(type, 4, 2, 1, rows, width);
        HostTensor dy = Inputs.normal(type, 5, rows, width);
        HostTensor gamma = Inputs.normal(type, 6, width);
        HostTensor beta = Inputs.normal(type, 7, width);
        Op layerNorm = new LayerNorm(EPSILON);
        Op rmsNorm = new RmsNorm(EPSILON);
        List<HostTensor> kept = ReferenceInterpreter.run(layerNorm, List.of(x, gamma, beta));
        HostTensor rstd = ReferenceInterpreter.run(rmsNorm, List.of(x, gamma)).get(1);
        cases.add(TorchCase.forward("layer_norm" + size, layerNorm, x, gamma, beta));
        cases.add(TorchCase.gradient(
                "layer_norm_grad" + size, new LayerNormGrad(), Set.of(3, 4), dy, x, gamma, kept.get(1), kept.get(2)));
        cases.add(TorchCase.forward("rms_norm" + size, rmsNorm, x, gamma));
        cases.add(TorchCase.gradient("rms_norm_grad" + size, new RmsNormGrad(), Set.of(3), dy, x, gamma, rstd));
    }

    private static void softmax(List<TorchCase> cases, CudaType type, long rows, long width) {
        String size = rows + "x" + width;
        HostTensor x = Inputs.scaled(type, 4, 2, 1, rows, width);
        HostTensor dy = Inputs.normal(type, 5, rows, width);
        HostTensor y = ReferenceInterpreter.run(new Softmax(), List.of(x)).get(0);
        HostTensor labels = Inputs.integers(8, (int) width, rows);
        HostTensor dloss = Inputs.normal(type, 9, rows);
        HostTensor logSums =
                ReferenceInterpreter.run(new CrossEntropy(), List.of(x, labels)).get(1);
        cases.add(new TorchCase("softmax" + size, new Softmax(), x));
        cases.add(new TorchCase("softmax_grad" + size, new SoftmaxGrad(), y, dy));
        cases.add(TorchCase.forward("cross_entropy" + size, new CrossEntropy(), x, labels));
        cases.add(TorchCase.gradient(
                "cross_entropy_grad" + size,
                new CrossEntropyGrad(ShardOffset.ZERO),
                Set.of(0, 3),
                dloss,
                x,
                labels,
                logSums));
    }

    /** The seventh step, as PyTorch counts from the six before. */
    private static TorchCase adamW() {
        int count = 9001;
        HostTensor v = Inputs.normal(CudaType.FLOAT32, 16, count);
        return new TorchCase(
                "adamw",
                new AdamW(0.9, 0.95, 1e-8, 0.1),
                Inputs.normal(CudaType.FLOAT32, 13, count),
                Inputs.normal(CudaType.FLOAT32, 14, count),
                Inputs.normal(CudaType.FLOAT32, 15, count),
                new HostTensor(v.type(), Arrays.stream(v.data()).map(Math::abs).toArray()),
                HostTensor.scalar(1e-2),
                HostTensor.scalar(1 - Math.pow(0.9, 7)),
                HostTensor.scalar(1 - Math.pow(0.95, 7)));
    }
}
