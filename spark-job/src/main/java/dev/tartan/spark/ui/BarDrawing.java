package dev.tartan.spark.ui;

import java.util.ArrayList;
import java.util.List;

/** Bars that are made of parts, one below the other, all to the same scale, as HTML. */
final class BarDrawing {
    private final List<Bar> bars = new ArrayList<>();

    /**
     * A part of a bar.
     *
     * @param style a class of tartan.css
     * @param size in the unit of all bars, at least 0
     * @param text its size for people
     */
    record Part(String name, String style, double size, String text) {}

    private record Bar(String name, List<Part> parts, String text) {
        double size() {
            return parts.stream().mapToDouble(Part::size).sum();
        }
    }

    /** Adds one; {@code text} stands after it. */
    BarDrawing add(String name, List<Part> parts, String text) {
        bars.add(new Bar(name, List.copyOf(parts), text));
        return this;
    }

    /** The picture, with a legend. */
    String draw() {
        double longest = bars.stream().mapToDouble(Bar::size).max().orElse(0);
        StringBuilder html = new StringBuilder("<table class=\"tartan-bars\">");
        for (Bar bar : bars) {
            html.append(Html.format("<tr><th>%s</th><td><div class=\"bar\">", Html.escape(bar.name)));
            for (Part part : bar.parts) {
                if (part.size > 0) {
                    html.append(Html.format(
                            "<span class=\"%s\" style=\"width:%.2f%%\" title=\"%s\"></span>",
                            part.style, 100 * part.size / longest, Html.escape(part.name + ": " + part.text)));
                }
            }
            html.append(Html.format("</div></td><td class=\"size\">%s</td></tr>", Html.escape(bar.text)));
        }
        html.append("</table><p class=\"tartan-legend\">");
        if (!bars.isEmpty()) {
            for (Part part : bars.get(0).parts) {
                html.append(Html.format(
                        "<span class=\"key\"><i class=\"%s\"></i>%s%s</span>",
                        part.style, Html.escape(part.name), bars.size() == 1 ? " " + Html.escape(part.text) : ""));
            }
        }
        return html.append("</p>").toString();
    }
}
