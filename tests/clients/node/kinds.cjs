// What the generated APIs do with the kinds that have no client of their own: list, create, read, update, delete.

const apis = require('@influxdata/influxdb-client-apis')

const QUERY = 'from(bucket: "b") |> range(start: -1m) |> filter(fn: (r) => r._field == "u")'
const noted = (note) => ({ properties: { shape: 'chronograf-v2', type: 'markdown', note } })

// Each kind: its API, the names of its calls, what is sent, and what is then there.
function kinds({ org, bucket, remote, endpoint }) {
  const orgID = org.id
  return [
    {
      api: 'VariablesAPI', calls: ['postVariables', 'getVariables', 'getVariablesID', 'patchVariablesID', 'deleteVariablesID'],
      key: 'variableID', rows: 'variables', labels: 'VariablesID',
      create: { orgID, name: 'v', arguments: { type: 'constant', values: ['a'] } },
      update: { name: 'w', description: 'ours', arguments: { type: 'map', values: { a: '1' } } },
    },
    {
      api: 'TelegrafsAPI', calls: ['postTelegrafs', 'getTelegrafs', 'getTelegrafsID', 'putTelegrafsID', 'deleteTelegrafsID'],
      key: 'telegrafID', rows: 'configurations', labels: 'TelegrafsID',
      create: { orgID, name: 't', config: '[[inputs.cpu]]\n', metadata: { buckets: [] } },
      update: { name: 'u', description: 'ours', config: '[[inputs.mem]]\n', metadata: { buckets: ['b'] } },
    },
    {
      api: 'ScrapersAPI', calls: ['postScrapers', 'getScrapers', 'getScrapersID', 'patchScrapersID', 'deleteScrapersID'],
      key: 'scraperTargetID', rows: 'configurations', labels: 'ScrapersID',
      create: { orgID, bucketID: bucket.id, name: 's', type: 'prometheus', url: 'http://a.example.com' },
      update: { orgID, bucketID: bucket.id, name: 'r', type: 'prometheus', url: 'http://b.example.com', allowInsecure: true },
    },
    {
      api: 'RemotesAPI',
      calls: ['postRemoteConnection', 'getRemoteConnections', 'getRemoteConnectionByID', 'patchRemoteConnectionByID', 'deleteRemoteConnectionByID'],
      key: 'remoteID', rows: 'remotes',
      create: { orgID, name: 'm', remoteURL: 'http://a', remoteAPIToken: 't', remoteOrgID: orgID, allowInsecureTLS: false },
      update: { name: 'n', description: 'ours', remoteURL: 'http://b', allowInsecureTLS: true },
      hidden: ['remoteAPIToken'],
    },
    {
      api: 'ReplicationsAPI',
      calls: ['postReplication', 'getReplications', 'getReplicationByID', 'patchReplicationByID', 'deleteReplicationByID'],
      key: 'replicationID', rows: 'replications',
      create: { orgID, name: 'p', remoteID: remote.id, localBucketID: bucket.id, remoteBucketName: 'b', maxQueueSizeBytes: 67108860 },
      update: { name: 'q', description: 'ours', maxAgeSeconds: 60, dropNonRetryableData: true },
      hidden: ['remoteBucketName'],
    },
    {
      api: 'DbrpsAPI', calls: ['postDBRP', 'getDBRPs', 'getDBRPsID', 'patchDBRPID', 'deleteDBRPID'],
      key: 'dbrpID', rows: 'content', query: { orgID }, one: 'content', mine: (row) => !row.virtual,
      create: { orgID, bucketID: bucket.id, database: 'd', retention_policy: 'r' },
      update: { retention_policy: 'long', default: true },
    },
    {
      api: 'ChecksAPI', calls: ['createCheck', 'getChecks', 'getChecksID', 'putChecksID', 'deleteChecksID'],
      key: 'checkID', rows: 'checks', labels: 'ChecksID', flux: 'getChecksIDQuery',
      create: { orgID, name: 'c', type: 'deadman', status: 'active', every: '1m', timeSince: '90s', staleTime: '10m', level: 'CRIT', query: { text: QUERY } },
      update: { orgID, name: 'k', type: 'deadman', status: 'inactive', every: '2m', timeSince: '90s', staleTime: '10m', level: 'WARN', query: { text: QUERY } },
      hidden: ['query'],
    },
    {
      api: 'NotificationEndpointsAPI',
      calls: ['createNotificationEndpoint', 'getNotificationEndpoints', 'getNotificationEndpointsID', 'putNotificationEndpointsID', 'deleteNotificationEndpointsID'],
      key: 'endpointID', rows: 'notificationEndpoints', mine: (row) => row.id !== endpoint.id,
      create: { orgID, name: 'e', type: 'slack', status: 'active', url: 'http://a', token: 'secret: own' },
      update: { orgID, name: 'f', type: 'http', status: 'inactive', url: 'http://b', method: 'POST', authMethod: 'none' },
    },
    {
      api: 'NotificationRulesAPI',
      calls: ['createNotificationRule', 'getNotificationRules', 'getNotificationRulesID', 'putNotificationRulesID', 'deleteNotificationRulesID'],
      key: 'ruleID', rows: 'notificationRules', flux: 'getNotificationRulesIDQuery',
      create: { orgID, name: 'l', type: 'slack', status: 'active', every: '5m', endpointID: endpoint.id, messageTemplate: 'm', statusRules: [{ currentLevel: 'CRIT' }] },
      update: { orgID, name: 'o', type: 'slack', status: 'inactive', every: '10m', endpointID: endpoint.id, messageTemplate: 'x', statusRules: [{ currentLevel: 'WARN' }] },
      hidden: ['statusRules'],
    },
    {
      api: 'DashboardsAPI', calls: ['postDashboards', 'getDashboards', 'getDashboardsID', 'patchDashboardsID', 'deleteDashboardsID'],
      key: 'dashboardID', rows: 'dashboards', labels: 'DashboardsID',
      create: { orgID, name: 'd', description: 'ours' },
      update: { name: 'b', description: '', cells: [{ x: 0, y: 0, w: 4, h: 4, name: 'a', properties: noted('A') }] },
      hidden: ['cells'],
    },
  ]
}

