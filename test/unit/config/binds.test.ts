// Where listeners are open: one address or a list of them.
import { describe, expect, test } from 'bun:test'
import { shownConfig } from '../../../server/config/shown.ts'
import { controlSocketPath } from '../../../server/control/control-socket.ts'
import { doorPath } from '../../../server/control/relay/door.ts'
import { located } from '../../../server/control/source/places.ts'
import { stateDbPath } from '../../../server/control/store/state-db.ts'
import { configOf, linesOf, parse } from './parse.ts'

const SERVER = '[{ url: "http://a:1" }]'
const listeners = (lines: string): string =>
  `listeners:\n${lines}\nbackends: { app: { servers: ${SERVER} } }\n`
const web = (bind: string): string => listeners(`  web: { bind: ${bind}, backend: app }`)
const bindOf = (text: string): unknown => configOf(text).listeners['web']?.bind

describe('a listener at several addresses', () => {
  test('is always a list in the code', () => {
    expect(bindOf(web('":80"'))).toEqual([':80'])
    expect(bindOf(web('["0.0.0.0:80", "[::]:80"]'))).toEqual(['0.0.0.0:80', '[::]:80'])
    const short = configOf(`listen: ["127.0.0.1:80", "[::1]:80"]\nbackends: ${SERVER}\n`)
    expect(short.listeners['default']?.bind).toEqual(['127.0.0.1:80', '[::1]:80'])
  })

  test('an interface is no address, and a host may be called as it likes otherwise', () => {
    const [line, ...none] = linesOf(web('["eth0:80", "127.0.0.1:80"]'))
    expect(line).toContain('found "eth0:80", where eth0 is looked up as the name of a host')
    expect(none).toEqual([])
    for (const host of ['localhost', 'web1', 'en.example', 'brook2', 'local'])
      expect(linesOf(web(`"${host}:80"`))).toEqual([])
  })

  test('one address is shown as a text, several as a list', () => {
    const shownBind = (bind: string): unknown => {
      const read = parse(web(bind))
      if (!read.ok) throw new Error('it has problems')
      const shown = shownConfig(read.config, read.tree) as { listeners: { web: { bind: unknown } } }
      return shown.listeners.web.bind
    }
    expect(shownBind('":80"')).toBe(':80')
    expect(shownBind('[":80"]')).toBe(':80')
    expect(shownBind('["0.0.0.0:80", "[::]:80"]')).toEqual(['0.0.0.0:80', '[::]:80'])
  })

  test('one of them that is wrong, or open twice, is told with its place', () => {
    expect(linesOf(web('["127.0.0.1:80", "127.0.0.1:81", "127.0.0.1:80"]'))).toEqual([
      '2:49 listeners.web.bind[2]: found "127.0.0.1:80", allowed an address and port of its own; listener "web" is at "127.0.0.1:80"',
    ])
    const two = '  a: { bind: ["[::1]:80", "x"], backend: app }\n  b: { bind: [":81", ":80"], backend: app }'
    expect(linesOf(listeners(two)).map((line) => line.split(',')[0])).toEqual([
      '2:27 listeners.a.bind[1]: found "x"',
      '3:22 listeners.b.bind[1]: found ":80"',
    ])
    const short = `listen: [":80", "10.0.0.1:80"]\nbackends: ${SERVER}\n`
    expect(linesOf(short)[0]).toStartWith('1:17 listen[1]: found "10.0.0.1:80", allowed an address and port')
  })

  test('there must be one', () => {
    expect(linesOf(web('[]'))).toEqual(['2:16 listeners.web.bind: found an empty list, allowed at least 1'])
    expect(linesOf(listeners('  web: { backend: app }'))[0]).toStartWith(
      '2:3 listeners.web: found no "bind", allowed "bind", "address:port"',
    )
  })

  test('several in one text are offered as a list', () => {
    expect(linesOf(web('"0.0.0.0:80, [::]:80"'))[0]).toEndWith(
      ', or a list of them; write ["0.0.0.0:80", "[::]:80"]',
    )
  })

  test('every address of each family may be written out', () => {
    const both = listeners(
      '  four: { bind: "0.0.0.0:80", backend: app }\n  six: { bind: "[::]:80", backend: app }',
    )
    expect(linesOf(both)).toEqual([])
    // Without the other, one of them is both families.
    expect(linesOf(web('[":80", "[::1]:80"]'))).toHaveLength(1)
  })

  test('an address of one link is refused', () => {
    for (const bind of ['[fe80::1%eth0]:80', 'fe80::1%eth0', '[fe80::1]:80', '[FEBF::1]:80'])
      expect(linesOf(web(`"${bind}"`))[0]).toEndWith(
        '; an address of one link (fe80::…, "%") is not opened by itself: write [::] or another address',
      )
  })

  test('a server at any of them is this gateway itself', () => {
    const text = `listeners: { web: { bind: [":81", "127.0.0.1:80"], backend: app } }
backends: { app: { servers: [{ url: "http://127.0.0.1:80" }] } }`
    expect(linesOf(text)[0]).toContain('where listener "web" listens')
  })

  test('what cannot be opened has the place of its address', async () => {
    const problem = { path: 'listeners.web.bind[1]', message: 'cannot listen' }
    const at = async (text: string) => (await located([problem], { file: 'a.yaml', text }))[0]
    expect(await at(web('[":80", ":81"]'))).toMatchObject({ line: 2, column: 24 })
    const short = { ...problem, path: 'listeners.default.bind[1]' }
    const text = `listen:\n  - ":80"\n  - ":81"\nbackends: ${SERVER}\n`
    const [found] = await located([short], { file: 'a.yaml', text })
    expect(found).toMatchObject({ path: 'listen[1]', line: 3, column: 5 })
  })
})

