package dev.tartan.collective.transport.tcp;

import java.util.List;
import java.util.stream.IntStream;

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

    /** What all data connections between two ranks are for. */
    static List<ChannelId> all(long group, int acceptor, int initiator, int streams) {
        return IntStream.range(0, streams)
                .mapToObj(stream -> new ChannelId(group, acceptor, initiator, stream))
                .toList();
    }
}
