/* The features of MQTT 5 that a broker provides, from program to program: sessions and their expiry, wills with delay,
 * message expiry, request and response, shared subscriptions, subscription identifiers and options. */
#include "relay.h"
#include "v5.h"

static MQTTProperties with_number(int identifier, unsigned int value)
{
    MQTTProperties list = MQTTProperties_initializer;
    add_number(&list, identifier, value);
    return list;
}

/* A client that is connected with a clean start and has no callbacks. */
static MQTTClient connected(const char *name)
{
    MQTTClient client = create_client5(broker, client_id(name));
    MQTTResponse_free(connect5(client, 1, NULL));
    return client;
}

static void take(MQTTClient client, const char *topic, const char *text)
{
    MQTTClient_message *message = receive_text(client, topic, text);
    MQTTClient_freeMessage(&message);
}

#ifdef FIXED
#define CHECK_SESSION CHECK_INT
#else
#define CHECK_SESSION(found, expected) (void)(found)
#endif

static int reconnect_finds_session(MQTTClient client, MQTTProperties *properties)
{
    MQTTClient_connectOptions options = options5();
    options.cleanstart = 0;
    options.returned.sessionPresent = -7;
    MQTTResponse response = MQTTClient_connect5(client, &options, properties, NULL);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    CHECK_INT(options.returned.MQTTVersion, MQTTVERSION_5);
    return options.returned.sessionPresent;
}

static void a_session_lasts_as_long_as_it_was_told_to(void)
{
    char *topic = unique("expiry");
    MQTTClient client = create_client5(broker, client_id("expiry")), publisher = connected("expiry-publisher");
    MQTTProperties minute = with_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 60);
    MQTTResponse_free(connect5(client, 1, &minute));
    CHECK_INT(subscribe5(client, topic, 1, NULL, NULL), 1);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    deliver5(publisher, topic, "while away", 1, 0, NULL);
    CHECK_SESSION(reconnect_finds_session(client, &minute), 1);
    take(client, topic, "while away");

    /* DISCONNECT may end it. */
    MQTTProperties now = with_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 0);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, &now), MQTTCLIENT_SUCCESS);
    deliver5(publisher, topic, "to nobody", 1, 0, NULL);
    CHECK_SESSION(reconnect_finds_session(client, &minute), 0);
    expect_nothing(client);
    /* Without the property it ends with the connection, a clean start ends it as well. */
    CHECK_INT(subscribe5(client, topic, 1, NULL, NULL), 1);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTResponse_free(connect5(client, 1, NULL));
    deliver5(publisher, topic, "to nobody", 1, 0, NULL);
    expect_nothing(client);
    MQTTProperties_free(&minute);
    MQTTProperties_free(&now);
    goodbye5(&client);
    goodbye5(&publisher);
}

/* What happens to the will when the connection ends in this way. */
static void end_with_will(const char *name, MQTTClient witness, const char *topic, unsigned int delay, int reason,
                          long long at_least, int expected)
{
    struct relay relay;
    relay_start(&relay, broker);
    MQTTClient client = create_client5(relay.uri, client_id(name));
    MQTTProperties session = with_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 60);
    MQTTProperties properties = with_number(MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, delay);
    add_number(&properties, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, 1);
    add_text(&properties, MQTTPROPERTY_CODE_CONTENT_TYPE, "text/will");
    add_text(&properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, "answer");
    add_text(&properties, MQTTPROPERTY_CODE_CORRELATION_DATA, "data");
    add_pair(&properties, "of", "will");
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    will.topicName = topic;
    will.message = name;
    will.qos = 1;
    MQTTClient_connectOptions options = options5();
    options.will = &will;
    MQTTResponse response = MQTTClient_connect5(client, &options, &session, &properties);
    CHECK_INT((int)response.reasonCode, MQTTREASONCODE_SUCCESS);
    MQTTResponse_free(response);
    MQTTProperties_free(&session);
    MQTTProperties_free(&properties);

    long long start = now_ms();
    if (reason < 0)
        relay_cut(&relay);
    else
        CHECK_INT(MQTTClient_disconnect5(client, 0, (enum MQTTReasonCodes)reason, NULL), MQTTCLIENT_SUCCESS);
    if (expected) {
        MQTTClient_message *message = receive_text(witness, topic, name);
        CHECK(now_ms() - start >= at_least);
        expect_property_text(&message->properties, MQTTPROPERTY_CODE_CONTENT_TYPE, "text/will");
        expect_property_text(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, "answer");
        expect_property_text(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA, "data");
        expect_pair(&message->properties, 0, "of", "will");
        MQTTClient_freeMessage(&message);
    } else {
        expect_nothing(witness);
    }
    MQTTClient_destroy(&client);
    relay_stop(&relay);
}

