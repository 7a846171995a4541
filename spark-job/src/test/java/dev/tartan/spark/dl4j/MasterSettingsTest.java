package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MasterSettingsTest {
    private static MeshTrainingMaster.Builder builder() {
        return new MeshTrainingMaster.Builder(32)
                .mesh(4, 2)
                .zeroStage(2)
                .batchSizePerWorker(8)
                .microBatches(2)
                .checkpointDirectory("hdfs://host/checkpoints")
                .checkpointEverySteps(100)
                .shuffleSeed(7)
                .dropLast(true)
                .correct(true);
    }

    @Test
    void jsonHasAllSettings() {
        String json = builder().build().toJson();
        assertThat(MeshTrainingMaster.fromJson(json).toJson()).isEqualTo(json);
        assertThat(json)
                .contains(
                        "\"rddDataSetNumExamples\" : 32",
                        "\"data\" : 4",
                        "\"model\" : 2",
                        "\"strategy\" : \"zero2\"",
                        "\"batchSizePerWorker\" : 8",
                        "\"microBatches\" : 2",
                        "\"checkpointDirectory\" : \"hdfs://host/checkpoints\"",
                        "\"checkpointEverySteps\" : 100",
                        "\"shuffleSeed\" : 7",
                        "\"dropLast\" : true",
                        "\"correct\" : true");
        assertThat(builder().strategyAuto().build().toYaml()).contains("strategy: \"auto\"", "shuffleSeed: 7");
    }

    @Test
    void otherTextsAreNoMasters() {
        assertThatThrownBy(() -> MeshTrainingMaster.fromJson("[1"))
                .hasMessageStartingWith("text is not the JSON of a MeshTrainingMaster: reason=")
                .hasMessageEndingWith(". Give what toJson wrote.");
        assertThatThrownBy(() -> MeshTrainingMaster.fromJson("{\"data\": 2, \"rddDataSetNumExamples\": 1}"))
                .hasMessage("JSON of a MeshTrainingMaster lacks a field: field=model,"
                        + " fields=[data, rddDataSetNumExamples]. Give what toJson wrote.");
        String json = builder().build().toJson();
        assertThatThrownBy(() -> MeshTrainingMaster.fromJson(json.replace("\"zero2\"", "2")))
                .hasMessageStartingWith("JSON of a MeshTrainingMaster has a field of another type: fields={");
    }

    @Test
    void settingsThatCannotBeUsedAreNamedTogether() {
        assertThatThrownBy(() -> new MeshTrainingMaster.Builder(1)
                        .zeroStage(4)
                        .batchSizePerWorker(0)
                        .checkpointEverySteps(5)
                        .build())
                .hasMessage("MeshTrainingMaster cannot be built: mistakes=4\n"
                        + "  mesh has no sizes of 1 or more: data=0, model=0. Call mesh(data, model).\n"
                        + "  zeroStage is not known: strategy=zero4. Give 0 to 3.\n"
                        + "  batch has no examples: batchSizePerWorker=0, microBatches=1. Give 1 or more of each.\n"
                        + "  checkpoints have no place or a negative interval: checkpointEverySteps=5,"
                        + " checkpointDirectory=''. Give checkpointDirectory, and 0 or more steps.");
    }

    @Test
    void whatAMeshHasNotIsRefused() {
        MeshTrainingMaster master = builder().build();
        assertThatThrownBy(() -> master.addHook(new org.deeplearning4j.spark.api.TrainingHook() {
                    @Override
                    public void preUpdate(
                            org.nd4j.linalg.dataset.api.DataSet minibatch, org.deeplearning4j.nn.api.Model model) {}

                    @Override
                    public void postUpdate(
                            org.nd4j.linalg.dataset.api.DataSet minibatch, org.deeplearning4j.nn.api.Model model) {}

                    @Override
                    public void preUpdate(
                            org.nd4j.linalg.dataset.api.MultiDataSet minibatch,
                            org.deeplearning4j.nn.api.Model model) {}

                    @Override
                    public void postUpdate(
                            org.nd4j.linalg.dataset.api.MultiDataSet minibatch,
                            org.deeplearning4j.nn.api.Model model) {}
                }))
                .hasMessageStartingWith("mesh has no workers to call a hook in: hook=")
                .hasMessageEndingWith(". Use a TrainingListener, which sees each step on the driver.");
        assertThatThrownBy(() ->
                        master.getWorkerInstance((org.deeplearning4j.spark.impl.graph.SparkComputationGraph) null))
                .hasMessage("mesh has no workers of DL4J's: master=MeshTrainingMaster. Call fit of"
                        + " SparkDl4jMultiLayer or SparkComputationGraph.");
        assertThatThrownBy(() -> master.executeTrainingPaths(null, null, null, null, null))
                .hasMessage("paths need one network and one loader: network=false, graph=false, dataSets=false,"
                        + " multiDataSets=false. Call fitPaths of SparkDl4jMultiLayer or SparkComputationGraph.");
    }
}
