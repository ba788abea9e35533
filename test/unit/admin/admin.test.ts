import { afterEach, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { startAdmin, type Admin } from '../../../server/admin/admin.ts'
import { wantsText } from '../../../server/admin/accept.ts'
import { shellOf } from '../../../server/admin/whole-shell.ts'
import { isOurHost, maySee } from '../../../server/admin/guard.ts'
import type { ControlFacts } from '../../../server/control/facts.ts'
import { Ranges } from '../../../server/lib/ranges.ts'
import { controlFacts } from '../../support/control-facts.ts'
import { waitFor } from '../../support/wait.ts'

const opened: Admin[] = []
afterEach(() => {
  for (const admin of opened.splice(0)) admin.stop()
})

const HEALTHY = {
  ...{ healthy: true, backends: [], healthy_count: 0, total_count: 0 },
  workers: { wanted: 1, serving: 1, silent: [], full: [] },
}
const METRICS = { total_requests: 3, total_failures: 0, success_rate: 100, backends: [] }

function open({ bind = '127.0.0.1:0', ...facts }: Partial<ControlFacts> & { bind?: string } = {}): string {
  const shell = shellOf(
    controlFacts({
      health: () => HEALTHY,
      metrics: () => METRICS,
      prometheus: () => '# TYPE lb_workers gauge\nlb_workers 1\n',
      ...facts,
    }),
  )
  const admin = startAdmin({ bind, shell })
  if ('problem' in admin) throw new Error(admin.problem)
  opened.push(admin)
  return `http://${admin.address}`
}

test('/_health is the document, 503 when it is not healthy', async () => {
  let healthy = true
  const url = open({ health: () => ({ ...HEALTHY, healthy }) })
  const well = await fetch(`${url}/_health`)
  expect([well.status, well.headers.get('content-type'), await well.json()] as unknown).toEqual([
    200,
    'application/json',
    HEALTHY,
  ])
  healthy = false
  const ill = await fetch(`${url}/_health`)
  expect([ill.status, await ill.json()] as unknown).toEqual([503, { ...HEALTHY, healthy: false }])
})

test('/_metrics is JSON, and text for Prometheus', async () => {
  const url = open()
  expect(await (await fetch(`${url}/_metrics`)).json()).toEqual(METRICS)
  const text = {
    headers: {
      Accept: 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    },
  }
  expect(await (await fetch(`${url}/_metrics`, text)).text()).toStartWith('# TYPE lb_workers')
  expect(await (await fetch(`${url}/_metrics?format=prometheus`)).text()).toStartWith('# TYPE lb_workers')
  const metrics = await fetch(`${url}/metrics`)
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await metrics.text()).toStartWith('# TYPE lb_workers')
})

test('/ tells what there is; what else there may be shows to nobody who is not known', async () => {
  const url = open()
  expect(await (await fetch(url)).text()).toContain('/_health')
  const missing = await fetch(`${url}/nowhere`)
  expect(missing.status).toBe(401)
  expect(missing.headers.get('content-type')).toBe('application/problem+json')
  expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="sluice"')
  expect(await missing.json()).toMatchObject({
    type: '/_admin/problems/not_signed_in',
    status: 401,
    instance: expect.stringMatching(/^req_/),
  })
})

test('only GET and HEAD are served', async () => {
  const url = open()
  const head = await fetch(`${url}/_health`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await fetch(`${url}/_health`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  }
})

test('a name that somebody made to point here is refused', async () => {
  const url = open()
  const { port } = new URL(url)
  const ask = async (host: string): Promise<number> =>
    (await fetch(`${url}/_health`, { headers: { Host: host } })).status
  expect(await ask(`evil.example:${port}`)).toBe(421)
  expect(await ask(`localhost:${port}`)).toBe(200)
  expect(await ask(hostname())).toBe(200)
})

test('headers do not let anybody in: only the address of the socket counts', () => {
  const trusted = Ranges.parse(['10.0.0.0/8', '2001:db8::/32'])
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '2001:db8::7',
  ]) {
    expect([address, maySee(address, trusted)]).toEqual([address, true])
  }
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db9::1', '', '0.0.0.0']) {
    expect([address, maySee(address, trusted)]).toEqual([address, false])
  }
})

