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
