/* The checks of the C tests: the first one that fails says where and ends the program with 1. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends at once, from whatever thread: a failed test must not wait for the library to wind down. */
#define CHECK_FAIL(...) \
    do { \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
        fprintf(stderr, __VA_ARGS__); \
        fputc('\n', stderr); \
        fflush(NULL); \
        _Exit(1); \
    } while (0)

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            CHECK_FAIL("not true: %s", #condition); \
    } while (0)

#define CHECK_INT(actual, expected) \
    do { \
        long long actual_ = (actual), expected_ = (expected); \
        if (actual_ != expected_) \
            CHECK_FAIL("%s is %lld, not %lld", #actual, actual_, expected_); \
    } while (0)

#define CHECK_STR(actual, expected) \
    do { \
        const char *actual_ = (actual), *expected_ = (expected); \
        if (actual_ == NULL || strcmp(actual_, expected_) != 0) \
            CHECK_FAIL("%s is \"%s\", not \"%s\"", #actual, actual_ ? actual_ : "(null)", expected_); \
    } while (0)

#endif
