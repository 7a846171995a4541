package dev.tartan.train.planner;

import dev.tartan.graph.Block;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.partition.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A part of a program that a network of another depth has too: a module in a phase, with the place of its block in
 * place of the block's index. The whole update is one part.
 *
 * @param list the blocks' list; empty outside of all blocks
 * @param module its path within the block
 */
record ProgramPart(Phase phase, Place place, String list, String module) {
    /** Where in its list a block is. */
    enum Place {
        OUTSIDE,
        FIRST,
        BETWEEN,
        LAST
    }

    private static final ProgramPart UPDATE = new ProgramPart(Phase.UPDATE, Place.OUTSIDE, "", "");

    boolean isUpdate() {
        return phase == Phase.UPDATE;
    }

    /** Tells the parts of one program. */
    static final class Finder {
        private final Map<String, Integer> first = new HashMap<>();
        private final Map<String, Integer> last = new HashMap<>();

        Finder(Program program) {
            program.instructions().forEach(instruction -> {
                Block block = instruction.origin().block();
                if (block != null) {
                    first.merge(block.list(), block.index(), Math::min);
                    last.merge(block.list(), block.index(), Math::max);
                }
            });
        }

        /** The parts that something belongs to: two in a block that is the only one of its list. */
        List<ProgramPart> of(Origin origin) {
            if (origin.phase() == Phase.UPDATE) {
                return List.of(UPDATE);
            }
            Block block = origin.block();
            if (block == null) {
                return List.of(new ProgramPart(origin.phase(), Place.OUTSIDE, "", origin.modulePath()));
            }
            String path = block.toString();
            String module = origin.modulePath().startsWith(path)
                    ? origin.modulePath().substring(path.length())
                    : origin.modulePath();
            List<ProgramPart> parts = new ArrayList<>();
            for (Place place : places(block)) {
                parts.add(new ProgramPart(origin.phase(), place, block.list(), module));
            }
            return parts;
        }

        private List<Place> places(Block block) {
            List<Place> places = new ArrayList<>();
            if (first.getOrDefault(block.list(), block.index()) == block.index()) {
                places.add(Place.FIRST);
            }
            if (last.getOrDefault(block.list(), block.index()) == block.index()) {
                places.add(Place.LAST);
            }
            return places.isEmpty() ? List.of(Place.BETWEEN) : places;
        }
    }
}