static void wills(void)
{
    char *topic = unique("will");
    MQTTClient witness = connected("will-witness");
    CHECK_INT(subscribe5(witness, topic, 1, NULL, NULL), 1);
    end_with_will("lost", witness, topic, 0, -1, 0, 1);
    end_with_will("delayed", witness, topic, 1, -1, 900, 1);
    end_with_will("orderly", witness, topic, 0, MQTTREASONCODE_SUCCESS, 0, 0);
    end_with_will("on-demand", witness, topic, 0, MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE, 0, 1);
    goodbye5(&witness);
}

static void a_message_expires(void)
{
    char *topic = unique("message-expiry");
    MQTTClient client = create_client5(broker, client_id("message-expiry")), publisher = connected("message-expiry-p");
    MQTTProperties session = with_number(MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 60);
    MQTTResponse_free(connect5(client, 1, &session));
    CHECK_INT(subscribe5(client, topic, 1, NULL, NULL), 1);
    CHECK_INT(MQTTClient_disconnect5(client, 0, MQTTREASONCODE_SUCCESS, NULL), MQTTCLIENT_SUCCESS);
    MQTTProperties second = with_number(MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, 1);
    MQTTProperties minute = with_number(MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, 60);
    deliver5(publisher, topic, "short", 1, 0, &second);
    deliver5(publisher, topic, "long", 1, 0, &minute);
    usleep(2200000); /* what is waited for is time itself */
    reconnect_finds_session(client, &session);
    MQTTClient_message *message = receive_text(client, topic, "long");
    long long left = MQTTProperties_getNumericValue(&message->properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL);
    CHECK(left > 0 && left < 60);
    MQTTClient_freeMessage(&message);
    expect_nothing(client);
    MQTTProperties_free(&session);
    MQTTProperties_free(&second);
    MQTTProperties_free(&minute);
    goodbye5(&client);
    goodbye5(&publisher);
}

