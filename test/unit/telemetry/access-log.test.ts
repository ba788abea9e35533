import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exchange } from '../../../server/http/exchange.ts'
import { AccessLog } from '../../../server/telemetry/access-log.ts'
import { LineWriter } from '../../../server/telemetry/line-writer.ts'
import { namesKept } from '../../../server/telemetry/tls-words.ts'
import { fault } from '../../../server/tables/faults.ts'
import { waitFor } from '../../support/wait.ts'
import { makeRandom } from './seeded.ts'
import { fakeExchange } from './fake-exchange.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-log-'))
  file = join(folder, 'access.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

const END_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
/** Steady 1003.3 is the end of the fake exchange. */
const clock = { wallMs: () => END_MS + 0.4, steadyMs: () => 1003.3 }
const onEvent = (): void => {}

async function lineOf(x: Exchange, format: 'json' | 'text' = 'json'): Promise<string> {
  const log = new AccessLog({ file, format, clock, onEvent })
  log.exchange(x)
  await log.close()
  return readFileSync(file, 'latin1')
}

test('a line has exactly the fields of the contract, in their order', async () => {
  expect(await lineOf(fakeExchange())).toBe(
    '{"time":"2026-01-02T03:04:05.678Z","request_id":"id-1","listener":"web","client":"192.0.2.7","method":"GET","host":"example.org",' +
      '"path":"/a?b=1","protocol":"HTTP/1.1","rule":"api","backend":"api","server":"http://10.0.0.1:8080","status":200,"bytes_in":0,' +
      '"bytes_out":512,"queue_ms":0,"connect_ms":0.4,"first_byte_ms":3.1,"total_ms":3.3,"attempts":1,"fault":null,"user_agent":"test/1.0"}\n',
  )
})

test('what became of a session is told, but for those whom their server has served', async () => {
  const endings = [
    [{ result: 'moved', why: 'in maintenance' }, '"fault":null,"sticky":"moved:in_maintenance","user_agent"'],
    [{ result: 'elsewhere', why: 'full' }, '"fault":null,"sticky":"elsewhere:full","user_agent"'],
    [{ result: 'new', why: null }, '"fault":null,"sticky":"new","user_agent"'],
    [{ result: 'hit', why: null }, '"fault":null,"user_agent"'],
  ] as const
  for (const [sticky, said] of endings) {
    expect(await lineOf(fakeExchange({ sticky }))).toContain(said)
    rmSync(file)
  }
  const [moved] = endings[0]
  expect(await lineOf(fakeExchange({ sticky: moved }), 'text')).toContain(
    ' fault=- sticky=moved:in_maintenance id=',
  )
})

test('of what came by TLS it says which, before whatever else there is to say', async () => {
  const tls = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    serverName: 'a.example',
    protocol: 'http/1.1',
  }
  const said =
    '"tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"a.example","alpn":"http/1.1"}'
  expect(await lineOf(fakeExchange({ tls }))).toEndWith(`"fault":null,${said},"user_agent":"test/1.0"}\n`)
  rmSync(file)
  const failed = fakeExchange({ tls, fault: fault('connect_refused', false), detail: 'no way' })
  expect(await lineOf(failed)).toEndWith(
    `"fault":"connect_refused",${said},"detail":"no way","user_agent":"test/1.0"}\n`,
  )
  rmSync(file)
  expect(await lineOf(fakeExchange())).toEndWith('"fault":null,"user_agent":"test/1.0"}\n')
})

test('what a query has of secrets is in no line, however its name is written', async () => {
  for (const format of ['json', 'text'] as const) {
    const line = await lineOf(fakeExchange({ target: '/a?x=1&%74oken=hush-1&api_key=hush-2' }), format)
    expect(line).toContain('/a?x=1&%74oken=(hidden)&api_key=(hidden)')
    expect(line).not.toContain('hush')
    rmSync(file)
  }
})

