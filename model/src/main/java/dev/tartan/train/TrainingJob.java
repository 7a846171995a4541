package dev.tartan.train;

import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.network.Layout;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.network.ParameterGroups;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.path.UriPath;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.DeviceChoice;
import dev.tartan.train.config.ElasticConfig;
import dev.tartan.train.config.MeshConfig;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.TrainConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.SampleSource;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is to be trained, and how; every way into Tartan makes one. Immutable: each method gives a job that differs in
 * one thing.
 *
 * <pre>{@code
 * TrainingJob job = TrainingJob.of(() -> new MyNetwork(64))
 *         .mesh(2, 2).optimizer(AdamWOptimizer.of(1e-3)).globalBatch(64).steps(500).samples(samples);
 * TrainingPlan plan = job.compile(backend);
 * }</pre>
 *
 * <p>Unless told otherwise: one device, AdamW at a rate of 1e-3, gradients clipped to a norm of 1, 16 samples a step,
 * one micro-batch, 100 steps, seed 0, all in float32, everything whole on all ranks along {@code data}, no files.
 */
public final class TrainingJob {
    private static final double LEARNING_RATE = 1e-3;
    private static final int GLOBAL_BATCH = 16;
    private static final int STEPS = 100;

    private NetworkFactory network;
    private @Nullable Layout layout;
    private ParameterGroups groups = ParameterGroups.none();
    private Optimizer optimizer = AdamWOptimizer.of(LEARNING_RATE);
    private ClipGlobalNorm clip = new ClipGlobalNorm(1);
    private MeshConfig mesh = new MeshConfig(1, 1);
    private TrainConfig train = new TrainConfig(STEPS, GLOBAL_BATCH, 1, 0, 0);
    private StrategyConfig strategy = StrategyConfig.defaults();
    private PrecisionPolicy precision = PrecisionPolicy.float32();
    private CollectiveConfig collective = CollectiveConfig.defaults();
    private @Nullable SampleSource samples;
    private RunFiles files = RunFiles.NONE;
    private boolean gradientOutputs;
    private @Nullable ValidationConfig validation;
    private CheckpointConfig checkpoint = CheckpointConfig.off();
    private ElasticConfig elastic = ElasticConfig.defaults();
    private boolean resumesSame;
    private DeviceChoice device = DeviceChoice.AUTO;
    private double peakFlops;

    private TrainingJob(NetworkFactory network) {
        this.network = network;
    }

    private TrainingJob(TrainingJob other) {
        network = other.network;
        layout = other.layout;
        groups = other.groups;
        optimizer = other.optimizer;
        clip = other.clip;
        mesh = other.mesh;
        train = other.train;
        strategy = other.strategy;
        precision = other.precision;
        collective = other.collective;
        samples = other.samples;
        files = other.files;
        gradientOutputs = other.gradientOutputs;
        validation = other.validation;
        checkpoint = other.checkpoint;
        elastic = other.elastic;
        resumesSame = other.resumesSame;
        device = other.device;
        peakFlops = other.peakFlops;
    }

    private TrainingJob with(Consumer<TrainingJob> change) {
        TrainingJob copy = new TrainingJob(this);
        change.accept(copy);
        return copy;
    }

    /** A job that trains the network that {@code factory} makes. */
    public static TrainingJob of(NetworkFactory factory) {
        return new TrainingJob(factory);
    }

    /** The job that a config file describes. */
    public static TrainingJob of(RunConfig config) {
        NetworkFactory network = config.network() instanceof Dl4jConfig model ? model.factory() : config.network();
        TrainingJob job = new TrainingJob(network)
                .optimizer(config.optimizer())
                .clip(config.clip())
                .mesh(config.mesh().data(), config.mesh().model())
                .train(config.train())
                .strategy(config.strategy())
                .precision(config.precision())
                .collective(config.collective())
                .samples(config.data())
                .validation(config.validation())
                .checkpoint(config.checkpoint())
                .elastic(config.elastic())
                .device(config.device())
                .output(config.output().dir())
                .initial(config.init().from());
        boolean begins = config.init().from() == null && config.network() instanceof Dl4jConfig;
        return begins ? Dl4jBeginning.of((Dl4jConfig) config.network(), job) : job;
    }

    /** This job on devices of this kind. */
    public TrainingJob device(DeviceChoice choice) {
        return with(job -> job.device = choice);
    }

    /** This job with another network. */
    public TrainingJob network(NetworkFactory factory) {
        return with(job -> job.network = factory);
    }

