package dev.tartan.spark.ui;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.spark.metrics.source.Source;
import org.jspecify.annotations.Nullable;

/**
 * The newest run as gauges of Spark's metrics system, under {@code tartan} of the driver, for whatever sinks are
 * configured, Prometheus among them. What is not known is NaN.
 */
final class RunGauges implements Source {
    private static final String NAME = "tartan";

    private final MetricRegistry registry = new MetricRegistry();
    private final Supplier<@Nullable RunView> newest;

    RunGauges(Supplier<@Nullable RunView> newest) {
        this.newest = newest;
        gauge("running", run -> run.state() == RunState.RUNNING ? 1 : 0);
        gauge("steps", run -> (double) run.started().steps());
        gauge("step", ofStep(step -> step.step() + 1.0));
        gauge("loss", ofStep(StepPoint::loss));
        gauge("unitsPerSecond", ofStep(StepPoint::speed));
        gauge("stepMillis", ofStep(StepPoint::millis));
        gauge("mfu", RunView::mfu);
        gauge(
                "validationLoss",
                run -> run.validations().isEmpty()
                        ? null
                        : (Double) run.validations()
                                .get(run.validations().size() - 1)
                                .loss());
    }

    private static Function<RunView, @Nullable Double> ofStep(Function<StepPoint, Double> value) {
        return run -> {
            StepPoint last = run.last();
            return last == null ? null : value.apply(last);
        };
    }

    private void gauge(String name, Function<RunView, ? extends @Nullable Number> value) {
        registry.register(MetricRegistry.name(name), (Gauge<Double>) () -> {
            RunView run = newest.get();
            Number known = run == null ? null : value.apply(run);
            return known == null ? Double.NaN : known.doubleValue();
        });
    }

    @Override
    public String sourceName() {
        return NAME;
    }

    @Override
    public MetricRegistry metricRegistry() {
        return registry;
    }
}
