/* What a disk may have against storing, how it begins and how it ends. Those that need a file system of the test's own are
 * left out, with a line that says so, where the kernel does not allow one. */
#ifndef TROUBLES_H
#define TROUBLES_H

#include <grp.h>
#include <sched.h>

#include "disk.h"

static inline char *in_base(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static inline int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return written;
}

/* An empty file system on the base directory; false: the kernel does not let us. */
static inline int mount_small(const char *options)
{
    unsigned uid = getuid(), gid = getgid();
    if (uid == 0 && unshare(CLONE_NEWNS) == 0) {
        /* what is mounted here is not to be seen elsewhere */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
            return 0;
    } else {
        char map[64];
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return 0;
        snprintf(map, sizeof map, "0 %u 1", uid);
        if (!write_file("/proc/self/uid_map", map) || !write_file("/proc/self/setgroups", "deny"))
            return 0;
        snprintf(map, sizeof map, "0 %u 1", gid);
        if (!write_file("/proc/self/gid_map", map))
            return 0;
    }
    return mount("tmpfs", base, "tmpfs", 0, options) == 0;
}

static inline int small(void) { return mount_small("size=64k"); }
static inline int few_files(void) { return mount_small("nr_inodes=12"); }

/* Permissions are nothing to root. */
static inline int as_nobody(void)
{
    if (getuid() != 0)
        return 1;
    return chown(base, 65534, 65534) == 0 && setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
}

static inline void fill(void)
{
    static const char block[1024];
    int fd = open(in_base("filler"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    CHECK(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    CHECK_INT(errno, ENOSPC);
    close(fd);
}

static inline void empty(void) { CHECK_INT(unlink(in_base("filler")), 0); }

static int fillers;

static inline void use_up_files(void)
{
    char name[32];
    for (fillers = 0;; ++fillers) {
        snprintf(name, sizeof name, "filler-%d", fillers);
        int fd = open(in_base(name), O_WRONLY | O_CREAT, 0666);
        if (fd < 0)
            break;
        close(fd);
    }
    CHECK_INT(errno, ENOSPC);
}

static inline void remove_files(void)
{
    char name[32];
    while (fillers-- > 0) {
        snprintf(name, sizeof name, "filler-%d", fillers);
        CHECK_INT(unlink(in_base(name)), 0);
    }
}

static inline void make_read_only(void) { CHECK_INT(mount(NULL, base, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0); }
static inline void make_writable(void) { CHECK_INT(mount(NULL, base, NULL, MS_REMOUNT, NULL), 0); }

static inline void forbid(void)
{
    CHECK_INT(chmod(leaf, 0500), 0);
    CHECK_INT(chmod(base, 0500), 0);
}

static inline void permit(void)
{
    CHECK_INT(chmod(base, 0700), 0);
    CHECK_INT(chmod(leaf, 0700), 0);
}

static inline void use_up_descriptors(void) { leave_descriptors(0); }

static inline void put_file_in_place(void)
{
    CHECK_INT(rmdir(leaf), 0);
    int fd = open(leaf, O_WRONLY | O_CREAT | O_EXCL, 0666);
    CHECK(fd >= 0);
    close(fd);
}

static inline void take_file_away(void) { CHECK_INT(unlink(leaf), 0); }

static const struct trouble {
    const char *name;
    int (*prepare)(void);
    void (*begin)(void), (*end)(void);
    const char *reason;     /* in the trace */
    int create_new;         /* what create returns for a client without a directory yet */
    int needs_empty_leaf;   /* so that it cannot come between two records */
} troubles[] = {
    {"a full disk", small, fill, empty, "No space left on device", MQTTCLIENT_SUCCESS, 0},
    {"a disk without free inodes", few_files, use_up_files, remove_files, "No space left on device",
     MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a read-only disk", small, make_read_only, make_writable, "Read-only file system", MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a directory without permission", as_nobody, forbid, permit, "Permission denied", MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a process without free descriptors", NULL, use_up_descriptors, give_descriptors, "Too many open files",
     MQTTCLIENT_PERSISTENCE_ERROR, 0},
    {"a file in the directory's place", NULL, put_file_in_place, take_file_away, "Not a directory",
     MQTTCLIENT_SUCCESS, 1},
};
static const struct trouble *trouble;

/* Plays the story in each of them. */
static inline void play_in_each(void (*story)(void))
{
    enum { TROUBLES = sizeof troubles / sizeof *troubles };
    pid_t children[TROUBLES];
    for (int i = 0; i < TROUBLES; ++i) {
        trouble = &troubles[i];
        children[i] = start(trouble->name, trouble->prepare, story);
    }
    for (int i = 0; i < TROUBLES; ++i)
        finish(children[i], troubles[i].name);
}

#endif
