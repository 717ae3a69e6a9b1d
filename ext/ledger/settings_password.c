/* SPDX-License-Identifier: MIT */
#include "ledger/settings_password.h"

#include <string.h>

#include "passwords/hash_text.h"

/* Memory that a hash fills in all: ten seconds or so. RFC 9106's first recommendation is 2 GiB
 * once, libsodium's highest preset 1 GiB four times. */
enum { MOST_WORK_KIB = 16 * 1024 * 1024 };

bool settings_take_cost(struct password_cost *cost, const json_t *value, struct error *error)
{
    const json_t *memory = json_object_get(value, "memoryKiB"),
                 *passes = json_object_get(value, "passes");
    if (!json_is_object(value) || json_object_size(value) != 2 || !json_is_integer(memory) ||
        json_integer_value(memory) < 8 || json_integer_value(memory) > 4194304 ||
        !json_is_integer(passes) || json_integer_value(passes) < 1 ||
        json_integer_value(passes) > 1000)
        return error_set(error, ERROR_INVALID,
                         "an object of memoryKiB (8 to 4194304) and passes (1 to 1000)");
    cost->memory_kib = (uint32_t)json_integer_value(memory);
    cost->passes = (uint32_t)json_integer_value(passes);
    return json_integer_value(memory) * json_integer_value(passes) <= MOST_WORK_KIB ||
           error_set(error, ERROR_INVALID, "memoryKiB times passes of at most %u",
                     (unsigned)MOST_WORK_KIB);
}

bool settings_take_limit(struct settings *settings, const json_t *value, struct error *error)
{
    const struct password_cost *cost = &settings->password_cost;
    struct password_cost limit = *cost;
    if (!settings_take_cost(&limit, value, error))
        return false;
    settings->password_limit.memory_kib = limit.memory_kib;
    settings->password_limit.passes = limit.passes;
    return (limit.memory_kib >= cost->memory_kib && limit.passes >= cost->passes) ||
           error_set(error, ERROR_INVALID,
                     "at least the memoryKiB (%u) and passes (%u) of passwordHash",
                     (unsigned)cost->memory_kib, (unsigned)cost->passes);
}

static bool take_base64(const json_t *value, size_t least, struct hash_bytes *bytes)
{
    const char *text = json_string_value(value);
    return text != NULL && hash_base64((struct hash_part){text, strlen(text)}, bytes) &&
           bytes->length >= least;
}

/* As the console of a Firebase project shows them. */
bool settings_take_firebase(struct settings *settings, const json_t *value, struct error *error)
{
    const json_t *rounds = json_object_get(value, "rounds"),
                 *memory = json_object_get(value, "memoryCost");
    struct password_firebase *firebase = &settings->firebase;
    if (json_is_null(value))
        return true;
    firebase->rounds = (uint32_t)json_integer_value(rounds);
    firebase->memory_cost = (uint32_t)json_integer_value(memory);
    settings->password_limit.firebase = firebase;
    return (json_is_object(value) && json_object_size(value) == 4 && json_is_integer(rounds) &&
            json_integer_value(rounds) >= 1 && json_integer_value(rounds) <= 64 &&
            json_is_integer(memory) && json_integer_value(memory) >= 1 &&
            json_integer_value(memory) <= 24 &&
            take_base64(json_object_get(value, "saltSeparator"), 0, &firebase->separator) &&
            take_base64(json_object_get(value, "signerKey"), 16, &firebase->key)) ||
           error_set(error, ERROR_INVALID,
                     "an object of signerKey and saltSeparator (base64, up to 128 bytes; the key "
                     "at least 16), rounds (1 to 64) and memoryCost (1 to 24), or null");
}

bool settings_widen_limit(const struct settings *settings, json_t *limit)
{
    const struct password_cost *cost = &settings->password_cost;
    const struct {
        const char *name;
        uint32_t least;
    } members_of_it[] = {{"memoryKiB", cost->memory_kib}, {"passes", cost->passes}};
    for (size_t i = 0; i < 2; i++)
        if (json_integer_value(json_object_get(limit, members_of_it[i].name)) <
                members_of_it[i].least &&
            json_object_set_new(limit, members_of_it[i].name,
                                json_integer(members_of_it[i].least)) != 0)
            return false;
    return true;
}
