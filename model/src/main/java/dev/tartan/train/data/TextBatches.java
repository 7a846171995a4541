package dev.tartan.train.data;

import dev.tartan.mesh.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Samples of consecutive bytes of text, a byte being a token. Where a sample starts is a hash of the seed and the
 * sample's number in the run, so it depends on neither the mesh nor on samples before it.
 */
final class TextBatches implements BatchSource {
    private final byte[] text;
    private final int sampleTokens;
    private final int globalBatch;
    private final long seed;
    private final List<String> notes;

    private TextBatches(byte[] text, int sampleTokens, int globalBatch, long seed, List<String> notes) {
        this.text = text;
        this.sampleTokens = sampleTokens;
        this.globalBatch = globalBatch;
        this.seed = seed;
        this.notes = notes;
    }

    /**
     * Reads a text file, or all text files below a folder.
     *
     * @param output the folder of the run's results, which are not its data; null for none
     * @throws IllegalArgumentException if the text is missing, unreadable, or shorter than one sample
     */
    static TextBatches open(Path path, @Nullable Path output, int context, int globalBatch, long seed) {
        TextFiles files = TextFiles.find(path, output);
        byte[] text = files.read();
        String skipped = files.skipped();
        if (text.length < context + 1L) {
            throw new IllegalArgumentException("text data is " + (text.length == 0 ? "empty" : "too short")
                    + ": data.path=" + path + ", bytes=" + text.length + ", needed=" + (context + 1L)
                    + " (network.context + 1)" + (skipped.isEmpty() ? "" : ", skipped=" + skipped)
                    + ". Give more text or a smaller network.context.");
        }
        List<String> notes = skipped.isEmpty()
                ? List.of()
                : List.of("not all of data.path is read: files=" + files.files().size() + ", skipped=" + skipped);
        return new TextBatches(text, context + 1, globalBatch, seed, notes);
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    /** The length of all of the text in bytes. */
    int numBytes() {
        return text.length;
    }

    /** The tokens of samples: {@code [count, context+1]}. */
    @Override
    public HostBatch samples(long step, int first, int count) {
        return batch(count, sample -> start(step * globalBatch + first + sample));
    }

    private HostBatch batch(int count, IntUnaryOperator starts) {
        int[] tokens = new int[count * sampleTokens];
        for (int sample = 0; sample < count; sample++) {
            int start = starts.applyAsInt(sample);
            for (int i = 0; i < sampleTokens; i++) {
                tokens[sample * sampleTokens + i] = text[start + i] & 0xff;
            }
        }
        return new HostBatch(Map.of(HostBatch.TOKENS, HostTensor.ofInts(Shape.shape(count, sampleTokens), tokens)));
    }

    private int start(long sample) {
        return (int) Long.remainderUnsigned(mix(mix(seed) + sample), text.length - sampleTokens + 1L);
    }

    /** SplitMix64's increment and finalizer (Steele, Lea and Flood 2014, figure 17). */
    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /**
     * The text cut into samples: the last token of one is the first of the next, so that each but the first of all is
     * predicted once. What is left over at the end is too short for a sample and left out.
     */
    SampleSet set() {
        return new SampleSet() {
            @Override
            public long numSamples() {
                return (text.length - 1L) / (sampleTokens - 1);
            }

            @Override
            public HostBatch samples(long first, int count) {
                return batch(count, sample -> Math.toIntExact((first + sample) * (sampleTokens - 1)));
            }

            @Override
            public void close() {
                // Nothing is open: the text is in memory.
            }
        };
    }

    @Override
    public void close() {
        // Nothing is open: the text is in memory.
    }
}
