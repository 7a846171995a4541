package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReshardTest {
    private static final Mesh GRID = TestMeshes.dataModel(2, 2);

    @Test
    void randomReshardsGiveTheSlicesOfTheWhole() {
        Random random = new Random(11);
        for (int i = 0; i < 1500; i++) {
            RandomReshard reshard = RandomReshard.draw(random, DType.FLOAT64);
            ReshardPlan plan = Reshard.plan(reshard.from(), reshard.to(), reshard.type());
            Program program = plan.program("reshard");
            List<Map<String, HostTensor>> inputs = new ArrayList<>();
            for (int rank = 0; rank < reshard.from().mesh().numRanks(); rank++) {
                inputs.add(Map.of("x", reshard.before(rank)));
            }
            reshard.check(ProgramInterpreter.runOnShards(program, inputs).stream()
                    .map(outputs -> outputs.get("y"))
                    .toList());
            if (reshard.from().unreduced().isEmpty()) {
                ProgramVerifier.verify(program);
            }
        }
    }

    /** Of the direct ways, PlanReshard's where nothing is padded. */
    @Test
    void noPlanSendsMoreThanTheDirectWay() {
        Random random = new Random(12);
        int fewerBytes = 0;
        int permutes = 0;
        for (int i = 0; i < 3000; i++) {
            RandomReshard reshard = RandomReshard.draw(random, DType.FLOAT32);
            ReshardPlan plan = Reshard.plan(reshard.from(), reshard.to(), reshard.type());
            ReshardPlan direct = Reshard.direct(plan);
            assertThat(plan.sentBytes()).as("%s%s", plan, direct).isLessThanOrEqualTo(direct.sentBytes());
            permutes += plan.moves().stream().anyMatch(ReshardStep.Permute.class::isInstance) ? 1 : 0;
            if (plan.sentBytes() == direct.sentBytes()) {
                assertThat(plan.steps().size())
                        .as("%s%s", plan, direct)
                        .isLessThanOrEqualTo(direct.steps().size());
            } else {
                fewerBytes++;
            }
        }
        assertThat(fewerBytes).isGreaterThan(300);
        assertThat(permutes).isGreaterThan(50);
    }

    /** What a rank lacks must be sent, on average as much as is received. */
    @Test
    void noPlanSendsLessThanIsLacking() {
        Random random = new Random(13);
        for (int i = 0; i < 1000; i++) {
            RandomReshard reshard = RandomReshard.draw(random, DType.FLOAT32);
            if (reshard.from().unreduced().isEmpty()) {
                ReshardPlan plan = Reshard.plan(reshard.from(), reshard.to(), reshard.type());
                MeshTransfer boxes =
                        Reshard.between(reshard.from(), reshard.to(), reshard.type(), MeshTransfer.Holder.NEAREST);
                assertThat(plan.sentBytes() * reshard.from().mesh().numRanks())
                        .as("%s%s", plan, boxes)
                        .isGreaterThanOrEqualTo(boxes.sentBytes());
            }
        }
    }

    @Test
    void anAxisMovesByOneAllToAll() {
        assertThat(explain(GRID, spec("data", null), spec(null, "data"), shape(8, 8)))
                .isEqualTo("""
                        f32[8, 8] from [data, -] to [-, data] on mesh(data=2, model=2)
                          all_to_all over data: dim 0 -> dim 1, [4, 8] -> [8, 4], sends 64 B per rank
                        total: 1 step, sends 64 B per rank
                        """);
    }

    @Test
    void theOrderOfAxesIsChangedByOnePermute() {
        assertThat(explain(GRID, spec(axes("data", "model")), spec(axes("model", "data")), shape(8)))
                .isEqualTo("""
                        f32[8] from [(data model)] to [(model data)] on mesh(data=2, model=2)
                          permute over data.model: [(data model)] -> [(model data)], [2] -> [2], sends 8 B per rank
                        total: 1 step, sends 8 B per rank
                        """);
    }

    @Test
    void swappedAxesOfOneSizeAreOnePermute() {
        assertThat(explain(GRID, spec("data", "model"), spec("model", "data"), shape(4, 6)))
                .isEqualTo("""
                        f32[4, 6] from [data, model] to [model, data] on mesh(data=2, model=2)
                          permute over data.model: [data, model] -> [model, data], [2, 3] -> [2, 3], sends 24 B per rank
                        total: 1 step, sends 24 B per rank
                        """);
        assertThat(explain(TestMeshes.dataModel(4, 4), spec("data"), spec("model"), shape(16)))
                .isEqualTo("""
                        f32[16] from [data] to [model] on mesh(data=4, model=4)
                          permute over data.model: [data] -> [model], [4] -> [4], sends 16 B per rank
                        total: 1 step, sends 16 B per rank
                        """);
    }

    @Test
    void onlyASliceOfTheShardsIsPermuted() {
        assertThat(explain(TestMeshes.dataModel(4, 2), spec("model", null), spec("data", null), shape(8, 2)))
                .isEqualTo("""
                        f32[8, 2] from [model, -] to [data, -] on mesh(data=4, model=2)
                          slice over data: dim 0, [4, 2] -> [1, 2], sends 0 B per rank
                          permute over data.model: [(model data), -] -> [(data model), -], [1, 2] -> [1, 2], sends 8 B per rank
                          all_gather over model: dim 0, [1, 2] -> [2, 2], sends 8 B per rank
                        total: 3 steps, sends 16 B per rank
                        """);
    }

    @Test
    void ranksThatHoldTheSameShareTheSum() {
        NamedSharding from = new NamedSharding(TestMeshes.dataModel(4, 2), spec(null, null), List.of("data"));
        NamedSharding to = NamedSharding.replicated(from.mesh(), 2);
        assertThat(Reshard.explain(from, to, shape(8, 8))).isEqualTo("""
                        f32[8, 8] from [-, -] unreduced={data} to [-, -] on mesh(data=4, model=2)
                          slice over model: dim 0, [8, 8] -> [4, 8], sends 0 B per rank
                          all_reduce over data: sum, [4, 8] -> [4, 8], sends 192 B per rank
                          all_gather over model: dim 0, [4, 8] -> [8, 8], sends 128 B per rank
                        total: 3 steps, sends 320 B per rank
                        """);
    }

    @Test
    void aDimThatDoesNotDivideIsPaddedWhileItIsWhole() {
        assertThat(explain(GRID, spec("data", null), spec(null, "data"), shape(6, 5)))
                .isEqualTo("""
                        f32[6, 5] from [data, -] to [-, data] on mesh(data=2, model=2)
                          pad: dim 1, [3, 5] -> [3, 6], sends 0 B per rank
                          all_to_all over data: dim 0 -> dim 1, [3, 6] -> [6, 3], sends 36 B per rank
                        total: 2 steps, sends 36 B per rank
                        """);
        assertThat(explain(GRID, spec("data"), spec((Object) null), shape(5))).isEqualTo("""
                        f32[5] from [data] to [-] on mesh(data=2, model=2)
                          all_gather over data: dim 0, [3] -> [6], sends 12 B per rank
                          trim: dim 0, [6] -> [5], sends 0 B per rank
                        total: 2 steps, sends 12 B per rank
                        """);
    }

    @Test
    void axesOfOneRankSplitNothing() {
        Mesh mesh = TestMeshes.dataModel(2, 1);
        assertThat(explain(mesh, spec(axes("model", "data")), spec("data"), shape(4)))
                .isEqualTo("""
                        f32[4] from [(model data)] to [data] on mesh(data=2, model=1)
                        total: 0 steps, sends 0 B per rank
                        """);
    }

    @Test
    void bytesDependOnTheType() {
        TensorType type = new TensorType(DType.FLOAT64, shape(8, 8));
        NamedSharding from = NamedSharding.of(GRID, spec("data", null));
        NamedSharding to = NamedSharding.of(GRID, spec(null, "data"));
        assertThat(Reshard.plan(from, to, type).sentBytes()).isEqualTo(128);
        assertThat(Reshard.plan(from, to, type).numCollectives()).isEqualTo(1);
    }

    @Test
    void otherMeshesAreLeftToBetween() {
        assertThatThrownBy(() -> Reshard.plan(
                        NamedSharding.replicated(GRID, 1), NamedSharding.replicated(TestMeshes.cube(), 1), shape(4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shardings are of different meshes: from=mesh(data=2, model=2), to=mesh(data=2, model=2,"
                        + " pipe=2). Use Reshard.between.");
    }

    @Test
    void aWholeValueCannotBecomeUnreduced() {
        assertThatThrownBy(() -> Reshard.plan(
                        NamedSharding.replicated(GRID, 1),
                        new NamedSharding(GRID, spec((Object) null), List.of("data")),
                        shape(4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("value cannot be made unreduced: from=[-], to=[-] unreduced={data}. Leave out what the"
                        + " source is not unreduced over.");
    }

    @Test
    void aMeshOfManyAxesIsPlannedToo() {
        Mesh mesh = Mesh.of(Device.cpus(32), shape(2, 2, 2, 2, 2), "a", "b", "c", "d", "e");
        NamedSharding from = NamedSharding.of(mesh, spec(axes("a", "b"), "c", null));
        NamedSharding to = NamedSharding.of(mesh, spec("d", axes("e", "a"), "b"));
        ReshardPlan plan = Reshard.plan(from, to, shape(16, 16, 16));
        assertThat(plan.sentBytes()).isLessThanOrEqualTo(Reshard.direct(plan).sentBytes());
    }

    private static String explain(Mesh mesh, PartitionSpec from, PartitionSpec to, Shape shape) {
        return Reshard.explain(NamedSharding.of(mesh, from), NamedSharding.of(mesh, to), shape);
    }
}
