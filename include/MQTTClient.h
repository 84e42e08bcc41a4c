/*
 * MQTTClient.h: the synchronous MQTT client.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef MQTTCLIENT_H
#define MQTTCLIENT_H

#include <stdio.h>
#include "MQTTExportDeclarations.h"
#include "MQTTProperties.h"
#include "MQTTReasonCodes.h"
#include "MQTTSubscribeOpts.h"

#if !defined(NO_PERSISTENCE)
#include "MQTTClientPersistence.h"
#else
#define MQTTCLIENT_PERSISTENCE_NONE 1
#endif

/*
 * A client connects to an MQTT server, publishes messages to topics and receives those it has subscribed to. The calls
 * of this header do their work before they return.
 *
 * Two ways of working
 *
 *   Without callbacks a client works inside the calls that the program makes, and in no thread of its own. Messages
 *   wait until MQTTClient_receive() takes them. The program calls that, or MQTTClient_yield(), often enough for
 *   acknowledgements to be handled.
 *
 *   With callbacks (MQTTClient_setCallbacks() before the connect) a client works in the background. Messages are
 *   handed to the messageArrived callback as they come, in a thread of the library.
 *
 * The life of a client
 *
 *   MQTTClient_create(), MQTTClient_connect(), then any number of MQTTClient_subscribe(), MQTTClient_publish() and
 *   MQTTClient_receive(), then MQTTClient_disconnect() and MQTTClient_destroy().
 *
 * MQTT 5
 *
 *   Functions whose name ends in 5 are for MQTT 5. Create the client with MQTTClient_createWithOptions() and
 *   options whose MQTTVersion is MQTTVERSION_5, connect it with MQTTClient_connect5() and
 *   MQTTClient_connectOptions_initializer5. They return an MQTTResponse, to be freed with MQTTResponse_free().
 *
 * Threads
 *
 *   Every function may be called from every thread, also for the same client at the same time, and from every callback.
 *   Inside the callbacks of the trace, of a store and of TLS, calls for the client at work, but for
 *   MQTTClient_isConnected(), fail at once with MQTTCLIENT_FAILURE; inside that of the trace it may be any client. Clients
 *   do not wait for each other, but for the turn of their callbacks. A handle that was destroyed is recognised, not used.
 *   After fork() a child may go on with clients without callbacks that the parent leaves alone, as daemon() does it. Of
 *   its parent's clients with callbacks it can only destroy its copies.
 *
 * Memory
 *
 *   What the program passes in stays the program's and is copied where it is needed longer, unless the description of
 *   the function says otherwise. What the library hands out is freed with MQTTClient_free(), messages with
 *   MQTTClient_freeMessage(), responses with MQTTResponse_free(), lists of properties with MQTTProperties_free().
 *
 * Return codes
 *
 *   MQTTCLIENT_SUCCESS is 0, errors of this library are negative, answers of the server are positive.
 *   MQTTClient_strerror() gives a text for the first two, MQTTReasonCode_toString() for reason codes of MQTT 5.
 */

/** Start value of an MQTTClient_init_options. */
#define MQTTClient_init_options_initializer { {'M', 'Q', 'T', 'G'}, 0, 0 }

/** Start value of an MQTTClient_message: empty, QoS 0. */
#define MQTTClient_message_initializer { {'M', 'Q', 'T', 'M'}, 1, 0, NULL, 0, 0, 0, 0, MQTTProperties_initializer }

/** Start value of an MQTTClient_createOptions: a client below MQTT 5. Set MQTTVersion to MQTTVERSION_5 for MQTT 5. */
#define MQTTClient_createOptions_initializer { {'M', 'Q', 'C', 'O'}, 0, MQTTVERSION_DEFAULT }

/** Start value of an MQTTClient_willOptions: QoS 0, not retained; the topic must be set. */
#define MQTTClient_willOptions_initializer { {'M', 'Q', 'T', 'W'}, 1, NULL, NULL, 0, 0, { 0, NULL } }

/** Start value of an MQTTClient_SSLOptions: the server's certificate is checked, its host name is not. */
#define MQTTClient_SSLOptions_initializer { {'M', 'Q', 'T', 'S'}, 5, NULL, NULL, NULL, NULL, NULL, 1, \
    MQTT_SSL_VERSION_DEFAULT, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0 }

/** Start value of an MQTTClient_connectOptions for MQTT 3.1.1 and 3.1: a clean session, kept alive every 60 s. */
#define MQTTClient_connectOptions_initializer { {'M', 'Q', 'T', 'C'}, 8, 60, 1, 1, NULL, NULL, NULL, 30, 0, NULL, \
    0, NULL, MQTTVERSION_DEFAULT, { NULL, 0, 0 }, { 0, NULL }, -1, 0, NULL, NULL, NULL }

/** Start value of an MQTTClient_connectOptions for MQTT 5: a clean start, kept alive every 60 s. */
#define MQTTClient_connectOptions_initializer5 { {'M', 'Q', 'T', 'C'}, 8, 60, 0, 1, NULL, NULL, NULL, 30, 0, NULL, \
    0, NULL, MQTTVERSION_5, { NULL, 0, 0 }, { 0, NULL }, -1, 1, NULL, NULL, NULL }

/** As MQTTClient_connectOptions_initializer, but kept alive every 45 s, which suits WebSocket proxies. */
#define MQTTClient_connectOptions_initializer_ws { {'M', 'Q', 'T', 'C'}, 8, 45, 1, 1, NULL, NULL, NULL, 30, 0, NULL, \
    0, NULL, MQTTVERSION_DEFAULT, { NULL, 0, 0 }, { 0, NULL }, -1, 0, NULL, NULL, NULL }

/** As MQTTClient_connectOptions_initializer5, but kept alive every 45 s, which suits WebSocket proxies. */
#define MQTTClient_connectOptions_initializer5_ws { {'M', 'Q', 'T', 'C'}, 8, 45, 0, 1, NULL, NULL, NULL, 30, 0, NULL, \
    0, NULL, MQTTVERSION_5, { NULL, 0, 0 }, { 0, NULL }, -1, 1, NULL, NULL, NULL }

/** Start value of an MQTTResponse. */
#define MQTTResponse_initializer { 1, MQTTREASONCODE_SUCCESS, 0, NULL, NULL }

/**
 * How much is traced: each level includes those below it.
 */
