"""What the generated services do with the kinds that have no client of their own: list, create, read, update, delete."""

from influxdb_client import (
    AnalyzeQueryResponse,
    ChecksService,
    DashboardsService,
    DBRPsService,
    LabelMapping,
    LanguageRequest,
    LegacyAuthorizationsService,
    NotificationEndpointsService,
    NotificationRulesService,
    Query,
    QueryService,
    RemoteConnectionsService,
    ReplicationsService,
    ScraperTargetsService,
    SecretsService,
    TelegrafsService,
    VariablesService,
)

QUERY = 'from(bucket: "b") |> range(start: -1m) |> filter(fn: (r) => r._field == "u")'


def said(reply, fields):
    """These fields of a reply, whatever class it is made into."""
    data = reply if isinstance(reply, dict) else reply.to_dict()
    return {field: data.get(field) for field in fields}


class Kind:
    """One kind: its service, the names of its calls, what is sent, and what is then there."""

    def __init__(self, service, calls, rows, create, update, snake=None, labels=None, query=None, content=None, mine=None, keyword=None):
        self.service, self.calls, self.rows = service, calls, rows
        self.create, self.update = create, update
        self.snake = snake or {}
        self.keyword = keyword
        self.labels, self.query, self.content, self.mine = labels, query or {}, content, mine or (lambda row: True)

    def fields(self, sent):
        """What is sent, under the names that the classes of the client have."""
        return {self.snake[name]: value for name, value in sent.items() if name in self.snake}


def exercise(client, kind, label, tools):
    check, refused, ids = tools
    service = kind.service(client.api_client)
    post, listing, get, change, remove = (getattr(service, name) for name in kind.calls)
    content = lambda reply: getattr(reply, kind.content) if kind.content else reply
    made = post(kind.create)
    expected = kind.fields(kind.create)
    check(kind.calls[0], said(made, expected), expected)
    found = content(get(made.id, **kind.query))
    # Of a Telegraf configuration the client makes one text.
    seen = kind.create["name"] in found if isinstance(found, str) else said(found, expected) == expected
    check(kind.calls[2], seen)
    org = kind.create.get("orgID")
    rows = getattr(listing(org_id=org), kind.rows)
    check(kind.calls[1], ids(row for row in rows if kind.mine(row)), [made.id])
    expected = kind.fields(kind.update)
    changed = change(made.id, **{kind.keyword: kind.update}) if kind.keyword else change(made.id, kind.update, **kind.query)
    check(kind.calls[3], said(content(changed), expected), expected)
    if kind.labels:
        attached = getattr(service, f"post_{kind.labels}_labels")(made.id, LabelMapping(label_id=label.id))
        check(f"post_{kind.labels}_labels", attached.label.id, label.id)
        attached = getattr(service, f"get_{kind.labels.replace('endpoint_', 'endpoints_').replace('rule_', 'rules_')}_labels")
        check(f"get_{kind.labels}_labels", ids(attached(made.id).labels), [label.id])
    check(kind.calls[4], remove(made.id, **kind.query), None)
    refused(f"{kind.calls[4]}: gone", 404, "not", lambda: get(made.id, **kind.query))


