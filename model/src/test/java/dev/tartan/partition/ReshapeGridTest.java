package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.autodiff.Gradients;
import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reshapes of split tensors, forward and backward: each is partitioned, right, and says what it sends. */
class ReshapeGridTest {
    /** One reshape in so many is tried; with 7 it takes a minute. A prime, so that all shapes have their turn. */
    private static final int EVERY = Integer.getInteger("tartan.reshapeGrid", 101);

    /** Sums of 48 products of three numbers near 1 in another order. */
    private static final double TOLERANCE = 1e-13;

    static Stream<Mesh> meshes() {
        return Stream.of(mesh(2, 3), mesh(4, 2), mesh(2, 2), mesh(3, 4));
    }

    @ParameterizedTest
    @MethodSource("meshes")
    void everyReshapeEqualsTheWholeAndSaysWhatItSends(Mesh mesh) {
        int at = 0;
        int numResharded = 0;
        for (long numElements : new long[] {12, 24, 48}) {
            List<Shape> shapes = new ArrayList<>();
            addShapes(numElements, List.of(), shapes);
            for (Shape from : shapes) {
                for (PartitionSpec spec : specs(mesh, from)) {
                    for (Shape to : shapes) {
                        if (!from.equals(to) && at++ % EVERY == 0) {
                            numResharded += check(mesh, from, spec, to) ? 1 : 0;
                        }
                    }
                }
            }
        }
        assertThat(numResharded).isBetween(at / EVERY / 10, at / EVERY - at / EVERY / 20);
    }

    /** Whether the forward reshape had to be resharded. */
    private static boolean check(Mesh mesh, Shape from, PartitionSpec spec, Shape to) {
        GraphBuilder builder = new GraphBuilder("reshape");
        Tensor x = Tensor.input(builder, "x", new TensorType(DType.FLOAT64, from));
        Tensor w = Tensor.input(builder, "w", new TensorType(DType.FLOAT64, to));
        Tensor y = builder.inOrigin(
                Origin.NETWORK.at("net", null), () -> x.mul(x).reshape(to).mul(w));
        Tensor dx = Gradients.of(y.mul(y).sumAll(), List.of(x)).get(0);
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("y", y.value());
        outputs.put("dx", dx.value());
        Graph graph = builder.build(outputs);
        String where = from + " " + spec + " -> " + to + " on " + mesh;
        Program program = PartitionGraph.run(mesh, graph, Map.of(x.value(), spec), Map.of("dx", spec));
        Map<String, HostTensor> inputs = StepInputs.of(graph, 1);
        Map<String, HostTensor> actual = ProgramInterpreter.run(program, inputs);
        ReferenceInterpreter.run(graph, inputs)
                .forEach((label, whole) -> assertThat(StepInputs.relativeError(actual.get(label), whole, 1e-4))
                        .as("%s of %s\n%s", label, where, program)
                        .isLessThan(TOLERANCE));
        boolean sends = sendsBeforeReshape(program);
        assertThat(program.notes().stream().anyMatch(note -> note.startsWith("reshape in 'net' cannot carry")))
                .as("note on %s\n%s", where, program)
                .isEqualTo(sends);
        return sends;
    }

    /** Between the square of x and the product with w, which are the first and the second mul of the program. */
    private static boolean sendsBeforeReshape(Program program) {
        return program.instructions().stream()
                .filter(instruction -> instruction.origin().modulePath().equals("net"))
                .dropWhile(instruction -> !instruction.op().name().equals("mul"))
                .skip(1)
                .takeWhile(instruction -> !instruction.op().name().equals("mul"))
                .anyMatch(instruction -> instruction.op() instanceof Collective);
    }