enum MQTTCLIENT_TRACE_LEVELS {
    /**
     * Everything.
     */
    MQTTCLIENT_TRACE_MAXIMUM = 1,
    /**
     * Much.
     */
    MQTTCLIENT_TRACE_MEDIUM = 2,
    /**
     * Notable events.
     */
    MQTTCLIENT_TRACE_MINIMUM = 3,
    /**
     * Each packet sent and received.
     */
    MQTTCLIENT_TRACE_PROTOCOL = 4,
    /**
     * Failures.
     */
    MQTTCLIENT_TRACE_ERROR = 5,
    /**
     * Failures that impair the library.
     */
    MQTTCLIENT_TRACE_SEVERE = 6,
    /**
     * Failures that end its work.
     */
    MQTTCLIENT_TRACE_FATAL = 7
};

/**
 * Success.
 */
#define MQTTCLIENT_SUCCESS 0

/**
 * The call failed, and no other code tells why: no connection could be made, the connection broke, the time is over.
 */
#define MQTTCLIENT_FAILURE -1

/**
 * The client is not connected.
 */
#define MQTTCLIENT_DISCONNECTED -3

/**
 * All 65535 packet identifiers are in use.
 */
#define MQTTCLIENT_MAX_MESSAGES_INFLIGHT -4

/**
 * A string is not UTF-8.
 */
#define MQTTCLIENT_BAD_UTF8_STRING -5

/**
 * A parameter that must not be NULL is NULL.
 */
#define MQTTCLIENT_NULL_PARAMETER -6

/**
 * The topic of the message returned contains NUL characters: use the length, not strlen(). Not an error.
 */
#define MQTTCLIENT_TOPICNAME_TRUNCATED -7

/**
 * A structure has a wrong struct_id or a struct_version that the library does not know.
 */
#define MQTTCLIENT_BAD_STRUCTURE -8

/**
 * The QoS is not 0, 1 or 2.
 */
#define MQTTCLIENT_BAD_QOS -9

/**
 * Declared for completeness; TLS URIs in the library without TLS give MQTTCLIENT_BAD_PROTOCOL.
 */
#define MQTTCLIENT_SSL_NOT_SUPPORTED -10

/**
 * The MQTT version is none of the MQTTVERSION_ values.
 */
#define MQTTCLIENT_BAD_MQTT_VERSION -11

/**
 * The server URI has a scheme that this library does not support.
 */
#define MQTTCLIENT_BAD_PROTOCOL -14

/**
 * An option is not for this MQTT version: cleansession with MQTT 5, or cleanstart below.
 */
#define MQTTCLIENT_BAD_MQTT_OPTION -15

/**
 * The call is not for the MQTT version of this client.
 */
#define MQTTCLIENT_WRONG_MQTT_VERSION -16

/**
 * The topic of the will is empty.
 */
#define MQTTCLIENT_0_LEN_WILL_TOPIC -17

/**
 * MQTT version: 3.1.1; 3.1 if the server refuses that version, or closes the connection without an answer.
 */
#define MQTTVERSION_DEFAULT 0

/**
 * MQTT version: 3.1.
 */
#define MQTTVERSION_3_1 3

/**
 * MQTT version: 3.1.1.
 */
#define MQTTVERSION_3_1_1 4

/**
 * MQTT version: 5.
 */
#define MQTTVERSION_5 5

/**
 * The server refused a subscription. Returned by MQTTClient_subscribe() and stored by MQTTClient_subscribeMany().
 */
#define MQTT_BAD_SUBSCRIBE 0x80

/**
 * TLS version: the best that both sides support.
 */
#define MQTT_SSL_VERSION_DEFAULT 0

/**
 * TLS version: 1.0.
 */
#define MQTT_SSL_VERSION_TLS_1_0 1

/**
 * TLS version: 1.1.
 */
#define MQTT_SSL_VERSION_TLS_1_1 2

/**
 * TLS version: 1.2.
 */
#define MQTT_SSL_VERSION_TLS_1_2 3

/**
 * Options of MQTTClient_global_init().
 */
typedef struct MQTTClient_init_options {
    /**
     * Set to "MQTG" by the initializer.
     */
    char struct_id[4];
    /**
     * Set to 0 by the initializer.
     */
    int struct_version;
    /**
     * 1: the library initialises OpenSSL, 0: the program does. OpenSSL 1.1 and later needs neither.
     */
    int do_openssl_init;
} MQTTClient_init_options;

/**
 * A client. Made by MQTTClient_create(), ended by MQTTClient_destroy(); there is nothing to see inside.
 */
typedef void *MQTTClient;

/**
 * Options of MQTTClient_createWithOptions().
 */
typedef struct MQTTClient_createOptions {
    /**
     * Set to "MQCO" by the initializer.
     */
    char struct_id[4];
    /**
     * Must be 0.
     */
    int struct_version;
    /**
     * One of the MQTTVERSION_ values. MQTTVERSION_5 makes a client for MQTTClient_connect5() and the other calls of
     * MQTT 5; any other value makes one for MQTTClient_connect().
     */
    int MQTTVersion;
} MQTTClient_createOptions;

/**
 * A message to publish, or one that was received.
 *
 * A received message belongs to the program: free it with MQTTClient_freeMessage().
 */
typedef struct MQTTClient_message {
    /**
     * "MQTM".
     */
    char struct_id[4];
    /**
     * 0 or 1; `properties` exists from 1 on.
     */
    int struct_version;
    /**
     * Number of bytes of the payload.
     */
    int payloadlen;
    /**
     * The payload. In a received message it is never NULL, and one NUL that does not count in `payloadlen` follows.
     */
    void *payload;
    /**
     * Quality of service: 0 the message may be lost, 1 it arrives but perhaps more than once, 2 it arrives exactly once.
     */
    int qos;
    /**
     * To publish: 1 asks the server to keep the message for later subscribers. Received: 1 if it is such a message.
     */
    int retained;
    /**
     * Received with QoS 1: 1 if the message may have been delivered before. Ignored when publishing.
     */
    int dup;
    /**
     * Received: the packet identifier, 0 with QoS 0. Ignored when publishing.
     */
    int msgid;
    /**
     * MQTT 5: the properties of the message.
     */
    MQTTProperties properties;
} MQTTClient_message;

/**
 * Stands for a QoS 1 or 2 message on its way to the server: its packet identifier, 1 to 65535. Unique among the
 * messages that the client has in flight; used again later.
 */
typedef int MQTTClient_deliveryToken;

/**
 * The message that the server publishes for the client when its connection ends without MQTTClient_disconnect().
 */
