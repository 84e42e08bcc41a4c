/* Publishes numbered messages and survives being killed: run it, kill it (also with kill -9, also while the broker is
 * away), and run it again with the same options. It goes on where it was.
 *
 *   cc -o persistent_publish persistent_publish.c -lpaho-mqtt3c
 *   ./persistent_publish --uri tcp://localhost:1883 --topic examples/hello --count 100000
 *
 * Three things make that work: the file store, in which the library keeps each message until the broker has it; a client
 * id that is the same each time, with cleansession 0; and a note of the program's own of what it has published, since
 * only the program knows where its messages come from. Both lie in ./persistent_publish.store. At the moment of a kill
 * one message can be published and not yet noted: that one is published again. */
#include <sys/stat.h>

#include "example.h"

#define STORE "persistent_publish.store"

/* The number of the next message. */
static int read_note(void)
{
    int next = 1;
    FILE *file = fopen(STORE "/next", "r");
    if (file != NULL) {
        if (fscanf(file, "%d", &next) != 1)
            next = 1;
        fclose(file);
    }
    return next;
}

/* Replaces the note as a whole, so that it can be read whenever the program dies. */
static void write_note(int next)
{
    FILE *file = fopen(STORE "/next.new", "w");
    if (file == NULL || fprintf(file, "%d\n", next) < 0 || fclose(file) != 0 ||
        rename(STORE "/next.new", STORE "/next") != 0) {
        perror(STORE "/next");
        exit(1);
    }
}

/* Messages that the broker has not acknowledged; the first of them in `first`. */
static int count_pending(MQTTClient client, MQTTClient_deliveryToken *first)
{
    MQTTClient_deliveryToken *tokens = NULL;
    int count = 0;
    check(MQTTClient_getPendingDeliveryTokens(client, &tokens), "getPendingDeliveryTokens");
    while (tokens != NULL && tokens[count] != -1)
        ++count;
    if (count > 0)
        *first = tokens[0];
    MQTTClient_free(tokens);
    return count;
}

int main(int argc, char **argv)
{
    struct example example = {
        .uri = "tcp://localhost:1883", .topic = "examples/hello", .count = 10, .qos = 2, .timeout = 10000};
    read_options(argc, argv, "publish messages and survive being killed", &example);
    mkdir(STORE, 0777); /* it may be there */

    MQTTClient client;
    MQTTClient_deliveryToken token = 0;
    check(MQTTClient_create(&client, example.uri, "persistent_publish", MQTTCLIENT_PERSISTENCE_DEFAULT, (void *)STORE),
          "create");
    printf("%d messages of an earlier run are on their way\n", count_pending(client, &token));

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.keepAliveInterval = 20;
    options.cleansession = 0;
    options.maxInflightMessages = 20; /* the default waits for each message before the next */
    check(MQTTClient_connect(client, &options), "connect");

    int next = read_note();
    printf("going on with message %d\n", next);
    for (; next <= example.count; ++next) {
        char text[64];
        int length = snprintf(text, sizeof text, "message %d of %d", next, example.count);
        /* Success means that it is in the store: from here on it gets there, whatever happens. */
        check(MQTTClient_publish(client, example.topic, length, text, example.qos, 0, NULL), "publish");
        write_note(next + 1);
    }
    while (count_pending(client, &token) > 0)
        check(MQTTClient_waitForCompletion(client, token, (unsigned long)example.timeout), "waitForCompletion");
    printf("the broker has all %d messages\n", example.count);

    check(MQTTClient_disconnect(client, example.timeout), "disconnect");
    MQTTClient_destroy(&client);
    remove(STORE "/next"); /* the next run begins anew */
    rmdir(STORE);
    return 0;
}
