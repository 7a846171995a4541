package dev.tartan.train;

/** Ends a run whose numbers are no numbers any more. The same run would end so again. */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private NonFiniteException(String message) {
        super(message);
    }

    /** A step gave a loss or a gradient norm that is NaN or infinite. */
    static NonFiniteException ofStep(long step, double loss, double gradNorm) {
        return new NonFiniteException("loss or gradient norm is not finite: step=" + step + ", loss=" + loss
                + ", gradNorm=" + gradNorm + ". Lower optimizer.learningRate, check the data, or set"
                + " train.onNonFinite=skip to leave such steps out.");
    }

    /** The last update made a parameter NaN or infinite. */
    static NonFiniteException ofParameter(String name, long step) {
        return new NonFiniteException("parameter is not finite after its last update: parameter=" + name + ", step="
                + step + ". Lower optimizer.learningRate.");
    }
}
