/* Words, byte strings and property lists in the language of the stories. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

void split(struct words *words, const char *line)
{
    char *out = words->buffer;
    words->count = 0;
    while (words->count < MAX_WORDS) {
        while (*line == ' ')
            ++line;
        if (*line == '\0')
            break;
        words->word[words->count++] = out;
        bool quoted = false;
        for (; *line != '\0' && (quoted || *line != ' '); ++line) {
            if (*line == '"')
                quoted = !quoted;
            else if (out < words->buffer + sizeof words->buffer - 2)
                *out++ = *line;
        }
        *out++ = '\0';
    }
}

static bool is_assignment(const char *word)
{
    size_t letters = strspn(word, "abcdefghijklmnopqrstuvwxyz");
    return letters > 0 && word[letters] == '=';
}

const char *value_of(const struct words *words, const char *key)
{
    size_t length = strlen(key);
    for (int i = 0; i < words->count; ++i)
        if (strncmp(words->word[i], key, length) == 0 && words->word[i][length] == '=')
            return words->word[i] + length + 1;
    return NULL;
}

int number_of(const struct words *words, const char *key, int otherwise)
{
    const char *value = value_of(words, key);
    return value != NULL ? atoi(value) : otherwise;
}

const char *plain(const struct words *words, int index)
{
    for (int i = 1; i < words->count; ++i)
        if (!is_assignment(words->word[i]) && index-- == 0)
            return words->word[i];
    return NULL;
}

const char *or_null(const char *word) { return word == NULL || strcmp(word, "NULL") == 0 ? NULL : word; }

static int digit(char c) { return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10; }

unsigned char *bytes_of(const char *word, size_t *length)
{
    size_t used = 0;
    if (word[0] == '*') {
        used = (size_t)atol(word + 1);
        unsigned char *bytes = malloc(used + 1);
        memset(bytes, 'x', used);
        bytes[used] = '\0';
        *length = used;
        return bytes;
    }
    unsigned char *bytes = malloc(strlen(word) + 1);
    bool hexadecimal = word[0] == '#';
    for (word += hexadecimal; *word != '\0';) {
        if (hexadecimal && isxdigit((unsigned char)word[0]) && isxdigit((unsigned char)word[1])) {
            bytes[used++] = (unsigned char)(digit(word[0]) << 4 | digit(word[1]));
            word += 2;
        } else if (hexadecimal) {
            ++word;
        } else if (word[0] == '\\' && word[1] == 'x' && word[2] != '\0' && word[3] != '\0') {
            bytes[used++] = (unsigned char)(digit(word[2]) << 4 | digit(word[3]));
            word += 4;
        } else {
            bytes[used++] = (unsigned char)*word++;
        }
    }
    bytes[used] = '\0';
    *length = used;
    return bytes;
}

/* Long contents are cut: the length tells the rest. */
#define SHOWN 200

void describe_bytes(char *out, size_t room, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    size_t used = 0;
    used += (size_t)snprintf(out, room, "\"");
    for (size_t i = 0; i < length && i < SHOWN; ++i) {
        bool shows = isprint(at[i]) && at[i] != '"' && at[i] != '\\';
        used += (size_t)snprintf(out + used, room - used, shows ? "%c" : "\\x%02x", at[i]);
    }
    snprintf(out + used, room - used, length > SHOWN ? "\"... (%zu)" : "\"", length);
}

void describe_hex(char *out, size_t room, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < length && i < SHOWN; ++i)
        used += (size_t)snprintf(out + used, room - used, i == 0 ? "%02x" : " %02x", at[i]);
    if (length > SHOWN)
        snprintf(out + used, room - used, " ... (%zu)", length);
}

static MQTTLenString string_of(const char *word)
{
    size_t length;
    MQTTLenString string;
    string.data = (char *)bytes_of(word, &length);
    string.len = (int)length;
    return string;
}

void parse_properties(MQTTProperties *list, const char *word)
{
    struct words entries;
    char spaced[4096];
    snprintf(spaced, sizeof spaced, "%s", word);
    for (char *c = spaced; *c != '\0'; ++c)
        if (*c == ',')
            *c = ' ';
    split(&entries, spaced);
    for (int i = 0; i < entries.count; ++i) {
        char *value = strchr(entries.word[i], ':');
        if (value == NULL)
            continue;
        *value++ = '\0';
        MQTTProperty property = {.identifier = (enum MQTTPropertyCodes)atoi(entries.word[i])};
        char *second;
        switch (MQTTProperty_getType(property.identifier)) {
        case MQTTPROPERTY_TYPE_BYTE:
            property.value.byte = (unsigned char)atoi(value);
            break;
        case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
            property.value.integer2 = (unsigned short)atoi(value);
            break;
        case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
        case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER:
            property.value.integer4 = (unsigned)atol(value);
            break;
        case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
            second = strchr(value, '~');
            if (second != NULL)
                *second++ = '\0';
            property.value.data = string_of(value);
            property.value.value = string_of(second != NULL ? second : "");
            break;
        default:
            property.value.data = string_of(value);
        }
        int rc = MQTTProperties_add(list, &property);
        if (rc != 0)
            note(own_part, "MQTTProperties_add: %d", rc);
    }
}

void describe_properties(char *out, size_t room, const MQTTProperties *list)
{
    size_t used = 0;
    char text[1024];
    if (list == NULL) {
        snprintf(out, room, "NULL");
        return;
    }
    used += (size_t)snprintf(out, room, "[");
    for (int i = 0; i < list->count; ++i) {
        const MQTTProperty *property = &list->array[i];
        used += (size_t)snprintf(out + used, room - used, "%s%d:", i > 0 ? "," : "", (int)property->identifier);
        switch (MQTTProperty_getType(property->identifier)) {
        case MQTTPROPERTY_TYPE_BYTE:
            used += (size_t)snprintf(out + used, room - used, "%d", property->value.byte);
            break;
        case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
            used += (size_t)snprintf(out + used, room - used, "%d", property->value.integer2);
            break;
        case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
        case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER:
            used += (size_t)snprintf(out + used, room - used, "%u", property->value.integer4);
            break;
        case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
            describe_bytes(text, sizeof text, property->value.data.data, (size_t)property->value.data.len);
            used += (size_t)snprintf(out + used, room - used, "%s~", text);
            describe_bytes(text, sizeof text, property->value.value.data, (size_t)property->value.value.len);
            used += (size_t)snprintf(out + used, room - used, "%s", text);
            break;
        default:
            describe_bytes(text, sizeof text, property->value.data.data, (size_t)property->value.data.len);
            used += (size_t)snprintf(out + used, room - used, "%s", text);
        }
    }
    snprintf(out + used, room - used, "]");
}

const char *const packet_names[16] = {"0",      "CONNECT", "CONNACK",   "PUBLISH", "PUBACK",      "PUBREC",   "PUBREL",     "PUBCOMP",
                                      "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

int packet_type_of(const char *name)
{
    for (int type = 0; name != NULL && type < 16; ++type)
        if (strcmp(name, packet_names[type]) == 0)
            return type;
    note(RESULT, "no such packet: %s", name != NULL ? name : "");
    return 0;
}
