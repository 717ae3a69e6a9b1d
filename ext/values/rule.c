#include "values/rule.h"

static const struct {
    const char *name;
    const char *sentence;
} rules[RULE_COUNT] = {
#define DESCRIBE(name, sentence) [RULE_##name] = {#name, sentence},
    RULES_THAT_TAKE(DESCRIBE) RULES_THAT_REFUSE(DESCRIBE)
#undef DESCRIBE
};

const char *rule_name(enum rule rule)
{
    return rules[rule].name;
}

const char *rule_done(enum rule rule)
{
    return rule == RULE_blanks ? "trimmed" : rule_refuses(rule) ? "left_out" : "normalised";
}

bool rule_nth(size_t n, const char **name, const char **done, const char **sentence)
{
    size_t rule = n + 1; /* not RULE_as_given */
    rule += rule >= RULE_LAST_THAT_TAKES;
    if (rule >= RULE_COUNT)
        return false;
    *name = rules[rule].name;
    *done = rule_done((enum rule)rule);
    *sentence = rules[rule].sentence;
    return true;
}
