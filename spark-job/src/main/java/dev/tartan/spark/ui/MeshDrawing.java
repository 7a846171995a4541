package dev.tartan.spark.ui;

import dev.tartan.spark.ui.RunEvent.RankPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which rank is on which executor, host and GPU, as a table: the last axis of the mesh goes across, all others down.
 * Ranks of one executor have one colour.
 */
final class MeshDrawing {
    private static final int COLOURS = 8;

    /** A mesh this large is read as a list better than as a picture. */
    private static final int MOST_RANKS = 1024;

    private MeshDrawing() {}

    static String draw(Map<String, Integer> mesh, List<RankPlace> ranks) {
        if (ranks.isEmpty()) {
            return "<p class=\"tartan-none\">Its ranks have not begun yet.</p>";
        }
        List<Map.Entry<String, Integer>> axes = new ArrayList<>(mesh.entrySet());
        String last = axes.get(axes.size() - 1).getKey();
        int across = axes.get(axes.size() - 1).getValue();
        List<String> executors =
                ranks.stream().map(RankPlace::executor).distinct().toList();
        StringBuilder html = new StringBuilder("<table class=\"tartan-mesh\"><tr><th></th>");
        for (int column = 0; column < across; column++) {
            html.append(Html.format("<th>%s=%d</th>", Html.escape(last), column));
        }
        html.append("</tr>");
        for (int first = 0; first < Math.min(ranks.size(), MOST_RANKS); first += across) {
            html.append(Html.format("<tr><th>%s</th>", Html.escape(coordinates(axes, first / across))));
            for (RankPlace rank : ranks.subList(first, Math.min(first + across, ranks.size()))) {
                cell(html, rank, executors.indexOf(rank.executor()) % COLOURS);
            }
            html.append("</tr>");
        }
        html.append("</table>");
        if (ranks.size() > MOST_RANKS) {
            html.append(Html.format("<p>and %,d more ranks</p>", ranks.size() - MOST_RANKS));
        }
        return html.toString();
    }

    private static void cell(StringBuilder html, RankPlace rank, int colour) {
        String gpu = rank.gpu();
        html.append(Html.format(
                "<td class=\"executor-%d\"><b>rank %d</b><br/>executor %s%s%s</td>",
                colour,
                rank.rank(),
                Html.escape(rank.executor()),
                rank.host().isEmpty() ? "" : "<br/>" + Html.escape(rank.host()),
                gpu == null ? "" : "<br/>GPU " + Html.escape(gpu)));
    }

    /** Of all axes but the last. */
    private static String coordinates(List<Map.Entry<String, Integer>> axes, int row) {
        int rest = row;
        StringBuilder text = new StringBuilder();
        for (int i = axes.size() - 2; i >= 0; i--) {
            int size = axes.get(i).getValue();
            text.insert(0, axes.get(i).getKey() + "=" + rest % size + (text.length() == 0 ? "" : ", "));
            rest /= size;
        }
        return text.toString();
    }
}
