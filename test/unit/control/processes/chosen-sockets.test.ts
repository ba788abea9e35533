import { expect, test } from 'bun:test'
import {
  ChosenSockets,
  type ChosenSocketsParts,
} from '../../../../server/control/processes/chosen-sockets.ts'

const LINUX = { io_uring: null, epoll: null } as const

interface Scene {
  readonly chosen: ChosenSockets
  readonly told: object[]
  readonly asked: () => number
}

/** On a machine where this stands against rings. */
function scene({
  against = null as string | null,
  ...parts
}: Partial<ChosenSocketsParts> & { against?: string | null } = {}): Scene {
  const told: object[] = []
  let asked = 0
  const chosen = new ChosenSockets({
    env: {},
    ofSystem: LINUX,
    probe: () => {
      asked++
      return Promise.resolve(against)
    },
    tell: (level, event, facts) => told.push({ level, event, ...facts }),
    ...parts,
  })
  return { chosen, told, asked: () => asked }
}

test('where rings can be had they are chosen, and nothing is told', async () => {
  const { chosen, told } = scene()
  await chosen.choose({ sockets: 'auto' })
  expect(chosen.kind).toBe('io_uring')
  expect(chosen.facts).toEqual({ kind: 'io_uring', why: null, others: [] })
  expect(told).toEqual([])
})

test('where they cannot be had, that is told once, whatever workers say later', async () => {
  const { chosen, told } = scene({ against: 'closed' })
  await chosen.choose({ sockets: 'auto' })
  expect(told).toEqual([
    { level: 'info', event: 'sockets_fallback', wanted: 'auto', sockets: 'epoll', why: 'io_uring: closed' },
  ])
  for (const process of ['worker-0', 'worker-1', 'worker-0'])
    chosen.heard(process, { kind: 'epoll', why: null })
  chosen.heard('worker-0', { kind: 'bun', why: 'epoll: no descriptor' })
  expect(told).toHaveLength(1)
})

test('nobody asks for rings that are not wanted', async () => {
  for (const sockets of ['epoll', 'bun'] as const) {
    const { chosen, told, asked } = scene({ against: 'closed' })
    await chosen.choose({ sockets })
    expect([chosen.kind, asked(), told]).toEqual([sockets, 0, []])
  }
})

test('the machine is asked early where the text seems to want rings, and once', async () => {
  for (const [text, early, sockets, inAll] of [
    ['listen: ":0"', 1, 'auto', 1],
    ['{ "sockets": "io_uring" }', 1, 'io_uring', 1],
    ['listen: ":0"\nsockets: epoll', 0, 'epoll', 0],
    ['  "sockets": "bun"', 0, 'bun', 0],
    ['sockets: epoll # not really', 0, 'auto', 1],
  ] as const) {
    const { chosen, asked } = scene()
    chosen.askEarly(text)
    expect([text, asked()]).toEqual([text, early])
    await chosen.choose({ sockets })
    expect([text, asked()]).toEqual([text, inAll])
  }
  const { chosen, asked } = scene({ env: { SLUICE_SOCKETS: 'bun' } })
  chosen.askEarly('listen: ":0"')
  expect(asked()).toBe(0)
})

test('elsewhere than on Linux there is Bun, without a word, and the others are a problem', async () => {
  const { chosen, told, asked } = scene({ ofSystem: {} })
  await chosen.choose({ sockets: 'auto' })
  expect([chosen.kind, asked(), told]).toEqual(['bun', 0, []])
  for (const sockets of ['epoll', 'io_uring'] as const) {
    const problem: unknown = await chosen.choose({ sockets }).catch((error: unknown) => error)
    expect(problem).toMatchObject({ message: `found ${sockets}: it needs Linux`, path: 'sockets' })
  }
})

test('the environment goes before the config, and what it cannot mean ends the start', async () => {
  const { chosen } = scene({ env: { SLUICE_SOCKETS: 'epoll' } })
  await chosen.choose({ sockets: 'bun' })
  expect(chosen.kind).toBe('epoll')
  expect(chosen.restartProblems({ sockets: 'io_uring' })).toEqual([])
  const wrong = scene({ env: { SLUICE_SOCKETS: 'kqueue' } }).chosen
  const problem: unknown = await wrong.choose({ sockets: 'auto' }).catch((error: unknown) => error)
  expect(problem).toMatchObject({
    message: 'SLUICE_SOCKETS in the environment: found "kqueue", allowed auto, io_uring, epoll, bun',
  })
  expect([chosen.problems.length, wrong.problems]).toMatchObject([
    0,
    [{ message: (problem as Error).message }],
  ])
})