const picked = (object, fields) => Object.fromEntries(fields.map((field) => [field, object[field]]))

async function exercised(influx, kind, label, { check, refused, ids }) {
  const { api: name, calls, key, rows, query = {}, one, mine = () => true, hidden = [], create, update } = kind
  const api = new apis[name](influx)
  const [post, list, get, change, remove] = calls
  const seen = (sent) => Object.keys(sent).filter((field) => !hidden.includes(field))
  const read = (reply) => (one && reply[one]) || reply
  const json = { headers: { accept: 'application/json' } }
  const made = await api[post]({ body: create })
  check(post, picked(made, seen(create)), picked(create, seen(create)))
  const target = { [key]: made.id, ...query }
  check(get, picked(read(await api[get](target, json)), ['id', ...seen(create)]), { id: made.id, ...picked(create, seen(create)) })
  check(list, ids((await api[list]({ orgID: create.orgID }))[rows].filter(mine)), [made.id])
  const changed = read(await api[change]({ ...target, body: update }))
  check(change, picked(changed, seen(update)), picked(update, seen(update)))
  if (kind.labels) {
    const [attach, attached, detach] = ['post', 'get', 'delete'].map((verb) => `${verb}${kind.labels}Labels`)
    check(attach, (await api[attach]({ [key]: made.id, body: { labelID: label.id } })).label.id, label.id)
    check(attached, ids((await api[attached]({ [key]: made.id })).labels), [label.id])
    await api[`${detach}ID`]({ [key]: made.id, labelID: label.id })
    check(`${detach}ID`, (await api[attached]({ [key]: made.id })).labels, [])
  }
  if (kind.flux) {
    check(kind.flux, (await api[kind.flux]({ [key]: made.id })).flux.includes('option task = {name: "'))
  }
  await api[remove](target)
  await refused(remove, 404, 'not', () => api[get](target, json))
}

