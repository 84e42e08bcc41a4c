/* The transcript: a block for each line of the story, holding all that the line caused. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

#define ROOM (1 << 18)
/* How long a block is given to become what it should be, in ms. */
#define PATIENCE 3000
/* How long it waits for callbacks that are still at work, in ms. */
#define WORK 20000
/* After that: how long something that should not happen is looked out for at the end of the story, in ms. */
#define LAST_SILENCE 60

_Thread_local enum part own_part = RESULT;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char parts[PARTS][ROOM];
static size_t used[PARTS];
static char headline[8192];
static long long last_note;
static char port_text[16];
static int silence = 300;
static char *expected;      /* what is left of the expected transcript */
static bool as_expected;    /* so far */
static int at_work;         /* callbacks */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void mask_port(int port) { snprintf(port_text, sizeof port_text, "%d", port); }

void set_silence(int milliseconds) { silence = milliseconds; }

static void mask(char *text)
{
    size_t length = strlen(port_text);
    for (char *at = text; length == 5 && (at = strstr(at, port_text)) != NULL; at += 4) {
        memcpy(at, "PORT", 4);
        memmove(at + 4, at + 5, strlen(at + 5) + 1);
    }
}

void note(enum part part, const char *format, ...)
{
    static const char *const marks[PARTS] = {"=", "wire", "callback", "store", "trace", "job"};
    static _Thread_local char line[ROOM / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    mask(line);
    pthread_mutex_lock(&lock);
    used[part] += (size_t)snprintf(parts[part] + used[part], ROOM - used[part], "  %s %s\n", marks[part], line);
    if (used[part] >= ROOM)
        used[part] = ROOM - 1;
    last_note = now_ms();
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void begin_work(void)
{
    pthread_mutex_lock(&lock);
    ++at_work;
    pthread_mutex_unlock(&lock);
}

void end_work(void)
{
    pthread_mutex_lock(&lock);
    --at_work;
    last_note = now_ms();
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void wake_transcript(void)
{
    pthread_mutex_lock(&lock);
    last_note = now_ms();
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void expect_transcript(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    expected = calloc(1, 4 << 20);
    size_t length = fread(expected, 1, (4 << 20) - 1, file);
    expected[length] = '\0';
    fclose(file);
    as_expected = true;
}

void begin_block(const char *line)
{
    pthread_mutex_lock(&lock);
    snprintf(headline, sizeof headline, "> %s\n", line);
    last_note = now_ms();
    pthread_mutex_unlock(&lock);
}

static char rendered[ROOM * 2];

/* The lock is held; it is let go while the library is asked. */
static void render(void)
{
    static char clients_text[ROOM / 4], files_text[ROOM / 4];
    pthread_mutex_unlock(&lock);
    describe_clients(clients_text, sizeof clients_text);
    describe_files(files_text, sizeof files_text);
    pthread_mutex_lock(&lock);
    mask(files_text);
    size_t length = (size_t)snprintf(rendered, sizeof rendered, "%s", headline);
    for (int part = 0; part < PARTS; ++part)
        length += (size_t)snprintf(rendered + length, sizeof rendered - length, "%.*s", (int)used[part], parts[part]);
    snprintf(rendered + length, sizeof rendered - length, "%s%s", files_text, clients_text);
}

/* The lock is held. Whether the block is what comes next in the expected transcript. */
static bool matches(void)
{
    size_t length = strlen(rendered);
    return strncmp(expected, rendered, length) == 0 && (expected[length] == '\0' || expected[length] == '>');
}

static void wait_until(long long at)
{
    struct timespec deadline = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
    pthread_cond_timedwait(&changed, &lock, &deadline);
}

void end_block(void)
{
    pthread_mutex_lock(&lock);
    bool done = false;
    if (as_expected) {
        /* Only the library can tell about tokens and isConnected, so it is asked every now and then. */
        for (long long limit = now_ms() + PATIENCE; now_ms() < limit;) {
            render();
            if (matches()) {
                expected += strlen(rendered);
                done = true;
                break;
            }
            wait_until(now_ms() + 10);
        }
        as_expected = done;
        if (done && *expected == '\0') {
            wait_until(now_ms() + LAST_SILENCE);
            render();
        }
    }
    if (!done) {
        for (long long limit = now_ms() + WORK; at_work > 0 && now_ms() < limit;)
            wait_until(limit);
        while (now_ms() < last_note + silence)
            wait_until(last_note + silence);
        render();
    }
    fputs(rendered, stdout);
    fflush(stdout);
    memset(used, 0, sizeof used);
    headline[0] = '\0';
    pthread_mutex_unlock(&lock);
    commit_clients();
    commit_files();
}

void abandon_transcript(const char *reason)
{
    if (write(1, headline, strlen(headline)) < 0)
        _exit(3);
    for (int part = 0; part < PARTS; ++part)
        if (write(1, parts[part], used[part]) < 0)
            _exit(3);
    if (write(1, reason, strlen(reason)) < 0)
        _exit(3);
    remove_store_base();
    _exit(0);
}
