package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanReshardTest {
    private static final Mesh GRID = TestMeshes.dataModel(2, 2);
    private static final Mesh CUBE = TestMeshes.cube();
    private static final List<String> NONE = List.of();

    /** From and to with at most two dims on 2 x 2, and with two dims on 2 x 2 x 2: all pairs there are. */
    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "2, true"})
    void everyPairOfLayoutsGivesTheSlicesOfTheWhole(int numDims, boolean cube) {
        Mesh mesh = cube ? CUBE : GRID;
        List<NamedSharding> all = shardings(mesh, numDims);
        for (NamedSharding from : all) {
            for (NamedSharding to : all) {
                if (from.unreduced().containsAll(to.unreduced())) {
                    checkReshard(
                            from,
                            to,
                            Shape.shape(IntStream.range(0, numDims)
                                    .mapToLong(i -> 8)
                                    .toArray()));
                }
            }
        }
        assertThat(all).hasSize(cube ? 92 : numDims == 1 ? 10 : 18);
    }

    @Test
    void threeDimsAreReshardedAlike() {
        List<NamedSharding> all = shardings(GRID, 3);
        for (NamedSharding from : all) {
            for (NamedSharding to : all) {
                if (from.unreduced().containsAll(to.unreduced())) {
                    checkReshard(from, to, Shape.shape(4, 8, 12));
                }
            }
        }
    }

    @Test
    void oneAxisMovesBetweenDimsByOneAllToAll() {
        assertThat(steps(spec("data", null), NONE, spec(null, "data")))
                .containsExactly(new ReshardStep.Move(0, 1, List.of("data")));
        assertThat(steps(spec(axes("data", "model"), null), NONE, spec("data", "model")))
                .containsExactly(new ReshardStep.Move(0, 1, List.of("model")));
        assertThat(steps(spec("data", "model", null), NONE, spec("data", null, "model")))
                .containsExactly(new ReshardStep.Move(1, 2, List.of("model")));
    }

    @Test
    void severalAxesMoveTogether() {
        assertThat(steps(spec(axes("data", "model"), null), NONE, spec(null, axes("data", "model"))))
                .containsExactly(new ReshardStep.Move(0, 1, List.of("data", "model")));
    }

    @Test
    void pendingSumIsScatteredWhereTheTargetIsSplitByItsAxis() {
        assertThat(steps(spec(null, null), List.of("data"), spec("data", null)))
                .containsExactly(new ReshardStep.Scatter(0, List.of("data")));
        assertThat(steps(spec("model", null), List.of("data"), spec(axes("model", "data"), null)))
                .containsExactly(new ReshardStep.Scatter(0, List.of("data")));
        assertThat(steps(spec(null, null), List.of("data", "model"), spec(null, axes("data", "model"))))
                .containsExactly(new ReshardStep.Scatter(1, List.of("data", "model")));
        assertThat(steps(spec(null, null), List.of("data", "model"), spec("model", "data")))
                .containsExactly(
                        new ReshardStep.Scatter(0, List.of("model")), new ReshardStep.Scatter(1, List.of("data")));
    }

    @Test
    void pendingSumsThatNothingScattersAreReducedTogetherAndLast() {
        assertThat(steps(spec(null, null), List.of("data", "model"), spec(null, null)))
                .containsExactly(new ReshardStep.Reduce(List.of("data", "model")));
        assertThat(steps(spec(null, null), List.of("data", "model"), spec(null, "model")))
                .containsExactly(new ReshardStep.Scatter(1, List.of("model")), new ReshardStep.Reduce(List.of("data")));
        assertThat(steps(spec(null, null), List.of("data"), spec(null, "model")))
                .containsExactly(new ReshardStep.Keep(1, List.of("model")), new ReshardStep.Reduce(List.of("data")));
    }

    @Test
    void splittingFurtherNeedsNoCommunication() {
        assertThat(steps(spec("data", null), NONE, spec("data", "model")))
                .containsExactly(new ReshardStep.Keep(1, List.of("model")));
        assertThat(steps(spec(null, null), NONE, spec(axes("data", "model"), null)))
                .containsExactly(new ReshardStep.Keep(0, List.of("data", "model")));
    }

    @Test
    void onlyTheAxesThatGoAreGathered() {
        assertThat(steps(spec(axes("data", "model"), null), NONE, spec("data", null)))
                .containsExactly(new ReshardStep.Gather(0, List.of("model")));
    }

    @Test
    void swappedAxesGatherOneAndMoveTheOther() {
        assertThat(steps(spec("data", "model"), NONE, spec("model", "data")))
                .containsExactly(
                        new ReshardStep.Gather(0, List.of("data")),
                        new ReshardStep.Move(1, 0, List.of("model")),
                        new ReshardStep.Keep(1, List.of("data")));
    }

    @Test
    void gathersNoMoreThanAMoveNeeds() {
        assertThat(steps(spec(axes("data", "model"), null), NONE, spec("model", "data")))
                .containsExactly(
                        new ReshardStep.Gather(0, List.of("model")),
                        new ReshardStep.Move(0, 1, List.of("data")),
                        new ReshardStep.Keep(0, List.of("model")));
    }

    @Test
    void nothingIsDoneWhereNothingChanges() {
        assertThat(steps(spec("data", "model"), NONE, spec("data", "model"))).isEmpty();
    }

    @Test
    void aReducedValueCannotBecomeUnreduced() {
        assertThatThrownBy(() -> PlanReshard.steps(
                        NamedSharding.of(GRID, spec(null, null)),
                        new NamedSharding(GRID, spec(null, null), List.of("data")),
                        2))
                .hasMessage("cannot make a value unreduced: from=[-, -], to=[-, -] unreduced={data}");
    }

    private static List<ReshardStep> steps(PartitionSpec from, List<String> unreduced, PartitionSpec to) {
        int numDims = Math.max(from.dims().size(), to.dims().size());
        return PlanReshard.steps(new NamedSharding(GRID, from, unreduced), NamedSharding.of(GRID, to), numDims);
    }

    /** Runs the emitted instructions on shards of unique integers, addends included, and compares exactly. */
    private static void checkReshard(NamedSharding from, NamedSharding to, Shape shape) {
        Mesh mesh = from.mesh();
        TensorType global = new TensorType(DType.FLOAT64, shape);
        ProgramBuilder builder = new ProgramBuilder();
        int input = builder.value(global.withShape(from.localShape(shape)), "x", from.unreduced());
        List<ReshardStep> steps = PlanReshard.steps(from, to, shape.numDims());
        int output = new EmitReshard(mesh, builder).emit(input, steps);
        Program program = new Program(
                "reshard",
                mesh,
                builder.values(),
                builder.instructions(),
                List.of(new ProgramPort("x", input, global, from.spec())),
                List.of(new ProgramPort("y", output, global, to.spec())),
                List.of());
        List<Map<String, HostTensor>> inputs = new ArrayList<>();
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            HostTensor addend = addend(global, mesh.indexAlong(rank, from.unreduced()));
            inputs.add(Map.of("x", HostShards.cut(mesh, from.spec(), addend, rank)));
        }
        List<Map<String, HostTensor>> outputs = ProgramInterpreter.runOnShards(program, inputs);
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            HostTensor expected = HostShards.cut(mesh, to.spec(), total(global, from, to, rank), rank);
            HostTensor actual = outputs.get(rank).get("y");
            assertThat(Arrays.equals(actual.data(), expected.data()))
                    .as("rank %s, from %s to %s by %s: expected %s, actual %s", rank, from, to, steps, expected, actual)
                    .isTrue();
        }
        assertThat(builder.values().get(output).unreduced()).containsExactlyInAnyOrderElementsOf(to.unreduced());
    }

    /** Addend number {@code index}: integers of which no two are alike, asymmetric in the addends. */
    private static HostTensor addend(TensorType type, int index) {
        return HostTensor.generate(type, i -> (1 + i) * Math.pow(3, index));
    }

    /** The sum that {@code rank} must hold a part of: over the addends along the axes that were reduced. */
    private static HostTensor total(TensorType type, NamedSharding from, NamedSharding to, int rank) {
        Mesh mesh = from.mesh();
        Map<Integer, HostTensor> addends = new LinkedHashMap<>();
        for (int peer = 0; peer < mesh.numRanks(); peer++) {
            int other = peer;
            if (to.unreduced().stream().allMatch(axis -> mesh.coordinate(other, axis) == mesh.coordinate(rank, axis))) {
                int index = mesh.indexAlong(peer, from.unreduced());
                addends.put(index, addend(type, index));
            }
        }
        return HostTensor.generate(
                type,
                i -> addends.values().stream()
                        .mapToDouble(addend -> addend.data()[i])
                        .sum());
    }

    /** All layouts of a tensor of {@code numDims} dims: each axis on some dim, in every order, unused or unreduced. */
    private static List<NamedSharding> shardings(Mesh mesh, int numDims) {
        Map<String, NamedSharding> all = new LinkedHashMap<>();
        collect(mesh, PartitionSpec.replicated(numDims), List.of(), mesh.axisNames(), all);
        return List.copyOf(all.values());
    }

    private static void collect(
            Mesh mesh,
            PartitionSpec spec,
            List<String> unreduced,
            List<String> remaining,
            Map<String, NamedSharding> all) {
        NamedSharding sharding = new NamedSharding(
                mesh,
                spec,
                mesh.axisNames().stream().filter(unreduced::contains).toList());
        all.put(sharding.toString(), sharding);
        for (String axis : remaining) {
            List<String> others =
                    remaining.stream().filter(name -> !name.equals(axis)).toList();
            List<String> pending = new ArrayList<>(unreduced);
            pending.add(axis);
            collect(mesh, spec, pending, others, all);
            for (int dim = 0; dim < spec.dims().size(); dim++) {
                List<String> split = new ArrayList<>(spec.axesOf(dim));
                split.add(axis);
                collect(mesh, spec.with(dim, split), unreduced, others, all);
            }
        }
    }
}
