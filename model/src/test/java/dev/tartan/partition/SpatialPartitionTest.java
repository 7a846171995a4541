package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.Roll;
import dev.tartan.op.SpatialOp;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Ops with windows on images whose height or width is split. */
class SpatialPartitionTest {
    private static final double TOLERANCE = 1e-12;

    private static final List<Mesh> MESHES = List.of(TestMeshes.dataModel(2, 2), TestMeshes.dataModel(1, 4));

    private static final List<PartitionSpec> LAYOUTS = List.of(
            spec(null, null, "model"),
            spec("data", null, "model"),
            spec(null, null, null, "model"),
            spec(null, null, "data", "model"),
            spec(null, "data", "model"),
            spec(null, null, List.of("model", "data")));

    /** A window and images of so many rows and columns. */
    private record Sizes(Window2d window, long h, long w) {}

    /** Windows that fall to blocks as elements do. */
    private static final List<Sizes> ALIGNED = List.of(
            new Sizes(Window2d.square(3, 1, 1), 8, 4),
            new Sizes(Window2d.square(3, 2, 1), 8, 8),
            new Sizes(Window2d.square(2, 2, 0), 8, 8),
            new Sizes(Window2d.square(1, 1, 0), 4, 4),
            // A stride that skips elements, more padding before than after and the other way round, dilation.
            new Sizes(Window2d.square(1, 2, 0), 8, 8),
            new Sizes(new Window2d(new Window(2, 1, 1, 1, 0), new Window(4, 1, 1, 1, 2)), 8, 8),
            new Sizes(new Window2d(new Window(3, 1, 2, 2, 2), Window.padded(3, 1, 1, 1)), 8, 8),
            new Sizes(new Window2d(Window.padded(5, 1, 1, 2), Window.ONE), 8, 1));

    /** Windows that do not, or whose halo would be larger than a block. */
    private static final List<Sizes> UNALIGNED = List.of(
            new Sizes(Window2d.square(3, 1, 0), 8, 8),
            new Sizes(Window2d.square(5, 1, 2), 4, 4),
            new Sizes(Window2d.square(2, 2, 0), 4, 4),
            new Sizes(Window2d.square(3, 2, 1), 4, 6));

