package dev.tartan.spark.ui;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.status.AppHistoryServerPlugin;
import org.apache.spark.status.ElementTrackingStore;
import org.apache.spark.ui.SparkUI;
import org.apache.spark.util.kvstore.KVStore;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Shows the runs of an application in Spark's history server, which finds this by its name in META-INF/services. */
public final class HistoryPlugin implements AppHistoryServerPlugin {
    @Override
    public Seq<SparkListener> createListeners(SparkConf conf, ElementTrackingStore store) {
        return JavaConverters.asScalaBuffer(List.<SparkListener>of(new RunListener(store)));
    }

    /** Applications without a run have no tab. */
    @Override
    public void setupUI(SparkUI ui) {
        KVStore store = ui.store().store();
        if (!RunListener.runs(store).isEmpty()) {
            TartanTab.attach(ui, store);
        }
    }

    @Override
    public int displayOrder() {
        return Integer.MAX_VALUE;
    }
}
