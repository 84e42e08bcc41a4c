/* A stream of small QoS 0 messages shares segments: the system holds back what does not fill one, but not for long, and
 * nothing else waits for it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support.h"

/* The only connection that this process has. */
static int connection(void)
{
    for (int fd = 3; fd < 1024; ++fd) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
            return fd;
    }
    CHECK(!"a connection");
    return -1;
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}

static int is_held_back(int fd)
{
    int corked = 0;
    socklen_t size = sizeof corked;
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &corked, &size), 0);
    return corked;
}

/* Publishes without a pause until the system holds messages back; the machine may have too much to do at first. */
static void stream(MQTTClient client, const char *topic, int fd)
{
    long long end = now_ms() + PATIENCE;
    while (!is_held_back(fd)) {
        CHECK(now_ms() < end);
        for (int i = 0; i < 20; ++i)
            publish_text(client, topic, "streamed", 0, 0);
    }
}

/* Nothing tells of it but the socket. */
static void wait_until_sent(int fd)
{
    long long end = now_ms() + PATIENCE;
    while (is_held_back(fd)) {
        CHECK(now_ms() < end);
        pause_ms(1);
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (strncmp(broker, "tcp://", 6) != 0) {
        printf("skipped: needs TCP\n");
        return 0;
    }
    char *topic = unique("stream");
    MQTTClient client = create_client(broker, client_id("stream"));
    struct inbox inbox;
    inbox_init(&inbox);
    use_inbox(client, &inbox);
    connect_client(client, 1);
    int fd = connection();

    for (int i = 0; i < 32; ++i) {
        publish_text(client, topic, "alone", 0, 0);
        CHECK_INT(is_held_back(fd), 0);
        pause_ms(1);
    }

    stream(client, topic, fd);
    wait_until_sent(fd);

    stream(client, topic, fd);
    publish_text(client, topic, "acknowledged", 1, 0);
    CHECK_INT(is_held_back(fd), 0);

    stream(client, topic, fd);
    CHECK_INT(MQTTClient_subscribe(client, topic, 0), MQTTCLIENT_SUCCESS);
    CHECK_INT(is_held_back(fd), 0);

    disconnect_and_destroy(&client);
    return 0;
}
