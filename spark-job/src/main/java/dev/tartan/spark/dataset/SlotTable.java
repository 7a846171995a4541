package dev.tartan.spark.dataset;

import java.io.Serializable;

/**
 * Where the rows of a frame go. Rows are numbered in the order of their hashes. A slot is a position in the global
 * batch, and has a run of rows as its column; an epoch goes through each column in an order of its own. With 7 rows and
 * a global batch of 3:
 *
 * <pre>
 *   slot         0       1       2
 *   rows        0 1     2 3    4 5 6     3 steps: in one of them slots 0 and 1 have no row left
 * </pre>
 *
 * @param numRows rows of the frame, 1 or more
 * @param globalBatch number of slots
 * @param dropLast whether an epoch ends before the batch that is not full
 * @param parts in which a batch is given, one a step
 */
record SlotTable(long numRows, int globalBatch, boolean dropLast, SequenceParts parts) implements Serializable {
    private static final long serialVersionUID = 2;

    /** Slots whose batches are steps. */
    SlotTable(long numRows, int globalBatch, boolean dropLast) {
        this(numRows, globalBatch, dropLast, SequenceParts.WHOLE);
    }

    /** The first row of a slot's column; that of the slot after the last is the number of rows. */
    long first(int slot) {
        // Without overflow: numRows * slot / globalBatch.
        return numRows / globalBatch * slot + numRows % globalBatch * slot / globalBatch;
    }

    /** Length of a slot's column: 0 where there are fewer rows than slots. */
    long length(int slot) {
        return first(slot + 1) - first(slot);
    }

    /** The end of the rows that a slot needs: one without rows is filled up with the row where its column would be. */
    long neededEnd(int slot) {
        return Math.max(first(slot) + 1, first(slot + 1));
    }

    /** Steps of an epoch; 0 if there are fewer rows than slots and those are dropped. */
    long stepsPerEpoch() {
        return batchesPerEpoch() * parts.count();
    }

    /** Batches of an epoch, each of which is a step or more. */
    long batchesPerEpoch() {
        return dropLast ? numRows / globalBatch : (numRows + globalBatch - 1) / globalBatch;
    }

    /** Whether some step of an epoch has slots without a row. */
    boolean isRagged() {
        return !dropLast && numRows % globalBatch != 0;
    }
}
