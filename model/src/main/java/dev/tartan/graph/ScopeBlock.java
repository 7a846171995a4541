package dev.tartan.graph;

/** The blocks of a network, as the scopes of nodes tell them. */
public final class ScopeBlock {
    private ScopeBlock() {}

    /**
     * The block that a scope lies in: the outermost numbered part of the network around it. {@code h.0.attn.c_proj}
     * lies in {@code h.0}, {@code ~h.0.attn}, of its backward pass, in {@code ~h.0}; a scope in no numbered part gives
     * an empty name.
     */
    public static String of(String scope) {
        int begin = 0;
        while (begin < scope.length()) {
            int dot = scope.indexOf('.', begin);
            int end = dot < 0 ? scope.length() : dot;
            if (end > begin && scope.substring(begin, end).chars().allMatch(c -> c >= '0' && c <= '9')) {
                return scope.substring(0, end);
            }
            begin = end + 1;
        }
        return "";
    }
}
