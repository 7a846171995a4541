package dev.tartan.plan;

/** Which of Tartan's backends a device is used by. */
public enum DeviceKind {
    /** The cores of the CPU. */
    CPU("cpu"),
    /** A GPU by ND4J's CUDA kernels. */
    ND4J_CUDA("nd4j-cuda"),
    /** A GPU by Tartan's own kernels. */
    CUDA("cuda");

    private final String word;

    DeviceKind(String word) {
        this.word = word;
    }

    /** As configs spell it. */
    @Override
    public String toString() {
        return word;
    }
}
