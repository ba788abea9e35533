// Events of both ends in every order that a codec could tell them in, thousands of times: whatever comes,
// each exchange ends once and leaves nothing behind. SLUICE_SEED=… plays a failed order again.
import { expect, test } from 'bun:test'
import type { BodyForm } from '../../../server/http/ends.ts'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import { startEngine, toServers } from '../../support/engine.ts'
import { pause } from '../../support/wait.ts'
import { type Random, seedOfRun, seededRandom } from '../../support/random.ts'
import { type Breaches, FakeClient, FakeServers } from './fake-ends.ts'

const RUNS = Number(process.env['SLUICE_ORDERS'] ?? 4000)
const EVENTS = 30
const REQUESTS: readonly (readonly [head: string, form: BodyForm])[] = [
  ['GET /a HTTP/1.1\r\nHost: h\r\n\r\n', 'none'],
  ['HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n', 'none'],
  ['POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\n', 'length'],
  ['PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n', 'length'],
  ['PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n', 'as_it_came'],
  ['GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 'none'],
]
const LOSSES = [
  ['connect_refused', 'nothing', false],
  ['dns_failed', 'nothing', false],
  ['descriptor_limit', 'nothing', false],
  ['server_closed', 'request', false],
  ['server_closed', 'request', true],
  ['response_timeout', 'request', false],
  ['server_truncated', 'answer', false],
] as const

/** What a step is to do, when it is asked next. */
type Whim = 'pass' | 'wait' | 'answer' | 'throw'

/** A step with whims: each exchange is to reach its end once. */
class Whimsical implements Middleware<never> {
  readonly name = 'whimsical'
  whims: Whim[] = []
  ends = 0
  reached = 0
  readonly #waiting: ((throws: boolean) => void)[] = []

  request(): undefined | Promise<undefined> | { status: number; headers: []; body: string; fault: null } {
    this.reached++
    const whim = this.whims.shift() ?? 'pass'
    if (whim === 'answer') return { status: 200, headers: [], body: 'ours', fault: null }
    return this.#do(whim)
  }
  response(): undefined | Promise<undefined> {
    const whim = this.whims.shift() ?? 'pass'
    return this.#do(whim)
  }
  end(): void {
    this.ends++
  }
  #do(whim: Whim): undefined | Promise<undefined> {
    if (whim === 'throw') throw new Error('a whim')
    if (whim !== 'wait') return undefined
    return new Promise((resolve, reject) =>
      this.#waiting.push((throws) => (throws ? reject(new Error('a whim')) : resolve(undefined))),
    )
  }
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }
  async settle(throws: boolean): Promise<void> {
    this.#waiting.shift()?.(throws)
    for (let n = 0; n < 4; n++) await Promise.resolve()
  }
}

/** The client's request, as far as it has come. */
interface Sent {
  isOver: boolean
}

function clientEvents(client: FakeClient, sent: Sent, random: Random): (readonly [string, () => void])[] {
  if (client.events === null) return []
  const events: (readonly [string, () => void])[] = [
    ['gone', () => client.gone(random.below(2) === 0 ? 'client_abort' : 'client_stalled')],
  ]
  if (client.waitingBytes > 0) events.push(['client drained', () => client.drain()])
  else if (client.answered) events.push(['client slow', () => void (client.slow = random.below(2))])
  const hasBody = client.isTunnel || (client.requestForm !== 'none' && client.answered?.status !== 101)
  if (!hasBody || sent.isOver) return events
  const over = (): void => void (sent.isOver = true)
  return [
    ...events,
    ['body', () => client.body('x'.repeat(1 + random.below(30)))],
    ['body', () => client.body('x'.repeat(70_000))],
    ['end', () => (over(), client.end())],
    ...(client.isTunnel
      ? []
      : ([['fault', () => (over(), client.events?.requestFault('chunk_malformed'))]] as const)),
  ]
}

function serverEvents(servers: FakeServers, random: Random): (readonly [string, () => void])[] {
  return servers.attempts.flatMap((server): (readonly [string, () => void])[] => {
    const [code, reached, isStale] = random.pick<(typeof LOSSES)[number]>(LOSSES)
    const lose = ['lost', () => server.lose(code, reached, isStale)] as const
    const drain: (readonly [string, () => void])[] =
      server.waitingBytes > 0
        ? [['server drained', () => server.drain()]]
        : [['server slow', () => void (server.slow = random.below(2))]]
    const body = ['server body', () => server.body('y'.repeat(1 + random.below(9)))] as const
    switch (server.state) {
      case 'opening':
        return [['open', () => server.open()], lose]
      case 'asked':
        return [
          ...drain,
          ['interim', () => server.interim()],
          ['answer', () => server.answer(random.pick([200, 200, 404, 503]), random.pick(FORMS))],
          ...(server.isRequestWhole && server.form === 'none'
            ? ([['101', () => server.answer(101, 'content', 'Upgrade: websocket\r\n')]] as const)
            : []),
          lose,
        ]
      case 'answering':
        return [
          ...drain,
          body,
          body,
          ['server end', () => server.end(random.below(2) === 0)],
          lose,
          STALL(server),
        ]
      case 'half':
        return [...drain, lose]
      case 'whole':
        return server.takesRest ? [...drain, ['upload over', () => server.uploadOver()]] : []
      default:
        return []
    }
  })
}
const FORMS: readonly BodyForm[] = ['none', 'length', 'content', 'as_it_came']
const STALL = (server: { stalled(): void }) => ['upload stalled', () => server.stalled()] as const

