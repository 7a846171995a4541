package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.NativeMemory;
import org.jspecify.annotations.Nullable;

/**
 * Where one rank of a process hands messages to another, one after the other. The receiver copies from the sender's
 * memory while the sender waits.
 */
final class Mailbox {
    /** How a call ended. */
    enum End {
        DONE,
        MISMATCH,
        LATE,
        INTERRUPTED,
        /** The group had ended. */
        ENDED
    }

    private @Nullable CollectiveCall message;
    private long sent;
    private long received;
    private String mismatch = "";

    synchronized End send(CollectiveCall call, SharedFate fate, long deadlineNanos) {
        End end = await(() -> message == null, fate, deadlineNanos);
        if (end != End.DONE) {
            return end;
        }
        message = call;
        sent++;
        notifyAll();
        long number = sent;
        end = await(() -> received >= number, fate, deadlineNanos);
        if (end != End.DONE) {
            message = null;
        }
        return end;
    }

    synchronized End receive(CollectiveCall call, SharedFate fate, long deadlineNanos) {
        End end = await(() -> message != null, fate, deadlineNanos);
        CollectiveCall from = message;
        if (end != End.DONE || from == null) {
            return end;
        }
        boolean fits = from.type() == call.type()
                && from.input().bytes() == call.output().bytes()
                && from.tag().equals(call.tag());
        if (!fits) {
            mismatch = from.describe();
            return End.MISMATCH;
        }
        // Under the lock, so that the sender cannot give up, and free its memory, meanwhile.
        NativeMemory.copy(
                from.input().address(), call.output().address(), call.output().bytes());
        message = null;
        received++;
        notifyAll();
        return End.DONE;
    }

    private interface Condition {
        boolean holds();
    }

    private End await(Condition condition, SharedFate fate, long deadlineNanos) {
        while (!condition.holds()) {
            long millis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (fate.failure() != null) {
                return End.ENDED;
            }
            if (millis <= 0) {
                return End.LATE;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return End.INTERRUPTED;
            }
        }
        return fate.failure() == null ? End.DONE : End.ENDED;
    }

    synchronized void wake() {
        notifyAll();
    }

    /** What the sender calls that does not fit. */
    synchronized String describe() {
        return mismatch;
    }

    /** Number of the latest message. */
    synchronized long sequence() {
        return sent;
    }
}