typedef struct MQTTClient_willOptions {
    /**
     * Set to "MQTW" by the initializer.
     */
    char struct_id[4];
    /**
     * 0 or 1; `payload` exists from 1 on.
     */
    int struct_version;
    /**
     * The topic: a C string that is neither NULL nor empty.
     */
    const char *topicName;
    /**
     * The payload as a C string, used if `payload.data` is NULL. With both NULL the payload is empty.
     */
    const char *message;
    /**
     * 1: the server keeps the will as retained message.
     */
    int retained;
    /**
     * 0, 1 or 2.
     */
    int qos;
    /**
     * The payload as bytes. Wins over `message`.
     */
    struct {
        /** Number of bytes. */
        int len;
        /** The bytes; NULL when not used. */
        const void *data;
    } payload;
} MQTTClient_willOptions;

/**
 * TLS options, for URIs with ssl:, mqtts:, tls: and wss:. The library without TLS ignores them.
 *
 * Strings and structures are copied during the connect call, callbacks are called until the client disconnects.
 */
typedef struct MQTTClient_SSLOptions {
    /**
     * Set to "MQTS" by the initializer.
     */
    char struct_id[4];
    /**
     * 0 to 5; each member says from which version on it exists.
     */
    int struct_version;
    /**
     * File with the certificates of trusted authorities, PEM. NULL: see `CApath` and `disableDefaultTrustStore`.
     */
    const char *trustStore;
    /**
     * File with the certificate chain of the client, PEM, own certificate first; it may hold the key too. NULL: the
     * client does not identify itself by certificate.
     */
    const char *keyStore;
    /**
     * File with the private key of the client, PEM. NULL: the key is in `keyStore`. Ignored without `keyStore`.
     */
    const char *privateKey;
    /**
     * Password of an encrypted key. Without one the connect fails; nobody is asked.
     */
    const char *privateKeyPassword;
    /**
     * OpenSSL cipher list for TLS up to 1.2. NULL: OpenSSL's default.
     */
    const char *enabledCipherSuites;
    /**
     * 1: the certificate of the server must be signed by a trusted authority. 0: it is not checked, and anybody on the
     * way can read and change all traffic.
     */
    int enableServerCertAuth;
    /**
     * From version 1: one of the MQTT_SSL_VERSION_ values. Not looked at: the best version that both sides support is
     * negotiated.
     */
    int sslVersion;
    /**
     * From version 2: 1 checks that the certificate is for the host of the URI. The initializer says 0: set it to 1
     * unless you know why not.
     */
    int verify;
    /**
     * From version 2: directory of trusted certificates, named by their hash as by `openssl rehash`. NULL: none.
     */
    const char *CApath;
    /**
     * From version 3: called with each line of OpenSSL's error report (text, its length, `ssl_error_context`) when the
     * connection cannot be secured. Return 1 to get the next line, 0 to stop. The text is valid during the call.
     */
    int (*ssl_error_cb)(const char *str, size_t len, void *u);
    /**
     * From version 3: handed to `ssl_error_cb`.
     */
    void *ssl_error_context;
    /**
     * From version 4: supplies a pre-shared key. Fill `identity` with a C string of at most `max_identity_len` bytes
     * and `psk` with at most `max_psk_len` bytes; return the length of the key, or 0 to fail.
     */
    unsigned int (*ssl_psk_cb)(const char *hint,
                               char *identity,
                               unsigned int max_identity_len,
                               unsigned char *psk,
                               unsigned int max_psk_len,
                               void *u);
    /**
     * From version 4: handed to `ssl_psk_cb`.
     */
    void *ssl_psk_context;
    /**
     * From version 4: 1: the authorities that the system trusts are not used. They are used only if `trustStore` and
     * `CApath` are both NULL.
     */
    int disableDefaultTrustStore;
    /**
     * From version 5: protocols to offer by ALPN, each preceded by one byte with its length. NULL: none.
     */
    const unsigned char *protos;
    /**
     * From version 5: number of bytes of `protos`.
     */
    unsigned int protos_len;
} MQTTClient_SSLOptions;

/**
 * A name with its value.
 */
typedef struct MQTTClient_nameValue {
    /**
     * The name; NULL marks the end of an array.
     */
    const char *name;
    /**
     * The value.
     */
    const char *value;
} MQTTClient_nameValue;

/**
 * Options of MQTTClient_connect() and MQTTClient_connect5(). Start with one of the initializers.
 *
 * The library copies what it needs during the call. What the contexts of `ssl` point to stays the program's: it must be
 * there while the client is connected.
 */
typedef struct MQTTClient_connectOptions {
    /**
     * Set to "MQTC" by the initializers.
     */
    char struct_id[4];
    /**
     * 0 to 8; each member says from which version on it exists. Members that the version lacks are not read.
     */
    int struct_version;
    /**
     * Seconds without traffic after which the client shows that it is alive, 0 to 65535. 0: never. The server ends the
     * connection after 1.5 times this interval without a sign of life, and the client notices a dead server by it.
     */
    int keepAliveInterval;
    /**
     * MQTT 3.1 and 3.1.1: 1 starts without the state of earlier connections and forgets this one's at its end, 0 keeps
     * subscriptions and unfinished messages from one connection to the next. Must be 0 with MQTT 5.
     */
    int cleansession;
    /**
     * 1: one QoS 1 or 2 message in flight at a time, the next publish waits for it. 0: up to 10.
     * A positive `maxInflightMessages` replaces both.
     */
    int reliable;
    /**
     * The will, or NULL.
     */
    struct MQTTClient_willOptions *will;
    /**
     * The user name, or NULL.
     */
    const char *username;
    /**
     * The password as a C string, or NULL. A password without a user name is sent too.
     */
    const char *password;
    /**
     * Seconds for each server tried, until it has accepted the connection, name resolution and TLS included.
     * With 0 or less the connect fails at once.
     */
    int connectTimeout;
    /**
     * MQTT 3.1 and 3.1.1: seconds after which an unacknowledged message is sent again, at least 10. 0: only after a
     * reconnect. MQTT 5 does not allow it; there it is ignored.
     */
    int retryInterval;
    /**
     * From version 1: TLS options; must not be NULL if the URI asks for TLS.
     */
    struct MQTTClient_SSLOptions *ssl;
    /**
     * From version 2: number of entries of `serverURIs`; 0 to use the URI given to MQTTClient_create().
     */
    int serverURIcount;
    /**
     * From version 2: servers to try, in this order, until one accepts. Forms as for MQTTClient_create().
     */
    char *const *serverURIs;
    /**
     * From version 3: one of the MQTTVERSION_ values.
     */
    int MQTTVersion;
    /**
     * From version 4: filled in when the connect succeeds, untouched otherwise.
     */
    struct {
        /** The server connected to, without the scheme. Valid until the client is destroyed; if it is one of
         *  serverURIs, as long as the program keeps that string. */
        const char *serverURI;
        /** The version in use: MQTTVERSION_3_1, MQTTVERSION_3_1_1 or MQTTVERSION_5. */
        int MQTTVersion;
        /** 1 if the server still had the session of this client identifier; always 0 with MQTT 3.1. */
        int sessionPresent;
    } returned;
    /**
     * From version 5: the password as bytes, used if `password` is NULL.
     */
    struct {
        /** Number of bytes. */
        int len;
        /** The bytes; NULL when not used. */
        const void *data;
    } binarypwd;
    /**
     * From version 6: how many QoS 1 and 2 messages may be in flight; 0 or less leaves it to `reliable`. The server's
     * Receive Maximum (MQTT 5) can lower it.
     */
    int maxInflightMessages;
    /**
     * From version 6, MQTT 5: 1 starts without the state of earlier connections. Must be 0 below MQTT 5.
     */
    int cleanstart;
    /**
     * From version 7: headers to add to the WebSocket request, ended by an entry whose name is NULL. NULL: none.
     */
    const struct MQTTClient_nameValue *httpHeaders;
    /**
     * From version 8: proxy for connections without TLS, as `[http://][user:password@]host[:port]`. NULL: none, but if the
     * environment variable PAHO_C_CLIENT_USE_HTTP_PROXY begins with TRUE, the one in http_proxy, except for the hosts
     * in no_proxy.
     */
    const char *httpProxy;
    /**
     * From version 8: proxy for connections with TLS. NULL: as for `httpProxy`, with the variable https_proxy.
     */
    const char *httpsProxy;
} MQTTClient_connectOptions;

