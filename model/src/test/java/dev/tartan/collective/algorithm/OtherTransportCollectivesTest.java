package dev.tartan.collective.algorithm;

import org.junit.jupiter.api.Tag;

/** The cells of the grid that {@link TransportCollectivesTest} leaves out. */
@Tag("large")
class OtherTransportCollectivesTest extends TransportCollectivesTest {
    @Override
    boolean isRun(int place) {
        return !super.isRun(place);
    }
}
