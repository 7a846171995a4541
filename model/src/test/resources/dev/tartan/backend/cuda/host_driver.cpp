// The functions of CUDA's driver that the backend calls, on the CPU: linked with the kernels that host_launch.h has, as a
// libcuda.so.1. Everything is done at once, but for what is captured. Stricter than CUDA where that finds mistakes: calls
// need a current context, captures are of one thread, images are machine code, parameters are copied by their sizes.
#include "host_launch.h"
#include <dlfcn.h>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace {
enum Result { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_HANDLE = 400,
    NOT_FOUND = 500, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900 };
constexpr unsigned NON_BLOCKING = 1, DISABLE_TIMING = 2, THREAD_LOCAL = 1, PORTABLE = 1;
constexpr int PLAIN_SHARED_BYTES = 48 * 1024, MAX_DYNAMIC_SHARED = 8;
constexpr int CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76;
constexpr size_t MEMORY_BYTES = 1 << 30;
constexpr int DEVICES = 4;

typedef std::function<int()> Work;
typedef std::vector<Work> Graph;
struct Stream { int priority; std::shared_ptr<Graph> captured; };
struct Event { unsigned flags; bool recorded; std::chrono::steady_clock::time_point time; };
struct Function { const host_cuda::Entry* entry; int maxShared; };
int contexts[DEVICES];
std::mutex oneAtATime;  // a launch has the state of the one device
thread_local void* current;
uint64_t launches;

int add(Stream* stream, Work work) {
    if (!stream->captured) return work();
    stream->captured->push_back(work);
    return SUCCESS;
}
/** The sizes of parameters, from a signature as KernelArguments has it. */
std::vector<size_t> sizes(const std::string& signature) {
    std::vector<size_t> all;
    for (size_t i = 0; i < signature.size(); i++) {
        char letter = signature[i];
        if (letter == '{') {
            size_t end = signature.find('}', i);
            all.push_back(std::stoul(signature.substr(i + 1, end - i - 1)));
            i = end;
        } else {
            all.push_back(letter == 'i' || letter == 'f' ? 4 : 8);
        }
    }
    return all;
}
}  // namespace

#define DRIVER(name) extern "C" int name
#define IN_CONTEXT if (!current) return INVALID_CONTEXT

DRIVER(cuInit)(unsigned) { return SUCCESS; }
DRIVER(cuGetErrorName)(int code, const char** name) {
    static thread_local std::string text;
    text = "HOST_DRIVER_ERROR_" + std::to_string(code);
    *name = text.c_str();
    return SUCCESS;
}
DRIVER(cuDeviceGetCount)(int* count) { *count = DEVICES; return SUCCESS; }
DRIVER(cuDeviceGet)(int* device, int index) { *device = index; return index >= 0 && index < DEVICES ? SUCCESS : INVALID_VALUE; }
DRIVER(cuDeviceGetName)(char* name, int length, int) { snprintf(name, length, "CPU as a driver's GPU"); return SUCCESS; }
DRIVER(cuDeviceTotalMem_v2)(size_t* bytes, int) { *bytes = MEMORY_BYTES; return SUCCESS; }
DRIVER(cuDeviceGetAttribute)(int* value, int attribute, int) {
    *value = attribute == CAPABILITY_MAJOR ? 9 : 0;
    return attribute == CAPABILITY_MAJOR || attribute == CAPABILITY_MINOR ? SUCCESS : INVALID_VALUE;
}
DRIVER(cuDevicePrimaryCtxRetain)(void** made, int device) { *made = &contexts[device]; return SUCCESS; }
DRIVER(cuCtxSetCurrent)(void* made) { current = made; return made ? SUCCESS : INVALID_CONTEXT; }
DRIVER(cuCtxGetStreamPriorityRange)(int* least, int* greatest) { IN_CONTEXT; *least = 0; *greatest = -5; return SUCCESS; }

DRIVER(cuMemAlloc_v2)(uint64_t* address, size_t bytes) {
    IN_CONTEXT;
    if (bytes == 0) return INVALID_VALUE;
    if (bytes > MEMORY_BYTES) return OUT_OF_MEMORY;
    *address = (uint64_t) aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset((void*) *address, 0xff, bytes);
    return SUCCESS;
}
DRIVER(cuMemFree_v2)(uint64_t address) { IN_CONTEXT; free((void*) address); return SUCCESS; }
DRIVER(cuMemHostAlloc)(void** address, size_t bytes, unsigned flags) {
    IN_CONTEXT;
    if (flags != PORTABLE) return INVALID_VALUE;
    *address = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    return SUCCESS;
}
DRIVER(cuMemFreeHost)(void* address) { IN_CONTEXT; free(address); return SUCCESS; }
DRIVER(cuMemcpy)(uint64_t to, uint64_t from, size_t bytes) { IN_CONTEXT; memmove((void*) to, (void*) from, bytes); return SUCCESS; }
DRIVER(cuMemcpyAsync)(uint64_t to, uint64_t from, size_t bytes, Stream* stream) {
    IN_CONTEXT;
    return add(stream, [=] { memmove((void*) to, (void*) from, bytes); return (int) SUCCESS; });
}

