// A child for tests: bun kid.ts ipc|link MOOD. It does what the plans say that it is told.
import { writeSync } from 'node:fs'
import { receiveFds } from '../../../../server/lib/pass-fds.ts'
import { LineCutter } from '../../../../server/lib/lines.ts'
import type { KidPlan, ToldToKid } from './kids.ts'

const CHANNEL_FD = 3
const CONTROL_FD = 4
const BEAT_EVERY_MS = 5

const [way = 'ipc', mood = ''] = process.argv.slice(2)

const text = (message: unknown): string => `${JSON.stringify(message)}\n`

/** Bytes as they are; only with a control connection. */
function write(bytes: string | Uint8Array): void {
  for (let rest = Buffer.from(bytes); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(CONTROL_FD, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(4)
    }
  }
}

function say(message: unknown): void {
  if (way === 'ipc') process.send?.(message)
  else write(text(message))
}

/** Each plan says what it does to the kid. */
const DEEDS: Readonly<Record<KidPlan['does'], (plan: KidPlan) => void>> = {
  ready: ({ number, fds }) => {
    receiveFds(CHANNEL_FD, number, fds)
    say({ type: 'ready', number })
  },
  fail: ({ number }) => say({ type: 'failed', number, why: 'I do not like it' }),
  nothing: () => {},
  die: () => process.exit(7),
  half: ({ number }) => {
    const whole = text({ type: 'ready', number })
    if (way === 'link') write(whole.slice(0, whole.length / 2))
    process.exit(7)
  },
  garbage: () => {
    if (way === 'link') write('}{\n')
    else say(null)
  },
  endless: () => {
    const piece = new Uint8Array(1024 * 1024).fill(120)
    for (;;) write(piece)
  },
  flood: ({ number }) => {
    for (let i = 0; i < 20_000; i++) say({ type: 'beat', i })
    say({ type: 'ready', number })
  },
  last: () => {
    for (let i = 0; i < 100; i++) say({ type: 'beat', i })
    say({ type: 'drained', aborted: 5 })
    process.disconnect?.()
    process.exit(0)
  },
}

function onTold(message: ToldToKid): void {
  if (message.type === 'plan') DEEDS[message.does](message)
  if (message.type === 'commit') say({ type: 'serving', number: message.number })
  if (message.type === 'question') say({ type: 'answer', id: message.id, answer: message.question })
  if (message.type !== 'drain' || mood === 'deaf') return
  say({ type: 'drained', aborted: 2 })
  process.exit(0)
}

const onAlone = (): void => {
  if (mood !== 'deaf') process.exit(0)
}

if (mood === 'dies') process.exit(3)
if (mood === 'deaf') process.on('SIGTERM', () => {})
if (mood === 'beats') setInterval(() => say({ type: 'beat', i: 0 }), BEAT_EVERY_MS)
if (way === 'ipc') {
  process.on('message', onTold)
  process.on('disconnect', onAlone)
} else {
  const cutter = new LineCutter()
  const socket = {
    data: (_: unknown, bytes: Uint8Array) => {
      for (const line of cutter.take(bytes)) onTold(JSON.parse(line) as ToldToKid)
    },
    close: onAlone,
  }
  void Bun.connect({ fd: CONTROL_FD, socket } as unknown as Parameters<typeof Bun.connect>[0])
}
if (mood !== 'silent') say({ type: 'hello', pid: process.pid })
setInterval(() => {}, 1000)