describe('where only one address is taken', () => {
  test.each([
    ['admin: { bind: [":9090", ":9091"] }', 'admin.bind'],
    [
      'listeners: { t: { protocol: turn, realm: r, auth: none, bind: ["127.0.0.1:1", "[::1]:1"] } }',
      'listeners.t.bind',
    ],
  ])('%s', (text, path) => {
    const whole = text.startsWith('admin') ? `${web('":80"')}${text}` : text
    const [line = ''] = linesOf(whole)
    expect(line).toContain(` ${path}: found a list, allowed "address:port"`)
    expect(line).toEndWith('; one address only')
  })
})

describe('a Unix socket', () => {
  const refused = (bind: string): string => linesOf(web(bind))[0]?.replace(/^.*allowed /, '') ?? ''

  test('may be among them', () => {
    expect(bindOf(web('"unix:/run/web.sock"'))).toEqual(['unix:/run/web.sock'])
    const unix = configOf(
      listeners('  web: { bind: ["unix:/run/web.sock", ":80"], unix: { group: 33 }, backend: app }'),
    ).listeners['web']
    expect(unix).toMatchObject({ bind: ['unix:/run/web.sock', ':80'], unix: { mode: '0660', group: '33' } })
    expect(bindOf(web('":80"'))).toEqual([':80'])
  })

  test('is opened once', () => {
    const twice = linesOf(web('["unix:/run/web.sock", ":80", "unix:/run/web.sock"]'))
    expect(twice[0]).toContain(
      'listeners.web.bind[2]: found "unix:/run/web.sock", allowed an address and port',
    )
    expect(twice).toHaveLength(1)
  })

  test('has a whole path, which is no longer than the system takes', () => {
    const PATH = '"address:port" or the path of a Unix socket, such as "unix:/run/sluice/web.sock"'
    expect(refused('"unix:web.sock"')).toBe(`${PATH}; write the whole path, from "/" on`)
    expect(refused('"unix:/run//a/../web.sock"')).toBe(`${PATH}; write "unix:/run/web.sock"`)
    expect(refused('"unix:///run/web.sock"')).toBe(`${PATH}; write "unix:/run/web.sock"`)
    expect(refused('"/run/web.sock"')).toEndWith('; write "unix:/run/web.sock"')
    expect(refused('"unix:/run/"')).toBe(`${PATH}; a folder is none`)
    expect(refused('"unix:~/web.sock"')).toContain('${HOME}')
    expect(refused('"unix:@web"')).toContain(
      'names that begin with "@" are no files, and anybody may take them',
    )
    expect(refused(`"unix:/${'a'.repeat(107)}"`)).toStartWith('a path of at most 107 bytes')
    expect(linesOf(web(`"unix:/${'a'.repeat(106)}"`))).toEqual([])
  })

  test('is none that a gateway has for itself, for commands or its database: neither listener nor server', () => {
    const config = '/etc/sluice/sluice.yaml'
    const data = '/var/lib/sluice'
    const sockets = [controlSocketPath(data, config), doorPath('/link/to/data', config)]
    for (const own of [...sockets, `${stateDbPath(data)}-journal`]) {
      expect(refused(`"unix:${own}"`)).toEndWith('keeps its data there: name another socket')
      const server = web('":80"').replace('http://a:1', `http://unix:${own}`)
      expect(linesOf(server)[0]).toContain('keeps its data there: name another socket')
    }
    expect(bindOf(web('"unix:/run/control-room.sock"'))).toEqual(['unix:/run/control-room.sock'])
  })

  test('has a mode in octal digits', () => {
    const withMode = (mode: string): string[] =>
      linesOf(listeners(`  web: { bind: "unix:/a", unix: { mode: ${mode} }, backend: app }`))
    expect(withMode('"0666"')).toEqual([])
    expect(withMode('"600"')).toEqual([])
    expect(withMode('0660')[0]).toContain(
      'allowed a mode of three octal digits, such as "0660"; write "0660"',
    )
    expect(withMode('"rw"')[0]).toContain('allowed a mode of three octal digits')
  })

  test('where there is none, who may connect to it is of no use', () => {
    const lines = linesOf(listeners('  web: { bind: ":80", unix: { mode: "0600" }, backend: app }'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toStartWith(
      '2:23 listeners.web.unix: warning: found who may connect to Unix sockets, of which',
    )
  })

  test('is no address of a turn listener nor of UDP', () => {
    const turn = 'listeners: { t: { protocol: turn, realm: r, auth: none, bind: "unix:/run/t.sock" } }'
    expect(linesOf(turn)[0]).toContain('TCP and UDP only')
  })

  test('may stand among ranges as "unix:"', () => {
    const step = (range: string): string[] =>
      linesOf(listeners(`  web: { bind: "unix:/a", trusted_proxies: ["${range}"], backend: app }`))
    expect(step('unix:')).toEqual([])
    expect(step('unix:/a')[0]).toContain('allowed an address or range')
  })
})

describe('a server at a Unix socket', () => {
  const problemOf = (url: string): string =>
    linesOf(
      `listeners: { web: { bind: ":80", backend: app } }\nbackends: { app: { servers: [{ url: "${url}" }] } }`,
    )[0]?.replace(/^.*"http:\/\/unix:\/path"(?:; )?/, '') ?? ''

  test('has the whole path of its socket in its URL', () => {
    expect(problemOf('http://unix:/run/app.sock')).toBe('')
    expect(problemOf('unix:/run/app.sock')).toBe('write "http://unix:/run/app.sock"')
    expect(problemOf('unix:///run/app.sock')).toBe('write "http://unix:/run/app.sock"')
    expect(problemOf('/run/app.sock')).toBe('write "http://unix:/run/app.sock"')
    expect(problemOf('http://unix:/run/app.sock:/')).toBe('write "http://unix:/run/app.sock"')
    expect(problemOf('http://unix:app.sock')).toEndWith('; write the whole path, from "/" on')
  })

  test('by TLS says which name its certificate must be for, or that none counts', () => {
    const ofUrl = (url: string, tls: string): readonly string[] =>
      linesOf(
        `listeners: { web: { bind: ":80", backend: app } }\nbackends: { app: { ${tls} servers: [{ url: "${url}" }] } }`,
      )
    expect(ofUrl('https://unix:/run/app.sock', '')).toEqual([
      '2:33 backends.app.servers[0].url: found "https://unix:/run/app.sock" without a name that its certificate must be for, allowed that name in "tls" beside the list of servers; write tls: { server_name: app.example.org }, or tls: { verify: false }',
    ])
    expect(ofUrl('https://unix:/run/app.sock', 'tls: { min_version: TLSv1.3 },')).toHaveLength(1)
    expect(ofUrl('https://unix:/run/app.sock', 'tls: { server_name: app.example },')).toEqual([])
    expect(ofUrl('https://unix:/run/app.sock', 'tls: { verify: false },')).toEqual([])
  })

  test('that is one of our own listeners is told', () => {
    const text = `listeners: { web: { bind: "unix:/run/a.sock", backend: app } }
backends: { app: { servers: [{ url: "http://unix:/run/a.sock" }, { url: "http://unix:/run/A.sock" }] } }`
    const lines = linesOf(text)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(
      'servers[0].url: warning: found "http://unix:/run/a.sock", where listener "web" listens',
    )
  })
})

describe('a range of ports', () => {
  const refused = (bind: string): string => linesOf(web(`"${bind}"`))[0]?.replace(/^.*allowed /, '') ?? ''

  test('is up to 1,000 ports at one address', () => {
    for (const bind of ['0.0.0.0:10000-10010', '[::1]:1-1000', ':7000-7001']) expect(refused(bind)).toBe('')
    expect(refused(':7000-8000')).toBe('a range of at most 1000 ports')
    expect(refused(':7002-7000')).toEndWith('; the smaller port comes first: write ":7000-7002"')
    expect(refused(':7000-7000')).toEndWith('; write ":7000"')
    expect(refused(':0-10')).toEndWith('ports go from 1 to 65535')
    expect(refused(':65000-65536')).toEndWith('ports go from 1 to 65535')
  })

  test('overlaps with what is open within it, which is told once', () => {
    expect(linesOf(web('["127.0.0.1:7000-7010", "127.0.0.1:7005-7020"]'))).toEqual([
      '2:40 listeners.web.bind[1]: found "127.0.0.1:7005-7020", allowed an address and port of its own; listener "web" is at "127.0.0.1:7000-7010"',
    ])
    expect(linesOf(web('["127.0.0.1:7000-7010", "127.0.0.1:7011"]'))).toEqual([])
  })

  test('of all listeners together there are no more than can be handed to workers', () => {
    const three = [1, 2, 3].map((i) => `  w${i}: { bind: ":${i}0000-${i}0999", backend: app }`).join('\n')
    expect(linesOf(listeners(three))[0]).toContain(
      '3000 ports in ranges of all listeners, allowed at most 2000',
    )
  })

  test('is none of a turn listener, nor of the admin listener', () => {
    expect(linesOf(`${web('":80"')}admin: { bind: "127.0.0.1:7000-7001" }`)).toHaveLength(1)
  })
})