    /**
     * This job with parameters laid out by {@code other} where it names them, whatever the network itself says.
     *
     * @throws IllegalArgumentException when compiled, if it names no parameter of the network
     */
    public TrainingJob layout(Layout other) {
        return with(job -> job.layout = other);
    }

    /**
     * This job with parameters trained by group, whatever the network itself says: with a learning rate and a decay of
     * their own, or not at all.
     *
     * @throws IllegalArgumentException when compiled, if a group names no parameter of the network
     */
    public TrainingJob groups(ParameterGroups other) {
        return with(job -> job.groups = other);
    }

    /** This job with another optimizer; a schedule without a length of its own goes over the whole run. */
    public TrainingJob optimizer(Optimizer other) {
        return with(job -> job.optimizer = other);
    }

    /** This job with gradients scaled down to a global norm of {@code maxNorm}, 0 for no clipping. */
    public TrainingJob clipGlobalNorm(double maxNorm) {
        return clip(new ClipGlobalNorm(maxNorm));
    }

    private TrainingJob clip(ClipGlobalNorm other) {
        return with(job -> job.clip = other);
    }

    /**
     * This job on {@code data} x {@code model} devices.
     *
     * @throws IllegalArgumentException if a size is not 1 or more
     */
    public TrainingJob mesh(int data, int model) {
        if (data < 1 || model < 1) {
            throw new IllegalArgumentException("mesh has an axis without devices: data=" + data + ", model=" + model
                    + ". Give sizes of 1 or more.");
        }
        return with(job -> job.mesh = new MeshConfig(data, model));
    }

    /**
     * This job over all samples so many times, in place of a number of steps. For samples that are counted before the
     * job is compiled, such as the rows of a DataFrame; see {@link #ofEpoch}.
     */
    public TrainingJob epochs(int count) {
        return train(train.withEpochs(atLeastOne("epochs", count)));
    }

    /**
     * This job with its number of steps, and of those between evaluations, now that it is known how many steps make an
     * epoch; itself if they were given.
     *
     * @throws IllegalArgumentException if there are too many
     */
    public TrainingJob ofEpoch(long stepsPerEpoch) {
        TrainingJob counted = optimizer(optimizer.ofEpoch(stepsPerEpoch));
        counted = validation == null ? counted : counted.validation(validation.ofEpoch(stepsPerEpoch));
        if (epochs() == 0) {
            return counted;
        }
        if (stepsPerEpoch > Integer.MAX_VALUE / epochs()) {
            throw new IllegalArgumentException("job has more steps than can be counted: epochs=" + epochs()
                    + ", stepsPerEpoch=" + stepsPerEpoch + ". Raise the global batch, or train fewer epochs.");
        }
        return counted.steps(Math.toIntExact(epochs() * stepsPerEpoch));
    }

    /** This job with so many steps, whatever epochs that makes. */
    public TrainingJob steps(int count) {
        return train(train.withSteps(atLeastOne("steps", count)));
    }

    /** This job with so many samples a step, on all ranks together. */
    public TrainingJob globalBatch(int samplesPerStep) {
        return train(train.withGlobalBatch(atLeastOne("globalBatch", samplesPerStep)));
    }

    /** This job with the samples of a step run in so many parts, one after the other. */
    public TrainingJob microBatches(int count) {
        return train(train.withMicroBatches(atLeastOne("microBatches", count)));
    }

    /** This job with another seed, of initial values, dropout and the order of samples. */
    public TrainingJob seed(long other) {
        return train(train.withSeed(other));
    }

    /** This job with at the most so many bytes on a device, 0 for no limit. */
    public TrainingJob deviceMemoryLimit(long bytes) {
        return train(train.withDeviceMemoryLimit(bytes));
    }

    /** This job with steps whose loss or gradient norm is NaN or infinite left out, or ending the run. */
    public TrainingJob onNonFinite(OnNonFinite what) {
        return train(train.withOnNonFinite(what));
    }

    /** This job with a trace of some steps in its output folder. */
    public TrainingJob profile(ProfileConfig what) {
        return train(train.withProfile(what));
    }

    private static int atLeastOne(String what, int count) {
        if (count < 1) {
            throw new IllegalArgumentException(
                    "job has none of something it needs: " + what + "=" + count + ". Give 1 or more.");
        }
        return count;
    }

    private TrainingJob train(TrainConfig other) {
        return with(job -> job.train = other);
    }

    /** This job with state laid out otherwise; {@link StrategyConfig#automatic} is to be picked before compiling. */
    public TrainingJob strategy(StrategyConfig other) {
        return with(job -> job.strategy = other);
    }

