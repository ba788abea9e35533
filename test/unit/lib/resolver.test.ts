import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SearchList } from '../../../server/lib/search-list.ts'
import { Resolver, type ResolverSettings } from '../../../server/lib/resolver.ts'
import { SampleDns, SERVFAIL } from '../../support/sample-dns.ts'

const dns = new SampleDns()
const folder = mkdtempSync(join(tmpdir(), 'resolver-'))
const hostsFile = join(folder, 'hosts')
const searchFile = join(folder, 'resolv.conf')
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
  // `.` is the root: nothing is searched, whatever this machine is called.
  writeFileSync(searchFile, 'search .\n')
})

const options = { timeout: 2000, ttl_min: 1000, ttl_max: 300_000 }
const resolver = (more: Partial<typeof options> = {}, settings: ResolverSettings = {}) =>
  new Resolver({ ...options, ...more, servers: [`127.0.0.1:${dns.port}`] }, () => nowMs, {
    hostsFile,
    searchFile,
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
    expect(one.addresses('Both.Test')?.toSorted()).toEqual(expected)
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
    ['silence', { silent: true }],
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
      searchFile,
    })
    expect((await lookup(one, 'a.test')).addresses).toEqual([])
    one.configure({ ...options, servers: [`127.0.0.1:${dns.port}`] })
    nowMs += 1000
    expect((await lookup(one, 'a.test')).addresses).toEqual(['10.0.0.1'])
    one.configure({ ...options, servers: ['127.0.0.1:9'] })
    expect(one.addresses('a.test')).toEqual(['10.0.0.1'])
  })
})

describe('a family that does not answer', () => {
  test.each([
    ['AAAA', { a: ['10.0.0.1'], silent: 'AAAA' as const }, '10.0.0.1'],
    ['A', { aaaa: ['1:0:0:0:0:0:0:1'], silent: 'A' as const }, '1::1'],
  ])('(%s) delays nobody: the other is used at once, again and again', async (family, zone, address) => {
    dns.zones.set('slow.test', zone)
    const one = resolver({ timeout: 60_000 })
    const times = () => dns.times('slow.test', family === 'A' ? 1 : 28)
    expect(await lookup(one, 'slow.test')).toEqual({ addresses: [address], why: null })
    // Known from now on, though the question is still open.
    expect(one.addresses('slow.test')).toEqual([address])
    nowMs += 29_000
    expect(await lookup(one, 'slow.test')).toEqual({ addresses: [address], why: null })
    expect(times()).toBe(1)
  })

  test('joins the addresses when it does', async () => {
    dns.zones.set('late.test', { a: ['10.0.0.1'], aaaa: ['1:0:0:0:0:0:0:1'], silent: 'AAAA', ttl: 60 })
    const one = resolver({ timeout: 200 })
    expect((await lookup(one, 'late.test')).addresses).toEqual(['10.0.0.1'])
    dns.zones.set('late.test', { a: ['10.0.0.1'], aaaa: ['1:0:0:0:0:0:0:1'], ttl: 60 })
    await until(() => one.addresses('late.test')?.length === 2)
    expect(one.addresses('late.test')).toEqual(['10.0.0.1', '1::1'])
  })

  test('is waited for where the other has no address', async () => {
    dns.zones.set('only.test', { silent: 'A', aaaa: [] })
    expect((await lookup(resolver({ timeout: 60 }), 'only.test')).why).toBe(
      'DNS did not answer in time for only.test',
    )
  })

  test('does not keep other names from being asked', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `n${i}.test`)
    for (const name of names) dns.zones.set(name, { a: ['10.0.0.1'], silent: 'AAAA' })
    const one = resolver({ timeout: 60_000 })
    const all = await Promise.all(names.map((name) => lookup(one, name)))
    expect(all.every(({ addresses }) => addresses.length === 1)).toBe(true)
  })
})

describe('the search list of resolv.conf', () => {
  const search = (text: string): Resolver => {
    writeFileSync(searchFile, text)
    return resolver({ timeout: 60 })
  }

  test('completes a short name, domain by domain, as in Kubernetes', async () => {
    dns.zones.set('app.shop.svc.cluster.test', { a: ['10.0.0.7'] })
    const one = search(
      'nameserver 10.96.0.10\nsearch web.svc.cluster.test shop.svc.cluster.test\noptions ndots:5 edns0\n',
    )
    expect(await lookup(one, 'app')).toEqual({ addresses: ['10.0.0.7'], why: null })
    expect(one.addresses('APP')).toEqual(['10.0.0.7'])
    expect(dns.asked.filter((asked) => asked.endsWith(' A'))).toEqual([
      'app.web.svc.cluster.test A',
      'app.shop.svc.cluster.test A',
    ])
  })

  test('comes after the name as written where that has ndots dots, and before it where it has fewer', async () => {
    dns.zones.set('a.b', { a: ['10.0.0.1'] })
    dns.zones.set('a.b.c.test', { a: ['10.0.0.2'] })
    expect((await lookup(search('search c.test\n'), 'a.b')).addresses).toEqual(['10.0.0.1'])
    expect((await lookup(search('search c.test\noptions ndots:2\n'), 'a.b')).addresses).toEqual(['10.0.0.2'])
  })

  test('is left out for a name that ends with a dot, and for one of the hosts file', async () => {
    dns.zones.set('app.c.test', { a: ['10.0.0.2'] })
    const one = search('search c.test\n')
    expect((await lookup(one, 'app.')).why).toBe('DNS knows no address of app.')
    expect((await lookup(one, 'app')).addresses).toEqual(['10.0.0.2'])
    writeFileSync(hostsFile, '10.0.0.9 app\n')
    nowMs += 5000
    expect(one.addresses('app')).toEqual(['10.0.0.9'])
  })

  test('goes on after a name that fails, but not where DNS itself does not answer; what failed is told', async () => {
    dns.zones.set('app.one.test', { code: SERVFAIL })
    dns.zones.set('app.two.test', { a: ['10.0.0.2'] })
    expect((await lookup(search('search one.test two.test\n'), 'app')).addresses).toEqual(['10.0.0.2'])
    dns.zones.delete('app.two.test')
    expect((await lookup(search('search one.test two.test\n'), 'app')).why).toBe(
      'the DNS server failed for app.one.test',
    )
    dns.zones.set('app.one.test', { silent: true })
    dns.asked.length = 0
    expect((await lookup(search('search one.test two.test\n'), 'app')).why).toBe(
      'DNS did not answer in time for app.one.test',
    )
    expect(dns.asked.some((asked) => asked.includes('two'))).toBe(false)
  })

  test('says of a name that is nowhere which names were asked for', async () => {
    expect((await lookup(search('search one.test two.test\n'), 'app')).why).toBe(
      'DNS knows no address of app, nor of app.one.test, app.two.test',
    )
  })

  test('is read again when it changes, and the last search or domain line holds', async () => {
    dns.zones.set('app.new.test', { a: ['10.0.0.3'] })
    const one = search('search old.test\n')
    expect((await lookup(one, 'app')).addresses).toEqual([])
    writeFileSync(searchFile, '# moved\nsearch old.test\ndomain NEW.test.\n')
    nowMs += 5000
    expect((await lookup(one, 'app')).addresses).toEqual(['10.0.0.3'])
  })

  test("is this machine's own domain where the file names none", () => {
    writeFileSync(searchFile, 'nameserver 127.0.0.1\n')
    const names = (own: string) => new SearchList(searchFile, () => nowMs, own).names('app')
    expect(names('host.example.test')).toEqual(['app.example.test', 'app'])
    expect(names('host')).toEqual(['app'])
  })
})
