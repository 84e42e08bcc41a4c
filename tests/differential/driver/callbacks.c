/* The callbacks: each notes its arguments, and does what the story has put in line for it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define MAX_PLANS 128

struct plan {
    char callback[16];
    int result;
    char line[1024];
    bool used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct plan plans[MAX_PLANS];
static int plan_count;

/* on CALLBACK return N | on CALLBACK do LINE: for the next call that has no plan yet. */
void on_command(const struct words *words, const char *line)
{
    const char *callback = words->count > 1 ? words->word[1] : "";
    const char *verb = words->count > 2 ? words->word[2] : "";
    if (plan_count == MAX_PLANS)
        return;
    pthread_mutex_lock(&lock);
    struct plan *plan = &plans[plan_count++];
    snprintf(plan->callback, sizeof plan->callback, "%s", callback);
    plan->result = strcmp(verb, "return") == 0 && words->count > 3 ? atoi(words->word[3]) : 1;
    const char *rest = strstr(line, " do ");
    snprintf(plan->line, sizeof plan->line, "%s", strcmp(verb, "do") == 0 && rest != NULL ? rest + 4 : "");
    plan->used = true;
    pthread_mutex_unlock(&lock);
}

/* What this call is to do, before the call is told: the story may go on then, and plan for the next one. */
static struct plan take_plan(const char *callback)
{
    struct plan taken = {.result = 1};
    pthread_mutex_lock(&lock);
    for (int i = 0; i < plan_count; ++i)
        if (plans[i].used && strcmp(plans[i].callback, callback) == 0) {
            plans[i].used = false;
            taken = plans[i];
            break;
        }
    pthread_mutex_unlock(&lock);
    return taken;
}

static int follow_plan(const struct plan *plan)
{
    if (plan->line[0] != '\0') {
        own_part = CALLBACK;
        begin_work();
        note(CALLBACK, "  in it: %s", plan->line);
        run_line(plan->line);
        note(CALLBACK, "  end of %s", plan->callback);
        end_work();
    }
    return plan->result;
}

static const char *name_of(const void *context) { return context != NULL ? context : "NULL"; }

static int on_arrived(void *context, char *topic, int topic_length, MQTTClient_message *message)
{
    struct plan plan = take_plan("arrived");
    char topic_text[1024], message_text[4096];
    describe_bytes(topic_text, sizeof topic_text, topic, topic_length > 0 ? (size_t)topic_length : strlen(topic));
    describe_message(message_text, sizeof message_text, message);
    note(CALLBACK, "%s messageArrived %s topicLen %d %s", name_of(context), topic_text, topic_length, message_text);
    int taken = follow_plan(&plan);
    if (taken) {
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    } else {
        note(CALLBACK, "%s refused", name_of(context));
    }
    return taken;
}

static void on_complete(void *context, MQTTClient_deliveryToken token)
{
    struct plan plan = take_plan("complete");
    note(CALLBACK, "%s deliveryComplete %d", name_of(context), token);
    follow_plan(&plan);
}

static void on_lost(void *context, char *cause)
{
    struct plan plan = take_plan("lost");
    note(CALLBACK, "%s connectionLost %s", name_of(context), cause == NULL ? "NULL" : cause);
    follow_plan(&plan);
}

static void on_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
    struct plan plan = take_plan("disconnected");
    char text[2048];
    describe_properties(text, sizeof text, properties);
    note(CALLBACK, "%s disconnected %d %s", name_of(context), (int)reason, text);
    follow_plan(&plan);
}

static void on_published(void *context, int token, int packet_type, MQTTProperties *properties,
                         enum MQTTReasonCodes reason)
{
    struct plan plan = take_plan("published");
    char text[2048];
    describe_properties(text, sizeof text, properties);
    note(CALLBACK, "%s published %d packet type %d reason %d %s", name_of(context), token, packet_type, (int)reason, text);
    follow_plan(&plan);
}

void hear_trace(enum MQTTCLIENT_TRACE_LEVELS level, char *text)
{
    char line[1024];
    /* Without the time; and the socket's number says nothing. */
    const char *rest = strlen(text) > 20 ? text + 20 : text;
    if (text[0] < '0' || text[0] > '9')
        return; /* the head of a trace */
    if (rest[0] == '(')
        return; /* a function of the original is entered or left */
    size_t digits = strspn(rest, "0123456789");
    if (digits > 0 && rest[digits] == ' ' && rest[digits + 1] != '\0')
        snprintf(line, sizeof line, "S%s", rest + digits);
    else
        snprintf(line, sizeof line, "%s", rest);
    char *socket = strstr(line, "socket ");
    if (socket != NULL && (digits = strspn(socket + 7, "0123456789")) > 0) {
        socket[7] = 'S';
        memmove(socket + 8, socket + 7 + digits, strlen(socket + 7 + digits) + 1);
    }
    note(TRACE, "%d %s", (int)level, line);
}

/* callbacks [lost=no] [complete=no] [arrived=no]; disconnected [no]; published [no] */
bool set_callback_functions(struct client *client, const struct words *words)
{
    const char *verb = words->word[0];
    const char *first = plain(words, 0);
    bool off = first != NULL && strcmp(first, "no") == 0;
    int rc;
    if (strcmp(verb, "callbacks") == 0)
        rc = MQTTClient_setCallbacks(client->handle, client->name, value_of(words, "lost") ? NULL : on_lost,
                                     value_of(words, "arrived") ? NULL : on_arrived,
                                     value_of(words, "complete") ? NULL : on_complete);
    else if (strcmp(verb, "disconnected") == 0)
        rc = MQTTClient_setDisconnected(client->handle, client->name, off ? NULL : on_disconnected);
    else if (strcmp(verb, "published") == 0)
        rc = MQTTClient_setPublished(client->handle, client->name, off ? NULL : on_published);
    else
        return false;
    note(own_part, "%d", rc);
    return true;
}
