import { describe, expect, test } from 'bun:test'
import { flowBindsOf, socketKey, tcpBindsOf, udpBindsOf, type Binds } from '../../../server/lib/bind.ts'

const turn = (more: Partial<Binds> = {}): Binds => ({
  bind: '192.0.2.1:3478',
  transports: ['udp', 'tcp'],
  ...more,
})

describe('TCP addresses of a listener', () => {
  test('an http listener has its bind, and nothing of UDP', () => {
    expect(tcpBindsOf('web', { bind: ':80' })).toEqual([
      { name: 'web', listener: 'web', bind: ':80', key: '[::]:80', path: ['bind'], isTls: false },
    ])
    expect(tcpBindsOf('web', { bind: ':80', transports: ['tcp'] })).toHaveLength(1)
    expect(udpBindsOf('web', { bind: ':80', transports: ['tcp'] })).toEqual([])
  })

  test('one of a list has a key of its own, and its place in the config', () => {
    const binds = (bind: readonly string[]): string[] =>
      tcpBindsOf('web', { bind }).map(({ listener, key, path }) => `${listener} ${key} ${path.join('.')}`)
    expect(binds(['0.0.0.0:80', '[::1]:81'])).toEqual(['web 0.0.0.0:80 bind.0', 'web#1 [::1]:81 bind.1'])
    expect(binds([':0', '127.0.0.1:0', '[::]:0'])).toEqual([
      'web web@[::]:0 bind.0',
      'web#1 web#1@127.0.0.1:0 bind.1',
      'web#2 web#2@[::]:0 bind.2',
    ])
    // Whether a single one was written as a list makes no difference.
    expect(binds([':80'])).toEqual(['web [::]:80 bind'])
    expect(tcpBindsOf('web', { bind: [':80'] })).toEqual(tcpBindsOf('web', { bind: ':80' }))
  })

  test('a range of ports is an address for each, known by one text', () => {
    const found = tcpBindsOf('web', { bind: ['[::1]:7000-7002', ':80'] })
    expect(found.map(({ listener, bind, path, range }) => [listener, bind, path.join('.'), range])).toEqual([
      ['web', '[::1]:7000', 'bind.0', '[::1]:7000-7002'],
      ['web#1', '[::1]:7001', 'bind.0', '[::1]:7000-7002'],
      ['web#2', '[::1]:7002', 'bind.0', '[::1]:7000-7002'],
      ['web#3', ':80', 'bind.1', undefined],
    ])
  })

  test('a turn listener has its bind when it speaks TCP, and that of TLS', () => {
    const binds = (more: Partial<Binds>): string[] => tcpBindsOf('turn', turn(more)).map(({ bind }) => bind)
    expect(binds({})).toEqual(['192.0.2.1:3478'])
    expect(binds({ tls: { bind: ':5349' } })).toEqual(['192.0.2.1:3478', ':5349'])
    expect(binds({ transports: ['udp'] })).toEqual([])
    expect(binds({ transports: ['udp'], tls: { bind: ':5349' } })).toEqual([':5349'])
  })

  test('each has a key of its own, also where any port will do', () => {
    const [plain, tls] = tcpBindsOf('turn', turn({ bind: '127.0.0.1:0', tls: { bind: '127.0.0.1:0' } }))
    expect(plain?.key).not.toBe(tls!.key)
    for (const { listener, bind, key } of [plain!, tls!]) expect(key).toBe(socketKey(listener, bind))
    expect([plain?.name, tls?.name, tls?.isTls]).toEqual(['turn', 'turn', true])
  })
})

