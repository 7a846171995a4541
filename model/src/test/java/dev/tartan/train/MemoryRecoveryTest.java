package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.memory.AttemptPlace;
import dev.tartan.train.memory.HeldProcess;
import dev.tartan.train.memory.HeldStates;
import dev.tartan.train.memory.Holding;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.memory.RunMemory;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two trainers, each with half of the ranks, stand for two processes, one of which is lost. */
@Timeout(240)
class MemoryRecoveryTest {
    private static final Duration COLLECTIVE_TIMEOUT = Duration.ofMinutes(5);
    private static final int FAILURES = 10;

    @TempDir
    Path folder;

    private final FaultyBackend[] backends = {
        new FaultyBackend(new Nd4jBackend(1)), new FaultyBackend(new Nd4jBackend(1))
    };
    private final ExecutorService processes = Executors.newFixedThreadPool(2);

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @AfterEach
    void nothingIsLeft() {
        processes.shutdownNow();
        HeldStates.ofJvm().begin(new AttemptPlace("after", "all", 0), "", Duration.ofMinutes(1));
        assertThat(backends[0].open()).isZero();
        assertThat(backends[1].open()).isZero();
    }

    /** One attempt, as both processes see it. */
    private final class Attempt {
        private final String run;
        private final int number;
        private final List<String> places;
        private final long recorded;
        private volatile boolean breaks;
        private final CyclicBarrier meeting = new CyclicBarrier(2);
        private final Map<Integer, Holding> told = new ConcurrentHashMap<>();
        private final List<RunBeginning> beginnings = Collections.synchronizedList(new ArrayList<>());
        private final List<StepMetrics> steps = Collections.synchronizedList(new ArrayList<>());
        private final List<ValidationMetrics> validations = Collections.synchronizedList(new ArrayList<>());

        Attempt(String run, int number, List<String> places, long recorded) {
            this.run = run;
            this.number = number;
            this.places = places;
            this.recorded = recorded;
        }

        private RunMemory link(int process) {
            return new RunMemory() {
                @Override
                public AttemptPlace owner() {
                    return new AttemptPlace(run, places.get(process), number);
                }

                @Override
                public boolean follows() {
                    return number > 0;
                }

                @Override
                public long recordedSteps() {
                    return recorded;
                }

                @Override
                public long checkpointStep() {
                    return 0;
                }

                @Override
                public Duration limit() {
                    return Duration.ofMinutes(5);
                }

                @Override
                public List<Holding> exchange(Holding own) throws InterruptedException {
                    if (breaks) {
                        throw new IllegalStateException("no meeting");
                    }
                    told.put(process, own);
                    try {
                        meeting.await();
                    } catch (BrokenBarrierException e) {
                        throw new IllegalStateException(e);
                    }
                    return List.of(told.get(0), told.get(1));
                }

                @Override
                public void begins(RunBeginning beginning) {
                    beginnings.add(beginning);
                }
            };
        }

        /** Runs both processes to their ends. */
        List<Future<@Nullable TrainingResult>> run(TrainingPlan plan) throws InterruptedException {
            MeshCommunicators mesh = LocalMesh.create(
                    TrainingPlan.AXES,
                    new int[] {plan.mesh().axisSize("data"), plan.mesh().axisSize("model")},
                    COLLECTIVE_TIMEOUT);
            TrainingListener listener = new TrainingListener() {
                @Override
                public void onStep(StepMetrics metrics) {
                    steps.add(metrics);
                }

                @Override
                public void onValidation(ValidationMetrics metrics) {
                    validations.add(metrics);
                }
            };
            List<Future<@Nullable TrainingResult>> both = new ArrayList<>();
            for (int process = 0; process < 2; process++) {
                int index = process;
                RunControl control = new RunControl("", part -> {}, new StopSignal()).with(link(process));
                both.add(processes.submit(() -> MeshTrainer.run(
                        plan, SmallRun.NETWORK, backends[index], new ProcessRanks(index, 2, mesh), listener, control)));
            }
            for (Future<?> each : both) {
                try {
                    each.get();
                } catch (ExecutionException e) {
                    // The caller asks why.
                    assertThat(each).isDone();
                }
            }
            return both;
        }
    }

