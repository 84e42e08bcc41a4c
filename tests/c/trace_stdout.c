/* A trace to standard output, by the environment: its lines stand among those that the program prints, where they belong,
 * also where that is no terminal. */
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static char text[20000];

/* What a program of its own prints that is traced to `destination` at `level`. */
static void trace_to(const char *destination, const char *level)
{
    int ends[2];
    fflush(NULL);
    CHECK_INT(pipe(ends), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("MQTT_C_CLIENT_TRACE", destination, 1);
        setenv("MQTT_C_CLIENT_TRACE_LEVEL", level, 1);
        MQTTClient client = create_client(broker, client_id("printing"));
        printf("before connect\n");
        connect_client(client, 1);
        printf("before disconnect\n");
        CHECK_INT(MQTTClient_disconnect(client, PATIENCE), MQTTCLIENT_SUCCESS);
        printf("behind disconnect\n");
        MQTTClient_destroy(&client);
        exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t some;
    while ((some = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)some;
    close(ends[0]);
    text[length] = '\0';
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

/* Finds `part` behind what was found before. */
static void expect_next(const char **from, const char *part)
{
    const char *found = strstr(*from, part);
    if (found == NULL)
        CHECK_FAIL("no \"%s\" in \"%s\"", part, *from);
    *from = found + strlen(part);
}

static void expect_session(void)
{
    const char *from = text;
    expect_next(&from, "Trace Output\n");
    expect_next(&from, "before connect\n");
    expect_next(&from, "-> CONNECT version 4 clean: 1 (0)\n");
    expect_next(&from, "<- CONNACK rc: 0\n");
    expect_next(&from, "before disconnect\n");
    expect_next(&from, "-> DISCONNECT (0)\n");
    expect_next(&from, "behind disconnect\n");
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    trace_to("ON", "TRACE_PROTOCOL");
    expect_session();
    CHECK(strstr(text, "Connecting to serverURI") == NULL);
    trace_to("ON", "MINIMUM");
    expect_session();
    CHECK(strstr(text, "Connecting to serverURI") != NULL);
    /* so does that to a file which cannot be made */
    trace_to("/dev/null/trace", "PROTOCOL");
    expect_session();
    return 0;
}
