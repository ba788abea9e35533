import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Resolver, type ResolverSettings } from '../../../server/lib/resolver.ts'

const NOERROR = 0
const SERVFAIL = 2
const NXDOMAIN = 3

interface Zone {
  a?: string[]
  aaaa?: string[]
  ttl?: number
  code?: number
  aaaaCode?: number
  silent?: boolean | 'once'
}

/** A DNS server that answers from `zones` and remembers who asked what. */
class SampleDns {
  readonly zones = new Map<string, Zone>()
  readonly asked: string[] = []
  readonly held: (() => void)[] = []
  hold = false
  #socket: Socket = createSocket('udp4')
  port = 0

  async start(): Promise<void> {
    this.#socket.on('message', (message, from) => {
      const { name, type, end } = readQuestion(message)
      this.asked.push(`${name} ${type === 1 ? 'A' : 'AAAA'}`)
      const zone = this.zones.get(name)
      if (zone?.silent === 'once') {
        if (this.times(name, type) === 1) return
      } else if (zone?.silent) return
      const send = () => this.#socket.send(answerTo(message, end, type, zone), from.port, from.address)
      if (this.hold) this.held.push(send)
      else send()
    })
    await new Promise<void>((done) => this.#socket.bind(0, '127.0.0.1', done))
    this.port = this.#socket.address().port
  }

  times(name: string, type: number): number {
    return this.asked.filter((one) => one === `${name} ${type === 1 ? 'A' : 'AAAA'}`).length
  }

  release(): void {
    this.hold = false
    for (const send of this.held.splice(0)) send()
  }

  stop(): void {
    this.#socket.close()
  }
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  while (message[at] !== 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + message[at]!))
    at += 1 + message[at]!
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function answerTo(message: Buffer, end: number, type: number, zone: Zone | undefined): Buffer {
  const code =
    (type === 28 ? zone?.aaaaCode : undefined) ?? zone?.code ?? (zone === undefined ? NXDOMAIN : NOERROR)
  const list = code === NOERROR ? ((type === 1 ? zone?.a : zone?.aaaa) ?? []) : []
  const head = Buffer.from(message.subarray(0, end))
  head.writeUInt16BE(0x8180 | code, 2)
  head.writeUInt16BE(list.length, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  const records = list.map((address) => {
    const data =
      type === 1
        ? Buffer.from(address.split('.').map(Number))
        : Buffer.from(
            address.split(':').flatMap((group) => [Number(`0x${group}`) >> 8, Number(`0x${group}`) & 255]),
          )
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(zone?.ttl ?? 60, 6)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([head, ...records])
}

const dns = new SampleDns()
const folder = mkdtempSync(join(tmpdir(), 'resolver-'))
const hostsFile = join(folder, 'hosts')
let nowMs = 0

beforeAll(() => dns.start())
afterAll(() => {
  dns.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  nowMs = 1_000_000
  dns.zones.clear()
  dns.asked.length = 0
  dns.hold = false
  writeFileSync(hostsFile, '127.0.0.1 localhost\n')
})

const options = { timeout: 2000, ttl_min: 1000, ttl_max: 300_000 }
const resolver = (more: Partial<typeof options> = {}, settings: ResolverSettings = {}) =>
  new Resolver({ ...options, ...more, servers: [`127.0.0.1:${dns.port}`] }, () => nowMs, {
    hostsFile,
    ...settings,
  })

const lookup = (from: Resolver, host: string) =>
  new Promise<{ addresses: readonly string[]; why: string | null }>((done) =>
    from.lookup(host, (addresses, why) => done({ addresses, why })),
  )

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('waited in vain')
    await new Promise((done) => setImmediate(done))
  }
}

describe('without DNS', () => {
  test('an address is its own answer, in canonical form', async () => {
    const one = resolver()
    expect(one.addresses('192.0.2.1')).toEqual(['192.0.2.1'])
    expect(one.addresses('2001:DB8:0::1')).toEqual(['2001:db8::1'])
    expect(await lookup(one, '::1')).toEqual({ addresses: ['::1'], why: null })
    expect(dns.asked).toEqual([])
  })

  test('localhost and names below it are loopback, whatever the hosts file says of others', () => {
    rmSync(hostsFile)
    const one = resolver()
    expect(one.addresses('localhost')).toEqual(['127.0.0.1', '::1'])
    expect(one.addresses('api.LOCALHOST.')).toEqual(['127.0.0.1', '::1'])
    writeFileSync(hostsFile, '')
  })

  test('the hosts file goes before DNS and is read again when it changes', () => {
    writeFileSync(
      hostsFile,
      '# a comment\n2001:db8::7 db db.internal # tail\n10.0.0.7\tDB\nnonsense x\n10.0.0.7 db\n',
    )
    const one = resolver()
    expect(one.addresses('db')).toEqual(['10.0.0.7', '2001:db8::7'])
    expect(one.addresses('Db.Internal.')).toEqual(['2001:db8::7'])
    expect(one.addresses('x')).toBeNull()
    writeFileSync(hostsFile, '10.0.0.8 db\n')
    utimesSync(hostsFile, 5, 5)
    expect(one.addresses('db')).toEqual(['10.0.0.7', '2001:db8::7'])
    nowMs += 5000
    expect(one.addresses('db')).toEqual(['10.0.0.8'])
  })

  test('what is no host name is not asked', async () => {
    const one = resolver()
    for (const host of [
      '',
      'a..b',
      'a b',
      `${'a'.repeat(64)}.test`,
      `${'a.'.repeat(130)}test`,
      'a/b',
      '1.2.3.4:80',
      'é.test',
    ])
      expect((await lookup(one, host)).why).toContain('not a host name')
    expect(dns.asked).toEqual([])
  })
})

describe('with DNS', () => {
  test('A and AAAA answers are joined, v4 first, and kept for their TTL', async () => {
    dns.zones.set('both.test', { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['2001:db8:0:0:0:0:0:1'], ttl: 20 })
    const one = resolver()
    expect(one.addresses('both.test')).toBeNull()
    const expected = ['10.0.0.1', '10.0.0.2', '2001:db8::1']
    expect((await lookup(one, 'both.test')).addresses.toSorted()).toEqual(expected)
    nowMs += 19_999
    expect(one.addresses('Both.Test.')?.toSorted()).toEqual(expected)
    expect(dns.asked.toSorted()).toEqual(['both.test A', 'both.test AAAA'])
  })

  test('after its TTL the old answer is given once more while a new one is fetched', async () => {
    dns.zones.set('moves.test', { a: ['10.0.0.1'], ttl: 20 })
    const one = resolver()
    await lookup(one, 'moves.test')
    dns.zones.set('moves.test', { a: ['10.0.0.2'], ttl: 20 })
    nowMs += 20_000
    expect(one.addresses('moves.test')).toEqual(['10.0.0.1'])
    await until(() => one.addresses('moves.test')?.[0] === '10.0.0.2')
    expect(dns.times('moves.test', 1)).toBe(2)
  })

  test('an answer long past its TTL is not given: the lookup waits for the new one', async () => {
    dns.zones.set('moves.test', { a: ['10.0.0.1'], ttl: 20 })
    const one = resolver()
    await lookup(one, 'moves.test')
    dns.zones.set('moves.test', { a: ['10.0.0.2'], ttl: 20 })
    nowMs += 50_000
    expect(one.addresses('moves.test')).toBeNull()
    expect(await lookup(one, 'moves.test')).toEqual({ addresses: ['10.0.0.2'], why: null })
  })

  test.each([
    [0, 1000],
    [86_400, 300_000],
  ])('a TTL of %d s is kept for %d ms', async (ttl, keptMs) => {
    dns.zones.set('ttl.test', { a: ['10.0.0.1'], ttl })
    const one = resolver()
    await lookup(one, 'ttl.test')
    nowMs += keptMs - 1
    one.addresses('ttl.test')
    expect(dns.times('ttl.test', 1)).toBe(1)
    nowMs += 1
    one.addresses('ttl.test')
    await until(() => dns.times('ttl.test', 1) === 2)
  })

  test('the least TTL of all records counts', async () => {
    dns.zones.set('ttl.test', { a: ['10.0.0.1'], aaaa: ['1:0:0:0:0:0:0:1'], ttl: 7 })
    const one = resolver()
    await lookup(one, 'ttl.test')
    nowMs += 7000
    one.addresses('ttl.test')
    await until(() => dns.times('ttl.test', 1) === 2)
  })

  test('an unknown name fails with the reason, and is not asked again for a second', async () => {
    const one = resolver()
    const answer = await lookup(one, 'none.test')
    expect(answer).toEqual({ addresses: [], why: 'DNS knows no address of none.test' })
    expect(await lookup(one, 'none.test')).toEqual(answer)
    expect(dns.times('none.test', 1)).toBe(1)
    dns.zones.set('none.test', { a: ['10.0.0.1'] })
    nowMs += 1000
    expect(await lookup(one, 'none.test')).toEqual({ addresses: ['10.0.0.1'], why: null })
  })

  test('a name without addresses says so', async () => {
    dns.zones.set('empty.test', {})
    expect(await lookup(resolver(), 'empty.test')).toEqual({
      addresses: [],
      why: 'DNS knows no address of empty.test',
    })
  })

  test.each([
    ['SERVFAIL', { code: SERVFAIL }],
    ['NXDOMAIN', { code: NXDOMAIN }],
    ['silence', { silent: true }],
    ['an empty answer', {}],
  ])('after %s the last good answer holds, however old', async (_, trouble) => {
    dns.zones.set('last.test', { a: ['10.0.0.1'], ttl: 20 })
    const one = resolver({ timeout: 60 })
    await lookup(one, 'last.test')
    dns.zones.set('last.test', trouble)
    nowMs += 3_600_000
    expect(await lookup(one, 'last.test')).toEqual({ addresses: ['10.0.0.1'], why: null })
    nowMs += 3_600_000
    expect(one.addresses('last.test')).toEqual(['10.0.0.1'])
    await until(() => dns.times('last.test', 1) >= 3)
    dns.zones.set('last.test', { a: ['10.0.0.2'] })
    await until(() => {
      nowMs += 1000
      return one.addresses('last.test')?.[0] === '10.0.0.2'
    })
  })

  test('a family that fails keeps its last good addresses beside the new ones of the other', async () => {
    dns.zones.set('half.test', { a: ['10.0.0.1'], aaaa: ['1:0:0:0:0:0:0:1'], ttl: 20 })
    const one = resolver()
    await lookup(one, 'half.test')
    dns.zones.set('half.test', { a: ['10.0.0.2'], aaaaCode: SERVFAIL, ttl: 20 })
    nowMs += 60_000
    expect((await lookup(one, 'half.test')).addresses).toEqual(['10.0.0.2', '1::1'])
    dns.zones.set('half.test', { a: ['10.0.0.3'], ttl: 20 })
    nowMs += 60_000
    expect((await lookup(one, 'half.test')).addresses).toEqual(['10.0.0.3'])
  })

  test('a lost datagram costs a second query, silence ends in a timeout', async () => {
    dns.zones.set('lost.test', { a: ['10.0.0.1'], silent: 'once' })
    dns.zones.set('dumb.test', { silent: true })
    const one = resolver({ timeout: 60 })
    expect((await lookup(one, 'lost.test')).addresses).toEqual(['10.0.0.1'])
    expect((await lookup(one, 'dumb.test')).why).toBe('DNS did not answer in time for dumb.test')
    expect(dns.times('dumb.test', 1)).toBe(2)
  })

  test('many callers of one name make one query, and all get the answer', async () => {
    dns.zones.set('busy.test', { a: ['10.0.0.1'] })
    const one = resolver()
    const answers = await Promise.all(Array.from({ length: 50 }, () => lookup(one, 'busy.test')))
    expect(answers.every(({ addresses }) => addresses[0] === '10.0.0.1')).toBe(true)
    expect(dns.asked.length).toBe(2)
  })

  test('at most 64 names are asked at once; the rest follow', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `n${i}.test`)
    for (const name of names) dns.zones.set(name, { a: ['10.0.0.1'] })
    dns.hold = true
    const one = resolver()
    const all = Promise.all(names.map((name) => lookup(one, name)))
    await until(() => dns.asked.length === 128)
    dns.release()
    expect((await all).every(({ addresses }) => addresses.length === 1)).toBe(true)
    expect(dns.asked.length).toBe(300)
  })

  test('the names kept are bounded: the oldest goes', async () => {
    for (let i = 0; i < 20; i++) dns.zones.set(`n${i}.test`, { a: ['10.0.0.1'] })
    const one = resolver({}, { names: 8 })
    for (let i = 0; i < 20; i++) await lookup(one, `n${i}.test`)
    expect(one.size).toBe(8)
    expect(one.addresses('n19.test')).toEqual(['10.0.0.1'])
    expect(one.addresses('n0.test')).toBeNull()
  })

  test('new options apply to later queries, and what is known stays', async () => {
    dns.zones.set('a.test', { a: ['10.0.0.1'] })
    const one = new Resolver({ ...options, timeout: 50, servers: ['127.0.0.1:9'] }, () => nowMs, {
      hostsFile,
    })
    expect((await lookup(one, 'a.test')).addresses).toEqual([])
    one.configure({ ...options, servers: [`127.0.0.1:${dns.port}`] })
    nowMs += 1000
    expect((await lookup(one, 'a.test')).addresses).toEqual(['10.0.0.1'])
    one.configure({ ...options, servers: ['127.0.0.1:9'] })
    expect(one.addresses('a.test')).toEqual(['10.0.0.1'])
  })
})
