package dev.tartan.train.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.graph.DType;
import dev.tartan.network.NetworkFactory;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.data.BatchFileSamples;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TableSamples;
import dev.tartan.train.data.TextSamples;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns what the user said into a {@link RunConfig}, noting mistakes in the source. Not thread-safe. */
final class RunConfigReader {
    private static final String DYNAMIC = "dynamic";
    private static final List<String> FLOATS = List.of("float32", "bfloat16", "float16");

    private final ConfigSource source;
    private final ConfigObject defaults;

    RunConfigReader(ConfigSource source, ConfigObject defaults) {
        this.source = source;
        this.defaults = defaults;
    }

    /** Reads every section; the result means something only if the source then has no mistakes. */
    RunConfig read() {
        checkTopSections();
        MeshConfig mesh = mesh();
        NetworkFactory network = network();
        SampleSource data = data();
        Optimizer optimizer = optimizer(network);
        return new RunConfig(
                mesh,
                network,
                data,
                optimizer,
                clip(),
                train(data),
                init(),
                output(),
                precision(),
                collective(),
                strategy(),
                validation(data),
                checkpoint(),
                elastic(),
                device());
    }

    private void checkTopSections() {
        List<String> suggestions = new ArrayList<>(ConfigKeys.topSections());
        suggestions.addAll(ConfigKeys.all());
        for (String key : source.root().keySet().stream().sorted().toList()) {
            if (!ConfigKeys.topSections().contains(key)) {
                source.mistake(key, "is not a key." + KeySuggestion.didYouMean(key, suggestions));
            }
        }
    }

    private DeviceChoice device() {
        ConfigValue said = source.find("device");
        if (said == null) {
            return DeviceChoice.AUTO;
        }
        List<String> words = ConfigWord.all(DeviceChoice.class);
        int index = words.indexOf(String.valueOf(said.unwrapped()));
        if (index < 0) {
            source.mistake("device", "is not one of " + String.join(", ", words) + ": value=" + said.unwrapped() + ".");
            return DeviceChoice.AUTO;
        }
        return DeviceChoice.values()[index];
    }

    private MeshConfig mesh() {
        ConfigSection section = section("mesh");
        return new MeshConfig(section.integer("data", 1), section.integer("model", 1));
    }

    private NetworkFactory network() {
        return new NetworkReader(source, new ConfigSection(source, "network", child(defaults, "network"))).read();
    }

    private SampleSource data() {
        String kind = kind("data");
        return samples(kind, section("data", kind));
    }

    private static SampleSource samples(String kind, ConfigSection section) {
        Path path = section.path("path");
        if (kind.equals("table")) {
            return new TableSamples(
                    section.name(),
                    section.text("format"),
                    path,
                    section.texts("options"),
                    section.textLists("fields"),
                    section.optionalText("weight"));
        }
        return kind.equals("batches") ? new BatchFileSamples(path) : new TextSamples(path);
    }

    private @Nullable ValidationConfig validation(SampleSource data) {
        if (source.find("validation") == null) {
            return null;
        }
        String kind = kind("validation");
        boolean isTable = kind.equals("table") && source.good("validation.kind");
        ConfigSection section = isTable ? tableBeside(data) : section("validation", kind);
        return new ValidationConfig(
                samples(kind, section),
                isTable && !section.isSaid("everySteps") ? ValidationConfig.EPOCH : section.integer("everySteps", 1),
                section.text("judgedBy"),
                section.flag("higherIsBetter"),
                section.integer("stopAfterRounds", 0),
                section.nonNegative("minDelta"),
                section.flag("keepBest"));
    }

    /** A table to validate on is read as the one to train on, where it does not say otherwise. */
    private ConfigSection tableBeside(SampleSource data) {
        ConfigObject presets = child(child(defaults, "validation"), "table");
        if (data instanceof TableSamples) {
            ConfigObject ofData = child(source.root(), "data");
            for (String key : List.of("format", "options", "fields", "weight")) {
                ConfigValue said = ofData.get(key);
                presets = said == null ? presets : presets.withValue(key, said);
            }
        } else if (source.good("data", "data.kind")) {
            source.mistakeAmong(
                    "validation.kind",
                    List.of("data.kind"),
                    "goes with data.kind=table only: validation.kind=table. Validate on text or batches, or train on"
                            + " a table.");
        }
        return new ConfigSection(source, "validation", presets).checked("table");
    }