    @Test
    void aMinorPartOfAMergedDimMovesToTheMajorOne() {
        Program program = compile(mesh(2, 3), shape(4, 6), spec(null, "a"), shape(24));
        assertThat(Communication.of(program).ops()).containsExactly("all_to_all", "all_gather");
        assertThat(program.notes())
                .containsExactly("reshape in 'h.0.mlp' cannot carry the layout of its operand, which is resharded:"
                        + " from=f64[4, 6] [-, a], to=f64[4, 6] [a, -], result=f64[24] [a], sentBytesPerRank=48."
                        + " Split the major part of a merged dim, or a part that the axis divides, to send nothing.");
    }

    @Test
    void anAxisThatDividesNoFactorIsGathered() {
        Program program = compile(mesh(4, 2), shape(12), spec("a"), shape(2, 6));
        assertThat(Communication.of(program).ops()).containsExactly("all_gather");
        assertThat(program.notes())
                .containsExactly("reshape in 'h.0.mlp' cannot carry the layout of its operand, which is resharded:"
                        + " from=f64[12] [a], to=f64[12] [-], result=f64[2, 6] [-, -], sentBytesPerRank=72."
                        + " Split the major part of a merged dim, or a part that the axis divides, to send nothing.");
    }

    @Test
    void whatIsAskedForWholeIsGatheredAtOnce() {
        GraphBuilder builder = new GraphBuilder("reshape");
        Tensor x = Tensor.input(builder, "x", new TensorType(DType.FLOAT64, shape(4, 6)));
        Tensor y = x.reshape(24).sharded(spec((Object) null)).mul(2);
        Program program = PartitionGraph.run(
                mesh(2, 3), builder.build(Map.of("y", y.value())), Map.of(x.value(), spec(null, "a")), Map.of());
        assertThat(Communication.of(program).ops()).containsExactly("all_gather");
    }

    /** x reshaped and doubled, whole at the end. */
    private static Program compile(Mesh mesh, Shape from, PartitionSpec spec, Shape to) {
        GraphBuilder builder = new GraphBuilder("reshape");
        Tensor x = Tensor.input(builder, "x", new TensorType(DType.FLOAT64, from));
        Tensor y = builder.inOrigin(Origin.NETWORK.at("h.0.mlp", null), () -> x.reshape(to))
                .mul(2);
        return PartitionGraph.run(mesh, builder.build(Map.of("y", y.value())), Map.of(x.value(), spec), Map.of());
    }

    private static Mesh mesh(int a, int b) {
        return Mesh.of(Device.cpus(a * b), shape(a, b), "a", "b");
    }

    /** All shapes of one to four dims, none of size 1. */
    private static void addShapes(long left, List<Long> dims, List<Shape> shapes) {
        if (left == 1) {
            shapes.add(shape(dims.stream().mapToLong(Long::longValue).toArray()));
        }
        for (long size = 2; dims.size() < 4 && size <= left; size++) {
            if (left % size == 0) {
                List<Long> more = new ArrayList<>(dims);
                more.add(size);
                addShapes(left / size, more, shapes);
            }
        }
    }

    /** All layouts by one axis, by two axes on one dim, and by two on two dims. */
    private static List<PartitionSpec> specs(Mesh mesh, Shape shape) {
        List<PartitionSpec> specs = new ArrayList<>();
        PartitionSpec whole = PartitionSpec.replicated(shape.numDims());
        for (int dim = 0; dim < shape.numDims(); dim++) {
            for (List<String> axes : List.of(List.of("a"), List.of("b"), List.of("a", "b"), List.of("b", "a"))) {
                if (shape.dim(dim) % mesh.numShards(axes) == 0) {
                    specs.add(whole.with(dim, axes));
                }
            }
            for (int other = 0; other < shape.numDims(); other++) {
                boolean divides =
                        shape.dim(dim) % mesh.axisSize("a") == 0 && shape.dim(other) % mesh.axisSize("b") == 0;
                if (other != dim && divides) {
                    specs.add(whole.with(dim, List.of("a")).with(other, List.of("b")));
                }
            }
        }
        return specs;
    }
}
