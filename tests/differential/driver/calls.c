/* The functions of the interface, one word each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

#define UNTOUCHED (-77)
static char untouched[] = "untouched";

extern int broker_port;

/* The list under that key, made in `space`; NULL if the line has none. */
static MQTTProperties *properties_of(const struct words *words, const char *key, MQTTProperties *space)
{
    static const MQTTProperties empty = MQTTProperties_initializer;
    const char *value = value_of(words, key);
    *space = empty;
    if (value == NULL)
        return NULL;
    parse_properties(space, value);
    return space;
}

/* A fixed text with PORT replaced, to be freed. */
static char *with_port(const char *text)
{
    char *out = malloc(strlen(text) + 16);
    const char *mark = strstr(text, "PORT");
    if (mark == NULL)
        strcpy(out, text);
    else
        sprintf(out, "%.*s%d%s", (int)(mark - text), text, broker_port, mark + 4);
    return out;
}

void describe_message(char *out, size_t room, const MQTTClient_message *message)
{
    char payload[2048], properties[1024];
    describe_bytes(payload, sizeof payload, message->payload, (size_t)message->payloadlen);
    describe_properties(properties, sizeof properties, &message->properties);
    snprintf(out, room, "%.4s %d %s len %d qos %d retained %d dup %d msgid %d %s", message->struct_id,
             message->struct_version, payload, message->payloadlen, message->qos, message->retained, message->dup,
             message->msgid, properties);
}

static void report_response(MQTTResponse response)
{
    char codes[512] = "", properties[2048];
    for (int i = 0; response.reasonCodes != NULL && i < response.reasonCodeCount; ++i)
        snprintf(codes + strlen(codes), sizeof codes - strlen(codes), " %d", (int)response.reasonCodes[i]);
    describe_properties(properties, sizeof properties, response.properties);
    note(own_part, "version %d reason %d count %d codes%s properties %s", response.version, (int)response.reasonCode,
         response.reasonCodeCount, response.reasonCodes == NULL ? " NULL" : codes, properties);
    MQTTResponse_free(response);
}

static void create(struct client *client, const struct words *words)
{
    const char *id = value_of(words, "id"), *store = value_of(words, "store"), *uri = value_of(words, "uri");
    char usual_uri[64];
    snprintf(usual_uri, sizeof usual_uri, "%s://127.0.0.1:PORT", way_scheme);
    char *address = with_port(uri != NULL ? uri : usual_uri);
    int type = MQTTCLIENT_PERSISTENCE_NONE;
    void *context = NULL;
    if (store != NULL && strcmp(store, "file") == 0) {
        type = MQTTCLIENT_PERSISTENCE_DEFAULT;
        context = store_base;
    } else if (store != NULL && strcmp(store, "user") == 0) {
        type = MQTTCLIENT_PERSISTENCE_USER;
        context = user_store();
    } else if (store != NULL && strcmp(store, "none") != 0) {
        type = atoi(store);
    }
    size_t length;
    char *id_text = (char *)bytes_of(id != NULL ? id : client->name, &length);
    MQTTClient handle = (MQTTClient)untouched;
    int rc;
    const char *uri_text = or_null(address), *client_id = or_null(id_text);
    if (value_of(words, "version") != NULL || value_of(words, "struct") != NULL || value_of(words, "eye") != NULL) {
        MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
        options.MQTTVersion = number_of(words, "version", 0);
        options.struct_version = number_of(words, "struct", 0);
        if (value_of(words, "eye") != NULL)
            memcpy(options.struct_id, value_of(words, "eye"), 4);
        rc = MQTTClient_createWithOptions(&handle, uri_text, client_id, type, context, &options);
    } else {
        rc = MQTTClient_create(&handle, uri_text, client_id, type, context);
    }
    const char *what = handle == (MQTTClient)untouched ? "untouched" : handle == NULL ? "NULL" : "set";
    note(own_part, "%d, handle %s", rc, what);
    if (handle != NULL && handle != (MQTTClient)untouched) {
        client->handle = handle;
        client->exists = true;
    }
    free(address);
    free(id_text);
}

