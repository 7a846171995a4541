package dev.tartan.spark.ui;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Curves over steps, as SVG. What is no number is left out. */
final class CurveDrawing {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 240;
    private static final int LEFT = 64;
    private static final int RIGHT = 12;
    private static final int TOP = 24;
    private static final int BOTTOM = 34;
    private static final int TICKS = 5;

    private final String unit;
    private final List<Curve> curves = new ArrayList<>();

    /**
     * One curve.
     *
     * @param style a class of tartan.css
     * @param steps x of each point
     * @param values y of each point
     */
    // Drawn once and never compared.
    @SuppressWarnings("ArrayRecordComponent")
    private record Curve(String name, String style, double[] steps, double[] values) {}

    /** Begins with none; {@code unit} stands above the vertical axis. */
    CurveDrawing(String unit) {
        this.unit = unit;
    }

    CurveDrawing add(String name, String style, double[] steps, double[] values) {
        List<double[]> finite = new ArrayList<>();
        for (int i = 0; i < steps.length; i++) {
            if (Double.isFinite(values[i])) {
                finite.add(new double[] {steps[i], values[i]});
            }
        }
        if (!finite.isEmpty()) {
            curves.add(new Curve(
                    name,
                    style,
                    finite.stream().mapToDouble(point -> point[0]).toArray(),
                    finite.stream().mapToDouble(point -> point[1]).toArray()));
        }
        return this;
    }

    /** The picture; a line of text where there is nothing to draw. */
    String draw() {
        if (curves.isEmpty()) {
            return "<p class=\"tartan-none\">No step has been reported yet.</p>";
        }
        double left = extreme(Curve::steps, false);
        double right = Math.max(left + 1, extreme(Curve::steps, true));
        double low = extreme(Curve::values, false);
        double high = extreme(Curve::values, true);
        double tick = tick((high - low) / TICKS, Math.max(Math.abs(low), Math.abs(high)));
        low = Math.floor(low / tick) * tick;
        high = Math.max(low + tick, Math.ceil(high / tick) * tick);
        StringBuilder svg = new StringBuilder(
                Html.format("<svg class=\"tartan-curve\" viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT));
        for (int i = 0; low + i * tick <= high + tick / 2; i++) {
            double y = y(low + i * tick, low, high);
            svg.append(Html.format(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y));
            text(svg, "end", LEFT - 6, y + 4, label(low + i * tick, tick));
        }
        double stepTick = Math.max(1, tick((right - left) / TICKS, right));
        for (double step = Math.ceil(left / stepTick) * stepTick; step <= right; step += stepTick) {
            text(svg, "middle", x(step, left, right), HEIGHT - BOTTOM + 16, Html.format("%,.0f", step));
        }
        text(svg, "end", WIDTH - RIGHT, HEIGHT - 4, "step");
        text(svg, "start", 4, 14, unit);
        legend(svg);
        for (Curve curve : curves) {
            draw(svg, curve, left, right, low, high);
        }
        return svg.append("</svg>").toString();
    }

    private void legend(StringBuilder svg) {
        if (curves.size() < 2) {
            return;
        }
        double x = WIDTH - RIGHT;
        for (int i = curves.size() - 1; i >= 0; i--) {
            Curve curve = curves.get(i);
            svg.append(Html.format(
                    "<text class=\"legend %s\" text-anchor=\"end\" x=\"%.1f\" y=\"14\">%s</text>",
                    curve.style, x, Html.escape(curve.name)));
            x -= 7.0 * curve.name.length() + 16;
        }
    }

    private static void draw(StringBuilder svg, Curve curve, double left, double right, double low, double high) {
        if (curve.steps.length == 1) {
            svg.append(Html.format(
                    "<circle class=\"%s\" r=\"3\" cx=\"%.1f\" cy=\"%.1f\"/>",
                    curve.style, x(curve.steps[0], left, right), y(curve.values[0], low, high)));
            return;
        }
        svg.append(Html.format("<polyline class=\"%s\" points=\"", curve.style));
        for (int i = 0; i < curve.steps.length; i++) {
            svg.append(Html.format("%.1f,%.1f ", x(curve.steps[i], left, right), y(curve.values[i], low, high)));
        }
        svg.append("\"/>");
    }

    private double extreme(Function<Curve, double[]> numbers, boolean highest) {
        double found = highest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        for (Curve curve : curves) {
            for (double value : numbers.apply(curve)) {
                found = highest ? Math.max(found, value) : Math.min(found, value);
            }
        }
        return found;
    }

    /** 1, 2 or 5 times a power of ten, at least a distance; of values that are all the same, a share of them. */
    private static double tick(double distance, double size) {
        double least = Math.max(distance, Math.max(size, 1e-12) * 1e-6);
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (int factor : new int[] {1, 2, 5}) {
            if (factor * power >= least) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String label(double value, double tick) {
        int decimals = (int) Math.max(0, Math.min(9, -Math.floor(Math.log10(tick) + 1e-9)));
        return Html.format("%,." + decimals + "f", value + 0.0);
    }

    private static void text(StringBuilder svg, String anchor, double x, double y, String text) {
        svg.append(Html.format(
                "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", anchor, x, y, Html.escape(text)));
    }

    private static double x(double step, double left, double right) {
        return LEFT + (step - left) / (right - left) * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double low, double high) {
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    }
}
