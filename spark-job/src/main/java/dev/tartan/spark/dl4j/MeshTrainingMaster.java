package dev.tartan.spark.dl4j;

import dev.tartan.spark.ml.ChosenStrategy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.datavec.spark.util.BroadcastHadoopConfigHolder;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.core.storage.listener.RoutingIterationListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.TrainingResult;
import org.deeplearning4j.spark.api.TrainingWorker;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.data.loader.RemoteFileSourceFactory;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Trains DL4J's networks on a mesh of devices, in the place of {@code ParameterAveragingTrainingMaster} or
 * {@code SharedTrainingMaster}: all ranks compute one global batch and one update, as DL4J does on one machine with a
 * batch of {@code batchSizePerWorker} times the ranks along {@code data}.
 *
 * <pre>{@code
 * TrainingMaster<?, ?> master = new MeshTrainingMaster.Builder(32).mesh(4, 1).batchSizePerWorker(32).build();
 * SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(spark, configuration, master);
 * net.fit(trainingData);
 * }</pre>
 *
 * <p>A fit is one epoch: each example once, in an order that follows from the shuffle seed, the examples and the epoch.
 * The last batch is filled up with examples that do not count. Afterwards the driver's network has parameters, updater
 * state, score and iteration count as DL4J leaves them. Its parameters are float32 while they are trained. While a fit
 * runs, listeners see each iteration and its score, and the parameters from before the fit.
 *
 * <p>With truncated backpropagation through time a batch is as many updates as its sequences have parts, as in DL4J;
 * the longest sequence of all decides.
 *
 * <p>Examples of an RDD that Spark keeps, or that the driver made by {@code parallelize}, are read in the first fit
 * only. For the next ones they lie in Spark's shuffle files until another RDD is fitted or {@link #deleteTempFiles} is
 * called, and executors keep those of their ranks at hand for ten minutes. Not thread-safe.
 */
public final class MeshTrainingMaster implements TrainingMaster<TrainingResult, TrainingWorker<TrainingResult>> {
    private final MeshSettings settings;
    private final MeshFit fit;
    private List<TrainingListener> listeners = List.of();
    private boolean collectStats;
    private @Nullable MeshTrainingStats stats;

    MeshTrainingMaster(MeshSettings settings) {
        this.settings = settings;
        this.fit = new MeshFit(settings);
    }

    /** Sets what a master trains by. */
    public static final class Builder {
        private final int dataSetExamples;
        private int data;
        private int model;
        private String strategy = ChosenStrategy.WORDS.get(0);
        private int batchSizePerWorker = 16;
        private int microBatches = 1;
        private String checkpointDirectory = "";
        private int checkpointEverySteps;
        private long shuffleSeed;
        private boolean dropLast;
        private boolean correct;

        /**
         * Begins, with 16 examples a worker, everything whole on all ranks along {@code data}, and no checkpoints.
         *
         * @param rddDataSetNumExamples examples in each DataSet of the RDD, as DL4J's own masters take it. Nothing
         *     depends on it here: DataSets may have any number.
         */
        public Builder(int rddDataSetNumExamples) {
            this.dataSetExamples = rddDataSetNumExamples;
        }

        /** {@code data} ranks with examples of their own, times {@code model} that share every layer. */
        public Builder mesh(int dataRanks, int modelRanks) {
            data = dataRanks;
            model = modelRanks;
            return this;
        }

        /** What is split over the ranks along {@code data}: 1 updater state, 2 gradients too, 3 parameters too. */
        public Builder zeroStage(int stage) {
            strategy = "zero" + stage;
            return this;
        }

        /** Lets the planner pick what is split, in how many micro-batches, to be fast within the memory there is. */
        public Builder strategyAuto() {
            strategy = "auto";
            return this;
        }

        /** Examples of a step on one rank along {@code data}. */
        public Builder batchSizePerWorker(int examples) {
            batchSizePerWorker = examples;
            return this;
        }

        /** The examples of a step are run in so many parts, one after the other. */
        public Builder microBatches(int count) {
            microBatches = count;
            return this;
        }

        /**
         * Checkpoints of each fit while it runs, in a folder that all executors see, local or a URI. The same fit, of
         * the same network and RDD, goes on from them if it was cut off.
         */
        public Builder checkpointDirectory(String folder) {
            checkpointDirectory = folder;
            return this;
        }

        /** Steps between two checkpoints; 0, as it is by itself, for one a minute. */
        public Builder checkpointEverySteps(int steps) {
            checkpointEverySteps = steps;
            return this;
        }

        /** Seed of the order of examples and of dropout. */
        public Builder shuffleSeed(long seed) {
            shuffleSeed = seed;
            return this;
        }

        /** Leaves out the examples that do not fill a batch, others in each epoch. */
        public Builder dropLast(boolean drop) {
            dropLast = drop;
            return this;
        }

        /** Computes what is meant where DL4J computes something else; see {@code Dl4jOptions}. */
        public Builder correct(boolean meant) {
            correct = meant;
            return this;
        }

        /**
         * The master.
         *
         * @throws IllegalArgumentException naming all settings that cannot be used
         */
        public MeshTrainingMaster build() {
            MeshSettings settings = new MeshSettings(
                    dataSetExamples,
                    data,
                    model,
                    strategy,
                    batchSizePerWorker,
                    microBatches,
                    checkpointDirectory,
                    checkpointEverySteps,
                    shuffleSeed,
                    dropLast,
                    correct);
            MasterJson.check(settings);
            return new MeshTrainingMaster(settings);
        }
    }

