// Drives a server with `@influxdata/influxdb-client` and `-apis` of npm: one line for each call, a non-zero end at the
// first mismatch.
//
//     exercise.cjs URL TOKEN ORG        (NODE_PATH names the packages)
//
// A server that nobody has set up is set up with that token and org first.

const { isDeepStrictEqual } = require('node:util')
const { randomBytes } = require('node:crypto')
const { HttpError, InfluxDB, Point, setLogger } = require('@influxdata/influxdb-client')
const apis = require('@influxdata/influxdb-client-apis')
const otherKinds = require('./kinds.cjs')

const [url, token, ORG] = process.argv.slice(2)
const ABSENT = '0123456789abcdef'
const SCRIPT = 'from(bucket: "b") |> range(start: -1h)'
const EVER = 'range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z)'

const influx = new InfluxDB({ url, token })
const unique = (prefix) => `${prefix}-${randomBytes(6).toString('hex')}`
const ids = (objects) => objects.map((one) => one.id).sort()

function fail(call, actual, expected) {
  const show = (value) => JSON.stringify(value)
  console.log(`FAILED ${call}: ${show(actual)}, expected ${show(expected)}`)
  process.exit(1)
}

function check(call, actual = true, expected = true) {
  if (!isDeepStrictEqual(actual, expected)) fail(call, actual, expected)
  console.log(`ok ${call}`)
}

async function refused(call, status, words, attempt) {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    if (error.statusCode !== status || !error.body.includes(words)) fail(call, [error.statusCode, error.body], [status, words])
    console.log(`ok ${call}`)
    return
  }
  fail(call, 'not refused', status)
}

async function setUp() {
  const api = new apis.SetupAPI(new InfluxDB({ url }))
  if (!(await api.getSetup()).allowed) return
  const made = await api.postSetup({ body: { username: 'first', password: '12345678', org: ORG, bucket: 'first', token } })
  check('postSetup', [made.user.name, made.org.name, made.bucket.name], ['first', ORG, 'first'])
  check('postSetup: token', [made.auth.token, made.auth.status], [token, 'active'])
  check('getSetup', (await api.getSetup()).allowed, false)
}

async function server() {
  const health = await new apis.HealthAPI(influx).getHealth()
  check('getHealth', [health.name, health.status, health.version], ['influxdb', 'pass', '2.9.1'])
  check('getReady', (await new apis.ReadyAPI(influx).getReady()).status, 'ready')
  await new apis.PingAPI(influx).getPing()
  check('getPing')
  const setup = new apis.SetupAPI(influx)
  const body = { username: 'x', password: '12345678', org: 'x', bucket: 'x' }
  await refused('postSetup: again', 422, 'onboarding has already been completed', () => setup.postSetup({ body }))
  const resources = await new apis.ResourcesAPI(influx).getResources()
  check('getResources', ['authorizations', 'buckets', 'orgs', 'tasks', 'users', 'labels'].every((one) => resources.includes(one)))
}

async function organizations() {
  const api = new apis.OrgsAPI(influx)
  check('getOrgs: org', (await api.getOrgs({ org: ORG })).orgs.map((one) => one.name), [ORG])
  const name = unique('org')
  const org = await api.postOrgs({ body: { name, description: 'first' } })
  check('postOrgs', [org.name, org.description, org.id.length], [name, 'first', 16])
  check('getOrgsID', (await api.getOrgsID({ orgID: org.id })).name, name)
  check('getOrgs: orgID', ids((await api.getOrgs({ orgID: org.id })).orgs), [org.id])
  const renamed = await api.patchOrgsID({ orgID: org.id, body: { name: unique('renamed'), description: 'second' } })
  check('patchOrgsID', [renamed.id, renamed.description], [org.id, 'second'])
  await refused('postOrgs: taken', 422, 'already exists', () => api.postOrgs({ body: { name: renamed.name } }))
  await refused('getOrgs: absent', 404, 'not found', () => api.getOrgs({ org: 'nope' }))
  return renamed
}

