package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.execute.RankExecutor;
import dev.tartan.network.Network;
import dev.tartan.train.checkpoint.RankCheckpoints;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.checkpoint.RunProgress;
import dev.tartan.train.checkpoint.ShardOwners;
import dev.tartan.train.checkpoint.ValidationProgress;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.data.ReadAhead;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.memory.HeldRank;
import dev.tartan.train.memory.HeldState;
import dev.tartan.train.memory.MemoryPick;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import org.jspecify.annotations.Nullable;

/** What each rank of a process does from its first step to its last. Shared by the ranks' threads. */
final class RankLoop {
    private final TrainingPlan plan;
    private final Network network;
    private final ProcessRanks ranks;
    private final RunRecord record;
    private final RunControl control;
    private final Inputs inputs;
    private final Outputs outputs;
    private final @Nullable ShardOwners owners;

    /**
     * What ranks read.
     *
     * @param stepsPerEpoch 0 if the samples have no epochs
     * @param initial first parameters, if the network's initial values are not to be taken
     * @param restored the checkpoint to go on from; null to begin at step 0
     * @param memory what ranks of an attempt that failed have left, which goes before a checkpoint, and takes what
     *     these leave; null if that is not wanted
     */
    record Inputs(
            ReadAhead data,
            long stepsPerEpoch,
            @Nullable ValidationData validation,
            @Nullable InitialParameters initial,
            @Nullable RestoredRun restored,
            @Nullable ProcessMemory memory) {}

    /**
     * Where ranks write; all null in processes that write none.
     *
     * @param parameters at the end
     * @param gradients of the first step
     * @param states all of them, at the end
     */
    record Outputs(
            @Nullable SafetensorsWriter parameters,
            @Nullable SafetensorsWriter gradients,
            @Nullable SafetensorsWriter states) {}

    RankLoop(
            TrainingPlan plan,
            Network network,
            ProcessRanks ranks,
            RunRecord record,
            RunControl control,
            Inputs inputs,
            Outputs outputs) {
        this.plan = plan;
        this.network = network;
        this.ranks = ranks;
        this.record = record;
        this.control = control;
        this.inputs = inputs;
        this.outputs = outputs;
        this.owners = RunCheckpoints.folder(plan) == null ? null : plan.shardOwners();
    }

    /** What a rank whose peers failed can leave for the next attempt; null if it has nothing whole. */
    private static final class Left {
        private @Nullable HeldState state;
    }

    /** Trains as one rank, on its own thread. */
    void run(int rank, Device device) throws InterruptedException {
        Left left = new Left();
        try (RankExecutor executor = executor(rank, device)) {
            record.allocated(executor.arenaBytes());
            try {
                run(rank, executor, left);
            } finally {
                // Nothing else uses the memory by now.
                HeldState state = left.state;
                ProcessMemory memory = inputs.memory();
                if (state != null && memory != null) {
                    memory.leave(new HeldRank(state, executor.release()));
                }
            }
        }
    }

    private RankExecutor executor(int rank, Device device) {
        ProcessMemory memory = inputs.memory();
        Arena given = memory == null ? null : memory.arena(rank);
        return new RankExecutor(
                plan.step().program(), plan.step().memory(), rank, device, ranks.communicators(), given);
    }

    private void run(int rank, RankExecutor executor, Left left) throws InterruptedException {
        try (RankValidation validation =
                        RankValidation.bind(plan, rank, executor, executor.device(), inputs.validation());
                RankCheckpoints checkpoints = owners == null
                        ? null
                        : RunCheckpoints.ofRank(plan, owners, rank, executor, validation, executor.device(), control)) {
            OneRank one = new OneRank(rank, executor, validation, checkpoints);
            try {
                one.train();
            } catch (CollectiveException | InterruptedException e) {
                // Others have failed, or are to; this rank may have what all need.
                left.state = one.whole();
                throw e;
            }
        }
    }

    /** One rank, with what is its own. */
    private final class OneRank {
        private final int rank;
        private final RankExecutor executor;
        private final @Nullable RankValidation validation;
        private final @Nullable RankCheckpoints checkpoints;
        private final RankTrainer trainer;
        private final ParameterWriter parameters;
        private final StepCommunication communication;
        private final RankTimes times;
        private final @Nullable ProcessMemory memory = inputs.memory();
        private final long steps = plan.train().steps();
        private long step;

