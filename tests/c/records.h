/* Records in memory, by their keys: what a store of the program's own keeps. Nothing is locked here. */
#ifndef RECORDS_H
#define RECORDS_H

#include "support.h"

#define RECORDS 64

struct record {
    char key[32];
    char *bytes;
    int length;
};

struct records {
    struct record all[RECORDS];
    int count;
};

static inline struct record *find_record(struct records *records, const char *key)
{
    for (int i = 0; i < records->count; ++i)
        if (strcmp(records->all[i].key, key) == 0)
            return &records->all[i];
    return NULL;
}

static inline void put_record(struct records *records, const char *key, int count, char *buffers[], int lengths[])
{
    struct record *record = find_record(records, key);
    if (record == NULL) {
        CHECK(records->count < RECORDS);
        record = &records->all[records->count++];
        snprintf(record->key, sizeof record->key, "%s", key);
        record->bytes = NULL;
    }
    record->length = 0;
    for (int i = 0; i < count; ++i)
        record->length += lengths[i];
    free(record->bytes);
    char *end = record->bytes = malloc((size_t)record->length + 1);
    for (int i = 0; i < count; ++i) {
        if (lengths[i] > 0)
            memcpy(end, buffers[i], (size_t)lengths[i]);
        end += lengths[i];
    }
}

/* A copy of the record for the library, which frees it. 0: there is none. */
static inline int get_record(struct records *records, const char *key, char **bytes, int *length)
{
    struct record *record = find_record(records, key);
    if (record == NULL)
        return 0;
    *bytes = malloc((size_t)record->length + 1);
    *length = record->length;
    memcpy(*bytes, record->bytes, (size_t)record->length);
    return 1;
}

static inline void remove_record(struct records *records, const char *key)
{
    struct record *record = find_record(records, key);
    if (record != NULL) {
        free(record->bytes);
        *record = records->all[--records->count];
    }
}

/* The keys for the library, which frees them. */
static inline void list_records(struct records *records, char ***keys, int *count)
{
    *count = records->count;
    *keys = records->count > 0 ? malloc((size_t)records->count * sizeof **keys) : NULL;
    for (int i = 0; i < records->count; ++i)
        (*keys)[i] = strdup(records->all[i].key);
}

static inline void clear_records(struct records *records)
{
    while (records->count > 0)
        free(records->all[--records->count].bytes);
}

#endif
