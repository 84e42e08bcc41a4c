/*
 * Properties travel with most MQTT 5 packets. A list starts as MQTTProperties_initializer, grows with
 * MQTTProperties_add(), which copies what it is given, and is emptied with MQTTProperties_free(). A list belongs
 * to whoever made it; lists are not locked, so use one in one thread at a time.
 *
 * Strings and binary data carry their length. What the library hands out also has a NUL behind it.
 */

/** Start value of an MQTTProperties: the empty list. */
#define MQTTProperties_initializer { 0, 0, 0, NULL }
