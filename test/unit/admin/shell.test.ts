import { afterEach, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { startAdmin, type Admin } from '../../../server/admin/admin.ts'
import { jsonAnswer } from '../../../server/admin/problem.ts'
import type { Route } from '../../../server/admin/route.ts'
import { Shell } from '../../../server/admin/shell.ts'
import { Ranges } from '../../../server/lib/ranges.ts'
import { BY_ROLE } from '../../support/by-role.ts'

const opened: Admin[] = []
afterEach(() => {
  for (const admin of opened.splice(0)) admin.stop()
})

const route = (more: Partial<Route>): Route => ({
  ...{ method: 'GET', path: '/api/v1/x', permission: 'view', tag: 'x', summary: 'x', answers: {} },
  answer: ({ params, body, who, requestId }) => jsonAnswer({ params, body, who: who.name, requestId }),
  ...more,
})

function open(...routes: readonly Route[]): string {
  const facts = { trusted: () => Ranges.parse([]), revision: () => 7, access: () => null }
  const shell = new Shell({ routes, facts, authenticator: BY_ROLE })
  const admin = startAdmin({ bind: '127.0.0.1:0', shell })
  if ('problem' in admin) throw new Error(admin.problem)
  opened.push(admin)
  return `http://${admin.address}`
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function ask(url: string, init: RequestInit & { role?: string } = {}): Promise<Answered> {
  const { role = 'admin', headers, ...more } = init
  const answer = await fetch(url, { ...more, headers: { Authorization: `Bearer ${role}`, ...headers } })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) }
}

const BODY = Type.Object({ weight: Type.Integer({ minimum: 0 }) }, { additionalProperties: false })
const JSON_TYPE = { 'Content-Type': 'application/json' }

test('a parameter of a path is one decoded segment, and a literal one goes before it', async () => {
  const url = open(
    route({ path: '/api/v1/x/{name}' }),
    route({ path: '/api/v1/x/own', answer: () => jsonAnswer({ own: 1 }) }),
  )
  expect((await ask(`${url}/api/v1/x/a%2Fb%20c`)).body).toMatchObject({ params: { name: 'a/b c' } })
  expect((await ask(`${url}/api/v1/x/own`)).body).toEqual({ own: 1 })
  for (const path of ['/api/v1/x/', '/api/v1/x/a/b', '/api/v1/x/%', '/api/v1/x/own/', '/api/v1/X/own'])
    expect([path, (await ask(`${url}${path}`)).status]).toEqual([path, 404])
})

test('all that is below a path goes to its branch as it was sent, unless there is a route for it', async () => {
  const own = (name: string) => ({ answer: () => jsonAnswer({ own: name }) })
  const url = open(
    route({ path: '/pages/{rest...}', answer: ({ params }) => jsonAnswer(params) }),
    route({ path: '/pages/help/{code}', ...own('code') }),
    route({ path: '/pages/files/{rest...}', ...own('files') }),
  )
  for (const [path, rest] of [
    ['/pages/', ''],
    ['/pages/a', 'a'],
    ['/pages/a%2Fb/%zz//c/', 'a%2Fb/%zz//c/'],
    ['/pages/help', 'help'],
    ['/pages/help/', 'help/'],
    ['/pages/help/a/b', 'help/a/b'],
  ] as const)
    expect([path, (await ask(`${url}${path}`)).body]).toEqual([path, { rest }])
  expect((await ask(`${url}/pages/help/a`)).body).toEqual({ own: 'code' })
  expect((await ask(`${url}/pages/files/a/b`)).body).toEqual({ own: 'files' })
  for (const path of ['/pages', '/pagesx', '/x/pages/'])
    expect([path, (await ask(`${url}${path}`)).status]).toEqual([path, 404])
})

test('a name that is written otherwise leads to no other route than the one that was decided on', async () => {
  const url = open(
    route({ path: '/api/v1/x/{name}' }),
    route({ path: '/api/v1/x/own', permission: 'administer', answer: () => jsonAnswer({ own: 1 }) }),
  )
  expect((await ask(`${url}/api/v1/x/own`, { role: 'viewer' })).status).toBe(403)
  const { status, body } = await ask(`${url}/api/v1/x/%6Fwn`, { role: 'viewer' })
  expect([status, body]).toEqual([200, expect.objectContaining({ params: { name: 'own' } })] as never)
})

test('a body that is no object at all is told as such, without a place in it', async () => {
  const url = open(route({ method: 'PUT', body: BODY, bodyBytesMax: 100 }))
  const { body } = await ask(`${url}/api/v1/x`, { method: 'PUT', body: '[]', headers: JSON_TYPE })
  expect((body as { detail?: string }).detail).toBe('The body does not fit: found [], allowed is object.')
})