test('a line for people says by which TLS it came, too, whatever name its client asked for', async () => {
  const tls = { version: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256', serverName: null, protocol: null }
  expect(await lineOf(fakeExchange({ tls }), 'text')).toContain(
    ' fault=- tls=TLSv1.2 cipher=ECDHE-RSA-AES128-GCM-SHA256 sni=- alpn=- id=id-1 ',
  )
  rmSync(file)
  const odd = fakeExchange({ tls: { ...tls, serverName: 'a" b=1\nc', protocol: 'http/1.1' } })
  expect(await lineOf(odd, 'text')).toContain(' sni="a\\" b=1\\nc" alpn=http/1.1 id=id-1 ')
  rmSync(file)
  expect(JSON.parse(await lineOf(odd)).tls.sni).toBe('a" b=1\nc')
  rmSync(file)
  expect(await lineOf(fakeExchange(), 'text')).not.toContain('tls=')
})

test('names that clients make up do not grow what is kept of them, and each line has its own', async () => {
  const log = new AccessLog({ file, format: 'json', clock, onEvent })
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', protocol: null }
  const names = Array.from({ length: 3000 }, (_, at) => `n${at}.example`)
  for (const serverName of names) log.exchange(fakeExchange({ tls: { ...tls, serverName } }))
  await log.close()
  const lines = readFileSync(file, 'latin1').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).tls.sni)).toEqual(names)
  expect(namesKept()).toBeLessThanOrEqual(1024)
})

test('what is unknown is null', async () => {
  const x = fakeExchange({
    id: '',
    client: null,
    method: '',
    host: '',
    target: '',
    agent: null,
    rule: null,
    server: null,
    attempts: 0,
    status: 0,
    firstByteMs: 0,
    fault: fault('head_malformed', false),
  })
  expect(JSON.parse(await lineOf(x))).toEqual({
    time: '2026-01-02T03:04:05.678Z',
    request_id: null,
    listener: 'web',
    client: null,
    method: null,
    host: null,
    path: null,
    protocol: 'HTTP/1.1',
    rule: null,
    backend: null,
    server: null,
    status: null,
    bytes_in: 0,
    bytes_out: 512,
    queue_ms: 0,
    connect_ms: null,
    first_byte_ms: null,
    total_ms: 3.3,
    attempts: 0,
    fault: 'head_malformed',
    user_agent: null,
  })
})

test('a rule without a server still tells its backend', async () => {
  const line = JSON.parse(await lineOf(fakeExchange({ server: null, version: 10, queueMs: 12.5 }))) as Record<
    string,
    unknown
  >
  expect(line).toMatchObject({
    rule: 'api',
    backend: 'api',
    server: null,
    protocol: 'HTTP/1.0',
    queue_ms: 12.5,
  })
})

test('why an answer that is passed on was not made better is said, though it is no fault', async () => {
  const line = await lineOf(
    fakeExchange({ status: 503, detail: 'not tried again: the retry budget is used up' }),
  )
  expect(JSON.parse(line)).toMatchObject({
    ...{ status: 503, attempts: 1, fault: null },
    detail: 'not tried again: the retry budget is used up',
  })
})

const TRIED = fakeExchange({
  attempts: 2,
  fault: fault('server_closed', true),
  detail: 'say "no" \u2013 twice',
  tries: [
    {
      server: 'a',
      reason: null,
      phase: 'connect',
      fault: 'connect_refused',
      status: null,
      atMs: 0,
      connectMs: null,
      ms: 0.4321,
    },
    {
      server: 'b',
      reason: 'connect_refused',
      phase: 'wait',
      fault: 'server_closed',
      status: null,
      atMs: 0,
      connectMs: 1,
      ms: 12,
    },
  ],
})

