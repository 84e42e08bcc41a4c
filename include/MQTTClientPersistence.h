/*
 * MQTTClientPersistence.h: where messages in flight are kept, and stores of your own.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef MQTTCLIENTPERSISTENCE_H
#define MQTTCLIENTPERSISTENCE_H

/*
 * A client keeps each QoS 1 and QoS 2 message until its exchange with the server is complete. Where it keeps
 * them is chosen when the client is created:
 *
 *   MQTTCLIENT_PERSISTENCE_DEFAULT  files, in a directory of their own per client and server;
 *   MQTTCLIENT_PERSISTENCE_NONE     memory only: a crash loses what was in flight;
 *   MQTTCLIENT_PERSISTENCE_USER     the functions of an MQTTClient_persistence structure that you fill in.
 *
 * The functions of a store are called from whatever thread the library works in, one at a time for each client,
 * and must not call the client again. Each returns 0 for success and anything else for failure.
 */

/**
 * Keep messages in files. The persistence context of MQTTClient_create() is the directory, a C string, or NULL for
 * the current directory.
 */
#define MQTTCLIENT_PERSISTENCE_DEFAULT 0

/**
 * Keep messages in memory only.
 */
#define MQTTCLIENT_PERSISTENCE_NONE 1

/**
 * Keep messages with functions of the program. The persistence context is an MQTTClient_persistence.
 */
#define MQTTCLIENT_PERSISTENCE_USER 2

/**
 * The store could not be opened, read or written. Also what a function of a store returns when it fails.
 */
#define MQTTCLIENT_PERSISTENCE_ERROR -2

/**
 * Opens the store, when the client is created.
 *
 * Parameters:
 * - `handle`: set this to what all other functions of the store shall get as their `handle`.
 * - `clientID`, `serverURI`: as given to MQTTClient_create(), the URI without its scheme; they name the store.
 * - `context`: the `context` member of the MQTTClient_persistence.
 */
typedef int (*Persistence_open)(void **handle, const char *clientID, const char *serverURI, void *context);

/**
 * Closes the store, when the client is destroyed. If the store could not be opened `handle` is NULL.
 */
typedef int (*Persistence_close)(void *handle);

/**
 * Stores the bytes of all buffers, one after the other, under `key`; replaces what was stored under it.
 *
 * Parameters:
 * - `key`: a C string of at most 10 characters.
 * - `bufcount`: number of buffers; `buffers` and `buflens` have as many entries.
 * - `buffers`, `buflens`: valid only during the call, in which the buffers may be written to. A length may be 0, and its
 *   buffer then NULL.
 */
typedef int (*Persistence_put)(void *handle, char *key, int bufcount, char **buffers, int *buflens);

/**
 * Reads what is stored under `key`. Set `buffer` to a block from malloc() or MQTTClient_malloc(), and `buflen` to its
 * length; the library frees it.
 */
typedef int (*Persistence_get)(void *handle, char *key, char **buffer, int *buflen);

/**
 * Removes `key` and what is stored under it. Return 0 also when there is no such key: the library removes keys
 * without asking first.
 */
typedef int (*Persistence_remove)(void *handle, char *key);

/**
 * Lists all keys, in any order. Set `keys` to an array of C strings and `nkeys` to their number. The array and each
 * string are from malloc() or MQTTClient_malloc(); the library frees them. With no keys `keys` may be NULL.
 */
typedef int (*Persistence_keys)(void *handle, char ***keys, int *nkeys);

/**
 * Removes all keys of this store.
 */
typedef int (*Persistence_clear)(void *handle);

/**
 * Tells whether `key` is stored: 0 if it is, anything else if not.
 */
typedef int (*Persistence_containskey)(void *handle, char *key);

/**
 * A store of the program, for MQTTCLIENT_PERSISTENCE_USER. Every member must be set, `context` too: a client with an
 * incomplete store cannot be created. The structure is not copied; keep it until the client is destroyed.
 */
typedef struct MQTTClient_persistence {
    /**
     * Handed to `popen`.
     */
    void *context;
    /**
     * Opens the store.
     */
    Persistence_open popen;
    /**
     * Closes the store.
     */
    Persistence_close pclose;
    /**
     * Stores a record.
     */
    Persistence_put pput;
    /**
     * Reads a record.
     */
    Persistence_get pget;
    /**
     * Removes a record.
     */
    Persistence_remove premove;
    /**
     * Lists the records.
     */
    Persistence_keys pkeys;
    /**
     * Removes all records.
     */
    Persistence_clear pclear;
    /**
     * Tells whether a record exists.
     */
    Persistence_containskey pcontainskey;
} MQTTClient_persistence;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Type of a function that changes a record before it is written, for instance to encrypt it. Declared for programs
 * that share code with the asynchronous client; the synchronous client has no call to set one.
 *
 * It may replace entries of `buffers` and `buflens` by blocks from MQTTClient_malloc(). Returns 0 for success.
 */
typedef int MQTTPersistence_beforeWrite(void *context, int bufcount, char **buffers, int *buflens);

/**
 * Type of a function that changes a record after it was read, the reverse of MQTTPersistence_beforeWrite.
 *
 * It may replace `buffer` and `buflen` by a block from MQTTClient_malloc(). Returns 0 for success.
 */
typedef int MQTTPersistence_afterRead(void *context, char **buffer, int *buflen);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */

#endif  /* MQTTCLIENTPERSISTENCE_H */
