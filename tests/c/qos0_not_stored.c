/* QoS 0 leaves no trace: no token, nothing pending, no record in the store, nothing for a session that is away. */
#include <dirent.h>
#include <unistd.h>

#include "support.h"

static int files_in(const char *path)
{
    int files = 0;
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        files += entry->d_name[0] != '.';
    closedir(directory);
    return files;
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    char base[] = "/tmp/qos0_not_stored.XXXXXX", directory[512];
    CHECK(mkdtemp(base) != NULL);
    char *id = client_id("publisher");
    MQTTClient publisher = NULL;
    CHECK_INT(MQTTClient_create(&publisher, broker, id, MQTTCLIENT_PERSISTENCE_DEFAULT, base), MQTTCLIENT_SUCCESS);
    connect_client(publisher, 0);
    snprintf(directory, sizeof directory, "%s/%s-%s", base, id, strstr(broker, "://") + 3);
    *strrchr(directory, ':') = '-';

    /* a subscriber with a session, gone away */
    char *topic = unique("topic");
    MQTTClient subscriber = create_client(broker, client_id("subscriber"));
    connect_client(subscriber, 0);
    CHECK_INT(MQTTClient_subscribe(subscriber, topic, 2), MQTTCLIENT_SUCCESS);
    CHECK_INT(MQTTClient_disconnect(subscriber, PATIENCE), MQTTCLIENT_SUCCESS);

    CHECK_INT(publish_text(publisher, topic, "gone with the wind", 0, 0), -7);
    CHECK_INT(files_in(directory), 0);
    MQTTClient_deliveryToken *tokens = NULL;
    CHECK_INT(MQTTClient_getPendingDeliveryTokens(publisher, &tokens), MQTTCLIENT_SUCCESS);
    CHECK(tokens == NULL);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, -7, PATIENCE), MQTTCLIENT_SUCCESS);

    CHECK_INT(publish_text(publisher, topic, "kept", 1, 0), 1);
    CHECK_INT(files_in(directory), 1);
    CHECK_INT(MQTTClient_waitForCompletion(publisher, 1, PATIENCE), MQTTCLIENT_SUCCESS);
    CHECK_INT(files_in(directory), 0);

    connect_client(subscriber, 0);
    expect_text(subscriber, topic, "kept", 1);
    expect_nothing(subscriber);
    CHECK_INT(MQTTClient_disconnect(subscriber, PATIENCE), MQTTCLIENT_SUCCESS);

    connect_client(subscriber, 1); /* leaves no session behind */
    disconnect_and_destroy(&subscriber);
    disconnect_and_destroy(&publisher);
    CHECK_INT(rmdir(base), 0);
    return 0;
}
