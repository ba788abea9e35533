import { afterEach, describe, expect, test } from 'bun:test'
import { newProbe, type ServerCheck } from '../../../../server/control/health/probe.ts'
import { Prober } from '../../../../server/control/health/prober.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { Suspects } from '../../../../server/lib/address-race.ts'
import { dialsUnderWay, FullServer, fullServers } from '../../../support/full-server.ts'
import { waitFor } from '../../../support/wait.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'
import {
  answering,
  check,
  closedPort,
  expecting,
  sample,
  staying,
  stopSamples,
  type Lookup,
} from './samples.ts'

afterEach(stopSamples)

/** Suspects that know who was dialled. */
class Watched extends Suspects {
  readonly dialled: string[] = []

  override tried(address: string, port: number, nowMs: number): void {
    this.dialled.push(address)
    super.tried(address, port, nowMs)
  }
}

describe('a TCP check', () => {
  test('passes as soon as the connection stands, and ends it', async () => {
    const server = sample(
      () => {},
      (socket) => void socket.write('220 hello\r\n'),
    )
    expect(await check(server, { type: 'tcp' })).toBeNull()
    await waitFor(() => server.accepted === 1 && server.open === 0)
    expect(server.received).toBe('')
  })

  describe('that expects data', () => {
    const pinging = (answer: string) => sample((socket) => void socket.write(answer))
    const asks = (
      change: Partial<ServerCheck['expect']>,
      more: Partial<ServerCheck> = {},
    ): Partial<ServerCheck> => ({
      type: 'tcp',
      send: 'PING\\r\\n\\r\\n',
      ...expecting(change),
      ...more,
    })

    test('sends what it is told and passes by what comes', async () => {
      const server = pinging('+PONG\r\n')
      expect(await check(server, asks({ data: '+PONG\\r\\n' }))).toBeNull()
      expect(await check(server, asks({ data_regex: '^[+]P' }))).toBeNull()
      expect(server.received).toBe('PING\r\n\r\nPING\r\n\r\n')
      await waitFor(() => server.open === 0)
    })

    test('waits for what a server says by itself', async () => {
      const server = sample(
        () => {},
        (socket) => void socket.write('220 hello\r\n'),
      )
      expect(await check(server, { type: 'tcp', ...expecting({ data: '220 ' }) })).toBeNull()
    })

    test('says what it got instead, in time', async () => {
      expect(await check(pinging('-LOADING\r\n'), asks({ data: '+PONG' }, { timeout: 100 }))).toBe(
        'timed out after 100ms while waiting for the answer: answer lacks "+PONG"',
      )
      expect(await check(pinging('no'), asks({ data_regex: 'yes', data_limit: 2 }))).toBe(
        'answer does not match /yes/ in its first 2',
      )
      const leaving = sample((socket) => void socket.end())
      expect(await check(leaving, asks({ data: 'x' }))).toBe('connection closed before an answer')
      expect(await check({ port: closedPort() }, asks({ data: 'x' }))).toBe('connect refused')
    })
  })

  test('fails where nobody listens', async () => {
    expect(await check({ port: closedPort() }, { type: 'tcp' })).toBe('connect refused')
    expect(await check({ port: closedPort(), host: '::1' }, { type: 'tcp' })).toBe('connect refused')
  })
})

