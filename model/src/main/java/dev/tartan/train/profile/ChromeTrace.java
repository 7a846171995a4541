package dev.tartan.train.profile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.tartan.checkpoint.OutputException;
import dev.tartan.execute.TraceSpan;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.train.metrics.WholeFile;
import dev.tartan.train.profile.RankTrace.TracedStep;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes traces in the Trace Event Format of Chrome, which Perfetto reads too: a process for each rank, a thread for
 * each of its streams. Clocks of different processes are aligned at the beginning of the first step.
 */
public final class ChromeTrace {
    /** Name of the file in the output folder. */
    public static final String FILE_NAME = "trace.json";

    private static final String HOST = "host";

    private final Program program;
    private final JsonGenerator json;

    private ChromeTrace(Program program, JsonGenerator json) {
        this.program = program;
        this.json = json;
    }

    /**
     * Writes a file; makes its folder where missing.
     *
     * @throws OutputException if that fails
     */
    public static void write(Path path, Program program, List<RankTrace> traces) {
        try {
            WholeFile.write(path, out -> write(out, program, traces));
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    private static void write(OutputStream out, Program program, List<RankTrace> traces) throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("displayTimeUnit", "ms");
            json.writeArrayFieldStart("traceEvents");
            ChromeTrace writer = new ChromeTrace(program, json);
            Map<String, Long> zeros = zeros(traces);
            for (RankTrace trace : traces) {
                writer.write(trace, Objects.requireNonNull(zeros.get(trace.process())));
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    /** By process, the earliest time. */
    private static Map<String, Long> zeros(List<RankTrace> traces) {
        Map<String, Long> zeros = new LinkedHashMap<>();
        for (RankTrace trace : traces) {
            TracedStep first = trace.steps().get(0);
            long began = first.run().beganNanos() - first.feedNanos() - first.dataNanos();
            zeros.merge(trace.process(), began, Math::min);
        }
        return zeros;
    }

    private void write(RankTrace trace, long zero) throws IOException {
        List<String> streams = new ArrayList<>(List.of(HOST, TraceSpan.COMPUTE));
        for (TracedStep step : trace.steps()) {
            for (TraceSpan span : step.run().spans()) {
                if (!streams.contains(span.stream())) {
                    streams.add(span.stream());
                }
            }
        }
        name("process_name", trace.rank(), 0, "rank " + trace.rank());
        for (int i = 0; i < streams.size(); i++) {
            String stream = streams.get(i);
            name("thread_name", trace.rank(), i, i < 2 ? stream : "collectives over " + stream);
        }
        for (TracedStep step : trace.steps()) {
            long began = step.run().beganNanos() - zero;
            long fed = began - step.feedNanos();
            event("step " + step.step(), trace.rank(), 0, fed - step.dataNanos(), step.nanos());
            json.writeEndObject();
            event("wait for samples", trace.rank(), 0, fed - step.dataNanos(), step.dataNanos());
            json.writeEndObject();
            event("copy samples in", trace.rank(), 0, fed, step.feedNanos());
            json.writeEndObject();
            for (TraceSpan span : step.run().spans()) {
                event(
                        span.label(),
                        trace.rank(),
                        streams.indexOf(span.stream()),
                        began + span.startNanos(),
                        span.nanos());
                arguments(span);
                json.writeEndObject();
            }
        }
    }

    private void name(String what, int rank, int thread, String name) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", what);
        json.writeStringField("ph", "M");
        json.writeNumberField("pid", rank);
        json.writeNumberField("tid", thread);
        json.writeObjectFieldStart("args");
        json.writeStringField("name", name);
        json.writeEndObject();
        json.writeEndObject();
    }

    /** Begins a complete event, whose object the caller ends. */
    private void event(String name, int rank, int thread, long startNanos, long nanos) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", name);
        json.writeStringField("ph", "X");
        json.writeNumberField("pid", rank);
        json.writeNumberField("tid", thread);
        json.writeNumberField("ts", startNanos / 1e3);
        json.writeNumberField("dur", nanos / 1e3);
    }

    private void arguments(TraceSpan span) throws IOException {
        int index = span.instruction();
        if (index >= program.instructions().size()) {
            return;
        }
        Instruction instruction = program.instructions().get(index);
        String phase = StepProfile.communicates(program, index) ? "communication" : StepProfile.phase(program, index);
        json.writeStringField("cat", phase);
        json.writeObjectFieldStart("args");
        json.writeStringField("module", instruction.origin().modulePath());
        json.writeNumberField("instruction", index);
        if (!instruction.results().isEmpty()) {
            json.writeStringField(
                    "result", program.typeOf(instruction.results().get(0)).toString());
        }
        if (instruction.role() != null) {
            json.writeStringField("carries", instruction.role().name());
        }
        long flops = StepProfile.flops(program, index);
        if (flops > 0 && !StepProfile.communicates(program, index) && span.nanos() > 0) {
            json.writeNumberField("gflopPerSecond", Math.round(10.0 * flops / span.nanos()) / 10.0);
        }
        json.writeEndObject();
    }
}
