package dev.tartan.train.data;

import dev.tartan.network.BatchField;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.path.UriPath;
import java.nio.file.Path;

/**
 * The bytes of a text file, or of all text files below a folder, a byte being a token.
 *
 * @param path the file or folder; relative to the working directory unless absolute, or in a store ({@link UriPath#of})
 */
public record TextSamples(Path path) implements SampleSource {
    /** Different values of a byte. */
    public static final int BYTE_VALUES = 256;

    /** Takes a path that is not a URI taken for a local one. */
    public TextSamples {
        UriPath.checked(path);
    }

    @Override
    public PresentFields fields(Network network) {
        if (!(network instanceof LanguageModel)) {
            throw new IllegalArgumentException("network does not read text: network=" + network.title()
                    + ", data.kind=text. Set data.kind=batches, or use a language model.");
        }
        return PresentFields.REQUIRED;
    }

    @Override
    public SampleSet openAll(BatchSpec spec) {
        return openText(spec).set();
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        return openText(spec);
    }

    private TextBatches openText(BatchSpec spec) {
        BatchField tokens = spec.fields().get(0);
        if (tokens.limit() < BYTE_VALUES) {
            throw new IllegalArgumentException("vocabulary is too small for bytes of text: vocab=" + tokens.limit()
                    + ", data.path=" + path + ". Give " + BYTE_VALUES + " or more.");
        }
        return TextBatches.open(
                path, spec.output(), Math.toIntExact(tokens.sampleShape().dim(0)) - 1, spec.globalBatch(), spec.seed());
    }
}
