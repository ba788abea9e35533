import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { constants } from 'node:os'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import { nowMs } from '../../../../server/lib/clock.ts'
import { bindUdp } from '../../../../server/lib/bind-fd.ts'
import { errno, libc } from '../../../../server/lib/native.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import type { Timed } from '../../../../server/lib/wheel.ts'
import { Registry } from '../../../../server/telemetry/registry.ts'
import type { Address } from '../../../../server/lib/address.ts'
import {
  DOOR,
  type FromRelay,
  type RelayPlan,
  type RelaySocketPlan,
} from '../../../../server/turn/messages.ts'
import type { Stream } from '../../../../server/turn/network.ts'
import type { DatagramSink } from '../../../../server/sockets/udp/udp-socket.ts'
import { RelayShell } from '../../../../server/turn/relay/relay-shell.ts'
import type { Adopt } from '../../../../server/turn/turn.ts'
import { turnListener } from '../../../support/turn-config.ts'

const [fds, bugs]: [number[], unknown[]] = [[], []]
beforeEach(() => {
  bugs.length = 0
  tellBugsTo((error) => bugs.push(error))
})
afterEach(() => closeFds(fds.splice(0).filter(isOpen)))

const isOpen = (fd: number): boolean => libc().fcntl(fd, 1, 0) >= 0 || errno() !== constants.errno.EBADF

const SINK: DatagramSink = { onDatagram: () => {} }

/** Keeps sockets as the real engine does: adopts what is new in a plan, closes what it does not name. */
class FakeTurn {
  allocations = 0
  onEmpty: (() => void) | null = null
  readonly notes: string[] = []
  objection: string | null = null
  breaksAt = -1
  readonly open = new Map<string, { readonly port: number; readonly handle: { close(): void } }>()

  check({ number, sockets }: RelayPlan): string | null {
    this.notes.push(`check ${number} ${sockets.map(({ key }) => key).join()}`)
    return this.objection
  }
  apply({ number, sockets }: RelayPlan, adopt: Adopt): void {
    if (number === this.breaksAt) throw new Error('a bug')
    for (const [key, { port, handle }] of this.open) {
      if (sockets.some((socket) => socket.key === key && socket.port === port)) continue
      handle.close()
      this.open.delete(key)
    }
    for (const socket of sockets)
      if (!this.open.has(socket.key))
        this.open.set(socket.key, { port: socket.port, handle: adopt(socket, SINK) })
    this.notes.push(`apply ${number} ${[...this.open.keys()].join()}`)
  }
  accept(): void {
    this.notes.push('accept')
  }
  drain(): void {
    this.notes.push('drain')
  }
  list(): [] {
    return []
  }
  end(id: string): boolean {
    return id === 'known'
  }
  explain(
    listener: string | null,
    peer: string,
  ): { listener: string; peer: string; allowed: boolean; why: string }[] {
    return [{ listener: listener ?? 'all', peer, allowed: true, why: 'public' }]
  }
  close(): void {
    this.notes.push('close')
    for (const { handle } of this.open.values()) handle.close()
    this.allocations = 0
    this.onEmpty?.()
  }
}

interface Scene {
  readonly shell: RelayShell
  readonly turn: FakeTurn
  readonly said: FromRelay[]
  /** Sockets that are adopted now: key or address, and descriptor. */
  readonly adopted: Map<number, string>
  readonly timers: Timed[]
  readonly registry: Registry
  readonly logged: unknown[]
  enter: (stream: Stream) => void
  unread: number
  /** Descriptors that the supervisor sent. */
  sent: number[]
}