static void destroy(struct client *client)
{
    client->exists = false;
    MQTTClient_destroy(&client->handle);
    note(own_part, "destroyed, handle %s", client->handle == NULL ? "NULL" : "set");
}

struct connecting {
    MQTTClient_SSLOptions ssl;
    MQTTClient_connectOptions options;
    MQTTClient_willOptions will;
    char *uris[8];
    char *texts[8];
    int text_count;
};

static char *keep_text(struct connecting *connecting, const char *word)
{
    size_t length;
    char *text = (char *)bytes_of(word, &length);
    connecting->texts[connecting->text_count++ % 8] = text;
    return text;
}

static void prepare(struct connecting *connecting, const struct words *words, bool v5)
{
    static MQTTClient_connectOptions defaults = MQTTClient_connectOptions_initializer;
    static MQTTClient_connectOptions defaults5 = MQTTClient_connectOptions_initializer5;
    static MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    static MQTTClient_SSLOptions ssl = MQTTClient_SSLOptions_initializer;
    memset(connecting, 0, sizeof *connecting);
    MQTTClient_connectOptions *options = &connecting->options;
    *options = v5 ? defaults5 : defaults;
    connecting->will = will;
    connecting->ssl = ssl;
    connecting->ssl.enableServerCertAuth = 0; /* the certificate is made for the moment */
    if (strcmp(way_scheme, "ssl") == 0 || strcmp(way_scheme, "wss") == 0)
        options->ssl = &connecting->ssl;
    options->struct_version = number_of(words, "struct", options->struct_version);
    if (value_of(words, "eye") != NULL)
        memcpy(options->struct_id, value_of(words, "eye"), 4);
    options->keepAliveInterval = number_of(words, "keepalive", options->keepAliveInterval);
    options->cleansession = number_of(words, "clean", options->cleansession);
    options->cleanstart = number_of(words, "start", options->cleanstart);
    options->reliable = number_of(words, "reliable", options->reliable);
    options->maxInflightMessages = number_of(words, "window", options->maxInflightMessages);
    options->connectTimeout = number_of(words, "timeout", options->connectTimeout);
    options->retryInterval = number_of(words, "retry", options->retryInterval);
    options->MQTTVersion = number_of(words, "version", options->MQTTVersion);
    const char *text;
    if ((text = value_of(words, "user")) != NULL)
        options->username = keep_text(connecting, text);
    if ((text = value_of(words, "password")) != NULL)
        options->password = keep_text(connecting, text);
    if ((text = value_of(words, "binary")) != NULL) {
        size_t length;
        options->binarypwd.data = bytes_of(text, &length);
        options->binarypwd.len = (int)length;
    }
    if (value_of(words, "will") != NULL) {
        options->will = &connecting->will;
        text = or_null(value_of(words, "will"));
        connecting->will.topicName = text != NULL ? keep_text(connecting, text) : NULL;
        if ((text = value_of(words, "message")) != NULL)
            connecting->will.message = keep_text(connecting, text);
        if ((text = value_of(words, "payload")) != NULL) {
            size_t length;
            connecting->will.payload.data = bytes_of(text, &length);
            connecting->will.payload.len = (int)length;
        }
        connecting->will.qos = number_of(words, "qos", 0);
        connecting->will.retained = number_of(words, "retained", 0);
        connecting->will.struct_version = number_of(words, "willstruct", 1);
        if (value_of(words, "willeye") != NULL)
            memcpy(connecting->will.struct_id, value_of(words, "willeye"), 4);
    }
    if ((text = value_of(words, "uris")) != NULL) {
        struct words list;
        char spaced[1024];
        snprintf(spaced, sizeof spaced, "%s", text);
        for (char *c = spaced; *c != '\0'; ++c)
            if (*c == ',')
                *c = ' ';
        split(&list, spaced);
        for (int i = 0; i < list.count && i < 8; ++i)
            connecting->uris[i] = with_port(list.word[i]);
        options->serverURIs = connecting->uris;
        options->serverURIcount = list.count;
    }
    options->returned.serverURI = untouched;
    options->returned.MQTTVersion = UNTOUCHED;
    options->returned.sessionPresent = UNTOUCHED;
}

