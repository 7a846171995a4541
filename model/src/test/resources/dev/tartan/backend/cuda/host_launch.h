// The way from Java to the kernels: a table of them by name, what their parameters are, and a launch that takes what
// cuLaunchKernel takes. Names of functions follow JNI, but only numbers are passed, so no header of the JDK is needed.
#pragma once
#include "host_cuda.h"
#include <map>

namespace host_cuda {
struct Entry {
    std::string signature;
    std::function<void(void**)> call;
    const void* address;
};
/** All kernels; filled when the library is loaded. */
inline std::map<std::string, Entry>& entries() { static std::map<std::string, Entry> all; return all; }

/** A letter for a parameter: pointer, integer of 4 or 8 bytes, float, double, or a struct with its size. */
template <typename T> std::string letter() {
    if (std::is_pointer<T>::value) return "P";
    if (std::is_integral<T>::value) return sizeof(T) == 8 ? "l" : sizeof(T) == 4 ? "i" : "?";
    if (std::is_same<T, float>::value) return "f";
    if (std::is_same<T, double>::value) return "d";
    return "{" + std::to_string(sizeof(T)) + "}";
}
template <typename... A, size_t... I> void call(void (*kernel)(A...), void** parameters, std::index_sequence<I...>) {
    kernel(*(A*) parameters[I]...);
}
template <typename... A> int add(const char* name, void (*kernel)(A...)) {
    entries()[name] = {(std::string() + ... + letter<A>()), [kernel](void** p) { call(kernel, p, std::index_sequence_for<A...>()); },
        (const void*) kernel};
    return 0;
}
}  // namespace host_cuda
