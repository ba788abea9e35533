// Who comes to a tls listener and is not led on: told so, logged, counted, and ended in time.
import { afterEach, describe, expect, spyOn, test } from 'bun:test'
import * as clientHello from '../../server/tls/client-hello.ts'
import { rawClient } from '../support/client.ts'
import type { TestEngine } from '../support/engine.ts'
import { hello, inRecords, names } from '../support/hello.ts'
import { needs } from '../support/needs.ts'
import { alert, asking, nameEntry, Passthrough } from '../support/passthrough.ts'
import { waitFor } from '../support/wait.ts'

let world: Passthrough
let gateway: TestEngine
const start = (...how: ConstructorParameters<typeof Passthrough>): void => {
  world = new Passthrough(...how)
  gateway = world.gateway
}
afterEach(() => world[Symbol.asyncDispose]())

describe('who is refused', () => {
  test('for a name that no rule is for is told so, logged and counted', async () => {
    start()
    expect(await world.answerTo(asking('none.example'))).toBe(alert(112))
    expect(await world.answerTo(asking(null))).toBe(alert(112))
    expect(await world.answerTo(asking('b.example', 'h3'))).toBe(alert(120))
    const { board, connectionLog, registry } = gateway
    expect(connectionLog.map(({ fault, askedFor, detail }) => [fault, askedFor, detail])).toEqual([
      ['no_rule', 'none.example', null],
      ['no_rule', null, 'it asks for no name'],
      ['no_rule', 'b.example', 'it offers h3'],
    ])
    expect(registry.counter('tcp_connections_total', ['web', '-', '-', 'no_rule']).value).toBe(3)
    // As with requests that no rule is for: what clients ask for is no failure of ours.
    expect([board.requests(0), board.failures(0)]).toEqual([3, 0])
  })

  test('for what is no hello', async () => {
    start({ limits: { hello: '512' } })
    expect(await world.answerTo('GET / HTTP/1.1\r\n\r\n')).toBe('')
    expect(await world.answerTo('SSH-2.0-x\r\n')).toBe('')
    expect(await world.answerTo(inRecords(Buffer.from([2, 0, 0, 0])))).toBe(alert(50))
    expect(await world.answerTo(asking('a'.repeat(600)))).toBe(alert(50))
    const two = inRecords(hello({ extensions: [names(nameEntry('a.b'), nameEntry('c.d'))] }))
    expect(await world.answerTo(two)).toBe(alert(47))
    const { connectionLog, events } = gateway
    expect(connectionLog.map(({ fault, detail }) => [fault, detail])).toEqual([
      ['hello_malformed', 'it speaks HTTP without TLS'],
      ['hello_malformed', 'it speaks no TLS'],
      ['hello_malformed', null],
      ['hello_too_large', null],
      ['hello_malformed', 'it asks for several names'],
    ])
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'limit_reached', limit: 'listeners.web.limits.hello', value: 512 }),
    )
  })

  test('by address, and beyond the rate, before anything is looked at', async () => {
    start({ deny: ['127.0.0.9'], limits: { rate: { connections: 1, per: '1h' } } })
    expect(await world.answerTo(asking('a.example'), '127.0.0.9')).toBe('')
    const client = await gateway.client()
    client.send(asking('a.example'))
    await client.readUntil('a:')
    expect(await world.answerTo(asking('a.example'))).toBe('')
    client.fin()
    const { connectionLog } = gateway
    await waitFor(() => connectionLog.length === 3)
    expect(connectionLog.map(({ fault }) => fault)).toEqual(['denied', 'rate_limited', null])
  })

  test('for being slow: hundreds that say nothing, or too little, are ended in their time, and cost nobody else anything', async () => {
    start()
    const { port } = world
    const part = asking('a.example').subarray(0, 40)
    const slow = await Promise.all(Array.from({ length: 300 }, () => rawClient(port)))
    for (const [index, client] of slow.entries()) if (index % 2 === 0) client.send(part)
    const { connectionLog, board } = gateway
    await waitFor(() => board.activeConnections() === 300)
    expect(await world.answerTo(asking('none.example'))).toBe(alert(112))
    gateway.runAhead(11_000)
    await Promise.all(slow.map((client) => client.closed()))
    const faults = connectionLog.map(({ fault }) => fault)
    expect(faults.filter((fault) => fault === 'hello_timeout').length).toBe(300)
    await waitFor(() => board.activeConnections() === 0)
  })

  test('nobody is who only looks whether somebody listens; who breaks off in a hello is told of', async () => {
    start()
    const { connectionLog, board } = gateway
    for (const bytes of ['', asking('a.example').subarray(0, 50)]) {
      await using client = await rawClient(world.port)
      client.send(bytes).fin()
      await client.closed()
      await waitFor(() => board.activeConnections() === 0)
    }
    // As balancers end their checks: by a reset.
    const probe = await rawClient(world.port)
    await waitFor(() => board.activeConnections() === 1)
    probe.rst()
    await waitFor(() => board.activeConnections() === 0)
    await world.answerTo(asking('none.example'))
    const faults = await waitFor(() => {
      const all = connectionLog.map(({ fault }) => fault)
      return all.includes('no_rule') ? all : null
    })
    expect(faults).toEqual(['client_abort', 'no_rule'])
  })

  test('who resets in the midst of a hello is told of as well', async () => {
    start()
    const { connectionLog, board } = gateway
    const part = asking('a.example').subarray(0, 50)
    const looks = spyOn(clientHello, 'readClientHello')
    for (let n = 0; n < 12; n++) {
      looks.mockClear()
      const client = await rawClient(world.port)
      client.send(part)
      await waitFor(() => looks.mock.results.some(({ value }) => value === 'more'))
      client.rst()
      await waitFor(() => board.activeConnections() === 0)
    }
    looks.mockRestore()
    expect(connectionLog.map(({ fault }) => fault)).toEqual(Array(12).fill('client_abort'))
  })
})

describe('programs', () => {
  needs('openssl')('openssl says which alert it got', async () => {
    start()
    const run = Bun.spawn(
      ['openssl', 's_client', '-connect', `127.0.0.1:${world.port}`, '-servername', 'none.example'],
      { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    )
    expect(await new Response(run.stderr).text()).toContain('unrecognized name')
  })

  needs('curl')('curl gets a page by the listener that ends TLS', async () => {
    start()
    const { port } = world
    const run = Bun.spawn(
      [
        'curl',
        '-sk',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '--resolve',
        `site.example:${port}:127.0.0.1`,
        `https://site.example:${port}/`,
      ],
      { stdout: 'pipe' },
    )
    expect(await new Response(run.stdout).text()).toBe('200')
  })
})