/** Backends, and the share of runs that each gets. */
const BACKENDS = {
  'as it mostly is': [{ retry: { attempts: 3, backoff: '1ms' } }, 1],
  'that spares answers': [
    { retry: { attempts: 3, backoff: '1ms', statuses: [404, 503], faults: ['default', 'server_truncated'] } },
    0.5,
  ],
  'that is given so much time': [
    {
      retry: { attempts: 3, backoff: '1ms', statuses: [404, 503], timeout: '3s' },
      timeouts: { total: '5s' },
    },
    0.25,
  ],
  'that hedges': [
    {
      retry: {
        attempts: 4,
        backoff: '1ms',
        statuses: 503,
        hedge: { after: '1ms', most: 2 },
        budget: { least: 2 },
      },
    },
    0.25,
  ],
} as const

test.each(Object.entries(BACKENDS))(
  'whatever comes in whatever order to a backend %s, an exchange ends once and leaves nothing behind',
  async (_, [words, share]) => {
    const breaches: Breaches = []
    const bugs: unknown[] = []
    tellBugsTo((error) => void (String(error).includes('a whim') || bugs.push(error)))
    const step = new Whimsical()
    const servers = new FakeServers(breaches)
    const config = toServers(['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3'], {
      ...words,
      queue: { size: 1, timeout: '1h' },
    })
    const listener = { limits: { body: '64KiB' } }
    await using gateway = startEngine({ config, steps: [step], servers, listener })
    const { retry } = gateway.backend()
    for (let n = 0; n < 20; n++) retry.latency?.add(0.1, performance.now())
    const hasTimers = share < 1
    const base = seedOfRun()
    for (let run = 0; run < RUNS * share; run++) {
      const seed = base + run
      const random = seededRandom(seed)
      const told: string[] = []
      step.whims = Array.from({ length: 2 }, () =>
        random.pick(['pass', 'pass', 'pass', 'wait', 'answer', 'throw']),
      )
      step.reached = step.ends = 0
      servers.attempts.length = gateway.log.length = 0
      const [head, form] = random.pick(REQUESTS)
      const client = new FakeClient(gateway, head, form, breaches)
      client.takesFraming = random.below(4) > 0
      servers.takesFraming = random.below(4) > 0
      servers.atOnce = (attempt) => {
        attempt.isReused = true
        if (random.below(3) === 0) attempt.open()
        else if (random.below(4) === 0) attempt.lose('connect_refused', 'nothing')
      }
      client.begin(gateway)
      const sent: Sent = { isOver: form === 'none' }
      for (let n = 0; n < EVENTS && !client.isOver; n++) {
        if (client.isTunnel && form === 'none' && n < EVENTS) sent.isOver &&= told.includes('end')
        const events = [...clientEvents(client, sent, random), ...serverEvents(servers, random)]
        if (step.isWaiting) events.push(['settle', () => {}], ['settle', () => {}])
        if (hasTimers && random.below(3) === 0) events.push(['time passes', () => {}])
        if ('timeouts' in words && random.below(3) === 0)
          events.push(['much of it', () => gateway.runAhead(random.pick([3_100, 5_500]))])
        // A client seldom leaves: else no order would be long.
        const usual = events.filter(([name]) => name !== 'gone' || random.below(8) === 0)
        const [name, play] = random.pick(usual.length > 0 ? usual : events)
        told.push(name)
        if (name === 'time passes') await pause(2)
        else if (name === 'settle') await step.settle(random.below(4) === 0)
        else play()
      }
      if (!client.isOver) client.gone('stopped')
      while (step.isWaiting) await step.settle(random.below(2) === 0)
      const left = servers.attempts.filter(({ ending }) => ending === null).length
      const found = {
        ends: step.ends,
        lines: gateway.log.length,
        inFlight: gateway.inFlight,
        left,
        budget: retry.budget.inUse,
      }
      expect({ seed, told, breaches, bugs, ...found }).toEqual({
        seed,
        told,
        breaches: [],
        bugs: [],
        ends: step.reached,
        lines: 1,
        inFlight: 0,
        left: 0,
        budget: 0,
      })
    }
    tellBugsTo(() => {})
  },
  60_000,
)
