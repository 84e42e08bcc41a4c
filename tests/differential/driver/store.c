/* The message stores of the stories: the directory of the file store, and a store in memory for user persistence. */
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

#define MAX_FILES 256
#define MAX_CONTENT 4096
/* Where our library prepares its files; the original has no such directory. */
#define TEMPORARY ".mqtt3c.tmp."

struct file {
    char path[512];
    char content[1024];
};

char store_base[64] = "";
static struct file committed[MAX_FILES], current[MAX_FILES];
static int committed_count, current_count;

void make_store_base(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(store_base, sizeof store_base, "%s/differential.XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(store_base) == NULL) {
        perror(store_base);
        exit(2);
    }
}

static void walk(const char *directory, bool removing)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        char path[512];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        bool own = strcmp(entries[i]->d_name, ".") == 0 || strcmp(entries[i]->d_name, "..") == 0 ||
                   (!removing && strncmp(entries[i]->d_name, TEMPORARY, strlen(TEMPORARY)) == 0);
        free(entries[i]);
        if (own || lstat(path, &status) != 0)
            continue;
        struct file *file = &current[current_count < MAX_FILES - 1 ? current_count++ : current_count];
        snprintf(file->path, sizeof file->path, "%s%s", path + strlen(store_base) + 1, S_ISDIR(status.st_mode) ? "/" : "");
        file->content[0] = '\0';
        if (S_ISDIR(status.st_mode)) {
            walk(path, removing);
            if (removing)
                rmdir(path);
            continue;
        }
        unsigned char bytes[MAX_CONTENT];
        FILE *stream = S_ISREG(status.st_mode) ? fopen(path, "r") : NULL;
        size_t length = stream != NULL ? fread(bytes, 1, sizeof bytes, stream) : 0;
        if (stream != NULL)
            fclose(stream);
        describe_hex(file->content, sizeof file->content, bytes, length);
        if (removing)
            unlink(path);
    }
    if (count >= 0)
        free(entries);
}

void remove_store_base(void)
{
    if (store_base[0] == '\0')
        return;
    current_count = 0;
    walk(store_base, true);
    rmdir(store_base);
}

