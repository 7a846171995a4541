package dev.tartan.train.memory;

/**
 * A process's part in an attempt at a run.
 *
 * @param run tells the run apart from all others, the same in all attempts
 * @param place tells the process apart from others of the run, the same in all attempts of one JVM; for people, too
 * @param attempt from 0
 */
public record AttemptPlace(String run, String place, int attempt) {
    boolean sameRunAndPlace(AttemptPlace other) {
        return run.equals(other.run) && place.equals(other.place);
    }
}