/**
 * The result of a call of MQTT 5. Free it with MQTTResponse_free(), once.
 */
typedef struct MQTTResponse {
    /**
     * 1.
     */
    int version;
    /**
     * The reason code of the server, or the first of several, or a negative MQTTCLIENT_ code if the call failed
     * before or without an answer. Success is MQTTREASONCODE_SUCCESS or a granted QoS.
     */
    enum MQTTReasonCodes reasonCode;
    /**
     * Number of reason codes in the answer to a subscription request; 0 for other calls. A single one is in `reasonCode`
     * alone.
     */
    int reasonCodeCount;
    /**
     * One reason code per topic, if there are several; NULL otherwise.
     */
    enum MQTTReasonCodes *reasonCodes;
    /**
     * The properties of the answer; NULL if there are none.
     */
    MQTTProperties *properties;
} MQTTResponse;

/**
 * Former name of MQTTClient_deliveryToken.
 */
typedef int MQTTClient_token;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Sets options of the library as a whole. Not needed with OpenSSL 1.1 and later.
 *
 * Call it before the first client is created. `inits` may be NULL; it is not kept.
 */
LIBMQTT_API void MQTTClient_global_init(struct MQTTClient_init_options *inits);

/**
 * Creates a client for MQTT 3.1 and 3.1.1. It does not connect yet.
 *
 * Messages that a client of the same identifier and URI left unfinished in its store are taken up again.
 *
 * With the first client the process ignores SIGPIPE, unless the program has set a disposition of its own.
 *
 * Parameters:
 * - `handle`: set to the new client. To be freed with MQTTClient_destroy().
 * - `serverURI`: the server, as `scheme://host[:port][/path]`. Schemes are tcp and mqtt (port 1883), ws (80), and in the
 *   library with TLS ssl, mqtts and tls (8883) and wss (443); `host[:port]` alone is taken as tcp. IPv6 addresses stand
 *   in brackets. `unix://path` is a local socket. The string is copied.
 * - `clientId`: the identifier by which the server knows the client: a UTF-8 C string. It is copied.
 * - `persistence_type`: one of the MQTTCLIENT_PERSISTENCE_ values.
 * - `persistence_context`: with MQTTCLIENT_PERSISTENCE_DEFAULT the directory, or NULL for the current one, copied;
 *   with MQTTCLIENT_PERSISTENCE_USER an MQTTClient_persistence, which must live as long as the client; else NULL.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_NULL_PARAMETER: `handle`, `serverURI` or `clientId` is NULL.
 * - MQTTCLIENT_BAD_UTF8_STRING: `clientId` is not UTF-8.
 * - MQTTCLIENT_BAD_PROTOCOL: the URI has a scheme that this library does not support.
 * - MQTTCLIENT_PERSISTENCE_ERROR: the store cannot be opened, for instance since another process has been using it for
 *   1 s; its type is unknown; or `clientId` is empty with MQTTCLIENT_PERSISTENCE_DEFAULT. If a store of the program's
 *   returned another code than 0, that code. If the handle was set it is to be destroyed all the same; set it to NULL
 *   before the call.
 * - MQTTCLIENT_FAILURE: no memory.
 */
LIBMQTT_API
int MQTTClient_create(MQTTClient *handle,
                      const char *serverURI,
                      const char *clientId,
                      int persistence_type,
                      void *persistence_context);

/**
 * Creates a client with options; with them, one for MQTT 5.
 *
 * Parameters are those of MQTTClient_create(), and:
 * - `options`: the options, not kept; NULL for the defaults.
 *
 * Returns the codes of MQTTClient_create(), and:
 * - MQTTCLIENT_BAD_STRUCTURE: `options` has a wrong struct_id or struct_version.
 */
LIBMQTT_API
int MQTTClient_createWithOptions(MQTTClient *handle,
                                 const char *serverURI,
                                 const char *clientId,
                                 int persistence_type,
                                 void *persistence_context,
                                 struct MQTTClient_createOptions *options);

/**
 * Ends a client and frees what belongs to it. Sets the handle to NULL.
 *
 * A client that is still connected is cut off without a DISCONNECT packet, so the server publishes its will: call
 * MQTTClient_disconnect() first. Unfinished messages stay in the store for the next client of the same name. Calls
 * that other threads make with the handle fail from now on with MQTTCLIENT_FAILURE. No callback of the client begins
 * behind the call, and those that run in other threads have returned, unless MQTTClient_connectionLost or
 * MQTTClient_disconnected takes longer than 0.1 s.
 *
 * In messageArrived the message counts as taken, whatever the function returns then: no later client gets it again.
 *
 * `handle` may be NULL or point to NULL: then nothing happens. Nothing happens either in a callback of the trace, of a
 * store or of TLS in which calls for the client fail.
 */
LIBMQTT_API void MQTTClient_destroy(MQTTClient *handle);

