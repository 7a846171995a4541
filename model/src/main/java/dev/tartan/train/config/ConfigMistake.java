package dev.tartan.train.config;

/**
 * One thing wrong in a config.
 *
 * @param key full key, such as {@code network.heads}; empty where a file as a whole is wrong
 * @param origin where it was said, such as {@code conf/gpt.conf:12} or {@code --set train.steps=0}
 * @param message what is wrong and what to do, naming the key
 */
public record ConfigMistake(String key, String origin, String message) {
    /** For example {@code conf/gpt.conf:12: train.steps is out of range: value=0. Give 1 or more.} */
    @Override
    public String toString() {
        return origin.isEmpty() ? message : origin + ": " + message;
    }
}
