/* SPDX-License-Identifier: MIT */
/* Hashes that come as a JSON document: each is written as the text of another format. */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "passwords/hash_text.h"
#include "values/document.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A whole number in the range; `otherwise` where it is not there, 0 where it is something else. */
static json_int_t number_of(const json_t *object, const char *name, json_int_t otherwise)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);
    return value == NULL ? otherwise : number < 1 || number > UINT32_MAX ? 0 : number;
}

static struct hash_part part_of(const char *text)
{
    return (struct hash_part){text, strlen(text)};
}

/* {"value": ..., "encoding": "base64" | "hex" | "utf8"} */
static bool read_encoded(const json_t *object, const char *standard, struct hash_bytes *bytes)
{
    const char *value = text_of(object, "value"), *encoding = text_of(object, "encoding");
    if (encoding == NULL)
        encoding = standard;
    if (value == NULL || encoding == NULL)
        return false;
    if (strcmp(encoding, "base64") == 0)
        return hash_base64(part_of(value), bytes);
    if (strcmp(encoding, "hex") == 0)
        return hash_hex(part_of(value), bytes);
    return strcmp(encoding, "utf8") == 0 && hash_plain(part_of(value), bytes);
}

static enum rule finish(bool written)
{
    return written ? RULE_as_given : RULE_too_long;
}

static bool append_parts(char text[PASSWORD_STORED_SIZE], const struct hash_bytes *salt,
                         const struct hash_bytes *value)
{
    return hash_append(text, "$") && hash_append_base64(text, salt) && hash_append(text, "$") &&
           hash_append_base64(text, value);
}

/* Auth0: custom_password_hash */

static enum rule from_auth0_scrypt(const json_t *root, const struct hash_bytes *salt,
                                   const struct hash_bytes *value, char text[PASSWORD_STORED_SIZE])
{
    json_int_t n = number_of(root, "cost", 16384), r = number_of(root, "blockSize", 8),
               p = number_of(root, "parallelization", 1), length = number_of(root, "keylen", 0);
    unsigned log_n = 0;
    while (log_n < 31 && INT64_C(1) << log_n < n)
        log_n++;
    if (n < 2 || INT64_C(1) << log_n != n || r == 0 || p == 0)
        return RULE_hash_parameters;
    if (length != 0 && (size_t)length != value->length)
        return RULE_hash_digest;
    return finish(hash_append(text, "$scrypt$ln=%u,r=%u,p=%u", log_n, (unsigned)r, (unsigned)p) &&
                  append_parts(text, salt, value));
}

/* md4 of UTF-16 is what Windows keeps. */
static enum rule from_auth0_wide(enum hash_digest digest, const struct hash_bytes *salt,
                                 const struct hash_bytes *value, char text[PASSWORD_STORED_SIZE])
{
    char hex[2 * HASH_BYTES + 1];
    if (digest != HASH_MD4 || salt->length > 0)
        return RULE_hash_unsupported;
    sodium_bin2hex(hex, sizeof hex, value->bytes, value->length);
    return finish(hash_append(text, "$3$$%s", hex));
}

static enum rule from_auth0_digest(const json_t *root, enum hash_digest digest,
                                   const struct hash_bytes *salt, const struct hash_bytes *value,
                                   char text[PASSWORD_STORED_SIZE])
{
    static const char *const patterns[] = {"{PASSWORD}", "{SALT}{PASSWORD}", "{PASSWORD}{SALT}"};
    const char *position = text_of(json_object_get(root, "salt"), "position"),
               *encoding = text_of(json_object_get(root, "password"), "encoding");
    struct hash_bytes pattern;
    if (position != NULL && strcmp(position, "prefix") != 0 && strcmp(position, "suffix") != 0)
        return RULE_hash_parameters;
    if (encoding != NULL && (strcmp(encoding, "utf16le") == 0 || strcmp(encoding, "ucs2") == 0))
        return from_auth0_wide(digest, salt, value, text);
    if (encoding != NULL && strcmp(encoding, "utf8") != 0 && strcmp(encoding, "ascii") != 0)
        return RULE_hash_unsupported;
    bool suffix = position != NULL && strcmp(position, "suffix") == 0;
    hash_plain(part_of(patterns[salt->length == 0 ? 0 : suffix ? 2 : 1]), &pattern);
    return finish(hash_append(text, "$%s$pf=", hash_digest_names[digest]) &&
                  hash_append_base64(text, &pattern) && append_parts(text, salt, value));
}

static enum rule from_auth0_hmac(const json_t *inner, const struct hash_bytes *value,
                                 char text[PASSWORD_STORED_SIZE])
{
    const char *name = text_of(inner, "digest");
    struct hash_bytes key;
    enum hash_digest digest = name == NULL ? HASH_DIGESTS : hash_digest_named(name, strlen(name));
    if (digest == HASH_DIGESTS)
        return name == NULL ? RULE_hash_parameters : RULE_hash_unsupported;
    if (!read_encoded(json_object_get(inner, "key"), "utf8", &key))
        return RULE_hash_encoding;
    return finish(hash_append(text, "$hmac-%s", hash_digest_names[digest]) &&
                  append_parts(text, value, &key));
}

