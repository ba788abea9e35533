import { describe, expect, test } from 'bun:test'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import { Backend } from '../../../server/backends/backend.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import type { Sticky } from '../../../server/backends/sticky.ts'
import { StickySeal } from '../../../server/backends/sticky-seal.ts'
import { USUAL } from '../../../server/backends/sticky-words.ts'
import { RequestHead } from '../../../server/head/request-head.ts'
import { unixSeconds } from '../../../server/lib/clock.ts'
import { ADMIN_DRAIN, ADMIN_MAINTENANCE, ADMIN_READY } from '../../../server/scoreboard/states.ts'
import { backendConfig, Bench, serverConfig, tally, walk } from './backends.ts'

const THREE = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
const SECRET = 'a secret of the tests'
const seal = new StickySeal('api', [SECRET])

function requestWith(server: string, agoS = 0): RequestHead {
  const request = new RequestHead()
  const cookie = `sluice_sticky=${seal.seal(server, unixSeconds() - agoS)}`
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`)
  request.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 99, fields: 9 })
  return request
}

/** Who serves a session, what becomes of it, and whether it is given another cookie. */
function serve(backend: Backend, request: RequestHead): readonly [string, string, boolean] {
  const sticky = backend.sticky as Sticky
  const shown = sticky.read(request)
  const own = sticky.serverOf(shown)
  const server = backend.pick(0, null, own) as Server
  backend.release(server, ANSWERED)
  const stuck = sticky.judge(shown, own, server, false)
  const cookie = sticky.cookieFor(shown, stuck, server, false)
  return [server.name, stuck.why ?? stuck.result, cookie !== null]
}

describe('a session', () => {
  const options = (more: Partial<typeof USUAL> = {}) =>
    backendConfig(THREE, { sticky: { ...USUAL, secret: SECRET, ...more } })

  test('of a server that drains is not prolonged, and ends with its ttl', () => {
    const bench = new Bench()
    const backend = bench.backend(options({ drain: 'sticky' }))
    expect(serve(backend, requestWith('b', 1000))).toEqual(['b', 'hit', true])
    bench.order('b', ADMIN_DRAIN)
    expect(serve(backend, requestWith('b', 1000))).toEqual(['b', 'hit', false])
    const [server, result, isGiven] = serve(backend, requestWith('b', 3700))
    expect([server === 'b', result, isGiven]).toEqual([false, 'expired', true])
    bench.order('b', ADMIN_READY)
    expect(serve(backend, requestWith('b', 1000))).toEqual(['b', 'hit', true])
  })

  test('has its cookie taken out of what goes to a server, also of one that stands alone', () => {
    const learning = { learn: 'sid', cookie: 'sluice_sticky', strip: true }
    for (const more of [{ strip: true }, learning]) {
      const { sticky } = new Bench().backend(options(more))
      const request = requestWith('b')
      sticky?.strip(request, sticky.read(request))
      expect(request.get('cookie')).toBeNull()
    }
  })

  test('is looked for among eight cookies of its name, in however many fields they are', () => {
    const sticky = new Bench().backend(options()).sticky as Sticky
    const read = (forged: number, isInOne: boolean): boolean => {
      const all = [...Array<string>(forged).fill('A'.repeat(40)), seal.seal('b', unixSeconds())]
      const cookies = all.map((value) => `sluice_sticky=${value}`)
      const fields = isInOne ? [cookies.join('; ')] : cookies
      const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fields.map((one) => `Cookie: ${one}\r\n`).join('')}\r\n`)
      const request = new RequestHead()
      request.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 99, fields: 99 })
      return sticky.serverOf(sticky.read(request)) !== null
    }
    for (const isInOne of [true, false])
      expect([read(7, isInOne), read(8, isInOne), read(0, isInOne)]).toEqual([true, false, true])
  })

  test('leaves a server that drains at once where that is not asked for, and one in maintenance always', () => {
    const bench = new Bench()
    for (const drain of ['leave', 'sticky'] as const) {
      const backend = bench.backend(options({ drain }))
      for (const [admin, why] of [
        [ADMIN_DRAIN, drain === 'leave' ? 'draining' : 'hit'],
        [ADMIN_MAINTENANCE, 'in maintenance'],
        [ADMIN_READY, 'hit'],
      ] as const) {
        bench.order('b', admin)
        expect(serve(backend, requestWith('b'))[1]).toBe(why)
      }
    }
  })

  test('is found again among other servers, and known to be gone', () => {
    const bench = new Bench()
    const backend = bench.backend(options())
    expect(serve(backend, requestWith('c'))).toEqual(['c', 'hit', false])
    const list = [{ name: 'z' }, { name: 'c' }].map(serverConfig)
    bench.board.setState(bench.slotOf('z'), 1)
    backend.replaceServers(list, bench.slots({ ...backend.options, servers: list }))
    expect(serve(backend, requestWith('c'))).toEqual(['c', 'hit', false])
    expect(serve(backend, requestWith('z'))).toEqual(['z', 'hit', false])
    expect(serve(backend, requestWith('a')).slice(1)).toEqual(['gone', true])
  })

  test('goes back from a backup as soon as another server is up', () => {
    const bench = new Bench()
    const servers = [{ name: 'a' }, { name: 'b', backup: true }]
    const backend = bench.backend(backendConfig(servers, { sticky: { ...USUAL, secret: SECRET } }))
    bench.order('a', ADMIN_MAINTENANCE)
    expect(serve(backend, requestWith('a'))).toEqual(['b', 'in maintenance', true])
    expect(serve(backend, requestWith('b'))).toEqual(['b', 'hit', false])
    bench.order('a', ADMIN_READY)
    expect(serve(backend, requestWith('b'))).toEqual(['a', 'others go before it', true])
  })

  test('needs a secret: of the config, or of the gateway, and another one is another backend', () => {
    const bench = new Bench()
    expect(() => bench.backend(backendConfig(THREE, { sticky: true }))).toThrow('has no secret')
    const made = bench.backend(backendConfig(THREE, { sticky: true }), { stickySecret: SECRET })
    expect(serve(made, requestWith('b'))).toEqual(['b', 'hit', false])
    const parts = { options: made.options, slots: bench.slots(made.options), board: bench.board }
    const again = new Backend({ name: 'api', ...parts, previous: made, stickySecret: SECRET })
    expect(again.isOf({ ...parts, stickySecret: SECRET })).toBe(true)
    expect(again.isOf({ ...parts, stickySecret: 'another' })).toBe(false)
  })
})

