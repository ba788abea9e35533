// Threat: a client writes fields that servers believe of a gateway: scheme, host, port, and what else speaks
// of proxies.
//
// What servers and rules get to see of what proxies say: scheme, host and port too, of whom the listener
// believes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ClientScene, told } from '../support/client-scene.ts'

let scene: ClientScene
beforeAll(() => {
  scene = new ClientScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('a field that the listener does not believe', () => {
  test('does not go on, and no rule sees it', async () => {
    const every = [
      'X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.2;proto=https;host=evil', 'X-Real-IP: 192.0.2.3',
    ] // prettier-ignore
    expect(told(await scene.seen('xff', every))).toEqual([
      '192.0.2.1, 127.0.0.1',
      'http',
      'shop.example',
      '80',
      '',
      '',
    ])
    expect(told(await scene.seen('real_ip', every))).toEqual([
      '192.0.2.3, 127.0.0.1',
      'http',
      'shop.example',
      '80',
      '',
      '',
    ])
    expect(
      told(
        await scene.seen('forwarded', [
          ...every,
          'X-Forwarded-Proto: http',
          'X-Forwarded-Port: 1',
          'X-Forwarded-Host: x',
        ]),
      ),
    ).toEqual(['192.0.2.2, 127.0.0.1', 'https', 'evil', '443', '', ''])
    expect(told(await scene.seen('web', [...every, 'X-Forwarded-Proto: https']))).toEqual([
      '127.0.0.1',
      'http',
      'shop.example',
      '80',
      '',
      '',
    ])
    const all = [...every, 'X-Forwarded-Proto: https', 'X-Forwarded-User: admin']
    for (const field of [...all, 'X_Forwarded_For: 1'])
      expect([field, await scene.by('web', [field])]).toEqual([field, 200])
    expect([
      await scene.by('xff', all),
      await scene.by('xff', all.slice(0, 3)),
      await scene.by('xff', all.slice(1, 3)),
      await scene.by('xff', [all[4] as string]),
    ]).toEqual([201, 202, 200, 207])
    expect([
      await scene.by('forwarded', all),
      await scene.by('forwarded', [all[0] as string, ...all.slice(2)]),
    ]).toEqual([203, 200])
    expect(await scene.by('real_ip', all.slice(0, 3))).toBe(206)
  })

  test('of a stranger is all that speaks of proxies', async () => {
    const request = await scene.seen('web', [
      'X-Forwarded-User: admin', 'X-Forwarded-Ssl: on', 'X-Forwarded-Client-Certificate: x', 'x-forwarded-prefix: /x', 'X-Own: 1',
    ]) // prettier-ignore
    expect(
      request.fields.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith('x-')),
    ).toEqual([
      'x-own',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-port',
      'x-forwarded-host',
      'x-request-id',
    ])
    expect(
      (await scene.seen('xff', ['X-Forwarded-User: admin', 'X-Forwarded-For: 192.0.2.7'])).get(
        'x-forwarded-user',
      ),
    ).toBe('admin')
    expect(
      (await scene.seen('forwarded', ['X-Forwarded-User: admin', 'Forwarded: for=192.0.2.7'])).get(
        'x-forwarded-user',
      ),
    ).toBeNull()
  })
})

describe('scheme, host and port', () => {
  test('are those of Host and the connection where nobody is believed', async () => {
    for (const [host, port] of [
      ['shop.example', '80'],
      ['shop.example:8443', '8443'],
      ['[::1]:81', '81'],
      ['[::1]', '80'],
      ['shop.example:', '80'],
    ] as const)
      expect(told(await scene.seen('web', [], host))).toEqual(['127.0.0.1', 'http', host, port, '', ''])
  })

  test('follow Host from request to request of one connection', async () => {
    await using client = await scene.gateway.client('web')
    const ports: (string | null)[] = []
    for (const host of ['a.example', 'b.example:81', 'a.example', 'b.example:81', 'b.example:81']) {
      scene.origin.forget()
      client.send(`GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await client.readAnswer()
      const request = await scene.origin.received(1)
      expect(request.get('x-forwarded-host')).toBe(host)
      ports.push(request.get('x-forwarded-port'))
    }
    expect(ports).toEqual(['80', '81', '80', '81', '81'])
  })

  test('are believed of a trusted proxy where they can be read, else ours', async () => {
    const by = ['X-Forwarded-For: 192.0.2.7']
    const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
      [['X-Forwarded-Proto: https'], ['https', 'shop.example', '443']],
      [
        ['X-Forwarded-Proto: HTTPS', 'X-Forwarded-Proto: HTTPS'],
        ['https', 'shop.example', '443'],
      ],
      [['X-Forwarded-Proto: wss'], ['wss', 'shop.example', '443']],
      [
        ['X-Forwarded-Proto: https', 'X-Forwarded-Proto: http'],
        ['http', 'shop.example', '80'],
      ],
      [['X-Forwarded-Proto: https, http'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Proto: javascript'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Host: a.example:81'], ['http', 'a.example:81', '81']],
      [
        ['X-Forwarded-Host: a.example', 'X-Forwarded-Proto: https'],
        ['https', 'a.example', '443'],
      ],
      [
        ['X-Forwarded-Host: a.example', 'X-Forwarded-Host: b.example'],
        ['http', 'shop.example', '80'],
      ],
      [['X-Forwarded-Host: a.example, b.example'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Host: .a.example'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Host:'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Port: 8443'], ['http', 'shop.example', '8443']],
      [
        ['X-Forwarded-Port: 8443', 'X-Forwarded-Host: a.example:81'],
        ['http', 'a.example:81', '8443'],
      ],
      [['X-Forwarded-Port: 0'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Port: 65536'], ['http', 'shop.example', '80']],
      [['X-Forwarded-Port: 1, 2'], ['http', 'shop.example', '80']],
    ]
    for (const listener of ['xff', 'real_ip'])
      for (const [fields, wanted] of cases) {
        const request = await scene.seen(listener, [...by, 'X-Real-IP: 192.0.2.7', ...fields])
        expect([fields, told(request).slice(1, 4)]).toEqual([fields, [...wanted]])
      }
  })

  test('are read of the element of Forwarded that names the client', async () => {
    const request = await scene.seen('forwarded', [
      'Forwarded: for=6.6.6.6;proto=http;host=evil, for=192.0.2.7;proto=https;host="shop.example:8443", for=10.0.0.1;proto=http;host=inner',
    ])
    expect(told(request)).toEqual([
      '6.6.6.6, 192.0.2.7, 10.0.0.1, 127.0.0.1',
      'https',
      'shop.example:8443',
      '8443',
      '',
      '',
    ])
  })

  test('of the client are what a redirect leads to', async () => {
    const to = async (listener: string, fields: readonly string[]) =>
      (await scene.ask(listener, '/move/a', fields)).get('location')
    const http = 'http://shop.example/'
    const https = 'https://shop.example/'
    expect([
      await to('web', ['X-Forwarded-Proto: https']),
      await to('xff', ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https']),
      await to('xff', ['X-Forwarded-For: 192.0.2.7', 'Forwarded: for=192.0.2.7;proto=https']),
      await to('forwarded', ['X-Forwarded-Proto: https', 'Forwarded: for=192.0.2.7']),
      await to('forwarded', ['Forwarded: for=192.0.2.7;proto=https']),
    ]).toEqual([http, https, http, http, https])
  })
})
