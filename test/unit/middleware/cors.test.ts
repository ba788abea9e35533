import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { CorsConfig } from '../../../server/middleware/cors.options.ts'
import { Origins } from '../../../server/middleware/origins.ts'
import { stepOf, stepsOf, testGround } from '../../support/step-world.ts'
import { exchange, headOf, requestOf, responseOf } from './exchanges.ts'

const DEFAULTS: CorsConfig = {
  mode: 'enforce',
  origins: ['https://app.example'],
  methods: ['GET', 'POST'],
  headers: ['Content-Type'],
  expose: [],
  credentials: false,
  max_age: 600_000,
  private_network: false,
  refused: 'pass',
  server_fields: 'replace',
}

const step = (options: Partial<CorsConfig> = {}) => stepOf({ cors: { ...DEFAULTS, ...options } })

/** What is answered here, and what is said of the server's answer. */
function ask(options: Partial<CorsConfig>, request = requestOf(), answer = responseOf()) {
  const made = step(options)
  const note = made.note?.()
  const x = exchange({ request })
  const refused = made.request?.(x, note) as Answer | undefined
  if (refused === undefined) void made.response?.(x, answer, note)
  const said = [...(answer.edits?.added ?? [])].map(({ line }) => line.toString().trim())
  return { refused, said, x, removed: (name: string) => answer.edits?.removes(name) ?? false }
}

const preflight = (...fields: string[]) =>
  headOf(
    'OPTIONS / HTTP/1.1',
    'Host: example.org',
    'Origin: https://app.example',
    'Access-Control-Request-Method: PUT',
    ...fields,
  )
const fieldsOf = (answer: Answer | undefined) => Object.fromEntries(answer?.headers ?? [])

describe('origins', () => {
  test.each([
    [
      'https://app.example',
      ['https://app.example'],
      ['https://app.example:8443', 'http://app.example', 'https://App.example'],
    ],
    [
      'https://*.app.example',
      ['https://a.app.example', 'https://a.b.app.example'],
      [
        ...[
          'https://app.example',
          'https://.app.example',
          'https://a.app.example.evil.test',
          'https://aapp.example',
        ],
        ...[
          'https://a.appxexample',
          'https://evil.test/.app.example',
          'https://a.app.example:1',
          'https://evil@a.app.example',
        ],
      ],
    ],
    [
      'http://localhost:*',
      ['http://localhost', 'http://localhost:5173'],
      ['http://localhost:5173.evil.test', 'http://localhost:', 'https://localhost'],
    ],
    ['http://[::1]:*', ['http://[::1]:80'], ['http://[::2]:80']],
    [
      { regex: 'https://pr-[0-9]+[.]app[.]example' },
      ['https://pr-1.app.example'],
      ['https://pr-1.app.example.evil.test', 'xhttps://pr-1.app.example'],
    ],
    [{ regex: 'https://a|https://b' }, ['https://a', 'https://b'], ['https://ax', 'xhttps://b']],
    ['*', ['https://any.example', 'null', ''], []],
    ['null', ['null'], ['', 'https://null']],
  ])('%j takes those that it says, and none that look alike', (words, taken, others) => {
    const origins = new Origins([words])
    expect(taken.filter((one) => !origins.has(one))).toEqual([])
    expect(others.filter((one) => origins.has(one))).toEqual([])
  })

  test('hostile ones are none, however often they come', () => {
    const origins = new Origins(['https://*.app.example', { regex: 'https://[a-z.]*' }])
    const long = `https://${'a.'.repeat(32_768)}app.example`
    for (const one of [
      long,
      'https://a\r\n.app.example',
      'https://a\0.app.example',
      'https://\xff\xfe.app.example',
      '',
    ])
      for (let i = 0; i < 3; i++) expect(origins.has(one)).toBe(false)
    for (let i = 0; i < 2000; i++) expect(origins.has(`https://${i}.evil.test`)).toBe(false)
    expect(origins.has('https://a.app.example')).toBe(true)
  })
})