describe('clients by address', () => {
  const keyOf = (backend: Backend) => (at: number) => backend.clientKey(`192.0.2.${at % 40}`)
  const keyed = ALGORITHMS.filter((one) => one !== 'hash' && one !== 'ip_hash')

  test.each(keyed)('stay with their servers, whatever the algorithm is: %s', (algorithm) => {
    const options = backendConfig(THREE, { algorithm, sticky: { ...USUAL, client_ip: true } })
    const bench = new Bench()
    const [one, two] = [0, 1].map((row) => bench.backend(options, { row })) as [Backend, Backend]
    const first = walk(one, 40, keyOf(one))
    expect(walk(two, 80, keyOf(two))).toEqual([...first, ...first])
    expect(Object.keys(tally(first)).toSorted()).toEqual(['a', 'b', 'c'])
    // One that leaves takes nobody else along, and has its own back.
    bench.order('a', ADMIN_MAINTENANCE)
    const without = walk(one, 40, keyOf(one))
    expect(without.filter((name, at) => name !== first[at] && first[at] !== 'a')).toEqual([])
    expect(without).not.toContain('a')
    bench.order('a', ADMIN_READY)
    expect(walk(one, 40, keyOf(one))).toEqual(first)
  })

  test('go on to a server that drains where that is asked for', () => {
    for (const drain of ['leave', 'sticky'] as const) {
      const bench = new Bench()
      const backend = bench.backend(backendConfig(THREE, { sticky: { ...USUAL, client_ip: true, drain } }))
      const first = walk(backend, 40, keyOf(backend))
      bench.order('a', ADMIN_DRAIN)
      expect(walk(backend, 40, keyOf(backend)).includes('a')).toBe(drain === 'sticky')
      if (drain === 'sticky') expect(walk(backend, 40, keyOf(backend))).toEqual(first)
    }
  })
})