static void a_request_is_answered_where_it_says(void)
{
    char *requests = unique("request"), *answers = unique("answers");
    MQTTClient asking = connected("asking"), answering = connected("answering");
    CHECK_INT(subscribe5(asking, answers, 1, NULL, NULL), 1);
    CHECK_INT(subscribe5(answering, requests, 1, NULL, NULL), 1);
    MQTTProperties list = MQTTProperties_initializer;
    add_text(&list, MQTTPROPERTY_CODE_RESPONSE_TOPIC, answers);
    add_text(&list, MQTTPROPERTY_CODE_CORRELATION_DATA, "\x01\x02 7");
    deliver5(asking, requests, "6 * 7", 1, 0, &list);
    MQTTProperties_free(&list);

    MQTTClient_message *request = receive_text(answering, requests, "6 * 7");
    MQTTProperty *where = MQTTProperties_getProperty(&request->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    MQTTProperty *what = MQTTProperties_getProperty(&request->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    CHECK(where != NULL && what != NULL);
    CHECK_INT(MQTTProperties_add(&list, what), 0);
    deliver5(answering, where->value.data.data, "42", 1, 0, &list);
    MQTTProperties_free(&list);
    MQTTClient_freeMessage(&request);

    MQTTClient_message *answer = receive_text(asking, answers, "42");
    expect_property_text(&answer->properties, MQTTPROPERTY_CODE_CORRELATION_DATA, "\x01\x02 7");
    MQTTClient_freeMessage(&answer);
    goodbye5(&asking);
    goodbye5(&answering);
}

static void shared_subscribers_divide_the_messages(void)
{
    char filter[300], *topic = unique("shared");
    snprintf(filter, sizeof filter, "$share/group/%s", topic);
    MQTTClient workers[] = {connected("worker-1"), connected("worker-2")}, publisher = connected("shared-publisher");
    for (int i = 0; i < 2; ++i)
        CHECK_INT(subscribe5(workers[i], filter, 1, NULL, NULL), 1);
    for (int i = 0; i < 10; ++i)
        deliver5(publisher, topic, "work", 1, 0, NULL);
    int done[2] = {0, 0};
    for (long long end = now_ms() + PATIENCE; done[0] + done[1] < 10 && now_ms() < end;) {
        for (int i = 0; i < 2; ++i) {
            char *got = NULL;
            int length;
            MQTTClient_message *message = NULL;
            CHECK_INT(MQTTClient_receive(workers[i], &got, &length, &message, 50), MQTTCLIENT_SUCCESS);
            if (message == NULL)
                continue;
            done[i]++;
            MQTTClient_free(got);
            MQTTClient_freeMessage(&message);
        }
    }
    CHECK_INT(done[0] + done[1], 10);
    CHECK(done[0] > 0 && done[1] > 0);
    for (int i = 0; i < 2; ++i) {
        expect_nothing(workers[i]);
        goodbye5(&workers[i]);
    }
    goodbye5(&publisher);
}

static void each_message_tells_the_subscriptions_it_came_by(void)
{
    char *topic = unique("ids/a"), *filter = unique("ids/+");
    MQTTClient client = connected("ids");
    MQTTProperties one = with_number(MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, 1);
    MQTTProperties two = with_number(MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, 200000);
    CHECK_INT(subscribe5(client, topic, 1, NULL, &one), 1);
    CHECK_INT(subscribe5(client, filter, 1, NULL, &two), 1);
    deliver5(client, topic, "x", 1, 0, NULL);
    /* one copy with both identifiers, or one for each: the broker's choice */
    int seen[2] = {0, 0}, copies = 0;
    while (seen[0] + seen[1] < 2) {
        MQTTClient_message *message = receive_text(client, topic, "x");
        int count = MQTTProperties_propertyCount(&message->properties, MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER);
        for (int i = 0; i < count; ++i) {
            long long id = MQTTProperties_getNumericValueAt(&message->properties,
                                                            MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER, i);
            CHECK(id == 1 || id == 200000);
            seen[id == 1 ? 0 : 1]++;
        }
        MQTTClient_freeMessage(&message);
        CHECK(++copies <= 2);
    }
    CHECK_INT(seen[0], 1);
    MQTTProperties_free(&one);
    MQTTProperties_free(&two);
    goodbye5(&client);
}

static void subscription_options(void)
{
    char *topic = unique("options");
    MQTTClient client = connected("options"), other = connected("options-other");
    MQTTSubscribe_options options = MQTTSubscribe_options_initializer;
    deliver5(other, topic, "kept", 1, 1, NULL);

    /* Retain handling: 2 never, 1 only for a new subscription, 0 always. */
    options.retainHandling = 2;
    CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
    expect_nothing(client);
    options.retainHandling = 1;
    CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
    expect_nothing(client);
    CHECK_INT(MQTTClient_unsubscribe(client, topic), 0);
    CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
    take(client, topic, "kept");
    options.retainHandling = 0;
    CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
    take(client, topic, "kept");

    /* Retain as published: whether a live message shows that it was published with RETAIN. */
    for (int as_published = 0; as_published <= 1; ++as_published) {
        options.retainHandling = 2;
        options.retainAsPublished = (unsigned char)as_published;
        CHECK_INT(MQTTClient_unsubscribe(client, topic), 0);
        CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
        deliver5(other, topic, "live", 1, 1, NULL);
        MQTTClient_message *message = receive_text(client, topic, "live");
        CHECK_INT(message->retained, as_published);
        MQTTClient_freeMessage(&message);
    }

    /* No local: one's own messages stay away. */
    options.noLocal = 1;
    CHECK_INT(MQTTClient_unsubscribe(client, topic), 0);
    CHECK_INT(subscribe5(client, topic, 1, &options, NULL), 1);
    deliver5(client, topic, "own", 1, 0, NULL);
    deliver5(other, topic, "foreign", 1, 0, NULL);
    take(client, topic, "foreign");
    expect_nothing(client);
    deliver5(other, topic, "", 1, 1, NULL);
    goodbye5(&client);
    goodbye5(&other);
}

static void aliases_work_with_a_broker(void)
{
    char *topic = unique("alias");
    MQTTClient subscriber = connected("alias-s"), client = create_client5(broker, client_id("alias"));
    CHECK_INT(subscribe5(subscriber, topic, 1, NULL, NULL), 1);
    MQTTResponse response = connect5(client, 1, NULL);
    EXPECT_NUMBER(response.properties, MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM, 10);
    MQTTResponse_free(response);
    MQTTProperties alias = with_number(MQTTPROPERTY_CODE_TOPIC_ALIAS, 10);
    deliver5(client, topic, "with both", 1, 0, &alias);
    deliver5(client, "", "with the alias alone", 1, 0, &alias);
    take(subscriber, topic, "with both");
    take(subscriber, topic, "with the alias alone");
    MQTTProperties_free(&alias);
    goodbye5(&client);
    goodbye5(&subscriber);
}

static void a_session_taken_over_ends_the_older_connection(void)
{
    MQTTClient first = connected("twice"), second = connected("twice");
    char *topic;
    int length;
    MQTTClient_message *message;
    CHECK_INT(MQTTClient_receive(first, &topic, &length, &message, PATIENCE), MQTTCLIENT_FAILURE);
    CHECK_INT(MQTTClient_isConnected(first), 0);
    CHECK_INT(MQTTClient_isConnected(second), 1);
    MQTTClient_destroy(&first);
    goodbye5(&second);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    a_session_lasts_as_long_as_it_was_told_to();
    wills();
    a_message_expires();
    a_request_is_answered_where_it_says();
    shared_subscribers_divide_the_messages();
    each_message_tells_the_subscriptions_it_came_by();
    subscription_options();
    aliases_work_with_a_broker();
    a_session_taken_over_ends_the_older_connection();
    return 0;
}
