package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.planner.Candidate;
import dev.tartan.train.planner.CandidateEstimate;
import dev.tartan.train.planner.Candidates;
import dev.tartan.train.planner.EstimateCandidates;
import dev.tartan.train.planner.PublishedRun;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares meshes and strategies, as far as options ask for it. */
final class PlanSearch {
    @Option(
            names = "--devices",
            paramLabel = "N",
            description = "Compares all meshes of N devices, with every strategy and number of micro-batches.")
    private @Nullable Integer devices;

    @Option(
            names = "--device-memory",
            paramLabel = "BYTES",
            description =
                    "Memory of one device, such as 80GiB; train.deviceMemoryLimit or the hardware's if not given.")
    private @Nullable String deviceMemory;

    @Mixin
    private HardwareOption hardware = new HardwareOption();

    @Option(names = "--all", description = "Lists every candidate, not only the best.")
    private boolean all;

    @Option(
            names = "--validate",
            description = "Prints published times of steps beside the planner's, by the profile h100 if none is given.")
    private boolean validate;

    /** Whether meshes are to be compared. */
    boolean comparesMeshes() {
        return devices != null || deviceMemory != null || all;
    }

    /** Whether the planner is to be compared with published runs. */
    boolean validates() {
        return validate;
    }

    HardwareProfile hardware() {
        return hardware.profile();
    }

    /** What is to be compiled for: kernels as here, memory as the hardware that is named has it. */
    DeviceTraits traits(DeviceTraits here) {
        return hardware.isGiven() ? here.on(hardware.profile().device()) : here;
    }

    /** Prints the table, or a line of JSON for each candidate. */
    void compare(RunConfig run, DeviceTraits traits, boolean json, PrintStream out) throws JsonProcessingException {
        int count = devices != null ? devices : run.mesh().data() * run.mesh().model();
        if (count < 1) {
            throw new IllegalArgumentException("--devices is out of range: value=" + count + ". Give 1 or more.");
        }
        HardwareProfile profile = hardware.profile();
        long limit = deviceMemory != null
                ? ByteSize.parse("--device-memory", deviceMemory)
                : run.train().deviceMemoryLimit() > 0 ? run.train().deviceMemoryLimit() : profile.deviceMemory(count);
        TrainingJob base =
                TrainingJob.of(run).strategy(run.strategy().isAutomatic() ? StrategyConfig.defaults() : run.strategy());
        List<Candidate> candidates = Candidates.onDevices(base, count, profile.devicesPerNode());
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("no mesh of --devices goes with the config: devices=" + count
                    + ", train.globalBatch=" + run.train().globalBatch() + ", strategy.shard="
                    + base.strategy().shard()
                    + ". Make train.globalBatch a multiple of the number of model groups, and that of strategy.shard.");
        }
        List<CandidateEstimate> sorted = new EstimateCandidates(base, profile, traits).sorted(candidates, limit);
        PlanTable table = new PlanTable(base, profile, count, limit, sorted);
        if (json) {
            table.printJson(out);
        } else {
            table.print(out, all);
        }
    }

    /** Prints published runs beside their predictions. */
    void printValidation(PrintStream out) {
        HardwareProfile h100 = hardware.profileOr("h100");
        TextTable table = new TextTable("run", "devices", "mesh", "published MFU", "step", "predicted", "ratio");
        PublishedRun.megatronOnH100().stream().map(run -> run.predict(h100)).forEach(check -> {
            PublishedRun run = check.run();
            table.row(
                    run.name(),
                    Integer.toString(run.data() * run.model()),
                    run.data() + "x" + run.model(),
                    TextTable.format("%.0f %%", 100 * run.modelFlopsUtilization()),
                    Seconds.text(check.publishedSeconds()),
                    Seconds.text(check.predictedSeconds()),
                    TextTable.format("%.2f", check.ratio()));
        });
        out.println("Megatron-LM on " + h100.name() + ", bfloat16, sequences of 4,096 tokens; efficiencies: "
                + TextTable.format(
                        "products %.2f, memory %.2f, links %.2f, overlap %.2f",
                        h100.efficiency().matmul(),
                        h100.efficiency().memory(),
                        h100.efficiency().link(),
                        h100.efficiency().overlap()));
        table.print(out);
    }
}
