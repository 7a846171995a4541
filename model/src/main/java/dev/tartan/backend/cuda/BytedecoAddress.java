package dev.tartan.backend.cuda;

import org.bytedeco.javacpp.Pointer;

/** A pointer to memory that JavaCPP does not own. */
final class BytedecoAddress extends Pointer {
    BytedecoAddress(long address) {
        this.address = address;
    }
}
