// The shipped unit: what it forbids, and what it is told.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reload } from '../../server/cli/reload.ts'
import { saidBy } from '../support/command.ts'
import { spawnGateway, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { openNotifySocket } from '../support/notify-socket.ts'
import { waitFor } from '../support/wait.ts'

const UNIT = join(import.meta.dir, '../../deploy/sluice.service')
const unit = readFileSync(UNIT, 'utf8')
const settingOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? ''

const folder = mkdtempSync(join(tmpdir(), 'sluice-unit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As the unit restricts it, or with these families left out. */
const restricted = (...without: readonly string[]): readonly string[] => {
  const families = settingOf('RestrictAddressFamilies')
    .split(' ')
    .filter((family) => !without.includes(family))
  return [process.execPath, join(import.meta.dir, '../support/restrict-families.ts'), families.join(' ')]
}

const LISTENER = { bind: '127.0.0.1:0', protocol: 'turn', realm: 'a', auth: 'none' }
const EXPLICIT = { ...LISTENER, relay: { bind: ['127.0.0.1'] } }
const onLinux = test.skipIf(process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))

onLinux(
  'a gateway with TURN serves under the families of addresses that the unit allows',
  async () => {
    for (const turn of [LISTENER, EXPLICIT]) {
      await using gateway = await startGateway({ config: { listeners: { turn } }, through: restricted() })
      expect(readFileSync(`/proc/${gateway.pid}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m)
    }
  },
  30_000,
)

onLinux(
  'a relay that may not ask for the addresses of its machine says which setting forbids it',
  async () => {
    for (const turn of [LISTENER, EXPLICIT]) {
      await using gateway = await spawnGateway({
        config: { listeners: { turn } },
        through: restricted('AF_NETLINK'),
      })
      expect(await gateway.exited()).toBe(1)
      expect(gateway.stderr).toContain('the addresses of this machine cannot be listed')
      expect(gateway.stderr).toContain('add AF_NETLINK to RestrictAddressFamilies=')
      expect(gateway.events.map(({ event }) => event)).not.toContain('bug')
    }
  },
  30_000,
)

onLinux(
  'a listener that only answers Binding needs no addresses of its machine',
  async () => {
    const config = { listeners: { stun: { ...LISTENER, relay: false } } }
    await using gateway = await startGateway({ config, through: restricted('AF_NETLINK') })
    expect(gateway.events.map(({ event }) => event)).not.toContain('bug')
  },
  30_000,
)

const WEB = 'listen: 127.0.0.1:0\nbackends: [{ url: http://127.0.0.1:9 }]\nworkers: 1\nadmin: false\n'

test.skipIf(process.platform !== 'linux').each(['path', 'abstract'])(
  'the service manager hears of readiness, reloads and the end, at an address of kind %s',
  async (kind) => {
    expect(settingOf('Type')).toBe('notify')
    const address = kind === 'path' ? join(folder, 'notify') : `@sluice-test-${process.pid}`
    using manager = openNotifySocket(address)
    await using gateway = await startGateway({
      config: WEB,
      args: ['--no-watch'],
      env: { NOTIFY_SOCKET: address },
    })
    expect(manager.said()).toEqual([
      { READY: '1', MAINPID: String(gateway.pid), STATUS: 'serves revision 1' },
    ])
    const { workers } = gateway.events.find(({ event }) => event === 'serving') as unknown as {
      workers: number[]
    }
    for (const pid of workers)
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('NOTIFY_SOCKET')

    const asked = () => saidBy((io) => reload([], io), { cwd: gateway.folder })
    expect((await asked()).code).toBe(0)
    expect(manager.said().slice(1)).toEqual([
      { RELOADING: '1', MONOTONIC_USEC: expect.stringMatching(/^\d+$/) as string },
      { READY: '1', MAINPID: String(gateway.pid), STATUS: 'serves revision 2' },
    ])
    const uptimeUs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e6
    expect(Number(manager.said()[1]?.['MONOTONIC_USEC'])).toBeLessThanOrEqual(uptimeUs + 1e5)

    writeFileSync(gateway.configFile, `${WEB}worker: 1\n`)
    expect((await asked()).code).toBe(1)
    expect(manager.said().at(-1)).toMatchObject({
      READY: '1',
      STATUS: expect.stringMatching(/^serves revision 2; a newer file was rejected: .*worker/) as string,
    })
    expect(await gateway.stop()).toBe(0)
    expect(manager.said().at(-1)).toMatchObject({ STOPPING: '1', EXTEND_TIMEOUT_USEC: '45000000' })
  },
  30_000,
)

test('a service manager that is gone stops nothing', async () => {
  await using gateway = await startGateway({ config: WEB, env: { NOTIFY_SOCKET: join(folder, 'nobody') } })
  await waitFor(() => gateway.events.some(({ event }) => event === 'service_manager_not_told'))
  expect(await gateway.stop()).toBe(0)
}, 30_000)

test('a reload of the unit asks for an answer', () => {
  expect(settingOf('ExecReload')).toBe('/usr/local/bin/sluice reload -c /etc/sluice/sluice.yaml')
  expect(settingOf('ExecStart')).toEndWith(settingOf('ExecReload').split(' reload ')[1] ?? '')
})

test('the unit starts again what failed, and not what was told to stop; a worker that is out of memory is no end of it', () => {
  // `sluice stop` ends the gateway with 0, which "always" would begin anew.
  expect(settingOf('Restart')).toBe('on-failure')
  expect(settingOf('OOMPolicy')).toBe('continue')
})

needs('systemd-analyze')(
  'systemd finds no fault with the unit',
  () => {
    // The program need not be installed here.
    const copy = join(folder, 'sluice.service')
    writeFileSync(copy, unit.replaceAll('/usr/local/bin/sluice', '/bin/sh'))
    const { exitCode, stdout, stderr } = Bun.spawnSync(['systemd-analyze', 'verify', '--man=no', copy])
    const told = `${stdout.toString()}${stderr.toString()}`
      .split('\n')
      .filter((line) => line.includes('sluice.service'))
    expect([exitCode, told]).toEqual([0, []])
  },
  30_000,
)
