/* SPDX-License-Identifier: MIT */
#include "delay.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static struct delay *waiting; /* under `lock` */
static bool ending;           /* under `lock` */
static int watch = -1;        /* epoll: clients that go away, and `bell` */
static int bell = -1;         /* rings when there is an earlier time to wake at */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void ring(void)
{
    uint64_t one = 1;
    while (write(bell, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* Lets go on whoever is due; the next time to wake, or INT64_MAX. */
static int64_t release_due(void)
{
    int64_t next = INT64_MAX;
    int64_t now = now_ms();
    struct delay **link = &waiting;
    while (*link != NULL) {
        struct delay *delay = *link;
        if (!ending && delay->due_ms > now) {
            next = delay->due_ms < next ? delay->due_ms : next;
            link = &delay->next;
            continue;
        }
        *link = delay->next;
        epoll_ctl(watch, EPOLL_CTL_DEL, delay->descriptor, NULL);
        /* From here on `delay` may be gone. */
        MHD_resume_connection(delay->connection);
    }
    return next;
}

static void *look_after(void *unused)
{
    (void)unused;
    bool last = false;
    while (!last) {
        pthread_mutex_lock(&lock);
        int64_t next = release_due();
        last = ending;
        pthread_mutex_unlock(&lock);
        if (last) {
            break;
        }
        int64_t pause = next == INT64_MAX ? -1 : next - now_ms();
        pause = pause > INT_MAX ? INT_MAX : pause;
        struct epoll_event events[64];
        int count =
            epoll_wait(watch, events, 64, next == INT64_MAX ? -1 : (int)(pause < 0 ? 0 : pause));
        pthread_mutex_lock(&lock);
        for (int i = 0; i < count; i++) {
            struct delay *gone = events[i].data.ptr;
            if (gone == NULL) {
                uint64_t rings;
                (void)!read(bell, &rings, sizeof rings);
            } else {
                /* Only this thread takes delays off the list: it is still there. */
                gone->due_ms = INT64_MIN;
            }
        }
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

bool delay_start(char *error, size_t error_size)
{
    watch = epoll_create1(EPOLL_CLOEXEC);
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int failed = watch < 0 || bell < 0 || epoll_ctl(watch, EPOLL_CTL_ADD, bell, &event) != 0
                     ? errno
                     : pthread_create(&thread, NULL, look_after, NULL);
    if (failed != 0) {
        snprintf(error, error_size, "the timer cannot be started: %s", strerror(failed));
        return false;
    }
    return true;
}

bool delay_connection(struct delay *delay, struct MHD_Connection *connection, int64_t milliseconds)
{
    const union MHD_ConnectionInfo *information =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_mutex_lock(&lock);
    bool wait = !ending && information != NULL;
    if (wait) {
        *delay = (struct delay){waiting, connection, information->connect_fd,
                                milliseconds < 0 ? INT64_MAX : now_ms() + milliseconds};
        waiting = delay;
        MHD_suspend_connection(connection);
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = delay};
        epoll_ctl(watch, EPOLL_CTL_ADD, delay->descriptor, &event);
        ring();
    }
    pthread_mutex_unlock(&lock);
    return wait;
}

void delay_end(void)
{
    pthread_mutex_lock(&lock);
    ending = true;
    ring();
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    close(bell);
    close(watch);
}