/**
 * Sets how long the client waits for the answer to a subscribe or unsubscribe, in ms. At first it is 10000.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_FAILURE: less than 5000 ms, or `handle` is not a client. Nothing has changed.
 */
LIBMQTT_API int MQTTClient_setCommandTimeout(MQTTClient handle, unsigned long milliSeconds);

/**
 * Type of the function that gets received messages.
 *
 * Parameters:
 * - `context`: as given to MQTTClient_setCallbacks().
 * - `topicName`: the topic, with a NUL at its end. Free it with MQTTClient_free().
 * - `topicLen`: 0, unless the topic contains NUL characters: then its whole length.
 * - `message`: the message. Free it with MQTTClient_freeMessage().
 *
 * Return 1 if you took the message: topic and message are yours then, to free now or later. Return 0 if you cannot
 * take it now: free nothing, the message will be offered again after about 100 ms, before any later one. Either way
 * the server has had its acknowledgement already.
 */
typedef int MQTTClient_messageArrived(void *context, char *topicName, int topicLen, struct MQTTClient_message *message);

/**
 * Type of the function that is called when the delivery of a QoS 1 or 2 message is complete: the server has the
 * message, and the token is free for another.
 *
 * Not called for QoS 0, and not for a QoS 2 message that an MQTT 5 server refused; but for one of QoS 1: only
 * MQTTClient_published tells that it was refused. It may run before the publish call that made `dt` has returned.
 */
typedef void MQTTClient_deliveryComplete(void *context, MQTTClient_deliveryToken dt);

/**
 * Type of the function that is called when the connection is lost, but not after MQTTClient_disconnect().
 *
 * `cause` is always NULL. MQTTClient_isConnected() is 0 already. The function may connect again at once, in a loop if
 * need be.
 */
typedef void MQTTClient_connectionLost(void *context, char *cause);

/**
 * Type of the function that is called when an MQTT 5 server ends the connection with a DISCONNECT packet.
 *
 * `properties` are those of the packet; they are freed after the function has returned. The function may connect
 * again. MQTTClient_connectionLost is not called as well.
 */
typedef void MQTTClient_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes reasonCode);

/**
 * Type of the function that is called when an MQTT 5 server has answered a QoS 1 or 2 message, with its answer. It comes
 * before MQTTClient_deliveryComplete.
 *
 * Parameters:
 * - `dt`: the token of the message.
 * - `packet_type`: the answer: 4 PUBACK, 5 PUBREC (refused, `reasonCode` is 128 or more), 7 PUBCOMP.
 * - `properties`: those of the answer, never NULL; valid only during the call.
 * - `reasonCode`: that of the answer.
 */
typedef
void MQTTClient_published(void *context,
                          int dt,
                          int packet_type,
                          MQTTProperties *properties,
                          enum MQTTReasonCodes reasonCode);

/**
 * Sets the callbacks of a client, which makes it work in the background.
 *
 * Call it before connecting; on a connected client the callbacks are used, but the way of working changes only with
 * the next connect. A client with callbacks receives by `ma` alone: MQTTClient_receive() fails for it. The callbacks run
 * in threads of the library. Of the `ma`, `dc` and MQTTClient_published of all clients only one runs at a time; `cl`
 * runs beside them, after the `ma` of all messages received before the loss. All functions of the library may be called
 * in a callback.
 *
 * Parameters:
 * - `context`: handed to the callbacks.
 * - `cl`: called when the connection is lost; NULL for none.
 * - `ma`: called with each message; must not be NULL.
 * - `dc`: called when a delivery is complete; NULL for none.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_FAILURE: `handle` is not a client, `ma` is NULL, or a connect or disconnect is going on.
 */
LIBMQTT_API
int MQTTClient_setCallbacks(MQTTClient handle,
                            void *context,
                            MQTTClient_connectionLost* cl,
                            MQTTClient_messageArrived* ma,
                            MQTTClient_deliveryComplete* dc);

/**
 * Sets the function called when an MQTT 5 server ends the connection with a DISCONNECT packet.
 *
 * Parameters:
 * - `context`: handed to the function.
 * - `co`: the function; NULL for none.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_FAILURE: `handle` is not a client, or a connect or disconnect is going on.
 */
LIBMQTT_API int MQTTClient_setDisconnected(MQTTClient handle, void *context, MQTTClient_disconnected* co);

/**
 * Sets the function called when an MQTT 5 server has answered a published message.
 *
 * Parameters:
 * - `context`: handed to the function.
 * - `co`: the function; NULL for none.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_FAILURE: `handle` is not a client, or a connect or disconnect is going on.
 */
LIBMQTT_API int MQTTClient_setPublished(MQTTClient handle, void *context, MQTTClient_published* co);

/**
 * Connects a client to its server with MQTT 3.1.1 or 3.1, and waits until the server has accepted.
 *
 * Messages left in flight by an earlier connection are sent again before the call returns, if the session is kept. If
 * the client is connected, that connection is closed first.
 *
 * Parameters:
 * - `options`: see MQTTClient_connectOptions.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - 1 to 255: the server refused. 1: the MQTT version, 2: the client identifier, 3: it is not available, 4: the user name
 *   or password, 5: the client is not authorised. The result of the last server tried counts.
 * - MQTTCLIENT_FAILURE: no server could be reached in time, or TLS failed; user name, password or will is longer than
 *   65535 bytes; another thread is connecting the client, and was not ready in time; there is no client at all.
 * - MQTTCLIENT_DISCONNECTED: connected, but the connection broke while messages were sent again.
 * - MQTTCLIENT_PERSISTENCE_ERROR, or what a store of the program's returned: it could not be cleared for a clean session,
 *   and the connection has been closed.
 * - MQTTCLIENT_NULL_PARAMETER: `handle` is not a client, `options` is NULL, the URI asks for TLS and there are no TLS
 *   options, or the topic of the will is NULL.
 * - MQTTCLIENT_BAD_STRUCTURE: options, will or TLS options have a wrong struct_id or struct_version.
 * - MQTTCLIENT_BAD_QOS: the QoS of the will is not 0, 1 or 2.
 * - MQTTCLIENT_0_LEN_WILL_TOPIC: the topic of the will is empty.
 * - MQTTCLIENT_BAD_UTF8_STRING: user name or password is not UTF-8.
 * - MQTTCLIENT_BAD_MQTT_VERSION: MQTTVersion is not one of the MQTTVERSION_ values.
 * - MQTTCLIENT_BAD_MQTT_OPTION: cleansession is set with MQTT 5, or cleanstart below.
 * - MQTTCLIENT_WRONG_MQTT_VERSION: the client was created for MQTT 5: use MQTTClient_connect5().
 */
