package dev.tartan.spark.runtime;

import java.lang.reflect.Field;
import java.util.Timer;
import java.util.TimerTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark 3.5's timer of barrier tasks, which tells now and then which tasks still wait. Its thread is no daemon and
 * never ends, so that in local mode a program whose main method returns would stay for ever. Spark 4 has mended that.
 */
final class BarrierTimer {
    private static final Logger LOG = LoggerFactory.getLogger(BarrierTimer.class);
    private static final String OWNER = "org.apache.spark.BarrierTaskContext$";
    private static final String FIELD = "org$apache$spark$BarrierTaskContext$$timer";

    /** For a task that has just read the field to use the old timer. */
    private static final long GRACE_MILLIS = 1000;

    private static boolean replaced;

    private BarrierTimer() {}

    /** Puts a timer whose thread is a daemon in its place, in this process. */
    static synchronized void letProgramsEnd() {
        if (replaced) {
            return;
        }
        replaced = true;
        try {
            Class<?> owner = Class.forName(OWNER);
            Object module = owner.getField("MODULE$").get(null);
            Field field = owner.getDeclaredField(FIELD);
            field.setAccessible(true);
            if (field.get(module) instanceof Timer before) {
                field.set(module, new Timer("Barrier task timer", true));
                before.schedule(
                        new TimerTask() {
                            @Override
                            public void run() {
                                before.cancel();
                            }
                        },
                        GRACE_MILLIS);
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.debug("timer of barrier tasks is as it was: programs in local mode end by System.exit alone", e);
        }
    }
}
