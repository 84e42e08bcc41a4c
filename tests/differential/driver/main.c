/* differential: runs a story and prints what happened. Usage: driver STORY [TRANSCRIPT]
 * With the transcript that it should become, it waits for what should happen; otherwise for silence, of SILENCE ms if the
 * environment says so. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

/* How long a job may take to get to where it waits, in ms. */
#define SETTLING 200
/* What no story takes, in s. */
#define LIMIT 120

int broker_port;
const char *way_scheme = "tcp";
struct client clients[MAX_CLIENTS];
static char shown[MAX_CLIENTS][512], current[MAX_CLIENTS][512];

static struct client *client_named(const char *name)
{
    static struct client nobody = {.name = "null"};
    if (strcmp(name, "null") == 0)
        return &nobody;
    for (int i = 0; i < MAX_CLIENTS; ++i) {
        if (clients[i].name[0] == '\0')
            snprintf(clients[i].name, sizeof clients[i].name, "%s", name);
        if (strcmp(clients[i].name, name) == 0)
            return &clients[i];
    }
    return &nobody;
}

void describe_clients(char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < MAX_CLIENTS && clients[i].name[0] != '\0'; ++i) {
        char *text = current[i];
        if (!clients[i].exists) {
            snprintf(text, sizeof current[i], "gone");
        } else {
            int *tokens = NULL;
            snprintf(text, sizeof current[i], MQTTClient_isConnected(clients[i].handle) ? "connected" : "not connected");
            if (MQTTClient_getPendingDeliveryTokens(clients[i].handle, &tokens) == 0 && tokens != NULL) {
                snprintf(text + strlen(text), sizeof current[i] - strlen(text), ", pending");
                for (int t = 0; tokens[t] != -1; ++t)
                    snprintf(text + strlen(text), sizeof current[i] - strlen(text), " %d", tokens[t]);
                MQTTClient_free(tokens);
            }
        }
        if (strcmp(text, shown[i]) != 0)
            used += (size_t)snprintf(out + used, room - used, "  %s is %s\n", clients[i].name, text);
    }
}

void commit_clients(void) { memcpy(shown, current, sizeof shown); }

static pthread_t jobs[16];
static int job_count;

static void *run_job(void *line)
{
    own_part = JOB;
    run_line(line);
    note(JOB, "done: %s", (const char *)line);
    free(line);
    return NULL;
}

bool run_line(const char *line)
{
    struct words words;
    split(&words, line);
    if (words.count == 0)
        return true;
    struct client *client = client_named("a");
    if (words.word[0][0] == '@') {
        client = client_named(words.word[0] + 1);
        --words.count;
        memmove(words.word, words.word + 1, sizeof words.word - sizeof words.word[0]);
    }
    const char *verb = words.count > 0 ? words.word[0] : "";
    const char *rest = strchr(line, ' ') != NULL ? strchr(line, ' ') + 1 : "";
    if (strcmp(verb, "broker") == 0)
        broker_command(&words);
    else if (strcmp(verb, "file") == 0)
        file_command(&words);
    else if (strcmp(verb, "store") == 0)
        store_command(&words);
    else if (strcmp(verb, "on") == 0)
        on_command(&words, line);
    else if (strcmp(verb, "way") == 0 && words.count > 1) {
        way_scheme = strdup(words.word[1]);
        broker_port = start_way(way_scheme, broker_port);
        mask_port(broker_port);
    } else if (strcmp(verb, "sleep") == 0)
        usleep((useconds_t)atoi(words.word[1]) * 1000);
    else if (strcmp(verb, "start") == 0 && job_count < 16) {
        pthread_create(&jobs[job_count++], NULL, run_job, strdup(rest));
        usleep(SETTLING * 1000); /* that it waits inside the call cannot be seen from outside */
    } else if (strcmp(verb, "join") == 0) {
        for (; job_count > 0; --job_count)
            pthread_join(jobs[job_count - 1], NULL);
    } else if (strcmp(verb, "timed") == 0 && words.count > 2) {
        /* timed UNIT LINE: how long it took, in units, to the nearest one */
        struct timespec start, end;
        const char *timed = strchr(rest, ' ') + 1;
        clock_gettime(CLOCK_MONOTONIC, &start);
        run_line(timed);
        clock_gettime(CLOCK_MONOTONIC, &end);
        long took = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000, unit = atol(words.word[1]);
        note(own_part, "took about %ld ms", (took + unit / 2) / unit * unit);
    } else if (!call_function(client, &words) && !set_callback_functions(client, &words)) {
        note(own_part, "unknown: %s", verb);
        return false;
    }
    return true;
}

static void crash(int number)
{
    signal(number, SIG_DFL);
    abandon_transcript(number == SIGALRM ? "  HANGS\n" : "  CRASHES\n");
}

int main(int argc, char **argv)
{
    FILE *story = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (story == NULL) {
        fprintf(stderr, "usage: %s STORY [TRANSCRIPT]\n", argv[0]);
        return 2;
    }
    make_store_base();
    for (int number = 1; number < 32; ++number)
        if (number == SIGSEGV || number == SIGABRT || number == SIGBUS || number == SIGALRM)
            signal(number, crash);
    alarm(LIMIT);
    if (getenv("SILENCE") != NULL)
        set_silence(atoi(getenv("SILENCE")));
    broker_port = start_broker();
    mask_port(broker_port);
    if (argc > 2)
        expect_transcript(argv[2]);
    char line[8192];
    while (fgets(line, sizeof line, story) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        begin_block(line);
        run_line(line);
        end_block();
    }
    fclose(story);
    remove_store_base();
    fflush(stdout);
    _exit(0);
}