function scene(descriptorLimit = 1000): Scene {
  const turn = new FakeTurn()
  const said: FromRelay[] = []
  const adopted = new Map<number, string>()
  const timers: Timed[] = []
  const registry = new Registry()
  const open = (fd: number, what: string): { close(): void } => {
    adopted.set(fd, what)
    return {
      close: () => {
        if (!adopted.delete(fd)) throw new Error(`${what} was closed twice`)
        closeFds([fd])
      },
    }
  }
  const made: Omit<Scene, 'shell'> = {
    turn,
    said,
    adopted,
    timers,
    registry,
    logged: [],
    enter: () => {},
    unread: 0,
    sent: [],
  }
  const shell = new RelayShell({
    turn,
    adoptUdp: (fd, address: Address) => open(fd, String(address)),
    adoptDoor: (fd, accept) => {
      made.enter = accept
      return open(fd, 'door')
    },
    receiveFds: (_, count) => {
      if (made.sent.length < count) throw new Error('descriptors did not arrive')
      return made.sent.splice(0, count)
    },
    wheel: {
      due: (entry, dueMs) => {
        entry.dueMs = dueMs
        if (!timers.includes(entry)) timers.push(entry)
      },
    },
    registry,
    log: (_, event, { hint: _hint, ...fields } = {}) => made.logged.push({ event, ...fields }),
    say: (message) => said.push(message),
    unread: () => made.unread,
    descriptorLimit,
  })
  return Object.assign(made, { shell })
}

const udp = (which: number): RelaySocketPlan => ({
  key: `turn#${which}`,
  listener: 'turn',
  host: '127.0.0.1',
  port: 3478 + which,
})
const THE_DOOR: RelaySocketPlan = { key: 'door', listener: DOOR, host: '', port: 0 }

function plan(number: number, sockets: readonly RelaySocketPlan[], arriving: readonly string[]): RelayPlan {
  return {
    number,
    listeners: { turn: turnListener() },
    ownAddresses: [],
    nonceKey: '00',
    logs: { level: 'error', format: 'json' },
    sockets,
    arriving,
  }
}

function descriptor(): number {
  const { fd } = bindUdp('127.0.0.1', 0)
  fds.push(fd)
  return fd
}

/** Tells a plan with as many descriptors as arrive with it. */
function tell(made: Scene, told: RelayPlan, descriptors = 1): number[] {
  made.sent = told.arriving.map(descriptor)
  const sent = [...made.sent]
  made.shell.onMessage({ type: 'plan', plan: told, descriptors, drainMs: 7000 })
  return sent
}

const commit = ({ shell }: Scene, number: number): void => shell.onMessage({ type: 'commit', number })

/** One that serves a socket and the door. */
function serving(): Scene & { readonly sent: number[] } {
  const made = scene()
  tell(made, plan(1, [udp(0), THE_DOOR], ['turn#0', 'door']))
  commit(made, 1)
  made.said.length = 0
  made.turn.notes.length = 0
  return made
}