static const struct file *find(const struct file *files, int count, const char *path)
{
    for (int i = 0; i < count; ++i)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

void describe_files(char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    current_count = 0;
    walk(store_base, false);
    for (int i = 0; i < committed_count; ++i)
        if (find(current, current_count, committed[i].path) == NULL)
            used += (size_t)snprintf(out + used, room - used, "  file - %s\n", committed[i].path);
    for (int i = 0; i < current_count; ++i) {
        const struct file *old = find(committed, committed_count, current[i].path);
        const char *mark = old == NULL ? "+" : "*";
        if (old != NULL && strcmp(old->content, current[i].content) == 0)
            continue;
        used += (size_t)snprintf(out + used, room - used, "  file %s %s%s%s\n", mark, current[i].path,
                                 current[i].content[0] != '\0' ? " " : "", current[i].content);
    }
}

void commit_files(void)
{
    memcpy(committed, current, sizeof committed);
    committed_count = current_count;
}

extern int broker_port;

/* file write PATH BYTES, file remove PATH, file directory PATH; PORT in the path is the broker's. */
void file_command(const struct words *words)
{
    char path[600], name[512];
    const char *given = words->count > 2 ? words->word[2] : "";
    const char *mark = strstr(given, "PORT");
    if (mark != NULL)
        snprintf(name, sizeof name, "%.*s%d%s", (int)(mark - given), given, broker_port, mark + 4);
    else
        snprintf(name, sizeof name, "%s", given);
    snprintf(path, sizeof path, "%s/%s", store_base, name);
    const char *verb = words->count > 1 ? words->word[1] : "";
    if (strcmp(verb, "remove") == 0)
        note(RESULT, "%d", unlink(path));
    else if (strcmp(verb, "directory") == 0)
        note(RESULT, "%d", mkdir(path, 0777));
    else if (strcmp(verb, "write") == 0) {
        size_t length = 0;
        unsigned char *bytes = bytes_of(words->count > 3 ? words->word[3] : "", &length);
        FILE *file = fopen(path, "w");
        if (file != NULL) {
            fwrite(bytes, 1, length, file);
            fclose(file);
        }
        note(RESULT, file != NULL ? "written" : "cannot be written");
        free(bytes);
    }
}

/* --- user persistence ------------------------------------------------------------------------------------------ */

struct record {
    char key[64];
    unsigned char bytes[MAX_CONTENT];
    int length;
    bool used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct record records[128];
static struct {
    char function[16];
    int result, after, times;
} failure;

static int answer(const char *function)
{
    if (strcmp(failure.function, function) != 0 || failure.after-- > 0 || failure.times-- <= 0)
        return 0;
    return failure.result;
}

static struct record *lookup(const char *key)
{
    for (int i = 0; i < 128; ++i)
        if (records[i].used && strcmp(records[i].key, key) == 0)
            return &records[i];
    return NULL;
}

static int on_open(void **handle, const char *client_id, const char *uri, void *context)
{
    int rc = answer("open");
    note(STORE, "open %s %s %s: %d", client_id, uri, (const char *)context, rc);
    *handle = rc == 0 ? records : NULL;
    return rc;
}

static int on_close(void *handle)
{
    note(STORE, "close%s", handle == NULL ? " NULL" : "");
    return answer("close");
}

static int on_put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)handle;
    pthread_mutex_lock(&lock);
    struct record *record = lookup(key);
    for (int i = 0; i < 128 && record == NULL; ++i)
        if (!records[i].used)
            record = &records[i];
    int rc = answer("put");
    unsigned char bytes[MAX_CONTENT];
    int length = 0;
    char pieces[256] = "", hex[1024];
    for (int i = 0; i < count; ++i) {
        snprintf(pieces + strlen(pieces), sizeof pieces - strlen(pieces), i > 0 ? "+%d" : "%d", lengths[i]);
        if (length + lengths[i] <= MAX_CONTENT && lengths[i] > 0)
            memcpy(bytes + length, buffers[i], (size_t)lengths[i]);
        length += lengths[i];
    }
    length = length > MAX_CONTENT ? MAX_CONTENT : length;
    if (rc == 0 && record != NULL) {
        snprintf(record->key, sizeof record->key, "%s", key);
        memcpy(record->bytes, bytes, (size_t)length);
        record->length = length;
        record->used = true;
    }
    describe_hex(hex, sizeof hex, bytes, (size_t)length);
    note(STORE, "put %s in %s: %s: %d", key, pieces, hex, rc);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int on_get(void *handle, char *key, char **buffer, int *length)
{
    (void)handle;
    pthread_mutex_lock(&lock);
    struct record *record = lookup(key);
    int rc = answer("get");
    if (record == NULL)
        rc = MQTTCLIENT_PERSISTENCE_ERROR;
    if (rc == 0) {
        *buffer = malloc((size_t)record->length + 1);
        memcpy(*buffer, record->bytes, (size_t)record->length);
        *length = record->length;
    }
    note(STORE, "get %s: %d", key, rc);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int on_remove(void *handle, char *key)
{
    (void)handle;
    pthread_mutex_lock(&lock);
    struct record *record = lookup(key);
    int rc = answer("remove");
    note(STORE, "remove %s%s: %d", key, record != NULL ? "" : " (absent)", rc);
    if (record != NULL && rc == 0)
        record->used = false;
    pthread_mutex_unlock(&lock);
    return rc;
}

static int on_keys(void *handle, char ***keys, int *count)
{
    (void)handle;
    pthread_mutex_lock(&lock);
    int rc = answer("keys");
    *keys = NULL;
    *count = 0;
    if (rc == 0) {
        *keys = malloc(sizeof(char *) * 128);
        for (int i = 0; i < 128; ++i)
            if (records[i].used)
                (*keys)[(*count)++] = strdup(records[i].key);
    }
    note(STORE, "keys: %d, %d of them", rc, *count);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int on_clear(void *handle)
{
    (void)handle;
    pthread_mutex_lock(&lock);
    int rc = answer("clear");
    note(STORE, "clear: %d", rc);
    for (int i = 0; i < 128 && rc == 0; ++i)
        records[i].used = false;
    pthread_mutex_unlock(&lock);
    return rc;
}

static int on_contains(void *handle, char *key)
{
    (void)handle;
    pthread_mutex_lock(&lock);
    bool there = lookup(key) != NULL;
    int rc = answer("contains");
    note(STORE, rc == 0 ? "contains %s: %s" : "contains %s: fails", key, there ? "yes" : "no");
    pthread_mutex_unlock(&lock);
    return rc != 0 ? rc : there ? 0 : MQTTCLIENT_PERSISTENCE_ERROR;
}

MQTTClient_persistence *user_store(void)
{
    static MQTTClient_persistence store = {.context = "context", .popen = on_open, .pclose = on_close, .pput = on_put,
                                           .pget = on_get, .premove = on_remove, .pkeys = on_keys, .pclear = on_clear,
                                           .pcontainskey = on_contains};
    return &store;
}

/* store fail FUNCTION RESULT [AFTER [TIMES]], store fail none, store put KEY BYTES */
void store_command(const struct words *words)
{
    const char *verb = words->count > 1 ? words->word[1] : "";
    if (strcmp(verb, "fail") == 0 && words->count > 2) {
        pthread_mutex_lock(&lock);
        snprintf(failure.function, sizeof failure.function, "%s", words->word[2]);
        failure.result = words->count > 3 ? atoi(words->word[3]) : -2;
        failure.after = words->count > 4 ? atoi(words->word[4]) : 0;
        failure.times = words->count > 5 ? atoi(words->word[5]) : INT_MAX;
        pthread_mutex_unlock(&lock);
    } else if (strcmp(verb, "put") == 0 && words->count > 3) {
        size_t length;
        unsigned char *bytes = bytes_of(words->word[3], &length);
        char *buffer = (char *)bytes;
        int size = (int)length;
        on_put(records, words->word[2], 1, &buffer, &size);
        free(bytes);
    } else if (strcmp(verb, "without") == 0 && words->count > 2) {
        MQTTClient_persistence *store = user_store();
        void **members[] = {&store->context, (void **)&store->popen, (void **)&store->pclose, (void **)&store->pput,
                            (void **)&store->pget, (void **)&store->premove, (void **)&store->pkeys,
                            (void **)&store->pclear, (void **)&store->pcontainskey};
        *members[atoi(words->word[2]) % 9] = NULL;
    }
}