        /** Whether states are as they were between two steps, unless a step has begun to write over them. */
        private boolean filled;

        /** Updates made. */
        private long done;

        /** Whether no evaluation is due before the next step. */
        private boolean evaluated = true;

        private long skipped;
        private double loss = Double.NaN;
        private double gradNorm = Double.NaN;
        private long savedSteps = -1;
        private long savedAt = System.nanoTime();

        OneRank(
                int rank,
                RankExecutor executor,
                @Nullable RankValidation validation,
                @Nullable RankCheckpoints checkpoints) {
            this.rank = rank;
            this.executor = executor;
            this.validation = validation;
            this.checkpoints = checkpoints;
            this.trainer = new RankTrainer(plan, rank, executor);
            this.parameters = new ParameterWriter(plan.mesh(), rank, executor.device(), ranks);
            this.communication = new StepCommunication(ranks.communicators(), rank);
            this.times = new RankTimes(rank, trainer, executor, record::ranked);
        }

        void train() throws InterruptedException {
            begin();
            StepControl agreement = checkpoints == null ? null : new StepControl(allRanks(), rank == 0, step);
            RankProfile profile = plan.train().profile().isOn() ? new RankProfile(plan, rank, allRanks(), step) : null;
            boolean goesOn = validation == null || !validation.isExhausted();
            if (!evaluated && goesOn) {
                goesOn = validate(step - 1);
            }
            if (checkpoints != null && isOverAlready(goesOn)) {
                checkpoints.save(progress());
            }
            for (; step < steps && goesOn; step++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("training was interrupted before step " + step);
                }
                long start = System.nanoTime();
                if (profile != null && profile.isDue(step)) {
                    profile.add(trainer.trace(step, inputs.data()));
                } else {
                    trainer.step(step, inputs.data());
                }
                double millis = (System.nanoTime() - start) / 1e6;
                times.stepped(millis);
                conclude(millis);
                if (step == 0 && plan.hasGradientOutputs() && plan.files().output() != null) {
                    trainer.saveGradients(parameters, outputs.gradients());
                }
                goesOn = validate(step);
                if (profile != null && profile.isComplete(step + 1 == steps || !goesOn)) {
                    conclude(profile);
                }
                if (checkpoints != null && agreement != null) {
                    checkpoint(checkpoints, agreement, step + 1 == steps || !goesOn);
                }
            }
            end();
        }

        private Communicator allRanks() {
            return ranks.communicators().communicator(rank, plan.mesh().axisNames());
        }

        private void conclude(RankProfile profile) {
            communication.pause();
            StepProfile traced = profile.conclude();
            communication.resume();
            if (traced != null) {
                record.profiled(traced);
            }
        }

        private void begin() {
            RestoredRun restored = inputs.restored();
            MemoryPick held = memory == null ? null : memory.pick();
            if (memory != null && held != null) {
                goOn(memory, held);
            } else if (restored != null) {
                goOn(restored);
            } else {
                trainer.initialize(network, inputs.initial());
            }
            filled = true;
        }

        private void goOn(RestoredRun restored) {
            trainer.restore(restored, executor.device());
            goOn(restored.progress());
            savedSteps = step;
            ValidationProgress rounds = restored.progress().validation();
            if (validation != null && rounds != null) {
                validation.resume(
                        rounds,
                        best -> restored.restoreBest(
                                plan.mesh(), rank, executor.device(), plan.parameters(), best::copy));
            }
        }

        private void goOn(ProcessMemory from, MemoryPick held) {
            goOn(held.progress());
            evaluated = held.state().evaluated();
            ValidationProgress rounds = held.progress().validation();
            if (validation != null && rounds != null) {
                // Plans that keep the best parameters do not go on from memory.
                validation.resume(rounds, best -> {});
            }
            filled = from.holds(rank);
            communication.pause();
            trainer.receive(held, from.replicas());
            communication.resume();
        }

        private void goOn(RunProgress progress) {
            step = progress.step();
            done = step;
            skipped = progress.skippedSteps();
            loss = progress.loss();
            gradNorm = progress.gradNorm();
        }

