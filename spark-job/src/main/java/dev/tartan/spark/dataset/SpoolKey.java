package dev.tartan.spark.dataset;

import java.util.List;

/**
 * What a spool has: equal keys are of equal rows, wherever they are.
 *
 * @param application Spark's id of the application that shuffled them
 * @param shuffle number of the shuffle there
 * @param runs of rows
 */
record SpoolKey(String application, int shuffle, List<RowRun> runs) {
    SpoolKey {
        runs = List.copyOf(runs);
    }
}
