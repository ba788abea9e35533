// Which sockets a gateway has: what is wanted, what the machine lets it have, and where that is told.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { status } from '../../server/cli/status.ts'
import { fromOn } from '../../server/sockets/choose.ts'
import { kindsHere } from '../../server/sockets/sockets.ts'
import { probe } from '../../server/sockets/uring/probe.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const here = Object.keys(kindsHere())
const whyNoRing = here.includes('io_uring') ? probe() : 'there is none here'
if (whyNoRing !== null) process.stderr.write(`skipped: needs io_uring: ${whyNoRing}\n`)
const REFUSE = join(import.meta.dir, '../support/refuse-io-uring.ts')
const SLOW = 60_000

const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
const origin = `http://127.0.0.1:${server.port}`
afterAll(() => server.stop(true))
// What may be set for the whole run of the tests: here it is not.
const kept = ['SLUICE_SOCKETS', 'SLUICE_TEST_SOCKETS'].map((name) => [name, process.env[name]] as const)
beforeAll(() => {
  for (const [name] of kept) delete process.env[name]
})
afterAll(() => {
  for (const [name, value] of kept) if (value !== undefined) process.env[name] = value
})

const config = (more: object = {}): Record<string, unknown> => ({
  listen: '127.0.0.1:0',
  backends: [{ url: origin }],
  data: './data',
  ...more,
})

const metricsOf = async (gateway: Gateway): Promise<string> =>
  (await fetch(`${gateway.admin}/metrics`)).text()
const statusOf = async (gateway: Gateway): Promise<string> =>
  (await saidBy((io) => status([], io), { cwd: gateway.folder })).out
const fallbacksOf = ({ events }: Gateway): object[] =>
  events.filter(({ event }) => event === 'sockets_fallback').map(({ time: _, ...facts }) => facts)

async function serves(gateway: Gateway): Promise<void> {
  for (let i = 0; i < 4; i++) expect(await (await gateway.fetch('/')).text()).toBe('hello')
}

const kinds = fromOn('auto').filter((kind) =>
  kind === 'io_uring' ? whyNoRing === null : kind === 'bun' || here.includes(kind),
)

