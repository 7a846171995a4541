package dev.tartan.partition;

/**
 * What {@link ScheduleCollectives} is to do.
 *
 * @param bucketBytes collectives are joined until they carry this many bytes; 0 joins none
 * @param prefetchBytes most bytes of parameters that are gathered ahead of use; 0 gathers where they are used
 * @param reduceEarly whether gradients are reduced as they come about, rather than all after the backward pass
 */
public record CollectiveSchedule(long bucketBytes, long prefetchBytes, boolean reduceEarly) {}
