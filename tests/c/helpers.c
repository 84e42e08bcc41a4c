/* Functions that no header declares, but that programs built in the original's source tree use. */
#include <semaphore.h>

#include "support.h"

typedef struct {
    size_t current_size, max_size;
} heap_info;

extern heap_info *Heap_get_info(void);
extern void *Thread_start(void *(*function)(void *), void *argument);
extern pthread_mutex_t *Thread_create_mutex(int *rc);
extern int Thread_lock_mutex(pthread_mutex_t *mutex);
extern int Thread_unlock_mutex(pthread_mutex_t *mutex);
extern pthread_t Thread_getid(void);

#ifdef FIXED
/* Their names since 1.3.13. */
extern void *Paho_thread_start(void *(*function)(void *), void *argument);
extern pthread_mutex_t *Paho_thread_create_mutex(int *rc);
extern int Paho_thread_lock_mutex(pthread_mutex_t *mutex);
extern int Paho_thread_unlock_mutex(pthread_mutex_t *mutex);
extern pthread_t Paho_thread_getid(void);
#endif

struct helpers {
    void *(*start)(void *(*function)(void *), void *argument);
    pthread_mutex_t *(*create_mutex)(int *rc);
    int (*lock_mutex)(pthread_mutex_t *mutex);
    int (*unlock_mutex)(pthread_mutex_t *mutex);
    pthread_t (*getid)(void);
};

struct meeting {
    const struct helpers *helpers;
    pthread_mutex_t *mutex;
    int found_locked, is_another;
    pthread_t starter;
    sem_t over;
};

static void *meet(void *argument)
{
    struct meeting *meeting = argument;
    meeting->found_locked = pthread_mutex_trylock(meeting->mutex) != 0;
    meeting->is_another = !pthread_equal(meeting->helpers->getid(), meeting->starter);
    sem_post(&meeting->over);
    return NULL;
}

static void threads_and_mutexes_are_those_of_the_system(const struct helpers *helpers)
{
    int rc = -1;
    struct meeting meeting = {.helpers = helpers, .mutex = helpers->create_mutex(&rc), .starter = helpers->getid()};
    CHECK(meeting.mutex != NULL);
    CHECK_INT(rc, 0);
    CHECK(pthread_equal(meeting.starter, pthread_self()));
    CHECK_INT(sem_init(&meeting.over, 0, 0), 0);
    CHECK_INT(helpers->lock_mutex(meeting.mutex), 0);
    helpers->start(meet, &meeting);
    CHECK_INT(sem_wait(&meeting.over), 0);
    CHECK(meeting.found_locked && meeting.is_another);
    CHECK_INT(helpers->unlock_mutex(meeting.mutex), 0);
    CHECK_INT(pthread_mutex_trylock(meeting.mutex), 0);
    CHECK_INT(helpers->unlock_mutex(meeting.mutex), 0);
    CHECK_INT(pthread_mutex_destroy(meeting.mutex), 0);
    MQTTClient_free(meeting.mutex);
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    static const struct helpers old = {(void *)Thread_start, Thread_create_mutex, Thread_lock_mutex, Thread_unlock_mutex,
                                       Thread_getid};
    threads_and_mutexes_are_those_of_the_system(&old);
#ifdef FIXED
    static const struct helpers renamed = {(void *)Paho_thread_start, Paho_thread_create_mutex, Paho_thread_lock_mutex,
                                           Paho_thread_unlock_mutex, Paho_thread_getid};
    threads_and_mutexes_are_those_of_the_system(&renamed);
#endif

    /* programs look there for what was not freed */
    MQTTClient client = create_client(broker, client_id("client"));
    connect_client(client, 1);
    disconnect_and_destroy(&client);
    CHECK_INT(Heap_get_info()->current_size, 0);

#ifdef FIXED
    char *memory = MQTTClient_malloc(100);
    CHECK(memory != NULL);
    memset(memory, 'x', 100);
    MQTTClient_free(memory);
#endif
    return 0;
}
