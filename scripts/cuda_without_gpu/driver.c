/* A CUDA driver without a GPU, as far as CubeCL asks for one: memory is the processor's, and everything has happened when a
 * call returns. A module is a library of `compile.py`, whose kernels are run; or PTX, which is put into the folder
 * $UGMM_PTX and not run. $UGMM_COMPUTE is the compute capability that it claims, times ten. */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID_IMAGE = 200 };
typedef uint64_t address;
typedef void launcher(void **arguments, const unsigned *grid, const unsigned *block, unsigned shared);

static int compute(void) {
  const char *text = getenv("UGMM_COMPUTE");
  return text ? atoi(text) : 90;
}

/* Devices. */
int cuInit(unsigned flags) { return OK; }
int cuDriverGetVersion(int *version) { return *version = 12090, OK; }
int cuDeviceGetCount(int *count) { return *count = 1, OK; }
int cuDeviceGet(int *device, int number) { return *device = number, OK; }
int cuDeviceGetName(char *name, int size, int device) { return snprintf(name, size, "no GPU"), OK; }
int cuDeviceGetPCIBusId(char *id, int size, int device) { return snprintf(id, size, "0000:01:00.0"), OK; }
int cuDeviceGetUuid_v2(char *id, int device) { return memset(id, 1, 16), OK; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = (size_t)8 << 30, OK; }
int cuDeviceCanAccessPeer(int *can, int device, int peer) { return *can = 0, OK; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break;          /* threads in a block; its width and height */
    case 4: *value = 64; break;                            /* its depth */
    case 5: *value = 2147483647; break;                    /* width of a grid */
    case 6: case 7: *value = 65535; break;                 /* its height and depth */
    case 10: *value = 32; break;                           /* threads in a warp */
    case 16: *value = 132; break;                          /* multiprocessors */
    case 75: *value = compute() / 10; break;
    case 76: *value = compute() % 10; break;
    case 8: case 97: *value = compute() >= 90 ? 232448 : 49152; break; /* shared memory of a block */
    default: *value = 0;
  }
  return OK;
}

/* Contexts, streams and events: there is one of each, and nothing to wait for. */
static char context, stream, event;
int cuDevicePrimaryCtxRetain(void **made, int device) { return *made = &context, OK; }
int cuCtxSetCurrent(void *current) { return OK; }
int cuCtxGetCurrent(void **current) { return *current = &context, OK; }
int cuCtxGetStreamPriorityRange(int *least, int *greatest) { return *least = *greatest = 0, OK; }
int cuStreamCreate(void **made, unsigned flags) { return *made = &stream, OK; }
int cuStreamCreateWithPriority(void **made, unsigned flags, int priority) { return *made = &stream, OK; }
int cuStreamSynchronize(void *which) { return OK; }
int cuStreamQuery(void *which) { return OK; }
int cuStreamDestroy_v2(void *which) { return OK; }
int cuStreamWaitEvent(void *which, void *for_which, unsigned flags) { return OK; }
int cuEventCreate(void **made, unsigned flags) { return *made = &event, OK; }
int cuEventRecord(void *which, void *on) { return OK; }
int cuEventQuery(void *which) { return OK; }
int cuEventSynchronize(void *which) { return OK; }
int cuEventDestroy_v2(void *which) { return OK; }
int cuEventElapsedTime_v2(float *ms, void *from, void *to) { return *ms = 1, OK; }
int cuEventElapsedTime(float *ms, void *from, void *to) { return *ms = 1, OK; }

/* Memory. What is new is full of NaN. */
int cuMemAlloc_v2(address *made, size_t bytes) {
  void *memory = aligned_alloc(512, (bytes + 511) / 512 * 512);
  if (!memory) return 2;
  memset(memory, 0xff, bytes);
  return *made = (address)memory, OK;
}
int cuMemAllocAsync(address *made, size_t bytes, void *on) { return cuMemAlloc_v2(made, bytes); }
int cuMemAllocHost_v2(void **made, size_t bytes) { return cuMemAlloc_v2((address *)made, bytes); }
int cuMemFree_v2(address memory) { return free((void *)memory), OK; }
int cuMemFreeAsync(address memory, void *on) { return free((void *)memory), OK; }
int cuMemFreeHost(void *memory) { return free(memory), OK; }
int cuMemcpyHtoDAsync_v2(address to, const void *from, size_t bytes, void *on) { return memcpy((void *)to, from, bytes), OK; }
int cuMemcpyDtoHAsync_v2(void *to, address from, size_t bytes, void *on) { return memcpy(to, (void *)from, bytes), OK; }
int cuMemcpyDtoDAsync_v2(address to, address from, size_t bytes, void *on) { return memmove((void *)to, (void *)from, bytes), OK; }
struct part { size_t x, y; int kind; const char *host; address device; void *array; size_t pitch; };
struct copy { struct part from, to; size_t width, height; };
static char *line(const struct part *part, size_t row) {
  enum { HOST = 1 };
  return (char *)(part->kind == HOST ? part->host : (char *)part->device) + (row + part->y) * part->pitch + part->x;
}
int cuMemcpy2DAsync_v2(const struct copy *copy, void *on) {
  for (size_t row = 0; row < copy->height; row++) memcpy(line(&copy->to, row), line(&copy->from, row), copy->width);
  return OK;
}

/* Modules. */
int cuModuleLoadData(void **made, const char *image) {
  static int count;
  const char *folder = getenv("UGMM_PTX");
  if (!folder) {
    *made = dlopen(image, RTLD_NOW | RTLD_LOCAL);
    if (!*made) fprintf(stderr, "%s\n", dlerror());
    return *made ? OK : INVALID_IMAGE;
  }
  char path[4096];
  snprintf(path, sizeof path, "%s/%04d.ptx", folder, count++);
  FILE *file = fopen(path, "w");
  if (!file) return INVALID_IMAGE;
  fputs(image, file);
  return *made = &context, fclose(file) == 0 ? OK : INVALID_IMAGE;
}
int cuModuleUnload(void *module) { return OK; }
int cuModuleGetFunction(void **function, void *module, const char *name) { return *function = module, OK; }
int cuFuncSetAttribute(void *function, int attribute, int value) { return OK; }
int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                   unsigned block_z, unsigned shared, void *on, void **arguments, void **extra) {
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  if (function == &context) return OK;
  launcher *launch = (launcher *)dlsym(function, "launch");
  pthread_mutex_lock(&one_at_a_time);
  launch(arguments, (unsigned[]){grid_x, grid_y, grid_z}, (unsigned[]){block_x, block_y, block_z}, shared);
  pthread_mutex_unlock(&one_at_a_time);
  return OK;
}

int cuGetErrorName(int error, const char **name) { return *name = "an error of the driver without a GPU", OK; }
int cuGetErrorString(int error, const char **text) { return *text = "see its messages", OK; }