def kinds(org, bucket, remote, endpoint):
    named = {"name": "name", "description": "description"}
    return [
        Kind(
            VariablesService,
            ("post_variables", "get_variables", "get_variables_id", "patch_variables_id", "delete_variables_id"),
            "variables",
            {"orgID": org.id, "name": "v", "arguments": {"type": "constant", "values": ["a"]}},
            {"name": "w", "description": "ours"},
            snake=named,
            labels="variables_id",
        ),
        Kind(
            TelegrafsService,
            ("post_telegrafs", "get_telegrafs", "get_telegrafs_id", "put_telegrafs_id", "delete_telegrafs_id"),
            "configurations",
            {"orgID": org.id, "name": "t", "config": "[[inputs.cpu]]\n", "metadata": {"buckets": []}},
            {"name": "u", "description": "ours", "config": "[[inputs.mem]]\n", "metadata": {"buckets": ["b"]}},
            snake={**named, "config": "config"},
            labels="telegrafs_id",
        ),
        Kind(
            ScraperTargetsService,
            ("post_scrapers", "get_scrapers", "get_scrapers_id", "patch_scrapers_id", "delete_scrapers_id"),
            "configurations",
            {"orgID": org.id, "bucketID": bucket.id, "name": "s", "type": "prometheus", "url": "http://a.example.com"},
            {"orgID": org.id, "bucketID": bucket.id, "name": "r", "type": "prometheus", "url": "http://b.example.com"},
            snake={"name": "name", "url": "url", "bucketID": "bucket_id"},
            labels="scrapers_id",
        ),
        Kind(
            RemoteConnectionsService,
            (
                "post_remote_connection",
                "get_remote_connections",
                "get_remote_connection_by_id",
                "patch_remote_connection_by_id",
                "delete_remote_connection_by_id",
            ),
            "remotes",
            {"orgID": org.id, "name": "m", "remoteURL": "http://a", "remoteAPIToken": "t", "remoteOrgID": org.id, "allowInsecureTLS": False},
            {"name": "n", "description": "ours", "remoteURL": "http://b"},
            snake={**named, "remoteURL": "remote_url"},
            mine=lambda row: row.id != remote,
        ),
        Kind(
            ReplicationsService,
            (
                "post_replication",
                "get_replications",
                "get_replication_by_id",
                "patch_replication_by_id",
                "delete_replication_by_id",
            ),
            "replications",
            {"orgID": org.id, "name": "p", "remoteID": remote, "localBucketID": bucket.id, "remoteBucketName": "b", "maxQueueSizeBytes": 67_108_860},
            {"name": "q", "description": "ours"},
            snake={**named, "remoteID": "remote_id", "maxQueueSizeBytes": "max_queue_size_bytes"},
        ),
        Kind(
            DBRPsService,
            ("post_dbrp", "get_dbr_ps", "get_dbr_ps_id", "patch_dbrpid", "delete_dbrpid"),
            "content",
            {"orgID": org.id, "bucketID": bucket.id, "database": "d", "retention_policy": "r"},
            {"retention_policy": "long"},
            snake={"database": "database", "retention_policy": "retention_policy"},
            query={"org_id": org.id},
            content="content",
            mine=lambda row: not row.virtual,
        ),
        Kind(
            ChecksService,
            ("create_check", "get_checks", "get_checks_id", "put_checks_id", "delete_checks_id"),
            "checks",
            {"orgID": org.id, "name": "c", "type": "deadman", "status": "active", "every": "1m", "timeSince": "90s", "staleTime": "10m", "level": "CRIT", "query": {"text": QUERY}},
            {"orgID": org.id, "name": "k", "type": "deadman", "status": "inactive", "every": "2m", "timeSince": "90s", "staleTime": "10m", "level": "WARN", "query": {"text": QUERY}},
            snake={"name": "name", "status": "status", "every": "every", "level": "level"},
            labels="checks_id",
        ),
        Kind(
            NotificationEndpointsService,
            (
                "create_notification_endpoint",
                "get_notification_endpoints",
                "get_notification_endpoints_id",
                "put_notification_endpoints_id",
                "delete_notification_endpoints_id",
            ),
            "notification_endpoints",
            {"orgID": org.id, "name": "e", "type": "slack", "status": "active", "url": "http://a", "token": "secret: own"},
            {"orgID": org.id, "name": "f", "type": "slack", "status": "inactive", "url": "http://b"},
            snake={"name": "name", "status": "status", "url": "url"},
            labels="notification_endpoint_id",
            mine=lambda row: row.id != endpoint,
        ),
        Kind(
            NotificationRulesService,
            (
                "create_notification_rule",
                "get_notification_rules",
                "get_notification_rules_id",
                "put_notification_rules_id",
                "delete_notification_rules_id",
            ),
            "notification_rules",
            {"orgID": org.id, "name": "l", "type": "slack", "status": "active", "every": "5m", "endpointID": endpoint, "messageTemplate": "m", "statusRules": [{"currentLevel": "CRIT"}]},
            {"orgID": org.id, "name": "o", "type": "slack", "status": "inactive", "every": "10m", "endpointID": endpoint, "messageTemplate": "x", "statusRules": [{"currentLevel": "WARN"}]},
            snake={"name": "name", "status": "status", "every": "every"},
            labels="notification_rule_id",
        ),
        Kind(
            DashboardsService,
            ("post_dashboards", "get_dashboards", "get_dashboards_id", "patch_dashboards_id", "delete_dashboards_id"),
            "dashboards",
            {"orgID": org.id, "name": "d", "description": "ours"},
            {"name": "b", "description": "theirs"},
            snake=named,
            labels="dashboards_id",
            keyword="patch_dashboard_request",
        ),
        Kind(
            LegacyAuthorizationsService,
            (
                "post_legacy_authorizations",
                "get_legacy_authorizations",
                "get_legacy_authorizations_id",
                "patch_legacy_authorizations_id",
                "delete_legacy_authorizations_id",
            ),
            "authorizations",
            {"orgID": org.id, "token": f"v1-{org.id}", "permissions": [{"action": "read", "resource": {"type": "buckets", "orgID": org.id}}]},
            {"status": "inactive", "description": "off"},
            snake={"token": "token", "status": "status", "description": "description"},
        ),
    ]


def secrets(client, org, check):
    service = SecretsService(client.api_client)
    keys = lambda: service.get_orgs_id_secrets(org.id).secrets
    service.patch_orgs_id_secrets(org.id, {"a": "1", "b": "2", "c": "3"})
    check("patch_orgs_id_secrets", keys(), ["a", "b", "c"])
    service.post_orgs_id_secrets(org.id, {"secrets": ["a"]})
    check("post_orgs_id_secrets", keys(), ["b", "c"])
    service.delete_orgs_id_secrets_id(org.id, "b")
    check("delete_orgs_id_secrets_id", keys(), ["c"])


def scripts(client, check, refused):
    service = QueryService(client.api_client)
    tree = service.post_query_ast(language_request=LanguageRequest(query="x = 1")).ast
    check("post_query_ast", (tree.package, len(tree.files)), ("main", 1))
    broken = LanguageRequest(query="x = (")
    refused("post_query_ast: broken", 400, "invalid AST: loc 1:5-1:6", lambda: service.post_query_ast(language_request=broken))
    analysis = service.post_query_analyze(query=Query(query="x = (", type="flux"))
    check("post_query_analyze", isinstance(analysis, AnalyzeQueryResponse) and [(e.line, e.column, e.message) for e in analysis.errors], [(1, 5, "expected RPAREN, got EOF")])


def all_of(client, org, bucket, label, tools):
    check, refused, _ = tools
    remote = RemoteConnectionsService(client.api_client).post_remote_connection(
        {"orgID": org.id, "name": "hq", "remoteURL": "http://127.0.0.1:1", "remoteAPIToken": "t", "remoteOrgID": org.id, "allowInsecureTLS": False}
    )
    endpoint = NotificationEndpointsService(client.api_client).create_notification_endpoint(
        {"orgID": org.id, "name": "of the rule", "type": "slack", "status": "active", "url": "http://x"}
    )
    for kind in kinds(org, bucket, remote.id, endpoint.id):
        exercise(client, kind, label, tools)
    secrets(client, org, check)
    scripts(client, check, refused)
