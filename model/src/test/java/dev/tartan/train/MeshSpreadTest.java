package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.MeshConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshSpreadTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1", "4, 2, 1", "4, 2, 4", "4, 2, 2", "4, 2, 8", "1, 4, 2", "1, 4, 4", "2, 4, 4", "2, 4, 8", "3, 2, 6"
    })
    void aProcessHasWholeGroupsOrAPartOfOne(int data, int model, int processes) {
        assertThatCode(() -> MeshSpread.check(new MeshConfig(data, model), processes))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"4, 3, 6", "1, 4, 3", "2, 2, 3", "2, 2, 8", "4, 1, 8", "2, 2, 0", "2, 3, 4"})
    void nothingElseIsAllowed(int data, int model, int processes) {
        assertThatThrownBy(() -> MeshSpread.check(new MeshConfig(data, model), processes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("mesh cannot be spread over so many executors: executors=" + processes
                        + ", mesh.data=" + data + ", mesh.model=" + model + ".");
    }

    @Test
    void groupsThatSpanExecutorsAreToldWithWhatTheyCost() {
        TrainingPlan plan = TrainingJob.of(SmallRun.NETWORK)
                .mesh(2, 2)
                .globalBatch(8)
                .steps(1)
                .compile(DeviceTraits.PLAIN);
        assertThat(MeshTrainer.checkProcesses(plan, 2)).isEmpty();
        assertThat(MeshTrainer.checkProcesses(plan, 4))
                .singleElement()
                .asString()
                .startsWith("groups along 'model' span executors, so that activations travel between them:"
                        + " ranksPerGroup=2, ranksPerExecutor=1, collectivesPerStep=")
                .containsPattern("bytesPerStep=[1-9][0-9]*, which takes some [0-9.]+ ms of a step");
    }

    @Test
    void aSmallerMeshHasWholeGroups() {
        TrainingJob job = TrainingJob.of(SmallRun.NETWORK).mesh(4, 2).globalBatch(24);
        assertThat(SmallerMesh.of(job, 8, 7)).isEmpty();
        assertThat(SmallerMesh.of(job, 8, 6).get(0).mesh()).isEqualTo(new MeshConfig(3, 2));
        assertThat(SmallerMesh.of(TrainingJob.of(SmallRun.NETWORK).mesh(1, 2), 2, 1))
                .isEmpty();
    }
}