    /**
     * The master that {@link #toJson} wrote down.
     *
     * @throws IllegalArgumentException if it is no such text, or a setting in it cannot be used
     */
    public static MeshTrainingMaster fromJson(String json) {
        return new MeshTrainingMaster(MasterJson.read(json));
    }

    @Override
    public String toJson() {
        return MasterJson.write(settings);
    }

    @Override
    public String toYaml() {
        return MasterJson.writeYaml(settings);
    }

    @Override
    public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> trainingData) {
        network.setScore(train(
                network.getSparkContext(),
                DriverNetwork.of(network.getNetwork()),
                trainingData.rdd(),
                trainingData.map(DataSet::toMultiDataSet)));
    }

    @Override
    public void executeTraining(SparkComputationGraph graph, JavaRDD<DataSet> trainingData) {
        graph.setScore(train(
                graph.getSparkContext(),
                DriverNetwork.of(graph.getNetwork()),
                trainingData.rdd(),
                trainingData.map(DataSet::toMultiDataSet)));
    }

    @Override
    public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> trainingData) {
        graph.setScore(
                train(graph.getSparkContext(), DriverNetwork.of(graph.getNetwork()), trainingData.rdd(), trainingData));
    }

    /** Files are read on executors, in each fit. One of the networks and one of the loaders is null. */
    @Override
    public void executeTrainingPaths(
            @Nullable SparkDl4jMultiLayer network,
            @Nullable SparkComputationGraph graph,
            JavaRDD<String> paths,
            @Nullable DataSetLoader dataSets,
            @Nullable MultiDataSetLoader multiDataSets) {
        if ((network == null) == (graph == null) || (dataSets == null) == (multiDataSets == null)) {
            throw new IllegalArgumentException("paths need one network and one loader: network=" + (network != null)
                    + ", graph=" + (graph != null) + ", dataSets=" + (dataSets != null) + ", multiDataSets="
                    + (multiDataSets != null) + ". Call fitPaths of SparkDl4jMultiLayer or SparkComputationGraph.");
        }
        JavaSparkContext spark = network != null ? network.getSparkContext() : graph.getSparkContext();
        RemoteFileSourceFactory files = new RemoteFileSourceFactory(BroadcastHadoopConfigHolder.get(spark));
        JavaRDD<MultiDataSet> sets = paths.map(path -> dataSets != null
                ? dataSets.load(files.getSource(path)).toMultiDataSet()
                : multiDataSets.load(files.getSource(path)));
        if (network != null) {
            network.setScore(train(spark, DriverNetwork.of(network.getNetwork()), sets.rdd(), sets));
        } else {
            graph.setScore(train(spark, DriverNetwork.of(graph.getNetwork()), sets.rdd(), sets));
        }
    }

    private double train(JavaSparkContext spark, DriverNetwork net, RDD<?> source, JavaRDD<MultiDataSet> sets) {
        MeshTrainingStats times = new MeshTrainingStats();
        double score = fit.run(spark, net, source, sets, listeners, times);
        if (collectStats) {
            if (stats == null) {
                stats = times;
            } else {
                stats.addOtherTrainingStats(times);
            }
        }
        return score;
    }

    /** There are no workers to call hooks in, so one that is added would never be called. */
    @Override
    public void addHook(TrainingHook hook) {
        throw new UnsupportedOperationException("mesh has no workers to call a hook in: hook="
                + hook.getClass().getName() + ". Use a TrainingListener, which sees each step on the driver.");
    }

    @Override
    public void removeHook(TrainingHook hook) {
        // None was added.
    }

    @Override
    public void setCollectTrainingStats(boolean collect) {
        collectStats = collect;
    }

    @Override
    public boolean getIsCollectTrainingStats() {
        return collectStats;
    }

    /** How long the parts of fits took on the driver; null if nothing was collected. */
    @Override
    public @Nullable SparkTrainingStats getTrainingStats() {
        return stats;
    }

    @Override
    public void setListeners(Collection<TrainingListener> called) {
        setListeners(null, called);
    }

    @Override
    public void setListeners(@Nullable StatsStorageRouter router, @Nullable Collection<TrainingListener> called) {
        listeners = called == null ? List.of() : List.copyOf(new ArrayList<>(called));
        for (TrainingListener listener : listeners) {
            if (listener instanceof RoutingIterationListener routing && router != null) {
                routing.setStorageRouter(router);
            }
        }
    }

    /** A mesh has no workers of DL4J's; nothing but DL4J's own masters asks for one. */
    @Override
    public TrainingWorker<TrainingResult> getWorkerInstance(SparkDl4jMultiLayer network) {
        throw noWorkers();
    }

    @Override
    public TrainingWorker<TrainingResult> getWorkerInstance(SparkComputationGraph graph) {
        throw noWorkers();
    }

    private static UnsupportedOperationException noWorkers() {
        return new UnsupportedOperationException(
                "mesh has no workers of DL4J's: master=MeshTrainingMaster. Call fit of SparkDl4jMultiLayer or"
                        + " SparkComputationGraph.");
    }

    /** Gives back what Spark keeps of the last RDD; the next fit reads its own. */
    @Override
    public boolean deleteTempFiles(JavaSparkContext spark) {
        return deleteTempFiles(spark.sc());
    }

    @Override
    public boolean deleteTempFiles(SparkContext spark) {
        fit.close();
        return true;
    }
}