async function users() {
  const api = new apis.UsersAPI(influx)
  const name = unique('user')
  const user = await api.postUsers({ body: { name } })
  check('postUsers', [user.name, user.status], [name, 'active'])
  check('getUsersID', (await api.getUsersID({ userID: user.id })).name, name)
  check('getUsers: name', ids((await api.getUsers({ name })).users), [user.id])
  const renamed = await api.patchUsersID({ userID: user.id, body: { name: unique('renamed'), status: 'inactive' } })
  check('patchUsersID', [renamed.id, renamed.status], [user.id, 'inactive'])
  await api.patchUsersID({ userID: user.id, body: { name: renamed.name, status: 'active' } })
  await api.postUsersIDPassword({ userID: user.id, body: { password: '12345678' } })
  check('postUsersIDPassword')
  const auth = { user: renamed.name, password: '12345678' }
  await new apis.SigninAPI(influx).postSignin({ auth })
  check('postSignin')
  await refused('postSignin: wrong password', 401, 'unauthorized access', () =>
    new apis.SigninAPI(influx).postSignin({ auth: { ...auth, password: '87654321' } })
  )
  check('getMe', (await new apis.MeAPI(influx).getMe()).status, 'active')
  await refused('postUsers: taken', 422, 'already exists', () => api.postUsers({ body: { name: renamed.name } }))
  return renamed
}

async function members(api, kind, target, user) {
  const key = { Orgs: 'orgID', Buckets: 'bucketID', Tasks: 'taskID' }[kind]
  for (const role of ['Member', 'Owner']) {
    const list = async () => ids((await api[`get${kind}ID${role}s`]({ [key]: target })).users)
    const before = await list()
    const added = await api[`post${kind}ID${role}s`]({ [key]: target, body: { id: user.id } })
    check(`post${kind}ID${role}s`, [added.id, added.role], [user.id, role.toLowerCase()])
    check(`get${kind}ID${role}s`, await list(), [...before, user.id].sort())
    await api[`delete${kind}ID${role}sID`]({ [key]: target, userID: user.id })
    check(`delete${kind}ID${role}sID`, await list(), before)
  }
}

async function attached(api, kind, target, label) {
  const key = { Buckets: 'bucketID', Tasks: 'taskID' }[kind]
  const list = async () => ids((await api[`get${kind}IDLabels`]({ [key]: target })).labels)
  const made = await api[`post${kind}IDLabels`]({ [key]: target, body: { labelID: label.id } })
  check(`post${kind}IDLabels`, made.label.id, label.id)
  check(`get${kind}IDLabels`, await list(), [label.id])
  const again = () => api[`post${kind}IDLabels`]({ [key]: target, body: { labelID: label.id } })
  await refused(`post${kind}IDLabels: twice`, 422, 'label already exists on resource', again)
  await api[`delete${kind}IDLabelsID`]({ [key]: target, labelID: label.id })
  check(`delete${kind}IDLabelsID`, await list(), [])
}

async function labels(org) {
  const api = new apis.LabelsAPI(influx)
  const { label } = await api.postLabels({ body: { orgID: org.id, name: 'first', properties: { color: 'red', note: 'x' } } })
  check('postLabels', [label.name, label.properties], ['first', { color: 'red', note: 'x' }])
  check('getLabelsID', (await api.getLabelsID({ labelID: label.id })).label.name, 'first')
  const body = { name: 'second', properties: { color: '', note: 'y' } }
  const changed = (await api.patchLabelsID({ labelID: label.id, body })).label
  check('patchLabelsID', [changed.name, changed.properties], ['second', { note: 'y' }])
  check('getLabels', ids((await api.getLabels({ orgID: org.id })).labels), [label.id])
  await refused('postLabels: taken', 422, 'label with name SECOND already exists', () =>
    api.postLabels({ body: { orgID: org.id, name: 'SECOND' } })
  )
  return changed
}

async function buckets(org, user, label) {
  const api = new apis.BucketsAPI(influx)
  const retentionRules = [{ type: 'expire', everySeconds: 86400 }]
  const bucket = await api.postBuckets({ body: { orgID: org.id, name: 'raw', description: 'raw data', retentionRules } })
  const expected = [{ type: 'expire', everySeconds: 86400, shardGroupDurationSeconds: 3600 }]
  check('postBuckets', [bucket.name, bucket.orgID, bucket.retentionRules], ['raw', org.id, expected])
  check('getBucketsID', (await api.getBucketsID({ bucketID: bucket.id })).description, 'raw data')
  check('getBuckets: orgID, name', ids((await api.getBuckets({ orgID: org.id, name: 'raw' })).buckets), [bucket.id])
  check('getBuckets: org', (await api.getBuckets({ org: org.name, limit: 100 })).buckets.map((one) => one.name).sort(), [
    '_monitoring',
    '_tasks',
    'raw',
  ])
  const rules = [{ type: 'expire', everySeconds: 0, shardGroupDurationSeconds: 604800 }]
  const body = { name: 'renamed', description: 'changed', retentionRules: rules }
  const changed = await api.patchBucketsID({ bucketID: bucket.id, body })
  check('patchBucketsID', [changed.name, changed.description, changed.retentionRules], ['renamed', 'changed', rules])
  await refused('postBuckets: taken', 422, 'already exists', () =>
    api.postBuckets({ body: { orgID: org.id, name: 'renamed', retentionRules: [] } })
  )
  await members(api, 'Buckets', bucket.id, user)
  await attached(api, 'Buckets', bucket.id, label)
  const other = await api.postBuckets({ body: { orgID: org.id, name: 'other', retentionRules: [] } })
  await api.deleteBucketsID({ bucketID: other.id })
  await refused('deleteBucketsID', 404, 'bucket not found', () => api.getBucketsID({ bucketID: other.id }))
  return changed
}