describe.each(kinds)('%s', (kind) => {
  test(
    'is told where it serves, in workers and without them',
    async () => {
      for (const workers of [2, 0]) {
        await using gateway = await startGateway({ config: config({ sockets: kind }), workers })
        await serves(gateway)
        expect(gateway.last('serving')).toMatchObject({ sockets: kind })
        expect(await statusOf(gateway)).toContain(`\nsockets: ${kind}\n`)
        const processes = workers === 0 ? ['supervisor'] : ['worker-0', 'worker-1']
        const told = processes.map((process) => `lb_sockets_info{process="${process}",kind="${kind}"} 1`)
        const turns = /^lb_sockets_turns_total\{process="[^"]*"\} [1-9]/m
        const metrics = await waitFor(async () => {
          const text = await metricsOf(gateway)
          const isTold = told.every((line) => text.includes(line)) && (kind === 'bun' || turns.test(text))
          return isTold ? text : null
        })
        expect(metrics.match(/^lb_sockets_info\{/gm)).toHaveLength(told.length)
        expect(turns.test(metrics)).toBe(kind !== 'bun')
        expect(fallbacksOf(gateway)).toEqual([])
      }
    },
    SLOW,
  )
})

test('auto takes the best that can be had', async () => {
  await using gateway = await startGateway({ config: config() })
  expect(gateway.last('serving')).toMatchObject({ sockets: kinds[0] })
}, 30_000)

const SECCOMP =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && here.includes('io_uring')

describe.skipIf(!SECCOMP)('where a seccomp filter closes io_uring', () => {
  test.each([
    ['1', 'it is not permitted here, as in most containers (seccomp profile)'],
    ['38', 'this kernel has none, or a seccomp profile says so'],
    [
      'kill',
      'a seccomp filter ends whoever asks for it: the profile of the container, or SystemCallFilter= of the unit',
    ],
    // Bun answers the signal of such a filter by ENOSYS.
    ['trap', 'this kernel has none, or a seccomp profile says so'],
    ['trap:426', 'io_uring_enter is refused, though io_uring_setup is not, by a seccomp profile (errno 38)'],
    [
      'kill:426',
      'a seccomp filter ends whoever calls io_uring_enter, though it lets io_uring_setup pass: the profile of the container, or SystemCallFilter= of the unit',
    ],
    ['1:426', 'io_uring_enter is refused, though io_uring_setup is not, by a seccomp profile (errno 1)'],
    ['1:427', 'io_uring_register is refused, though io_uring_setup is not, by a seccomp profile (errno 1)'],
  ])(
    'with errno %s, epoll serves in its place, and that is told once for all workers and their lives',
    async (errno, why) => {
      await using gateway = await startGateway({
        config: config(),
        workers: 2,
        through: [process.execPath, REFUSE, errno],
      })
      expect(gateway.last('serving')).toMatchObject({ sockets: 'epoll' })
      await serves(gateway)

      gateway.signal('SIGHUP')
      await gateway.event('applied')
      sendSignal(gateway.workers[0], 'SIGKILL')
      await gateway.event('worker_replaced')
      await serves(gateway)

      const reason = `io_uring: ${why}`
      expect(fallbacksOf(gateway)).toEqual([
        { level: 'info', event: 'sockets_fallback', wanted: 'auto', sockets: 'epoll', why: reason },
      ])
      expect(await statusOf(gateway)).toContain(`\nsockets: epoll (${reason})\n`)
      expect(gateway.events.filter(({ event }) => event === 'bug')).toEqual([])
    },
    SLOW,
  )

  test('who asks for epoll hears nothing of it', async () => {
    await using gateway = await startGateway({
      config: config({ sockets: 'epoll' }),
      through: [process.execPath, REFUSE, 'kill'],
    })
    expect(gateway.last('serving')).toMatchObject({ sockets: 'epoll' })
    expect(fallbacksOf(gateway)).toEqual([])
  }, 30_000)
})

test('SLUICE_SOCKETS goes before the config, in workers too', async () => {
  await using gateway = await startGateway({
    config: config({ sockets: 'auto' }),
    env: { SLUICE_SOCKETS: 'bun' },
  })
  expect(gateway.last('serving')).toMatchObject({ sockets: 'bun' })
  await waitFor(async () => (await metricsOf(gateway)).includes('{process="worker-0",kind="bun"} 1'))
}, 30_000)

test('a start with a SLUICE_SOCKETS that nobody knows fails, and says what is allowed', async () => {
  await using gateway = await spawnGateway({ config: config(), env: { SLUICE_SOCKETS: 'kqueue' } })
  expect(await gateway.exited()).toBe(1)
  expect(gateway.stderr).toContain(
    'SLUICE_SOCKETS in the environment: found "kqueue", allowed auto, io_uring, epoll, bun',
  )
}, 30_000)

test('where the file is wrong as well, both are told', async () => {
  const both = { ...config(), listener: {} }
  await using gateway = await spawnGateway({ config: both, env: { SLUICE_SOCKETS: 'kqueue' } })
  expect(await gateway.exited()).toBe(1)
  expect(gateway.stderr).toContain(' listener: found the unknown key "listener"')
  expect(gateway.stderr).toMatch(/^SLUICE_SOCKETS in the environment: found "kqueue", allowed/m)
}, 30_000)

test('a change to other sockets is refused, as it needs a restart; one that changes nothing is taken', async () => {
  await using gateway = await startGateway({ config: config({ sockets: 'bun' }) })
  const [best] = kinds
  if (best !== 'bun') {
    expect(await gateway.apply(config({ sockets: best }))).toMatchObject({
      event: 'rejected',
      problems: [{ path: 'sockets', message: `found ${best}, in use is bun: a change needs a restart` }],
    })
    expect(await statusOf(gateway)).toContain('a newer file was rejected')
  }
  expect(await gateway.apply(config({ sockets: 'bun', drain: '3s' }))).toMatchObject({
    event: 'applied',
    sockets: 'bun',
  })
  await serves(gateway)
}, 30_000)