describe('a preflight', () => {
  test('is answered here with what its origin may', () => {
    const { refused } = ask({ credentials: true }, preflight())
    expect(refused).toMatchObject({ status: 204, fault: null, body: '' })
    expect(fieldsOf(refused)).toEqual({
      'Access-Control-Allow-Origin': 'https://app.example',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'Content-Type',
      'Access-Control-Max-Age': '600',
      Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    })
  })

  test('where all may be asked for is told what it has asked for, as far as that are names', () => {
    const all = { methods: ['*'], headers: ['*'] }
    const names = 'Access-Control-Request-Headers: authorization, x-a'
    expect(fieldsOf(ask(all, preflight(names)).refused)).toMatchObject({
      'Access-Control-Allow-Methods': '*',
      'Access-Control-Allow-Headers': 'authorization, x-a',
    })
    const told = fieldsOf(ask({ ...all, credentials: true }, preflight(names)).refused)
    expect(told['Access-Control-Allow-Methods']).toBe('PUT')
    for (const bad of ['a b', 'a,,b', '\xff', `${'a'.repeat(1000)}, ${'b'.repeat(1000)}, ${'c'.repeat(60)}`])
      expect(
        fieldsOf(ask(all, preflight(`Access-Control-Request-Headers: ${bad}`)).refused),
      ).not.toHaveProperty('Access-Control-Allow-Headers')
  })

  test('into a private network is allowed where that is said', () => {
    const asks = preflight('Access-Control-Request-Private-Network: true')
    const name = 'Access-Control-Allow-Private-Network'
    expect(fieldsOf(ask({ private_network: true }, asks).refused)[name]).toBe('true')
    expect(fieldsOf(ask({ private_network: true }, preflight()).refused)[name]).toBeUndefined()
    expect(fieldsOf(ask({}, asks).refused)[name]).toBeUndefined()
  })

  test('of another origin is answered without a word for it; or refused', () => {
    const other = { origins: ['https://other.example'] }
    const { refused } = ask(other, preflight())
    expect([refused?.status, Object.keys(fieldsOf(refused))]).toEqual([204, ['Vary']])
    const denied = ask({ ...other, refused: 'deny' }, preflight())
    expect(denied.refused).toMatchObject({ status: 403, fault: 'origin_refused' })
    expect(denied.x.detail).toBe('rules.test.cors: origin "https://app.example"')
  })

  test('is none without what it asks for, or by another method', () => {
    expect(
      ask({}, headOf('OPTIONS / HTTP/1.1', 'Host: h', 'Origin: https://app.example')).refused,
    ).toBeUndefined()
    expect(
      ask({}, requestOf('Origin: https://app.example', 'Access-Control-Request-Method: GET')).refused,
    ).toBeUndefined()
    expect(
      ask({}, headOf('OPTIONS / HTTP/1.1', 'Host: h', 'Access-Control-Request-Method: GET')).refused,
    ).toBeUndefined()
  })
})

describe('an answer', () => {
  const own = requestOf('Origin: https://app.example')

  test('says who may read it, once, whatever the server says', () => {
    const of = responseOf('access-control-allow-ORIGIN: *', 'Access-Control-Max-Age: 5', 'Vary: origin')
    const { said, removed } = ask({ expose: ['X-A', 'X-B'] }, own, of)
    expect(said).toEqual([
      'Access-Control-Allow-Origin: https://app.example',
      'Access-Control-Expose-Headers: X-A, X-B',
    ])
    expect(removed('access-control-max-age')).toBe(true)
  })

  test('of a server that says it itself stays, where that is wanted', () => {
    const keep = { server_fields: 'keep' as const }
    expect(ask(keep, own, responseOf('Access-Control-Allow-Origin: https://a.example')).said).toEqual([])
    expect(ask(keep, own, responseOf()).said).toEqual([
      'Vary: Origin',
      'Access-Control-Allow-Origin: https://app.example',
    ])
  })

  test('goes by the origin, for whoever keeps it: unless all may read it', () => {
    expect(ask({}, requestOf()).said).toEqual(['Vary: Origin'])
    expect(ask({}, requestOf('Origin: https://b.example')).said).toEqual(['Vary: Origin'])
    expect(ask({}, requestOf(), responseOf('Vary: Accept, *')).said).toEqual([])
    for (const request of [requestOf(), own, requestOf('Origin: null')])
      expect(ask({ origins: ['*'] }, request).said).toEqual(['Access-Control-Allow-Origin: *'])
  })

  test('to another origin has no word of the server for it either', () => {
    const { said, removed } = ask(
      {},
      requestOf('Origin: https://b.example'),
      responseOf('Access-Control-Allow-Origin: *'),
    )
    expect(said).toEqual(['Vary: Origin'])
    expect(removed('access-control-allow-origin')).toBe(true)
  })
})

test('in shadow another origin is counted, and goes on as if there were no step', () => {
  const counted: string[] = []
  const scratch = testGround()
  const ground = testGround({
    board: scratch.board,
    counter: (name, labels) =>
      Object.assign(Object.create(scratch.counter(name, labels)), {
        add: () => void counted.push(`${name} ${labels.join(' ')}`),
      }),
  })
  const options: CorsConfig = { ...DEFAULTS, mode: 'shadow', origins: ['https://b.example'], refused: 'deny' }
  const [made] = stepsOf([{ cors: options }], { ground })
  const note = made?.step.note?.()
  const x = exchange({ request: preflight() })
  expect(made?.step.request?.(x, note)).toBeUndefined()
  expect([x.shadow, x.detail]).toEqual(['cors', null])
  expect(counted).toEqual(['shadow_refusals_total test cors', 'cors_requests_total shadow test'])
})
