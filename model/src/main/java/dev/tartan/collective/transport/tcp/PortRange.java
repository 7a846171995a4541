package dev.tartan.collective.transport.tcp;

/**
 * The ports a rank may listen on, both ends included; {@code 0-0} leaves the choice to the kernel.
 *
 * @param first lowest port
 * @param last highest port
 */
public record PortRange(int first, int last) {
    private static final int HIGHEST = 65_535;

    /**
     * Checks the ports.
     *
     * @throws IllegalArgumentException if they are not ports, or in the wrong order
     */
    public PortRange {
        if (first < 0 || last > HIGHEST || first > last || (first == 0 && last != 0)) {
            throw new IllegalArgumentException("collective.portRange is not a range of ports: first=" + first
                    + ", last=" + last + ". Write it as 40000-40100, or 0 for any free port.");
        }
    }

    /** Any free port. */
    public static PortRange any() {
        return new PortRange(0, 0);
    }

    /**
     * Reads {@code 40000-40100}, {@code 40000} or {@code 0}.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static PortRange parse(String text) {
        int dash = text.indexOf('-');
        try {
            int first = Integer.parseInt((dash < 0 ? text : text.substring(0, dash)).trim());
            int last =
                    dash < 0 ? first : Integer.parseInt(text.substring(dash + 1).trim());
            return new PortRange(first, last);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "collective.portRange cannot be read: value='" + text
                            + "'. Write it as 40000-40100, or 0 for any free port.",
                    e);
        }
    }
}
