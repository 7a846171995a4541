package dev.tartan.collective.transport.tcp;

/**
 * What a data connection is for.
 *
 * @param group see {@link dev.tartan.collective.transport.RankGroup#id}
 * @param acceptor group rank in the lower process
 * @param initiator group rank in the higher process, which opens the connection
 * @param stream number among several connections between the two
 */
record ChannelId(long group, int acceptor, int initiator, int stream) {
    /** What a control connection is for: no ranks in particular. */
    static final ChannelId NONE = new ChannelId(0, 0, 0, 0);
}
