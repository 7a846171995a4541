package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.network.LanguageModel;
import dev.tartan.random.Philox;
import dev.tartan.train.graph.LogitsGraph;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Lets a trained byte-level network write text, one byte at a time, on the mesh of its logits program with every rank
 * in this process. Used once.
 */
final class TextSampler {
    private static final int NUM_BYTES = 200;
    private static final double TEMPERATURE = 0.7;
    private static final int STREAM = 1;

    private final TrainingPlan plan;
    private final CompiledProgram logits;
    private final LanguageModel network;
    private final Backend backend;
    private final byte[] text = new byte[NUM_BYTES + 1];

    TextSampler(TrainingPlan plan, CompiledProgram logits, LanguageModel network, Backend backend) {
        this.plan = plan;
        this.logits = logits;
        this.network = network;
        this.backend = backend;
    }

    /** The text after a line feed, from the parameters in a file; bytes that are no text are escaped. */
    String sample(Path parameters) throws InterruptedException {
        text[0] = '\n';
        try (CheckpointFiles file = CheckpointFiles.open(parameters);
                MeshCommunicators communicators =
                        CommunicationOptions.withinProcess(logits.program().mesh(), plan.collective())) {
            new MeshRun(backend, ProcessRanks.all(communicators))
                    .run((rank, device) -> generate(rank, device, file, communicators));
        }
        return PrintableText.of(Arrays.copyOfRange(text, 1, text.length));
    }

    private void generate(int rank, Device device, CheckpointFiles file, MeshCommunicators communicators)
            throws InterruptedException {
        try (RankExecutor executor = new RankExecutor(logits.program(), logits.memory(), rank, device, communicators)) {
            for (PlannedState parameter : plan.parameters()) {
                executor.input(parameter.name())
                        .write(ParameterFile.read(
                                file, parameter.name(), logits.program().mesh(), parameter, rank));
            }
            int context = network.context();
            int[] window = new int[context];
            float[] values = new float[context * network.vocab()];
            byte[] own = new byte[NUM_BYTES + 1];
            own[0] = text[0];
            for (int length = 1; length <= NUM_BYTES; length++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("sampling was interrupted");
                }
                int first = Math.max(0, length - context);
                for (int i = first; i < length; i++) {
                    window[i - first] = own[i] & 0xFF;
                }
                executor.input(LanguageModel.TOKENS).write(window);
                executor.run();
                executor.output(LogitsGraph.LOGITS).read(values);
                // Every rank draws the same byte from the same logits, so none needs to be told.
                own[length] = (byte) draw(values, (length - 1 - first) * network.vocab(), length);
            }
            if (rank == 0) {
                System.arraycopy(own, 0, text, 0, own.length);
            }
        }
    }

    private int draw(float[] values, int offset, int position) {
        int choices = Math.min(network.vocab(), 256);
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < choices; i++) {
            max = Math.max(max, values[offset + i]);
        }
        double total = 0;
        double[] weights = new double[choices];
        for (int i = 0; i < choices; i++) {
            weights[i] = Math.exp((values[offset + i] - max) / TEMPERATURE);
            total += weights[i];
        }
        int[] words = new int[4];
        Philox.block(plan.train().seed(), position, 0, STREAM, words);
        double target = Philox.toUniform(words[0]) * total;
        for (int i = 0; i < choices; i++) {
            target -= weights[i];
            if (target < 0) {
                return i;
            }
        }
        return choices - 1;
    }
}
