// Walks the real table of routes: whoever adds one that is answered to strangers, or that a change of another
// site reaches, fails here.
import { expect, test } from 'bun:test'
import { elysiaPath, makeApp } from '../../../server/admin/app.ts'
import { typesOf } from '../../../server/admin/body.ts'
import { Type } from '@sinclair/typebox'
import { openApiOf } from '../../../server/admin/openapi.ts'
import { PROBLEMS, problemType } from '../../../server/admin/problem-codes.ts'
import { jsonAnswer } from '../../../server/admin/problem.ts'
import { may, ROLE_FOR } from '../../../server/admin/roles.ts'
import type { Route } from '../../../server/admin/route.ts'
import { routesOf } from '../../../server/admin/routes.ts'
import { Shell } from '../../../server/admin/shell.ts'
import { type Role, ROLES } from '../../../server/control/store/principal.ts'
import { RESOURCES } from '../../../server/control/store/scopes.ts'
import { Ranges } from '../../../server/lib/ranges.ts'
import { BY_ROLE } from '../../support/by-role.ts'
import { controlFacts } from '../../support/control-facts.ts'

const REAL = routesOf(controlFacts({}))
const REACHED = 299
/** The same table, of which nothing is done. */
const shell = new Shell({
  // Each query and body will do: what is asked here is who comes so far.
  routes: REAL.map(({ query: _, body, ...route }) => ({
    ...route,
    ...(body !== undefined && { bodyTypes: typesOf({ ...route, body }) }),
    answer: () => jsonAnswer({}, REACHED),
  })),
  facts: { trusted: () => Ranges.parse([]), revision: () => 1, access: () => null },
  authenticator: BY_ROLE,
})

const server = { timeout: () => {} } as unknown as Bun.Server<undefined>
const isOpen = ({ permission }: Route): boolean => permission === 'open'
const nameOf = ({ method, path }: Route): string => `${method} ${path}`
const CHANGING = REAL.filter(({ method }) => method !== 'GET')

interface Init {
  readonly role?: Role
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly address?: string
  readonly host?: string
}

interface Answered {
  readonly status: number
  readonly code: unknown
  readonly required: unknown
}

async function ask(
  route: Route,
  { role, headers = {}, address = '192.0.2.1', ...init }: Init,
): Promise<Answered> {
  const [type] = typesOf(route)
  const host = init.host ?? '10.0.0.1:9090'
  const request = new Request(`http://${host}${route.path.replaceAll(/\{\w+\}/g, 'some')}`, {
    method: init.method ?? route.method,
    headers: {
      Host: host,
      ...(role !== undefined && { Authorization: `Bearer ${role}` }),
      ...(type !== undefined && { 'Content-Type': type }),
      ...headers,
    },
    ...(route.method !== 'GET' && type !== undefined && { body: '{}' }),
  })
  const caller = { door: 'tcp', address, uids: [], isSecure: false } as const
  const answer = await shell.answer({ request, server, caller, host: '10.0.0.1' })
  const text = await answer.text()
  const document = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>
  if (answer.status >= 400)
    expect(document).toMatchObject({ status: answer.status, instance: expect.any(String) })
  return { status: answer.status, code: document['code'], required: document['required_role'] }
}

test('scopes of tokens begin with what the API has', () => {
  const known = REAL.filter((route) => !isOpen(route)).map(
    ({ path }) => path.replace(/^\/(?:api\/v1\/)?/, '').split('/')[0] ?? '',
  )
  // The contents list what there is to whoever asks.
  expect(new Set(known).difference(new Set(['', 'api']))).toEqual(new Set(RESOURCES))
})

test('there are routes of every permission', () => {
  expect(new Set(REAL.map(({ permission }) => permission))).toEqual(
    new Set(['open', 'view', 'operate', 'edit', 'administer']),
  )
})

test('without a credential nothing is answered that is not open', async () => {
  for (const route of REAL) {
    const { status } = await ask(route, {})
    // As before there was an API: who is not trusted may not read what others read without a credential.
    const wanted = isOpen(route) ? REACHED : route.isForTrusted === true ? 403 : 401
    expect([nameOf(route), status]).toEqual([nameOf(route), wanted])
  }
})

test('this machine reads without a credential what monitoring reads, and nothing else', async () => {
  for (const route of REAL) {
    const { status } = await ask(route, { address: '127.0.0.1' })
    const wanted = isOpen(route) || route.isForTrusted === true ? REACHED : 401
    expect([nameOf(route), status]).toEqual([nameOf(route), wanted])
  }
  const trusted = REAL.filter(({ isForTrusted }) => isForTrusted === true)
  expect(trusted.map(nameOf)).toEqual([
    'GET /',
    'GET /_health',
    'GET /health',
    'GET /_metrics',
    'GET /metrics',
    'GET /_overview',
  ])
})

