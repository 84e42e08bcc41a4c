/* records DIRECTORY COUNT
 *
 * The file system calls that a stored and acknowledged QoS 1 message of 16 bytes makes in dense traffic, without any
 * library: write, link, and unlink when the acknowledgement comes. Prints what they cost. */
#include "bench.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* As many as are on their way at a time. */
#define WINDOW 100

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void must(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s DIRECTORY COUNT\n", argv[0]);
        return 2;
    }
    char name[32], spare[32];
    int files[WINDOW];
    must(chdir(argv[1]), argv[1]);
    must(mkdir("spares", 0700), "spares");
    int spares = open("spares", O_RDONLY | O_DIRECTORY), records = open(".", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < WINDOW; ++i) {
        snprintf(spare, sizeof spare, "%d", i);
        files[i] = openat(spares, spare, O_WRONLY | O_CREAT | O_EXCL, 0600);
        must(files[i], spare);
        must((int)write(files[i], "0123456789abcdef0123456789abcdef", 32), "write");
    }
    int count = atoi(argv[2]);
    double start = now(), used = cpu();
    for (int i = 0; i < count; ++i) {
        struct iovec parts[] = {{(void *)"0123456789abcdef", 16}, {(void *)"0123456789abcdef", 16}};
        snprintf(spare, sizeof spare, "%d", i % WINDOW);
        snprintf(name, sizeof name, "s-%d.msg", i % 65535 + 1);
        must((int)pwritev(files[i % WINDOW], parts, 2, 0), "pwritev");
        must(linkat(spares, spare, records, name, 0), "link");
        must(unlinkat(records, name, 0), "unlink");
    }
    printf("%.2f us, %.2f us of CPU time each\n", (now() - start) * 1e6 / count, (cpu() - used) * 1e6 / count);
    for (int i = 0; i < WINDOW; ++i) {
        snprintf(spare, sizeof spare, "%d", i);
        unlinkat(spares, spare, 0);
    }
    must(rmdir("spares"), "spares");
    return 0;
}