static void report_returned(const struct connecting *connecting)
{
    if (connecting->options.returned.MQTTVersion != UNTOUCHED)
        note(own_part, "returned %s version %d session present %d", connecting->options.returned.serverURI,
             connecting->options.returned.MQTTVersion, connecting->options.returned.sessionPresent);
}

static void release_texts(struct connecting *connecting)
{
    for (int i = 0; i < 8; ++i)
        free(connecting->texts[i]);
    /* returned.serverURI may point into the list of addresses: it was reported before */
    for (int i = 0; i < 8; ++i)
        free(connecting->uris[i]);
}

static void connect_client(struct client *client, const struct words *words, bool v5)
{
    struct connecting connecting;
    prepare(&connecting, words, v5);
    const char *first = plain(words, 0);
    MQTTClient_connectOptions *options = first != NULL && strcmp(first, "NULL") == 0 ? NULL : &connecting.options;
    if (v5) {
        MQTTProperties connect, will;
        MQTTProperties *list = properties_of(words, "props", &connect);
        MQTTProperties *will_list = properties_of(words, "willprops", &will);
        report_response(MQTTClient_connect5(client->handle, options, list, will_list));
        MQTTProperties_free(&connect);
        MQTTProperties_free(&will);
    } else {
        note(own_part, "%d", MQTTClient_connect(client->handle, options));
    }
    report_returned(&connecting);
    release_texts(&connecting);
}

static void publish(struct client *client, const struct words *words)
{
    bool v5 = strchr(words->word[0], '5') != NULL;
    bool as_message = strncmp(words->word[0], "publishmessage", 14) == 0;
    size_t length = 0, topic_length;
    const char *topic_word = or_null(plain(words, 0)), *payload_word = or_null(plain(words, 1));
    char *topic = topic_word != NULL ? (char *)bytes_of(topic_word, &topic_length) : NULL;
    unsigned char *payload = payload_word != NULL ? bytes_of(payload_word, &length) : NULL;
    int qos = plain(words, 2) != NULL ? atoi(plain(words, 2)) : 0;
    int retained = plain(words, 3) != NULL ? atoi(plain(words, 3)) : 0;
    int size = number_of(words, "len", (int)length);
    MQTTClient_deliveryToken token = UNTOUCHED, *where = value_of(words, "token") != NULL ? NULL : &token;
    MQTTProperties properties, *list = properties_of(words, "props", &properties);
    int rc = 0;
    if (as_message) {
        MQTTClient_message message = MQTTClient_message_initializer, *given = &message;
        message.struct_version = number_of(words, "struct", message.struct_version);
        if (value_of(words, "eye") != NULL)
            memcpy(message.struct_id, value_of(words, "eye"), 4);
        message.payload = payload;
        message.payloadlen = size;
        message.qos = qos;
        message.retained = retained;
        message.dup = number_of(words, "dup", 0);
        message.msgid = number_of(words, "msgid", 0);
        message.properties = properties;
        if (v5)
            report_response(MQTTClient_publishMessage5(client->handle, topic, given, where));
        else
            rc = MQTTClient_publishMessage(client->handle, topic, given, where);
        if (message.msgid != number_of(words, "msgid", 0))
            note(own_part, "msgid became %d", message.msgid);
    } else if (v5) {
        report_response(MQTTClient_publish5(client->handle, topic, size, payload, qos, retained, list, where));
    } else {
        rc = MQTTClient_publish(client->handle, topic, size, payload, qos, retained, where);
    }
    if (!v5)
        note(own_part, token != UNTOUCHED ? "%d, token %d" : "%d", rc, token);
    else if (token != UNTOUCHED)
        note(own_part, "token %d", token);
    MQTTProperties_free(&properties);
    free(topic);
    free(payload);
}

