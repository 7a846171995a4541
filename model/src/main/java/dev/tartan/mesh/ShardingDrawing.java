package dev.tartan.mesh;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Draws an array as a grid of blocks with the ranks that hold each. The first dims are rows, the last dim is columns:
 *
 * <pre>
 * [4, 8] as [data, model] on mesh(data=2, model=2)
 *          0:4   4:8
 *        +-----+-----+
 *   0:2  |   0 |   1 |
 *        +-----+-----+
 *   2:4  |   2 |   3 |
 *        +-----+-----+
 * </pre>
 */
final class ShardingDrawing {
    private ShardingDrawing() {}

    static String draw(Mesh mesh, NamedSharding sharding, Shape shape) {
        Map<String, Map<String, List<Integer>>> rows = new LinkedHashMap<>();
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            List<ShardRange> block = ShardRange.block(sharding, shape, rank);
            String column = block.isEmpty() ? "" : block.get(block.size() - 1).toString();
            String row = block.size() < 2
                    ? ""
                    : String.join(
                            " ",
                            block.subList(0, block.size() - 1).stream()
                                    .map(ShardRange::toString)
                                    .toList());
            columns.put(column, 0);
            rows.computeIfAbsent(row, key -> new LinkedHashMap<>())
                    .computeIfAbsent(column, key -> new ArrayList<>())
                    .add(rank);
        }
        int rowWidth = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
        columns.replaceAll((column, none) -> rows.values().stream()
                .mapToInt(row -> ranks(row, column).length())
                .reduce(column.length(), Math::max));
        StringBuilder text = new StringBuilder();
        text.append(shape)
                .append(" as ")
                .append(sharding)
                .append(" on ")
                .append(mesh)
                .append('\n');
        text.append(" ".repeat(rowWidth + 4));
        columns.forEach((column, width) ->
                text.append("  ").append(padLeft(column, width)).append(' '));
        text.append('\n');
        String rule = rule(columns, rowWidth);
        text.append(rule);
        for (Map.Entry<String, Map<String, List<Integer>>> row : rows.entrySet()) {
            text.append("  ").append(padLeft(row.getKey(), rowWidth)).append("  |");
            columns.forEach((column, width) -> text.append(' ')
                    .append(padLeft(ranks(row.getValue(), column), width))
                    .append(" |"));
            text.append('\n').append(rule);
        }
        return text.toString();
    }

    private static String rule(Map<String, Integer> columns, int rowWidth) {
        StringBuilder rule = new StringBuilder(" ".repeat(rowWidth + 4)).append('+');
        columns.values().forEach(width -> rule.append("-".repeat(width + 2)).append('+'));
        return rule.append('\n').toString();
    }

    private static String ranks(Map<String, List<Integer>> row, String column) {
        return String.join(
                ",",
                row.getOrDefault(column, List.of()).stream()
                        .map(String::valueOf)
                        .toList());
    }

    private static String padLeft(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }
}
