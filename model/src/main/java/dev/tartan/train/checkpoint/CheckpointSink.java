package dev.tartan.train.checkpoint;

/** Is told by ranks of what they wrote of checkpoints. Safe for use by many threads. */
@FunctionalInterface
public interface CheckpointSink {
    /** A rank has written its part, or failed to. Returns once this is known to whoever commits the checkpoint. */
    void written(RankPart part);
}
