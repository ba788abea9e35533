// Sockets that were open before the gateway, as systemd hands them to a service (sd_listen_fds(3)).
import { afterAll, afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bindSharedUdp, bindUdp, listenUnix } from '../../server/lib/bind-fd.ts'
import { closeFds, duplicateFd } from '../../server/lib/pass-fds.ts'
import {
  type Gateway,
  type GatewayOptions,
  runCommand,
  spawnGateway,
  startGateway,
} from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { named, udpPeer } from '../support/udp.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { waitFor } from '../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'handed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const open: AsyncDisposable[] = []
const fds: number[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
  closeFds(fds.splice(0))
})

interface Handed {
  readonly fd: number
  readonly port: number
}

/** A socket that listens, and that nobody accepts from. */
function listening(reusePort: boolean): Handed {
  const options = { hostname: '127.0.0.1', port: 0, reusePort, socket: { data() {} } }
  const socket = Bun.listen(options) as unknown as Handed & { stop(isNow: boolean): void }
  const handed = { fd: duplicateFd(socket.fd), port: socket.port }
  socket.stop(true)
  fds.push(handed.fd)
  return handed
}

function keptUdp(made: Handed): Handed {
  fds.push(made.fd)
  return made
}

/** Starts a gateway that is handed these, by their names. */
async function handing(
  handed: Readonly<Record<string, number>>,
  options: GatewayOptions,
  start = startGateway,
): Promise<Gateway> {
  const names = Object.keys(handed)
  const gateway = await start({
    ...options,
    through: ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'],
    fds: Object.values(handed),
    env: { LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':') },
  })
  open.push(gateway)
  return gateway
}

const respond = (text: string) => [{ name: 'all', respond: { status: 200, body: text } }]
const askedAt = async (port: number, path = '/'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { keepalive: false })).text()

test('listeners and the admin listener adopt what is bound at their addresses, with any number of workers', async () => {
  const [web, spread, admin] = [listening(false), listening(true), listening(false)]
  const path = join(folder, 'web.sock')
  const unix = listenUnix(path, 16)
  fds.push(unix)
  const gateway = await handing(
    { web: web.fd, spread: spread.fd, admin: admin.fd, unix },
    {
      workers: 2,
      config: {
        listeners: {
          web: { bind: `127.0.0.1:${web.port}`, protocol: 'http' },
          spread: { bind: `127.0.0.1:${spread.port}`, protocol: 'http' },
          unix: { bind: `unix:${path}`, protocol: 'http' },
        },
        rules: respond('adopted'),
        admin: { bind: `127.0.0.1:${admin.port}` },
      },
    },
  )
  expect(gateway.last('socket_not_wanted')).toBeUndefined()
  for (let i = 0; i < 8; i++) {
    expect(await askedAt(web.port)).toBe('adopted')
    expect(await askedAt(spread.port)).toBe('adopted')
  }
  expect(await (await fetch('http://localhost/', { unix: path })).text()).toBe('adopted')
  expect(JSON.parse(await askedAt(admin.port, '/_health'))).toMatchObject({ healthy: true })

  // What the service manager keeps is as it was: who comes between two runs waits for the next one.
  expect(await gateway.stop()).toBe(0)
  const waiting = [askedAt(web.port), askedAt(spread.port), askedAt(admin.port, '/_health')]
  await handing(
    { web: web.fd, spread: spread.fd, admin: admin.fd, unix },
    {
      config: {
        listeners: {
          web: { bind: [`127.0.0.1:${web.port}`, `127.0.0.1:${spread.port}`], protocol: 'http' },
          unix: { bind: `unix:${path}`, protocol: 'http' },
        },
        rules: respond('again'),
        admin: { bind: `127.0.0.1:${admin.port}` },
      },
    },
  )
  expect(await Promise.all(waiting.slice(0, 2))).toEqual(['again', 'again'])
  expect(JSON.parse(await waiting[2]!)).toHaveProperty('healthy')
})

