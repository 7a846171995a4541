package dev.tartan.op.reference;

import static dev.tartan.mesh.PartitionSpec.spec;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AdamW;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.Constrain;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Select;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Unary;
import java.util.List;

/** Cases of the elementwise ops. */
final class ElementwiseCases {
    private ElementwiseCases() {}

    static void addTo(List<OpCase> cases, Draw draw) {
        for (Unary.Kind kind : Unary.Kind.values()) {
            boolean anySign = switch (kind) {
                case LOG, SQRT, RSQRT, RECIPROCAL -> false;
                default -> true;
            };
            cases.add(new OpCase(new Unary(kind), List.of(anySign ? draw.normal(4, 3) : draw.positive(4, 3))));
            cases.add(new OpCase(new Unary(kind), List.of(anySign ? draw.normal(8) : draw.positive(8))));
        }
        for (BinaryKind kind : BinaryKind.values()) {
            boolean positive = kind == BinaryKind.POW || kind == BinaryKind.DIV;
            for (long[][] shapes : new long[][][] {
                {{4, 6}, {4, 6}}, {{4, 6}, {6}}, {{6}, {4, 6}}, {{4, 1, 6}, {2, 1}}, {{4, 1}, {1, 4}}, {{4}, {}}
            }) {
                cases.add(new OpCase(
                        new Binary(kind),
                        positive
                                ? List.of(draw.positive(shapes[0]), draw.positive(shapes[1]))
                                : List.of(draw.normal(shapes[0]), draw.normal(shapes[1]))));
            }
            cases.add(new OpCase(new ScalarBinary(kind, 1.25, false), List.of(draw.positive(4, 6))));
            cases.add(new OpCase(new ScalarBinary(kind, 0.75, true), List.of(draw.positive(4, 6))));
        }
        cases.add(new OpCase(new Binary(BinaryKind.MUL), List.of(draw.integers(9, 4, 2), draw.integers(9, 2))));
        cases.add(new OpCase(new ScalarBinary(BinaryKind.DIV, 4, false), List.of(draw.integers(99, 4, 2))));
        for (Compare.Kind kind : Compare.Kind.values()) {
            cases.add(new OpCase(new Compare(kind), List.of(draw.integers(3, 8, 4), draw.integers(3, 4))));
        }
        cases.add(new OpCase(new Compare(Compare.Kind.LESS), List.of(draw.normal(4, 1), draw.normal(4))));
        cases.add(new OpCase(new Select(), List.of(draw.booleans(4, 6), draw.normal(4, 6), draw.normal(4, 6))));
        cases.add(new OpCase(new Cast(DType.FLOAT32), List.of(draw.normal(4, 2))));
        cases.add(new OpCase(new Cast(DType.INT32), List.of(draw.positive(4, 2))));
        cases.add(new OpCase(new Cast(DType.FLOAT64), List.of(draw.booleans(4, 2))));
        cases.add(new OpCase(new Cast(DType.BOOL), List.of(draw.integers(3, 4, 2))));
        for (Activation activation : Activation.values()) {
            cases.add(new OpCase(new Activate(activation), List.of(draw.normal(4, 6))));
            cases.add(new OpCase(new ActivateGrad(activation), List.of(draw.normal(4, 6), draw.normal(4, 6))));
        }
        cases.add(new OpCase(new AddN(), List.of(draw.normal(4, 2))));
        cases.add(new OpCase(new AddN(), List.of(draw.normal(4, 2), draw.normal(4, 2), draw.normal(4, 2))));
        cases.add(new OpCase(new Constrain(spec("a")), List.of(draw.normal(4, 2))));
        cases.add(new OpCase(new StopGradient(), List.of(draw.normal(4, 2))));
        cases.add(new OpCase(
                new AdamW(0.9, 0.95, 1e-8, 0.1),
                List.of(
                        draw.normal(4, 6),
                        draw.normal(4, 6),
                        draw.normal(4, 6),
                        draw.positive(4, 6),
                        HostTensor.scalar(0.01),
                        HostTensor.scalar(0.19),
                        HostTensor.scalar(0.0975))));
        addFused(cases, draw);
    }

    /** Chains with shared and repeated arguments, scalars, rows repeated along leading dims, and a number first. */
    private static void addFused(List<OpCase> cases, Draw draw) {
        FusedElementwise decay = new FusedElementwise(
                2,
                List.of(
                        step(new ScalarBinary(BinaryKind.MUL, 0.25, false), 1),
                        step(new Unary(Unary.Kind.SQUARE), 0),
                        step(new Binary(BinaryKind.ADD), 3, 2)));
        cases.add(new OpCase(decay, List.of(draw.normal(4, 6), draw.normal(4, 6))));
        cases.add(new OpCase(decay, List.of(draw.normal(8), draw.normal(8))));
        FusedElementwise biased = new FusedElementwise(
                3,
                List.of(
                        step(new Binary(BinaryKind.ADD), 0, 1),
                        step(new Activate(Activation.GELU), 3),
                        step(new Binary(BinaryKind.DIV), 4, 2)));
        cases.add(new OpCase(biased, List.of(draw.normal(2, 4, 6), draw.normal(6), draw.positive())));
        cases.add(new OpCase(biased, List.of(draw.normal(4, 6), draw.normal(4, 1), draw.positive(6))));
        FusedElementwise gradient = new FusedElementwise(
                3,
                List.of(
                        step(new AddN(), 0, 1, 0),
                        step(new ActivateGrad(Activation.SILU), 2, 3),
                        step(new ScalarBinary(BinaryKind.SUB, 1.5, true), 4),
                        step(new Binary(BinaryKind.MUL), 5, 5),
                        step(new AddN(), 6, 1, 2)));
        cases.add(new OpCase(gradient, List.of(draw.normal(4, 6), draw.normal(4, 6), draw.normal(4, 6))));
        FusedElementwise moment = new FusedElementwise(
                2,
                List.of(
                        step(new Unary(Unary.Kind.SQRT), 0),
                        step(new ScalarBinary(BinaryKind.ADD, 1e-3, false), 2),
                        step(new Binary(BinaryKind.DIV), 1, 3),
                        step(new ScalarBinary(BinaryKind.SUB, 1, false), 4)));
        cases.add(new OpCase(moment, List.of(draw.positive(4, 6), draw.normal(4, 6))));
    }

    private static FusedElementwise.Step step(Op op, Integer... arguments) {
        return new FusedElementwise.Step(op, List.of(arguments));
    }
}
