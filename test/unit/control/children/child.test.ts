// A child in each of the ways that children are reached, and all that may happen to it.
import { afterEach, describe, expect, test } from 'bun:test'
import { openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { linked, linkedProcess, type ChildExit } from '../../../../server/control/children/child-start.ts'
import { childrenOf, sendSignal } from '../../../support/processes.ts'
import { pause, staysTrue, waitFor, within } from '../../../support/wait.ts'
import { Kid, kidPlan, startKid, startOf, WAYS, type Way } from './kids.ts'

const KILLED: ChildExit = { code: null, signal: 'SIGKILL' }
const ENDED = { is: 'gone', why: 'the kid ended' } as const
const SILENT = { is: 'gone', why: 'the kid did not answer in time' } as const

const kids: Kid[] = []
const descriptors = (): number => readdirSync('/proc/self/fd').length

type Options = Partial<ConstructorParameters<typeof Kid>[0]>

function kidOf(way: Way, mood = '', options: Options = {}): Kid {
  const kid = new Kid({ start: startKid(way, mood), ...options })
  kids.push(kid)
  return kid
}

/** Nothing is left of those that the test had: no process, not even a dead one, and no descriptor. */
afterEach(async () => {
  for (const kid of kids) kid.kill()
  await within(Promise.all(kids.map(({ exited }) => exited)), 'the end of all')
  for (const { exits } of kids) expect(exits).toHaveLength(1)
  const pids = kids.splice(0).map(({ pid }) => pid)
  await waitFor(() => childrenOf(process.pid).every((pid) => !pids.includes(pid)))
})

describe.each(WAYS)('a child that is reached by %s', (way) => {
  test('says hello, gets ready, swaps, answers by number, drains; nothing is left open', async () => {
    await within(kidOf(way).hello, 'one that loads what is loaded once')
    const before = descriptors()
    const fds = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')]
    const kid = kidOf(way)
    kid.fds = fds
    expect(await kid.hello).toBe(true)
    expect(await kid.prepare(kidPlan(1, 'ready'))).toEqual({ is: 'ready' })
    expect(await kid.commit(kidPlan(1, 'ready'))).toBe(true)
    kid.fds = []
    expect(await kid.prepare(kidPlan(2, 'fail'))).toEqual({ is: 'failed', why: 'I do not like it' })
    kid.drop(kidPlan(2, 'fail'))
    expect(await Promise.all([kid.ask('a', 60_000), kid.ask('b', 60_000)])).toEqual(['a', 'b'])
    kid.drain(60_000)
    await within(kid.exited, 'its end')
    expect([kid.aborted, kid.exits]).toEqual([2, [{ code: 0, signal: null }]])
    closeFds(fds)
    await waitFor(() => descriptors() <= before)
  })

  test('and never says hello is killed', async () => {
    const kid = kidOf(way, 'silent', { answerMs: 50 })
    expect(await within(kid.hello, 'its end')).toBe(false)
    await kid.exited
    expect(kid.exits).toEqual([KILLED])
  })

  test('and dies before its hello is gone, also for who asks it later', async () => {
    const kid = kidOf(way, 'dies')
    expect(await within(kid.hello, 'its end')).toBe(false)
    await kid.exited
    expect(kid.exits).toEqual([{ code: 3, signal: null }])
    kid.fds = [0]
    expect(await kid.prepare(kidPlan(1, 'ready'))).toEqual(ENDED)
    expect(await kid.commit(kidPlan(1, 'ready'))).toBe(false)
    await expect(kid.ask('there?', 60_000)).rejects.toThrow('the kid did not answer')
    kid.drop(kidPlan(1, 'ready'))
    kid.drain(0)
    kid.stop()
  })

  test.each(['die', 'half'] as const)('and dies in its answer (%s) is gone at once', async (does) => {
    const kid = kidOf(way)
    await kid.hello
    const asked = kid.ask('still there?', 60_000)
    const [answer] = await Promise.all([kid.prepare(kidPlan(1, does)), asked])
    expect(answer).toEqual(ENDED)
    expect(await within(kid.prepare(kidPlan(2, 'ready')), 'an answer')).toEqual(ENDED)
  })

  test('and does not answer to a plan is killed; one that does not answer a question is not', async () => {
    const kid = kidOf(way)
    await kid.hello
    sendSignal(kid.pid, 'SIGSTOP')
    await expect(kid.ask('there?', 5)).rejects.toThrow('the kid did not answer')
    expect(kid.exits).toEqual([])
    sendSignal(kid.pid, 'SIGCONT')
    const mute = kidOf(way, '', { answerMs: 2500 })
    await mute.hello
    expect(await mute.prepare(kidPlan(1, 'nothing'))).toEqual(SILENT)
    await within(mute.exited, 'its end')
    expect(mute.exits).toEqual([KILLED])
  })

  test('and is asked about a newer plan answers nobody about the older', async () => {
    const kid = kidOf(way)
    await kid.hello
    const older = kid.prepare(kidPlan(1, 'nothing'))
    expect(await kid.prepare(kidPlan(2, 'ready'))).toEqual({ is: 'ready' })
    expect(await older).toEqual(SILENT)
    expect(kid.exits).toEqual([])
  })

  test('and ignores TERM and its drain is killed when its time is over', async () => {
    const kid = kidOf(way, 'deaf')
    await kid.hello
    sendSignal(kid.pid, 'SIGTERM')
    expect(await kid.ask('still there?', 60_000)).toBe('still there?')
    kid.drain(0)
    await within(kid.exited, 'its end')
    expect(kid.exits).toEqual([KILLED])
  })

  test('and does not end when nothing can be said to it any more is killed', async () => {
    const kid = kidOf(way, 'deaf')
    await kid.hello
    kid.stop()
    expect(await kid.prepare(kidPlan(1, 'nothing'))).toEqual(ENDED)
    expect(kid.exits).toEqual([KILLED])
  })

  test('and ends in order when it is told to stop', async () => {
    const kid = kidOf(way)
    await kid.hello
    kid.stop()
    await within(kid.exited, 'its end')
    expect(kid.exits).toEqual([{ code: 0, signal: null }])
  })

  test('and says garbage is killed', async () => {
    const kid = kidOf(way)
    await kid.hello
    expect(await kid.prepare(kidPlan(1, 'garbage'))).toEqual(ENDED)
    expect(kid.exits).toEqual([{ ...KILLED, why: 'it said what is no message' }])
  })

  test('and floods is heard to the last word, in order', async () => {
    const kid = kidOf(way)
    await kid.hello
    expect(await kid.prepare(kidPlan(1, 'flood'))).toEqual({ is: 'ready' })
    expect(kid.beats).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
  })

  test('and is stopped is found to hang, killed, and that is told; one that beats is not', async () => {
    const beats = kidOf(way, 'beats', { silentMaxS: 10, secondMs: 100 })
    await beats.hello
    expect(await staysTrue(() => beats.exits.length === 0, 1500)).toBe(true)
    sendSignal(beats.pid, 'SIGSTOP')
    await within(beats.exited, 'its end')
    expect(beats.exits).toEqual([{ ...KILLED, why: 'it hung: it said nothing for 10 s' }])
  })

  test('and ends while it is killed ends once', async () => {
    const kid = kidOf(way)
    await kid.hello
    void kid.prepare(kidPlan(1, 'die'))
    for (let i = 0; i < 3; i++) kid.kill()
    await within(kid.exited, 'its end')
    kid.kill()
    expect(kid.exits).toHaveLength(1)
  })

  test('and cannot be started leaves nothing open, and throws', () => {
    const before = descriptors()
    for (let i = 0; i < 3; i++)
      expect(() => new Kid({ start: startOf(way, ['/nowhere/sluice']) })).toThrow('ENOENT')
    expect(descriptors()).toBe(before)
  })

  test('and cannot be started for want of descriptors leaves nothing open either', async () => {
    const script = join(import.meta.dir, 'exhausted-kid.ts')
    const command = ['sh', '-c', 'ulimit -n 48; exec "$@"', 'sh', process.execPath, script, way]
    const run = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' })
    const [out, problems] = await Promise.all([run.stdout.text(), run.stderr.text()])
    expect(problems).toBe('')
    const { started, failed, leaked } = JSON.parse(out) as Record<string, number>
    expect(started).toBeGreaterThan(0)
    expect(failed).toBeGreaterThan(0)
    expect(leaked).toBe(0)
  })
})

test('what a child with a control connection said last is heard after its end', async () => {
  const kid = kidOf('link')
  await kid.hello
  expect(await kid.prepare(kidPlan(1, 'last'))).toEqual(ENDED)
  expect([kid.beats.length, kid.aborted, kid.exits]).toEqual([100, 5, [{ code: 0, signal: null }]])
})

test('a line without an end is not waited for without end', async () => {
  const kid = kidOf('link')
  await kid.hello
  expect(await kid.prepare(kidPlan(1, 'endless'))).toEqual(ENDED)
  expect(kid.exits).toEqual([{ ...KILLED, why: 'it said what is no message' }])
})

test("a process that has ended is not signalled, as its number may be another's by then", async () => {
  const kills: number[] = []
  const command = [process.execPath, join(import.meta.dir, 'kid.ts'), 'link', '']
  const start = linkedProcess(command, {})
  const kid = new Kid({
    start: linked((fds, onExit) => {
      const { pid, kill } = start(fds, onExit)
      return { pid, kill: () => void (kills.push(pid), kill()) }
    }),
  })
  kids.push(kid)
  await kid.hello
  kid.drain(0)
  await within(kid.exited, 'its end')
  kid.kill()
  kid.stop()
  // Longer than any grace that begins with its drain or with the end of its connection.
  expect(await staysTrue(() => kills.length === 0, 2200)).toBe(true)
})

test.each(WAYS)('one that closes its side may be told things at any moment (%s)', async (way) => {
  const closing = 'eval "exec ${NODE_CHANNEL_FD:-4}>&-"; sleep 0.1'
  // The turn between the end of a channel and the news of it is met by some of them.
  for (let i = 0; i < 12; i++) {
    const kid = new Kid({ start: startOf(way, ['/bin/sh', '-c', closing]) })
    kids.push(kid)
    while (kid.exits.length === 0) {
      kid.drop(kidPlan(1, 'ready'))
      await pause(0)
    }
    expect(kid.exits).toEqual([{ code: 0, signal: null }])
  }
})