test('a process that could not make the chosen ones is told of once, and shown as long as it lives', async () => {
  const { chosen, told } = scene()
  await chosen.choose({ sockets: 'auto' })
  chosen.heard('worker-0', { kind: 'io_uring', why: null })
  chosen.heard('worker-1', { kind: 'epoll', why: 'io_uring: no memory' })
  chosen.heard('worker-2', { kind: 'epoll', why: 'io_uring: no memory' })
  expect(told).toEqual([
    {
      level: 'info',
      event: 'sockets_fallback',
      process: 'worker-1',
      wanted: 'io_uring',
      sockets: 'epoll',
      why: 'io_uring: no memory',
    },
  ])
  expect(chosen.said).toBe('io_uring, epoll')
  expect(chosen.facts?.others).toEqual([
    { process: 'worker-1', kind: 'epoll', why: 'io_uring: no memory' },
    { process: 'worker-2', kind: 'epoll', why: 'io_uring: no memory' },
  ])
  chosen.forget('worker-1')
  chosen.heard('worker-2', { kind: 'io_uring', why: null })
  expect(chosen.facts?.others).toEqual([])
  expect(chosen.said).toBe('io_uring')
})

test('a change to other sockets needs a restart, and one that changes nothing does not', async () => {
  const { chosen } = scene()
  await chosen.choose({ sockets: 'auto' })
  expect(chosen.restartProblems({ sockets: 'io_uring' })).toEqual([])
  expect(chosen.restartProblems({ sockets: 'epoll' })).toEqual([
    {
      path: 'sockets',
      message: 'found epoll, in use is io_uring: a change needs a restart',
      code: 'needs_restart',
    },
  ])

  const closed = scene({ against: 'closed' }).chosen
  await closed.choose({ sockets: 'auto' })
  expect(closed.restartProblems({ sockets: 'epoll' })).toEqual([])
  expect(closed.restartProblems({ sockets: 'io_uring' })).toEqual([])

  // Whether rings can be had was not asked: a restart finds out.
  const unasked = scene({ against: 'closed' }).chosen
  await unasked.choose({ sockets: 'epoll' })
  expect(unasked.restartProblems({ sockets: 'auto' })).toEqual([
    {
      path: 'sockets',
      message: 'found auto, in use is epoll: a change needs a restart',
      code: 'needs_restart',
    },
  ])
})

test('where no process could make the chosen ones, those that they have are said to be in use, and why', async () => {
  const { chosen, told } = scene()
  await chosen.choose({ sockets: 'auto' })
  const [no, none] = [
    { kind: 'epoll', why: 'io_uring: no memory' },
    { kind: 'bun', why: 'io_uring: no memory; epoll: none' },
  ] as const
  chosen.heard('worker-0', none)
  chosen.heard('worker-1', no)
  expect(told).toMatchObject([{ level: 'info', process: 'worker-0', sockets: 'bun', why: none.why }])
  expect(chosen.said).toBe('epoll, bun')
  expect(chosen.facts).toEqual({ ...no, others: [{ process: 'worker-0', ...none }] })
  chosen.heard('worker-0', no)
  expect(chosen.said).toBe('epoll')
  expect(chosen.facts).toEqual({ ...no, others: [] })
  // A new process tries the chosen ones again.
  expect(chosen.kind).toBe('io_uring')
  chosen.heard('worker-0', { kind: 'io_uring', why: null })
  expect(chosen.said).toBe('io_uring, epoll')
  expect(chosen.facts).toEqual({ kind: 'io_uring', why: null, others: [{ process: 'worker-1', ...no }] })
})

test('what was asked for by its name and cannot be had is a warning, in the file or the environment', async () => {
  for (const [sockets, env] of [
    ['io_uring', {}],
    ['auto', { SLUICE_SOCKETS: 'io_uring' }],
  ] as const) {
    const refused = scene({ against: 'closed', env })
    await refused.chosen.choose({ sockets })
    const later = scene({ env })
    await later.chosen.choose({ sockets })
    later.chosen.heard('worker-0', { kind: 'epoll', why: 'io_uring: no memory' })
    for (const { told } of [refused, later])
      expect(told).toMatchObject([{ level: 'warn', event: 'sockets_fallback', sockets: 'epoll' }])
  }
})
