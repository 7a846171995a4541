package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import java.util.List;

/** A collective as it is enqueued on the streams of its communicator. Made once, enqueued in each run. */
interface CollectiveWork {
    /** Memory of the device that it reads. */
    List<Buffer> reads();

    /** Memory of the device that it writes; may be read too. */
    List<Buffer> writes();

    /** What its calls have an order on. */
    Object channel();

    /** The axes it goes along. */
    String axis();

    /** Whether it copies on streams beside that of its calls, whose order so says too little. */
    boolean copies();

    /** Tasks that it enqueues. */
    int numCalls();

    /** Enqueues it, to begin when what was enqueued before on the stream it begins with is done. */
    void enqueue(CommunicationStream stream);
}
