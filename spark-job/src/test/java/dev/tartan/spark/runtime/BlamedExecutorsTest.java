package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.RankPlace;
import java.time.Duration;
import java.util.List;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.TaskFailedReason;
import org.junit.jupiter.api.Test;
import scala.Option;
import scala.collection.JavaConverters;

class BlamedExecutorsTest {
    private final BlamedExecutors blamed = new BlamedExecutors();

    private static TaskFailedReason thrown(Exception failure) {
        return new ExceptionFailure(
                failure,
                JavaConverters.<org.apache.spark.scheduler.AccumulableInfo>asScalaBuffer(List.of())
                        .toSeq());
    }

    private static TaskFailedReason missing(String executor) {
        return thrown(new CollectiveException(
                CollectiveException.Reason.PEER_LOST,
                "Rank 1 is frozen",
                CollectiveOp.ALL_REDUCE,
                "data",
                "gradients",
                3,
                0,
                List.of(new RankPlace(1, 1, executor, "b")),
                Duration.ofSeconds(12),
                null));
    }

    @Test
    void whoIsLostIsBlamedAndNotWhoMissesThem() {
        blamed.add("1", missing("2"));
        blamed.add("2", new ExecutorLostFailure("2", true, Option.apply("killed")));
        assertThat(blamed.ids()).containsExactly("2");
    }

    @Test
    void whoThrewSomethingOfItsOwnIsBlamed() {
        blamed.add("1", missing("3"));
        blamed.add("2", thrown(new IllegalStateException("device error")));
        assertThat(blamed.ids()).containsExactly("2");
    }

    @Test
    void whoIsMissedIsBlamedIfNobodySaysMore() {
        blamed.add("1", missing("2"));
        assertThat(blamed.ids()).containsExactly("2");
    }
}