/* subscribe[many][5] TOPIC:QOS..., unsubscribe[many][5] TOPIC... */
static void subscribe(struct client *client, const struct words *words)
{
    const char *verb = words->word[0];
    bool v5 = strchr(verb, '5') != NULL, many = strstr(verb, "many") != NULL, removing = verb[0] == 'u';
    char *topics[MAX_WORDS] = {NULL};
    int qos[MAX_WORDS] = {0}, count = 0;
    MQTTSubscribe_options options[MAX_WORDS];
    for (const char *word; (word = plain(words, count)) != NULL; ++count) {
        char text[4096];
        snprintf(text, sizeof text, "%s", word);
        char *colon = removing ? NULL : strrchr(text, ':');
        if (colon != NULL) {
            *colon = '\0';
            qos[count] = atoi(colon + 1);
        }
        size_t length;
        topics[count] = strcmp(text, "NULL") != 0 ? (char *)bytes_of(text, &length) : NULL;
        MQTTSubscribe_options initial = MQTTSubscribe_options_initializer;
        initial.noLocal = (unsigned char)number_of(words, "nolocal", 0);
        initial.retainAsPublished = (unsigned char)number_of(words, "asis", 0);
        initial.retainHandling = (unsigned char)number_of(words, "handling", 0);
        options[count] = initial;
    }
    bool with_options = value_of(words, "nolocal") || value_of(words, "asis") || value_of(words, "handling");
    MQTTProperties properties, *list = properties_of(words, "props", &properties);
    MQTTSubscribe_options *given = with_options ? options : NULL;
    if (v5 && removing && many)
        report_response(MQTTClient_unsubscribeMany5(client->handle, count, topics, list));
    else if (v5 && removing)
        report_response(MQTTClient_unsubscribe5(client->handle, topics[0], list));
    else if (v5 && many)
        report_response(MQTTClient_subscribeMany5(client->handle, count, topics, qos, given, list));
    else if (v5)
        report_response(MQTTClient_subscribe5(client->handle, topics[0], qos[0], given, list));
    else if (removing && many)
        note(own_part, "%d", MQTTClient_unsubscribeMany(client->handle, count, topics));
    else if (removing)
        note(own_part, "%d", MQTTClient_unsubscribe(client->handle, topics[0]));
    else if (many)
        note(own_part, "%d", MQTTClient_subscribeMany(client->handle, count, topics, qos));
    else
        note(own_part, "%d", MQTTClient_subscribe(client->handle, topics[0], qos[0]));
    if (many && !removing) {
        char text[256] = "";
        for (int i = 0; i < count; ++i)
            snprintf(text + strlen(text), sizeof text - strlen(text), " %d", qos[i]);
        note(own_part, "qos[]%s", text);
    }
    MQTTProperties_free(&properties);
    for (int i = 0; i < count; ++i)
        free(topics[i]);
}

static void receive(struct client *client, int timeout)
{
    static MQTTClient_message nothing;
    char *topic = untouched, topic_text[1024] = "NULL", message_text[4096];
    int topic_length = UNTOUCHED;
    MQTTClient_message *message = &nothing;
    int rc = MQTTClient_receive(client->handle, &topic, &topic_length, &message, (unsigned long)timeout);
    if (message == &nothing || message == NULL) {
        note(own_part, "%d, topic %s, message %s%s", rc, topic == untouched ? "untouched" : topic == NULL ? "NULL" : "set",
             message == NULL ? "NULL" : "untouched", topic_length != UNTOUCHED ? ", topicLen touched" : "");
        return;
    }
    if (topic != NULL)
        describe_bytes(topic_text, sizeof topic_text, topic, (size_t)topic_length);
    describe_message(message_text, sizeof message_text, message);
    note(own_part, "%d, topic %s topicLen %d %s", rc, topic_text, topic_length, message_text);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
}