async function cells(influx, org, { check, refused }) {
  const api = new apis.DashboardsAPI(influx)
  const board = await api.postDashboards({ body: { orgID: org.id, name: 'cells' } })
  const dashboardID = board.id
  const cell = await api.postDashboardsIDCells({ dashboardID, body: { x: 1, y: 2, w: 3, h: 4, name: 'a' } })
  check('postDashboardsIDCells', [cell.x, cell.y, cell.w, cell.h], [1, 2, 3, 4])
  const at = { dashboardID, cellID: cell.id }
  const properties = { shape: 'chronograf-v2', type: 'markdown', note: 'A' }
  check('patchDashboardsIDCellsIDView', (await api.patchDashboardsIDCellsIDView({ ...at, body: { name: 'a', properties } })).properties, properties)
  check('getDashboardsIDCellsIDView', (await api.getDashboardsIDCellsIDView(at)).name, 'a')
  check('patchDashboardsIDCellsID', (await api.patchDashboardsIDCellsID({ ...at, body: { x: 7 } })).x, 7)
  const placed = await api.putDashboardsIDCells({ dashboardID, body: [{ id: cell.id, x: 9, y: 0, w: 1, h: 1 }] })
  check('putDashboardsIDCells', placed.cells[0].x, 9)
  const whole = await api.getDashboardsID({ dashboardID, include: 'properties' })
  check('getDashboardsID: properties', [whole.cells[0].name, whole.cells[0].properties], ['a', properties])
  await api.deleteDashboardsIDCellsID(at)
  await refused('deleteDashboardsIDCellsID', 404, 'view not found', () => api.getDashboardsIDCellsIDView(at))
  await api.deleteDashboardsID({ dashboardID })
}

async function secrets(influx, org, { check }) {
  const api = new apis.OrgsAPI(influx)
  const orgID = org.id
  const keys = async () => (await api.getOrgsIDSecrets({ orgID })).secrets
  await api.patchOrgsIDSecrets({ orgID, body: { a: '1', b: '2', c: '3' } })
  check('patchOrgsIDSecrets', await keys(), ['a', 'b', 'c'])
  await api.postOrgsIDSecrets({ orgID, body: { secrets: ['a'] } })
  check('postOrgsIDSecrets', await keys(), ['b', 'c'])
  await api.deleteOrgsIDSecretsID({ orgID, secretID: 'b' })
  check('deleteOrgsIDSecretsID', await keys(), ['c'])
}

async function scripts(influx, { check, refused }) {
  const api = new apis.QueryAPI(influx)
  const { ast } = await api.postQueryAst({ body: { query: 'x = 1' } })
  check('postQueryAst', [ast.package, ast.files[0].body[0].init.value], ['main', '1'])
  await refused('postQueryAst: broken', 400, 'invalid AST: loc 1:5-1:6', () => api.postQueryAst({ body: { query: 'x = (' } }))
  const { errors } = await api.postQueryAnalyze({ body: { type: 'flux', query: 'x = (' } })
  check('postQueryAnalyze', errors, [{ line: 1, column: 5, character: 0, message: 'expected RPAREN, got EOF' }])
}

module.exports = async function all(influx, org, bucket, label, tools) {
  const remote = await new apis.RemotesAPI(influx).postRemoteConnection({
    body: { orgID: org.id, name: 'hq', remoteURL: 'http://127.0.0.1:1', remoteAPIToken: 't', remoteOrgID: org.id, allowInsecureTLS: false },
  })
  const endpoint = await new apis.NotificationEndpointsAPI(influx).createNotificationEndpoint({
    body: { orgID: org.id, name: 'of the rule', type: 'slack', status: 'active', url: 'http://x' },
  })
  for (const kind of kinds({ org, bucket, remote, endpoint })) {
    if (kind.api === 'RemotesAPI') kind.mine = (row) => row.id !== remote.id
    await exercised(influx, kind, label, tools)
  }
  await cells(influx, org, tools)
  await secrets(influx, org, tools)
  await scripts(influx, tools)
}