test('each role may what its permission says, and is told which role may else', async () => {
  for (const route of REAL)
    for (const role of ROLES) {
      const { status, required } = await ask(route, { role })
      const isAllowed = may(role, route.permission)
      expect([nameOf(route), role, status]).toEqual([nameOf(route), role, isAllowed ? REACHED : 403])
      if (!isAllowed) expect(required).toBe(ROLE_FOR[route.permission])
    }
})

test('a viewer changes nothing, but for what changes nothing', () => {
  const own = CHANGING.filter(({ permission, isReadOnly, path }) => {
    const isOwn = path.startsWith('/api/v1/auth/') || path === '/api/v1/sign-ins/{sign_in}'
    return (permission === 'view' || permission === 'open') && isReadOnly !== true && !isOwn
  })
  expect(own.map(nameOf)).toEqual([])
})

test('what another site sends by a browser is refused, whoever it is sent for', async () => {
  for (const route of CHANGING)
    for (const headers of [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: 'https://10.0.0.1:9090' },
      { Origin: 'http://10.0.0.1:9091' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
    ]) {
      const found = await ask(route, { role: 'admin', headers: headers as Record<string, string> })
      expect([nameOf(route), headers, found]).toMatchObject([
        nameOf(route),
        headers,
        { status: 403, code: 'cross_site' },
      ])
    }
  // Behind a proxy that ends TLS the browser knows another scheme than we do: what it says itself counts.
  for (const own of [
    {},
    { Origin: 'http://10.0.0.1:9090' },
    { Origin: 'https://10.0.0.1', 'Sec-Fetch-Site': 'same-origin' },
  ])
    for (const route of CHANGING) {
      const { status } = await ask(route, { role: 'admin', headers: own as Record<string, string> })
      expect([nameOf(route), own, status]).toEqual([nameOf(route), own, REACHED])
    }
})

test('a page of another site has nothing read by the cookie of who looks at it, but leads there', async () => {
  const reading = REAL.filter(
    (route) => route.method === 'GET' && !isOpen(route) && route.isForTrusted !== true,
  )
  for (const site of ['cross-site', 'same-site'])
    for (const route of reading) {
      const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Dest': 'empty' }
      const found = await ask(route, { role: 'admin', headers })
      expect([nameOf(route), found]).toMatchObject([nameOf(route), { status: 403, code: 'cross_site' }])
      const led = await ask(route, { role: 'admin', headers: { ...headers, 'Sec-Fetch-Dest': 'document' } })
      expect([nameOf(route), led.status]).toEqual([nameOf(route), REACHED])
    }
})

test('a name that was made to point here is answered nothing', async () => {
  for (const route of REAL)
    expect([nameOf(route), (await ask(route, { role: 'admin', host: 'evil.example' })).status]).toEqual([
      nameOf(route),
      421,
    ])
})

test('a body of another type is refused', async () => {
  const taking = CHANGING.filter((route) => typesOf(route).length > 0)
  for (const route of taking)
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await ask(route, { role: 'admin', headers: { 'Content-Type': type } })
      expect([nameOf(route), type, status]).toEqual([nameOf(route), type, 415])
    }
})

test('a method that a path has not is told those that it has', async () => {
  const paths = new Map(REAL.map((route) => [route.path, route]))
  for (const route of paths.values()) {
    const { status, code } = await ask(route, { role: 'viewer', method: 'OPTIONS' })
    expect([route.path, status, code]).toEqual([route.path, 405, 'method_not_allowed'])
  }
})

test('a route knows all of its parameters', () => {
  const open = REAL.filter(({ query }) => query !== undefined && query.additionalProperties !== false)
  expect(open.map(nameOf)).toEqual([])
})

test('Elysia has the routes of the table, and no others', () => {
  const wanted = REAL.filter(({ path }) => path.startsWith('/api/'))
  expect(makeApp(REAL).routes.toSorted()).toEqual(
    wanted.map(({ method, path }) => `${method} ${elysiaPath(path)}`).toSorted(),
  )
})

test('the OpenAPI document has every route with its role, its refusals and its preconditions', () => {
  const { paths, components } = openApiOf(REAL, '1.0.0') as {
    paths: Record<string, Record<string, Operation>>
    components: unknown
  }
  const described = Object.entries(paths).flatMap(([path, all]) =>
    Object.keys(all).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.toSorted()).toEqual(REAL.map(nameOf).toSorted())
  const ids = new Set<string>()
  for (const route of REAL) {
    const operation = paths[route.path]![route.method.toLowerCase()]!
    ids.add(operation.operationId)
    expect([nameOf(route), operation['x-required-role']]).toEqual([nameOf(route), ROLE_FOR[route.permission]])
    expect(operation.summary.length).toBeGreaterThan(3)
    if (!isOpen(route))
      expect([nameOf(route), Object.keys(operation.responses)]).toEqual([
        nameOf(route),
        expect.arrayContaining(['401', '403']),
      ])
    for (const [status, answer] of Object.entries(operation.responses))
      if (Number(status) >= 400 && route.answers[Number(status)]?.schema === undefined)
        expect([nameOf(route), status, Object.keys(answerIn(components, answer).content ?? {})]).toEqual([
          nameOf(route),
          status,
          ['application/problem+json'],
        ])
    const parameters = JSON.stringify(operation.parameters)
    if (412 in route.answers)
      expect([nameOf(route), parameters]).toEqual([nameOf(route), expect.stringContaining('IfMatch')])
    for (const [, name] of route.path.matchAll(/\{(\w+)\}/g))
      expect(parameters).toContain(`"name":"${name}","in":"path"`)
  }
  expect(ids.size).toBe(REAL.length)
  // Each reference leads somewhere.
  for (const [, group, name] of JSON.stringify(paths).matchAll(/"#\/components\/(\w+)\/(\w+)"/g))
    expect((components as Record<string, Record<string, unknown>>)[group!]).toHaveProperty(name!)
})

