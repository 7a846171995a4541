package dev.tartan.collective.transport.shm;

/**
 * The file two ranks share, in the byte order of the machine:
 *
 * <pre>
 *    0 magic and version  8
 *    8 bytes of a ring    8
 *   16 token             16   random, so that both can tell that it is the same file
 *  256 pipe from the maker to the other
 * 1280 pipe from the other to the maker
 * 4096 ring of the first pipe
 *    . ring of the second pipe
 *
 * pipe, each number on cache lines of its own, since the two sides write them
 *    0 written            8   bytes put into the ring so far, by the sender
 *  256 consumed           8   bytes taken from it so far, by the receiver
 *  512 receiver sleeps    8   1 while it waits for the bell
 *  768 sender sleeps      8
 * </pre>
 */
final class SharedFileDescriptor {
    static final long MAGIC = 0x7461_7274_616e_0101L;
    static final int TOKEN_BYTES = 16;
    static final int MAGIC_OFFSET = 0;
    static final int RING_BYTES_OFFSET = 8;
    static final int TOKEN_OFFSET = 16;

    static final int WRITTEN_OFFSET = 0;
    static final int CONSUMED_OFFSET = 256;
    static final int RECEIVER_SLEEPS_OFFSET = 512;
    static final int SENDER_SLEEPS_OFFSET = 768;

    private static final int FIRST_PIPE_OFFSET = 256;
    private static final int PIPE_BYTES = 1024;
    private static final int RINGS_OFFSET = 4096;

    private SharedFileDescriptor() {}

    /** Length of the file. */
    static long fileBytes(int ringBytes) {
        return RINGS_OFFSET + 2L * ringBytes;
    }

    static long pipeOffset(int pipe) {
        return FIRST_PIPE_OFFSET + (long) pipe * PIPE_BYTES;
    }

    static long ringOffset(int pipe, int ringBytes) {
        return RINGS_OFFSET + (long) pipe * ringBytes;
    }
}
