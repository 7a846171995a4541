package dev.tartan.spark.bench;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class PayloadTest {
    private static final int BYTES = 64;

    private final ByteBuffer memory = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
    private final ByteBuffer other = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());

    @Test
    void aSumIsFoundWrongByItsFirstWrongElement() {
        Payload payload = new Payload(plan(CollectiveOp.ALL_REDUCE), 0, memory, BYTES);
        payload.fill();
        new Payload(plan(CollectiveOp.ALL_REDUCE), 1, other, BYTES).fill();
        for (int at = 0; at < BYTES; at += Float.BYTES) {
            memory.putFloat(at, memory.getFloat(at) + other.getFloat(at));
        }
        assertThatCode(() -> payload.check("ring")).doesNotThrowAnyException();
        memory.putFloat(8, memory.getFloat(8) + 1);
        assertThatThrownBy(() -> payload.check("ring"))
                .isInstanceOf(BenchException.class)
                .hasMessageMatching("result of all_reduce is wrong: algorithm=ring, rank=0, numRanks=2, type=FLOAT32,"
                        + " bytes=64, element=2, expected=\\S+, actual=\\S+\\. Report this\\.");
    }

    @Test
    void whatWasNeverReceivedIsFoundWrong() {
        for (CollectiveOp op : List.of(CollectiveOp.ALL_GATHER, CollectiveOp.ALL_TO_ALL, CollectiveOp.BROADCAST)) {
            Payload payload = new Payload(plan(op), 1, memory, BYTES);
            payload.fill();
            assertThatThrownBy(() -> payload.check("ring"))
                    .as(op.label())
                    .hasMessageContaining("result of " + op.label() + " is wrong");
        }
    }

    static CollectivesPlan plan(CollectiveOp op) {
        return plan(op, BenchTransport.LOCAL, 0);
    }

    static CollectivesPlan plan(CollectiveOp op, BenchTransport transport, int warmUpMillis) {
        return new CollectivesPlan(
                op,
                transport,
                2,
                transport == BenchTransport.LOCAL ? 1 : 2,
                List.of(BYTES),
                DType.FLOAT32,
                null,
                false,
                4096,
                1,
                false,
                50,
                0,
                1,
                warmUpMillis);
    }
}
