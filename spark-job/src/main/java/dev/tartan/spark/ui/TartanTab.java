package dev.tartan.spark.ui;

import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.ui.SparkUI;
import org.apache.spark.ui.SparkUITab;
import org.apache.spark.util.kvstore.KVStore;
import scala.Option;

/** The tab of Spark's UI that shows runs. */
public final class TartanTab extends SparkUITab {
    /** Spark property that leaves out the tab, the gauges, and runs in the event log; true by default. */
    public static final String ENABLED = "spark.tartan.ui.enabled";

    static final String NAME = "Tartan";
    private static final String PREFIX = "tartan";
    static final String STATIC = "/static/tartan";
    private static final String RESOURCES = "dev/tartan/spark/ui/static";

    /** Contexts that have it, guarded by itself. */
    private static final Map<SparkContext, Boolean> ATTACHED = new WeakHashMap<>();

    private TartanTab(SparkUI ui, KVStore store, boolean live) {
        super(ui, PREFIX);
        attachPage(new RunsPage(this, store, live));
        ui.addStaticHandler(RESOURCES, STATIC);
        ui.attachTab(this);
    }

    /** The name that people see, in Spark's own list of tabs. */
    @Override
    public String name() {
        return NAME;
    }

    /** Adds the tab to a context's UI, if it has one, and gauges to its metrics, once; and listens from then on. */
    public static void attach(SparkContext spark) {
        synchronized (ATTACHED) {
            if (ATTACHED.putIfAbsent(spark, true) != null) {
                return;
            }
        }
        KVStore store = spark.statusStore().store();
        RunListener listener = new RunListener(store);
        spark.addSparkListener(listener);
        spark.env().metricsSystem().registerSource(new RunGauges(listener::newest));
        Option<SparkUI> ui = spark.ui();
        if (ui.isDefined()) {
            new TartanTab(ui.get(), store, true);
        }
    }

    /** Where a context's tab is; none if it has no UI. */
    public static Optional<String> url(SparkContext spark) {
        boolean shown = spark.ui().isDefined() && spark.getConf().getBoolean(ENABLED, true);
        return shown ? Optional.of(spark.uiWebUrl().get() + "/" + PREFIX + "/") : Optional.empty();
    }

    /** Adds the tab to what a history server shows of an application. */
    static void attach(SparkUI ui, KVStore store) {
        new TartanTab(ui, store, false);
    }
}