    private Optimizer optimizer(NetworkFactory network) {
        String kind = kind("optimizer");
        ConfigSection section = section("optimizer", kind);
        if (kind.equals("dl4j")) {
            return ofModel(network);
        }
        double learningRate = section.positive("learningRate");
        if (kind.equals("sgd")) {
            return new SgdOptimizer(
                    learningRate, section.fraction("momentum"), section.nonNegative("weightDecay"), schedule(kind));
        }
        return new AdamWOptimizer(
                learningRate,
                section.fraction("beta1"),
                section.fraction("beta2"),
                section.positive("eps"),
                section.nonNegative("weightDecay"),
                schedule(kind));
    }

    private Optimizer ofModel(NetworkFactory network) {
        if (network instanceof Dl4jConfig model) {
            return model.create().optimizer();
        }
        if (source.goodBelow("network")) {
            source.mistake(
                    "optimizer.kind", "goes with network.kind=dl4j only: optimizer.kind=dl4j. Give another one.");
        }
        return AdamWOptimizer.of(1);
    }

    private Schedule schedule(String optimizerKind) {
        ConfigSection section = new ConfigSection(
                        source,
                        "optimizer.schedule",
                        child(child(child(defaults, "optimizer"), optimizerKind), "schedule"))
                .checked(ConfigKeys.NO_KIND);
        return Schedule.of(section.constant("kind", Schedule.Kind.class), section.integer("warmupSteps", 0));
    }

    private ClipGlobalNorm clip() {
        String kind = kind("optimizer");
        ConfigSection section = new ConfigSection(source, "optimizer", child(child(defaults, "optimizer"), kind));
        double maxNorm = section.nonNegative("clipGlobalNorm");
        return new ClipGlobalNorm(source.good("optimizer.clipGlobalNorm") ? maxNorm : 0);
    }

    private TrainConfig train(SampleSource data) {
        ConfigObject presets = child(defaults, "train");
        boolean complete = source.has("train.steps") && source.has("train.globalBatch");
        if (data instanceof BatchFileSamples batches && !complete && source.good("data", "data.kind", "data.path")) {
            presets = sizesOf(batches.path(), presets);
        }
        ConfigSection section = new ConfigSection(source, "train", presets).checked(ConfigKeys.NO_KIND);
        return new TrainConfig(
                section.integer("steps", 1),
                section.integer("globalBatch", 1),
                section.integer("microBatches", 1),
                section.anyLong("seed"),
                section.optionalBytes("deviceMemoryLimit"),
                section.constant("onNonFinite", OnNonFinite.class),
                epochs(section, data instanceof TableSamples),
                profile());
    }

    private ProfileConfig profile() {
        ConfigSection section = new ConfigSection(source, "train.profile", child(child(defaults, "train"), "profile"))
                .checked(ConfigKeys.NO_KIND);
        return new ProfileConfig(section.integer("steps", 0), section.integer("after", 0));
    }

    /** Only the rows of a table can be gone through so many times. */
    private int epochs(ConfigSection section, boolean isTable) {
        boolean said = source.has("train.epochs");
        int epochs = said ? section.integer("epochs", 1) : 0;
        if (!source.good("data", "data.kind")) {
            return epochs;
        }
        if (said && !isTable) {
            source.mistakeAmong(
                    "train.epochs",
                    List.of("data.kind"),
                    "goes with data.kind=table only: text has no end, and a batch file has a batch for each step."
                            + " Give train.steps.");
        }
        if (isTable && said == source.has("train.steps")) {
            source.mistakeAmong(
                    "train.epochs",
                    List.of("train.steps"),
                    said
                            ? "is given beside train.steps. Give one of them."
                            : "is missing. Give train.epochs, or train.steps.");
        }
        return epochs;
    }