DRIVER(cuStreamCreateWithPriority)(Stream** stream, unsigned flags, int priority) {
    IN_CONTEXT;
    if (flags != NON_BLOCKING || priority > 0 || priority < -5) return INVALID_VALUE;
    *stream = new Stream{priority, nullptr};
    return SUCCESS;
}
DRIVER(cuStreamSynchronize)(Stream* stream) { IN_CONTEXT; return stream->captured ? CAPTURE_UNSUPPORTED : SUCCESS; }
DRIVER(cuStreamDestroy_v2)(Stream* stream) { IN_CONTEXT; delete stream; return SUCCESS; }
DRIVER(cuStreamWaitEvent)(Stream* stream, Event*, unsigned flags) {
    IN_CONTEXT;
    return flags != 0 ? INVALID_VALUE : stream->captured ? CAPTURE_UNSUPPORTED : SUCCESS;
}
DRIVER(cuStreamBeginCapture_v2)(Stream* stream, int mode) {
    IN_CONTEXT;
    if (mode != THREAD_LOCAL || stream->captured) return INVALID_VALUE;
    stream->captured = std::make_shared<Graph>();
    return SUCCESS;
}
DRIVER(cuStreamEndCapture)(Stream* stream, Graph** graph) {
    IN_CONTEXT;
    if (!stream->captured) return INVALID_VALUE;
    *graph = new Graph(*stream->captured);
    stream->captured = nullptr;
    return SUCCESS;
}
DRIVER(cuGraphInstantiateWithFlags)(Graph** ready, Graph* graph, unsigned long long) { IN_CONTEXT; *ready = new Graph(*graph); return SUCCESS; }
DRIVER(cuGraphDestroy)(Graph* graph) { IN_CONTEXT; delete graph; return SUCCESS; }
DRIVER(cuGraphExecDestroy)(Graph* graph) { IN_CONTEXT; delete graph; return SUCCESS; }
DRIVER(cuGraphLaunch)(Graph* graph, Stream* stream) {
    IN_CONTEXT;
    if (stream->captured) return CAPTURE_UNSUPPORTED;
    for (auto& work : *graph) {
        int code = work();
        if (code != SUCCESS) return code;
    }
    return SUCCESS;
}

DRIVER(cuEventCreate)(Event** event, unsigned flags) { IN_CONTEXT; *event = new Event{flags, false, {}}; return SUCCESS; }
DRIVER(cuEventRecord)(Event* event, Stream* stream) {
    IN_CONTEXT;
    if (stream->captured) return CAPTURE_UNSUPPORTED;
    event->recorded = true;
    event->time = std::chrono::steady_clock::now();
    return SUCCESS;
}
DRIVER(cuEventQuery)(Event*) { IN_CONTEXT; return SUCCESS; }
DRIVER(cuEventSynchronize)(Event*) { IN_CONTEXT; return SUCCESS; }
DRIVER(cuEventDestroy_v2)(Event* event) { IN_CONTEXT; delete event; return SUCCESS; }
DRIVER(cuEventElapsedTime)(float* millis, Event* first, Event* second) {
    IN_CONTEXT;
    if (((first->flags | second->flags) & DISABLE_TIMING) || !first->recorded || !second->recorded) return INVALID_HANDLE;
    *millis = std::chrono::duration<float, std::milli>(second->time - first->time).count();
    return SUCCESS;
}

DRIVER(cuModuleLoadData)(void** module, const char* image) {
    IN_CONTEXT;
    if (memcmp(image, "\177ELF", 4) != 0) return INVALID_IMAGE;
    *module = &contexts;
    return SUCCESS;
}
/** Finds the kernel by its symbol, which is the same for all compilers. */
DRIVER(cuModuleGetFunction)(Function** function, void*, const char* symbol) {
    IN_CONTEXT;
    for (auto& entry : host_cuda::entries()) {
        Dl_info info;
        if (dladdr(entry.second.address, &info) && info.dli_sname && strcmp(info.dli_sname, symbol) == 0) {
            *function = new Function{&entry.second, PLAIN_SHARED_BYTES};
            return SUCCESS;
        }
    }
    return NOT_FOUND;
}
DRIVER(cuFuncSetAttribute)(Function* function, int attribute, int value) {
    IN_CONTEXT;
    if (attribute != MAX_DYNAMIC_SHARED || value > (int) host_cuda::MAX_SHARED_BYTES) return INVALID_VALUE;
    function->maxShared = value;
    return SUCCESS;
}
DRIVER(cuLaunchKernel)(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
        Stream* stream, void** parameters, void** extra) {
    IN_CONTEXT;
    if (extra || (int) shared > function->maxShared || bx * by * bz > 1024) return INVALID_VALUE;
    auto values = std::make_shared<std::vector<std::vector<char>>>();
    for (size_t size : sizes(function->entry->signature)) {
        char* from = (char*) parameters[values->size()];
        values->emplace_back(from, from + size);
    }
    const host_cuda::Entry* entry = function->entry;
    return add(stream, [=]() -> int {
        std::vector<void*> places;
        for (auto& value : *values) places.push_back(value.data());
        std::lock_guard<std::mutex> lock(oneAtATime);
        host_cuda::launch(dim3(gx, gy, gz), dim3(bx, by, bz), shared, ++launches, [&] { entry->call(places.data()); });
        if (host_cuda::failure.empty()) return SUCCESS;
        fprintf(stderr, "%s\n", host_cuda::failure.c_str());
        return LAUNCH_FAILED;
    });
}
