/* SPDX-License-Identifier: MIT */
/* fuzz_json: any bytes as a JSON file.
 *
 * The first two bytes choose the limit and how many bytes a read gives. Beside what the sanitisers
 * see: the story is the same however the bytes come in and whether they can be sought; jansson and
 * we agree on what JSON is; and going on behind any record tells the rest of the story.
 */
#include "../unit/json/json_story.h"

#include <jansson.h>

#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* What jansson does not take, though it is JSON: numbers that it has no type for, a NUL or half a
 * character behind an escape, a name twice (which it takes). What it alone takes: more depth. */
static void check_grammar(const char *bytes, size_t length)
{
    struct json_tree tree = {0};
    json_error_t why;
    if (memchr(bytes, '\0', length) != NULL)
        return; /* jansson takes one at the end */
    json_t *value = json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    const bool taken = json_tree_read(&tree, bytes, length);
    const bool text = fields_first_bad_byte((const unsigned char *)bytes, length) == length;
    if (taken && text && value == NULL) {
        const enum json_error_code code = json_error_code(&why);
        require(code == json_error_numeric_overflow || code == json_error_invalid_utf8 ||
                strstr(why.text, "\\u") != NULL || strstr(why.text, "too big") != NULL ||
                strstr(why.text, "invalid Unicode") != NULL);
    }
    if (!taken && value != NULL)
        require(tree.too_many || strstr(tree.scan.expected, "at most 64") != NULL);
    json_decref(value);
    json_tree_end(&tree);
}

static void check_resuming(const struct memory *memory, const struct json_records_limits *limits,
                           const char *whole)
{
    const char *at = strchr(whole, '\n');
    unsigned long long line, offset, end, next;
    if (recode_marked((const unsigned char *)memory->bytes, memory->length) != RECODE_UNNAMED)
        return; /* offsets are those of the converted bytes */
    if (at == NULL || sscanf(at + 1, "%llu %llu-%llu", &line, &offset, &end) != 3)
        return;
    const char *rest = strchr(at + 1, '\n') + 1;
    if (sscanf(rest, "%llu", &next) != 1)
        return;
    /* The line where the next record begins may come behind blank ones. */
    const bool lines = strncmp(whole, "lines", 5) == 0;
    uint64_t feeds = lines ? 0 : 1;
    for (uint64_t i = offset; lines && i < end; i++)
        feeds += memory->bytes[i] == '\n';
    char *story = json_story(memory, true, limits, end, line + feeds);
    require(strcmp(strchr(story, '\n') + 1, rest) == 0);
    free(story);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const members[] = {"users"};
    struct json_records_limits limits = {.members = members, .member_count = 1};
    struct memory memory = {0};
    if (size < 2)
        return 0;
    limits.max_record_bytes = data[0] < 128 ? 4096 : data[0] - 120U;
    memory.bytes = (const char *)data + 2;
    memory.length = size - 2;
    char *whole = json_story(&memory, true, &limits, 0, 0);
    for (int seekable = 0; seekable < 2; seekable++) {
        memory.step = data[1] % 16 + 1U;
        char *pieces = json_story(&memory, seekable, &limits, 0, 0);
        require(strcmp(whole, pieces) == 0);
        free(pieces);
    }
    memory.step = 0;
    check_resuming(&memory, &limits, whole);
    free(whole);
    check_grammar(memory.bytes, memory.length);
    return 0;
}