test('more than there are do no harm, however many are said', async () => {
  const web = listening(false)
  const config = {
    listeners: { web: { bind: `127.0.0.1:${web.port}`, protocol: 'http' } },
    rules: respond('there'),
  }
  for (const said of ['2', '500', '2000000000']) {
    const gateway = await startGateway({
      config,
      through: ['sh', '-c', `LISTEN_PID=$$ LISTEN_FDS=${said} exec "$@"`, 'sh'],
      fds: [web.fd],
    })
    open.push(gateway)
    expect(await askedAt(web.port)).toBe('there')
    const hint = `LISTEN_FDS says ${said}, and 1 of them are there: descriptor 4 is not`
    expect(gateway.last('socket_not_wanted')).toMatchObject({ socket: null, hint })
    expect(await gateway.stop()).toBe(0)
  }
})

test('one at another address of the port is told as what it is', async () => {
  const web = listening(false)
  const gateway = await spawnGateway({
    config: {
      listeners: { web: { bind: `0.0.0.0:${web.port}`, protocol: 'http' } },
      rules: respond('there'),
    },
    through: ['sh', '-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', 'sh'],
    fds: [web.fd],
  })
  open.push(gateway)
  expect(await gateway.exited()).toBe(1)
  expect(gateway.stderr).toContain(`this gateway itself (process ${gateway.pid}) has this port`)
  expect(gateway.stderr).toContain('a socket that was handed to it (LISTEN_FDS) at another address')
})

test('a listener that goes and comes back finds its socket again', async () => {
  const web = listening(false)
  const config = (bind: string) => ({
    listeners: { web: { bind, protocol: 'http' } },
    rules: respond('there'),
  })
  const gateway = await handing({ web: web.fd }, { config: config(`127.0.0.1:${web.port}`) })
  expect(await gateway.apply(config('127.0.0.1:0'))).toMatchObject({ event: 'applied' })
  expect(await gateway.apply(config(`127.0.0.1:${web.port}`))).toMatchObject({ event: 'applied' })
  expect(await askedAt(web.port)).toBe('there')
})

test('the sockets go on to the gateway that takes over, and are left as they were in the end', async () => {
  const [web, spread, admin] = [listening(false), listening(true), listening(false)]
  const udp = keptUdp(bindUdp('127.0.0.1', 0))
  const path = join(folder, 'over.sock')
  const unix = listenUnix(path, 16)
  fds.push(unix)
  const hasUdp = socketsOfRun() !== 'bun'
  const server = await named('a')
  open.push(server)
  const config = {
    listeners: {
      web: { bind: `127.0.0.1:${web.port}`, protocol: 'http' },
      spread: { bind: `127.0.0.1:${spread.port}`, protocol: 'http' },
      unix: { bind: `unix:${path}`, protocol: 'http' },
      ...(hasUdp && { udp: { bind: `127.0.0.1:${udp.port}`, protocol: 'udp', backend: 'udp' } }),
    },
    rules: respond('there'),
    ...(hasUdp && { backends: { udp: { servers: [{ url: `udp://127.0.0.1:${server.port}` }] } } }),
    admin: { bind: `127.0.0.1:${admin.port}` },
  }
  const handed = { web: web.fd, spread: spread.fd, admin: admin.fd, unix, ...(hasUdp && { udp: udp.fd }) }
  const gateway = await handing(handed, { config, workers: 2 })
  for (let i = 0; i < 2; i++) {
    const done = await runCommand(['upgrade', '-c', gateway.configFile, '--probation', '0.2'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    for (const { port } of [web, spread, web, spread]) expect(await askedAt(port)).toBe('there')
    expect(await (await fetch('http://a/', { unix: path })).text()).toBe('there')
    expect(JSON.parse(await askedAt(admin.port, '/_health'))).toMatchObject({ healthy: true })
    const client = await udpPeer()
    open.push(client)
    if (hasUdp) expect((await client.ask('1', udp.port)).bytes.toString()).toBe('a1')
  }
  expect(await runCommand(['stop', '-c', gateway.configFile])).toMatchObject({ code: 0 })
  const waiting = askedAt(web.port)
  await handing(handed, { config })
  expect(await waiting).toBe('there')
  expect(await (await fetch('http://a/', { unix: path })).text()).toBe('there')
}, 30_000)

test.if(socketsOfRun() !== 'bun')(
  'udp and turn listeners adopt theirs; where none can be bound beside it one worker has a socket alone',
  async () => {
    const [alone, spread, turn] = [
      keptUdp(bindUdp('127.0.0.1', 0)),
      keptUdp(bindSharedUdp('127.0.0.1', 0)),
      keptUdp(bindUdp('127.0.0.1', 0)),
    ]
    const server = await named('a')
    open.push(server)
    const gateway = await handing(
      { alone: alone.fd, spread: spread.fd, turn: turn.fd },
      {
        workers: 2,
        config: {
          listeners: {
            udp: {
              bind: [`127.0.0.1:${alone.port}`, `127.0.0.1:${spread.port}`],
              protocol: 'udp',
              backend: 'all',
            },
            turn: {
              bind: `127.0.0.1:${turn.port}`,
              protocol: 'turn',
              realm: 'example.org',
              transports: ['udp'],
              auth: { users: { a: 'b' } },
              relay: { bind: ['127.0.0.1'] },
            },
          },
          backends: { all: { servers: [{ url: `udp://127.0.0.1:${server.port}` }] } },
        },
      },
    )
    expect(gateway.last('socket_not_wanted')).toBeUndefined()
    for (const port of [alone.port, spread.port]) {
      const clients = await Promise.all(Array.from({ length: 6 }, () => udpPeer()))
      open.push(...clients)
      for (const client of clients)
        for (const text of ['1', '2'])
          expect((await client.ask(text, port)).bytes.toString()).toBe(`a${text}`)
    }
    const client = await udpPeer()
    open.push(client)
    // A binding request (RFC 8489 §5).
    const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), Buffer.alloc(12, 7)])
    expect((await client.ask(request, turn.port)).bytes.readUInt16BE(0)).toBe(0x0101)
  },
)