LIBMQTT_API
int MQTTClient_connect(MQTTClient handle,
                       struct MQTTClient_connectOptions *options);

/**
 * Frees what a response points to. The response must not be used afterwards.
 */
LIBMQTT_API void MQTTResponse_free(struct MQTTResponse response);

/**
 * Connects a client to its server with MQTT 5, and waits until the server has accepted.
 *
 * The client must have been created for MQTT 5 (MQTTClient_createWithOptions()), and options.MQTTVersion should be
 * MQTTVERSION_5: start from MQTTClient_connectOptions_initializer5.
 *
 * Parameters:
 * - `options`: see MQTTClient_connectOptions.
 * - `connectProperties`: properties of the CONNECT packet, or NULL. They are copied.
 * - `willProperties`: properties of the will, or NULL. They are copied.
 *
 * Returns a response, to be freed with MQTTResponse_free():
 * - `reasonCode` 0: connected; `properties` are those of the server's answer, never NULL with MQTT 5.
 * - `reasonCode` above 0: refused; `properties` are those of the answer, if it had any.
 * - `reasonCode` below 0: one of the codes of MQTTClient_connect(); MQTTCLIENT_FAILURE also for properties that are not
 *   for this packet; MQTTCLIENT_WRONG_MQTT_VERSION means that the client was not created for MQTT 5.
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_connect5(MQTTClient handle,
                                        struct MQTTClient_connectOptions *options,
                                        MQTTProperties *connectProperties,
                                        MQTTProperties *willProperties);

/**
 * Ends the connection in good order: the server does not publish the will.
 *
 * Callbacks of the client that run in other threads have returned when the call does, unless they take longer than 10 s,
 * MQTTClient_connectionLost and MQTTClient_disconnected 0.1 s.
 *
 * Parameters:
 * - `timeout`: how long to wait for unfinished QoS 1 and 2 messages, in ms. 0: not at all. Negative: without limit. While
 *   messages come, up to 1 s of it serves to let the server read DISCONNECT, and 5 ms in any case.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS, also when the client was not connected, and when messages were still unfinished.
 * - MQTTCLIENT_FAILURE: `handle` is not a client.
 */
LIBMQTT_API
int MQTTClient_disconnect(MQTTClient handle,
                          int timeout);

/**
 * Ends an MQTT 5 connection with a reason and properties.
 *
 * Parameters:
 * - `timeout`: in ms, as for MQTTClient_disconnect().
 * - `reason`: the reason; with MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE the server publishes the will.
 * - `props`: properties of the DISCONNECT packet, or NULL. They are only read; if one is not for this packet, none is sent.
 *
 * On a connection below MQTT 5 `reason` and `props` are ignored. Returns the codes of MQTTClient_disconnect().
 */
LIBMQTT_API
int MQTTClient_disconnect5(MQTTClient handle,
                           int timeout,
                           enum MQTTReasonCodes reason,
                           MQTTProperties *props);

/**
 * Tells whether the client is connected, as far as the library has noticed.
 *
 * A client without callbacks notices a loss only in calls that wait: MQTTClient_receive(), MQTTClient_yield() and
 * others.
 *
 * Returns 1 or 0; 0 too if `handle` is not a client.
 */
LIBMQTT_API int MQTTClient_isConnected(MQTTClient handle);

/**
 * Subscribes to a topic filter and waits for the answer. For clients below MQTT 5.
 *
 * Parameters:
 * - `topic`: the topic filter, a UTF-8 C string: levels are separated by '/', '+' stands for any one level, '#' at the
 *   end for any number of levels.
 * - `qos`: highest QoS with which messages shall arrive. Each arrives with the lower of this and the QoS it was
 *   published with.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS: subscribed, perhaps with a lower QoS.
 * - MQTT_BAD_SUBSCRIBE: the server refused.
 * - MQTTCLIENT_FAILURE: `handle` is not a client; the topic is too long for MQTT; the connection was lost before the
 *   answer; or no answer came in time (MQTTClient_setCommandTimeout()): then the connection is closed, and the
 *   connectionLost callback called.
 * - MQTTCLIENT_DISCONNECTED: not connected.
 * - MQTTCLIENT_BAD_UTF8_STRING: `topic` is NULL or not UTF-8.
 * - MQTTCLIENT_BAD_QOS: `qos` is not 0, 1 or 2.
 * - MQTTCLIENT_MAX_MESSAGES_INFLIGHT: no packet identifier is free.
 * - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_subscribe5().
 */
LIBMQTT_API int MQTTClient_subscribe(MQTTClient handle, const char *topic, int qos);

/**
 * Subscribes to a topic filter with the options and properties of MQTT 5, and waits for the answer.
 *
 * Parameters:
 * - `topic`, `qos`: as for MQTTClient_subscribe().
 * - `opts`: options of the subscription, or NULL. Ignored below MQTT 5.
 * - `props`: properties of the SUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
 *
 * Returns a response, to be freed with MQTTResponse_free(). `reasonCode` is the QoS granted, a reason code from 128 on
 * if the server refused, or one of the negative codes of MQTTClient_subscribe(), MQTTCLIENT_FAILURE also for properties
 * or options that are not allowed. `properties` are those of the answer, if it had any.
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_subscribe5(MQTTClient handle,
                                          const char *topic,
                                          int qos,
                                          MQTTSubscribe_options *opts,
                                          MQTTProperties *props);

/**
 * Subscribes to several topic filters with one packet and waits for the answer. For clients below MQTT 5.
 *
 * Parameters:
 * - `count`: number of entries of `topic` and `qos`, at least 1; otherwise MQTTCLIENT_FAILURE.
 * - `topic`: the topic filters.
 * - `qos`: the highest QoS for each. Overwritten with the QoS granted for each, MQTT_BAD_SUBSCRIBE if refused.
 *
 * Returns MQTTCLIENT_SUCCESS when the server has answered, even if it refused all, or a negative code of
 * MQTTClient_subscribe(). The first entry that is wrong decides, its topic before its QoS.
 */
LIBMQTT_API int MQTTClient_subscribeMany(MQTTClient handle, int count, char *const *topic, int *qos);

