# SPDX-License-Identifier: MIT
# Completions: asked for as the shell would.

load ../helper

# completed WORD...: what bash offers for the last word
completed() {
    bash -c 'source <("$1" --completion bash)
        shift
        COMP_WORDS=(regjob "$@") COMP_CWORD=$#
        _regjob
        printf "%s\n" "${COMPREPLY[@]}" | sort' bash "$REGJOB" "$@"
}

@test "bash completes commands, options, the values of options, and files" {
    cd "$BATS_TEST_TMPDIR"
    touch 'two words.csv'
    # Every command and general option that help shows.
    "$REGJOB" --help | sed -n -e 's/^  \([a-z]\{2,\}\) .*/\1/p' -e 's/^  .*\(--[a-z-]*\).*/\1/p' | sort >offered
    [ "$(wc -l <offered)" -gt 18 ]
    completed '' | diff offered -
    # Every command's own options.
    for command in $("$REGJOB" --help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p'); do
        "$REGJOB" "$command" --help | sed -n 's/^  .*\(--[a-z-]*\) .*/\1/p' | sort >offered
        completed -c some.conf "$command" -- | diff offered -
    done
    [ "$(completed send --only '')" = $'email\nsms' ]
    [ "$(completed reconcile --format j)" = json ]
    [ "$(completed import two)" = 'two words.csv' ]
    [ "$(completed -l two)" = 'two words.csv' ]
    [ "$(completed settle two)" = '' ]
    [ "$(completed import --name two)" = '' ]
}

@test "another shell is refused by name" {
    run "$REGJOB" --completion csh
    [ "$status" -eq 64 ]
    [[ "$output" == *"--completion csh: expected bash, fish or zsh"* ]]
}
