package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.plan.cost.StepTime;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.ConfigWord;
import dev.tartan.train.planner.Candidate;
import dev.tartan.train.planner.CandidateEstimate;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Candidates beside each other, for people or as JSON. */
final class PlanTable {
    private static final int BEST = 15;

    private final TrainingJob job;
    private final HardwareProfile hardware;
    private final int devices;
    private final long limitBytes;
    private final List<CandidateEstimate> sorted;

    PlanTable(TrainingJob job, HardwareProfile hardware, int devices, long limitBytes, List<CandidateEstimate> sorted) {
        this.job = job;
        this.hardware = hardware;
        this.devices = devices;
        this.limitBytes = limitBytes;
        this.sorted = List.copyOf(sorted);
    }

    void print(PrintStream out, boolean all) {
        out.println(title());
        long fitting = sorted.stream().filter(this::fits).count();
        out.println(TextTable.format(
                fitting == 0
                        ? "%,d candidates, of which none fits; least memory first"
                        : "%,d candidates, of which %,d fit; the fastest of those first",
                sorted.size(),
                fitting));
        out.println();
        TextTable table = new TextTable(
                "data",
                "model",
                "zero",
                "recompute",
                "seq.par.",
                "micro",
                "peak/device",
                "sent/device",
                "step",
                "fits");
        sorted.stream().limit(all ? sorted.size() : BEST).forEach(each -> table.row(row(each)));
        table.print(out);
        if (!all && sorted.size() > BEST) {
            out.println(TextTable.format("and %,d more; --all lists them", sorted.size() - BEST));
        }
        out.println();
        explain(out, sorted.get(0));
    }

    private String title() {
        long parameters = job.create().numParameters();
        int shard = job.strategy().shard();
        return TextTable.format(
                        "%,d parameters, %,d samples a step, on %,d devices of %s with %s each",
                        parameters, job.train().globalBatch(), devices, hardware.name(), ByteSize.text(limitBytes))
                + (shard == 0 ? "" : TextTable.format(", ZeRO over %,d ranks of data", shard));
    }

    private String[] row(CandidateEstimate each) {
        Candidate candidate = each.candidate();
        return new String[] {
            Integer.toString(candidate.data()),
            Integer.toString(candidate.model()),
            Integer.toString(candidate.zero()),
            ConfigWord.of(candidate.recompute()),
            candidate.sequenceParallel() ? "yes" : "no",
            Integer.toString(candidate.microBatches()),
            ByteSize.text(each.peakBytes()),
            ByteSize.text(Math.round(each.wireBytes())),
            Seconds.text(each.time().seconds()),
            fits(each) ? "yes" : "no"
        };
    }

    private void explain(PrintStream out, CandidateEstimate first) {
        out.println("what the step of the first takes");
        TextTable table = new TextTable("", "time", "share");
        for (StepTime.Term term : first.time().terms()) {
            table.row(
                    term.name(),
                    Seconds.text(term.seconds()),
                    TextTable.format(
                            "%.0f %%", 100 * term.seconds() / first.time().seconds()));
        }
        table.print(out);
    }

    void printJson(PrintStream out) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        for (CandidateEstimate each : sorted) {
            Candidate candidate = each.candidate();
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("data", candidate.data());
            line.put("model", candidate.model());
            line.put("zero", candidate.zero());
            line.put("shard", job.strategy().shard());
            line.put("recompute", ConfigWord.of(candidate.recompute()));
            line.put("sequenceParallel", candidate.sequenceParallel());
            line.put("microBatches", candidate.microBatches());
            line.put("peakBytes", each.peakBytes());
            line.put("wireBytes", Math.round(each.wireBytes()));
            line.put("stepSeconds", each.time().seconds());
            Map<String, Double> terms = new LinkedHashMap<>();
            each.time().terms().forEach(term -> terms.put(term.name(), term.seconds()));
            line.put("terms", terms);
            line.put("fits", fits(each));
            out.println(mapper.writeValueAsString(line));
        }
    }

    private boolean fits(CandidateEstimate estimate) {
        return estimate.fits(limitBytes);
    }
}