describe('each check', () => {
  test('names what it was doing when its time was over', async () => {
    const mute: Lookup = () => {}
    expect(await check({ host: 'db.test', port: 1, lookup: mute }, { timeout: 20 })).toBe(
      'timed out after 20ms while resolving db.test',
    )
    await using never = new FullServer()
    expect(await check(never, { timeout: 20 })).toBe('timed out after 20ms while connecting')
    const silent = sample(() => {})
    expect(await check(silent, { timeout: 50 })).toBe('timed out after 50ms while waiting for the answer')
    const slow = staying('HTTP/1.1 200 OK\r\n\r\n')
    expect(await check(slow, { timeout: 50, ...expecting({ body: 'x' }) })).toBe(
      'timed out after 50ms while reading the body',
    )
    await waitFor(() => silent.open + slow.open === 0)
  })

  test('tells why a name has no address', async () => {
    const lookup: Lookup = (host, done) => done([], `DNS knows no address of ${host}`)
    expect(await check({ host: 'no.test', port: 80, lookup })).toBe(
      'name not resolved: DNS knows no address of no.test',
    )
  })

  test('tries the addresses of a name one after the other', async () => {
    const server = answering('HTTP/1.1 200 OK\r\n\r\n')
    const lookup: Lookup = (_host, done) => done(['::1', '127.0.0.1'], null)
    expect(await check({ host: 'localhost', port: server.port, lookup })).toBeNull()
    expect(await check({ host: 'localhost', port: closedPort(), lookup })).toBe('connect refused')
  })

  test('of a name is not held up by an address that is silent, and remembers it', async () => {
    const server = answering('HTTP/1.1 200 OK\r\n\r\n')
    await using _ = fullServers(server.port, '127.0.0.2')
    const lookup: Lookup = (_host, done) => done(['127.0.0.2', '127.0.0.1'], null)
    const suspects = new Watched()
    const where = { host: 'two.test', port: server.port, lookup, suspects }
    expect(await check(where, { timeout: 60_000 })).toBeNull()
    expect(suspects.isSuspect('127.0.0.2', server.port, performance.now())).toBe(true)
    await waitFor(() => dialsUnderWay() === 0)
    suspects.dialled.length = 0
    expect(await check(where)).toBeNull()
    expect(suspects.dialled).toEqual(['127.0.0.1'])
  })

  test('of a name whose addresses are all silent ends with its time', async () => {
    const port = closedPort()
    await using _ = fullServers(port, '127.0.0.1', '127.0.0.2')
    const lookup: Lookup = (_host, done) => done(['127.0.0.2', '127.0.0.1'], null)
    expect(await check({ host: 'two.test', port, lookup }, { timeout: 300 })).toBe(
      'timed out after 300ms while connecting',
    )
    await waitFor(() => dialsUnderWay() === 0)
  })

  test('that is given up says nothing and closes its connection', async () => {
    const server = sample(() => {})
    const target = {
      host: '127.0.0.1',
      port: server.port,
      authority: 'x',
      check: healthCheck({ timeout: 30 }),
    }
    const ends: (string | null)[] = []
    const probe = newProbe({ lookup: (host, done) => done([host], null) })
    const cancel = probe(target, (reason) => ends.push(reason))
    await waitFor(() => server.open === 1)
    cancel()
    await waitFor(() => server.open === 0)
    const early = probe(target, (reason) => ends.push(reason))
    early()
    await check(answering('HTTP/1.1 200 OK\r\n\r\n'))
    expect(ends).toEqual([])
    expect(server.accepted).toBe(1)
  })

  test('of many at once ends', async () => {
    const server = answering('HTTP/1.1 200 OK\r\n\r\n')
    const port = closedPort()
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => check(i % 2 === 0 ? server : { port })),
    )
    expect(results.filter((reason) => reason === null).length).toBe(100)
    expect(results.filter((reason) => reason === 'connect refused').length).toBe(100)
  })
})

describe('the prober', () => {
  test('finds out about real servers, one that goes and one that comes', async () => {
    const good = answering('HTTP/1.1 200 OK\r\n\r\n')
    const port = closedPort()
    const board = scoreboardOn(privateRegion(8, 1), -1)
    const prober = new Prober({
      board,
      resolver: { lookup: (host, done) => done([host], null) },
      onChange: () => {},
    })
    const config = configOf({
      api: {
        servers: [
          { name: 'good', url: `http://127.0.0.1:${good.port}` },
          { name: 'bad', url: `http://127.0.0.1:${port}` },
        ],
        check: healthCheck({ interval: 20, interval_down: 20, rise: 1, fall: 2 }),
      },
    })
    await prober.stage(config, slotsOf(config))
    prober.apply(config, slotsOf(config))
    expect([board.state(2), board.state(3)]).toEqual([STATE_UP, STATE_DOWN])
    expect(prober.reasons()).toEqual({ api: { bad: 'connect refused' } })
    good.stop()
    const come = Bun.listen({
      hostname: '127.0.0.1',
      port,
      socket: { data: (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n') },
    })
    await waitFor(() => board.state(2) === STATE_DOWN && board.state(3) === STATE_UP)
    expect(prober.reasons()).toEqual({ api: { good: 'connect refused' } })
    prober.stop()
    come.stop(true)
  })
})