static enum rule from_auth0(const json_t *root, char text[PASSWORD_STORED_SIZE])
{
    static const char *const whole[] = {"argon2", "bcrypt", "ldap", "pbkdf2"};
    const char *algorithm = text_of(root, "algorithm");
    const json_t *inner = json_object_get(root, "hash"), *salted = json_object_get(root, "salt");
    struct hash_bytes value, salt = {.length = 0};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(algorithm, whole[i]) == 0) {
            const char *written = text_of(inner, "value");
            return written == NULL ? RULE_hash_parts : finish(hash_append(text, "%s", written));
        }
    if (!json_is_object(inner))
        return RULE_hash_parts;
    if (!read_encoded(inner, NULL, &value) ||
        (salted != NULL && !read_encoded(salted, "utf8", &salt)))
        return RULE_hash_encoding;
    if (strcmp(algorithm, "scrypt") == 0)
        return from_auth0_scrypt(root, &salt, &value, text);
    if (strcmp(algorithm, "hmac") == 0)
        return from_auth0_hmac(inner, &value, text);
    enum hash_digest digest = hash_digest_named(algorithm, strlen(algorithm));
    return digest == HASH_DIGESTS ? RULE_hash_unsupported
                                  : from_auth0_digest(root, digest, &salt, &value, text);
}

/* Keycloak: a credential. Its two members are JSON in a string; here they may be objects, too. */

static json_t *inner_document(const json_t *root, const char *name, struct error *error)
{
    json_t *member = json_object_get(root, name);
    return json_is_string(member) ? document_parse(json_string_value(member), 0, NULL, error)
                                  : json_incref(member);
}

/* The first of a list of texts, as {"memory": ["7168"]}. */
static uint32_t additional(const json_t *data, const char *name)
{
    const char *text = json_string_value(
        json_array_get(json_object_get(json_object_get(data, "additionalParameters"), name), 0));
    uint32_t number;
    return text != NULL && hash_number(&text, &number) && *text == '\0' ? number : 0;
}

static enum rule from_keycloak_argon2(const json_t *data, const struct hash_bytes *salt,
                                      const struct hash_bytes *value,
                                      char text[PASSWORD_STORED_SIZE])
{
    const json_t *more = json_object_get(data, "additionalParameters");
    const char *type = json_string_value(json_array_get(json_object_get(more, "type"), 0)),
               *version = json_string_value(json_array_get(json_object_get(more, "version"), 0));
    bool known = type != NULL && (strcmp(type, "id") == 0 || strcmp(type, "i") == 0);
    if (!known || (version != NULL && strcmp(version, "1.3") != 0))
        return RULE_hash_unsupported;
    return finish(hash_append(text, "$argon2%s$v=19$m=%u,t=%u,p=%u", type,
                              (unsigned)additional(data, "memory"),
                              (unsigned)number_of(data, "hashIterations", 0),
                              (unsigned)additional(data, "parallelism")) &&
                  append_parts(text, salt, value));
}

static enum rule write_keycloak(const json_t *secret, const json_t *data,
                                char text[PASSWORD_STORED_SIZE])
{
    const char *algorithm = text_of(data, "algorithm"), *salted = text_of(secret, "salt"),
               *hashed = text_of(secret, "value");
    struct hash_bytes salt, value;
    if (algorithm == NULL || salted == NULL || hashed == NULL)
        return RULE_hash_parts;
    if (!hash_base64(part_of(salted), &salt) || !hash_base64(part_of(hashed), &value))
        return RULE_hash_encoding;
    if (strcmp(algorithm, "argon2") == 0)
        return from_keycloak_argon2(data, &salt, &value, text);
    enum hash_digest digest = strcmp(algorithm, "pbkdf2") == 0 ? HASH_SHA1
                              : strncmp(algorithm, "pbkdf2-", 7) == 0
                                  ? hash_digest_named(algorithm + 7, strlen(algorithm + 7))
                                  : HASH_DIGESTS;
    if (digest == HASH_DIGESTS)
        return RULE_hash_unsupported;
    return finish(hash_append(text, "$pbkdf2-%s$i=%u,l=%zu", hash_digest_names[digest],
                              (unsigned)number_of(data, "hashIterations", 0), value.length) &&
                  append_parts(text, &salt, &value));
}

static enum rule from_keycloak(const json_t *root, char text[PASSWORD_STORED_SIZE])
{
    struct error error = {.code = ERROR_INVALID};
    json_t *secret = inner_document(root, "secretData", &error),
           *data = inner_document(root, "credentialData", &error);
    enum rule rule = error.code == ERROR_NO_MEMORY ? (enum rule)HASH_NO_MEMORY
                     : json_is_object(secret) && json_is_object(data)
                         ? write_keycloak(secret, data, text)
                         : RULE_hash_parts;
    json_decref(secret);
    json_decref(data);
    return rule;
}

/* Firebase: two members of a user of auth:export. */
static enum rule from_firebase(const json_t *root, char text[PASSWORD_STORED_SIZE])
{
    const char *hashed = text_of(root, "passwordHash"), *salted = text_of(root, "salt");
    struct hash_bytes salt, value;
    if (hashed == NULL || salted == NULL)
        return RULE_hash_parts;
    if (!hash_base64(part_of(salted), &salt) || !hash_base64(part_of(hashed), &value))
        return RULE_hash_encoding;
    return finish(hash_append(text, "$firescrypt") && append_parts(text, &salt, &value));
}

enum rule hash_from_json(const char *json, char text[PASSWORD_STORED_SIZE])
{
    struct error error = {.code = ERROR_INVALID};
    json_t *root = document_parse(json, 0, NULL, &error);
    enum rule rule = error.code == ERROR_NO_MEMORY ? (enum rule)HASH_NO_MEMORY : RULE_hash_json;
    text[0] = '\0';
    if (text_of(root, "algorithm") != NULL && json_object_get(root, "hash") != NULL)
        rule = from_auth0(root, text);
    else if (json_object_get(root, "secretData") != NULL)
        rule = from_keycloak(root, text);
    else if (json_object_get(root, "passwordHash") != NULL)
        rule = from_firebase(root, text);
    json_decref(root);
    return rule;
}
