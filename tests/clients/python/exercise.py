"""Drives a server with the `influxdb-client` of PyPI: one line for each call, a non-zero end at the first mismatch.

    exercise.py URL TOKEN ORG

A server that nobody has set up is set up with that token and org first.
"""

import sys
import uuid
import warnings
from datetime import datetime, timezone

from influxdb_client import (
    AddResourceMemberRequestBody,
    Authorization,
    BucketRetentionRules,
    BucketsService,
    InfluxDBClient,
    LabelMapping,
    OnboardingRequest,
    OrganizationsService,
    Permission,
    PermissionResource,
    Point,
    SetupService,
    SigninService,
    Task,
    TaskCreateRequest,
    TasksService,
    TaskUpdateRequest,
    User,
    WriteOptions,
    WritePrecision,
)
from influxdb_client.client.write_api import ASYNCHRONOUS, SYNCHRONOUS
from influxdb_client.rest import ApiException

from kinds import all_of

warnings.filterwarnings("ignore", category=DeprecationWarning)

URL, TOKEN, ORG = sys.argv[1:4]
ABSENT = "0123456789abcdef"
SCRIPT = 'from(bucket: "b") |> range(start: -1h)'
EVER = "range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z)"


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def check(call, actual, expected=True):
    if actual != expected:
        sys.exit(f"FAILED {call}: {actual!r}, expected {expected!r}")
    print("ok", call)


def refused(call, status, words, attempt):
    try:
        attempt()
    except ApiException as error:
        body = error.body if isinstance(error.body, str) else error.body.decode()
        check(call, (error.status, words in body), (status, True))
    else:
        sys.exit(f"FAILED {call}: not refused")


def ids(objects):
    return sorted(one.id for one in objects)


def count(client, org, bucket):
    script = f'from(bucket: "{bucket}") |> {EVER} |> count() |> keep(columns: ["_value"]) |> sum()'
    tables = client.query_api().query(script, org=org)
    return sum(record.get_value() for table in tables for record in table.records)


def set_up():
    with InfluxDBClient(url=URL, token="") as client:
        api = SetupService(client.api_client)
        if not api.get_setup().allowed:
            return
        first = OnboardingRequest(username="first", password="12345678", org=ORG, bucket="first", token=TOKEN)
        made = api.post_setup(first)
        check("post_setup", (made.user.name, made.org.name, made.bucket.name), ("first", ORG, "first"))
        check("post_setup: token", (made.auth.token, made.auth.status), (TOKEN, "active"))
        check("get_setup", api.get_setup().allowed, False)


def server(client):
    check("ping", client.ping())
    check("version", client.version(), "2.9.1")
    check("build", client.build(), "OSS")
    health = client.health()
    check("health", (health.status, health.name, health.version), ("pass", "influxdb", "2.9.1"))
    check("ready", client.ready().status, "ready")
    setup = SetupService(client.api_client)
    again = OnboardingRequest(username="x", password="12345678", org="x", bucket="x")
    refused("setup: again", 422, "onboarding has already been completed", lambda: setup.post_setup(again))


def organizations(client):
    api = client.organizations_api()
    name = unique("org")
    org = api.create_organization(name)
    check("create_organization", (org.name, len(org.id)), (name, 16))
    check("find_organization", api.find_organization(org.id).name, name)
    check("find_organizations: org", ids(api.find_organizations(org=name)), [org.id])
    check("find_organizations: org_id", ids(api.find_organizations(org_id=org.id)), [org.id])
    check("find_organizations: limit", len(api.find_organizations(limit=1)), 1)
    org.name, org.description = unique("renamed"), "ours"
    updated = api.update_organization(org)
    check("update_organization", (updated.name, updated.description), (org.name, "ours"))
    refused("create_organization: taken", 422, "already exists", lambda: api.create_organization(org.name))
    refused("find_organizations: absent", 404, "not found", lambda: api.find_organizations(org="nope"))
    check("me", api.me().id, client.users_api().me().id)
    return updated


def members(service, kind, target, user):
    """Members and owners of an organization or a bucket."""
    body = AddResourceMemberRequestBody(id=user.id)
    for role in ("members", "owners"):
        get = getattr(service, f"get_{kind}_id_{role}")
        post = getattr(service, f"post_{kind}_id_{role}")
        delete = getattr(service, f"delete_{kind}_id_{role}_id")
        before = ids(get(target).users)
        added = post(target, body)
        check(f"add to {role} of {kind}", (added.id, added.name, added.role), (user.id, user.name, role[:-1]))
        check(f"{role} of {kind}", ids(get(target).users), sorted([*before, user.id]))
        delete(user.id, target)
        check(f"remove from {role} of {kind}", ids(get(target).users), before)


