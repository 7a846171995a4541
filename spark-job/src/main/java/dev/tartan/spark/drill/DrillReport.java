package dev.tartan.spark.drill;

import java.util.List;

/**
 * What came of a drill. Plain data.
 *
 * @param outcomes of the faults that the run recovered from
 * @param missed faults that the run ended without or did not recover from
 * @param unexpected failures that were nobody's doing
 * @param finalLoss of the disturbed run
 * @param sameLosses whether all losses are bitwise those of the undisturbed run
 * @param sameParameters whether the trained parameters are
 * @param leftOver processes, files and shared memory
 */
public record DrillReport(
        List<FaultOutcome> outcomes,
        int missed,
        List<String> unexpected,
        double finalLoss,
        boolean sameLosses,
        boolean sameParameters,
        List<String> leftOver) {
    public DrillReport {
        outcomes = List.copyOf(outcomes);
        unexpected = List.copyOf(unexpected);
        leftOver = List.copyOf(leftOver);
    }

    /** Whether the run came out as if nothing had happened, and nothing is left over. */
    public boolean isGood() {
        return missed == 0 && sameLosses && sameParameters && leftOver.isEmpty();
    }
}