    /**
     * This job in other element types, such as {@link PrecisionPolicy#bfloat16}.
     *
     * @throws IllegalArgumentException if masters are not float32
     */
    public TrainingJob precision(PrecisionPolicy types) {
        return with(job -> job.precision = types.ofRun());
    }

    /** This job with another way of communicating. */
    public TrainingJob collective(CollectiveConfig other) {
        return with(job -> job.collective = other);
    }

    /** This job on these samples; null for a job that is only planned. */
    public TrainingJob samples(@Nullable SampleSource other) {
        return with(job -> job.samples = other);
    }

    /**
     * This job evaluated on samples that it is not trained on, after every {@code everySteps} steps and at its end. The
     * loss of the network must be a mean by {@link dev.tartan.network.ForwardPass#mean}.
     */
    public TrainingJob validation(SampleSource samples, int everySteps) {
        return validation(ValidationConfig.of(samples, everySteps));
    }

    /**
     * This job evaluated after every {@code everySteps} steps and at its end on the samples that are given for it with
     * those of training: {@code Samples.validation} of a DataFrame.
     */
    public TrainingJob validateEvery(int everySteps) {
        return validation(ValidationConfig.of(null, everySteps));
    }

    /** As {@link #validateEvery} at the end of each epoch. */
    public TrainingJob validateEveryEpoch() {
        return validateEvery(ValidationConfig.EPOCH);
    }

    /** This job with another validation; null for none. */
    public TrainingJob validation(@Nullable ValidationConfig other) {
        return with(job -> job.validation = other);
    }

    /**
     * This job ending after {@code rounds} evaluations in a row that were not better by more than {@code minDelta}.
     *
     * @throws IllegalStateException if it has no validation
     */
    public TrainingJob earlyStopping(int rounds, double minDelta) {
        return validation(needed("earlyStopping").stoppingEarly(rounds, minDelta));
    }

    /**
     * This job with evaluations judged by a number that the network reports instead of the loss.
     *
     * @throws IllegalStateException if it has no validation
     */
    public TrainingJob judgedBy(String report, boolean higherIsBetter) {
        return validation(needed("judgedBy").judgedBy(report, higherIsBetter));
    }

    /**
     * This job with the parameters of the best evaluation as its result; a copy of them stays in the host's memory.
     *
     * @throws IllegalStateException if it has no validation
     */
    public TrainingJob keepBest() {
        return validation(needed("keepBest").keepingBest());
    }

    private ValidationConfig needed(String what) {
        if (validation == null) {
            throw new IllegalStateException("job has no validation: needed by=" + what
                    + ". Call TrainingJob.validation or validateEvery first.");
        }
        return validation;
    }

    /**
     * This job with its results in a folder, which may be in a store ({@link UriPath#of}); null for none.
     *
     * @throws IllegalArgumentException if the path is a URI that became a local path
     */
    public TrainingJob output(@Nullable Path folder) {
        Path checked = folder == null ? null : UriPath.checked(folder);
        return with(job -> job.files = files.to(checked));
    }

    /**
     * This job with first parameters from a safetensors file, which may be in a store ({@link UriPath#of}); null for
     * the network's initial values.
     *
     * @throws IllegalArgumentException if the path is a URI that became a local path
     */
    public TrainingJob initial(@Nullable Path file) {
        Path checked = file == null ? null : UriPath.checked(file);
        return with(job -> job.files = files.from(checked));
    }

    /**
     * This job with all states from a file, in place of first parameters and the optimizer's own beginning, going on as
     * the training that they come from; null for those. Spark's executors get a local file from the driver.
     */
    public TrainingJob initialState(@Nullable InitialState state) {
        return with(job -> job.files = files.beginningWith(state));
    }

    /**
     * This job with all states in a safetensors file at its end: parameters and running statistics by name,
     * {@code <parameter>.<state>} for optimizer state, whatever the mesh and the stage of ZeRO. It needs no output
     * folder. With {@link #initialState} another job goes on from it. Null for none.
     *
     * @throws IllegalArgumentException if the path is a URI that became a local path
     */
    public TrainingJob finalState(@Nullable Path file) {
        Path checked = file == null ? null : UriPath.checked(file);
        return with(job -> job.files = files.endingIn(checked));
    }

    /**
     * This job with checkpoints on the way, in a folder of their own or in its output folder.
     *
     * @throws IllegalArgumentException if the path of the folder is a URI that became a local path
     */
    public TrainingJob checkpoint(CheckpointConfig how) {
        if (how.dir() != null) {
            UriPath.checked(how.dir());
        }
        return with(job -> job.checkpoint = how);
    }

