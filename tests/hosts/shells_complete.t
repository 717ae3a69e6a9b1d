#!/bin/bash
# SPDX-License-Identifier: MIT
# Completions in fish and zsh (tests/jobs/completion.bats has bash): asked of the shells themselves.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=0
export PATH=$PWD/build:$PATH XDG_CONFIG_HOME=$work XDG_DATA_HOME=$work HOME=$work
ok() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then echo "ok $number - $2"; else
        failed=1
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/said"
    fi
}
regjob --help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p' | sort >"$work/commands"
regjob --completion fish >"$work/regjob.fish"
fished() { fish -c "source $work/regjob.fish; complete -C '$1'" 2>&1 | cut -f1 | sort; }
fished 'regjob ' >"$work/said"
diff "$work/commands" "$work/said" >/dev/null
ok $? 'fish completes the commands'
fished 'regjob send --only ' >"$work/said"
[ "$(cat "$work/said")" = $'email\nsms' ]
ok $? 'fish completes the values of an option'
fished 'regjob forget --f' >"$work/said"
grep -qx -- --from "$work/said" && ! grep -q dry-run "$work/said"
ok $? "fish completes a command's own options"

# zsh completes at a terminal alone: a pseudo-terminal of its own module, in which the list of matches is printed.
regjob --completion zsh >"$work/_regjob"
cat >"$work/zsh" <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1='' PS2=''; stty -echo; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump"
zpty -w shell 'compadd() { local -a found; builtin compadd -A found "$@"; print -rl -- "match "${^found}; builtin compadd "$@" }'
zpty -w shell 'zle -C list complete-word list; list() { _main_complete; print -r -- @ended@ }; bindkey "^X" list; print begun'
line=; until [[ $line == *begun* ]]; do zpty -r shell line; done
zpty -w -n shell "$2"$'\x18'
while zpty -r shell line && [[ $line != *@ended@* ]]; do print -r -- "$line"; done
zpty -d shell
END
# A key that comes before zsh has taken over the terminal is lost: then it is pressed again, in another one.
zshed() {
    for _ in 1 2 3; do
        matches=$(timeout 60 zsh -f "$work/zsh" "$work" "$1" 2>&1 | tr -d '\r' | sed -n 's/.*match //p' | sort -u)
        if [ -n "$matches" ]; then break; fi
    done
    echo "$matches"
}
zshed 'regjob ' >"$work/said"
[ "$(comm -12 "$work/commands" <(sort "$work/said"))" = "$(cat "$work/commands")" ]
ok $? 'zsh completes the commands'
zshed 'regjob send --only ' >"$work/said"
grep -qx email "$work/said" && grep -qx sms "$work/said"
ok $? 'zsh completes the values of an option'
echo "1..$number"
exit $failed
