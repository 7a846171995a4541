package dev.tartan.spark.ui;

import dev.tartan.spark.ui.BarDrawing.Part;
import dev.tartan.spark.ui.RunEvent.LossPoint;
import dev.tartan.spark.ui.RunEvent.MemoryPart;
import dev.tartan.spark.ui.RunEvent.Note;
import dev.tartan.spark.ui.RunEvent.OpTime;
import dev.tartan.spark.ui.RunEvent.RankTime;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.spark.ui.UIUtils;

/** The pictures and tables of one run, as HTML. */
final class RunPanels {
    private static final int MOST_OPS = 15;
    private static final int MOST_BARS = 64;

    private final RunView run;

    RunPanels(RunView run) {
        this.run = run;
    }

    String html() {
        StringBuilder html = new StringBuilder("<div class=\"tartan-panels\">");
        panel(html, "Loss", loss());
        panel(html, started().unit() + " per second", speed());
        panel(html, "Mesh", MeshDrawing.draw(started().mesh(), run.ranks()));
        panel(html, "Time of a step, by rank", times());
        panel(html, "Memory of a device, as planned", memory());
        panel(html, "Time of a step, by op", ops());
        panel(html, "Checkpoints, failures and recoveries", notes());
        return html.append("</div>").toString();
    }

    private RunEvent.Started started() {
        return run.started();
    }

    private static void panel(StringBuilder html, String title, String content) {
        html.append(Html.format("<section><h5>%s</h5>%s</section>", Html.escape(title), content));
    }

    private double[] steps() {
        return run.points().stream().mapToDouble(StepPoint::step).toArray();
    }

    private String loss() {
        return new CurveDrawing("loss")
                .add("training", "loss", steps(), values(StepPoint::loss))
                .add(
                        "validation",
                        "validation",
                        run.validations().stream().mapToDouble(LossPoint::step).toArray(),
                        run.validations().stream().mapToDouble(LossPoint::loss).toArray())
                .draw();
    }

    private String speed() {
        return new CurveDrawing(started().unit() + "/s")
                .add(started().unit(), "speed", steps(), values(StepPoint::speed))
                .draw();
    }

    private double[] values(ToDoubleFunction<StepPoint> number) {
        return run.points().stream().mapToDouble(number).toArray();
    }

    private String times() {
        if (run.times().isEmpty()) {
            return "<p class=\"tartan-none\">Ranks tell of their time once a second, and at the end.</p>";
        }
        BarDrawing bars = new BarDrawing();
        for (RankTime time :
                run.times().subList(0, Math.min(MOST_BARS, run.times().size()))) {
            double computing = Math.max(0, time.millis() - time.dataMillis() - time.exposedMillis());
            bars.add(
                    "rank " + time.rank(),
                    List.of(
                            new Part("computing", "computing", computing, millis(computing)),
                            new Part(
                                    "exposed communication",
                                    "exposed",
                                    time.exposedMillis(),
                                    millis(time.exposedMillis())),
                            new Part("waiting for samples", "waiting", time.dataMillis(), millis(time.dataMillis()))),
                    Html.format(
                            "%s, %.0f %% exposed",
                            millis(time.millis()),
                            time.millis() > 0 ? 100 * time.exposedMillis() / time.millis() : 0.0));
        }
        return bars.draw();
    }

    private String memory() {
        List<MemoryPart> memory = started().memory();
        List<Part> parts = memory.stream()
                .map(part ->
                        new Part(part.name(), "memory-" + memory.indexOf(part), part.bytes(), Html.bytes(part.bytes())))
                .toList();
        long peak = memory.stream().mapToLong(MemoryPart::bytes).sum();
        return new BarDrawing().add("at its peak", parts, Html.bytes(peak)).draw();
    }

    private String ops() {
        RunEvent.Traced traced = run.traced();
        if (traced == null) {
            return "<p class=\"tartan-none\">No steps were traced. <code>train.profile.steps = 3</code>, or"
                    + " <code>TrainingJob.profile</code>, has some.</p>";
        }
        Map<String, Double> phases = new LinkedHashMap<>();
        traced.ops().forEach(op -> phases.merge(op.phase(), op.millis(), Double::sum));
        StringBuilder html = new StringBuilder(
                Html.format("<p>Rank 0, mean of %d steps from step %,d on: ", traced.steps(), traced.firstStep() + 1));
        phases.forEach((phase, time) -> html.append(Html.format("%s %s ", Html.escape(phase), millis(time))));
        html.append("</p><table class=\"table table-sm\"><thead><tr><th>op</th><th>phase</th><th>calls</th>"
                + "<th>ms</th></tr></thead>");
        for (OpTime op : traced.ops().subList(0, Math.min(MOST_OPS, traced.ops().size()))) {
            html.append(Html.format(
                    "<tr><td>%s</td><td>%s</td><td>%,d</td><td>%.3f</td></tr>",
                    Html.escape(op.op()), Html.escape(op.phase()), op.calls(), op.millis()));
        }
        return html.append("</table>").toString();
    }

    private String notes() {
        if (run.notes().isEmpty()) {
            return "<p class=\"tartan-none\">Nothing to tell so far.</p>";
        }
        StringBuilder html = new StringBuilder("<table class=\"table table-sm\">");
        for (int i = run.notes().size() - 1; i >= 0; i--) {
            Note note = run.notes().get(i);
            html.append(Html.format(
                    "<tr><td class=\"time\">%s</td><td>%s</td><td>%s</td></tr>",
                    UIUtils.formatDate(note.time()), Html.escape(note.kind()), Html.escape(note.text())));
        }
        return html.append("</table>").toString();
    }

    private static String millis(double millis) {
        return Html.format(millis < 10 ? "%.2f ms" : "%.1f ms", millis);
    }
}
