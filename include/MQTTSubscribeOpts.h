/*
 * MQTTSubscribeOpts.h: MQTT 5 subscription options.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef SUBOPTS_H
#define SUBOPTS_H

/** Start value of an MQTTSubscribe_options: what MQTT 3.1.1 does. */
#define MQTTSubscribe_options_initializer { {'M', 'Q', 'S', 'O'}, 0, 0, 0, 0 }

/**
 * Options of one subscription, in MQTT 5. Below MQTT 5 they are ignored.
 */
typedef struct MQTTSubscribe_options {
    /**
     * Set to "MQSO" by the initializer.
     */
    char struct_id[4];
    /**
     * Set to 0 by the initializer.
     */
    int struct_version;
    /**
     * 1: messages that this client publishes do not come back to it. 0: they do.
     */
    unsigned char noLocal;
    /**
     * 1: messages arrive with the retained flag they were published with. 0: only messages sent because of a new
     * subscription have it set.
     */
    unsigned char retainAsPublished;
    /**
     * When retained messages are sent. 0: at each subscribe. 1: only if the subscription is new. 2: not at all.
     */
    unsigned char retainHandling;
} MQTTSubscribe_options;

#endif  /* SUBOPTS_H */
