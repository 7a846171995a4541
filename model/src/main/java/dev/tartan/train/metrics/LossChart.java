package dev.tartan.train.metrics;

import dev.tartan.checkpoint.OutputException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the loss over the steps, and that of validation, as {@code loss.png}; needs no display. */
public final class LossChart {
    /** Name of the file in the output folder. */
    public static final String FILE_NAME = "loss.png";

    private static final int WIDTH_PIXELS = 1000;
    private static final int HEIGHT_PIXELS = 600;

    /** From this many steps on, a smoothed curve is drawn over the losses. */
    private static final int SMOOTH_FROM_STEPS = 50;

    /** From this many steps on, the axis has room for round numbers only. */
    private static final int ROUND_TICKS_FROM_STEPS = 20;

    private static final Color LOSS = new Color(0x1f77b4);
    private static final Color FAINT_LOSS = new Color(0xb5cfe4);
    private static final Color VALIDATION = new Color(0xd62728);

    private LossChart() {}

    /**
     * Writes the chart into a folder, which is made where missing. Losses that are no numbers are left out.
     *
     * @param title what stands above the chart
     * @param validations of the run, each drawn at the step after which it was made; none if it was not validated
     * @throws OutputException if that fails
     */
    public static void write(Path folder, String title, List<StepMetrics> steps, List<ValidationMetrics> validations) {
        Path path = folder.resolve(FILE_NAME);
        // Spark's and servers' JVMs have no display, and asking for one would fail.
        System.setProperty("java.awt.headless", "true");
        try {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            BitmapEncoder.saveBitmap(draw(title, steps, validations), png, BitmapFormat.PNG);
            WholeFile.write(path, png.toByteArray());
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }

    private static XYChart draw(String title, List<StepMetrics> steps, List<ValidationMetrics> validations) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH_PIXELS)
                .height(HEIGHT_PIXELS)
                .title(title)
                .xAxisTitle("step")
                .yAxisTitle("loss")
                .build();
        chart.getStyler()
                .setLegendPosition(LegendPosition.InsideNE)
                .setLegendBorderColor(Color.LIGHT_GRAY)
                .setChartBackgroundColor(Color.WHITE)
                .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18))
                .setChartPadding(20);
        chart.getStyler()
                .setPlotGridLinesColor(new Color(0xdddddd))
                .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15))
                .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
                .setXAxisTickMarkSpacingHint(90)
                .setXAxisDecimalPattern("0")
                .setYAxisDecimalPattern("0.0##");
        List<Double> numbers = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        for (StepMetrics step : steps) {
            if (Double.isFinite(step.loss())) {
                numbers.add((double) step.step());
                losses.add(step.loss());
            }
        }
        boolean smooth = losses.size() >= SMOOTH_FROM_STEPS;
        if (!losses.isEmpty()) {
            addLine(chart, "loss", numbers, losses, smooth ? FAINT_LOSS : LOSS, smooth ? 1 : 2);
        }
        if (smooth) {
            int window = Math.max(5, losses.size() / 25) | 1;
            addLine(chart, "mean of " + window + " steps", numbers, smoothed(losses, window), LOSS, 2.5f);
        }
        boolean validated = addValidations(chart, validations);
        chart.getStyler().setLegendVisible(smooth || validated);
        return chart;
    }

    private static boolean addValidations(XYChart chart, List<ValidationMetrics> validations) {
        List<Double> numbers = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        for (ValidationMetrics validation : validations) {
            if (Double.isFinite(validation.loss())) {
                numbers.add((double) validation.step());
                losses.add(validation.loss());
            }
        }
        if (losses.isEmpty()) {
            return false;
        }
        addLine(chart, "validation loss", numbers, losses, VALIDATION, 2);
        return true;
    }

    private static void addLine(
            XYChart chart, String name, List<Double> steps, List<Double> losses, Color color, float width) {
        List<Double> x = new ArrayList<>(steps);
        List<Double> y = new ArrayList<>(losses);
        if (losses.size() > ROUND_TICKS_FROM_STEPS) {
            // XChart labels evenly spaced values themselves (0, 19, 38 ...); a point out of step makes it take round
            // ones.
            x.add(1, steps.get(0) + 1e-3);
            y.add(1, losses.get(0));
        }
        XYSeries series = chart.addSeries(name, x, y);
        // A single step is a point, not a line.
        series.setMarker(losses.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(color);
        series.setLineColor(color);
        series.setLineStyle(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    }

    /**
     * The mean over a window around each value, cut off evenly at the steep beginning, and at the end by what is not
     * there yet, so that the last value alone does not make the line jump.
     */
    static List<Double> smoothed(List<Double> values, int window) {
        double[] sums = new double[values.size() + 1];
        for (int i = 0; i < values.size(); i++) {
            sums[i + 1] = sums[i] + values.get(i);
        }
        List<Double> means = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            int back = Math.min(window / 2, i);
            int ahead = Math.min(back, values.size() - 1 - i);
            means.add((sums[i + ahead + 1] - sums[i - back]) / (back + 1 + ahead));
        }
        return means;
    }
}
