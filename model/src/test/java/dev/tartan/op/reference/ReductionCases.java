package dev.tartan.op.reference;

import dev.tartan.graph.Reduction;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.Reduce;
import dev.tartan.op.SumSquares;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Cases of reductions and products. */
final class ReductionCases {
    private static final Map<Character, Integer> SIZES =
            Map.of('i', 4, 'j', 2, 'k', 4, 'b', 2, 'h', 4, 't', 3, 's', 3, 'd', 2, 'n', 8, 'e', 1);

    private ReductionCases() {}

    static void addTo(List<OpCase> cases, Draw draw) {
        cases.add(new OpCase(new SumSquares(), List.of(draw.normal(4, 8))));
        cases.add(new OpCase(new SumSquares(), List.of(draw.normal(4, 2, 4))));
        cases.add(new OpCase(new SumSquares(), List.of(draw.normal(8))));
        for (Reduction kind : Reduction.values()) {
            cases.add(new OpCase(new Reduce(kind, List.of(1)), List.of(draw.normal(4, 8))));
            cases.add(new OpCase(new Reduce(kind, List.of(0, 2)), List.of(draw.normal(4, 2, 4))));
            cases.add(new OpCase(new Reduce(kind, List.of(0, 1)), List.of(draw.normal(4, 6))));
            cases.add(new OpCase(new Reduce(kind, List.of(1)), List.of(draw.normal(4, 1))));
        }
        for (String equation : new String[] {
            "ik,kj->ij",
            "ik,jk->ij",
            "ki,kj->ij",
            "ik,kj->ji",
            "btk,kn->btn",
            "btk,btn->kn",
            "btn,kn->btk",
            "bij,bjk->bik",
            "bhtd,bhsd->bhts",
            "bhts,bhsd->bhtd",
            "bhts,bhtd->bhsd",
            "i,i->",
            "i,j->ij",
            "ie,ej->ij",
            "k,kj->j",
        }) {
            Einsum op = new Einsum(equation);
            cases.add(new OpCase(op, List.of(draw.normal(dims(op.left())), draw.normal(dims(op.right())))));
        }
        addEpilogues(cases, draw);
    }

    private static void addEpilogues(List<OpCase> cases, Draw draw) {
        String[][] products = {
            {"ik,kj->ij", "j"},
            {"ik,jk->ij", "j"},
            {"ki,jk->ij", "j"},
            {"ik,kj->ji", "i"},
            {"ki,kj->ji", "i"},
            {"btk,kn->btn", "n"},
            {"btk,btn->kn", "n"},
            {"ij,jbt->ibt", "bt"},
        };
        for (String[] product : products) {
            Einsum op = new Einsum(product[0]);
            for (EinsumEpilogue.Kind kind : EinsumEpilogue.Kind.values()) {
                List<HostTensor> operands =
                        new ArrayList<>(List.of(draw.normal(dims(op.left())), draw.normal(dims(op.right()))));
                if (kind == EinsumEpilogue.Kind.BIAS) {
                    operands.add(draw.normal(dims(product[1])));
                }
                cases.add(new OpCase(new EinsumEpilogue(op, kind), operands));
            }
        }
    }

    private static long[] dims(String letters) {
        return letters.chars()
                .mapToLong(letter -> SIZES.getOrDefault((char) letter, 0))
                .toArray();
    }
}
