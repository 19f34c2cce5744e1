"""The schemas of --json (docs/json/PROGRAM.json), and whether an output follows them. Town.run
compares every output it sees; what does not follow is kept in `faults`.

Each file is one JSON Schema (2020-12) with the shared forms in $defs and a schema a command below
"commands", by the command's words; "" is the home screen; what any command may say beside an error
stands below "beside_an_error". Whatever a command gives beyond its
schema is a fault: a member that is not documented does not exist.

DCEP_FORMS=learn adds what is new instead: members and commands that an output has and the files do
not, in the nearest form. Read what it wrote before it is committed.
"""
import functools
import json
import os
import re

try:
    import jsonschema
except ImportError:
    jsonschema = None

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "json")
ERROR = {
    "type": "object",
    "required": ["code", "name", "message", "hint"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "integer", "minimum": 1, "maximum": 70},
        "name": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"},
        "message": {"type": "string", "minLength": 1},
        "hint": {"type": "string"},
    },
}
faults = []
compared = 0


def available():
    return jsonschema is not None


@functools.lru_cache
def document(program):
    with open(os.path.join(DOCS, program + ".json"), encoding="utf-8") as file:
        return json.load(file)


def commands(program):
    return document(program)["commands"]


def beside_an_error(program):
    """What any command may say in the result beside its error."""
    return document(program).get("beside_an_error", {})


def plain_words(rest):
    """Those that are neither options nor the values of common ones."""
    return [word for i, word in enumerate(rest)
            if not word.startswith("-") and (i == 0 or rest[i - 1] not in
                                             ("--data", "-w", "--wallet", "--lang", "--config",
                                              "-c", "--pin-file", "--pin-fd", "--timeout"))]


def command_of(words):
    """The command's name in these words (program first); None for help and version, and where no
    command is to be seen."""
    names = commands(words[0])
    if {"--help", "-h", "help", "--version", "-V"} & set(words):
        return None
    plain = plain_words(words[1:])
    if len(plain) > 1 and " ".join(plain[:2]) in names:
        return " ".join(plain[:2])
    if plain:
        return plain[0] if plain[0] in names else None
    return ""


@functools.lru_cache
def validator(program, name, partial):
    schema = dict(commands(program)[name])
    schema["$defs"] = document(program)["$defs"]
    if partial:
        schema.pop("required", None)
        schema["properties"] = {**schema["properties"], **beside_an_error(program)}
    return jsonschema.Draft202012Validator(schema)


def first_fault(program, name, partial, value):
    for error in validator(program, name, partial).iter_errors(value):
        return f"{'/'.join(map(str, error.absolute_path)) or '.'}: {error.message}"
    return None


# ---- learning ----

def form_of(name, value):
    """The nearest form of one value."""
    if isinstance(value, dict):
        members = {key: form_of(key, item) for key, item in value.items()}
        return {"type": "object", "required": list(members), "additionalProperties": False,
                "properties": members}
    if isinstance(value, list):
        return {"type": "array", "items": form_of(name, value[0]) if value else {}}
    if isinstance(value, bool) or value is None:
        return {"type": "null" if value is None else "boolean"}
    if isinstance(value, int):
        form = "time" if name.endswith("_at") else "day" if name.endswith("_day") else "count"
    elif re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]{2}", value):
        form = "amount" if value[0] != "-" else "balance"
    else:
        form = "hex" if re.fullmatch("([0-9a-f]{2}){4,}", value) else "text"
    return {"$ref": f"#/$defs/{form}"}


def learn_into(schema, value):
    """Adds members of value that schema does not know; they are not required."""
    if schema.get("type") == "array" and isinstance(value, list):
        for item in value:
            if not schema.get("items"):
                schema["items"] = form_of("", item)
            learn_into(schema["items"], item)
    if schema.get("type") == "object" and isinstance(value, dict):
        for name, item in value.items():
            known = schema["properties"].setdefault(name, form_of(name, item))
            learn_into(known, item)


def learn(words, value):
    program, name = words[0], command_of(words)
    if name is None and not {"error", "help", "version"} & set(value):
        plain = [word for word in plain_words(words[1:])[:2] if re.fullmatch("[a-z]+", word)]
        commands(program)[" ".join(plain)] = form_of("", value)
    elif name is not None:
        found = value.get("result", {}) if "error" in value else value
        learn_into(commands(program)[name], {
            key: item for key, item in found.items()
            if "error" not in value or key not in beside_an_error(program)})
    with open(os.path.join(DOCS, program + ".json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(document(program), indent=1, ensure_ascii=False) + "\n")


# ---- comparing ----

def compare(words, code, value):
    """Notes a fault if this output, with this exit code, is not what the schema says."""
    global compared
    if not available() or "--json" not in words or not isinstance(value, dict):
        return
    if os.environ.get("DCEP_FORMS") == "learn":
        learn(words, value)
        return
    name = command_of(words)
    if name is None:
        return
    compared += 1
    fault = None
    if "error" in value:
        for error in jsonschema.Draft202012Validator(ERROR).iter_errors(value["error"]):
            fault = f"error: {error.message}"
        if set(value) - {"error", "result"}:
            fault = f"beside the error: {sorted(value)}"
        if "result" in value:
            fault = fault or first_fault(words[0], name, True, value["result"])
    else:
        fault = first_fault(words[0], name, False, value)
    if fault is not None:
        faults.append(f"$ {' '.join(words)}\n  exit {code}: {fault}")
