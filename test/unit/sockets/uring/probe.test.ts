import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { needs } from '../../../support/needs.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'

const REFUSE = new URL('../../../support/refuse-io-uring.ts', import.meta.url).pathname
const PROBE = new URL('../../../../server/sockets/uring/probe.ts', import.meta.url).pathname

/** What the probe says in a process to which the calls of io_uring are refused with this errno. */
async function probeUnder(errno: number | string): Promise<unknown> {
  const script = `import { probe } from ${JSON.stringify(PROBE)}; console.log(JSON.stringify(probe()))`
  const child = Bun.spawn([process.execPath, REFUSE, String(errno), process.execPath, '--eval', script], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text()])
  expect(problems).toBe('')
  return JSON.parse(out)
}

test('a seccomp profile that forbids io_uring is named as the reason', async () => {
  expect(await probeUnder(1)).toBe('it is not permitted here, as in most containers (seccomp profile)')
})

test('a seccomp profile that hides io_uring looks like a kernel without it', async () => {
  expect(await probeUnder(38)).toBe('this kernel has none, or a seccomp profile says so')
})

test('a kernel that refuses what we ask for is too old', async () => {
  expect(await probeUnder(22)).toBe('this kernel is too old for it (Linux 6.1 is needed)')
})

test('a seccomp profile that refuses one of the calls alone is told by its name', async () => {
  expect(await probeUnder('1:426')).toStartWith('io_uring_enter is refused, though io_uring_setup is not')
  expect(await probeUnder('38:427')).toStartWith('io_uring_register is refused, though io_uring_setup is not')
})

// Some kernels count nothing of a ring as locked; 6.18 counts all of it, unless CAP_IPC_LOCK is there.
needs('setpriv')('where little memory may be locked the probe finds what a worker would', async () => {
  const open = PROBE.replace('probe.ts', 'open-ring.ts')
  const script = `
    import { probe } from ${JSON.stringify(PROBE)}
    import { openRing } from ${JSON.stringify(open)}
    const opened = () => { try { return openRing() && null } catch (error) { return error.message } }
    console.log(JSON.stringify([probe(), opened()]))`
  const limited = ['sh', '-c', 'ulimit -l 64; exec "$@"', 'sh']
  const without = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-ipc_lock'] : []
  const child = Bun.spawn([...limited, ...without, process.execPath, '--eval', script], { stdout: 'pipe' })
  const [probed, opened] = JSON.parse(await child.stdout.text()) as (string | null)[]
  expect(opened).not.toBe(undefined)
  expect(probed!).toBe(opened!)
})

test('the probe leaves no descriptor behind, whatever it finds', () => {
  probe()
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  const before = descriptors()
  for (let i = 0; i < 20; i++) probe()
  // Those of other tests may go meanwhile.
  expect(descriptors()).toBeLessThanOrEqual(before)
})