    /** This job with another answer to executors that fail. */
    public TrainingJob elastic(ElasticConfig how) {
        return with(job -> job.elastic = how);
    }

    /**
     * This job going on from a checkpoint of the same network and optimizer, on whatever mesh that was written; null to
     * begin at step 0.
     *
     * @param folder of one checkpoint
     * @throws IllegalArgumentException if the path is a URI that became a local path
     */
    public TrainingJob resume(@Nullable Path folder) {
        Path checked = folder == null ? null : UriPath.checked(folder);
        return with(job -> job.files = files.resumed(checked));
    }

    /**
     * This job going on from the checkpoint that a person means: {@code latest} or {@code latest-valid} of its own
     * folder of checkpoints, a checkpoint, or the newest of a folder of checkpoints or an output folder, local or a
     * URI.
     *
     * @param notes is told why a newer one was passed over
     * @throws IllegalArgumentException if there is none
     */
    public TrainingJob resume(String choice, Consumer<String> notes) {
        Path folder = checkpoint.folder(files.output());
        return resume(RunCheckpoints.find(choice, folder == null ? null : new CheckpointFolder(folder), notes));
    }

    /**
     * As {@link #resume(Path)}, refusing a checkpoint of a run with other samples, optimizer, number of steps, global
     * batch or seed.
     *
     * @throws IllegalArgumentException when compiled, naming what differs
     */
    public TrainingJob resumeSame(Path folder) {
        return resume(folder).with(job -> job.resumesSame = true);
    }

    /** This job with the gradients of the first step in a file of their own, for comparisons. */
    public TrainingJob gradientOutputs() {
        return with(job -> job.gradientOutputs = true);
    }

    /**
     * Makes the network, laid out and its parameters grouped for this job.
     *
     * @throws IllegalArgumentException if the layout or the groups do not go with it
     */
    public Network create() {
        Network made = network.create();
        if (layout != null) {
            layout.applyTo(made);
        }
        groups.applyTo(made);
        return made;
    }

    /**
     * Compiles this job for such devices.
     *
     * @throws IllegalArgumentException if the network does not fit the mesh, or the samples the network
     */
    public TrainingPlan compile(DeviceTraits traits) {
        TrainingPlan plan = new CompileJob(this, traits).run();
        if (resumesSame) {
            RunCheckpoints.checkSame(plan);
        }
        return plan;
    }

    /** What makes the network. */
    public NetworkFactory network() {
        return network;
    }

    /** What updates the parameters, its schedule over this job's steps. */
    public Optimizer optimizer() {
        return optimizer.over(train.steps());
    }

    /** How gradients are clipped. */
    public ClipGlobalNorm clip() {
        return clip;
    }

    /** What kind of devices it runs on. */
    public DeviceChoice device() {
        return device;
    }

    /**
     * This job with the speed that its metrics are held against, as model FLOPs utilization.
     *
     * @param perSecond floating-point operations per second of all devices of the mesh; 0 if that is not known
     */
    public TrainingJob peakFlops(double perSecond) {
        return with(job -> job.peakFlops = perSecond);
    }

    double peakFlops() {
        return peakFlops;
    }

    /** Sizes of the mesh. */
    public MeshConfig mesh() {
        return mesh;
    }

    /** How long and in what portions. */
    public TrainConfig train() {
        return train;
    }

    /** How state is laid out. */
    public StrategyConfig strategy() {
        return strategy;
    }

    /** The element types of its numbers. */
    public PrecisionPolicy precision() {
        return precision;
    }

    /** How ranks communicate. */
    public CollectiveConfig collective() {
        return collective;
    }

    /** How often all samples are gone through; 0 if the number of steps is given. */
    public int epochs() {
        return train.epochs();
    }

    /** What is trained on; null for a job that is planned only. */
    public @Nullable SampleSource samples() {
        return samples;
    }

    /** What it is evaluated on; null for a job that is not. */
    public @Nullable ValidationConfig validation() {
        return validation;
    }

    /** When and where checkpoints are written. */
    public CheckpointConfig checkpoint() {
        return checkpoint;
    }

    /** What becomes of it if executors fail. */
    public ElasticConfig elastic() {
        return elastic;
    }

    /** Where its files are. */
    public RunFiles files() {
        return files;
    }

    /** Whether the gradients are outputs of the step. */
    public boolean hasGradientOutputs() {
        return gradientOutputs;
    }
}