/**
 * Subscribes to several topic filters with one packet, with the options and properties of MQTT 5, and waits for the
 * answer.
 *
 * Parameters:
 * - `count`, `topic`, `qos`: as for MQTTClient_subscribeMany(), but with MQTT 5 `qos` is only read.
 * - `opts`: array of `count` options, or NULL.
 * - `props`: properties of the SUBSCRIBE packet, or NULL. They are only read.
 *
 * Returns a response, to be freed with MQTTResponse_free(). With MQTT 5 and more than one topic, `reasonCodes` has the
 * `reasonCodeCount` codes of the answer in the order of the topics; `reasonCode` is the first of them, or a negative
 * code of MQTTClient_subscribe().
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_subscribeMany5(MQTTClient handle,
                                              int count,
                                              char *const *topic,
                                              int *qos,
                                              MQTTSubscribe_options *opts,
                                              MQTTProperties *props);

/**
 * Ends a subscription and waits for the answer.
 *
 * Parameters:
 * - `topic`: the topic filter exactly as it was subscribed to.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS. With MQTT 5: the reason code of the answer, which is above 0 if there was no such subscription.
 * - MQTTCLIENT_FAILURE, MQTTCLIENT_DISCONNECTED, MQTTCLIENT_BAD_UTF8_STRING, MQTTCLIENT_MAX_MESSAGES_INFLIGHT: as for
 *   MQTTClient_subscribe().
 */
LIBMQTT_API int MQTTClient_unsubscribe(MQTTClient handle, const char *topic);

/**
 * Ends a subscription with the properties of MQTT 5, and waits for the answer.
 *
 * Parameters:
 * - `topic`: the topic filter exactly as it was subscribed to.
 * - `props`: properties of the UNSUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
 *
 * Returns a response, to be freed with MQTTResponse_free(): the reason code and properties of the answer, or a negative
 * code of MQTTClient_unsubscribe().
 */
LIBMQTT_API struct MQTTResponse MQTTClient_unsubscribe5(MQTTClient handle, const char *topic, MQTTProperties *props);

/**
 * Ends several subscriptions with one packet and waits for the answer. For clients below MQTT 5.
 *
 * Parameters:
 * - `count`: number of entries of `topic`, at least 1; otherwise MQTTCLIENT_FAILURE.
 * - `topic`: the topic filters.
 *
 * Returns the codes of MQTTClient_unsubscribe(), and:
 * - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_unsubscribeMany5().
 */
LIBMQTT_API int MQTTClient_unsubscribeMany(MQTTClient handle, int count, char *const *topic);

/**
 * Ends several subscriptions with one packet, with the properties of MQTT 5, and waits for the answer.
 *
 * Parameters:
 * - `count`, `topic`: as for MQTTClient_unsubscribeMany().
 * - `props`: properties of the UNSUBSCRIBE packet, or NULL. They are only read. Ignored below MQTT 5.
 *
 * Returns a response, to be freed with MQTTResponse_free(). With MQTT 5 and more than one topic, `reasonCodes` has one
 * code for each; `reasonCode` is the first of them, or a negative code of MQTTClient_unsubscribe().
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_unsubscribeMany5(MQTTClient handle,
                                                int count,
                                                char *const *topic,
                                                MQTTProperties *props);

/**
 * Publishes a message. For clients below MQTT 5.
 *
 * The call returns when the message is written to the connection, or left to a thread that is writing there just now; a
 * QoS 1 or 2 message is stored before. It waits while as many messages are in flight as the connect options allow, QoS 0
 * included. Whether a QoS 1 or 2 message has reached the server is told by MQTTClient_waitForCompletion() or the
 * deliveryComplete callback.
 *
 * Parameters:
 * - `topicName`: the topic, a UTF-8 C string without wildcards. It is copied.
 * - `payloadlen`: number of bytes of the payload, 0 or more.
 * - `payload`: the payload; may be NULL if `payloadlen` is 0. It is copied.
 * - `qos`: 0, 1 or 2; see MQTTClient_message.
 * - `retained`: 1: the server keeps the message for later subscribers.
 * - `dt`: set to the token of a QoS 1 or 2 message; untouched with QoS 0. NULL if it is not wanted.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS: a QoS 0 message was written, or left to be; a QoS 1 or 2 message will be delivered,
 *   after a reconnect if need be.
 * - MQTTCLIENT_FAILURE: `handle` is not a client; the payload is NULL or its length negative; topic or packet is too
 *   large for MQTT; the connection was lost while the call waited, or while a QoS 0 message was written; the message
 *   could not be stored. The message is not sent, and there is no token.
 * - MQTTCLIENT_DISCONNECTED: not connected.
 * - MQTTCLIENT_BAD_UTF8_STRING: `topicName` is NULL or not UTF-8.
 * - MQTTCLIENT_BAD_QOS: `qos` is not 0, 1 or 2.
 * - MQTTCLIENT_MAX_MESSAGES_INFLIGHT: no packet identifier is free.
 * - -99: there is no memory for the packet of a QoS 1 or 2 message.
 * - MQTTCLIENT_WRONG_MQTT_VERSION: the client is connected with MQTT 5: use MQTTClient_publish5().
 */
LIBMQTT_API
int MQTTClient_publish(MQTTClient handle,
                       const char *topicName,
                       int payloadlen,
                       const void *payload,
                       int qos,
                       int retained,
                       MQTTClient_deliveryToken *dt);

/**
 * Publishes a message with properties.
 *
 * Parameters are those of MQTTClient_publish(), and:
 * - `properties`: properties of the message, or NULL. They are only read. Ignored below MQTT 5.
 *
 * Returns a response, to be freed with MQTTResponse_free(). `reasonCode` is MQTTCLIENT_SUCCESS or a negative code of
 * MQTTClient_publish(); the server's answer comes later, to the callback of MQTTClient_setPublished().
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_publish5(MQTTClient handle,
                                        const char *topicName,
                                        int payloadlen,
                                        const void *payload,
                                        int qos,
                                        int retained,
                                        MQTTProperties *properties,
                                        MQTTClient_deliveryToken *dt);

/**
 * Publishes a message given as a structure. For clients below MQTT 5.
 *
 * Parameters:
 * - `topicName`, `dt`: as for MQTTClient_publish().
 * - `msg`: the message; only read. `dup` and `msgid` are ignored.
 *
 * Returns the codes of MQTTClient_publish(), and:
 * - MQTTCLIENT_NULL_PARAMETER: `msg` is NULL.
 * - MQTTCLIENT_BAD_STRUCTURE: `msg` has a wrong struct_id or struct_version.
 */
LIBMQTT_API
int MQTTClient_publishMessage(MQTTClient handle,
                              const char *topicName,
                              struct MQTTClient_message *msg,
                              MQTTClient_deliveryToken *dt);