describe('plans', () => {
  test('are prepared and then served: sockets to the engine, the door beside it', () => {
    const made = scene()
    const [first = -1, door = -1] = tell(made, plan(1, [udp(0), THE_DOOR], ['turn#0', 'door']))
    expect(made.said).toEqual([{ type: 'ready', number: 1 }])
    expect(made.adopted.size).toBe(0)
    commit(made, 1)
    expect(made.said.at(-1)).toEqual({ type: 'serving', number: 1 })
    expect(made.turn.notes).toEqual(['check 1 turn#0', 'apply 1 turn#0'])
    expect([...made.adopted]).toEqual([
      [first, '127.0.0.1:3478'],
      [door, 'door'],
    ])
    made.enter({} as Stream)
    expect(made.turn.notes.at(-1)).toBe('accept')
  })

  test('that are dropped, or followed by another before they are served, cost nothing', () => {
    const made = serving()
    const before = [...made.adopted]
    const [dropped = -1] = tell(made, plan(2, [udp(0), udp(1), THE_DOOR], ['turn#1']))
    made.shell.onMessage({ type: 'drop', number: 1 })
    expect(isOpen(dropped)).toBe(true)
    made.shell.onMessage({ type: 'drop', number: 2 })
    expect(isOpen(dropped)).toBe(false)
    const [followed = -1] = tell(made, plan(3, [udp(1), THE_DOOR], ['turn#1']))
    tell(made, plan(4, [udp(0), THE_DOOR], []))
    expect(isOpen(followed)).toBe(false)
    commit(made, 4)
    expect([...made.adopted]).toEqual(before)
  })

  test('that the engine objects to are told with its words', () => {
    const made = serving()
    made.turn.objection = 'listeners.turn.relay.bind.0: not here'
    const [fd = -1] = tell(made, plan(2, [udp(1)], ['turn#1']))
    expect(made.said).toEqual([{ type: 'failed', number: 2, why: 'listeners.turn.relay.bind.0: not here' }])
    expect(isOpen(fd)).toBe(false)
  })

  test('whose descriptors did not arrive are told as well', () => {
    const made = scene()
    made.shell.onMessage({ type: 'plan', plan: plan(1, [udp(0)], ['turn#0']), descriptors: 1, drainMs: 0 })
    expect(made.said).toEqual([{ type: 'failed', number: 1, why: 'descriptors did not arrive' }])
    expect(made.shell.exitCode).toBeNull()
  })

  test('a socket that has moved: the old one ends before the other begins, others stay', () => {
    const made = scene()
    const [a = -1, b = -1] = tell(made, plan(1, [udp(0), udp(1)], ['turn#0', 'turn#1']))
    commit(made, 1)
    const [moved = -1] = tell(made, plan(2, [udp(0), { ...udp(1), port: 9 }], ['turn#1']))
    commit(made, 2)
    expect(made.turn.notes.at(-1)).toBe('apply 2 turn#0,turn#1')
    expect([isOpen(a), isOpen(b)]).toEqual([true, false])
    expect(made.adopted.get(moved)).toBe('127.0.0.1:9')
  })

  test('what is no longer named is closed, the door too; a new door takes the place of the old', () => {
    const made = serving()
    tell(made, plan(2, [udp(0), THE_DOOR], ['door']))
    commit(made, 2)
    expect([...made.adopted.values()]).toEqual(['127.0.0.1:3478', 'door'])
    tell(made, plan(3, [], []))
    commit(made, 3)
    expect(made.adopted.size).toBe(0)
  })

  test('a bug while one is served ends the relay, so that another begins anew', () => {
    const made = serving()
    made.turn.breaksAt = 2
    tell(made, plan(2, [udp(0)], []))
    commit(made, 2)
    expect(made.shell.exitCode).toBe(1)
    expect(bugs).toHaveLength(1)
    expect(made.adopted.size).toBe(0)
    made.shell.onMessage({ type: 'plan', plan: plan(3, [], []), descriptors: 1, drainMs: 0 })
    expect(made.said).toEqual([{ type: 'ready', number: 2 }])
  })
})

describe('questions', () => {
  test('are answered by number', () => {
    const { shell, said } = serving()
    shell.onMessage({ type: 'question', id: 4, question: { ask: 'list' } })
    shell.onMessage({ type: 'question', id: 5, question: { ask: 'end', allocation: 'known' } })
    shell.onMessage({ type: 'question', id: 6, question: { ask: 'end', allocation: 'other' } })
    shell.onMessage({
      type: 'question',
      id: 7,
      question: { ask: 'explain', listener: null, peer: '192.0.2.1' },
    })
    expect(said).toEqual([
      { type: 'answer', id: 4, answer: [] },
      { type: 'answer', id: 5, answer: true },
      { type: 'answer', id: 6, answer: false },
      {
        type: 'answer',
        id: 7,
        answer: [{ listener: 'all', peer: '192.0.2.1', allowed: true, why: 'public' }],
      },
    ])
  })
})

