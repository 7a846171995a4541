package dev.tartan.spark.ui;

import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.servlet.http.HttpServletRequest;
import org.apache.spark.ui.SparkUITab;
import org.apache.spark.ui.UIUtils;
import org.apache.spark.ui.WebUIPage;
import org.apache.spark.util.kvstore.KVStore;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.collection.Seq;
import scala.collection.mutable.ArrayBuffer;
import scala.xml.Node;
import scala.xml.Unparsed;

/** All runs of an application as a table, and one of them in pictures: that of {@code ?run=ID}, or the newest. */
final class RunsPage extends WebUIPage {
    private static final String RUN = "run";
    private static final int MOST_RECENT = 20;

    private static final int RUNNING_REFRESH_MILLIS = 2000;
    private static final int IDLE_REFRESH_MILLIS = 10_000;

    private final SparkUITab tab;
    private final KVStore store;
    private final boolean live;

    /**
     * Makes the page.
     *
     * @param live whether the application goes on, so that more may come
     */
    RunsPage(SparkUITab tab, KVStore store, boolean live) {
        super("");
        this.tab = tab;
        this.store = store;
        this.live = live;
    }

    @Override
    public Seq<Node> render(HttpServletRequest request) {
        String html = html(request, RunListener.runs(store), System.currentTimeMillis());
        return UIUtils.headerSparkPage(request, "Training", () -> nodes(html), tab, Option.empty(), false, false);
    }

    private static Seq<Node> nodes(String html) {
        ArrayBuffer<Node> nodes = new ArrayBuffer<>();
        nodes.$plus$eq(new Unparsed(html));
        return nodes;
    }

    private String html(HttpServletRequest request, List<RunView> runs, long now) {
        String files = UIUtils.prependBaseUri(request, tab.basePath(), TartanTab.STATIC);
        StringBuilder html = new StringBuilder(Html.format(
                "<link rel=\"stylesheet\" href=\"%s/tartan.css\"/><script src=\"%s/tartan.js\" defer=\"defer\"></script>",
                files, files));
        RunView shown = shown(runs, request.getParameter(RUN));
        html.append(Html.format("<div id=\"tartan\" data-refresh-millis=\"%d\">", refreshMillis(runs)));
        if (shown == null) {
            html.append("<p>No run has begun.</p>");
        } else {
            html.append(table(runs, shown, now)).append(heading(shown, now)).append(new RunPanels(shown).html());
        }
        return html.append("</div>").toString();
    }

    /** 0 for never. */
    private int refreshMillis(List<RunView> runs) {
        if (!live) {
            return 0;
        }
        boolean isRunning = runs.stream().anyMatch(run -> run.state() == RunState.RUNNING);
        return isRunning ? RUNNING_REFRESH_MILLIS : IDLE_REFRESH_MILLIS;
    }

    private static @Nullable RunView shown(List<RunView> runs, @Nullable String id) {
        return runs.stream()
                .filter(run -> run.id().equals(id))
                .findFirst()
                .orElse(runs.isEmpty() ? null : runs.get(runs.size() - 1));
    }

    private static String table(List<RunView> runs, RunView shown, long now) {
        StringBuilder html = new StringBuilder("<table class=\"table table-sm table-striped tartan-runs\"><thead><tr>"
                + "<th>Run</th><th>Begun</th><th>Duration</th><th>State</th><th>Steps</th><th>Loss</th><th>Speed</th>"
                + "</tr></thead>");
        for (int i = runs.size() - 1; i >= 0; i--) {
            RunView run = runs.get(i);
            StepPoint last = run.last();
            html.append(Html.format(
                    "<tr%s><td><a href=\"?%s=%s\">%s</a></td><td>%s</td><td>%s</td><td class=\"state-%s\">%s</td>"
                            + "<td>%,d/%,d</td><td>%s</td><td>%s</td></tr>",
                    run.id().equals(shown.id()) ? " class=\"shown\"" : "",
                    RUN,
                    Html.escape(run.id()),
                    Html.escape(title(run)),
                    UIUtils.formatDate(run.started().time()),
                    Html.duration(seconds(run, now)),
                    name(run.state()),
                    name(run.state()),
                    last == null ? 0 : last.step() + 1,
                    run.started().steps(),
                    last == null ? "" : Html.number(last.loss()),
                    last == null
                            ? ""
                            : Html.format(
                                    "%,.0f %s/s",
                                    last.speed(), Html.escape(run.started().unit()))));
        }
        return html.append("</table>").toString();
    }

    private static String heading(RunView run, long now) {
        RunEvent.Started started = run.started();
        StringBuilder html = new StringBuilder(Html.format("<h4>%s</h4>", Html.escape(title(run))));
        html.append(Html.format("<p class=\"tartan-facts\">%,d parameters", started.parameters()));
        StepPoint last = run.last();
        if (last != null) {
            html.append(Html.format(
                    " · step %,d of %,d · loss %s · %,.0f %s/s · %.1f ms a step",
                    last.step() + 1,
                    started.steps(),
                    Html.number(last.loss()),
                    last.speed(),
                    Html.escape(started.unit()),
                    last.millis()));
            Double mfu = run.mfu();
            html.append(mfu == null ? "" : Html.format(" · MFU %.1f %%", 100 * mfu));
            if (run.state() == RunState.RUNNING) {
                html.append(Html.format(
                        " · left %s", Html.duration((started.steps() - last.step() - 1) * recentMillis(run) / 1000)));
            }
        }
        String output = started.output();
        html.append(output == null ? "" : " · results in " + Html.escape(output))
                .append("</p>");
        RunEvent.Ended ended = run.ended();
        if (ended != null && ended.reason() != null) {
            html.append(Html.format(
                    "<p class=\"state-%s\">%s after %s: %s</p>",
                    name(run.state()),
                    name(run.state()),
                    Html.duration(seconds(run, now)),
                    Html.escape(ended.reason())));
        }
        return html.toString();
    }

    /** Of a step, as the mean of the last known ones. */
    private static double recentMillis(RunView run) {
        List<StepPoint> points = run.points();
        return points.subList(Math.max(0, points.size() - MOST_RECENT), points.size()).stream()
                .mapToDouble(StepPoint::millis)
                .average()
                .orElse(0);
    }

    private static String title(RunView run) {
        Map<String, Integer> mesh = run.started().mesh();
        return run.started().network() + ", "
                + mesh.entrySet().stream()
                        .map(axis -> axis.getKey() + "=" + axis.getValue())
                        .collect(Collectors.joining(" x "));
    }

    private static double seconds(RunView run, long now) {
        RunEvent.Ended ended = run.ended();
        return ((ended == null ? now : ended.time()) - run.started().time()) / 1000.0;
    }

    private static String name(RunState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