async function tasks(org, user, label) {
  const api = new apis.TasksAPI(influx)
  const flux = `option task = {name: "first", every: 1h, offset: 5m}\n\n${SCRIPT}\n`
  const task = await api.postTasks({ body: { orgID: org.id, flux, description: 'ours', status: 'inactive' } })
  check('postTasks', [task.name, task.every, task.offset, task.status, task.flux], ['first', '1h', '5m', 'inactive', flux])
  check('getTasksID', (await api.getTasksID({ taskID: task.id })).description, 'ours')
  check('getTasks: orgID', ids((await api.getTasks({ orgID: org.id })).tasks), [task.id])
  check('getTasks: name', ids((await api.getTasks({ org: org.name, name: 'first' })).tasks), [task.id])
  const cron = `option task = {name: "second", cron: "0 2 * * *"}\n\n${SCRIPT}\n`
  const changed = await api.patchTasksID({ taskID: task.id, body: { flux: cron, status: 'active' } })
  check('patchTasksID', [changed.name, changed.cron, changed.every, changed.status], ['second', '0 2 * * *', undefined, 'active'])
  await members(api, 'Tasks', task.id, user)
  await attached(api, 'Tasks', task.id, label)
  await api.deleteTasksID({ taskID: task.id })
  await refused('deleteTasksID', 404, 'task not found', () => api.getTasksID({ taskID: task.id }))
  await refused('postTasks: no options', 400, '', () => api.postTasks({ body: { orgID: org.id, flux: SCRIPT } }))
  await refused('getTasksID: absent', 404, 'task not found', () => api.getTasksID({ taskID: ABSENT }))
}

async function authorizations(org, bucket) {
  const api = new apis.AuthorizationsAPI(influx)
  const resource = { type: 'buckets', id: bucket.id, orgID: org.id }
  const permissions = ['read', 'write'].map((action) => ({ action, resource }))
  const made = await api.postAuthorizations({ body: { orgID: org.id, description: 'ours', permissions } })
  check('postAuthorizations', [made.status, made.description, made.org, made.token.length > 20], ['active', 'ours', org.name, true])
  const found = await api.getAuthorizationsID({ authID: made.id })
  check('getAuthorizationsID', [found.token, found.permissions.length], ['', 2])
  check('getAuthorizations: orgID', ids((await api.getAuthorizations({ orgID: org.id })).authorizations), [made.id])
  check('getAuthorizations: org', ids((await api.getAuthorizations({ org: org.name })).authorizations), [made.id])
  check('getAuthorizations: userID', ids((await api.getAuthorizations({ userID: made.userID })).authorizations).includes(made.id))
  await narrow(made.token, org, bucket)
  const changed = await api.patchAuthorizationsID({ authID: made.id, body: { status: 'inactive', description: 'off' } })
  check('patchAuthorizationsID', [changed.status, changed.description], ['inactive', 'off'])
  const inactive = new apis.MeAPI(new InfluxDB({ url, token: made.token }))
  await refused('getMe: inactive', 401, 'token is inactive', () => inactive.getMe())
  await api.deleteAuthorizationsID({ authID: made.id })
  await refused('deleteAuthorizationsID', 404, 'authorization not found', () => api.getAuthorizationsID({ authID: made.id }))
}

// What a token for one bucket may do.
async function narrow(narrowToken, org, bucket) {
  const client = new InfluxDB({ url, token: narrowToken })
  await write(client, org.id, bucket.name, {}, (api) => api.writeRecord('narrow v=1 1'))
  check('writeRecord: narrow token', await count(client, org.id, bucket.name), 1)
  check('getBuckets: narrow token', ids((await new apis.BucketsAPI(client).getBuckets({ orgID: org.id })).buckets), [bucket.id])
  await refused('writeRecord: not allowed', 403, 'insufficient permissions for write', () =>
    write(client, org.id, '_tasks', {}, (api) => api.writeRecord('m v=1'))
  )
}

