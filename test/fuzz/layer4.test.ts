// What must hold for every rule, address and header of layer 4: a slower reader agrees, what a check lets
// pass can be opened and dialled, and what we write is read as what it was written from.
import { expect, test } from 'bun:test'
import { bind, hostPattern, serverUrl } from '../../server/config/address-formats.ts'
import { Address } from '../../server/lib/address.ts'
import { parseBind, portRangeOf, portsOf, unixPathOf, writeBind } from '../../server/lib/bind.ts'
import { bytesOf } from '../../server/lib/escapes.ts'
import { readProxyHeader } from '../../server/lib/proxy-header.ts'
import { proxyHeaderOut } from '../../server/lib/proxy-header-out.ts'
import { parseServerUrl, schemeOf } from '../../server/lib/server-url.ts'
import { socketAddress, unixAddress } from '../../server/lib/socket-address.ts'
import { compileTlsMatch, type TlsMatchSource } from '../../server/rules/tls-match.ts'
import { proxyHeader } from '../../server/udp/proxy-header.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 4000)

/** Tries `check` on seeds of its own; a failure names its seed. Returns how often it said yes. */
function fuzz(check: (random: Random) => boolean): number {
  const seed = seedOfRun()
  let count = 0
  for (let run = 0; run < RUNS; run++)
    try {
      if (check(seededRandom(seed + run))) count++
    } catch (problem) {
      throw new Error(`SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1: ${String(problem)}`, { cause: problem })
    }
  return count
}

const some = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: random.below(most + 1) }, make)

// ── rules of tls listeners ──

const LABELS = ['a', 'b', 'A', 'www', 'example', 'org', 'x-y', '_srv']
const PROTOCOLS = ['h2', 'http/1.1', 'acme-tls/1']

const someName = (random: Random): string =>
  [random.pick(LABELS), ...some(random, 3, () => random.pick(LABELS))].join('.')

const somePattern = (random: Random): string =>
  `${random.pick(['', '', '*.'])}${someName(random)}${random.pick(['', '', '.'])}`

/** By the words of the config alone. */
function isFor(pattern: string, name: string): boolean {
  const plain = pattern.toLowerCase().replace(/\.$/, '')
  return plain.startsWith('*.') ? name.endsWith(plain.slice(1)) : name === plain
}

test('the first rule of the config that matches is found, whatever it matches by', () => {
  const found = fuzz((random) => {
    const sources: TlsMatchSource<number>[] = some(random, 8, () => 0).map((_, rule) => ({
      rule,
      match: {
        server_name: random.below(4) === 0 ? [] : some(random, 3, () => somePattern(random)),
        alpn: random.below(2) === 0 ? [] : some(random, 2, () => random.pick(PROTOCOLS)),
      },
    }))
    const name = random.below(8) === 0 ? null : someName(random).toLowerCase()
    const offered = random.below(8) === 0 ? null : some(random, 3, () => random.pick(PROTOCOLS))
    const expected = sources.find(
      ({ match: { server_name, alpn } }) =>
        (server_name.length === 0 || (name !== null && server_name.some((one) => isFor(one, name)))) &&
        (alpn.length === 0 || offered === null || alpn.some((one) => offered.includes(one))),
    )
    expect(compileTlsMatch(sources)(name, offered)).toBe(expected?.rule ?? null)
    return expected !== undefined
  })
  if (RUNS > 100) expect(found).toBeGreaterThan(RUNS / 10)
})

// ── addresses ──

const PIECES = [
  ...['http', 'https', 'tcp', 'tls', 'udp', '://', ':', '[', ']', '::', '::1', '127.0.0.1', '0.0.0.0', '*'],
  ...[
    '0',
    '1',
    '80',
    '443',
    '65535',
    '65536',
    '9000-9003',
    '-',
    '/',
    '//',
    '.',
    '..',
    'unix:',
    '/run/a.sock',
  ],
  ...[
    'example.org',
    'xn--mnchen-3ya',
    'ü',
    '@',
    '%',
    '?',
    '#',
    ' ',
    '\0',
    'fe80::1%eth0',
    '2001:db8::1',
    '~',
  ],
]
const SHAPES = [
  ['127.0.0.1', ':', '80'],
  ['[', '::1', ']', ':', '9000-9003'],
  ['unix:', '/run/a.sock'],
  ['tcp', '://', 'example.org', ':', '443'],
  ['http', '://', 'unix:', '/run/a.sock'],
  ['udp', '://', '[', '2001:db8::1', ']', ':', '1'],
]

function someText(random: Random): string {
  const pieces = [...random.pick(SHAPES)]
  for (let times = random.below(3); times > 0; times--)
    pieces.splice(random.below(pieces.length + 1), random.below(3), random.pick(PIECES))
  return pieces.join('')
}

/** A text that a format takes, as the machine gets it; null: it is refused. */
function taken(format: typeof bind, text: string): string | null {
  const decoded = format.decode(text, { takesUnix: true, takesRange: true })
  return 'value' in decoded ? String(decoded.value) : null
}