static void pending(struct client *client)
{
    MQTTClient_deliveryToken *tokens = (MQTTClient_deliveryToken *)untouched;
    char text[1024] = "";
    int rc = MQTTClient_getPendingDeliveryTokens(client->handle, &tokens);
    const char *what = tokens == NULL ? " NULL" : tokens == (MQTTClient_deliveryToken *)untouched ? " untouched" : "";
    for (int i = 0; what[0] == '\0' && tokens[i] != -1; ++i)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %d", tokens[i]);
    note(own_part, "%d, tokens%s%s", rc, what, text);
    if (what[0] == '\0')
        MQTTClient_free(tokens);
}

static void disconnect5(struct client *client, const struct words *words)
{
    MQTTProperties properties, *list = properties_of(words, "props", &properties);
    int timeout = plain(words, 0) != NULL ? atoi(plain(words, 0)) : 0;
    note(own_part, "%d", MQTTClient_disconnect5(client->handle, timeout,
                                                (enum MQTTReasonCodes)number_of(words, "reason", 0),
                                                list));
    MQTTProperties_free(&properties);
}

bool call_function(struct client *client, const struct words *words)
{
    const char *verb = words->word[0], *first = plain(words, 0), *second = plain(words, 1);
    int number = first != NULL ? atoi(first) : 0;
    if (strcmp(verb, "create") == 0)
        create(client, words);
    else if (strcmp(verb, "destroy") == 0)
        destroy(client);
    else if (strcmp(verb, "connect") == 0 || strcmp(verb, "connect5") == 0)
        connect_client(client, words, verb[7] == '5');
    else if (strcmp(verb, "disconnect") == 0)
        note(own_part, "%d", MQTTClient_disconnect(client->handle, number));
    else if (strcmp(verb, "disconnect5") == 0)
        disconnect5(client, words);
    else if (strcmp(verb, "isconnected") == 0)
        note(own_part, "%d", MQTTClient_isConnected(client->handle));
    else if (strncmp(verb, "publish", 7) == 0 && strcmp(verb, "published") != 0)
        publish(client, words);
    else if (strncmp(verb, "subscribe", 9) == 0 || strncmp(verb, "unsubscribe", 11) == 0)
        subscribe(client, words);
    else if (strcmp(verb, "receive") == 0)
        receive(client, number);
    else if (strcmp(verb, "wait") == 0)
        note(own_part, "%d", MQTTClient_waitForCompletion(client->handle, number, second != NULL ? (unsigned long)atol(second) : 0));
    else if (strcmp(verb, "pending") == 0)
        pending(client);
    else if (strcmp(verb, "timeout") == 0)
        note(own_part, "%d", MQTTClient_setCommandTimeout(client->handle, (unsigned long)number));
    else if (strcmp(verb, "yield") == 0)
        for (int i = 0; i < (number > 0 ? number : 1); ++i)
            MQTTClient_yield();
    else if (strcmp(verb, "strerror") == 0)
        note(own_part, "%s", MQTTClient_strerror(number));
    else if (strcmp(verb, "reasonstring") == 0) {
        const char *text = MQTTReasonCode_toString((enum MQTTReasonCodes)number);
        note(own_part, "%s", text != NULL ? text : "NULL");
    } else if (strcmp(verb, "propertyname") == 0) {
        const char *text = MQTTPropertyName((enum MQTTPropertyCodes)number);
        note(own_part, "%s", text != NULL ? text : "NULL");
    } else if (strcmp(verb, "propertytype") == 0)
        note(own_part, "%d", MQTTProperty_getType((enum MQTTPropertyCodes)number));
    else if (strcmp(verb, "trace") == 0) {
        MQTTClient_setTraceLevel((enum MQTTCLIENT_TRACE_LEVELS)number);
        MQTTClient_setTraceCallback(number > 0 ? hear_trace : NULL);
    } else
        return false;
    return true;
}
