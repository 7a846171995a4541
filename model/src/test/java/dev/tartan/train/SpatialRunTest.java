package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.mesh.Shape;
import dev.tartan.partition.SpatialNet;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training on images whose height is split, by real kernels and collectives. */
class SpatialRunTest {
    private static final int SAMPLES = 8;
    private static final int STEPS = 5;

    @ParameterizedTest
    @CsvSource({"1,2", "2,2", "1,4"})
    void lossesAreThoseOfOneDevice(int data, int model) throws InterruptedException {
        List<Double> expected = losses(1, 1);
        List<Double> actual = losses(data, model);
        for (int step = 0; step < STEPS; step++) {
            assertThat(actual.get(step)).isCloseTo(expected.get(step), within(1e-5));
        }
        assertThat(expected.get(STEPS - 1)).isLessThan(expected.get(0));
    }

    private static List<Double> losses(int data, int model) throws InterruptedException {
        Nd4jBackend backend = new Nd4jBackend(data * model);
        TrainingJob job = TrainingJob.of(SpatialNet::new)
                .mesh(data, model)
                .globalBatch(SAMPLES)
                .steps(STEPS);
        TrainingPlan plan = job.compile(backend);
        List<Double> losses = Collections.synchronizedList(new ArrayList<>());
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            new MeshRun(backend, ProcessRanks.all(communicators)).run((rank, device) -> {
                try (RankExecutor executor =
                        new RankExecutor(plan.step().program(), plan.step().memory(), rank, device, communicators)) {
                    assertThat(executor.arenaBytes())
                            .isEqualTo(plan.step().memory().arenaBytes());
                    RankTrainer trainer = new RankTrainer(plan, rank, executor);
                    trainer.initialize(job.network().create(), null);
                    HostBatch batch = batch(plan.dataRank(rank), SAMPLES / data);
                    for (int step = 0; step < STEPS; step++) {
                        trainer.step(step, batch);
                        if (rank == 0) {
                            losses.add(trainer.loss());
                        }
                    }
                }
            });
        }
        return losses;
    }

    /** The samples of a rank along data, of as many as all have. */
    private static HostBatch batch(int dataRank, int count) {
        Shape all = Shape.shape(SAMPLES, 2, 16, 4);
        Random random = new Random(7);
        float[] values = new float[(int) all.numElements()];
        int[] labels = new int[SAMPLES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        for (int i = 0; i < SAMPLES; i++) {
            labels[i] = random.nextInt(5);
        }
        int size = values.length / SAMPLES;
        int first = dataRank * count;
        return new HostBatch(Map.of(
                HostBatch.X,
                HostTensor.ofFloats(
                        Shape.shape(count, 2, 16, 4), Arrays.copyOfRange(values, first * size, (first + count) * size)),
                HostBatch.Y,
                HostTensor.ofInts(Shape.shape(count), Arrays.copyOfRange(labels, first, first + count))));
    }
}
