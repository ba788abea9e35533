// Threat: a client says that it is another, to pass `ip` rules and limits, or to have another blamed in the
// log.
//
// Who the client is: believed in one field of trusted proxies, and nowhere else; unknown where that field
// cannot be read.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { ClientScene, UNKNOWN_CLIENT as UNKNOWN, told, type Verdict } from '../support/client-scene.ts'

let scene: ClientScene
beforeAll(() => {
  scene = new ClientScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('a field that the listener does not believe', () => {
  const others: Readonly<Record<string, readonly string[]>> = {
    xff: [
      'Forwarded: for=192.0.2.7',
      'Forwarded: for=_x',
      'Forwarded: "',
      'X-Real-IP: 192.0.2.7',
      'X_Forwarded_For: 192.0.2.7',
    ],
    forwarded: ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-For: x', 'X-Real-IP: 192.0.2.7'],
    real_ip: ['X-Forwarded-For: 192.0.2.7', 'Forwarded: for=192.0.2.7', 'Forwarded: for=_x'],
  }
  const denied = {
    xff: 'X-Forwarded-For: 192.0.2.66',
    forwarded: 'Forwarded: for=192.0.2.66',
    real_ip: 'X-Real-IP: 192.0.2.66',
  }
  for (const [listener, field] of Object.entries(denied))
    test(`lets no denied client in, before or behind the one that is: ${field}`, async () => {
      for (const other of others[listener] as string[])
        for (const fields of [
          [other, field],
          [field, other],
          [other, field, other],
        ])
          expect([fields, await scene.verdict(listener, fields)]).toEqual([
            fields,
            ['192.0.2.66', 403, 403, 200],
          ])
    })
})

describe('the client of a trusted proxy', () => {
  const GOOD = ['192.0.2.7', 200, 200, 200]
  const lists: Readonly<Record<string, Verdict>> = {
    '192.0.2.7': GOOD,
    '192.0.2.66, 192.0.2.7': GOOD,
    '192.0.2.66, 192.0.2.7, 10.1.2.3': GOOD,
    'x, , unknown, 192.0.2.7, 10.1.2.3, [2001:db8:f::1]:80': GOOD,
    '192.0.2.7:4711, 10.0.0.2:80': GOOD,
    '::ffff:192.0.2.7': GOOD,
    '[::FFFF:c000:207]:1': GOOD,
    '::ffff:192.0.2.66': ['192.0.2.66', 403, 403, 200],
    '[2001:DB8:0::66]:99': ['2001:db8::66', 403, 403, 200],
    '10.0.0.1, 10.0.0.2': ['10.0.0.1', 200, 200, 200],
    '192.0.2.66, unknown, 10.0.0.2': UNKNOWN,
    '192.0.2.66, _hidden': UNKNOWN,
    'not an address': UNKNOWN,
    '': UNKNOWN,
    ',': UNKNOWN,
    '192.0.2.7,': UNKNOWN,
    '192.0.2.7, , 10.0.0.2': UNKNOWN,
    'fe80::1%eth0': UNKNOWN,
    '192.0.2.07': UNKNOWN,
    '"192.0.2.7"': UNKNOWN,
    '[192.0.2.7]': UNKNOWN,
  }
  for (const [list, wanted] of Object.entries(lists))
    test(`X-Forwarded-For: ${JSON.stringify(list)}`, async () => {
      expect(await scene.verdict('xff', [`X-Forwarded-For: ${list}`])).toEqual([...wanted])
    })

  test('is walked to over repeated fields as over one', async () => {
    expect(await scene.verdict('xff', ['X-Forwarded-For: 192.0.2.66', 'x-forwarded-FOR: 192.0.2.7'])).toEqual(
      GOOD,
    )
    expect(
      await scene.verdict('xff', ['X-Forwarded-For: 192.0.2.7, 10.0.0.1', 'X-Forwarded-For: 10.0.0.2']),
    ).toEqual(GOOD)
    expect(await scene.verdict('xff', ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-For:'])).toEqual(UNKNOWN)
    expect(
      await scene.verdict('forwarded', ['Forwarded: for=192.0.2.66', 'Forwarded: for=192.0.2.7']),
    ).toEqual(GOOD)
    expect(
      await scene.verdict('forwarded', ['Forwarded: for="192.0.2.66', 'Forwarded: for=192.0.2.7']),
    ).toEqual(UNKNOWN)
    expect(await scene.verdict('real_ip', ['X-Real-IP: 192.0.2.7', 'X-Real-IP: 192.0.2.7'])).toEqual(GOOD)
    expect(await scene.verdict('real_ip', ['X-Real-IP: 192.0.2.66', 'X-Real-IP: 192.0.2.7'])).toEqual(UNKNOWN)
    expect(await scene.verdict('real_ip', ['X-Real-IP: 192.0.2.66, 192.0.2.7'])).toEqual(UNKNOWN)
  })

  test('is unknown where Forwarded hides, forgets or garbles it', async () => {
    for (const element of [
      'for=_x',
      'for=unknown',
      'proto=https',
      'for="',
      'for=1.2.3.4;for=192.0.2.7',
      'for = 192.0.2.7',
      '',
    ])
      expect([element, await scene.verdict('forwarded', [`Forwarded: for=192.0.2.7, ${element}`])]).toEqual([
        element,
        UNKNOWN,
      ])
    expect(
      await scene.verdict('forwarded', ['Forwarded: for="192.0.2.7:1", for=10.0.0.1;proto=https;by=_a']),
    ).toEqual(GOOD)
  })

  test('is unknown beyond sixty-four hops', async () => {
    const hops = (count: number) => `X-Forwarded-For: 192.0.2.7${', 10.0.0.1'.repeat(count)}`
    expect(await scene.verdict('xff', [hops(63)])).toEqual(GOOD)
    expect(await scene.verdict('xff', [hops(64)])).toEqual(UNKNOWN)
    const request = await scene.seen('xff', [hops(1000)])
    expect(request.get('x-forwarded-for')).toBe(`unknown${', 10.0.0.1'.repeat(63)}, 127.0.0.1`)
  })

  test('is the proxy itself when nothing says that it forwards; otherwise nobody', async () => {
    for (const listener of ['xff', 'forwarded', 'real_ip'])
      expect(await scene.verdict(listener, ['X-Own: 1'])).toEqual(['127.0.0.1', 200, 200, 200])
    for (const field of [
      'Via: 1.1 p',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Server: p',
      'CF-Connecting-IP: 192.0.2.7',
      'X_Real_IP: 192.0.2.7',
    ])
      for (const listener of ['xff', 'forwarded', 'real_ip'])
        expect([field, await scene.verdict(listener, [field])]).toEqual([field, UNKNOWN])
    expect(await scene.verdict('xff', ['X-Real-IP: 192.0.2.7'])).toEqual(UNKNOWN)
    expect(await scene.verdict('forwarded', ['X-Forwarded-For: 192.0.2.7'])).toEqual(UNKNOWN)
    expect((await scene.seen('xff', ['Via: 1.1 p'])).get('x-forwarded-for')).toBe('unknown, 127.0.0.1')
  })

  test('changes with each request of its connection', async () => {
    await using client = await scene.gateway.client('xff')
    const clients: (string | null | undefined)[] = []
    for (const field of [
      'X-Forwarded-For: 192.0.2.7',
      'X-Forwarded-For: 192.0.2.66',
      'X-Own: 1',
      'X-Forwarded-For: x',
    ]) {
      await scene.ask('xff', '/open/a', [field], client)
      clients.push(scene.gateway.log.at(-1)?.client)
    }
    expect(clients).toEqual(['192.0.2.7', '192.0.2.66', '127.0.0.1', null])
  })

  test('is unknown when its head was refused before its end', async () => {
    await using client = await scene.gateway.client('xff')
    client.send(
      'GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.7\r\nBad Name: x\r\nX-Forwarded-For: 192.0.2.8\r\n\r\n',
    )
    expect((await client.readAnswer()).status).toBe(400)
    expect([scene.gateway.log.at(-1)?.fault, scene.gateway.log.at(-1)?.client]).toEqual([
      'head_malformed',
      null,
    ])
  })

  test('is told to servers in one form, unreadable ones as unknown', async () => {
    const list = 'X-Forwarded-For: <b>, 192.0.2.66:1, [2001:DB8::7]:4711, 10.0.0.9'
    expect((await scene.seen('xff', [list])).all('x-forwarded-for')).toEqual([
      'unknown, 192.0.2.66, 2001:db8::7, 10.0.0.9, 127.0.0.1',
    ])
    const one = await scene.seen('real_ip', ['X-Real-IP: [2001:db8::7]'])
    expect(told(one)).toEqual(['2001:db8::7, 127.0.0.1', 'http', 'shop.example', '80', '', ''])
  })
})

test('strangers of a trusting listener are believed nothing', async () => {
  await using client = await rawClient(scene.gateway.port('xff'), '127.0.0.1', '127.0.0.2')
  expect(
    (await scene.ask('xff', '/allow/a', ['X-Forwarded-For: 192.0.2.7', 'Forwarded: for=192.0.2.7'], client))
      .status,
  ).toBe(403)
  expect(scene.gateway.log.at(-1)?.client).toBe('127.0.0.2')
})
