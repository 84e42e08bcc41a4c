/* What the parts of the driver share. The language of the stories is described in README.md. */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "MQTTClient.h"

/* --- transcript.c: what is printed, in blocks, one for each line of the story --------------------------------- */

/* The parts of a block, in the order in which they are printed; within a part lines keep their order. */
enum part { RESULT, WIRE, CALLBACK, STORE, TRACE, JOB, PARTS };

/* The part that calls made by this thread report to. */
extern _Thread_local enum part own_part;

void note(enum part part, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A number in the transcript that differs from run to run: the port that clients know. */
void mask_port(int port);
/* Reads what the transcript should be; blocks that agree with it need no waiting for silence. */
void expect_transcript(const char *path);
void set_silence(int milliseconds);
void begin_block(const char *line);
/* Waits until all that the line caused has happened, and prints the block. */
void end_block(void);
/* A callback calls what the story has put in line for it: the block waits for it. */
void begin_work(void);
void end_work(void);
/* Something happened that a block may be waiting for. */
void wake_transcript(void);
/* Prints what there is and ends the process; safe in a signal handler as far as that can be. */
void abandon_transcript(const char *reason);

/* --- text.c ---------------------------------------------------------------------------------------------------- */

#define MAX_WORDS 64
struct words {
    int count;
    char *word[MAX_WORDS];
    char buffer[8192];
};

void split(struct words *words, const char *line);
/* The value of a word `key=value`, or NULL. The text NULL stays what it is. */
const char *value_of(const struct words *words, const char *key);
int number_of(const struct words *words, const char *key, int otherwise);
/* The word at `index` among those without `=`; NULL if there is none. */
const char *plain(const struct words *words, int index);
/* NULL for the word `NULL`. */
const char *or_null(const char *word);
/* Bytes written as text with \xHH escapes; with a leading `#` as hexadecimal digits; as `*N` N times the letter x. */
unsigned char *bytes_of(const char *word, size_t *length);
void describe_bytes(char *out, size_t room, const void *bytes, size_t length);
void describe_hex(char *out, size_t room, const void *bytes, size_t length);
void parse_properties(MQTTProperties *list, const char *word);
void describe_properties(char *out, size_t room, const MQTTProperties *list);
/* Names of packet types by their number, and the number of a name. */
extern const char *const packet_names[16];
int packet_type_of(const char *name);

/* --- broker.c -------------------------------------------------------------------------------------------------- */

int start_broker(void);
void broker_command(const struct words *words);

/* --- ways.c ---------------------------------------------------------------------------------------------------- */

/* Begins to listen for clients that come by this scheme (ssl, ws, wss); the port. */
int start_way(const char *scheme, int broker_port);

/* --- store.c --------------------------------------------------------------------------------------------------- */

extern char store_base[];
void make_store_base(void);
void remove_store_base(void);
/* Describes how files under the base changed since the last commit. */
void describe_files(char *out, size_t room);
void commit_files(void);
void file_command(const struct words *words);
MQTTClient_persistence *user_store(void);
void store_command(const struct words *words);

/* --- calls.c, callbacks.c, main.c ------------------------------------------------------------------------------- */

struct client {
    char name[16];
    MQTTClient handle;
    bool exists;
};
#define MAX_CLIENTS 8
extern struct client clients[MAX_CLIENTS];
/* How clients come to the broker. */
extern const char *way_scheme;

/* Runs one line of the story; false if it is not known. */
bool run_line(const char *line);
bool call_function(struct client *client, const struct words *words);
bool set_callback_functions(struct client *client, const struct words *words);
void on_command(const struct words *words, const char *line);
void describe_clients(char *out, size_t room);
void commit_clients(void);
void describe_message(char *out, size_t room, const MQTTClient_message *message);
void hear_trace(enum MQTTCLIENT_TRACE_LEVELS level, char *text);

#endif
