/*
 * One byte tells how a request went in MQTT 5: below 128 it succeeded, from 128 on it failed. The functions whose
 * result is an MQTTResponse store the negative MQTTCLIENT_ error codes in the same place.
 */