def users(client):
    api = client.users_api()
    name = unique("user")
    user = api.create_user(name)
    check("create_user", (user.name, user.status), (name, "active"))
    check("find_users: name", ids(api.find_users(name=name).users), [user.id])
    check("find_users: id", ids(api.find_users(id=user.id).users), [user.id])
    check("find_users: limit", len(api.find_users(limit=1).users), 1)
    check("find_users: after", user.id not in ids(api.find_users(after=user.id, limit=100).users))
    update = User(id=user.id, name=unique("renamed"), status="inactive")
    updated = api.update_user(update)
    check("update_user", (updated.id, updated.name, updated.status), (user.id, update.name, "inactive"))
    api.update_user(User(id=user.id, name=update.name, status="active"))
    check("update_password", api.update_password(user.id, "12345678"), None)
    with InfluxDBClient(url=URL, username=update.name, password="12345678") as session:
        check("sign in", session.users_api().me().id, user.id)
        SigninService(session.api_client)
    refused("create_user: taken", 422, "already exists", lambda: api.create_user(update.name))
    refused("find_users: absent", 404, "not found", lambda: api.find_users(name="nope"))
    return updated


def labels(client, org):
    api = client.labels_api()
    label = api.create_label("first", org.id, {"color": "red", "note": "x"})
    check("create_label", (label.name, label.org_id, label.properties), ("first", org.id, {"color": "red", "note": "x"}))
    check("find_label_by_id", api.find_label_by_id(label.id).name, "first")
    label.name, label.properties = "second", {"color": "blue"}
    updated = api.update_label(label)
    check("update_label", (updated.name, updated.properties), ("second", {"color": "blue", "note": "x"}))
    clone = api.clone_label("third", updated)
    check("clone_label", (clone.name, clone.properties), ("third", updated.properties))
    check("find_labels", ids(api.find_labels(org_id=org.id)), ids([updated, clone]))
    check("find_label_by_org", ids(api.find_label_by_org(org.id)), ids([updated, clone]))
    refused("create_label: taken", 422, "label with name SECOND already exists", lambda: api.create_label("SECOND", org.id))
    check("delete_label", api.delete_label(clone), None)
    refused("find_label_by_id: deleted", 404, "label not found", lambda: api.find_label_by_id(clone.id))
    return updated


def buckets(client, org, user, label):
    api = client.buckets_api()
    rules = BucketRetentionRules(type="expire", every_seconds=86_400)
    bucket = api.create_bucket(bucket_name="raw", retention_rules=rules, description="raw data", org=org.id)
    rule = bucket.retention_rules[0]
    check("create_bucket", (bucket.name, bucket.org_id, bucket.type), ("raw", org.id, "user"))
    check("create_bucket: rules", (rule.every_seconds, rule.shard_group_duration_seconds), (86_400, 3_600))
    check("find_bucket_by_id", api.find_bucket_by_id(bucket.id).description, "raw data")
    check("find_bucket_by_name: system", api.find_bucket_by_name("_tasks").type, "system")
    found = api.find_buckets(org_id=org.id, name="raw").buckets
    check("find_buckets: org_id, name", ids(found), [bucket.id])
    check("find_buckets: org", sorted(one.name for one in api.find_buckets(org=org.name).buckets), ["_monitoring", "_tasks", "raw"])
    bucket.name, bucket.description = "renamed", "changed"
    bucket.retention_rules = [BucketRetentionRules(type="expire", every_seconds=0, shard_group_duration_seconds=604_800)]
    updated = api.update_bucket(bucket)
    check("update_bucket", (updated.name, updated.description), ("renamed", "changed"))
    check("update_bucket: rules", updated.retention_rules[0].every_seconds, 0)
    more = [api.create_bucket(bucket_name=f"more-{n}", org=org.id) for n in range(25)]
    walked = ids(one for one in api.find_buckets_iter(org_id=org.id, limit=10) if one.type == "user")
    check("find_buckets_iter", walked, ids([updated, *more]))
    page = api.find_buckets(org_id=org.id, limit=3, offset=1).buckets
    check("find_buckets: limit, offset", len(page), 3)
    for one in more:
        api.delete_bucket(one)
    refused("delete_bucket", 404, "bucket not found", lambda: api.find_bucket_by_id(more[0].id))
    refused("create_bucket: taken", 422, "already exists", lambda: api.create_bucket(bucket_name="renamed", org=org.id))
    refused("find_bucket_by_id: malformed", 400, "id must have a length of 16 bytes", lambda: api.find_bucket_by_id("x"))

    service = BucketsService(client.api_client)
    members(service, "buckets", updated.id, user)
    attached = service.post_buckets_id_labels(updated.id, LabelMapping(label_id=label.id))
    check("post_buckets_id_labels", attached.label.id, label.id)
    check("get_buckets_id_labels", ids(service.get_buckets_id_labels(updated.id).labels), [label.id])
    check("find_bucket_by_id: labels", ids(api.find_bucket_by_id(updated.id).labels), [label.id])
    service.delete_buckets_id_labels_id(updated.id, label.id)
    check("delete_buckets_id_labels_id", service.get_buckets_id_labels(updated.id).labels, [])
    return updated


