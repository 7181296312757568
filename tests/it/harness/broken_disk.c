// Preloaded into the program: while the file named by BROKEN_DISK exists, nothing that belongs to a database can be
// written or synced, as on a disk that fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_broken(int fd) {
    const char *flag = getenv("BROKEN_DISK");
    if (flag == NULL || access(flag, F_OK) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/tidings.db") != NULL;
}

#define OR_FAIL(name, type, parameters, ...)                                  \
    type name parameters {                                                    \
        static type(*real) parameters;                                        \
        if (real == NULL) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
        if (is_broken(fd)) {                                                  \
            errno = EIO;                                                      \
            return -1;                                                        \
        }                                                                     \
        return real(__VA_ARGS__);                                             \
    }

OR_FAIL(write, ssize_t, (int fd, const void *bytes, size_t count), fd, bytes, count)
OR_FAIL(pwrite, ssize_t, (int fd, const void *bytes, size_t count, off_t at), fd, bytes, count, at)
OR_FAIL(pwrite64, ssize_t, (int fd, const void *bytes, size_t count, off64_t at), fd, bytes, count, at)
OR_FAIL(fsync, int, (int fd), fd)
OR_FAIL(fdatasync, int, (int fd), fd)
