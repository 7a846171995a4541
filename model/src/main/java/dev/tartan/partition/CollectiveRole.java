package dev.tartan.partition;

/** What a collective that can be moved is for. */
enum CollectiveRole {
    /** Adds up a gradient. */
    REDUCES_GRADIENT,
    /** Gathers a parameter from where it is kept, for use. */
    GATHERS_PARAMETER,
    /** Gathers an updated parameter, to be kept so. */
    GATHERS_UPDATE,
    /** Anything else, which stays where it is. */
    OTHER
}
