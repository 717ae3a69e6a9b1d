# Messages that smtp_server.py has kept in a folder, as Python's email package reads them: `load kept`.
#
#   check N PYTHON...   runs PYTHON with the N-th message of $kept as `mail`, its envelope as `envelope`, further arguments in sys.argv

check() {
    /usr/bin/python3 - "$kept/$1" "$2" "${@:3}" <<'END'
import email, email.policy, json, sys
raw = open(sys.argv[1] + ".eml", "rb").read()
mail = email.message_from_bytes(raw, policy=email.policy.default)
envelope = json.load(open(sys.argv[1] + ".json"))
def part(kind):
    return mail.get_body((kind,)).get_content()
exec(sys.argv[2])
END
}