    private TrainingPlan plan(String name, int data, int model, boolean validated, String... keys) {
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, name, data, model, keys));
        if (validated) {
            job = job.validation(ValidationConfig.of(new BatchFileSamples(folder.resolve("tokens.safetensors")), 2));
        }
        return job.compile(backends[0]);
    }

    private static void die(String run, String place) {
        HeldProcess held = HeldStates.ofJvm().take(new AttemptPlace(run, place, 1));
        if (held != null) {
            held.free();
        }
    }

    /** The process that is lost fails at each of many kernels, in forward and backward passes, updates, evaluations. */
    @ParameterizedTest
    @CsvSource({"2,1,0", "2,1,1", "4,1,0", "2,2,0", "2,2,1"})
    void theRunGoesOnBitwiseWhereverAProcessIsLost(int data, int model, int lost) throws Exception {
        String[] keys = {"network.dropout=0.1", "train.microBatches=2"};
        TrainingPlan alone = plan("alone", data, model, true, keys);
        List<ValidationMetrics> validations = new ArrayList<>();
        List<StepMetrics> steps = new ArrayList<>();
        backends[0].failAt(-1);
        TrainingResult whole = MeshTrainer.run(alone, SmallRun.NETWORK, backends[0], new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
                steps.add(metrics);
            }

            @Override
            public void onValidation(ValidationMetrics metrics) {
                validations.add(metrics);
            }
        });
        long kernelsOfOne = backends[0].kernelsRun() / 2;
        for (int failure = 0; failure < FAILURES; failure++) {
            String run = UUID.randomUUID().toString();
            TrainingPlan plan = plan("lost-" + failure, data, model, true, keys);
            long kernel = kernelsOfOne * (2L * failure + 1) / (2 * FAILURES);
            backends[lost].failAt(kernel);
            backends[1 - lost].failAt(-1);
            Attempt first = new Attempt(run, 0, List.of("a0", "b0"), 0);
            assertThatThrownBy(() -> first.run(plan).get(lost).get()).hasRootCauseMessage("power cut");
            die(run, lost == 0 ? "a0" : "b0");
            backends[lost].failAt(-1);
            int allocated = backends[1 - lost].allocated();
            int held = HeldStates.ofJvm().numRanks();
            // The last report of process 0 may be lost with it.
            long recorded = Math.max(0, first.steps.size() - (lost == 0 ? 1 : 0));
            Attempt second = new Attempt(run, 1, lost == 0 ? List.of("a1", "b0") : List.of("a0", "b1"), recorded);
            TrainingResult result = second.run(plan).get(0).get();

            assertThat(second.beginnings).as("kernel %d", kernel).hasSize(1);
            RunBeginning beginning = second.beginnings.get(0);
            assertThat(beginning.memoryOf())
                    .as("kernel %d, held %d", kernel, held)
                    .isEqualTo(lost == 0 ? "b0" : "a0");
            assertThat(backends[1 - lost].allocated() - allocated)
                    .as("arenas are used again")
                    .isEqualTo(data * model / 2 - held);
            // As a recorder takes them: the next step counts, and whatever goes back is cut.
            List<StepMetrics> recordedSteps =
                    new ArrayList<>(first.steps.subList(0, (int) Math.min(recorded, beginning.step())));
            recordedSteps.addAll(beginning.steps());
            recordedSteps.addAll(second.steps);
            assertThat(numbers(recordedSteps)).as("kernel %d", kernel).isEqualTo(numbers(steps));
            assertThat(second.validations).isSubsetOf(validations).endsWith(validations.get(validations.size() - 1));
            assertThat(result).isNotNull();
            assertThat(result.summary().steps()).isEqualTo(whole.summary().steps());
            assertThat(result.summary().validation()).isEqualTo(whole.summary().validation());
            assertThat(folder.resolve("lost-" + failure).resolve(MeshTrainer.FINAL_FILE))
                    .hasSameBinaryContentAs(folder.resolve("alone").resolve(MeshTrainer.FINAL_FILE));
        }
    }

    /** Loss and gradient norm of each step, after its number; times differ. */
    private static List<List<Double>> numbers(List<StepMetrics> steps) {
        return steps.stream()
                .map(step -> Arrays.asList((double) step.step(), step.loss(), step.gradNorm()))
                .toList();
    }

    @Test
    void aFailureOfARanksOwnLeavesNothingOfThatRank() throws Exception {
        TrainingPlan plan = plan("own", 4, 1, false);
        String run = UUID.randomUUID().toString();
        backends[0].failAt(40);
        new Attempt(run, 0, List.of("a", "b"), 0).run(plan);
        // One of the two ranks of process 0 failed, the other and those of process 1 wait for it.
        assertThat(HeldStates.ofJvm().numRanks()).isEqualTo(3);
        backends[0].failAt(-1);
        Attempt second = new Attempt(run, 1, List.of("a", "b"), 0);
        assertThat(second.run(plan).get(0).get()).isNotNull();
        assertThat(second.beginnings).hasSize(1);
        assertThat(HeldStates.ofJvm().numRanks()).isZero();
    }

    @Test
    void withEachStateInOneRankOnlyNothingIsHeld() throws Exception {
        TrainingPlan plan = plan("zero", 2, 1, false, "strategy.zero=1");
        assertThat(plan.goesOnFromMemory()).isFalse();
        backends[0].failAt(40);
        new Attempt(UUID.randomUUID().toString(), 0, List.of("a", "b"), 0).run(plan);
        assertThat(HeldStates.ofJvm().numRanks()).isZero();
        assertThat(plan("off", 2, 1, false, "elastic.fromMemory=false").goesOnFromMemory())
                .isFalse();
        assertThat(plan("on", 2, 1, false).goesOnFromMemory()).isTrue();
        assertThat(plan("one", 1, 2, false).goesOnFromMemory()).isFalse();
    }

    @Test
    void anAttemptThatFailsBeforeItBeginsLeavesAllToTheNext() throws Exception {
        TrainingPlan plan = plan("again", 2, 1, false);
        TrainingPlan alone = plan("alone", 2, 1, false);
        backends[0].failAt(-1);
        assertThat(MeshTrainer.run(alone, SmallRun.NETWORK, backends[0], step -> {}))
                .isNotNull();
        long kernels = backends[0].kernelsRun() / 2;
        String run = UUID.randomUUID().toString();
        backends[0].failAt(kernels / 2);
        Attempt first = new Attempt(run, 0, List.of("a0", "b"), 0);
        first.run(plan);
        // The new process is lost in its first step, and again.
        for (int again = 1; again <= 2; again++) {
            backends[0].failAt(0);
            Attempt lost = new Attempt(run, again, List.of("a" + again, "b"), first.steps.size());
            assertThatThrownBy(() -> lost.run(plan).get(0).get()).hasRootCauseMessage("power cut");
            assertThat(HeldStates.ofJvm().numRanks()).isEqualTo(1);
        }
        backends[0].failAt(-1);
        // Nor do they come to tell each other anything.
        Attempt apart = new Attempt(run, 3, List.of("a3", "b"), first.steps.size());
        apart.breaks = true;
        assertThatThrownBy(() -> apart.run(plan).get(1).get()).hasRootCauseMessage("no meeting");
        assertThat(HeldStates.ofJvm().numRanks()).isEqualTo(1);
        Attempt last = new Attempt(run, 4, List.of("a4", "b"), first.steps.size());
        assertThat(last.run(plan).get(0).get()).isNotNull();
        assertThat(last.beginnings.get(0).memoryOf()).isEqualTo("b");
        assertThat(last.beginnings.get(0).step()).isPositive();
        assertThat(folder.resolve("again").resolve(MeshTrainer.FINAL_FILE))
                .hasSameBinaryContentAs(folder.resolve("alone").resolve(MeshTrainer.FINAL_FILE));
    }
}