async function write(client, org, bucket, options, fill) {
  const api = client.getWriteApi(org, bucket, 'ns', { maxRetries: 0, flushInterval: 0, writeFailed: () => {}, ...options })
  fill(api)
  try {
    await api.flush()
  } finally {
    await api.close().catch(() => {})
  }
}

// Batches of 500, which the client sends side by side.
async function writeBatches(client, org, bucket, lines) {
  let api
  await new Promise((resolve, reject) => {
    let sent = 0
    const writeSuccess = (batch) => {
      sent += batch.length
      if (sent === lines.length) resolve()
    }
    const options = { batchSize: 500, flushInterval: 0, maxRetries: 0, writeSuccess, writeFailed: reject }
    api = client.getWriteApi(org, bucket, 'ns', options)
    api.writeRecords(lines)
  })
  await api.close()
}

async function count(client, org, bucket) {
  const flux = `from(bucket: "${bucket}") |> ${EVER} |> count() |> keep(columns: ["_value"]) |> sum()`
  const rows = await client.getQueryApi(org).collectRows(flux)
  return rows.reduce((sum, row) => sum + row._value, 0)
}

async function points(org, bucket) {
  const fresh = await new apis.BucketsAPI(influx).postBuckets({ body: { orgID: org.id, name: 'points', retentionRules: [] } })
  const name = fresh.name
  const counted = () => count(influx, org.id, name)
  const point = new Point('m').tag('host', 'a b,c=d').floatField('v', 1.5).intField('i', 2).uintField('u', 3)
  point.booleanField('b', true).stringField('s', 'say "x"').timestamp('1')
  await write(influx, org.id, name, {}, (api) => api.writePoint(point))
  check('writePoint', await counted(), 5)
  await write(influx, org.name, fresh.id, {}, (api) => api.writeRecords(['m v=2 2', 'm v=3 3']))
  check('writeRecords: bucket by ID', await counted(), 7)
  const lines = Array.from({ length: 2000 }, (_, n) => `batch v=${n} ${n}`)
  await writeBatches(influx, org.id, name, lines)
  check('writeRecords: batches', await counted(), 2007)
  const zipped = lines.slice(0, 900).map((line) => `z${line}`)
  await write(influx, org.id, name, { gzipThreshold: 1 }, (api) => api.writeRecords(zipped))
  check('writeRecords: gzip', await counted(), 2907)
  const failing = (line, bucketName = name) => () => write(influx, org.id, bucketName, {}, (api) => api.writeRecord(line))
  await refused('writeRecord: bad line', 400, "unable to parse 'bad': missing fields", failing('bad'))
  await refused('writeRecord: type conflict', 422, 'field type conflict', failing('m v=1i 1'))
  await refused('writeRecord: absent bucket', 404, 'not found', failing('m v=1', 'nope'))
  await new apis.DeleteAPI(influx).postDelete({
    orgID: org.id,
    bucket: name,
    body: { start: '1970-01-01T00:00:00Z', stop: '1970-01-02T00:00:00Z', predicate: '_measurement="batch"' },
  })
  check('postDelete', await counted(), 907)
  await refused('collectRows: absent bucket', 404, 'could not find bucket', () => count(influx, org.id, 'nope'))
}

async function main() {
  // Refusals are part of this; the client would print them.
  setLogger({ error() {}, warn() {} })
  await setUp()
  await server()
  const org = await organizations()
  const user = await users()
  await members(new apis.OrgsAPI(influx), 'Orgs', org.id, user)
  const label = await labels(org)
  const bucket = await buckets(org, user, label)
  await tasks(org, user, label)
  await authorizations(org, bucket)
  await otherKinds(influx, org, bucket, label, { check, refused, ids })
  await points(org, bucket)
  await new apis.LabelsAPI(influx).deleteLabelsID({ labelID: label.id })
  await refused('deleteLabelsID', 404, 'label not found', () => new apis.LabelsAPI(influx).getLabelsID({ labelID: label.id }))
  await new apis.UsersAPI(influx).deleteUsersID({ userID: user.id })
  await refused('deleteUsersID', 404, 'not found', () => new apis.UsersAPI(influx).getUsersID({ userID: user.id }))
  await new apis.OrgsAPI(influx).deleteOrgsID({ orgID: org.id })
  await refused('deleteOrgsID', 404, 'not found', () => new apis.OrgsAPI(influx).getOrgsID({ orgID: org.id }))
}

main().catch((error) => {
  console.log('FAILED', error)
  process.exit(1)
})
