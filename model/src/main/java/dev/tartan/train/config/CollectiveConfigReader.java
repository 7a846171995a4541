package dev.tartan.train.config;

import dev.tartan.collective.transport.tcp.PortRange;

/** Reads the section {@code collective}. */
final class CollectiveConfigReader {
    private static final int MAX_SEGMENT_BYTES = 64 << 20;
    private static final int MAX_STREAMS = 16;

    /** Several heartbeats. */
    private static final int LEAST_SILENCE_SECONDS = 2;

    private static final int MAX_SILENCE_SECONDS = 3600;
    private static final int MAX_MESSAGE_DELAY_MILLIS = 1000;
    private static final String PORT_RANGE = "portRange";

    private final ConfigSource source;
    private final ConfigSection section;

    CollectiveConfigReader(ConfigSource source, ConfigSection section) {
        this.source = source;
        this.section = section;
    }

    CollectiveConfig read() {
        return new CollectiveConfig(
                section.constant("transport", CollectiveConfig.Transport.class),
                section.constant("algorithm", CollectiveConfig.Algorithm.class),
                section.multiple("segmentBytes", Long.BYTES, MAX_SEGMENT_BYTES),
                section.integer("timeoutSeconds", 1),
                section.integer("connectTimeoutSeconds", 1),
                section.integer("silenceSeconds", LEAST_SILENCE_SECONDS, MAX_SILENCE_SECONDS),
                section.address("bindAddress"),
                portRange(),
                section.flag("encrypt"),
                section.integer("streams", 0, MAX_STREAMS),
                section.integer("messageDelayMillis", 0, MAX_MESSAGE_DELAY_MILLIS));
    }

    private String portRange() {
        String text = section.text(PORT_RANGE);
        String key = "collective." + PORT_RANGE;
        if (source.good(key)) {
            try {
                PortRange.parse(text);
            } catch (IllegalArgumentException e) {
                String message = String.valueOf(e.getMessage());
                source.mistake(key, message.startsWith(key + " ") ? message.substring(key.length() + 1) : message);
            }
        }
        return text;
    }
}
