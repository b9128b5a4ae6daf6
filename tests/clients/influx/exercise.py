"""Drives a server with the `influx` CLI: one line for each command, a non-zero end at the first mismatch.

    FLUXFORM_TEST_INFLUX=INFLUX exercise.py URL TOKEN ORG

A server that nobody has set up is set up with that token and org first.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request

URL, TOKEN, ORG = sys.argv[1:4]
INFLUX = os.environ["FLUXFORM_TEST_INFLUX"]
KEPT = tempfile.TemporaryDirectory()
HOME = KEPT.name
ENVIRONMENT = {"INFLUX_HOST": URL, "INFLUX_TOKEN": TOKEN, "INFLUX_CONFIGS_PATH": os.path.join(HOME, "configs")}
SCRIPT = 'option task = {name: "hourly", every: 1h}\n\nfrom(bucket: "raw") |> range(start: -1h)\n'


def run(*arguments, given=None):
    return subprocess.run([INFLUX, *arguments], env=ENVIRONMENT, input=given, capture_output=True, text=True)


def check(command, actual, expected=True):
    if actual != expected:
        sys.exit(f"FAILED {command}: {actual!r}, expected {expected!r}")
    print("ok", command)


def text(*arguments, given=None):
    """What a command prints."""
    done = run(*arguments, given=given)
    if done.returncode != 0:
        sys.exit(f"FAILED {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def json_of(*arguments, given=None):
    """The same, as JSON: the first value, and of a list that has links beside it, the rows."""
    value, _ = json.JSONDecoder().raw_decode(text(*arguments, "--json", given=given).lstrip())
    rows = [value[key] for key in ("configurations", "dashboards") if isinstance(value, dict) and key in value]
    return rows[0] if rows else value


def one(*arguments, given=None):
    """The one object that a command prints."""
    reply = json_of(*arguments, given=given)
    if isinstance(reply, list):
        check(" ".join(arguments[:2]) + ": one", len(reply), 1)
        return reply[0]
    return reply


def refused(words, *arguments):
    done = run(*arguments)
    said = done.stdout + done.stderr
    check(f"{' '.join(arguments[:2])}: refused", (done.returncode != 0, words in said or said), (True, True))


def names(rows, key="name"):
    return sorted(row[key] for row in ([rows] if isinstance(rows, dict) else rows or []))


def set_up():
    with urllib.request.urlopen(f"{URL}/api/v2/setup") as reply:
        if not json.load(reply)["allowed"]:
            return
    setup = ("setup", "--username", "first", "--password", "12345678", "--org", ORG, "--bucket", "first", "--token", TOKEN)
    check("setup", "first" in text(*setup, "--retention", "0", "--force"))
    os.remove(ENVIRONMENT["INFLUX_CONFIGS_PATH"])


def orgs():
    org = one("org", "create", "--name", "cli", "--description", "d")
    check("org create", (org["name"], org["description"]), ("cli", "d"))
    check("org list", names(json_of("org", "list", "--name", "cli")), ["cli"])
    changed = one("org", "update", "--id", org["id"], "--name", "cli2", "--description", "e")
    check("org update", (changed["name"], changed["description"]), ("cli2", "e"))
    refused("already exists", "org", "create", "--name", "cli2")
    return changed


def users(org):
    user = one("user", "create", "--name", "ada", "--password", "long-enough", "--org-id", org)
    check("user create", user["name"], "ada")
    check("user list", names(json_of("user", "list", "--name", "ada")), ["ada"])
    check("user update", one("user", "update", "--id", user["id"], "--name", "eve")["name"], "eve")
    text("user", "password", "--id", user["id"], "--password", "longer-still")
    check("org members list", "eve" in names(json_of("org", "members", "list", "--id", org)))
    text("org", "members", "remove", "--id", org, "--member", user["id"])
    check("org members remove", "eve" in names(json_of("org", "members", "list", "--id", org)), False)
    text("org", "members", "add", "--id", org, "--member", user["id"])
    check("org members add", "eve" in names(json_of("org", "members", "list", "--id", org)))
    text("user", "delete", "--id", user["id"])
    refused("not found", "user", "list", "--name", "eve")


def buckets(org):
    bucket = one("bucket", "create", "--name", "raw", "--org-id", org, "--retention", "72h", "--description", "d")
    check("bucket create", (bucket["name"], bucket["retentionRules"][0]["everySeconds"]), ("raw", 259_200))
    check("bucket list", names(json_of("bucket", "list", "--org-id", org)), ["_monitoring", "_tasks", "raw"])
    changed = one("bucket", "update", "--id", bucket["id"], "--name", "cooked", "--retention", "0")
    check("bucket update", (changed["name"], changed["retentionRules"][0]["everySeconds"]), ("cooked", 0))
    text("bucket", "update", "--id", bucket["id"], "--name", "raw")
    gone = one("bucket", "create", "--name", "gone", "--org-id", org)
    text("bucket", "delete", "--id", gone["id"])
    check("bucket delete", names(json_of("bucket", "list", "--org-id", org)), ["_monitoring", "_tasks", "raw"])
    return bucket["id"]


def points(org, bucket):
    text("write", "--org-id", org, "--bucket-id", bucket, given="m,host=a v=1 1\nm,host=b v=2 2\nn v=3 3\n")
    ever = "range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z)"
    count = f'from(bucket: "raw") |> {ever} |> count() |> keep(columns: ["_value"]) |> sum()'
    left = lambda: text("query", "--org-id", org, "--raw", count).splitlines()
    check("write, query", any(line.rstrip().endswith(",3") for line in left()))
    times = ("--start", "1970-01-01T00:00:00Z", "--stop", "1970-01-02T00:00:00Z")
    text("delete", "--org-id", org, "--bucket", "raw", *times, "--predicate", '_measurement="m" AND host="a"')
    check("delete", any(line.rstrip().endswith(",2") for line in left()))
    refused("the logical operator OR is not supported yet", "delete", "--org-id", org, "--bucket", "raw", *times, "--predicate", 'a="b" OR a="c"')


def auths(org, bucket):
    auth = one("auth", "create", "--org-id", org, "--read-bucket", bucket, "--description", "reader")
    check("auth create", (auth["description"], len(auth["token"]) > 20), ("reader", True))
    check("auth list", auth["id"] in names(json_of("auth", "list", "--org-id", org), "id"))
    check("auth list: one", one("auth", "list", "--id", auth["id"])["id"], auth["id"])
    # `auth active` and `auth inactive` take no server but that of the home directory.
    # It asks for each type of permission that it knows.
    every = one("auth", "create", "--org-id", org, "--all-access", "--description", "all")
    check("auth create: all", len(every["permissions"]) > 30)
    for each in (auth, every):
        text("auth", "delete", "--id", each["id"])
    refused("not found", "auth", "delete", "--id", auth["id"])


def tasks(org):
    task = one("task", "create", "--org-id", org, SCRIPT)
    check("task create", (task["name"], task["every"], task["status"]), ("hourly", "1h", "active"))
    check("task list", names(json_of("task", "list", "--org-id", org)), ["hourly"])
    script = os.path.join(HOME, "hourly.flux")
    with open(script, "w") as file:
        file.write(SCRIPT.replace("1h}", "2h}"))
    changed = one("task", "update", "--id", task["id"], "--status", "inactive", "--file", script)
    check("task update", (changed["every"], changed["status"]), ("2h", "inactive"))
    check("task run list", json_of("task", "run", "list", "--task-id", task["id"]) or [], [])
    check("task log list", json_of("task", "log", "list", "--task-id", task["id"]) or [], [])
    text("task", "delete", "--id", task["id"])
    check("task delete", json_of("task", "list", "--org-id", org) or [], [])


def telegrafs(org):
    config = os.path.join(HOME, "telegraf.conf")
    with open(config, "w") as file:
        file.write('[[outputs.influxdb_v2]]\n  bucket = "raw"\n')
    made = one("telegrafs", "create", "--org-id", org, "--name", "hosts", "--description", "d", "--file", config)
    check("telegrafs create", (made["name"], made["metadata"]), ("hosts", {"buckets": ["raw"]}))
    check("telegrafs", names(json_of("telegrafs", "--org-id", org)), ["hosts"])
    check("telegrafs: one", names(json_of("telegrafs", "--id", made["id"], "--org-id", org)), ["hosts"])
    changed = one("telegrafs", "update", "--id", made["id"], "--org-id", org, "--name", "edge", "--file", config)
    check("telegrafs update", changed["name"], "edge")
    text("telegrafs", "rm", "--id", made["id"], "--org-id", org)
    check("telegrafs rm", json_of("telegrafs", "--org-id", org) or [], [])


def secrets(org):
    # Its JSON of a secret is empty.
    keys = lambda: [row.split()[0] for row in text("secret", "list", "--org-id", org, "--hide-headers").splitlines()]
    for key in ("b", "a"):
        text("secret", "update", "--org-id", org, "--key", key, "--value", "S1")
    check("secret update, list", keys(), ["a", "b"])
    text("secret", "delete", "--org-id", org, "--key", "a")
    check("secret delete", keys(), ["b"])


def v1(org, bucket):
    auth = one("v1", "auth", "create", "--org-id", org, "--username", "edge", "--password", "long-enough", "--read-bucket", bucket)
    check("v1 auth create", auth["token"], "edge")
    listed = ("v1", "auth", "list", "--org-id", org)
    check("v1 auth list", names(json_of(*listed), "token"), ["edge"])
    check("v1 auth set-inactive", one("v1", "auth", "set-inactive", "--username", "edge")["status"], "inactive")
    check("v1 auth set-active", one("v1", "auth", "set-active", "--id", auth["id"])["status"], "active")
    text("v1", "auth", "set-password", "--username", "edge", "--password", "longer-still")
    refused("passwords must be between 8 and 72", "v1", "auth", "set-password", "--username", "edge", "--password", "short")
    text("v1", "auth", "delete", "--username", "edge")
    check("v1 auth delete", json_of(*listed) or [], [])

    mapping = one("v1", "dbrp", "create", "--org-id", org, "--bucket-id", bucket, "--db", "d", "--rp", "r", "--default")
    check("v1 dbrp create", (mapping["database"], mapping["retention_policy"], mapping["default"]), ("d", "r", True))
    listed = ("v1", "dbrp", "list", "--org-id", org, "--db", "d")
    check("v1 dbrp list", names(json_of(*listed), "retention_policy"), ["r"])
    changed = one("v1", "dbrp", "update", "--org-id", org, "--id", mapping["id"], "--rp", "long")
    check("v1 dbrp update", changed["retention_policy"], "long")
    text("v1", "dbrp", "delete", "--org-id", org, "--id", mapping["id"])
    check("v1 dbrp delete", json_of(*listed) or [], [])


def replications(org, bucket):
    at = ("--remote-url", "http://127.0.0.1:1", "--remote-api-token", "S2", "--remote-org-id", org)
    remote = one("remote", "create", "--org-id", org, "--name", "hq", "--description", "d", *at)
    check("remote create", (remote["name"], remote["remoteURL"]), ("hq", "http://127.0.0.1:1"))
    check("remote list", names(json_of("remote", "list", "--org-id", org)), ["hq"])
    check("remote update", one("remote", "update", "--id", remote["id"], "--name", "main")["name"], "main")
    to = ("--remote-id", remote["id"], "--local-bucket-id", bucket, "--remote-bucket", "there")
    made = one("replication", "create", "--org-id", org, "--name", "r", "--no-drop-non-retryable-data", *to)
    check("replication create", (made["name"], made["remoteID"]), ("r", remote["id"]))
    check("replication list", names(json_of("replication", "list", "--org-id", org)), ["r"])
    check("replication update", one("replication", "update", "--id", made["id"], "--name", "s")["name"], "s")
    refused("a replication references it", "remote", "delete", "--id", remote["id"])
    text("replication", "delete", "--id", made["id"])
    refused("no replication streams found", "replication", "list", "--org-id", org)
    text("remote", "delete", "--id", remote["id"])
    refused("no remote connections found", "remote", "list", "--org-id", org)


def dashboards(org):
    request = urllib.request.Request(
        f"{URL}/api/v2/dashboards",
        json.dumps({"orgID": org, "name": "plant"}).encode(),
        {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    check("dashboards", names(json_of("dashboards", "--org-id", org)), ["plant"])


def main():
    set_up()
    check("ping", text("ping").strip(), "OK")
    org = orgs()["id"]
    users(org)
    bucket = buckets(org)
    points(org, bucket)
    auths(org, bucket)
    tasks(org)
    telegrafs(org)
    secrets(org)
    v1(org, bucket)
    replications(org, bucket)
    dashboards(org)
    text("org", "delete", "--id", org)
    refused("not found", "org", "list", "--id", org)


main()