test('what nobody binds is told, in status too, and closed; what is meant for another process is left alone', async () => {
  const [web, other] = [listening(false), listening(false)]
  const config = {
    listeners: { web: { bind: `127.0.0.1:${web.port}`, protocol: 'http' } },
    rules: respond('x'),
  }
  const gateway = await handing({ web: web.fd, other: other.fd }, { config })
  expect(await gateway.event('socket_not_wanted')).toMatchObject({
    socket: 'other',
    address: `127.0.0.1:${other.port}`,
    hint: expect.stringContaining(`bind "127.0.0.1:${other.port}"`),
  })
  const status = await runCommand(['status', '-c', gateway.configFile])
  expect(status.stdout).toContain('Nobody wants the socket "other"')
  closeFds(fds.splice(fds.indexOf(other.fd), 1))
  const refused = await waitFor(() =>
    askedAt(other.port).then(
      () => null,
      () => 'refused',
    ),
  )
  expect(refused).toBe('refused')

  const foreign = await spawnGateway({
    config,
    fds: [web.fd],
    env: { LISTEN_FDS: '1', LISTEN_PID: '1' },
  })
  open.push(foreign)
  // It may not have them, and somebody listens there.
  expect(await foreign.exited()).toBe(1)
  expect(foreign.stderr).toContain('EADDRINUSE')
})

needs('systemd-socket-activate')(
  'starts with the first client of systemd-socket-activate, who is answered',
  async () => {
    const { port, fd } = listening(false)
    closeFds(fds.splice(fds.indexOf(fd), 1))
    const gateway = await spawnGateway({
      config: {
        listeners: { web: { bind: `127.0.0.1:${port}`, protocol: 'http' } },
        rules: respond('woken'),
      },
      through: ['systemd-socket-activate', '-l', `127.0.0.1:${port}`, '--'],
    })
    open.push(gateway)
    const text = await waitFor(() => askedAt(port).catch(() => null), { what: 'an answer' })
    expect(text).toBe('woken')
    expect(await gateway.event('serving')).toMatchObject({ pid: gateway.pid })
  },
)