describe('metrics', () => {
  test('come half as often while there is nothing new', () => {
    const { timers, registry } = scene()
    registry.counter('turn_relay_restarts_total').add(1)
    const waits = [1, 2].map(() => (timers[0]!.expire(0), Math.round(timers[0]!.dueMs - nowMs)))
    expect(waits).toEqual([1000, 2000])
  })

  test('are told each second, unless the supervisor is far behind: then they wait', () => {
    const made = scene()
    const [metrics] = made.timers
    const counter = made.registry.counter('turn_relay_restarts_total')
    const seen = (): unknown[] =>
      made.said.splice(0).flatMap((one) => (one.type === 'metrics' ? one.delta : []))
    counter.add(1)
    metrics!.expire(0)
    expect(seen()).toContainEqual(['turn_relay_restarts_total', [], 1])
    counter.add(2)
    made.unread = 1_000_000
    metrics!.expire(0)
    expect(made.said).toEqual([])
    counter.add(3)
    made.unread = 0
    metrics!.expire(0)
    expect(seen()).toEqual([['turn_relay_restarts_total', [], 5]])
    expect(metrics!.dueMs).toBeGreaterThan(0)
  })
})

describe('the end', () => {
  test('a drain without allocations is over at once', () => {
    const made = serving()
    made.shell.onMessage({ type: 'drain', withinMs: 1000 })
    expect(made.shell.exitCode).toBe(0)
    expect(made.turn.notes).toEqual(['drain', 'close'])
    expect(made.said.at(-1)).toEqual({ type: 'drained', aborted: 0 })
    expect(made.adopted.size).toBe(0)
  })

  test('a drain waits for the last allocation, and a moment more for what its client is still to be answered', () => {
    const made = serving()
    made.turn.allocations = 2
    made.shell.onMessage({ type: 'drain', withinMs: 1000 })
    made.shell.onTerminate()
    expect(made.turn.notes).toEqual(['drain'])
    expect(made.shell.exitCode).toBeNull()
    made.turn.allocations = 0
    made.turn.onEmpty!()
    expect(made.shell.exitCode).toBeNull()
    expect(made.timers.at(-1)!.dueMs).toBeLessThanOrEqual(nowMs)
    made.timers.at(-1)!.expire(0)
    expect(made.shell.exitCode).toBe(0)
    expect(made.said.at(-1)).toEqual({ type: 'drained', aborted: 0 })
  })

  test('a drain that takes too long cuts off what is left, and says how much', () => {
    const made = serving()
    made.turn.allocations = 2
    made.registry.counter('turn_relay_restarts_total').add(1)
    made.shell.onMessage({ type: 'drain', withinMs: 1000 })
    made.timers.at(-1)!.expire(0)
    expect(made.shell.exitCode).toBe(0)
    expect(made.said.map(({ type }) => type)).toEqual(['metrics', 'drained'])
    expect(made.said.at(-1)).toEqual({ type: 'drained', aborted: 2 })
  })

  test('TERM drains for as long as the plan says', () => {
    const made = serving()
    made.turn.allocations = 1
    made.shell.onTerminate()
    const deadline = made.timers.at(-1)!
    expect(deadline.dueMs - nowMs).toBeCloseTo(7000, 3)
  })

  test('without a supervisor it ends at once, with all that is open', () => {
    const made = serving()
    made.turn.allocations = 3
    made.shell.onOrphaned()
    expect(made.shell.exitCode).toBe(0)
    expect(made.adopted.size).toBe(0)
    made.shell.close()
    expect(made.turn.notes).toEqual(['close'])
    expect(made.said).toEqual([])
  })
})

test('descriptors that do not suffice are told, again only when more are wanted', () => {
  const made = scene(100)
  const wanted = [100, 101, 101, 50, 200]
  for (const [i, descriptors] of wanted.entries()) {
    tell(made, plan(i + 1, [], []), descriptors)
    commit(made, i + 1)
  }
  expect(made.logged).toEqual([
    { event: 'descriptor_limit', limit: 100, wanted: 101 },
    { event: 'descriptor_limit', limit: 100, wanted: 200 },
  ])
})