def tasks(client, org, user, label):
    api = client.tasks_api()
    every = api.create_task_every("every", SCRIPT, "1h", org)
    check("create_task_every", (every.name, every.every, every.status, every.org_id), ("every", "1h", "active", org.id))
    cron = api.create_task_cron("cron", SCRIPT, "0 2 * * *", org.id)
    check("create_task_cron", (cron.name, cron.cron), ("cron", "0 2 * * *"))
    flux = f'option task = {{name: "third", every: 2h, offset: 5m}}\n\n{SCRIPT}'
    request = TaskCreateRequest(flux=flux, org_id=org.id, description="ours", status="inactive")
    third = api.create_task(task_create_request=request)
    check("create_task", (third.name, third.every, third.offset, third.status), ("third", "2h", "5m", "inactive"))
    check("create_task: text", (third.flux, third.description), (flux, "ours"))
    check("find_task_by_id", api.find_task_by_id(third.id).name, "third")
    check("find_tasks: org_id", ids(api.find_tasks(org_id=org.id)), ids([every, cron, third]))
    check("find_tasks: name", ids(api.find_tasks(org=org.name, name="cron")), [cron.id])
    check("find_tasks: after", ids(api.find_tasks(org_id=org.id, after=every.id)), ids([cron, third]))
    check("find_tasks: user", every.id in ids(api.find_tasks_by_user(every.owner_id)))
    check("find_tasks_iter", ids(api.find_tasks_iter(org_id=org.id, limit=2)), ids([every, cron, third]))
    flux = f'option task = {{name: "fourth", every: 3h}}\n\n{SCRIPT}\n'
    updated = api.update_task_request(third.id, TaskUpdateRequest(flux=flux, status="active", description="changed"))
    check("update_task_request", (updated.name, updated.every, updated.status), ("fourth", "3h", "active"))
    check("update_task_request: text", (updated.flux, updated.description), (flux, "changed"))
    updated.status = "inactive"
    check("update_task", api.update_task(updated).status, "inactive")

    check("add_label", api.add_label(label.id, third.id).label.id, label.id)
    check("get_labels", ids(api.get_labels(third.id).labels), [label.id])
    clone = api.clone_task(api.find_task_by_id(third.id))
    check("clone_task", (clone.name, ids(api.get_labels(clone.id).labels)), ("fourth", [label.id]))
    check("delete_label", api.delete_label(label.id, third.id), None)
    check("get_labels: none", api.get_labels(third.id).labels, [])
    added = api.add_member(user.id, third.id)
    check("add_member", (added.id, added.role), (user.id, "member"))
    check("get_members", ids(api.get_members(third.id)), [user.id])
    api.delete_member(user.id, third.id)
    added = api.add_owner(user.id, third.id)
    check("add_owner", (added.id, added.role), (user.id, "owner"))
    check("get_owners", ids(api.get_owners(third.id)), [user.id])
    api.delete_owner(user.id, third.id)

    refused("create_task: no options", 400, "", lambda: api.create_task(task_create_request=TaskCreateRequest(flux=SCRIPT, org_id=org.id)))
    refused("find_task_by_id: absent", 404, "task not found", lambda: api.find_task_by_id(ABSENT))
    for task in (every, cron, third, clone):
        api.delete_task(task.id)
    check("delete_task", api.find_tasks(org_id=org.id), [])