test('what went wrong stands beside the fault: more about it, and each attempt with its server, phase, fault and time', async () => {
  const line = await lineOf(TRIED)
  expect(line).toMatch(/^[ -~]+\n$/)
  expect(JSON.parse(line)).toMatchObject({
    attempts: 2,
    fault: 'server_closed',
    detail: 'say "no" \u2013 twice',
    tries: [
      { server: 'a', phase: 'connect', fault: 'connect_refused', ms: 0.4 },
      { server: 'b', phase: 'wait', fault: 'server_closed', ms: 12 },
    ],
  })
  rmSync(file)
  expect(await lineOf(TRIED, 'text')).toContain(
    ' fault=server_closed tries=a:connect_refused@connect:0.4ms,b:server_closed@wait:12ms detail="say \\"no\\" \\u2013 twice" id=',
  )
})

test('what steps in shadow mode would have refused stands in the line of an exchange that went well', async () => {
  const passed = fakeExchange({ shadow: 'ip,rate_limit' })
  const line = JSON.parse(await lineOf(passed))
  expect(line).toMatchObject({ status: 200, fault: null, shadow: 'ip,rate_limit', user_agent: 'test/1.0' })
  rmSync(file)
  expect(await lineOf(passed, 'text')).toContain(' fault=- shadow=ip,rate_limit id=')
})

/**
 * Bytes as they are to be read from the log: UTF-8 decoded, other bytes each as the character of their
 * number.
 */
function readable(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  let read = ''
  for (let at = 0; at < bytes.length;) {
    const char = [4, 3, 2].map((length) => sequenceAt(bytes, at, length)).find((found) => found !== null)
    read += char ?? String.fromCharCode(bytes[at]!)
    at += char === undefined ? 1 : Buffer.byteLength(char)
  }
  return read
}

function sequenceAt(bytes: Buffer, at: number, length: number): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(at, at + length),
    )
    const isOne = [...text].length === 1 && Buffer.byteLength(text) === length
    return isOne && !/[\u0080-\u009f\u2028\u2029]/.test(text) ? text : null
  } catch {
    return null
  }
}

test('who a step knows the client to be stands in the line, whatever the name has in it', async () => {
  const identity = { via: 'jwt', name: 'Änna "\r\n\0', claims: {} }
  const line = await lineOf(fakeExchange({ identity }))
  expect(line).toEndWith(
    String.raw`"fault":null,"user":"\u00c4nna \"\r\n\u0000","user_agent":"test/1.0"}` + '\n',
  )
  expect(JSON.parse(line)).toMatchObject({ user: identity.name })
  rmSync(file)
  expect(await lineOf(fakeExchange({ identity: { ...identity, name: 'anna' } }), 'text')).toContain(
    ' fault=- user="anna" id=',
  )
})

test('UTF-8 in a path or user agent is logged as it is, what only looks like it is escaped', async () => {
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
  for (const text of ['/käse/日本語/🧀', '/\u00a0\u07ff\u0800\ud7ff\ue000\uffff\u{10ffff}']) {
    const line = Buffer.from(await lineOf(fakeExchange({ target: utf8(text) })), 'latin1').toString()
    expect(line).toContain(`"path":"${text}"`)
    rmSync(file)
  }
  // Overlong, a surrogate, beyond the last character, cut, a continuation alone, controls and line
  // separators.
  for (const bytes of [
    'c0af',
    'e080af',
    'eda080',
    'f4908080',
    'e697',
    '80',
    'ff',
    'c285',
    'c29b',
    'e280a8',
  ]) {
    const line = await lineOf(fakeExchange({ target: Buffer.from(bytes, 'hex').toString('latin1') }))
    const escaped = bytes.replaceAll(/../g, (byte) => `\\u00${byte}`)
    expect(line).toContain(`"path":"${escaped}"`)
    rmSync(file)
  }
})

