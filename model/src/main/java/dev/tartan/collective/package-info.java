/**
 * What ranks say to one another: {@link dev.tartan.collective.Communicator} and the plain data around it. Depends on
 * the JDK and on {@link dev.tartan.graph.DType} only; never knows about graphs, programs, ND4J or Spark.
 *
 * <p>Collectives work on {@link dev.tartan.collective.MemoryRegion}, an address and a length in native memory, and not
 * on {@code ByteBuffer}: a direct buffer ends at 2 GiB, which an embedding table or an arena passes, and would have to
 * be created through JNI for memory that ND4J or CUDA allocated. Not on JavaCPP's {@code Pointer} either: its bulk
 * reads cross JNI for every tile, and it would tie this package to a backend. The memory is read by
 * {@link dev.tartan.collective.NativeMemory} through method handles on {@code sun.misc.Unsafe}, which compile to the
 * same code as direct calls but leave no compiler warning. A socket needs a {@code ByteBuffer}: one is laid over the
 * memory of each message in turn ({@link dev.tartan.collective.NativeMemory#place}), so nothing is copied or allocated.
 */
@NullMarked
package dev.tartan.collective;

import org.jspecify.annotations.NullMarked;
