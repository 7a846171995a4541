package dev.tartan.train.profile;

import dev.tartan.execute.RunTrace;
import dev.tartan.execute.TraceSpan;
import dev.tartan.train.profile.RankTrace.TracedStep;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** A trace as bytes: some 10 for a span, for all ranks hold those of all while they are gathered. */
final class TraceBytes {
    private TraceBytes() {}

    static byte[] of(RankTrace trace) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(bytes))) {
            out.writeInt(trace.rank());
            out.writeUTF(trace.process());
            out.writeInt(trace.steps().size());
            for (TracedStep step : trace.steps()) {
                out.writeLong(step.step());
                out.writeLong(step.dataNanos());
                out.writeLong(step.feedNanos());
                out.writeLong(step.run().beganNanos());
                out.writeInt(step.run().spans().size());
                for (TraceSpan span : step.run().spans()) {
                    out.writeUTF(span.stream());
                    out.writeInt(span.instruction());
                    out.writeUTF(span.label());
                    out.writeLong(span.startNanos());
                    out.writeLong(span.endNanos());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static RankTrace read(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new GZIPInputStream(new ByteArrayInputStream(bytes)))) {
            int rank = in.readInt();
            String process = in.readUTF();
            List<TracedStep> steps = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                steps.add(new TracedStep(
                        in.readLong(), in.readLong(), in.readLong(), new RunTrace(in.readLong(), spans(in))));
            }
            return new RankTrace(rank, process, steps);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<TraceSpan> spans(DataInputStream in) throws IOException {
        List<TraceSpan> spans = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            spans.add(new TraceSpan(in.readUTF(), in.readInt(), in.readUTF(), in.readLong(), in.readLong()));
        }
        return spans;
    }
}
