/** Start value of an MQTTSubscribe_options: what MQTT 3.1.1 does. */
#define MQTTSubscribe_options_initializer { {'M', 'Q', 'S', 'O'}, 0, 0, 0, 0 }