def authorizations(client, org, bucket):
    api = client.authorizations_api()
    resource = PermissionResource(type="buckets", org_id=org.id, id=bucket.id)
    permissions = [Permission(action=action, resource=resource) for action in ("read", "write")]
    made = api.create_authorization(org.id, permissions)
    check("create_authorization", (made.status, len(made.permissions), made.org), ("active", 2, org.name))
    check("create_authorization: secret", len(made.token) > 20)
    found = api.find_authorization_by_id(made.id)
    check("find_authorization_by_id", (found.id, found.token), (made.id, ""))
    check("find_authorization_by_id: echo", found.permissions[0].resource.name, bucket.name)
    check("find_authorizations: org_id", ids(api.find_authorizations(org_id=org.id)), [made.id])
    check("find_authorizations_by_org_name", ids(api.find_authorizations_by_org_name(org.name)), [made.id])
    check("find_authorizations_by_org", ids(api.find_authorizations_by_org(org)), [made.id])
    check("find_authorizations_by_user_id", made.id in ids(api.find_authorizations_by_user_id(made.user_id)))
    check("find_authorizations_by_user_name", made.id in ids(api.find_authorizations_by_user_name(made.user)))
    update = Authorization(org_id=org.id, permissions=permissions, status="inactive", description="off")
    update.id = made.id
    updated = api.update_authorization(update)
    check("update_authorization", (updated.status, updated.description), ("inactive", "off"))
    clone = api.clone_authorization(found)
    check("clone_authorization", (clone.id != made.id, len(clone.permissions)), (True, 2))
    with InfluxDBClient(url=URL, token=made.token, org=org.id) as inactive:
        refused("me: inactive", 401, "token is inactive", inactive.users_api().me)
    for one in (made, clone):
        api.delete_authorization(one.id)
    refused("delete_authorization", 404, "authorization not found", lambda: api.find_authorization_by_id(made.id))


def points(client, org, bucket):
    name = bucket.name
    api = client.write_api(write_options=SYNCHRONOUS)
    api.write(name, org.id, Point("m").tag("host", "a b,c=d").field("v", 1.5).field("text", 'say "x"').time(1))
    check("write: point", count(client, org.id, name), 2)
    api.write(name, org.id, ["m v=2 2", "m v=3 3"], write_precision=WritePrecision.S)
    check("write: lines", count(client, org.id, name), 4)
    now = datetime.now(timezone.utc)
    api.write(bucket.id, org.name, {"measurement": "d", "tags": {"t": "x"}, "fields": {"i": 1, "b": True}, "time": now})
    check("write: dictionary, bucket by ID", count(client, org.id, name), 6)
    client.write_api(write_options=ASYNCHRONOUS).write(name, org.id, "a v=1 1").get()
    check("write: asynchronous", count(client, org.id, name), 7)
    refused("write: bad line", 400, "unable to parse 'bad': missing fields", lambda: api.write(name, org.id, "bad"))
    refused("write: type conflict", 422, "field type conflict", lambda: api.write(name, org.id, "m v=1i 1"))
    refused("write: absent bucket", 404, "bucket \\\"nope\\\" not found", lambda: api.write("nope", org.id, "m v=1"))
    failures = []
    options = WriteOptions(batch_size=500, flush_interval=100)
    with client.write_api(write_options=options, error_callback=lambda *failure: failures.append(failure)) as batching:
        for n in range(2_000):
            batching.write(name, org.id, f"batch v={n} {n}")
    check("write: batching", (failures, count(client, org.id, name)), ([], 2_007))
    with InfluxDBClient(url=URL, token=TOKEN, org=org.id, enable_gzip=True) as gzip:
        gzip.write_api(write_options=SYNCHRONOUS).write(name, org.id, [f"gzip v={n} {n}" for n in range(1_000)])
        check("write: gzip", count(gzip, org.id, name), 3_007)
    client.delete_api().delete("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", '_measurement="batch"', name, org.id)
    check("delete", count(client, org.id, name), 1_007)
    refused("query: absent bucket", 404, "could not find bucket", lambda: count(client, org.id, "nope"))


def main():
    set_up()
    with InfluxDBClient(url=URL, token=TOKEN, org=ORG) as client:
        server(client)
        check("org", [one.name for one in client.organizations_api().find_organizations(org=ORG)], [ORG])
        org = organizations(client)
        user = users(client)
        members(OrganizationsService(client.api_client), "orgs", org.id, user)
        label = labels(client, org)
        bucket = buckets(client, org, user, label)
        tasks(client, org, user, label)
        authorizations(client, org, bucket)
        all_of(client, org, bucket, label, (check, refused, ids))
        points(client, org, bucket)
        client.labels_api().delete_label(label.id)
        client.users_api().delete_user(user.id)
        refused("delete_user", 404, "not found", lambda: client.users_api().find_users(name=user.name))
        client.organizations_api().delete_organization(org.id)
        refused("delete_organization", 404, "not found", lambda: client.organizations_api().find_organization(org.id))


main()
