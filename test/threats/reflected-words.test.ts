// Threat: words of a request that come back as something else: markup in an error page, a second field or a
// second answer in a head, a second line in a log, a new series of metrics for each.
//
// Requests full of such words go through every kind of answer that is ours; what comes of them is read with
// readers that are not.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { WireAnswer } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

let origin: Origin
let gateway: Gateway
beforeAll(async () => {
  origin = startOrigin((_request, reply) => reply.send(200, 'hi'))
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [
        { name: 'moved', match: { path: '/moved/*' }, redirect: { to: 'https://{host}{path}{query}' } },
        {
          name: 'denied',
          match: { path: '/denied/*' },
          middleware: [{ ip: { deny: ['127.0.0.1'] } }],
          backend: 'origin',
        },
        { name: 'refused', match: { path: '/refused/*' }, backend: 'nowhere' },
        { name: 'served', match: { path: '/served/*' }, backend: 'origin' },
      ],
      backends: {
        origin: { servers: [{ url: origin.url }] },
        nowhere: { servers: [{ url: 'http://127.0.0.1:1' }], retry: { attempts: 1 } },
      },
    },
  })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await origin?.[Symbol.asyncDispose]()
})

const RULES = ['moved', 'denied', 'refused', 'served', 'nothing']
/** What somebody would like to see unchanged somewhere. */
const WORDS = [
  '<script>alert(1)</script>',
  '<img/src=x>',
  '"><svg>',
  '%0d%0aX-Evil:%201',
  '%0D%0A%0D%0AHTTP/1.1%20200%20OK%0D%0A',
  '%00',
  '%1b[2J',
  '{"fault":null}',
  '"},{"event":"serving"',
  '${jndi:x}',
  "';--",
  '\\u000a',
  '"\\',
  '%c0%ae',
]
const IN_FIELDS = [...WORDS, '\t', '\xff\xfe', '\x85', '\xe2\x80\xa8', 'a"b\\c', '}\\n{"time":"now"}']

function requestOf(random: ReturnType<typeof seededRandom>): string {
  const word = (): string => random.pick(WORDS)
  const target = `/${random.pick(RULES)}/${word()}${random.below(2) === 0 ? `?q=${word()}` : ''}`
  const host = random.below(4) === 0 ? `h${word()}` : 'h.example'
  const method = random.below(4) === 0 ? `M${random.below(1e9)}` : 'GET'
  const accept = random.pick(['text/html', 'application/json', '*/*'])
  const agent = `User-Agent: ${random.pick(IN_FIELDS)}${random.pick(IN_FIELDS)}\r\n`
  const more =
    random.below(4) === 0 ? `${word()}: ${word()}\r\n` : `X-Request-Id: ${random.pick(IN_FIELDS)}\r\n`
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\nConnection: close\r\n${agent}${more}\r\n`
}

function expectHarmless({ status, head, fields, body, get }: WireAnswer): void {
  for (const [name, value] of fields) {
    expect(name.toLowerCase()).not.toBe('x-evil')
    expect(value).not.toMatch(/[^\t -~]/)
  }
  expect(head).not.toMatch(/[^\r\n\t -~]/)
  if (status === 200) return
  const type = get('content-type') ?? ''
  // A page of ours has this markup and no other.
  if (type.startsWith('text/html'))
    expect(body.replaceAll(/<\/?(?:!doctype html|meta charset="utf-8"|title|h1|p|small)>/g, '')).not.toMatch(
      /[<>]/,
    )
  else if (type === 'application/json') expect(JSON.parse(body)).toHaveProperty('fault')
  else expect(body).not.toMatch(/<[a-z]/i)
}

test('nothing of a request comes back as markup, as a field, as a line of the log or as a series', async () => {
  const random = seededRandom(seedOfRun())
  const series = async (): Promise<string[]> =>
    (await (await fetch(`${gateway.admin}/metrics`)).text())
      .split('\n')
      .filter((line) => /^\w*_requests_total/.test(line))
  const count = 300
  const statuses = new Set<number>()
  for (let n = 0; n < count; n++) {
    const request = requestOf(random)
    await using client = await gateway.client()
    const answer = await client.send(request).readAnswer()
    statuses.add(answer.status)
    try {
      expectHarmless(answer)
      expect(await client.readToEnd()).toBe('')
    } catch (problem) {
      throw new Error(`seed ${random.seed}: ${JSON.stringify(request)}`, { cause: problem })
    }
  }
  // Each kind of answer was among them.
  for (const status of [200, 308, 400, 403, 404, 502]) expect([...statuses]).toContain(status)
  const lines = await waitFor(async () => {
    const text = (await Bun.file(join(gateway.folder, 'access.log')).text()).split('\n').slice(0, -1)
    return text.length >= count && text
  })
  expect(lines).toHaveLength(count)
  for (const line of lines) {
    expect(line).not.toMatch(/[\0-\x1f\x7f]/)
    expect(Object.keys(JSON.parse(line) as object).slice(0, 3)).toEqual(['time', 'request_id', 'listener'])
  }
  // By rule, server, method and status, all of closed lists; the same words again make none.
  const labels = (await series()).map((line) => line.slice(line.indexOf('{'), line.lastIndexOf('}')))
  expect(labels.length).toBeLessThan(60)
  for (const label of labels) expect(label).not.toMatch(/M\d|script|evil/i)
})
