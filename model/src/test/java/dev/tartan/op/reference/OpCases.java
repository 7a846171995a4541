package dev.tartan.op.reference;

import java.util.ArrayList;
import java.util.List;

/**
 * Cases of every op, shared by the checks of gradients, decompositions, sharding rules and kernels. Sizes divide by 2
 * and 4 where a dim should be split; some dims are odd or 1. Values keep away from kinks and ties where there are
 * gradients.
 */
public final class OpCases {
    private OpCases() {}

    /** All cases, in a fixed order. */
    public static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        ElementwiseCases.addTo(cases, new Draw(1));
        ShapeCases.addTo(cases, new Draw(2));
        ReductionCases.addTo(cases, new Draw(3));
        FusedCases.addTo(cases, new Draw(4));
        RecurrentCases.addTo(cases, new Draw(5));
        return cases;
    }
}