test('what is taken for an address to listen on names sockets', () => {
  const accepted = fuzz((random) => {
    const text = taken(bind, someText(random))
    if (text === null) return false
    const path = unixPathOf(text)
    if (path !== null) {
      expect(unixAddress(path)).not.toBeNull()
      return true
    }
    const range = portRangeOf(text)
    const all = portsOf(text)
    expect(all).toHaveLength(range === null ? 1 : range.last - range.first + 1)
    for (const one of all) {
      const { host, port } = parseBind(one)
      expect(port >= 0 && port <= 65_535).toBe(true)
      expect(parseBind(writeBind(host, port))).toEqual({ host, port })
      if (/^[0-9.]+$|:/.test(host)) expect([host, socketAddress(host, port)]).not.toEqual([host, null])
    }
    return true
  })
  if (RUNS > 100) expect(accepted).toBeGreaterThan(RUNS / 10)
})

test('what is taken for the URL of a server can be dialled', () => {
  const accepted = fuzz((random) => {
    const text = taken(serverUrl, someText(random))
    if (text === null) return false
    const { host, port } = parseServerUrl(text)
    expect(schemeOf(text)).toBeDefined()
    expect(host).not.toBe('')
    expect(host.startsWith('/') ? port === 0 : port > 0 && port <= 65_535).toBe(true)
    if (host.startsWith('/')) expect(unixAddress(host)).not.toBeNull()
    else if (/^[0-9.]+$|:/.test(host)) expect([host, socketAddress(host, port)]).not.toEqual([host, null])
    return true
  })
  if (RUNS > 100) expect(accepted).toBeGreaterThan(RUNS / 20)
})

test('what is taken for the name of a server can be matched', () => {
  fuzz((random) => {
    const text = taken(hostPattern, random.below(2) === 0 ? somePattern(random) : someText(random))
    if (text !== null) compileTlsMatch([{ rule: 1, match: { server_name: [text], alpn: [] } }])
    return text !== null
  })
})

// ── headers that we write ──

function someAddress(random: Random): string {
  const bytes = random.bytes(random.below(2) === 0 ? 4 : 16)
  // Mapped ones, and such as have gaps.
  if (bytes.length === 16 && random.below(4) === 0) bytes.fill(0, 0, 10).fill(0xff, 10, 12)
  if (bytes.length === 16 && random.below(4) === 0) bytes.fill(0, 2, 2 + random.below(14))
  return new Address(bytes, 0).host
}

const plainHost = (address: Address | null): string | undefined => address?.host.replace(/^::ffff:(?=\d)/, '')

test('PROXY headers say of both ends what was known, and no more', () => {
  const told = fuzz((random) => {
    const [clientHost, localHost] = [someAddress(random), someAddress(random)]
    const [clientPort, localPort] = [random.below(65_536), random.below(65_536)]
    const isTls = random.below(2) === 0
    const tls = { tlsVersion: 'TLSv1.3', serverName: random.pick([null, 'a.example', 'x'.repeat(255)]) }
    const ends = { clientHost, clientPort, localHost, localPort, isTls, ...(isTls && tls) }
    const version = random.pick(['v1', 'v2'] as const)
    const bytes = proxyHeaderOut(version, ends)
    const behind = Buffer.concat([bytes, Buffer.from(random.bytes(9))])
    const read = readProxyHeader(behind, 0, behind.length)
    if (typeof read === 'string') throw new Error(`${read}: ${bytes.toString('latin1')}`)
    expect(read.length).toBe(bytes.length)
    if (read.client === null) {
      // A line has no words for addresses of two families.
      expect([version, clientHost.includes(':') !== localHost.includes(':')]).toEqual(['v1', true])
      return false
    }
    const plain = [clientHost, localHost].map((host) => plainHost(Address.parse(host, 0)))
    expect([plainHost(read.client), plainHost(read.local)]).toEqual(plain)
    expect([read.client.port, read.local?.port]).toEqual([clientPort, localPort])
    return true
  })
  if (RUNS > 100) expect(told).toBeGreaterThan(RUNS / 2)
})

test('so does the one before datagrams, in the room that there is', () => {
  fuzz((random) => {
    const length = random.pick([4, 16])
    const client = new Address(random.bytes(length), random.below(65_536))
    const local = new Address(random.bytes(length), random.below(65_536))
    const bytes = proxyHeader(client, local)
    // A reader of streams takes it but for the kind of socket.
    bytes[13] = length === 4 ? 0x11 : 0x21
    expect(readProxyHeader(bytes, 0, bytes.length)).toMatchObject({
      length: bytes.length,
      client: { port: client.port },
      local: { port: local.port },
    })
    return true
  })
})

// ── bytes of checks ──

test('bytes of a check are what was escaped', () => {
  const escaped = (byte: number): string => {
    const short = { 13: '\\r', 10: '\\n', 9: '\\t', 0: '\\0', 92: '\\\\' }[byte]
    return (
      short ??
      (byte > 31 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)
    )
  }
  fuzz((random) => {
    const bytes = random.bytes(random.below(20))
    expect(bytesOf([...bytes].map(escaped).join(''))).toEqual(Buffer.from(bytes))
    // Anything at all is read, or refused.
    bytesOf(Buffer.from(random.bytes(12)).toString('latin1').replace(/[a-f]/g, '\\'))
    return true
  })
})
