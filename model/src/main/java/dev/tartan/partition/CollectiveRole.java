package dev.tartan.partition;

/** What a collective carries. Set where the collective is emitted. */
public enum CollectiveRole {
    /** A parameter from where it is kept to where it is used. */
    PARAMETER,
    /** The gradient of a parameter, or a part of the sum that is one. */
    GRADIENT,
    /** An updated parameter to where it is kept. */
    UPDATE,
    /** An activation, or the gradient of one: a tensor on its way through the network. */
    ACTIVATION,
    /** A loss, a norm or another scalar. */
    SCALAR
}