        /** Whether the last attempt had made the last step, and failed before there was a checkpoint of it. */
        private boolean isOverAlready(boolean goesOn) {
            return memory != null && memory.pick() != null && savedSteps != step && (step >= steps || !goesOn);
        }

        /** What this rank has of all states, if that is as it was between two steps; else null. */
        @Nullable
        HeldState whole() {
            if (memory == null || !filled || !executor.areWhole(trainer.stateNames())) {
                return null;
            }
            return new HeldState(memory.replicas().shard(rank), progress(), evaluated);
        }

        /** Every rank sees the same numbers, so all go on, or none. */
        private void conclude(double millis) {
            loss = trainer.loss();
            gradNorm = trainer.gradNorm();
            done = step + 1;
            evaluated = validation == null || !validation.isDue(step, steps);
            boolean isFinite = TrainStepGraph.isFinite(loss, gradNorm);
            skipped += isFinite ? 0 : 1;
            if (rank == 0 || (memory != null && rank == ranks.firstRank())) {
                StepMetrics metrics = record.metrics(step, loss, gradNorm, trainer.reports(), millis);
                if (memory != null && rank == ranks.firstRank()) {
                    memory.stepped(metrics);
                }
                if (rank == 0) {
                    record.stepped(metrics);
                }
            }
            if (rank == 0 && !isFinite) {
                record.skipped();
            }
            if (!isFinite
                    && plan.train().onNonFinite() == OnNonFinite.STOP
                    && !TrainStepGraph.lowersLossScale(loss, trainer.reports())) {
                throw NonFiniteException.ofStep(step, loss, gradNorm);
            }
        }

        /** Whether the run goes on after an evaluation that may have been due. */
        private boolean validate(long after) throws InterruptedException {
            if (validation == null || !validation.isDue(after, steps)) {
                return true;
            }
            if (checkpoints != null && validation.keepsBest()) {
                // The best parameters may be replaced.
                checkpoints.awaitCopied();
            }
            communication.pause();
            ValidationMetrics round = validation.evaluate(after);
            communication.resume();
            evaluated = true;
            if (memory != null && rank == ranks.firstRank()) {
                memory.validated(round);
            }
            if (rank == 0) {
                record.validated(round);
            }
            return !validation.isExhausted();
        }

        private void checkpoint(RankCheckpoints to, StepControl agreement, boolean isLast) throws InterruptedException {
            boolean due = isLast || plan.checkpoint().isDue(step);
            boolean stops = false;
            if (agreement.isDue(step)) {
                int seconds = plan.checkpoint().everySeconds();
                boolean wants = rank == 0 && seconds > 0 && (System.nanoTime() - savedAt) / 1e9 >= seconds;
                communication.pause();
                StepControl.Agreed agreed =
                        agreement.agree(step, wants, control.stop().isRaised());
                communication.resume();
                due |= agreed != StepControl.Agreed.GO_ON;
                stops = agreed == StepControl.Agreed.STOP && !isLast;
            }
            if (due && savedSteps != step + 1) {
                to.save(progress());
                savedSteps = step + 1;
                savedAt = System.nanoTime();
            }
            if (stops) {
                to.await();
                throw TrainingStoppedException.after(step + 1);
            }
        }

        private RunProgress progress() {
            long stepsPerEpoch = inputs.stepsPerEpoch();
            return new RunProgress(
                    done,
                    stepsPerEpoch == 0 ? -1 : done / stepsPerEpoch,
                    loss,
                    gradNorm,
                    skipped,
                    validation == null ? null : validation.progress());
        }

        private void end() throws InterruptedException {
            times.tell();
            if (rank == 0) {
                record.waitedForData(trainer.dataNanos());
                record.communicated(communication.totals());
                record.communicated(executor.exposedCommunicationNanos(), communication.callNanos());
            }
            if (checkpoints != null) {
                checkpoints.await();
            }
            if (validation != null) {
                validation.restoreBest();
                if (rank == 0) {
                    record.validated(validation.progress(), step < steps, validation.keepsBest());
                }
            }
            trainer.checkParameters(step - 1);
            if (plan.files().output() != null) {
                trainer.save(parameters, outputs.parameters());
            }
            if (plan.files().finalState() != null) {
                trainer.saveStates(parameters, outputs.states());
            }
        }
    }
}
