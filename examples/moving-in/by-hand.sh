#!/bin/sh
# Makes what somebody leaves who has set a server up by hand, for a year: for a server that has just been set up, with
# INFLUX_HOST, INFLUX_ORG, and INFLUX_TOKEN or INFLUX_TOKEN_FILE. Needs curl.
set -eu

token=${INFLUX_TOKEN:-$(cat "${INFLUX_TOKEN_FILE:?}")}
known=$(mktemp)
trap 'rm -f "$known"' EXIT

# send METHOD PATH, with a body on standard input: prints the reply. `@NAME@` in path and body is the ID of what was made.
send() {
  sed -f "$known" | curl --silent --show-error --fail-with-body --request "$1" --header "Authorization: Token $token" \
    --header 'Content-Type: application/json' --data-binary @- "$INFLUX_HOST/api/v2/$(printf '%s' "$2" | sed -f "$known")"
}

# learn NAME: keeps the first ID in a reply.
learn() {
  id=$(grep -o '"id": *"[0-9a-f]*"' | head -n 1 | cut -d '"' -f 4)
  printf 's/@%s@/%s/g\n' "$1" "$id" >>"$known"
}

# make NAME PATH, with a body on standard input.
make() {
  reply=$(send POST "$2")
  printf '%s\n' "$reply" | learn "$1"
}

reply=$(curl --silent --show-error --fail --header "Authorization: Token $token" "$INFLUX_HOST/api/v2/orgs?org=$INFLUX_ORG")
printf '%s\n' "$reply" | learn org

make prod labels <<'BODY'
{"orgID": "@org@", "name": "Prod", "properties": {"color": "#326BBA", "description": "somebody is paged"}}
BODY
make sensors buckets <<'BODY'
{"orgID": "@org@", "name": "sensors", "retentionRules": [{"type": "expire", "everySeconds": 2592000}]}
BODY
make old buckets <<'BODY'
{"orgID": "@org@", "name": "My bucket (old)", "description": "do not delete!!"}
BODY
make sensors_labels buckets/@sensors@/labels <<'BODY'
{"labelID": "@prod@"}
BODY

make hourly tasks <<'BODY'
{"orgID": "@org@", "flux": "option task = {name: \"downsample\", every: 1h, offset: 5m}\n\nfrom(bucket: \"sensors\")\n    |> range(start: -1h)\n    |> aggregateWindow(every: 10m, fn: mean)\n    |> to(bucket: \"My bucket (old)\")\n"}
BODY
make hourly_labels tasks/@hourly@/labels <<'BODY'
{"labelID": "@prod@"}
BODY
make again tasks <<'BODY'
{"orgID": "@org@", "status": "inactive", "description": "before the summer", "flux": "import \"math\"\n\noption task = {name: \"downsample\", cron: \"0 3 * * *\", concurrency: 2}\n\nfrom(bucket: \"sensors\")\n    |> range(start: -1d)\n    |> map(fn: (r) => ({r with _value: math.round(x: r._value)}))\n    |> to(bucket: \"My bucket (old)\")\n"}
BODY

make grace users <<'BODY'
{"name": "grace"}
BODY
make grace_role orgs/@org@/owners <<'BODY'
{"id": "@grace@"}
BODY
make ada users <<'BODY'
{"name": "ada", "status": "inactive"}
BODY
make ada_role orgs/@org@/members <<'BODY'
{"id": "@ada@"}
BODY

make gateways authorizations <<'BODY'
{"orgID": "@org@", "description": "Gateways, halls 1-4", "permissions": [{"action": "write", "resource": {"type": "buckets", "id": "@sensors@", "orgID": "@org@"}}]}
BODY
# Its secret is on hosts that nobody has a list of.
(umask 077 && printf '%s\n' "$reply" | grep -o '"token": *"[^"]*"' | cut -d '"' -f 4 >gateways.token)
make grafana authorizations <<'BODY'
{"orgID": "@org@", "description": "Grafana", "permissions": [{"action": "read", "resource": {"type": "buckets", "orgID": "@org@"}}, {"action": "read", "resource": {"type": "orgs", "id": "@org@"}}]}
BODY