test('any bytes in path, host, method and user agent come back from JSON, and a line stays a line of UTF-8', async () => {
  const random = makeRandom(7)
  const log = new AccessLog({ file, format: 'json', clock, onEvent })
  const sent: [path: string, host: string, agent: string, method: string][] = []
  for (let i = 0; i < 2000; i++) {
    const text = (): string =>
      Array.from({ length: 1 + random(40) }, () => String.fromCharCode(random(256))).join('')
    const [path, host, agent, method] = [text(), text(), text(), `X${text()}`] as const
    sent.push([path, host, agent, method])
    log.exchange(fakeExchange({ target: path, host, agent, method }))
  }
  await log.close()
  const bytes = readFileSync(file)
  expect(bytes.every((byte) => byte === 10 || byte >= 32)).toBe(true)
  const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trimEnd().split('\n')
  expect(lines).toHaveLength(sent.length)
  for (const [at, line] of lines.entries()) {
    const { path, host, user_agent, method } = JSON.parse(line) as Record<string, string>
    expect([path, host, user_agent, method] as unknown).toEqual(sent[at]?.map(readable))
  }
})

test('the text form is one readable line', async () => {
  expect(await lineOf(fakeExchange({ agent: 'a "b"\n' }), 'text')).toBe(
    '2026-01-02T03:04:05.678Z 192.0.2.7 web "GET example.org/a?b=1 HTTP/1.1" 200 in=0 out=512 rule=api backend=api ' +
      'server=http://10.0.0.1:8080 queue=0 connect=0.4 first_byte=3.1 total=3.3 attempts=1 fault=- id=id-1 agent="a \\"b\\"\\u000a"\n',
  )
  rmSync(file)
  expect(await lineOf(fakeExchange({ client: null }), 'text')).toStartWith(
    '2026-01-02T03:04:05.678Z - web "GET',
  )
})

test('milliseconds have at most three decimals and no needless zeros', async () => {
  const text = (ms: number): string => {
    const line = new LineWriter()
    line.bytes = new Uint8Array(64)
    line.ms(ms)
    return Buffer.from(line.bytes.subarray(0, line.at)).toString()
  }
  expect([0, -1, NaN, 0.0004, 0.0006, 0.4, 1, 10.05, 999.9996, 1234.5, 86_400_000.001].map(text)).toEqual([
    '0',
    '0',
    '0',
    '0',
    '0.001',
    '0.4',
    '1',
    '10.05',
    '1000',
    '1234.5',
    '86400000.001',
  ])
  const random = makeRandom(3)
  for (let i = 0; i < 5000; i++) {
    const ms = random(10_000_000) / 1000
    expect(text(ms)).toBe(String(ms))
  }
})

test('the time follows the exchange, and the wall clock when it is set', async () => {
  let wallMs = END_MS
  const log = new AccessLog({
    file,
    format: 'json',
    clock: { wallMs: () => wallMs, steadyMs: () => 1000 },
    onEvent,
  })
  log.exchange(fakeExchange({ endedMs: 1000 }))
  log.exchange(fakeExchange({ endedMs: 1321.9 }))
  log.exchange(fakeExchange({ endedMs: 1322 }))
  wallMs += 3_600_000
  log.exchange(fakeExchange({ endedMs: 2500 }))
  await log.close()
  const times = readFileSync(file, 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(9, 33))
  expect(times).toEqual([
    '2026-01-02T03:04:05.678Z',
    '2026-01-02T03:04:05.999Z',
    '2026-01-02T03:04:06.000Z',
    '2026-01-02T04:04:07.178Z',
  ])
})

test('after a rotation and reopen, lines go to the new file', async () => {
  const log = new AccessLog({ file, format: 'json', clock, onEvent })
  log.exchange(fakeExchange({ id: 'first' }))
  log.flush()
  renameSync(file, `${file}.1`)
  log.exchange(fakeExchange({ id: 'second' }))
  log.flush()
  await waitFor(() => readFileSync(`${file}.1`, 'latin1').includes('second'))
  log.reopen()
  log.exchange(fakeExchange({ id: 'third' }))
  await log.close()
  expect(readFileSync(`${file}.1`, 'latin1').match(/"request_id":"\w+"/g)).toEqual([
    '"request_id":"first"',
    '"request_id":"second"',
  ])
  expect(readFileSync(file, 'latin1').match(/"request_id":"\w+"/g)).toEqual(['"request_id":"third"'])
})
