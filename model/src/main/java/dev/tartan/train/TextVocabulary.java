package dev.tartan.train;

import java.util.List;
import java.util.Map;

/**
 * What the bytes of a text mean to a network, whose tokens they are fed as: 0 to 255. A network trained on bytes may
 * have a larger vocabulary, and says in its file that its tokens are bytes; any other of a larger vocabulary has the
 * tokens of a tokenizer, to which bytes mean something else.
 */
final class TextVocabulary {
    private static final int BYTE_VALUES = 256;
    private static final String TOKENS = "tokens";
    private static final String BYTES = "bytes";

    private TextVocabulary() {}

    /** The metadata of the file that a run on text writes. */
    static Map<String, String> metadata() {
        return Map.of(TOKENS, BYTES);
    }

    /** What a user may want to know of a network of so many tokens that starts from random values. */
    static List<String> notes(int vocab) {
        return vocab <= BYTE_VALUES
                ? List.of()
                : List.of("tokens " + BYTE_VALUES + " and above never occur in bytes of text: network.vocab=" + vocab
                        + ", data.kind=text. Set network.vocab=" + BYTE_VALUES + ", or give tokens of your own with"
                        + " data.kind=batches.");
    }

    /**
     * Checks that bytes are the tokens of a checkpoint.
     *
     * @param vocab of the network that it fits
     * @throws IllegalArgumentException if they are not, or nothing says so
     */
    static void check(int vocab, InitialParameters initial) {
        if (vocab > BYTE_VALUES && !BYTES.equals(initial.metadata().get(TOKENS))) {
            throw new IllegalArgumentException("data.kind=text feeds bytes as tokens 0 to 255, but init.from has the"
                    + " vocabulary of a tokenizer: network.vocab=" + vocab + ", init.from=" + initial.from()
                    + ". Give the tokenizer's tokens with data.kind=batches; only files that Tartan itself trained on"
                    + " text (metadata tokens=bytes) may have more than 256 tokens here.");
        }
    }
}
