package dev.tartan.spark.dl4j;

/**
 * How a {@link MeshTrainingMaster} trains. JSON has all of them by name.
 *
 * @param dataSetExamples examples in one DataSet of an RDD, as DL4J's masters want to know; they may have any number
 * @param data size of the mesh's axis of that name
 * @param model size of the other
 * @param strategy a word of Tartan's: {@code zero0} to {@code zero3}, or {@code auto}
 * @param batchSizePerWorker examples of a step on one rank along {@code data}
 * @param microBatches in how many parts a step is run
 * @param checkpointDirectory where checkpoints are; empty for none
 * @param checkpointEverySteps steps between two; 0 for one a minute
 * @param shuffleSeed of the order of examples, and of dropout
 * @param dropLast whether examples that do not fill a batch are left out, others in each epoch
 * @param correct whether to compute what is meant where DL4J does otherwise
 */
record MeshSettings(
        int dataSetExamples,
        int data,
        int model,
        String strategy,
        int batchSizePerWorker,
        int microBatches,
        String checkpointDirectory,
        int checkpointEverySteps,
        long shuffleSeed,
        boolean dropLast,
        boolean correct) {
    /** Examples of a step on all ranks together. */
    int globalBatch() {
        return Math.multiplyExact(batchSizePerWorker, data);
    }
}