/**
 * Publishes a message given as a structure, with its properties.
 *
 * Parameters are those of MQTTClient_publishMessage(). Returns a response, to be freed with MQTTResponse_free(), whose
 * `reasonCode` is MQTTCLIENT_SUCCESS or a negative code of MQTTClient_publishMessage().
 */
LIBMQTT_API
struct MQTTResponse MQTTClient_publishMessage5(MQTTClient handle,
                                               const char *topicName,
                                               struct MQTTClient_message *msg,
                                               MQTTClient_deliveryToken *dt);

/**
 * Waits until the delivery of a message is complete. The callbacks that tell it have returned then, unless they have to
 * wait long for other callbacks, or this is called in one.
 *
 * Parameters:
 * - `dt`: the token of the message.
 * - `timeout`: how long to wait, in ms. With 0 the call fails.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS: complete; or not a token of a message in flight, which includes QoS 0.
 * - MQTTCLIENT_FAILURE: the time is over, or `handle` is not a client.
 * - MQTTCLIENT_DISCONNECTED: not connected. The message is sent again after a reconnect, if the session is kept.
 */
LIBMQTT_API int MQTTClient_waitForCompletion(MQTTClient handle, MQTTClient_deliveryToken dt, unsigned long timeout);

/**
 * Lists the messages whose delivery is not complete, also while the client is not connected.
 *
 * Parameters:
 * - `tokens`: set to an array of their tokens in the order of sending, ended by -1, or to NULL if there are none. Free it
 *   with MQTTClient_free().
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS.
 * - MQTTCLIENT_FAILURE: `handle` is not a client, `tokens` is NULL, or there is no memory.
 */
LIBMQTT_API
int MQTTClient_getPendingDeliveryTokens(MQTTClient handle,
                                        MQTTClient_deliveryToken **tokens);

/**
 * Lets clients without callbacks do their work for about 100 ms: read, acknowledge, keep the connection alive.
 *
 * A program without callbacks should call this, or MQTTClient_receive(), from time to time. The call takes at least
 * 100 ms, so that loops around it do not burn processor time.
 */
LIBMQTT_API void MQTTClient_yield(void);

/**
 * Receives a message, for clients without callbacks. Waits for one if none is there.
 *
 * Parameters:
 * - `topicName`: set to the topic, with a NUL at its end. Free it with MQTTClient_free().
 * - `topicLen`: set to the length of the topic, if there is a message. NULL: not told.
 * - `message`: set to the message, or to NULL if none came. Free it with MQTTClient_freeMessage().
 * - `timeout`: how long to wait, in ms. 0: take only what is there.
 *
 * Returns:
 * - MQTTCLIENT_SUCCESS: a message, or none in the time given: look at `*message`.
 * - MQTTCLIENT_TOPICNAME_TRUNCATED: a message whose topic contains NUL characters.
 * - MQTTCLIENT_FAILURE: the connection broke (there may be a message all the same: look at `*message`); or `handle` is
 *   not a client, or has callbacks, or `topicName` or `message` is NULL: then nothing is set.
 * - MQTTCLIENT_DISCONNECTED: not connected; nothing is set.
 */
LIBMQTT_API
int MQTTClient_receive(MQTTClient handle,
                       char **topicName,
                       int *topicLen,
                       struct MQTTClient_message **message,
                       unsigned long timeout);

/**
 * Frees a received message with its payload and properties, and sets the pointer to NULL.
 *
 * `msg` may be NULL or point to NULL: then nothing happens.
 */
LIBMQTT_API void MQTTClient_freeMessage(struct MQTTClient_message **msg);

/**
 * Frees memory that the library handed out, for instance a topic name. The same as free(); `ptr` may be NULL.
 */
LIBMQTT_API void MQTTClient_free(void *ptr);

/**
 * Allocates memory that the library may free, for the functions of a store. The same as malloc().
 *
 * Returns NULL if there is no memory.
 */
LIBMQTT_API void *MQTTClient_malloc(size_t size);

/**
 * Type of the function that gets the trace, line by line.
 *
 * Parameters:
 * - `level`: the level of this line.
 * - `message`: the line, a C string without line end, valid only during the call.
 *
 * It runs in the thread that has caused the line, for one line after the other. When a call returns, all that it did
 * has been told. While the function takes longer than 0.1 s, others do not wait for it: then it runs in several threads
 * at the same time, also for lines of other threads.
 */
typedef void MQTTClient_traceCallback(enum MQTTCLIENT_TRACE_LEVELS level, char *message);

/**
 * Sets from which level on lines are traced. At first it is MQTTCLIENT_TRACE_MINIMUM.
 *
 * May be called at any time, also before the first client is created. 0 counts as MQTTCLIENT_TRACE_MAXIMUM. When the last
 * client is destroyed, MQTTCLIENT_TRACE_SEVERE and MQTTCLIENT_TRACE_FATAL are forgotten, and the level before counts
 * again.
 */
LIBMQTT_API
void MQTTClient_setTraceLevel(enum MQTTCLIENT_TRACE_LEVELS level);

/**
 * Sets the function that gets the trace; NULL for none.
 *
 * This is independent of the environment variable MQTT_C_CLIENT_TRACE, by which the user of a program can have the
 * trace written to a file or, with the value ON, to standard output. Files have at most MQTT_C_CLIENT_TRACE_MAX_LINES lines
 * (1000); the one before is kept as NAME.0. MQTT_C_CLIENT_TRACE_LEVEL (ERROR, PROTOCOL, MINIMUM, MEDIUM or MAXIMUM) sets
 * the level, for the callback too, unless MQTTClient_setTraceLevel() has asked for less. The variables are read when the
 * first client is created.
 */
LIBMQTT_API
void MQTTClient_setTraceCallback(MQTTClient_traceCallback* callback);

/**
 * What this library is: an array of names and values, ended by an entry whose name is NULL.
 *
 * The names are "Product name", "Version" (of the interface, as 1.3.15), "Build level" (of this implementation), and in
 * the library with TLS "OpenSSL version", "OpenSSL flags", "OpenSSL build timestamp", "OpenSSL platform" and "OpenSSL
 * directory". The array is constant: do not change or free it. May be called at any time.
 */
LIBMQTT_API struct MQTTClient_nameValue *MQTTClient_getVersionInfo(void);

/**
 * The text of a return code, in English.
 *
 * Returns a C string that must not be freed, never NULL. The text for a code that has none of its own is overwritten by
 * the next such call in the same thread, and valid until the thread ends.
 */
LIBMQTT_API const char *MQTTClient_strerror(int code);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */

#endif  /* MQTTCLIENT_H */
