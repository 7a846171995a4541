package dev.tartan.train;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.mesh.Shape;
import dev.tartan.partition.ResidualNet;
import dev.tartan.partition.ResidualNet.Naming;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.HardwareProfileReader;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.planner.PickStrategy;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a planned network of a user takes when it runs. */
class UserNetworkRunTest {
    private static final int RANKS = 2;
    private static final int SAMPLES = 8;

    private final Nd4jBackend backend = new Nd4jBackend(RANKS);

    @ParameterizedTest
    @EnumSource(Naming.class)
    void ranksTakeWhatWasPlannedWhateverBlocksAreCalled(Naming naming) throws InterruptedException {
        TrainingJob job = TrainingJob.of(() -> new ResidualNet(5, naming))
                .mesh(RANKS, 1)
                .globalBatch(RANKS * SAMPLES)
                .steps(2)
                .strategy(StrategyConfig.automatic());
        HardwareProfile hardware = HardwareProfileReader.read(Path.of("../conf/hardware/this-machine.conf"));
        PickStrategy.Picked picked = PickStrategy.run(job, hardware, backend);
        TrainingPlan plan = picked.job().compile(backend);
        HostBatch batch = batch();
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            new MeshRun(backend, ProcessRanks.all(communicators)).run((rank, device) -> {
                try (RankExecutor executor =
                        new RankExecutor(plan.step().program(), plan.step().memory(), rank, device, communicators)) {
                    assertThat(executor.arenaBytes()).isEqualTo(picked.peakBytes());
                    RankTrainer trainer = new RankTrainer(plan, rank, executor);
                    trainer.initialize(job.network().create(), null);
                    trainer.step(0, batch);
                    double first = trainer.loss();
                    trainer.step(1, batch);
                    assertThat(trainer.loss()).isPositive().isLessThan(first);
                }
            });
        }
    }

    private static HostBatch batch() {
        Shape x = shape(SAMPLES, 32);
        float[] values = new float[(int) x.numElements()];
        int[] labels = new int[SAMPLES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i);
        }
        for (int i = 0; i < SAMPLES; i++) {
            labels[i] = i;
        }
        return new HostBatch(Map.of(
                HostBatch.X, HostTensor.ofFloats(x, values), HostBatch.Y, HostTensor.ofInts(shape(SAMPLES), labels)));
    }
}
