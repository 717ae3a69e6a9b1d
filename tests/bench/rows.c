/* SPDX-License-Identifier: MIT */
/*
 * rows.c: prints generated sign-ups, the same ones for the same count and seed.
 *
 *   rows COUNT SEED hashed|clear|bare [scattered]
 *
 * 26 columns. `hashed`: passwords that were hashed elsewhere, so that an import spends no hash;
 * `clear`: passwords that it must hash, every one, because no address comes twice; `bare`: no such
 * column. Elsewhere one row in a hundred has the e-mail address of an earlier one. Identifiers come
 * in no order, and times in theirs, as in a log: a year for each seed, one after the other; or,
 * with `scattered`, in none either.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATED_EVERY = 100, SALT_LENGTH = 22, HASH_LENGTH = 43 };

static const int64_t FIRST_MOMENT = INT64_C(946684800000); /* 2000-01-01 */
enum { YEARS = 20, JITTER_MS = 60000 };
static const uint64_t A_YEAR = UINT64_C(31536000000);

#define PICK(list, random) (list)[(random) % (sizeof(list) / sizeof *(list))]

/* SplitMix64's last step: one to one, so that different rows never get the same name. */
static uint64_t mix(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static uint64_t next(uint64_t *state)
{
    return mix((*state)++);
}

static void print_base64(int length, uint64_t *state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t bits = 0;
    /* The last digit of 16 or 32 octets has bits that must be zero. */
    for (int i = 0; i < length; i++) {
        bits = i % 10 == 0 ? next(state) : bits >> 6;
        uint64_t digit = bits & 63;
        if (i == length - 1)
            digit &= length == SALT_LENGTH ? 0x30 : 0x3c;
        putchar_unlocked(digits[digit]);
    }
}

static void print_password(const char *kind, uint64_t *state)
{
    if (kind[0] == 'h') {
        fputs("\"$argon2id$v=19$m=19456,t=2,p=1$", stdout);
        print_base64(SALT_LENGTH, state);
        putchar_unlocked('$');
        print_base64(HASH_LENGTH, state);
        putchar_unlocked('"');
    } else if (kind[0] == 'c') {
        printf("Zq%016" PRIx64 "!", next(state));
    }
}

/* What is asked for. */
struct file {
    uint64_t rows, seed;
    const char *kind;
    bool scattered;
};

static int64_t moment(const struct file *file, uint64_t row, uint64_t chance)
{
    uint64_t since =
        file->scattered ? chance % A_YEAR : row * (A_YEAR / file->rows) + chance % JITTER_MS;
    return FIRST_MOMENT + (int64_t)(file->seed % YEARS * A_YEAR + since);
}

static void print_row(const struct file *file, uint64_t row)
{
    static const char *const given[] = {"Anna", "Bo",   "Chiara", "Dmitri", "Elif", "Fatou",
                                        "Gwen", "Hugo", "Ines",   "Jurgen", "Kofi", "Lena"};
    static const char *const family[] = {"Smith", "Tremblay", "Rossi",  "Ivanova", "Kaya",
                                         "Diop",  "Evans",    "Martin", "Garcia",  "Schmidt"};
    static const char *const countries[] = {"CA,CAD,en-CA", "DE,EUR,de-DE", "FR,EUR,fr-FR",
                                            "US,USD,en-US", "PL,PLN,pl-PL", "GB,GBP,en-GB"};
    static const char *const devices[] = {
        "phone,Samsung,SM-G991B,Android 13", "phone,Apple,\"iPhone14,5\",iOS 16.5",
        "desktop,Dell,XPS 13,Windows 11", "tablet,Apple,\"iPad13,18\",iPadOS 16.5"};
    static const char *const agents[] = {
        "\"Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko)\"",
        "\"Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15\""};
    static const char *const platforms[] = {"ios", "android", "web", "mobile-web"};
    uint64_t number = file->seed << 40 | row;
    uint64_t state = mix(number) << 8, name = mix(number);
    bool repeated = file->kind[0] != 'c' && row >= REPEATED_EVERY && row % REPEATED_EVERY == 0;
    uint64_t address = repeated ? mix(file->seed << 40 | (name % row)) : name;
    const char *first = PICK(given, next(&state)), *last = PICK(family, next(&state));

    printf("%" PRId64 ",m%" PRIx64 "@example.%s,u%" PRIx64 ",+4915%010" PRIu64 ",%s,%s,",
           moment(file, row, next(&state)), address, address % 3 == 0 ? "com" : "org", name,
           next(&state) % UINT64_C(10000000000), first, last);
    printf("19%02" PRIu64 "-%02" PRIu64 "-%02" PRIu64 ",%s,%s,customer,%" PRIu64
           ",campaign-%" PRIu64 ",",
           50 + next(&state) % 50, 1 + next(&state) % 12, 1 + next(&state) % 28,
           next(&state) % 2 == 0 ? "female" : "male", PICK(countries, next(&state)),
           next(&state) % 1000, next(&state) % 50);
    printf("%016" PRIx64 ",%s,%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ",en,%s,", next(&state),
           PICK(devices, next(&state)), 1 + next(&state) % 220, next(&state) % 256,
           next(&state) % 256, 1 + next(&state) % 254, PICK(agents, next(&state)));
    printf("Shop,%s,accepted%s", PICK(platforms, next(&state)), file->kind[0] == 'b' ? "" : ",");
    print_password(file->kind, &state);
    putchar_unlocked('\n');
}

int main(int count, char **words)
{
    static char buffer[1 << 16];
    char *end_of_count, *end_of_seed;
    if (count < 4 || count > 5 || (count == 5 && strcmp(words[4], "scattered") != 0) ||
        (strcmp(words[3], "hashed") != 0 && strcmp(words[3], "clear") != 0 &&
         strcmp(words[3], "bare") != 0)) {
        fputs("usage: rows COUNT SEED hashed|clear|bare [scattered]\n", stderr);
        return 64;
    }
    uint64_t rows = strtoull(words[1], &end_of_count, 10),
             seed = strtoull(words[2], &end_of_seed, 10);
    if (*end_of_count != '\0' || *end_of_seed != '\0' || rows >> 40 != 0 || seed >> 24 != 0) {
        fputs("rows: COUNT has at most 40 bits, SEED 24\n", stderr);
        return 64;
    }
    struct file file = {.rows = rows, .seed = seed, .kind = words[3], .scattered = count == 5};
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    printf(
        "attempted_at,email,username,phone,given_name,family_name,birth_date,gender,country,"
        "currency,locale,user_type,partner_id,source_id,device_id,device_type,manufacturer,model,"
        "os,ip_address,language,user_agent,app_name,app_platform,consent_terms%s\n",
        words[3][0] == 'h'   ? ",password_hash"
        : words[3][0] == 'c' ? ",password"
                             : "");
    for (uint64_t row = 0; row < rows; row++)
        print_row(&file, row);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