describe('UDP addresses of a turn listener', () => {
  test('one, or none without UDP', () => {
    expect(udpBindsOf('turn', turn())).toEqual([
      {
        key: 'turn#0',
        listener: 'turn',
        bind: '192.0.2.1:3478',
        path: ['bind'],
        host: '192.0.2.1',
        port: 3478,
        portOf: null,
      },
    ])
    expect(udpBindsOf('turn', turn({ transports: ['tcp'] }))).toEqual([])
  })

  test('every address is a socket for each family, on the same port', () => {
    for (const bind of [':3478', '*:3478', '[::]:3478']) {
      const of = { bind, path: ['bind'] }
      expect(udpBindsOf('turn', turn({ bind }))).toEqual([
        { key: 'turn#0', listener: 'turn', ...of, host: '0.0.0.0', port: 3478, portOf: null },
        { key: 'turn#0v6', listener: 'turn', ...of, host: '::', port: 3478, portOf: 'turn#0' },
      ])
    }
    expect(udpBindsOf('turn', turn({ bind: '0.0.0.0:3478' }))).toHaveLength(1)
  })

  test('those of a list are told apart, each with its second socket', () => {
    const found = udpBindsOf('dns', { bind: ['127.0.0.1:53', ':54', '[::1]:0'], transports: ['udp'] })
    expect(found.map(({ key, host, port, portOf }) => [key, `${host} ${port}`, portOf])).toEqual([
      ['dns#0', '127.0.0.1 53', null],
      ['dns#0.1', '0.0.0.0 54', null],
      ['dns#0.1v6', ':: 54', 'dns#0.1'],
      ['dns#0.2', '::1 0', null],
    ])
    expect(found.map(({ bind, path }) => `${path.join('.')} ${bind}`)).toEqual([
      'bind.0 127.0.0.1:53',
      'bind.1 :54',
      'bind.1 :54',
      'bind.2 [::1]:0',
    ])
  })

  test('where every address of IPv4 is written beside it, that of IPv6 is left', () => {
    const hosts = (bind: readonly string[]): string[] =>
      udpBindsOf('dns', { bind, transports: ['udp'] }).map(({ host, port }) => `${host} ${port}`)
    expect(hosts(['0.0.0.0:53', '[::]:53'])).toEqual(['0.0.0.0 53', ':: 53'])
    expect(hosts([':53', '0.0.0.0:53'])).toEqual([':: 53', '0.0.0.0 53'])
    expect(hosts(['0.0.0.0:53', '[::]:54'])).toEqual(['0.0.0.0 53', '0.0.0.0 54', ':: 54'])
  })

  test('behaviour discovery: both addresses on both ports', () => {
    const found = udpBindsOf('turn', turn({ discovery: '192.0.2.2:3479' }))
    expect(found.map(({ key, host, port }) => `${key} ${host}:${port}`)).toEqual([
      'turn#0 192.0.2.1:3478',
      'turn#1 192.0.2.1:3479',
      'turn#2 192.0.2.2:3478',
      'turn#3 192.0.2.2:3479',
    ])
    expect(found.map(({ portOf }) => portOf)).toEqual([null, null, 'turn#0', 'turn#1'])
  })
})

test('udp listeners open each address of a range, and every address of each family, under keys of UDP', () => {
  const keys = (bind: string | readonly string[]): string[] =>
    flowBindsOf('u', { bind, protocol: 'udp' }).map(({ key }) => key)
  expect(keys('127.0.0.1:5000-5002')).toEqual([
    'udp 127.0.0.1:5000',
    'udp 127.0.0.1:5001',
    'udp 127.0.0.1:5002',
  ])
  expect(keys(':53')).toEqual(['udp 0.0.0.0:53', 'udp [::]:53'])
  expect(keys('127.0.0.1:0')).toEqual(['udp u#0@127.0.0.1:0'])
  const [first, six] = flowBindsOf('u', { bind: ':0', protocol: 'udp' })
  expect([first?.portOf, six?.portOf]).toEqual([null, first?.key])
  expect(tcpBindsOf('u', { bind: ':53', protocol: 'udp' })).toEqual([])
  expect(flowBindsOf('u', { bind: ':53', protocol: 'turn', transports: ['udp'] })).toEqual([])
})