test('no schema of more than 1 KB stands twice in the OpenAPI document, and shared ones have names of their own', () => {
  const { paths, components } = openApiOf(REAL, '1.0.0') as {
    paths: unknown
    components: { schemas: Record<string, unknown> }
  }
  const seen = new Map<string, string>()
  const twice: string[] = []
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== 'object' || value === null) return
    const text = JSON.stringify(value)
    const isSchema = 'type' in value || 'anyOf' in value || 'allOf' in value
    if (isSchema && text.length > 1024) {
      const other = seen.get(text)
      if (other !== undefined) twice.push(`${other} and ${at}`)
      seen.set(text, at)
    }
    for (const [key, item] of Object.entries(value)) visit(item, `${at}/${key}`)
  }
  visit(paths, 'paths')
  visit(components, 'components')
  expect(twice).toEqual([])
  // Programs that are made from the document have these as the names of types.
  expect(Object.keys(components.schemas)).toEqual([
    ...['Problem', 'ProblemItem', 'Allocation', 'Attempt', 'AuditEntry', 'Cache', 'Certificate'],
    ...['CertificateFinding', 'CertificateLog', 'Change', 'Changed', 'ChangesetDone'],
    ...[
      'CheckState',
      'CheckedCertificate',
      'Circuit',
      'ConfigStatus',
      'Diagnostics',
      'Explained',
      'ExplainedConnection',
    ],
    ...['GatewayRates', 'Impact', 'Middleware', 'Names', 'Operation', 'Order', 'Overload', 'Overview'],
    ...[
      'PassiveState',
      'PeerVerdict',
      'Purged',
      'Rates',
      'ReplayAnswer',
      'Replayed',
      'RequestReplay',
      'Resource',
    ],
    ...['ResourceList', 'Revision', 'ServedRequest', 'Server', 'Stats', 'StatsNow', 'Timelines'],
    ...['Token', 'ToldEvent', 'Tried', 'Turn', 'TurnCredentials', 'Unwritten', 'User', 'Way'],
  ])
})

test('two schemas of one title are no document', () => {
  const [first, second] = REAL.filter(({ answers }) => answers[200]?.schema !== undefined)
  const titled = (route: Route, type: string): Route => ({
    ...route,
    answers: { 200: { description: 'Some.', schema: { ...Type.Unsafe({ type }), title: 'Same' } } },
  })
  expect(() => openApiOf([titled(first!, 'string'), titled(second!, 'string')], '1')).not.toThrow()
  expect(() => openApiOf([titled(first!, 'string'), titled(second!, 'number')], '1')).toThrow('Same')
})

/** An answer that may stand among those of all. */
function answerIn(components: unknown, answer: Answer): Answer {
  const name = answer.$ref?.split('/').at(-1)
  return name === undefined
    ? answer
    : ((components as { responses: Record<string, Answer> }).responses[name] ?? {})
}

interface Answer {
  readonly $ref?: string
  readonly content?: object
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly 'x-required-role': string | null
  readonly parameters: unknown
  readonly responses: Record<string, Answer>
}

test('each problem has its page', async () => {
  const pages = new Shell({
    routes: REAL,
    facts: { trusted: () => Ranges.parse([]), revision: () => 1, access: () => null },
    authenticator: BY_ROLE,
  })
  const caller = { door: 'tcp', address: '192.0.2.1', uids: [], isSecure: false } as const
  const get = (path: string): Promise<Response> => {
    const request = new Request(`http://10.0.0.1${path}`, { headers: { Host: '10.0.0.1' } })
    return pages.answer({ request, server, caller, host: '10.0.0.1' })
  }
  for (const [code, { title }] of Object.entries(PROBLEMS)) {
    const answer = await get(problemType(code as keyof typeof PROBLEMS))
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(Bun.escapeHTML(title)),
    ] as never)
  }
  expect((await get('/_admin/problems/<script>')).status).toBe(404)
  expect(await (await get('/_admin/problems')).text()).toContain('not_signed_in')
})