test('an address that may not see gets 403, whatever it claims', async () => {
  const other = otherAddress()
  if (other === null) return
  let trusted = Ranges.parse([])
  const url = open({ bind: '0.0.0.0:0', trusted: () => trusted })
  const { port } = new URL(url)
  const ask = (): Promise<Response> =>
    fetch(`http://${other}:${port}/_health`, {
      headers: { 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' },
    })
  const refused = await ask()
  expect([refused.status, refused.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
  trusted = Ranges.parse([other])
  expect((await ask()).status).toBe(200)
})

test('a port in use is a problem, not an exception', () => {
  const url = open()
  const address = url.slice('http://'.length)
  const again = startAdmin({ bind: address, shell: shellOf(controlFacts({})) })
  expect(again).toEqual({
    code: 'EADDRINUSE',
    problem: `cannot listen on ${address}: ${readFileSync('/proc/self/comm', 'utf8').trim()} (process ${process.pid}) has this port`,
  })
})

test('a stopped listener frees its port', async () => {
  const url = open()
  opened.pop()?.stop()
  expect(
    await fetch(url).then(
      () => 'answered',
      () => 'refused',
    ),
  ).toBe('refused')
  open({ bind: url.slice('http://'.length) })
  expect((await fetch(url)).status).toBe(200)
})

test('hosts that are ours', () => {
  for (const host of [
    '127.0.0.1',
    '127.0.0.1:9090',
    '[::1]:9090',
    'LOCALHOST:1',
    'a.localhost',
    'gw.internal:9090',
    hostname(),
  ]) {
    expect([host, isOurHost(host, 'gw.internal')]).toEqual([host, true])
  }
  for (const host of [
    null,
    '',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'a, b',
    '1.2.3.4:x',
    '[evil]',
    'x@127.0.0.1',
    '127.0.0.1:65536',
    '[::1]:99999',
  ]) {
    expect([host, isOurHost(host, 'gw.internal')]).toEqual([host, false])
  }
})

test('text is chosen only when it is preferred', () => {
  const cases: [accept: string | null, format: string | null, text: boolean][] = [
    [null, null, false],
    ['*/*', null, false],
    ['text/html,application/xhtml+xml,*/*;q=0.8', null, false],
    ['application/json', null, false],
    ['text/plain', null, true],
    ['text/plain;q=0.5, application/json', null, false],
    ['text/*, application/json;q=0.9', null, true],
    ['text/plain;q=0', null, false],
    ['text/plain', 'json', false],
    [null, 'prometheus', true],
  ]
  for (const [accept, format, text] of cases)
    expect([accept, format, wantsText(accept, format)]).toEqual([accept, format, text])
})

/** An IPv4 address of this machine that is not loopback; null when it has none. */
function otherAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null
}

test('clients that ask for nothing, or never to the end, keep nobody waiting, and are cut off', async () => {
  const url = new URL(open())
  let ended = 0
  const connect = (text: string): Promise<Socket> =>
    Bun.connect({
      hostname: url.hostname,
      port: Number(url.port),
      socket: { data() {}, open: (socket) => void socket.write(text), close: () => void ended++ },
    })
  const silent = await Promise.all(
    Array.from({ length: 200 }, (_, i) => connect(i % 2 === 0 ? '' : 'GET /_he')),
  )
  const slow = await connect('GET /_health HTTP/1.1\r\nX-Endless: ')
  const areCutOff = (): boolean => {
    // A byte now and then is no request: the time for a head goes on.
    slow.write('x')
    return ended === silent.length + 1
  }
  try {
    expect((await fetch(`${url.origin}/_health`)).status).toBe(200)
    await waitFor(areCutOff, { everyMs: 500 })
    expect((await fetch(`${url.origin}/_health`)).status).toBe(200)
  } finally {
    for (const socket of [...silent, slow]) socket.terminate()
  }
})

/** What is answered to these bytes. */
async function answerTo(url: string, bytes: string): Promise<string> {
  let text = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(url).port),
    socket: { data: (_, data) => void (text += data.toString()), open: (own) => void own.write(bytes) },
  })
  try {
    await waitFor(() => text.includes('\r\n\r\n'))
    return text
  } finally {
    socket.terminate()
  }
}

test('a Host that is none leads nowhere', async () => {
  const url = open()
  for (const host of ['local\x80host', 'localhost/../x', 'a b', 'localhost:99999999', '[::1', '\\'])
    expect([host, await answerTo(url, `GET /_health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)]).toEqual([
      host,
      expect.stringMatching(/^HTTP\/1\.1 4(?:21|00) /),
    ])
})

test('a body of any size is refused with a reason, and not read', async () => {
  const whole = 'Content-Type: application/yaml\r\nContent-Length: 100000000000\r\n'
  const text = await answerTo(open(), `PUT /api/v1/config HTTP/1.1\r\nHost: localhost\r\n${whole}\r\n`)
  expect(text).toContain('"code":"not_signed_in"')
})