    private static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        Draw draw = new Draw(11);
        ALIGNED.forEach(sizes -> addTo(cases, draw, sizes));
        UNALIGNED.forEach(sizes -> addTo(cases, draw, sizes));
        return cases;
    }

    private static void addTo(List<OpCase> cases, Draw draw, Sizes sizes) {
        Window2d window = sizes.window;
        long kh = window.height().size();
        long kw = window.width().size();
        long rows = window.height().positions(sizes.h);
        long columns = window.width().positions(sizes.w);
        HostTensor x = draw.normal(2, 2, sizes.h, sizes.w);
        HostTensor dy = draw.normal(2, 4, rows, columns);
        HostTensor pooledGrad = draw.normal(2, 2, rows, columns);
        HostTensor filters = draw.normal(4, 2, kh, kw);
        HostTensor depthwise = draw.normal(kh, kw, 2, 2);
        cases.add(new OpCase(new Conv2d(window), List.of(x, filters)));
        cases.add(new OpCase(new ConvTranspose2d(window, sizes.h, sizes.w), List.of(dy, filters)));
        cases.add(new OpCase(new Conv2dFilterGrad(window), List.of(x, dy)));
        cases.add(new OpCase(new DepthwiseConv2d(window), List.of(x, depthwise)));
        cases.add(new OpCase(new DepthwiseConvTranspose2d(window, sizes.h, sizes.w), List.of(dy, depthwise)));
        cases.add(new OpCase(new DepthwiseConv2dFilterGrad(window), List.of(x, dy)));
        cases.add(new OpCase(new MaxPool2d(window), List.of(x)));
        cases.add(new OpCase(new MaxPool2dGrad(window), List.of(pooledGrad, x)));
        for (boolean countsPadding : new boolean[] {false, true}) {
            cases.add(new OpCase(new AveragePool2d(window, countsPadding), List.of(x)));
            cases.add(new OpCase(new AveragePool2dGrad(window, countsPadding, sizes.h, sizes.w), List.of(pooledGrad)));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void splitImagesGiveWhatWholeOnesDo(OpCase test) {
        Traced traced = Traced.of(test);
        Map<String, HostTensor> expected = ReferenceInterpreter.run(traced.graph, traced.inputs);
        for (Mesh mesh : MESHES) {
            for (PartitionSpec layout : LAYOUTS) {
                if (!traced.divides(mesh, layout)) {
                    continue;
                }
                Program program = traced.compile(mesh, layout);
                HostTensor actual =
                        ProgramInterpreter.run(program, traced.inputs).get("y");
                assertThat(StepInputs.relativeError(actual, expected.get("y"), 1e-6))
                        .as("%s on %s\n%s", layout, mesh, program)
                        .isLessThanOrEqualTo(TOLERANCE);
            }
        }
    }

    /** An op whose images are inputs of a graph. */
    private record Traced(SpatialOp op, Graph graph, List<Value> values, Map<String, HostTensor> inputs) {
        static Traced of(OpCase test) {
            GraphBuilder builder = new GraphBuilder("op");
            List<Value> values = new ArrayList<>();
            Map<String, HostTensor> inputs = new LinkedHashMap<>();
            for (HostTensor operand : test.operands()) {
                String name = "x" + values.size();
                values.add(builder.input(name, operand.type()));
                inputs.put(name, operand);
            }
            Value y = builder.apply(test.op(), values).get(0);
            return new Traced((SpatialOp) test.op(), builder.build(Map.of("y", y)), values, inputs);
        }

        boolean divides(Mesh mesh, PartitionSpec layout) {
            for (int image : op.images()) {
                for (int dim = 0; dim < layout.dims().size(); dim++) {
                    if (values.get(image).type().shape().dim(dim) % mesh.numShards(layout.axesOf(dim)) != 0) {
                        return false;
                    }
                }
            }
            return true;
        }

        Program compile(Mesh mesh, PartitionSpec layout) {
            Map<Value, PartitionSpec> given = new LinkedHashMap<>();
            op.images().forEach(image -> given.put(values.get(image), layout));
            return PartitionGraph.run(mesh, graph, given, Map.of());
        }
    }

    /** A window of 3 by 3 needs a row from either side, of 8 columns, 2 channels and 2 samples. */
    @Test
    void ranksSendTheirEdgesAndNothingElse() {
        Traced conv = Traced.of(new OpCase(
                new Conv2d(Window2d.square(3, 1, 1)),
                List.of(new Draw(1).normal(2, 2, 8, 8), new Draw(2).normal(4, 2, 3, 3))));
        Mesh mesh = TestMeshes.dataModel(1, 4);
        Program program = PartitionGraph.run(
                mesh,
                conv.graph,
                Map.of(conv.values.get(0), spec(null, null, "model")),
                Map.of("y", spec(null, null, "model")));
        assertThat(Communication.of(program).entries())
                .extracting(entry -> entry.op() + " " + entry.elements())
                .containsExactly("permute 32", "permute 32");
        assertThat(program.notes()).isEmpty();
    }

    @Test
    void windowsThatNeedNothingOfNeighboursSendNothing() {
        Traced pool =
                Traced.of(new OpCase(new MaxPool2d(Window2d.square(2, 2, 0)), List.of(new Draw(1).normal(2, 2, 8, 8))));
        Mesh mesh = TestMeshes.dataModel(2, 2);
        Program program = PartitionGraph.run(
                mesh,
                pool.graph,
                Map.of(pool.values.get(0), spec("data", null, "model")),
                Map.of("y", spec("data", null, "model")));
        assertThat(Communication.of(program).entries()).isEmpty();
    }

    /** Forward and backward: halos, sums of filters' gradients and those of the loss. */
    @Test
    void aTrainingStepOfSplitImagesGathersNothing() {
        CompiledStep step = CompiledStep.of(
                new SpatialNet(),
                CompiledStep.ADAMW,
                CompiledStep.CLIP,
                CompiledStep.exact(TestMeshes.dataModel(2, 2), 4, 1));
        assertThat(Communication.of(step.program()).entries())
                .extracting(Communication.Entry::op)
                .contains("permute")
                .containsOnly("permute", "all_reduce");
        assertThat(step.program().notes()).isEmpty();
    }

    /** A dim that is whole, split into parts of several elements, and of one. */
    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "2,true", "2,false", "4,true", "4,false"})
    void aRollMovesElementsToTheNextRank(int ranks, boolean up) {
        HostTensor x = new Draw(3).normal(4, 3);
        GraphBuilder builder = new GraphBuilder("roll");
        Value input = builder.input("x", x.type());
        Graph graph = builder.build(
                Map.of("y", builder.apply(new Roll(0, up), List.of(input)).get(0)));
        Program program =
                PartitionGraph.run(TestMeshes.dataModel(1, ranks), graph, Map.of(input, spec("model", null)), Map.of());
        HostTensor y = ProgramInterpreter.run(program, Map.of("x", x)).get("y");
        for (int row = 0; row < 4; row++) {
            int from = (row + (up ? 3 : 1)) % 4;
            for (int column = 0; column < 3; column++) {
                assertThat(y.at(new int[] {row, column})).isEqualTo(x.at(new int[] {from, column}));
            }
        }
    }
}