test('whatever says no is a problem that names the request', async () => {
  const url = open(
    route({ method: 'PUT', body: BODY, bodyBytesMax: 100 }),
    route({ path: '/api/v1/bug', answer: () => Promise.reject(new Error('a bug of the test')) }),
    route({ path: '/api/v1/bare', answer: () => new Response('bare', { status: 404 }) }),
  )
  const put = (body: string, headers: Record<string, string> = JSON_TYPE) =>
    ask(`${url}/api/v1/x`, { method: 'PUT', body, headers })
  const all = [
    ['path_unknown', 404, await ask(`${url}/api/v1/none`)],
    ['method_not_allowed', 405, await ask(`${url}/api/v1/x`, { method: 'DELETE' })],
    ['body_malformed', 400, await put('{"weight": 1')],
    ['body_invalid', 422, await put('{"weight": -1}')],
    ['body_invalid', 422, await put('')],
    ['too_large', 413, await put(`{"weight": ${'1'.repeat(100)}}`)],
    ['type_not_taken', 415, await put('weight=1', { 'Content-Type': 'application/x-www-form-urlencoded' })],
    ['not_signed_in', 401, await ask(`${url}/api/v1/x`, { role: '' })],
    ['not_signed_in', 401, await ask(`${url}/api/v1/none`, { role: '' })],
    ['internal', 500, await ask(`${url}/api/v1/bug`)],
    ['internal', 500, await ask(`${url}/api/v1/bare`)],
  ] as const
  for (const [code, status, { headers, body, status: found }] of all) {
    expect([code, found]).toEqual([code, status])
    expect(body).toMatchObject({
      code,
      type: `/_admin/problems/${code}`,
      status,
      instance: expect.stringMatching(/^req_/),
    })
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('sluice-config-revision')).toBe('7')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
})

test('what a schema has against a body is told by pointer, against a query by parameter', async () => {
  const query = Type.Object(
    { deep: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) },
    { additionalProperties: false },
  )
  const url = open(route({ method: 'POST', body: BODY, query }))
  const post = (body: unknown, search = '') =>
    ask(`${url}/api/v1/x${search}`, { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE })
  expect((await post({ weight: 3 }, '?deep=true')).body).toMatchObject({ body: { weight: 3 } })
  expect((await post({ weight: '3', wieght: 1 })).body['errors']).toEqual([
    { pointer: '/wieght', code: 'unknown', message: 'is not known here: known are weight' },
    { pointer: '/weight', code: 'invalid', message: 'found "3", allowed is integer' },
  ])
  expect((await post({})).body['errors']).toEqual([
    { pointer: '/weight', code: 'missing', message: 'is missing' },
  ])
  expect(await post({ weight: 3 }, '?deep=1&dep=2')).toMatchObject({
    status: 400,
    body: {
      errors: [
        { parameter: 'dep', code: 'unknown' },
        { parameter: 'deep', code: 'invalid', message: 'found "1", allowed is "true" or "false"' },
      ],
    },
  })
})

test('HEAD is GET without its body', async () => {
  const url = open(route({}))
  const head = await ask(`${url}/api/v1/x`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-type'), head.body]).toEqual([200, 'application/json', {}])
})

test('HEAD begins no stream of events', async () => {
  let cancelled = 0
  const events = (): Response =>
    new Response(new ReadableStream({ cancel: () => void cancelled++ }), {
      headers: { 'Content-Type': 'text/event-stream' },
    })
  const url = open(route({ answer: events }))
  const head = await ask(`${url}/api/v1/x`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-type'), cancelled]).toEqual([200, 'text/event-stream', 1])
})

test('an Idempotency-Key is of somebody: nobody is given the answer of a stranger', async () => {
  let made = 0
  const answer = (): Response => jsonAnswer({ made: ++made })
  const url = open(
    route({ method: 'POST', path: '/api/v1/sign-in', permission: 'open', answer }),
    route({ method: 'POST', answer }),
  )
  const post = async (path: string, role: string) =>
    (await ask(`${url}${path}`, { method: 'POST', role, headers: { 'Idempotency-Key': 'k' } })).body['made']
  expect([await post('/api/v1/sign-in', ''), await post('/api/v1/sign-in', '')]).toEqual([1, 2])
  expect([await post('/api/v1/x', 'editor'), await post('/api/v1/x', 'editor')]).toEqual([3, 3])
  expect(await post('/api/v1/x', 'admin')).toBe(4)
})

test('a change takes no parameter that it does not know', async () => {
  const url = open(route({ method: 'DELETE' }), route({}))
  expect((await ask(`${url}/api/v1/x?dry_run=true`, { method: 'DELETE' })).body).toMatchObject({
    code: 'query_invalid',
    errors: [{ parameter: 'dry_run', message: 'is not known here: there is none' }],
  })
})

test('what reads takes none either, and none twice: what is not understood is not left out silently', async () => {
  const query = Type.Object({ limit: Type.Optional(Type.String()) }, { additionalProperties: false })
  const url = open(route({}), route({ path: '/api/v1/list', query }))
  const refusedBy = async (path: string): Promise<unknown> => {
    const { status, body } = await ask(`${url}${path}`)
    return status === 200
      ? 200
      : [status, body['code'], (body['errors'] as { parameter: string }[])[0]!.parameter]
  }
  expect(await refusedBy('/api/v1/x')).toBe(200)
  expect(await refusedBy('/api/v1/x?_=1')).toEqual([400, 'query_invalid', '_'])
  expect(await refusedBy('/api/v1/list?limit=1')).toBe(200)
  expect(await refusedBy('/api/v1/list?limti=1')).toEqual([400, 'query_invalid', 'limti'])
  expect(await refusedBy('/api/v1/list?limit=1&limit=2')).toEqual([400, 'query_invalid', 'limit'])
})
