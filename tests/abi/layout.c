/* Prints size and offsets of every structure as this compiler sees them in the headers. */
#include "MQTTClient.h"

#include <stddef.h>
#include <stdio.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(type))
#define OFFSET(type, member) printf("%s.%s %zu\n", #type, #member, offsetof(type, member))

int main(void)
{
    SIZE(MQTTClient_init_options);
    OFFSET(MQTTClient_init_options, struct_id);
    OFFSET(MQTTClient_init_options, struct_version);
    OFFSET(MQTTClient_init_options, do_openssl_init);

    SIZE(MQTTClient_message);
    OFFSET(MQTTClient_message, struct_id);
    OFFSET(MQTTClient_message, struct_version);
    OFFSET(MQTTClient_message, payloadlen);
    OFFSET(MQTTClient_message, payload);
    OFFSET(MQTTClient_message, qos);
    OFFSET(MQTTClient_message, retained);
    OFFSET(MQTTClient_message, dup);
    OFFSET(MQTTClient_message, msgid);
    OFFSET(MQTTClient_message, properties);

    SIZE(MQTTClient_createOptions);
    OFFSET(MQTTClient_createOptions, struct_id);
    OFFSET(MQTTClient_createOptions, struct_version);
    OFFSET(MQTTClient_createOptions, MQTTVersion);

    SIZE(MQTTClient_willOptions);
    OFFSET(MQTTClient_willOptions, struct_id);
    OFFSET(MQTTClient_willOptions, struct_version);
    OFFSET(MQTTClient_willOptions, topicName);
    OFFSET(MQTTClient_willOptions, message);
    OFFSET(MQTTClient_willOptions, retained);
    OFFSET(MQTTClient_willOptions, qos);
    OFFSET(MQTTClient_willOptions, payload);
    OFFSET(MQTTClient_willOptions, payload.len);
    OFFSET(MQTTClient_willOptions, payload.data);

    SIZE(MQTTClient_SSLOptions);
    OFFSET(MQTTClient_SSLOptions, struct_id);
    OFFSET(MQTTClient_SSLOptions, struct_version);
    OFFSET(MQTTClient_SSLOptions, trustStore);
    OFFSET(MQTTClient_SSLOptions, keyStore);
    OFFSET(MQTTClient_SSLOptions, privateKey);
    OFFSET(MQTTClient_SSLOptions, privateKeyPassword);
    OFFSET(MQTTClient_SSLOptions, enabledCipherSuites);
    OFFSET(MQTTClient_SSLOptions, enableServerCertAuth);
    OFFSET(MQTTClient_SSLOptions, sslVersion);
    OFFSET(MQTTClient_SSLOptions, verify);
    OFFSET(MQTTClient_SSLOptions, CApath);
    OFFSET(MQTTClient_SSLOptions, ssl_error_cb);
    OFFSET(MQTTClient_SSLOptions, ssl_error_context);
    OFFSET(MQTTClient_SSLOptions, ssl_psk_cb);
    OFFSET(MQTTClient_SSLOptions, ssl_psk_context);
    OFFSET(MQTTClient_SSLOptions, disableDefaultTrustStore);
    OFFSET(MQTTClient_SSLOptions, protos);
    OFFSET(MQTTClient_SSLOptions, protos_len);

    SIZE(MQTTClient_nameValue);
    OFFSET(MQTTClient_nameValue, name);
    OFFSET(MQTTClient_nameValue, value);

    SIZE(MQTTClient_connectOptions);
    OFFSET(MQTTClient_connectOptions, struct_id);
    OFFSET(MQTTClient_connectOptions, struct_version);
    OFFSET(MQTTClient_connectOptions, keepAliveInterval);
    OFFSET(MQTTClient_connectOptions, cleansession);
    OFFSET(MQTTClient_connectOptions, reliable);
    OFFSET(MQTTClient_connectOptions, will);
    OFFSET(MQTTClient_connectOptions, username);
    OFFSET(MQTTClient_connectOptions, password);
    OFFSET(MQTTClient_connectOptions, connectTimeout);
    OFFSET(MQTTClient_connectOptions, retryInterval);
    OFFSET(MQTTClient_connectOptions, ssl);
    OFFSET(MQTTClient_connectOptions, serverURIcount);
    OFFSET(MQTTClient_connectOptions, serverURIs);
    OFFSET(MQTTClient_connectOptions, MQTTVersion);
    OFFSET(MQTTClient_connectOptions, returned);
    OFFSET(MQTTClient_connectOptions, returned.serverURI);
    OFFSET(MQTTClient_connectOptions, returned.MQTTVersion);
    OFFSET(MQTTClient_connectOptions, returned.sessionPresent);
    OFFSET(MQTTClient_connectOptions, binarypwd);
    OFFSET(MQTTClient_connectOptions, binarypwd.len);
    OFFSET(MQTTClient_connectOptions, binarypwd.data);
    OFFSET(MQTTClient_connectOptions, maxInflightMessages);
    OFFSET(MQTTClient_connectOptions, cleanstart);
    OFFSET(MQTTClient_connectOptions, httpHeaders);
    OFFSET(MQTTClient_connectOptions, httpProxy);
    OFFSET(MQTTClient_connectOptions, httpsProxy);

    SIZE(MQTTResponse);
    OFFSET(MQTTResponse, version);
    OFFSET(MQTTResponse, reasonCode);
    OFFSET(MQTTResponse, reasonCodeCount);
    OFFSET(MQTTResponse, reasonCodes);
    OFFSET(MQTTResponse, properties);

    SIZE(MQTTClient_persistence);
    OFFSET(MQTTClient_persistence, context);
    OFFSET(MQTTClient_persistence, popen);
    OFFSET(MQTTClient_persistence, pclose);
    OFFSET(MQTTClient_persistence, pput);
    OFFSET(MQTTClient_persistence, pget);
    OFFSET(MQTTClient_persistence, premove);
    OFFSET(MQTTClient_persistence, pkeys);
    OFFSET(MQTTClient_persistence, pclear);
    OFFSET(MQTTClient_persistence, pcontainskey);

    SIZE(MQTTLenString);
    OFFSET(MQTTLenString, len);
    OFFSET(MQTTLenString, data);

    SIZE(MQTTProperty);
    OFFSET(MQTTProperty, identifier);
    OFFSET(MQTTProperty, value);
    OFFSET(MQTTProperty, value.byte);
    OFFSET(MQTTProperty, value.integer2);
    OFFSET(MQTTProperty, value.integer4);
    OFFSET(MQTTProperty, value.data);
    OFFSET(MQTTProperty, value.value);

    SIZE(MQTTProperties);
    OFFSET(MQTTProperties, count);
    OFFSET(MQTTProperties, max_count);
    OFFSET(MQTTProperties, length);
    OFFSET(MQTTProperties, array);

    SIZE(MQTTSubscribe_options);
    OFFSET(MQTTSubscribe_options, struct_id);
    OFFSET(MQTTSubscribe_options, struct_version);
    OFFSET(MQTTSubscribe_options, noLocal);
    OFFSET(MQTTSubscribe_options, retainAsPublished);
    OFFSET(MQTTSubscribe_options, retainHandling);
    return 0;
}
