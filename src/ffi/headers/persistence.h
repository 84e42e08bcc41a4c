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