    private ConfigObject sizesOf(Path path, ConfigObject presets) {
        try (SafetensorsReader reader = SafetensorsReader.open(path)) {
            for (SafetensorsEntry entry : reader.tensors().values()) {
                boolean holdsSamples =
                        entry.name().equals("tokens") || entry.name().equals("x");
                if (holdsSamples && entry.shape().numDims() == 3) {
                    source.derive("train.steps", "data.path");
                    source.derive("train.globalBatch", "data.path");
                    String sizes = "steps = " + entry.shape().dim(0) + ", globalBatch = "
                            + entry.shape().dim(1);
                    return ConfigFactory.parseString(sizes)
                            .withFallback(presets.toConfig())
                            .root();
                }
            }
            return presets;
        } catch (InvalidCheckpointException e) {
            source.mistake("data.path", "cannot be used: " + e.getMessage());
            return presets;
        }
    }

    private InitConfig init() {
        return new InitConfig(section("init").optionalPath("from"));
    }

    private OutputConfig output() {
        return new OutputConfig(section("output").path("dir"));
    }

    private CheckpointConfig checkpoint() {
        ConfigSection section = section("checkpoint");
        return new CheckpointConfig(
                section.optionalPath("dir"),
                section.integer("everySteps", 0),
                section.integer("everySeconds", 0),
                section.integer("keep", 0),
                section.flag("async"));
    }

    private ElasticConfig elastic() {
        ConfigSection section = section("elastic");
        return new ElasticConfig(
                section.integer("maxFailures", 1),
                section.integer("waitSeconds", 0),
                section.integer("minExecutors", 1),
                section.integer("excludeAfter", 0),
                section.flag("fromMemory"));
    }

    private PrecisionPolicy precision() {
        ConfigSection section = section("precision");
        try {
            PrecisionPolicy types = new PrecisionPolicy(
                            elementType(section, "parameters"),
                            elementType(section, "compute"),
                            elementType(section, "reduce"),
                            elementType(section, "master"))
                    .ofRun();
            return types.withLossScale(lossScale(section, types.lossScale()));
        } catch (IllegalArgumentException e) {
            String[] keyAndFact = String.valueOf(e.getMessage()).split(" ", 2);
            source.mistake(keyAndFact[0], keyAndFact[1]);
            return PrecisionPolicy.float32();
        }
    }

    private static DType elementType(ConfigSection section, String key) {
        return DType.valueOf(section.word(key, FLOATS).toUpperCase(Locale.ROOT));
    }

    private LossScale lossScale(ConfigSection section, LossScale usual) {
        String said = section.optionalText("lossScale");
        boolean isDynamic = said == null ? usual.isDynamic() : said.equals(DYNAMIC);
        if (isDynamic) {
            return new LossScale(section.positive("lossScaleStart"), section.integer("lossScaleGrowthSteps", 1));
        }
        for (String key : List.of("lossScaleStart", "lossScaleGrowthSteps")) {
            if (section.isSaid(key)) {
                source.mistake(
                        section.name() + "." + key,
                        "is for a scale that changes: lossScale=" + (said == null ? 1 : said)
                                + ". Remove it, or set precision.lossScale=" + DYNAMIC + ".");
            }
        }
        return said == null ? usual : LossScale.fixed(section.numberOr("lossScale", DYNAMIC));
    }

    private CollectiveConfig collective() {
        return new CollectiveConfigReader(source, section("collective")).read();
    }

    private StrategyConfig strategy() {
        ConfigValue said = source.find("strategy");
        if (said != null && "auto".equals(said.unwrapped())) {
            return StrategyConfig.automatic();
        }
        return new StrategyConfigReader(section("strategy")).read();
    }

    private String kind(String section) {
        return new ConfigSection(source, section, child(defaults, section)).word("kind", ConfigKeys.kinds(section));
    }

    private ConfigSection section(String name) {
        return new ConfigSection(source, name, child(defaults, name)).checked(ConfigKeys.NO_KIND);
    }

    private ConfigSection section(String name, String kind) {
        String checkedKind = source.good(name + ".kind") ? kind : ConfigKeys.NO_KIND;
        return new ConfigSection(source, name, child(child(defaults, name), kind)).checked(checkedKind);
    }

    private static ConfigObject child(ConfigObject object, String key) {
        return object.get(key) instanceof ConfigObject child
                ? child
                : ConfigFactory.empty().root();
    }
}
